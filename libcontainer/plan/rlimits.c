/* PURE: process.rlimits: names to numbers. */
#include <errno.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/build.h"

/* clang-format off */
static const struct {
	const char *name;
	int resource;
} resources[] = {
	{"RLIMIT_AS",         RLIMIT_AS},
	{"RLIMIT_CORE",       RLIMIT_CORE},
	{"RLIMIT_CPU",        RLIMIT_CPU},
	{"RLIMIT_DATA",       RLIMIT_DATA},
	{"RLIMIT_FSIZE",      RLIMIT_FSIZE},
	{"RLIMIT_LOCKS",      RLIMIT_LOCKS},
	{"RLIMIT_MEMLOCK",    RLIMIT_MEMLOCK},
	{"RLIMIT_MSGQUEUE",   RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE",       RLIMIT_NICE},
	{"RLIMIT_NOFILE",     RLIMIT_NOFILE},
	{"RLIMIT_NPROC",      RLIMIT_NPROC},
	{"RLIMIT_RSS",        RLIMIT_RSS},
	{"RLIMIT_RTPRIO",     RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME",     RLIMIT_RTTIME},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_STACK",      RLIMIT_STACK},
};
/* clang-format on */

static int find_resource(const char *name)
{
	for (size_t i = 0; i < ARRAY_SIZE(resources); i++)
		if (streq(resources[i].name, name))
			return resources[i].resource;
	return -EINVAL;
}

static int build_rlimit(struct plan_rlimit *l, const struct oci_rlimit *oci, struct err *err)
{
	l->resource = oci->type ? find_resource(oci->type) : -EINVAL;
	if (l->resource < 0)
		return err_fail(err, EINVAL, "unknown type '%s'", oci->type ? oci->type : "");
	if (!oci->soft.set || !oci->hard.set)
		return err_fail(err, EINVAL, "'%s' needs both soft and hard", oci->type);
	if (oci->soft.v > oci->hard.v)
		return err_fail(err, EINVAL, "'%s': soft is above hard", oci->type);
	l->name = oci->type;
	l->limit.rlim_cur = oci->soft.v;
	l->limit.rlim_max = oci->hard.v;
	return 0;
}

int plan_rlimits_build(struct arena *a, struct plan_process *p, const struct oci_process *process,
		       struct err *err)
{
	p->rlimits = arena_array(a, struct plan_rlimit, process->rlimits.n);
	for (size_t i = 0; i < process->rlimits.n; i++)
		if (build_rlimit(&p->rlimits[i], &process->rlimits.v[i], err) < 0)
			return err_wrap(err, "process.rlimits[%zu]", i);
	p->n_rlimits = process->rlimits.n;
	return 0;
}

int plan_rlimit_failed(const struct plan_process *p, size_t i, int code, struct err *err)
{
	const struct plan_rlimit *l = &p->rlimits[i];

	err_sys(err, code, "process.rlimits[%zu]: set %s to %llu, hard %llu", i, l->name,
		(unsigned long long)l->limit.rlim_cur, (unsigned long long)l->limit.rlim_max);
	if (code == EPERM)
		err_hint(err, "without CAP_SYS_RESOURCE on the host no hard limit can be above "
			      "hull's own (ulimit -H), and none above fs.nr_open");
	return -code;
}
