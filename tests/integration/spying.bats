load helpers

# What root of a container can get of a process that joins it, with CAP_SYS_PTRACE and without a
# user namespace of its own: the kernel lets it trace whatever it sees (CVE-2016-9962). The probe's
# spy looks at every process that appears, at all it could get hold of.

trace='.process.capabilities |= with_entries(.value += ["CAP_SYS_PTRACE"])'
userns='.linux.namespaces += [{type: "user"}] | .linux.uidMappings = [{containerID: 0, hostID: 100000, size: 65536}]
	| .linux.gidMappings = .linux.uidMappings'

# spy: the container "web" of the current bundle spies.
spy() {
	args probe spy HOSTSECRET precious
	start_it web
	wait_for 5 grep -q up "$OUT"
}

# execs: many short ones, with a secret and directories of the host open in the caller.
execs() {
	local i

	exec 7< /etc 9< "$T"
	for ((i = 0; i < $(rounds 60 15); i++)); do
		HOSTSECRET=precious "$HULL" --root "$ROOT" --log "$T/log" exec web probe clock monotonic < /dev/null > /dev/null
	done
	exec 7<&- 9<&-
}

# saw LINE...: exactly this, besides the socket that tells hull of the program's execution.
saw() {
	equal "$(grep -v -e '^up$' -e '^fd socket:$' "$OUT" | sort)" "$(printf '%s\n' "$@" | grep . | sort)"
}

@test "spying: a container without CAP_SYS_PTRACE sees nothing of an exec (CVE-2016-9962)" {
	spy
	execs
	saw
}

@test "spying: nor does one that has it, of descriptors, directories, environment, memory, shared memory, capabilities" {
	config "$trace"
	spy
	execs
	saw
	# It did see processes: the test is none if it was too slow.
	grep -q 'fd socket:' "$OUT"
}

@test "spying: nor with a seccomp filter that needs CAP_SYS_ADMIN to be loaded (P-26)" {
	config "$trace"' | .process.noNewPrivileges = false
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["getppid", "clone3"], action: "SCMP_ACT_ERRNO"}]}'
	spy
	execs
	saw
	hull exec web grep -q '^Seccomp:.2' /proc/self/status
}

@test "spying: nor with no_new_privs and a filter that forbids clone" {
	config "$trace"' | .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["clone"], action: "SCMP_ACT_ERRNO"}]}'
	spy
	execs
	saw
}

# The known rest, written down in SECURITY.md.
@test "spying: without no_new_privs, a filter that forbids clone leaves CAP_SYS_ADMIN to be seen, and nothing else" {
	config "$trace"' | .process.noNewPrivileges = false
		| .linux.seccomp = {defaultAction: "SCMP_ACT_ALLOW", syscalls: [{names: ["clone"], action: "SCMP_ACT_ERRNO"}]}'
	spy
	own=$(awk '/CapPrm/ { print $2 }' "/proc/$(pid_of web)/status")
	execs
	! grep -q ^ptrace "$OUT" || saw "ptrace $(printf %x $((0x$own | 1 << 21)))"
}

@test "spying: nor in a user namespace of its own" {
	requires userns
	config "$trace | $userns"
	chown 100000:100000 "$ROOTFS"
	spy
	execs
	saw
}

@test "spying: nor when the capability came by an earlier exec" {
	sleeper web
	"$HULL" --root "$ROOT" exec --cap CAP_SYS_PTRACE web probe spy HOSTSECRET precious < /dev/null > "$OUT" 2> "$ERR" 3>&- 4>&- &
	wait_for 5 grep -q up "$OUT"
	execs
	saw
	grep -q 'fd socket:' "$OUT"
}

@test "spying: nor of an exec into another container of the same pid namespace" {
	config "$trace"
	spy
	pid=$(pid_of web)
	cp "$OUT" "$T/before"
	SPY=$OUT OUT=$T/out2
	bundle other
	config --arg p "/proc/$pid/ns/pid" '(.linux.namespaces[] | select(.type == "pid")) += {path: $p}'
	sleeper other
	OUT=$SPY
	: > "$OUT" # what it saw of the other one's creation is another matter
	exec 7< /etc
	for ((i = 0; i < $(rounds 60 15); i++)); do
		HOSTSECRET=precious "$HULL" --root "$ROOT" exec other probe clock monotonic < /dev/null > /dev/null
	done
	exec 7<&-
	saw
}

@test "spying: a container that waits for its start has no descriptor, log or environment of the host" {
	HOSTSECRET=precious quietly hull --log "$T/log" create web
	pid=$(pid_of web)
	run ! grep -z HOSTSECRET "/proc/$pid/environ"
	for fd in /proc/"$pid"/fd/*; do
		link=$(readlink "$fd")
		[[ ${fd##*/} -le 2 || $link == / || $link == socket:* ]] || {
			echo "$fd: $link"
			return 1
		}
	done
	run ! grep -q PTRACE "/proc/$pid/environ"
}

@test "spying: a terminal, a status, a pid file and a pidfd are the program's own all the same" {
	config "$trace"
	sleeper web
	run "$PROBE" pty 24 80 "$HULL" --root "$ROOT" exec -t web sh -c 'tty; : < /dev/tty && exit 7'
	[[ $status -eq 7 ]]
	has "$output" /dev/pts/
	fails 255 hull exec web nosuch
	has "$line" "not found in"
	"$PROBE" recvfd "$T/s" "$T" 3>&- 4>&- &
	wait_for 5 test -e "$T/ready"
	quietly hull exec -d --pid-file "$T/pidfile" --pidfd-socket "$T/s" web sleep 100
	wait_for 5 test -s "$T/pid"
	pid=$(< "$T/pidfile")
	equal "$(cat "$T/pid")" "$pid"
	equal "$(tr '\0' ' ' < "/proc/$pid/cmdline")" "sleep 100 "
	equal "$(readlink "/proc/$pid/ns/pid")" "$(readlink "/proc/$(pid_of web)/ns/pid")"
	grep -q "/$CG/bundle" "/proc/$pid/cgroup"
	quietly hull exec web sh -c 'kill -TERM $$' && false || [[ $? -eq 143 ]]
}

@test "spying: exec that fails or is killed leaves nothing behind" {
	config "$trace"
	sleeper web
	n=$(wc -l < "$CGROOT/$CG/bundle/cgroup.procs")
	for ((i = 0; i < 10; i++)); do
		fails 255 hull exec --cwd /none web true
		fails 255 hull exec web nosuch
		printf 'no program' > "$ROOTFS/bad" && chmod 755 "$ROOTFS/bad"
		fails 255 hull exec web /bad
		has "$line" "exec format error"
		"$HULL" --root "$ROOT" exec web sleep 100 < /dev/null > /dev/null 2>&1 3>&- 4>&- &
		sleep "0.0$i"
		kill -KILL $! 2> /dev/null || :
		wait $! || :
	done
	pkill_own() { hull exec web sh -c 'for p in /proc/[0-9]*; do grep -qs "^sleep.100" $p/cmdline && kill -9 ${p#/proc/}; done; :'; }
	gone() {
		pkill_own < /dev/null > /dev/null 2>&1
		[[ $(wc -l < "$CGROOT/$CG/bundle/cgroup.procs") -eq $n ]]
	}
	wait_for 5 gone
}
