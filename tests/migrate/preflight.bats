#!/usr/bin/env bats
# hull migrate: what is in the way is said before anything is touched, all of it at once.
load helpers

setup_file() {
	helpers_setup_file
	"${CC:-cc}" -static -O1 -o "$BATS_FILE_TMPDIR/between" "$SRC/tests/migrate/between.c"
	for minor in 1 9; do
		"${CC:-cc}" -static -O1 -DMINOR=$minor -o "$BATS_FILE_TMPDIR/criu-4.$minor" "$SRC/tests/checkpoint/criu_stub.c"
	done
	printf '#!/bin/sh\nexec sh -c "$2"\n' > "$BATS_FILE_TMPDIR/ssh"
	chmod 755 "$BATS_FILE_TMPDIR/ssh"
	"${CC:-cc}" -static -O1 -o "$STORE/rootfs/bin/undumpable" "$SRC"/tests/checkpoint/workload*.c
}

# between NAME=VALUE...: the hull over there is behind between.c.
between() {
	{
		printf '#!/bin/bash\nexec '
		printf '%q ' "$BATS_FILE_TMPDIR/between" "$@" -- "$HULL"
		printf '"$@"\n'
	} > "$T/over-there"
	chmod 755 "$T/over-there"
}

# elsewhere COMMANDS: it is in a mount namespace where these have been run.
elsewhere() {
	{
		printf '#!/bin/bash\nexec unshare -m --propagation private bash -ec %q "$0" "$@"\n' \
			"$1"$'\n'"exec $(printf %q "$HULL") \"\$@\""
	} > "$T/over-there"
	chmod 755 "$T/over-there"
}

# would COMMAND...: what --dry-run says of the hull over there, in $line.
would() {
	TO=far.example:$T/there "$@" --dry-run --ssh-command "$BATS_FILE_TMPDIR/ssh" --target-hull "$T/over-there"
	line=$(cat "$ERR")
}

# Nothing was begun: no directory of a migration, no journal.
untouched() {
	lives_here
	[[ -z $(find "$FAR" "$ROOT" -name migrate.json) ]]
}

@test "migrate: --dry-run of what would work says nothing and leaves nothing" {
	up 4 1
	migrate --dry-run
	equal "$(cat "$OUT" "$ERR")" ""
	untouched
}

@test "migrate: --dry-run says all that is in the way in one run" {
	FAR=$BATS_FILE_TMPDIR/far
	up 4 1
	# The target's root has another container of that name.
	args /bin/sleep 1000
	ROOT=$FAR apart run -d --bundle "$T/there" there
	migrate_refused --dry-run --target-criu /nonexistent
	has "$line" "target: "
	has "$line" "'there'"
	has "$line" "--name"
	has "$line" "/nonexistent"
	TO=local:$T/nowhere migrate_refused --dry-run --target-criu /nonexistent
	has "$line" "'$T/nowhere'"
	has "$line" "/nonexistent"
	has "$line" "'there'"
	equal "$(far state there | jq -r .status)" running
	far delete --force there
	untouched
}

@test "migrate: a source of a mount that is missing at the target is named" {
	mkdir "$T/gone"
	for name in there here; do
		BUNDLE=$T/$name config --arg s "$T/gone" \
			'.mounts += [{destination: "/tmp", type: "bind", source: $s, options: ["bind"]}]'
	done
	up 1 1
	rmdir "$T/gone"
	migrate_refused --dry-run
	has "$line" "'$T/gone'"
	migrate_refused
	has "$line" "'$T/gone'"
	mkdir "$T/gone"
	untouched
}

@test "migrate: a container that does not run is refused" {
	args /bin/sleep 1000
	apart create --bundle "$T/here" here
	migrate_refused
	has "$line" created
	hull start here
	hull pause here
	migrate_refused
	has "$line" paused
	equal "$(status_of here)" paused
}

@test "migrate: who cannot be reached, or is no hull, is said with its own words" {
	up 1 1
	printf '#!/bin/sh\necho "no route to $1" >&2\nexit 255\n' > "$T/ssh"
	chmod 755 "$T/ssh"
	TO=host.example migrate_refused --ssh-command "$T/ssh"
	has "$line" "no route to host.example"
	TO=host.example migrate_refused --ssh-command /bin/cat
	TO=host.example migrate_refused --ssh-command /nonexistent/ssh
	has "$line" /nonexistent/ssh
	untouched
}

@test "migrate: --recover of what is in no migration" {
	up 1 1
	migrate_refused --recover
	has "$line" "is in no migration"
	migrate_refused --recover --force-resume
	has "$line" "is in no migration"
	untouched
}

# CRIU's image with more features in it than any processor has: varints keep their length.
more_features() {
	python3 -c '
import json, sys
need = json.load(sys.stdin)
b = bytearray.fromhex(need["cpu"])
i = b.index(bytes([0x28, 2]), 14) + 2 # capability_ver = 2, then words with the tag 0x30
while b[i] == 0x30:
    i += 1
    n = 1
    while b[i] & 0x80:
        b[i] |= 0x7f
        i += 1
        n += 1
    b[i] = 0x0f if n == 5 else b[i]
    i += 1
need["cpu"] = b.hex()
need["cpuFlags"] += " hulltest"
json.dump(need, sys.stdout)'
}

@test "migrate: a processor that lacks what the other one has is refused" {
	up 1 1
	between "need=$(declare -f more_features); more_features"
	would migrate_refused
	has "$line" "target: the processor, "
	has "$line" "lacks features that the container may be using"
	matches "$line" 'CRIU: .*(CPU instruction capabilities do not match|FPU feature required)'
	has "$line" "it lacks hulltest)"
	has "$line" "choose a host"
	# The same one by another name.
	between 'need=jq -c ".cpuModel = \"another\" | .cpuFlags += \" hulltest\""'
	would migrate
	equal "$line" ""
	between 'need=jq -c ".cpu = \"zz\""'
	would migrate_refused
	has "$line" damaged
	# Architectures that CRIU does not compare.
	between 'need=jq -c "del(.cpu)"'
	would migrate
	untouched
}

@test "migrate: an older kernel over there is a warning" {
	up 1 1
	between 'need=jq -c ".kernel = \"99.1.2-new\""'
	would migrate
	has "$line" "target: warning: the kernel is $(uname -r), older than the other host's 99.1.2-new"
	between 'need=jq -c ".kernel = \"4.9.0\""'
	would migrate
	equal "$line" ""
	untouched
}

# apparmor Y|N PROFILE: commands after which the kernel says so.
apparmor() {
	cat <<- END
		mount -t tmpfs tmpfs /sys/module
		mkdir -p /sys/module/apparmor/parameters
		echo $1 > /sys/module/apparmor/parameters/enabled
		mount -t tmpfs tmpfs /sys/kernel
		mkdir -p /sys/kernel/security/apparmor
		echo '$2 (enforce)' > /sys/kernel/security/apparmor/profiles
	END
}

@test "migrate: security modules that are not there, and profiles that are not loaded" {
	local label='a_u:b_r:c_t:s0'

	[[ ! -d /sys/fs/selinux || -z $(ls /sys/fs/selinux) ]] || skip "needs a host without SELinux"
	up 1 1
	BUNDLE=$T/there config --arg l "$label" '.process.apparmorProfile = "hulltest" |
		.process.selinuxLabel = $l | .linux.mountLabel = $l'
	elsewhere "$(apparmor N hulltest)"
	would migrate_refused
	has "$line" "process.apparmorProfile: 'hulltest' cannot be applied: AppArmor is not enabled"
	has "$line" "process.selinuxLabel: '$label' cannot be applied: SELinux is not enabled"
	has "$line" "linux.mountLabel: '$label' cannot be applied: SELinux is not enabled"
	BUNDLE=$T/there config 'del(.process.selinuxLabel) | del(.linux.mountLabel)'
	elsewhere "$(apparmor Y hulltest)"
	would migrate
	equal "$line" ""
	elsewhere "$(apparmor Y hulltest-other)"
	would migrate_refused
	has "$line" "process.apparmorProfile: the profile 'hulltest' is not loaded"
	untouched
}

@test "migrate: labels that processes have, and the other host cannot give them" {
	up 1 1
	between "need=jq -c '.lsm = \"selinux\" | .labels = [\"a_u:b_r:c_t:s0\"]'"
	[[ -d /sys/fs/selinux && -n $(ls /sys/fs/selinux) ]] || {
		would migrate_refused
		has "$line" "a process has the selinux label 'a_u:b_r:c_t:s0', and SELinux is not enabled"
	}
	between "need=jq -c '.lsm = \"apparmor\" | .labels = [\"hulltest-none\"]'"
	would migrate_refused
	has "$line" "'hulltest-none'"
	has "$line" AppArmor
	untouched
}

@test "migrate: cgroups: none of version 2, controllers that are missing, one that is in use" {
	# Whatever is handed down to its parent.
	local empty=$CGROOT/$CG/none/none

	up 1 1
	elsewhere 'mount -t tmpfs tmpfs /sys/fs/cgroup'
	would migrate_refused
	has "$line" "there is no cgroup v2 hierarchy"
	BUNDLE=$T/there config '.linux.resources.memory.limit = 1073741824 | .linux.resources.pids.limit = 100'
	mkdir -p "$empty"
	elsewhere "mount --bind '$empty' /sys/fs/cgroup"
	would migrate_refused
	rmdir "$empty" "${empty%/*}"
	has "$line" "linux.resources.memory.limit: the memory controller is not available"
	has "$line" "linux.resources.pids.limit: the pids controller is not available"
	BUNDLE=$T/there config --arg p "/$CG/here" 'del(.linux.resources.memory) | del(.linux.resources.pids) |
		.linux.cgroupsPath = $p'
	migrate_refused --dry-run
	has "$line" "there are processes in the cgroup '/$CG/here' already"
	has "$line" linux.cgroupsPath
	untouched
}

@test "migrate: a configuration over there that cannot be: its root, a terminal, ids that nobody may map" {
	up 1 1
	BUNDLE=$T/there config '.process.terminal = true | .root.path = "nowhere"'
	migrate_refused --dry-run
	has "$line" "process.terminal needs --console-socket"
	has "$line" "root file system '$T/there/nowhere': ENOENT"
	BUNDLE=$T/there config '.process.terminal = false | .root.path = "rootfs" | .linux.namespaces += [{type: "user"}] |
		.linux.uidMappings = [{containerID: 0, hostID: 0, size: 1}, {containerID: 1, hostID: 100000, size: 10}] |
		.linux.gidMappings = [{containerID: 0, hostID: 0, size: 1}]'
	migrate --dry-run
	printf '#!/bin/bash\nexec unshare -U -m -r %q "$@"\n' "$HULL" > "$T/over-there"
	chmod 755 "$T/over-there"
	would migrate_refused
	has "$line" "hull is not root there"
	has "$line" "linux.uidMappings[1]: not all of the ids 100000 to 100009 are hull's to map"
	hasnt "$line" "linux.uidMappings[0]"
	hasnt "$line" "linux.gidMappings["
	BUNDLE=$T/there config '.mounts = 7'
	migrate_refused --dry-run
	has "$line" mounts
	untouched
}

@test "migrate: too little memory, and too little room for images" {
	local pages

	up 16 1
	sed 's/^\(MemAvailable: *\)[0-9]*/\131000/' /proc/meminfo > "$T/meminfo"
	elsewhere "mount --bind '$T/meminfo' /proc/meminfo"
	would migrate_refused
	has "$line" "30 MiB of memory are free, twice the container's 1"
	between 'need=jq -c ".memory = 4611686018427387904"'
	would migrate_refused
	has "$line" "MiB of memory are free, twice the container's 4398046511104 MiB"
	# What comes while it runs is not in the images.
	FAR=$BATS_FILE_TMPDIR/small
	mkdir "$FAR"
	elsewhere "mount -t tmpfs -o size=8m tmpfs '$FAR'"
	would migrate_refused --mode stop
	has "$line" "target: "
	has "$line" "MiB are free for images in '$FAR'"
	would migrate --mode precopy
	rmdir "$FAR"
	FAR=$ROOT
	untouched
}

@test "migrate: two versions of hull say which, and what to do" {
	local name

	up 1 1
	for name in theirs ours; do
		between $name=7
		would migrate_refused
		has "$line" "versions 7 to 7 of the protocol"
		has "$line" "1 to 1"
		has "$line" "install the same hull on both hosts"
	done
	between 'need=jq -c ".version = 9 | .hull = \"9.9.9\""'
	would migrate_refused
	has "$line" "hull '9.9.9' of the source makes migrations of version 9"
	has "$line" "knows version 1"
	has "$line" "install the same hull on both hosts"
	# A later one may ask for more, and say more.
	between 'need=jq -c ".something = {new: 1}"' 'answer=jq -c ".more = [1]"'
	would migrate
	untouched
}

@test "migrate: an older CRIU at one end is named with both versions" {
	local real=$CRIU

	up 1 1
	between
	CRIU=$BATS_FILE_TMPDIR/criu-4.9
	would migrate_refused --target-criu "$real"
	has "$line" "target: CRIU is version $("$real" --version | grep -o '[0-9]*\.[0-9]*' | head -n1), the other host's 4.9"
	has "$line" "install that one or a newer one"
	CRIU=$real
	would migrate_refused --target-criu "$BATS_FILE_TMPDIR/criu-4.1"
	matches "$line" 'target: CRIU.* is version 4\.1[,:].* 4\.[2-9]'
	has "$line" "install"
	# Of both ends at once.
	CRIU=/nonexistent
	would migrate_refused --target-criu "$BATS_FILE_TMPDIR/criu-4.1"
	has "$line" "source: execute CRIU, '/nonexistent'"
	matches "$line" 'target: CRIU.* is version 4\.1[,:]'
	CRIU=$real
	untouched
}

# What the checkpoint of the container says is what the migration says before it begins.
@test "migrate: what CRIU cannot dump is said before anything is touched, all of it" {
	local name stranger

	for name in there here; do
		BUNDLE=$T/$name args /bin/undumpable mem:1 listen tcp userfaultfd
	done
	apart run -d --bundle "$T/here" here
	wait_for 60 test -e "$HOSTED/result"
	equal "$(< "$HOSTED/result")" ready
	apart exec -d --pid-file "$T/stranger" here /bin/sleep 1000
	stranger=$(< "$T/stranger")
	migrate_refused --dry-run
	has "$line" "source: descriptor "
	has "$line" "is a userfaultfd, which CRIU cannot dump"
	matches "$line" 'source: process [0-9]+ has 6 connected TCP sockets: --tcp-established'
	has "$line" "source: warning: process $stranger was started by exec: it is not saved"
	migrate_refused --dry-run --tcp-established
	hasnt "$line" connected
	migrate_refused --target-criu /nonexistent
	has "$line" "is a userfaultfd"
	has "$line" "target: execute CRIU, '/nonexistent'"
	status=0
	hull checkpoint --image-path "$T/images" here < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || status=$?
	equal "$status" 1
	has "$line" "source: $(sed "s/^hull: checkpoint 'here': //" "$ERR" | head -n1)"
	equal "$(status_of here)" running
	[[ -z $(find "$FAR" "$ROOT" -name migrate.json) ]]
	rm -rf "$T/images"
	hull delete --force here
}

# By PTRACE_SEIZE, for as long as FILE is there.
tracer() {
	python3 -c '
import ctypes, os, sys, time
if ctypes.CDLL(None, use_errno=True).ptrace(0x4206, int(sys.argv[1]), 0, 0) < 0: sys.exit(1)
f = open(sys.argv[2] + ".new", "w"); f.write(str(os.getpid())); f.close(); os.rename(f.name, sys.argv[2])
while os.path.exists(sys.argv[2]): time.sleep(0.02)' "$@"
}

@test "migrate: a process that is traced, and one with a namespace of its own" {
	local pid pids by

	BUNDLE=$T/here config '.process.capabilities.bounding += ["CAP_SYS_ADMIN"] | .process.capabilities.permitted += ["CAP_SYS_ADMIN"] |
		.process.capabilities.effective += ["CAP_SYS_ADMIN"]'
	BUNDLE=$T/here args /bin/sh -c 'unshare -u /bin/sleep 1000 & /bin/sleep 1000; :'
	apart run -d --bundle "$T/here" here
	is_busy() {
		mapfile -t pids < "$CGROOT/$CG/here/cgroup.procs"
		[[ ${#pids[@]} -eq 3 && $(cat /proc/"${pids[1]}"/comm /proc/"${pids[2]}"/comm) == sleep$'\n'sleep ]]
	}
	wait_for 60 is_busy
	pid=$(hull state here | jq .pid)
	tracer "$pid" "$T/traced" 3>&- 4>&- &
	wait_for 60 test -e "$T/traced"
	migrate_refused --dry-run
	by=$(< "$T/traced")
	rm "$T/traced"
	wait $!
	has "$line" "source: process $pid is traced by process $by, so CRIU cannot"
	matches "$line" 'source: process [0-9]+ is in a uts namespace of its own'
	migrate_refused --dry-run
	hasnt "$line" traced
	# So does CRIU.
	status=0
	hull checkpoint --image-path "$T/images" here < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || status=$?
	equal "$status" 1
	has "$(< "$ERR")" "nested uts namespace"
	rm -rf "$T/images"
	hull delete --force here
}
