/* RUNTIME: scheduler and I/O priority of the process, CPUs of this one. */
#include "libcontainer/runtime/scheduler.h"

#include <errno.h>
#include <linux/ioprio.h>
#include <linux/sched.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <unistd.h>

/* struct sched_attr of sched_setattr(2): musl has none, glibc's and the kernel's header clash. */
struct attr {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
	uint32_t util_min, util_max;
};

static int set_scheduler(pid_t pid, const struct plan_scheduler *s, struct err *err)
{
	struct attr a = {
		.size = sizeof(a),
		.policy = s->policy,
		.flags = s->flags,
		.nice = s->nice,
		.priority = s->priority,
		.runtime = s->runtime,
		.deadline = s->deadline,
		.period = s->period,
	};
	bool fair = s->policy == SCHED_NORMAL || s->policy == SCHED_BATCH;

	if (syscall(SYS_sched_setattr, pid, &a, 0) < 0) {
		int e = errno;

		err_sys(err, e, "process.scheduler: set the policy of process %d", (int)pid);
		if (e == EPERM)
			err_hint(err,
				 "real-time policies need CAP_SYS_NICE and a cgroup that may have "
				 "them, SCHED_DEADLINE all CPUs of the host");
		else if (e == EBUSY)
			err_hint(err, "so much CPU time is not left for SCHED_DEADLINE");
		return -e;
	}
	/* With other policies the call above leaves the nice value alone, but unset means 0, not
	 * what the caller had (P-37): it counts when the program changes its policy. */
	if (!fair && setpriority(PRIO_PROCESS, (id_t)pid, s->nice) < 0)
		return err_sys(err, errno, "process.scheduler.nice %d", s->nice);
	return 0;
}

int scheduler_apply(pid_t pid, const struct plan_process *p, struct err *err)
{
	int r = p->scheduler ? set_scheduler(pid, p->scheduler, err) : 0;

	if (r < 0 || !p->has_io_priority)
		return r;
	/* Alone in its process group yet; its children inherit it (P-41). */
	if (syscall(SYS_ioprio_set, IOPRIO_WHO_PROCESS, pid, p->io_priority) < 0)
		return err_sys(err, errno, "process.ioPriority: set the I/O priority");
	return 0;
}

int scheduler_initial_cpus(const struct plan_process *p, struct err *err)
{
	const struct plan_cpus *cpus = &p->cpus_initial;

	if (cpus->bits && syscall(SYS_sched_setaffinity, 0, cpus->size, cpus->bits) < 0)
		return err_sys(err, errno, "process.execCPUAffinity.initial: run on CPUs '%s'",
			       cpus->list);
	return 0;
}
