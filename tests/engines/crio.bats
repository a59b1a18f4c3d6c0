# The calls CRI-O makes, through conmon with the command line of its older interface, and directly.
# CRI-O itself is not run.
load helpers

setup_file() {
	make_rootfs /var/tmp/crio/rootfs
}

teardown_file() {
	rm -rf /var/tmp/crio
}

runtime() {
	"$RUNTIME" --root "$T/state" "$@"
}

# conmon, and in $T/sync what it tells CRI-O: JSON objects, one a line.
monitor() { # conmon's arguments
	mkfifo "$T/start"
	(
		exec 3>> "$T/sync" 4<> "$T/start"
		echo >&4
		_OCI_SYNCPIPE=3 _OCI_STARTPIPE=4 conmon --exit-dir "$T/exits" --persist-dir "$T" --socket-dir-path "$T/sockets" \
			-r "$RUNTIME" --runtime-arg "--root=$T/state" -n k8s_web -u c1 -c c1 --log-level error "$@" < /dev/null
	)
	rm "$T/start"
}

create() { # PROGRAM [FILTER]
	B=$T/bundle
	rm -rf "$B" "$T"/{sync,exits,log,sockets}
	mkdir -p "$B" "$T/exits" "$T/sockets"
	(cd "$B" && "$PEER" spec)
	jq --arg program "$1" '.process.terminal = false | .process.args = ["sh", "-c", $program] |
		.root.path = "/var/tmp/crio/rootfs" | .linux.cgroupsPath = "/crio/c1"' "$B/config.json" |
		jq "${2:-.}" > "$B/config.new"
	mv "$B/config.new" "$B/config.json"
	monitor -b "$B" -l "k8s-file:$T/log" -p "$B/pidfile" -P "$B/conmon.pid" --syslog
	until_true grep -q pid "$T/sync"
}

# conmon's log without its times.
logged() { # FILE
	sed 's/^[^ ]* //' "$1"
}

status_of() {
	runtime state c1 | jq -r .status
}

is_status() {
	[ "$(status_of)" = "$1" ]
}

gone() {
	status runtime delete --force c1
	runtime list -q
	[ -e /sys/fs/cgroup/crio/c1 ] && echo cgroup
	rmdir /sys/fs/cgroup/crio 2> /dev/null || :
	until_true test ! -e "/proc/$(cat "$B/conmon.pid")"
}

@test "crio: create by conmon, start, stop and delete" {
	c1() {
		create 'echo out; echo err >&2; trap "exit 7" TERM; echo ready; sleep 1000 & wait'
		[ "$(jq .pid "$T/sync")" = "$(cat "$B/pidfile")" ] && echo told
		runtime state c1 | jq -c '[.status, .pid == $pid, .bundle == $b, (.created | fromdateiso8601? // length > 20)]' \
			--argjson pid "$(cat "$B/pidfile")" --arg b "$B" | sed 's/[0-9]\{10\}/true/'
		status runtime start c1
		until_true grep -q ready "$T/log"
		status_of
		status runtime kill c1 15
		until_true test -s "$T/exits/c1"
		cat "$T/exits/c1"
		echo
		status_of
		# Words that CRI-O looks for in the error of a stop that came late.
		matching 'container not running' runtime kill c1 KILL
		logged "$T/log" | sort
		gone
	}
	row c1 <<-EOF
		told
		["created",true,true,true]
		status 0
		running
		status 0
		7
		stopped
		container not running
		status 1
		stderr F err
		stdout F out
		stdout F ready
		status 0
	EOF
}

@test "crio: exec --sync by conmon and in the foreground" {
	c2() {
		create 'echo ready; sleep 1000'
		runtime start c1
		jq '.process | .args = ["sh", "-c", "echo beside; echo wrong >&2; exit 9"]' "$B/config.json" > "$T/process"
		rm "$T/sync"
		monitor -e --exec-process-spec "$T/process" --sync -l "k8s-file:$T/exec.log" -p "$T/exec.pid" -T 30
		until_true grep -q exit_code "$T/sync"
		jq -s -c 'map(.exit_code // empty)' "$T/sync"
		logged "$T/exec.log" | sort
		jq '.args = ["/nosuch"]' "$T/process" > "$T/missing"
		rm "$T/sync"
		monitor -e --exec-process-spec "$T/missing" --sync -l "k8s-file:$T/missing.log" -p "$T/missing.pid"
		until_true grep -q message "$T/sync"
		grep -o 'no such file or directory' "$T/sync" | head -n 1
		[ -e "$T/missing.pid" ] && echo a pid file
		status runtime exec --process "$T/process" c1
		jq '.terminal = true | .args = ["sh", "-c", "tty; exit 4"]' "$T/process" > "$T/tty"
		"$HULL_PROBE" pty 24 80 "$RUNTIME" --root "$T/state" exec --process "$T/tty" c1 < /dev/null | tr -d '\r'
		gone
	}
	row c2 <<-EOF
		[9]
		stderr F wrong
		stdout F beside
		no such file or directory
		beside
		wrong
		status 9
		/dev/pts/0
		status 0
	EOF
}

@test "crio: update of resources from stdin, pause, and kill of all processes" {
	c3() {
		create 'sleep 1000 & sleep 1000 & echo ready; exec sleep 1000' \
			'.linux.namespaces |= map(select(.type != "pid"))'
		runtime start c1
		until_true grep -q ready "$T/log"
		status runtime update --resources - c1 <<< '{"memory": {"limit": 33554432}, "cpu": {"quota": 20000, "period": 100000}}'
		cat /sys/fs/cgroup/crio/c1/{memory,cpu}.max
		runtime pause c1
		status_of
		runtime resume c1
		status_of
		runtime kill -a c1 9
		until_true is_status stopped
		until_true test ! -s /sys/fs/cgroup/crio/c1/cgroup.procs
		status runtime kill -a c1 9
		until_true test -s "$T/exits/c1"
		cat "$T/exits/c1"
		echo
		gone
	}
	row c3 <<-EOF
		status 0
		33554432
		20000 100000
		paused
		running
		status 0
		137
		status 0
	EOF
}
