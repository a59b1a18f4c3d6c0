#!/usr/bin/env bats
# hull migrate: a target that takes long, fails, or lies.
# shellcheck disable=SC2034,SC2154
load helpers
load matrix

# lied_to KIND...: a migration to a target that lies (tests/migrate/liar); what hull says is in $line.
lied_to() {
	words=("$FAULT" --criu "$CRIU" --root "$ROOT" migrate "${options[@]}"
		--ssh-command "$SRC/tests/migrate/liar $* --" here "nowhere:$T/there")
	status=0
	quietly env HULL_FAULT_NUMBER=quiet=2000 "${words[@]}" || status=$?
	line=$(cat "$ERR")
	equal "$status" 1
}

# The container may be over there, for all that hull knows.
stays_frozen() {
	has "$line" "this copy is frozen"
	equal "$(status_of here)" paused
	hull migrate --recover --force-resume --ssh-command false here "nowhere:$T/there"
	lives_here
}

slowly_filled() {
	migration --json "$@"
	words[0]=$FAULT
	# 4.5 seconds at least.
	quietly env HULL_FAULT=filler:step=slow HULL_FAULT_NUMBER=quiet=3000 "${words[@]}" "local:$T/there" || {
		cat "$ERR"
		return 1
	}
	lives_there
	jq -e '.fillMs > 3500' "$OUT"
	# It is told how much is in, and that grows.
	jq -es 'map(select(.phase == "filling").memoryBytes) | length > 2 and .[-1] > .[0] and . == sort' "$ERR"
}

@test "migrate: memory that takes longer to fill in than a silence may last" {
	up 8 2
	slowly_filled --mode precopy
}

@test "migrate: a target that says for ever that it fills memory in, and gets no further" {
	local options=(--mode precopy)

	up 8 2
	# Half of what the slowest connection carries.
	lied_to progress 40000000 1600
	has "$line" "gets no further: 38 MiB"
	stays_frozen
}
