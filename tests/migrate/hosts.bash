# Two hosts on one machine, for tests of migrate by real ssh: `load helpers`, then `load hosts`.
#
#   A 10.77.0.1, B 10.77.0.2   hosts: network, mount, process and UTS namespaces of their own, with sshd,
#                              /run, /srv and a bridge br0, whose port to the world is eth0
#   C 10.77.0.3                a client, with eth0
#   S                          the switch between them: a bridge with the ports a0, b0, c0
#
# on HOST COMMAND... runs something there; hull and criu are in the PATH, ssh reaches the others without a
# question. `words=("$HOSTS/on" A ...)` is the same as a program. The container `here` of A becomes `there`
# of B; $T is the same directory everywhere, as on shared storage. A's /run is $HOSTS/A/run, and so on.
#
# The processes of a host are children of its first one, which is killed with the shell that called
# hosts_up: nothing is left of them, and with them go the namespaces.

# shellcheck disable=SC2034,SC2154

hosts_setup_file() {
	helpers_setup_file
	hosts_up
}

setup_file() {
	hosts_setup_file
}

setup() {
	hosts_setup
}

teardown_file() {
	hosts_down
	our_mounts > "$BATS_FILE_TMPDIR/mounts.after"
	diff "$BATS_FILE_TMPDIR/mounts.before" "$BATS_FILE_TMPDIR/mounts.after"
}

hosts_setup() {
	common_setup
	HOSTED=$T/data
	ROOT=$HOSTS/A/run/hull
	FAR=$HOSTS/B/run/hull
	TO=root@10.77.0.2:$T/there
	mkdir "$HOSTED"
	rm -rf "$T/bundle"
	both_bundles
	link_up
}

# ---- the hosts -------------------------------------------------------------------------------

hosts_up() {
	local name

	export HOSTS=$BATS_FILE_TMPDIR/hosts LAB
	LAB=$("$SRC/tests/migrate/prepare") || return 1
	mkdir -p "$HOSTS/bin"
	hosts_programs
	hosts_keys
	for name in S A B C; do
		host_begin "$name" || return 1
	done
	on S ip link add br0 type bridge
	on S ip link set br0 up
	for name in A B C; do
		host_plug "$name" || return 1
	done
	host_sshd A && host_sshd B
}

hosts_down() {
	local name pid

	for name in A B C S; do
		pid=$(cat "$HOSTS/$name/holder" 2> /dev/null) || continue
		kill -9 "$pid" 2> /dev/null
		wait_for 60 process_gone "$pid"
	done
}

host_address() {
	case $1 in
	A) echo 10.77.0.1 ;;
	B) echo 10.77.0.2 ;;
	C) echo 10.77.0.3 ;;
	esac
}

hosts_programs() {
	ln -s "$HULL" "$HOSTS/bin/hull"
	ln -s "$CRIU" "$HOSTS/bin/criu"
	printf '#!/bin/sh\nexec %q -F %q "$@"\n' "$LAB/ssh" "$HOSTS/ssh_config" > "$HOSTS/bin/ssh"
	cat > "$HOSTS/on" <<-END
		#!/bin/sh
		PATH=$HOSTS/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
		pid=\$(cat "$HOSTS/\$1/init") || exit 126
		shift
		exec nsenter -t "\$pid" -n -u -m -p -- "\$@"
	END
	# The first process of a host: it waits for those that have lost their parents.
	cat > "$HOSTS/init" <<-'END'
		#!/bin/bash
		set -e
		mount --bind "$2/run" /run
		[[ ! -d $2/srv ]] || mount --bind "$2/srv" /srv
		mount --bind "$2/passwd" /etc/passwd
		mount --bind "$2/shadow" /etc/shadow
		hostname "host-$1"
		ip link set lo up
		: > "$2/ready"
		while :; do
			sleep 3600 &
			wait "$!" || :
		done
	END
	chmod 755 "$HOSTS/bin/ssh" "$HOSTS/on" "$HOSTS/init"
}

# A key for all, which all know each other by.
hosts_keys() {
	local name

	"$LAB/ssh-keygen" -q -t ed25519 -N '' -C '' -f "$HOSTS/key"
	cp "$HOSTS/key.pub" "$HOSTS/authorized_keys"
	for name in A B; do
		"$LAB/ssh-keygen" -q -t ed25519 -N '' -C '' -f "$HOSTS/host_key.$name"
		echo "$(host_address "$name") $(cat "$HOSTS/host_key.$name.pub")"
	done > "$HOSTS/known_hosts"
	cat > "$HOSTS/ssh_config" <<-END
		User root
		IdentityFile $HOSTS/key
		IdentitiesOnly yes
		UserKnownHostsFile $HOSTS/known_hosts
		GlobalKnownHostsFile /dev/null
		StrictHostKeyChecking yes
		BatchMode yes
		LogLevel ERROR
		SendEnv HULL_TEST_MARK
	END
}

host_begin() { # NAME
	local dir=$HOSTS/$1 pid

	mkdir -p "$dir"/{run/sshd,srv,home}
	printf '%s\n' "root:x:0:0:root:$dir/home:/bin/sh" "sshd:x:101:65534::/run/sshd:/usr/sbin/nologin" \
		"nobody:x:65534:65534::/nonexistent:/usr/sbin/nologin" > "$dir/passwd"
	printf '%s\n' 'root:*:19000:0:99999:7:::' 'sshd:*:19000::::::' > "$dir/shadow"
	setpriv --pdeathsig KILL unshare --net --uts --mount --pid --fork --kill-child --mount-proc \
		"$HOSTS/init" "$1" "$dir" < /dev/null > "$dir/log" 2>&1 3>&- 4>&- &
	pid=$!
	disown "$pid"
	echo "$pid" > "$dir/holder"
	wait_for 60 test -e "$dir/ready" || {
		cat "$dir/log"
		return 1
	}
	pgrep -P "$pid" > "$dir/init"
}

# Its eth0 is the other end of a port of the switch.
host_plug() { # NAME
	local port=${1,}0 dev=eth0 address

	address=$(host_address "$1")
	# Pids of ours, not of the switch.
	nsenter -t "$(cat "$HOSTS/S/init")" -n \
		ip link add "$port" type veth peer name eth0 netns "$(cat "$HOSTS/$1/init")"
	on S ip link set "$port" master br0 up
	if [[ $1 != C ]]; then
		# With an address of its own, which stays when containers come and go.
		on "$1" ip link add br0 address "02:00:00:77:00:0${address##*.}" type bridge
		on "$1" ip link set eth0 master br0 up
		dev=br0
	fi
	on "$1" ip link set "$dev" up
	on "$1" ip addr add "$address/24" dev "$dev"
}

host_sshd() { # NAME
	local dir=$HOSTS/$1 pid

	cat > "$dir/sshd_config" <<-END
		ListenAddress $(host_address "$1")
		HostKey $HOSTS/host_key.$1
		PidFile $dir/sshd.pid
		AuthorizedKeysFile $HOSTS/authorized_keys
		StrictModes no
		PermitRootLogin prohibit-password
		PasswordAuthentication no
		KbdInteractiveAuthentication no
		UsePAM no
		PermitUserRC no
		UseDNS no
		AcceptEnv HULL_TEST_MARK
		SetEnv PATH=$HOSTS/bin:/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
	END
	# A daemon, which goes into the background when it listens.
	on "$1" "$LAB/sshd" -f "$dir/sshd_config" -E "$dir/sshd.log" < /dev/null > /dev/null 2>&1 3>&- 4>&- || {
		cat "$dir/sshd.log"
		return 1
	}
}

on() { # HOST COMMAND...
	"$HOSTS/on" "$@"
}

# ---- the network ---------------------------------------------------------------------------------

# unplug HOST: its cable is drawn. link_up: all are plugged in, and as fast as they can.
unplug() {
	on S ip link set "${1,}0" down
}

link_up() {
	local port

	for port in a0 b0 c0; do
		on S ip link set "$port" up
		on S tc qdisc del dev "$port" root 2> /dev/null || :
	done
}

# slow RATE: what leaves the switch for A and B, as tc says it (100mbit).
slow() {
	local port

	for port in a0 b0; do
		on S tc qdisc add dev "$port" root tbf rate "$1" burst 256kb latency 50ms
	done
}

# plug HOST ID ADDRESS: the container gets an eth0 with that address, and its other end a place in br0.
plug() {
	local pid

	pid=$(on "$1" hull state "$2" | jq .pid)
	on "$1" ip link del "v$2" 2> /dev/null || : # of a namespace that is ending
	on "$1" ip link add "v$2" type veth peer name eth0 netns "$pid"
	on "$1" ip link set "v$2" master br0 up
	on "$1" nsenter -t "$pid" -n ip addr add "$3/24" dev eth0
	on "$1" nsenter -t "$pid" -n ip link set eth0 up
}

# ---- what helpers.bash has for one host ---------------------------------------------------------------

hull() {
	on A hull "$@"
}

far() {
	on B hull "$@"
}

apart() {
	local status=0

	: > "$T/log"
	on A hull --log "$T/log" "$@" < /dev/null > /dev/null 2>&1 3>&- 4>&- || status=$?
	[[ $status -eq 0 ]] || cat "$T/log"
	return $status
}

# Those of the host whose state root $ROOT is.
delete_all() {
	local dir rc=0 host=A

	[[ $ROOT != "$HOSTS/B/"* ]] || host=B
	for dir in "$ROOT"/*/; do
		[[ -d $dir && $dir != */@*/ ]] || continue
		timeout 30 "$HOSTS/on" "$host" hull delete --force "$(id_of "$dir")" < /dev/null || {
			echo "leak: delete --force failed for $dir"
			rc=1
			kill_marked
			rm -rf "$dir"
		}
	done
	return $rc
}

migration() {
	words=("$HOSTS/on" A hull migrate --name there "$@" here "${TO:-root@10.77.0.2:$T/there}")
}

# migrate [options]: here -> there, by ssh.
migrate() {
	local words

	migration "$@"
	quietly "${words[@]}" || {
		local rc=$?
		echo "migrate: $rc: $(cat "$ERR")"
		return $rc
	}
}

migrate_refused() {
	local words

	migration "$@"
	status=0
	quietly "${words[@]}" || status=$?
	line=$(cat "$ERR")
	equal "$status" 1
	has "$line" "hull: "
}
