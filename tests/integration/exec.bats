load helpers

@test "exec: runs a program in the container and gives its status" {
	sleeper web
	run -0 --separate-stderr hull exec web echo hello
	equal "$output" hello
	[[ -z $stderr ]]
	for n in 0 1 42 255; do
		run hull exec web sh -c "exit $n"
		[[ $status -eq $n ]]
	done
}

@test "exec: gives 128+n when a signal ended it" {
	sleeper web
	run hull exec web sh -c 'kill -9 $$'
	[[ $status -eq 137 ]]
}

@test "exec: is in all namespaces, the cgroup and the root of the container" {
	sleeper web
	pid=$(pid_of web)
	run -0 hull exec web sh -c 'for n in mnt pid net ipc uts cgroup; do readlink /proc/self/ns/$n; done; cat /etc/passwd | head -1; hostname'
	want=$(for n in mnt pid net ipc uts cgroup; do readlink "/proc/$pid/ns/$n"; done)
	equal "$output" "$want
root:x:0:0:root:/root:/bin/sh
hulltest"
	quietly hull exec -d --pid-file "$T/pid" web sleep 1000
	grep -qx "0::/$CG/bundle" "/proc/$(cat "$T/pid")/cgroup"
}

@test "exec: passes stdin, stdout and stderr" {
	sleeper web
	run -0 --separate-stderr bash -c 'echo in | "$0" --root "$1" exec web sh -c "cat; echo err >&2"' "$HULL" "$ROOT"
	equal "$output" in
	equal "$stderr" err
}

@test "exec: leaves options after the program's name to it" {
	sleeper web
	run -0 hull exec web echo -n --tty --pid-file x
	equal "$output" "--tty --pid-file x"
}

@test "exec: --detach returns while the program runs, with a pid file" {
	sleeper web
	quietly hull exec --detach --pid-file "$T/pid" web sleep 1000
	pid=$(cat "$T/pid")
	equal "$(tr '\0' ' ' < "/proc/$pid/cmdline")" "sleep 1000 "
	equal "$(stat -c %s "$T/pid")" "${#pid}"
	has "$(hull ps --format json web | jq -c .)" "$pid"
}

@test "exec: --cwd, --env and --user change the process" {
	sleeper web
	run -0 hull exec --cwd /home/user --env A=b -e 'C=d e' --user 1000:2000 web sh -c 'pwd; echo "$A $C"; id -u; id -g'
	equal "$output" "/home/user
b d e
1000
2000"
}

@test "exec: --user takes a uid alone and one digit (user 1 is not 0)" {
	sleeper web
	run -0 hull exec --user 1 web id -u
	equal "$output" 1
	run -0 hull exec -u 1000 web id -u
	equal "$output" 1000
}

@test "exec: --user refuses what is no number" {
	sleeper web
	for u in root 1x 1: :1 -1 4294967296 '' 1:2:3; do
		fails 255 hull exec --user "$u" web true
	done
}

@test "exec: --additional-gids adds groups" {
	sleeper web
	run -0 hull exec --additional-gids 2000 -g 2001 web id -G
	equal "$output" "0 2000 2001"
}

@test "exec: --cap adds to bounding, effective and permitted, never to inheritable (CVE-2022-29162)" {
	sleeper web
	run -0 hull exec --cap CAP_NET_RAW -c CAP_SYS_TIME web grep Cap /proc/self/status
	equal "$(awk '/CapInh/ { print $2 }' <<< "$output")" 0000000000000000
	equal "$(awk '/CapAmb/ { print $2 }' <<< "$output")" 0000000000000000
	for set in CapBnd CapEff CapPrm; do
		# KILL 5, NET_BIND_SERVICE 10, NET_RAW 13, SYS_TIME 25, AUDIT_WRITE 29
		equal "$(awk "/$set/ { print \$2 }" <<< "$output")" 0000000022002420
	done
}

@test "exec: has the capabilities, limits and umask of the container" {
	config '.process.user.umask = 63 | .process.rlimits = [{"type": "RLIMIT_NOFILE", "soft": 321, "hard": 654}]'
	sleeper web
	run -0 hull exec web sh -c 'grep CapEff /proc/self/status; ulimit -Sn; ulimit -Hn; umask; grep NoNewPrivs /proc/self/status'
	equal "$output" "CapEff:	0000000020000420
321
654
0077
NoNewPrivs:	1"
}

@test "exec: --no-new-privs sets it" {
	config '.process.noNewPrivileges = false'
	sleeper web
	run -0 hull exec web grep NoNewPrivs /proc/self/status
	equal "$output" "NoNewPrivs:	0"
	run -0 hull exec --no-new-privs web grep NoNewPrivs /proc/self/status
	equal "$output" "NoNewPrivs:	1"
}

@test "exec: --process reads a process object" {
	sleeper web
	jq -n '{args: ["sh", "-c", "echo $X; pwd; id -u; id -G; exit 7"], cwd: "/tmp", env: ["PATH=/bin", "X=y"],
		user: {uid: 1000, gid: 1000, additionalGids: [2000]}}' > "$T/process.json"
	for opt in --process -p; do
		run hull exec $opt "$T/process.json" web
		[[ $status -eq 7 ]]
		equal "$output" "y
/tmp
1000
1000 2000"
	done
}

@test "exec: --process refuses a broken object and tells where" {
	sleeper web
	echo '{"args": ["true"], "cwd": 3}' > "$T/process.json"
	fails 255 hull exec --process "$T/process.json" web
	has "$line" cwd
	echo '{"args": [' > "$T/process.json"
	fails 255 hull exec --process "$T/process.json" web
	has "$line" process.json
	fails 255 hull exec --process "$T/nosuch.json" web
	has "$line" nosuch.json
	echo '{"cwd": "/"}' > "$T/process.json"
	fails 255 hull exec --process "$T/process.json" web
	has "$line" args
}

@test "exec: a missing program is 255 and says so (P-11)" {
	sleeper web
	fails 255 hull exec web nosuch
	has "$line" 'exec: "nosuch": executable file not found in $PATH'
	fails 255 hull exec web /no/such/file
	has "$line" 'exec: "/no/such/file"'
	has "${line,,}" "no such file or directory"
	fails 255 hull exec web /etc
	matches "${line,,}" 'permission denied|is a directory'
	fails 255 hull exec web /etc/passwd
	has "${line,,}" "permission denied"
}

@test "exec: a failure leaves no pid file" {
	sleeper web
	fails 255 hull exec --pid-file "$T/pid" web nosuch
	[[ ! -e $T/pid ]]
	fails 255 hull exec --detach --pid-file "$T/pid" web nosuch
	[[ ! -e $T/pid ]]
}

@test "exec: is refused in a stopped container" {
	args true
	start_it web
	wait_for 5 is_status web stopped
	fails 255 hull exec web true
	has "$line" "cannot exec in a stopped container"
}

@test "exec: is refused in a paused container but with --ignore-paused" {
	sleeper web
	hull pause web
	fails 255 hull exec web true
	has "$line" "cannot exec in a paused container"
	"$HULL" --root "$ROOT" exec --ignore-paused web true < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- &
	pid=$!
	hull resume web
	wait $pid
}

@test "exec: works in a created container" {
	create web
	run -0 hull exec web echo fine
	equal "$output" fine
	equal "$(status_of web)" created
}

@test "exec: of an unknown id is 255" {
	fails 255 hull exec nosuch true
	matches "$line" "container .*does not exist"
}

@test "exec: without a program is refused" {
	sleeper web
	run hull exec web
	[[ $status -ne 0 ]]
}

@test "exec: does not need the bundle any more" {
	sleeper web
	mv config.json away.json
	run -0 hull exec web echo fine
	equal "$output" fine
}

@test "exec: does not leak its environment (P-09)" {
	sleeper web
	export LEAK=1
	run -0 hull exec web env
	hasnt "$output" LEAK
	has "$output" "HOME=/root"
}

@test "exec: HOME is that of the user it runs as" {
	sleeper web
	run -0 hull exec --user 1000 web sh -c 'echo $HOME'
	equal "$output" /home/user
}

@test "exec: its descendants die with the container" {
	sleeper web
	quietly hull exec -d web sh -c 'setsid sleep 1000 & sleep 1000'
	hull delete --force web
	no_marked_pids
}

@test "exec: survives many at once" {
	sleeper web
	pids=()
	for i in {1..20}; do
		hull exec web sh -c "exit $i" < /dev/null 3>&- 4>&- &
		pids+=($!)
	done
	for i in {1..20}; do
		rc=0
		wait "${pids[i - 1]}" || rc=$?
		[[ $rc -eq $i ]]
	done
}

@test "exec: --cgroup takes a sub-cgroup and refuses one outside" {
	sleeper web
	mkdir "$CGROOT/$CG/bundle/sub"
	quietly hull exec -d --cgroup sub --pid-file "$T/pid" web sleep 1000
	grep -qx "0::/$CG/bundle/sub" "/proc/$(cat "$T/pid")/cgroup"
	fails 255 hull exec --cgroup ../x web true
	has "$line" "bad sub cgroup path"
	fails 255 hull exec --cgroup nosuch web true
}

@test "exec: has the seccomp filter of the container" {
	config --argjson nr 1 '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO", "errnoRet": 33}]}'
	sleeper web
	run -0 hull exec web probe syscall "$(nr getppid)"
	equal "$output" "! 33"
}

@test "exec: in a container with a user namespace is root of it" {
	requires userns
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
	chown 100000:100000 "$ROOTFS"
	sleeper web
	run -0 hull exec web sh -c 'id -u; readlink /proc/self/ns/user'
	equal "$output" "0
$(readlink "/proc/$(pid_of web)/ns/user")"
	quietly hull exec -d --pid-file "$T/pid" web sleep 1000
	equal "$(stat -c %u "/proc/$(cat "$T/pid")")" 100000
}

@test "exec: sends a pidfd to --pidfd-socket" {
	sleeper web
	"$PROBE" recvfd "$T/s" "$T" 3>&- 4>&- &
	wait_for 5 test -e "$T/ready"
	mkdir "$T/d"
	quietly hull exec -d --pid-file "$T/d/pid" --pidfd-socket "$T/s" web sleep 1000
	wait_for 5 test -e "$T/pid"
	equal "$(cat "$T/pid")" "$(cat "$T/d/pid")"
}

@test "exec: forwards signals" {
	sleeper web
	beside "$HULL" --root "$ROOT" exec web \
		sh -c 'trap "exit 12" TERM; echo up; while :; do sleep 1000 & wait; done'
	wait_for 5 grep -q up "$OUT"
	beside_kill TERM
	equal "$(beside_status)" 12
}

@test "exec: a --process without capabilities has the container's, with an empty object none (P-16, P-22)" {
	args sleep 1000
	start_it web
	jq -n '{"cwd": "/", "args": ["grep", "CapEff", "/proc/self/status"], "env": ["PATH=/bin"]}' > "$T/p.json"
	run -0 hull exec --process "$T/p.json" web
	equal "$output" "CapEff:	0000000020000420"
	jq '.capabilities = {}' "$T/p.json" > "$T/q.json"
	run -0 hull exec --process "$T/q.json" web
	equal "$output" "CapEff:	0000000000000000"
}
