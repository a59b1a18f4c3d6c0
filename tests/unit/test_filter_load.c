/* TEST: programs in the real kernel. */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "tests/unit/test_filter_sim.h"

#ifndef PR_GET_SECCOMP
#define PR_GET_SECCOMP 21
#endif

static void load(struct arena *a, const struct oci_seccomp *s)
{
	struct plan_filter f;

	must_compile(a, s, &f);
	CHECK_INT(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
	CHECK_INT(filter_load(&f), 0);
}

/* A sanitizer's work at exit needs calls that the filters deny. */
static _Noreturn void end(void)
{
	fflush(stdout);
	_exit(0);
}

static long call(long nr, long a0)
{
	errno = 0;
	return syscall(nr, a0, 0, 0) < 0 ? -errno : 0;
}

static void deny_list(void) /* S-01, S-16 */
{
	auto_arena a = ARENA_INIT;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ALLOW", NO_ERRNO);
	struct oci_seccomp_rule *r;

	prof_rule(&a, s, "SCMP_ACT_ERRNO", 77, "getppid");
	prof_rule(&a, s, "SCMP_ACT_ERRNO", NO_ERRNO, "getsid");
	prof_rule(&a, s, "SCMP_ACT_TRACE", NO_ERRNO, "getpgid"); /* no tracer: ENOSYS */
	r = prof_rule(&a, s, "SCMP_ACT_ERRNO", 78, "setpriority");
	prof_arg(&a, r, 0, "SCMP_CMP_EQ", 1ULL << 63 | 5, 0);
	load(&a, s);
	CHECK_INT(call(SYS_getppid, 0), -77);
	CHECK_INT(call(SYS_getsid, 0), -EPERM);
	CHECK_INT(call(SYS_getpgid, 0), -ENOSYS);
	if (sizeof(long) == 8) {
		CHECK_INT(call(SYS_setpriority, (long)(1ULL << 63 | 5)), -78);
		CHECK_INT(call(SYS_setpriority, 5), -EINVAL); /* the kernel's own */
	}
	CHECK_INT(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 2);
	CHECK_INT(call(SYS_getpid, 0), 0);
	end();
}

static void allow_list(void)
{
	auto_arena a = ARENA_INIT;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ERRNO", EPERM);

	/* what the test itself needs to end */
	prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO,
		  "read write exit exit_group munmap mmap brk rt_sigprocmask fstat newfstatat "
		  "getpid openat close faccessat2 sigaltstack");
	load(&a, s);
	CHECK_INT(call(SYS_getpid, 0), 0);
	CHECK_INT(call(SYS_getppid, 0), -EPERM);
	CHECK_INT(call(seccomp_syscall_resolve_name("faccessat2") + 1, 0), -ENOSYS);
	end();
}

static int status_of(const struct oci_seccomp *s, void (*then)(void))
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		auto_arena a = ARENA_INIT;

		load(&a, s);
		then();
		_exit(9);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	return status;
}

static void do_getppid(void)
{
	syscall(SYS_getppid);
}

static void kills(void) /* S-15, S-16 */
{
	static const char *const actions[] = {"SCMP_ACT_KILL", "SCMP_ACT_KILL_THREAD",
					      "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"};

	for (size_t i = 0; i < ARRAY_SIZE(actions); i++) {
		auto_arena a = ARENA_INIT;
		struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ALLOW", NO_ERRNO);
		int status;

		prof_rule(&a, s, actions[i], NO_ERRNO, "getppid");
		status = status_of(s, do_getppid);
		CHECK(WIFSIGNALED(status));
		CHECK_INT(WTERMSIG(status), SIGSYS);
	}
}

#ifdef __x86_64__
static void do_i386_getpid(void)
{
	long nr = 20;

	__asm__ volatile("int $0x80" : "+a"(nr) : : "memory", "r8", "r9", "r10", "r11");
	_exit(nr == -77 ? 2 : nr == getpid() ? 1 : 3);
}

static void foreign_architecture(void) /* S-04, S-05 */
{
	auto_arena a = ARENA_INIT;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ALLOW", NO_ERRNO);
	pid_t pid = fork();
	int status;

	if (pid == 0)
		do_i386_getpid();
	CHECK_INT(waitpid(pid, &status, 0), pid);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 1) {
		printf("# skipped: this kernel does not run i386 calls\n");
		return;
	}
	prof_rule(&a, s, "SCMP_ACT_ERRNO", 77, "getppid");
	status = status_of(s, do_i386_getpid);
	CHECK(WIFSIGNALED(status));
	CHECK_INT(WTERMSIG(status), SIGSYS);
	prof_strings(&a, &s->architectures, "SCMP_ARCH_X86");
	status = status_of(s, do_i386_getpid);
	CHECK_INT(WEXITSTATUS(status), 1);
	prof_rule(&a, s, "SCMP_ACT_ERRNO", 77, "getpid");
	status = status_of(s, do_i386_getpid);
	CHECK_INT(WEXITSTATUS(status), 2);
}
#else
static void foreign_architecture(void)
{
	printf("# skipped: x86-64 only\n");
}
#endif

static void flags(void) /* S-06 */
{
	auto_arena a = ARENA_INIT;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ALLOW", NO_ERRNO);

	prof_rule(&a, s, "SCMP_ACT_ERRNO", 77, "getppid");
	for (const char *const *flag = filter_flag_names; *flag; flag++) {
		prof_strings(&a, &s->flags, *flag); /* one more each time */
		load(&a, s);
	}
	CHECK_INT(call(SYS_getppid, 0), -77);
	end();
}

static void not_loaded(void)
{
	auto_arena a = ARENA_INIT;
	struct plan_filter f, none = {0};
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ALLOW", NO_ERRNO);

	CHECK_INT(filter_load(&none), 0);
	CHECK_INT(prctl(PR_GET_SECCOMP, 0, 0, 0, 0), 0);
	prof_rule(&a, s, "SCMP_ACT_ERRNO", 77, "getppid");
	must_compile(&a, s, &f);
	f.n = BPF_MAXINSNS + 1;
	CHECK_INT(filter_load(&f), -EINVAL);
	f.n = 65536 + 1; /* must not be cut to 1 */
	CHECK_INT(filter_load(&f), -EINVAL);
	f.n = 0;
	CHECK_INT(filter_load(&f), -EINVAL);
	must_compile(&a, s, &f);
	if (geteuid() == 0)
		CHECK(setresuid(64001, 64001, 64001) == 0);
	CHECK_INT(filter_load(&f), -EACCES); /* neither no_new_privs nor CAP_SYS_ADMIN */
	CHECK_INT(call(SYS_getppid, 0), 0);
}

static void large(void)
{
	auto_arena a = ARENA_INIT;
	struct oci_seccomp *s = prof_large(&a);

	/* the gaps of the list must not be what the test needs */
	prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "exit exit_group write read munmap");
	load(&a, s);
	CHECK_INT(syscall(seccomp_syscall_resolve_name("clone3"), 0, 0), -1);
	CHECK_INT(errno, ENOSYS);
	end();
}

static const struct unit_case cases[] = {
	{"S-01 S-16 a deny list", deny_list},
	{"an allow list, and newer calls", allow_list},
	{"S-15 what kills", kills},
	{"S-05 calls of another architecture", foreign_architecture},
	{"S-06 flags", flags},
	{"what is not loaded", not_loaded},
	{"a large profile", large},
};
UNIT_MAIN(cases)
