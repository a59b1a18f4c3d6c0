load helpers

# An ordinary user without delegated cgroups: everything in a user namespace of one id.
U=64123

setup() {
	common_setup
	requires unpriv
	mkdir -m 700 "$T/xdg"
	chown $U:$U "$T/xdg" "$BUNDLE"
	# Hard links to root's files would keep root's owner: a copy of its own.
	rm -rf "$ROOTFS"
	cp -a "$STORE/rootfs" "$ROOTFS"
	chown -R -h $U:$U "$ROOTFS"
	rm -f config.json
	chmod 755 "$T" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR" "$STORE"
	as_user "$HULL" spec --rootless
	CONF=$(jq -c '.process.terminal = false | .root.readonly = false' "$BUNDLE/config.json")
	echo "$CONF" > "$BUNDLE/config.json"
}

as_user() {
	setpriv --reuid $U --regid $U --clear-groups env XDG_RUNTIME_DIR="$T/xdg" HOME=/ USER=u "$@"
}

teardown() {
	local dir

	for dir in "$T"/xdg/hull/*/; do
		[[ -d $dir && $dir != */@seccomp/ ]] && as_user "$HULL" delete --force "$(basename "$dir")"
	done
	common_teardown
}

@test "rootless: run as an ordinary user" {
	script 'id -u; id -g; cat /proc/self/uid_map | tr -s " "; touch /made'
	run -0 --separate-stderr as_user "$HULL" run web
	equal "$output" "0
0
 0 $U 1"
	equal "$(stat -c %u "$ROOTFS/made")" $U
	[[ -z $stderr ]]
}

@test "rootless: who made a container can do all with it; the state is below XDG_RUNTIME_DIR (B-21)" {
	args sleep 1000
	as_user "$HULL" create web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&-
	[[ -d $T/xdg/hull/web ]]
	equal "$(stat -c %u "$T/xdg/hull/web")" $U
	equal "$(as_user "$HULL" state web | jq -r .status)" created
	as_user "$HULL" start web
	equal "$(as_user "$HULL" state web | jq -r .status)" running
	run -0 as_user "$HULL" exec web id -u
	equal "$output" 0
	as_user "$HULL" kill web KILL
	stopped() { [[ $(as_user "$HULL" state web | jq -r .status) == stopped ]]; }
	wait_for 5 stopped
	as_user "$HULL" delete web
	[[ ! -e $T/xdg/hull/web ]]
}

@test "rootless: delete --force of a running container" {
	args sleep 1000
	as_user "$HULL" run -d web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&-
	pid=$(as_user "$HULL" state web | jq -r .pid)
	as_user "$HULL" delete --force web
	wait_for 5 process_gone "$pid"
	[[ ! -e $T/xdg/hull/web ]]
}

@test "rootless: list shows the user's own" {
	args sleep 1000
	as_user "$HULL" create web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&-
	run -0 as_user "$HULL" list -q
	equal "$output" web
}

@test "rootless: devices are bound from the host, mounts work" {
	config '.mounts += [{"destination": "/t", "type": "tmpfs", "source": "t"}]'
	script 'echo x > /dev/null && head -c 3 /dev/zero | wc -c; touch /t/x && echo tmpfs; ls /proc/self/status; hostname'
	run -0 as_user "$HULL" run web
	equal "${lines[0]} ${lines[1]} ${lines[2]}" "3 tmpfs /proc/self/status"
}

@test "rootless: an id that is not mapped is refused" {
	config '.process.user = {"uid": 5, "gid": 5}'
	run as_user "$HULL" run web
	[[ $status -eq 1 ]]
	has "$output" 5
}

@test "rootless: additional groups are refused, as setgroups is denied (P-15)" {
	config '.process.user.additionalGids = [5]'
	run as_user "$HULL" run web
	[[ $status -eq 1 ]]
}

@test "rootless: a limit is a clear error" {
	config '.linux.resources = {"pids": {"limit": 10}}'
	run as_user "$HULL" run web
	[[ $status -eq 1 ]]
	[[ ! -e $T/xdg/hull/web ]]
}

@test "rootless: oomScoreAdj can be raised, and lowering it is refused (P-27)" {
	echo "$CONF" | jq -c '.process.oomScoreAdj = 500 | .process.args = ["/bin/sh", "-c", "cat /proc/self/oom_score_adj"]' > config.json
	run -0 as_user "$HULL" run web
	equal "$output" 500
	config '.process.args = ["sleep", "1000"]'
	as_user "$HULL" create web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&-
	as_user "$HULL" start web
	run -0 as_user "$HULL" exec web cat /proc/self/oom_score_adj
	equal "$output" 500
	as_user "$HULL" delete --force web
	config '.process.oomScoreAdj = -500'
	refused as_user "$HULL" create web
	has "$line" process.oomScoreAdj
	has "$line" EACCES
}

@test "rootless: seccomp notifications, for run, start and exec (S-24, S-27)" {
	mkdir "$T/agent"
	chown $U "$T/agent"
	as_user env -u HULL_TEST_MARK "$PROBE" agent "$T/xdg/s" "$T/agent" "$(nr personality)=e93" 3>&- 4>&- &
	agent=$!
	wait_for 5 test -e "$T/agent/ready"
	config --arg s "$T/xdg/s" '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": $s,
		"syscalls": [{"names": ["personality"], "action": "SCMP_ACT_NOTIFY"}]}'
	for nnp in true false; do
		config --argjson n $nnp '.process.noNewPrivileges = $n'
		script "probe syscall $(nr personality)"
		run -0 --separate-stderr as_user "$HULL" run web
		equal "$output" "! 93"
	done
	args sleep 1000
	quietly as_user "$HULL" create web
	as_user "$HULL" start web
	run -0 --separate-stderr as_user "$HULL" exec web probe syscall "$(nr personality)"
	equal "$output" "! 93"
	kill $agent
}

@test "rootless: a container that may trace sees nothing of the host in an exec (CVE-2016-9962)" {
	config '.process.capabilities |= with_entries(.value += ["CAP_SYS_PTRACE"])'
	args probe spy HOSTSECRET precious
	as_user "$HULL" create web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&-
	as_user "$HULL" start web
	wait_for 5 grep -q up "$OUT"
	exec 7< /etc
	for ((i = 0; i < $(rounds 40 10); i++)); do
		HOSTSECRET=precious as_user "$HULL" exec web probe clock monotonic < /dev/null > /dev/null
	done
	exec 7<&-
	equal "$(cat "$OUT")" up
}

@test "rootless: id-mapped mounts are refused, as only root may make them (M-23)" {
	mkdir "$BUNDLE/vol"
	config '.mounts += [{"destination": "/vol", "source": "vol", "options": ["bind", "idmap"]}]'
	run as_user "$HULL" run web
	equal "$status" 1
	has "$output" "mounts["
	has "$output" "only root can id-map mounts"
}
