/* RUNTIME: where an ordinary user may make cgroups. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroups/cgroup.h"
#include "cgroups/file.h"
#include "cgroups/host.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"

/* Where hull goes itself when its containers need the controllers of the cgroup it is in. */
#define SUPERVISOR "supervisor"

static bool may_write(const struct cgroup_host *host, const char *path)
{
	path += strspn(path, "/");
	return faccessat(host->fd, *path ? path : ".", W_OK, 0) == 0;
}

/* What a manager calls a cgroup with processes. The user's own manager is not meant: below its
 * cgroup it alone rules. */
static bool is_unit(const char *name)
{
	return (str_ends(name, ".service") || str_ends(name, ".scope")) &&
	       !str_starts(name, "user@");
}

/*
 * systemd makes no cgroups inside of a service or scope, so that a process in "x.service/main" was
 * put there by DelegateSubgroup= or by itself, and the whole of x.service is theirs. Deeper than
 * that hull could be in somebody's container, and stays where it is.
 */
int cgroup_rootless_base(const struct cgroup_host *host, struct arena *a, const char **ret,
			 struct err *err)
{
	const char *own = "/", *name;
	int r = cgroup_of_pid(a, "self", &own, err);
	char *unit, *slash;

	if (r < 0)
		return r;
	*ret = own;
	unit = arena_strdup(a, own);
	slash = strrchr(unit, '/');
	name = slash ? slash + 1 : "";
	if (!slash || str_ends(name, ".service") || str_ends(name, ".scope") ||
	    str_ends(name, ".slice"))
		return 0;
	*slash = '\0';
	slash = strrchr(unit, '/');
	if (slash && is_unit(slash + 1) && may_write(host, unit))
		*ret = unit;
	return 0;
}

/* 1 when hull is the only process in the cgroup, 0 when nobody is, else -EBUSY. */
static int alone_in(int fd, struct arena *a, struct err *err)
{
	char *text = NULL, own[16];
	ssize_t n = cgroup_file_slurp(fd, a, "cgroup.procs", &text);

	if (n < 0)
		return err_sys(err, (int)-n, "read 'cgroup.procs'");
	if (n == 0)
		return 0;
	snprintf(own, sizeof(own), "%d\n", (int)getpid());
	if (streq(text, own))
		return 1;
	err_fail(err, EBUSY,
		 "other processes than hull live in it, and cgroup v2 has limits only below a "
		 "cgroup without any");
	err_hint(err, "start hull as the only process of a unit (systemd-run --user --scope -p "
		      "Delegate=yes hull ...), or in a service with DelegateSubgroup=");
	return -EBUSY;
}

int cgroup_step_aside(const struct cgroup_host *host, struct arena *a, const char *base,
		      struct err *err)
{
	const char *own = NULL;
	auto_fd int fd = -1, aside = -1;
	int r = cgroup_of_pid(a, "self", &own, err);

	if (r < 0 || !streq(own, base) || !may_write(host, base))
		return r;
	fd = cgroup_open(host, base);
	if (fd < 0)
		return err_sys(err, -fd, "open cgroup '%s'", base);
	r = alone_in(fd, a, err);
	if (r <= 0)
		return r < 0 ? err_wrap(err, "cgroup '%s'", base) : 0;
	if (mkdirat(fd, SUPERVISOR, 0755) < 0 && errno != EEXIST)
		return err_sys(err, errno, "create cgroup '%s/" SUPERVISOR "'", base);
	aside = beneath_open(fd, SUPERVISOR, O_PATH | O_DIRECTORY);
	r = aside < 0 ? aside : cgroup_file_write(aside, "cgroup.procs", "0");
	if (r < 0)
		return err_sys(err, -r, "move hull into cgroup '%s/" SUPERVISOR "'", base);
	log_debug("cgroup: hull has moved to '%s/" SUPERVISOR "', as limits need '%s' empty", base,
		  base);
	return 0;
}
