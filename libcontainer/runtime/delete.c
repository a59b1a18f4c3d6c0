/* RUNTIME: delete, and the undoing of a container. */
#include <errno.h>
#include <signal.h>
#include <string.h>

#include "cgroups/systemd/unit.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/runtime/runtime.h"

#define EXIT_TIMEOUT_MS 10000

static int kill_everything(struct container *c, struct err *err)
{
	int r;

	if (c->cgroup_fd >= 0) {
		r = cgroup_kill(c->cgroup_fd);
		if (r < 0 && r != -ENOENT && r != -ENODEV)
			return err_sys(err, -r, "kill the processes in cgroup '%s'",
				       c->state.cgroup);
	}
	if (c->pidfd < 0)
		return 0;
	r = proc_pidfd_signal(c->pidfd, SIGKILL);
	if (r < 0 && r != -ESRCH)
		return err_sys(err, -r, "kill process %d", (int)c->state.pid.v);
	if (proc_pidfd_wait_exit(c->pidfd, EXIT_TIMEOUT_MS) < 0)
		return err_fail(err, ETIMEDOUT,
				"container init (process %d) is still running after SIGKILL",
				(int)c->state.pid.v);
	return 0;
}

static void poststop(const struct container *c)
{
	struct err err;

	if (!c->state.hooks || !c->state.hooks->poststop.n)
		return;
	if (runtime_hooks_are_ours(c, &err) < 0)
		log_warn("poststop: %s", err.text);
	else
		runtime_poststop(&c->state);
}

void runtime_unit(const struct state *state, struct cgroup_unit *ret)
{
	*ret = (struct cgroup_unit){.name = state->unit,
				    .user = state->unit_user.set && state->unit_user.v};
}

/*
 * Its processes are gone, so mostly the unit is too. One that this create had not begun to own may
 * be another container's. Without a bus there is no systemd that could know the unit: the user's
 * ends with the last session.
 */
static int stop_unit(struct container *c, struct err *err)
{
	struct cgroup_unit unit;
	int r;

	if (!c->state.unit || !c->state.unit_made.v)
		return 0;
	runtime_unit(&c->state, &unit);
	r = cgroup_unit_stop(&unit, err);
	if (r == -ENOENT || r == -ECONNREFUSED) {
		log_warn("unit '%s' is not stopped: %s", unit.name, err->text);
		err_clear(err);
		return 0;
	}
	return r;
}

int container_destroy(struct container *c, struct err *err)
{
	int r = kill_everything(c, err);

	if (r == 0)
		r = stop_unit(c, err);
	if (r < 0)
		return r;
	if (c->state.cgroup && c->cgroup_host.fd >= 0) {
		close_fd(&c->cgroup_fd);
		r = cgroup_destroy(&c->cgroup_host, c->state.cgroup, c->state.cgroup_made, err);
		if (r < 0)
			return r;
	}
	r = runtime_rdt_remove(&c->state, err);
	if (r == 0)
		r = state_remove(c->root, c->id, err);
	if (r < 0)
		return r;
	poststop(c);
	return 0;
}

/* A state directory without a readable state: hull was killed at its very beginning (nothing
 * else exists then), or someone damaged it. */
static int delete_broken(struct container_root *root, const char *id, bool force, struct err *err)
{
	struct err why = *err;
	int r;

	if (!force)
		return -err->code;
	log_warn("state of '%s' is not readable, removing it: %s", id, why.text);
	r = state_remove(root, id, err);
	return r;
}

int container_delete(struct container_root *root, const char *id, bool force, struct err *err)
{
	auto_container c = CONTAINER_NONE;
	int r = container_open(&c, root, id, OPEN_LOCKED, err);

	if (r == -ENOENT && c.dirfd < 0 && force)
		return 0;
	if (r < 0)
		return c.dirfd >= 0 && r != -ETIMEDOUT ? delete_broken(root, id, force, err) : r;
	/* As runc and crun: a created container may be deleted without force. */
	if (!force && c.status != CONTAINER_STOPPED && c.status != CONTAINER_CREATED)
		return err_fail(err, EBUSY, "cannot delete container %s that is not stopped: %s",
				id, container_status_name(c.status));
	return container_destroy(&c, err);
}
