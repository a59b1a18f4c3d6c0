load helpers

# The life of a container as engines drive it, and the words that they look for. The patterns below are those
# of the engines' own sources.

# What each engine makes of a message: its exit code.
podman_code() {
	if grep -qiE 'permission denied|operation not permitted' <<< "$1"; then
		echo 126
	elif grep -qiE 'executable file not found in|no such file or directory|open executable' <<< "$1"; then
		echo 127
	else
		echo other
	fi
}

dockerd_code() {
	case ${1,,} in
	*"executable file not found"* | *"no such file or directory"* | *"system cannot find the file specified"*) echo 127 ;;
	*"permission denied"* | *"is a directory"*) echo 126 ;;
	*"not a directory"*) echo 127 ;;
	*) echo 128 ;;
	esac
}

docker_cli_code() { # with the case of each letter
	case $1 in
	*"executable file not found"* | *"no such file or directory"*) echo 127 ;;
	*"permission denied"* | *"is a directory"*) echo 126 ;;
	*) echo 125 ;;
	esac
}

shim_says_gone() { # of kill
	grep -qE 'os: process already finished|container not running' <<< "$1" || grep -qi 'no such process' <<< "$1"
}

crio_says_gone() {
	grep -qE 'no such process|container not running|invalid process' <<< "$1"
}

# has_codes MESSAGE PODMAN DOCKERD DOCKER-CLI
has_codes() {
	equal "$(podman_code "$1") $(dockerd_code "$1") $(docker_cli_code "$1")" "$2 $3 $4" || {
		echo "of: $1"
		return 1
	}
}

# The programs of the engines' own tests, in the image.
odd_programs() {
	printf data > "$ROOTFS/bin/noexec"
	printf '#!/no/interp\n' > "$ROOTFS/bin/badinterp"
	printf garbage > "$ROOTFS/bin/garbage"
	chmod +x "$ROOTFS/bin/badinterp" "$ROOTFS/bin/garbage"
}

@test "contract: a program that cannot run, in the words of Podman, dockerd and docker" {
	odd_programs
	while read -r prog codes; do
		args "$prog"
		refused hull create --pid-file "$T/pid" web
		# shellcheck disable=SC2086
		has_codes "$line" $codes
		has "$line" "unable to start container process: exec: \"$prog\": "
		[[ ! -e $T/pid ]]
		no_trace web
		refused hull run web
		# shellcheck disable=SC2086
		has_codes "$line" $codes
	done <<-'END'
		nosuch 127 127 127
		/no/such/command 127 127 127
		/bin/noexec 126 126 126
		/etc 126 126 126
	END
	args nosuch
	refused hull create web
	has "$line" 'exec: "nosuch": executable file not found in $PATH: No such file or directory'
	args ""
	refused hull create web
	has "$line" 'executable file `` not found in $PATH: No such file or directory' # Podman's test of crun
	args /etc
	refused hull create web
	matches "$line" 'exec.*(permission denied|is a directory)'
	# these two the kernel refuses, when the program is to run
	args /bin/badinterp
	create web
	refused hull start web
	has_codes "$line" 127 127 127
	hull delete --force web
	args /bin/garbage
	create web
	refused hull start web
	has "$line" 'exec format error'
}

@test "contract: exec of a program that cannot run is 255, in the same words, without a pid file" {
	odd_programs
	sleeper web
	while read -r prog codes; do
		fails 255 hull exec --detach --pid-file "$T/pid" web "$prog"
		# shellcheck disable=SC2086
		has_codes "$line" $codes
		[[ ! -e $T/pid ]]
	done <<-'END'
		nosuch 127 127 127
		/no/such/command 127 127 127
		/bin/noexec 126 126 126
		/etc 126 126 126
		/bin/badinterp 127 127 127
	END
	fails 255 hull exec --pid-file "$T/pid" web /bin/garbage
	has "$line" 'exec format error'
	fails 255 hull exec --pid-file "$T/pid" web ""
	# Docker's interface asks for one of these
	matches "${line,,}" 'not found|executable path is empty|no such file'
	[[ ! -e $T/pid ]]
}

@test "contract: a pid file from before does not outlive an exec that fails; another file does" {
	sleeper web
	for old in 1 "4711"; do
		printf '%s' "$old" > "$T/pid"
		fails 255 hull exec -d --pid-file "$T/pid" web nosuch
		[[ ! -e $T/pid ]]
	done
	for old in "" "not a pid" "12 34" '{"pid": 1}'; do
		printf '%s' "$old" > "$T/file"
		fails 255 hull exec -d --pid-file "$T/file" web nosuch
		equal "$(cat "$T/file")" "$old"
	done
	# create leaves it alone: it may be that of the container which has the id
	printf 4711 > "$T/pid"
	refused hull create --bundle "$BUNDLE" --pid-file "$T/pid" web
	equal "$(cat "$T/pid")" 4711
}

@test "contract: the pid file is replaced in one step, digits only, once the process is in its cgroup" {
	printf 99999999999 > "$T/pid"
	args sleep 1000
	create web --pid-file "$T/pid"
	matches "$(od -An -c "$T/pid" | tr -d ' ')" '^[0-9]+$'
	equal "$(cat "$T/pid")" "$(pid_of web)"
	# the shim and conmon look at once
	equal "$(grep ^0: "/proc/$(cat "$T/pid")/cgroup")" "0::/$CG/bundle"
	hull start web
	quietly hull exec -d --pid-file "$T/pid" web sleep 1000
	equal "$(grep ^0: "/proc/$(cat "$T/pid")/cgroup")" "0::/$CG/bundle"
	equal "$(find "$T" -maxdepth 1 -name '*pid*')" "$T/pid"
}

@test "contract: what each state answers" {
	args sleep 1000
	refused hull delete web
	has "$line" 'container `web` does not exist' # as crun, with "does not exist" for all
	create web
	refused hull create --bundle "$BUNDLE" web
	has "$line" "container with given ID already exists"
	run -0 hull pause web
	run -0 hull resume web
	run -0 hull start web
	refused hull start web
	has "$line" "cannot start an already running container"
	refused hull delete web
	has "$line" "cannot delete container web that is not stopped: running"
	refused hull resume web
	has "$line" "container not paused"
	run -0 hull pause web
	fails 255 hull exec web true
	has "$line" paused
	run -0 timeout 60 "$HULL" --root "$ROOT" resume web
	run -0 hull kill web 0
	run -0 hull kill web KILL
	wait_for 60 is_status web stopped
	equal "$(hull state web | jq .pid)" 0
	has "$(hull list -q)" web
	fails 255 hull exec web true
	has "$line" "cannot exec in a stopped container"
	equal "$(hull ps --format json web)" "[]"
	run -0 hull ps web
	equal "${#lines[@]}" 1
	refused hull start web
	refused hull resume web
	for how in "kill web 15" "kill web 0" "kill web KILL" "pause web" "update --pids-limit 9 web"; do
		# shellcheck disable=SC2086
		refused hull $how
		has "$line" "container not running"
		shim_says_gone "$line"
		crio_says_gone "$line"
	done
	run -0 hull kill --all web 9
	run -0 hull kill -a web SIGKILL
	run -0 hull delete web
	refused hull state web
	matches "$line" 'does not exist' # Podman up to 5.2, and the shim of delete and kill
	run -0 --separate-stderr hull delete --force web
	equal "$output$stderr" ""
}

@test "contract: every command on an unknown id says so, with a state directory and without" {
	for made in no yes; do
		[[ $made == no ]] || mkdir -p "$ROOT"
		for how in "state web" "start web" "kill web 9" "kill --all web 9" "delete web" "pause web" "resume web" "ps --format json web" \
			"update --pids-limit 9 web" "events --stats web"; do
			# shellcheck disable=SC2086
			refused hull $how
			has "$line" 'container `web` does not exist'
		done
		fails 255 hull exec web true
		has "$line" 'container `web` does not exist'
		run -0 --separate-stderr hull delete --force web
		equal "$output$stderr" ""
	done
	rmdir "$ROOT"
}

@test "contract: delete --force after a create that failed, and one that never was, is silent" {
	args nosuch
	refused hull create --bundle "$BUNDLE" web
	for i in 1 2; do
		run -0 --separate-stderr env -i XDG_RUNTIME_DIR= "$HULL" --root "$ROOT" delete --force web
		equal "$output$stderr" ""
	done
}

@test "contract: the container is the engine's own child, and a zombie of it is stopped" {
	args sleep 1000
	env -u HULL_TEST_MARK "$PROBE" parent "$T/reap" "$HULL" --root "$ROOT" run -d --bundle "$BUNDLE" web \
		< /dev/null > "$T/parent" 2> "$ERR" 3>&- 4>&- &
	parent=$!
	wait_for 60 grep -q up "$T/parent"
	pid=$(pid_of web)
	equal "$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status")" "$parent"
	hull kill web KILL
	zombie() { [[ $(awk '/^State:/ { print $2 }' "/proc/$pid/status") == Z ]]; }
	wait_for 60 zombie
	run -0 hull state web
	equal "$(jq -c '[.status, .pid]' <<< "$output")" '["stopped",0]'
	equal "$(hull list --format json | jq -c '[.[0].status, .[0].pid]')" '["stopped",0]'
	refused hull kill web KILL
	has "$line" "container not running"
	run -0 hull kill --all web KILL
	run -0 hull delete web
	zombie # hull has left it to its parent
	touch "$T/reap"
	wait $parent
	equal "$(tail -n +2 "$T/parent")" "$pid 9"
}

@test "contract: a container without a pid namespace of its own: leftovers end by kill --all" {
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	script 'setsid sleep 1000 & setsid sleep 1001 & exit 0'
	start_it web
	wait_for 60 is_status web stopped
	equal "$(hull ps --format json web | jq length)" 2
	run -0 --separate-stderr hull kill --all web 9
	equal "$output$stderr" ""
	left() { [[ $(hull ps --format json web) == "[]" ]]; }
	wait_for 60 left
	run -0 hull kill --all web 9
	run -0 hull delete web
}

@test "contract: signals as engines write them" {
	script 'for s in 10 15 37 64; do trap "echo $s >> /got" $s; done; echo up; while :; do sleep 1000 & wait; done'
	start_it web
	wait_for 60 grep -q up "$OUT"
	heard() { [[ $(tail -1 "$ROOTFS/got" 2> /dev/null) == "$1" ]]; }
	while read -r sent got; do
		# shellcheck disable=SC2086
		hull kill web ${sent/none/}
		wait_for 60 heard "$got"
		rm "$ROOTFS/got"
	done <<-'END'
		none 15
		10 10
		SIGUSR1 10
		usr1 10
		37 37
		RTMIN+3 37
		SIGRTMIN+3 37
		64 64
		TERM 15
	END
}

@test "contract: exit codes of run and exec are the program's" {
	sleeper web
	fails 255 hull exec web nosuch
	fails 255 hull exec --user nobody web true
	for code in 0 1 7 126 127 255; do
		equal "$(hull exec web sh -c "exit $code" || echo $?)" "${code/#0/}"
	done
	run hull exec web sh -c 'kill -KILL $$'
	equal "$status" 137
	hull delete --force web
	args nosuch
	fails 1 hull run web
	script 'exit 126'
	run hull run web
	equal "$status" 126
	config '.linux.namespaces |= map(select(.type != "pid"))'
	script 'kill -TERM $$'
	run hull run web
	equal "$status" 143
}

@test "contract: the process of exec is the engine's own child, whoever may trace it" {
	for caps in '[]' '["CAP_SYS_PTRACE", "CAP_KILL"]'; do
		rm -f "$T/reap" "$T/pid"
		config --argjson c "$caps" '.process.capabilities |= with_entries(.value = $c)'
		args sleep 1000
		start_it web
		env -u HULL_TEST_MARK "$PROBE" parent "$T/reap" "$HULL" --root "$ROOT" exec -d --pid-file "$T/pid" web sh -c 'exit 9' \
			< /dev/null > "$T/parent" 2> "$ERR" 3>&- 4>&- &
		parent=$!
		wait_for 60 grep -q up "$T/parent"
		equal "$(awk '/^PPid:/ { print $2 }' "/proc/$(cat "$T/pid")/status")" "$parent"
		touch "$T/reap"
		wait $parent
		equal "$(tail -n +2 "$T/parent")" "$(cat "$T/pid") $((9 << 8))"
		hull delete --force web
	done
}
