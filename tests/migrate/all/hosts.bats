#!/usr/bin/env bats
# hull migrate between two hosts: what takes longer than in hosts.bats.
# shellcheck disable=SC2034,SC2154
load ../helpers
load ../hosts

# TCP itself would try for two minutes.
@test "migrate: --recover says soon that the target cannot be reached" {
	local words began

	up 8 4
	echo '{"version":1,"migration":"dead000102030405060708090a0b0cff","role":"source","peer":"b",' \
		'"phase":"commit-sent","started":"2026-11-22T15:00:00Z"}' > "$ROOT/here/migrate.json"
	unplug B
	# Nobody says that it is not there.
	on A ip neigh replace 10.77.0.2 lladdr 02:00:00:77:00:02 nud permanent dev br0
	began=$SECONDS
	migration --recover
	status=0
	quietly "${words[@]}" || status=$?
	equal "$status" 1
	has "$(cat "$ERR")" "timed out"
	has "$(cat "$ERR")" "stays frozen"
	((SECONDS - began < 60))
	on A ip neigh del 10.77.0.2 dev br0
	link_up
	rm "$ROOT/here/migrate.json"
	lives_here
}
