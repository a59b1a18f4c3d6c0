#!/usr/bin/env bats
# hull migrate: when memory goes: before the container stops, while it stands still, after it runs over there.
load helpers

@test "migrate: --mode postcopy: all memory comes after it runs over there" {
	up 64 20
	migrate --json --mode postcopy
	lives_there
	jq -e '.rounds == 0 and .lastBytes == 0 and .lateBytes >= 64 * 1048576 and .fillMs > 0' "$OUT"
}

@test "migrate: --mode hybrid: what is dirty in the end comes after it runs over there" {
	up 64 200
	migrate --json --mode hybrid --max-rounds 1
	lives_there
	jq -e '.rounds == 1 and .lastBytes == 0 and .lateBytes > 1048576' "$OUT"
}

@test "migrate: --mode postcopy, ten processes that fork all the time" {
	up 4 2 10 4 forks
	migrate --json --mode postcopy
	lives_there 10
}

@test "migrate: --mode auto: a writer that is slower than the connection is caught up with" {
	up 64 20
	migrate --json --bandwidth 64M --compress none
	lives_there
	jq -e '.rounds >= 2 and .lateBytes == 0 and .lastBytes < 32 * 1048576
		and (.perRound | length) == .rounds and .perRound[0].memoryBytes >= 64 * 1048576' "$OUT"
	jq -es 'map(select(.event == "round"))[1] | .dirtyRate > 0 and .bandwidth > 0 and .predictedMs > 0' "$ERR"
	# Where filling in takes a second there is a word of that, too.
	equal "$(jq -sr 'map(select(.event == "phase").phase) | unique - ["filling"] | join(" ")' "$ERR")" \
		"frozen preflight restored running"
}

# All of it is written in each round: over that connection it would stand still for seconds.
@test "migrate: --mode auto: what is written faster than the connection goes over afterwards" {
	up 64 400
	migrate --json --bandwidth 24M --compress none
	lives_there
	jq -e '.rounds >= 3 and .lastBytes == 0 and .lateBytes > 32 * 1048576 and .downtimeMs < 2000' "$OUT"
	has "$(cat "$ERR")" '"phase":"filling"'
}

@test "migrate: --max-time ends the rounds, --max-rounds too" {
	up 64 400
	migrate --json --bandwidth 64M --compress none --max-time 1ms --mode precopy
	lives_there
	jq -e '.rounds == 1 and .lateBytes == 0' "$OUT"
	hull delete --force there
	up 64 400
	migrate --json --mode hybrid
	lives_there
	jq -e '.rounds == 2' "$OUT"
}

@test "migrate: progress on a terminal is one line that is written anew" {
	local words

	up 32 10
	migration --bandwidth 32M --compress none
	mkfifo "$T/never"
	command script -qec "${words[*]@Q} local:$T/there" /dev/null > "$T/said" <> "$T/never"
	lives_there
	has "$(tr '\r' '\n' < "$T/said")" "round 1: "
	has "$(tr '\r' '\n' < "$T/said")" " MiB/s go over"
	# But for the report there is no end of a line.
	equal "$(grep -c . "$T/said")" 1
}

# under_way MODE: a migration that fills memory in for some seconds.
under_way() {
	local words

	migration --json --bandwidth 16M --compress none "$@"
	beside "${words[@]}" "local:$T/there"
	wait_for 60 is_far_status running
}

receiver() {
	pgrep -P "$(cat "$T/beside.pid")" -f migrate-receive
}

filler() {
	pgrep -P "$(receiver)" -f migrate-receive
}

recover() {
	local words

	wait_for 60 has_ended
	migration --recover
	quietly "${words[@]}" "local:$T/there" || {
		echo "recover: $(cat "$ERR"); $(states)"
		return 1
	}
}

@test "migrate: the process that fills memory in is killed after COMMIT: it goes on here" {
	up 64 20
	under_way --mode postcopy
	kill -9 "$(filler)"
	differ "$(beside_status)" 0
	has "$(cat "$ERR")" "it goes on here"
	lives_here
}

@test "migrate: the receiver is killed after COMMIT: memory is filled in all the same" {
	up 64 20
	under_way --mode postcopy
	kill -9 "$(receiver)"
	differ "$(beside_status)" 0
	recover
	lives_there
}

@test "migrate: the source is killed while memory goes over after COMMIT" {
	up 64 20
	under_way --mode hybrid --max-rounds 1
	beside_kill KILL
	differ "$(beside_status)" 0
	recover
	lives_here
}

# All of them: nobody is left over there who could note anything.
@test "migrate: the filler and the receiver are killed while memory goes over after COMMIT" {
	up 64 20
	under_way --mode postcopy
	kill -9 "$(receiver)" "$(filler)"
	differ "$(beside_status)" 0
	recover
	lives_here
}
