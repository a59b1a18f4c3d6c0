#!/usr/bin/env bats
# hull migrate between two hosts, by real ssh.
load helpers
load hosts

@test "migrate: by ssh from one host to another" {
	equal "$(on A hostname) $(on B hostname)" "host-A host-B"
	up 32 10
	migrate --json
	lives_there
	jq -e '.rounds >= 1 and .lastBytes < 32 * 1048576' "$OUT"
	# It is a process of the other host.
	equal "$(on B hull ps -f json there | jq length)" 1
	[[ -e $FAR/there/state.json ]]
}
