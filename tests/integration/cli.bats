load helpers

COMMANDS="create delete events exec features kill list pause ps resume run spec start state update"

@test "cli: --help lists every command (J-13)" {
	run -0 --separate-stderr "$HULL" --help
	[[ -z $stderr ]]
	for c in $COMMANDS; do
		matches "$output" "(^|[[:space:]])$c([[:space:],]|$)"
	done
	run -0 "$HULL" -h
}

@test "cli: every command has --help, on stdout, without a state root" {
	for c in $COMMANDS; do
		for h in --help -h; do
			run -0 --separate-stderr "$HULL" --root /nonexistent/x "$c" $h
			has "$output" "$c"
			[[ -z $stderr ]]
		done
	done
	[[ ! -e /nonexistent ]]
}

@test "cli: --help of a command names its options" {
	run -0 "$HULL" create --help
	for o in --bundle --console-socket --pidfd-socket --pid-file --no-pivot --no-new-keyring --preserve-fds; do
		has "$output" "$o"
	done
	run -0 "$HULL" exec --help
	for o in --console-socket --cwd --env --tty --user --additional-gids --process --detach --pid-file --cap \
		--preserve-fds --cgroup --ignore-paused --no-new-privs; do
		has "$output" "$o"
	done
}

@test "cli: --version names name, version and spec" {
	for v in --version -v; do
		run -0 --separate-stderr "$HULL" $v
		matches "${lines[0]}" '^hull version [0-9]+\.[0-9]+'
		matches "$output" $'\n''spec: 1\.[0-9]+\.[0-9]+'
		equal "$(grep -c version <<< "$output")" 1
		[[ -z $stderr ]]
	done
}

@test "cli: an unknown command is 3 and says so (J-01)" {
	run --separate-stderr "$HULL" frobnicate
	[[ $status -eq 3 ]]
	has "$stderr" "No help topic for 'frobnicate'"
}

@test "cli: no command prints the help" {
	run "$HULL"
	has "$output" create
}

@test "cli: an unknown flag is named and fails" {
	run --separate-stderr "$HULL" --frobnicate list
	[[ $status -eq 1 ]]
	has "$stderr" frobnicate
	for c in $COMMANDS; do
		run --separate-stderr "$HULL" "$c" --frobnicate
		[[ $status -eq 1 || ($c == exec && $status -eq 255) ]]
		has "$stderr" frobnicate
	done
}

@test "cli: a missing value is an error that names the option" {
	run --separate-stderr "$HULL" create --bundle
	[[ $status -eq 1 ]]
	matches "$stderr" 'requires an argument|needs an argument'
	has "$stderr" bundle
}

@test "cli: wrong counts of arguments fail with the help on stdout" {
	for c in create start run state kill delete pause resume ps exec; do
		run --separate-stderr hull $c
		[[ $status -eq 1 || ($c == exec && $status -eq 255) ]]
		has "$output" "$c"
		[[ -n $stderr ]]
	done
	for c in create start state delete pause resume; do
		run --separate-stderr hull $c one two three
		[[ $status -eq 1 ]]
	done
}

@test "cli: long options with one dash" {
	args true
	run -0 "$HULL" -root "$ROOT" run -pid-file "$T/pid" -bundle "$BUNDLE" web
	run -0 "$HULL" -root="$ROOT" list -format=json
	run -0 "$HULL" --root="$ROOT" list --format=json
}

@test "cli: global options may be given twice and in any order (J-10)" {
	run -0 "$HULL" --debug --root /x --log "$T/log" --log-format json --root "$ROOT" --root "$ROOT" list -q
}

@test "cli: accepts what engines pass (J-10)" {
	mkdir -p "$ROOT"
	run -0 hull --rootless=false list -q
	run -0 hull --rootless auto list -q
	run -0 hull --criu /x list -q
	run -0 hull --cgroup-manager cgroupfs list -q
	run -0 hull --log-level debug --log "$T/log" list -q
	rmdir "$ROOT"
}

@test "cli: --log-format json is one object a line with level, msg and RFC 3339 time (J-15)" {
	run --separate-stderr hull --log "$T/log" --log-format json state nosuch
	[[ $status -eq 1 ]]
	equal "$(wc -l < "$T/log")" 1
	equal "$(jq -r '.level' "$T/log")" error
	has "$(jq -r .msg "$T/log")" "does not exist"
	matches "$(jq -r .time "$T/log")" '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9]+)?(Z|[+-][0-9]{2}:[0-9]{2})$'
	equal "$(jq -c keys "$T/log")" '["level","msg","time"]'
	# The message is on stderr as well.
	has "$stderr" "does not exist"
}

@test "cli: the log is appended to" {
	run hull --log "$T/log" --log-format json state a
	run hull --log "$T/log" --log-format json state b
	equal "$(jq -r .level "$T/log" | tr '\n' ' ')" "error error "
}

@test "cli: --log-format text is a line with time, level and msg" {
	run hull --log "$T/log" --log-format text state nosuch
	matches "$(cat "$T/log")" '^time="?[0-9]{4}-[0-9]{2}-[0-9]{2}T[^ ]+ level=error msg=".*does not exist'
	equal "$(wc -l < "$T/log")" 1
}

@test "cli: an unknown log format is refused" {
	run --separate-stderr hull --log-format xml list
	[[ $status -eq 1 ]]
	has "$stderr" log-format
}

@test "cli: a log that cannot be opened is an error" {
	run --separate-stderr hull --log "$T/nodir/log" list
	[[ $status -eq 1 ]]
	has "$stderr" "$T/nodir/log"
}

@test "cli: success writes nothing to the log" {
	args true
	run -0 hull --log "$T/log" --log-format json run web
	[[ ! -s $T/log ]]
}

@test "cli: --debug logs valid JSON lines" {
	args true
	run -0 hull --debug --log "$T/log" --log-format json run web
	[[ -s $T/log ]]
	equal "$(jq -r .level "$T/log" | sort -u)" debug
}

@test "cli: a failed create logs one error line" {
	args nosuch
	run hull --log "$T/log" --log-format json create web
	[[ $status -eq 1 ]]
	equal "$(wc -l < "$T/log")" 1
	has "$(jq -r .msg "$T/log")" 'executable file not found in $PATH'
}

@test "cli: messages with odd bytes stay valid JSON" {
	run hull --log "$T/log" --log-format json state $'a"b\\c\td'
	jq -e . "$T/log" > /dev/null
	equal "$(wc -l < "$T/log")" 1
}

@test "cli: a root of / is refused" {
	run --separate-stderr "$HULL" --root / list
	[[ $status -eq 1 ]]
}

@test "cli: a relative root works" {
	cd "$T"
	args true
	run -0 "$HULL" --root rel run --bundle "$BUNDLE" web
	rmdir rel
}

@test "cli: errors go out with SIGPIPE closed readers" {
	run bash -c '("$0" --root "$1" state nosuch; echo $? > "$2") 2>&1 | true' "$HULL" "$ROOT" "$T/rc"
	wait_for 5 test -s "$T/rc"
	equal "$(cat "$T/rc")" 1
}
