load helpers

# What a container sees at /sys/fs/cgroup. The last mount of the base configuration.

userns() {
	requires userns
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
	chown 100000:100000 "$ROOTFS"
	chmod 755 "$T"
}

no_cgroupns() {
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
}

writable() {
	config '.mounts[-1].options -= ["ro"]'
}

type_of() {
	config --arg t "$1" '.mounts[-1].type = $t'
}

# Only what is not the root of the hierarchy has this file.
LOOK='cd /sys/fs/cgroup; awk "\$5 == \"/sys/fs/cgroup\" { i = 7; while (\$i != \"-\") i++; print \$6, \$(i + 1) }" /proc/self/mountinfo
	ls cgroup.events 2> /dev/null || echo the whole; ls -d bundle 2> /dev/null; mkdir sub 2> /dev/null && rmdir sub && echo rw; true'

@test "cgroup mounts: with a namespace it is the own subtree, as ro says (M-25)" {
	for t in cgroup cgroup2; do
		type_of $t
		ok_container "$LOOK"
		equal "$output" "ro,nosuid,nodev,noexec,relatime cgroup2
cgroup.events"
	done
	writable
	ok_container "$LOOK"
	equal "$output" "rw,nosuid,nodev,noexec,relatime cgroup2
cgroup.events
rw"
}

@test "cgroup mounts: with cgroup and user namespace (M-25)" {
	userns
	ok_container "$LOOK"
	equal "$output" "ro,nosuid,nodev,noexec,relatime cgroup2
cgroup.events"
	writable
	ok_container "$LOOK; echo \$\$ > cgroup.procs && echo moved"
	equal "$output" "rw,nosuid,nodev,noexec,relatime cgroup2
cgroup.events
rw
moved"
}

@test "cgroup mounts: in a user namespace without a cgroup namespace the own directory is bound (M-25)" {
	userns
	no_cgroupns
	ok_container "$LOOK; cut -d: -f3 /proc/self/cgroup | tail -1"
	equal "$output" "ro,nosuid,nodev,noexec,relatime cgroup2
cgroup.events
/$CG/bundle"
	writable
	in_container "$LOOK"
	equal "${lines[0]} ${lines[1]}" "rw,nosuid,nodev,noexec,relatime cgroup2 cgroup.events"
}

@test "cgroup mounts: without either namespace the host's hierarchy is shown (M-25)" {
	no_cgroupns
	ok_container "$LOOK; ls -d /sys/fs/cgroup/$CG/bundle"
	equal "$output" "ro,nosuid,nodev,noexec,relatime cgroup2
the whole
/sys/fs/cgroup/$CG/bundle"
}

@test "cgroup mounts: may be anywhere, and more than one (M-25)" {
	config '.mounts += [{"destination": "/cg", "type": "cgroup2", "source": "cgroup", "options": ["rro", "nosuid"]}]'
	ok_container 'ls /cg/cgroup.events; cat /cg/cgroup.procs | grep -c .; grep " /cg " /proc/self/mountinfo; mkdir /cg/x 2> /dev/null || echo ro'
	equal "${lines[0]}" /cg/cgroup.events
	has "${lines[2]}" " ro,nosuid,relatime - cgroup2"
	equal "${lines[3]}" ro
}
