# Limits that need controllers in cgroup v2: most cases run in the guest only. Values are those
# of the conversion that all runtimes share (shares to weight, swap without memory).
load helpers

# The file FILE of the container's cgroup.
limit() {
	cat "$CGROOT/$CG/${2:-bundle}/$1"
}

resources() {
	config ".linux.resources = $1"
}

has_file() {
	[[ -e $CGROOT/$CG/bundle/$1 ]]
}

# The number of some block device.
block_device() {
	cat /sys/block/*/dev 2> /dev/null | head -n 1
}

@test "limits: memory limit, swap and reservation are there before start (K-09, K-10, K-11, K-44)" {
	requires v2:memory
	resources '{"memory": {"limit": 67108864, "swap": 100663296, "reservation": 33554432}}'
	create web
	equal "$(limit memory.max)" 67108864
	equal "$(limit memory.low)" 33554432
	! has_file memory.swap.max || equal "$(limit memory.swap.max)" 33554432
}

@test "limits: -1 is no limit (K-09)" {
	requires v2:memory v2:pids
	resources '{"memory": {"limit": -1, "swap": -1}, "pids": {"limit": -1}}'
	create web
	equal "$(limit memory.max)" max
	equal "$(limit pids.max)" max
}

@test "limits: swap below the limit, or without one, is refused (K-11)" {
	resources '{"memory": {"limit": 67108864, "swap": 67108863}}'
	create_refused web memory.swap
	resources '{"memory": {"swap": 67108863}}'
	create_refused web memory.swap
	resources '{"memory": {"limit": -2}}'
	create_refused web memory.limit
}

@test "limits: who takes more memory than allowed is killed, and that is exit code 137" {
	requires v2:memory
	resources '{"memory": {"limit": 20971520, "swap": 20971520}}'
	args tail /dev/zero
	run hull run web
	equal "$status" 137
}

@test "limits: an OOM kill of a child leaves the container" {
	requires v2:memory
	resources '{"memory": {"limit": 20971520, "swap": 20971520}}'
	script 'tail /dev/zero; echo "child: $?"; echo on'
	run --separate-stderr hull run web
	has "$output" 'child: 137
on'
}

@test "limits: pids.limit stops forks (K-35)" {
	requires v2:pids
	resources '{"pids": {"limit": 3}}'
	script 'sleep 1000 & sleep 1000 & sleep 1000 & echo all'
	run hull run web
	hasnt "$output" all
	has "$output" fork
}

@test "limits: pids.limit 0 is a limit: the container cannot fork at all (K-36)" {
	requires v2:pids
	resources '{"pids": {"limit": 0}}'
	config '.ociVersion = "1.3.0"'
	script 'echo alone; sleep 0; echo forked'
	run hull run web
	has "$output" alone
	hasnt "$output" forked
}

@test "limits: pids.limit 0 is none for a config of before 1.3, as Podman writes it (K-36)" {
	resources '{"pids": {"limit": 0}}'
	config '.ociVersion = "1.2.1"'
	script 'sleep 0; echo forked'
	run -0 hull run web
	equal "$output" forked
}

@test "limits: cpu shares, quota and period (K-18, K-19, K-20)" {
	requires v2:cpu
	resources '{"cpu": {"shares": 1024, "quota": 50000, "period": 200000}}'
	create web
	equal "$(limit cpu.weight)" 100
	equal "$(limit cpu.max)" '50000 200000'
	hull delete --force web
	resources '{"cpu": {"shares": 10240, "quota": -1}}'
	create web
	equal "$(limit cpu.weight)" 639
	equal "$(limit cpu.max)" 'max 100000'
}

@test "limits: cpu burst and idle (K-21, K-25)" {
	requires v2:cpu
	resources '{"cpu": {"quota": 50000, "burst": 20000}}'
	create web
	has_file cpu.max.burst || skip "the kernel has no cpu.max.burst"
	equal "$(limit cpu.max.burst)" 20000
	hull delete --force web
	resources '{"cpu": {"idle": 1, "shares": 512}}'
	create web
	equal "$(limit cpu.idle)" 1
}

@test "limits: values out of range are refused (K-20, K-21, K-25, K-26)" {
	resources '{"cpu": {"period": 999}}'
	create_refused web cpu.period
	resources '{"cpu": {"quota": 10000, "burst": 10001}}'
	create_refused web cpu.burst
	resources '{"cpu": {"idle": 2}}'
	create_refused web cpu.idle
	resources '{"blockIO": {"weight": 9}}'
	create_refused web blockIO.weight
	resources '{"blockIO": {"weight": 1001}}'
	create_refused web blockIO.weight
}

@test "limits: cpus and memory nodes (K-24)" {
	requires v2:cpuset
	resources '{"cpu": {"cpus": "0", "mems": "0"}}'
	create web
	equal "$(limit cpuset.cpus)" 0
	equal "$(limit cpuset.mems)" 0
	equal "$(limit cpuset.cpus.effective)" 0
}

@test "limits: throttling of a device (K-29)" {
	local dev major minor

	requires v2:io
	dev=$(block_device)
	[[ -n $dev ]] || skip "needs a block device"
	major=${dev%:*} minor=${dev#*:}
	resources "{\"blockIO\": {
		\"throttleReadBpsDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 1048576}],
		\"throttleWriteIOPSDevice\": [{\"major\": $major, \"minor\": $minor, \"rate\": 100}]}}"
	create web
	has_file io.max || skip "the kernel does not throttle"
	equal "$(limit io.max)" "$dev rbps=1048576 wbps=max riops=max wiops=100"
}

@test "limits: the weight of input and output (K-26)" {
	requires v2:io
	create web
	has_file io.weight || has_file io.bfq.weight || skip "the kernel has no io.weight"
	hull delete --force web
	resources '{"blockIO": {"weight": 500}}'
	create web
	if has_file io.bfq.weight; then
		has "$(limit io.bfq.weight)" 500
	else
		has "$(limit io.weight)" 4950
	fi
}

@test "limits: huge pages (K-31, K-32)" {
	requires v2:hugetlb
	resources '{"hugepageLimits": [{"pageSize": "2MB", "limit": 4194304}]}'
	create web
	equal "$(limit hugetlb.2MB.max)" 4194304
	equal "$(limit hugetlb.2MB.rsvd.max)" 4194304
}

@test "limits: an unknown size of huge pages is refused (K-31)" {
	requires v2:hugetlb
	resources '{"hugepageLimits": [{"pageSize": "3MB", "limit": 4194304}]}'
	create_refused web 'hugepageLimits[0]' hugetlb.3MB.max
	resources '{"hugepageLimits": [{"pageSize": "2mb", "limit": 4194304}]}'
	create_refused web 'hugepageLimits[0]'
}

@test "limits: unified is written as it is, and last (K-38, K-41)" {
	requires v2:memory
	resources '{"memory": {"limit": 67108864},
		"unified": {"memory.max": "33554432", "memory.high": "16777216", "memory.oom.group": "1"}}'
	create web
	equal "$(limit memory.max)" 33554432
	equal "$(limit memory.high)" 16777216
	equal "$(limit memory.oom.group)" 1
}

@test "limits: unified with an unknown file or a bad value is refused (K-39)" {
	requires v2:memory
	resources '{"unified": {"memory.nosuch": "1"}}'
	create_refused web "unified['memory.nosuch']"
	resources '{"unified": {"memory.max": "lots"}}'
	create_refused web "unified['memory.max']" lots EINVAL
	resources '{"unified": {"nosuch.max": "1"}}'
	create_refused web "unified['nosuch.max']" "nosuch controller"
}

@test "limits: many lines of a unified value are many writes (K-40)" {
	local dev

	requires v2:io
	dev=$(block_device)
	[[ -n $dev ]] || skip "needs a block device"
	resources "{\"unified\": {\"io.max\": \"$dev rbps=1048576\n$dev wbps=2097152\n\"}}"
	create web
	equal "$(limit io.max)" "$dev rbps=1048576 wbps=2097152 riops=max wiops=max"
}

@test "limits: what v2 cannot do is refused by name (K-43)" {
	local name

	while read -r name value; do
		resources "{\"${name%.*}\": {\"${name#*.}\": $value}}"
		create_refused web "linux.resources.$name"
	done <<- 'FIELDS'
	memory.swappiness 10
	memory.disableOOMKiller true
	memory.kernel 1048576
	memory.kernelTCP 1048576
	memory.useHierarchy false
	cpu.realtimeRuntime 1000
	cpu.realtimePeriod 1000
	blockIO.leafWeight 10
	network.classID 1
	network.priorities [{"name":"lo","priority":1}]
	FIELDS
}

@test "limits: those of an existing cgroup stay without resources (C-09)" {
	requires v2:pids
	echo +pids > "$CGROOT/cgroup.subtree_control"
	mkdir -p "$CGROOT/$CG"
	echo +pids > "$CGROOT/$CG/cgroup.subtree_control"
	mkdir "$CGROOT/$CG/bundle"
	echo 77 > "$CGROOT/$CG/bundle/pids.max"
	create web
	equal "$(limit pids.max)" 77
	hull delete --force web
	equal "$(limit pids.max)" 77
	rmdir "$CGROOT/$CG/bundle" "$CGROOT/$CG"
}

@test "limits: a container without limits is measured all the same" {
	requires v2:memory v2:pids v2:cpu
	create web
	[[ $(limit memory.current) -gt 0 ]]
	equal "$(limit pids.current)" 1
	has_file cpu.weight
}

@test "limits: a parent with processes is left alone, and an error where a limit needs it" {
	requires v2:memory
	mkdir "$CGROOT/$CG"
	sleep 1000 3>&- 4>&- &
	echo $! > "$CGROOT/$CG/cgroup.procs"
	resources '{"memory": {"limit": 67108864}}'
	refused hull create web
	has "$line" memory.limit
	has "$line" "processes live in it"
	[[ ! -e $ROOT/web && ! -e $CGROOT/$CG/bundle ]]
	config 'del(.linux.resources)'
	create web
	equal "$(status_of web)" created
	hull delete --force web
	kill $!
	wait_for 5 rmdir "$CGROOT/$CG"
}

@test "limits: a container that ignores its memory limit is deleted without a rest" {
	requires v2:memory
	resources '{"memory": {"limit": 20971520}}'
	script 'echo up; while :; do tail /dev/zero; done'
	start_it web
	wait_for 5 grep -q up "$OUT"
	hull delete --force web
	cgroup_gone
}

@test "limits: none where v2 lacks the controller, and no half-made container (hybrid hosts)" {
	requires hybrid
	grep -qw memory "$CGROOT/cgroup.controllers" && skip "v2 has the memory controller here"
	resources '{"memory": {"limit": 67108864}}'
	create_refused web linux.resources.memory.limit "the memory controller is not available" "$CGROOT"
	resources '{"unified": {"memory.max": "1000000"}}'
	create_refused web "unified['memory.max']" memory
	# asking for no limit is no demand
	resources '{"memory": {"limit": -1, "swap": -1}, "pids": {"limit": -1}}'
	create web
}
