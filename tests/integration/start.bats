load helpers

@test "start: runs the program of a created container (O-11)" {
	script 'echo ran; sleep 1000'
	create web
	run -0 --separate-stderr hull start web
	[[ -z $output && -z $stderr ]]
	equal "$(status_of web)" running
	wait_for 5 grep -qx ran "$OUT"
}

@test "start: is done when the program has been executed (Z-07)" {
	args sleep 1000
	create web
	hull start web
	equal "$(stat -Lc %d:%i "/proc/$(pid_of web)/exe")" "$(stat -c %d:%i "$ROOTFS/bin/busybox")"
}

@test "start: is refused for a running container and starts nothing (O-10)" {
	script 'echo line >> /lines; trap "exit 0" TERM; while :; do sleep 1000 & wait; done'
	start_it web
	wait_for 5 test -s "$ROOTFS/lines"
	refused hull start web
	has "$line" "cannot start an already running container"
	equal "$(wc -l < "$ROOTFS/lines")" 1
	equal "$(status_of web)" running
}

@test "start: is refused for a stopped container (O-10)" {
	script 'echo line >> /lines'
	start_it web
	wait_for 5 is_status web stopped
	refused hull start web
	has "$line" "cannot start a container that has stopped"
	equal "$(wc -l < "$ROOTFS/lines")" 1
}

@test "start: is refused when the waiting process was killed" {
	create web
	kill -9 "$(pid_of web)"
	wait_for 5 is_status web stopped
	refused hull start web
	has "$line" stopped
}

@test "start: is refused for an unknown id and for none (O-09)" {
	refused hull start nosuch
	matches "$line" "container .*does not exist"
	run --separate-stderr hull start
	[[ $status -eq 1 ]]
}

@test "start: does not read stdin (J-06)" {
	args sleep 1000
	create web
	echo keep > "$T/in"
	{
		hull start web
		read -r first
	} < "$T/in"
	equal "$first" keep
}

@test "start: the pid stays the same" {
	args sleep 1000
	create web
	pid=$(pid_of web)
	hull start web
	equal "$(pid_of web)" "$pid"
}

@test "start: fails when the interpreter of a script is missing" {
	printf '#!/no/such/interpreter\n' > "$ROOTFS/script"
	chmod 755 "$ROOTFS/script"
	args /script
	if quietly hull create web; then
		run --separate-stderr hull start web
		[[ $status -ne 0 ]]
		has "$stderr" "/script"
	else
		has "$(cat "$ERR")" "/script"
	fi
}

@test "start: says exec format error for a file that is no program" {
	head -c 100 /dev/zero > "$ROOTFS/zeroes"
	chmod 755 "$ROOTFS/zeroes"
	args /zeroes
	create web
	refused hull start web
	has "${line,,}" "exec format error"
}
