load helpers

# The program's user may reopen what it was given, and nothing else becomes its own.

@test "stdio: pipes become the user's, files and directories of the host do not" {
	config '.process.user = {uid: 1000, gid: 1000}'
	script 'sleep 1000'
	mkdir "$T/dir"
	mkfifo "$T/fifo"
	exec 7<> "$T/fifo"
	"$HULL" --root "$ROOT" create --bundle "$BUNDLE" web < "$T/dir" > "$T/log" 2>&7 3>&- 4>&- 7>&-
	equal "$(stat -c %u "$T/dir" "$T/log" "$T/fifo" | xargs)" "0 0 1000"
	exec 7>&-
}

@test "stdio: exec gives away no files either" {
	sleeper web
	hull exec --user 1000 web echo hello > "$T/log" < "$T"
	equal "$(stat -c %u "$T/log" "$T")" $'0\n0'
	equal "$(cat "$T/log")" hello
}

@test "stdio: exec refuses descriptors to preserve that are not there" {
	sleeper web
	fails 255 hull exec --preserve-fds 4294967295 web true
	has "$line" "4294967295: at most"
	fails 255 "$BASH" -c 'for f in /proc/self/fd/*; do f=${f##*/}; ((f > 2)) && eval "exec $f>&-"; done
		exec "$@"' sh "$HULL" --root "$ROOT" exec --preserve-fds 2 web true
	has "$line" "no descriptor from 3 on is open"
}

@test "stdio: where closing descriptors is refused nothing runs (CVE-2024-21626)" {
	requires strace
	script 'touch /ran'
	strace -f -qq -o "$T/trace" -e trace=close_range -e inject=close_range:error=EPERM \
		"$HULL" --root "$ROOT" create --bundle "$BUNDLE" web > "$OUT" 2> "$ERR" < /dev/null 3>&- 4>&- && false
	has "$(cat "$ERR")" close_range
	[[ ! -e $ROOTFS/ran ]]
	no_trace web
}
