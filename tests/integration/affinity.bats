load helpers

cpus_of() {
	sed -n 's/^Cpus_allowed_list:\t//p' "/proc/$1/status"
}

# All that the kernel would give here.
all_cpus() {
	taskset 0xffffffffffffffff sed -n 's/^Cpus_allowed_list:\t//p' /proc/self/status
}

setup() {
	common_setup
	args sleep 1000
}

show='sed -n "s/^Cpus_allowed_list:.//p" /proc/self/status'

@test "affinity: a caller's does not come along, neither to init nor to exec (P-45, P-46)" {
	requires cpus:2
	quietly taskset -c 1 "$HULL" --root "$ROOT" create web
	equal "$(cpus_of "$(pid_of web)")" "$(all_cpus)"
	run -0 taskset -c 1 "$HULL" --root "$ROOT" exec web sh -c "$show"
	equal "$output" "$(all_cpus)"
	hull delete --force web
	config '.process.execCPUAffinity = {"initial": "", "final": ""}'
	script "$show"
	run -0 taskset -c 1 "$HULL" --root "$ROOT" run web
	equal "$output" "$(all_cpus)"
}

# The container web, and an exec into it: hull's pid is in $T/beside.pid, the program's in $T/pid.
exec_beside() {
	start_it web
	beside "$HULL" --root "$ROOT" exec --pid-file "$T/pid" web sleep 1000
	wait_for 5 test -s "$T/pid"
}

@test "affinity: exec starts on the initial CPUs and ends on the final ones, init on all (P-42, P-43, P-44)" {
	requires cpus:2
	config '.process.execCPUAffinity = {"initial": "0", "final": "1"}'
	exec_beside
	equal "$(cpus_of "$(cat "$T/beside.pid")")" 0
	equal "$(cpus_of "$(cat "$T/pid")")" 1
	equal "$(cpus_of "$(pid_of web)")" "$(all_cpus)"
	kill "$(cat "$T/pid")"
	beside_status
}

@test "affinity: without final CPUs exec gets what the cpuset allows (P-43, P-45)" {
	requires cpus:2
	config '.process.execCPUAffinity = {"initial": "1"}'
	exec_beside
	equal "$(cpus_of "$(cat "$T/beside.pid")")" 1
	equal "$(cpus_of "$(cat "$T/pid")")" "$(all_cpus)"
	kill "$(cat "$T/pid")"
	beside_status
}

@test "affinity: exec --process has its own, or else the container's (P-42, P-44)" {
	requires cpus:2
	config '.process.execCPUAffinity = {"final": "1"}'
	start_it web
	jq -n --arg s "$show" '{"cwd": "/", "args": ["/bin/sh", "-c", $s], "env": ["PATH=/bin"]}' > "$T/p.json"
	run -0 hull exec --process "$T/p.json" web
	equal "$output" 1
	jq '.execCPUAffinity = {"final": " 0 ,"}' "$T/p.json" > "$T/q.json"
	run -0 hull exec --process "$T/q.json" web
	equal "$output" 0
}

@test "affinity: odd lists are refused when the config is read (P-43, P-44)" {
	for list in x 1- -1 3-1 0,1x 0-1-2 ',' ' ' 8192 99999999999999999999 0x1; do
		config --arg l "$list" '.process.execCPUAffinity = {"initial": $l}'
		create_refused web process.execCPUAffinity.initial
		config --arg l "$list" '.process.execCPUAffinity = {"final": $l}'
		create_refused web process.execCPUAffinity.final
	done
}

@test "affinity: CPUs that are not allowed fail the exec, nothing runs (P-43, P-44)" {
	config '.process.execCPUAffinity = {"final": "8191"}'
	start_it web
	fails 255 hull exec web touch /ran
	has "$line" process.execCPUAffinity.final
	jq -n '{"cwd": "/", "args": ["/bin/touch", "/ran"], "env": ["PATH=/bin"], "execCPUAffinity": {"initial": "8191"}}' > "$T/p.json"
	fails 255 hull exec --process "$T/p.json" web
	has "$line" process.execCPUAffinity.initial
	[[ ! -e $ROOTFS/ran ]]
}
