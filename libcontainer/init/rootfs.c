/* INIT: put the root file system in its place; its last attributes. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/mountapi.h"
#include "libcontainer/base/mountfd.h"
#include "libcontainer/base/path.h"
#include "libcontainer/init/side.h"

int init_attach_root(void *ctx, struct err *err)
{
	struct init *c = ctx;
	auto_fd int tree = -1;
	struct stat st;
	int r;

	/* Nothing that is mounted from here on may reach the host; what the host mounts
	 * still reaches us, as runtimes have it. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(err, errno, "make the mounts slaves of the host's");
	tree = c->plan->rootfs_fd >= 0 ? fcntl(c->plan->rootfs_fd, F_DUPFD_CLOEXEC, 3)
				       : mountfd_clone(c->root_path_fd, true);
	if (tree < 0)
		return err_sys(err, c->plan->rootfs_fd >= 0 ? errno : -tree,
			       "copy the mount of the root directory '%s'", c->plan->rootfs);
	if (fstat(tree, &st) < 0)
		return err_sys(err, errno, "look at the root directory '%s'", c->plan->rootfs);
	if (!S_ISDIR(st.st_mode))
		return err_sys(err, ENOTDIR, "root directory '%s'", c->plan->rootfs);
	/* A peer of the host's mount would carry ours out, and pivot_root refuses it. */
	r = mountfd_setattr(tree, 0, 0, MS_SLAVE, true);
	if (r < 0)
		return err_sys(err, -r, "make the root file system a slave of the host's");
	/* On the path itself, so that a hook which mounts something below <rootfs> by its path
	 * is seen in the container (H-15). */
	r = mountfd_attach(tree, c->root_path_fd);
	if (r < 0)
		return err_sys(err, -r, "mount the root file system on '%s'", c->plan->rootfs);
	c->root_fd = take_fd(&tree);
	close_fd(&c->root_path_fd);
	return 0;
}

/* L-01. After pivot_root, which refuses a shared root; "shared" is a peer group of its own,
 * as the mount was a slave or private before. */
int init_root_propagation(void *ctx, struct err *err)
{
	struct init *c = ctx;
	unsigned how = c->plan->rootfs_propagation;
	int r;

	if (!how)
		return 0;
	r = mountfd_setattr(c->root_fd, 0, 0, how & ~(unsigned)MS_REC, how & MS_REC);
	return r < 0 ? err_sys(err, -r, "set the propagation of the root file system") : 0;
}

/* P-06: a working directory that the image lacks is made. One that cannot be made is reported
 * by the change to it. */
int init_make_cwd(void *ctx, struct err *err)
{
	struct init *c = ctx;
	auto_fd int fd = c->process ? root_mkdirs(c->root_fd, c->process->cwd, 0755) : -1;

	(void)fd; /* clang takes it for unused */
	(void)err;
	return 0;
}

int init_late_readonly(struct init *c, struct err *err)
{
	for (size_t i = 0; i < c->n_late_ro; i++) {
		int r = mountfd_setattr(c->late_ro_fd[i], MOUNT_ATTR_RDONLY, 0, 0, false);

		if (r < 0)
			return err_sys(err, -r, "make a mount read-only");
		close_fd(&c->late_ro_fd[i]);
	}
	c->n_late_ro = 0;
	return 0;
}

/* Last of all that writes to the root: the top mount only, and the file systems that
 * were to be read-only once everything in them had been made. */
int init_root_readonly(void *ctx, struct err *err)
{
	struct init *c = ctx;
	int r = init_late_readonly(c, err);

	if (r < 0 || !c->plan->rootfs_readonly)
		return r;
	r = mountfd_setattr(c->root_fd, MOUNT_ATTR_RDONLY, 0, 0, false);
	return r < 0 ? err_sys(err, -r, "make the root file system read-only") : 0;
}
