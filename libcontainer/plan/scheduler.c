/* PURE: process.scheduler, ioPriority, execCPUAffinity: names to numbers. */
#include <errno.h>
#include <linux/ioprio.h>

#include "libcontainer/base/bits.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/plan/build.h"
#include "oci-spec/consts.h"

static const struct plan_scheduler *build_scheduler(struct arena *a,
						    const struct oci_scheduler *oci)
{
	struct plan_scheduler *s;
	uint64_t n = 0;

	if (!oci)
		return NULL;
	s = arena_new(a, struct plan_scheduler);
	if (oci_const_find(oci_scheduler_policies, oci->policy, &n))
		s->policy = (uint32_t)n;
	for (size_t i = 0; i < oci->flags.n; i++)
		if (oci_const_find(oci_scheduler_flags, oci->flags.v[i], &n))
			s->flags |= n;
	/* What is unset is 0 (P-37, P-38, P-40). */
	s->nice = oci->nice.v;
	s->priority = (uint32_t)oci->priority.v;
	s->runtime = oci->runtime.v;
	s->deadline = oci->deadline.v;
	s->period = oci->period.v;
	return s;
}

static int build_cpus(struct arena *a, struct plan_cpus *cpus, const char *list, const char *name,
		      struct err *err)
{
	unsigned long *bits;

	if (!list || !*list)
		return 0;
	bits = arena_alloc(a, BITS_CPUS / 8);
	if (bits_parse(list, bits, BITS_CPUS) < 0)
		return err_fail(err, EINVAL, "process.execCPUAffinity.%s: '%s' is not a list", name,
				list);
	*cpus = (struct plan_cpus){.list = list, .bits = bits, .size = BITS_CPUS / 8};
	return 0;
}

int plan_scheduler_build(struct arena *a, struct plan_process *p, const struct oci_process *process,
			 struct err *err)
{
	const struct oci_exec_cpu_affinity *cpus = process->exec_cpu_affinity;
	const struct oci_io_priority *io = process->io_priority;
	uint64_t class;
	int r = 0;

	p->scheduler = build_scheduler(a, process->scheduler);
	if (io && oci_const_find(oci_io_classes, io->class_, &class)) {
		p->has_io_priority = true;
		p->io_priority = (int)IOPRIO_PRIO_VALUE((int)class, (int)io->priority.v);
	}
	if (cpus)
		r = build_cpus(a, &p->cpus_initial, cpus->initial, "initial", err);
	if (cpus && r == 0)
		r = build_cpus(a, &p->cpus_final, cpus->final, "final", err);
	return r;
}
