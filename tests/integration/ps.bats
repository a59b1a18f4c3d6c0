load helpers

@test "ps: --format json is the array of the container's pids, ascending" {
	script 'sleep 1000 & sleep 1000 & echo up; wait'
	start_it web
	wait_for 5 grep -q up "$OUT"
	run -0 --separate-stderr hull ps --format json web
	[[ -z $stderr ]]
	equal "$(jq -c . <<< "$output")" "[$(sort -n "$CGROOT/$CG/bundle/cgroup.procs" | paste -sd,)]"
	equal "$(jq length <<< "$output")" 3
	run -0 hull ps -f json web
	equal "$(jq length <<< "$output")" 3
}

@test "ps: the table is that of the host's ps, with the container's rows only" {
	sleeper web
	pid=$(pid_of web)
	run -0 --separate-stderr hull ps web
	matches "${lines[0]}" '^UID +PID +PPID'
	for l in "${lines[@]:1}"; do
		read -r _ p _ <<< "$l"
		grep -qx "$p" "$CGROOT/$CG/bundle/cgroup.procs"
	done
	matches "$output" "(^|[[:space:]])$pid "
}

@test "ps: passes arguments to ps" {
	sleeper web
	run -0 hull ps web -o pid,comm
	matches "${lines[0]}" '^ *PID +COMMAND'
	matches "$output" "(^|[[:space:]])$(pid_of web) +sh"
	run -0 hull ps --format table web -ef
	matches "${lines[0]}" '^UID'
}

@test "ps: of a stopped container is empty" {
	args true
	start_it web
	wait_for 5 is_status web stopped
	run -0 hull ps --format json web
	equal "$output" "[]"
}

@test "ps: shows the waiting process of a created container" {
	create web
	run -0 hull ps --format json web
	equal "$(jq -c . <<< "$output")" "[$(pid_of web)]"
}

@test "ps: shows processes of exec" {
	sleeper web
	quietly hull exec -d --pid-file "$T/pid" web sleep 1000
	run -0 hull ps --format json web
	equal "$(jq "index($(cat "$T/pid")) != null" <<< "$output")" true
}

@test "ps: refuses an unknown id and format" {
	refused hull ps nosuch
	has "$line" "does not exist"
	create web
	run --separate-stderr hull ps --format xml web
	[[ $status -eq 1 ]]
	has "$stderr" xml
}
