/*
 * scheduler.h - what the kernel lets only the host's root choose for a process.
 *
 * The rights to raise a priority count in the host's user namespace, and init gives its own away:
 * so the runtime does it, from outside, when init has done its work and waits. That way init is
 * never as slow as SCHED_IDLE, and may fork (a hook) in spite of SCHED_DEADLINE.
 */
#ifndef HULL_RUNTIME_SCHEDULER_H
#define HULL_RUNTIME_SCHEDULER_H

#include <sys/types.h>

#include "libcontainer/base/err.h"
#include "libcontainer/plan/plan.h"

static inline bool scheduler_wanted(const struct plan_process *p)
{
	return p->scheduler || p->has_io_priority;
}
/* process.scheduler and ioPriority. PID is a child that has not been reaped. */
int scheduler_apply(pid_t pid, const struct plan_process *p, struct err *err) must_check;
/* execCPUAffinity.initial: for this process, which starts the other one (P-43). */
int scheduler_initial_cpus(const struct plan_process *p, struct err *err) must_check;

#endif
