#!/usr/bin/env bats
# hull migrate by ssh: who carries it is killed at each moment, and the link is cut.
# shellcheck disable=SC2034,SC2154
load ../helpers
load ../hosts
load ../matrix
load ../matrix_hosts

before=(migrate:begin receive:begin migrate:dump migrate:dumped "migrate:images sent" receive:received filler:begin
	restore:begin restore:post-restore receive:restored)
after=(receive:committed receive:resumed "restore:hand over" receive:filling)

target_all=target+target-criu+filler+guard+sshd

@test "migrate: by ssh, the kill matrix: who carries it, before COMMIT" {
	EXPECTED=here at_each 18 "${before[@]}" -- ssh sshd
}

@test "migrate: by ssh, the kill matrix: who carries it, after COMMIT" {
	EXPECTED=there at_each 8 "${after[@]}" -- ssh sshd
	at_each 6 migrate:commit-sent migrate:resumed filler:filled receive:running -- ssh sshd
}

@test "migrate: by ssh, the kill matrix: all that one host has of it" {
	at_each 10 migrate:dump "migrate:images sent" receive:restored migrate:commit-sent receive:committed \
		receive:filling -- source+source-criu+ssh "$target_all"
}

@test "migrate: by ssh, the kill matrix, memory comes after COMMIT" {
	UP=(16 4)
	EXPECTED=here
	at_each 16 migrate:dumped receive:restored migrate:commit-sent receive:committed receive:resumed migrate:resumed \
		-- ssh sshd source -- --mode postcopy
	at_each 4 migrate:dumped receive:restored receive:committed receive:resumed -- "$target_all" -- --mode postcopy
}

@test "migrate: by ssh, the link is cut before COMMIT" {
	local moment

	EXPECTED=here
	for moment in migrate:dump migrate:dumped receive:received receive:restored; do
		cut "$moment"
	done
	cut migrate:dumped --mode stop
	cut receive:restored --mode postcopy
}

@test "migrate: by ssh, the link is cut when COMMIT is on its way, or there" {
	local moment

	# PREPARED may have come before; what ssh has sent may still come when the link is up.
	cut "migrate:images sent"
	cut migrate:commit-sent
	for moment in receive:committed receive:resumed receive:filling; do
		EXPECTED=there cut "$moment"
	done
}

@test "migrate: by ssh, the link is cut while all memory is still here" {
	local moment

	UP=(16 4)
	for moment in migrate:commit-sent receive:committed receive:resumed; do
		EXPECTED=here cut "$moment" --mode postcopy
	done
}

@test "migrate: by ssh, the link is cut, and there again before anybody gives up" {
	local moment

	SSH="ssh -T"
	for moment in migrate:dumped "migrate:images sent" receive:restored migrate:commit-sent receive:resumed; do
		up "${UP[@]}"
		at_moment "$moment" --mode postcopy
		unplug B
		kill -CONT "$stopped" "$(cat "$T/beside.pid")"
		sleep 2
		link_up
		wait_for 60 test -s "$T/beside.rc"
		equal "$(cat "$T/beside.rc")" 0
		lives_there
		far delete --force there
	done
}
