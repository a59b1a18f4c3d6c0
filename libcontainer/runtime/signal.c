/* RUNTIME: kill, pause, resume, ps, update: commands on what runs. */
#include <errno.h>
#include <signal.h>

#include "cgroups/systemd/unit.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/plan/annotations.h"
#include "libcontainer/runtime/runtime.h"

#define NOT_RUNNING "container not running"

/* Every process of the cgroup; init alone where there is no cgroup. */
static int kill_all(struct container *c, int sig, struct err *err)
{
	int r = 0;

	if (c->cgroup_fd >= 0 && sig == SIGKILL)
		r = cgroup_kill(c->cgroup_fd);
	else if (c->cgroup_fd >= 0 && sig != 0)
		return cgroup_signal_all(c->cgroup_fd, sig, err);
	else if (c->pidfd >= 0)
		r = proc_pidfd_signal(c->pidfd, sig);
	return r < 0 && r != -ESRCH ? err_sys(err, -r, "kill the processes of '%s'", c->id) : 0;
}

/* who names no signal means the one that the program wants to be stopped with. */
static int stop_signal(const struct container *c, struct err *err)
{
	const char *key = "org.opencontainers.image.stopSignal";
	const char *name = annotation_get(&c->state.annotations, key);
	int sig = name && *name ? proc_signal_parse(name) : SIGTERM;

	if (sig > 0)
		return sig;
	err_fail(err, EINVAL, "annotations.%s: '%.64s' is no signal", key, name);
	err_hint(err, "name the signal to send");
	return -err->code;
}

int container_kill(struct container_root *root, const char *id, int sig, bool all, struct err *err)
{
	auto_container c = CONTAINER_NONE;
	int r = container_open(&c, root, id, OPEN_READ, err);

	if (r == 0 && sig < 0)
		r = sig = stop_signal(&c, err);
	if (r < 0)
		return r;
	if (all)
		return kill_all(&c, sig, err);
	if (c.status == CONTAINER_STOPPED || c.pidfd < 0)
		return err_sys(err, ESRCH, NOT_RUNNING);
	/* Without a pid namespace of its own, the others would outlive init. */
	if (sig == SIGKILL && !(c.state.private_pid.set && c.state.private_pid.v))
		return kill_all(&c, sig, err);
	r = proc_pidfd_signal(c.pidfd, sig);
	if (r == -ESRCH)
		return err_sys(err, ESRCH, NOT_RUNNING);
	return r < 0 ? err_sys(err, -r, "send signal %d to process %d", sig, (int)c.state.pid.v)
		     : 0;
}

static int freeze(struct container_root *root, const char *id, bool frozen, struct err *err)
{
	auto_container c = CONTAINER_NONE;
	int r = container_open(&c, root, id, OPEN_LOCKED, err);

	if (r < 0)
		return r;
	if (c.status == CONTAINER_STOPPED)
		return err_fail(err, ESRCH, NOT_RUNNING);
	if (!frozen && c.status != CONTAINER_PAUSED)
		return err_fail(err, EINVAL, "container not paused");
	if (frozen && c.status != CONTAINER_RUNNING && c.status != CONTAINER_CREATED)
		return err_fail(err, EINVAL, "container not running or created: %s",
				container_status_name(c.status));
	if (c.cgroup_fd < 0)
		return err_fail(err, ENOTSUP, "the container has no cgroup to freeze");
	/* It may run on another host by now: two of it is what must not be. */
	if (!frozen && faccessat(c.dirfd, STATE_JOURNAL, F_OK, 0) == 0) {
		err_fail(err, EBUSY, "a migration of container '%s' is not over", id);
		err_hint(err, "hull migrate --recover decides where it goes on");
		return -EBUSY;
	}
	return cgroup_freeze(c.cgroup_fd, frozen, err);
}

int container_pause(struct container_root *root, const char *id, struct err *err)
{
	return freeze(root, id, true, err);
}

int container_resume(struct container_root *root, const char *id, struct err *err)
{
	return freeze(root, id, false, err);
}

int container_pids(struct container_root *root, const char *id, struct arena *a, pid_t **ret,
		   size_t *ret_n, struct err *err)
{
	auto_container c = CONTAINER_NONE;
	int r = container_open(&c, root, id, OPEN_READ, err);

	if (r < 0)
		return r;
	*ret = NULL;
	*ret_n = 0;
	if (c.cgroup_fd >= 0)
		return cgroup_pids(c.cgroup_fd, a, ret, ret_n, err);
	if (c.pidfd >= 0) {
		*ret = arena_new(a, pid_t);
		**ret = (pid_t)c.state.pid.v;
		*ret_n = 1;
	}
	return 0;
}

int container_update(struct container_root *root, const char *id,
		     const struct oci_resources *resources, struct err *err)
{
	auto_container c = CONTAINER_NONE;
	struct cgroup_unit unit;
	int r = container_open(&c, root, id, OPEN_LOCKED, err);

	if (r < 0)
		return r;
	if (c.status == CONTAINER_STOPPED || c.status == CONTAINER_CREATING)
		return err_fail(err, ESRCH, NOT_RUNNING);
	r = oci_validate_resources(resources, err);
	if (r < 0)
		return r;
	if (c.cgroup_fd < 0)
		return err_fail(err, ENOTSUP, "the container has no cgroup to update");
	if (c.state.unit) {
		runtime_unit(&c.state, &unit);
		return cgroup_unit_update(&c.cgroup_host, &unit, c.cgroup_fd, resources, err);
	}
	return cgroup_apply(&c.cgroup_host, c.cgroup_fd, resources, true, err);
}
