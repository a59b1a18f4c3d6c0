/* RUNTIME: restore: the directory of the images. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/mountfd.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/checkpoint.h"
#include "libcontainer/checkpoint/restore.h"
#include "namespaces/ns.h"

int restore_images(void *ctx, struct err *err)
{
	struct restoration *r = ctx;
	const struct container_image_opts *o = &r->opts->image;
	const char *path = given(o->image_path) ? o->image_path : "checkpoint";
	int code;

	if (r->k.root->rootless)
		return err_fail(err, EPERM, "CRIU restores for the host's root only");
	code = ckpt_cgroups_mode(o->manage_cgroups_mode, &r->cgroups_mode, err);
	if (code == 0)
		code = criu_find(&r->k.arena, o->criu, &r->program, err);
	if (code == 0)
		code = images_criu_config(&r->k.spec.annotations, &r->config_file, err);
	if (code == 0)
		code = r->images_fd = images_open(path, false, err);
	if (code >= 0)
		code = r->work_fd =
			images_open(given(o->work_path) ? o->work_path : path, true, err);
	if (code >= 0)
		code = images_read(r->images_fd, &r->k.arena, r->descriptors, &r->meta, err);
	return code < 0 ? code : 0;
}

/* ---- for the root of a user namespace ---------------------------------------------------------
 */

bool restore_has_image_ids(const void *ctx)
{
	const struct restoration *r = ctx;

	return r->k.plan.ns.create & CLONE_NEWUSER;
}

static bool same_directory(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* The directory in a copy of the mount from its parent on, as images of a pre-dump are beside it
 * ("parent" is a symlink to them); of itself, where that is another mount. *RET_TOP is the mount to
 * be changed. */
static int copy_directory(int dir, int *ret_top)
{
	auto_fd int above = openat(dir, "..", O_PATH | O_DIRECTORY | O_CLOEXEC), top = -1, fd = -1;
	char link[64], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", dir);
	n = readlink(link, path, sizeof(path) - 1);
	if (above < 0 || n <= 0)
		return -errno;
	path[n] = '\0';
	top = mountfd_clone(above, false);
	if (top >= 0)
		fd = path_openat2(top, strrchr(path, '/') + 1, O_RDONLY | O_DIRECTORY | O_NOFOLLOW,
				  0, 0);
	if (fd < 0 || !same_directory(fd, dir)) {
		close_fd(&top);
		close_fd(&fd);
		top = mountfd_clone(dir, false);
		fd = top < 0 ? top : openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return fd;
	*ret_top = take_fd(&top);
	return take_fd(&fd);
}

/* The restored processes read much of the images themselves, as the root of their user namespace:
 * for them they are mounted so that they belong to it. */
int restore_image_ids(void *ctx, struct err *err)
{
	struct restoration *r = ctx;
	auto_fd int top = -1, users = -1, fd = copy_directory(r->images_fd, &top);
	int code;

	if (fd < 0)
		return err_sys(err, -fd, "copy the mount of the images");
	users = ns_make_user(&r->k.plan.ns, err);
	if (users < 0)
		return users;
	code = mountfd_idmap(top, users, false);
	if (code < 0) {
		err_sys(err, -code, "id-map the mount of the images for the user namespace");
		err_hint(err, "copy the directory to a file system that can be id-mapped, as ext4, "
			      "xfs or "
			      "btrfs");
		return code;
	}
	close_fd(&r->images_fd);
	r->images_fd = take_fd(&fd);
	return 0;
}
