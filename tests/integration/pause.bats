load helpers

frozen() {
	grep -q 'frozen 1' "$CGROOT/$CG/bundle/cgroup.events"
}

@test "pause: freezes every process, resume thaws them" {
	sleeper web
	run -0 --separate-stderr hull pause web
	[[ -z $output && -z $stderr ]]
	frozen
	equal "$(status_of web)" paused
	run -0 --separate-stderr hull resume web
	[[ -z $output && -z $stderr ]]
	run ! frozen
	equal "$(status_of web)" running
}

@test "pause: a paused container does nothing, after resume it goes on" {
	script 'trap "echo caught" USR1; echo up; while :; do sleep 1000 & wait; done'
	start_it web
	wait_for 5 grep -q up "$OUT"
	hull pause web
	hull kill web USR1
	equal "$(cat "$OUT")" up
	hull resume web
	wait_for 5 grep -q caught "$OUT"
}

@test "pause: list shows it" {
	sleeper web
	hull pause web
	matches "$(hull list)" "web +[0-9]+ +paused "
}

@test "pause: is refused when it is paused, stopped or unknown" {
	sleeper web
	hull pause web
	refused hull pause web
	hull resume web
	hull kill web KILL
	wait_for 5 is_status web stopped
	refused hull pause web
	has "$line" "container not running"
	refused hull pause nosuch
	has "$line" "does not exist"
}

@test "resume: is refused when it is not paused, or unknown" {
	sleeper web
	refused hull resume web
	has "$line" "container not paused"
	refused hull resume nosuch
	has "$line" "does not exist"
}

@test "pause: resume is refused when a migration is not over" {
	sleeper web
	hull pause web
	# It may run on another host.
	echo '{}' >"$ROOT/web/migrate.json"
	run -1 --separate-stderr hull resume web
	matches "$stderr" "a migration of container 'web' is not over.*migrate --recover"
	frozen
	rm "$ROOT/web/migrate.json"
	hull resume web
	equal "$(status_of web)" running
}
