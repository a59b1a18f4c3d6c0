# Images of one runtime restored by another: descriptors.json and the names of what comes from outside are the
# same. The container's streams are pipes, as under engines, or /dev/null.
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

# The container's own /dev/null, not the host's, which the other would not know to give it.
interchanged_null() { # FROM TO
	prints 'goes on
running
["/dev/null","/dev/null","/dev/null"]' bash "$CHECKPOINT/interchange.bash" "$1" "$2" null
}

@test "interchange: streams on /dev/null: what hull dumped runc and crun restore" {
	interchanged_null "$HULL" /usr/sbin/runc
	interchanged_null "$HULL" /usr/bin/crun
}

@test "interchange: streams on /dev/null: what runc and crun dumped hull restores" {
	interchanged_null /usr/sbin/runc "$HULL"
	interchanged_null /usr/bin/crun "$HULL"
}
