# checkpoint --export and restore --import: what other programs find in an archive, and what happens to those that
# are damaged.
load engines

setup_file() {
	engines_setup_file
}

teardown_file() {
	engines_teardown_file
}

row() { # ROW; what is expected on stdin
	prints "$(cat)" bash "$CHECKPOINT/archive.bash" "$1" "$HULL"
}

@test "archive: a container is brought up where only the image is, with what it changed" {
	row brought_up <<-END
		600
		600
		600
		goes on
		opaque/kept
		all files
		config.json
		rootfs
	END
}

@test "archive: the layout is Podman's, the root's difference is the overlay's upper layer" {
	row layout <<-END
		checkpoint/
		checkpoint/descriptors.json
		checkpoint/hull.json
		config.dump
		deleted.files
		dump.log
		network.status
		rootfs-diff.tar
		spec.dump
		["/etc/group","/gone","/opaque/hidden"]
		["web","hull"]
		opaque/kept
		srv/-rf\nx
		srv/n
		srv/n0
		srv/n1
		srv/pipe
	END
}

@test "archive: checkpointctl reads it" {
	row read_by_checkpointctl <<-END
		web hull Podman
		hull
		Podman
	END
}

@test "archive: a full disk leaves the container running and nothing behind" {
	row full_disk <<-END
		goes on
	END
}

@test "archive: what cannot be is refused before the container stands still" {
	row refusals <<-END
		goes on
		lower
	END
}

@test "archive: damaged and hostile archives are refused, and leave nothing" {
	row hostile <<-END
		config.json
		rootfs
	END
}

@test "features: checkpoint is there" {
	run jq -r '.annotations["org.opencontainers.runc.checkpoint.enabled"]' <("$HULL" features)
	[[ $output = true ]]
}
