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
