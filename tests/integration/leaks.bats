load helpers

# How many containers: 1000 shows it; HULL_TEST_LEAK_ROUNDS changes it. In the guest, fewer.
ROUNDS=${HULL_TEST_LEAK_ROUNDS:-$(rounds 1000 50)}

# What a leak would show in, beyond what every test checks.
host_view() {
	our_mounts | wc -l
	find "$CGROOT" -type d -path "*$CG*" | wc -l
	find "$ROOT" "$BUNDLE" "$T" "$BATS_FILE_TMPDIR" | sort -u
	find /dev/shm /tmp /run -maxdepth 1 -name "*$CG*"
}

@test "leaks: $ROUNDS containers created, started, executed into and deleted leave nothing" {
	args sleep 1000
	create warm
	hull delete --force warm
	mkdir -p "$ROOT"
	before=$(host_view)
	mounts=$(our_mounts)
	for ((i = 0; i < ROUNDS; i++)); do
		"$HULL" --root "$ROOT" create "c$i" < /dev/null > /dev/null 2>&1 3>&- 4>&-
		"$HULL" --root "$ROOT" start "c$i"
		"$HULL" --root "$ROOT" exec "c$i" true < /dev/null
		"$HULL" --root "$ROOT" delete --force "c$i"
	done
	no_marked_pids
	equal "$(our_mounts)" "$mounts"
	equal "$(host_view)" "$before"
}

@test "leaks: 100 failed creates leave nothing" {
	args nosuch
	mkdir -p "$ROOT"
	before=$(host_view)
	for ((i = 0; i < $(rounds 100 20); i++)); do
		"$HULL" --root "$ROOT" create "c$i" < /dev/null > /dev/null 2>&1 3>&- 4>&- && return 1
	done
	no_marked_pids
	equal "$(host_view)" "$before"
	[[ -z $(ls -A "$ROOT") ]]
}

@test "leaks: a container that lives through 200 execs has no more processes, descriptors or memory" {
	sleeper web
	pid=$(pid_of web)
	procs=$(wc -l < "$CGROOT/$CG/bundle/cgroup.procs")
	fds=$(find "/proc/$pid/fd" -type l | wc -l)
	files=$(find "$ROOT" | sort)
	for ((i = 0; i < $(rounds 200 30); i++)); do
		"$HULL" --root "$ROOT" exec web true < /dev/null
	done
	gone() { [[ $(wc -l < "$CGROOT/$CG/bundle/cgroup.procs") -eq $procs ]]; }
	wait_for 5 gone
	equal "$(find "/proc/$pid/fd" -type l | wc -l)" "$fds"
	equal "$(find "$ROOT" | sort)" "$files"
}

@test "leaks: pause and resume, many times" {
	sleeper web
	for ((i = 0; i < $(rounds 50 10); i++)); do
		hull pause web
		hull resume web
	done
	equal "$(status_of web)" running
}
