#!/usr/bin/env bats
# hull migrate: what fails before the commit leaves the container here as if nothing had been.
# shellcheck disable=SC2034,SC2154
load helpers
load matrix

@test "migrate: a restore that fails at the target" {
	up 16 4
	# The program is another one there: CRIU sees that by its size.
	rm "$T/there/rootfs/bin/mover"
	cp "$T/here/rootfs/bin/busybox" "$T/there/rootfs/bin/mover"
	migrate_refused
	has "$line" "at the target: CRIU could not restore"
	lives_here
	# A second time is no different.
	migrate_refused --mode stop
	lives_here
	# And then it works.
	ln -f "$T/here/rootfs/bin/mover" "$T/there/rootfs/bin/mover"
	migrate
	lives_there
}

@test "migrate: a second one while the first is not over names --recover" {
	up 16 4
	migration --bandwidth 4M
	beside "${words[@]}" "local:$T/there"
	wait_for 60 test -e "$ROOT/here/migrate.json"
	beside_kill KILL
	differ "$(beside_status)" 0
	wait_for 60 has_ended
	[[ -e $ROOT/here/migrate.json ]]
	migrate_refused
	has "$line" "--recover"
	migrate_refused --dry-run
	has "$line" "--recover"
	migration --recover
	quietly "${words[@]}" "local:$T/there"
	lives_here
	migrate
	lives_there
}

@test "migrate: TERM and HUP take it back, to whomever they go" {
	local signal

	for signal in TERM HUP; do
		up 16 4
		migration --bandwidth 4M
		# To the process group, as a terminal and a service manager do.
		beside setsid "${words[@]}" "local:$T/there"
		wait_for 60 test -e "$ROOT/here/migrate.json"
		kill "-$signal" -- "-$(cat "$T/beside.pid")"
		differ "$(beside_status)" 0
		has "$(cat "$ERR")" "SIG$signal"
		lives_here
		hull delete --force here
	done
}

# Of KIB KiB: room for a journal, and for some of the images. (How large those are only --mode stop knows before.)
@test "migrate: the target's disk is full" {
	local kib

	FAR=$T/small
	mkdir "$FAR"
	up 4 4
	for kib in 8 64; do
		mount -t tmpfs -o "size=${kib}k" tmpfs "$FAR"
		migrate_refused --mode precopy
		has "$line" "at the target: "
		has "$line" ENOSPC
		lives_here || { umount "$FAR"; false; }
		umount "$FAR"
	done
	migrate
	lives_there
	far delete --force there
}

# Something else is in the way at the target by the time that the migration comes to it.
@test "migrate: the name is taken, or the bundle is gone, after the preflight" {
	KILLED=1
	up 8 4
	bundle other
	args /bin/sleep 1000
	at_moment receive:received
	apart run -d --bundle "$T/other" there
	go_on
	has "$(cat "$ERR")" "at the target: "
	has "$(cat "$ERR")" "already exists"
	# Who has it keeps it.
	equal "$(status_of there)" running
	hull delete --force there
	lives_here
	for moment in receive:begin receive:received; do
		at_moment "$moment"
		mv "$T/there" "$T/gone"
		go_on
		mv "$T/gone" "$T/there"
		has "$(cat "$ERR")" "'$T/there"
		lives_here
	done
	migrate
	lives_there
}

# fills: no byte more can be written to the source's state root.
fills() {
	! cat /dev/zero > "$ROOT/filler" 2> /dev/null
}

# full MOMENT [options]: the disk of the source's state is full from then on; afterwards there is room again.
full() {
	at_moment "$@"
	fills
	go_on
	rm "$ROOT/filler"
	echo "at $1: $(cat "$T/beside.rc" "$ERR")"
}

@test "migrate: the source's disk is full" {
	local moment

	ROOT=$T/small
	mkdir "$ROOT"
	mount -t tmpfs -o size=4m tmpfs "$ROOT"
	up 8 4
	# The journal's first note, the one when it is frozen, what goes with the images, the one before COMMIT.
	for moment in migrate:begin migrate:dump migrate:dumped receive:restored; do
		full "$moment"
		has "$(cat "$ERR")" ENOSPC
		differ "$(cat "$T/beside.rc")" 0
		lives_here
	done
	# It is over there already: only its last note is not written.
	full migrate:resumed
	equal "$(cat "$T/beside.rc")" 0
	lives_there
	far delete --force there
	umount "$ROOT"
}
