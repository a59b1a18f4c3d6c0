load helpers

setup() {
	common_setup
	F=$("$HULL" features 2> "$T/e")
	[[ ! -s $T/e ]]
}

@test "features: needs no state root and prints JSON alone" {
	run -0 --separate-stderr "$HULL" --root /nonexistent/x features
	jq -e . <<< "$output" > /dev/null
	[[ -z $stderr ]]
	[[ ! -e /nonexistent ]]
}

@test "features: has versions that create accepts (F-03, F-04)" {
	args true
	for v in $(jq -r '.ociVersionMin, .ociVersionMax' <<< "$F"); do
		config --arg v "$v" '.ociVersion = $v'
		run -0 hull run web
	done
	equal "$(jq -r .ociVersionMin <<< "$F")" 1.0.0
}

@test "features: names the six hooks and eight namespaces (F-06, F-09)" {
	equal "$(jq -r '.hooks | sort | join(" ")' <<< "$F")" \
		"createContainer createRuntime poststart poststop prestart startContainer"
	equal "$(jq -r '.linux.namespaces | sort | join(" ")' <<< "$F")" "cgroup ipc mount network pid time user uts"
}

@test "features: names all capabilities in the schema's form (F-10)" {
	equal "$(jq '.linux.capabilities | length' <<< "$F")" 41
	equal "$(jq '[.linux.capabilities[] | select(test("^CAP_[A-Z_]+$") | not)] | length' <<< "$F")" 0
}

@test "features: names the mount options of the spec's table (F-07)" {
	for o in ro rw suid nosuid dev nodev exec noexec sync async dirsync remount mand nomand atime noatime diratime \
		nodiratime bind rbind unbindable runbindable private rprivate shared rshared slave rslave relatime norelatime \
		strictatime nostrictatime lazytime nolazytime iversion noiversion silent loud defaults symfollow nosymfollow \
		rro rrw rsuid rnosuid rdev rnodev rexec rnoexec ratime rnoatime rdiratime rnodiratime rrelatime rnorelatime \
		rstrictatime rnostrictatime rsymfollow rnosymfollow tmpcopyup idmap ridmap copy-symlink src-nofollow dest-nofollow; do
		[[ $(jq --arg o $o '.mountOptions | index($o) != null' <<< "$F") == true ]] || {
			echo "missing: $o"
			return 1
		}
	done
	equal "$(jq '.mountOptions == (.mountOptions | sort)' <<< "$F")" true
}

@test "features: tells the truth about cgroups and security modules (F-11, F-15)" {
	equal "$(jq -c '.linux.cgroup | [.v1, .v2]' <<< "$F")" '[false,true]'
	equal "$(jq -c '[.linux.seccomp.enabled, .linux.apparmor.enabled, .linux.selinux.enabled]' <<< "$F")" \
		'[true,true,true]'
}

@test "features: id-mapped mounts are claimed and made (F-18)" {
	config '.linux.namespaces += [{"type": "user"}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .mounts += [{"destination": "/m", "type": "tmpfs", "options": ["idmap"]}]'
	chown 100000:100000 "$ROOTFS"
	chmod 755 "$T"
	equal "$(jq '.linux.mountExtensions.idmap.enabled' <<< "$F")" true
	ok_container 'grep -c " /m .*idmapped" /proc/self/mountinfo'
	equal "$output" 1
}

@test "features: names seccomp actions, operators and architectures (F-13)" {
	equal "$(jq -r '.linux.seccomp.actions | sort | join(" ")' <<< "$F")" "SCMP_ACT_ALLOW SCMP_ACT_ERRNO SCMP_ACT_KILL \
SCMP_ACT_KILL_PROCESS SCMP_ACT_KILL_THREAD SCMP_ACT_LOG SCMP_ACT_NOTIFY SCMP_ACT_TRACE SCMP_ACT_TRAP"
	equal "$(jq -r '.linux.seccomp.operators | sort | join(" ")' <<< "$F")" \
		"SCMP_CMP_EQ SCMP_CMP_GE SCMP_CMP_GT SCMP_CMP_LE SCMP_CMP_LT SCMP_CMP_MASKED_EQ SCMP_CMP_NE"
	equal "$(jq '.linux.seccomp.archs | index("SCMP_ARCH_X86_64") != null' <<< "$F")" true
	equal "$(jq -r '.linux.seccomp.knownFlags | sort | join(" ")' <<< "$F")" "SECCOMP_FILTER_FLAG_LOG \
SECCOMP_FILTER_FLAG_SPEC_ALLOW SECCOMP_FILTER_FLAG_TSYNC SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"
}

@test "features: each seccomp flag that it calls supported loads, each action too (F-13, F-14)" {
	"$PROBE" agent "$T/s" "$T" 3>&- 4>&- &
	agent=$!
	wait_for 5 test -e "$T/ready"
	config --arg s "$T/s" '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "listenerPath": $s,
		"syscalls": [{"names": ["personality"], "action": "SCMP_ACT_NOTIFY"}]}'
	args true
	for f in $(jq -r '.linux.seccomp.knownFlags[]' <<< "$F"); do
		config --arg f "$f" '.linux.seccomp.flags = [$f]'
		supported=$(jq --arg f "$f" '.linux.seccomp.supportedFlags | index($f) != null' <<< "$F")
		status=0
		quietly hull run web || status=$?
		equal "$f $supported $status" "$f $([[ $status == 0 ]] && echo true || echo false) $status"
	done
	for a in $(jq -r '.linux.seccomp.actions[]' <<< "$F"); do
		config --arg a "$a" '.linux.seccomp.flags = [] | .linux.seccomp.syscalls[0].action = $a'
		run -0 hull run web
	done
	kill $agent
}

@test "features: memory policies (F-17)" {
	equal "$(jq -r '.linux.memoryPolicy.modes | sort | join(" ")' <<< "$F")" \
		"MPOL_BIND MPOL_DEFAULT MPOL_INTERLEAVE MPOL_LOCAL MPOL_PREFERRED MPOL_PREFERRED_MANY MPOL_WEIGHTED_INTERLEAVE"
	equal "$(jq -r '.linux.memoryPolicy.flags | sort | join(" ")' <<< "$F")" \
		"MPOL_F_NUMA_BALANCING MPOL_F_RELATIVE_NODES MPOL_F_STATIC_NODES"
}

@test "features: does not claim to be runc's commit (F-20)" {
	equal "$(jq '.annotations | has("org.opencontainers.runc.commit")' <<< "$F")" false
}

@test "features: names the annotations that change what hull does (A-08, F-21)" {
	for k in run.oci.hooks.stdout run.oci.keep_original_groups run.oci.handler org.opencontainers.image.stopSignal; do
		equal "$k: $(jq --arg k $k '.potentiallyUnsafeConfigAnnotations | index($k) != null' <<< "$F")" "$k: true"
	done
	# of no effect here
	equal "$(jq '[.potentiallyUnsafeConfigAnnotations[] | select(startswith("krun") or startswith("org.criu"))] | length' <<< "$F")" 0
}

@test "features: says something about hull itself in its annotations (F-20)" {
	equal "$(jq -r '.annotations | to_entries | map(select(.key == "" or (.value | type) != "string")) | length' <<< "$F")" 0
	matches "$(jq -r '.annotations["io.github.seccomp.libseccomp.version"]' <<< "$F")" '^[0-9]+\.[0-9]+\.[0-9]+$'
}
