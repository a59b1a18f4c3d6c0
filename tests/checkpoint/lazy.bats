# Restored processes run before their memory is there: CRIU's restore, served by libcontainer/checkpoint/lazy.c.

load helpers

setup_file() {
	checkpoint_setup_file
	make -s -C "${HULL_BUILD:?}" tests/lazy/restore >/dev/null
}

setup() {
	common_setup
	mkdir "$T/images"
}

restore() {
	run -0 timeout 100 "$HULL_BUILD/tests/lazy/restore" "$CRIU" "$T/images" "$@"
}

@test "lazy: a process runs on memory from its images, and all of it arrives" {
	restore 64
	[[ $output =~ faults\ [0-9]+,.*fetched\ 0 ]]
}

@test "lazy: a process runs on memory that comes from elsewhere" {
	restore 24 remote
	[[ $output =~ fetched\ [1-9] ]]
}

@test "lazy: a process runs on memory that was copied before, which is given back" {
	restore 64 own
}
