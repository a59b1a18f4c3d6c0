load helpers

@test "delete: removes a stopped container wholly (O-20, Y-12)" {
	args true
	start_it web
	wait_for 5 is_status web stopped
	run -0 --separate-stderr hull delete web
	[[ -z $output && -z $stderr ]]
	[[ ! -e $ROOT/web && ! -e $CGROOT/$CG ]]
	refused hull state web
}

@test "delete: refuses a running container without effect (O-19)" {
	sleeper web
	refused hull delete web
	has "$line" "cannot delete container web that is not stopped: running"
	equal "$(status_of web)" running
}

@test "delete: refuses a paused container" {
	sleeper web
	hull pause web
	refused hull delete web
	has "$line" "that is not stopped: paused"
	equal "$(status_of web)" paused
}

@test "delete: ends and removes a created container, as engines expect (O-19)" {
	create web
	pid=$(pid_of web)
	run -0 hull delete web
	process_gone "$pid"
	no_trace web
}

@test "delete: --force kills a running container, all of it" {
	script 'sleep 1000 & sleep 1000 & echo up; sleep 1000'
	start_it web
	wait_for 5 grep -q up "$OUT"
	run -0 --separate-stderr hull delete --force web
	[[ -z $output && -z $stderr ]]
	no_trace web
}

@test "delete: --force kills a paused container" {
	sleeper web
	hull pause web
	run -0 hull delete -f web
	no_trace web
}

@test "delete: removes cgroups nested and spread as a container likes, and ps sees into them" {
	sleeper web
	dir=$CGROOT/$CG/bundle
	for _ in {1..300}; do
		mkdir "$dir/a" "$dir/b"
		dir+=/a
	done
	sleep 1000 3>&- &
	nested=$!
	echo $nested > "$dir/cgroup.procs"
	run -0 hull ps --format json web
	jq -e "index($nested)" <<< "$output"
	jq -e "index($(pid_of web))" <<< "$output"
	run -0 hull delete --force web
	no_trace web
	[[ ! -e $CGROOT/$CG/bundle ]]
}

@test "delete: --force of an unknown id succeeds in silence (J-12)" {
	run -0 --separate-stderr hull delete --force nosuch
	[[ -z $output && -z $stderr ]]
	mkdir -p "$ROOT"
	run -0 --separate-stderr hull delete --force nosuch
	[[ -z $output && -z $stderr ]]
	rmdir "$ROOT"
}

@test "delete: of an unknown id fails (O-18)" {
	refused hull delete nosuch
	matches "$line" "container .*does not exist"
}

@test "delete: without an id fails (O-18)" {
	run --separate-stderr hull delete
	[[ $status -eq 1 ]]
}

@test "delete: twice fails the second time" {
	create web
	hull delete --force web
	refused hull delete web
	has "$line" "does not exist"
}

@test "delete: ends processes that outlived the first one" {
	config 'del(.linux.namespaces[] | select(.type == "pid"))'
	script 'setsid sleep 1000 & exit 0'
	start_it web
	wait_for 5 is_status web stopped
	hull delete --force web
	no_trace web
}

@test "delete: does not touch what the container did not make" {
	mkdir "$T/vol"
	echo keep > "$T/vol/file"
	config --arg s "$T/vol" '.mounts += [{"destination": "/vol", "source": $s, "type": "none", "options": ["rbind"]}]'
	sleeper web
	hull delete --force web
	equal "$(cat "$T/vol/file")" keep
	[[ -f $BUNDLE/config.json && -x $ROOTFS/bin/busybox ]]
}

@test "delete: works when the bundle is gone" {
	create web
	rm -rf "$BUNDLE"
	cd /
	hull delete --force web
	no_trace web
}

@test "delete: --force removes a state directory without a state file" {
	mkdir -p "$ROOT/odd"
	chmod 700 "$ROOT"
	run -0 hull delete --force odd
	[[ ! -e $ROOT/odd ]]
}

@test "delete: --force removes a state directory with a broken state file" {
	mkdir -p "$ROOT/odd"
	echo '{"id": ' > "$ROOT/odd/state.json"
	run -0 hull delete --force odd
	[[ ! -e $ROOT/odd ]]
}

@test "delete: does not read stdin (J-06)" {
	create web
	echo keep > "$T/in"
	{
		hull delete --force web
		read -r first
	} < "$T/in"
	equal "$first" keep
}

@test "delete: is quick for a running container" {
	args sleep 1000
	start_it web
	start=$(date +%s%N)
	hull delete --force web
	(($(date +%s%N) - start < 2000000000))
}
