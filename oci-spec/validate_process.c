/* PURE: what was asked is legal: process. */
#include <inttypes.h>

#include "oci-spec/validate.h"

static int cwd(const struct oci_process *p, struct err *err)
{
	if (!p->cwd)
		return invalid(err, "process.cwd: required, but missing");
	if (*p->cwd != '/')
		return invalid(err, "process.cwd: '%s' is not absolute", p->cwd);
	return 0;
}

static int args(const struct oci_process *p, struct err *err)
{
	if (!p->args.n)
		return invalid(err, "process.args: at least one is required");
	return 0;
}

static int env(const struct oci_process *p, struct err *err)
{
	for (size_t i = 0; i < p->env.n; i++) {
		const char *entry = p->env.v[i];

		if (*entry == '=')
			return invalid(err, "process.env[%zu]: '%.64s' has an empty name", i,
				       entry);
		if (!strchr(entry, '='))
			return invalid(err, "process.env[%zu]: '%.64s' has no '='", i, entry);
	}
	return 0;
}

/* The system calls read an id of all ones as "leave it": the runtime's own would stay. */
static bool no_id(struct opt_u32 id)
{
	return id.set && id.v == UINT32_MAX;
}

static int user(const struct oci_process *p, struct err *err)
{
	const struct oci_user *u = p->user;

	if (!u)
		return 0;
	if (no_id(u->uid) || no_id(u->gid))
		return invalid(err, "process.user.%s: 4294967295 is not an id",
			       no_id(u->uid) ? "uid" : "gid");
	for (size_t i = 0; i < u->additional_gids.n; i++)
		if (u->additional_gids.v[i] == UINT32_MAX)
			return invalid(err,
				       "process.user.additionalGids[%zu]: 4294967295 is not an id",
				       i);
	if (u->umask.set && u->umask.v > 0777)
		return invalid(err, "process.user.umask: %" PRIu32 " is more than 511 (0777)",
			       u->umask.v);
	return 0;
}

static int console_size(const struct oci_process *p, struct err *err)
{
	const struct oci_box *box = p->console_size;

	if (box && (!box->height.set || !box->width.set))
		return invalid(err, "process.consoleSize.%s: required, but missing",
			       box->height.set ? "width" : "height");
	return 0;
}

static int rlimits(const struct oci_process *p, struct err *err)
{
	static const char *const types[] = {
		"RLIMIT_AS",
		"RLIMIT_CORE",
		"RLIMIT_CPU",
		"RLIMIT_DATA",
		"RLIMIT_FSIZE",
		"RLIMIT_LOCKS",
		"RLIMIT_MEMLOCK",
		"RLIMIT_MSGQUEUE",
		"RLIMIT_NICE",
		"RLIMIT_NOFILE",
		"RLIMIT_NPROC",
		"RLIMIT_RSS",
		"RLIMIT_RTPRIO",
		"RLIMIT_RTTIME",
		"RLIMIT_SIGPENDING",
		"RLIMIT_STACK",
		NULL,
	};

	for (size_t i = 0; i < p->rlimits.n; i++) {
		const struct oci_rlimit *r = &p->rlimits.v[i];

		if (!r->type)
			return invalid(err, "process.rlimits[%zu].type: required, but missing", i);
		if (!name_in(types, r->type))
			return invalid(err, "process.rlimits[%zu].type: unknown limit '%.64s'", i,
				       r->type);
		for (size_t k = 0; k < i; k++)
			if (streq(p->rlimits.v[k].type, r->type))
				return invalid(err,
					       "process.rlimits[%zu].type: '%s' is given twice", i,
					       r->type);
		if (!r->soft.set || !r->hard.set)
			return invalid(err, "process.rlimits[%zu].%s: required, but missing", i,
				       r->soft.set ? "hard" : "soft");
		if (r->soft.v > r->hard.v)
			return invalid(err,
				       "process.rlimits[%zu].soft: %" PRIu64
				       " is more than hard, %" PRIu64,
				       i, r->soft.v, r->hard.v);
	}
	return 0;
}

static int oom_score_adj(const struct oci_process *p, struct err *err)
{
	if (p->oom_score_adj.set && (p->oom_score_adj.v < -1000 || p->oom_score_adj.v > 1000))
		return invalid(err, "process.oomScoreAdj: %" PRId64 " is not within -1000 to 1000",
			       p->oom_score_adj.v);
	return 0;
}

/* /proc/PID/attr takes a page at most, and of more only the beginning: another label. */
static int labels(const struct oci_process *p, struct err *err)
{
	if (p->apparmor_profile && strlen(p->apparmor_profile) > LABEL_MAX)
		return invalid(err, "process.apparmorProfile: longer than %d bytes", LABEL_MAX);
	if (p->selinux_label && strlen(p->selinux_label) > LABEL_MAX)
		return invalid(err, "process.selinuxLabel: longer than %d bytes", LABEL_MAX);
	return 0;
}

/* clang-format off */
static const struct process_rule rules[] = {
	{"P-05",                     cwd},
	{"P-10",                     args},
	{"P-08",                     env},
	{"P-13 P-14 P-15 X-02",      user},
	{"P-04",                     console_size},
	{"P-30 P-31 P-32 P-33",      rlimits},
	{"P-27",                     oom_score_adj},
	{"P-34 P-35",                labels},
	{"P-36 P-37 P-38 P-39 P-40", validate_scheduler},
	{"P-41",                     validate_io_priority},
	{"P-43 P-44 X-15",           validate_exec_cpu_affinity},
};
/* clang-format on */

int oci_validate_process(const struct oci_process *process, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rules) && r == 0; i++)
		r = rules[i].check(process, err);
	return r;
}
