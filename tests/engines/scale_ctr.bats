# Many containers at once. HULL_TEST_ALL=1: two hundred.
load helpers
load daemons

setup_file() {
	start_containerd
	import_image
}

AT_ONCE=20

in_parallel() { # COMMAND; run with each number, twenty at a time
	seq "$COUNT" | xargs -P "$AT_ONCE" -I N sh -c "{ ctr --address $CONTAINERD_SOCKET $1; } > /dev/null 2>> $T/errors" 3>&-
}

tasks() { # STATUS
	ctr task ls | awk -v s="$1" '$3 == s' | wc -l
}

stopped() {
	[ "$(tasks STOPPED)" = "$COUNT" ]
}

@test "containerd: many containers, twenty at a time, started, stopped and removed" {
	many() {
		# Without a limit: it is about what is left over.
		in_parallel "run --detach --null-io --runc-binary $RUNTIME $IMAGE cN sleep 10000"
		[ "$(tasks RUNNING)" = "$COUNT" ] && echo "all run"
		[ "$(find /sys/fs/cgroup/default -mindepth 1 -maxdepth 1 -type d | wc -l)" = "$COUNT" ] && echo "all have a cgroup"
		in_parallel "task kill -s KILL cN"
		until_true stopped && echo "all stopped"
		in_parallel "task rm cN || :"
		in_parallel "container rm cN"
		ctr container ls -q
		grep -v 'exit code 137' "$T/errors"
		nothing_left && echo "nothing left"
	}
	COUNT=40
	[ -z "${HULL_TEST_ALL:-}" ] || COUNT=200
	row many <<-EOF
		all run
		all have a cgroup
		all stopped
		nothing left
	EOF
}
