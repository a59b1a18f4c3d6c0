load helpers

limit() {
	cat "$CGROOT/$CG/bundle/$1"
}

@test "update: changes what is given and keeps the rest" {
	requires v2:memory v2:pids v2:cpu
	config '.linux.resources = {"memory": {"limit": 67108864}, "pids": {"limit": 50},
		"cpu": {"shares": 1024, "quota": 50000, "period": 200000}}'
	sleeper web
	hull update --pids-limit 60 web
	equal "$(limit pids.max) $(limit memory.max) $(limit cpu.weight)" '60 67108864 100'
	hull update --memory 32m --memory-reservation 16m web
	equal "$(limit memory.max) $(limit memory.low) $(limit pids.max)" '33554432 16777216 60'
	hull update --cpu-share 512 web
	equal "$(limit cpu.weight) $(limit cpu.max)" '59 50000 200000'
}

@test "update: a quota keeps the period, a period keeps the quota (V-04)" {
	requires v2:cpu
	config '.linux.resources.cpu = {"quota": 50000, "period": 200000}'
	create web
	hull update --cpu-quota 20000 web
	equal "$(limit cpu.max)" '20000 200000'
	hull update --cpu-period 100000 web
	equal "$(limit cpu.max)" '20000 100000'
	hull update --cpu-quota -1 web
	equal "$(limit cpu.max)" 'max 100000'
	hull update --cpu-quota 30000 --cpu-period 300000 web
	equal "$(limit cpu.max)" '30000 300000'
}

@test "update: quota and burst go up and down together (K-22)" {
	requires v2:cpu
	config '.linux.resources.cpu = {"quota": 50000, "burst": 40000}'
	create web
	[[ -e $CGROOT/$CG/bundle/cpu.max.burst ]] || skip "the kernel has no cpu.max.burst"
	hull update --cpu-quota 10000 --cpu-burst 5000 web
	equal "$(limit cpu.max) $(limit cpu.max.burst)" '10000 100000 5000'
	hull update --cpu-quota 90000 --cpu-burst 80000 web
	equal "$(limit cpu.max) $(limit cpu.max.burst)" '90000 100000 80000'
}

@test "update: memory and swap, up and down, and without limit" {
	requires v2:memory
	config '.linux.resources.memory = {"limit": 67108864, "swap": 100663296}'
	create web
	[[ -e $CGROOT/$CG/bundle/memory.swap.max ]] || skip "the kernel has no memory.swap.max"
	hull update --memory 128m --memory-swap 256m web
	equal "$(limit memory.max) $(limit memory.swap.max)" '134217728 134217728'
	hull update --memory 32m --memory-swap 48m web
	equal "$(limit memory.max) $(limit memory.swap.max)" '33554432 16777216'
	# against the limit it has
	hull update --memory-swap 33m web
	equal "$(limit memory.max) $(limit memory.swap.max)" '33554432 1048576'
	refused hull update --memory-swap 31m web
	has "$line" memory.swap
	hull update --memory -1 web
	equal "$(limit memory.max) $(limit memory.swap.max)" 'max max'
}

@test "update: --resources reads a file" {
	requires v2:memory v2:pids
	sleeper web
	echo '{"memory": {"limit": 67108864}, "pids": {"limit": 33}}' > "$T/res.json"
	hull update --resources "$T/res.json" web
	equal "$(limit memory.max) $(limit pids.max)" '67108864 33'
	echo '{"pids": {"limit": -1}, "unified": {"memory.high": "1048576000"}}' > "$T/res.json"
	hull update --resources="$T/res.json" web
	equal "$(limit memory.max) $(limit pids.max) $(limit memory.high)" '67108864 max 1048576000'
}

@test "update: --resources - reads standard input" {
	requires v2:pids
	sleeper web
	hull update --resources - web <<< '{"pids": {"limit": 33}}'
	equal "$(limit pids.max)" 33
	hull update --resources=- web <<< '{"pids": {"limit": 34}}'
	equal "$(limit pids.max)" 34
	hull update -r - web <<< '{"pids": {"limit": 35}}'
	equal "$(limit pids.max)" 35
}

@test "update: zeros of engines that name everything change nothing" {
	requires v2:memory v2:cpu v2:pids
	config '.linux.resources = {"memory": {"limit": 67108864, "reservation": 1048576}, "pids": {"limit": 50},
		"cpu": {"shares": 512, "quota": 50000, "period": 200000}}'
	create web
	hull update --resources - web <<- 'JSON'
	{"memory": {"limit": 0, "reservation": 0, "swap": 0, "kernel": 0, "kernelTCP": 0},
	 "cpu": {"shares": 0, "quota": 0, "period": 0, "realtimeRuntime": 0, "realtimePeriod": 0, "cpus": "", "mems": ""},
	 "blockIO": {"weight": 0}, "pids": {"limit": 0}}
	JSON
	equal "$(limit pids.max)" 50
	equal "$(limit memory.max) $(limit memory.low)" '67108864 1048576'
	equal "$(limit cpu.weight) $(limit cpu.max)" '59 50000 200000'
}

@test "update: cpus (K-24)" {
	requires v2:cpuset
	create web
	hull update --cpuset-cpus 0 --cpuset-mems 0 web
	equal "$(limit cpuset.cpus) $(limit cpuset.mems)" '0 0'
}

@test "update: checkBeforeUpdate refuses a limit below the usage (K-17, V-12)" {
	requires v2:memory
	config '.linux.resources.memory = {"limit": 67108864}'
	script 'head -c 20000000 /dev/zero > /dev/shm/x; echo up; sleep 1000'
	start_it web
	wait_for 10 grep -q up "$OUT"
	echo '{"memory": {"limit": 65536, "checkBeforeUpdate": true}}' > "$T/res.json"
	refused hull update --resources "$T/res.json" web
	has "$line" memory.limit
	has "$line" "present usage"
	has "$line" "rejecting memory limit 65536"
	equal "$(limit memory.max)" 67108864
}

@test "update: a pids limit counts at once" {
	requires v2:pids
	sleeper web
	hull update --pids-limit 1 web
	run hull exec web true
	differ "$status" 0
	hull update --pids-limit 100 web
	hull exec web true
}

@test "update: works on created and paused containers, and is refused on stopped ones" {
	requires v2:pids
	create web
	hull update --pids-limit 10 web
	equal "$(limit pids.max)" 10
	hull start web
	wait_for 5 is_status web stopped
	refused hull update --pids-limit 11 web
	hull delete web
	sleeper two
	hull pause two
	hull update --pids-limit 12 two
	equal "$(limit pids.max)" 12
	hull resume two
}

@test "update: of huge pages by --resources" {
	requires v2:hugetlb
	config '.linux.resources.hugepageLimits = [{"pageSize": "2MB", "limit": 4194304}]'
	create web
	hull update --resources - web <<< '{"hugepageLimits": [{"pageSize": "2MB", "limit": 8388608}]}'
	equal "$(limit hugetlb.2MB.max)" 8388608
}

@test "update: that fails midway changes nothing" {
	requires v2:memory v2:pids
	config '.linux.resources = {"memory": {"limit": 67108864}, "pids": {"limit": 50}}'
	create web
	echo '{"memory": {"limit": 33554432}, "pids": {"limit": 60}, "unified": {"memory.high": "lots"}}' \
		> "$T/res.json"
	refused hull update --resources "$T/res.json" web
	has "$line" "unified['memory.high']"
	equal "$(limit memory.max) $(limit pids.max)" '67108864 50'
}

@test "update: bad values and bad files are refused with one line" {
	create web
	for o in "--cpu-period 1" "--cpu-idle 2" "--blkio-weight 9" \
		"--cpu-quota 1000 --cpu-burst 2000"; do
		# shellcheck disable=SC2086
		refused hull update $o web
	done
	for o in "--memory -2" "--memory 10x" "--pids-limit x"; do
		# shellcheck disable=SC2086
		run --separate-stderr hull update $o web
		equal "$status" 1
		has "$stderr" "${o% *}"
	done
	echo '{"memory": {"limit": "1"}}' > "$T/res.json"
	refused hull update --resources "$T/res.json" web
	has "$line" memory.limit
	echo '{"memory": ' > "$T/res.json"
	refused hull update --resources "$T/res.json" web
	refused hull update --resources - web < /dev/null
	refused hull update --resources "$T/nosuch" web
	has "$line" nosuch
}

@test "update: of an unknown container is refused" {
	refused hull update --pids-limit 10 nosuch
	has "$line" nosuch
}

@test "update: device rules stay as they are" {
	config '.linux.resources.devices = [{"allow": false, "access": "rwm"}]
		| .linux.devices = [{"path": "/dev/f", "type": "c", "major": 10, "minor": 229, "fileMode": 438}]'
	sleeper web
	equal "$(hull exec web probe open /dev/f r)" '! 1'
	hull update --resources - web <<< '{"devices": [{"allow": true, "access": "rwm"}]}'
	equal "$(hull exec web probe open /dev/f r)" '! 1'
}

@test "update: where v2 lacks the controller says so (hybrid hosts)" {
	requires hybrid
	grep -qw memory "$CGROOT/cgroup.controllers" && skip "v2 has the memory controller here"
	sleeper web
	refused hull update --memory 64m web
	has "$line" linux.resources.memory.limit
	has "$line" "the memory controller is not available in cgroup v2 at '$CGROOT'"
	equal "$(status_of web)" running
}
