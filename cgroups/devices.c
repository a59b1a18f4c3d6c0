/* PURE: device rules as an eBPF program.
 *
 * Meaning. A request is a type (b or c), a major and minor number, and a set of accesses out of
 * r, w, m. For each access in the set the last rule that matches decides; where none does, the
 * access is denied. The request is granted when every access is. So a deny of `w` stops an `rw`
 * open, too (K-05), and later rules override earlier ones (K-01).
 *
 * Two steps: simplify() drops what cannot matter, emit() writes the rest from the last rule to
 * the first. The program keeps the accesses not yet granted in r3, and leaves with 1 when none is
 * left and with 0 at the first that is denied.
 */
#include "cgroups/cgroup.h"

#include <errno.h>
#include <inttypes.h>
#include <linux/bpf.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"

#define MAX_RULES 2048
#define ANY       (-1)

enum {
	ACC_M = BPF_DEVCG_ACC_MKNOD,
	ACC_R = BPF_DEVCG_ACC_READ,
	ACC_W = BPF_DEVCG_ACC_WRITE,
	ACC_ALL = ACC_M | ACC_R | ACC_W,
};

struct rule {
	bool allow;
	int type; /* BPF_DEVCG_DEV_* or ANY */
	int64_t major, minor;
	unsigned access;
};

/* K-07: the default nodes work under deny-all, and any node may be made, whatever the rules say:
 * what counts is opening it. /dev/net/tun (10:200) is not among them. */
static const struct rule implicit[] = {
	{true, ANY, ANY, ANY, ACC_M},                  /* mknod */
	{true, BPF_DEVCG_DEV_CHAR, 1, 3, ACC_ALL},     /* null */
	{true, BPF_DEVCG_DEV_CHAR, 1, 5, ACC_ALL},     /* zero */
	{true, BPF_DEVCG_DEV_CHAR, 1, 7, ACC_ALL},     /* full */
	{true, BPF_DEVCG_DEV_CHAR, 1, 8, ACC_ALL},     /* random */
	{true, BPF_DEVCG_DEV_CHAR, 1, 9, ACC_ALL},     /* urandom */
	{true, BPF_DEVCG_DEV_CHAR, 5, 0, ACC_ALL},     /* tty */
	{true, BPF_DEVCG_DEV_CHAR, 5, 2, ACC_ALL},     /* ptmx */
	{true, BPF_DEVCG_DEV_CHAR, 136, ANY, ACC_ALL}, /* pts */
};

static int read_number(const char *field, const char *name, struct opt_i64 n, int64_t *ret,
		       struct err *err)
{
	*ret = n.set ? n.v : ANY;
	if (*ret < ANY || *ret > UINT32_MAX)
		return err_fail(err, EINVAL, "%s.%s: %" PRId64 " is no device number", field, name,
				n.v);
	return 0;
}

static int read_rule(size_t i, const struct oci_device_rule *in, struct rule *ret, struct err *err)
{
	const char *type = in->type && *in->type ? in->type : "a"; /* K-02 */
	char field[64];
	int r;

	snprintf(field, sizeof(field), "linux.resources.devices[%zu]", i);
	if (!in->allow.set)
		return err_fail(err, EINVAL, "%s.allow: missing", field);
	*ret = (struct rule){.allow = in->allow.v};
	if (streq(type, "a"))
		ret->type = ANY;
	else if (streq(type, "b"))
		ret->type = BPF_DEVCG_DEV_BLOCK;
	else if (streq(type, "c"))
		ret->type = BPF_DEVCG_DEV_CHAR;
	else
		return err_fail(err, EINVAL, "%s.type: '%s' is none of 'a', 'b', 'c'", field, type);
	/* K-04: no access given means all of it */
	for (const char *p = in->access ? in->access : ""; *p; p++) {
		unsigned bit = *p == 'r' ? ACC_R : *p == 'w' ? ACC_W : *p == 'm' ? ACC_M : 0;

		if (!bit)
			return err_fail(err, EINVAL,
					"%s.access: '%s' has a letter other than r, w, m", field,
					in->access);
		ret->access |= bit;
	}
	if (!ret->access)
		ret->access = ACC_ALL;
	r = read_number(field, "major", in->major, &ret->major, err);
	return r < 0 ? r : read_number(field, "minor", in->minor, &ret->minor, err);
}

/* ---- simplify -------------------------------------------------------------------------- */

static bool covers(int64_t a, int64_t b)
{
	return a == ANY || a == b;
}

static bool meets(int64_t a, int64_t b)
{
	return a == ANY || b == ANY || a == b;
}

/* Every device of B is one of A. */
static bool rule_covers(const struct rule *a, const struct rule *b)
{
	return covers(a->type, b->type) && covers(a->major, b->major) && covers(a->minor, b->minor);
}

static bool rule_meets(const struct rule *a, const struct rule *b)
{
	return meets(a->type, b->type) && meets(a->major, b->major) && meets(a->minor, b->minor) &&
	       (a->access & b->access);
}

static bool is_blanket(const struct rule *r)
{
	return r->major == ANY && r->minor == ANY;
}

/* All rules in order, with the implicit ones behind the last blanket deny (or in front): a deny
 * that names a device is meant, even for a default one (K-05). */
static int read_rules(const struct oci_device_rule *in, size_t n, struct rule *ret, struct err *err)
{
	size_t split = 0;

	for (size_t i = 0; i < n; i++) {
		int r = read_rule(i, &in[i], &ret[i], err);

		if (r < 0)
			return r;
		if (!ret[i].allow && is_blanket(&ret[i]))
			split = i + 1;
	}
	/* Docker denies all of /dev/fuse by name, and may then allow only to read it. */
	for (size_t i = split; i < n; i++)
		if (!ret[i].allow)
			ret[i].access &= ~(unsigned)ACC_M;
	memmove(ret + split + ARRAY_SIZE(implicit), ret + split, (n - split) * sizeof(*ret));
	memcpy(ret + split, implicit, sizeof(implicit));
	return 0;
}

/* Removes the accesses that later rules decide anyway, then the rules without any. */
static size_t drop_shadowed(struct rule *rules, size_t n)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		for (size_t k = i + 1; k < n; k++) {
			if (rule_covers(&rules[k], &rules[i]))
				rules[i].access &= ~rules[k].access;
		}
		if (rules[i].access)
			rules[kept++] = rules[i];
	}
	return kept;
}

/* A rule that says what is so without it. */
static size_t drop_default(struct rule *rules, size_t n, bool allow)
{
	size_t kept = 0;

	for (size_t i = 0; i < n; i++) {
		bool matters = rules[i].allow != allow;

		for (size_t k = 0; k < kept && !matters; k++)
			matters = rules[k].allow != allow && rule_meets(&rules[k], &rules[i]);
		if (matters)
			rules[kept++] = rules[i];
	}
	return kept;
}

static int by_device(const void *pa, const void *pb)
{
	const struct rule *a = pa, *b = pb;

	if (a->type != b->type)
		return a->type - b->type;
	if (a->major != b->major)
		return a->major < b->major ? -1 : 1;
	return (a->minor > b->minor) - (a->minor < b->minor);
}

static bool is_reset(const struct rule *r)
{
	return is_blanket(r) && r->type == ANY && r->access == ACC_ALL;
}

static size_t simplify(struct rule *rules, size_t n, bool *ret_default)
{
	bool mixed = false;
	size_t first = n;

	/* The last rule for everything is the default, and nothing before it matters. */
	while (first > 0 && !is_reset(&rules[first - 1]))
		first--;
	*ret_default = first > 0 && rules[first - 1].allow;
	n -= first;
	memmove(rules, rules + first, n * sizeof(*rules));
	n = drop_shadowed(rules, n);
	n = drop_default(rules, n, *ret_default);
	for (size_t i = 1; i < n; i++)
		mixed |= rules[i].allow != rules[0].allow;
	/* Rules that agree may stand in any order: group them by device. */
	if (!mixed && n)
		qsort(rules, n, sizeof(*rules), by_device);
	return n;
}

/* ---- emit ------------------------------------------------------------------------------ */

enum { TO_ALLOW = 0x7ffe, TO_DENY = 0x7ffd }; /* jump offsets to be filled in */

struct prog {
	struct bpf_insn *insns;
	size_t n, max;
};

static void put(struct prog *p, uint8_t code, uint8_t dst, uint8_t src, int off, int32_t imm)
{
	if (p->n < p->max)
		p->insns[p->n] = (struct bpf_insn){.code = code,
						   .dst_reg = dst,
						   .src_reg = src,
						   .off = (int16_t)off,
						   .imm = imm};
	p->n++;
}

/* Conditional jumps compare 32 bits: numbers up to 2^32-1 fit into an immediate. */
static void jump_if(struct prog *p, uint8_t op, uint8_t reg, int64_t value, int off)
{
	put(p, BPF_JMP32 | op | BPF_K, reg, 0, off, (int32_t)(uint32_t)value);
}

static void jump(struct prog *p, int off)
{
	put(p, BPF_JMP | BPF_JA, 0, 0, off, 0);
}

static void land(struct prog *p, size_t from)
{
	if (from < p->max)
		p->insns[from].off = (int16_t)(p->n - from - 1);
}

/* r2 = type, r3 = access, r4 = major, r5 = minor */
static void emit_prologue(struct prog *p)
{
	put(p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_2, BPF_REG_1,
	    offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	put(p, BPF_ALU | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
	put(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
	put(p, BPF_ALU | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
	put(p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_4, BPF_REG_1,
	    offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	put(p, BPF_LDX | BPF_MEM | BPF_W, BPF_REG_5, BPF_REG_1,
	    offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
}

static void emit_verdict(struct prog *p, const struct rule *r)
{
	int to = r->allow ? TO_ALLOW : TO_DENY;

	if (r->access == ACC_ALL) {
		jump(p, to);
	} else if (r->allow) {
		put(p, BPF_ALU | BPF_AND | BPF_K, BPF_REG_3, 0, 0, (int32_t)(ACC_ALL & ~r->access));
		jump_if(p, BPF_JEQ, BPF_REG_3, 0, to);
	} else {
		jump_if(p, BPF_JSET, BPF_REG_3, r->access, to);
	}
}

static void emit_minor(struct prog *p, const struct rule *r)
{
	size_t skip = p->n;

	if (r->minor == ANY) {
		emit_verdict(p, r);
	} else if (r->access == ACC_ALL) {
		jump_if(p, BPF_JEQ, BPF_REG_5, r->minor, r->allow ? TO_ALLOW : TO_DENY);
	} else {
		jump_if(p, BPF_JNE, BPF_REG_5, r->minor, 0);
		emit_verdict(p, r);
		land(p, skip);
	}
}

/* From rules[n-1] down; returns how many share the major number. */
static size_t emit_major(struct prog *p, const struct rule *rules, size_t n)
{
	int64_t major = rules[n - 1].major;
	size_t skip = p->n, done = 0;
	int type = rules[n - 1].type;

	if (major != ANY)
		jump_if(p, BPF_JNE, BPF_REG_4, major, 0);
	for (; done < n && rules[n - 1 - done].major == major && rules[n - 1 - done].type == type;
	     done++)
		emit_minor(p, &rules[n - 1 - done]);
	if (major != ANY)
		land(p, skip);
	return done;
}

static size_t emit_type(struct prog *p, const struct rule *rules, size_t n)
{
	int type = rules[n - 1].type;
	size_t skip = p->n, done = 0;

	if (type != ANY)
		jump_if(p, BPF_JNE, BPF_REG_2, type, 0);
	while (done < n && rules[n - 1 - done].type == type)
		done += emit_major(p, rules, n - done);
	if (type != ANY)
		land(p, skip);
	return done;
}

static void emit_exit(struct prog *p, bool allow)
{
	put(p, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, allow);
	put(p, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

static void emit(struct prog *p, const struct rule *rules, size_t n, bool allow)
{
	size_t same, other;

	emit_prologue(p);
	while (n)
		n -= emit_type(p, rules, n);
	same = p->n;
	emit_exit(p, allow);
	other = p->n;
	emit_exit(p, !allow);
	for (size_t i = 0; i < p->n && i < p->max; i++) {
		int off = p->insns[i].off;

		if (off == TO_ALLOW || off == TO_DENY)
			p->insns[i].off =
				(int16_t)(((off == TO_ALLOW) == allow ? same : other) - i - 1);
	}
}

int cgroup_devices_compile(const struct oci_device_rule *in, size_t n, struct bpf_insn *insns,
			   size_t max, struct err *err)
{
	struct prog p = {.insns = insns, .max = max};
	auto_free struct rule *many = NULL;
	struct rule few[64], *rules = few; /* an engine's fit, and malloc need not begin */
	bool allow = false;
	int r;

	if (n > MAX_RULES)
		return err_fail(err, E2BIG, "linux.resources.devices: more than %d rules",
				MAX_RULES);
	if (n + ARRAY_SIZE(implicit) > ARRAY_SIZE(few))
		rules = many = calloc(n + ARRAY_SIZE(implicit), sizeof(*rules));
	if (!rules)
		return err_sys(err, ENOMEM, "compile device rules");
	r = read_rules(in, n, rules, err);
	if (r < 0)
		return r;
	n = simplify(rules, n + ARRAY_SIZE(implicit), &allow);
	if (allow && n == 0)
		return 0;
	emit(&p, rules, n, allow);
	if (p.n > p.max)
		return err_fail(err, E2BIG, "linux.resources.devices: too many rules for a filter");
	return (int)p.n;
}
