load helpers

# profile ACTION [more members]: one rule for getppid.
profile() {
	config --arg a "$1" --argjson m "${2:-{\}}" '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW",
		"syscalls": [{"names": ["getppid"], "action": $a} + $m]}'
}

@test "seccomp: the filter is active, with and without noNewPrivileges (S-01, P-26)" {
	profile SCMP_ACT_ERRNO
	for nnp in true false; do
		config --argjson n $nnp '.process.noNewPrivileges = $n'
		ok_container "grep -w Seccomp: /proc/self/status; probe syscall $(nr getppid)"
		equal "$output" "Seccomp:	2
! 1"
	done
}

@test "seccomp: ERRNO gives EPERM or errnoRet (S-16, S-17)" {
	profile SCMP_ACT_ERRNO '{"errnoRet": 99}'
	ok_container "probe syscall $(nr getppid)"
	equal "$output" "! 99"
	profile SCMP_ACT_ERRNO '{"errnoRet": 0}'
	ok_container "probe syscall $(nr getppid)"
	equal "$output" "= 0"
}

@test "seccomp: KILL, KILL_THREAD, KILL_PROCESS and TRAP end with SIGSYS (S-15, S-16)" {
	for a in KILL KILL_THREAD KILL_PROCESS TRAP; do
		profile SCMP_ACT_$a
		args /bin/probe fate "$(nr getppid)"
		run -0 hull run web
		equal "$output" "signal 31"
	done
}

@test "seccomp: TRACE without a tracer is ENOSYS, LOG and ALLOW run (S-16)" {
	profile SCMP_ACT_TRACE
	ok_container "probe syscall $(nr getppid)"
	equal "$output" "! 38"
	profile SCMP_ACT_LOG
	ok_container "probe fate $(nr getppid)"
	equal "$output" "exit 0"
	profile SCMP_ACT_ALLOW
	ok_container "probe fate $(nr getppid)"
	equal "$output" "exit 0"
}

@test "seccomp: the default action and its errno (S-02, S-03)" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 77, "syscalls": [
		{"names": ["execve", "exit", "exit_group", "write", "writev", "brk", "arch_prctl", "mmap", "munmap", "mprotect", "fstat", "newfstatat",
		"readlink", "readlinkat", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "getrandom", "rt_sigaction", "prctl", "uname",
		"futex", "sigaltstack", "ioctl", "getpid"], "action": "SCMP_ACT_ALLOW"}]}'
	args /bin/probe syscall "$(nr getppid)"
	run -0 hull run web
	equal "$output" "! 77"
}

@test "seccomp: a call newer than the profile is ENOSYS, an older one the default's errno" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 77, "syscalls": [
		{"names": ["execve", "exit", "exit_group", "write", "writev", "brk", "arch_prctl", "mmap", "munmap", "mprotect", "fstat", "newfstatat",
		"readlink", "readlinkat", "set_tid_address", "set_robust_list", "rseq", "prlimit64", "getrandom", "rt_sigaction", "prctl", "uname",
		"futex", "sigaltstack", "ioctl", "statx", "openat2"], "action": "SCMP_ACT_ALLOW"}]}'
	args /bin/probe syscall "$(nr unknown)"
	run -0 hull run web
	equal "$output" "! 38"
	args /bin/probe syscall "$(nr getppid)"
	run -0 hull run web
	equal "$output" "! 77"
}

@test "seccomp: argument operators (S-18 to S-21)" {
	p=$(nr getpriority)
	try() { # op value valueTwo argument expected
		config --arg o "$1" --argjson w "$3" '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [
			{"names": ["getpriority"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77, "args": [{"index": 0, "value": "@V@", "valueTwo": $w, "op": $o}]}]}'
		script "probe syscall $p $4 0"
		raw @V@ "$2"
		run -0 hull run web
		if [[ $5 == hit ]]; then
			equal "$1 $4: $output" "$1 $4: ! 77"
		else
			differ "$output" "! 77"
		fi
	}
	try SCMP_CMP_EQ 5 0 5 hit
	try SCMP_CMP_EQ 5 0 6 miss
	try SCMP_CMP_NE 5 0 6 hit
	try SCMP_CMP_NE 5 0 5 miss
	try SCMP_CMP_LT 5 0 4 hit
	try SCMP_CMP_LT 5 0 5 miss
	try SCMP_CMP_LE 5 0 5 hit
	try SCMP_CMP_LE 5 0 6 miss
	try SCMP_CMP_GT 5 0 6 hit
	try SCMP_CMP_GT 5 0 5 miss
	try SCMP_CMP_GE 5 0 5 hit
	try SCMP_CMP_GE 5 0 4 miss
	try SCMP_CMP_MASKED_EQ 240 16 0x1f hit
	try SCMP_CMP_MASKED_EQ 240 16 0x2f miss
	try SCMP_CMP_EQ 9223372036854775808 0 0x8000000000000000 hit
	try SCMP_CMP_EQ 9223372036854775808 0 0x8000000000000001 miss
}

@test "seccomp: conditions on different arguments must all hold, on one any (S-22)" {
	p=$(nr getpriority)
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getpriority"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77,
		"args": [{"index": 0, "value": 5, "op": "SCMP_CMP_EQ"}, {"index": 1, "value": 6, "op": "SCMP_CMP_EQ"}]}]}'
	ok_container "probe syscall $p 5 6; probe syscall $p 5 7"
	equal "${lines[0]}" "! 77"
	differ "${lines[1]}" "! 77"
	config '.linux.seccomp.syscalls[0].args = [{"index": 0, "value": 5, "op": "SCMP_CMP_EQ"}, {"index": 0, "value": 6, "op": "SCMP_CMP_EQ"}]'
	ok_container "probe syscall $p 5 0; probe syscall $p 6 0; probe syscall $p 7 0"
	equal "${lines[0]} ${lines[1]}" "! 77 ! 77"
	differ "${lines[2]}" "! 77"
}

@test "seccomp: unknown call names and rules equal to the default are no error (S-12, S-13)" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["nosuchcall", "getppid"], "action": "SCMP_ACT_ERRNO"},
		{"names": ["getpid"], "action": "SCMP_ACT_ALLOW"}]}'
	ok_container "probe syscall $(nr getppid)"
	equal "$output" "! 1"
}

@test "seccomp: flags are taken, unknown ones refused (S-06)" {
	profile SCMP_ACT_ERRNO
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW", "SECCOMP_FILTER_FLAG_TSYNC"]'
	ok_container "probe syscall $(nr getppid)"
	equal "$output" "! 1"
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_NOSUCH"]'
	create_refused web SECCOMP_FILTER_FLAG_NOSUCH
}

@test "seccomp: architectures (S-04)" {
	profile SCMP_ACT_ERRNO
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"]'
	ok_container "probe syscall $(nr getppid)"
	equal "$output" "! 1"
	config '.linux.seccomp.architectures = ["SCMP_ARCH_NOSUCH"]'
	create_refused web SCMP_ARCH_NOSUCH
}

@test "seccomp: what the spec forbids is refused (S-02, S-09, S-11, S-14, S-17 to S-20)" {
	s='.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getppid"], "action": "SCMP_ACT_ERRNO"}]}'
	for change in 'del(.linux.seccomp.defaultAction)' '.linux.seccomp.defaultAction = "SCMP_ACT_NOSUCH"' '.linux.seccomp.defaultAction = "scmp_act_allow"' \
		'.linux.seccomp.defaultErrnoRet = 5' '.linux.seccomp.syscalls[0].names = []' 'del(.linux.seccomp.syscalls[0].names)' \
		'del(.linux.seccomp.syscalls[0].action)' '.linux.seccomp.syscalls[0].action = "SCMP_ACT_X"' \
		'.linux.seccomp.syscalls[0] += {"action": "SCMP_ACT_ALLOW", "errnoRet": 5}' \
		'.linux.seccomp.syscalls[0].args = [{"index": 6, "value": 0, "op": "SCMP_CMP_EQ"}]' \
		'.linux.seccomp.syscalls[0].args = [{"index": 0, "value": 0, "op": "SCMP_CMP_X"}]' \
		'.linux.seccomp.syscalls[0].args = [{"value": 0, "op": "SCMP_CMP_EQ"}]' \
		'.linux.seccomp.syscalls[0].args = [{"index": 0, "op": "SCMP_CMP_EQ"}]' \
		'.linux.seccomp.syscalls[0].args = [{"index": 0, "value": 0}]' \
		'.linux.seccomp.listenerMetadata = "x"' '.linux.seccomp.syscalls[0].action = "SCMP_ACT_NOTIFY"'; do
		config "$s | $change"
		create_refused web seccomp
	done
}

@test "seccomp: a profile that fails getcwd, chdir and open starts all the same (S-23)" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getcwd", "chdir", "fchdir", "setuid", "setresuid", "setgroups",
		"capset", "pivot_root", "mount", "umount2", "open_tree", "move_mount", "openat2", "chroot", "clone3", "close_range", "dup3",
		"recvmsg", "sendmsg"], "action": "SCMP_ACT_ERRNO", "errnoRet": 77}]}'
	args /bin/echo fine
	run -0 hull run web
	equal "$output" fine
}

@test "seccomp: a call used by the runtime late may be killed by the profile" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW", "syscalls": [{"names": ["getcwd", "chdir", "setresuid", "capset"],
		"action": "SCMP_ACT_KILL_PROCESS"}]}'
	args /bin/echo fine
	run -0 hull run web
	equal "$output" fine
}

@test "seccomp: the same profile gives the same filter again, a changed one another" {
	profile SCMP_ACT_ERRNO '{"errnoRet": 40}'
	for _ in 1 2 3; do
		ok_container "probe syscall $(nr getppid)"
		equal "$output" "! 40"
	done
	profile SCMP_ACT_ERRNO '{"errnoRet": 41}'
	ok_container "probe syscall $(nr getppid)"
	equal "$output" "! 41"
}

@test "seccomp: a damaged cache entry is not used" {
	profile SCMP_ACT_ERRNO '{"errnoRet": 42}'
	export XDG_CACHE_HOME=$T/cache
	ok_container "probe syscall $(nr getppid)"
	find "$ROOT" "$(dirname "$ROOT")" /run/hull -path '*cache*' -type f 2> /dev/null | while read -r f; do
		[[ $f == "$BATS_FILE_TMPDIR"* ]] && printf 'garbage' > "$f"
	done
	ok_container "probe syscall $(nr getppid)"
	equal "$output" "! 42"
}

@test "seccomp: a profile as large as an engine's default works" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "architectures": ["SCMP_ARCH_X86_64", "SCMP_ARCH_X86", "SCMP_ARCH_X32"],
		"syscalls": [{"names": ["accept","accept4","access","adjtimex","alarm","bind","brk","capget","capset","chdir","chmod","chown","chown32",
		"clock_getres","clock_gettime","clock_nanosleep","close","close_range","connect","copy_file_range","creat","dup","dup2","dup3","epoll_create",
		"epoll_create1","epoll_ctl","epoll_wait","eventfd2","execve","execveat","exit","exit_group","faccessat","faccessat2","fadvise64","fallocate",
		"fchdir","fchmod","fchmodat","fchown","fchownat","fcntl","fdatasync","fgetxattr","flock","fork","fstat","fstat64","fstatat64","fstatfs","fsync",
		"ftruncate","futex","getcpu","getcwd","getdents","getdents64","getegid","geteuid","getgid","getgroups","getpgid","getpgrp","getpid",
		"getpriority","getrandom","getresgid","getresuid","getrlimit","getrusage","getsid","getsockname","getsockopt","get_thread_area","gettid",
		"gettimeofday","getuid","getxattr","ioctl","kill","lchown","link","linkat","listen","lseek","lstat","madvise","mkdir","mkdirat","mmap",
		"mprotect","mremap","msync","munmap","nanosleep","newfstatat","open","openat","pause","pipe","pipe2","poll","ppoll","prctl","pread64",
		"prlimit64","pselect6","pwrite64","read","readlink","readlinkat","readv","recvfrom","recvmsg","rename","renameat","renameat2","restart_syscall",
		"rmdir","rseq","rt_sigaction","rt_sigpending","rt_sigprocmask","rt_sigqueueinfo","rt_sigreturn","rt_sigsuspend","rt_sigtimedwait",
		"sched_getaffinity","sched_yield","select","sendmsg","sendto","set_robust_list","set_tid_address","setgid","setgroups","setpgid","setresgid",
		"setresuid","setsid","setsockopt","setuid","sigaltstack","socket","socketpair","stat","statfs","statx","symlink","sync","sysinfo","tgkill",
		"time","times","truncate","umask","uname","unlink","unlinkat","utimensat","vfork","wait4","waitid","write","writev","arch_prctl"],
		"action": "SCMP_ACT_ALLOW"},
		{"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 0, "op": "SCMP_CMP_EQ"}]},
		{"names": ["personality"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 4294967295, "op": "SCMP_CMP_EQ"}]},
		{"names": ["clone"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 2114060288, "valueTwo": 0, "op": "SCMP_CMP_MASKED_EQ"}]},
		{"names": ["clone3"], "action": "SCMP_ACT_ERRNO", "errnoRet": 38}]}'
	ok_container "ls / > /dev/null; probe syscall $(nr personality) 0xffffffff; probe syscall $(nr personality) 8; probe syscall 435; unshare -n true 2>&1 || :"
	equal "${lines[0]}" "= 0"
	equal "${lines[1]}" "! 1"
	equal "${lines[2]}" "! 38"
	has "$output" "Operation not permitted"
}

@test "seccomp: 32-bit calls have rules only where the architecture is listed, else they kill (S-04, S-05)" {
	requires compat
	profile SCMP_ACT_ERRNO '{"errnoRet": 99}'
	config '.linux.seccomp.syscalls[0].names = ["getpgid"]'
	script "probe compat 132; echo \$?"
	run -0 hull run web
	has "$output" 159
	hasnt "$output" "= "
	config '.linux.seccomp.architectures = ["SCMP_ARCH_X86"]'
	run -0 hull run web
	equal "$output" "! 99
0"
}

@test "seccomp: KILL_THREAD leaves the other threads, KILL_PROCESS none (S-15)" {
	for a in KILL KILL_THREAD KILL_PROCESS; do
		profile SCMP_ACT_$a
		config '.linux.seccomp.syscalls[0].names = ["personality"]'
		script "probe thread $(nr personality); echo \$?"
		run -0 hull run web
		want=$'alive\n0'
		[[ $a != KILL_PROCESS ]] || want=159
		has "$output" "$want"
		[[ $a != KILL_PROCESS ]] || hasnt "$output" alive
	done
}

@test "seccomp: TRAP reaches a handler, TRACE a tracer, with errnoRet as its message (S-16, S-17)" {
	profile SCMP_ACT_TRAP
	config '.linux.seccomp.syscalls[0].names = ["personality"]'
	ok_container "probe trap $(nr personality)"
	equal "$output" "trapped $(nr personality)
after"
	profile SCMP_ACT_TRACE '{"errnoRet": 4711}'
	config '.linux.seccomp.syscalls[0].names = ["personality"]'
	ok_container "probe traced $(nr personality)"
	equal "$output" "event 4711
exit 0"
}

@test "seccomp: flags are seccomp(2)'s, absent ones leave speculation as it is (S-06, S-07)" {
	requires strace
	profile SCMP_ACT_ERRNO
	args true
	loaded() {
		strace -f -q -e trace=seccomp -o "$T/trace" "$HULL" --root "$ROOT" run web
		sed -n 's/.*SECCOMP_SET_MODE_FILTER, \([^,]*\), {len.*/\1/p' "$T/trace"
	}
	equal "$(loaded)" SECCOMP_FILTER_FLAG_SPEC_ALLOW
	config '.linux.seccomp.flags = []'
	equal "$(loaded)" 0
	for f in TSYNC LOG SPEC_ALLOW; do
		config --arg f "SECCOMP_FILTER_FLAG_$f" '.linux.seccomp.flags = [$f]'
		equal "$(loaded)" "SECCOMP_FILTER_FLAG_$f"
	done
	# without notifications the kernel would refuse it
	config '.linux.seccomp.flags = ["SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"]'
	equal "$(loaded)" 0
}

@test "seccomp: syscalls may be absent, and KILL by default then kills at once (S-10)" {
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_ALLOW"}'
	ok_container "grep -w Seccomp: /proc/self/status"
	equal "$output" "Seccomp:	2"
	config '.linux.seccomp = {"defaultAction": "SCMP_ACT_KILL_PROCESS"}'
	run hull run web
	differ "$status" 0
}
