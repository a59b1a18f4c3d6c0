load helpers

# Every test has a "host" of its own: a network namespace that hull runs in and whose devices it
# gives away. The machine's own are never touched.

setup() {
	common_setup
	requires veth
	: > "$T/host"
	unshare --net="$T/host" true
	host ip link set lo up
	device d0
}

teardown() {
	local rc=0 ns

	delete_all || rc=1
	for ns in "$T/host" "$T/other"; do
		! mountpoint -q "$ns" || umount "$ns"
	done
	common_teardown && return $rc
}

host() {
	nsenter --net="$T/host" "$@"
}

hull() {
	host "$HULL" --root "$ROOT" "$@"
}

# device NAME [PEER]: a veth pair of the host, set up.
device() {
	host ip link add "$1" type veth peer name "${2:-peer-$1}"
	host ip link set "$1" up
	host ip link set "${2:-peer-$1}" up
}

# netdevs JSON: linux.netDevices.
netdevs() {
	config --argjson n "$1" '.linux.netDevices = $n'
}

inside() {
	nsenter --net="/proc/$(pid_of web)/ns/net" "$@"
}

# What can be seen of a device, wherever it is.
shape() {
	ip -j addr show dev "$1" | jq -S '.[0] | {ifname, flags, mtu, address, addr_info: [.addr_info[]
		| {family, local, address, prefixlen, broadcast, scope, "label", noprefixroute, secondary, metric} | del(.. | nulls)]}'
}

# Everything of the host: devices, addresses, routes. Counters, ages and IPv6's search for
# duplicates change by themselves.
host_view() {
	host ip -j -d link show | jq -S '[.[] | del(.stats64, .stats, .operstate, .qdisc, .ifindex, .link_netnsid) | .flags |= sort]'
	host ip -j addr show | jq -S '[.[] | {ifname, ifindex, addr_info: [.addr_info[] | del(.tentative)]}]'
	host ip -4 route show table all | sort
	# those that come and go with the addresses do so in their own time
	host ip -6 route show table all | grep -v 'proto kernel' | sort
}

settled() {
	! host ip -6 addr show tentative | grep -q inet6
}

there() {
	host ip link show "$1" > "$T/there" 2>&1
}

@test "netdev: a device of the host is moved, is up, and is gone from the host (E-01, E-07)" {
	host ip link set d0 down
	netdevs '{"d0": {}}'
	create web
	run -0 inside ip -o link show d0
	matches "$output" '<[^>]*\bUP\b'
	run ! there d0
	there peer-d0
	hull start web
}

@test "netdev: the program finds it, next to lo (E-01, E-11)" {
	netdevs '{"d0": {}}'
	ok_container 'ls /sys/class/net; cat /sys/class/net/d0/flags'
	equal "${lines[0]} ${lines[1]}" "d0 lo"
	((lines[2] & 1)) # IFF_UP
}

@test "netdev: no device of the host is refused (E-01)" {
	netdevs '{"d0": {}, "none": {}}'
	create_refused web 'linux.netDevices.none' 'no such interface'
	there d0
}

@test "netdev: the name inside is the config's, or that of the host (E-02, E-11)" {
	device d1
	device d2
	netdevs '{"d0": {"name": "eth0"}, "d1": {"name": ""}, "d2": {}}'
	ok_container 'ls /sys/class/net'
	equal "$output" "d1
d2
eth0
lo"
}

@test "netdev: names that no interface can have are refused (E-02)" {
	for n in . .. a/b a:b 'a b' 'a	b' 0123456789abcdef '%d%d' 'a%s' 'a%'; do
		config --arg n "$n" '.linux.netDevices = {"d0": {"name": $n}}'
		create_refused web 'linux.netDevices.d0.name'
		config --arg n "$n" '.linux.netDevices = {($n): {}}'
		create_refused web 'linux.netDevices'
	done
	netdevs '{"": {}}'
	create_refused web 'linux.netDevices'
	netdevs '{"d0": {"name": 23}}'
	create_refused web 'linux.netDevices.d0.name'
	netdevs '{"d0": {"name": "012345678901234"}}' # 15 bytes are a name
	ok_container 'ls /sys/class/net'
	has "$output" 012345678901234
}

@test "netdev: two devices of one name are refused (E-02, E-04)" {
	device d1
	netdevs '{"d0": {"name": "eth0"}, "d1": {"name": "eth0"}}'
	create_refused web 'linux.netDevices.d1.name' "'eth0'"
	netdevs '{"d0": {"name": "d1"}, "d1": {}}'
	create_refused web 'linux.netDevices.d1'
}

@test "netdev: two devices swap their names" {
	device d1
	host ip link set d1 mtu 1300
	netdevs '{"d0": {"name": "d1"}, "d1": {"name": "d0"}}'
	ok_container 'cat /sys/class/net/d0/mtu /sys/class/net/d1/mtu'
	equal "$output" "1300
1500"
}

@test "netdev: without a network namespace it is refused (E-03)" {
	config '.linux.namespaces |= map(select(.type != "network")) | .linux.netDevices = {"d0": {}}'
	create_refused web 'linux.netDevices' 'network namespace'
	config '.linux.namespaces += [{"type": "network", "path": "/proc/self/ns/net"}]'
	create_refused web 'linux.netDevices' "hull's own"
	there d0
}

@test "netdev: in a user namespace hull is not the host's root (E-03)" {
	requires userns
	netdevs '{"d0": {}}'
	config '.linux.namespaces |= map(select(.type != "cgroup")) | .mounts |= map(select(.type != "cgroup"))'
	refused host unshare -Ur "$HULL" --root "$T/r" --cgroup-manager disabled create web
	has "$line" 'linux.netDevices'
	there d0
}

@test "netdev: a user namespace of the container is fine" {
	requires userns
	chown 100000:100000 "$ROOTFS"
	map='[{containerID: 0, hostID: 100000, size: 1000}]'
	config ".linux.namespaces += [{type: \"user\"}] | .linux.uidMappings = $map | .linux.gidMappings = $map"
	netdevs '{"d0": {"name": "eth0"}}'
	host ip addr add 10.7.0.1/24 dev d0
	ok_container 'ip -o -4 addr show eth0'
	has "$output" "10.7.0.1/24"
}

@test "netdev: a name that is taken in a joined namespace is refused (E-04)" {
	: > "$T/other"
	unshare --net="$T/other" true
	nsenter --net="$T/other" ip link add eth0 type veth peer name eth1
	config --arg p "$T/other" '(.linux.namespaces[] | select(.type == "network")).path = $p'
	netdevs '{"d0": {"name": "eth0"}}'
	furnished
	create_refused web 'linux.netDevices.d0' "'eth0'"
	as_before
	# a free one is not
	netdevs '{"d0": {"name": "eth2"}}'
	create web
	nsenter --net="$T/other" ip link show eth2
	hull delete --force web
	nsenter --net="$T/other" ip link show eth2
}

@test "netdev: lo is taken in a new namespace, too (E-04)" {
	netdevs '{"d0": {"name": "lo"}}'
	create_refused web 'linux.netDevices.d0' "'lo'"
	there d0
}

@test "netdev: for %d the kernel chooses a number (E-05)" {
	device d1
	device d2
	host ip addr add 10.7.0.1/24 dev d0
	netdevs '{"d0": {"name": "net%d"}, "d1": {"name": "net%d"}, "d2": {"name": "net0x%d"}}'
	create web
	run -0 inside ip -br link
	equal "$(awk '{ sub("@.*", "", $1); print $1 }' <<< "$output" | sort | tr '\n' ' ')" "lo net0 net0x0 net1 "
	run -0 inside ip -o -4 addr show net0
	has "$output" "10.7.0.1/24"
	matches "$(inside ip -o link show net0)" '<[^>]*\bUP\b'
}

@test "netdev: MTU, MAC and all global addresses stay, with prefix, peer, flags and label (E-06)" {
	host ip link set d0 down mtu 1400 address 02:11:22:33:44:55
	host ip addr add 10.7.1.1/24 broadcast 10.7.1.255 label d0:one dev d0
	host ip addr add 10.7.1.2/24 dev d0 # a secondary one
	host ip addr add 10.7.2.1/25 noprefixroute metric 77 dev d0
	host ip addr add 10.7.3.1 peer 10.7.3.2/32 dev d0
	host ip addr add fd00:7::1/64 nodad dev d0
	host ip addr add fd00:7::2/96 noprefixroute nodad dev d0
	host ip link set d0 up
	before=$(nsenter --net="$T/host" bash -c "$(declare -f shape); shape d0" | jq -S 'del(.addr_info[] | select(.scope != "global"))')
	netdevs '{"d0": {"name": "eth0"}}'
	create web
	after=$(inside bash -c "$(declare -f shape); shape eth0" | jq -S 'del(.addr_info[] | select(.scope != "global"))')
	equal "$(jq -S '(.. | strings) |= sub("^d0"; "eth0")' <<< "$before")" "$after"
	has "$after" '"label": "eth0:one"'
	has "$after" '"mtu": 1400'
	has "$after" '"address": "02:11:22:33:44:55"'
	equal "$(jq '.addr_info | length' <<< "$after")" 6
}

@test "netdev: a label that would be too long for the new name is the name (E-06)" {
	host ip addr add 10.7.1.1/24 label d0:0123456789 dev d0
	netdevs '{"d0": {"name": "interface0"}}'
	create web
	equal "$(inside ip -j -4 addr show interface0 | jq -r '.[0].addr_info[0].label')" interface0
}

@test "netdev: addresses of another scope and those for a time stay behind (E-06)" {
	host ip addr add 10.7.1.1/24 dev d0
	host ip addr add 10.7.2.1/24 scope link dev d0
	host ip addr add 10.7.3.1/24 scope site dev d0
	host ip addr add 10.7.4.1/24 valid_lft 1000 preferred_lft 500 dev d0
	host ip addr add fd00:7::1/64 nodad dev d0
	host ip addr add fd00:7::2/64 nodad valid_lft 1000 preferred_lft 500 dev d0
	host ip addr add fe80::1234/64 nodad dev d0
	netdevs '{"d0": {}}'
	create web
	run -0 inside ip -o addr show d0
	has "$output" "10.7.1.1/24"
	has "$output" "fd00:7::1/64"
	for a in 10.7.2.1 10.7.3.1 10.7.4.1 fd00:7::2 fe80::1234; do
		hasnt "$output" "$a"
	done
}

@test "netdev: no routes are made and none taken along (E-01)" {
	host ip addr add 10.7.1.1/24 dev d0
	host ip route add 10.200.0.0/16 via 10.7.1.9
	netdevs '{"d0": {}}'
	create web
	run -0 inside ip route
	equal "$(awk '{ print $1 }' <<< "$output")" "10.7.1.0/24" # the kernel's, of the address
}

@test "netdev: prestart and createRuntime hooks see it in the container (E-01)" {
	config --arg t "$T" '.hooks = {
		prestart: [{path: "/bin/sh", args: ["sh", "-c", "nsenter -t $(jq .pid) -n ip -o link show eth0 > \($t)/prestart"]}],
		createRuntime: [{path: "/bin/sh", args: ["sh", "-c", "nsenter -t $(jq .pid) -n ip -o link show eth0 > \($t)/runtime"]}]}'
	netdevs '{"d0": {"name": "eth0"}}'
	create web
	has "$(cat "$T/prestart")" eth0
	has "$(cat "$T/runtime")" eth0
}

@test "netdev: the runtime leaves it alone while the container lives (E-08)" {
	config '.process.capabilities.bounding += ["CAP_NET_ADMIN"] | .process.capabilities.effective += ["CAP_NET_ADMIN"]
		| .process.capabilities.permitted += ["CAP_NET_ADMIN"]'
	netdevs '{"d0": {"name": "eth0"}}'
	host ip addr add 10.7.1.1/24 dev d0
	script 'ip link set eth0 down; ip addr flush dev eth0; ip link set eth0 name own; echo up; sleep 1000'
	start_it web
	wait_for 5 grep -q up "$OUT"
	hull exec web true
	hull pause web
	hull resume web
	run -0 inside ip -o addr show own
	hasnt "$output" "10.7.1.1"
	hasnt "$(inside ip -o link show own)" ',UP'
}

@test "netdev: delete does not move it back: the kernel ends what is virtual with the namespace (E-09)" {
	netdevs '{"d0": {}}'
	args sleep 1000
	start_it web
	hull delete --force web
	peer_gone() { ! there peer-d0; }
	wait_for 5 peer_gone
	run ! there d0
	# The same when it ends by itself, under run
	device d0
	args true
	hull run web
	wait_for 5 peer_gone
	run ! there d0
}

# A host whose every detail must be the same after a failure.
furnished() {
	host ip link add br0 type bridge 2> /dev/null || :
	device d1
	host ip link set d0 down mtu 1400 address 02:11:22:33:44:55 txqueuelen 500
	host ip addr add 10.7.1.1/24 label d0:one dev d0
	host ip addr add 10.7.1.2/24 dev d0
	host ip addr add 10.7.2.1/24 scope link dev d0
	host ip addr add fd00:7::1/64 dev d0
	host ip link set d0 up
	host ip route add 10.200.0.0/16 via 10.7.1.9 metric 7
	host ip route add 10.201.0.0/16 dev d0 table 99
	host ip route add 10.202.0.0/16 via 10.9.9.9 dev d0 onlink
	host ip route add default via 10.200.0.1 dev d0 onlink
	host ip -6 route add fd99::/64 via fd00:7::9
	host ip link set d1 down
	host ip addr add 10.7.7.1/24 dev d1
	! there br0 || host ip link set d1 master br0
	wait_for 5 settled
	host_view > "$T/before"
}

as_before() {
	wait_for 5 settled
	host_view > "$T/after"
	diff "$T/before" "$T/after"
}

@test "netdev: when a later device cannot be moved, all are as before: names, addresses, routes, state (E-10, B-15)" {
	furnished
	# the kernel moves no loopback
	netdevs '{"d0": {"name": "eth0"}, "d1": {"name": "eth1"}, "lo": {"name": "lo1"}}'
	create_refused web 'linux.netDevices.lo'
	as_before
}

@test "netdev: when a hook of create fails, all are as before (E-10, B-15)" {
	furnished
	netdevs '{"d0": {"name": "net%d"}, "d1": {"name": "d0"}}'
	for kind in prestart createRuntime createContainer; do
		config --arg k $kind '.hooks = {($k): [{path: "/bin/false"}]}'
		create_refused web "error running $kind hook"
		as_before
	done
}

@test "netdev: when the program is missing, all are as before, with create and run (E-10, B-15)" {
	furnished
	netdevs '{"d0": {"name": "eth0"}, "d1": {"name": "eth1"}}'
	args /no/such/program
	create_refused web /no/such/program
	as_before
	refused hull run web
	as_before
}

@test "netdev: init's failure is the one told, however late the runtime comes to move them (E-10)" {
	furnished
	netdevs '{"d0": {"name": "eth0"}}'
	args /no/such/program
	# not init, which is a child: only the runtime is slow
	refused host strace -o "$T/calls" -e trace=open,openat \
		-e inject=open,openat:delay_enter=50000 "$HULL" --root "$ROOT" create --bundle "$BUNDLE" web
	has "$line" /no/such/program
	no_trace web
	as_before
}

@test "netdev: when run cannot execute the program, all are as before (E-10, B-15)" {
	furnished
	netdevs '{"d0": {"name": "eth0"}, "d1": {"name": "eth1"}}'
	head -c 100 /dev/zero > "$ROOTFS/zeroes"
	chmod 755 "$ROOTFS/zeroes"
	args /zeroes
	refused hull run web
	no_trace web
	as_before
}

@test "netdev: at each step that comes after it, a failure brings it back (E-10, B-15)" {
	FAULT=$(dirname "$HULL")/hull-fault
	[[ -x $FAULT ]] || skip "needs hull-fault: make hull-fault"
	furnished
	netdevs '{"d0": {"name": "eth0"}, "d1": {"name": "eth1"}}'
	for step in create:outside create:files create:ready "create:hand over" init:mounts init:pivot; do
		refused env HULL_FAULT="$step" nsenter --net="$T/host" "$FAULT" --root "$ROOT" create web
		has "$line" "injected fault at '$step'"
		no_trace web
		as_before
	done
}

@test "netdev: a taken number of the host's interface is no obstacle" {
	: > "$T/other"
	unshare --net="$T/other" true
	index=$(host ip -j link show d0 | jq '.[0].ifindex')
	nsenter --net="$T/other" ip link add x0 index "$index" type veth peer name x1
	config --arg p "$T/other" '(.linux.namespaces[] | select(.type == "network")).path = $p'
	furnished
	netdevs '{"d0": {"name": "eth0"}, "lo": {"name": "lo1"}}'
	create_refused web 'linux.netDevices.lo'
	as_before
	netdevs '{"d0": {"name": "eth0"}}'
	ok_container 'ls /sys/class/net'
	has "$output" eth0
}

@test "netdev: features say so (F-19)" {
	run -0 hull features
	equal "$(jq .linux.netDevices.enabled <<< "$output")" true
}
