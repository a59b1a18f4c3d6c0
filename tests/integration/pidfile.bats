load helpers

@test "pidfile: has the pid's digits and nothing else (J-04)" {
	create web --pid-file "$T/pid"
	equal "$(cat "$T/pid")" "$(pid_of web)"
	equal "$(stat -c %s "$T/pid")" "$(printf %s "$(pid_of web)" | wc -c)"
}

@test "pidfile: run writes it too" {
	args sleep 1000
	quietly hull run -d --pid-file "$T/pid" web
	equal "$(cat "$T/pid")" "$(pid_of web)"
}

@test "pidfile: a relative path is relative to the working directory, not the bundle" {
	mkdir "$T/cwd"
	cd "$T/cwd"
	quietly hull create --bundle "$BUNDLE" --pid-file pid web
	equal "$(cat "$T/cwd/pid")" "$(pid_of web)"
	[[ ! -e $BUNDLE/pid ]]
}

@test "pidfile: replaces an old file by rename" {
	echo 99999999 > "$T/pid"
	old=$(stat -c %i "$T/pid")
	exec 8< "$T/pid"
	create web --pid-file "$T/pid" 8<&-
	equal "$(cat "$T/pid")" "$(pid_of web)"
	equal "$(cat <&8)" 99999999
	exec 8<&-
	differ "$(stat -c %i "$T/pid")" "$old"
	equal "$(find "$T" -maxdepth 1 -name '*pid*' | wc -l)" 1
}

@test "pidfile: follows the umask" {
	umask 077
	create web --pid-file "$T/pid"
	equal "$(stat -c %a "$T/pid")" 600
}

@test "pidfile: is not there after a failed create" {
	args nosuch
	run hull create --pid-file "$T/pid" web
	[[ $status -eq 1 && ! -e $T/pid ]]
	[[ -z $(find "$T" -maxdepth 1 -name '*pid*') ]]
}

@test "pidfile: one that cannot be written fails create and leaves nothing" {
	refused hull create --pid-file "$T/nodir/pid" web
	has "$line" "$T/nodir/pid"
	no_trace web
}

@test "pidfile: exec writes the new process's pid" {
	sleeper web
	quietly hull exec -d --pid-file "$T/pid" web sleep 1000
	differ "$(cat "$T/pid")" "$(pid_of web)"
	grep -qx "$(cat "$T/pid")" "$CGROOT/$CG/bundle/cgroup.procs"
	equal "$(stat -c %s "$T/pid")" "$(printf %s "$(cat "$T/pid")" | wc -c)"
}
