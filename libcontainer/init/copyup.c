/* INIT: fill a new tmpfs with what it is about to cover (tmpcopyup). */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/init/side.h"

/* Directories are walked by descriptors, an image may be arbitrarily deep. */
#define MAX_DEPTH 64

static int copy_dir(int from, int to, unsigned depth, struct err *err);

static int copy_content(int from, int to)
{
	for (;;) {
		ssize_t n = sendfile(to, from, NULL, 1 << 20);

		if (n == 0)
			return 0;
		if (n < 0 && errno != EINTR && errno != EAGAIN)
			return -errno;
	}
}

/* Owner before mode: a change of owner clears the set-id bits. */
static int copy_meta(int fd, const struct stat *st)
{
	struct timespec times[2] = {st->st_atim, st->st_mtim};

	if (fchown(fd, st->st_uid, st->st_gid) < 0 || fchmod(fd, st->st_mode & 07777) < 0 ||
	    futimens(fd, times) < 0)
		return -errno;
	return 0;
}

static int copy_file(int from, int to, const char *name, const struct stat *st)
{
	/* NONBLOCK: should a racing image put a fifo here, we do not wait for its writer. */
	auto_fd int in =
		openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	auto_fd int out = -1;
	struct stat now;
	int r;

	if (in < 0 || fstat(in, &now) < 0)
		return -errno;
	if (now.st_ino != st->st_ino || now.st_dev != st->st_dev)
		return -EAGAIN;
	out = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (out < 0)
		return -errno;
	r = copy_content(in, out);
	return r < 0 ? r : copy_meta(out, st);
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

static int copy_special(int to, const char *name, const struct stat *st)
{
	if (mknodat(to, name, st->st_mode, st->st_rdev) < 0 ||
	    fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return -errno;
	return 0;
}

static int copy_subdir(int from, int to, const char *name, const struct stat *st, unsigned depth,
		       struct err *err)
{
	auto_fd int in = openat(from, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_fd int out = -1;
	int r;

	if (in < 0)
		return err_sys(err, errno, "open '%s'", name);
	if (mkdirat(to, name, 0700) < 0)
		return err_sys(err, errno, "make '%s'", name);
	out = openat(to, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (out < 0)
		return err_sys(err, errno, "open the copy of '%s'", name);
	r = copy_dir(in, out, depth + 1, err);
	if (r < 0)
		return r;
	r = copy_meta(out, st);
	return r < 0 ? err_sys(err, -r, "set the owner and mode of '%s'", name) : 0;
}

static int copy_entry(int from, int to, const char *name, unsigned depth, struct err *err)
{
	struct stat st;
	int r;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return err_sys(err, errno, "look at '%s'", name);
	if (S_ISDIR(st.st_mode))
		return copy_subdir(from, to, name, &st, depth, err);
	if (S_ISREG(st.st_mode))
		r = copy_file(from, to, name, &st);
	else if (S_ISLNK(st.st_mode))
		r = copy_link(from, to, name, &st);
	else
		r = copy_special(to, name, &st);
	return r < 0 ? err_sys(err, -r, "copy '%s'", name) : 0;
}

static int copy_dir(int from, int to, unsigned depth, struct err *err)
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
		r = copy_entry(from, to, e->d_name, depth, err);
		if (r < 0)
			return r;
	}
	return errno ? err_sys(err, errno, "read a directory") : 0;
}

/* FROM is the directory to be covered (O_PATH), TO the root of the new mount. The mode and
 * owner of the directory are kept, unless the mount's options gave them (mode=). */
int init_copy_up(int from, int to, struct err *err)
{
	auto_fd int in = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_fd int out = openat(to, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (in < 0 || out < 0)
		return err_sys(err, errno, "open the directory to copy up");
	if (copy_dir(in, out, 0, err) < 0)
		return err_wrap(err, "tmpcopyup");
	return 0;
}
