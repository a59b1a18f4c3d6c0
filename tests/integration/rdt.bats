# Machines with resctrl are rare: what is done there is tested with an ordinary directory in its place
# (tests/unit/test_rdt.c). Here: what a container sees of it elsewhere.
load helpers

no_resctrl() {
	! grep -q ' - resctrl ' /proc/self/mountinfo || skip "resctrl is mounted here"
}

@test "rdt: without resctrl intelRdt is refused and says what is missing (T-01)" {
	no_resctrl
	config '.linux.intelRdt = {}'
	create_refused web linux.intelRdt "the resctrl file system is not mounted"
	grep -q "mount -t resctrl" "$ERR"
	config '.linux.intelRdt = {"closID": "gold", "schemata": ["L3:0=f"], "enableMonitoring": true}'
	create_refused web linux.intelRdt "not mounted"
}

@test "rdt: a class that cannot be is refused (T-03)" {
	local name

	for name in .. . a/b info; do
		config --arg n "$name" '.linux.intelRdt = {"closID": $n}'
		create_refused web "linux.intelRdt.closID: '$name'"
	done
}

@test "rdt: lines that are none are refused (T-06, T-07, T-08)" {
	config '.linux.intelRdt = {"l3CacheSchema": "L2:0=f"}'
	create_refused web "linux.intelRdt.l3CacheSchema"
	config '.linux.intelRdt = {"memBwSchema": "MB:0=10\nL3:0=f"}'
	create_refused web "linux.intelRdt.memBwSchema"
	config '.linux.intelRdt = {"schemata": ["L3:0=f", "MB:0=10\n"]}'
	create_refused web "linux.intelRdt.schemata[1]"
}

@test "rdt: without intelRdt nobody looks for it (T-02)" {
	requires strace
	args true
	run -0 strace -f -o "$T/trace" -e trace=open,openat,openat2,mkdir,mkdirat "$HULL" --root "$ROOT" run web
	run grep -e resctrl -e '"/proc/self/mountinfo"' "$T/trace"
	equal "$status $output" "1 "
}
