/* INIT: swap the root mount. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/mountinfo.h"
#include "libcontainer/base/str.h"
#include "libcontainer/init/side.h"

/* The old root ends up on top of the new one and is taken off there (pivot_root(2), "."). It is
 * a slave of the host's mounts, so that the host does not see them go. */
static int pivot(struct init *c, struct err *err)
{
	if (fchdir(c->root_fd) < 0)
		return err_sys(err, errno, "change to the new root");
	if (syscall(SYS_pivot_root, ".", ".") < 0) {
		err_sys(err, errno, "pivot_root");
		if (err->code == EINVAL)
			err_hint(err, "if the host runs from an initramfs, use --no-pivot");
		return -err->code;
	}
	if (umount2(".", MNT_DETACH) < 0)
		return err_sys(err, errno, "detach the host's mounts");
	if (chdir("/") < 0)
		return err_sys(err, errno, "change to '/'");
	return 0;
}

static bool below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return strncmp(path, dir, n) == 0 && (path[n] == '/' || path[n] == '\0');
}

/*
 * Without pivot_root the host's mounts stay below our root's parent. A new procfs or sysfs
 * in a user namespace is allowed only where a full one is visible, and a process that leaves
 * the chroot would find the host's: they go, or are covered where the kernel does not let us
 * (locked in a user namespace).
 */
static int hide_host_kernel(struct init *c, struct err *err)
{
	char *text, link[64], root[PATH_MAX];
	struct mountinfo m;
	ssize_t n;
	size_t len;
	int r = io_read_file(&c->arena, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text,
			     &len, err);

	if (r < 0)
		return r;
	/* As mountinfo names it: without symlinks. */
	snprintf(link, sizeof(link), "/proc/self/fd/%d", c->root_fd);
	n = readlink(link, root, sizeof(root) - 1);
	if (n < 0)
		return err_sys(err, errno, "find the path of the root file system");
	root[n] = '\0';
	while (mountinfo_next(&text, &m)) {
		if ((!streq(m.type, "proc") && !streq(m.type, "sysfs")) || below(m.point, root) ||
		    umount2(m.point, MNT_DETACH) == 0)
			continue;
		if (errno != EINVAL && errno != EPERM)
			return err_sys(err, errno, "unmount the host's '%s'", m.point);
		if (mount("tmpfs", m.point, "tmpfs", 0, "") < 0 && errno != ENOENT)
			return err_sys(err, errno, "cover the host's '%s'", m.point);
	}
	return 0;
}

static int move_root(struct init *c, struct err *err)
{
	int r = hide_host_kernel(c, err);

	if (r < 0)
		return r;
	if (fchdir(c->root_fd) < 0)
		return err_sys(err, errno, "change to the new root");
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return err_sys(err, errno, "move the root file system to '/'");
	if (chroot(".") < 0 || chdir("/") < 0)
		return err_sys(err, errno, "change the root directory");
	return 0;
}

int init_pivot(void *ctx, struct err *err)
{
	struct init *c = ctx;

	return c->plan->no_pivot ? move_root(c, err) : pivot(c, err);
}
