load helpers

MAPS='.linux.namespaces += [{"type": "user"}]
	| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
	| .linux.gidMappings = [{"containerID": 0, "hostID": 200000, "size": 65536}]'

userns() {
	requires userns
	config "$MAPS"
	chown 100000:200000 "$ROOTFS"
}

@test "namespaces: each listed type is new, each other inherited (N-06, N-07)" {
	for ns in network ipc uts cgroup; do
		kept=$(jq -r --arg n $ns '[.linux.namespaces[].type] - [$n] | join(" ")' config.json)
		config --arg n $ns '.keep = .linux.namespaces | .linux.namespaces |= map(select(.type != $n)) | del(.hostname)'
		create web
		pid=$(pid_of web)
		declare -A file=([network]=net [ipc]=ipc [uts]=uts [cgroup]=cgroup [pid]=pid [mount]=mnt)
		equal "$(readlink "/proc/$pid/ns/${file[$ns]}")" "$(readlink "/proc/self/ns/${file[$ns]}")"
		for k in $kept; do
			differ "$(readlink "/proc/$pid/ns/${file[$k]}")" "$(readlink "/proc/self/ns/${file[$k]}")"
		done
		hull delete --force web
		config '.linux.namespaces = .keep | del(.keep)'
	done
}

@test "namespaces: pid: the program is 1 and sees its own only (N-09)" {
	ok_container 'echo $$; ls /proc | grep -c "^[0-9][0-9]*$"'
	equal "${lines[0]}" 1
	((lines[1] <= 4))
}

@test "namespaces: network: lo alone, and up (N-11)" {
	ok_container 'ls /sys/class/net; ip -o addr show lo | grep -c "127.0.0.1/8"; ping -c1 -w2 127.0.0.1 > /dev/null 2>&1; ip -o link show lo | grep -c UP'
	equal "${lines[0]} ${lines[1]} ${lines[2]}" "lo 1 1"
}

@test "namespaces: ipc and uts are own ones (N-13)" {
	ok_container 'hostname; ls /dev/mqueue | wc -l; cat /proc/sysvipc/shm | wc -l'
	equal "$output" "hulltest
0
1"
	differ "$(hostname)" hulltest
}

@test "namespaces: cgroup: the own cgroup is the root (N-15)" {
	ok_container 'grep ^0: /proc/self/cgroup'
	equal "$output" "0::/"
	config 'del(.linux.namespaces[] | select(.type == "cgroup"))'
	ok_container 'grep ^0: /proc/self/cgroup'
	equal "$output" "0::/$CG/bundle"
}

@test "namespaces: mount: the host sees none of the container's mounts (N-12)" {
	before=$(our_mounts)
	sleeper web
	equal "$(our_mounts)" "$before"
	hull delete --force web
	equal "$(our_mounts)" "$before"
}

@test "namespaces: joined by path (N-04)" {
	sleeper one
	pid=$(pid_of one)
	bundle two
	for t in network:net ipc:ipc uts:uts pid:pid cgroup:cgroup; do
		config --arg t "${t%:*}" --arg p "/proc/$pid/ns/${t#*:}" '(.linux.namespaces[] | select(.type == $t)).path = $p'
	done
	args sleep 1000
	start_it two
	for ns in net ipc uts pid cgroup; do
		equal "$(readlink "/proc/$(pid_of two)/ns/$ns")" "$(readlink "/proc/$pid/ns/$ns")"
	done
	differ "$(readlink "/proc/$(pid_of two)/ns/mnt")" "$(readlink "/proc/$pid/ns/mnt")"
	run -0 hull exec two sh -c 'readlink /proc/self/ns/net'
	equal "$output" "$(readlink "/proc/$pid/ns/net")"
	hull delete --force two
	equal "$(status_of one)" running
}

@test "namespaces: a joined pid namespace has the program itself inside (N-10)" {
	sleeper one
	pid=$(pid_of one)
	bundle two
	config --arg p "/proc/$pid/ns/pid" '(.linux.namespaces[] | select(.type == "pid")).path = $p'
	script 'echo $$; echo end'
	run -0 hull run two
	[[ ${lines[0]} -gt 1 ]]
}

@test "namespaces: a joined user namespace with its others" {
	userns
	sleeper one
	pid=$(pid_of one)
	bundle two
	chown 100000:200000 "$ROOTFS"
	config --arg p "/proc/$pid/ns/user" --arg n "/proc/$pid/ns/net" '.linux.namespaces += [{"type": "user", "path": $p}]
		| (.linux.namespaces[] | select(.type == "network")).path = $n'
	args sleep 1000
	start_it two
	for ns in user net; do
		equal "$(readlink "/proc/$(pid_of two)/ns/$ns")" "$(readlink "/proc/$pid/ns/$ns")"
	done
	equal "$(stat -c %u "/proc/$(pid_of two)")" 100000
	run -0 hull exec two id -u
	equal "$output" 0
}

@test "namespaces: a path of another kind is refused (N-05)" {
	config '(.linux.namespaces[] | select(.type == "ipc")).path = "/proc/self/ns/mnt"'
	create_refused web /proc/self/ns/mnt
	config '(.linux.namespaces[] | select(.type == "ipc")).path = "/etc/passwd"'
	create_refused web /etc/passwd
	config '(.linux.namespaces[] | select(.type == "ipc")).path = "/no/such/ns"'
	create_refused web /no/such/ns
}

@test "namespaces: a relative path, an unknown and a double type are refused (N-02, N-03, N-08)" {
	config '.keep = .linux.namespaces | (.linux.namespaces[] | select(.type == "ipc")).path = "ns/ipc"'
	create_refused web namespaces path
	for t in net mnt "" PID; do
		config --arg t "$t" '.linux.namespaces = .keep + [{"type": $t}]'
		create_refused web namespaces
	done
	config '.linux.namespaces = .keep + [{"type": "pid", "path": "/proc/self/ns/pid"}]'
	create_refused web pid
	config '.linux.namespaces = .keep + [{}]'
	create_refused web type
}

@test "namespaces: user: the maps are the config's (N-14, N-18)" {
	userns
	config '.linux.uidMappings += [{"containerID": 65536, "hostID": 300000, "size": 10}]'
	ok_container 'cat /proc/self/uid_map /proc/self/gid_map | tr -s " "; id -u; id -g'
	equal "$output" " 0 100000 65536
 65536 300000 10
 0 200000 65536
0
0"
}

@test "namespaces: user: files are shown by the map and not chowned (N-22)" {
	userns
	echo x > "$ROOTFS/hostroot"
	echo x > "$ROOTFS/mapped"
	chown 100007:200008 "$ROOTFS/mapped"
	ok_container 'stat -c %u:%g /hostroot /mapped'
	equal "$output" "65534:65534
7:8"
	equal "$(stat -c %u:%g "$ROOTFS/hostroot" "$ROOTFS/mapped")" "0:0
100007:200008"
}

@test "namespaces: user: owns the container's other namespaces" {
	userns
	config '.process.capabilities.bounding += ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"] | .process.capabilities.effective += ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"]
		| .process.capabilities.permitted += ["CAP_SYS_ADMIN", "CAP_NET_ADMIN"]'
	ok_container 'hostname changed && hostname; ip link add d0 type dummy 2> /dev/null; ip link set lo down && echo down'
	equal "$output" "changed
down"
}

@test "namespaces: user: devices, proc, sysfs and devpts are there" {
	userns
	ok_container 'stat -c "%t:%T %F" /dev/null; echo x > /dev/null && echo ok; ls /dev/pts/ptmx; ls /proc/self/status /sys/kernel | head -1; readlink /dev/ptmx'
	has "$output" "1:3 character special file
ok
/dev/pts/ptmx
/proc/self/status"
}

@test "namespaces: user: another uid than 0 works" {
	userns
	config '.process.user = {"uid": 1000, "gid": 1000, "additionalGids": [2000]}'
	ok_container 'id -u; id -g; id -G'
	equal "$output" "1000
1000
1000 2000"
}

@test "namespaces: user: an unmapped uid is refused (P-13)" {
	userns
	config '.process.user.uid = 70000'
	create_refused web 70000
}

@test "namespaces: user: maps without the namespace, overlapping or incomplete ones are refused (N-19, N-21)" {
	requires userns
	config '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
	create_refused web uidMappings
	config "$MAPS"
	config 'del(.linux.uidMappings)'
	create_refused web uidMappings
	config '.linux.uidMappings = [{"containerID": 0, "hostID": 100000}]'
	create_refused web size
	config '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 10}, {"containerID": 5, "hostID": 200000, "size": 10}]'
	create_refused web
	config '.linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 0}]'
	create_refused web
}

@test "namespaces: user: 341 map entries are refused, 340 taken (N-18)" {
	userns
	config '.linux.uidMappings = [range(340) | {"containerID": ., "hostID": (1000 + .), "size": 1}]'
	chown 1000 "$ROOTFS"
	ok_container 'wc -l < /proc/self/uid_map'
	equal "$output" 340
	config '.linux.uidMappings = [range(341) | {"containerID": ., "hostID": (1000 + .), "size": 1}]'
	create_refused web
}

@test "namespaces: user: the bundle may lie where the mapped user cannot go" {
	userns
	chmod 700 "$T"
	ok_container 'echo reached'
	equal "$output" reached
}

@test "namespaces: user: a bind source that the mapped user cannot reach works" {
	userns
	mkdir -m 700 "$T/closed"
	mkdir "$T/closed/vol"
	echo content > "$T/closed/vol/file"
	config --arg s "$T/closed/vol" '.mounts += [{"destination": "/vol", "source": $s, "options": ["rbind", "ro"]}]'
	ok_container 'cat /vol/file'
	equal "$output" content
}

@test "namespaces: time: offsets show in the program (N-16, N-24, N-25)" {
	requires timens
	config '.linux.namespaces += [{"type": "time"}]
		| .linux.timeOffsets = {"monotonic": {"secs": 1000000}, "boottime": {"secs": 2000000, "nanosecs": 5}}'
	now=$("$PROBE" clock monotonic)
	boot=$("$PROBE" clock boottime)
	ok_container 'probe clock monotonic; probe clock boottime; tr -s " " < /proc/self/timens_offsets'
	((lines[0] - now >= 1000000 && lines[0] - now < 1000060))
	((lines[1] - boot >= 2000000 && lines[1] - boot < 2000060))
	has "$output" "boottime 2000000 5"
}

@test "namespaces: time: exec has them too" {
	requires timens
	config '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"monotonic": {"secs": 1000000}}'
	sleeper web
	now=$("$PROBE" clock monotonic)
	run -0 hull exec web probe clock monotonic
	((output - now >= 1000000 && output - now < 1000060))
}

@test "namespaces: time: without offsets it is new all the same" {
	requires timens
	config '.linux.namespaces += [{"type": "time"}]'
	sleeper web
	differ "$(readlink "/proc/$(pid_of web)/ns/time")" "$(readlink /proc/self/ns/time)"
}

@test "namespaces: time: offsets without the namespace, of another clock or out of range are refused (N-23, N-26)" {
	requires timens
	config '.linux.timeOffsets = {"monotonic": {"secs": 10}}'
	create_refused web timeOffsets
	config '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"realtime": {"secs": 10}}'
	create_refused web realtime
	config '.linux.timeOffsets = {"monotonic": {"secs": 1, "nanosecs": 1000000000}}'
	create_refused web nanosecs
	config '.linux.timeOffsets = {"monotonic": {"secs": -999999999}}'
	create_refused web
}

@test "namespaces: time: negative, single and fractional offsets (N-23, N-24)" {
	requires timens
	config '.linux.namespaces += [{"type": "time"}] | .linux.timeOffsets = {"boottime": {"secs": -10, "nanosecs": 999999999}}'
	ok_container 'tr -s " " < /proc/self/timens_offsets'
	has "$output" "monotonic 0 0"
	has "$output" "boottime -10 999999999"
	config '.linux.timeOffsets = {"monotonic": {"nanosecs": 7}}'
	ok_container 'tr -s " " < /proc/self/timens_offsets'
	has "$output" "monotonic 0 7"
	config '.linux.timeOffsets = {"monotonic": {}}'
	ok_container 'tr -s " " < /proc/self/timens_offsets'
	has "$output" "monotonic 0 0"
	config '.linux.timeOffsets = {"monotonic": {"secs": 9000000000}}'
	create_refused web "time offsets"
}

@test "namespaces: time: offsets for a joined namespace are refused (N-26)" {
	requires timens
	config '.linux.namespaces += [{"type": "time", "path": "/proc/self/ns/time"}] | .linux.timeOffsets = {"monotonic": {"secs": 1}}'
	create_refused web linux.timeOffsets
	config '.linux.timeOffsets = {}'
	ok_container true
}
