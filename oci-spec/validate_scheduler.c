/* PURE: what was asked is legal: scheduler, I/O priority and CPUs of a process, memory policy. */
#include <inttypes.h>
#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>

#include "libcontainer/base/bits.h"
#include "oci-spec/consts.h"
#include "oci-spec/validate.h"

/* ---- scheduler ------------------------------------------------------------------------------ */

static int policy(const struct oci_scheduler *s, uint64_t *ret, struct err *err)
{
	if (!given(s->policy))
		return invalid(err, "process.scheduler.policy: required, but missing");
	if (!oci_const_find(oci_scheduler_policies, s->policy, ret))
		return invalid(err, "process.scheduler.policy: unknown policy '%.64s'", s->policy);
	if (streq(s->policy, "SCHED_ISO"))
		return unsupported(err, "process.scheduler.policy: Linux does not have SCHED_ISO");
	return 0;
}

static int priority(const struct oci_scheduler *s, bool realtime, struct err *err)
{
	if (!realtime && s->priority.v != 0)
		return invalid(err,
			       "process.scheduler.priority: %" PRId32 " has no meaning with %s, "
			       "only with SCHED_FIFO and SCHED_RR",
			       s->priority.v, s->policy);
	if (realtime && (s->priority.v < 1 || s->priority.v > 99))
		return invalid(err,
			       "process.scheduler.priority: %" PRId32
			       " is not within 1 to 99, as %s needs it",
			       s->priority.v, s->policy);
	return 0;
}

static int deadline(const struct oci_scheduler *s, bool wanted, bool keep, struct err *err)
{
	const char *name = s->runtime.v ? "runtime" : s->deadline.v ? "deadline" : "period";

	if (!wanted && (s->runtime.v || s->deadline.v || s->period.v))
		return invalid(err,
			       "process.scheduler.%s: has no meaning with %s, only with "
			       "SCHED_DEADLINE",
			       name, s->policy);
	if (!wanted || keep)
		return 0;
	if (!s->runtime.v || !s->deadline.v)
		return invalid(err,
			       "process.scheduler.%s: required for SCHED_DEADLINE, but missing",
			       s->runtime.v ? "deadline" : "runtime");
	if (s->runtime.v > s->deadline.v)
		return invalid(err,
			       "process.scheduler.runtime: %" PRIu64
			       " is more than deadline, %" PRIu64,
			       s->runtime.v, s->deadline.v);
	/* 0 stands for the deadline's length: sched(7) */
	if (s->period.v && s->deadline.v > s->period.v)
		return invalid(err,
			       "process.scheduler.deadline: %" PRIu64
			       " is more than period, %" PRIu64,
			       s->deadline.v, s->period.v);
	return 0;
}

int validate_scheduler(const struct oci_process *p, struct err *err)
{
	const struct oci_scheduler *s = p->scheduler;
	uint64_t number = 0, flags = 0;
	int r = s ? policy(s, &number, err) : 0;

	if (r < 0 || !s)
		return r;
	if (s->nice.v < -20 || s->nice.v > 19)
		return invalid(err, "process.scheduler.nice: %" PRId32 " is not within -20 to 19",
			       s->nice.v);
	for (size_t i = 0; i < s->flags.n; i++) {
		uint64_t flag;

		if (!oci_const_find(oci_scheduler_flags, s->flags.v[i], &flag))
			return invalid(err, "process.scheduler.flags[%zu]: unknown flag '%.64s'", i,
				       s->flags.v[i]);
		flags |= flag;
	}
	r = priority(s, number == SCHED_FIFO || number == SCHED_RR, err);
	return r < 0 ? r
		     : deadline(s, number == SCHED_DEADLINE, flags & SCHED_FLAG_KEEP_PARAMS, err);
}

/* ---- I/O priority, CPUs --------------------------------------------------------------------- */

int validate_io_priority(const struct oci_process *p, struct err *err)
{
	const struct oci_io_priority *io = p->io_priority;
	uint64_t class;

	if (!io)
		return 0;
	if (!given(io->class_))
		return invalid(err, "process.ioPriority.class: required, but missing");
	if (!oci_const_find(oci_io_classes, io->class_, &class))
		return invalid(err, "process.ioPriority.class: unknown class '%.64s'", io->class_);
	if (!io->priority.set)
		return invalid(err, "process.ioPriority.priority: required, but missing");
	if (io->priority.v < 0 || io->priority.v >= IOPRIO_NR_LEVELS)
		return invalid(err, "process.ioPriority.priority: %" PRId64 " is not within 0 to 7",
			       io->priority.v);
	return 0;
}

static int cpus(const char *list, const char *name, struct err *err)
{
	int r = given(list) ? bits_parse(list, NULL, BITS_CPUS) : 0;

	if (r == -ERANGE)
		return invalid(err, "process.execCPUAffinity.%s: '%.64s' has a CPU above %d", name,
			       list, BITS_CPUS - 1);
	if (r < 0)
		return invalid(err, "process.execCPUAffinity.%s: '%.64s' is not a list of CPUs",
			       name, list);
	return 0;
}

int validate_exec_cpu_affinity(const struct oci_process *p, struct err *err)
{
	const struct oci_exec_cpu_affinity *a = p->exec_cpu_affinity;
	int r = a ? cpus(a->initial, "initial", err) : 0;

	return r == 0 && a ? cpus(a->final, "final", err) : r;
}

/* ---- memory policy, personality -------------------------------------------------------------- */

static int memory_flags(const struct oci_memory_policy *m, uint64_t mode, struct err *err)
{
	uint64_t flags = 0, flag;

	for (size_t i = 0; i < m->flags.n; i++) {
		if (!oci_const_find(oci_memory_flags, m->flags.v[i], &flag))
			return invalid(err, "linux.memoryPolicy.flags[%zu]: unknown flag '%.64s'",
				       i, m->flags.v[i]);
		flags |= flag;
	}
	if ((flags & MPOL_F_STATIC_NODES) && (flags & MPOL_F_RELATIVE_NODES))
		return invalid(err, "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and "
				    "MPOL_F_RELATIVE_NODES exclude each other");
	if ((flags & MPOL_F_NUMA_BALANCING) && mode != MPOL_BIND && mode != MPOL_PREFERRED_MANY)
		return invalid(err,
			       "linux.memoryPolicy.flags: MPOL_F_NUMA_BALANCING has no meaning "
			       "with %s, only with MPOL_BIND and MPOL_PREFERRED_MANY",
			       m->mode);
	return 0;
}

/* set_mempolicy(2) says EINVAL to all of this. */
int validate_memory_policy(const struct oci_spec *spec, struct err *err)
{
	const struct oci_memory_policy *m = spec->linux_->memory_policy;
	bool none, either;
	uint64_t mode;

	if (!m)
		return 0;
	if (!given(m->mode))
		return invalid(err, "linux.memoryPolicy.mode: required, but missing");
	if (!oci_const_find(oci_memory_modes, m->mode, &mode))
		return invalid(err, "linux.memoryPolicy.mode: unknown mode '%.64s'", m->mode);
	if (given(m->nodes) && bits_parse(m->nodes, NULL, BITS_NODES) < 0)
		return invalid(err, "linux.memoryPolicy.nodes: '%.64s' is not a list of nodes",
			       m->nodes);
	none = mode == MPOL_DEFAULT || mode == MPOL_LOCAL;
	either = mode == MPOL_PREFERRED; /* without nodes: the local one */
	if (none && given(m->nodes))
		return invalid(err,
			       "linux.memoryPolicy.nodes: %s takes no nodes, but '%.64s' is "
			       "given",
			       m->mode, m->nodes);
	if (!none && !either && !given(m->nodes))
		return invalid(err, "linux.memoryPolicy.nodes: required for %s, but missing",
			       m->mode);
	return memory_flags(m, mode, err);
}

int validate_personality(const struct oci_spec *spec, struct err *err)
{
	const struct oci_personality *p = spec->linux_->personality;
	uint64_t domain;

	if (!p)
		return 0;
	if (!given(p->domain))
		return invalid(err, "linux.personality.domain: required, but missing");
	if (!oci_const_find(oci_personality_domains, p->domain, &domain))
		return invalid(err, "linux.personality.domain: unknown domain '%.64s'", p->domain);
	if (p->flags.n) /* L-15: the spec defines none yet */
		return unsupported(err, "linux.personality.flags[0]: unknown flag '%.64s'",
				   p->flags.v[0]);
	return 0;
}
