load helpers

# Namespaces that are joined by path.

join() {
	config --arg t "$1" --arg p "$2" \
		'.linux.namespaces |= map(select(.type != $t)) + [{type: $t, path: $p}]'
}

@test "joins: a sysctl never goes to hull's own network namespace (L-13)" {
	before=$(cat /proc/sys/net/ipv4/ip_default_ttl)
	join network /proc/self/ns/net
	config '.linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}'
	create_refused web "net.ipv4.ip_default_ttl" "/proc/self/ns/net"
	equal "$(cat /proc/sys/net/ipv4/ip_default_ttl)" "$before"
}

@test "joins: hull's own network and ipc namespaces are fine without sysctls" {
	join network /proc/self/ns/net
	join ipc /proc/self/ns/ipc
	ok_container 'readlink /proc/self/ns/net'
	equal "$output" "$(readlink /proc/self/ns/net)"
}

@test "joins: the host keeps its names (I-01)" {
	before=$(hostname)
	join uts /proc/self/ns/uts
	create_refused web "hostname" "/proc/self/ns/uts"
	config 'del(.hostname) | .domainname = "hulltest"'
	create_refused web "domainname" "/proc/self/ns/uts"
	config '.linux.sysctl = {"kernel.domainname": "hulltest"} | del(.domainname)'
	create_refused web "kernel.domainname"
	equal "$(hostname)" "$before"
	config 'del(.linux.sysctl)'
	ok_container 'hostname'
	equal "$output" "$before"
}

@test "joins: hull's own mount namespace is not for containers" {
	join mount /proc/self/ns/mnt
	create_refused web "mount namespace '/proc/self/ns/mnt'"
}

@test "joins: another container's namespaces, with a sysctl and a name" {
	sleeper pod
	pid=$(pid_of pod)
	bundle second
	join network "/proc/$pid/ns/net"
	join uts "/proc/$pid/ns/uts"
	config '.hostname = "renamed" | .linux.sysctl = {"net.ipv4.ip_default_ttl": "77"}'
	ok_container 'hostname; cat /proc/sys/net/ipv4/ip_default_ttl'
	equal "$output" $'renamed\n77'
	equal "$(hull exec pod cat /proc/sys/net/ipv4/ip_default_ttl)" 77
}

@test "joins: mappings next to a user namespace have to be its own (N-21)" {
	requires userns
	map='[{containerID: 0, hostID: 100000, size: 1000}, {containerID: 1000, hostID: 200000, size: 10}]'
	config ".linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = $map | .linux.gidMappings = $map
		| .mounts |= map(select(.type != \"cgroup\" and .type != \"sysfs\"))"
	sleeper pod
	cp "$BUNDLE/config.json" "$T/config.json"
	pid=$(pid_of pod)
	bundle second
	sed "s,/$CG/bundle,/$CG/second," "$T/config.json" > config.json
	join user "/proc/$pid/ns/user"
	ok_container 'id -u'
	config '.linux.uidMappings |= reverse'
	ok_container 'id -u'
	config '.linux.uidMappings[0].hostID = 300000'
	refused hull create web
	has "$line" "linux.uidMappings"
	config 'del(.linux.uidMappings) | .linux.gidMappings |= .[0:1]'
	refused hull create web
	has "$line" "linux.gidMappings"
	config 'del(.linux.gidMappings)'
	ok_container 'id -u'
}

@test "joins: a new user namespace has a new time namespace with offsets (N-23)" {
	requires userns timens
	map='[{containerID: 0, hostID: 100000, size: 1000}]'
	config ".linux.namespaces += [{type: \"user\"}, {type: \"time\"}] | .linux.uidMappings = $map
		| .linux.gidMappings = $map | .linux.timeOffsets = {boottime: {secs: 1000000}}
		| .mounts |= map(select(.type != \"cgroup\" and .type != \"sysfs\"))"
	ok_container 'cat /proc/self/timens_offsets'
	matches "$output" 'boottime +1000000 +0'
}

FILES=(pid:pid network:net ipc:ipc uts:uts cgroup:cgroup time:time user:user)

# all_as CONTAINER OTHER JOINED...: the kinds that are joined are OTHER's, all others new ones.
all_as() {
	local pid other f

	pid=$(pid_of "$1")
	other=$(pid_of "$2")
	shift 2
	for f in "${FILES[@]}"; do
		[[ -n $(jq --arg t "${f%:*}" '.linux.namespaces[] | select(.type == $t)' config.json) ]] || continue
		if [[ " $* " == *" ${f%:*} "* ]]; then
			equal "$f $(readlink "/proc/$pid/ns/${f#*:}")" "$f $(readlink "/proc/$other/ns/${f#*:}")"
		else
			differ "$(readlink "/proc/$pid/ns/${f#*:}")" "$(readlink "/proc/$other/ns/${f#*:}")"
			differ "$(readlink "/proc/$pid/ns/${f#*:}")" "$(readlink "/proc/self/ns/${f#*:}")"
		fi
	done
}

# each_mix KIND|"KIND KIND..." ...: a container for each, that joins these of the pod and has new others.
each_mix() {
	local mix kind f

	cp config.json "$T/second.json"
	for mix; do
		cp "$T/second.json" config.json
		for kind in $mix; do
			for f in "${FILES[@]}"; do
				[[ ${f%:*} != "$kind" ]] || join "$kind" "/proc/$(pid_of pod)/ns/${f#*:}"
			done
		done
		args sleep 1000
		start_it web
		# shellcheck disable=SC2086
		all_as web pod $mix
		run -0 hull exec web true
		hull delete --force web
	done
}

@test "joins: each kind alone, and together, with new ones of the others (N-04, N-17)" {
	requires timens
	config '.linux.namespaces += [{type: "time"}] | del(.hostname)'
	sleeper pod
	cp config.json "$T/config.json"
	bundle second
	sed "s,/$CG/bundle,/$CG/second," "$T/config.json" > config.json
	each_mix pid network ipc uts cgroup time "pid time" "network uts cgroup" "pid network ipc uts cgroup time"
}

@test "joins: a user namespace with none, some and all of what it owns (N-17)" {
	requires userns timens
	map='[{containerID: 0, hostID: 100000, size: 65536}]'
	config ".linux.namespaces += [{type: \"user\"}, {type: \"time\"}] | .linux.uidMappings = $map | .linux.gidMappings = $map
		| del(.hostname) | .mounts |= map(select(.type != \"cgroup\" and .type != \"sysfs\"))"
	sleeper pod
	cp config.json "$T/config.json"
	bundle second
	sed "s,/$CG/bundle,/$CG/second," "$T/config.json" > config.json
	each_mix user "user pid" "user network" "user ipc uts" "user time" "user pid network ipc uts cgroup time"
}

@test "joins: namespaces of the host's root with a new user namespace (N-17)" {
	requires userns
	sleeper pod
	pod=$(pid_of pod)
	bundle second
	map='[{containerID: 0, hostID: 100000, size: 65536}]'
	chown 100000:100000 "$ROOTFS"
	config ".linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = $map | .linux.gidMappings = $map | del(.hostname)
		| .mounts |= map(select(.type != \"cgroup\" and .type != \"sysfs\" and .type != \"mqueue\"))"
	join network "/proc/$pod/ns/net"
	join uts "/proc/$pod/ns/uts"
	join ipc "/proc/$pod/ns/ipc"
	args sleep 1000
	start_it web
	all_as web pod network uts ipc
	# it owns none of them
	config '.process.capabilities.bounding += ["CAP_SYS_ADMIN"] | .process.capabilities.effective += ["CAP_SYS_ADMIN"]
		| .process.capabilities.permitted += ["CAP_SYS_ADMIN"]'
	run ! hull exec web hostname changed
	equal "$(nsenter -t "$pod" -u hostname)" hulltest
}
