load helpers

# SCMP_ACT_NOTIFY: the agent is `probe agent`, outside; what it was sent and what it saw lie in $A.

setup() {
	common_setup
	A=$T/agent
	S=$T/agent.sock
	AGENT=
	mkdir "$A"
}

teardown() {
	[[ -z $AGENT ]] || kill -9 "$AGENT" 2> /dev/null || :
	common_teardown
}

# agent [WORD...]: starts it at $S; see probe.c for the words.
agent() {
	rm -rf "$A" "$S"
	mkdir "$A"
	# not one of the processes that must be gone after a failed create
	env -u HULL_TEST_MARK "$PROBE" agent "$S" "$A" "$@" 3>&- 4>&- &
	AGENT=$!
	wait_for 5 test -e "$A/ready"
}

# notify NAME... : these calls are notified, all others allowed.
notify() {
	config --arg s "$S" '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": $s, "listenerMetadata": "some {data}",
		"syscalls": [{"names": $ARGS.positional, "action": "SCMP_ACT_NOTIFY"}]}' --args "$@"
}

# How often the agent of connection $1 saw call number $2.
seen() {
	grep -c "^$1 $2 " "$A/log" 2> /dev/null || :
}

count_of() { # what ls finds
	find "$A" -name "$1" | wc -l
}

# field N FILTER: of the state that connection N brought.
field() {
	wait_for 5 test -e "$A/$1.done" && jq -r "$2" "$A/$1.json"
}

@test "listener: create and start: the agent answers the program's calls (S-14, S-24, S-27)" {
	agent "$(nr personality)=e93" "$(nr getpgrp)=v4711"
	notify personality getpgrp
	for nnp in true false; do
		config --argjson n $nnp '.process.noNewPrivileges = $n'
		script "probe syscall $(nr personality); probe syscall $(nr getpgrp); probe syscall $(nr getpriority) 0 0; sleep 1000"
		create web
		# nothing is sent before the filter is in force
		equal "$(count_of '*.json')" "$([[ $nnp == true ]] && echo 0 || echo 1)"
		hull start web
		wait_for 5 grep -q "= 20" "$OUT"
		equal "$(cat "$OUT")" "$(printf '%s\n' '! 93' '= 4711' '= 20')"
		hull delete --force web
	done
	equal "$(seen 0 "$(nr personality)") $(seen 0 "$(nr getpgrp)") $(seen 1 "$(nr personality)")" "1 1 1"
	# what hull itself does to wait for the agent is not the agent's to see
	equal "$(cut -d' ' -f2 "$A/log" | sort -u | wc -l)" 2
}

@test "listener: the state that the agent gets (S-25 to S-32)" {
	agent
	notify personality
	config '.annotations = {"com.example.key": "value"}'
	script 'sleep 1000'
	create web
	pid=$(pid_of web)
	hull start web
	equal "$(field 0 'keys_unsorted | sort | join(" ")')" "fds metadata ociVersion pid state"
	equal "$(field 0 .ociVersion)" 1.3.0
	equal "$(field 0 '.fds | tojson')" '["seccompFd"]'
	equal "$(field 0 .pid)" "$pid"
	equal "$(field 0 .metadata)" "some {data}"
	equal "$(field 0 '.state | tojson')" "$(jq -nc --arg b "$BUNDLE" --argjson p "$pid" \
		'{ociVersion: "1.3.0", id: "web", status: "created", pid: $p, bundle: $b, annotations: {"com.example.key": "value"}}')"
	# one descriptor, with the first message
	equal "$(cat "$A/0.fds")" "1 "
	equal "$(count_of '*.done')" 1
}

@test "listener: without metadata there is none in the state (S-31)" {
	agent
	notify personality
	config 'del(.linux.seccomp.listenerMetadata)'
	ok_container true
	equal "$(field 0 'has("metadata")')" false
}

@test "listener: run, attached and detached (S-24, S-27)" {
	agent "$(nr personality)=e93"
	notify personality
	for nnp in true false; do
		config --argjson n $nnp '.process.noNewPrivileges = $n'
		ok_container "probe syscall $(nr personality)"
		equal "$output" "! 93"
	done
	equal "$(field 1 .state.status)" created
	script "probe syscall $(nr personality); sleep 1000"
	quietly hull run --detach --pid-file "$T/pid" web
	wait_for 5 grep -q "! 93" "$OUT"
	equal "$(field 2 .pid)" "$(cat "$T/pid")"
}

@test "listener: exec has a listener of its own, in a state of its own (S-25, S-30, S-32)" {
	agent "$(nr personality)=e93"
	notify personality
	args sleep 1000
	start_it web
	for nnp in true false; do
		n=$([[ $nnp == true ]] && echo 1 || echo 3)
		jq --argjson n $nnp '.process | .noNewPrivileges = $n | .args = ["probe", "syscall", "'"$(nr personality)"'"]' config.json > "$T/p.json"
		run -0 --separate-stderr hull exec --process "$T/p.json" web
		equal "$output$stderr" "! 93"
		equal "$(field "$n" .state.status)" running
		equal "$(field "$n" .state.pid)" "$(pid_of web)"
		equal "$(seen "$n" "$(nr personality)")" 1
		jq '.args = ["sleep", "1000"]' "$T/p.json" > "$T/q.json"
		quietly hull exec -d --process "$T/q.json" --pid-file "$T/pid" web
		equal "$(field "$((n + 1))" .pid)" "$(cat "$T/pid")"
	done
	equal "$(cat "$A"/*.fds)" "1 1 1 1 1 "
}

@test "listener: several containers, one agent" {
	agent "$(nr personality)=e93"
	for c in a b c; do
		bundle $c
		notify personality
		script "probe syscall $(nr personality); sleep 1000"
		quietly hull run --detach $c
		wait_for 5 grep -q "! 93" "$OUT"
	done
	equal "$(for n in 0 1 2; do field $n .state.id; done | tr '\n' ' ')" "a b c "
}

@test "listener: an agent that reads byte by byte gets it all, the descriptor first (S-26)" {
	agent step=1 "$(nr personality)=e93"
	notify personality
	ok_container "probe syscall $(nr personality)"
	equal "$output" "! 93"
	equal "$(field 0 .state.id)" "c$BATS_TEST_NUMBER"
	matches "$(cat "$A/0.fds")" '^1 (0 )+$'
}

@test "listener: a state larger than any socket's buffer (S-26)" {
	agent "$(nr personality)=e93"
	notify personality
	head -c 1000000 /dev/zero | tr '\0' x > "$T/big"
	config --rawfile b "$T/big" '.annotations.big = $b'
	ok_container "probe syscall $(nr personality)"
	equal "$output" "! 93"
	equal "$(field 0 '.state.annotations.big | length')" 1000000
	matches "$(cat "$A/0.fds")" '^1 (0 )+$'
}

@test "listener: every call may be notified, write and capset too, or all by default (S-33)" {
	agent "$(nr personality)=e93"
	for nnp in true false; do
		for action in SCMP_ACT_ALLOW SCMP_ACT_NOTIFY; do
			notify read write sendmsg recvmsg close execve capset exit_group futex seccomp personality
			config --argjson n $nnp --arg a $action '.process.noNewPrivileges = $n | .linux.seccomp.defaultAction = $a'
			script "echo fine; probe syscall $(nr personality)"
			run -0 --separate-stderr timeout 20 "$HULL" --root "$ROOT" run web
			equal "$output$stderr" $'fine\n! 93'
			create web
			timeout 20 "$HULL" --root "$ROOT" start web
			wait_for 5 grep -q "! 93" "$OUT"
			hull delete --force web
		done
	done
	# its own call to wait for the agent never shows
	equal "$(cut -d' ' -f2 "$A/log" | grep -cxF "$(nr seccomp)" || :)" 0
}

@test "listener: the program runs only once the agent has the listener (S-24)" {
	agent
	notify personality
	config --arg s "$T" '.mounts += [{"destination": "/log", "source": $s, "options": ["bind"]}]'
	head -c 1000000 /dev/zero | tr '\0' x > "$T/big"
	config --rawfile b "$T/big" '.annotations.big = $b'
	script 'echo > /log/ran; sleep 1000'
	create web
	kill -STOP $AGENT
	beside "$HULL" --root "$ROOT" start web
	sleep 0.5
	[[ ! -e $T/ran ]]
	kill -CONT $AGENT
	equal "$(beside_status)" 0
	wait_for 5 test -e "$T/ran"
}

@test "listener: start without an agent leaves the container as it is (S-24)" {
	agent
	notify personality
	args sleep 1000
	create web
	kill -9 $AGENT
	wait $AGENT || :
	# nobody listens any more: start fails, and may be tried again
	refused hull start web
	has "$line" "failed to connect with seccomp agent '$S'"
	has "$line" ECONNREFUSED
	equal "$(status_of web)" created
	agent
	hull start web
	equal "$(status_of web)" running
	equal "$(count_of '*.done')" 1
}

@test "listener: without an agent nothing is run and nothing left (S-24)" {
	notify personality
	create_refused web "$S" ENOENT
	refused hull run web
	no_trace web
	echo > "$S"
	create_refused web "$S" "not a socket"
	rm "$S"
	agent
	kill -9 $AGENT
	wait $AGENT || :
	script 'echo ran'
	refused hull run web
	has "$line" "$S"
	no_trace web
	# exec: the container goes on
	agent
	args sleep 1000
	start_it web
	kill -9 $AGENT
	wait $AGENT || :
	fails 255 hull exec web echo ran
	has "$line" "$S"
	equal "$(status_of web)" running
}

@test "listener: an agent that never accepts does not hang anybody (S-24, S-33)" {
	agent deaf
	notify personality
	script 'echo fine; sleep 1000'
	# the state waits in the queue of the agent, who has the listener that way
	create web
	timeout 20 "$HULL" --root "$ROOT" start web
	wait_for 5 grep -q fine "$OUT"
}

@test "listener: an agent that does not let the program begin makes start fail (S-33)" {
	agent mute
	notify execve
	script 'echo ran'
	create web
	SECONDS=0
	refused timeout 40 "$HULL" --root "$ROOT" start web
	has "$line" "does not answer"
	((SECONDS >= 9 && SECONDS < 30))
	wait_for 5 is_status web stopped
	hull delete web
}

@test "listener: an agent that dies leaves ENOSYS (S-33)" {
	agent mortal
	notify personality
	script "sleep 0.3; probe syscall $(nr personality); sleep 1000"
	create web
	hull start web
	wait_for 5 grep -q '!' "$OUT"
	equal "$(cat "$OUT")" "! 38"
	wait $AGENT
}

@test "listener: why the program cannot be executed is told, whatever is notified (S-33)" {
	agent "$(nr sendmsg)=e1" "$(nr exit_group)=e1"
	notify write sendmsg exit_group exit execve
	config '.linux.seccomp.defaultAction = "SCMP_ACT_NOTIFY"'
	printf '#!/nosuch/interpreter\n' > "$ROOTFS/bin/bad"
	chmod +x "$ROOTFS/bin/bad"
	args /bin/bad
	refused timeout 20 "$HULL" --root "$ROOT" run web
	has "$line" "/bin/bad"
	has "$line" ENOENT
	no_trace web
	agent "$(nr execve)=e13" "$(nr sendmsg)=e1"
	args true
	refused timeout 20 "$HULL" --root "$ROOT" run web
	has "$line" EACCES
	no_trace web
}

@test "listener: so is that a filter around hull refuses to wait for the agent (S-33)" {
	agent
	notify personality
	args true
	refused timeout 20 "$PROBE" unfenced "$HULL" --root "$ROOT" run web
	has "$line" "wait until the seccomp agent has the listener"
	has "$line" EACCES
	no_trace web
}

@test "listener: start that is killed between leaves no process waiting (S-33)" {
	agent mute
	notify execve
	args sleep 1000
	create web
	beside "$HULL" --root "$ROOT" start web
	wait_for 5 grep -q . "$A/log"
	beside_kill KILL
	wait_for 5 is_status web stopped
	hull delete web
}

@test "listener: the program has no listener and no second thread" {
	agent
	notify personality
	script 'ls -l /proc/self/fd /proc/1/fd | grep -i seccomp; grep Threads: /proc/1/status; ls /proc/1/task; grep Seccomp: /proc/self/status'
	run -0 --separate-stderr hull run web
	equal "$output" "$(printf 'Threads:\t1\n1\nSeccomp:\t2')"
}

@test "listener: limits that leave no room for two are told (S-33)" {
	agent
	notify personality
	config '.process.user = {"uid": 65432, "gid": 65432} | .process.rlimits += [{"type": "RLIMIT_NPROC", "soft": 1, "hard": 1}]'
	args /bin/true
	refused hull run web
	has "$line" EAGAIN
	no_trace web
}

@test "listener: a path of more than 108 bytes (S-24)" {
	long=$T/$(printf 'd%.0s' {1..120})
	mkdir "$long"
	S=$long/agent.sock
	agent "$(nr personality)=e93"
	notify personality
	ok_container "probe syscall $(nr personality)"
	equal "$output" "! 93"
}

@test "listener: a path without NOTIFY is ignored, NOTIFY without a path refused (S-08)" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": "/nosuch/socket"}'
	ok_container 'echo fine'
	equal "$output" fine
	notify personality
	config 'del(.linux.seccomp.listenerPath, .linux.seccomp.listenerMetadata)'
	create_refused web "linux.seccomp.listenerPath" SCMP_ACT_NOTIFY
	config '.linux.seccomp.listenerPath = "relative/socket"'
	create_refused web "relative/socket" absolute
}

@test "listener: annotation and variable name the agent where the profile does not (A-08)" {
	agent "$(nr personality)=e93"
	notify personality
	config 'del(.linux.seccomp.listenerPath, .linux.seccomp.listenerMetadata)'
	RUN_OCI_SECCOMP_RECEIVER=$S ok_container "probe syscall $(nr personality)"
	equal "$output" "! 93"
	config --arg s "$S" '.annotations = {"run.oci.seccomp.receiver": $s}'
	RUN_OCI_SECCOMP_RECEIVER=/nosuch ok_container "probe syscall $(nr personality)"
	equal "$output" "! 93"
	# the profile wins
	config '.linux.seccomp.listenerPath = "/nosuch/socket"'
	create_refused web /nosuch/socket
}

@test "listener: flags go with it (S-06)" {
	requires strace
	agent "$(nr personality)=e93"
	notify personality
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_TSYNC"]'
	script "probe syscall $(nr personality)"
	run -0 --separate-stderr strace -f -q -e trace=seccomp -o "$T/trace" "$HULL" --root "$ROOT" run web
	equal "$output" "! 93"
	flags=$(sed -n 's/.*SECCOMP_SET_MODE_FILTER, \([^,]*\), {len.*/\1/p' "$T/trace")
	for f in NEW_LISTENER LOG; do
		has "$flags" $f
	done
	matches "$flags" 'WAIT_KILLABLE_RECV|0x20'
}

@test "listener: in a user namespace (S-24)" {
	requires userns
	agent "$(nr personality)=e93"
	notify personality
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]'
	chmod 755 "$T" "$BUNDLE"
	for nnp in true false; do
		config --argjson n $nnp '.process.noNewPrivileges = $n'
		ok_container "probe syscall $(nr personality)"
		equal "$output" "! 93"
	done
}
