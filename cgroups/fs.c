/* RUNTIME: the cgroupfs driver: directories made and removed by hull itself. */
#include "cgroups/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroups/controllers.h"
#include "cgroups/file.h"
#include "cgroups/procs.h"
#include "cgroups/resources.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"

#define CGROUP_MODE 0755
#define MAX_TRIES   64

/*
 * mkdir -p. The leaf first, as the parent mostly exists. PATH was checked by cgroup_path, and
 * cgroupfs has no symlinks.
 */
static int make_dirs(const struct cgroup_host *host, struct arena *a, const char *path,
		     const char **ret_made)
{
	char *prefix = arena_strdup(a, path + 1);

	*ret_made = NULL;
	if (mkdirat(host->fd, prefix, CGROUP_MODE) == 0) {
		*ret_made = path;
		return 0;
	}
	if (errno != ENOENT)
		return errno == EEXIST ? 0 : -errno;
	for (char *p = prefix; p;) {
		p = strchr(p + 1, '/');
		if (p)
			*p = '\0';
		if (mkdirat(host->fd, prefix, CGROUP_MODE) == 0) {
			if (!*ret_made)
				*ret_made = arena_printf(a, "/%s", prefix);
		} else if (errno != EEXIST) {
			return -errno;
		}
		if (p)
			*p = '/';
	}
	return 0;
}

/* Another delete can remove a common parent under our feet: again, then. */
static int make_and_open(const struct cgroup_host *host, struct arena *a, const char *path,
			 const char **ret_made, struct err *err)
{
	const char *made = NULL, *again = NULL;
	int r = -ENOENT;

	for (int tries = 0; tries < MAX_TRIES && r == -ENOENT; tries++) {
		r = make_dirs(host, a, path, &again);
		/* the topmost of all tries */
		if (again && (!made || strlen(again) < strlen(made)))
			made = again;
		if (r == 0)
			r = beneath_open(host->fd, path + 1, O_RDONLY | O_DIRECTORY);
	}
	if (r < 0) {
		err_sys(err, -r, "create cgroup '%s' in '%s'", path, host->mount);
		if (r == -EACCES || r == -EPERM || r == -EROFS)
			err_hint(err, "without rights to this cgroup, have one delegated (an "
				      "ordinary user: systemd-run --user --scope -p Delegate=yes "
				      "hull ...), or use --cgroup-manager disabled");
		return r;
	}
	*ret_made = made;
	return r;
}

/* C-08: it must be able to take the container. A new one can be frozen too, by a parent: the
 * container's init would not get anywhere. */
static int check_fit(int fd, struct arena *a, bool fresh, struct err *err)
{
	pid_t *pids = NULL;
	size_t n = 0;
	int r = fresh ? 0 : cgroup_is_populated(fd);

	if (r > 0) {
		r = cgroup_pids(fd, a, &pids, &n, err);
		if (r < 0)
			return r;
		return err_fail(err, EBUSY,
				"container's cgroup is not empty: %zu process(es) found", n);
	}
	if (r == 0)
		r = cgroup_stands_still(fd);
	if (r < 0)
		return err_sys(err, -r, "read 'cgroup.events'");
	return r ? err_fail(err, EBUSY, "container's cgroup unexpectedly frozen%s",
			    fresh ? ", as a parent of it is" : "")
		 : 0;
}

int cgroup_create(const struct cgroup_host *host, struct arena *a, const char *path,
		  const struct oci_resources *resources, const char **ret_made, struct err *err)
{
	struct cgroup_need *needs = NULL;
	const char *made = NULL;
	auto_fd int fd = -1;
	size_t n = 0;
	int r = cgroup_resources_needs(a, resources, &needs, &n, err);

	if (r < 0)
		return r;
	r = cgroup_controllers_check(host, a, needs, n, err);
	if (r < 0)
		return r;
	fd = make_and_open(host, a, path, &made, err);
	if (fd < 0)
		return fd;
	r = cgroup_controllers_enable(host, a, path, made && !streq(made, path), needs, n, err);
	if (r == 0)
		r = check_fit(fd, a, made, err);
	if (r < 0) {
		struct err ignored = ERR_NONE;

		(void)!cgroup_destroy(host, path, made, &ignored);
		return err_wrap(err, "cgroup '%s'", path);
	}
	*ret_made = made;
	return take_fd(&fd);
}

/* ---- removal --------------------------------------------------------------------------- */

/* What is busy stays for the next round. */
static int remove_below(int parent, const char *name, void *ctx)
{
	(void)ctx;
	(void)unlinkat(parent, name, AT_REMOVEDIR);
	return 0;
}

/* rmdir said EBUSY: there are processes, or sub-cgroups. */
static int remove_busy(const struct cgroup_host *host, const char *path, struct err *err)
{
	auto_fd int fd = cgroup_open(host, path);
	int64_t end = clock_now_ms() + CGROUP_WAIT_MS;
	int r = fd;

	for (int tries = 0; tries < MAX_TRIES && r >= 0; tries++) {
		int64_t left = end - clock_now_ms();

		r = cgroup_wait_empty(fd, left > 0 ? (int)left : 0);
		if (r < 0)
			break;
		r = cgroup_walk(fd, remove_below, NULL);
		if (unlinkat(host->fd, path + 1, AT_REMOVEDIR) == 0 || errno == ENOENT)
			return 0;
		r = errno == EBUSY ? r : -errno;
		if (r >= 0 && tries == MAX_TRIES - 1)
			r = -EBUSY;
	}
	if (r == -ENOENT)
		return 0;
	if (r == -ETIMEDOUT)
		return err_fail(err, EBUSY,
				"remove cgroup '%s': processes are still in it after %d s", path,
				CGROUP_WAIT_MS / 1000);
	return err_sys(err, -r, "remove cgroup '%s'", path);
}

int cgroup_destroy(const struct cgroup_host *host, const char *path, const char *made,
		   struct err *err)
{
	auto_free char *prefix = NULL;
	int r;

	if (!made) /* it was there before the container (C-07): it stays */
		return 0;
	if (unlinkat(host->fd, path + 1, AT_REMOVEDIR) < 0 && errno != ENOENT) {
		r = errno == EBUSY ? remove_busy(host, path, err)
				   : err_sys(err, errno, "remove cgroup '%s'", path);
		if (r < 0)
			return r;
	}
	if (!str_starts(path, made) || streq(path, made))
		return 0;
	prefix = strdup(path);
	if (!prefix)
		return err_sys(err, ENOMEM, "remove cgroup '%s'", path);
	/* A parent that others use by now is busy, and stays. */
	for (;;) {
		*strrchr(prefix, '/') = '\0';
		if (strlen(prefix) < strlen(made) || strlen(prefix) < 2)
			return 0;
		if (unlinkat(host->fd, prefix + 1, AT_REMOVEDIR) < 0 && errno != ENOENT)
			return 0;
	}
}
