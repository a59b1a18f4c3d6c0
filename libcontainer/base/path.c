/* BOTH SIDES: the in-root path resolver. */
#include "path.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "cleanup.h"

#define MAX_LINKS 40

int path_openat2(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve)
{
	struct open_how how = {.flags = flags | O_CLOEXEC, .mode = mode, .resolve = resolve};

	for (int tries = 0; tries < 128; tries++) {
		long fd = syscall(SYS_openat2, dirfd, path, &how, sizeof(how));

		if (fd >= 0)
			return (int)fd;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

/* "/" and "" name the root itself. */
static const char *relative(const char *path)
{
	while (*path == '/')
		path++;
	return *path ? path : ".";
}

int root_open(int rootfd, const char *path, int flags)
{
	return path_openat2(rootfd, relative(path), (uint64_t)flags, 0,
			    RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);
}

int root_open_nolinks(int rootfd, const char *path, int flags)
{
	return path_openat2(rootfd, relative(path), (uint64_t)flags, 0,
			    RESOLVE_IN_ROOT | RESOLVE_NO_SYMLINKS);
}

int beneath_open(int dirfd, const char *path, int flags)
{
	return path_openat2(dirfd, path, (uint64_t)flags, 0,
			    RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_XDEV);
}

int path_reopen(int fd, int flags)
{
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	r = open(path, flags | O_CLOEXEC);
	return r < 0 ? -errno : r;
}

/*
 * Walk with creation. State is a textual path inside the root, always resolved from the root
 * again by the kernel: PREFIX (what exists so far) and REST. A component that is a dangling
 * symlink is replaced by its target, as a shell's "mkdir -p" inside a chroot would see it.
 */
struct walk {
	char done[PATH_MAX]; /* resolved so far, "" is the root */
	char rest[PATH_MAX]; /* still to do */
	int links;
};

static int walk_next(struct walk *w, char *name, size_t size)
{
	char *p = w->rest, *end;
	size_t len;

	while (*p == '/')
		p++;
	end = strchrnul(p, '/');
	len = (size_t)(end - p);
	if (len == 0)
		return 0;
	if (len >= size)
		return -ENAMETOOLONG;
	memcpy(name, p, len);
	name[len] = '\0';
	memmove(w->rest, end, strlen(end) + 1);
	return 1;
}

static int walk_push(struct walk *w, const char *name)
{
	size_t len = strlen(w->done);

	if (strcmp(name, ".") == 0)
		return 0;
	if (strcmp(name, "..") == 0) {
		char *slash = strrchr(w->done, '/');

		*(slash ? slash : w->done) = '\0';
		return 0;
	}
	if (len + strlen(name) + 2 > sizeof(w->done))
		return -ENAMETOOLONG;
	w->done[len] = '/';
	memcpy(w->done + len + 1, name, strlen(name) + 1);
	return 0;
}

/* NAME in PARENTFD is a symlink: put its target before what is left. */
static int walk_link(struct walk *w, int parentfd, const char *name)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(parentfd, name, target, sizeof(target) - 1);
	size_t rest = strlen(w->rest);

	if (n < 0)
		return -errno;
	if (++w->links > MAX_LINKS)
		return -ELOOP;
	if ((size_t)n + rest + 2 > sizeof(w->rest))
		return -ENAMETOOLONG;
	target[n] = '\0';
	if (target[0] == '/')
		w->done[0] = '\0';
	memmove(w->rest + n + 1, w->rest, rest + 1);
	memcpy(w->rest, target, (size_t)n);
	w->rest[n] = '/';
	return 0;
}

enum leaf { LEAF_DIR, LEAF_FILE };

static bool rest_empty(const struct walk *w)
{
	return w->rest[strspn(w->rest, "/")] == '\0';
}

static int make_entry(int parentfd, const char *name, bool file, mode_t mode)
{
	if (file) {
		auto_fd int fd = openat(parentfd, name,
					O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC | O_WRONLY, mode);

		return fd < 0 ? -errno : 0;
	}
	return mkdirat(parentfd, name, mode) < 0 ? -errno : 0;
}

/* One component: descend, follow a link textually, or create. */
static int walk_step(struct walk *w, int rootfd, const char *name, enum leaf leaf, mode_t mode)
{
	bool last = rest_empty(w);
	auto_fd int parent = root_open(rootfd, w->done, O_PATH | O_DIRECTORY);
	struct stat st;
	int r;

	if (parent < 0)
		return parent;
	if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
		return walk_push(w, name);
	if (fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) == 0)
		return S_ISLNK(st.st_mode) ? walk_link(w, parent, name) : walk_push(w, name);
	if (errno != ENOENT)
		return -errno;
	r = make_entry(parent, name, last && leaf == LEAF_FILE, last ? mode : 0755);
	if (r < 0 && r != -EEXIST)
		return r;
	/* Someone else made it meanwhile: look at it again, as whatever it is. */
	if (r == -EEXIST) {
		if (++w->links > MAX_LINKS)
			return -EAGAIN;
		r = fstatat(parent, name, &st, AT_SYMLINK_NOFOLLOW) < 0 ? -errno : 0;
		if (r == 0 && S_ISLNK(st.st_mode))
			return walk_link(w, parent, name);
	}
	return walk_push(w, name);
}

static int walk_all(struct walk *w, int rootfd, const char *path, enum leaf leaf, mode_t mode)
{
	char name[NAME_MAX + 1];
	int r;

	if (strlen(path) >= sizeof(w->rest))
		return -ENAMETOOLONG;
	memcpy(w->rest, path, strlen(path) + 1);
	w->done[0] = '\0';
	w->links = 0;
	while ((r = walk_next(w, name, sizeof(name))) > 0) {
		r = walk_step(w, rootfd, name, leaf, mode);
		if (r < 0)
			return r;
	}
	return r;
}

int root_mkdirs(int rootfd, const char *path, mode_t mode)
{
	struct walk w;
	int fd = root_open(rootfd, path, O_PATH | O_DIRECTORY);
	int r;

	if (fd != -ENOENT) /* the usual case: one system call */
		return fd;
	r = walk_all(&w, rootfd, path, LEAF_DIR, mode);
	if (r < 0)
		return r;
	return root_open(rootfd, w.done, O_PATH | O_DIRECTORY);
}

int root_mkfile(int rootfd, const char *path, mode_t mode)
{
	auto_fd int fd = root_open(rootfd, path, O_PATH);
	struct walk w;
	struct stat st;
	int r;

	if (fd == -ENOENT) {
		r = walk_all(&w, rootfd, path, LEAF_FILE, mode);
		if (r < 0)
			return r;
		fd = root_open(rootfd, w.done, O_PATH);
	}
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return -errno;
	return S_ISDIR(st.st_mode) ? -EISDIR : take_fd(&fd);
}

int root_open_parent(int rootfd, const char *path, char *buf, const char **ret_name)
{
	size_t len = strlen(path);
	char *slash;

	while (len > 1 && path[len - 1] == '/')
		len--;
	if (len == 0 || len >= PATH_MAX - 1)
		return len ? -ENAMETOOLONG : -EINVAL;
	buf[0] = '/';
	memcpy(buf + 1, path, len);
	buf[len + 1] = '\0';
	slash = strrchr(buf, '/');
	*slash = '\0';
	*ret_name = slash + 1;
	if (!**ret_name || strcmp(*ret_name, ".") == 0 || strcmp(*ret_name, "..") == 0)
		return -EINVAL;
	return root_mkdirs(rootfd, buf, 0755);
}
