#!/usr/bin/env bats
# hull migrate: the container's network goes along, from a host to another one.
load helpers
load hosts

MAC=02:00:00:77:00:0a V4=10.77.0.10 V6=fd00:77::10

setup_file() {
	hosts_setup_file
	"${CC:-cc}" -static -O1 -o "$STORE/talker" "$SRC/tests/migrate/talker.c"
	cp "$STORE/talker" "$STORE/rootfs/bin/talker"
	on C ip addr add fd00:77::3/64 dev eth0 nodad
	on C sysctl -qw net.ipv4.neigh.eth0.gc_stale_time=3600 || :
}

# The container `here` runs this, on A's bridge.
online() { # COMMAND...
	local name pid

	on C ip neigh flush dev eth0
	for name in there here; do
		BUNDLE=$T/$name config '.linux.namespaces |= (map(select(.type != "network")) + [{type: "network"}])'
		BUNDLE=$T/$name args "$@"
	done
	apart run -d --bundle "$T/here" here
	pid=$(hull state here | jq .pid)
	# The kernel ends a namespace, and what is in it, when it likes: that of the test before may be there.
	on A ip link del p0 2> /dev/null || :
	on A ip link add p0 type veth peer name eth0 address "$MAC" mtu 1400 netns "$pid"
	on A ip link set p0 master br0 up
	in_container A here ip link set eth0 up
	in_container A here ip addr add "$V4/24" brd + dev eth0
	in_container A here ip addr add "$V6/64" dev eth0 nodad
	in_container A here ip route add default via 10.77.0.3 src "$V4" metric 50
	in_container A here ip route add 10.99.0.0/16 via 10.77.0.2
	in_container A here ip -6 route add default via fd00:77::3
}

in_container() { # HOST ID COMMAND...
	local host=$1 pid

	pid=$(on "$host" hull state "$2" | jq .pid)
	shift 2
	on "$host" nsenter -t "$pid" -n "$@"
}

# What ip says of it, without what two kernels' namespaces number differently.
described() { # HOST ID
	in_container "$1" "$2" ip -j addr | jq -S '[.[] | select(.ifname == "eth0") | {address, mtu, operstate,
		addresses: [.addr_info[] | {family, local, prefixlen, broadcast, scope}]}]'
	in_container "$1" "$2" ip -j route | jq -S '[.[] | {dst, gateway, dev, prefsrc, metric, protocol, scope}]'
	in_container "$1" "$2" ip -6 -j route | jq -S '[.[] | {dst, gateway, dev, metric, protocol}]'
}

answers() {
	on C "$STORE/talker" ask "$1" 7001 2> /dev/null
}

silent() {
	if answers "$1"; then
		echo "$1 answers"
		return 1
	fi
}

echoes() { # FILE
	local n=0 _

	[[ ! -e $1 ]] || read -r _ n _ < "$1"
	echo "${n:-0}"
}

has_echoed() {
	[[ $(echoes "$1") -gt $2 ]] || grep -qs broken "$1"
}

# More echoes than so far come.
still_talks() { # FILE
	wait_for 60 has_echoed "$1" $(($(echoes "$1") + 20))
	! grep broken "$1"
}

# The client talks to the container: $T/talk.NAME has how it goes.
talk() { # NAME tcp|udp ADDRESS
	nsenter -t "$(cat "$HOSTS/C/init")" -n "$STORE/talker" call "$2" "$3" 7000 "$T/talk.$1" \
		2> /dev/null 3>&- 4>&- &
	talkers+=($!)
	wait_for 60 has_echoed "$T/talk.$1" 20
	! grep broken "$T/talk.$1"
}

hush() {
	kill "${talkers[@]}"
	wait "${talkers[@]}" || :
}

# Which port of the switch between the hosts the container's MAC was last seen at.
seen_at() {
	on S bridge -j fdb show br br0 | jq -r --arg mac "$MAC" '[.[] | select(.mac == $mac) | .ifname][0]'
}

is_seen_at() {
	[[ $(seen_at) == "$1" ]]
}

# Ends of links that hull has made and forgotten.
no_ports() { # HOST
	equal "$(on "$1" ip -o link | grep -c ' hull[0-9]')" 0
}

@test "migrate: addresses, routes and MAC of the container arrive with it, and connections go on" {
	local before name talkers=()

	online /bin/talker serve 7000
	before=$(described A here)
	has "$before" 10.99.0.0/16
	talk tcp4 tcp "$V4"
	talk tcp6 tcp "$V6"
	talk udp udp "$V4"
	migrate --bridge br0 --tcp-established
	for name in tcp4 tcp6 udp; do
		still_talks "$T/talk.$name"
	done
	hush
	equal "$(described B there)" "$before"
	no_migration
}

@test "migrate: those who hear it are told where the address is now; --on-switch runs once" {
	online /bin/mover 1 0
	answers "$V4"
	is_seen_at a0
	migrate --bridge br0 --on-switch "cat >> $T/state; echo \$HULL_MIGRATION >> $T/migrations; exit 3"
	has "$(cat "$ERR")" "exit status 3"
	# It has sent nothing by itself.
	wait_for 60 is_seen_at b0
	answers "$V4"
	equal "$(jq -r '.id, .bundle, .status' "$T/state" | paste -sd ' ')" "there $T/there running"
	[[ $(cat "$T/migrations") =~ ^[0-9a-f]{32}$ ]]
	lives_there
}

@test "migrate: a network device of the target, which has another MAC" {
	local talkers=() other=02:00:00:77:00:0b

	online /bin/talker serve 7000
	on B ip link add nd0 address "$other" type veth peer name nd1
	on B ip link set nd1 master br0 up
	BUNDLE=$T/there config '.linux.netDevices = {"nd0": {"name": "eth0"}}'
	talk tcp4 tcp "$V4"
	migrate --tcp-established
	still_talks "$T/talk.tcp4"
	equal "$(on C ip -j neigh show "$V4" | jq -r '.[0].lladdr')" "$other"
	equal "$(in_container B there ip -j addr show dev eth0 | jq -r '.[0].addr_info[].local' | grep -v ^fe80 | sort \
		| paste -sd ' ')" "$V4 $V6"
	hush
	far delete --force there
	# Virtual ones end with the namespace.
	wait_for 60 on B sh -c '! ip link show nd1 2> /dev/null'
}

@test "migrate: a hook of the target brings the link, and memory comes afterwards" {
	local talkers=()

	online /bin/talker serve 7000
	talk tcp4 tcp "$V4"
	cat > "$T/plug" <<-END
		#!/bin/sh
		pid=\$(jq .pid) || exit
		ip link add hk0 type veth peer name eth0 address "$MAC" netns "\$pid" && ip link set hk0 master br0 up
	END
	chmod 755 "$T/plug"
	BUNDLE=$T/there config --arg path "$T/plug" '.hooks.createRuntime = [{path: $path,
		env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]'
	migrate --tcp-established --mode hybrid
	still_talks "$T/talk.tcp4"
	hush
	no_ports B
}

@test "migrate: what is missing for the network over there" {
	local before

	online /bin/mover 1 0
	migrate_refused --dry-run
	has "$line" "nothing brings the network link 'eth0'"
	has "$line" "--bridge"
	migrate_refused --dry-run --bridge br7
	has "$line" "there is no bridge 'br7'"
	migrate_refused --dry-run --bridge eth0
	has "$line" "'eth0' is no bridge"
	on B ip addr add "$V4/24" dev br0
	migrate_refused --dry-run --bridge br0
	on B ip addr del "$V4/24" dev br0
	has "$line" "the address $V4 of the container is the host's own, on 'br0'"
	BUNDLE=$T/there config '.linux.netDevices = {"nd7": {"name": "eth0"}}'
	migrate_refused --dry-run
	has "$line" "there is no network device 'nd7'"
	BUNDLE=$T/there config 'del(.linux.netDevices)'
	BUNDLE=$T/there config '.linux.namespaces |= map(select(.type != "network"))'
	migrate_refused --dry-run --bridge br0
	has "$line" "no network namespace of its own"
	BUNDLE=$T/there config '.linux.namespaces += [{type: "network"}]'
	migrate --dry-run --bridge br0
	migrate --network none
	equal "$(in_container B there ip -j addr | jq -r '.[].ifname')" lo
	lives_there
}

@test "migrate: what fails leaves the network here as it was" {
	local before talkers=()

	online /bin/talker serve 7000
	before=$(described A here)
	talk tcp4 tcp "$V4"
	# The program is another one there: CRIU sees that by its size.
	rm "$T/there/rootfs/bin/talker"
	cp "$T/here/rootfs/bin/busybox" "$T/there/rootfs/bin/talker"
	migrate_refused --bridge br0 --tcp-established
	has "$line" "CRIU could not restore"
	still_talks "$T/talk.tcp4"
	migrate_refused --bridge br0
	has "$line" "--tcp-established"
	still_talks "$T/talk.tcp4"
	equal "$(described A here)" "$before"
	no_ports B
	ln -f "$T/here/rootfs/bin/talker" "$T/there/rootfs/bin/talker"
	migrate --bridge br0 --tcp-established
	still_talks "$T/talk.tcp4"
	hush
}

# A target that gets nothing any more once it restores, so that COMMIT is lost.
@test "migrate: a copy whose target is lost after COMMIT does not answer, and talks on after --recover" {
	local before talkers=() words

	KILLED=1
	online /bin/talker serve 7000
	before=$(described A here)
	talk tcp4 tcp "$V4"
	talk tcp6 tcp "$V6"
	cat > "$T/proxy" <<-END
		#!/bin/sh
		mkfifo "$T/to" || exit
		exec 3<&0
		cat <&3 > "$T/to" &
		echo \$! > "$T/pump"
		# With an output of its own: ssh makes it one that does not block.
		ssh "\$@" < "$T/to" 3<&- | cat
	END
	printf '#!/bin/sh\ntouch "%s"\nwhile [ ! -e "%s" ]; do sleep 0.1; done\n' "$T/hook" "$T/stopped" > "$T/wait"
	chmod 755 "$T/proxy" "$T/wait"
	BUNDLE=$T/there config --arg path "$T/wait" '.hooks.createRuntime = [{path: $path}]'
	migration --bridge br0 --tcp-established --ssh-command "$T/proxy"
	beside "${words[@]}"
	wait_for 60 test -e "$T/hook"
	on A kill -STOP "$(cat "$T/pump")"
	touch "$T/stopped"
	wait_for 60 phase_is commit-sent
	# All is there twice now, and nobody answers.
	wait_for 60 on B sh -c 'ip -o link | grep -q " hull[0-9]"'
	on C ip neigh flush dev eth0
	silent "$V4"
	silent "$V6"
	on B sh -c 'kill -9 $(pgrep -f "[m]igrate-receive")'
	on A kill -KILL "$(cat "$T/pump")"
	differ "$(beside_status)" 0
	silent "$V4"
	equal "$(status_of here)" paused
	rm "$T/hook" "$T/stopped"
	migration --recover
	quietly "${words[@]}" || {
		cat "$ERR"
		false
	}
	still_talks "$T/talk.tcp4"
	still_talks "$T/talk.tcp6"
	hush
	equal "$(described A here)" "$before"
	no_ports B
}

phase_is() {
	[[ $(jq -r .phase "$ROOT/here/migrate.json") == "$1" ]]
}
