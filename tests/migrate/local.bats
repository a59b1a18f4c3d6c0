#!/usr/bin/env bats
# hull migrate to this host, under another name: memory, processes, options.
load helpers

@test "migrate: memory that is written meanwhile goes in rounds, and arrives whole" {
	up 64 20
	migrate --json --compress none
	lives_there
	# The first round has all; what is left at the end is what 20 MiB/s write in a moment.
	jq -e '.rounds >= 2 and .bytes > 64 * 1048576 and .lastBytes < 32 * 1048576
		and .downtimeMs <= .totalMs and .downtimeMs >= .dumpMs' "$OUT"
	equal "$(jq -s 'map(select(.event == "round")) | length' "$ERR")" "$(jq .rounds "$OUT")"
	jq -es 'map(select(.event == "round"))[0] | .round == 1 and .memoryBytes >= 64 * 1048576' "$ERR"
}

@test "migrate: the report for people is one line" {
	up 4 1
	migrate
	lives_there
	equal "$(wc -l < "$OUT")" 1
	has "$(cat "$OUT")" "migrated in "
	equal "$(cat "$ERR")" ""
}

@test "migrate: --mode stop copies all while it stands still" {
	up 64 20
	migrate --json --mode stop
	lives_there
	jq -e '.rounds == 0 and .bytes > 64 * 1048576' "$OUT"
}

@test "migrate: --mode precopy, one round before it stops at most" {
	up 64 200
	migrate --json --mode precopy --max-rounds 1
	lives_there
	jq -e '.rounds == 1' "$OUT"
}

@test "migrate: --compress lz4 and zstd send less" {
	local how

	for how in lz4 zstd zstd:1; do
		# The numbers of a page have much in common.
		up 32 10
		migrate --json --compress "$how"
		lives_there
		jq -e '.bytes < 31 * 1048576' "$OUT"
		hull delete --force there
	done
}

@test "migrate: --bandwidth is kept to" {
	up 32 1
	migrate --json --bandwidth 16M --compress none
	lives_there
	# A bucket may be full at the beginning: a quarter of the time less.
	jq -e '.totalMs >= 1500 and .rounds >= 2' "$OUT"
}

@test "migrate: a bad option is refused before anything is touched" {
	up 1 1
	migrate_refused --compress gzip
	has "$line" gzip
	migrate_refused --bandwidth 0x
	migrate_refused --max-rounds -1
	TO=local:relative migrate_refused
	TO=-oProxyCommand=x migrate_refused
	lives_here
}

@test "migrate: ten processes, each with threads" {
	up 4 2 10 4
	migrate --json
	lives_there 10
	equal "$(hull ps -f json there | jq length)" 10
}

@test "migrate: namespaces, host name and network come along" {
	script 'hostname moved; exec /bin/mover 2 1'
	config '.process.capabilities[] += ["CAP_SYS_ADMIN"]'
	cp "$T/here/config.json" "$T/config"
	jq -c --arg cg "/$CG/there" '.linux.cgroupsPath = $cg' "$T/config" > "$T/there/config.json"
	apart run -d here && goes_on
	migrate
	lives_there
	equal "$(hull exec there hostname)" moved
	has "$(hull exec there ifconfig lo)" 127.0.0.1
	for ns in pid net ipc uts mnt cgroup; do
		differ "$(readlink "/proc/$(pid_of there)/ns/$ns")" "$(readlink "/proc/self/ns/$ns")"
	done
	equal "$(hull exec there sh -c 'echo $PPID')" 0
}

@test "migrate: the container has the same descriptors afterwards, and no other" {
	up 4 1
	ls /proc/"$(pid_of here)"/fd > "$T/before"
	migrate
	lives_there
	ls /proc/"$(pid_of there)"/fd > "$T/after"
	diff "$T/before" "$T/after"
}

@test "migrate: what arrived goes on its way a second time" {
	up 16 4
	migrate
	lives_there
	quietly "$HULL" --criu "$CRIU" --root "$ROOT" migrate --target-root "$ROOT" --target-criu "$CRIU" \
		--name here there "local:$T/here" || { cat "$ERR"; false; }
	goes_on
	equal "$(status_of here)" running
	[[ ! -e $ROOT/there ]]
	unpopulated there
}

@test "migrate: list and state know nothing of migrations under way" {
	up 16 4
	migrate
	# The directory above them stays.
	[[ -d $ROOT/@migrate ]]
	equal "$(hull list -q)" there
	lives_there
}

# New processes, and those that end, in each round and while it stands still.
@test "migrate: a process that forks all the time" {
	local _

	for _ in 1 2 3; do
		up 16 4 2 0 forks
		migrate
		lives_there 2
		hull delete --force there
	done
}

# CRIU cannot fill memory in there, and reads its images as somebody else.
@test "migrate: a container with a user namespace" {
	local name

	for name in there here; do
		BUNDLE=$T/$name config '.linux.namespaces += [{type: "user"}]
			| .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
			| .linux.gidMappings = [{containerID: 0, hostID: 100000, size: 65536}]'
	done
	chown 100000:100000 "$HOSTED"
	up 8 4
	migrate_refused --mode precopy
	has "$line" "user namespace"
	has "$line" "--mode stop"
	lives_here
	migrate --json
	lives_there
	equal "$(stat -c %u "/proc/$(pid_of there)")" 100000
	jq -e '.rounds == 0' "$OUT"
}
