load helpers

# What the probe prints of a process: the numbers of <linux/sched.h>: policies OTHER 0, FIFO 1, RR 2,
# BATCH 3, IDLE 5, DEADLINE 6; flags RESET_ON_FORK 1, RECLAIM 2, DL_OVERRUN 4.
sched_of() {
	"$PROBE" sched "$(pid_of "$1")"
}

# scheduler JSON [COMMAND...]: what init of a container with it has, started by COMMAND.
scheduler() {
	config --argjson s "$1" '.process.scheduler = $s'
	shift
	quietly "$@" "$HULL" --root "$ROOT" create web || {
		cat "$ERR"
		return 1
	}
	hull start web
	sched_of web
	nice=$(nice_of "$(pid_of web)")
	hull delete --force web
}

nice_of() {
	cut -d ' ' -f 19 "/proc/$1/stat"
}

setup() {
	common_setup
	args sleep 1000
}

@test "scheduler: each policy, with its priority or nice value (P-36, P-37, P-38)" {
	requires no-v2:cpu # with RT_GROUP_SCHED that controller gives no real-time to any cgroup but the root
	equal "$(scheduler '{"policy": "SCHED_OTHER", "nice": -3}')" "0 0x0 -3 0"
	equal "$(scheduler '{"policy": "SCHED_BATCH", "nice": 7}')" "3 0x0 7 0"
	equal "$(scheduler '{"policy": "SCHED_IDLE"}')" "5 0x0 0 0"
	equal "$(scheduler '{"policy": "SCHED_FIFO", "priority": 42}')" "1 0x0 0 42"
	equal "$(scheduler '{"policy": "SCHED_RR", "priority": 99}')" "2 0x0 0 99"
}

@test "scheduler: nothing is changed without the object" {
	config 'del(.process.scheduler)'
	quietly nice -n 5 chrt -b 0 "$HULL" --root "$ROOT" create web
	equal "$(sched_of web)" "3 0x0 $((5 + $(nice))) 0"
}

@test "scheduler: what is unset is 0, not what the caller has (P-37, P-38)" {
	requires no-v2:cpu # with RT_GROUP_SCHED that controller gives no real-time to any cgroup but the root
	scheduler '{"policy": "SCHED_OTHER"}' nice -n 5
	equal "$nice" 0
	# Of a real-time process sched_getattr(2) does not tell it.
	scheduler '{"policy": "SCHED_FIFO", "priority": 1}' nice -n 5
	equal "$nice" 0
	scheduler '{"policy": "SCHED_FIFO", "priority": 1, "nice": 4}' nice -n 5
	equal "$nice" 4
	equal "$(scheduler '{"policy": "SCHED_OTHER"}' chrt -f 7)" "0 0x0 0 0"
}

@test "scheduler: flags (P-39)" {
	requires no-v2:cpu # with RT_GROUP_SCHED that controller gives no real-time to any cgroup but the root
	equal "$(scheduler '{"policy": "SCHED_RR", "priority": 3, "flags": ["SCHED_FLAG_RESET_ON_FORK"]}')" "2 0x1 0 3"
	equal "$(scheduler '{"policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 5000000, "period": 10000000,
		"flags": ["SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN"]}')" "6 0x6 0 0 1000000 5000000 10000000"
	equal "$(scheduler '{"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_KEEP_POLICY"]}' chrt -b 0)" "3 0x0 0 0"
	equal "$(scheduler '{"policy": "SCHED_OTHER", "nice": 1, "flags": ["SCHED_FLAG_KEEP_PARAMS"]}' nice -n 6)" "0 0x0 $((6 + $(nice))) 0"
}

@test "scheduler: utilization clamps are set, or refused by a kernel that has none (P-39)" {
	for f in MIN MAX; do
		config --arg f "SCHED_FLAG_UTIL_CLAMP_$f" '.process.scheduler = {"policy": "SCHED_OTHER", "flags": [$f]}'
		if grep -q uclamp /proc/self/sched; then
			create web
			has "$(cat "/proc/$(pid_of web)/sched")" "uclamp.${f,,}"
			hull delete --force web
		else
			create_refused web process.scheduler EOPNOTSUPP
		fi
	done
}

@test "scheduler: deadline, of which an unset period is the deadline (P-40)" {
	equal "$(scheduler '{"policy": "SCHED_DEADLINE", "runtime": 2000000, "deadline": 4000000, "period": 8000000}')" \
		"6 0x0 0 0 2000000 4000000 8000000"
	equal "$(scheduler '{"policy": "SCHED_DEADLINE", "runtime": 2000000, "deadline": 4000000}')" "6 0x0 0 0 2000000 4000000 4000000"
}

@test "scheduler: deadline for a caller that may use one CPU only, as init may use all (P-40, P-46)" {
	equal "$(scheduler '{"policy": "SCHED_DEADLINE", "runtime": 2000000, "deadline": 4000000}' taskset -c 0)" \
		"6 0x0 0 0 2000000 4000000 4000000"
}

@test "scheduler: hooks in the container need a deadline process that may fork (P-40)" {
	config '.process.scheduler = {"policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 5000000}
		| .hooks = {"startContainer": [{"path": "/bin/true"}], "createContainer": [{"path": "/bin/true"}]}'
	refused hull run web
	has "$line" 'startContainer hook #0: start a process for the hook'
	has "$line" EAGAIN
	no_trace web
	config '.process.scheduler.flags = ["SCHED_FLAG_RESET_ON_FORK"]'
	args true
	run -0 hull run web
	config 'del(.hooks.startContainer, .process.scheduler.flags)'
	run -0 hull run web
}

@test "scheduler: what makes no sense is refused with the field's name (P-36 to P-40)" {
	each_refused .process.scheduler <<- 'EOT'
	{}	process.scheduler.policy
	{"policy": "SCHED_NORMAL"}	process.scheduler.policy
	{"policy": "SCHED_ISO"}	Linux does not have SCHED_ISO
	{"policy": "SCHED_OTHER", "nice": 20}	process.scheduler.nice
	{"policy": "SCHED_OTHER", "priority": 1}	process.scheduler.priority
	{"policy": "SCHED_FIFO"}	process.scheduler.priority
	{"policy": "SCHED_RR", "priority": 100}	process.scheduler.priority
	{"policy": "SCHED_OTHER", "flags": ["SCHED_FLAG_TEST"]}	process.scheduler.flags[0]
	{"policy": "SCHED_OTHER", "runtime": 1000000}	process.scheduler.runtime
	{"policy": "SCHED_DEADLINE", "runtime": 1000000}	process.scheduler.deadline
	{"policy": "SCHED_DEADLINE", "runtime": 3000000, "deadline": 2000000}	process.scheduler.runtime
	{"policy": "SCHED_DEADLINE", "runtime": 1000000, "deadline": 3000000, "period": 2000000}	process.scheduler.deadline
	{"policy": "SCHED_DEADLINE", "runtime": 10, "deadline": 3000000}	process.scheduler
	EOT
}

@test "scheduler: in a user namespace, without any capability (P-36, P-41)" {
	requires no-v2:cpu # with RT_GROUP_SCHED that controller gives no real-time to any cgroup but the root
	requires userns
	config '.linux.namespaces += [{"type": "user"}] | .process.user = {"uid": 7, "gid": 7} | del(.process.capabilities)
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}] | .linux.gidMappings = .linux.uidMappings
		| .process.ioPriority = {"class": "IOPRIO_CLASS_RT", "priority": 2}'
	chmod 711 "$BUNDLE" "$T"
	config '.process.scheduler = {"policy": "SCHED_FIFO", "priority": 9}'
	create web
	hull start web
	equal "$(sched_of web)" "1 0x0 0 9"
	equal "$(ionice -p "$(pid_of web)")" "realtime: prio 2"
	run -0 hull exec web sh -c 'probe sched 0; ionice -p $$'
	equal "$output" "1 0x0 0 9
realtime: prio 2"
}

@test "scheduler: hull run" {
	requires no-v2:cpu # with RT_GROUP_SCHED that controller gives no real-time to any cgroup but the root
	config '.process.scheduler = {"policy": "SCHED_FIFO", "priority": 9} | .process.ioPriority = {"class": "IOPRIO_CLASS_IDLE", "priority": 0}'
	ok_container 'probe sched 0; ionice -p $$'
	equal "$output" "1 0x0 0 9
idle"
}

@test "scheduler: of exec: the container's, or that of --process (P-36, P-41)" {
	requires no-v2:cpu # with RT_GROUP_SCHED that controller gives no real-time to any cgroup but the root
	config '.process.scheduler = {"policy": "SCHED_RR", "priority": 4} | .process.ioPriority = {"class": "IOPRIO_CLASS_BE", "priority": 6}'
	start_it web
	run -0 hull exec web sh -c 'probe sched 0; ionice -p $$'
	equal "$output" "2 0x0 0 4
best-effort: prio 6"
	echo '{"cwd": "/", "args": ["sh", "-c", "probe sched 0; ionice -p $$"], "env": ["PATH=/bin"], "user": {"uid": 0, "gid": 0}}' > "$T/p.json"
	run -0 hull exec --process "$T/p.json" web
	equal "$output" "2 0x0 0 4
best-effort: prio 6"
	jq '.scheduler = {"policy": "SCHED_BATCH", "nice": 1} | .ioPriority = {"class": "IOPRIO_CLASS_RT", "priority": 0}' "$T/p.json" > "$T/q.json"
	run -0 hull exec --process "$T/q.json" web
	equal "$output" "3 0x0 1 0
realtime: prio 0"
}

@test "scheduler: ioPriority, for children too (P-41)" {
	for row in 'IOPRIO_CLASS_RT 0 realtime: prio 0' 'IOPRIO_CLASS_RT 7 realtime: prio 7' 'IOPRIO_CLASS_BE 3 best-effort: prio 3' \
		'IOPRIO_CLASS_IDLE 0 idle'; do
		read -r class priority want <<< "$row"
		config --arg c "$class" --argjson p "$priority" '.process.ioPriority = {"class": $c, "priority": $p}'
		ok_container 'ionice -p 1; (sh -c '\''ionice -p $$'\'')'
		equal "$output" "$want
$want"
	done
}

@test "scheduler: an odd ioPriority is refused (P-41)" {
	each_refused .process.ioPriority <<- 'EOT'
	{"class": "IOPRIO_CLASS_NONE", "priority": 0}	process.ioPriority.class
	{"priority": 0}	process.ioPriority.class
	{"class": "IOPRIO_CLASS_BE"}	process.ioPriority.priority
	{"class": "IOPRIO_CLASS_BE", "priority": 8}	process.ioPriority.priority
	{"class": "IOPRIO_CLASS_BE", "priority": -1}	process.ioPriority.priority
	EOT
}
