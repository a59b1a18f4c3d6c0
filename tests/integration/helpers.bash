# Shared by all integration tests: load it with `load helpers`.
#
#   HULL        the binary under test (default: build/hull or ./hull above this directory)
#   ROOT        state root of the test file, passed by `hull`
#   BUNDLE      the current bundle, made by `bundle`; ROOTFS is its root file system
#   CG          the test's own cgroup below the v2 mount; CGROOT is that mount
#   PROBE       tests/integration/{probe,attacker,engine}.c, compiled; /bin/probe inside every rootfs
#
# Every test ends with a check that nothing is left of it: see `leak_check`.

bats_require_minimum_version 1.5.0

HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SRC=$(cd "$HERE/../.." && pwd)

find_hull() {
	local f

	for f in "${HULL:-}" "$SRC/build/hull" "$SRC/hull"; do
		[[ -n $f && -x $f ]] && {
			readlink -f "$f"
			return
		}
	done
	echo "helpers: no hull to test: set HULL" >&2
	return 1
}

cgroup_root() {
	awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts
}

# ---- once per run: probe, root file system, base configuration --------------------------

APPLETS="[ awk base64 basename cat chgrp chmod chown chroot clear cmp cp cut date dd df dirname du echo
 env expr false find free grep groups head hexdump hostname id ifconfig ionice ip ipcs kill less
 ln ls lsattr md5sum mkdir mkfifo mknod mktemp mount mountpoint mv nc netstat nice nohup nproc od ping
 printf ps pwd readlink realpath renice rm rmdir route sed seq setpriv setsid sh sha256sum sleep sort
 stat stty su sync sysctl tail tar taskset tee test time timeout top touch tr true truncate tty
 umount uname uniq unshare usleep wc which whoami xargs yes"

make_probe() {
	if [[ -n ${HULL_PROBE:-} ]]; then
		cp "$HULL_PROBE" "$1"
	else
		"${CC:-cc}" -static -O1 -o "$1" "$HERE"/{probe,attacker,engine}.c
	fi
}

make_rootfs_template() {
	local root=$1 a

	mkdir -p "$root"/{bin,dev,etc,proc,sys,tmp,root,run,var,home/user,data}
	chmod 1777 "$root/tmp"
	chown 1000:1000 "$root/home/user"
	cp "$(command -v busybox)" "$root/bin/busybox"
	for a in $APPLETS; do
		ln -s busybox "$root/bin/$a"
	done
	cp "$STORE/probe" "$root/bin/probe"
	printf '%s\n' 'root:x:0:0:root:/root:/bin/sh' 'user:x:1000:1000:user:/home/user:/bin/sh' \
		> "$root/etc/passwd"
	printf '%s\n' 'root:x:0:' 'user:x:1000:' 'extra:x:2000:user' > "$root/etc/group"
}

# The configuration tests start from: all namespaces that need no ids, the usual mounts.
base_config() {
	cat <<-'JSON'
	{
	 "ociVersion": "1.0.2",
	 "process": {
	  "terminal": false,
	  "user": {"uid": 0, "gid": 0},
	  "args": ["/bin/true"],
	  "env": ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "TERM=xterm"],
	  "cwd": "/",
	  "capabilities": {
	   "bounding": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
	   "effective": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"],
	   "permitted": ["CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE"]
	  },
	  "rlimits": [{"type": "RLIMIT_NOFILE", "hard": 1024, "soft": 1024}],
	  "noNewPrivileges": true
	 },
	 "root": {"path": "rootfs", "readonly": false},
	 "hostname": "hulltest",
	 "mounts": [
	  {"destination": "/proc", "type": "proc", "source": "proc"},
	  {"destination": "/dev", "type": "tmpfs", "source": "tmpfs",
	   "options": ["nosuid", "strictatime", "mode=755", "size=65536k"]},
	  {"destination": "/dev/pts", "type": "devpts", "source": "devpts",
	   "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
	  {"destination": "/dev/shm", "type": "tmpfs", "source": "shm",
	   "options": ["nosuid", "noexec", "nodev", "mode=1777", "size=65536k"]},
	  {"destination": "/dev/mqueue", "type": "mqueue", "source": "mqueue",
	   "options": ["nosuid", "noexec", "nodev"]},
	  {"destination": "/sys", "type": "sysfs", "source": "sysfs",
	   "options": ["nosuid", "noexec", "nodev", "ro"]},
	  {"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup",
	   "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]}
	 ],
	 "linux": {
	  "cgroupsPath": "@CGROUP@",
	  "namespaces": [{"type": "pid"}, {"type": "network"}, {"type": "ipc"}, {"type": "uts"},
	   {"type": "mount"}, {"type": "cgroup"}],
	  "maskedPaths": ["/proc/acpi", "/proc/kcore", "/proc/keys", "/proc/timer_list", "/sys/firmware"],
	  "readonlyPaths": ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
	 }
	}
	JSON
}

# Builds what all files share, once, whoever comes first.
prepare_store() {
	STORE=$BATS_RUN_TMPDIR/store
	(
		flock 9
		[[ -e $STORE/done ]] && exit 0
		mkdir -p "$STORE"
		make_probe "$STORE/probe" && make_rootfs_template "$STORE/rootfs" \
			&& base_config | jq -c . > "$STORE/config.json" && : > "$STORE/done"
	) 9> "$BATS_RUN_TMPDIR/store.lock"
}

# ---- set up and tear down ------------------------------------------------------------------

setup_file() {
	common_setup_file
}

common_setup_file() {
	[[ $(id -u) -eq 0 ]] || skip "needs root"
	export HULL STORE CGROOT
	HULL=$(find_hull)
	CGROOT=$(cgroup_root)
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	prepare_store
	hull_without_some
	our_mounts > "$BATS_FILE_TMPDIR/mounts.before"
}

# HULL_WITHOUT="ERRNO NAME,...": the tests run a hull for which these system calls fail so.
hull_without_some() {
	[[ -n ${HULL_WITHOUT:-} ]] || return 0
	printf '#!/bin/sh\nexec %q without %s %q "$@"\n' "$STORE/probe" "$HULL_WITHOUT" "$HULL" \
		> "$BATS_FILE_TMPDIR/hull"
	chmod 755 "$BATS_FILE_TMPDIR/hull"
	HULL=$BATS_FILE_TMPDIR/hull
}

teardown_file() {
	our_mounts > "$BATS_FILE_TMPDIR/mounts.after"
	diff "$BATS_FILE_TMPDIR/mounts.before" "$BATS_FILE_TMPDIR/mounts.after"
}

setup() {
	common_setup
}

common_setup() {
	ROOT=$BATS_FILE_TMPDIR/r
	PROBE=$STORE/probe
	CG=hull-test-$BATS_SUITE_TEST_NUMBER-$$
	T=$BATS_TEST_TMPDIR
	OUT=$T/out
	ERR=$T/err
	BUNDLE='' SEVERAL=''
	MARK=hullmark-$CG-$RANDOM
	export HULL_TEST_MARK=$MARK
	bundle bundle
}

teardown() {
	common_teardown
}

common_teardown() {
	local rc=0

	cd /
	delete_all || rc=1
	leak_check || rc=1
	return $rc
}

id_of() {
	local dir=${1%/}

	echo "${dir##*/}"
}

delete_all() {
	local dir rc=0

	for dir in "$ROOT"/*/; do
		# @seccomp is the cache of filters, which outlives containers
		[[ -d $dir && $dir != */@seccomp/ ]] || continue
		if ! timeout 30 "$HULL" --root "$ROOT" delete --force "$(id_of "$dir")" < /dev/null; then
			echo "leak: delete --force failed for $dir"
			rc=1
			kill_marked
			rm -rf "$dir"
		fi
	done
	return $rc
}

# Host mounts that a test could have made. In a private mount namespace (tests/integration/run)
# that is all of them; elsewhere others may mount and unmount meanwhile.
our_mounts() {
	if [[ -n ${HULL_TEST_PRIVATE_MOUNTS:-} ]]; then
		echo "$(< /proc/self/mountinfo)"
	else
		grep -e "$BATS_RUN_TMPDIR" -e hull /proc/self/mountinfo || :
	fi
}

# Pids of processes that this test started: its mark is in their environment, or they are
# in its cgroup.
marked_pids() (
	unset HULL_TEST_MARK
	{
		grep -lzs "^HULL_TEST_MARK=$MARK\$" /proc/[0-9]*/environ \
			| sed 's,^/proc/\([0-9]*\)/.*,\1,'
		[[ ! -d $CGROOT/$CG ]] || find "$CGROOT/$CG" -name cgroup.procs -exec cat {} + 2> /dev/null
	} | sort -un
)

# The same question with hardly a new process: it is asked after every test.
no_marked_pids() {
	[[ ! -d $CGROOT/$CG || $(< "$CGROOT/$CG/cgroup.events") != *"populated 1"* ]] || return 1
	! (
		unset HULL_TEST_MARK
		exec grep -qzs "^HULL_TEST_MARK=$MARK\$" /proc/[0-9]*/environ
	)
}

kill_marked() {
	local pid

	for pid in $(marked_pids); do
		kill -9 "$pid" 2> /dev/null || :
	done
	[[ -d $CGROOT/$CG ]] && echo 1 > "$CGROOT/$CG/cgroup.kill" 2> /dev/null
	wait_for 5 no_marked_pids
}

cgroup_gone() {
	[[ ! -e $CGROOT/$CG ]]
}

# Nothing may be left of a test: no process, no state, no cgroup, no mount. What is left is
# reported, then removed, so that one bad test spoils no other.
leak_check() {
	local pid left rc=0

	if ! wait_for 3 no_marked_pids; then
		rc=1
		for pid in $(marked_pids); do
			echo "leak: process $pid: $(tr '\0' ' ' < "/proc/$pid/cmdline")"
		done
		kill_marked || :
	fi
	left=
	[[ ! -d $ROOT ]] || left=$(find "$ROOT" -mindepth 1 ! -path "$ROOT/@seccomp*")
	if [[ -n $left ]]; then
		rc=1
		echo "leak: state: $left"
		rm -rf "$ROOT"
	fi
	# What one container made and another used is left to whoever comes last: here.
	[[ -z $SEVERAL ]] || rmdir "$CGROOT/$CG" 2> /dev/null || :
	if ! wait_for 2 cgroup_gone; then
		rc=1
		echo "leak: cgroup: $(find "$CGROOT/$CG" -type d)"
		find "$CGROOT/$CG" -depth -type d -exec rmdir {} \; || :
	fi
	if [[ $(our_mounts) != "$(< "$BATS_FILE_TMPDIR/mounts.before")" ]]; then
		rc=1
		echo "leak: mounts: $(our_mounts | diff "$BATS_FILE_TMPDIR/mounts.before" -)"
		grep -o " ${BATS_RUN_TMPDIR}[^ ]*" /proc/self/mountinfo | sort -r | xargs -r -n1 umount -l || :
		our_mounts > "$BATS_FILE_TMPDIR/mounts.before"
	fi
	return $rc
}

# ---- running hull ------------------------------------------------------------------------------

hull() {
	"$HULL" --root "$ROOT" "$@"
}

# Makes bundle NAME and goes there. The binaries are hard links: write to none of them.
bundle() {
	local conf

	[[ -z ${BUNDLE:-} ]] || SEVERAL=1
	BUNDLE=$T/$1
	ROOTFS=$BUNDLE/rootfs
	mkdir "$BUNDLE"
	cp -al "$STORE/rootfs" "$ROOTFS"
	conf=$(< "$STORE/config.json")
	echo "${conf/@CGROUP@//$CG/$1}" > "$BUNDLE/config.json"
	cd "$BUNDLE" || return 1
}

# config [jq options] FILTER: changes config.json of the current bundle.
config() {
	jq -c "$@" < "$BUNDLE/config.json" > "$BUNDLE/config.new" || return 1
	mv "$BUNDLE/config.new" "$BUNDLE/config.json"
}

# raw TOKEN TEXT: puts TEXT for the string TOKEN in config.json (jq would round large numbers).
raw() {
	sed -i "s/\"$1\"/$2/g" "$BUNDLE/config.json"
}

# args ARG...: what the container runs.
args() {
	config '.process.args = $ARGS.positional' --args -- "$@"
}

# script TEXT: the container runs a shell script.
script() {
	args /bin/sh -c "$1"
}

# Detached commands must not hold bats' pipes: their streams go to files.
quietly() {
	"$@" < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&-
}

# create ID [options]: `hull create` of the current bundle; $OUT and $ERR are the container's.
create() {
	local id=$1

	shift
	quietly hull create --bundle "$BUNDLE" "$@" "$id" || {
		local rc=$?
		echo "create $id: $rc: $(cat "$ERR")"
		return $rc
	}
}

# attached ID [options]: `hull run` in the background, as $!.
attached() {
	"$HULL" --root "$ROOT" run "$@" < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- &
}

# beside COMMAND...: runs it beside the test, with its streams in files. beside_kill SIGNAL sends it one;
# beside_status waits and prints its exit status. The status goes through a file: under load bash's
# own wait has lost it ("No record of process").
beside() {
	rm -f "$T/beside.pid" "$T/beside.rc"
	{
		sh -c 'echo $$ > "$0.new" && mv "$0.new" "$0" && exec "$@"' "$T/beside.pid" "$@" \
			< /dev/null > "$OUT" 2> "$ERR" && echo 0 > "$T/beside.new" || echo $? > "$T/beside.new"
		mv "$T/beside.new" "$T/beside.rc"
	} 3>&- 4>&- &
	wait_for 5 test -s "$T/beside.pid"
}

beside_kill() {
	kill "-$1" "$(cat "$T/beside.pid")"
}

beside_status() {
	wait_for 20 test -s "$T/beside.rc" && cat "$T/beside.rc"
}

# start_it ID [options]: create and start.
start_it() {
	create "$@" && hull start "$1"
}

# sleeper ID [options]: a container that stays until it is killed; TERM ends it.
sleeper() {
	script 'trap "exit 0" TERM; echo up; while :; do sleep 1000 & wait; done'
	start_it "$@"
	wait_for 5 grep -q up "$OUT"
}

# in_container [jq filter] SCRIPT: `hull run` of a script; status, output and stderr as with `run`.
in_container() {
	[[ $# -gt 1 ]] && config "$1"
	script "${!#}"
	run --separate-stderr hull run "c$BATS_TEST_NUMBER"
}

# The same, and it must succeed with nothing on stderr.
ok_container() {
	in_container "$@"
	# shellcheck disable=SC2154
	[[ $status -eq 0 && -z $stderr ]] || {
		echo "status $status, stderr: $stderr, output: $output"
		return 1
	}
}

# refused COMMAND...: fails with 1 and one clear line ("hull: ...", a hint may follow), nothing on
# stdout. The line is in $line.
refused() {
	fails 1 "$@"
}

# fails STATUS COMMAND...: the same with another status. Streams go to files: should the command
# succeed, a container would hold a pipe open.
fails() {
	local want=$1

	shift
	status=0
	"$@" < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- || status=$?
	[[ $status -eq $want ]] || {
		echo "status $status, not $want; output: $(cat "$OUT"); stderr: $(cat "$ERR")"
		return 1
	}
	[[ ! -s $OUT ]] || {
		echo "stdout: $(cat "$OUT")"
		return 1
	}
	one_line
}

one_line() {
	local -a got

	mapfile -t got < "$ERR"
	[[ ${#got[@]} -eq 1 || (${#got[@]} -eq 2 && ${got[1]} == hint:*) ]] || {
		echo "not one line: $(cat "$ERR")"
		return 1
	}
	line=${got[0]}
	[[ $line == "hull: "* ]] || {
		echo "line: $line"
		return 1
	}
}

# create_refused ID TEXT...: `create` of the current bundle fails with one line that has every TEXT,
# and nothing is left of it.
create_refused() {
	local id=$1 text

	shift
	refused hull create --bundle "$BUNDLE" "$id"
	for text; do
		has "$line" "$text"
	done
	no_trace "$id"
}

# each_refused FIELD: of the lines of stdin, each a value of that field as JSON, a tab and a text, each
# value is refused with its text.
each_refused() {
	local json text

	while IFS=$'\t' read -r json text; do
		config --argjson v "$json" "$1 = \$v"
		create_refused web "$text"
	done
}

# no_trace ID: a failed create left nothing.
no_trace() {
	[[ ! -e $ROOT/$1 ]] || {
		echo "state left: $(ls -la "$ROOT/$1")"
		return 1
	}
	cgroup_gone || {
		echo "cgroup left: $(find "$CGROOT/$CG" -type d)"
		return 1
	}
	wait_for 2 no_marked_pids || {
		echo "processes left: $(marked_pids)"
		return 1
	}
}

# ---- assertions ----------------------------------------------------------------------------------

has() {
	[[ $1 == *"$2"* ]] || {
		printf 'no <%s> in:\n%s\n' "$2" "$1"
		return 1
	}
}

hasnt() {
	[[ $1 != *"$2"* ]] || {
		printf '<%s> in:\n%s\n' "$2" "$1"
		return 1
	}
}

matches() {
	[[ $1 =~ $2 ]] || {
		printf 'no match of <%s> in:\n%s\n' "$2" "$1"
		return 1
	}
}

equal() {
	[[ $1 == "$2" ]] || {
		printf 'got:\n%s\nwant:\n%s\n' "$1" "$2"
		return 1
	}
}

differ() {
	[[ $1 != "$2" ]] || {
		printf 'both: %s\n' "$1"
		return 1
	}
}

# says_json FILE...: each line is one object as containerd's shim decodes it: a level in small letters, a
# time with a fraction and a zone.
says_json() {
	jq -es 'length > 0 and all(.[]; (keys == ["level", "msg", "time"])
		and (.level | test("^(error|warning|debug)$")) and (.msg | type == "string" and (contains("\n") | not))
		and (.time | test("^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}\\.[0-9]+(Z|[+-][0-9]{2}:[0-9]{2})$")))' \
		"$@" > "$T/says"
}

# ---- looking at containers ---------------------------------------------------------------------

status_of() {
	hull state "$1" | jq -r .status
}

pid_of() {
	hull state "$1" | jq -r .pid
}

is_status() {
	[[ $(status_of "$1" 2> /dev/null) == "$2" ]]
}

# rounds HOST GUEST: how often a loop goes. In the guest every new process costs six times as much.
rounds() {
	if [[ -n ${HULL_TEST_GUEST:-} ]]; then
		echo "$2"
	else
		echo "$1"
	fi
}

# wait_for SECONDS COMMAND...: until it succeeds; looks every 20 ms. Five seconds and more mean that it has
# to come: on a machine that is full of other work that may take a minute.
wait_for() {
	local end=$((SECONDS + ($1 >= 5 && $1 < 60 ? 60 : $1) + 1))

	shift
	until "$@"; do
		((SECONDS < end)) || return 1
		sleep 0.02
	done
}

process_gone() {
	[[ ! -e /proc/$1 ]] || grep -q '^State:.*Z' "/proc/$1/status" 2> /dev/null
}

# The fields of a container's mountinfo line: mountinfo_of TEXT DESTINATION [4|6|opt|type|source|super].
mount_field() {
	awk -v at="$2" -v what="$3" '
	$5 == at {
		opt = ""
		for (i = 7; $i != "-"; i++)
			opt = opt (opt == "" ? "" : " ") $i
		r = what == "root" ? $4 : what == "flags" ? $6 : what == "opt" ? opt : \
		    what == "type" ? $(i + 1) : what == "source" ? $(i + 2) : $(i + 3)
	}
	END { print r }' <<< "$1"
}

# ---- what a test needs -------------------------------------------------------------------------------

# requires THING...: skips with the reason when the machine lacks it.
requires() {
	local what

	for what; do
		case $what in
		root) [[ $(id -u) -eq 0 ]] || skip "needs root" ;;
		compat) [[ $("$PROBE" compat 20 2> /dev/null) == "= "* ]] || skip "needs 32-bit system calls" ;;
		strace) command -v strace > /dev/null || skip "needs strace" ;;
		cc) command -v "${CC:-cc}" > /dev/null || skip "needs a C compiler" ;;
		python) command -v python3 > /dev/null || skip "needs python3" ;;
		suid) [[ $(findmnt -n -o OPTIONS -T "$T" 2> /dev/null) != *nosuid* ]] || skip "needs set-user-id in the temporary directory" ;;
		userns) unshare -U true 2> /dev/null || skip "needs user namespaces" ;;
		timens) [[ -e /proc/self/ns/time ]] || skip "needs time namespaces" ;;
		veth) unshare -n ip link add v0 type veth peer name v1 2> /dev/null || skip "needs veth devices" ;;
		mknod) probe_mknod || skip "needs device nodes in the temporary directory" ;;
		unpriv) setpriv --reuid 65534 --clear-groups unshare -Ur true 2> /dev/null \
			|| skip "needs user namespaces for ordinary users" ;;
		newuidmap) [[ -u $(command -v newuidmap) ]] || skip "needs newuidmap" ;;
		v2:*) grep -qw "${what#v2:}" "$CGROOT/cgroup.controllers" \
			|| skip "needs the ${what#v2:} controller in cgroup v2" ;;
		no-v2:*) ! grep -qw "${what#no-v2:}" "$CGROOT/cgroup.controllers" \
			|| skip "needs a host whose ${what#no-v2:} controller is not in cgroup v2" ;;
		fuse) grep -qw fuse /proc/filesystems || skip "needs fuse, for a device that may be denied" ;;
		hybrid) [[ $CGROOT != /sys/fs/cgroup ]] || skip "needs a hybrid cgroup layout" ;;
		apparmor) [[ $(cat /sys/module/apparmor/parameters/enabled 2> /dev/null)$(command -v apparmor_parser) == Y/* ]] \
			|| skip "needs AppArmor, switched on" ;;
		numa) "$PROBE" mempolicy > /dev/null 2>&1 || skip "needs a kernel with memory policies" ;;
		cpus:*) [[ $(getconf _NPROCESSORS_ONLN) -ge ${what#cpus:} ]] || skip "needs ${what#cpus:} CPUs" ;;
		*) echo "requires: what is '$what'?" && return 1 ;;
		esac
	done
}

probe_mknod() {
	mknod "$T/node" c 1 3 2> /dev/null && : > "$T/node" && rm -f "$T/node"
}

# ---- seccomp ---------------------------------------------------------------------------------------------

# Number of a system call of this machine, by name.
nr() {
	case $(uname -m)-$1 in
	x86_64-geteuid) echo 107 ;;
	x86_64-getppid) echo 110 ;;
	x86_64-getpgrp) echo 111 ;;
	x86_64-personality) echo 135 ;;
	x86_64-getpriority) echo 140 ;;
	x86_64-sync) echo 162 ;;
	x86_64-mkdir) echo 83 ;;
	x86_64-getcpu) echo 309 ;;
	x86_64-lseek) echo 8 ;;
	x86_64-keyctl) echo 250 ;;
	x86_64-sendmsg) echo 46 ;;
	x86_64-execve) echo 59 ;;
	x86_64-exit_group) echo 231 ;;
	x86_64-seccomp) echo 317 ;;
	*-openat2) echo 437 ;;
	*-unknown) echo 999 ;;
	*) skip "no number of $1 known on $(uname -m)" ;;
	esac
}
