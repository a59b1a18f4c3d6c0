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
