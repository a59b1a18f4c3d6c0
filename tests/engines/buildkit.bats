# BuildKit is not packaged, and dockerd's embeds it whole: these are the calls its executor makes
# (go-runc with a shared log, `run --keep` in the foreground, `exec` with a pid-file), made by hand.
load helpers

setup_file() {
	make_rootfs /var/tmp/buildkit/rootfs
}

teardown_file() {
	rm -rf /var/tmp/buildkit
}

# A bundle in $T, and the runtime as BuildKit calls it.
bundle() { # PROGRAM [FILTER]
	B=$T/bundle C=/sys/fs/cgroup/buildkit/b1
	rm -rf "$B"
	mkdir "$B"
	(cd "$B" && "$PEER" spec)
	jq --arg program "$1" '.process.terminal = false | .process.args = ["sh", "-c", $program] |
		.root.path = "/var/tmp/buildkit/rootfs" | .linux.cgroupsPath = "/buildkit/b1"' "$B/config.json" |
		jq "${2:-.}" > "$B/config.new"
	mv "$B/config.new" "$B/config.json"
}

runtime() {
	"$RUNTIME" --log "$T/runc-log.json" --log-format json "$@"
}

state_is() {
	[ "$("$RUNTIME" state b1 2> /dev/null | jq -r .status)" = "$1" ]
}

# Everything that `run --keep` leaves for `delete`.
deleted() {
	runtime state b1 | jq -r .status
	find "$C" -name memory.events | wc -l
	status runtime delete b1
	[ -e "$C" ] && echo "$C is there"
	runtime list -q
	cat "$T/runc-log.json"
	rmdir /sys/fs/cgroup/buildkit 2> /dev/null || :
}

@test "buildkit: a step's output and status, an exec beside it and its SIGKILL by pid" {
	k1() {
		bundle 'echo out; echo err >&2; read line; echo "got $line"; exit 6'
		mkfifo "$T/in"
		runtime run --bundle "$B" --keep b1 < "$T/in" > "$T/out" 2> "$T/err" &
		run=$!
		exec 5> "$T/in"
		until_true state_is running
		jq '.process | .args = ["sh", "-c", "echo beside; exec sleep 1000"]' "$B/config.json" > "$T/process"
		runtime exec --process "$T/process" --pid-file "$T/exec.pid" b1 > "$T/exec.out" 5>&- &
		exec=$!
		until_true test -s "$T/exec.pid"
		# The raw bytes are a number: strconv.Atoi takes no newline.
		LC_ALL=C grep -c '[^0-9]' "$T/exec.pid"
		tail -c 1 "$T/exec.pid" | grep -c '[0-9]'
		until_true grep -q beside "$T/exec.out"
		kill -KILL "$(cat "$T/exec.pid")"
		wait $exec
		echo exec $?
		echo line >&5
		exec 5>&-
		wait $run
		echo run $?
		cat "$T/out" "$T/err"
		deleted
	}
	row k1 <<-EOF
		0
		1
		exec 137
		run 6
		out
		got line
		err
		stopped
		1
		status 0
	EOF
}

@test "buildkit: a step that runs out of memory says 137, and its cgroup tells why until delete" {
	k2() {
		bundle 'exec tail /dev/zero' '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
		status runtime run --bundle "$B" --keep b1 < /dev/null
		grep -w oom_kill "$C/memory.events"
		deleted
	}
	row k2 <<-EOF
		status 137
		oom_kill 1
		stopped
		1
		status 0
	EOF
}

@test "buildkit: a cancelled step is killed by its id" {
	k3() {
		bundle 'echo up; sleep 1000'
		runtime run --bundle "$B" --keep b1 < /dev/null > "$T/out" 2>&1 &
		run=$!
		until_true grep -q up "$T/out"
		status runtime kill b1 9
		wait $run
		echo run $?
		deleted
	}
	row k3 <<-EOF
		status 0
		run 137
		stopped
		1
		status 0
	EOF
}

@test "buildkit: a step on BuildKit's pty has its size, and follows it at SIGWINCH" {
	k4() {
		# runc sets the size only when the program runs.
		bundle 'until [ "$(stty size 2> /dev/null)" = "30 100" ]; do sleep 0.1; done; echo ready
			until [ "$(stty size 2> /dev/null)" = "40 120" ]; do sleep 0.1; done; echo followed; exit 5' \
			'.process.terminal = true'
		"$HULL_PROBE" pty 30 100 "$RUNTIME" --log "$T/runc-log.json" --log-format json run --bundle "$B" --keep b1 \
			> "$T/out" 2>&1 < /dev/null &
		pty=$!
		until_true grep -q ready "$T/out"
		run=$(pgrep -P $pty)
		stty -F "/proc/$run/fd/0" rows 40 cols 120
		kill -WINCH "$run"
		wait $pty
		echo run $?
		tr -d '\r' < "$T/out"
		deleted
	}
	row k4 <<-EOF
		run 5
		ready
		followed
		stopped
		1
		status 0
	EOF
}
