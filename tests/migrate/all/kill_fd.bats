#!/usr/bin/env bats
# hull migrate fd:N: who carries its bytes is killed at each moment, in both directions or in one of them.
# shellcheck disable=SC2034,SC2154
load ../helpers
load ../matrix
load ../matrix_fd

setup() {
	migrate_setup
	setup_fd
}

@test "migrate: by descriptors, the kill matrix: before COMMIT" {
	EXPECTED=here at_each 18 migrate:begin receive:begin migrate:dump migrate:dumped receive:received restore:begin \
		receive:restored -- there+back there back
	# What they had already may be read afterwards.
	at_each 3 "migrate:images sent" -- there+back there back
}

@test "migrate: by descriptors, the kill matrix: from COMMIT on" {
	at_each 12 migrate:commit-sent receive:committed receive:resumed filler:filled receive:running -- there+back there back
}

@test "migrate: by descriptors, the kill matrix: who is at either end" {
	at_each 8 migrate:dumped receive:restored migrate:commit-sent receive:committed -- source target
}

@test "migrate: by descriptors, the kill matrix, memory comes after COMMIT" {
	UP=(16 4)
	EXPECTED=here at_each 12 migrate:dumped receive:restored receive:committed receive:resumed -- there+back there back source \
		-- --mode postcopy
}
