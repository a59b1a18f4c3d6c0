# A database from Debian's packages: started in a container, used over a socket, limited, paused,
# updated and stopped.
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2154
load helpers

# $SOCKETS is a directory of the host, bind-mounted at /run/redis; Redis runs as its own user.
redis_bundle() {
	local uid gid

	uid=$(awk -F: '$1 == "redis" { print $3 }' "$DEBIAN/etc/passwd")
	gid=$(awk -F: '$1 == "redis" { print $4 }' "$DEBIAN/etc/passwd")
	[[ -n $uid ]]
	SOCKETS=$T/s
	SOCKET=$SOCKETS/redis.sock
	mkdir -p "$SOCKETS"
	chown "$uid:$gid" "$SOCKETS"
	BUNDLE=$T/redis
	ROOTFS=$DEBIAN
	mkdir -p "$BUNDLE"
	hull spec --bundle "$BUNDLE"
	config --arg root "$DEBIAN" --arg sockets "$SOCKETS" --argjson uid "$uid" --argjson gid "$gid" '
		.root = {path: $root, readonly: true}
		| .hostname = "redis"
		| .process.user = {uid: $uid, gid: $gid, umask: 63}
		| .process.cwd = "/var/lib/redis"
		| .process.capabilities = {}
		| .process.rlimits = [{type: "RLIMIT_NOFILE", soft: 1000, hard: 1000}]
		| .mounts += [
			{destination: "/run/redis", type: "bind", source: $sockets, options: ["bind", "rw", "nosuid", "nodev"]},
			{destination: "/var/lib/redis", type: "tmpfs", source: "tmpfs",
				options: ["nosuid", "nodev", "noexec", "mode=0700", "uid=\($uid)", "gid=\($gid)"]}]'
	adopt /usr/bin/redis-server --port 0 --unixsocket /run/redis/redis.sock --unixsocketperm 777 \
		--save '' --appendonly no --daemonize no --logfile ''
}

# Debian's own client, on the host's side of the socket, with the libraries of the tree.
cli() {
	local lib

	lib=$(dirname "$(find "$DEBIAN"/usr/lib/*-linux-gnu -name libc.so.6 | head -n1)")
	timeout "${CLI_TIMEOUT:-5}" "$(find "$lib" -name 'ld-linux*.so.*' | head -n1)" --library-path "$lib" \
		"$DEBIAN/usr/bin/redis-cli" -s "$SOCKET" "$@"
}

answers() {
	[[ -S $SOCKET && $(cli ping 2> /dev/null) == PONG ]]
}

redis_up() { # ID
	start_it "$1"
	wait_for 10 answers || {
		cat "$OUT" "$ERR"
		return 1
	}
}

mebibytes() { # N: makes Redis hold as much, in values of a megabyte
	cli eval "for i = 1, $1 do redis.call('set', 'big:' .. i, string.rep('x', 1048576)) end return 'full'" 0
}

cgroup_of() { # ID
	echo "$CGROOT/$CG/$(basename "$BUNDLE")"
}

@test "redis: serves over a bind-mounted socket, as its own user, and ends with 0 on TERM" {
	redis_bundle
	redis_up db
	equal "$(cli set greeting 'hello hull')" OK
	equal "$(cli get greeting)" "hello hull"
	equal "$(hull exec db redis-cli -s /run/redis/redis.sock get greeting)" "hello hull"
	equal "$(cli info server | tr -d '\r' | grep '^process_id:')" process_id:1
	equal "$(hull exec db id -un)" redis
	equal "$(stat -c %U "/proc/$(pid_of db)")" "$(stat -c %U "$SOCKETS")"
	equal "$(cli info clients | tr -d '\r' | grep '^connected_clients:')" connected_clients:1
	hull kill db TERM
	wait_for 10 is_status db stopped
	[[ ! -e $SOCKET ]]
	has "$(cat "$OUT")" "Redis is now ready to exit"
	hull delete db
	no_trace db
}

@test "redis: is paused and resumed without losing a connection or a byte" {
	redis_bundle
	redis_up db
	equal "$(cli set counter 41)" OK
	hull pause db
	equal "$(status_of db)" paused
	CLI_TIMEOUT=1 run cli ping
	equal "$status" 124
	# A request made meanwhile is answered afterwards.
	cli incr counter > "$T/incr" 3>&- &
	local waiting=$!
	sleep 0.3
	equal "$(cat "$T/incr")" ""
	hull resume db
	wait "$waiting"
	equal "$(cat "$T/incr")" 42
	equal "$(status_of db)" running
	hull delete --force db
	no_trace db
}

@test "redis: its exit status is that of an attached run" {
	redis_bundle
	"$HULL" --root "$ROOT" run --bundle "$BUNDLE" db < /dev/null > "$OUT" 2> "$ERR" 3>&- &
	local runner=$! rc=0
	wait_for 10 answers
	equal "$(cli shutdown nosave)" ""
	wait "$runner" || rc=$?
	equal "$rc" 0
	no_trace db
	"$HULL" --root "$ROOT" run --bundle "$BUNDLE" db < /dev/null > "$OUT" 2> "$ERR" 3>&- &
	runner=$! rc=0
	wait_for 10 answers
	hull kill db KILL
	wait "$runner" || rc=$?
	equal "$rc" 137
	no_trace db
}

@test "redis: is used by a client in a second container that shares its namespaces" {
	local pid

	redis_bundle
	config '.process.args |= map(if . == "0" then "6379" else . end)'
	redis_up db
	pid=$(pid_of db)
	BUNDLE=$T/client
	mkdir -p "$BUNDLE"
	hull spec --bundle "$BUNDLE"
	config --arg root "$DEBIAN" --arg net "/proc/$pid/ns/net" --arg ipc "/proc/$pid/ns/ipc" '
		.root = {path: $root, readonly: true}
		| .linux.namespaces |= map(if .type == "network" then .path = $net
			elif .type == "ipc" then .path = $ipc else . end)'
	adopt redis-cli -h 127.0.0.1 ping
	run_bundle
	equal "$status" 0
	equal "$output" PONG
	hull delete --force db
}

@test "redis: a limit whose controller is not in cgroup v2 is refused by name" {
	if grep -qw memory "$CGROOT/cgroup.controllers"; then
		skip "needs a host whose memory controller is not in cgroup v2"
	fi
	redis_bundle
	config '.linux.resources.memory = {limit: 67108864}'
	refused hull create --bundle "$BUNDLE" db
	has "$line" memory
	matches "$line" 'v1|/sys/fs/cgroup/memory'
	no_trace db
}

@test "redis: is killed for memory at its limit, and lives once the limit is updated" {
	local rc=0 runner

	requires v2:memory v2:pids
	redis_bundle
	config '.linux.resources.memory = {limit: 50331648, swap: 50331648} | .linux.resources.pids = {limit: 32}'
	"$HULL" --root "$ROOT" run --bundle "$BUNDLE" db < /dev/null > "$OUT" 2> "$ERR" 3>&- &
	runner=$!
	wait_for 20 answers
	equal "$(cat "$(cgroup_of db)/memory.max")" 50331648
	equal "$(cat "$(cgroup_of db)/pids.max")" 32
	CLI_TIMEOUT=60 mebibytes 100 > "$T/full" 2>&1 || :
	hasnt "$(cat "$T/full")" full
	wait "$runner" || rc=$?
	equal "$rc" 137
	no_trace db

	redis_up db
	hull update --memory 256M --memory-swap 256M db
	equal "$(cat "$(cgroup_of db)/memory.max")" 268435456
	equal "$(CLI_TIMEOUT=60 mebibytes 100)" full
	(($(hull events --stats db | jq .data.memory.usage.usage) > 100 * 1048576))
	hull kill db TERM
	wait_for 10 is_status db stopped
	hull delete db
	no_trace db
}

@test "redis: cpu and process limits are updated while it runs" {
	requires v2:cpu v2:pids
	redis_bundle
	config '.linux.resources.cpu = {shares: 512, quota: 50000, period: 100000} | .linux.resources.pids = {limit: 64}'
	redis_up db
	equal "$(cat "$(cgroup_of db)/cpu.max")" "50000 100000"
	# V-01: 512 shares are weight 59.
	equal "$(cat "$(cgroup_of db)/cpu.weight")" 59
	hull update --cpu-quota 20000 --pids-limit 5 db
	equal "$(cat "$(cgroup_of db)/cpu.max")" "20000 100000"
	equal "$(cat "$(cgroup_of db)/pids.max")" 5
	echo '{"cpu": {"shares": 1024}, "pids": {"limit": 128}}' | hull update --resources - db
	equal "$(cat "$(cgroup_of db)/cpu.weight")" 100
	equal "$(cat "$(cgroup_of db)/pids.max")" 128
	answers
	hull delete --force db
	no_trace db
}
