load helpers

# Receives the terminal of the next container on $T/tty.
listen() {
	SOCK=${1:-$T/tty}
	mkdir -p "$T/c"
	env -u HULL_TEST_MARK "$PROBE" recvtty "$SOCK" "$T/c" "${@:2}" 3>&- 4>&- < /dev/null &
	LISTENER=$!
	wait_for 5 test -e "$T/c/ready"
}

tty_says() {
	tr -d '\r' < "$T/c/out" | grep -q -- "$1"
}

@test "console: the socket gets one message with a name and one descriptor (J-05)" {
	config '.process.terminal = true'
	script 'echo hi there'
	listen
	create web --console-socket "$SOCK"
	wait_for 5 test -s "$T/c/nfds"
	equal "$(cat "$T/c/nfds")" 1
	[[ -s $T/c/payload ]]
	(($(stat -c %s "$T/c/payload") < 4096))
	equal "$(cat "$T/c/rest")" 0
	hull start web
	wait_for 5 tty_says 'hi there'
	wait $LISTENER
}

@test "console: 0, 1 and 2 are the terminal, which is the controlling one (P-02, P-03)" {
	config '.process.terminal = true'
	script 'test -t 0 && test -t 1 && test -t 2 && echo all; tty; echo via-tty > /dev/tty; readlink /proc/self/fd/0; echo end'
	listen
	quietly hull run -d --console-socket "$SOCK" web
	wait_for 5 tty_says end
	wait $LISTENER
	equal "$(tr -d '\r' < "$T/c/out")" "all
/dev/pts/0
via-tty
/dev/pts/0
end"
}

@test "console: the program holds the terminal and create's stdio is free" {
	config '.process.terminal = true'
	args sleep 1000
	listen
	hull create --console-socket "$SOCK" web > "$T/fifo.out" 2>&1 < /dev/null
	pid=$(pid_of web)
	for fd in 0 1 2; do
		hasnt "$(readlink "/proc/$pid/fd/$fd")" "$T"
	done
	for fd in /proc/"$pid"/fd/*; do
		hasnt "$(readlink "$fd")" fifo.out
	done
	hull delete --force web
}

@test "console: /dev/console is the terminal (D-14)" {
	config '.process.terminal = true'
	script 'echo to-console > /dev/console; grep " /dev/console " /proc/self/mountinfo; stat -c %t:%T /dev/console; stat -c %t:%T /dev/pts/0; echo end'
	listen
	quietly hull run -d --console-socket "$SOCK" web
	wait_for 5 tty_says end
	wait $LISTENER
	out=$(tr -d '\r' < "$T/c/out")
	has "$out" to-console
	has "$out" "- devpts "
	equal "$(grep -c '^88:0$' <<< "$out")" 2
}

@test "console: without terminal there is no /dev/console (D-14)" {
	ok_container 'ls /dev | grep -x console; echo end'
	equal "$output" end
}

@test "console: input reaches the program" {
	config '.process.terminal = true'
	script 'read line; echo "got <$line>"'
	listen "$T/tty" $'typed\n'
	quietly hull run -d --console-socket "$SOCK" web
	wait_for 5 tty_says 'got <typed>'
	wait $LISTENER
}

@test "console: ctrl-C reaches the program" {
	config '.process.terminal = true'
	script 'trap "echo interrupted; exit" INT; echo ready; read line'
	listen "$T/tty" $'\x03' later
	quietly hull run -d --console-socket "$SOCK" web
	wait_for 5 tty_says interrupted
	wait $LISTENER
}

@test "console: consoleSize is the terminal's size (P-04)" {
	config '.process.terminal = true | .process.consoleSize = {"height": 33, "width": 101}'
	script 'stty size; echo end'
	listen
	quietly hull run -d --console-socket "$SOCK" web
	wait_for 5 tty_says end
	tty_says '33 101'
	wait $LISTENER
}

@test "console: consoleSize without terminal is ignored, half of one refused (P-04)" {
	config '.process.consoleSize = {"height": 33, "width": 101}'
	args true
	run -0 hull run web
	config '.process.consoleSize = {"height": 33}'
	create_refused web width
}

@test "console: a socket path longer than 108 characters works" {
	long=$T/$(printf 'd%.0s' {1..100})/$(printf 'e%.0s' {1..60})
	mkdir -p "$long"
	((${#long} > 150))
	config '.process.terminal = true'
	script 'echo far away'
	listen "$long/tty"
	quietly hull run -d --console-socket "$SOCK" web
	wait_for 5 tty_says 'far away'
	wait $LISTENER
}

@test "console: a relative socket path is relative to the working directory" {
	mkdir "$T/cwd"
	cd "$T/cwd"
	config '.process.terminal = true'
	script 'echo relative'
	listen "$T/cwd/sock"
	quietly hull run -d --bundle "$BUNDLE" --console-socket sock web
	wait_for 5 tty_says relative
	wait $LISTENER
}

@test "console: a terminal without a socket is refused for create and run --detach" {
	config '.process.terminal = true'
	create_refused web console
	refused hull run --detach web
	has "$line" console
	no_trace web
}

@test "console: a socket without a terminal is refused" {
	listen
	refused hull create --console-socket "$SOCK" web
	has "$line" console
	no_trace web
	kill $LISTENER
}

@test "console: a socket that nobody serves is an error and leaves nothing" {
	config '.process.terminal = true'
	refused hull create --console-socket "$T/nobody" web
	has "$line" "$T/nobody"
	no_trace web
}

@test "console: the terminal belongs to the container's user" {
	config '.process.terminal = true | .process.user = {"uid": 1000, "gid": 1000}'
	script 'stat -c %u /dev/pts/0; echo end'
	listen
	quietly hull run -d --console-socket "$SOCK" web
	wait_for 5 tty_says end
	wait $LISTENER
	equal "$(tr -d '\r' < "$T/c/out" | head -1)" 1000
}

@test "console: run on a terminal passes it through with its size" {
	config '.process.terminal = true'
	script 'test -t 0 && stty size; exit 4'
	run "$PROBE" pty 44 121 "$HULL" --root "$ROOT" run web
	[[ $status -eq 4 ]]
	has "$output" "44 121"
}

@test "console: exec --tty gives a terminal" {
	sleeper web
	run "$PROBE" pty 44 121 "$HULL" --root "$ROOT" exec --tty web sh -c 'test -t 0 && test -t 1 && tty && stty size; exit 6'
	[[ $status -eq 6 ]]
	has "$output" "/dev/pts/0"
	has "$output" "44 121"
}

@test "console: exec --tty --detach sends it to a socket" {
	sleeper web
	listen
	quietly hull exec -d -t --console-socket "$SOCK" web sh -c 'tty; echo end'
	wait_for 5 tty_says end
	tty_says /dev/pts/0
	wait $LISTENER
	fails 255 hull exec -d -t web true
	has "$line" console
}

@test "console: exec without --tty has none" {
	sleeper web
	run -0 hull exec web sh -c 'test -t 0 || echo none' < /dev/null
	equal "$output" none
}

@test "console: run gives the whole output of a fast program" {
	config '.process.terminal = true'
	script 'seq 20000'
	run "$PROBE" pty 24 80 "$HULL" --root "$ROOT" run web
	[[ $status -eq 0 ]]
	equal "${#lines[@]}" 20000
	equal "$(tr -d '\r' <<< "${lines[19999]}")" 20000
}
