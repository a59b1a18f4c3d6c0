/* RUNTIME: checkpoint: a container stands still so that CRIU can take hold of each process. */
#include <errno.h>
#include <time.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/checkpoint/checkpoint.h"
#include "libcontainer/checkpoint/rate.h"
#include "libcontainer/checkpoint/track_task.h"

/* From vfork to exec takes a program well under a millisecond. */
#define VFORK_WAIT_NS 2000000000
#define LONGEST_NS    16000000

/* A child between vfork(2) and execve(2), or 0. Its parent sleeps until the child has got there, so
 * that ptrace stops the parent never if it has stopped the child: CRIU would wait for it in vain.
 */
static pid_t find_vfork(const struct container *c, struct arena *a, struct err *err)
{
	pid_t *pids;
	size_t n;
	int r = cgroup_pids(c->cgroup_fd, a, &pids, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++)
		if (task_shares_memory(pids[i]))
			return pids[i];
	return r;
}

static int without_vfork(const struct container *c, struct err *err)
{
	auto_arena a = ARENA_INIT;
	pid_t child = find_vfork(c, &a, err);

	if (child <= 0)
		return child;
	err_fail(err, EBUSY, "process %d has the memory of its parent, which waits in vfork(2)",
		 (int)child);
	err_hint(err, "CRIU cannot dump it before it has called execve(2) or ended");
	return -EBUSY;
}

int ckpt_freeze(const struct container *c, int64_t *ret_began, struct err *err)
{
	struct timespec run = {.tv_nsec = 1000000};
	int64_t begin = rate_now_ns();

	for (;;) {
		struct err late;
		int r;

		*ret_began = rate_now_ns();
		r = cgroup_freeze(c->cgroup_fd, true, err);

		if (r == 0)
			r = without_vfork(c, err);
		if (r == 0)
			return 0;
		if (c->status == CONTAINER_PAUSED)
			return r;
		if (cgroup_freeze(c->cgroup_fd, false, &late) < 0)
			log_later("undo: %s", late.text);
		if (r != -EBUSY || rate_now_ns() - begin > VFORK_WAIT_NS)
			return r;
		err_clear(err);
		nanosleep(&run, NULL);
		if (run.tv_nsec < LONGEST_NS)
			run.tv_nsec *= 2;
	}
}
