/* track_task.h - what /proc says about a task that is to be tracked. */
#ifndef HULL_TRACK_TASK_H
#define HULL_TRACK_TASK_H

#include "track.h"

/* A thread of the process to be stopped: the first one if it is alive, but rather one that is not
 * in an uninterruptible wait, which may be short or not. -ESRCH. */
pid_t task_pick(pid_t pid);
/* The address of a system call instruction in its memory: of the vDSO, or of other code. 0: none.
 */
unsigned long task_find_syscall(pid_t pid);
bool task_has_seccomp(pid_t tid);
/* Whether a signal that is not blocked waits for it. */
bool task_signal_waits(pid_t tid);
/* Whether it has the memory of another process: that of its parent (vfork). */
bool task_shares_memory(pid_t pid);
/* A reason in its descriptors not to rely on write protection. TRACK_OK, TRACK_DIRECT_IO,
 * TRACK_IO_URING, TRACK_USERFAULTFD or, when it is by soft-dirty bits, TRACK_SOFT_DIRTY. PROCFD is
 * /proc/PID. */
enum track_why task_check_files(int procfd, bool soft);

struct track_map {
	uint64_t start, end;
	bool eligible; /* private, not the kernel's own, not of hugetlbfs */
	bool aio;      /* a context of Linux AIO */
};
/* /proc/PID/maps, one by one; a negative answer of EACH ends it. 0, -errno, -E2BIG for too
 * many, or what EACH returned. */
typedef int task_each_map(void *arg, const struct track_map *map, const char *perms,
			  const char *name);
int task_read_maps(int procfd, task_each_map *each, void *arg);

#endif
