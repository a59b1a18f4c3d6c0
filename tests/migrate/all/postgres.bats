#!/usr/bin/env bats
# hull migrate: PostgreSQL with its clients on another host. It does not run as root: its container has a
# user namespace, in which CRIU may set what it has to.
load ../helpers
load ../hosts
load ../services

BIN=/usr/lib/postgresql/15/bin

setup() {
	hosts_setup
	CLIENTS=()
	chown 100999:100999 "$HOSTED"
	service postgres /bin/sh -c 'exec "$@" >> /data/log 2>&1' sh "$BIN/postgres" -D /data/db -c listen_addresses='*' -c unix_socket_directories=/tmp \
		-c shared_buffers=32MB -c jit=off -c huge_pages=off -c max_connections=20
	service_config postgres '.linux.namespaces += [{type: "user"}]
		| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
		| .process.user = {uid: 999, gid: 999} | .process.cwd = "/tmp"'
}

# pg PROGRAM...: a client on C.
pg() {
	on C env -u HULL_TEST_MARK chroot "$LAB/root" "$BIN/$1" -h "$SERVICE" -U postgres "${@:2}"
}

sql() {
	pg psql -X -q -At -d postgres -c "$1"
}

pg_answers() {
	sql "select 1" > /dev/null 2>&1
}

# The cluster, made by the same container.
cluster() {
	local text

	text=$(jq -c .process.args "$HOSTS/A/srv/postgres/config.json")
	printf 'postgres:x:999:999::/data:/bin/sh\n' > "$T/passwd"
	service_config postgres --arg f "$T/passwd" \
		'.mounts += [{destination: "/etc/passwd", type: "bind", source: $f, options: ["bind", "ro"]}]'
	service_config postgres --arg bin "$BIN" '.process.args = [$bin + "/initdb", "-D", "/data/db", "-U", "postgres",
		"-A", "trust", "--locale=C", "-E", "UTF8", "--no-sync"]'
	on A hull run --bundle /srv/postgres initdb < /dev/null > "$T/initdb" 2>&1 3>&- 4>&- || {
		cat "$T/initdb"
		return 1
	}
	echo 'host all all 10.77.0.0/24 trust' >> "$HOSTED/db/pg_hba.conf"
	service_config postgres --argjson args "$text" '.process.args = $args'
}

@test "migrate: PostgreSQL under load loses no commit that it acknowledged" {
	local n

	cluster
	service_up postgres
	wait_for 60 pg_answers
	pg pgbench -i -q -s 2 postgres > "$T/init" 2>&1 || {
		cat "$T/init"
		false
	}
	pg pgbench -n -c 4 -T 25 postgres > "$T/bench" 2>&1 < /dev/null 3>&- 4>&- &
	sleep 1
	moves A B postgres
	moves B A postgres
	wait "$!" || {
		cat "$T/bench"
		false
	}
	cat "$T/bench"
	n=$(sed -n 's/^number of transactions actually processed: \([0-9]*\).*/\1/p' "$T/bench")
	[[ $n -gt 100 ]]
	equal "$(sql 'select count(*) from pgbench_history')" "$n"
	equal "$(sql 'select (select sum(delta) from pgbench_history) = (select sum(abalance) from pgbench_accounts)
		and (select sum(bbalance) from pgbench_branches) = (select sum(tbalance) from pgbench_tellers)')" t
	sql 'create extension amcheck'
	pg pg_amcheck --heapallindexed -d postgres
}
