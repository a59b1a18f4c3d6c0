load helpers
load rootless

# An ordinary user without delegated cgroups: everything in a user namespace of one id.

setup() {
	rootless_setup
}

teardown() {
	rootless_teardown
}

@test "rootless: run as an ordinary user" {
	script 'id -u; id -g; cat /proc/self/uid_map | tr -s " "; touch /made'
	run -0 --separate-stderr as_user "$HULL" run web
	equal "$output" "0
0
 0 $U 1"
	equal "$(stat -c %u "$ROOTFS/made")" "$U"
	[[ -z $stderr ]]
}

@test "rootless: who made a container can do all with it; the state is below XDG_RUNTIME_DIR (B-21)" {
	args sleep 1000
	as_user "$HULL" create web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&-
	[[ -d $T/xdg/hull/web ]]
	equal "$(stat -c %u "$T/xdg/hull/web")" "$U"
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
	refused as_user "$HULL" run web
	has "$line" "process.user.gid: become gid 5"
	has "$line" "not mapped in the user namespace"
}

@test "rootless: additional groups are refused, as setgroups is denied (P-15)" {
	config '.process.user.additionalGids = [5]'
	refused as_user "$HULL" run web
	has "$line" process.user.additionalGids
	has "$line" linux.gidMappings
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
	chown "$U" "$T/agent"
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

@test "rootless: the state directory is XDG_RUNTIME_DIR/hull, sticky and private; --root's is where it says" {
	script 'exit 3'
	run -3 as_user "$HULL" run web
	equal "$(stat -c '%a %u' "$T/xdg/hull")" "1700 $U"
	mkdir "$T/other"
	chown "$U" "$T/other"
	run -3 as_user "$HULL" --root "$T/other/state" run web
	equal "$(stat -c '%a %u' "$T/other/state")" "700 $U"
	# a name that only begins with that of XDG_RUNTIME_DIR is not in it
	mkdir "$T/xdg2"
	chown "$U" "$T/xdg2"
	run -3 as_user "$HULL" --root "$T/xdg2/state" run web
	equal "$(stat -c %a "$T/xdg2/state")" 700
}

@test "rootless: without XDG_RUNTIME_DIR there is no state directory, and the error says so" {
	local dir

	script 'exit 3'
	for dir in --unset=XDG_RUNTIME_DIR XDG_RUNTIME_DIR= XDG_RUNTIME_DIR=relative; do
		for command in "run web" list "delete web"; do
			read -ra words <<< "$command"
			refused as_user env "$dir" "$HULL" "${words[@]}"
			has "$line" "XDG_RUNTIME_DIR is not set"
			has "$line" "/run/user/$U"
			has "$line" --root
		done
	done
	[[ ! -e relative ]]
	run -3 as_user env -u XDG_RUNTIME_DIR "$HULL" --root "$T/xdg/r" run web
}

@test "rootless: root does not look into XDG_RUNTIME_DIR" {
	args sleep 1000
	quietly as_user "$HULL" create web
	run -0 env XDG_RUNTIME_DIR="$T/xdg" USER=root "$HULL" list -q
	hasnt "$output" web
	run -0 as_user "$HULL" list -q
	equal "$output" web
}

@test "rootless: another user sees nothing of it; root does, and acts on it with --root" {
	local other=(setpriv --reuid 64124 --regid 64124 --clear-groups env USER=v)

	args sleep 1000
	quietly as_user "$HULL" run -d web
	pid=$(as_user "$HULL" state web | jq -r .pid)
	mkdir -m 700 "$T/xdg2"
	chown 64124 "$T/xdg2"
	run -0 "${other[@]}" XDG_RUNTIME_DIR="$T/xdg2" "$HULL" list -q
	equal "$output" ""
	refused "${other[@]}" XDG_RUNTIME_DIR="$T/xdg2" "$HULL" kill web KILL
	has "$line" "does not exist"
	refused "${other[@]}" XDG_RUNTIME_DIR="$T/xdg" "$HULL" kill web KILL
	has "$line" "$T/xdg"
	[[ -e /proc/$pid ]]
	equal "$("$HULL" --root "$T/xdg/hull" list -q)" web
	equal "$("$HULL" --root "$T/xdg/hull" state web | jq -r .status)" running
	run -0 "$HULL" --root "$T/xdg/hull" exec web id -u
	equal "$output" 0
	"$HULL" --root "$T/xdg/hull" kill web KILL
	wait_for 60 process_gone "$pid"
	"$HULL" --root "$T/xdg/hull" delete web
	[[ ! -e $T/xdg/hull/web ]]
}

@test "rootless: nodes are the host's devices, with the links and the terminal (D-14, D-15)" {
	script 'stat -c "%n %t:%T" /dev/null /dev/zero /dev/full /dev/random /dev/urandom /dev/tty; readlink /dev/ptmx; readlink /dev/fd
		mkfifo /tmp/f && stat -c %F /dev/pipe'
	config '.linux.devices = [{"path": "/dev/pipe", "type": "p"}]'
	run -0 --separate-stderr as_user "$HULL" run web
	equal "$output" "/dev/null 1:3
/dev/zero 1:5
/dev/full 1:7
/dev/random 1:8
/dev/urandom 1:9
/dev/tty 5:0
pts/ptmx
/proc/self/fd
fifo"
	config '.process.terminal = true'
	script 'tty; [ /dev/console -ef "$(tty)" ] && echo console; stat -c %u:%g "$(tty)"'
	run -0 as_user script -qec "$HULL run web" /dev/null
	has "$output" "/dev/pts/0"
	has "$output" console
	has "$output" 0:0
}

@test "rootless: a device that the host does not have, or has as another, is refused" {
	config '.linux.devices = [{"path": "/dev/hull-none", "type": "c", "major": 1, "minor": 3}]'
	refused as_user "$HULL" create web
	has "$line" "device '/dev/hull-none'"
	has "$line" "cannot be made here"
	config '.linux.devices = [{"path": "/dev/zero", "type": "c", "major": 1, "minor": 3}]'
	refused as_user "$HULL" create web
	has "$line" "device '/dev/zero'"
	has "$line" "another device"
}

@test "rootless: what the container shares with its caller is bound: sysfs, procfs, mqueue" {
	config '.linux.namespaces |= map(select(.type != "pid" and .type != "ipc")) | .mounts |= map(
		if .destination == "/sys" then {"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["ro"]}
		else select(.destination != "/sys/fs/cgroup") end)'
	[[ $(stat -f -c %t /dev/mqueue 2> /dev/null) == 19800202 ]] || config '.mounts |= map(select(.type != "mqueue"))'
	script 'cat /proc/self/mountinfo; echo "pid $$"; [ -e /proc/1/comm ] && echo sees'
	run -0 --separate-stderr as_user "$HULL" run web
	equal "$(mount_field "$output" /proc type) $(mount_field "$output" /sys type)" "proc sysfs"
	matches "$(mount_field "$output" /sys flags)" '^ro'
	has "$output" sees
	differ "${lines[-2]}" "pid 1"
	# with namespaces of its own they are new
	config '.linux.namespaces += [{"type": "pid"}, {"type": "network"}]'
	run -0 --separate-stderr as_user "$HULL" run web
	equal "${lines[-2]}" "pid 1"
	matches "$(mount_field "$output" /sys flags)" '^ro'
}

@test "rootless: a read-only /sys is so with all below it (CVE-2023-25809)" {
	config '.mounts |= map(select(.destination != "/sys/fs/cgroup")
		| if .destination == "/sys" then .options = ["rbind", "ro"] else . end)'
	script 'awk "index(\$5, \"/sys/\") == 1 { n++; if (\$6 !~ /^ro/) print } END { print (n > 0) }" /proc/self/mountinfo'
	run -0 --separate-stderr as_user "$HULL" run web
	equal "$output" 1
}

@test "rootless: without a cgroup and its namespace there is nothing at /sys/fs/cgroup (CVE-2023-25809)" {
	config '.linux.namespaces |= map(select(.type != "cgroup"))
		| .mounts |= map(if .type == "cgroup" then .options = ["rw"] else . end)'
	script 'grep " /sys/fs/cgroup " /proc/self/mountinfo | tail -n 1; ls -A /sys/fs/cgroup; mkdir /sys/fs/cgroup/x'
	run --separate-stderr as_user "$HULL" run web
	equal "$status" 1
	equal "$(mount_field "$output" /sys/fs/cgroup type)" tmpfs
	matches "$(mount_field "$output" /sys/fs/cgroup flags)" '^ro'
	equal "${#lines[@]}" 1
	has "$stderr" "Read-only file system"
}

@test "rootless: what a masked outer /proc forbids is refused, with what to do" {
	config '.linux.namespaces += [{"type": "network"}] | .mounts |= map(select(.type != "cgroup"))'
	refused in_own_mounts 'mount -t tmpfs -o ro none /proc/sys' setpriv --reuid "$U" --regid "$U" --clear-groups \
		env XDG_RUNTIME_DIR="$T/xdg" "$HULL" run web
	has "$line" "mounts[0]"
	has "$line" "(EPERM)"
	has "$line" "unmask=ALL"
}

@test "rootless: a limit above hull's own, and ids that are not mapped, name their field" {
	local limit

	limit=$(($(ulimit -Hn) + 1))
	config --argjson n "$limit" '.process.rlimits = [{"type": "RLIMIT_CORE", "soft": 0, "hard": 0},
		{"type": "RLIMIT_NOFILE", "soft": 10, "hard": $n}]'
	refused as_user "$HULL" create web
	has "$line" "process.rlimits[1]: set RLIMIT_NOFILE to 10, hard $limit"
	has "$line" "ulimit -H"
	config 'del(.process.rlimits) | .mounts |= map(if .type == "devpts" then .options += ["gid=5"] else . end)'
	refused as_user "$HULL" create web
	has "$line" "mounts[2]"
	has "$line" "gid= that the user namespace does not map"
	config '.mounts |= map(select(.type != "devpts")) | .mounts += [{"destination": "/t", "type": "tmpfs", "options": ["uid=7"]}]'
	refused as_user "$HULL" create web
	has "$line" "does not map"
	config '.mounts[-1].options = ["uid=0", "gid=0", "mode=700"]'
	script 'stat -c "%a %u %g" /t'
	run -0 as_user "$HULL" run web
	equal "$output" "700 0 0"
}

@test "rootless: flags of the host's mount stay on a bind, and cannot be cleared" {
	local host='mkdir -p "$T/vol"; mount -t tmpfs -o nosuid,nodev,noexec,noatime none "$T/vol"'

	export T
	config --arg v "$T/vol" '.mounts += [{"destination": "/vol", "type": "bind", "source": $v, "options": ["rbind", "ro"]}]'
	script 'grep " /vol " /proc/self/mountinfo'
	run -0 in_own_mounts "$host" setpriv --reuid "$U" --regid "$U" --clear-groups env XDG_RUNTIME_DIR="$T/xdg" "$HULL" run web
	equal "$(mount_field "$output" /vol flags)" ro,nosuid,nodev,noexec,noatime
	config '.mounts[-1].options = ["rbind", "exec"]'
	refused in_own_mounts "$host" setpriv --reuid "$U" --regid "$U" --clear-groups env XDG_RUNTIME_DIR="$T/xdg" "$HULL" run web
	has "$line" "flags of the host's mount cannot be cleared"
}

@test "rootless: a root directory that the user cannot enter is refused (R-01)" {
	mkdir -m 700 "$BUNDLE/private"
	mv "$ROOTFS" "$BUNDLE/private/"
	config '.root.path = "private/rootfs"'
	refused as_user "$HULL" create web
	has "$line" root.path
	has "$line" "(EACCES)"
}

@test "rootless: without a user namespace the error says what is needed" {
	config '.linux.namespaces |= map(select(.type != "user")) | del(.linux.uidMappings, .linux.gidMappings)'
	refused as_user "$HULL" create web
	has "$line" "needs a user namespace in linux.namespaces"
	has "$line" "hull spec --rootless"
}

@test "rootless: hooks run as the user" {
	printf '#!/bin/sh\nid -u > %s/hook.uid\n' "$BUNDLE" > "$T/hook"
	chmod 755 "$T/hook"
	config --arg h "$T/hook" '.hooks = {"createRuntime": [{"path": $h}]}'
	args true
	as_user "$HULL" run web
	equal "$(< "$BUNDLE/hook.uid")" "$U"
}

@test "rootless: a network namespace has its lo up, a time namespace its offsets (N-16)" {
	requires timens
	config '.linux.namespaces += [{"type": "network"}, {"type": "time"}] | .linux.timeOffsets = {"boottime": {"secs": 500, "nanosecs": 0}}'
	script 'ifconfig lo | grep -o "UP LOOPBACK"; grep boottime /proc/self/timens_offsets | tr -s " "'
	run -0 --separate-stderr as_user "$HULL" run web
	equal "$output" "UP LOOPBACK
boottime 500 0"
}

@test "rootless: without a cgroup, ps shows init, and what needs one is refused" {
	args sleep 1000
	config '.linux.cgroupsPath = "/hull-rootless-none"'
	quietly as_user "$HULL" run -d web
	pid=$(as_user "$HULL" state web | jq -r .pid)
	equal "$(as_user "$HULL" ps --format json web | jq -c .)" "[$pid]"
	refused as_user "$HULL" pause web
	has "$line" "no cgroup to freeze"
	refused as_user "$HULL" update --pids-limit 10 web
	has "$line" "no cgroup to update"
	as_user "$HULL" kill --all web KILL
	wait_for 60 process_gone "$pid"
	as_user "$HULL" delete web
}

@test "rootless: hooks that a user's state names are not run by root" {
	printf '#!/bin/sh\nid -u >> %s/hook.uid\n' "$T/xdg" > "$T/hook"
	chmod 755 "$T/hook"
	config --arg h "$T/hook" '.hooks = {"poststart": [{"path": $h}], "poststop": [{"path": $h}]}'
	args sleep 1000
	quietly as_user "$HULL" create web
	refused "$HULL" --root "$T/xdg/hull" start web
	has "$line" "belongs to user $U"
	"$HULL" --root "$T/xdg/hull" delete --force web
	[[ ! -e $T/xdg/hull/web && ! -e $T/xdg/hook.uid ]]
	quietly as_user "$HULL" run -d web
	as_user "$HULL" delete --force web
	equal "$(< "$T/xdg/hook.uid")" "$U
$U"
}
