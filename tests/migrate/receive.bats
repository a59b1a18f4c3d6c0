#!/usr/bin/env bats
# hull migrate: a target that takes long, fails, or lies.
# shellcheck disable=SC2034,SC2154
load helpers
load matrix

# The container may be over there, for all that hull knows.
stays_frozen() {
	has "$line" "this copy is frozen"
	equal "$(status_of here)" paused
	hull migrate --recover --force-resume --ssh-command false here "nowhere:$T/there"
	lives_here
}

@test "migrate: memory that takes longer to fill in than a silence may last" {
	up 8 2
	slowly_filled 5000 --mode precopy
}

@test "migrate: a target that says for ever that it fills memory in, and gets no further" {
	local options=(--mode precopy)

	up 8 2
	# Half of what the slowest connection carries.
	lied_to progress 40000000 1600
	has "$line" "gets no further: 38 MiB"
	stays_frozen
}

@test "migrate: a target that asks for memory on and on: the container goes on here" {
	local kind options=(--mode precopy)

	up 8 2
	for kind in "ask 256" "prefetch"; do
		lied_to "$kind"
		has "$line" "the target asks for more memory than there is"
		lives_here
	done
}

# under_way [options]: a migration that fills memory in for some seconds, after COMMIT.
under_way() {
	up 32 4
	migration --mode postcopy --bandwidth 3M --compress none "$@"
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

# /proc/PID/status names them all, before it says which pid the process has in the container.
# CRIU reads lines of no more than 4096 bytes.
@test "migrate: a process with 360 groups" {
	local name

	for name in there here; do
		BUNDLE=$T/$name config '.process.user.additionalGids = [range(1000000000; 1000000360)]'
	done
	up 8 2
	migrate --mode precopy
	lives_there
}
