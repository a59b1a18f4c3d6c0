/* RUNTIME: a profile becomes a BPF program, by libseccomp. */
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/mman.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "seccomp/internal.h"

#define MAX_ARCHS 24
#define MAX_ARGS  6    /* of a system call */
#define MAX_ERRNO 4094 /* that libseccomp takes */

struct compiler {
	const struct oci_seccomp *seccomp;
	scmp_filter_ctx ctx;
	uint32_t default_action;
	uint32_t archs[MAX_ARCHS]; /* tokens of the architectures in the filter */
	size_t n_archs;
	struct filter_target target; /* all of this but the library's part */
};

static void release(scmp_filter_ctx *ctx)
{
	if (*ctx)
		seccomp_release(*ctx);
}

static int get_action(const char *name, struct opt_u32 errno_ret, uint32_t *ret, struct err *err)
{
	uint32_t action;

	if (filter_action(name, (struct opt_u32){0}, &action) < 0)
		return err_fail(err, EINVAL, "action '%s' is unknown", name ? name : "");
	if (filter_action(name, errno_ret, ret) < 0 ||
	    (action == SCMP_ACT_ERRNO(EPERM) && errno_ret.set && errno_ret.v > MAX_ERRNO))
		return err_fail(err, EINVAL, "errno %u is too large", errno_ret.v);
	return 0;
}

/* S-04, S-05: the native architecture and the ones listed. Whatever is not in the filter is
 * killed, so leaving out an architecture that this kernel cannot run, or that libseccomp does
 * not know, can only make the filter stricter. */
static int add_archs(struct compiler *c, struct err *err)
{
	const struct oci_strings *names = &c->seccomp->architectures;
	uint32_t native = seccomp_arch_native();
	const struct filter_arch *own = filter_arch_find_token(native);

	c->archs[c->n_archs++] = native; /* seccomp_init() has added it */
	for (size_t i = 0; i < names->n; i++) {
		const struct filter_arch *arch = filter_arch_find(names->v[i]);
		int r;

		if (!arch)
			return err_fail(err, EINVAL, "seccomp architecture '%s' is unknown",
					names->v[i]);
		if (!arch->token || (own && arch->family != own->family)) {
			log_debug("seccomp: architecture '%s' is left out, it cannot run here",
				  names->v[i]);
			continue;
		}
		r = seccomp_arch_add(c->ctx, arch->token);
		if (r == -EEXIST)
			continue;
		if (r < 0)
			return err_sys(err, -r, "add seccomp architecture '%s'", names->v[i]);
		c->archs[c->n_archs++] = arch->token;
	}
	return 0;
}

static int add_rule(struct compiler *c, const char *name, uint32_t action, int nr, unsigned n,
		    const struct scmp_arg_cmp *args, struct err *err)
{
	int r = seccomp_rule_add_array(c->ctx, action, nr, n, args);

	if (r == -EEXIST)
		return err_fail(err, EINVAL,
				"rule for '%s': an earlier one has another action for the same "
				"arguments",
				name);
	if (r < 0)
		return err_sys(err, -r, "rule for '%s'", name);
	return 0;
}

/* Several conditions on one argument are alternatives, each is a rule (S-22). */
static int add_call(struct compiler *c, const char *name, uint32_t action, unsigned n,
		    const struct scmp_arg_cmp *args, bool alternatives, struct err *err)
{
	int nr = seccomp_syscall_resolve_name(name), r;

	if (nr == __NR_SCMP_ERROR) { /* S-12: newer than libseccomp, or of another system */
		log_debug("seccomp: system call '%s' is unknown, ignored", name);
		return 0;
	}
	if (!alternatives)
		return add_rule(c, name, action, nr, n, args, err);
	for (unsigned i = 0; i < n; i++) {
		r = add_rule(c, name, action, nr, 1, &args[i], err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int get_args(struct arena *a, const struct oci_seccomp_rule *rule, struct scmp_arg_cmp **ret,
		    bool *ret_alternatives, struct err *err)
{
	struct scmp_arg_cmp *args = arena_array(a, struct scmp_arg_cmp, rule->args.n + 1);
	unsigned used = 0;

	*ret_alternatives = false;
	for (size_t i = 0; i < rule->args.n; i++) {
		const struct oci_seccomp_arg *arg = &rule->args.v[i];

		if (!arg->index.set || arg->index.v >= MAX_ARGS)
			return err_fail(err, EINVAL, "args[%zu]: index must be from 0 to 5", i);
		if (filter_operator(arg->op, &args[i].op) < 0)
			return err_fail(err, EINVAL, "args[%zu]: operator '%s' is unknown", i,
					arg->op ? arg->op : "");
		args[i].arg = arg->index.v;
		args[i].datum_a = arg->value.v; /* MASKED_EQ: the mask */
		args[i].datum_b = arg->value_two.v;
		if (used & 1U << arg->index.v)
			*ret_alternatives = true;
		used |= 1U << arg->index.v;
	}
	*ret = args;
	return 0;
}

static int add_rules(struct arena *a, struct compiler *c, const struct oci_seccomp_rule *rule,
		     struct err *err)
{
	struct scmp_arg_cmp *args = NULL;
	bool alternatives = false;
	uint32_t action;
	int r;

	r = get_action(rule->action, rule->errno_ret, &action, err);
	if (r == 0)
		r = get_args(a, rule, &args, &alternatives, err);
	if (r < 0)
		return r;
	if (action == c->default_action) /* S-13: libseccomp refuses such a rule */
		return 0;
	for (size_t i = 0; i < rule->names.n; i++) {
		if (rule->args.n &&
		    filter_compiled_by(&c->target, rule->names.v[i]) != FILTER_BY_LIBRARY)
			continue;
		r = add_call(c, rule->names.v[i], action, (unsigned)rule->args.n, args,
			     alternatives, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int set_attrs(scmp_filter_ctx ctx, struct err *err)
{
	static const struct {
		enum scmp_filter_attr attr;
		uint32_t value;
	} attrs[] = {
		{SCMP_FLTATR_ACT_BADARCH, SCMP_ACT_KILL_THREAD},
		{SCMP_FLTATR_CTL_NNP, 0},      /* init's business */
		{SCMP_FLTATR_CTL_OPTIMIZE, 2}, /* a binary tree */
	};

	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++) {
		int r = seccomp_attr_set(ctx, attrs[i].attr, attrs[i].value);

		if (r < 0)
			return err_sys(err, -r, "set libseccomp's attribute %d", attrs[i].attr);
	}
	return 0;
}

/* The program that libseccomp made, into the arena. */
static int export_program(struct arena *a, scmp_filter_ctx ctx, struct plan_filter *ret,
			  struct err *err)
{
	const size_t max = 16U << 20; /* whether it is too long is checked when it is complete */
	auto_fd int fd = memfd_create("seccomp", MFD_CLOEXEC);
	size_t len;
	char *buf;
	int r;

	if (fd < 0)
		return err_sys(err, errno, "memfd_create");
	r = seccomp_export_bpf(ctx, fd);
	if (r < 0)
		return err_sys(err, -r, "compile");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return err_sys(err, errno, "compile");
	r = io_read_fd(a, fd, "seccomp program", max, &buf, &len, err);
	if (r < 0)
		return r;
	if (len == 0 || len % sizeof(struct sock_filter))
		return err_fail(err, EIO, "libseccomp gave a program of %zu bytes", len);
	ret->insns = (struct sock_filter *)(void *)buf;
	ret->n = len / sizeof(struct sock_filter);
	return 0;
}

static int compile(struct arena *a, struct compiler *c, struct plan_filter *ret, struct err *err)
{
	int r = set_attrs(c->ctx, err);

	if (r == 0)
		r = add_archs(c, err);
	c->target = (struct filter_target){c->seccomp, c->default_action, c->archs, c->n_archs};
	for (size_t i = 0; r == 0 && i < c->seccomp->syscalls.n; i++) {
		r = add_rules(a, c, &c->seccomp->syscalls.v[i], err);
		if (r < 0)
			err_wrap(err, "linux.seccomp.syscalls[%zu]", i);
	}
	if (r == 0)
		r = export_program(a, c->ctx, ret, err);
	if (r == 0)
		r = filter_add_conditions(a, &c->target, ret, err);
	if (r == 0)
		r = filter_add_stub(a, c->seccomp, c->archs, c->n_archs, ret, err);
	if (r == 0 && ret->n > BPF_MAXINSNS)
		r = err_fail(err, E2BIG, "the program has %zu instructions, the kernel takes %d",
			     ret->n, BPF_MAXINSNS);
	return r;
}

int filter_compile(struct arena *a, const struct oci_seccomp *seccomp, struct plan_filter *ret,
		   struct err *err)
{
	__attribute__((cleanup(release))) scmp_filter_ctx ctx = NULL;
	struct compiler c = {.seccomp = seccomp};
	struct plan_filter filter = {0};
	int r;

	r = filter_flags(seccomp, filter_uses_notify(seccomp), &filter.flags, err);
	if (r == 0 && seccomp->architectures.n >= MAX_ARCHS)
		r = err_fail(err, EINVAL, "more than %d seccomp architectures", MAX_ARCHS - 1);
	if (r == 0)
		r = get_action(seccomp->default_action, seccomp->default_errno_ret,
			       &c.default_action, err);
	if (r < 0)
		return err_wrap(err, "seccomp");
	ctx = c.ctx = seccomp_init(c.default_action);
	if (!ctx)
		return err_fail(err, ENOTSUP, "seccomp: default action '%s' is not available",
				seccomp->default_action);
	r = compile(a, &c, &filter, err);
	if (r < 0)
		return err_wrap(err, "seccomp");
	*ret = filter;
	return 0;
}
