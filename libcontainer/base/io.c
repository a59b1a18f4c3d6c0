/* BOTH SIDES: whole-file reads and writes. */
#include "io.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cleanup.h"

/* SIZE: that of a regular file; 0 = nobody knows. */
static int read_sized(struct arena *a, int fd, const char *name, size_t max, off_t size, char **ret,
		      size_t *ret_len, struct err *err)
{
	size_t len = 0, whole = size > 0 ? (size_t)size : 0, cap = whole ? whole + 1 : 4096;
	char *buf;

	if (whole > max)
		return err_fail(err, EFBIG, "'%s' is larger than %zu bytes", name, max);
	buf = arena_alloc(a, cap + 1);
	for (;;) {
		ssize_t n = read(fd, buf + len, cap - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "read '%s'", name);
		if (n == 0)
			break;
		len += (size_t)n;
		if (len == whole)
			break;
		if (len > max)
			return err_fail(err, EFBIG, "'%s' is larger than %zu bytes", name, max);
		if (len == cap) {
			char *bigger = arena_alloc(a, cap * 2 + 1);

			memcpy(bigger, buf, len);
			buf = bigger;
			cap *= 2;
		}
	}
	buf[len] = '\0';
	*ret = buf;
	*ret_len = len;
	return 0;
}

int io_read_fd(struct arena *a, int fd, const char *name, size_t max, char **ret, size_t *ret_len,
	       struct err *err)
{
	struct stat st;
	bool regular = fstat(fd, &st) == 0 && S_ISREG(st.st_mode);

	return read_sized(a, fd, name, max, regular ? st.st_size : 0, ret, ret_len, err);
}

/* A pipe that the caller holds already, as a shell gives it for <(command): it has another end. */
static bool is_own_pipe(const char *path, const struct stat *st)
{
	return S_ISFIFO(st->st_mode) &&
	       (strncmp(path, "/dev/fd/", 8) == 0 || strncmp(path, "/proc/self/fd/", 14) == 0 ||
		strcmp(path, "/dev/stdin") == 0);
}

int io_read_file(struct arena *a, int dirfd, const char *path, size_t max, char **ret,
		 size_t *ret_len, struct err *err)
{
	/* O_NONBLOCK: the open of a fifo would wait for someone to write to it, maybe for ever. */
	auto_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct stat st;

	if (fd < 0)
		return err_sys(err, errno, "open '%s'", path);
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at '%s'", path);
	if (S_ISDIR(st.st_mode))
		return err_sys(err, EISDIR, "read '%s'", path);
	if (!S_ISREG(st.st_mode) && !is_own_pipe(path, &st))
		return err_fail(err, EINVAL, "'%s' is not a regular file", path);
	if (!S_ISREG(st.st_mode) && fcntl(fd, F_SETFL, 0) < 0)
		return err_sys(err, errno, "read '%s'", path);
	return read_sized(a, fd, path, max, S_ISREG(st.st_mode) ? st.st_size : 0, ret, ret_len,
			  err);
}

ssize_t io_read_small(int dirfd, const char *path, char *buf, size_t size)
{
	auto_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	size_t len = 0;

	if (fd < 0)
		return -errno;
	while (len < size - 1) {
		ssize_t n = read(fd, buf + len, size - 1 - len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		if (n == 0)
			break;
		len += (size_t)n;
	}
	buf[len] = '\0';
	return (ssize_t)len;
}

int io_write_at(int dirfd, const char *path, const char *text, size_t len)
{
	auto_fd int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t n;

	if (fd < 0)
		return -errno;
	do
		n = write(fd, text, len);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	return (size_t)n == len ? 0 : -EIO;
}

int io_write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

static int replace(int dirfd, const char *name, const void *buf, size_t len, mode_t mode,
		   bool durably, struct err *err)
{
	auto_fd int fd = -1;
	char tmp[300];
	int r;

	snprintf(tmp, sizeof(tmp), ".%s.%d", name, (int)getpid());
	fd = openat(dirfd, tmp, O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return err_sys(err, errno, "create '%s'", tmp);
	r = io_write_all(fd, buf, len);
	if (r == 0 && durably && fsync(fd) < 0)
		r = -errno;
	if (r < 0) {
		unlinkat(dirfd, tmp, 0);
		return err_sys(err, -r, "write '%s'", name);
	}
	if (renameat(dirfd, tmp, dirfd, name) < 0) {
		r = errno;
		unlinkat(dirfd, tmp, 0);
		return err_sys(err, r, "rename '%s' to '%s'", tmp, name);
	}
	return 0;
}

int io_replace_file(int dirfd, const char *name, const void *buf, size_t len, mode_t mode,
		    struct err *err)
{
	return replace(dirfd, name, buf, len, mode, false, err);
}

/* The name's own durability is that of its directory (fsync(2)). */
static int sync_directory(int dirfd, const char *name, struct err *err)
{
	/* DIRFD may be an O_PATH descriptor, or AT_FDCWD. */
	auto_fd int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0 || fsync(fd) < 0)
		return err_sys(err, errno, "write the directory of '%s'", name);
	return 0;
}

int io_replace_file_durably(int dirfd, const char *name, const void *buf, size_t len, mode_t mode,
			    struct err *err)
{
	int r = replace(dirfd, name, buf, len, mode, true, err);

	return r < 0 ? r : sync_directory(dirfd, name, err);
}

int io_remove_file_durably(int dirfd, const char *name, struct err *err)
{
	if (unlinkat(dirfd, name, 0) < 0 && errno != ENOENT)
		return err_sys(err, errno, "remove '%s'", name);
	return sync_directory(dirfd, name, err);
}
