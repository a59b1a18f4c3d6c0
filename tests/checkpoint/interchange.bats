# Images of one runtime restored by another: descriptors.json and the names of what comes from outside are the
# same. The container's streams are pipes, as under engines.
load engines

setup_file() {
	engines_setup_file
}

teardown_file() {
	engines_teardown_file
}

interchanged() { # FROM TO
	prints 'goes on
running
["pipe:[N]","pipe:[N]","pipe:[N]"]' bash "$CHECKPOINT/interchange.bash" "$1" "$2"
}

@test "interchange: what runc dumped hull restores" {
	interchanged /usr/sbin/runc "$HULL"
}

@test "interchange: what hull dumped runc restores" {
	interchanged "$HULL" /usr/sbin/runc
}

@test "interchange: what crun dumped hull restores" {
	interchanged /usr/bin/crun "$HULL"
}

@test "interchange: what hull dumped crun restores" {
	interchanged "$HULL" /usr/bin/crun
}
