load helpers

annotate() { # KEY VALUE
	config --arg k "$1" --arg v "$2" '.annotations[$k] = $v'
}

hook() { # KIND SCRIPT
	config --arg k "$1" --arg s "$2" '.hooks[$k] += [{"path": "/bin/sh", "args": ["sh", "-c", $s]}]'
}

@test "annotations: any key and any text, an empty one too, are in the state and in hooks' state (A-01, A-03, A-04, A-07)" {
	config '.annotations = {"com.example.key": "value", "com.example.empty": "", "x": "\"q\" ü"}'
	hook createRuntime "cat > $T/hook"
	args sleep 1000
	start_it web
	want=$(jq -c .annotations config.json)
	equal "$(hull state web | jq -c .annotations)" "$want"
	equal "$(jq -c .annotations "$T/hook")" "$want"
}

@test "annotations: a value that is no text is refused, as is an empty key (A-01, A-02)" {
	for v in 5 true null '["x"]' '{}'; do
		config --argjson v "$v" '.annotations = {"com.example.key": $v}'
		create_refused web annotations
	done
	config '.annotations = {"": "x"}'
	create_refused web annotations
}

@test "annotations: an object that is absent or empty is no error (A-01)" {
	for change in 'del(.annotations)' '.annotations = {}'; do
		config "$change"
		ok_container "echo fine"
		equal "$output" fine
	done
}

@test "annotations: those of the specification's authors are taken, unknown ones reported" {
	for k in os os.version os.features architecture variant author created stopSignal; do
		annotate "org.opencontainers.image.$k" 9
	done
	annotate org.opencontainers.nosuch x
	annotate run.oci.nosuch x
	args true
	run -0 hull --debug --log "$T/log" run web
	has "$(cat "$T/log")" "annotations.org.opencontainers.nosuch: reserved"
	has "$(cat "$T/log")" "annotations.run.oci.nosuch: unknown"
	hasnt "$(cat "$T/log")" "annotations.org.opencontainers.image"
	run -0 --separate-stderr hull run web
	equal "$stderr" ""
}

@test "annotations: kill without a signal sends the stop signal (A-06)" {
	for s in USR1 SIGUSR1 10; do
		annotate org.opencontainers.image.stopSignal $s
		script 'trap "echo got usr1; exit 0" USR1; trap "echo got term" TERM; echo up; while :; do sleep 0.05; done'
		start_it web
		wait_for 5 grep -q up "$OUT"
		hull kill web
		wait_for 5 grep -q "got usr1" "$OUT"
		wait_for 5 is_status web stopped
		hasnt "$(cat "$OUT")" "got term"
		hull delete web
	done
}

@test "annotations: a signal that is named wins over the stop signal, of which a wrong one is told (A-06)" {
	annotate org.opencontainers.image.stopSignal NOSUCH
	sleeper web
	refused hull kill web
	has "$line" "org.opencontainers.image.stopSignal: 'NOSUCH'"
	hull kill web TERM
	wait_for 5 is_status web stopped
}

@test "annotations: hooks' output is appended to files (A-08)" {
	annotate run.oci.hooks.stdout "$T/hooks.out"
	annotate run.oci.hooks.stderr "$T/hooks.err"
	echo before > "$T/hooks.out"
	for k in prestart createRuntime createContainer startContainer poststart poststop; do
		hook $k "echo out $k; echo err $k >&2"
	done
	args sleep 1000
	start_it web
	equal "$(cat "$T/hooks.out")" "$(printf '%s\n' before "out prestart" "out createRuntime" "out createContainer" \
		"out startContainer" "out poststart")"
	hull delete --force web
	equal "$(tail -n1 "$T/hooks.out")" "out poststop"
	equal "$(cut -d' ' -f1 "$T/hooks.err" | sort | uniq -c | tr -s ' ')" " 6 err"
}

@test "annotations: the program has none of the files of hooks (A-08)" {
	annotate run.oci.hooks.stdout "$T/hooks.out"
	hook startContainer "echo hook"
	args /bin/probe fds
	run -0 hull run web
	hasnt "$output" hooks.out
	equal "$(cat "$T/hooks.out")" hook
}

@test "annotations: a file for hooks that cannot be opened fails the create (A-08)" {
	annotate run.oci.hooks.stderr "$T/nosuch/file"
	for k in createRuntime createContainer; do
		config 'del(.hooks)'
		hook $k true
		create_refused web "annotations.run.oci.hooks.stderr" "$T/nosuch/file"
	done
	# nothing would be written to it
	config 'del(.hooks)'
	ok_container true
}

@test "annotations: groups of the caller are kept (A-08)" {
	config '.process.user.additionalGids = [2000]'
	script 'sleep 1000'
	groups_of() { sed -n 's/^Groups:[[:space:]]*//p' "/proc/$(pid_of web)/status" | tr -d '\n' | sed 's/ $//'; }
	for v in 1 0; do
		annotate run.oci.keep_original_groups $v
		quietly setpriv --groups 4,5 "$HULL" --root "$ROOT" create --bundle "$BUNDLE" web
		hull start web
		want=2000
		[[ $v == 0 ]] || want="4 5"
		equal "$(groups_of)" "$want"
		run -0 setpriv --groups 6,7 "$HULL" --root "$ROOT" exec web sh -c "grep ^Groups /proc/self/status"
		[[ $v == 0 ]] || want="6 7"
		equal "$(tr -s '\t ' ' ' <<< "$output" | sed 's/ $//')" "Groups: $want"
		hull delete --force web
	done
}

@test "annotations: a pidfd goes to the receiver (A-08)" {
	mkdir "$T/d"
	"$PROBE" recvfd "$T/s" "$T/d" 3>&- 4>&- &
	wait_for 5 test -e "$T/d/ready"
	annotate run.oci.pidfd_receiver "$T/s"
	args sleep 1000
	create web
	wait_for 5 test -s "$T/d/pid"
	equal "$(cat "$T/d/pid")" "$(pid_of web)"
	hull delete --force web
	rm "$T/s"
	create_refused web "$T/s"
	refused hull run --bundle "$BUNDLE" web
	has "$line" "$T/s"
}

@test "annotations: an unknown system call can be made an error (S-12, A-08)" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getppid", "nosuchcall"], "action": "SCMP_ACT_ERRNO"}]}'
	annotate run.oci.seccomp_fail_unknown_syscall 0
	ok_container "probe syscall $(nr getppid)"
	equal "$output" "! 1"
	annotate run.oci.seccomp_fail_unknown_syscall 1
	create_refused web "linux.seccomp.syscalls[0].names[1]: 'nosuchcall'"
	config '.linux.seccomp.syscalls[0].names = ["getppid", "socketcall", "_llseek"]' # of 32-bit systems
	ok_container "probe syscall $(nr getppid)"
	equal "$output" "! 1"
}

@test "annotations: what cannot be done without is refused by name (A-08)" {
	for a in run.oci.handler=krun run.oci.handler=wasm run.oci.seccomp.plugins=/x.so run.oci.systemd.force_cgroup_v1=/sys/fs/cgroup/systemd; do
		config 'del(.annotations)'
		annotate "${a%%=*}" "${a#*=}"
		create_refused web "annotations.${a%%=*}" "${a#*=}"
	done
}

@test "annotations: what other runtimes act on is reported (A-08)" {
	config '.annotations = {"krun.cpus": "4", "module.wasm.image/variant": "compat"}'
	args true
	run -0 hull --debug --log "$T/log" run web
	for k in krun.cpus module.wasm.image/variant; do
		has "$(cat "$T/log")" "annotations.$k: no effect"
	done
}

# Instructions of BPF as base64: CODE JT JF K each, of a machine with the low byte first.
bpf() {
	while [[ $# -gt 0 ]]; do
		printf '%b' "$(printf '\\x%02x\\x%02x\\x%02x\\x%02x\\x%02x\\x%02x\\x%02x\\x%02x' $(($1 & 255)) $(($1 >> 8)) "$2" "$3" \
			$(($4 & 255)) $(($4 >> 8 & 255)) $(($4 >> 16 & 255)) $(($4 >> 24)))"
		shift 4
	done | base64 -w0
}

# bpf_for NR VERDICT: the one call, all others allowed.
bpf_for() {
	bpf 0x20 0 0 0 0x15 0 1 "$1" 0x06 0 0 "$2" 0x06 0 0 0x7fff0000
}

@test "annotations: a program of base64 replaces the rules of the profile, for exec as well (A-08)" {
	annotate run.oci.seccomp_bpf_data "$(bpf_for "$(nr personality)" $((0x50000 + 93)))"
	ok_container "probe syscall $(nr personality)"
	equal "$output" "! 93"
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getpgrp", "personality"], "action": "SCMP_ACT_ERRNO", "errnoRet": 5}]}'
	for nnp in true false; do
		config --argjson n $nnp '.process.noNewPrivileges = $n'
		ok_container "probe syscall $(nr personality); probe syscall $(nr getpgrp)"
		equal "${lines[0]}" "! 93"
		differ "${lines[1]}" "! 5"
	done
	args sleep 1000
	start_it web
	run -0 hull exec web probe syscall "$(nr personality)"
	equal "$output" "! 93"
}

@test "annotations: what is no program is refused at create (A-08)" {
	for v in 'not base64!' '' Zm9v Zm9vYmFyYmE= "$(bpf 0x20 0 0 0)"; do
		annotate run.oci.seccomp_bpf_data "$v"
		create_refused web "annotations.run.oci.seccomp_bpf_data"
	done
}

@test "annotations: a program of base64 may notify an agent (A-08)" {
	annotate run.oci.seccomp_bpf_data "$(bpf_for "$(nr personality)" 0x7fc00000)"
	create_refused web listenerPath
	env -u HULL_TEST_MARK "$PROBE" agent "$T/s" "$T" "$(nr personality)=e94" 3>&- 4>&- &
	agent=$!
	wait_for 5 test -e "$T/ready"
	annotate run.oci.seccomp.receiver "$T/s"
	in_container "probe syscall $(nr personality)"
	kill $agent
	equal "$output$stderr" "! 94"
}
