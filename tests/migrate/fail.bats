#!/usr/bin/env bats
# hull migrate: what fails before the commit leaves the container here as if nothing had been.
load helpers

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
