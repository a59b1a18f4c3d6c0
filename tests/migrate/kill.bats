#!/usr/bin/env bats
# hull migrate: whatever is killed at a moment, exactly one copy lives afterwards, with all of its memory.
# all/kill.bats has each moment.
# shellcheck disable=SC2034,SC2154
load helpers
load matrix

@test "migrate: killed before anything is given away: it goes on here" {
	count=0
	up 8 4
	killed migrate:dump source target
	killed "migrate:images sent" source source-criu target filler
	killed restore:state filler guard
	killed receive:restored target-criu filler
	equal "$count $(status_of here)" "10 running"
}

# What it has started has its socket, too.
@test "migrate: CRIU is killed without what it has started" {
	count=0
	up 8 4
	EXPECTED=here killed restore:setup-namespaces first-criu
	equal "$count" 1
}

@test "migrate: killed when COMMIT could have been sent" {
	count=0
	up 8 4
	killed migrate:commit-sent source target
	killed receive:committed source target target-criu filler guard
	equal "$count" 7
}

@test "migrate: killed while memory is filled in: what is not whole is ended, and goes on here" {
	count=0
	up 8 4
	killed filler:begin filler target
	# Who is left ends it, and notes that.
	equal "$count $(status_of here)" "2 running"
	killed filler:filled source filler
	equal "$count" 4
}

@test "migrate: all that make it whole are killed at once: who asks ends it" {
	local pids

	KILLED=1
	up 8 4
	at_moment filler:filled
	pids=("$(pid_of filler)" "$(pid_of target)")
	# Neither sees the other one's end; the guard has been told that there is nothing to do.
	kill -STOP "${pids[@]}"
	kill -9 "${pids[@]}"
	wait_for 60 test -s "$T/beside.rc"
	wait_for 60 has_ended
	equal "$(far state there | jq -r .status)" running
	equal "$(jq -r .phase "$ROOT/here/migrate.json" "$FAR"/@migrate/*/migrate.json)" $'commit-sent\ncommitted'
	settled
	equal "$(status_of here)" running
}

@test "migrate: what CRIU held stands still without it" {
	up 8 4
	at_moment migrate:commit-sent
	kill -9 "$(pid_of source-criu)"
	wait_for 60 grep -q 'frozen 1' "$CGROOT/$CG/here/cgroup.events"
	kill -9 "$stopped"
	wait_for 60 test -s "$T/beside.rc"
	wait_for 60 has_ended
	equal "$(status_of here)" paused
	KILLED=1
	settled
}

@test "migrate: what somebody else puts where files are to come stays" {
	rm -rf "$T/here/rootfs" "$T/there/rootfs"
	cp -a "$STORE/rootfs" "$T/here/rootfs"
	mkdir "$T/there/rootfs"
	up 8 4
	at_moment receive:received --rootfs copy
	echo mine > "$T/there/rootfs/bin"
	echo mine > "$T/there/rootfs/other"
	go_on
	has "$(cat "$ERR")" "move 'bin'"
	lives_here
	equal "$(ls -A "$T/there/rootfs")" $'bin\nother'
	equal "$(cat "$T/there/rootfs/bin" "$T/there/rootfs/other")" $'mine\nmine'
}
