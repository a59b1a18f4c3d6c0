# Podman: many containers at once, and a Podman or conmon killed in the middle, cleaned up after.
load helpers
load podman

setup_file() {
	[ -z "${HULL_TEST_ALL:-}" ] || export BATS_TEST_TIMEOUT=1800
	podman_setup
}

# Containers m1 to mN, 20 at a time; prints how many failed.
start_many() { # N
	local i failed=0 pids=()

	for ((i = 1; i <= $1; i++)); do
		quietly timeout 300 podman --runtime "$RUNTIME_NAME" run -d --net none --name "m$i" "$IMAGE" sleep 1000 &
		pids+=($!)
		if [ ${#pids[@]} -eq 20 ] || [ "$i" -eq "$1" ]; then
			for pid in "${pids[@]}"; do
				wait "$pid" || failed=$((failed + 1))
			done
			pids=()
		fi
	done
	echo "$failed failed"
}

# HULL_TEST_ALL: 200. One processor, and user-mode Linux, make that minutes.
@test "podman: many containers, 20 at a time, stopped and removed" {
	many() {
		local n=20

		[ -z "${HULL_TEST_ALL:-}" ] || n=200
		start_many $n
		[ "$(podman ps -q | wc -l)" = $n ] && echo "all run"
		[ "$(podman exec m7 cat /proc/1/cmdline | tr '\0' ' ')" = "sleep 1000 " ] && echo "as asked"
		[ "$(timeout 600 podman --runtime "$RUNTIME_NAME" stop -a -t 0 | wc -l)" = $n ] && echo "all stopped"
		[ "$(timeout 600 podman --runtime "$RUNTIME_NAME" rm -a -f -t 0 | wc -l)" = $n ] && echo "all removed"
	}
	podman_row many <<-EOF
		0 failed
		all run
		as asked
		all stopped
		all removed
	EOF
}

# What Podman had not heard of when it was killed is not in its list: the runtime knows it.
mended() {
	quietly timeout 60 podman --runtime "$RUNTIME_NAME" rm -f -t 0 -a
	"$RUNTIME" list -q 2> /dev/null | xargs -r -n 1 "$RUNTIME" delete --force
	nothing_left && [ -z "$(podman ps -aq)" ]
}

# The two are killed after a while that differs from round to round, so at different steps of create and
# start.
@test "podman: podman and conmon killed in the middle of a run are cleaned up after (P28)" {
	p28() {
		local delay pid round=0

		for delay in 0.1 0.3 0.5 0.7 0.9 1.2; do
			round=$((round + 1))
			podman --runtime "$RUNTIME_NAME" run -d --net none --name "k$round" "$IMAGE" sleep 1000 > /dev/null 2>&1 3>&- &
			pid=$!
			sleep "$delay"
			kill -KILL "$pid"
			wait "$pid"
			pgrep -x conmon | xargs -r kill -KILL
		done 2> /dev/null
		until_true mended && echo clean
		status once "$IMAGE" echo fine
	}
	podman_row p28 <<-'EOF'
		clean
		fine
		status 0
	EOF
}

@test "podman: the conmon of a running container is killed: podman rm takes all away (P28)" {
	orphan() {
		keep "$IMAGE" sleep 1000
		kill -KILL "$(podman inspect c --format '{{.State.ConmonPid}}')"
		status pod exec c echo runs
		pod rm -f -t 0 c
		until_true nothing_left && echo clean
	}
	podman_row orphan <<-'EOF'
		runs
		status 0
		c
		clean
	EOF
}
