load ../integration/helpers

# Files in /proc of a process that is not dumpable belong to root (proc(5)), whatever its uid is.
owner_of() {
	stat -c %u "/proc/$1/environ"
}

# Where the administrator lets set-user-id programs dump core, each change of ids makes a process
# dumpable, and so open to ptrace by others of its uid: only in the guest, as it holds for all.
setup() {
	common_setup
	was=$(cat /proc/sys/fs/suid_dumpable)
	echo 1 > /proc/sys/fs/suid_dumpable
}

teardown() {
	[[ -z $was ]] || echo "$was" > /proc/sys/fs/suid_dumpable
	common_teardown
}

@test "dumpable: init that waits is not, whatever fs.suid_dumpable says" {
	args sleep 1000
	config '.process.user = {"uid": 1000, "gid": 1000}'
	create web
	equal "$(owner_of "$(pid_of web)")" 0
	hull start web
	# The program is.
	equal "$(owner_of "$(pid_of web)")" 1000
}

@test "dumpable: nor in a user namespace" {
	chmod 711 "$BUNDLE" "$T"
	args sleep 1000
	config '.linux.namespaces += [{"type": "user"}] | .process.user = {"uid": 7, "gid": 7}
		| .linux.uidMappings = [{"containerID": 0, "hostID": 100000, "size": 1000}] | .linux.gidMappings = .linux.uidMappings'
	create web
	equal "$(owner_of "$(pid_of web)")" 0
	hull start web
	equal "$(owner_of "$(pid_of web)")" 100007
}
