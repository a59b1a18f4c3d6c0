# The life of a container that was saved and restored: it is one like others.
load helpers

cgroup_procs() {
	cat "$CGROOT/$CG/$(basename "$BUNDLE")/cgroup.procs"
}

@test "life: checkpoint ends the container, restore brings it up with the same id" {
	local before

	work mem:4 processes:3
	up web
	before=$(pid_of web)
	save web
	is_gone web
	process_gone "$before"
	[[ -e $IMAGES/inventory.img && -e $IMAGES/descriptors.json && -e $T/work/dump.log ]]
	back web
	is_status web running
	checked web
}

@test "life: under another id and from another bundle" {
	work mem:4
	up web
	save web
	back other
	checked other
	equal "$(hull list -q)" other
}

@test "life: twice, and three times" {
	work mem:4 processes:3 clocks dirty
	up web
	for _ in 1 2 3; do
		save web
		is_gone web
		back web
		checked web
		rm -rf "$IMAGES"
	done
}

@test "life: --leave-running: it runs on, and what was saved is of then" {
	work mem:4 dirty
	up web
	pid=$(pid_of web)
	save web --leave-running
	equal "$(pid_of web)" "$pid"
	is_status web running
	checked web
	hull delete --force web
	is_gone web
	back web
	checked web
}

@test "life: all processes are in the container's cgroup, which has its limits and is not frozen" {
	work processes:5
	up web
	save web
	back web
	equal "$(cgroup_procs | wc -l)" 6
	has "$(cgroup_procs)" "$(pid_of web)"
	has "$(cat "$CGROOT/$CG/bundle/cgroup.events")" "frozen 0"
	equal "$(cut -d: -f3 "/proc/$(pid_of web)/cgroup" | tail -n1)" "/$CG/bundle"
}

@test "life: another cgroup than before, when the bundle says so" {
	work processes:5
	up web
	save web
	config --arg c "/$CG/elsewhere" '.linux.cgroupsPath = $c'
	SEVERAL=1
	back web
	equal "$(wc -l < "$CGROOT/$CG/elsewhere/cgroup.procs")" 6
	checked web
}

@test "life: exec joins its namespaces, and the clock is the container's" {
	local inside before

	work mem:1
	up web
	before=$(hull exec web probe clock monotonic)
	save web
	sleep 3
	back web
	equal "$(hull exec web sh -c 'echo $(hostname) $(ls -d /data)')" "hulltest /data"
	equal "$(hull exec web readlink /proc/1/exe)" /bin/workload
	# Its clock stood still meanwhile, and exec's is the same one.
	inside=$(hull exec web probe clock monotonic)
	((inside >= before && inside < before + 60))
	equal "$(hull exec web readlink /proc/self/ns/time)" "$(readlink "/proc/$(pid_of web)/ns/time")"
}

@test "life: state, list, ps and events know a restored container" {
	work processes:3
	up web
	save web
	back web
	equal "$(hull state web | jq -r '.id + " " + .status + " " + .bundle')" "web running $BUNDLE"
	equal "$(hull state web | jq -r .pid)" "$(cgroup_procs | sort -n | head -n1)"
	equal "$(hull list --format json | jq -r '.[].id')" web
	equal "$(hull ps --format json web | jq length)" 4
	hull events --stats web > "$T/stats"
	jq -e .data "$T/stats" > /dev/null
}

@test "life: pause, resume, update, kill, delete" {
	work processes:3
	up web
	save web
	back web
	hull pause web
	is_status web paused
	has "$(cat "$CGROOT/$CG/bundle/cgroup.events")" "frozen 1"
	hull resume web
	checked web
	echo '{"unified": {"cgroup.max.depth": "7"}}' | hull update -r - web
	equal "$(cat "$CGROOT/$CG/bundle/cgroup.max.depth")" 7
	hull kill web TERM
	wait_for 20 is_status web stopped
	hull delete web
	no_trace web
}

@test "life: a paused container is saved, and restored running" {
	work mem:4
	up web
	hull pause web
	save web
	back web
	is_status web running
	checked web
}

@test "life: delete --force of a restored container" {
	work processes:10
	up web
	save web
	back web
	hull delete --force web
	no_trace web
}

@test "life: the pid file has the pid of the restored program" {
	work mem:1
	up web
	save web
	back web --pid-file "$T/pid"
	equal "$(cat "$T/pid")" "$(pid_of web)"
	equal "$(readlink "/proc/$(cat "$T/pid")/root")" /
	equal "$(tr '\0' ' ' < "/proc/$(cat "$T/pid")/cmdline")" "/bin/workload mem:1 "
}

@test "life: restore runs the hooks, with the state of the container" {
	local kind hooks

	work mem:1
	up web
	save web
	hooks='{}'
	for kind in prestart createRuntime poststart poststop; do
		hooks=$(jq -c --arg k "$kind" --arg out "$T/$kind" \
			'.[$k] = [{path: "/bin/sh", args: ["sh", "-c", "cat > \($out)"]}]' <<< "$hooks")
	done
	config --argjson h "$hooks" '.hooks = $h'
	back web
	for kind in prestart createRuntime poststart; do
		equal "$(jq -r .id "$T/$kind")" web
		equal "$(jq -r .pid "$T/$kind")" "$(pid_of web)"
	done
	[[ ! -e $T/poststop ]]
	checked web
	hull delete --force web
	equal "$(jq -r .id "$T/poststop")" web
}

@test "life: a hook that fails undoes the restore" {
	work mem:1
	up web
	save web
	config '.hooks.createRuntime = [{path: "/bin/false"}]'
	refused_ckpt restore -d --image-path "$IMAGES" --work-path "$T/work" web
	has "$line" createRuntime
	no_trace web
}

@test "life: checkpoint runs the poststop hooks, and does not when it is left running" {
	work mem:1
	config --arg c "echo stopped >> $T/hook" '.hooks.poststop = [{path: "/bin/sh", args: ["sh", "-c", $c]}]'
	up web
	save web --leave-running
	[[ ! -e $T/hook ]]
	save web
	equal "$(cat "$T/hook")" stopped
}

@test "life: what exec started is no child of the container's program: it is not saved, and --debug says so" {
	work mem:1
	up web
	hull exec -d --pid-file "$T/exec" web sleep 1000 < /dev/null > /dev/null 2>&1 3>&- 4>&-
	apart --debug checkpoint --image-path "$IMAGES" --work-path "$T/work" web
	has "$(cat "$T/log")" "process $(cat "$T/exec") was started by exec: it is not saved"
	is_gone web
	back web
	hasnt "$(hull exec web ps)" "sleep 1000"
	checked web
}
