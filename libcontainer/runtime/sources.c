/* RUNTIME: open what the plan names on the host. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/mountfd.h"
#include "libcontainer/runtime/runtime.h"
#include "namespaces/ns.h"

/*
 * Sources are opened here, with the caller's rights and in the caller's mount namespace, as
 * detached copies of mounts: init may be unable to reach them (user namespace), and
 * nothing that happens to their path afterwards matters.
 */

/* What the copy of a host mount shares with the host. Without rootfsPropagation events only go
 * in; with a shared one the copies stay peers, so that mounts made below a bind are
 * seen by the host, as engines ask for with rshared volumes. */
static int set_propagation(const struct plan *plan, int fd)
{
	unsigned type = plan->rootfs_propagation & ~(unsigned)MS_REC;

	if (type == MS_SHARED)
		return 0;
	return mountfd_setattr(fd, 0, 0,
			       type == MS_PRIVATE || type == MS_UNBINDABLE ? MS_PRIVATE : MS_SLAVE,
			       true);
}

static int open_rootfs(struct plan *plan, struct err *err)
{
	struct stat st;
	int fd, r;

	if (stat(plan->rootfs, &st) < 0)
		return err_sys(err, errno, "root.path '%s'", plan->rootfs);
	if (!S_ISDIR(st.st_mode))
		return err_fail(err, ENOTDIR, "root.path '%s' is not a directory", plan->rootfs);
	fd = mountfd_clone_path(plan->rootfs, true, false);
	if (fd == -EPERM) {
		/* Not root over this mount namespace: init can, as it has its own. */
		log_debug("sources: opened by init");
		return 1;
	}
	if (fd < 0)
		return err_sys(err, -fd, "open root.path '%s'", plan->rootfs);
	plan->rootfs_fd = fd;
	r = set_propagation(plan, fd);
	return r < 0 ? err_sys(err, -r, "set the propagation of root.path '%s'", plan->rootfs) : 0;
}

static int open_bind(struct plan *plan, struct plan_mount *m, struct err *err)
{
	struct stat st;
	int r;

	m->source_fd = mountfd_clone_path(m->source, m->recursive, m->src_nofollow);
	if (m->source_fd < 0)
		return err_sys(err, -m->source_fd, "bind source '%s' (config.json mounts[%zu])",
			       m->source, m->index);
	if (fstat(m->source_fd, &st) < 0)
		return err_sys(err, errno, "bind source '%s' (config.json mounts[%zu])", m->source,
			       m->index);
	m->source_is_dir = S_ISDIR(st.st_mode);
	r = set_propagation(plan, m->source_fd);
	return r < 0 ? err_sys(err, -r, "set the propagation of '%s'", m->source)
		     : idmap_apply(m, err);
}

/* copy-symlink: nothing is mounted when the source is a symlink. */
static int read_symlink(struct plan *plan, struct plan_mount *m, struct err *err)
{
	char target[PATH_MAX];
	ssize_t n = readlink(m->source, target, sizeof(target) - 1);

	if (n < 0 && errno == EINVAL)
		return 0; /* something else than a symlink */
	if (n < 0)
		return err_sys(err, errno, "mounts[%zu]: bind source '%s'", m->index, m->source);
	m->symlink = arena_strndup(&plan->arena, target, (size_t)n);
	return 0;
}

static int open_mount(struct plan *plan, struct plan_mount *m, struct err *err)
{
	if (m->kind == MOUNT_BIND)
		return m->symlink ? 0 : open_bind(plan, m, err);
	return m->idmap ? idmap_new_fs(m, err) : 0;
}

static int open_device(struct plan_device *d, struct err *err)
{
	struct stat st;
	int r;

	d->source_fd = mountfd_clone_path(d->path, false, false);
	if (d->source_fd < 0)
		return err_sys(err, -d->source_fd,
			       "device '%s': it cannot be made here, and the host's cannot be "
			       "bound",
			       d->path);
	if (fstat(d->source_fd, &st) < 0 || (st.st_mode & S_IFMT) != (d->mode & S_IFMT) ||
	    (!S_ISFIFO(st.st_mode) &&
	     (major(st.st_rdev) != d->major || minor(st.st_rdev) != d->minor)))
		return err_fail(err, EINVAL, "device '%s': the host's node is a different one",
				d->path);
	/* Nothing is ever mounted below a node. And CRIU does not restore two slaves of one group
	 * of which neither shows what the other does. */
	r = mountfd_setattr(d->source_fd, 0, 0, MS_PRIVATE, false);
	return r < 0 ? err_sys(err, -r, "device '%s': make its mount private", d->path) : 0;
}

static int open_joins(struct plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->ns.n_join; i++) {
		struct plan_join *j = &plan->ns.join[i];

		j->fd = ns_open(j->path, j->flag, err);
		if (j->fd < 0)
			return j->fd;
		/* As good as none: what the config asks for would change the host (L-13). */
		if (j->changed_by && ns_is_own(j->fd, j->flag) > 0)
			return err_fail(err, EINVAL,
					"%s: the %s namespace '%s' is hull's own, it would change "
					"the host",
					j->changed_by, ns_find_flag(j->flag)->oci_name, j->path);
		if (j->flag == CLONE_NEWCGROUP)
			plan->ns.own_cgroup_ns = ns_is_own(j->fd, j->flag) > 0;
	}
	return 0;
}

int sources_open(struct plan *plan, struct err *err)
{
	bool devices = plan->make_devices && plan->bind_devices;
	int r;

	r = open_joins(plan, err);
	if (r < 0)
		return r;
	hostfs_plan(plan);
	for (size_t i = 0; i < plan->n_mounts; i++)
		if (plan->mounts[i].copy_symlink &&
		    (r = read_symlink(plan, &plan->mounts[i], err)) < 0)
			return r;
	r = open_rootfs(plan, err);
	if (r > 0 && plan->n_mount_idmaps)
		return err_fail(
			err, EPERM,
			"mounts[%zu]: only root can id-map mounts, over the mount namespace "
			"hull is in and over the file system",
			plan->mount_idmaps[0].index);
	if (r != 0)
		return r < 0 ? r : 0;
	r = idmaps_open(plan, err);
	for (size_t i = 0; r == 0 && i < plan->n_mounts; i++)
		r = open_mount(plan, &plan->mounts[i], err);
	for (size_t i = 0; r == 0 && devices && i < plan->n_devices; i++)
		if (!S_ISFIFO(plan->devices[i].mode))
			r = open_device(&plan->devices[i], err);
	return r;
}

void sources_close(struct plan *plan)
{
	close_fd(&plan->rootfs_fd);
	for (size_t i = 0; i < plan->ns.n_join; i++)
		close_fd(&plan->ns.join[i].fd);
	for (size_t i = 0; i < plan->n_mounts; i++)
		close_fd(&plan->mounts[i].source_fd);
	for (size_t i = 0; i < plan->n_devices; i++)
		close_fd(&plan->devices[i].source_fd);
	idmaps_close(plan);
}
