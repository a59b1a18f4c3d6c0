load helpers

# What engines read of hull's standard error and of its log.

# writes WANT COMMAND...: how often it writes to standard error. What it said is $said, its status $rc.
writes() {
	local want=$1

	shift
	rc=0
	"$PROBE" packets 2 "$@" < /dev/null > "$T/packets" || rc=$?
	said=$(tail -n +2 "$T/packets")
	equal "$(head -1 "$T/packets")" "$want"
}

@test "contract: on success nothing is on standard error or in the log" {
	local hull=("$HULL" --root "$ROOT" --log "$T/log" --log-format json)
	args sleep 1000
	for how in "create --bundle $BUNDLE web" "state web" "start web" "ps --format json web" "ps web" "exec web true" \
		"exec -d web sleep 1000" "pause web" "resume web" "list" "list --format json" "update --pids-limit 0 web" \
		"events --stats web" features --version "kill web 0" "kill web KILL" "kill --all web 9" "delete --force web" \
		"delete --force web" "delete --force nosuch"; do
		# the container must not hold the pipe of the test
		# shellcheck disable=SC2086
		writes 0 sh -c '"$@" > "$0" 3>&- 4>&-' "$OUT" "${hull[@]}" $how || [[ $how == update* ]]
		[[ $rc -eq 0 || $how == update* ]]
	done
	# where v2 lacks the controller update fails, and that is all that is said
	[[ ! -s $T/log ]] || equal "$(jq -r .msg "$T/log" | grep -vc '^update')" 0
}

@test "contract: a failure is one write of one line, and one line of the log" {
	local hull=("$HULL" --root "$ROOT" --log "$T/log" --log-format json)
	args /etc
	mkdir "$T/other"
	echo '{"ociVersion": "1.0.0", "process": {' > "$T/other/config.json"
	sleeper_in_other_bundle
	for how in "state nosuch" "delete nosuch" "kill nosuch 9" "start nosuch" "exec nosuch true" "create --bundle $BUNDLE web" \
		"run --bundle $BUNDLE web" "create --bundle $T/other web" "create --bundle $BUNDLE slept" "exec slept nosuch" "exec slept /etc" \
		"resume slept" "delete slept" "start slept" "kill slept NOSUCH" "create --frob" "delete" "nosuch" "update -r $T/nosuch slept"; do
		rm -f "$T/log"
		# shellcheck disable=SC2086
		writes 1 sh -c '"$@" > "$0"' "$OUT" "${hull[@]}" $how
		[[ $rc -ne 0 ]]
		equal "$(wc -l <<< "$said")" 1
		((${#said} < 8191)) # conmon reads once
		has "$said" "hull: "
		says_json "$T/log"
		equal "$(wc -l < "$T/log")" 1
		equal "$(jq -r .level "$T/log")" error
		equal "hull: $(jq -r .msg "$T/log")" "$said"
	done
}

# A second bundle's container of the name slept; the first stays the current bundle.
sleeper_in_other_bundle() {
	local first=$BUNDLE

	bundle second
	sleeper slept
	BUNDLE=$first
	cd "$BUNDLE" || return
}

@test "contract: what goes wrong while a failure is undone is on the same line" {
	# a directory deeper than any of hull's own
	config --arg d "$ROOT/web/a/b/c/d" '.hooks.prestart = [{"path": "/bin/mkdir", "args": ["mkdir", "-p", $d]}, {"path": "/bin/false"}]'
	writes 1 sh -c '"$@" > "$0"' "$OUT" "$HULL" --root "$ROOT" --log "$T/log" --log-format json create --bundle "$BUNDLE" web
	equal "$(wc -l <<< "$said")" 1
	matches "$said" 'prestart hook #1.*; undo: remove state directory'
	says_json "$T/log"
	equal "hull: $(jq -r .msg "$T/log")" "$said"
	rm -r "$ROOT/web"
}

@test "contract: a log is appended to, also by many at once" {
	echo '{"level":"debug","msg":"old","time":"2026-01-01T00:00:00.0Z"}' > "$T/log"
	pids=()
	for i in {1..20}; do
		"$HULL" --root "$ROOT" --log "$T/log" --log-format json state "no$i" 2> /dev/null &
		pids+=($!)
	done
	wait "${pids[@]}" || :
	says_json "$T/log"
	equal "$(wc -l < "$T/log")" 21
	equal "$(jq -r .msg "$T/log" | sed -n 's/.*`\(no[0-9]*\)` does not exist$/\1/p' | sort | uniq | wc -l)" 20
	equal "$(head -1 "$T/log" | jq -r .msg)" old
	matches "$(stat -c %a "$T/log")" '^6[04][04]$'
}

@test "contract: --debug says more, in the same form" {
	args true
	run -0 --separate-stderr "$HULL" --root "$ROOT" --debug --log "$T/log" --log-format json run web
	says_json "$T/log"
	equal "$stderr" ""
	args nosuch
	run "$HULL" --root "$ROOT" --log-level debug --log "$T/log" --log-format json run web
	says_json "$T/log"
	# the shim takes the last line of the level error
	has "$(jq -r 'select(.level == "error").msg' "$T/log" | tail -1)" nosuch
}

@test "contract: text format is that of logrus" {
	run "$HULL" --root "$ROOT" --log "$T/log" state 'a"b'
	matches "$(cat "$T/log")" '^time="[0-9-]{10}T[0-9:]{8}\.[0-9]+Z" level=error msg="state .*\\"b'
}

@test "contract: closed standard streams and readers that are gone change no exit code" {
	create web
	for how in ">&-" "2>&-" "<&-" "<&- >&- 2>&-"; do
		equal "$(eval "\"\$HULL\" --root \"\$ROOT\" state nosuch $how" 2> /dev/null; echo $?)" 1
		equal "$(eval "\"\$HULL\" --root \"\$ROOT\" kill web 0 $how"; echo $?)" 0
	done
	run -0 bash -c '"$0" --root "$1" state web 2>&-' "$HULL" "$ROOT"
	equal "$(jq -r .status <<< "$output")" created
	# podman up to 5.2 closes the pipe before it reads
	run bash -c 'exec 8> >(:); sleep 0.2; "$0" --root "$1" state nosuch 2>&8; echo rc $?' "$HULL" "$ROOT"
	has "$output" "rc 1"
}

@test "contract: a log that is a pipe never hangs" {
	mkfifo "$T/fifo"
	fails 1 timeout 20 "$HULL" --root "$ROOT" --log "$T/fifo" --log-format json state nosuch
	create web
	run -0 timeout 20 "$HULL" --root "$ROOT" --log "$T/fifo" state web
	timeout 20 cat "$T/fifo" > "$T/got" &
	reader=$!
	timeout 20 bash -c 'exec 9> "$1"; "$0" --root "$2" --log "$1" --log-format json state nosuch 2> /dev/null' \
		"$HULL" "$T/fifo" "$ROOT" || :
	wait $reader
	says_json "$T/got"
	# a reader that reads nothing
	exec 9<> "$T/fifo"
	dd if=/dev/zero of="$T/fifo" bs=4096 count=64 oflag=nonblock 2> /dev/null || :
	fails 1 timeout 20 "$HULL" --root "$ROOT" --log "$T/fifo" state nosuch
	exec 9>&-
}

# in_run COMMAND...: in a mount namespace with /run and /dev of its own; a journal and a syslog listen.
in_run() {
	ROOT=$T/r unshare -m --propagation private bash -c '
		mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /dev && mknod /dev/null c 1 3 && mkdir -p /run/systemd/journal || exit 97
		"$PROBE" dgram /run/systemd/journal/socket "$T/journal" < /dev/null > /dev/null 2>&1 3>&- 4>&- & a=$!
		"$PROBE" dgram /dev/log "$T/syslog" < /dev/null > /dev/null 2>&1 3>&- 4>&- & b=$!
		until [[ -S /run/systemd/journal/socket && -S /dev/log ]]; do sleep 0.05; done
		"$@"; rc=$?
		until [[ -s $T/journal || -s $T/syslog ]]; do sleep 0.05; done
		kill $a $b; exit $rc' bash "$@"
}

@test "contract: --log journald:ID and syslog:ID, as crun has them" {
	export T PROBE HULL
	fails 1 in_run "$HULL" --root "$T/r" --log journald:web1 --log-format json state nosuch
	has "$line" 'container `nosuch` does not exist'
	grep -qx 'PRIORITY=3' "$T/journal"
	grep -qx 'ID=web1' "$T/journal"
	matches "$(grep ^MESSAGE= "$T/journal")" 'MESSAGE=state .*`nosuch` does not exist$'
	[[ ! -e $T/web1 && ! -e journald:web1 ]]
	rm -f "$T/journal"
	fails 1 in_run "$HULL" --root "$T/r" --log=syslog:web1 state nosuch
	matches "$(cat "$T/syslog")" '^<27>web1: state .*`nosuch` does not exist$'
}

@test "contract: --log journald:ID without a journal is an error" {
	for log in journald:web syslog:web; do
		fails 1 unshare -m --propagation private sh -c 'mount -t tmpfs tmpfs /run && mount -t tmpfs tmpfs /dev && exec "$@"' \
			sh "$HULL" --root "$T/r" --log $log list
		has "$line" $log
	done
}

@test "contract: --log file:PATH" {
	fails 1 "$HULL" --root "$ROOT" --log "file:$T/the log" --log-format json state nosuch
	says_json "$T/the log"
}

@test "contract: nothing of the environment is needed, and an empty variable is none" {
	args sleep 1000
	mkdir "$T/xdg"
	local hull=(env -i "$HULL" --root "$ROOT")
	config --arg t "$T" '.hooks.poststart = [{"path": "/bin/sh", "args": ["sh", "-c", ("ls / > " + $t + "/hooked")]}]'
	quietly "${hull[@]}" create --bundle "$BUNDLE" web
	run -0 --separate-stderr "${hull[@]}" start web
	equal "$output$stderr" ""
	test -s "$T/hooked"
	run -0 "${hull[@]}" ps web
	has "$output" "$(pid_of web)"
	run -0 "${hull[@]}" exec web true
	run -0 env -i XDG_RUNTIME_DIR= "$HULL" --root "$ROOT" pause web
	run -0 env -i XDG_RUNTIME_DIR= PATH= HOME= NOTIFY_SOCKET= LISTEN_FDS= LISTEN_PID= DBUS_SESSION_BUS_ADDRESS= \
		"$HULL" --root "$ROOT" resume web
	run -0 env -i XDG_RUNTIME_DIR= "$HULL" --root "$ROOT" delete --force web
	quietly env -i NOTIFY_SOCKET= "$HULL" --root "$ROOT" create --bundle "$BUNDLE" web
	[[ ! -e $ROOT/web/notify ]]
}

@test "contract: root's containers are in /run/hull whatever XDG_RUNTIME_DIR says" {
	mkdir "$T/xdg"
	args true
	unshare -m --propagation private sh -c 'mount -t tmpfs tmpfs /run && XDG_RUNTIME_DIR=$0 "$1" create web && ls /run/hull
		XDG_RUNTIME_DIR= "$1" state web > "$2/state" && "$1" delete web' "$T/xdg" "$HULL" "$T" < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&-
	equal "$(grep -v @ "$OUT")" web
	equal "$(jq -r .id "$T/state")" web
	equal "$(ls "$T/xdg")" ""
}
