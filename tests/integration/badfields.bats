load helpers

# One field of each kind through the real commands; tests/unit/test_plan_badinput.c has all of them.

# put FILE PATH VALUE: VALUE as it stands, where jq would round or refuse it. BIG is 64 KiB of text.
put() {
	local value=$3

	jq -c "$2 = \"@VALUE@\"" good.json > "$1"
	[[ $value == *BIG* ]] && value=${value//BIG/$(printf 'a%.0s' {1..65536})}
	printf %s "$value" > value
	perl -0pi -e 'BEGIN { local $/; open F, "value"; $v = <F> } s/"\@VALUE\@"/$v/' "$1"
}

@test "badfields: create names the field, in one line, and leaves nothing (B-10, B-12, B-13, B-15, B-16)" {
	cp config.json good.json
	while IFS='|' read -r path value text; do
		put config.json "$path" "$value"
		create_refused web "${text:-${path#.}: }"
	done <<- 'LIST'
		.ociVersion|1
		.ociVersion|"one"
		.root|[]
		.root|null
		.root.path|7
		.root.path|""
		.root.path|"BIG"|root.path
		.root.readonly|"yes"
		.hostname|{}
		.hostname|"BIG"
		.annotations|"x"
		.annotations.key|[]|annotations.key
		.process.terminal|0
		.process.consoleSize|{"height":24}|process.consoleSize.width: required
		.process.consoleSize.height|65536
		.process.cwd|"here"
		.process.args|[]
		.process.args[0]|null|process.args[0]: expected a string, got null
		.process.env[0]|"X"
		.process.user.uid|4294967296
		.process.user.uid|-1
		.process.user.umask|"022"
		.process.user.additionalGids|[1.5]|process.user.additionalGids[0]:
		.process.capabilities.bounding|"CAP_KILL"
		.process.rlimits[0].type|"rlimit_nofile"
		.process.rlimits[0].soft|18446744073709551616
		.process.rlimits[0].hard|1e3
		.process.oomScoreAdj|1001
		.process.oomScoreAdj|-9223372036854775809
		.process.noNewPrivileges|"true"
		.mounts|{}
		.mounts[0].destination|""
		.mounts[0].options|"ro"
		.mounts[0].options[0]|{}
		.hooks.prestart|[{}]|hooks.prestart[0].path: required
		.hooks.poststop|[{"path":"x"}]|hooks.poststop[0].path:
		.hooks.createRuntime|[{"path":"/x","timeout":0}]|hooks.createRuntime[0].timeout:
		.linux|"x"
		.linux.namespaces[0].type|"net"
		.linux.namespaces[0].path|"ns/net"
		.linux.devices|[{"type":"c","path":"/dev/x","major":1,"minor":1048576}]|linux.devices[0].minor:
		.linux.devices|[{"type":"p","path":"/dev/x","fileMode":"0666"}]|linux.devices[0].fileMode:
		.linux.sysctl|{"a b":1}|linux.sysctl.a b:
		.linux.sysctl|{"../x":"1"}|linux.sysctl
		.linux.rootfsPropagation|"Shared"
		.linux.maskedPaths[0]|"proc"
		.linux.readonlyPaths|["/x",2]|linux.readonlyPaths[1]:
		.linux.timeOffsets|{"realtime":{"secs":1}}|linux.timeOffsets
		.linux.uidMappings|[{"containerID":0,"hostID":0}]|linux.uidMappings
		.linux.resources.devices|[{"allow":"no"}]|linux.resources.devices[0].allow:
		.linux.resources.memory.limit|-2
		.linux.resources.memory.limit|9223372036854775808
		.linux.resources.cpu.shares|-1
		.linux.resources.cpu.cpus|"0-"
		.linux.resources.pids.limit|0.5
		.linux.resources.blockIO.weight|65536
		.linux.resources.hugepageLimits|[{"pageSize":"64kB","limit":1}]|linux.resources.hugepageLimits[0].pageSize:
		.linux.resources.unified|{"memory.max":1}|linux.resources.unified.memory.max:
		.linux.seccomp|{}|linux.seccomp.defaultAction: required
		.linux.seccomp|{"defaultAction":"SCMP_ACT_allow"}|linux.seccomp.defaultAction:
		.linux.seccomp|{"defaultAction":"SCMP_ACT_ALLOW","syscalls":[{"names":[],"action":"SCMP_ACT_LOG"}]}|linux.seccomp.syscalls[0].names:
		.vm|{}|vm:
		LIST
}

@test "badfields: exec --process names the field and runs nothing (B-10)" {
	sleeper web
	jq -c .process config.json > good.json
	while IFS='|' read -r path value text; do
		put process.json "$path" "$value"
		fails 255 hull exec --process process.json web
		has "$line" "${text:-${path#.}: }"
	done <<- 'LIST'
		.cwd|"here"
		.cwd|null
		.args|"sh"
		.args|[]
		.env|[1]|env[0]:
		.user.uid|4294967296
		.user.gid|"root"
		.capabilities|[]
		.rlimits|[{"type":"RLIMIT_X","soft":1,"hard":1}]|rlimits[0].type:
		.rlimits|[{"type":"RLIMIT_NOFILE","soft":2,"hard":1}]|rlimits[0].soft:
		.oomScoreAdj|1e1
		.noNewPrivileges|1
		.terminal|"no"
		LIST
	equal "$(status_of web)" running
	hull delete --force web
}

@test "badfields: update --resources names the field and changes nothing (B-10, K-43)" {
	sleeper web
	before=$(grep -r . "$CGROOT/$CG" --include='*.max' --include='*.weight' 2> /dev/null || :)
	echo '{"pids": {"limit": 7}}' > good.json
	while IFS='|' read -r path value text; do
		put res.json "$path" "$value"
		refused hull update --resources res.json web
		has "$line" "${text:-${path#.}: }"
		equal "$(grep -r . "$CGROOT/$CG" --include='*.max' --include='*.weight' 2> /dev/null || :)" "$before"
	done <<- 'LIST'
		.memory|1
		.memory.limit|"1G"
		.memory.limit|-2
		.memory.swappiness|10
		.cpu.quota|9223372036854775808
		.cpu.period|999
		.cpu.cpus|[0]
		.cpu.idle|2
		.blockIO.weight|9
		.blockIO.throttleReadBpsDevice|[{"major":8,"minor":0}]|blockIO.throttleReadBpsDevice[0].rate:
		.hugepageLimits|{}
		.unified|{"x/y":"1"}|unified
		.rdma|{"a":{}}|rdma
		LIST
	hull delete --force web
}
