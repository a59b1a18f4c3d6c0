load helpers

# What engines hand over besides arguments: descriptors, terminals, signals, hooks, sockets of systemd.

teardown() {
	[[ -z ${LISTENER:-} ]] || kill "$LISTENER" 2> /dev/null || :
	common_teardown
}

# A listener of the probe beside the test: listener VERB SOCKET ARG...
listener() {
	env -u HULL_TEST_MARK "$PROBE" "$@" 3>&- 4>&- < /dev/null > /dev/null 2>&1 &
	LISTENER=$!
	wait_for 60 test -S "$2"
}

@test "contract: --preserve-fds with holes, as podman --preserve-fd=9,40 asks for it" {
	echo nine > "$T/9"
	echo forty > "$T/40"
	args probe fds
	"$HULL" --root "$ROOT" run --preserve-fds 38 web 3<&- 4<&- 9< "$T/9" 10<&- 40< "$T/40" 41< /etc < /dev/null > "$T/o" 2> "$T/e"
	equal "$(tail -n +4 "$T/o")" "9 $T/9
40 $T/40"
	[[ ! -s $T/e ]]
	bundle second
	sleeper web
	"$HULL" --root "$ROOT" exec --preserve-fds 38 web probe fds 3<&- 4<&- 9< "$T/9" 10<&- 40< "$T/40" 41< /etc < /dev/null > "$T/o"
	equal "$(tail -n +4 "$T/o")" "9 $T/9
40 $T/40"
	# at once with the holes, what it holds can be read
	"$HULL" --root "$ROOT" exec --preserve-fds=38 web sh -c 'cat <&9; cat <&40' 3<&- 4<&- 9< "$T/9" 40< "$T/40" < /dev/null > "$T/o"
	equal "$(cat "$T/o")" $'nine\nforty'
}

@test "contract: Podman's LISTEN_FDS: of another pid, so that only --preserve-fds and the config count" {
	config '.process.env += ["LISTEN_FDS=1", "LISTEN_PID=1"]'
	script 'echo "$LISTEN_FDS $LISTEN_PID"; probe fds'
	LISTEN_FDS=9 LISTEN_PID=$$ "$HULL" --root "$ROOT" run --preserve-fds 1 web 3< /etc/passwd 4< /etc/group < /dev/null > "$T/o" 2> "$T/e"
	equal "$(head -1 "$T/o")" "1 1"
	equal "$(tail -n +5 "$T/o")" "3 /etc/passwd"
}

@test "contract: the sockets of a service are the container's, with a count and the pid 1" {
	script 'echo "$LISTEN_FDS $LISTEN_PID <$LISTEN_FDNAMES>"; probe fds'
	for extra in "" "--preserve-fds 1" "--preserve-fds 2"; do
		# shellcheck disable=SC2016,SC2086
		sh -c 'export LISTEN_FDS=2 LISTEN_FDNAMES=a:b LISTEN_PID=$$; exec "$@"' sh "$HULL" --root "$ROOT" run $extra web \
			3< /etc/passwd 4< /etc/group 5< /etc 6< /etc < /dev/null > "$T/o" 2> "$T/e"
		equal "$(head -1 "$T/o")" "2 1 <>"
		equal "$(tail -n +5 "$T/o")" "3 /etc/passwd
4 /etc/group"
	done
	# who preserves more gets more; the count stays that of the sockets
	# shellcheck disable=SC2016
	sh -c 'export LISTEN_FDS=1 LISTEN_PID=$$; exec "$@"' sh "$HULL" --root "$ROOT" run --preserve-fds 3 web \
		3< /etc/passwd 4< /etc/group 5< /etc/hosts 6< /etc < /dev/null > "$T/o" 2> "$T/e"
	equal "$(head -1 "$T/o")" "1 1 <>"
	equal "$(tail -n +5 "$T/o" | wc -l)" 3
}

@test "contract: signals and the parent's death as conmon and the shim leave them do not reach a program" {
	script 'probe signals; probe mortal; echo up; exec sleep 1000'
	quietly "$PROBE" sigstate "$PROBE" mortal "$HULL" --root "$ROOT" create --bundle "$BUNDLE" web
	"$PROBE" sigstate "$PROBE" mortal "$HULL" --root "$ROOT" start web
	wait_for 60 grep -q up "$OUT"
	equal "$(cat "$OUT")" $'0\nup'
	run -0 "$PROBE" sigstate "$PROBE" mortal "$HULL" --root "$ROOT" exec web sh -c 'probe signals; probe mortal'
	equal "$output" 0
	hull delete --force web
	# a pipe whose reader is gone ends it
	script 'yes | head -1; probe signals; probe mortal'
	run -0 "$PROBE" sigstate "$PROBE" mortal "$HULL" --root "$ROOT" run web
	equal "$output" $'y\n0'
}

@test "contract: the death of whoever called create and start does not end the container" {
	script 'echo up; exec sleep 1000'
	# The caller's child, which shall die with it, has made the container.
	sh -c '"$1" mortal "$2" --root "$3" create --bundle "$4" web && "$1" mortal "$2" --root "$3" start web; kill -KILL $$' \
		sh "$PROBE" "$HULL" "$ROOT" "$BUNDLE" < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || :
	wait_for 60 grep -q up "$OUT"
	equal "$(status_of web)" running
}

@test "contract: with a terminal nobody holds what create and exec write to" {
	config '.process.terminal = true'
	args sleep 1000
	mkdir "$T/c" "$T/d"
	listener recvtty "$T/tty" "$T/c"
	# the shim reads to the end of file
	run -0 timeout 60 sh -c '"$@" 2>&1 | cat' sh "$HULL" --root "$ROOT" create --console-socket "$T/tty" --bundle "$BUNDLE" web
	equal "$output" ""
	equal "$(cat "$T/c/nfds") $(cat "$T/c/rest")" "1 0"
	test -s "$T/c/payload" # before the program ran
	hull start web
	rm "$T/tty"
	wait_for 60 test -s "$T/c/rest"
	first=$LISTENER
	listener recvtty "$T/tty" "$T/d"
	run -0 timeout 60 sh -c '"$@" 2>&1 | cat' sh "$HULL" --root "$ROOT" exec -d --console-socket "$T/tty" --tty web sleep 1000
	equal "$output" ""
	wait_for 60 test -s "$T/d/nfds"
	equal "$(cat "$T/d/nfds") $(cat "$T/d/rest")" "1 0"
	hull delete --force web
	# the terminals are gone with their last holder
	wait "$first" "$LISTENER"
}

@test "contract: exec with --tty next to --process, over a socket with a long path" {
	long=$T/$(printf 'd%.0s' {1..120})/$(printf 'e%.0s' {1..60})
	mkdir -p "$long" "$T/c"
	sleeper web
	for terminal in true false; do
		rm -rf "$T/c" "$long/tty"
		mkdir "$T/c"
		listener recvtty "$long/tty" "$T/c"
		wait_for 60 test -e "$T/c/ready"
		echo '{"args": ["sh", "-c", "test -t 0 && test -t 2 && tty; echo end"], "cwd": "/", "terminal": '$terminal',
			"env": ["PATH=/bin"], "user": {"uid": 1000, "gid": 1000}}' > "$T/p.json"
		quietly hull exec --pid-file "$T/pid" --process "$T/p.json" --detach --tty --console-socket "$long/tty" web
		test -s "$T/pid"
		wait "$LISTENER"
		equal "$(tr -d '\r' < "$T/c/out")" $'/dev/pts/0\nend'
	done
}

@test "contract: exec on the caller's terminal follows its size when told by WINCH" {
	sleeper web
	echo '{"args": ["sh", "-c", "echo up > /up; until [ \"$(stty size)\" = \"41 77\" ]; do sleep 0.1; done; echo resized"],
		"cwd": "/", "terminal": true, "env": ["PATH=/bin"]}' > "$T/p.json"
	run -0 timeout 100 "$PROBE" pty 30 90 sh -c '"$0" --root "$1" exec --process "$2" web < /dev/tty & p=$!
		until test -e "$3"; do sleep 0.1; done
		stty rows 41 cols 77 < /dev/tty; kill -WINCH $p; wait $p' "$HULL" "$ROOT" "$T/p.json" "$ROOTFS/up"
	has "$output" resized
}

@test "contract: Docker's prestart hook is a magic link to the daemon, which joins the container's network" {
	listener dgram "$T/daemon" "$T/ignored"
	config --arg p "/proc/$LISTENER/exe" --arg f "$T/hook" '.annotations = {"a": "b"} | .hooks.prestart = [{"path": $p,
		"args": ["libnetwork-setkey", "-exec-root=/var/run/docker", $f, "0123456789ab"]}]'
	args sleep 1000
	quietly env -i "$HULL" --root "$ROOT" create --bundle "$BUNDLE" web
	pid=$(pid_of web)
	equal "$(head -4 "$T/hook")" "libnetwork-setkey
-exec-root=/var/run/docker
$T/hook
0123456789ab"
	equal "$(sed -n 5p "$T/hook")" "$(readlink "/proc/$pid/ns/net")"
	differ "$(sed -n 5p "$T/hook")" "$(readlink /proc/self/ns/net)"
	# what the daemon reads of it
	equal "$(tail -n +6 "$T/hook" | jq -c '[.id, .status, .pid, .bundle, .annotations]')" \
		"[\"web\",\"creating\",$pid,\"$BUNDLE\",{\"a\":\"b\"}]"
	hull start web
	hull delete --force web
	# the daemon is gone
	kill "$LISTENER"
	wait "$LISTENER" || :
	refused hull create --bundle "$BUNDLE" web
	has "$line" "prestart hook #0"
	no_trace web
}

@test "contract: the session keyring has runc's name, which exec joins, and no other container" {
	config '.linux.maskedPaths -= ["/proc/keys"]'
	script 'cat /proc/keys; echo up; exec sleep 1000'
	quietly hull run -d web
	wait_for 60 grep -q up "$OUT"
	ses() { grep -o '_ses\.web[^:]*' | sort -u; }
	matches "$(ses < "$OUT")" '^_ses\.web(\.[0-9a-f]+)?$'
	equal "$(hull exec web cat /proc/keys | ses)" "$(ses < "$OUT")"
	bundle second
	config '.linux.maskedPaths -= ["/proc/keys"]'
	script 'cat /proc/keys'
	run -0 hull run other
	has "$output" _ses.other
	hasnt "$output" _ses.web
	run -0 hull run --no-new-keyring third
	hasnt "$output" _ses.third
}

# ---- sd_notify ---------------------------------------------------------------------------------

@test "contract: READY goes on with the container's pid, then a barrier with a descriptor" {
	listener dgram "$T/n" "$T/got"
	script 'probe sendto $NOTIFY_SOCKET "MAINPID=1
FDSTORE=1"; probe sendto $NOTIFY_SOCKET "STATUS=x
READY=1"; exec sleep 1000'
	NOTIFY_SOCKET=$T/n quietly hull create --bundle "$BUNDLE" web
	run -0 --separate-stderr env NOTIFY_SOCKET="$T/n" timeout 60 "$HULL" --root "$ROOT" start web
	equal "$stderr" ""
	barrier() { grep -q BARRIER "$T/got"; }
	wait_for 60 barrier
	equal "$(sed '/^BARRIER/,$d' "$T/got" | sort)" "MAINPID=$(pid_of web)
READY=1"
	equal "$(tail -2 "$T/got")" $'BARRIER=1\ndescriptors'
	hull delete --force web
	: > "$T/got"
	NOTIFY_SOCKET=$T/n quietly timeout 60 "$HULL" --root "$ROOT" run -d web
	grep -qx "MAINPID=$(pid_of web)" "$T/got"
	equal "$(tail -2 "$T/got")" $'BARRIER=1\ndescriptors'
}

@test "contract: an attached run is the service itself, and passes signals on before READY, too" {
	listener dgram "$T/n" "$T/got"
	script 'trap "echo got TERM; exit 5" TERM; echo up; while :; do sleep 1000 & wait; done'
	beside env NOTIFY_SOCKET="$T/n" "$HULL" --root "$ROOT" run web
	wait_for 60 grep -q up "$OUT"
	beside_kill TERM
	equal "$(beside_status)" 5
	has "$(cat "$OUT")" "got TERM"
	[[ ! -s $T/got ]]
	script 'echo up; probe sendto $NOTIFY_SOCKET READY=1; until test -e /go; do sleep 0.1; done; exit 6'
	beside env NOTIFY_SOCKET="$T/n" "$HULL" --root "$ROOT" run web
	wait_for 60 grep -qs READY "$T/got"
	equal "$(sort "$T/got" | sed '/^$/d')" "MAINPID=$(cat "$T/beside.pid")
READY=1"
	touch "$ROOTFS/go"
	equal "$(beside_status)" 6
}

@test "contract: a service that ends without READY is waited for no longer" {
	listener dgram "$T/n" "$T/got"
	args true
	NOTIFY_SOCKET=$T/n quietly timeout 60 "$HULL" --root "$ROOT" run -d web
	hull delete web
	NOTIFY_SOCKET=$T/n quietly hull create --bundle "$BUNDLE" web
	NOTIFY_SOCKET=$T/n run -0 timeout 60 "$HULL" --root "$ROOT" start web
	[[ ! -s $T/got ]]
}
