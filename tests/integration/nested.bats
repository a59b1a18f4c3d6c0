load helpers
load rootless

# hull in a container of hull. The outer one is what an engine makes for such a purpose: all capabilities,
# nothing masked or read-only, cgroups of its own that it may write to.

setup() {
	rootless_setup
	install -m 755 "$HULL_REAL" "$ROOTFS/bin/hull"
	mkdir -p "$ROOTFS/b/rootfs"/{bin,dev,proc,sys,tmp,root}
	cp "$ROOTFS/bin/busybox" "$ROOTFS/b/rootfs/bin/"
	for name in sh id cat echo stat sleep grep tr hostname; do
		ln -s busybox "$ROOTFS/b/rootfs/bin/$name"
	done
	chown -R -h "$U:$U" "$ROOTFS"
}

# Without the wrapper of HULL_WITHOUT, which is not in the container.
setup_file() {
	export HULL_REAL
	HULL_REAL=$(find_hull)
	common_setup_file
}

teardown() {
	rootless_teardown
}

# The outer container's freedom, for a config of any kind.
free() {
	config --argjson caps "$("$HULL" features | jq -c .linux.capabilities)" '.process.capabilities = {
			"bounding": $caps, "effective": $caps, "permitted": $caps}
		| .process.noNewPrivileges = false | del(.linux.maskedPaths, .linux.readonlyPaths)
		| .mounts |= map(if .destination == "/sys" or .destination == "/sys/fs/cgroup"
			then .options -= ["ro"] else . end)'
}

# inner JQ-FILTER: the inner bundle's config.json, from that of a rootful container.
inner() {
	jq -c 'del(.linux.cgroupsPath, .process.rlimits) | .process.noNewPrivileges = true' <<< "$ROOT_CONF" \
		| jq -c --arg s "$2" ".process.args = [\"sh\", \"-c\", \$s] | $1" > "$ROOTFS/b/config.json"
}

inner_rootless() {
	jq -c --arg s "$2" ".process.args = [\"sh\", \"-c\", \$s] | $1" <<< "$CONF" > "$ROOTFS/b/config.json"
}

@test "nested: rootful in rootful, with all commands" {
	jq -c --arg c "/$CG/bundle" '.linux.cgroupsPath = $c' <<< "$ROOT_CONF" > config.json
	free
	inner '.linux.resources = {"devices": [{"allow": false, "access": "rwm"}]}' \
		'id -u; stat -c %t:%T /dev/null; echo x > /dev/null; cat /proc/1/cgroup | grep 0::; hostname; sleep 1000'
	script 'cd /b && hull run -d in > /out < /dev/null && until grep -q hulltest /out; do sleep 0.05; done; cat /out
		hull state in | grep -o running; hull exec in id -u; hull pause in; hull state in | grep -o paused; hull resume in
		hull ps --format json in | tr -d "0-9\n"; hull kill in KILL
		until hull delete in 2> /dev/null; do sleep 0.05; done; hull list -q'
	run -0 --separate-stderr hull run web
	equal "$output" "0
1:3
0::/
hulltest
running
0
paused
[]"
	[[ -z $stderr ]]
}

@test "nested: rootless in rootless" {
	free
	inner '.linux.namespaces += [{"type": "user"}] | .linux.uidMappings = [{"containerID": 0, "hostID": 0, "size": 1}]
		| .linux.gidMappings = .linux.uidMappings
		| .mounts |= map(if .type == "devpts" then .options -= ["gid=5"] else . end)' \
		'id -u; stat -c %t:%T /dev/null; tr -s " " < /proc/self/uid_map; echo x > /dev/null && hostname'
	script 'cd /b && hull run in'
	config '.linux.namespaces += [{"type": "network"}] | .mounts |= map(if .destination == "/sys" then
		{"destination": "/sys", "type": "sysfs", "source": "sysfs"} else . end)'
	run -0 --separate-stderr as_user "$HULL" run web
	equal "$output" "0
1:3
 0 0 1
hulltest"
	# and what was written for root, in the user namespace that is there
	inner '.mounts |= map(if .type == "devpts" then .options -= ["gid=5"] else . end)' \
		'id -u; stat -c %t:%T /dev/null; tr -s " " < /proc/self/uid_map; sleep 1000'
	script 'cd /b && hull run -d in > /out < /dev/null && until grep -q 1$ /out; do sleep 0.05; done; cat /out
		hull exec in id -u; hull delete -f in'
	run -0 --separate-stderr as_user "$HULL" run web
	equal "$output" "0
1:3
 0 $U 1
0"
}

@test "nested: rootless in rootful, as a user without capabilities" {
	jq -c --arg c "/$CG/bundle" '.linux.cgroupsPath = $c' <<< "$ROOT_CONF" > config.json
	free
	config --argjson u "$U" '.process.user = {"uid": $u, "gid": $u} | .process.env += ["XDG_RUNTIME_DIR=/xdg"]
		| .process.capabilities = {} | .mounts += [{"destination": "/xdg", "type": "tmpfs", "options": ["mode=777"]}]'
	inner_rootless '.' 'id -u; tr -s " " < /proc/self/uid_map; stat -c %t:%T /dev/null; hostname'
	script 'cd /b && hull run in'
	run -0 --separate-stderr hull run web
	equal "$output" "0
 0 $U 1
1:3
hull"
}

@test "nested: in a container with masked paths no new procfs can be had, and the error says so" {
	jq -c --arg c "/$CG/bundle" '.linux.cgroupsPath = $c' <<< "$ROOT_CONF" > config.json
	config --argjson u "$U" '.process.user = {"uid": $u, "gid": $u} | .process.env += ["XDG_RUNTIME_DIR=/xdg"]
		| .mounts += [{"destination": "/xdg", "type": "tmpfs", "options": ["mode=777"]}]'
	inner_rootless '.' 'true'
	script 'cd /b && hull run in'
	run -1 --separate-stderr hull run web
	has "$stderr" "mounts[0]"
	has "$stderr" "unmask=ALL"
}

@test "nested: without CAP_MKNOD nodes are bound" {
	jq -c --arg c "/$CG/bundle" '.linux.cgroupsPath = $c' <<< "$ROOT_CONF" > config.json
	free
	config '.process.capabilities |= map_values(. - ["CAP_MKNOD"])'
	inner . 'stat -c %t:%T /dev/null /dev/tty; grep -c " /dev/null " /proc/self/mountinfo'
	script 'cd /b && hull run in'
	run -0 --separate-stderr hull run web
	equal "$output" "1:3
5:0
1"
}
