/* RUNTIME: a cgroup handed over to the user of a container. */
#include "cgroups/delegate.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/file.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/path.h"

/* C-18: what cgroups(7) and config-linux.md name for kernels before 4.15. */
#define OLD_KERNELS "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n"

/* The group stays: the specification speaks of the owner only. */
static int chown_one(int dir, const char *name, uid_t uid, struct err *err)
{
	auto_fd int fd = beneath_open(dir, name, O_PATH | O_NOFOLLOW);

	if (fd == -ENOENT) /* C-17: of a controller that is off here */
		return 0;
	if (fd < 0)
		return err_sys(err, -fd, "open cgroup file '%s'", name);
	if (fchownat(fd, "", uid, (gid_t)-1, AT_EMPTY_PATH) < 0)
		return err_sys(err, errno, "change the owner of cgroup file '%s' to %u", name, uid);
	return 0;
}

int cgroup_delegate_listed(int fd, int kernel_fd, uid_t uid, struct err *err)
{
	char list[8192], *save = NULL;
	ssize_t n =
		kernel_fd < 0 ? -ENOENT : io_read_small(kernel_fd, "delegate", list, sizeof(list));
	int r = 0;

	if (n == -ENOENT)
		snprintf(list, sizeof(list), "%s", OLD_KERNELS);
	else if (n < 0)
		return err_sys(err, (int)-n, "read '/sys/kernel/cgroup/delegate'");
	for (char *name = strtok_r(list, "\n", &save); name && r == 0;
	     name = strtok_r(NULL, "\n", &save))
		r = chown_one(fd, name, uid, err);
	if (r == 0 && fchown(fd, uid, (gid_t)-1) < 0)
		r = err_sys(err, errno, "change the owner of the cgroup to %u", uid);
	return r;
}

int cgroup_delegate(int fd, uid_t uid, struct err *err)
{
	auto_fd int kernel = open("/sys/kernel/cgroup", O_PATH | O_DIRECTORY | O_CLOEXEC);

	return cgroup_delegate_listed(fd, kernel, uid, err);
}
