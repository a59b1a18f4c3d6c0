load helpers

setup() {
	common_setup
	F=$("$HULL" features 2> "$T/e")
	[[ ! -s $T/e ]]
}

@test "features: needs no state root and prints JSON alone (F-22)" {
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

@test "features: tells the truth about cgroups and security modules (F-11, F-12, F-15)" {
	equal "$(jq -cS .linux.cgroup <<< "$F")" '{"rdma":true,"systemd":true,"systemdUser":true,"v1":false,"v2":true}'
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
	equal "$(jq '[.potentiallyUnsafeConfigAnnotations[] | select(startswith("krun"))] | length' <<< "$F")" 0
}

@test "features: says something about hull itself in its annotations (F-20)" {
	equal "$(jq -r '.annotations | to_entries | map(select(.key == "" or (.value | type) != "string")) | length' <<< "$F")" 0
	matches "$(jq -r '.annotations["io.github.seccomp.libseccomp.version"]' <<< "$F")" '^[0-9]+\.[0-9]+\.[0-9]+$'
}

@test "features: are the same whatever the host has (F-01)" {
	run -0 unshare -m sh -c 'mount -t tmpfs none /proc && mount -t tmpfs none /sys && exec "$@"' sh "$HULL" features
	equal "$output" "$F"
	run -0 setpriv --reuid 65534 --clear-groups --bounding-set -all env -i "$HULL" features
	equal "$output" "$F"
}

@test "features: says of everything that it knows whether it is there, and of nothing else (F-02, F-05, F-08)" {
	equal "$(jq -c '[paths | map(if type == "number" then 0 else . end) | map(tostring) | join(".")] | unique
		| map(select(startswith("annotations.") or endswith(".0") | not)) | .[]' <<< "$F" | tr -d '"')" "annotations
hooks
linux
linux.apparmor
linux.apparmor.enabled
linux.capabilities
linux.cgroup
linux.cgroup.rdma
linux.cgroup.systemd
linux.cgroup.systemdUser
linux.cgroup.v1
linux.cgroup.v2
linux.intelRdt
linux.intelRdt.enabled
linux.intelRdt.monitoring
linux.intelRdt.schemata
linux.memoryPolicy
linux.memoryPolicy.flags
linux.memoryPolicy.modes
linux.mountExtensions
linux.mountExtensions.idmap
linux.mountExtensions.idmap.enabled
linux.namespaces
linux.netDevices
linux.netDevices.enabled
linux.seccomp
linux.seccomp.actions
linux.seccomp.archs
linux.seccomp.enabled
linux.seccomp.knownFlags
linux.seccomp.operators
linux.seccomp.supportedFlags
linux.selinux
linux.selinux.enabled
mountOptions
ociVersionMax
ociVersionMin
potentiallyUnsafeConfigAnnotations"
	equal "$(jq -c '[.. | select(. == null)]' <<< "$F")" '[]'
}

@test "features: intelRdt with schemata and monitoring is known to create (F-15, F-16)" {
	equal "$(jq -cS .linux.intelRdt <<< "$F")" '{"enabled":true,"monitoring":true,"schemata":true}'
	# a rule of each member speaks: none is ignored
	config '.linux.intelRdt = {"schemata": ["nonsense"], "enableMonitoring": true}'
	create_refused web "linux.intelRdt.schemata[0]"
	config '.linux.intelRdt.enableMonitoring = 1'
	create_refused web "linux.intelRdt.enableMonitoring"
}

@test "features: network devices are claimed and moved (F-19)" {
	requires veth
	equal "$(jq .linux.netDevices.enabled <<< "$F")" true
	ip link add "hf$$" type veth peer name "hp$$"
	config --arg n "hf$$" '.linux.netDevices = {($n): {"name": "inside"}}'
	ok_container 'ls /sys/class/net' || { ip link del "hf$$"; return 1; }
	ip link del "hf$$" 2> /dev/null || :
	has "$output" inside
}

@test "features: every capability, namespace and architecture listed is taken by create (F-09, F-10, F-13)" {
	config --argjson f "$F" '.process.capabilities = {"bounding": $f.linux.capabilities}
		| .linux.namespaces = [$f.linux.namespaces[] | {"type": .}]
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 65536}]
		| .linux.gidMappings = .linux.uidMappings
		| .linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "architectures": $f.linux.seccomp.archs,
			"syscalls": [$f.linux.seccomp.operators[] | {"names": ["personality"], "action": "SCMP_ACT_ERRNO",
				"args": [{"index": 0, "value": 4294967294, "valueTwo": 4294967294, "op": .}]}]}'
	chown 100000:100000 "$ROOTFS"
	ok_container 'echo yes'
	equal "$output" yes
}

@test "features: every mount option listed is taken by create (F-07)" {
	local o

	mkdir "$T/src"
	for o in $(jq -r '.mountOptions[]' <<< "$F"); do
		case $o in
		idmap | ridmap) continue ;; # F-18
		remount) set -- none none remount nosuid ;;
		bind | rbind | copy-symlink | src-nofollow | dest-nofollow) set -- none "$T/src" rbind "$o" ;;
		*) set -- tmpfs tmpfs "$o" ;;
		esac
		config --arg t "$1" --arg s "$2" '.mounts = (.mounts | map(select(.destination != "/m")))
			+ [{"destination": "/m", "type": "tmpfs", "source": "tmpfs"}, {"destination": "/m", "type": $t, "source": $s,
			"options": $ARGS.positional}]' --args -- "${@:3}"
		create web || {
			echo "option $o"
			return 1
		}
		hull delete --force web
	done
}
