load helpers

# sample ID: one sample, as JSON.
sample() {
	hull events --stats "$1"
}

# watch_events ID [options]: events in the background, to $T/events; $WATCH is its pid.
watch_events() {
	"$HULL" --root "$ROOT" events "${@:2}" "$1" > "$T/events" 2> "$T/events.err" 3>&- 4>&- &
	WATCH=$!
	wait_for 10 watching
}

# The events command sees what happens from now on.
watching() {
	[[ -n $(find "/proc/$WATCH/fd" -lname '*inotify*' 2> /dev/null) ]]
}

# Some kernels count time by the tick: what has run for less has none.
has_run() {
	sample "$1" | jq -e '.data.cpu.usage.total > 0' > /dev/null
}

@test "events: --stats prints one sample and returns" {
	script 'while :; do :; done'
	start_it web
	wait_for 5 has_run web
	run --separate-stderr hull events --stats web
	equal "$status" 0
	equal "${#lines[@]}" 1
	equal "$(jq -r '.type + " " + .id' <<< "$output")" 'stats web'
	# the members that readers of the line expect, whatever the controllers
	jq -e '.data | (.cpu.usage | has("kernel") and has("user"))
		and (.cpu.throttling | has("periods") and has("throttledPeriods") and has("throttledTime"))
		and (.memory | has("cache") and has("usage") and has("swap") and has("kernel") and has("kernelTCP") and has("raw"))
		and (.memory.usage | has("limit") and has("usage") and has("max") and has("failcnt"))
		and (.pids | has("current") and has("limit"))
		and has("blkio") and has("hugetlb") and has("intel_rdt") and has("network_interfaces")' <<< "$output"
}

@test "events: --stats counts memory and processes" {
	requires v2:memory v2:pids
	config '.linux.resources = {"memory": {"limit": 67108864}, "pids": {"limit": 50}}'
	sleeper web
	run sample web
	jq -e '.data.memory.usage | .usage > 0 and .usage <= 67108864 and .limit == 67108864' <<< "$output"
	jq -e '.data.pids == {"current": 2, "limit": 50}' <<< "$output"
	jq -e '.data.memory.raw | has("anon") and has("file")' <<< "$output"
}

@test "events: --stats shows huge pages by size" {
	requires v2:hugetlb
	config '.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 4194304}]'
	create web
	run sample web
	jq -e '.data.hugetlb["2MB"].usage == 0' <<< "$output"
}

@test "events: --stats shows pressure where the kernel measures it" {
	[[ -s $CGROOT/cpu.pressure ]] || skip "needs pressure stall information"
	sleeper web
	run sample web
	jq -e '.data.cpu.psi.some | has("avg10") and has("avg60") and has("avg300") and has("total")' <<< "$output"
}

@test "events: --stats shows throttling" {
	requires v2:cpu
	config '.linux.resources.cpu = {"quota": 5000, "period": 100000}'
	script 'echo up; while :; do :; done'
	start_it web
	wait_for 10 grep -q up "$OUT"
	throttled() { sample web | jq -e '.data.cpu.throttling | .throttledPeriods > 0 and .throttledTime > 0'; }
	wait_for 10 throttled
}

@test "events: samples come every interval until the container ends" {
	sleeper web
	watch_events web --interval 100ms
	three() { [[ $(wc -l < "$T/events") -ge 3 ]]; }
	wait_for 10 three
	hull kill web KILL
	wait_for 10 process_gone "$WATCH"
	wait "$WATCH"
	equal "$(jq -r .type "$T/events" | sort -u)" stats
	equal "$(cat "$T/events.err")" ''
}

@test "events: ends when the container is deleted" {
	sleeper web
	watch_events web --interval 1h
	hull delete --force web
	wait_for 10 process_gone "$WATCH"
	wait "$WATCH"
}

@test "events: an OOM kill is an event" {
	requires v2:memory
	config '.linux.resources.memory = {"limit": 20971520, "swap": 20971520}'
	script 'read x < /data/go; tail /dev/zero; sleep 1000'
	mkfifo "$ROOTFS/data/go"
	start_it web
	watch_events web --interval 1h
	sleep 0.2
	echo > "$ROOTFS/data/go"
	oom() { grep -q '"type":"oom"' "$T/events"; }
	wait_for 20 oom
	equal "$(jq -c 'select(.type == "oom") | {type, id}' "$T/events" | head -n 1)" '{"type":"oom","id":"web"}'
	equal "$(status_of web)" running
	hull kill web KILL
	wait_for 10 process_gone "$WATCH"
	wait "$WATCH"
}

@test "events: the OOM kill of the container itself is told before the end" {
	requires v2:memory
	config '.linux.resources.memory = {"limit": 20971520, "swap": 20971520}'
	args tail /dev/zero
	create web
	watch_events web --interval 1h
	sleep 0.2
	hull start web
	wait_for 20 process_gone "$WATCH"
	wait "$WATCH"
	equal "$(jq -r .type "$T/events")" oom
}

@test "events: a stopped or unknown container is refused" {
	start_it web
	wait_for 5 is_status web stopped
	refused hull events --stats web
	refused hull events web
	refused hull events --stats nosuch
	has "$line" nosuch
}

@test "events: a bad interval is refused" {
	sleeper web
	for i in 0 0s -1s 5x ""; do
		run --separate-stderr hull events --interval "$i" web
		equal "$status" 1
		has "$stderr" interval
	done
}
