/* PURE: the words of the profile language, and what libseccomp and the kernel call them. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "seccomp/internal.h"

/* Architectures of newer libseccomps: the names are always valid (S-04). */
#ifndef SCMP_ARCH_LOONGARCH64
#define SCMP_ARCH_LOONGARCH64 0
#endif
#ifndef SCMP_ARCH_M68K
#define SCMP_ARCH_M68K 0
#endif
#ifndef SCMP_ARCH_SH
#define SCMP_ARCH_SH 0
#endif
#ifndef SCMP_ARCH_SHEB
#define SCMP_ARCH_SHEB 0
#endif

/* clang-format off */
/* S-14. SCMP_ACT_ERRNO and SCMP_ACT_TRACE carry a number. */
#define ACTIONS(X)                                           \
	X("SCMP_ACT_KILL",         SCMP_ACT_KILL_THREAD)      \
	X("SCMP_ACT_KILL_PROCESS", SCMP_ACT_KILL_PROCESS)     \
	X("SCMP_ACT_KILL_THREAD",  SCMP_ACT_KILL_THREAD)      \
	X("SCMP_ACT_TRAP",         SCMP_ACT_TRAP)             \
	X("SCMP_ACT_ERRNO",        SCMP_ACT_ERRNO(0))         \
	X("SCMP_ACT_TRACE",        SCMP_ACT_TRACE(0))         \
	X("SCMP_ACT_ALLOW",        SCMP_ACT_ALLOW)            \
	X("SCMP_ACT_LOG",          SCMP_ACT_LOG)              \
	X("SCMP_ACT_NOTIFY",       SCMP_ACT_NOTIFY)

/* S-20 */
#define OPERATORS(X)                                \
	X("SCMP_CMP_NE",        SCMP_CMP_NE)         \
	X("SCMP_CMP_LT",        SCMP_CMP_LT)         \
	X("SCMP_CMP_LE",        SCMP_CMP_LE)         \
	X("SCMP_CMP_EQ",        SCMP_CMP_EQ)         \
	X("SCMP_CMP_GE",        SCMP_CMP_GE)         \
	X("SCMP_CMP_GT",        SCMP_CMP_GT)         \
	X("SCMP_CMP_MASKED_EQ", SCMP_CMP_MASKED_EQ)

/* S-04 */
#define ARCHS(X)                                                 \
	X("SCMP_ARCH_X86",         'x', SCMP_ARCH_X86)            \
	X("SCMP_ARCH_X86_64",      'x', SCMP_ARCH_X86_64)         \
	X("SCMP_ARCH_X32",         'x', SCMP_ARCH_X32)            \
	X("SCMP_ARCH_ARM",         'a', SCMP_ARCH_ARM)            \
	X("SCMP_ARCH_AARCH64",     'a', SCMP_ARCH_AARCH64)        \
	X("SCMP_ARCH_MIPS",        'm', SCMP_ARCH_MIPS)           \
	X("SCMP_ARCH_MIPS64",      'm', SCMP_ARCH_MIPS64)         \
	X("SCMP_ARCH_MIPS64N32",   'm', SCMP_ARCH_MIPS64N32)      \
	X("SCMP_ARCH_MIPSEL",      'e', SCMP_ARCH_MIPSEL)         \
	X("SCMP_ARCH_MIPSEL64",    'e', SCMP_ARCH_MIPSEL64)       \
	X("SCMP_ARCH_MIPSEL64N32", 'e', SCMP_ARCH_MIPSEL64N32)    \
	X("SCMP_ARCH_PPC",         'p', SCMP_ARCH_PPC)            \
	X("SCMP_ARCH_PPC64",       'p', SCMP_ARCH_PPC64)          \
	X("SCMP_ARCH_PPC64LE",     'l', SCMP_ARCH_PPC64LE)        \
	X("SCMP_ARCH_S390",        's', SCMP_ARCH_S390)           \
	X("SCMP_ARCH_S390X",       's', SCMP_ARCH_S390X)          \
	X("SCMP_ARCH_PARISC",      'h', SCMP_ARCH_PARISC)         \
	X("SCMP_ARCH_PARISC64",    'h', SCMP_ARCH_PARISC64)       \
	X("SCMP_ARCH_RISCV64",     'r', SCMP_ARCH_RISCV64)        \
	X("SCMP_ARCH_LOONGARCH64", 'g', SCMP_ARCH_LOONGARCH64)    \
	X("SCMP_ARCH_M68K",        'k', SCMP_ARCH_M68K)           \
	X("SCMP_ARCH_SH",          'u', SCMP_ARCH_SH)             \
	X("SCMP_ARCH_SHEB",        'b', SCMP_ARCH_SHEB)

/* S-06 */
#define FLAGS(X)                                                                         \
	X("SECCOMP_FILTER_FLAG_TSYNC",              SECCOMP_FILTER_FLAG_TSYNC)            \
	X("SECCOMP_FILTER_FLAG_LOG",                SECCOMP_FILTER_FLAG_LOG)              \
	X("SECCOMP_FILTER_FLAG_SPEC_ALLOW",         SECCOMP_FILTER_FLAG_SPEC_ALLOW)       \
	X("SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
/* clang-format on */

#define NAME(name, ...)  name,
#define VALUE(name, ...) {name, __VA_ARGS__},

const char *const filter_action_names[] = {ACTIONS(NAME) NULL};
const char *const filter_operator_names[] = {OPERATORS(NAME) NULL};
const char *const filter_arch_names[] = {ARCHS(NAME) NULL};
const char *const filter_flag_names[] = {FLAGS(NAME) NULL};

struct name_value {
	const char *name;
	uint32_t value;
};
static const struct name_value actions[] = {ACTIONS(VALUE)};
static const struct name_value operators[] = {OPERATORS(VALUE)};
static const struct name_value flags[] = {FLAGS(VALUE)};
static const struct filter_arch archs[] = {ARCHS(VALUE)};

static const struct name_value *find(const struct name_value *table, size_t n, const char *name)
{
	for (size_t i = 0; name && i < n; i++)
		if (strcmp(table[i].name, name) == 0)
			return &table[i];
	return NULL;
}

const struct filter_arch *filter_arch_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (strcmp(archs[i].name, name) == 0)
			return &archs[i];
	return NULL;
}

const struct filter_arch *filter_arch_find_token(uint32_t token)
{
	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		if (archs[i].token == token)
			return &archs[i];
	return NULL;
}

int filter_action(const char *name, struct opt_u32 errno_ret, uint32_t *ret)
{
	const struct name_value *row = find(actions, ARRAY_SIZE(actions), name);
	uint32_t number = errno_ret.set ? errno_ret.v : EPERM; /* S-03, S-17 */

	if (!row || number > SECCOMP_RET_DATA)
		return -EINVAL;
	if (row->value == SCMP_ACT_ERRNO(0) || row->value == SCMP_ACT_TRACE(0))
		*ret = row->value | number;
	else
		*ret = row->value;
	return 0;
}

int filter_operator(const char *name, enum scmp_compare *ret)
{
	const struct name_value *row = find(operators, ARRAY_SIZE(operators), name);

	if (!row)
		return -EINVAL;
	*ret = (enum scmp_compare)row->value;
	return 0;
}

int filter_flag(const char *name, unsigned *ret)
{
	const struct name_value *row = find(flags, ARRAY_SIZE(flags), name);

	if (!row)
		return -EINVAL;
	*ret = row->value;
	return 0;
}

bool filter_uses_notify(const struct oci_seccomp *seccomp)
{
	const char *notify = "SCMP_ACT_NOTIFY";
	bool uses = seccomp->default_action && strcmp(seccomp->default_action, notify) == 0;

	for (size_t i = 0; i < seccomp->syscalls.n && !uses; i++) {
		const char *action = seccomp->syscalls.v[i].action;

		uses = action && strcmp(action, notify) == 0;
	}
	return uses;
}

int filter_flags(const struct oci_seccomp *seccomp, bool notify, unsigned *ret, struct err *err)
{
	unsigned all = 0;

	/* Absent is not the same as empty: without flags runc leaves speculation as it is. */
	if (!seccomp->flags.set)
		all = SECCOMP_FILTER_FLAG_SPEC_ALLOW;
	for (size_t i = 0; i < seccomp->flags.n; i++) {
		unsigned flag;

		if (filter_flag(seccomp->flags.v[i], &flag) < 0)
			return err_fail(err, EINVAL, "seccomp flag '%s' is unknown",
					seccomp->flags.v[i]);
		all |= flag;
	}
	/* The kernel takes WAIT_KILLABLE_RECV only together with a listener. With one, TSYNC has to
	 * go: the process has no other thread but the one that hands the listener over. */
	if (notify)
		all = (all | SECCOMP_FILTER_FLAG_NEW_LISTENER) &
		      ~(unsigned)SECCOMP_FILTER_FLAG_TSYNC;
	else
		all &= ~(unsigned)SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV;
	*ret = all;
	return 0;
}

int filter_check_names(const struct oci_seccomp *seccomp, struct err *err)
{
	for (size_t i = 0; i < seccomp->syscalls.n; i++) {
		const struct oci_strings *names = &seccomp->syscalls.v[i].names;

		for (size_t j = 0; j < names->n; j++)
			if (seccomp_syscall_resolve_name(names->v[j]) == __NR_SCMP_ERROR)
				return err_fail(
					err, EINVAL,
					"linux.seccomp.syscalls[%zu].names[%zu]: '%.64s' is "
					"no system call that libseccomp %s knows",
					i, j, names->v[j], filter_library_version());
	}
	return 0;
}

const char *filter_library_version(void)
{
	static char text[40];
	const struct scmp_version *v = seccomp_version();

	snprintf(text, sizeof(text), "%u.%u.%u", v->major, v->minor, v->micro);
	return text;
}
