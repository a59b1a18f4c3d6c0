load helpers
load rootless

# With more than one id: an ordinary user's newuidmap, and the user namespaces that engines make.

setup() {
	rootless_setup
	requires newuidmap
}

teardown() {
	rootless_teardown
}

@test "rootless: subordinate ids are mapped by newuidmap and newgidmap; groups can be set (P-15)" {
	map_ids
	config '.process.user = {"uid": 7, "gid": 8, "additionalGids": [5, 6]} | .mounts |= map(
		if .type == "devpts" then .options += ["gid=5"] else . end)'
	chmod 777 "$ROOTFS/data"
	script 'tr -s " " < /proc/self/uid_map; cat /proc/self/setgroups; id -u; id -G; touch /data/file'
	run -0 --separate-stderr as_user_with_ids "$HULL" run web
	equal "$output" " 0 $U 1
 1 $SUB 65535
allow
7
8 5 6"
	equal "$(stat -c %u:%g "$ROOTFS/data/file")" "$((SUB + 6)):$((SUB + 7))"
	config '.process.user = {"uid": 65536, "gid": 0}'
	refused as_user_with_ids "$HULL" run web
	has "$line" "process.user.uid: become uid 65536"
}

@test "rootless: newuidmap is found without PATH, and in a PATH made for something else" {
	local path

	map_ids
	script 'exit 3'
	for path in --unset=PATH PATH= PATH=/nonexistent; do
		run -3 as_user_with_ids env "$path" "$HULL" run web
	done
}

@test "rootless: a lifecycle as a user other than the container's root" {
	map_ids
	config '.process.user = {"uid": 7, "gid": 8}'
	args sleep 1000
	as_user_with_ids "$HULL" create web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&-
	as_user "$HULL" start web
	run -0 as_user "$HULL" exec web id -u
	equal "$output" 7
	run -0 as_user "$HULL" exec --user 0:0 web id -u
	equal "$output" 0
	pid=$(as_user "$HULL" state web | jq -r .pid)
	equal "$(stat -c %u "/proc/$pid")" "$((SUB + 6))"
	as_user "$HULL" delete --force web
	wait_for 60 process_gone "$pid"
	[[ ! -e $T/xdg/hull/web ]]
}

@test "rootless: without entries in subuid the error says where to add them, with newuidmap's words" {
	map_ids
	make_accounts
	: > "$T/subuid"
	refused as_user_with_ids "$HULL" create web
	has "$line" "linux.uidMappings: '"
	has "$line" "newuidmap' exited with status 1: newuidmap: "
	has "$line" "/etc/subuid"
	has "$line" "usermod --add-subuids"
	echo "u:$SUB:65536" > "$T/subuid"
	: > "$T/subgid"
	refused as_user_with_ids "$HULL" create web
	has "$line" "linux.gidMappings: '"
	has "$line" "usermod --add-subgids"
	[[ ! -e $T/xdg/hull/web ]]
}

@test "rootless: without newuidmap the error says what to install" {
	map_ids
	refused in_own_mounts 'for f in /usr/bin/newuidmap /usr/local/bin/newuidmap; do
			[ ! -e $f ] || mount --bind /dev/null $f; done' \
		setpriv --reuid "$U" --regid "$U" --clear-groups env PATH=/usr/bin:/bin XDG_RUNTIME_DIR="$T/xdg" "$HULL" create web
	has "$line" "linux.uidMappings: more than the own id $U needs 'newuidmap'"
	has "$line" "package 'uidmap'"
}

# ---- root of a user namespace, as with podman unshare -------------------------------------------

@test "rootless: root of a user namespace runs what was written for root (D-05, P-15)" {
	root_config '.process.user = {"uid": 7, "gid": 8, "additionalGids": [5, 6]} | .mounts |= map(
		if .type == "devpts" then .options += ["gid=5"] else . end)'
	script 'id -u; id -G; stat -c %t:%T /dev/null; stat -c %t:%T /dev/tty; cat /proc/self/uid_map | tr -s " "; hostname
		ifconfig lo | grep -o "UP LOOPBACK"'
	run -0 --separate-stderr as_ns_root "$HULL" run web
	equal "$output" "7
8 5 6
1:3
5:0
 0 $U 1
 1 $SUB 65535
hulltest
UP LOOPBACK"
	[[ -z $stderr ]]
	[[ -d $T/xdg/hull ]]
}

@test "rootless: all commands in such a namespace" {
	root_config
	args sleep 1000
	cat > "$T/script" <<-'EOF2'
		set -e
		"$HULL" create web < /dev/null
		"$HULL" state web | jq -r .status
		"$HULL" start web
		"$HULL" exec web sh -c 'id -u; echo $$ > /tmp/pid'
		"$HULL" exec --user 5:6 web id -u
		"$HULL" list -q
		"$HULL" ps --format json web | jq length
		"$HULL" kill web TERM
		"$HULL" kill web KILL
		while [ "$("$HULL" state web | jq -r .status)" != stopped ]; do sleep 0.05; done
		"$HULL" delete web
		"$HULL" list -q
	EOF2
	export HULL
	rc=0
	as_ns_root sh "$T/script" < /dev/null > "$OUT" 2>&1 3>&- 4>&- || rc=$?
	equal "$rc $(< "$OUT")" "0 created
0
5
web
1"
	[[ ! -e $T/xdg/hull/web ]]
}

@test "rootless: there namespaces of another container are joined, in a pod, and by exec" {
	root_config
	args sleep 1000
	cp config.json pod.json
	cat > "$T/script" <<-'EOF2'
		set -e
		"$HULL" run -d --config pod.json web < /dev/null
		pid=$("$HULL" state web | jq -r .pid)
		jq -c --arg p "/proc/$pid/ns" '.linux.namespaces |= map(
			if .type == "network" then .path = "\($p)/net" elif .type == "ipc" then .path = "\($p)/ipc"
			elif .type == "uts" then .path = "\($p)/uts" elif .type == "pid" then .path = "\($p)/pid" else . end)
			| del(.hostname) | .process.capabilities.bounding += ["CAP_SYS_PTRACE"]' pod.json > second.json
		"$HULL" run -d --config second.json second < /dev/null
		for ns in net ipc uts pid; do
			[ "/proc/$pid/ns/$ns" -ef "/proc/$("$HULL" state second | jq -r .pid)/ns/$ns" ] && echo $ns
		done
		"$HULL" exec second hostname
		"$HULL" delete -f second
		"$HULL" delete -f web
	EOF2
	export HULL
	rc=0
	as_ns_root sh "$T/script" < /dev/null > "$OUT" 2>&1 3>&- 4>&- || rc=$?
	equal "$rc $(< "$OUT")" "0 net
ipc
uts
pid
hulltest"
}

@test "rootless: such a namespace's root with a user namespace of the container's own" {
	root_config '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 1000, "size": 500}]
		| .linux.gidMappings = .linux.uidMappings'
	chown -R -h "$((SUB + 999)):$((SUB + 999))" "$ROOTFS"
	script 'tr -s " " < /proc/self/uid_map; stat -c %t:%T /dev/null; touch /tmp/x; stat -c %u /tmp/x'
	run -0 --separate-stderr as_ns_root "$HULL" run web
	equal "$output" " 0 1000 500
1:3
0"
	equal "$(stat -c %u "$ROOTFS/tmp/x")" "$((SUB + 999))"
}

@test "rootless: there the OOM score stays where it cannot be lowered, and a limit above hull's own is refused" {
	root_config '.process.oomScoreAdj = -900'
	script 'cat /proc/self/oom_score_adj'
	own=$(cat /proc/self/oom_score_adj)
	[[ $own -ge 0 ]] || skip "needs tests that run with an OOM score of 0 or more"
	run -0 --separate-stderr as_ns_root "$HULL" run web
	equal "$output" "$own"
	run -0 as_ns_root "$HULL" --debug --log "$T/xdg/log" run web
	has "$(< "$T/xdg/log")" "the score stays $own"
	root_config '.process.oomScoreAdj = 700'
	script 'cat /proc/self/oom_score_adj'
	run -0 --separate-stderr as_ns_root "$HULL" run web
	equal "$output" 700
	root_config --argjson n "$(($(ulimit -Hn) + 1))" '.process.rlimits[0].hard = $n'
	refused as_ns_root "$HULL" run web
	has "$line" "process.rlimits[0]: set RLIMIT_NOFILE"
}

@test "rootless: where setgroups is denied a config for root goes on without its groups" {
	root_config '.process.user.additionalGids = [5, 6]'
	script 'id -G'
	run -0 --separate-stderr as_ns_root_of_one "$HULL" run web
	equal "$output" 0
	[[ -z $stderr ]]
	run -0 as_ns_root_of_one "$HULL" --debug --log "$T/xdg/log" run web
	has "$(< "$T/xdg/log")" "denies setgroups"
	args sleep 1000
	cat > "$T/script" <<-'EOF2'
		"$HULL" run -d web < /dev/null && "$HULL" exec -g 5 web id -G
		"$HULL" delete -f web
	EOF2
	export HULL
	as_ns_root_of_one sh "$T/script" < /dev/null > "$OUT" 2>&1 3>&- 4>&-
	equal "$(< "$OUT")" 0
}

@test "rootless: there an id-mapped bind is refused, device rules and cgroup limits are as without rights" {
	root_config '.linux.resources = {"devices": [{"allow": false, "access": "rwm"}]}'
	script 'echo ok > /dev/null && echo ok'
	run -0 --separate-stderr as_ns_root "$HULL" run web
	equal "$output" ok
	root_config '.linux.resources = {"unified": {"cgroup.max.depth": "3"}}'
	refused as_ns_root "$HULL" run web
	has "$line" linux.resources
	has "$line" "Delegate=yes"
	mkdir "$BUNDLE/vol"
	root_config --arg v "$BUNDLE/vol" '.mounts += [{"destination": "/vol", "source": $v, "options": ["bind", "idmap"],
		"uidMappings": [{"containerID": 0, "hostID": 0, "size": 1}], "gidMappings": [{"containerID": 0, "hostID": 0, "size": 1}]}]'
	refused as_ns_root "$HULL" run web
	has "$line" "mounts[7]"
}

@test "rootless: a root file system that is mounted in the caller's mount namespace alone" {
	root_config
	script 'cat /only-here'
	export HULL BUNDLE
	run -0 as_ns_root sh -ec 'mkdir "$BUNDLE/lower"; echo yes > "$BUNDLE/lower/only-here"
		mount -t overlay -o userxattr,lowerdir="$BUNDLE/lower:$BUNDLE/rootfs" none "$BUNDLE/rootfs"; exec "$HULL" run web'
	equal "$output" yes
	[[ ! -e $ROOTFS/only-here ]]
}

@test "rootless: the state is found again by root's name for itself" {
	root_config
	script 'exit 3'
	run -3 as_ns_root "$HULL" run web
	[[ -d $T/xdg/hull ]]
	# a container's root has its own /run, even when the variable came along
	refused as_ns_root env USER=root "$HULL" create web
	has "$line" "'/run/hull'"
}

@test "rootless: in such a namespace with a masked /proc the error says what to do" {
	root_config
	refused as_ns_root unshare -m sh -c 'mount -t tmpfs none /proc/bus && exec unshare -U -m -r '"$HULL"' run web'
	has "$line" "mounts["
	has "$line" "unmask=ALL"
}
