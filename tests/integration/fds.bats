load helpers

@test "fds: the program has 0, 1 and 2 and no others (D-20)" {
	args probe fds
	hull run web < /dev/null > "$T/o" 2> "$T/e" 3>&- 4>&-
	equal "$(cut -d' ' -f1 "$T/o" | tr '\n' ' ')" "0 1 2 "
}

@test "fds: descriptors leaked to hull never reach the program, nor its waiting process (D-20)" {
	exec 7< /etc 9< "$T" 20< /etc/passwd 300< /etc
	args probe fds
	hull run web < /dev/null > "$T/o" 2> "$T/e" 3>&- 4>&-
	equal "$(cut -d' ' -f1 "$T/o" | tr '\n' ' ')" "0 1 2 "
	quietly hull create web
	for fd in /proc/"$(pid_of web)"/fd/*; do
		link=$(readlink "$fd")
		[[ $link != /etc* && $link != "$T" ]]
	done
}

@test "fds: nor those of exec (D-20)" {
	sleeper web
	exec 7< /etc 20< /etc/passwd
	hull exec web probe fds < /dev/null > "$T/o" 2> "$T/e" 3>&- 4>&-
	equal "$(cut -d' ' -f1 "$T/o" | tr '\n' ' ')" "0 1 2 "
}

@test "fds: the waiting process has no directory of the host open" {
	create web
	for fd in /proc/"$(pid_of web)"/fd/*; do
		link=$(readlink "$fd")
		hasnt "$link" "$CGROOT"
		[[ $link != "$ROOT"* && $link != "$BUNDLE"* ]]
	done
}

@test "fds: --preserve-fds passes 3 and following (D-21)" {
	args probe fds
	echo three > "$T/three"
	exec 5< "$T/three"
	"$HULL" --root "$ROOT" run --preserve-fds 2 web 3< "$T/three" 4< /etc/passwd 6< /etc/group < /dev/null > "$T/o" 2> "$T/e"
	equal "$(tail -n +4 "$T/o")" "3 $T/three
4 /etc/passwd"
}

@test "fds: --preserve-fds with a hole passes what is there, nothing of the runtime in it" {
	args probe fds
	"$HULL" --root "$ROOT" run --preserve-fds 6 web 3< /etc/passwd 4<&- 5< /etc/group 6<&- 7<&- 8<&- < /dev/null > "$T/o" 2> "$T/e"
	equal "$(tail -n +4 "$T/o")" "3 /etc/passwd
5 /etc/group"
}

@test "fds: --preserve-fds works for exec and with create" {
	sleeper web
	"$HULL" --root "$ROOT" exec --preserve-fds 1 web probe fds 3< /etc/passwd 4< /etc/group < /dev/null > "$T/o" 2> "$T/e"
	equal "$(tail -n +4 "$T/o")" "3 /etc/passwd"
	bundle b2
	script 'cat <&3'
	echo content > "$T/three"
	"$HULL" --root "$ROOT" create --preserve-fds 1 b2 3< "$T/three" 4>&- < /dev/null > "$T/o" 2> "$T/e"
	hull start b2
	wait_for 5 grep -q content "$T/o"
}

@test "fds: LISTEN_FDS passes sockets with LISTEN_PID 1 (J-08)" {
	script 'echo "$LISTEN_FDS $LISTEN_PID"; probe fds'
	sh -c 'export LISTEN_FDS=2 LISTEN_PID=$$; exec "$0" --root "$1" run web' "$HULL" "$ROOT" \
		3< /etc/passwd 4< /etc/group 5< /etc < /dev/null > "$T/o" 2> "$T/e"
	equal "$(head -1 "$T/o")" "2 1"
	equal "$(tail -n +5 "$T/o")" "3 /etc/passwd
4 /etc/group"
}

@test "fds: LISTEN_FDS of another process is ignored" {
	script 'echo "<$LISTEN_FDS$LISTEN_PID>"; probe fds'
	LISTEN_FDS=1 LISTEN_PID=1 "$HULL" --root "$ROOT" run web 3< /etc/passwd 4>&- < /dev/null > "$T/o" 2> "$T/e"
	equal "$(head -1 "$T/o")" "<>"
	equal "$(wc -l < "$T/o")" 4
}

@test "fds: LISTEN_FDS and --preserve-fds are not added up (J-08)" {
	script 'echo "$LISTEN_FDS"; probe fds'
	sh -c 'export LISTEN_FDS=1 LISTEN_PID=$$; exec "$0" --root "$1" run --preserve-fds 2 web' "$HULL" "$ROOT" \
		3< /etc/passwd 4< /etc/group 5< /etc < /dev/null > "$T/o" 2> "$T/e"
	equal "$(tail -n +5 "$T/o")" "3 /etc/passwd
4 /etc/group"
}

@test "fds: closed standard descriptors do no harm" {
	args true
	run -0 sh -c '"$0" --root "$1" run web 0<&-' "$HULL" "$ROOT"
	args probe fds
	sh -c '"$0" --root "$1" run web 0<&-' "$HULL" "$ROOT" > "$T/o" 2> "$T/e" 3>&- 4>&-
	run ! grep -E '^[3-9] ' "$T/o"
}

@test "fds: create with closed stdin, stdout and stderr" {
	args sleep 1000
	"$HULL" --root "$ROOT" create web 0<&- 1>&- 2>&- 3>&- 4>&-
	hull start web
	equal "$(status_of web)" running
	for fd in /proc/"$(pid_of web)"/fd/*; do
		hasnt "$(readlink "$fd")" "$ROOT"
	done
}
