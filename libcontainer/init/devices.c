/* INIT: device nodes and the links of /dev. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/mountfd.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/init/side.h"

/* Resolved in the root, once: where an image's symlink /dev leads is still in the container
 * (CVE-2026-41579). */
int init_open_dev(const struct init *c, struct err *err)
{
	int fd = root_mkdirs(c->root_fd, "/dev", 0755);

	return fd < 0 ? err_sys(err, -fd, "open '/dev' of the container") : fd;
}

static bool same_device(const struct plan_device *d, const struct stat *st)
{
	if ((st->st_mode & S_IFMT) != (d->mode & S_IFMT))
		return false;
	return S_ISFIFO(st->st_mode) || st->st_rdev == makedev(d->major, d->minor);
}

/* What NAME is, without following or opening it. */
static int open_node(int parent, const char *name, struct stat *st)
{
	auto_fd int fd = openat(parent, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || fstat(fd, st) < 0)
		return -errno;
	return take_fd(&fd);
}

/* chmod has no form for an O_PATH descriptor before Linux 6.6; the host's /proc is still ours. */
static int set_mode(int fd, mode_t mode)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	return chmod(path, mode) < 0 ? -errno : 0;
}

static int make_node(const struct plan_device *d, int parent, const char *name, struct err *err)
{
	auto_fd int fd = -1;
	struct stat st;
	int r;

	if (mknodat(parent, name, d->mode, makedev(d->major, d->minor)) < 0 && errno != EEXIST)
		return err_sys(err, errno, "make the node");
	fd = open_node(parent, name, &st);
	if (fd < 0)
		return err_sys(err, -fd, "open the node");
	if (!same_device(d, &st)) /* D-05 */
		return err_sys(err, EEXIST, "another file is there");
	if (st.st_uid != d->uid || st.st_gid != d->gid) {
		if (fchownat(fd, "", d->uid, d->gid, AT_EMPTY_PATH) < 0)
			return err_sys(err, errno, "set the owner of the node");
	}
	if ((st.st_mode & 07777) != (d->mode & 07777)) {
		r = set_mode(fd, d->mode & 07777);
		if (r < 0)
			return err_sys(err, -r, "set the mode of the node");
	}
	return 0;
}

/* Where nodes cannot be made: the host's is bound on an empty file. */
static int bind_node(const struct plan_device *d, int source, int parent, const char *name,
		     struct err *err)
{
	auto_fd int fd = -1;
	struct stat st;
	int r;

	if (fstat(source, &st) < 0)
		return err_sys(err, errno, "look at the host's node");
	if (!same_device(d, &st))
		return err_fail(err, EINVAL, "the host's node is another device");
	fd = openat(parent, name, O_CREAT | O_EXCL | O_WRONLY | O_NOFOLLOW | O_CLOEXEC, 0644);
	if (fd < 0 && errno != EEXIST)
		return err_sys(err, errno, "make a file for the node");
	close_fd(&fd);
	fd = open_node(parent, name, &st);
	if (fd < 0)
		return err_sys(err, -fd, "open the file for the node");
	if (same_device(d, &st))
		return 0;
	/* An empty file is what an earlier container from this image left. */
	if (!S_ISREG(st.st_mode) || st.st_size != 0)
		return err_sys(err, EEXIST, "another file is there");
	r = mountfd_attach(source, fd);
	return r < 0 ? err_sys(err, -r, "bind the host's node") : 0;
}

static int add_device(const struct init *c, const struct plan_device *d, struct err *err)
{
	char buf[PATH_MAX];
	const char *name;
	auto_fd int parent = root_open_parent(c->root_fd, d->path, buf, &name);
	auto_fd int own = -1;

	if (parent < 0)
		return err_sys(err, -parent, "open the directory");
	if (d->source_fd >= 0)
		return bind_node(d, d->source_fd, parent, name, err);
	if (!c->plan->bind_devices || S_ISFIFO(d->mode))
		return make_node(d, parent, name, err);
	/* The runtime had no right to copy the host's mount; here, the host's root is still "/". */
	own = mountfd_clone_path(d->path, false, false);
	if (own < 0)
		return err_sys(err, -own, "it cannot be made here, and the host's cannot be bound");
	return bind_node(d, own, parent, name, err);
}

/* A link of exactly this text; another link or a file of the image is replaced, a mount point
 * (the config's own idea of it) stays. */
static int add_link(int dev, const char *name, const char *text, struct err *err)
{
	char now[64];
	ssize_t n;

	if (symlinkat(text, dev, name) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(err, errno, "link '/dev/%s' to '%s'", name, text);
	n = readlinkat(dev, name, now, sizeof(now) - 1);
	if (n >= 0 && (size_t)n == strlen(text) && strncmp(now, text, (size_t)n) == 0)
		return 0;
	if (unlinkat(dev, name, 0) < 0) {
		if (errno == EBUSY)
			return 0;
		return err_sys(err, errno, "replace '/dev/%s' of the image", name);
	}
	if (symlinkat(text, dev, name) < 0)
		return err_sys(err, errno, "link '/dev/%s' to '%s'", name, text);
	return 0;
}

static bool exists(const struct init *c, const char *path)
{
	auto_fd int fd = root_open(c->root_fd, path, O_PATH);

	return fd >= 0;
}

/* D-15, D-18, D-19: a link whose target the mounts did not bring is left out. */
static int add_links(const struct init *c, struct err *err)
{
	/* clang-format off */
	static const struct {
		const char *name, *text, *needs;
	} links[] = {
		{"fd",     "/proc/self/fd",   "/proc/self/fd"},
		{"stdin",  "/proc/self/fd/0", "/proc/self/fd"},
		{"stdout", "/proc/self/fd/1", "/proc/self/fd"},
		{"stderr", "/proc/self/fd/2", "/proc/self/fd"},
		{"core",   "/proc/kcore",     "/proc/kcore"},
		{"ptmx",   "pts/ptmx",        "/"},
	};
	/* clang-format on */
	auto_fd int dev = init_open_dev(c, err);
	bool there = false;

	if (dev < 0)
		return dev;
	for (size_t i = 0; i < ARRAY_SIZE(links); i++) {
		int r;

		if (i == 0 || !streq(links[i].needs, links[i - 1].needs))
			there = exists(c, links[i].needs);
		r = there ? add_link(dev, links[i].name, links[i].text, err) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}

int init_devices(void *ctx, struct err *err)
{
	struct init *c = ctx;
	mode_t before = umask(0); /* nodes get their mode at once (D-08) */
	int r = 0;

	for (size_t i = 0; i < c->plan->n_devices && r == 0; i++) {
		const struct plan_device *d = &c->plan->devices[i];

		if (add_device(c, d, err) < 0)
			r = err_wrap(err, "device '%s'", d->path);
	}
	umask(before);
	return r < 0 ? r : add_links(c, err);
}
