load helpers

@test "cgroups: an absolute cgroupsPath is below the mount (C-01, C-06)" {
	config --arg p "/$CG/deep/er" '.linux.cgroupsPath = $p'
	create web
	grep -qx "0::/$CG/deep/er" "/proc/$(pid_of web)/cgroup"
	[[ -d $CGROOT/$CG/deep/er ]]
	hull delete --force web
	[[ ! -e $CGROOT/$CG ]]
}

@test "cgroups: a relative cgroupsPath is part of the real one, the same each time (C-02, C-03)" {
	config --arg p "$CG/rel" '.linux.cgroupsPath = $p'
	create web
	first=$(grep '^0::' "/proc/$(pid_of web)/cgroup")
	has "$first" "$CG/rel"
	hull delete --force web
	run ! [ -e "$CGROOT${first#0::}" ]
	create web
	equal "$(grep '^0::' "/proc/$(pid_of web)/cgroup")" "$first"
}

@test "cgroups: containers without cgroupsPath have cgroups of their own (C-04)" {
	local parent=$CGROOT/hull there=
	[[ ! -d $parent ]] || there=yes
	config 'del(.linux.cgroupsPath)'
	create "$CG-a"
	create "$CG-b"
	a=$(grep '^0::' "/proc/$(pid_of "$CG-a")/cgroup")
	b=$(grep '^0::' "/proc/$(pid_of "$CG-b")/cgroup")
	differ "$a" "$b"
	has "$a" "$CG-a"
	hull delete --force "$CG-a"
	run ! [ -e "$CGROOT${a#0::}" ]
	[[ -e $CGROOT${b#0::} ]]
	hull delete --force "$CG-b"
	run ! [ -e "$CGROOT${b#0::}" ]
	# The parent of both is neither's own.
	[[ -n $there ]] || rmdir "$parent"
}

@test "cgroups: a path with '..' is refused" {
	for p in "/$CG/../../x" "../x" "/$CG/.."; do
		config --arg p "$p" '.linux.cgroupsPath = $p'
		create_refused web cgroupsPath
	done
}

@test "cgroups: one made by others is used and kept (C-07, O-20)" {
	mkdir -p "$CGROOT/$CG/bundle"
	create web
	grep -qx "0::/$CG/bundle" "/proc/$(pid_of web)/cgroup"
	hull delete --force web
	[[ -d $CGROOT/$CG/bundle ]]
	rmdir "$CGROOT/$CG/bundle" "$CGROOT/$CG"
}

@test "cgroups: one with processes is refused (C-08)" {
	mkdir -p "$CGROOT/$CG/bundle"
	sleep 1000 3>&- 4>&- &
	echo $! > "$CGROOT/$CG/bundle/cgroup.procs"
	refused hull create web
	has "$line" "container's cgroup is not empty"
	[[ ! -e $ROOT/web ]]
	kill $!
	wait_for 5 rmdir "$CGROOT/$CG/bundle"
	rmdir "$CGROOT/$CG"
}

@test "cgroups: a frozen one is refused (C-08)" {
	mkdir -p "$CGROOT/$CG/bundle"
	echo 1 > "$CGROOT/$CG/bundle/cgroup.freeze"
	refused hull create web
	has "$line" "container's cgroup unexpectedly frozen"
	[[ ! -e $ROOT/web ]]
	rmdir "$CGROOT/$CG/bundle" "$CGROOT/$CG"
}

@test "cgroups: a new one below a frozen one is refused (C-08)" {
	mkdir -p "$CGROOT/$CG"
	echo 1 > "$CGROOT/$CG/cgroup.freeze"
	refused timeout 10 "$HULL" --root "$ROOT" create web
	has "$line" "container's cgroup unexpectedly frozen"
	[[ ! -e $ROOT/web && ! -e $CGROOT/$CG/bundle ]]
	rmdir "$CGROOT/$CG"
}

@test "cgroups: exec is refused where a parent is frozen, and in a frozen sub-cgroup (C-08)" {
	sleeper web
	echo 1 > "$CGROOT/$CG/cgroup.freeze"
	wait_for 5 grep -q "frozen 1" "$CGROOT/$CG/bundle/cgroup.events"
	fails 255 timeout 10 "$HULL" --root "$ROOT" exec web true
	has "$line" paused
	echo 0 > "$CGROOT/$CG/cgroup.freeze"
	wait_for 5 grep -q "frozen 0" "$CGROOT/$CG/bundle/cgroup.events"
	mkdir "$CGROOT/$CG/bundle/sub"
	echo 1 > "$CGROOT/$CG/bundle/sub/cgroup.freeze"
	fails 255 timeout 10 "$HULL" --root "$ROOT" exec --cgroup sub web true
	has "$line" frozen
	hull exec web true
}

@test "cgroups: sub-cgroups that the container made go with it" {
	script 'echo ready; sleep 1000'
	create web
	hull start web
	wait_for 5 grep -q ready "$OUT"
	mkdir -p "$CGROOT/$CG/bundle/x/y"
	hull delete --force web
	[[ ! -e $CGROOT/$CG ]]
}

@test "cgroups: a limit without its controller names controller and hierarchy" {
	requires hybrid no-v2:memory no-v2:pids
	config '.linux.resources = {"memory": {"limit": 100000000}}'
	create_refused web memory /sys/fs/cgroup/memory
	config '.linux.resources = {"pids": {"limit": 10}}'
	create_refused web pids /sys/fs/cgroup/pids
}

@test "cgroups: resources that ask for nothing need no controller" {
	config '.linux.resources = {"memory": {}, "cpu": {}, "pids": {}, "blockIO": {}, "hugepageLimits": [], "unified": {}}'
	create web
	equal "$(status_of web)" created
}

FUSE='.linux.devices = [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "fileMode": 438},
	{"path": "/dev/loop-control", "type": "c", "major": 10, "minor": 237, "fileMode": 438}]'

@test "cgroups: device rules deny what is not listed (K-01, D-12, V-20)" {
	requires fuse
	config "$FUSE"' | .linux.resources = {"devices": [{"allow": false, "access": "rwm"},
			{"allow": true, "type": "c", "major": 10, "minor": 229, "access": "r"}]}'
	ok_container 'probe open /dev/loop-control r; probe open /dev/fuse r; probe open /dev/fuse w; probe open /dev/fuse rw
		echo x > /dev/null && echo null; head -c1 /dev/zero | wc -c'
	equal "$output" '! 1
ok
! 1
! 1
null
1'
}

@test "cgroups: a later rule overrides an earlier one (K-01)" {
	requires fuse
	config "$FUSE"' | .linux.resources = {"devices": [{"allow": true, "type": "c", "major": 10, "access": "rwm"},
			{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "minor": 229, "access": "rw"}]}'
	ok_container 'probe open /dev/loop-control r; probe open /dev/fuse rw'
	equal "$output" '! 1
ok'
}

@test "cgroups: wildcards match every number (K-03)" {
	requires fuse
	config "$FUSE"' | .linux.resources = {"devices": [{"allow": false, "access": "rwm"}, {"allow": true, "type": "c", "major": 10, "access": "rw"}]}'
	ok_container 'probe open /dev/fuse rw'
	equal "$output" ok
	config '.linux.resources.devices[1].type = "b"'
	ok_container 'probe open /dev/fuse rw'
	equal "$output" '! 1'
}

@test "cgroups: a rule that allows all allows a listed device" {
	requires fuse
	config "$FUSE"' | .linux.resources = {"devices": [{"allow": true, "access": "rwm"}]}'
	ok_container 'probe open /dev/fuse rw'
	equal "$output" ok
}

@test "cgroups: a deny of write stops read-write opens too (K-05)" {
	requires fuse
	config "$FUSE"' | .linux.resources = {"devices": [{"allow": true, "access": "rwm"},
			{"allow": false, "type": "c", "major": 10, "minor": 229, "access": "w"}]}'
	ok_container 'probe open /dev/fuse r; probe open /dev/fuse rw; probe open /dev/fuse w'
	equal "$output" 'ok
! 1
! 1'
}

@test "cgroups: without device rules there is no filter (K-08)" {
	requires fuse
	config "$FUSE"' | del(.linux.resources)'
	ok_container 'probe open /dev/fuse rw'
	equal "$output" ok
	config '.linux.resources = {"devices": []}'
	ok_container 'probe open /dev/fuse rw'
	equal "$output" ok
}

@test "cgroups: exec is under the same device rules" {
	requires fuse
	config "$FUSE"' | .linux.resources = {"devices": [{"allow": false, "access": "rwm"}]}'
	sleeper web
	run -0 hull exec web probe open /dev/fuse r
	equal "$output" '! 1'
}

@test "cgroups: an unusable device rule is refused (K-02, K-04)" {
	config '.linux.resources.devices = [{"allow": false, "access": "q"}]'
	create_refused web access
	config '.linux.resources.devices = [{"allow": false, "type": "p"}]'
	create_refused web type
	config '.linux.resources.devices = [{"type": "c"}]'
	create_refused web allow
}

@test "cgroups: unified keys that are paths or no files are refused (K-39, K-40)" {
	for k in "../cgroup.procs" "a/b.c" "nosuch.file" "" "memory"; do
		config --arg k "$k" '.linux.resources.unified = {($k): "1"}'
		create_refused web
	done
}

@test "cgroups: a unified key that the kernel has is written (K-38)" {
	config '.linux.resources.unified = {"cgroup.max.depth": "7"}'
	create web
	equal "$(cat "$CGROOT/$CG/bundle/cgroup.max.depth")" 7
}

@test "cgroups: a read-write cgroup mount with a cgroup namespace shows and allows only the own subtree (M-25)" {
	config '(.mounts[] | select(.destination == "/sys/fs/cgroup") | .options) -= ["ro"]'
	ok_container 'cat /proc/self/cgroup | grep ^0:; cd /sys/fs/cgroup; ls -d cgroup.procs; mkdir sub && rmdir sub && echo rw'
	equal "$output" '0::/
cgroup.procs
rw'
}

@test "cgroups: a mount without a cgroup namespace takes no option from the host's (nsdelegate)" {
	before=$(grep " $CGROOT " /proc/self/mountinfo)
	mount -o remount,nsdelegate "$CGROOT" 2> /dev/null || skip "the hierarchy cannot be remounted"
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	with=$(grep " $CGROOT " /proc/self/mountinfo)
	ok_container 'ls /sys/fs/cgroup/cgroup.controllers; mkdir /sys/fs/cgroup/hull-never 2>&1; true'
	config '.linux.namespaces += [{"type": "cgroup", "path": "/proc/self/ns/cgroup"}]'
	hull run joined
	after=$(grep " $CGROOT " /proc/self/mountinfo)
	[[ $before == *nsdelegate* ]] || { mount -t cgroup2 none "$T" && umount "$T"; }
	equal "$after" "$with"
	has "$output" /sys/fs/cgroup/cgroup.controllers
	has "$output" "Read-only file system"
}

@test "cgroups: the mount is read-only with ro" {
	ok_container 'mkdir /sys/fs/cgroup/x 2>&1; grep "^cgroup\|cgroup2" /proc/mounts | cut -d" " -f2,3'
	has "$output" "Read-only file system"
	has "$output" "/sys/fs/cgroup cgroup2"
}

@test "cgroups: one that was there can be used again and again, even after a cgroup.kill (C-07)" {
	mkdir "$CGROOT/$CG" "$CGROOT/$CG/bundle"
	script 'grep ^0: /proc/self/cgroup; readlink /proc/self/ns/net'
	config '.linux.namespaces |= map(select(.type != "cgroup"))'
	for _ in 1 2 3; do
		run -0 hull run web
		equal "${lines[0]}" "0::/$CG/bundle"
		differ "${lines[1]}" "$(readlink /proc/self/ns/net)"
		echo 1 > "$CGROOT/$CG/bundle/cgroup.kill"
	done
	sleeper web
	run -0 hull exec web true
	hull delete --force web
	sleeper web
	hull delete --force web
	rmdir "$CGROOT/$CG/bundle" "$CGROOT/$CG"
}
