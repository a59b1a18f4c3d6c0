/* INIT: fill a new tmpfs with what it is about to cover (tmpcopyup). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/init/side.h"

/*
 * The image's content is hostile: directories are walked by descriptors, as deep as MAX_DEPTH, and
 * what a name was is what must be opened. How much there is, is limited by the size of the tmpfs
 * and by the memory of the container's cgroup, which init is in.
 */
#define MAX_DEPTH  64
#define N_BUCKETS  1024
#define XATTRS_MAX 65536 /* XATTR_LIST_MAX, XATTR_SIZE_MAX */

/* A file with several names, copied under the first. */
struct linked {
	struct linked *next;
	dev_t dev;
	ino_t ino;
	const char *path; /* below the new tmpfs, which nobody else can reach yet */
};

struct copier {
	struct arena *arena;
	int root; /* of the new tmpfs */
	bool nodev;
	struct linked *buckets[N_BUCKETS];
	char path[PATH_MAX]; /* of the directory that is being copied */
	size_t len;
	char names[XATTRS_MAX], value[XATTRS_MAX];
};

static int copy_dir(struct copier *c, int from, int to, unsigned depth, struct err *err);

/* Labels are the policy's (and the mount's own); overlay's are about its layers, and would mislead
 * an overlay that has this tmpfs as one. */
static bool keep_xattr(const char *name)
{
	return !streq(name, "security.selinux") && !str_starts(name, "trusted.overlay.") &&
	       !str_starts(name, "user.overlay.");
}

static int copy_xattrs(struct copier *c, int in, int out)
{
	ssize_t n = flistxattr(in, c->names, sizeof(c->names));

	if (n < 0)
		return errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *name = c->names; name < c->names + n; name += strlen(name) + 1) {
		ssize_t size;

		if (!keep_xattr(name))
			continue;
		size = fgetxattr(in, name, c->value, sizeof(c->value));
		if (size < 0 && errno == ENODATA)
			continue;
		if (size < 0)
			return -errno;
		/* A tmpfs has no user attributes before Linux 6.6. */
		if (fsetxattr(out, name, c->value, (size_t)size, 0) < 0 &&
		    (errno != EOPNOTSUPP || !str_starts(name, "user.")))
			return -errno;
	}
	return 0;
}

/* Owner before mode and attributes: a change of owner clears the set-id bits and capabilities. */
static int copy_meta(struct copier *c, int in, int out, const struct stat *st)
{
	struct timespec times[2] = {st->st_atim, st->st_mtim};
	int r;

	if (fchown(out, st->st_uid, st->st_gid) < 0 || fchmod(out, st->st_mode & 07777) < 0)
		return -errno;
	r = copy_xattrs(c, in, out);
	if (r < 0)
		return r;
	return futimens(out, times) < 0 ? -errno : 0;
}

static int copy_range(int in, int out, off_t from, off_t to)
{
	if (lseek(out, from, SEEK_SET) < 0)
		return -errno;
	while (from < to) {
		ssize_t n = sendfile(out, in, &from, (size_t)(to - from));

		if (n == 0)
			break;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
	}
	return 0;
}

/* Holes stay holes: a small image can hold a file of any size. */
static int copy_content(int in, int out, off_t size)
{
	for (off_t end = 0, data; end < size;) {
		int r;

		data = lseek(in, end, SEEK_DATA);
		if (data < 0 && errno == ENXIO)
			break;
		end = data < 0 ? -1 : lseek(in, data, SEEK_HOLE);
		if (end < 0)
			return -errno;
		r = copy_range(in, out, data, end);
		if (r < 0)
			return r;
	}
	return ftruncate(out, size) < 0 ? -errno : 0;
}

static struct linked **bucket(struct copier *c, const struct stat *st)
{
	return &c->buckets[((uint64_t)st->st_ino ^ st->st_dev) % N_BUCKETS];
}

/* 1: NAME is a further name of a file that is there already. */
static int copy_hard_link(struct copier *c, int to, const char *name, const struct stat *st)
{
	struct linked **head = bucket(c, st), *l;

	for (l = *head; l; l = l->next)
		if (l->ino == st->st_ino && l->dev == st->st_dev)
			return linkat(c->root, l->path, to, name, 0) < 0 ? -errno : 1;
	if (c->len + strlen(name) + 2 > sizeof(c->path))
		return 0; /* too far down to be linked to: its other names are copies */
	l = arena_new(c->arena, struct linked);
	*l = (struct linked){
		.next = *head,
		.dev = st->st_dev,
		.ino = st->st_ino,
		.path = arena_printf(c->arena, "%.*s%s", (int)c->len, c->path, name),
	};
	*head = l;
	return 0;
}

static int copy_file(struct copier *c, int from, int to, const char *name, const struct stat *st)
{
	/* Should a racing image put a fifo or a device here, it is not opened. */
	auto_fd int found = openat(from, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	auto_fd int in = -1, out = -1;
	struct stat now;
	int r = st->st_nlink > 1 ? copy_hard_link(c, to, name, st) : 0;

	if (r != 0)
		return r < 0 ? r : 0;
	if (found < 0 || fstat(found, &now) < 0)
		return -errno;
	if (now.st_ino != st->st_ino || now.st_dev != st->st_dev)
		return -EAGAIN;
	in = path_reopen(found, O_RDONLY | O_NOCTTY);
	if (in < 0)
		return in;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	r = copy_content(in, out, now.st_size);
	return r < 0 ? r : copy_meta(c, in, out, st);
}

static int copy_link(int from, int to, const char *name, const struct stat *st)
{
	char target[4096];
	ssize_t n = readlinkat(from, name, target, sizeof(target) - 1);

	if (n < 0)
		return -errno;
	target[n] = '\0';
	if (symlinkat(target, to, name) < 0 ||
	    fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

/* Devices, fifos, sockets. A device that the image's mount does not let be opened must not become
 * one that can be. */
static int copy_special(const struct copier *c, int to, const char *name, const struct stat *st)
{
	if (c->nodev && (S_ISCHR(st->st_mode) || S_ISBLK(st->st_mode)))
		return -EPERM;
	if (mknodat(to, name, st->st_mode, st->st_rdev) < 0 ||
	    fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0 ||
	    fchmodat(to, name, st->st_mode & 07777, 0) < 0)
		return -errno;
	return 0;
}

static int copy_subdir(struct copier *c, int from, int to, const char *name, const struct stat *st,
		       unsigned depth, struct err *err)
{
	auto_fd int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_fd int out = -1;
	size_t len;
	int r;

	if (in < 0)
		return err_sys(err, errno, "open '%s'", name);
	if (mkdirat(to, name, 0700) < 0)
		return err_sys(err, errno, "make '%s'", name);
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return err_sys(err, errno, "open the copy of '%s'", name);
	len = c->len;
	if (len + strlen(name) + 2 <= sizeof(c->path))
		c->len += (size_t)snprintf(c->path + len, sizeof(c->path) - len, "%s/", name);
	else
		c->len = sizeof(c->path); /* see copy_hard_link() */
	r = copy_dir(c, in, out, depth + 1, err);
	c->len = len;
	if (r < 0)
		return r;
	r = copy_meta(c, in, out, st);
	return r < 0 ? err_sys(err, -r, "set the owner and mode of '%s'", name) : 0;
}

static int copy_entry(struct copier *c, int from, int to, const char *name, unsigned depth,
		      struct err *err)
{
	struct stat st;
	int r;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "look at '%s'", name);
	if (S_ISDIR(st.st_mode))
		return copy_subdir(c, from, to, name, &st, depth, err);
	if (S_ISREG(st.st_mode))
		r = copy_file(c, from, to, name, &st);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(from, to, name, &st);
	else
		r = copy_special(c, to, name, &st);
	return r < 0 ? err_sys(err, -r, "copy '%s'", name) : 0;
}

static int copy_dir(struct copier *c, int from, int to, unsigned depth, struct err *err)
{
	int dup = fcntl(from, F_DUPFD_CLOEXEC, 3);
	auto_dir DIR *dir = dup < 0 ? NULL : fdopendir(dup);
	struct dirent *e;

	if (!dir)
		return err_sys(err, errno, "read a directory");
	if (depth > MAX_DEPTH)
		return err_sys(err, ELOOP, "directories nested too deeply");
	while ((errno = 0, e = readdir(dir))) {
		int r;

		if (streq(e->d_name, ".") || streq(e->d_name, ".."))
			continue;
		r = copy_entry(c, from, to, e->d_name, depth, err);
		if (r < 0)
			return r;
	}
	return errno ? err_sys(err, errno, "read a directory") : 0;
}

/* The directory's own mode and owner, but for what the mount's options say about them. */
static int copy_top(struct copier *c, int in, int out, const char *data)
{
	uid_t uid = (uid_t)-1;
	gid_t gid = (gid_t)-1;
	struct stat st;

	if (fstat(in, &st) < 0)
		return -errno;
	if (!strstr(data, "uid="))
		uid = st.st_uid;
	if (!strstr(data, "gid="))
		gid = st.st_gid;
	if (fchown(out, uid, gid) < 0)
		return -errno;
	if (!strstr(data, "mode=") && fchmod(out, st.st_mode & 07777) < 0)
		return -errno;
	return strstr(data, "mode=") ? 0 : copy_xattrs(c, in, out);
}

/* FROM is the directory to be covered (O_PATH), TO the root of the new tmpfs, made with DATA. */
int init_copy_up(int from, int to, const char *data, struct err *err)
{
	auto_fd int in = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int out = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_arena a = ARENA_INIT;
	struct copier *c = arena_new(&a, struct copier);
	struct statvfs fs;
	int r;

	if (in < 0 || out < 0 || fstatvfs(in, &fs) < 0)
		return err_sys(err, errno, "open the directory to copy up");
	c->arena = &a;
	c->root = out;
	c->nodev = fs.f_flag & ST_NODEV;
	if (copy_dir(c, in, out, 0, err) < 0)
		return err_wrap(err, "tmpcopyup");
	r = copy_top(c, in, out, data);
	return r < 0 ? err_sys(err, -r, "tmpcopyup: set the owner and mode of the tmpfs") : 0;
}
