# Services that move from A to B while clients on C talk with them: `load` it behind hosts.
#
# A service has its bundle in /srv/NAME of both hosts, a root file system that both have (tests/migrate/prepare)
# and the address 10.77.0.10.

# shellcheck disable=SC2034,SC2154

SERVICE=10.77.0.10

services_setup_file() {
	hosts_setup_file
	"${CC:-cc}" -static -O1 -o "$HOSTS/bin/talk" "$SRC/tests/migrate/talk.c"
}

setup_file() {
	services_setup_file
}

setup() {
	hosts_setup
	CLIENTS=()
}

teardown() {
	local pid rc=0

	cd /
	[[ ! -e $T/clients ]] || : > "$T/clients/stop"
	for pid in "${CLIENTS[@]}"; do
		on C kill -9 "$pid" 2> /dev/null || :
	done
	for ROOT in "$HOSTS/A/run/hull" "$HOSTS/B/run/hull"; do
		no_state || rc=1
	done
	leak_check || rc=1
	return $rc
}

# service NAME COMMAND...: its bundles, as `hull spec` makes them but for what a service needs.
service() {
	local name=$1 host

	shift
	for host in A B; do
		rm -rf "${HOSTS:?}/$host/srv/$name"
		mkdir -p "$HOSTS/$host/srv/$name"
		jq --arg root "$LAB/root" --arg data "$HOSTED" --arg cg "/$CG/$host-$name" '
			.root = {path: $root, readonly: true} | .hostname = "service" | .process.args = $ARGS.positional
			| .linux.cgroupsPath = $cg | .process.env += ["LC_ALL=C"]
			| .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=1777"]},
				{destination: "/run", type: "tmpfs", source: "tmpfs"},
				{destination: "/data", type: "bind", source: $data, options: ["rbind", "rw"]}]' \
			--args -- "$@" < <(sed "s,@CGROUP@,," "$STORE/config.json") > "$HOSTS/$host/srv/$name/config.json" || return 1
	done
}

# service_config NAME [jq options] FILTER: both of them.
service_config() {
	local name=$1 host f

	shift
	for host in A B; do
		f=$HOSTS/$host/srv/$name/config.json
		jq "$@" < "$f" > "$f.new" && mv "$f.new" "$f" || return 1
	done
}

service_up() { # NAME
	on A hull --log "$T/log" run -d --bundle "/srv/$1" "$1" < /dev/null > /dev/null 2>&1 3>&- 4>&- || {
		cat "$T/log"
		return 1
	}
	plug A "$1" "$SERVICE"
	# Of a service before this one.
	on C ip neigh flush dev eth0
}

answers() { # PORT
	on C bash -c "exec 9<> /dev/tcp/$SERVICE/$1" 2> /dev/null
}

# clients N WHAT PORT: they talk with the service until clients_end, on C.
clients() {
	local i

	rm -rf "$T/clients"
	mkdir "$T/clients"
	for ((i = 1; i <= $1; i++)); do
		env -u HULL_TEST_MARK "$HOSTS/on" C sh -c 'echo $$ > "$0"; exec "$@"' "$T/clients/pid.$i" \
			talk "$2" "$SERVICE" "$3" "$T/clients" "$i" < /dev/null > /dev/null 2>&1 3>&- 4>&- &
		wait_for 60 test -s "$T/clients/pid.$i"
		CLIENTS+=("$(cat "$T/clients/pid.$i")")
	done
	clients_talk
}

# clients_talk: each of them gets some more answers.
clients_talk() {
	local f n

	for f in "$T"/clients/pid.*; do
		f=${f/pid/count}
		n=$(cat "$f" 2> /dev/null || echo 0)
		wait_for 60 client_past "$f" $((n + 100)) || {
			echo "a client hears nothing more: $(cat "${f/count/report}" 2>&1)"
			return 1
		}
	done
}

client_past() {
	local n=0

	[[ ! -e ${1/count/report} && -e $1 ]] && n=$(cat "$1") && [[ $n -ge $2 ]]
}

# clients_end: no answer was wrong, and none was lost. LONGEST: ms that one waited at most.
clients_end() {
	local f how n ms

	LONGEST=0
	: > "$T/clients/stop"
	for f in "$T"/clients/pid.*; do
		f=${f/pid/report}
		wait_for 60 test -s "$f"
		read -r how n ms < "$f"
		equal "$how" ok || {
			cat "$f"
			return 1
		}
		[[ $ms -le $LONGEST ]] || LONGEST=$ms
		echo "# a client: $n answers, waited $ms ms at most"
	done
	CLIENTS=()
}

# moves FROM TO NAME [options]: by ssh.
moves() {
	local from=$1 to=$2 name=$3

	shift 3
	quietly "$HOSTS/on" "$from" hull migrate --json --tcp-established --bridge br0 "$@" "$name" \
		"root@$(host_address "$to"):/srv/$name" || {
		cat "$ERR"
		return 1
	}
	[[ ! -e $HOSTS/$from/run/hull/$name ]]
	equal "$(on "$to" hull state "$name" | jq -r .status)" running
	echo "# $from to $to: $(jq -c '{totalMs, downtimeMs, rounds, bytes}' "$OUT")"
}
