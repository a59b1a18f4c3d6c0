load helpers

notify_listen() {
	S=$T/n
	env -u HULL_TEST_MARK "$PROBE" dgram "$S" "$T/got" 3>&- 4>&- < /dev/null > /dev/null 2>&1 &
	LISTENER=$!
	wait_for 5 test -S "$S"
}

teardown() {
	[[ -z ${LISTENER:-} ]] || kill "$LISTENER" 2> /dev/null || :
	common_teardown
}

@test "notify: the container gets a socket of its own" {
	notify_listen
	script 'echo "$NOTIFY_SOCKET"; test -S $NOTIFY_SOCKET && echo there; grep " /run/notify " /proc/self/mountinfo | cut -d" " -f6'
	NOTIFY_SOCKET=$S run timeout 30 "$HULL" --root "$ROOT" run web
	equal "${lines[0]}" /run/notify/notify.sock
	equal "${lines[1]}" there
	matches "${lines[2]}" '^ro,nosuid,nodev,noexec'
}

@test "notify: READY goes on to the host with MAINPID" {
	notify_listen
	script 'probe sendto $NOTIFY_SOCKET "READY=1
STATUS=up"; sleep 1000'
	NOTIFY_SOCKET=$S hull create web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&-
	NOTIFY_SOCKET=$S hull start web < /dev/null 3>&- 4>&- &
	starter=$!
	wait_for 10 grep -q READY=1 "$T/got"
	wait_for 10 grep -q MAINPID= "$T/got"
	grep -qx "MAINPID=$(pid_of web)" "$T/got"
	wait $starter
}

@test "notify: a container that ends without READY does not hang run" {
	notify_listen
	args true
	NOTIFY_SOCKET=$S run -0 timeout 30 "$HULL" --root "$ROOT" run web
}

@test "notify: without NOTIFY_SOCKET nothing is there" {
	unset NOTIFY_SOCKET
	ok_container 'echo "<$NOTIFY_SOCKET>"; ls -d /run/notify 2> /dev/null; true'
	equal "$output" "<>"
}
