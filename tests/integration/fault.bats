load helpers

# hull-fault is hull with fault points: each step can fail, or kill the process that came to it.

fault_setup() {
	FAULT=$(dirname "$HULL")/hull-fault
	[[ -x $FAULT ]] || skip "needs hull-fault: make hull-fault"
	args sleep 1000
	hook='{path: "/bin/true"}'
	config ".hooks = {prestart: [$hook], createRuntime: [$hook], createContainer: [$hook],
		startContainer: [$hook], poststart: [$hook], poststop: [$hook]}
		| .linux.seccomp = {defaultAction: \"SCMP_ACT_ALLOW\"} | .linux.sysctl = {\"net.ipv4.ip_default_ttl\": \"77\"}
		| .linux.resources.devices = [{allow: false, access: \"rwm\"}]"
}

user_namespace() {
	map='[{containerID: 0, hostID: 100000, size: 1000}]'
	config ".linux.namespaces += [{type: \"user\"}, {type: \"time\"}] | .linux.uidMappings = $map
		| .linux.gidMappings = $map | .linux.timeOffsets = {boottime: {secs: 1000}} | del(.linux.sysctl)
		| .mounts |= map(select(.type != \"cgroup\" and .type != \"sysfs\"))"
}

# Runs hull-fault with a fault; its streams go to files.
faulty() {
	local fault=$1

	shift
	status=0
	HULL_FAULT=$fault timeout 20 "$FAULT" --root "$ROOT" "$@" < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || status=$?
}

# The names of the steps of KIND (create, init, exec) that a command went through, from a debug log.
steps_of() {
	sed -n "s/.*msg=\"$1: \([^\"]*\) ([0-9.]* us)\".*/\1/p" "$T/log" | sort -u
}

# The log of a create and a start without a fault, and of an exec.
trace_steps() {
	rm -f "$T/log"
	"$FAULT" --debug --log "$T/log" --root "$ROOT" create --bundle "$BUNDLE" web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&-
	"$FAULT" --debug --log "$T/log" --root "$ROOT" start web
	"$FAULT" --debug --log "$T/log" --root "$ROOT" exec web true
	hull delete --force web
}

# After a kill: the state can be asked for, and delete --force removes all that is left.
cleaned() {
	run -0 --separate-stderr hull delete --force web
	no_trace web
}

each_step_of_create() {
	local step n=0

	trace_steps
	while read -r step; do
		n=$((n + 1))
		faulty "create:$step" create --bundle "$BUNDLE" web
		if ! { [[ $status -eq 1 ]] && one_line && has "$line" "injected fault at 'create:$step'" && no_trace web; }; then
			echo "create:$step: status $status: $(cat "$ERR")"
			return 1
		fi
		faulty "create:$step=kill" create --bundle "$BUNDLE" web
		if ! { [[ $status -eq 137 ]] && cleaned; }; then
			echo "create:$step=kill: status $status: $(cat "$ERR")"
			return 1
		fi
	done < <(steps_of create)
	[[ $n -ge $1 ]]
}

each_step_of_init() {
	local step n=0

	trace_steps
	while read -r step; do
		n=$((n + 1))
		case $step in wait | "start hooks") continue ;; esac
		faulty "init:$step" create --bundle "$BUNDLE" web
		if ! { [[ $status -eq 1 ]] && one_line && has "$line" "injected fault at 'init:$step'" && no_trace web; }; then
			echo "init:$step: status $status: $(cat "$ERR")"
			return 1
		fi
		faulty "init:$step=kill" create --bundle "$BUNDLE" web
		if ! { [[ $status -eq 1 ]] && one_line && no_trace web; }; then
			echo "init:$step=kill: status $status: $(cat "$ERR")"
			return 1
		fi
	done < <(steps_of init)
	[[ $n -ge $1 ]]
}

@test "fault: create undoes itself at each of its steps, and is removed when killed at one (B-15)" {
	fault_setup
	each_step_of_create 15
}

@test "fault: each step of init" {
	fault_setup
	each_step_of_init 20
}

@test "fault: each step of create with a user namespace" {
	requires userns
	fault_setup
	user_namespace
	each_step_of_create 15
}

@test "fault: each step of init with a user namespace" {
	requires userns
	fault_setup
	user_namespace
	each_step_of_init 20
}

@test "fault: a program that cannot be executed leaves a stopped container" {
	fault_setup
	for fault in "init:exec" "init:exec=kill"; do
		faulty "$fault" create --bundle "$BUNDLE" web
		equal "$status" 0
		run hull start web
		[[ $fault == *=kill || $status -eq 1 ]]
		wait_for 5 is_status web stopped
		run -0 hull delete web
		no_trace web
	done
}

@test "fault: run undoes itself when the program cannot be executed" {
	fault_setup
	for fault in "init:exec" "init:wait" "init:ready=kill" "create:ready"; do
		faulty "$fault" run --bundle "$BUNDLE" web
		equal "$status" 1
		one_line
		no_trace web
	done
}

@test "fault: exec leaves no process and no pid file" {
	fault_setup
	trace_steps
	start_it web
	pids=$(hull ps --format json web)
	n=0
	while read -r step; do
		n=$((n + 1))
		for kill in "" =kill; do
			# The channel's end says nothing of why: a program may be killed as soon.
			[[ $step =~ ^(wait|exec)$ && -n $kill ]] && continue
			faulty "exec:$step$kill" exec --pid-file "$T/pid" web sleep 1000
			if ! { [[ $status -eq 255 && ! -e $T/pid ]] && one_line; }; then
				echo "exec:$step$kill: status $status: $(cat "$ERR")"
				return 1
			fi
			equal "$(hull ps --format json web)" "$pids"
		done
	done < <(steps_of exec; echo exec)
	[[ $n -ge 8 ]]
	equal "$(status_of web)" running
}
