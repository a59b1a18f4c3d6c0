/* INIT: hide paths, and make paths read-only. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/mountapi.h"
#include "libcontainer/base/mountfd.h"
#include "libcontainer/base/path.h"
#include "libcontainer/init/side.h"

/* L-05: a path that is not there needs no protection. */
static bool absent(int code)
{
	return code == -ENOENT || code == -ENOTDIR;
}

/* L-08: a copy of what is there, with its submounts, read-only beside its other flags. */
static int make_readonly(int root_fd, const char *path, struct err *err)
{
	auto_fd int target = root_open(root_fd, path, O_PATH);
	auto_fd int tree = -1;
	int r;

	if (absent(target))
		return 0;
	if (target < 0)
		return err_sys(err, -target, "open '%s' to make it read-only", path);
	tree = mountfd_clone(target, true);
	r = tree < 0 ? tree : mountfd_setattr(tree, MOUNT_ATTR_RDONLY, 0, 0, true);
	if (r >= 0)
		r = mountfd_attach(tree, target);
	return r < 0 ? err_sys(err, -r, "make '%s' read-only", path) : 0;
}

int init_readonly_paths(void *ctx, struct err *err)
{
	struct init *c = ctx;

	for (size_t i = 0; i < c->plan->n_readonly_paths; i++) {
		int r = make_readonly(c->root_fd, c->plan->readonly_paths[i], err);

		if (r < 0)
			return err_wrap(err, "linux.readonlyPaths[%zu]", i);
	}
	return 0;
}

struct masks {
	int null; /* the container's /dev/null, verified */
	int dir;  /* one empty read-only tmpfs for all directories; attached once open */
};

/* An image may have put a symlink or a file in the place of /dev/null: binding that over a
 * masked file would open it instead of hiding it (CVE-2025-31133). */
static int open_null(const struct init *c, struct err *err)
{
	auto_fd int dev = init_open_dev(c, err), fd = -1;
	struct stat st;

	if (dev < 0)
		return dev;
	fd = openat(dev, "null", O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "open '/dev/null' of the container for masked paths");
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at '/dev/null' of the container");
	if (!S_ISCHR(st.st_mode) || st.st_rdev != makedev(1, 3))
		return err_fail(err, EINVAL,
				"'/dev/null' of the container is not the null device: files cannot "
				"be masked with it");
	return take_fd(&fd);
}

/* A detached mount cannot be copied before Linux 6.15: the first one is attached and the others
 * are copies of it. */
static int directory_mask(const struct init *c, struct masks *m, struct err *err)
{
	int fd;

	if (m->dir >= 0) {
		fd = mountfd_clone(m->dir, false);
		return fd < 0 ? err_sys(err, -fd, "copy the empty directory for masked paths") : fd;
	}
	return mountfd_new_fs(
		"tmpfs", "tmpfs", c->plan->mask_data,
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC, err);
}

static int file_mask(const struct init *c, struct masks *m, struct err *err)
{
	int fd;

	if (m->null < 0)
		m->null = open_null(c, err);
	if (m->null < 0)
		return m->null;
	fd = mountfd_clone(m->null, false);
	return fd < 0 ? err_sys(err, -fd, "copy the mount of '/dev/null'") : fd;
}

static int mask_path(const struct init *c, struct masks *m, const char *path, struct err *err)
{
	auto_fd int target = root_open(c->root_fd, path, O_PATH);
	auto_fd int cover = -1;
	struct stat st;
	int r;

	if (absent(target))
		return 0;
	if (target < 0 || fstat(target, &st) < 0)
		return err_sys(err, target < 0 ? -target : errno, "open '%s' to mask it", path);
	cover = S_ISDIR(st.st_mode) ? directory_mask(c, m, err) : file_mask(c, m, err);
	if (cover < 0)
		return cover;
	r = mountfd_attach(cover, target);
	if (r < 0)
		return err_sys(err, -r, "mask '%s'", path);
	if (S_ISDIR(st.st_mode) && m->dir < 0)
		m->dir = take_fd(&cover);
	return 0;
}

int init_masked_paths(void *ctx, struct err *err)
{
	struct init *c = ctx;
	struct masks m = {.null = -1, .dir = -1};
	int r = 0;

	for (size_t i = 0; i < c->plan->n_masked_paths && r == 0; i++) {
		r = mask_path(c, &m, c->plan->masked_paths[i], err);
		if (r < 0)
			err_wrap(err, "linux.maskedPaths[%zu]", i);
	}
	close_fd(&m.null);
	close_fd(&m.dir);
	return r;
}
