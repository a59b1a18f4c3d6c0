#!/usr/bin/env bats
# hull migrate --auto-converge: who writes faster than the connection is slowed down, and nothing of that remains.
# shellcheck disable=SC2154
load helpers

# What it writes in the time of a round is all of its memory, for which it would stand still for longer than it may.
slow=(--json --auto-converge --mode precopy --bandwidth 16M --compress none)

# The processes of that name.
throttlers() {
	command pgrep -x hull-throttle -P "$(cat "$T/beside.pid")"
}

is_throttled() {
	grep -q '"throttle":[1-9]' "$ERR"
}

# under_way: a migration beside us that throttles; $throttler does.
under_way() {
	local words

	up 4 40
	migration "${slow[@]}" --max-rounds 1000 --downtime 1ms
	beside "${words[@]}" "local:$T/there"
	wait_for 60 is_throttled
	throttler=$(throttlers)
}

is_gone() {
	[[ ! -e /proc/$1 ]]
}

# A file of the cgroup is open at moments.
has_only_its_own() {
	[[ $(command ls "/proc/$throttler/fd") == $'0\n1\n2\n3' ]]
}

@test "migrate: --auto-converge is for rounds" {
	up 1 1
	migrate_refused --auto-converge --mode postcopy
	has "$line" "has no rounds"
	lives_here
}

@test "migrate: --auto-converge: hull is killed while it throttles: the container runs on, at once and unhindered" {
	# shellcheck disable=SC2034
	KILLED=1
	under_way
	wait_for 60 has_only_its_own
	# It is deaf, or a ^C would leave it to chance.
	kill -TERM "$throttler"
	kill -INT "$throttler"
	wait_for 60 grep -q '"throttle":30' "$ERR"
	equal "$(throttlers)" "$throttler"
	beside_kill KILL
	wait_for 60 is_gone "$throttler"
	never_frozen here
	equal "$(status_of here)" running
	differ "$(beside_status)" 0
	hull migrate --cancel here
	lives_here
}

@test "migrate: --auto-converge: cancelled while it throttles" {
	under_way
	hull migrate --cancel here
	is_gone "$throttler"
	never_frozen here
	differ "$(beside_status)" 0
	has "$(cat "$ERR")" SIGTERM
	lives_here
}

@test "migrate: --auto-converge: the process that throttles is killed: the migration ends, and the container runs" {
	under_way
	kill -KILL "$throttler"
	differ "$(beside_status)" 0
	has "$(cat "$ERR")" "throttles the container has ended"
	never_frozen here
	lives_here
}
