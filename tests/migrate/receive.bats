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

# under_way [options]: a migration that fills memory in for some seconds, after COMMIT.
under_way() {
	up 32 4
	migration --mode postcopy --bandwidth 8M --compress none "$@"
	beside "${words[@]}" "local:$T/there"
	wait_for 60 is_far_status running
}

@test "migrate: a target that has lost the container says so before --on-switch has ended" {
	under_way --on-switch "echo \$\$ > '$T/switch'; exec sleep 50"
	wait_for 60 test -s "$T/switch"
	kill -9 "$(pid_of filler)"
	differ "$(beside_status)" 0
	has "$(cat "$ERR")" "it goes on here"
	kill "$(cat "$T/switch")"
	lives_here
}

@test "migrate: what ends a container that is not whole ends no other of its name" {
	local filler

	under_way
	filler=$(pid_of filler)
	kill -STOP "$filler"
	far delete --force there
	bundle other
	args sleep 1000
	far run -d --bundle "$T/other" there < /dev/null > /dev/null 2>&1 3>&- 4>&-
	kill -9 "$filler"
	differ "$(beside_status)" 0
	has "$(cat "$ERR")" "it goes on here"
	wait_for 60 has_ended
	equal "$(far state there | jq -r .status)" running
	far delete --force there
	lives_here
}

marked_stops() {
	local pid

	for pid in $(marked_pids); do
		! grep -qs '^State:.T' "/proc/$pid/status" || {
			stopped=$pid
			return 0
		}
	done
	return 1
}

@test "migrate: a target that fails says why before it puts away what came" {
	up 16 4
	rm "$T/there/rootfs/bin/mover"
	cp "$T/here/rootfs/bin/busybox" "$T/there/rootfs/bin/mover"
	migration
	words[0]=$FAULT
	beside env "HULL_FAULT=receive:clean up=stop" "${words[@]}" "local:$T/there"
	wait_for 60 marked_stops
	differ "$(beside_status)" 0
	has "$(cat "$ERR")" "at the target: CRIU could not restore"
	equal "$(status_of here)" running
	[[ -e $(echo "$FAR"/@migrate/*/images) ]]
	kill -CONT "$stopped"
	lives_here
}
