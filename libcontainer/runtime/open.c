/* RUNTIME: an existing container: its state, and its status as the kernel tells it. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/runtime/runtime.h"

/* A live init of the right start time, held by a pidfd: 1; else 0. */
static int open_init(struct container *c)
{
	pid_t pid = (pid_t)c->state.pid.v;
	struct proc_stat st;

	if (!c->state.pid.set || pid <= 0)
		return 0;
	c->pidfd = proc_pidfd_open(pid);
	if (c->pidfd < 0)
		return 0;
	/* Read after the pidfd is open: now the pid cannot be given to another process. */
	if (proc_stat_read(pid, &st) == 0 && st.starttime == c->state.starttime.v &&
	    st.state != 'Z' && st.state != 'X') {
		c->never_executed = st.never_executed;
		return 1;
	}
	close_fd(&c->pidfd);
	return 0;
}

/* Whether init still waits to be started. It has start.sock until then; but a hull start that was
 * killed leaves that behind, and hull run never has one. */
static bool waits_for_start(const struct container *c)
{
	return c->never_executed && faccessat(c->dirfd, "start.sock", F_OK, 0) == 0;
}

static enum container_status compute_status(struct container *c)
{
	if (c->state.creating.set && c->state.creating.v) {
		open_init(c);
		return CONTAINER_STOPPED;
	}
	if (!open_init(c))
		return CONTAINER_STOPPED;
	if (c->cgroup_fd >= 0 && cgroup_stands_still(c->cgroup_fd) > 0)
		return CONTAINER_PAUSED;
	return waits_for_start(c) ? CONTAINER_CREATED : CONTAINER_RUNNING;
}

static int open_cgroup(struct container *c, struct err *err)
{
	int r;

	if (!c->state.cgroup)
		return 0;
	r = cgroup_host_probe(&c->cgroup_host, err);
	if (r < 0)
		return r;
	c->cgroup_fd = cgroup_open(&c->cgroup_host, c->state.cgroup);
	if (c->cgroup_fd < 0 && c->cgroup_fd != -ENOENT)
		return err_sys(err, -c->cgroup_fd, "open cgroup '%s'", c->state.cgroup);
	return 0;
}

/* A create that has not finished: the lock tells whether someone is still at it. It may have ended
 * between our reading and the lock, and then the state is another one. */
static int look_again(struct container *c, bool *ret_busy, struct err *err)
{
	struct err ignored;
	int r;

	*ret_busy = state_lock(c->dirfd, c->id, 0, &ignored) < 0;
	if (*ret_busy)
		return 0;
	r = state_check_linked(c->root, c->id, c->dirfd, err);
	if (r == 0)
		r = state_load(&c->arena, c->dirfd, c->id, &c->state, err);
	(void)state_unlock(c->dirfd);
	return r;
}

int container_open(struct container *c, const struct container_root *root, const char *id,
		   enum open_mode mode, struct err *err)
{
	bool busy = false;
	int r;

	*c = (struct container)CONTAINER_NONE;
	c->root = root;
	c->id = id;
	r = id_check(id, err);
	if (r < 0)
		return r;
	c->dirfd = state_open_dir(root, id, err);
	if (c->dirfd < 0)
		return c->dirfd;
	if (mode == OPEN_LOCKED) {
		r = state_lock(c->dirfd, id, LOCK_WAIT_MS, err);
		if (r < 0)
			return r;
		r = state_check_linked(root, id, c->dirfd, err);
		if (r < 0) {
			close_fd(&c->dirfd);
			return r;
		}
	}
	r = state_load(&c->arena, c->dirfd, id, &c->state, err);
	if (r == 0 && mode == OPEN_READ && c->state.creating.set && c->state.creating.v)
		r = look_again(c, &busy, err);
	if (r < 0)
		return r;
	r = open_cgroup(c, err);
	if (r < 0)
		return r;
	c->status = busy ? CONTAINER_CREATING : compute_status(c);
	return 0;
}

void container_close(struct container *c)
{
	close_fd(&c->pidfd);
	close_fd(&c->cgroup_fd);
	if (c->cgroup_host.fd >= 0)
		cgroup_host_done(&c->cgroup_host);
	close_fd(&c->dirfd);
	arena_done(&c->arena);
}

const char *container_status_name(enum container_status status)
{
	static const char *const names[] = {
		[CONTAINER_CREATING] = "creating", [CONTAINER_CREATED] = "created",
		[CONTAINER_RUNNING] = "running",   [CONTAINER_PAUSED] = "paused",
		[CONTAINER_STOPPED] = "stopped",
	};

	return names[status];
}
