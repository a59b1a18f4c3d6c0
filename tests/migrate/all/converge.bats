#!/usr/bin/env bats
# hull migrate --auto-converge: who writes faster than the connection is slowed down, and is caught up with.
# shellcheck disable=SC2154
load ../helpers

# What it writes in the time of a round is all of its memory, for which it would stand still for longer than it may.
slow=(--json --auto-converge --mode precopy --bandwidth 16M --compress none)

@test "migrate: --auto-converge: a writer that is faster than the connection is caught up with" {
	up 8 40
	migrate "${slow[@]}" --max-rounds 100
	lives_there
	never_frozen there
	jq -e '.rounds < 100 and .lateBytes == 0' "$OUT"
	# Slower and slower, from when it was clear that it does not get better.
	jq -es 'map(select(.event == "round").throttle) | .[:3] == [0, 0, 0] and .[3:6] == [20, 30, 40]
		and . == sort and max <= 99' "$ERR"
	# It had been more than that in each round.
	jq -es 'map(select(.event == "round")) | (.[2].memoryBytes >= 7 * 1048576)
		and .[-1].memoryBytes < 7 * 1048576 and .[-1].predictedMs <= 300' "$ERR"
}
