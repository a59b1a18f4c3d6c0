# The cgroup that is handed over to the container's user: config-linux.md, cgroup ownership.
load helpers

RW='(.mounts[] | select(.destination == "/sys/fs/cgroup") | .options) -= ["ro"]'
MAPS='.linux.namespaces += [{"type": "user"}]
	| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
	| .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]'

with_userns() {
	requires userns
	config "$MAPS | $RW"
	chown 100000:100000 "$ROOTFS"
}

# owner [FILE]: of the container's cgroup or one of its files.
owner() {
	stat -c %u "$CGROOT/$CG/bundle/${1:-}"
}

# all_root: neither the directory nor any file in it has another owner.
all_root() {
	equal "$(find "$CGROOT/$CG/bundle" ! -user 0)" ""
}

delegatable() {
	cat /sys/kernel/cgroup/delegate 2> /dev/null \
		|| printf '%s\n' cgroup.procs cgroup.subtree_control cgroup.threads
}

@test "delegation: directory and listed files belong to the host id of the container's user (C-12, C-15, C-16)" {
	local f

	with_userns
	config '.process.user = {"uid": 1000, "gid": 1000}'
	create web
	equal "$(owner)" 101000
	for f in "$CGROOT/$CG/bundle"/*; do
		if delegatable | grep -qx "${f##*/}"; then
			equal "${f##*/} $(stat -c %u:%g "$f")" "${f##*/} 101000:0"
		else
			equal "${f##*/} $(stat -c %u:%g "$f")" "${f##*/} 0:0"
		fi
	done
	equal "$(stat -c %u "$CGROOT/$CG")" 0
}

@test "delegation: without a user namespace it is the user's own id (C-12)" {
	config "$RW"' | .process.user = {"uid": 1000, "gid": 1000}'
	create web
	equal "$(owner)" 1000
	equal "$(owner cgroup.procs)" 1000
	equal "$(owner cgroup.freeze)" 0
	hull delete --force web
	config '.process.user = {"uid": 0, "gid": 0}'
	create web
	all_root
}

@test "delegation: the container's user makes cgroups of its own and no changes to its limits (C-16)" {
	with_userns
	ok_container '.process.user = {"uid": 1000, "gid": 1000}' 'cd /sys/fs/cgroup
		mkdir sub sub/deep && echo made
		echo $$ > sub/cgroup.procs && cat /proc/self/cgroup | grep ^0:
		for f in cgroup.max.depth cgroup.max.descendants cgroup.freeze memory.max pids.max hugetlb.2MB.max; do
			[ ! -e $f ] || (echo 1 > $f) 2> /dev/null && [ -e $f ] && echo "wrote $f"
		done; echo end'
	equal "$output" 'made
0::/sub
end'
}

@test "delegation: none when the mount is read-only (C-15)" {
	with_userns
	config '(.mounts[] | select(.destination == "/sys/fs/cgroup") | .options) += ["ro"]'
	create web
	all_root
}

@test "delegation: none without such a mount, or with another source (C-15)" {
	with_userns
	config '(.mounts[] | select(.destination == "/sys/fs/cgroup") | .source) = "cgroup2"'
	create web
	all_root
	hull delete --force web
	config 'del(.mounts[] | select(.destination == "/sys/fs/cgroup"))'
	create web
	all_root
}

@test "delegation: none without a new cgroup namespace (C-14)" {
	config "$RW"' | .process.user = {"uid": 1000, "gid": 1000} | .linux.namespaces |= map(select(.type != "cgroup"))'
	create web
	all_root
	hull delete --force web
	sleep 1000 3>&- 4>&- &
	config --arg p "/proc/$!/ns/cgroup" '.linux.namespaces += [{"type": "cgroup", "path": $p}]'
	create web
	all_root
	kill $!
}

@test "delegation: files that the kernel lists and this cgroup lacks are no error (C-17)" {
	local f

	with_userns
	create web
	for f in $(delegatable); do
		[[ ! -e $CGROOT/$CG/bundle/$f ]] || equal "$f $(owner "$f")" "$f 100000"
	done
	equal "$(owner)" 100000
}

@test "delegation: the ids of a joined user namespace count (C-12)" {
	with_userns
	config '.process.user = {"uid": 7, "gid": 7}'
	sleeper first
	pid=$(pid_of first)
	bundle second
	chown 100000:100000 "$ROOTFS"
	config --arg p "/proc/$pid/ns/user" "$RW"' | .linux.namespaces += [{"type": "user", "path": $p}]
		| .process.user = {"uid": 8, "gid": 8}'
	create other
	equal "$(stat -c %u "$CGROOT/$CG/second")" 100008
	equal "$(stat -c %u "$CGROOT/$CG/second/cgroup.procs")" 100008
	equal "$(stat -c %u "$CGROOT/$CG/second/cgroup.freeze")" 0
}

@test "delegation: one made by others changes hands too, and stays" {
	with_userns
	mkdir -p "$CGROOT/$CG/bundle"
	create web
	equal "$(owner)" 100000
	hull delete --force web
	rmdir "$CGROOT/$CG/bundle" "$CGROOT/$CG"
}

@test "delegation: what the container made of it goes with delete" {
	with_userns
	script 'mkdir -p /sys/fs/cgroup/a/b; echo $$ > /sys/fs/cgroup/a/b/cgroup.procs; echo moved; sleep 1000'
	start_it web
	wait_for 5 grep -q moved "$OUT"
	run -0 hull exec web cat /proc/self/cgroup
	has "$output" "0::/"
	hull delete --force web
	cgroup_gone
}

SUB='.annotations["run.oci.delegate-cgroup"] = "payload"'

@test "delegation: run.oci.delegate-cgroup: a sub-cgroup is the container's, the limits are not" {
	with_userns
	config "$SUB"' | .process.user = {"uid": 1000, "gid": 1000}
		| .linux.resources = {"unified": {"cgroup.max.depth": "5"}}'
	script 'cat /proc/self/cgroup | grep ^0:; cd /sys/fs/cgroup; cat cgroup.max.depth; mkdir sub && echo made; sleep 1000'
	start_it web
	wait_for 5 grep -q made "$OUT"
	equal "$(< "$OUT")" '0::/
max
made'
	equal "$(grep ^0: "/proc/$(pid_of web)/cgroup")" "0::/$CG/bundle/payload"
	equal "$(owner) $(owner payload) $(owner payload/cgroup.procs) $(owner payload/cgroup.max.depth)" "0 101000 101000 0"
	equal "$(owner cgroup.procs) $(cat "$CGROOT/$CG/bundle/cgroup.max.depth")" "0 5"
	run -0 hull exec web grep ^0: /proc/self/cgroup
	equal "$output" "0::/"
	hull pause web
	is_status web paused
	hull resume web
	hull delete --force web
	cgroup_gone
}

@test "delegation: run.oci.delegate-cgroup works with controllers above it" {
	requires v2:memory v2:pids
	config "$RW | $SUB"' | .process.user = {"uid": 1000, "gid": 1000}
		| .linux.resources = {"memory": {"limit": 67108864}}'
	script 'cd /sys/fs/cgroup; cat memory.max; mkdir sub && echo made; (echo 1 > memory.max) 2> /dev/null || echo denied; sleep 1000'
	start_it web
	wait_for 5 grep -q denied "$OUT"
	equal "$(< "$OUT")" 'max
made
denied'
	equal "$(cat "$CGROOT/$CG/bundle/memory.max")" 67108864
	run -0 hull exec web grep ^0: /proc/self/cgroup
	equal "$output" "0::/"
}

@test "delegation: run.oci.delegate-cgroup is a path below, of a cgroup that is the container's" {
	local p

	for p in .. a/../.. /a a//b . a/ $'a\nb'; do
		config --arg p "$p" '.annotations["run.oci.delegate-cgroup"] = $p'
		create_refused web annotations.run.oci.delegate-cgroup
	done
	config '.annotations["run.oci.delegate-cgroup"] = "a"'
	mkdir -p "$CGROOT/$CG/bundle"
	refused hull create web
	has "$line" "was there before"
	rmdir "$CGROOT/$CG/bundle" "$CGROOT/$CG"
	config '.annotations["run.oci.delegate-cgroup"] = ""'
	create web
	equal "$(grep ^0: "/proc/$(pid_of web)/cgroup")" "0::/$CG/bundle"
}

@test "delegation: run.oci.systemd.subgroup has no effect without systemd, and --debug says so" {
	config '.annotations["run.oci.systemd.subgroup"] = "container"'
	args true
	hull --debug --log "$T/log" run web
	grep -q "run.oci.systemd.subgroup: no effect here" "$T/log"
	config '.annotations["run.oci.systemd.subgroup"] = ""'
	args cat /proc/self/cgroup
	run -0 hull run web
	has "$output" "0::/"
}
