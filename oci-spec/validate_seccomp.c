/* PURE: what was asked is legal: linux.seccomp. */
#include <inttypes.h>

#include "oci-spec/validate.h"

/* clang-format off */
static const char *const actions[] = {
	"SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_KILL_THREAD", "SCMP_ACT_TRAP",
	"SCMP_ACT_ERRNO", "SCMP_ACT_TRACE", "SCMP_ACT_ALLOW", "SCMP_ACT_LOG",
	"SCMP_ACT_NOTIFY", NULL,
};

static const char *const operators[] = {
	"SCMP_CMP_NE", "SCMP_CMP_LT", "SCMP_CMP_LE", "SCMP_CMP_EQ", "SCMP_CMP_GE", "SCMP_CMP_GT",
	"SCMP_CMP_MASKED_EQ", NULL,
};

static const char *const architectures[] = {
	"SCMP_ARCH_X86", "SCMP_ARCH_X86_64", "SCMP_ARCH_X32", "SCMP_ARCH_ARM",
	"SCMP_ARCH_AARCH64", "SCMP_ARCH_MIPS", "SCMP_ARCH_MIPS64", "SCMP_ARCH_MIPS64N32",
	"SCMP_ARCH_MIPSEL", "SCMP_ARCH_MIPSEL64", "SCMP_ARCH_MIPSEL64N32", "SCMP_ARCH_PPC",
	"SCMP_ARCH_PPC64", "SCMP_ARCH_PPC64LE", "SCMP_ARCH_S390", "SCMP_ARCH_S390X",
	"SCMP_ARCH_PARISC", "SCMP_ARCH_PARISC64", "SCMP_ARCH_RISCV64", "SCMP_ARCH_LOONGARCH64",
	"SCMP_ARCH_M68K", "SCMP_ARCH_SH", "SCMP_ARCH_SHEB", NULL,
};

static const char *const flags[] = {
	"SECCOMP_FILTER_FLAG_TSYNC", "SECCOMP_FILTER_FLAG_LOG", "SECCOMP_FILTER_FLAG_SPEC_ALLOW",
	"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", NULL,
};
/* clang-format on */

static int action(const char *name, struct opt_u32 errno_ret, const char *at, const char *member,
		  const char *errno_member, struct err *err)
{
	bool is_errno, is_trace;

	if (!name)
		return invalid(err, "%s.%s: required, but missing", at, member);
	if (!name_in(actions, name))
		return invalid(err, "%s.%s: unknown action '%.64s'", at, member, name);
	is_errno = streq(name, "SCMP_ACT_ERRNO");
	is_trace = streq(name, "SCMP_ACT_TRACE");
	if (errno_ret.set && !is_errno && !is_trace)
		return invalid(err, "%s.%s: '%s' takes none", at, errno_member, name);
	/* The kernel cuts an errno at MAX_ERRNO and a tracer's number at 16 bits. */
	if (errno_ret.set && errno_ret.v > (is_errno ? 4095u : 65535u))
		return invalid(err, "%s.%s: %" PRIu32 " is more than %u", at, errno_member,
			       errno_ret.v, is_errno ? 4095u : 65535u);
	return 0;
}

static int name_list(const struct oci_strings *list, const char *const *known, const char *at,
		     const char *what, struct err *err)
{
	for (size_t i = 0; i < list->n; i++)
		if (!name_in(known, list->v[i]))
			return invalid(err, "linux.seccomp.%s[%zu]: unknown %s '%.64s'", at, i,
				       what, list->v[i]);
	return 0;
}

static int arg(const struct oci_seccomp_arg *a, const char *at, size_t i, struct err *err)
{
	const char *missing = !a->index.set   ? "index"
			      : !a->value.set ? "value"
			      : !a->op        ? "op"
					      : NULL;

	if (missing)
		return invalid(err, "%s.args[%zu].%s: required, but missing", at, i, missing);
	if (a->index.v > 5)
		return invalid(err, "%s.args[%zu].index: %" PRIu32 " is more than 5", at, i,
			       a->index.v);
	if (!name_in(operators, a->op))
		return invalid(err, "%s.args[%zu].op: unknown operator '%.64s'", at, i, a->op);
	return 0;
}

static int rule(const struct oci_seccomp_rule *s, size_t index, struct err *err)
{
	char at[64];
	int r;

	snprintf(at, sizeof(at), "linux.seccomp.syscalls[%zu]", index);
	if (!s->names.n)
		return invalid(err, "%s.names: at least one is required", at);
	for (size_t i = 0; i < s->names.n; i++)
		if (!*s->names.v[i])
			return invalid(err, "%s.names[%zu]: empty", at, i);
	r = action(s->action, s->errno_ret, at, "action", "errnoRet", err);
	for (size_t i = 0; i < s->args.n && r == 0; i++)
		r = arg(&s->args.v[i], at, i, err);
	return r;
}

static int check_default(const struct oci_seccomp *s, struct err *err)
{
	return action(s->default_action, s->default_errno_ret, "linux.seccomp", "defaultAction",
		      "defaultErrnoRet", err);
}

static int check_architectures(const struct oci_seccomp *s, struct err *err)
{
	return name_list(&s->architectures, architectures, "architectures", "architecture", err);
}

static int check_flags(const struct oci_seccomp *s, struct err *err)
{
	return name_list(&s->flags, flags, "flags", "flag", err);
}

/* A path alone is ignored (S-08); NOTIFY without one is found out where all the places are known
 * that may name one. */
static int check_listener(const struct oci_seccomp *s, struct err *err)
{
	if (given(s->listener_metadata) && !given(s->listener_path))
		return invalid(err, "linux.seccomp.listenerMetadata: needs a listenerPath");
	return 0;
}

static int check_syscalls(const struct oci_seccomp *s, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < s->syscalls.n && r == 0; i++)
		r = rule(&s->syscalls.v[i], i, err);
	return r;
}

/* clang-format off */
static const struct {
	const char *ids;
	int (*check)(const struct oci_seccomp *seccomp, struct err *err);
} rules[] = {
	{"S-02 S-03",                     check_default},
	{"S-04",                          check_architectures},
	{"S-06",                          check_flags},
	{"S-08 S-09",                     check_listener},
	{"S-11 S-14 S-17 S-18 S-19 S-20", check_syscalls},
};
/* clang-format on */

int validate_seccomp(const struct oci_seccomp *seccomp, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rules) && r == 0; i++)
		r = rules[i].check(seccomp, err);
	return r;
}
