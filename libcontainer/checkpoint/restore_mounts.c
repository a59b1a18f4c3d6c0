/* RUNTIME: restore: the root file system and bind mounts, as CRIU is given them. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/mountapi.h"
#include "libcontainer/base/mountfd.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/externals.h"
#include "libcontainer/checkpoint/restore.h"

#define MAX_HOPS   16 /* from mount to mount, on the way to one destination */
#define NOTIFY_DIR "/run/notify"

/* ---- mount points -------------------------------------------------------------------------- */

int restore_parent_of(const struct restore_place *places, size_t n, const char *point)
{
	int best = -1;

	for (size_t i = 0; i < n; i++)
		if (places[i].point && path_is_below(point, places[i].point) &&
		    !streq(point, places[i].point) &&
		    (best < 0 || path_is_below(places[i].point, places[best].point)))
			best = (int)i;
	return best;
}

/* "/a//b/" -> "/a/b"; what ".." means is found out by the kernel. */
static const char *tidy(struct arena *a, const char *path)
{
	char *out = arena_alloc(a, strlen(path) + 2), *p = out;

	while (*path) {
		size_t n = strcspn(path, "/");

		if (n && !(n == 1 && *path == '.')) {
			*p++ = '/';
			memcpy(p, path, n);
			p += n;
		}
		path += n + (path[n] == '/');
	}
	if (p == out)
		*p++ = '/';
	*p = '\0';
	return out;
}

/* Where FD is below the root of its mount, which is detached. */
static const char *path_of(struct arena *a, int fd)
{
	char link[64], path[PATH_MAX];
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n <= 0 || path[0] != '/')
		return NULL;
	path[n] = '\0';
	return arena_strdup(a, path);
}

static const char *join_paths(struct arena *a, const char *base, const char *below)
{
	if (streq(below, "/"))
		return base;
	return arena_printf(a, "%s%s", streq(base, "/") ? "" : base, below);
}

/* The destination of mount I as the container will have it: symlinks are followed, from mount to
 * mount, and what is missing is made, as create does; but new file systems come back with all that
 * is in them. */
static int find_point(struct restoration *r, size_t i, bool directory, const char **ret,
		      struct err *err)
{
	const struct plan_mount *m = &r->k.plan.mounts[i];
	struct arena *a = &r->k.arena;
	const char *point = tidy(a, m->destination);

	for (int hops = 0; hops < MAX_HOPS; hops++) {
		int parent = restore_parent_of(r->places, i, point);
		const char *base = parent < 0 ? "/" : r->places[parent].point, *below, *found;
		auto_fd int fd = -1;

		if (parent >= 0 && r->places[parent].fd < 0) {
			*ret = point;
			return 0;
		}
		below = point + (streq(base, "/") ? 0 : strlen(base));
		fd = parent < 0 ? r->k.plan.rootfs_fd : r->places[parent].fd;
		fd = directory ? root_mkdirs(fd, below, 0755) : root_mkfile(fd, below, 0644);
		if (fd < 0)
			return err_sys(err, -fd, "make the mount point '%s'", m->destination);
		found = path_of(a, fd);
		if (!found)
			return err_fail(err, EIO, "the mount point '%s' has no name",
					m->destination);
		found = join_paths(a, base, found);
		if (streq(found, point) || restore_parent_of(r->places, i, found) == parent) {
			*ret = found;
			return 0;
		}
		point = found;
	}
	return err_fail(err, ELOOP, "the mount point '%s'", m->destination);
}

static void add_ext(struct restoration *r, const char *key, const char *val)
{
	for (size_t i = 0; i < r->n_ext_mnt; i++)
		if (streq(r->ext_mnt[i].key, key))
			return; /* CRIU takes the first, and so do we */
	log_debug("restore: mount '%s' from '%s'", key, val);
	*arena_push(&r->k.arena, &r->ext_mnt, &r->n_ext_mnt) = (struct criu_pair){key, val};
}

static const char *source_path(struct restoration *r, const char *name)
{
	return arena_printf(&r->k.arena, "%s/%s", r->dir, name);
}

/* What init binds when it is no file system of the container's own: make_cgroup() of init/mounts.c.
 */
static void add_cgroup(struct restoration *r, const struct restore_place *place)
{
	const struct plan *p = &r->k.plan;
	bool users = plan_has_ns(p, CLONE_NEWUSER) || p->nested;

	if (p->cgroup_mount)
		add_ext(r, place->point,
			arena_printf(&r->k.arena, "%s%s", p->cgroup_mount,
				     users && given(p->cgroup) ? p->cgroup : ""));
}

static int place_mount(struct restoration *r, size_t i, struct err *err)
{
	const struct plan_mount *m = &r->k.plan.mounts[i];
	struct restore_place *place = &r->places[i];
	const char *source;
	int code;

	*place = (struct restore_place){.fd = -1, .is_dir = true};
	if (m->kind == MOUNT_REMOUNT || m->symlink)
		return 0;
	if (m->kind == MOUNT_BIND) {
		place->fd = m->source_fd;
		place->is_dir = m->source_is_dir;
	}
	code = find_point(r, i, place->is_dir, &place->point, err);
	if (code < 0)
		return code;
	if (m->kind == MOUNT_CGROUP)
		add_cgroup(r, place);
	if (m->kind != MOUNT_BIND)
		return 0;
	source = restore_wide_source(
		r, &(struct restore_source){m->source, m->src_nofollow, m->source_fd, m->idmap});
	if (!source)
		source = place->name = arena_printf(&r->k.arena, "mount%zu", i);
	/* runc names it as it was resolved, crun as it is written. */
	add_ext(r, place->point, source_path(r, source));
	add_ext(r, m->destination, source_path(r, source));
	return 0;
}

#define CRUN_EMPTY "/run/crun/.empty-directory"

/* Files below masked paths: /dev/null is in their place, and is what runc names them after, too. */
static void add_masks(struct restoration *r)
{
	const struct plan *p = &r->k.plan;

	for (size_t i = 0; i < p->n_masked_paths; i++)
		add_ext(r, p->masked_paths[i], "/dev/null");
	if (!p->n_masked_paths)
		return;
	add_ext(r, "/dev/null", "/dev/null");
	/* Over masked directories crun has one of its own, and names all of them after that. */
	add_ext(r, CRUN_EMPTY, source_path(r, "masked"));
	add_ext(r, EXTERNALS_MASKED, source_path(r, "masked"));
}

static void add_devices(struct restoration *r)
{
	const struct plan *p = &r->k.plan;

	r->devices = arena_array(&r->k.arena, const char *, p->n_devices + 1);
	for (size_t i = 0; i < p->n_devices; i++) {
		const struct plan_device *d = &p->devices[i];
		const char *source;

		if (d->source_fd < 0)
			continue;
		source = restore_wide_source(
			r, &(struct restore_source){d->path, false, d->source_fd, NULL});
		if (!source)
			source = r->devices[i] = arena_printf(&r->k.arena, "device%zu", i);
		add_ext(r, d->path, source_path(r, source));
	}
}

/* CRIU's processes look for mounts as that root; in their own mount namespace anything may be
 * covered. */
const char *restore_first_closed(struct arena *a, const char *path)
{
	char *part = arena_strdup(a, path);
	struct stat st;

	for (char *slash = part; (slash = strchr(slash + 1, '/')); *slash = '/') {
		*slash = '\0';
		if (stat(part, &st) == 0 && !(st.st_mode & S_IXOTH))
			return part;
	}
	return path;
}

int restore_mount_points(void *ctx, struct err *err)
{
	struct restoration *r = ctx;
	const struct plan *p = &r->k.plan;

	r->dir = arena_printf(&r->k.arena, "%s/%s/" RESTORE_DIR, r->k.root->path, r->k.opts->id);
	if (plan_has_ns(p, CLONE_NEWUSER)) {
		r->images_mount = mountfd_clone(r->images_fd, false);
		if (r->images_mount < 0)
			return err_sys(err, -r->images_mount, "copy the mount of the images");
		r->dir = restore_first_closed(&r->k.arena, r->dir);
	}
	if (p->rootfs_fd < 0)
		return err_fail(err, EPERM, "restore needs root over the mounts of this host");
	if (mkdirat(r->k.c.dirfd, RESTORE_DIR, 0700) < 0)
		return err_sys(err, errno,
			       "make the directory '" RESTORE_DIR "' in the state directory");
	r->places = arena_array(&r->k.arena, struct restore_place, p->n_mounts + 1);
	for (size_t i = 0; i < p->n_mounts; i++)
		if (place_mount(r, i, err) < 0)
			return err_wrap(err, "mounts[%zu]", p->mounts[i].index);
	add_masks(r);
	add_devices(r);
	/* The dumped one had a service manager to talk to. */
	r->notify_dir = !r->k.c.state.notify.set;
	if (r->notify_dir)
		add_ext(r, NOTIFY_DIR, source_path(r, "notify"));
	/* What a hook or an engine had mounted from the host. */
	for (size_t i = 0; i < r->meta.mounts.n; i++)
		add_ext(r, r->meta.mounts.v[i].destination, r->meta.mounts.v[i].source);
	return 0;
}

/* ---- CRIU's mount namespace ------------------------------------------------------------------ */

/* FD, a detached mount, as NAME in DIR, or a copy of it there: a mount can be attached once. */
static int attach(int dir, const char *name, int fd, bool is_dir, struct err *err)
{
	auto_fd int made = -1, target = -1;
	int r;

	if (is_dir)
		r = mkdirat(dir, name, 0700);
	else
		r = made = openat(dir, name, O_CREAT | O_EXCL | O_WRONLY | O_CLOEXEC, 0600);
	target = r < 0 ? -1 : openat(dir, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return err_sys(err, errno, "make '%s' for CRIU", name);
	r = mountfd_attach(fd, target);
	return r < 0 ? err_sys(err, -r, "mount '%s' for CRIU", name) : 0;
}

/* As init makes it. */
static int attach_mask(const struct restoration *r, int dir, struct err *err)
{
	const uint64_t attrs =
		MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC;
	auto_fd int fd = mountfd_new_fs("tmpfs", "tmpfs", r->k.plan.mask_data, attrs, err);

	return fd < 0 ? fd : attach(dir, "masked", fd, true, err);
}

static int attach_all(const struct restoration *r, int dir, struct err *err)
{
	const struct plan *p = &r->k.plan;
	struct stat st;
	int code;

	/* CRIU makes the container's root a slave of its: which it can of a shared one, or of a
	 * slave. */
	code = mountfd_setattr(p->rootfs_fd, 0, 0, MS_SHARED, false);
	if (code < 0)
		return err_sys(err, -code, "share the root file system with CRIU");
	code = attach(dir, "root", p->rootfs_fd, true, err);
	for (size_t i = 0; code == 0 && i < r->n_hosts; i++) {
		if (fstat(r->hosts[i].fd, &st) < 0)
			return err_sys(err, errno, "look at '%s'", r->hosts[i].point);
		code = attach(dir, r->hosts[i].name, r->hosts[i].fd, S_ISDIR(st.st_mode), err);
	}

	for (size_t i = 0; code == 0 && i < p->n_mounts; i++)
		if (r->places[i].name)
			code = attach(dir, r->places[i].name, r->places[i].fd, r->places[i].is_dir,
				      err);
	for (size_t i = 0; code == 0 && i < p->n_devices; i++)
		if (r->devices[i])
			code = attach(dir, r->devices[i], p->devices[i].source_fd, false, err);
	if (code == 0 && r->notify_dir && mkdirat(dir, "notify", 0755) < 0)
		return err_sys(err, errno, "make 'notify' for CRIU");
	return code == 0 && p->n_masked_paths ? attach_mask(r, dir, err) : code;
}

/*
 * The restored processes read some of the images themselves, first as the host's root without
 * rights, then as the root of their user namespace: neither may search a directory that is closed
 * to others, as one with the memory of programs should be. Here it is one that is open, and nobody
 * else sees it.
 */
static int open_images(const struct restoration *r, int dir, struct err *err)
{
	auto_arena a = ARENA_INIT;
	auto_fd int overlay = -1;
	int code;

	if (r->images_mount < 0)
		return 0;
	code = attach(dir, "closed", r->images_mount, true, err);
	if (code < 0)
		return code;
	if (mkdirat(dir, "open", 0755) < 0)
		return err_sys(err, errno, "make 'open' for CRIU");
	overlay = mountfd_new_fs("overlay", "overlay",
				 arena_printf(&a, "lowerdir=%s/open:%s/closed", r->dir, r->dir), 0,
				 err);
	if (overlay < 0)
		return err_wrap(err, "open the directory of images to a user namespace");
	return attach(dir, RESTORE_IMAGES, overlay, true, err);
}

/* CRIU makes directories in /tmp, which stay when it is killed: its own /tmp, if nothing that it
 * needs is there. */
static int own_tmp(const struct restoration *r, struct err *err)
{
	bool needed = path_is_below(r->dir, "/tmp") || path_is_below(r->program, "/tmp") ||
		      (r->config_file && path_is_below(r->config_file, "/tmp"));

	for (size_t i = 0; i < r->n_ext_mnt; i++)
		needed |= path_is_below(r->ext_mnt[i].val, "/tmp");
	if (needed || faccessat(AT_FDCWD, "/tmp", F_OK, 0) < 0)
		return 0;
	return mount("tmpfs", "/tmp", "tmpfs", MS_NOSUID | MS_NODEV, "mode=1777") < 0
		       ? err_sys(err, errno, "mount a tmpfs on '/tmp' for CRIU")
		       : 0;
}

int restore_enter_mounts(struct restoration *r, struct err *err)
{
	auto_fd int dir = -1;
	int code;

	if (unshare(CLONE_NEWNS) < 0)
		return err_sys(err, errno, "make a mount namespace for CRIU");
	/* Nothing that is mounted from here on reaches the host. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return err_sys(err, errno, "make the mounts slaves of the host's");
	if (mount("tmpfs", r->dir, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755") < 0)
		return err_sys(err, errno, "mount a tmpfs on '%s'", r->dir);
	dir = open(r->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return err_sys(err, errno, "open '%s'", r->dir);
	code = own_tmp(r, err);
	if (code == 0)
		code = attach_all(r, dir, err);
	return code < 0 ? code : open_images(r, dir, err);
}

int restore_own_directory(int fd)
{
	char link[64], path[PATH_MAX];
	auto_fd int own = -1;
	struct stat a, b;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = readlink(link, path, sizeof(path) - 1);
	if (n > 0) {
		path[n] = '\0';
		own = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (own < 0 || fstat(own, &a) < 0 || fstat(fd, &b) < 0 || a.st_dev != b.st_dev ||
	    a.st_ino != b.st_ino)
		return fcntl(fd, F_DUPFD_CLOEXEC, 3);
	return take_fd(&own);
}
