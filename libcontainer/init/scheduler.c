/* INIT: where the process runs: CPUs, memory nodes; and as what kind of machine. */
#include <errno.h>
#include <sys/personality.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/bits.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/init/side.h"

/* The kernel takes of it what the cpuset allows (sched_setaffinity(2)). */
static const unsigned long all_cpus[BITS_CPUS / BITS_PER_WORD] = {
	[0 ... BITS_CPUS / BITS_PER_WORD - 1] = ~0UL,
};

/*
 * Already in the container's cgroup. Since Linux 6.2 a mask that the caller of hull was given
 * (CPUAffinity= of a systemd unit, taskset) would outlive the move there, and hide CPUs of the
 * container's cpuset: it is taken back (P-46). For exec, `final` is what comes instead (P-44);
 * without it the cpuset decides, and not what `initial` was (P-45).
 */
int init_cpus(void *ctx, struct err *err)
{
	struct init *c = ctx;
	const struct plan_cpus *final = c->exec ? &c->process->cpus_final : NULL;

	if (final && final->bits) {
		if (syscall(SYS_sched_setaffinity, 0, final->size, final->bits) < 0)
			return err_sys(err, errno,
				       "process.execCPUAffinity.final: run on CPUs '%s'",
				       final->list);
		return 0;
	}
	if (syscall(SYS_sched_setaffinity, 0, sizeof(all_cpus), all_cpus) < 0)
		log_warn("the CPU affinity stays as inherited: it cannot be changed");
	return 0;
}

/* L-19: this thread is the one that executes the program, and execve keeps the policy. */
int init_memory_policy(void *ctx, struct err *err)
{
	struct init *c = ctx;
	const struct plan_memory_policy *m = c->process->memory_policy;

	/* The kernel reads one bit less than it is told. */
	if (syscall(SYS_set_mempolicy, m->mode, m->nodes, m->nodes ? m->n_bits + 1 : 0) < 0)
		return err_sys(err, errno, "linux.memoryPolicy: set the memory policy");
	return 0;
}

int init_personality(void *ctx, struct err *err)
{
	struct init *c = ctx;

	if (personality(c->process->personality) < 0)
		return err_sys(err, errno, "linux.personality: set the execution domain");
	return 0;
}
