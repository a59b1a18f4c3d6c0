# Standard streams of every kind. counter prints a line each millisecond, from 1: none may be lost or doubled.
load helpers

# counted FILE...: the lines of all files together are 1, 2, 3 and so on, and there are many.
counted() {
	cat "$@" | tr -d '\r' | awk '$1 != NR { print "line " NR " is " $0; exit 1 } END { exit NR < 20 }'
}

longer_than() { # LINES FILE
	[[ $(wc -l < "$2") -gt $1 ]]
}

# Reads what comes out of a fifo, until all writers are gone.
reader() { # FIFO FILE
	mkfifo "$1"
	cat "$1" > "$2" 3>&- 4>&- &
	READER=$!
}

@test "stdio: pipes of a caller are replaced by the new caller's, no byte is lost" {
	work counter
	reader "$T/p1" "$T/o1"
	hull run -d web < /dev/null > "$T/p1" 2> "$T/err" 3>&- 4>&-
	wait_for 20 longer_than 50 "$T/o1"
	save web
	wait $READER
	reader "$T/p2" "$T/o2"
	hull restore -d --image-path "$IMAGES" --work-path "$T/work" web < /dev/null > "$T/p2" 2> "$T/err" 3>&- 4>&-
	wait_for 20 longer_than 50 "$T/o2"
	hull kill web KILL
	wait $READER
	counted "$T/o1" "$T/o2"
	checked=$(awk 'END { print NR }' "$T/o1")
	((checked > 50))
}

@test "stdio: descriptors.json has the links of the three streams" {
	local pid want

	work counter
	reader "$T/p1" "$T/o1"
	hull run -d web < /dev/null > "$T/p1" 2> /dev/null 3>&- 4>&-
	pid=$(pid_of web)
	want=$(for fd in 0 1 2; do readlink "/proc/$pid/fd/$fd"; done)
	save web
	equal "$(jq -r '.[]' "$IMAGES/descriptors.json")" "$want"
	equal "$(stat -c %a "$IMAGES/descriptors.json")" 600
	wait $READER
}

back_with_input() {
	mkfifo "$T/in2"
	sleep 1000 > "$T/in2" 3>&- 4>&- &
	local holder=$!
	hull restore -d --image-path "$IMAGES" --work-path "$T/work" web < "$T/in2" > "$T/o2" 2> "$T/err" 3>&- 4>&- || {
		kill $holder
		why
	}
	echo after > "$T/in2"
	wait_for 20 grep -q after "$T/o2" "$T/o1"
	kill $holder
}

@test "stdio: /dev/null stays /dev/null" {
	local pid

	survives counter
	pid=$(pid_of web)
	equal "$(stat -L -c %t:%T "/proc/$pid/fd/0" "/proc/$pid/fd/1" "/proc/$pid/fd/2" | sort -u)" 1:3
}

# Receives the terminal of the next container in DIR.
listen() { # DIR
	mkdir -p "$1"
	env -u HULL_TEST_MARK "$PROBE" recvtty "$1/tty" "$1" 3>&- 4>&- < /dev/null &
	LISTENER=$!
	wait_for 5 test -e "$1/ready"
}

@test "stdio: a terminal: its modes and size, and the new one goes to the console socket" {
	config '.process.terminal = true'
	work terminal counter
	listen "$T/c1"
	apart run -d --console-socket "$T/c1/tty" web
	ready
	checked web
	wait_for 20 longer_than 20 "$T/c1/out"
	save web
	wait $LISTENER
	listen "$T/c2"
	back web --console-socket "$T/c2/tty"
	wait_for 20 longer_than 20 "$T/c2/out"
	equal "$(cat "$T/c2/nfds")" 1
	checked web
	hull kill web KILL
	wait $LISTENER
}

@test "stdio: a terminal without --console-socket is refused" {
	config '.process.terminal = true'
	work terminal
	listen "$T/c1"
	apart run -d --console-socket "$T/c1/tty" web
	ready
	save web
	wait $LISTENER
	refused_ckpt restore -d --image-path "$IMAGES" --work-path "$T/work" web
	has "$line" console-socket
	no_trace web
}

@test "stdio: standard input is a pipe, and so is the new one" {
	work echo
	mkfifo "$T/in"
	sleep 1000 > "$T/in" 3>&- 4>&- &
	local holder=$!
	hull run -d web < "$T/in" > "$T/o1" 2> "$T/err" 3>&- 4>&-
	ready
	echo before > "$T/in"
	wait_for 20 grep -q before "$T/o1"
	save web
	kill $holder
	back_with_input
}

@test "stdio: a file of the host: the restored container writes to the new caller's" {
	work counter
	hull run -d web < /dev/null > "$T/o1" 2> "$T/e1" 3>&- 4>&-
	wait_for 20 longer_than 50 "$T/o1"
	save web
	hull restore -d --image-path "$IMAGES" --work-path "$T/work" web < /dev/null > "$T/o2" 2> "$T/e2" 3>&- 4>&-
	wait_for 20 longer_than 50 "$T/o2"
	hull kill web KILL
	wait_for 20 is_status web stopped
	counted "$T/o1" "$T/o2"
	checked=$(wc -l < "$T/o2")
	((checked > 50))
}

@test "stdio: attached: restore goes on where run ended, and exits as the program does" {
	work counter
	beside "$HULL" --criu "$CRIU" --root "$ROOT" run web
	wait_for 20 longer_than 50 "$OUT"
	save web
	beside_status
	mv "$OUT" "$T/o1"
	beside "$HULL" --criu "$CRIU" --root "$ROOT" restore --image-path "$IMAGES" --work-path "$T/work" web
	wait_for 20 longer_than 20 "$OUT"
	hull kill web TERM
	equal "$(beside_status)" 0
	counted "$T/o1" "$OUT"
}
