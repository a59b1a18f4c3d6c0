load helpers

# How engines write command lines, and what they may read. docs/contract.md says which test proves what.

@test "contract: options stand before or after the id, with = or without, in any order" {
	args sleep 1000
	for how in "--bundle $BUNDLE --pid-file $T/pid web" "--pid-file=$T/pid --bundle=$BUNDLE web" \
		"-b $BUNDLE -pid-file $T/pid web" "web -b=$BUNDLE --pid-file $T/pid" "--pid-file $T/pid -b$BUNDLE -- web" \
		"--bundle /nonexistent --bundle $BUNDLE --pid-file=$T/pid web"; do
		cd /
		# shellcheck disable=SC2086
		quietly hull create $how
		equal "$(cat "$T/pid")" "$(pid_of web)"
		rm "$T/pid"
		hull delete web
	done
	cd "$BUNDLE"
	quietly hull run -d web
	for how in "--format json web" "--format=json web" "-f json web" "-format=json web"; do
		# shellcheck disable=SC2086
		equal "$(hull ps $how)" "[$(pid_of web)]"
	done
	hull kill --all=true web 9
	hull delete web --force
}

@test "contract: global options come twice, in any order and in both forms" {
	quietly hull create web
	for how in "--systemd-cgroup=false --root=/nonexistent --root=$ROOT --systemd-cgroup=false" \
		"--debug=false --root $ROOT" "--debug --root /nonexistent --log $T/log --root $ROOT --log-format=json --log=$T/log" \
		"--root $ROOT --rootless=auto" "--rootless --root $ROOT" "--rootless=false --root=$ROOT" "--rootless false --root=$ROOT" \
		"--root $ROOT --criu /usr/sbin/criu" "--criu=/x --root $ROOT" "-root $ROOT -log-level=error" \
		"--root=$ROOT --cgroup-manager=cgroupfs" "--root=$ROOT --cgroup-manager disabled"; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr "$HULL" $how state web
		equal "$(jq -r .id <<< "$output")" web
		equal "$stderr" ""
	done
}

@test "contract: long names after one dash, and clusters of letters" {
	args sleep 1000
	cd /
	quietly hull run -d -no-subreaper -pid-file="$T/pid" -bundle "$BUNDLE" -no-pivot=false -no-new-keyring web
	equal "$(cat "$T/pid")" "$(pid_of web)"
	run -0 hull exec -eA=1 -env B=2 -cwd=/tmp -user 1000:1000 -tty=false web sh -c 'echo $A $B $PWD $(id -u)'
	equal "$output" "1 2 /tmp 1000"
	rm "$T/pid"
	quietly hull exec -detach -pid-file "$T/pid" web sleep 1000
	test -s "$T/pid"
	fails 255 hull exec -dt web true # --detach and --tty: a terminal without a socket
	has "$line" console-socket
}

@test "contract: what follows the id of ps and exec is theirs" {
	args sleep 1000
	start_it web
	run -0 hull ps web -o pid,args
	equal "$(wc -l <<< "$output")" 2
	run -0 hull ps --format table web -e -o pid,comm
	has "$output" "$(pid_of web)"
	run -0 hull exec web echo -d --tty -- --help -x
	equal "$output" "-d --tty -- --help -x"
	run -0 hull exec web sh -c 'echo "$@"' -- --version -h
	equal "$output" "--version -h"
	echo '{"args": ["echo", "-e", "--detach"], "cwd": "/", "env": []}' > "$T/p.json"
	run -0 hull exec --process "$T/p.json" web
	equal "$output" "--detach"
}

@test "contract: options that engines pass and that change nothing here" {
	quietly hull create --detach --no-subreaper --bundle "$BUNDLE" web
	equal "$(status_of web)" created
	hull delete web
	args true
	run -0 --separate-stderr hull run --keep --no-subreaper web
	equal "$output$stderr" ""
	equal "$(status_of web)" stopped
}

@test "contract: an unknown option is named, in the log too, wherever that stands" {
	for how in "--invalidflag --log $T/log --log-format=json list" "--log-format=json --log $T/log --invalidflag list" \
		"--log=$T/log --log-format json create --invalidflag web" "--log=$T/log --log-format json exec --invalidflag web true" \
		"-log $T/log -log-format json -invalidflag state web"; do
		rm -f "$T/log"
		# shellcheck disable=SC2086
		run --separate-stderr "$HULL" $how
		[[ $status -ne 0 ]]
		has "$stderr" invalidflag
		equal "${#stderr_lines[@]}" 1
		says_json "$T/log"
		equal "$(wc -l < "$T/log")" 1
		has "$(jq -r .msg "$T/log")" invalidflag
	done
	# what belongs to a program is no option of ours
	rm "$T/log"
	run "$HULL" --invalidflag exec web prog --log "$T/log"
	[[ ! -e $T/log ]]
}

@test "contract: without a command, help and --help are on stdout with 0" {
	for how in "" help --help -h "help create" "create --help" "exec -h" "help checkpoint" "--root /nonexistent list --help"; do
		# shellcheck disable=SC2086
		run -0 --separate-stderr env -i "$HULL" $how
		has "$output" Usage:
		equal "$stderr" ""
	done
	run --separate-stderr "$HULL" help nosuch
	[[ $status -ne 0 ]]
	has "$stderr" "No help topic for 'nosuch'"
}

@test "contract: checkpoint and restore are there for those who ask, with all that engines pass" {
	cd /
	# Podman asks these two before anything else
	run -0 --separate-stderr setpriv --reuid 65534 --regid 65534 --clear-groups env -i "$HULL" --root /nonexistent checkpoint --help
	equal "$stderr" ""
	for o in image-path work-path parent-path leave-running tcp-established ext-unix-sk shell-job page-server file-locks \
		manage-cgroups-mode empty-ns lazy-pages status-fd pre-dump; do
		has "$output" "--$o"
	done
	run env -i "$HULL" restore --lsm-mount-context
	[[ $status -ne 0 ]]
	has "$output" "restore: option '--lsm-mount-context' requires an argument"
	has "$output" "flag needs an argument"
	refused hull checkpoint --image-path "$T/i" --work-path "$T/w" --leave-running --leave-running --tcp-established --file-locks \
		--empty-ns network --parent-path ../pre --status-fd 1 web
	has "$line" 'container `web` does not exist'
	# as go-runc writes it
	refused hull --criu "$T/criu" restore --image-path "$T/i" --work-path "$T/w" --bundle "$BUNDLE" --pid-file "$T/pid" --detach -no-subreaper \
		--no-pivot --tcp-close --lsm-profile apparmor:x --lsm-mount-context system_u:x web
	has "$line" "execute CRIU, '$T/criu'"
	[[ ! -e $T/i && ! -e $T/w && ! -e $T/pid ]]
	run -0 hull features
	equal "$(jq -r '.annotations["org.opencontainers.runc.checkpoint.enabled"]' <<< "$output")" true
}

@test "contract: --version as go-runc, dockerd and CRI-O read it" {
	ln -s "$HULL" "$T/runc"
	ln -s "$HULL" "$T/crun"
	run -0 --separate-stderr "$T/runc" --version
	equal "$stderr" ""
	matches "${lines[0]}" '^runc version [0-9]+\.[0-9]+\.[0-9]+'
	# dockerd: of all lines with the word, the last; what stands before and behind it
	equal "$(grep -c version <<< "$output")" 1
	for name in "$T/crun" "$HULL"; do
		run -0 --separate-stderr "$name" -v
		matches "${lines[0]}" '^hull version [0-9]+\.[0-9]+\.[0-9]+'
		matches "$output" $'\nspec: 1\.[0-9]+\.[0-9]+'
		equal "$(grep -c version <<< "$output")" 1
		# crun's users look for what is built in; what is not is not said
		has "${lines[-1]}" "+SELINUX +APPARMOR +CAP +SECCOMP +EBPF"
		hasnt "$output" CRIU
	done
	# and the copy of itself that enters a container knows its name, too
	args true
	run -0 "$T/runc" --root "$ROOT" run web
}

@test "contract: features as dockerd, containerd and CRI-O read it" {
	run -0 --separate-stderr env -i "$HULL" --root /nonexistent features
	equal "$stderr" ""
	# dockerd and CRI: recursive read-only mounts; CRI: user namespaces; containerd: linux is never absent;
	# CRI-O: both versions are given
	jq -e '(.mountOptions | index("rro")) and (.linux.namespaces | index("user")) and .linux.mountExtensions.idmap.enabled
		and (.ociVersionMin | length > 0) and (.ociVersionMax | length > 0)
		and (.potentiallyUnsafeConfigAnnotations | index("run.oci.") or any(startswith("run.oci.")))' <<< "$output"
}

@test "contract: list of nothing is an empty array" {
	mkdir -p "$ROOT"
	run -0 --separate-stderr hull list --format json
	equal "$output" "[]"
	run -0 --separate-stderr hull list -q
	equal "$output$stderr" ""
	rmdir "$ROOT"
}

@test "contract: docs/contract.md names tests that are there" {
	n=0 file=
	while IFS='|' read -r _ _ _ tests _; do
		[[ $tests == *[a-z]* ]] || continue
		while read -r name; do
			[[ $name != *.bats ]] || { test -e "$HERE/$name" && continue; }
			[[ $name != *:\ * ]] || file=${name%%: *}
			case $file in
			words) at=contract_stdio ;;
			life | env) at=contract_$file ;;
			*) at=$file ;;
			esac
			grep -qF -- ": ${name#"$file: "}" <(grep ^@test "$HERE/$at.bats") || {
				echo "no test: $name in $at.bats"
				return 1
			}
			n=$((n + 1))
		done <<< "${tests//; /$'\n'}"
	done < <(grep '^|' "$SRC/docs/contract.md" | grep -v '^|---' | grep -v '| Test |')
	((n > 40))
}
