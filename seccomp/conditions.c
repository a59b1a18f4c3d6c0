/* PURE: calls with several conditional rules, of which libseccomp makes wrong programs. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "seccomp/internal.h"

/*
 * libseccomp (2.5 at least) merges all rules of a call into one tree. Where a branch of a rule
 * fails, the program goes on with a comparison of the next one without loading what is to be
 * compared: the accumulator still holds another argument, or the other half of this one. So
 *
 *	ALLOW if arg0 != 40 and arg1 > 3;  ALLOW if arg0 != 7
 *
 * allows arg0 == 7, and of "<= 2" and "<= 4294967301" one is lost. Tests with every kind of
 * condition find it right in two cases: a call with one rule only, and rules that all compare one
 * and the same argument for equality. All other calls with conditions are compiled here, one
 * rule after the other: the first that holds decides. For each architecture, and in it for each
 * such call:
 *
 *	      ld arch
 *	      jeq ARCH, 0, next architecture
 *	      ld nr
 *	      jeq NR, 0, next call
 *	      (each condition) ld its halves, compare, or on to the next rule
 *	      ret ACTION
 *	      (next rule) ...
 *	      ld nr
 *
 * It stands before libseccomp's program, which knows only the default for the calls in it.
 *
 * Calls that i386 (and others) also reach through a multiplexer have their arguments in memory
 * there, which a filter does not see. libseccomp takes the first argument of socketcall for that of
 * socket: "socket if arg0 != AF_VSOCK" lets socketcall make any socket. Here what cannot be seen
 * is decided strictly: a condition that grants never holds, one that denies always does.
 */

enum { PASS = 254, FAIL = 255 }; /* jumps that are filled in */

struct code {
	struct arena *arena;
	struct sock_filter *v;
	size_t n;
};

static void emit(struct code *c, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	*arena_push(c->arena, &c->v, &c->n) = (struct sock_filter){code, jt, jf, k};
}

static void emit_load(struct code *c, size_t offset)
{
	emit(c, BPF_LD | BPF_W | BPF_ABS, 0, 0, (uint32_t)offset);
}

static void append(struct code *c, const struct code *more)
{
	for (size_t i = 0; i < more->n; i++)
		*arena_push(c->arena, &c->v, &c->n) = more->v[i];
}

/* MORE is skipped unless the accumulator is K. */
static void emit_if(struct code *c, uint32_t k, const struct code *more)
{
	if (more->n < PASS) {
		emit(c, BPF_JMP | BPF_JEQ | BPF_K, 0, (uint8_t)more->n, k);
	} else {
		emit(c, BPF_JMP | BPF_JEQ | BPF_K, 1, 0, k);
		emit(c, BPF_JMP | BPF_JA, 0, 0, (uint32_t)more->n);
	}
	append(c, more);
}

static void resolve(struct code *c, size_t from, uint8_t label)
{
	for (size_t i = from; i < c->n; i++) {
		struct sock_filter *f = &c->v[i];

		if (BPF_CLASS(f->code) != BPF_JMP || BPF_OP(f->code) == BPF_JA)
			continue;
		if (f->jt == label)
			f->jt = (uint8_t)(c->n - i - 1);
		if (f->jf == label)
			f->jf = (uint8_t)(c->n - i - 1);
	}
}

/* ---- one condition ------------------------------------------------------------------------- */

/* What follows from the upper half of an argument when it is greater than the value's, or, after
 * that, not equal; and the comparison of the lower halves. */
static const struct comparison {
	enum scmp_compare op;
	uint8_t greater; /* 0: not asked */
	uint8_t unequal;
	uint16_t lower;
	uint8_t yes, no;
} comparisons[] = {
	{SCMP_CMP_EQ, 0, FAIL, BPF_JEQ, PASS, FAIL},
	{SCMP_CMP_NE, 0, PASS, BPF_JEQ, FAIL, PASS},
	{SCMP_CMP_GT, PASS, FAIL, BPF_JGT, PASS, FAIL},
	{SCMP_CMP_GE, PASS, FAIL, BPF_JGE, PASS, FAIL},
	{SCMP_CMP_LT, FAIL, PASS, BPF_JGE, FAIL, PASS},
	{SCMP_CMP_LE, FAIL, PASS, BPF_JGT, FAIL, PASS},
	{SCMP_CMP_MASKED_EQ, 0, FAIL, BPF_JEQ, PASS, FAIL},
};

static void emit_half(struct code *c, const struct oci_seccomp_arg *arg, bool masked, bool upper)
{
	bool second = upper == (__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__);

	emit_load(c, offsetof(struct seccomp_data, args) + arg->index.v * 8 + (second ? 4 : 0));
	if (masked)
		emit(c, BPF_ALU | BPF_AND | BPF_K, 0, 0,
		     (uint32_t)(arg->value.v >> (upper ? 32 : 0)));
}

/* WIDE: the architecture's arguments have 64 bits. */
static int emit_condition(struct code *c, const struct oci_seccomp_arg *arg, bool wide)
{
	const struct comparison *cmp = comparisons;
	enum scmp_compare op;
	bool masked;
	uint64_t value;
	size_t start = c->n;

	if (filter_operator(arg->op, &op) < 0)
		return -EINVAL;
	while (cmp->op != op)
		cmp++;
	masked = op == SCMP_CMP_MASKED_EQ;
	/* The mask is for both sides, see seccomp_rule_add(3). */
	value = masked ? arg->value_two.v & arg->value.v : arg->value.v;
	if (wide) {
		emit_half(c, arg, masked, true);
		if (cmp->greater)
			emit(c, BPF_JMP | BPF_JGT | BPF_K, cmp->greater, 0,
			     (uint32_t)(value >> 32));
		emit(c, BPF_JMP | BPF_JEQ | BPF_K, 0, cmp->unequal, (uint32_t)(value >> 32));
	}
	emit_half(c, arg, masked, false);
	emit(c, BPF_JMP | cmp->lower | BPF_K, cmp->yes, cmp->no, (uint32_t)value);
	resolve(c, start, PASS);
	return 0;
}

/* ---- rules --------------------------------------------------------------------------------- */

static bool has_name(const struct oci_seccomp_rule *rule, const char *name)
{
	for (size_t i = 0; i < rule->names.n; i++)
		if (strcmp(rule->names.v[i], name) == 0)
			return true;
	return false;
}

/* S-22: several conditions on one argument are alternatives. */
static bool has_alternatives(const struct oci_seccomp_rule *rule)
{
	unsigned used = 0;

	for (size_t i = 0; i < rule->args.n; i++) {
		unsigned bit = 1U << (rule->args.v[i].index.v & 31); /* not checked yet */

		if (used & bit)
			return true;
		used |= bit;
	}
	return false;
}

static bool compares_only(const struct oci_seccomp_rule *rule, uint32_t index)
{
	enum scmp_compare op;

	for (size_t i = 0; i < rule->args.n; i++)
		if (rule->args.v[i].index.v != index ||
		    filter_operator(rule->args.v[i].op, &op) < 0 || op != SCMP_CMP_EQ)
			return false;
	return true;
}

/* One of a multiplexer's calls, or a multiplexer itself, for which there may be rules of others. */
static bool is_multiplexed(const struct filter_target *t, const char *name)
{
	if (strcmp(name, "socketcall") == 0 || strcmp(name, "ipc") == 0)
		return true;
	for (size_t i = 0; i < t->n_archs; i++)
		if (filter_is_multiplexed(seccomp_syscall_resolve_name_arch(t->archs[i], name)))
			return true;
	return false;
}

/* A rule with something to say about the call: its action, when that is not the default's. */
static bool speaks_of(const struct filter_target *t, const struct oci_seccomp_rule *rule,
		      const char *name, uint32_t *ret_action)
{
	return filter_action(rule->action, rule->errno_ret, ret_action) == 0 &&
	       *ret_action != t->default_action && has_name(rule, name);
}

enum filter_compiler filter_compiled_by(const struct filter_target *t, const char *name)
{
	const struct oci_seccomp_rule *first = NULL;
	bool simple = true, several = false;
	uint32_t action;

	for (size_t i = 0; i < t->seccomp->syscalls.n; i++) {
		const struct oci_seccomp_rule *rule = &t->seccomp->syscalls.v[i];

		if (!speaks_of(t, rule, name, &action))
			continue;
		if (!rule->args.n)
			return FILTER_BY_NOBODY; /* for all its arguments */
		several |= first || has_alternatives(rule);
		first = first ? first : rule;
		simple &= compares_only(rule, first->args.v[0].index.v);
	}
	return first && ((several && !simple) || is_multiplexed(t, name)) ? FILTER_BY_HULL
									  : FILTER_BY_LIBRARY;
}

static int emit_rule(struct code *c, const struct oci_seccomp_rule *rule, bool wide,
		     uint32_t action)
{
	bool alternatives = has_alternatives(rule);
	size_t start = c->n;

	for (size_t i = 0; i < rule->args.n; i++) {
		int r = emit_condition(c, &rule->args.v[i], wide);

		if (r < 0)
			return r;
		if (!alternatives && i + 1 < rule->args.n)
			continue;
		emit(c, BPF_RET | BPF_K, 0, 0, action);
		resolve(c, start, FAIL);
		start = c->n;
	}
	return 0;
}

/* All rules for a call. When none of them holds, libseccomp's program knows the default. */
static int emit_call(struct code *c, const struct filter_target *t, const char *name, bool wide)
{
	for (size_t i = 0; i < t->seccomp->syscalls.n; i++) {
		const struct oci_seccomp_rule *rule = &t->seccomp->syscalls.v[i];
		uint32_t action;
		int r = speaks_of(t, rule, name, &action) ? emit_rule(c, rule, wide, action) : 0;

		if (r < 0)
			return r;
	}
	emit_load(c, offsetof(struct seccomp_data, nr)); /* for what follows */
	return 0;
}

/* The kernel's order of precedence: as signed numbers, the smaller is the stricter. */
static bool is_stricter(uint32_t action, uint32_t than)
{
	return (int32_t)(action & SECCOMP_RET_ACTION_FULL) <
	       (int32_t)(than & SECCOMP_RET_ACTION_FULL);
}

/* The way through socketcall or ipc, whose first argument selects the call. */
static void emit_multiplexed(struct code *c, const struct filter_target *t, const char *name,
			     uint32_t arch)
{
	int nr = seccomp_syscall_resolve_name_arch(arch, name), selector = -nr % 100, by;
	struct code select = {.arena = c->arena}, verdict = {.arena = c->arena};
	const struct oci_seccomp_arg first = {.index = {true, 0}};
	uint32_t strictest = t->default_action, action;

	if (!filter_is_multiplexed(nr))
		return;
	by = seccomp_syscall_resolve_name_arch(arch, nr <= -200 ? "ipc" : "socketcall");
	for (size_t i = 0; i < t->seccomp->syscalls.n; i++)
		if (speaks_of(t, &t->seccomp->syscalls.v[i], name, &action) &&
		    is_stricter(action, strictest))
			strictest = action;
	if (by < 0 || strictest == t->default_action)
		return;
	emit_half(&select, &first, false, false);
	emit(&verdict, BPF_RET | BPF_K, 0, 0, strictest);
	emit_if(&select, (uint32_t)selector, &verdict);
	emit_load(&select, offsetof(struct seccomp_data, nr)); /* for what follows */
	emit_if(c, (uint32_t)by, &select);
}

/* In an earlier rule with conditions, or earlier in this one. */
static bool named_before(const struct oci_seccomp *seccomp, size_t i, size_t j)
{
	const struct oci_strings *names = &seccomp->syscalls.v[i].names;

	for (size_t k = 0; k < i; k++)
		if (seccomp->syscalls.v[k].args.n && has_name(&seccomp->syscalls.v[k], names->v[j]))
			return true;
	for (size_t k = 0; k < j; k++)
		if (strcmp(names->v[k], names->v[j]) == 0)
			return true;
	return false;
}

static int emit_name(struct code *calls, const struct filter_target *t, const char *name,
		     uint32_t arch)
{
	bool wide = arch & __AUDIT_ARCH_64BIT && arch != SCMP_ARCH_X32;
	struct code call = {.arena = calls->arena};
	int nr = filter_call_number(arch, name);
	int r = nr < 0 ? 0 : emit_call(&call, t, name, wide);

	if (r < 0)
		return r;
	if (nr >= 0)
		emit_if(calls, (uint32_t)nr, &call);
	emit_multiplexed(calls, t, name, arch);
	return 0;
}

static int emit_arch(struct code *c, const struct filter_target *t, uint32_t arch)
{
	struct code calls = {.arena = c->arena};

	emit_load(&calls, offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < t->seccomp->syscalls.n; i++) {
		const struct oci_seccomp_rule *rule = &t->seccomp->syscalls.v[i];

		for (size_t j = 0; rule->args.n && j < rule->names.n; j++) {
			const char *name = rule->names.v[j];
			int r = 0;

			if (!named_before(t->seccomp, i, j) &&
			    filter_compiled_by(t, name) == FILTER_BY_HULL)
				r = emit_name(&calls, t, name, arch);
			if (r < 0)
				return r;
		}
	}
	if (calls.n == 1)
		return 0;
	emit_load(c, offsetof(struct seccomp_data, arch));
	emit_if(c, arch == SCMP_ARCH_X32 ? (uint32_t)AUDIT_ARCH_X86_64 : arch, &calls);
	return 0;
}

int filter_add_conditions(struct arena *a, const struct filter_target *t,
			  struct plan_filter *filter, struct err *err)
{
	struct code c = {.arena = a};

	for (size_t i = 0; i < t->n_archs; i++)
		if (emit_arch(&c, t, t->archs[i]) < 0)
			return err_fail(err, EINVAL, "a rule is not valid");
	if (!c.n)
		return 0;
	append(&c, &(struct code){.v = filter->insns, .n = filter->n});
	filter->insns = c.v;
	filter->n = c.n;
	return 0;
}
