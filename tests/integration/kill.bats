load helpers

# A container that says which signal it got.
catcher() {
	script 'for s in HUP INT QUIT USR1 USR2 TERM; do trap "echo $s >> /got" $s; done; echo up
		while :; do sleep 1000 & wait; done'
	start_it web
	wait_for 5 grep -q up "$OUT"
}

got() {
	[[ $(tail -1 "$ROOTFS/got" 2> /dev/null) == "$1" ]]
}

@test "kill: sends TERM by default (J-07)" {
	catcher
	run -0 --separate-stderr hull kill web
	[[ -z $output && -z $stderr ]]
	wait_for 5 got TERM
}

@test "kill: takes names with and without SIG, in any case, and numbers (O-15)" {
	catcher
	hull kill web USR1
	wait_for 5 got USR1
	hull kill web SIGUSR2
	wait_for 5 got USR2
	hull kill web sighup
	wait_for 5 got HUP
	hull kill web int
	wait_for 5 got INT
	hull kill web 3
	wait_for 5 got QUIT
	hull kill web 15
	wait_for 5 got TERM
}

@test "kill: --signal names the signal too (J-07)" {
	catcher
	hull kill --signal USR1 web
	wait_for 5 got USR1
	hull kill -s USR2 web
	wait_for 5 got USR2
}

@test "kill: takes real-time signals by name" {
	script 'trap "echo rt > /got" 37; echo up; while :; do sleep 1000 & wait; done'
	start_it web
	wait_for 5 grep -q up "$OUT"
	hull kill web RTMIN+3
	wait_for 5 got rt
}

@test "kill: 0 tells whether it lives" {
	sleeper web
	run -0 hull kill web 0
	kill -9 "$(pid_of web)"
	wait_for 5 is_status web stopped
	run hull kill web 0
	[[ $status -eq 1 ]]
}

@test "kill: refuses an unknown signal and sends none" {
	catcher
	for sig in NOSUCH SIGSIG 99999 -1 65 '' RTMAX+1; do
		refused hull kill web "$sig"
	done
	[[ ! -e $ROOTFS/got ]]
	equal "$(status_of web)" running
}

@test "kill: KILL stops a container" {
	args sleep 1000
	start_it web
	hull kill web KILL
	wait_for 5 is_status web stopped
}

@test "kill: KILL stops a created container (O-16)" {
	create web
	hull kill web 9
	wait_for 5 is_status web stopped
	hull delete web
}

@test "kill: refuses a stopped container (O-14)" {
	args true
	start_it web
	wait_for 5 is_status web stopped
	before=$(hull state web)
	refused hull kill web TERM
	has "$line" "container not running"
	equal "$(hull state web)" "$before"
}

@test "kill: refuses an unknown id and a missing one (O-13)" {
	refused hull kill nosuch KILL
	matches "$line" "container .*does not exist"
	run hull kill
	[[ $status -eq 1 ]]
}

@test "kill: --all on a stopped container is no error" {
	args true
	start_it web
	wait_for 5 is_status web stopped
	run -0 hull kill --all web KILL
	run -0 hull kill -a web 9
}

@test "kill: KILL ends every process of a container in the host's pid namespace (O-17)" {
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	script 'setsid sleep 1000 & setsid sleep 1000 & echo up; sleep 1000'
	start_it web
	wait_for 5 grep -q up "$OUT"
	hull kill web KILL
	wait_for 5 no_marked_pids
	wait_for 5 grep -q 'populated 0' "$CGROOT/$CG/bundle/cgroup.events"
	hull delete web
}

@test "kill: --all reaches leftovers after the first process ended" {
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	script 'setsid sleep 1000 & exit 0'
	start_it web
	wait_for 5 is_status web stopped
	grep -q 'populated 1' "$CGROOT/$CG/bundle/cgroup.events"
	hull kill --all web KILL
	wait_for 5 grep -q 'populated 0' "$CGROOT/$CG/bundle/cgroup.events"
	hull delete web
}

@test "kill: --all sends any signal to all" {
	script 'for i in 1 2; do (trap "echo child >> /got; exit" USR1; echo up; while :; do sleep 1000 & wait; done) & done
		trap "echo parent >> /got" USR1; while :; do sleep 1000 & wait; done'
	start_it web
	ups() { [[ $(grep -c up "$OUT") -eq 2 ]]; }
	wait_for 5 ups
	hull kill --all web USR1
	three() { [[ $(sort "$ROOTFS/got" | tr '\n' ' ') == "child child parent " ]]; }
	wait_for 5 three
}

@test "kill: KILL works on a paused container" {
	sleeper web
	hull pause web
	hull kill web KILL
	wait_for 5 is_status web stopped
	hull delete web
}
