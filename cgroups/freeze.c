/* RUNTIME: freezing and thawing a cgroup. */
#include "cgroups/cgroup.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cgroups/file.h"
#include "cgroups/freeze.h"

int cgroup_freeze_later(int fd, bool frozen)
{
	return cgroup_file_write(fd, "cgroup.freeze", frozen ? "1" : "0");
}

int cgroup_freeze_for(int fd, bool frozen, int timeout_ms)
{
	int r = cgroup_freeze_later(fd, frozen);

	if (r < 0)
		return r;
	r = cgroup_event_wait(fd, "frozen", frozen, timeout_ms);
	/* Half frozen is worse than running: the processes that did stop would never go on. */
	if (r < 0 && frozen)
		(void)cgroup_file_write(fd, "cgroup.freeze", "0");
	return r;
}

int cgroup_freeze(int fd, bool frozen, struct err *err)
{
	const char *what = frozen ? "freeze" : "thaw";
	int r = cgroup_freeze_for(fd, frozen, CGROUP_WAIT_MS);

	if (r == -ETIMEDOUT && frozen) {
		err_fail(err, ETIMEDOUT, "freeze the cgroup: a process did not stop within %d s",
			 CGROUP_WAIT_MS / 1000);
		err_hint(err, "a process in uninterruptible sleep cannot be frozen");
		return -ETIMEDOUT;
	}
	/* Still frozen after the thaw: a parent is. */
	if (r == -ETIMEDOUT)
		return err_fail(err, ETIMEDOUT, "thaw the cgroup: a parent cgroup is frozen");
	return r < 0 ? err_sys(err, -r, "%s the cgroup", what) : 0;
}

int cgroup_is_frozen(int fd)
{
	uint64_t v = 0;
	int r = cgroup_file_u64(fd, "cgroup.freeze", &v);

	return r < 0 ? r : v != 0;
}

static int is_frozen(int fd, const char *events)
{
	uint64_t v = 0;
	int r = cgroup_file_key(fd, events, "frozen", &v);

	return r < 0 ? r : v != 0;
}

int cgroup_stands_still(int fd)
{
	return is_frozen(fd, "cgroup.events");
}

int cgroup_path_stands_still(const struct cgroup_host *host, const char *path)
{
	char name[PATH_MAX];

	path += strspn(path, "/");
	if (snprintf(name, sizeof(name), "%s/cgroup.events", path) >= (int)sizeof(name))
		return -ENAMETOOLONG;
	return is_frozen(host->fd, name);
}
