#!/usr/bin/env bats
# hull migrate: a target that takes long: what takes longer than in receive.bats.
# shellcheck disable=SC2034,SC2154
load ../helpers
load ../matrix

@test "migrate: memory that takes long to fill in, of which some comes after COMMIT" {
	up 8 2
	slowly_filled 1000 --mode hybrid
}

@test "migrate: a target that asks for a page now and then, for ever: the container goes on here" {
	local options=(--mode precopy)

	up 8 2
	lied_to dawdle
	has "$line" "the target takes too long to restore the container"
	lives_here
}
