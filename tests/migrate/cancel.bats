#!/usr/bin/env bats
# hull migrate --cancel, ^C and their kind: in each phase before COMMIT they put all back.
# shellcheck disable=SC2034,SC2154
load helpers
load matrix

# cancel: --cancel, without a destination.
cancel() {
	"$HULL" --criu "$CRIU" --root "$ROOT" migrate --cancel here
}

@test "migrate: --cancel at each moment before COMMIT" {
	local moment

	up 8 4
	for moment in migrate:rounds migrate:dump checkpoint:dump migrate:dumped "migrate:images sent"; do
		at_moment "$moment"
		cancel > "$T/said" 2>&1 &
		# It has to go on to hear of it.
		wait_for 60 grep -q '^ShdPnd:.*[1-9a-f]' "/proc/$stopped/status"
		kill -CONT "$stopped"
		wait "$!"
		equal "$(cat "$T/said")" ""
		wait_for 60 test -s "$T/beside.rc"
		differ "$(beside_status)" 0
		has "$(cat "$ERR")" SIGTERM
		echo "at $moment:"
		lives_here
	done
}

@test "migrate: --cancel while the target stands still is not kept waiting by it" {
	# It finds the connection closed before it reads that it was given up.
	KILLED=1
	up 8 4
	at_moment receive:received
	equal "$stopped" "$(pid_of target)"
	cancel
	has "$(cat "$ERR")" SIGTERM
	equal "$(status_of here)" running
	go_on
	lives_here
}

@test "migrate: --cancel after COMMIT is refused" {
	local moment status

	for moment in receive:committed filler:filled; do
		up 8 4
		at_moment "$moment"
		status=0
		cancel 2> "$T/said" || status=$?
		equal "$status" 1
		has "$(cat "$T/said")" "over there already"
		go_on
		lives_there
		hull delete --force there
	done
}

@test "migrate: --cancel of what a dead hull has left" {
	KILLED=1
	up 8 4
	cancel 2> "$T/said" || :
	has "$(cat "$T/said")" "is in no migration"
	for moment in migrate:rounds "migrate:images sent"; do
		at_moment "$moment"
		kill -9 "$stopped"
		wait_for 60 test -s "$T/beside.rc"
		wait_for 60 has_ended
		cancel
		lives_here
	done
	at_moment migrate:commit-sent
	kill -9 "$stopped"
	wait_for 60 test -s "$T/beside.rc"
	wait_for 60 has_ended
	cancel 2> "$T/said" || :
	has "$(cat "$T/said")" "--recover"
	settled
	equal "$(status_of here)" running
}
