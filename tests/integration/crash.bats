load helpers

# after_crash: whatever a killed create left, delete --force removes all of it.
after_crash() {
	run hull state web
	[[ $status -eq 0 ]] && matches "$(jq -r .status <<< "$output")" "^(creating|created|stopped|${1:-stopped})$"
	run -0 --separate-stderr hull delete --force web
	[[ ! -e $ROOT/web ]] || {
		ls -la "$ROOT/web"
		return 1
	}
	wait_for 3 no_marked_pids || {
		echo "left: $(marked_pids)"
		return 1
	}
	wait_for 2 cgroup_gone || {
		find "$CGROOT/$CG"
		return 1
	}
}

# The n-th call of each of these kills hull.
@test "crash: create killed at each of its system calls leaves what delete --force removes" {
	requires strace
	args sleep 1000
	for call in mkdirat openat renameat,renameat2,rename write clone3 sendmsg,sendto recvmsg,recvfrom,read \
		fchmod,fchmodat unlinkat,unlink socket,bind,listen close; do
		n=1
		while :; do
			rc=0
			strace -qq -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$n" \
				"$HULL" --root "$ROOT" create --bundle "$BUNDLE" web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || rc=$?
			[[ $rc -eq 137 ]] || break
			after_crash || {
				echo "killed at $call number $n"
				return 1
			}
			# every call at first, then fewer
			n=$((n < 6 ? n + 1 : n + 1 + n / 4))
			((n < $(rounds 60 4))) || break
		done
		hull delete --force web
	done
}

@test "crash: create killed after random short times leaves what delete --force removes" {
	args sleep 1000
	for ((round = 1; round <= $(rounds 40 8); round++)); do
		"$HULL" --root "$ROOT" create --bundle "$BUNDLE" web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- &
		pid=$!
		# 0 to 12 ms: create takes about as long
		sleep "0.0$(printf %02d $((round % 13)))"
		kill -9 $pid 2> /dev/null || :
		wait $pid 2> /dev/null || :
		after_crash || {
			echo "round $round"
			return 1
		}
	done
}

@test "crash: create with hooks killed in a hook" {
	config --arg t "$T" '.hooks = {"createRuntime": [{"path": "/bin/sh", "args": ["sh", "-c", "touch \($t)/in; exec sleep 1000"]}]}'
	"$HULL" --root "$ROOT" create --bundle "$BUNDLE" web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- &
	pid=$!
	wait_for 5 test -e "$T/in"
	kill -9 $pid
	wait $pid || :
	# The hook is the host's, not the container's: it is ended here.
	for p in $(marked_pids); do
		[[ $(cat "/proc/$p/comm" 2> /dev/null) == sleep ]] && kill -9 "$p"
	done
	after_crash
}

@test "crash: the waiting process ends when create died before it was ready" {
	requires strace
	args sleep 1000
	strace -qq -o /dev/null -e trace=clone3 -e inject=clone3:signal=KILL:when=1 \
		"$HULL" --root "$ROOT" create --bundle "$BUNDLE" web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || :
	wait_for 5 no_marked_pids
	after_crash
}

@test "crash: start killed leaves a container that can be deleted" {
	requires strace
	for call in connect sendmsg,sendto recvmsg,recvfrom,read unlinkat,unlink openat; do
		args sleep 1000
		create web
		strace -qq -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=1" \
			"$HULL" --root "$ROOT" start web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || :
		matches "$(status_of web)" '^(created|running|stopped)$'
		after_crash running
	done
}

@test "crash: delete killed can be done again" {
	requires strace
	for call in unlinkat,unlink,rmdir openat write; do
		for n in $(rounds "1 2 3 5 8" 2); do
			args sleep 1000
			start_it web
			strace -qq -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=$n" \
				"$HULL" --root "$ROOT" delete --force web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || :
			run -0 hull delete --force web
			[[ ! -e $ROOT/web ]]
			wait_for 3 no_marked_pids
			wait_for 2 cgroup_gone
		done
	done
}

@test "crash: run killed leaves a container that can be deleted" {
	args sleep 1000
	attached web
	wait_for 5 is_status web running
	kill -9 $!
	wait $! || :
	after_crash_run() {
		run -0 hull delete --force web
		[[ ! -e $ROOT/web ]]
		wait_for 3 no_marked_pids
	}
	after_crash_run
}

@test "crash: exec killed leaves the container running" {
	requires strace
	sleeper web
	for call in clone3 sendmsg,sendto recvmsg,recvfrom,read setns; do
		strace -qq -o /dev/null -e trace="$call" -e inject="$call:signal=KILL:when=1" \
			"$HULL" --root "$ROOT" exec web true < /dev/null > "$T/o" 2> "$T/e" 3>&- 4>&- || :
		equal "$(status_of web)" running
		run -0 hull exec web true
	done
}

@test "crash: a failing system call in create is an error and leaves nothing" {
	requires strace
	args true
	for call in clone3 mkdirat renameat,renameat2,rename bind listen socketpair; do
		for n in 1 2 3; do
			rc=0
			strace -qq -o /dev/null -e trace="$call" -e inject="$call:error=ENOMEM:when=$n" \
				"$HULL" --root "$ROOT" create --bundle "$BUNDLE" web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || rc=$?
			if [[ $rc -ne 0 ]]; then
				[[ $rc -eq 1 ]]
				no_trace web || {
					echo "ENOMEM at $call number $n"
					return 1
				}
			else
				hull delete --force web
			fi
		done
	done
}

# done_or_created PID: hull's create ended, or the container is there (the tracer stays with it).
done_or_created() {
	! kill -0 "$1" 2> /dev/null || is_status web created
}

@test "crash: a failing system call of the new process in create is an error and leaves nothing" {
	requires strace
	args true
	for call in move_mount fsopen fsmount open_tree mount_setattr pivot_root sethostname mknodat symlinkat \
		capset setresuid setresgid setgroups prctl chdir,fchdir umount2; do
		strace -f -qq -o /dev/null -e trace="$call" -e inject="$call:error=EIO:when=1" \
			"$HULL" --root "$ROOT" create --bundle "$BUNDLE" web < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- &
		tracer=$!
		wait_for 20 done_or_created $tracer
		if kill -0 $tracer 2> /dev/null; then
			hull delete --force web
			wait $tracer || :
			continue
		fi
		rc=0
		wait $tracer || rc=$?
		equal "$call: $rc" "$call: 1"
		one_line
		no_trace web || {
			echo "EIO at $call"
			return 1
		}
	done
}
