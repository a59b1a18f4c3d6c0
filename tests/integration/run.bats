load helpers

@test "run: gives the exit status of the program" {
	for n in 0 1 7 126 255; do
		script "exit $n"
		run hull run web
		[[ $status -eq $n ]]
		[[ -z $output ]]
	done
}

@test "run: gives 128+n when a signal ended the program" {
	script 'kill -9 $$'
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	run hull run web
	[[ $status -eq 137 ]]
	script 'kill -TERM $$'
	run hull run web
	[[ $status -eq 143 ]]
}

@test "run: gives 137 when the container is killed from outside" {
	args sleep 1000
	beside "$HULL" --root "$ROOT" run web
	wait_for 5 is_status web running
	hull kill web KILL
	equal "$(beside_status)" 137
	[[ ! -e $ROOT/web ]]
}

@test "run: removes the container when it ends" {
	args true
	run -0 hull run web
	[[ ! -e $ROOT/web && ! -e $CGROOT/$CG ]]
}

@test "run: --keep leaves a stopped container (J-11)" {
	script 'exit 3'
	run hull run --keep web
	[[ $status -eq 3 ]]
	equal "$(status_of web)" stopped
	hull delete web
}

@test "run: passes stdin, stdout and stderr" {
	script 'cat; echo err >&2'
	run -0 --separate-stderr sh -c 'echo input | "$0" --root "$1" run web' "$HULL" "$ROOT"
	equal "$output" input
	equal "$stderr" err
}

@test "run: passes a mebibyte through both ways unharmed" {
	head -c 1048576 /dev/urandom > "$T/data"
	args cat
	hull run web < "$T/data" > "$T/copy" 3>&- 4>&-
	cmp "$T/data" "$T/copy"
}

@test "run: ends when its output pipe closes early" {
	args yes
	run -0 bash -c 'timeout 20 "$0" --root "$1" run web 2> /dev/null < /dev/null | head -1' "$HULL" "$ROOT"
	equal "$output" y
	wait_for 5 no_marked_pids
}

@test "run: --detach returns at once with the program running (J-11)" {
	args sleep 1000
	quietly hull run --detach --pid-file "$T/pid" web
	equal "$(status_of web)" running
	equal "$(cat "$T/pid")" "$(pid_of web)"
	equal "$(marked_pids)" "$(pid_of web)"
}

@test "run: -d is --detach" {
	args sleep 1000
	quietly hull run -d web
	equal "$(status_of web)" running
}

@test "run: forwards signals to the program" {
	script 'trap "echo usr1; exit 9" USR1; echo up; while :; do sleep 1000 & wait; done'
	beside "$HULL" --root "$ROOT" run web
	wait_for 5 grep -q up "$OUT"
	beside_kill USR1
	equal "$(beside_status)" 9
	has "$(cat "$OUT")" usr1
}

@test "run: forwards TERM and HUP" {
	for sig in TERM HUP; do
		script "trap 'echo $sig; exit 5' $sig; echo up; while :; do sleep 1000 & wait; done"
		: > "$OUT" # what the last one said must not count
		beside "$HULL" --root "$ROOT" run web
		wait_for 5 grep -q up "$OUT"
		beside_kill $sig
		equal "$(beside_status)" 5
		has "$(cat "$OUT")" $sig
	done
}

@test "run: fails with 1 and one line, and leaves nothing, when create fails" {
	args nosuch
	refused hull run web
	has "$line" 'executable file not found in $PATH'
	no_trace web
}

@test "run: with an id in use fails and harms nothing" {
	sleeper web
	bundle other
	refused hull run web
	has "$line" "container with given ID already exists"
	equal "$(status_of web)" running
}

@test "run: reaps processes that were left to it and ends with the program's status" {
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	script '(sleep 0.1; exit 44) & exit 6'
	run hull run web
	[[ $status -eq 6 ]]
}

@test "run: everything of a container in the host's pid namespace dies with it (O-17)" {
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	script 'sleep 1000 > /dev/null 2>&1 & exit 0'
	run -0 hull run web
	no_marked_pids
}

@test "run: resets ignored and blocked signals for the program" {
	args probe signals
	run -0 "$PROBE" sigstate "$HULL" --root "$ROOT" run web
	equal "$output" ""
}

@test "run: does not give its environment to the container (P-09)" {
	args env
	export LEAK=1
	run -0 hull run web
	equal "$output" "$(printf '%s\n' PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=xterm HOME=/root)"
}


@test "run: twenty in a row work" {
	args true
	for _ in {1..20}; do
		hull run web < /dev/null
	done
}

@test "run: the same with a read-only bundle directory" {
	chmod 555 "$BUNDLE"
	args echo fine
	run -0 hull run web
	equal "$output" fine
}

@test "run: --no-subreaper is accepted" {
	args true
	run -0 hull run --no-subreaper web
	run -0 hull run -no-subreaper web
}
