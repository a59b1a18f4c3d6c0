# podman container checkpoint and restore: what a user sees with runc is what he sees with hull (P23). A row prints
# the same under both; HULL_TEST_PEER=1 asks runc, too, and first.
load engines

setup_file() {
	engines_setup_file
}

teardown_file() {
	engines_teardown_file
}

under() { # RUNTIME ROW EXPECTED
	prints "$3" bash "$CHECKPOINT/podman.bash" "$2" "$1"
}

# Runtimes that are late on a loaded machine say nothing about hull: runc has a second try, hull has not.
row() { # ROW; what is expected on stdin
	local expected

	expected=$(cat)
	[[ -z ${HULL_TEST_PEER:-} ]] || under runc "$1" "$expected" || under runc "$1" "$expected"
	under hull "$1" "$expected"
}

@test "podman: checkpoint and restore, twice; the program goes on, nothing is missing (P23)" {
	row plain <<-END
		exited true
		running true
		unbroken
		unbroken
	END
}

@test "podman: checkpoint --leave-running, with an archive, too (P23)" {
	row leave_running <<-END
		running
		unbroken
		unbroken
		running
	END
}

@test "podman: checkpoint --export, restore --import under another name; none, gzip, zstd (P23)" {
	row export_import <<-END
		600
		running d
		unbroken
		600
		running d
		unbroken
		600
		running d
		unbroken
	END
}

@test "podman: an archive is restored twice, under two names (P23)" {
	row import_twice <<-END
		unbroken
		unbroken
	END
}

@test "podman: --keep keeps the logs (P23)" {
	row keeps <<-END
		log
		log
		unbroken
	END
}

@test "podman: an archive has volumes, tmpfs and /dev/shm (P23)" {
	row volumes <<-END
		kept
		kept
		kept
		kept
		unbroken
	END
}

# runc does not restore it here: CRIU's default lock wants iptables, hull asks for nftables.
@test "podman: --tcp-established, and a refusal without (P23)" {
	under hull connection "unbroken
unbroken"
}

@test "podman: --file-locks, and a refusal without (P23)" {
	row locks <<-END
		running
	END
}

@test "podman: --pre-checkpoint is refused where the kernel tracks no memory, else it works (P23)" {
	row pre_checkpoint <<-END
		running
		unbroken
	END
}

@test "podman: a container with a terminal (P23)" {
	row terminal <<-END
		/dev/pts/0
	END
}
