load helpers

@test "list: shows nothing but the header when there is nothing" {
	mkdir -p "$ROOT"
	run -0 --separate-stderr hull list
	matches "$output" '^ID +PID +STATUS +BUNDLE +CREATED +OWNER *$'
	run -0 --separate-stderr hull list --quiet
	equal "$output" ""
	run -0 --separate-stderr hull list --format json
	equal "$output" "[]"
	[[ -z $stderr ]]
	rmdir "$ROOT"
}

@test "list: has a row of id, pid, status, bundle, time and owner for each container" {
	create one
	bundle b2
	args sleep 1000
	start_it two
	run -0 --separate-stderr hull list
	equal "${#lines[@]}" 3
	read -r id pid status bundle created owner <<< "${lines[1]}"
	equal "$id $pid $status $bundle $owner" "one $(pid_of one) created $T/bundle root"
	equal "$created" "$(hull state one | jq -r .created)"
	read -r id pid status bundle created owner <<< "${lines[2]}"
	equal "$id $pid $status $bundle $owner" "two $(pid_of two) running $T/b2 root"
}

@test "list: columns are aligned" {
	create a
	bundle b2
	create a-much-longer-name-than-the-other
	run -0 hull list
	at=${lines[0]%%PID*}
	for l in "${lines[@]:1}"; do
		matches "${l:${#at}:6}" '^[0-9]+'
		equal "${l:${#at}-1:1}" " "
	done
}

@test "list: --quiet prints ids only" {
	create one
	bundle b2
	create two
	run -0 hull list --quiet
	equal "$output" "one
two"
	run -0 hull list -q
	equal "$output" "one
two"
}

@test "list: --format json is an array of states on one line" {
	config '.annotations = {"k": "v"}'
	create one
	run -0 --separate-stderr hull list --format json
	equal "${#lines[@]}" 1
	equal "$(jq -r '.[0] | .id, .status, .bundle, .annotations.k, .owner' <<< "$output")" "one
created
$BUNDLE
v
root"
	equal "$(jq '.[0].pid' <<< "$output")" "$(pid_of one)"
	run -0 hull list -f json
	equal "$(jq length <<< "$output")" 1
}

@test "list: shows a stopped container with pid 0" {
	args true
	start_it one
	wait_for 5 is_status one stopped
	run -0 hull list
	matches "${lines[1]}" '^one +0 +stopped '
}

@test "list: tells created, running, paused and stopped as state does" {
	local id

	create created
	bundle b2
	sleeper running
	# what a killed start leaves behind is no sign of a created container
	: > "$ROOT/running/start.sock"
	bundle b3
	sleeper paused
	hull pause paused
	bundle b4
	args true
	start_it stopped
	wait_for 5 is_status stopped stopped
	run -0 --separate-stderr hull list --format json
	equal "$(jq -r '.[] | .id + " " + .status' <<< "$output")" "created created
paused paused
running running
stopped stopped"
	for id in created running paused stopped; do
		equal "$(jq -cS --arg id "$id" '.[] | select(.id == $id) | .owner = ""' <<< "$output")" \
			"$(hull state "$id" | jq -cS '.owner = ""')"
	done
}

@test "list: a pid that is somebody else's by now is none of the container's" {
	sleeper web
	cp "$ROOT/web/state.json" "$T/state.json"
	jq -c '.starttime += 1' "$T/state.json" > "$ROOT/web/state.json"
	run -0 hull list
	matches "${lines[1]}" '^web +0 +stopped '
	cp "$T/state.json" "$ROOT/web/state.json"
}

@test "list: refuses an unknown format" {
	mkdir -p "$ROOT"
	run --separate-stderr hull list --format yaml
	[[ $status -eq 1 ]]
	has "$stderr" yaml
	rmdir "$ROOT"
}

@test "list: goes on past a broken container" {
	create good
	mkdir "$ROOT/broken"
	echo '{' > "$ROOT/broken/state.json"
	run --separate-stderr hull list
	has "$output" good
	has "$stderr" broken
	rm -r "$ROOT/broken"
}

@test "list: a missing root that was asked for is an error" {
	refused "$HULL" --root "$T/nosuch" list
	has "$line" nosuch
}
