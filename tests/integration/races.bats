load helpers

# Commands that meet each other.

@test "races: a container of an attached run can be paused, resumed and deleted" {
	args sleep 1000
	attached web
	pid=$!
	wait_for 5 is_status web running
	timeout 5 "$HULL" --root "$ROOT" pause web
	timeout 5 "$HULL" --root "$ROOT" resume web
	timeout 5 "$HULL" --root "$ROOT" delete --force web
	status=0
	wait $pid || status=$?
	equal "$status" 137
	equal "$(cat "$ERR")" ""
	no_trace web
}

@test "races: poststop hooks run once, after a failed hook of a run, too (H-18)" {
	for list in startContainer poststart; do
		config --arg f "$T/$list" ".hooks = {createRuntime: [{path: \"/bin/true\"}],
			$list: [{path: \"/bin/false\"}],
			poststop: [{path: \"/bin/sh\", args: [\"sh\", \"-c\", \"echo once >> \(\$f)\"]}]}"
		args sleep 1000
		refused hull run web
		has "$line" "$list hook #0"
		no_trace web
		equal "$(cat "$T/$list")" once
	done
}

@test "races: the second of two deletes finds nothing, and spares a new container of that id" {
	create web
	# the lock is ours: the delete waits
	exec 7< "$ROOT/web"
	flock 7
	"$HULL" --root "$ROOT" delete --force web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- 7>&- &
	pid=$!
	sleep 0.3
	mv "$ROOT/web" "$ROOT/old"
	mkdir "$ROOT/web"
	cp "$ROOT"/old/*.json "$ROOT/web/"
	exec 7>&-
	wait $pid
	[[ -e $ROOT/web/state.json ]]
	rm -rf "$ROOT/web"
	mv "$ROOT/old" "$ROOT/web"
	equal "$(status_of web)" created
}

@test "races: state never calls a container stopped that is being created" {
	args sleep 1000
	for i in {1..8}; do
		create web &
		pid=$!
		while kill -0 $pid 2> /dev/null; do
			status=$(status_of web 2> /dev/null) || continue
			matches "$status" '^(creating|created)?$'
		done
		wait $pid
		hull delete --force web
	done
}
