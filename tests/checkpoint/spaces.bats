# Namespaces of a container that is restored: its own, joined ones, none; addresses and routes of its network.
load helpers

teardown() {
	local rc=0

	common_teardown || rc=1
	[[ -z ${HOLDER:-} ]] || kill "$HOLDER" 2> /dev/null || :
	[[ -z ${LINK:-} ]] || ip link delete "$LINK" 2> /dev/null || :
	return $rc
}

# holder OPTION...: a process in new namespaces, as $HOLDER.
holder() {
	env -u HULL_TEST_MARK unshare "$@" sh -c 'echo $$ > "$0"; exec sleep 1000' "$T/holder" < /dev/null > /dev/null 2>&1 3>&- 4>&- &
	wait_for 20 test -s "$T/holder"
	HOLDER=$(cat "$T/holder")
	disown
}

# ns ID TYPE
ns() {
	readlink "/proc/$(pid_of "$1")/ns/$2"
}

@test "spaces: those of its own are new ones, and none is the host's" {
	local type

	work mem:1
	up web
	save web
	back web
	for type in pid net ipc uts mnt cgroup; do
		differ "$(ns web $type)" "$(readlink /proc/self/ns/$type)"
	done
	equal "$(hull exec web hostname)" hulltest
	checked web
}

@test "spaces: the host name that the program set is there again" {
	config '.process.capabilities |= map_values(. + ["CAP_SYS_ADMIN"])'
	work mem:1
	up web
	hull exec web hostname renamed
	save web
	back web
	equal "$(hull exec web hostname)" renamed
}

@test "spaces: the host's network, ipc and uts" {
	local type

	config '.linux.namespaces |= map(select(.type | IN("network", "ipc", "uts") | not)) | del(.hostname)
		| .mounts |= map(select(.destination != "/sys"))'
	work mem:1 unix pipes
	up web
	save web
	back web
	for type in net ipc uts; do
		equal "$(ns web $type)" "$(readlink /proc/self/ns/$type)"
	done
	checked web
}

@test "spaces: a network namespace by path" {
	holder -n
	nsenter -n -t "$HOLDER" ip link set lo up
	config --arg p "/proc/$HOLDER/ns/net" '(.linux.namespaces[] | select(.type == "network")).path = $p'
	survives listen udp
	equal "$(ns web net)" "$(readlink "/proc/$HOLDER/ns/net")"
	hull delete --force web
}

@test "spaces: a network namespace by path, which is another one afterwards" {
	holder -n
	nsenter -n -t "$HOLDER" ip link set lo up
	config --arg p "/proc/$HOLDER/ns/net" '(.linux.namespaces[] | select(.type == "network")).path = $p'
	work listen
	up web
	save web
	kill "$HOLDER"
	rm "$T/holder"
	holder -n
	nsenter -n -t "$HOLDER" ip link set lo up
	config --arg p "/proc/$HOLDER/ns/net" '(.linux.namespaces[] | select(.type == "network")).path = $p'
	back web
	equal "$(ns web net)" "$(readlink "/proc/$HOLDER/ns/net")"
	checked web
}

@test "spaces: ipc and uts namespaces by path" {
	holder -i -u
	config --arg p "/proc/$HOLDER/ns" '(.linux.namespaces[] | select(.type == "ipc")).path = "\($p)/ipc"
		| (.linux.namespaces[] | select(.type == "uts")).path = "\($p)/uts" | del(.hostname)'
	survives mem:1
	equal "$(ns web ipc)" "$(readlink "/proc/$HOLDER/ns/ipc")"
	equal "$(ns web uts)" "$(readlink "/proc/$HOLDER/ns/uts")"
	hull delete --force web
}

@test "spaces: loopback is up in a network namespace of its own" {
	survives listen
	has "$(nsenter -n -t "$(pid_of web)" ip addr show lo)" 127.0.0.1/8
}

@test "spaces: a cgroup namespace: the container sees its cgroup as the root" {
	work mem:1
	up web
	save web
	back web
	equal "$(hull exec web cat /proc/1/cgroup | grep ^0::)" 0::/
}

# A bridge in the holder's namespace, with 10.77.0.1. A hook plugs the container in, as 10.77.0.2.
network() {
	holder -n
	nsenter -n -t "$HOLDER" sh -ec 'ip link set lo up; ip link add br0 type bridge
		ip addr add 10.77.0.1/24 dev br0; ip link set br0 up'
	cat > "$T/plug" <<-END
		#!/bin/sh
		set -e
		pid=\$(jq .pid)
		nsenter -n -t $HOLDER sh -ec "ip link add h\$pid type veth peer name eth0 address 02:00:00:77:00:02 netns \$pid
			ip link set h\$pid master br0 up"
		nsenter -n -t "\$pid" sh -ec 'ip addr add 10.77.0.2/24 dev eth0; ip link set eth0 up
			ip route add default via 10.77.0.1'
	END
	chmod 755 "$T/plug"
	config --arg p "$T/plug" '.hooks.createRuntime = [{path: $p}]'
}

# Says a line to the container's server and expects it back, twice: before and after $T/go is there.
client() {
	env -u HULL_TEST_MARK nsenter -n -t "$HOLDER" timeout 60 bash -c 'exec 5<> /dev/tcp/10.77.0.2/7010
		echo one >&5; read -r -t 20 x <&5; echo "$x" > "$0/one.new"; mv "$0/one.new" "$0/one"
		until [[ -e $0/go ]]; do sleep 0.05; done
		echo two >&5; read -r -t 20 x <&5; echo "$x" > "$0/two.new"; mv "$0/two.new" "$0/two"' "$T" \
		< /dev/null > "$T/client" 2>&1 3>&- 4>&- &
	CLIENT=$!
}

@test "spaces: a network of its own, with addresses and routes by hooks; a connection from outside survives" {
	requires veth
	network
	work serve
	up web
	client
	wait_for 20 test -e "$T/one"
	save web --tcp-established
	back web --tcp-established
	has "$(hull exec web ip route)" "default via 10.77.0.1 dev eth0"
	touch "$T/go"
	wait_for 20 test -e "$T/two" || {
		cat "$T/client"
		return 1
	}
	equal "$(cat "$T/one" "$T/two")" "one
two"
	wait $CLIENT
	equal "$(nsenter -n -t "$HOLDER" nft list tables 2> /dev/null)" ""
	equal "$(nsenter -n -t "$(pid_of web)" nft list tables 2> /dev/null)" ""
	hull delete --force web
}

@test "spaces: a connection from outside survives a failed dump, too" {
	requires veth
	network
	work serve userfaultfd
	up web
	client
	wait_for 20 test -e "$T/one"
	refused_ckpt checkpoint --image-path "$IMAGES" --work-path "$T/work" --tcp-established web
	touch "$T/go"
	wait_for 20 test -e "$T/two"
	equal "$(cat "$T/two")" two
	wait $CLIENT
	hull delete --force web
}

@test "spaces: a pid namespace by path" {
	local maker

	# Its first process reaps what it inherits, the host's takes its time.
	env -u HULL_TEST_MARK unshare -p -f --kill-child sh -c 'sleep 1000 & wait' < /dev/null > /dev/null 2>&1 3>&- 4>&- &
	maker=$!
	disown
	wait_for 20 grep -q . "/proc/$maker/task/$maker/children"
	HOLDER=$(tr -d ' ' < "/proc/$maker/task/$maker/children")
	config --arg p "/proc/$HOLDER/ns/pid" '(.linux.namespaces[] | select(.type == "pid")).path = $p'
	work mem:1 processes:3
	up web
	pid=$(pid_of web)
	save web
	wait_for 60 test ! -e "/proc/$pid"
	back web
	checked web
	equal "$(ns web pid)" "$(readlink "/proc/$HOLDER/ns/pid")"
	hull delete --force web
	kill -9 "$HOLDER"
	HOLDER=
}

@test "spaces: a user namespace" {
	requires userns
	config '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	chown -R 100000:100000 "$ROOTFS/data"
	survives mem:1 files pipes processes:3
	equal "$(awk '{ print $1, $2, $3 }' "/proc/$(pid_of web)/uid_map")" "0 100000 65536"
	equal "$(stat -c %u "/proc/$(pid_of web)")" 100000
}
