/* RUNTIME: start a created container. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/base/str.h"
#include "libcontainer/runtime/create.h"
#include "libcontainer/sync.h"

static int check_startable(const struct container *c, struct err *err)
{
	switch (c->status) {
	case CONTAINER_CREATED:
		break;
	case CONTAINER_STOPPED:
		return err_fail(err, EINVAL, "cannot start a container that has stopped");
	case CONTAINER_RUNNING:
		return err_fail(err, EINVAL, "cannot start an already running container");
	default:
		return err_fail(err, EINVAL, "cannot start a container in the %s state",
				container_status_name(c->status));
	}
	if (!(c->state.has_process.set && c->state.has_process.v))
		return err_fail(err, EINVAL, "cannot start: the configuration has no process");
	return 0;
}

static bool has_start_hooks(const struct container *c)
{
	return c->state.hooks && c->state.hooks->start_container.n;
}

static bool has_poststart(const struct container *c)
{
	return c->state.hooks && c->state.hooks->poststart.n;
}

/* With the lock again; unless it was deleted while hooks ran, and all is done. */
int start_undo(struct container *c, struct err *err)
{
	struct err second;

	if (state_lock(c->dirfd, c->id, LOCK_WAIT_MS, &second) < 0)
		log_later("undo: %s", second.text);
	else if (state_check_linked(c->root, c->id, c->dirfd, &second) == 0 &&
		 container_destroy(c, &second) < 0)
		log_later("undo: %s", second.text);
	return -err->code;
}

int start_unlock(struct container *c, struct err *err)
{
	int r;

	if (!has_start_hooks(c) && !has_poststart(c) && !c->state.listener_path)
		return 0;
	r = state_unlock(c->dirfd);
	return r < 0 ? err_sys(err, -r, "unlock the state of '%s'", c->id) : 0;
}

int start_wait_executed(struct container *c, int channel, int *agent, bool *ret_hook_failed,
			struct err *err)
{
	int r = 0;

	*ret_hook_failed = false;
	if (has_start_hooks(c)) {
		r = sync_expect(channel, SYNC_HOOKED, NULL, err);
		*ret_hook_failed =
			r < 0 && str_starts(err->text, "error running startContainer hook");
		if (r < 0 && err->code == EPIPE)
			err_fail(err, ECANCELED,
				 "the container was killed while its startContainer hooks ran");
	}
	if (r == 0 && *agent >= 0)
		r = listener_serve(c, (pid_t)c->state.pid.v, c->pidfd, agent, channel, err);
	return r < 0 ? -err->code : sync_expect(channel, SYNC_EOF, NULL, err);
}

int start_poststart(struct container *c, struct err *err)
{
	struct err gone;
	int r;

	if (!has_poststart(c))
		return 0;
	r = runtime_hooks("poststart", &c->state.hooks->poststart, &c->state, "running", err);
	if (r == 0 && state_check_linked(c->root, c->id, c->dirfd, &gone) < 0)
		r = err_fail(err, ECANCELED,
			     "the container was deleted while its poststart hooks ran");
	return r;
}

/* C is locked, and from here on as long as nothing may take its time: others must be able to kill
 * and delete it while its hooks run. */
static int start_opened(struct container *c, int channel, int *agent, struct err *err)
{
	bool hook_failed = false;
	int r = sync_tell(channel, SYNC_START, err);

	if (r < 0)
		return r;
	/* Nobody listens any more; without it a status is computed with fewer questions, and it
	 * cannot be started once more. */
	unlinkat(c->dirfd, "start.sock", 0);
	r = start_unlock(c, err);
	if (r == 0)
		r = start_wait_executed(c, channel, agent, &hook_failed, err);
	if (r < 0)
		return hook_failed ? start_undo(c, err) : r; /* H-18 */
	r = start_poststart(c, err);
	return r < 0 ? start_undo(c, err) : 0; /* H-19 */
}

int container_start(struct container_root *root, const char *id, struct err *err)
{
	auto_container c = CONTAINER_NONE;
	auto_fd int channel = -1, notify = -1, agent = -1;
	int r = container_open(&c, root, id, OPEN_LOCKED, err);

	if (r == 0)
		r = check_startable(&c, err);
	if (r == 0 && has_poststart(&c))
		r = runtime_hooks_are_ours(&c, err);
	if (r < 0)
		return r;
	if (c.state.notify.set && given(getenv("NOTIFY_SOCKET"))) {
		notify = notify_bind(c.dirfd, err);
		if (notify < 0)
			return notify;
	}
	/* Without its agent the container stays as it is: it can be started again. */
	if (c.state.listener_path) {
		agent = listener_connect(&c, err);
		if (agent < 0)
			return agent;
	}
	channel = sock_connect_at(c.dirfd, "start.sock", SOCK_SEQPACKET);
	if (channel < 0)
		return err_sys(err, -channel, "connect to the container's init");
	r = start_opened(&c, channel, &agent, err);
	if (r < 0)
		return r;
	/* The wait for READY=1 may be long: the container can be paused or deleted meanwhile. */
	close_fd(&c.dirfd);
	return notify >= 0 ? notify_forward(notify, (pid_t)c.state.pid.v, c.pidfd, err) : 0;
}
