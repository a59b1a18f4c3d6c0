# A runtime under systemd, without an engine between them: the units of contrib/systemd, where only
# paths are replaced, and systemd-run.
load helpers

UNITS=$(cd "$BATS_TEST_DIRNAME/../../contrib/systemd" && pwd)
HOME_UNITS=/home/lab/.config/systemd/user

# All units run what is at /var/tmp/units/runtime, so that systemd reads them only once.
setup_file() {
	local file

	make_rootfs /var/tmp/units/rootfs
	cp "${HULL_PROBE:?}" /var/tmp/units/rootfs/bin/probe
	mkdir /var/tmp/units/bundles
	chmod -R a+rX /var/tmp/units
	for file in "$UNITS"/*.*; do
		sed "s,/usr/bin/hull,/var/tmp/units/runtime,; s,/var/lib/hull,/var/tmp/units/bundles," "$file" \
			> "/run/systemd/system/${file##*/}"
	done
	setting hull@deaf.service TimeoutStopSec=1
	setting hull-notify@slow.service TimeoutStopSec=2
	setting hull-forking@once.service Restart=no
	setting hull@eater.service Restart=no
	systemctl daemon-reload
	units_snapshot > "$BATS_FILE_TMPDIR/before"
}

setting() { # UNIT SETTING
	mkdir -p "/run/systemd/system/$1.d"
	printf '[Service]\n%s\n' "$2" > "/run/systemd/system/$1.d/test.conf"
}

teardown() {
	units_snapshot | diff "$BATS_FILE_TMPDIR/before" -
}

teardown_file() {
	rm -rf /run/systemd/system/hull*@* /var/tmp/units
	systemctl daemon-reload
}

units_snapshot() {
	find /sys/fs/cgroup -type d \( -name 'hull*@*' -o -path '*/hull/*' -o -name 'u-*.service' -o -name 'u-*.scope' \)
	findmnt -rn -o TARGET | grep -v '^/run/user' | sort
	find /run/hull /run/runc /run/user/1000/{hull,runc} -mindepth 1 -maxdepth 1 ! -name @seccomp 2> /dev/null || :
	ls -d /run/hull-*.pid /run/hull-*.sock 2> /dev/null || :
	pgrep -a -f 'probe |sleep 1000' || :
}

# The bundle NAME, for PROGRAM in the shell, with the runtime's own defaults but for what the jq FILTER says.
bundle() { # NAME CGROUP PROGRAM [FILTER]
	B=/var/tmp/units/bundles/$1
	rm -rf "$B"
	mkdir "$B"
	(cd "$B" && "$PEER" spec)
	jq --arg cgroup "$2" --arg program "$3" '.process.terminal = false | .linux.cgroupsPath = $cgroup |
		.process.args = ["sh", "-c", $program] | .root.path = "/var/tmp/units/rootfs"' "$B/config.json" |
		jq "${4:-.}" > "$B/config.new"
	mv "$B/config.new" "$B/config.json"
	ln -sfn "$RUNTIME" /var/tmp/units/runtime
	U='' CURSOR=$(journalctl --sync; journalctl -q -n 0 --show-cursor)
	CURSOR=${CURSOR#-- cursor: }
}

# The unit of contrib/systemd, and a bundle in its cgroup.
unit() { # TEMPLATE NAME PROGRAM [FILTER]
	bundle "$2" "/machine.slice/$1@$2.service/container" "${@:3}"
	U=$1@$2.service
	UC=/sys/fs/cgroup/machine.slice/$U
}

show() { # UNIT PROPERTY...
	local name

	for name in "${@:2}"; do
		systemctl show -P "$name" "$1"
	done | paste -s -d ' '
}

is() { # UNIT PROPERTY VALUE
	[ "$(systemctl show -P "$2" "$1")" = "$3" ]
}

# What U and its container say in the journal since `unit`.
journal() {
	journalctl --sync
	journalctl -q -o cat --after-cursor="$CURSOR" "${1:-_SYSTEMD_UNIT=$U}"
}

said() { # LINE
	journal | grep -qxF "$1"
}

# The processes in the container's cgroup, by name.
programs() {
	local pid

	echo container: "$(while read -r pid; do cat "/proc/$pid/comm"; done < "$UC/container/cgroup.procs" | sort -u |
		paste -s -d ' ')"
}

programs_are() {
	[ "$(programs)" = "container: $1" ]
}

# A filter for `bundle`: /srv is DIRECTORY.
writable() { # DIRECTORY
	echo ".mounts += [{destination: \"/srv\", type: \"bind\", source: \"$1\", options: [\"bind\"]}]"
}

# What is read from a socket until its end.
connect() { # PATH
	perl -MIO::Socket::UNIX -e 'my $s = IO::Socket::UNIX->new(Peer => $ARGV[0]) or die "$ARGV[0]: $!\n";
		print while <$s>; print "\n"' "$1"
}

# Nothing of a stopped unit is there.
gone() {
	[ -e "$UC" ] && echo "$UC is there"
	"$RUNTIME" list -q
	systemctl reset-failed "$U" 2> /dev/null
	echo gone
}

# Ends at once when it is told to.
SERVER='echo up as $$; trap "echo bye; exit 0" TERM; sleep 1000 & wait'

@test "units: hull@.service starts a container in its cgroup, journals it and stops it (S1)" {
	s1() {
		unit hull web "$SERVER"
		systemctl start "$U"
		until_true said 'up as 1'
		show "$U" ActiveState SubState
		programs
		systemctl stop "$U"
		said bye && echo said bye
		show "$U" ActiveState Result ExecMainStatus
		gone
	}
	row s1 <<-EOF
		active running
		container: sh sleep
		said bye
		inactive success 0
		gone
	EOF
}

@test "units: a unit is restarted, by hand and when its program fails (S2)" {
	s2() {
		mkdir -p "$T/data"
		unit hull web 'trap "exit 0" TERM; echo x >> /srv/runs; n=$(wc -l < /srv/runs)
			echo run $n; [ $n = 2 ] && exit 7; sleep 1000 & wait' "$(writable "$T/data")"
		systemctl start "$U"
		until_true said 'run 1'
		systemctl restart "$U"
		until_true said 'run 3'
		show "$U" ActiveState NRestarts
		journal UNIT="$U" | grep -o 'code=exited, status=7/.*'
		systemctl stop "$U"
		gone
	}
	row s2 <<-EOF
		active 1
		code=exited, status=7/NOTRUNNING
		gone
	EOF
}

@test "units: after SIGKILL of all or of the runtime alone a unit starts again (S3)" {
	s3() {
		unit hull web "$SERVER"
		systemctl start "$U"
		until_true said 'up as 1'
		systemctl kill -s KILL "$U"
		until_true is "$U" NRestarts 1
		until_true is "$U" ActiveState active
		until_true programs_are 'sh sleep'
		show "$U" ActiveState NRestarts
		systemctl kill -s KILL --kill-whom=main "$U"
		until_true is "$U" NRestarts 2
		until_true is "$U" ActiveState active
		until_true programs_are 'sh sleep'
		"$RUNTIME" list -q
		systemctl stop "$U"
		show "$U" ActiveState Result
		gone
	}
	row s3 <<-EOF
		active 1
		web
		inactive success
		gone
	EOF
}

@test "units: a program that ignores SIGTERM goes after TimeoutStopSec (S4)" {
	s4() {
		unit hull deaf 'trap "" TERM; echo deaf; sleep 1000 & wait'
		systemctl start "$U"
		until_true said deaf
		systemctl stop "$U"
		show "$U" ActiveState Result
		gone
	}
	row s4 <<-EOF
		failed timeout
		gone
	EOF
}

@test "units: Type=notify is up when the program says so, and MAINPID stays the runtime (S5)" {
	s5() {
		mkdir -p "$T/data"
		unit hull-notify web 'trap "exit 3" TERM; until [ -e /srv/go ]; do sleep 0.1; done
			probe sendto $NOTIFY_SOCKET "READY=1"; sleep 1000 & wait' "$(writable "$T/data")"
		systemctl start --no-block "$U"
		until_true programs_are 'sh sleep'
		show "$U" ActiveState
		main=$(show "$U" MainPID)
		touch "$T/data/go"
		until_true is "$U" ActiveState active
		[ "$main" = "$(show "$U" MainPID)" ] && grep -cx "$main" "$UC/supervisor/cgroup.procs"
		# The program's status is the unit's.
		systemctl stop "$U"
		show "$U" ActiveState Result ExecMainCode ExecMainStatus
		gone
	}
	row s5 <<-EOF
		activating
		1
		failed exit-code 1 3
		gone
	EOF
}

@test "units: Type=notify is stopped while its program is not ready (S6)" {
	s6() {
		unit hull-notify slow "$SERVER"
		systemctl start --no-block "$U"
		until_true said 'up as 1'
		show "$U" ActiveState
		systemctl stop "$U"
		said bye && echo said bye
		show "$U" ActiveState
		gone
	}
	# runc passes no signal on before READY=1: its unit runs into TimeoutStopSec.
	PEER_PRINTS=$'activating\nfailed\ngone' row s6 <<-EOF
		activating
		said bye
		inactive
		gone
	EOF
}

@test "units: Type=forking supervises the program itself (S7)" {
	s7() {
		unit hull-forking web "$SERVER"
		systemctl start "$U"
		show "$U" ActiveState Type
		until_true said 'up as 1'
		main=$(show "$U" MainPID)
		[ "$main" = "$(cat /run/hull-web.pid)" ] && cat "/proc/$main/comm" "/proc/$main/cgroup"
		find "$UC" -name cgroup.procs -exec cat {} + | wc -l
		systemctl stop "$U"
		said bye && echo said bye
		show "$U" ActiveState Result
		unit hull-forking once 'sleep 1; exit 9'
		systemctl start "$U"
		until_true is "$U" ActiveState failed
		show "$U" Result ExecMainStatus
		ls /run/hull-once.pid
		gone
	}
	row s7 <<-EOF
		active forking
		sh
		0::/machine.slice/hull-forking@web.service/container
		2
		said bye
		inactive success
		exit-code 9
		ls: cannot access '/run/hull-once.pid': No such file or directory
		gone
	EOF
}

@test "units: a socket starts its container, which gets it as descriptor 3 (S8)" {
	s8() {
		unit hull-socket web 'echo fds $LISTEN_FDS of $LISTEN_PID; ls /proc/self/fd | wc -l
			probe accept 3 "hello from pid $$"'
		systemctl start hull-socket@web.socket
		show "$U" ActiveState
		connect /run/hull-web.sock
		until_true is "$U" ActiveState inactive
		show "$U" Result ExecMainStatus
		said 'fds 1 of 1' && echo one descriptor
		connect /run/hull-web.sock
		until_true is "$U" ActiveState inactive
		systemctl stop hull-socket@web.socket
		rm -f /run/hull-web.sock
		gone
	}
	row s8 <<-EOF
		inactive
		hello from pid 1
		success 0
		one descriptor
		hello from pid 1
		gone
	EOF
}

@test "units: limits of the unit and of the container hold together, also after daemon-reload (S9)" {
	s9() {
		unit hull web "$SERVER" '.linux.resources += {memory: {limit: 33554432}, pids: {limit: 50}}'
		systemctl start "$U"
		systemctl set-property --runtime "$U" MemoryMax=64M TasksMax=100 CPUQuota=50%
		systemctl daemon-reload
		until_true said 'up as 1'
		(cd "$UC" && grep . {.,container}/{memory.max,pids.max,cpu.max})
		# The container's cgroup is its program's root: what it sees is its own.
		"$RUNTIME" exec web sh -c 'cat /sys/fs/cgroup/pids.max /proc/self/cgroup'
		"$RUNTIME" update --pids-limit 40 web
		systemctl daemon-reexec
		cat "$UC/container/pids.max"
		systemctl stop "$U"
		rm -rf /run/systemd/system.control/"$U".d
		systemctl daemon-reload
		gone
	}
	row s9 <<-EOF
		./memory.max:67108864
		./pids.max:100
		./cpu.max:50000 100000
		container/memory.max:33554432
		container/pids.max:50
		container/cpu.max:max 100000
		50
		0::/
		40
		gone
	EOF
}

@test "units: a container at its memory limit ends, and its unit says 137 (S10)" {
	s10() {
		unit hull eater 'exec tail /dev/zero' '.linux.resources.memory = {limit: 16777216, swap: 16777216}'
		systemctl start "$U"
		until_true is "$U" ActiveState failed
		show "$U" Result ExecMainStatus
		gone
	}
	row s10 <<-EOF
		exit-code 137
		gone
	EOF
}

@test "units: systemd-run gives output and exit status, as a service and as a scope (S11)" {
	s11() {
		bundle job /system.slice/u-job.service/container 'echo out; echo err >&2; exit 5'
		# runc copies the two streams one by one
		systemd-run -q --wait --pipe --unit u-job -p Delegate=yes -p DelegateSubgroup=supervisor \
			"$RUNTIME" run --bundle "$B" job > "$T/out" 2> "$T/err"
		echo "status $?"
		cat "$T/out" "$T/err"
		systemctl reset-failed u-job.service 2> /dev/null
		bundle job /system.slice/u-job.scope/container 'read line; echo got $line; exit 6'
		status systemd-run -q --scope --unit u-job -p Delegate=yes \
			"$RUNTIME" run --bundle "$B" job <<< input
		until_true test ! -e /sys/fs/cgroup/system.slice/u-job.scope
		"$RUNTIME" list -q
	}
	row s11 <<-EOF
		status 5
		out
		err
		got input
		status 6
	EOF
}

@test "units: KillMode=process leaves the container to who stops it (S12)" {
	s12() {
		bundle job /system.slice/u-job.service/container "$SERVER"
		systemd-run -q --unit u-job -p Type=oneshot -p RemainAfterExit=yes -p KillMode=process -p Delegate=yes \
			-p DelegateSubgroup=supervisor "$RUNTIME" run -d --bundle "$B" job
		"$RUNTIME" list -f json | jq -c '[.[] | [.id, .status]]'
		systemctl stop u-job
		"$RUNTIME" list -f json | jq -c '[.[] | [.id, .status]]'
		U=u-job.service
		until_true said 'up as 1'
		"$RUNTIME" kill job TERM
		until_true said bye
		until_true stopped job
		status "$RUNTIME" delete job
		until_true test ! -e /sys/fs/cgroup/system.slice/u-job.service
	}
	stopped() {
		[ "$("$RUNTIME" state "$1" | jq -r .status)" = stopped ]
	}
	row s12 <<-EOF
		[["job","running"]]
		[["job","running"]]
		status 0
	EOF
}

# As the ordinary user, with a systemd of the user's own. The tests have mounts of their own, and
# /run/user/1000 comes with that systemd.
lab() {
	nsenter -t 1 -m setpriv --reuid 1000 --regid 1000 --init-groups env -i PATH="$PATH" HOME=/home/lab XDG_RUNTIME_DIR=/run/user/1000 "$@"
}

@test "units: an ordinary user's unit (S13)" {
	s13() {
		local home=/home/lab/.local/share/hull/web
		local app=/user.slice/user-1000.slice/user@1000.service/app.slice/hull-user@web.service

		systemctl start user@1000.service
		lab mkdir -p "$home" "$HOME_UNITS"
		lab "$PEER" spec --rootless --bundle "$home"
		bundle web "$app/container" "$SERVER"
		jq --slurpfile rootless "$home/config.json" '.linux.namespaces = $rootless[0].linux.namespaces |
			.linux.uidMappings = $rootless[0].linux.uidMappings | .linux.gidMappings = $rootless[0].linux.gidMappings |
			.mounts = $rootless[0].mounts | .linux.resources = {pids: {limit: 30}}' "$B/config.json" > "$T/config.json"
		cp "$T/config.json" "$home/config.json"
		sed "s,/usr/bin/hull,$RUNTIME," "$UNITS/hull-user@.service" > "$HOME_UNITS/hull-user@.service"
		lab systemctl --user daemon-reload
		lab systemctl --user start hull-user@web
		until_true lab_said 'up as 1' || journal _UID=1000
		lab systemctl --user show -P ActiveState hull-user@web
		cat "/sys/fs/cgroup$app/container/pids.max"
		lab "$RUNTIME" list -q
		# From below the same systemd: the kernel lets nobody else move a process into that cgroup.
		lab systemd-run --user -q --wait --pipe "$RUNTIME" exec web sh -c 'id -u; cat /proc/self/cgroup'
		lab systemctl --user stop hull-user@web
		lab systemctl --user show -P ActiveState -P Result hull-user@web
		lab "$RUNTIME" list -q
		rm -rf /home/lab/.local/share/hull "$HOME_UNITS"
		lab systemctl --user daemon-reload
		[ -e "/sys/fs/cgroup$app" ] || echo gone
	}
	lab_said() {
		journal _SYSTEMD_USER_UNIT=hull-user@web.service | grep -qxF "$1"
	}
	row s13 <<-EOF
		active
		30
		web
		0
		0::/
		inactive
		success
		gone
	EOF
}
