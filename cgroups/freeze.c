/* RUNTIME: freezing and thawing a cgroup. */
#include "cgroups/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>

#include "cgroups/file.h"
#include "cgroups/freeze.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/path.h"

int cgroup_freeze_for(int fd, bool frozen, int timeout_ms)
{
	int r = cgroup_file_write(fd, "cgroup.freeze", frozen ? "1" : "0");

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

int cgroup_stands_still(int fd)
{
	uint64_t v = 0;
	int r = cgroup_file_key(fd, "cgroup.events", "frozen", &v);

	return r < 0 ? r : v != 0;
}

int cgroup_path_stands_still(const struct cgroup_host *host, const char *path)
{
	char name[PATH_MAX], text[256];
	auto_fd int fd = -1;
	ssize_t n;

	path += strspn(path, "/");
	if (snprintf(name, sizeof(name), "%s/cgroup.events", path) >= (int)sizeof(name))
		return -ENAMETOOLONG;
	fd = beneath_open(host->fd, name, O_RDONLY);
	if (fd < 0)
		return fd;
	n = read(fd, text, sizeof(text) - 1);
	if (n < 0)
		return -errno;
	text[n] = '\0';
	return strstr(text, "frozen 1") != NULL;
}
