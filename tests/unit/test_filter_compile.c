/* TEST: profiles become programs that do what the profile says. */
#include <errno.h>
#include <linux/audit.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "tests/unit/test_filter_sim.h"

#define ALLOW      SECCOMP_RET_ALLOW
#define ERRNO_(n)  (SECCOMP_RET_ERRNO | (n))
#define TEST_ERRNO 77

static size_t count(const char *const *names)
{
	size_t n = 0;

	while (names[n])
		n++;
	return n;
}

static bool listed(const char *const *names, const char *name)
{
	for (; *names; names++)
		if (streq(*names, name))
			return true;
	return false;
}

static void name_tables(void)
{
	static const char *const archs[] = {
		"X86",     "X86_64",      "X32",    "ARM",      "AARCH64",     "MIPS",
		"MIPS64",  "MIPS64N32",   "MIPSEL", "MIPSEL64", "MIPSEL64N32", "PPC",
		"PPC64",   "PPC64LE",     "S390",   "S390X",    "PARISC",      "PARISC64",
		"RISCV64", "LOONGARCH64", "M68K",   "SH",       "SHEB"};
	char name[64];

	CHECK_UINT(count(filter_action_names), 9);               /* S-14 */
	CHECK_UINT(count(filter_operator_names), 7);             /* S-20 */
	CHECK_UINT(count(filter_flag_names), 4);                 /* S-06 */
	CHECK_UINT(count(filter_arch_names), ARRAY_SIZE(archs)); /* S-04 */
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++) {
		snprintf(name, sizeof(name), "SCMP_ARCH_%s", archs[i]);
		CHECK(listed(filter_arch_names, name));
	}
	CHECK(listed(filter_action_names, "SCMP_ACT_KILL_THREAD"));
	CHECK(listed(filter_operator_names, "SCMP_CMP_MASKED_EQ"));
	CHECK(listed(filter_flag_names, "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV"));
	CHECK(strchr(filter_library_version(), '.') != NULL);
}

static void every_action(void) /* S-14 to S-17 */
{
	static const struct {
		const char *action;
		int number;
		uint32_t want;
	} rows[] = {
		{"SCMP_ACT_KILL", NO_ERRNO, SECCOMP_RET_KILL_THREAD},
		{"SCMP_ACT_KILL_THREAD", NO_ERRNO, SECCOMP_RET_KILL_THREAD},
		{"SCMP_ACT_KILL_PROCESS", NO_ERRNO, SECCOMP_RET_KILL_PROCESS},
		{"SCMP_ACT_TRAP", NO_ERRNO, SECCOMP_RET_TRAP},
		{"SCMP_ACT_ERRNO", NO_ERRNO, ERRNO_(EPERM)},
		{"SCMP_ACT_ERRNO", 0, ERRNO_(0)},
		{"SCMP_ACT_ERRNO", 4094, ERRNO_(4094)},
		{"SCMP_ACT_TRACE", NO_ERRNO, SECCOMP_RET_TRACE | EPERM},
		{"SCMP_ACT_TRACE", 0xffff, SECCOMP_RET_TRACE | 0xffff},
		{"SCMP_ACT_LOG", NO_ERRNO, SECCOMP_RET_LOG},
		{"SCMP_ACT_ALLOW", NO_ERRNO, SECCOMP_RET_ALLOW},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_arena a = ARENA_INIT;
		struct plan_filter f;
		struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ERRNO", TEST_ERRNO);

		prof_rule(&a, s, rows[i].action, rows[i].number, "getpid getuid");
		must_compile(&a, s, &f);
		CHECK_UINT(sim_call(&f, "getpid", 0, 0, 0), rows[i].want);
		CHECK_UINT(sim_call(&f, "getuid", 0, 0, 0), rows[i].want);
		CHECK_UINT(sim_call(&f, "read", 0, 0, 0), ERRNO_(TEST_ERRNO));
		ref_compare(s, &f);

		s = prof_new(&a, rows[i].action, rows[i].number); /* and as default, S-02, S-03 */
		prof_rule(&a, s, "SCMP_ACT_ERRNO", TEST_ERRNO, "getpid epoll_pwait2");
		must_compile(&a, s, &f);
		CHECK_UINT(sim_call(&f, "read", 0, 0, 0), rows[i].want);
		CHECK_UINT(sim_call(&f, "getpid", 0, 0, 0), ERRNO_(TEST_ERRNO));
		ref_compare(s, &f);
	}
}

static void every_operator(void) /* S-20, S-21 */
{
	static const uint64_t values[] = {0,
					  1,
					  16,
					  0x7fffffff,
					  0x80000000,
					  0xffffffff,
					  0x100000000,
					  0x100000010,
					  1ULL << 63,
					  UINT64_MAX,
					  0xdeadbeef00000000,
					  0x1234567887654321};
	size_t compared = 0;

	for (const char *const *op = filter_operator_names; *op; op++) {
		for (size_t i = 0; i < ARRAY_SIZE(values); i++) {
			auto_arena a = ARENA_INIT;
			struct plan_filter f;
			struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ALLOW", NO_ERRNO);
			struct oci_seccomp_rule *r = prof_rule(&a, s, "SCMP_ACT_ERRNO", 9, "mmap");

			prof_arg(&a, r, (unsigned)i % 6, *op, values[i],
				 values[i] & 0xff0000ff000000ff);
			must_compile(&a, s, &f);
			compared += ref_compare(s, &f);
		}
	}
	printf("# %zu calls compared\n", compared);
}

static void values_by_hand(void) /* S-21 */
{
	auto_arena a = ARENA_INIT;
	struct plan_filter f;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ALLOW", NO_ERRNO);
	struct oci_seccomp_rule *r = prof_rule(&a, s, "SCMP_ACT_ERRNO", 5, "lseek");

	prof_arg(&a, r, 1, "SCMP_CMP_MASKED_EQ", 1ULL << 63 | 0xf, 1ULL << 63 | 0x5);
	r = prof_rule(&a, s, "SCMP_ACT_ERRNO", 6, "mmap");
	prof_arg(&a, r, 0, "SCMP_CMP_GT", 0x100000000, 0);
	must_compile(&a, s, &f);
	if (!(seccomp_arch_native() & __AUDIT_ARCH_64BIT))
		return;
	CHECK_UINT(sim_call(&f, "lseek", 0, 1ULL << 63 | 0x5, 0), ERRNO_(5));
	CHECK_UINT(sim_call(&f, "lseek", 0, UINT64_MAX & ~0xaULL, 0), ERRNO_(5));
	CHECK_UINT(sim_call(&f, "lseek", 0, 0x5, 0), ALLOW);
	CHECK_UINT(sim_call(&f, "lseek", 0, 1ULL << 63 | 0x7, 0), ALLOW);
	CHECK_UINT(sim_call(&f, "mmap", 0x100000000, 0, 0), ALLOW);
	CHECK_UINT(sim_call(&f, "mmap", 0x100000001, 0, 0), ERRNO_(6));
	CHECK_UINT(sim_call(&f, "mmap", 0x200000000, 0, 0), ERRNO_(6));
	CHECK_UINT(sim_call(&f, "mmap", 0xffffffff, 0, 0), ALLOW);
}

/* Programs that libseccomp 2.5 gets wrong: it goes on with a comparison of what was loaded for
 * another one. */
static void several_rules(void) /* S-20, S-21, S-22 */
{
	auto_arena a = ARENA_INIT;
	struct plan_filter f;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ERRNO", 9);
	struct oci_seccomp_rule *r = prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "lseek");

	prof_arg(&a, r, 0, "SCMP_CMP_NE", 40, 0);
	prof_arg(&a, r, 1, "SCMP_CMP_GT", 3, 0);
	r = prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "lseek");
	prof_arg(&a, r, 0, "SCMP_CMP_NE", 7, 0);
	r = prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "mmap");
	prof_arg(&a, r, 0, "SCMP_CMP_GT", 0x100000000, 0);
	r = prof_rule(&a, s, "SCMP_ACT_TRAP", NO_ERRNO, "mmap");
	prof_arg(&a, r, 0, "SCMP_CMP_LT", 3, 0);
	must_compile(&a, s, &f);
	CHECK_UINT(sim_call(&f, "lseek", 7, 0, 0), ERRNO_(9)); /* libseccomp's allows it */
	CHECK_UINT(sim_call(&f, "lseek", 7, 4, 0), ALLOW);
	CHECK_UINT(sim_call(&f, "lseek", 40, 0, 0), ALLOW);
	CHECK_UINT(sim_call(&f, "mmap", 2, 0, 0), SECCOMP_RET_TRAP);
	CHECK_UINT(sim_call(&f, "mmap", 3, 0, 0), ERRNO_(9));
	if (!(seccomp_arch_native() & __AUDIT_ARCH_64BIT))
		return;
	CHECK_UINT(sim_call(&f, "mmap", 0x100000000, 0, 0), ERRNO_(9));
	CHECK_UINT(sim_call(&f, "mmap", 0x100000001, 0, 0), ALLOW);
}

static void pairs_of_rules(void) /* S-20, S-21, S-22 */
{
	const char *const *ops = filter_operator_names;
	size_t compared = 0, n = 0;

	while (ops[n])
		n++;
	for (size_t i = 0; i < n; i++) {
		for (size_t k = i; k < i + n; k += 3) {
			const char *one = ops[i], *two = ops[k % n];
			auto_arena a = ARENA_INIT;
			struct plan_filter f;
			struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ERRNO", 9);
			struct oci_seccomp_rule *r;

			r = prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "lseek close");
			prof_arg(&a, r, 0, one, 3, 1);
			prof_arg(&a, r, 1, two, 0x100000005, 5);
			r = prof_rule(&a, s, "SCMP_ACT_LOG", NO_ERRNO, "lseek");
			prof_arg(&a, r, 0, two, 0x200000003, 1);
			r = prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "lseek socket");
			prof_arg(&a, r, 2, one, 8, 8);
			if (i == k) /* all that the machine can run */
				prof_strings(&a, &s->architectures, prof_native_archs());
			must_compile(&a, s, &f);
			compared += ref_compare(s, &f);
		}
	}
	printf("# %zu calls compared\n", compared);
}

static void conditions(void) /* S-22 */
{
	auto_arena a = ARENA_INIT;
	struct plan_filter f;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ERRNO", 1);
	struct oci_seccomp_rule *r = prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "dup3 prctl");

	prof_arg(&a, r, 0, "SCMP_CMP_EQ", 3, 0); /* different indices: all */
	prof_arg(&a, r, 2, "SCMP_CMP_GE", 10, 0);
	r = prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "fchmod");
	prof_arg(&a, r, 0, "SCMP_CMP_EQ", 3, 0); /* the same index: any */
	prof_arg(&a, r, 0, "SCMP_CMP_EQ", 4, 0);
	prof_arg(&a, r, 1, "SCMP_CMP_EQ", 0777, 0);
	must_compile(&a, s, &f);
	CHECK_UINT(sim_call(&f, "dup3", 3, 0, 10), ALLOW);
	CHECK_UINT(sim_call(&f, "dup3", 3, 0, 9), ERRNO_(1));
	CHECK_UINT(sim_call(&f, "prctl", 4, 0, 10), ERRNO_(1));
	CHECK_UINT(sim_call(&f, "fchmod", 3, 0, 0), ALLOW);
	CHECK_UINT(sim_call(&f, "fchmod", 4, 0, 0), ALLOW);
	CHECK_UINT(sim_call(&f, "fchmod", 5, 0, 0), ERRNO_(1));
	CHECK_UINT(sim_call(&f, "fchmod", 5, 0777, 0), ALLOW);
	ref_compare(s, &f);
}

static void ignored_rules(void) /* S-12, S-13 */
{
	auto_arena a = ARENA_INIT;
	struct plan_filter f;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ALLOW", NO_ERRNO);

	prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "read write"); /* the default again */
	prof_rule(&a, s, "SCMP_ACT_ERRNO", 5, "nosuchcall getpid also_not_there 39");
	prof_rule(&a, s, "SCMP_ACT_ERRNO", 5, "getpid"); /* said twice */
	must_compile(&a, s, &f);
	CHECK_UINT(sim_call(&f, "read", 0, 0, 0), ALLOW);
	CHECK_UINT(sim_call(&f, "getpid", 0, 0, 0), ERRNO_(5));
	ref_compare(s, &f);

	/* ERRNO with another number is not the default */
	s = prof_new(&a, "SCMP_ACT_ERRNO", NO_ERRNO);
	prof_rule(&a, s, "SCMP_ACT_ERRNO", 1, "read"); /* EPERM: the default again */
	prof_rule(&a, s, "SCMP_ACT_ERRNO", 13, "write");
	must_compile(&a, s, &f);
	CHECK_UINT(sim_call(&f, "read", 0, 0, 0), ERRNO_(1));
	CHECK_UINT(sim_call(&f, "write", 0, 0, 0), ERRNO_(13));

	s = prof_new(&a, "SCMP_ACT_KILL", NO_ERRNO); /* S-10: no rules at all */
	must_compile(&a, s, &f);
	CHECK_UINT(sim_call(&f, "read", 0, 0, 0), SECCOMP_RET_KILL_THREAD);
}

static void architectures(void) /* S-04, S-05 */
{
	auto_arena a = ARENA_INIT;
	struct plan_filter f;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ALLOW", NO_ERRNO);
	struct seccomp_data call = {.arch = AUDIT_ARCH_I386, .nr = 20}; /* getpid of i386 */
	char all[1024] = "";

	prof_rule(&a, s, "SCMP_ACT_ERRNO", 5, "getpid");
	must_compile(&a, s, &f);
	if (seccomp_arch_native() == SCMP_ARCH_X86_64) {
		CHECK_UINT(sim_run(&f, &call), SECCOMP_RET_KILL_THREAD);
		call.arch = AUDIT_ARCH_X86_64;
		call.nr = 0x40000000 + 39; /* x32 */
		CHECK_UINT(sim_run(&f, &call), SECCOMP_RET_KILL_THREAD);
		call.nr = 0x40000000; /* x32's read */
		CHECK_UINT(sim_run(&f, &call), SECCOMP_RET_KILL_THREAD);
	}
	ref_compare(s, &f);

	/* Every name is taken; those that cannot run here are left out. */
	for (const char *const *name = filter_arch_names; *name; name++) {
		strcat(all, *name);
		strcat(all, " ");
	}
	strcat(all, "SCMP_ARCH_X86"); /* twice */
	prof_strings(&a, &s->architectures, all);
	s->architectures.n--; /* 23 and one more is too many */
	must_compile(&a, s, &f);
	if (seccomp_arch_native() == SCMP_ARCH_X86_64) {
		call.nr = 0x40000000 + 39;
		CHECK_UINT(sim_run(&f, &call), ERRNO_(5));
		call.arch = AUDIT_ARCH_I386;
		call.nr = 20;
		CHECK_UINT(sim_run(&f, &call), ERRNO_(5));
		call.arch = AUDIT_ARCH_AARCH64;
		CHECK_UINT(sim_run(&f, &call), SECCOMP_RET_KILL_THREAD);
		ref_compare(s, &f);
	}
}

static void flag_values(void) /* S-06, S-07 */
{
	static const struct {
		const char *words; /* NULL: absent */
		unsigned want;
	} rows[] = {
		{NULL, 1U << 2},
		{"", 0},
		{"SECCOMP_FILTER_FLAG_TSYNC", 1U << 0},
		{"SECCOMP_FILTER_FLAG_LOG", 1U << 1},
		{"SECCOMP_FILTER_FLAG_SPEC_ALLOW SECCOMP_FILTER_FLAG_LOG", 1U << 2 | 1U << 1},
		/* without a listener the kernel would refuse it */
		{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_arena a = ARENA_INIT;
		struct plan_filter f;
		struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ALLOW", NO_ERRNO);

		prof_rule(&a, s, "SCMP_ACT_ERRNO", 5, "getpid");
		if (rows[i].words)
			prof_strings(&a, &s->flags, rows[i].words);
		must_compile(&a, s, &f);
		CHECK_UINT(f.flags, rows[i].want);
	}
}

/* S-14: a program that notifies says so in its flags, which the kernel takes in these forms. */
static void notify(void)
{
	static const char *const words[] = {
		"", "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV SECCOMP_FILTER_FLAG_TSYNC"};
	static const unsigned want[] = {1U << 3, 1U << 3 | 1U << 5};

	for (unsigned i = 0; i < 4; i++) {
		auto_arena a = ARENA_INIT;
		bool by_default = i & 1;
		struct oci_seccomp *s =
			prof_new(&a, by_default ? "SCMP_ACT_NOTIFY" : "SCMP_ACT_ALLOW", NO_ERRNO);
		struct seccomp_data call = {.arch = seccomp_arch_native()};
		struct plan_filter f;

		prof_rule(&a, s, by_default ? "SCMP_ACT_ALLOW" : "SCMP_ACT_NOTIFY", NO_ERRNO,
			  "getppid");
		prof_strings(&a, &s->flags, words[i / 2]);
		must_compile(&a, s, &f);
		CHECK_UINT(f.flags, want[i / 2]);
		call.nr = seccomp_syscall_resolve_name("getppid");
		CHECK_UINT(sim_run(&f, &call),
			   by_default ? SECCOMP_RET_ALLOW : SECCOMP_RET_USER_NOTIF);
		/* and no ENOSYS for what is newer than the profile */
		call.nr = 4000;
		CHECK_UINT(sim_run(&f, &call),
			   by_default ? SECCOMP_RET_USER_NOTIF : SECCOMP_RET_ALLOW);
	}
}

/* One call with the fence's arguments is notified, all others are the program's. */
static void fence(void)
{
	auto_arena a = ARENA_INIT;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ERRNO", 7);
	struct filter_fence fence;
	struct seccomp_data call = {.arch = seccomp_arch_native()}, hit;
	struct plan_filter f, fenced;

	prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "seccomp");
	must_compile(&a, s, &f);
	CHECK_INT(filter_fence_make(&fence), 0);
	filter_add_fence(&a, &f, &fence, &fenced);
	call.nr = seccomp_syscall_resolve_name("seccomp");
	call.args[0] = fence.a;
	call.args[1] = fence.b;
	hit = call;
	CHECK_UINT(sim_run(&f, &hit), SECCOMP_RET_ALLOW);
	CHECK_UINT(sim_run(&fenced, &hit), SECCOMP_RET_USER_NOTIF);
	for (unsigned bit = 0; bit < 128; bit++) {
		call = hit;
		call.args[bit / 64] ^= 1ULL << bit % 64;
		CHECK_UINT(sim_run(&fenced, &call), SECCOMP_RET_ALLOW);
	}
	call = hit;
	call.nr = seccomp_syscall_resolve_name("getppid");
	CHECK_UINT(sim_run(&fenced, &call), SECCOMP_RET_ERRNO | 7);
	call.arch ^= 1;
	CHECK_UINT(sim_run(&fenced, &call), SECCOMP_RET_KILL_THREAD);
}

static struct oci_seccomp *good(struct arena *a)
{
	struct oci_seccomp *s = prof_new(a, "SCMP_ACT_ERRNO", 1);
	struct oci_seccomp_rule *r = prof_rule(a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "getpid");

	prof_arg(a, r, 0, "SCMP_CMP_EQ", 1, 2);
	prof_strings(a, &s->flags, "SECCOMP_FILTER_FLAG_LOG");
	prof_strings(a, &s->architectures, prof_native_archs());
	return s;
}

static void must_fail(struct arena *a, const struct oci_seccomp *s, int code, const char *text)
{
	struct plan_filter f = {.flags = 4711};
	struct err err = ERR_NONE;

	CHECK_INT(filter_compile(a, s, &f, &err), -code);
	CHECK_HAS(err.text, text);
	CHECK_UINT(f.flags, 4711);
	CHECK(str_starts(err.text, "seccomp: "));
}

static void refused(void)
{
	auto_arena a = ARENA_INIT;
	struct plan_filter f;
	struct oci_seccomp *s;

	must_compile(&a, good(&a), &f);
	s = good(&a);
	s->default_action = "SCMP_ACT_NOPE";
	must_fail(&a, s, EINVAL, "'SCMP_ACT_NOPE'");
	s->default_action = NULL;
	must_fail(&a, s, EINVAL, "action");
	s = good(&a);
	s->default_errno_ret.v = 65536;
	must_fail(&a, s, EINVAL, "65536");
	s->default_errno_ret.v = 4095;
	must_fail(&a, s, EINVAL, "4095");
	s = good(&a);
	s->syscalls.v[0].action = "allow";
	must_fail(&a, s, EINVAL, "linux.seccomp.syscalls[0]: action 'allow'");
	s = good(&a);
	s->syscalls.v[0].args.v[0].index.v = 6; /* S-18 */
	must_fail(&a, s, EINVAL, "args[0]: index");
	s->syscalls.v[0].args.v[0].index.v = 4294967295U;
	must_fail(&a, s, EINVAL, "args[0]: index");
	s = good(&a);
	s->syscalls.v[0].args.v[0].op = "SCMP_CMP_XX";
	must_fail(&a, s, EINVAL, "args[0]: operator 'SCMP_CMP_XX'");
	s->syscalls.v[0].args.v[0].op = NULL;
	must_fail(&a, s, EINVAL, "args[0]: operator");
	s = good(&a);
	prof_strings(&a, &s->flags, "SECCOMP_FILTER_FLAG_NEW_LISTENER");
	must_fail(&a, s, EINVAL, "SECCOMP_FILTER_FLAG_NEW_LISTENER");
	s = good(&a);
	prof_strings(&a, &s->architectures, "SCMP_ARCH_Z80");
	must_fail(&a, s, EINVAL, "SCMP_ARCH_Z80");
	s = good(&a); /* a contradiction */
	prof_arg(&a, prof_rule(&a, s, "SCMP_ACT_TRAP", NO_ERRNO, "getpid"), 0, "SCMP_CMP_EQ", 1, 2);
	must_fail(&a, s, EINVAL, "linux.seccomp.syscalls[1]: rule for 'getpid'");
}

static void large(void)
{
	auto_arena a = ARENA_INIT;
	struct plan_filter f;
	struct oci_seccomp *s = prof_large(&a);

	must_compile(&a, s, &f);
	printf("# %zu instructions, %zu calls compared\n", f.n, ref_compare(s, &f));
	s->architectures = (struct oci_strings){0};
	must_compile(&a, s, &f);
	printf("# %zu instructions, %zu calls compared\n", f.n, ref_compare(s, &f));
	s->default_action = "SCMP_ACT_KILL_PROCESS";
	s->default_errno_ret.set = false;
	must_compile(&a, s, &f);
	ref_compare(s, &f);
}

static const struct unit_case cases[] = {
	{"S-04 S-06 S-14 S-20 the names", name_tables},
	{"S-14 S-15 S-16 S-17 every action", every_action},
	{"S-20 S-21 every operator, 64 bits", every_operator},
	{"S-21 values by hand", values_by_hand},
	{"S-22 several conditions", conditions},
	{"S-20 S-22 rules that libseccomp mixes up", several_rules},
	{"S-20 S-21 S-22 pairs of rules against the reference", pairs_of_rules},
	{"S-10 S-12 S-13 rules of no effect", ignored_rules},
	{"S-04 S-05 architectures", architectures},
	{"S-06 S-07 flags", flag_values},
	{"S-14 NOTIFY", notify},
	{"the fence before a program", fence},
	{"what is refused", refused},
	{"a large profile against the reference", large},
};
UNIT_MAIN(cases)
