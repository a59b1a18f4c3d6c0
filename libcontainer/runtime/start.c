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

/* The container is gone for good when one of its hooks fails (H-18, H-19). */
static int fail_and_destroy(struct container *c, struct err *err)
{
	struct err second;

	if (container_destroy(c, &second) < 0)
		log_error("undo: %s", second.text);
	return -err->code;
}

int started_and_poststart(struct container *c, int channel, int *agent, bool *ret_hook_failed,
			  struct err *err)
{
	int r = 0;

	if (*agent >= 0)
		r = listener_serve(c, (pid_t)c->state.pid.v, c->pidfd, agent, channel, err);
	if (r == 0)
		r = sync_expect(channel, SYNC_EOF, NULL, err);
	*ret_hook_failed = false;
	if (r < 0) {
		*ret_hook_failed = str_starts(err->text, "error running startContainer hook");
		return r;
	}
	if (!c->state.hooks || !c->state.hooks->poststart.n)
		return 0;
	r = runtime_hooks("poststart", &c->state.hooks->poststart, &c->state, "running", err);
	*ret_hook_failed = r < 0;
	return r;
}

int container_start(struct container_root *root, const char *id, struct err *err)
{
	auto_container c = CONTAINER_NONE;
	auto_fd int channel = -1, notify = -1, agent = -1;
	bool hook_failed = false;
	int r = container_open(&c, root, id, OPEN_LOCKED, err);

	if (r == 0)
		r = check_startable(&c, err);
	if (r < 0)
		return r;
	if (c.state.notify.set && getenv("NOTIFY_SOCKET")) {
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
	r = sync_tell(channel, SYNC_START, err);
	if (r == 0)
		r = started_and_poststart(&c, channel, &agent, &hook_failed, err);
	if (r < 0)
		return hook_failed ? fail_and_destroy(&c, err) : r;
	/* Nobody listens any more; without it a status is computed with fewer questions. */
	unlinkat(c.dirfd, "start.sock", 0);
	/* The wait for READY=1 may be long: the container can be paused or deleted meanwhile. */
	close_fd(&c.dirfd);
	return notify >= 0 ? notify_forward(notify, (pid_t)c.state.pid.v, c.pidfd, err) : 0;
}
