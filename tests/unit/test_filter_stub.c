/* TEST: ENOSYS for system calls newer than the profile. */
#include <errno.h>
#include <linux/audit.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "tests/unit/test_filter_sim.h"

#define ALLOW     SECCOMP_RET_ALLOW
#define ERRNO_(n) (SECCOMP_RET_ERRNO | (n))
#define X32_BIT   0x40000000U

static uint32_t run(const struct plan_filter *f, uint32_t arch, uint32_t nr)
{
	struct seccomp_data data = {.arch = arch, .nr = (int)nr};

	return sim_run(f, &data);
}

static bool on_x86_64(void)
{
	if (seccomp_arch_native() == SCMP_ARCH_X86_64)
		return true;
	printf("# skipped: x86-64 only\n");
	return false;
}

static void which_defaults(void)
{
	static const struct {
		const char *action;
		int number;
		uint32_t above; /* what a call above the last one gets */
	} rows[] = {
		{"SCMP_ACT_ERRNO", NO_ERRNO, ERRNO_(ENOSYS)},
		{"SCMP_ACT_ERRNO", ENXIO, ERRNO_(ENOSYS)},
		{"SCMP_ACT_ERRNO", ENOSYS, ERRNO_(ENOSYS)},
		{"SCMP_ACT_KILL", NO_ERRNO, ERRNO_(ENOSYS)},
		{"SCMP_ACT_KILL_THREAD", NO_ERRNO, ERRNO_(ENOSYS)},
		{"SCMP_ACT_KILL_PROCESS", NO_ERRNO, ERRNO_(ENOSYS)},
		{"SCMP_ACT_TRAP", NO_ERRNO, ERRNO_(ENOSYS)},
		{"SCMP_ACT_TRACE", 5, SECCOMP_RET_TRACE | 5},
		{"SCMP_ACT_LOG", NO_ERRNO, SECCOMP_RET_LOG},
		{"SCMP_ACT_ALLOW", NO_ERRNO, SECCOMP_RET_ALLOW},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_arena a = ARENA_INIT;
		struct plan_filter f;
		struct oci_seccomp *s = prof_new(&a, rows[i].action, rows[i].number);
		uint32_t last = (uint32_t)seccomp_syscall_resolve_name("faccessat2");

		prof_rule(&a, s, "SCMP_ACT_ERRNO", 7, "faccessat2 read");
		must_compile(&a, s, &f);
		CHECK_UINT(run(&f, seccomp_arch_native(), last), ERRNO_(7));
		CHECK_UINT(run(&f, seccomp_arch_native(), last + 1), rows[i].above);
		CHECK_UINT(run(&f, seccomp_arch_native(), 5000), rows[i].above);
		ref_compare(s, &f);
	}
}

static void numbers_by_hand(void)
{
	auto_arena a = ARENA_INIT;
	struct plan_filter f;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ERRNO", EPERM);

	if (!on_x86_64())
		return;
	prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "read openat"); /* 0 and 257; i386 3, 295 */
	prof_strings(&a, &s->architectures, prof_native_archs());
	must_compile(&a, s, &f);
	CHECK_UINT(run(&f, AUDIT_ARCH_X86_64, 0), ALLOW);
	CHECK_UINT(run(&f, AUDIT_ARCH_X86_64, 1), ERRNO_(EPERM));
	CHECK_UINT(run(&f, AUDIT_ARCH_X86_64, 256), ERRNO_(EPERM));
	CHECK_UINT(run(&f, AUDIT_ARCH_X86_64, 257), ALLOW);
	CHECK_UINT(run(&f, AUDIT_ARCH_X86_64, 258), ERRNO_(ENOSYS));
	CHECK_UINT(run(&f, AUDIT_ARCH_X86_64, X32_BIT - 1), ERRNO_(ENOSYS));
	CHECK_UINT(run(&f, AUDIT_ARCH_X86_64, X32_BIT), ALLOW);
	CHECK_UINT(run(&f, AUDIT_ARCH_X86_64, X32_BIT + 256), ERRNO_(EPERM));
	CHECK_UINT(run(&f, AUDIT_ARCH_X86_64, X32_BIT + 258), ERRNO_(ENOSYS));
	CHECK_UINT(run(&f, AUDIT_ARCH_I386, 3), ALLOW);
	CHECK_UINT(run(&f, AUDIT_ARCH_I386, 294), ERRNO_(EPERM));
	CHECK_UINT(run(&f, AUDIT_ARCH_I386, 295), ALLOW);
	CHECK_UINT(run(&f, AUDIT_ARCH_I386, 296), ERRNO_(ENOSYS));
	CHECK_UINT(run(&f, AUDIT_ARCH_ARM, 5000), SECCOMP_RET_KILL_THREAD); /* S-05 */

	s->architectures = (struct oci_strings){0};
	must_compile(&a, s, &f);
	CHECK_UINT(run(&f, AUDIT_ARCH_X86_64, 258), ERRNO_(ENOSYS));
	CHECK_UINT(run(&f, AUDIT_ARCH_X86_64, X32_BIT), SECCOMP_RET_KILL_THREAD);
	CHECK_UINT(run(&f, AUDIT_ARCH_X86_64, X32_BIT + 258), SECCOMP_RET_KILL_THREAD);
	CHECK_UINT(run(&f, AUDIT_ARCH_I386, 5000), SECCOMP_RET_KILL_THREAD);
}

static void a_rule_of_no_effect_counts(void)
{
	auto_arena a = ARENA_INIT;
	struct plan_filter f;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ERRNO", EPERM);
	uint32_t last = (uint32_t)seccomp_syscall_resolve_name("faccessat2");

	/* Its author knew the call and wants EPERM for it. */
	prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "read");
	prof_rule(&a, s, "SCMP_ACT_ERRNO", EPERM, "faccessat2");
	must_compile(&a, s, &f);
	CHECK_UINT(run(&f, seccomp_arch_native(), last), ERRNO_(EPERM));
	CHECK_UINT(run(&f, seccomp_arch_native(), last + 1), ERRNO_(ENOSYS));
	ref_compare(s, &f);
}

static void nothing_named(void)
{
	auto_arena a = ARENA_INIT;
	struct plan_filter f;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ERRNO", EPERM);

	must_compile(&a, s, &f);
	CHECK_UINT(run(&f, seccomp_arch_native(), 0), ERRNO_(EPERM));
	CHECK_UINT(run(&f, seccomp_arch_native(), 5000), ERRNO_(EPERM));
	prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "nosuchcall");
	must_compile(&a, s, &f);
	CHECK_UINT(run(&f, seccomp_arch_native(), 5000), ERRNO_(EPERM));
	if (!on_x86_64())
		return;
	/* named for one architecture only: socketcall is i386's, arch_prctl's number x86-64's */
	prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "socketcall");
	prof_strings(&a, &s->architectures, prof_native_archs());
	must_compile(&a, s, &f);
	CHECK_UINT(run(&f, AUDIT_ARCH_X86_64, 5000), ERRNO_(EPERM));
	CHECK_UINT(run(&f, AUDIT_ARCH_X86_64, X32_BIT + 5000), ERRNO_(EPERM));
	CHECK_UINT(run(&f, AUDIT_ARCH_I386, 102), ALLOW);
	CHECK_UINT(run(&f, AUDIT_ARCH_I386, 103), ERRNO_(ENOSYS));
	ref_compare(s, &f);
}

static void multiplexed_calls(void)
{
	auto_arena a = ARENA_INIT;
	struct plan_filter f;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ERRNO", EPERM);

	if (!on_x86_64())
		return;
	/* i386 has socket as 359 and in socketcall (102); semget as 393 and in ipc (117) */
	prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "socket");
	prof_strings(&a, &s->architectures, "SCMP_ARCH_X86");
	must_compile(&a, s, &f);
	CHECK_UINT(run(&f, AUDIT_ARCH_I386, 359), ALLOW);
	CHECK_UINT(run(&f, AUDIT_ARCH_I386, 358), ERRNO_(EPERM));
	CHECK_UINT(run(&f, AUDIT_ARCH_I386, 360), ERRNO_(ENOSYS));
	prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "semget");
	must_compile(&a, s, &f);
	CHECK_UINT(run(&f, AUDIT_ARCH_I386, 393), ALLOW);
	CHECK_UINT(run(&f, AUDIT_ARCH_I386, 360), ERRNO_(EPERM));
	CHECK_UINT(run(&f, AUDIT_ARCH_I386, 394), ERRNO_(ENOSYS));
}

static void too_long(void)
{
	auto_arena a = ARENA_INIT;
	struct plan_filter f;
	struct err err = ERR_NONE;
	struct oci_seccomp *s = prof_new(&a, "SCMP_ACT_ERRNO", EPERM);

	for (uint64_t v = 0; v < 1100; v++) {
		struct oci_seccomp_rule *r = prof_rule(&a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "mmap");

		prof_arg(&a, r, 0, "SCMP_CMP_EQ", v << 32 | v, 0);
		prof_arg(&a, r, 1, "SCMP_CMP_EQ", v, 0);
	}
	CHECK_INT(filter_compile(&a, s, &f, &err), -E2BIG);
	CHECK_HAS(err.text, "seccomp: the program has ");
	CHECK_HAS(err.text, "4096");
}

static const struct unit_case cases[] = {
	{"which default actions get it", which_defaults},
	{"numbers by hand", numbers_by_hand},
	{"a rule of no effect counts as known", a_rule_of_no_effect_counts},
	{"an architecture without any named call", nothing_named},
	{"multiplexed calls", multiplexed_calls},
	{"a program that is too long", too_long},
};
UNIT_MAIN(cases)
