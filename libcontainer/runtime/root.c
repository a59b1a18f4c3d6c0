/* RUNTIME: the state root and the ids below it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "libcontainer/container.h"
#include "libcontainer/runtime/runtime.h"

/* The kernel's first user namespace has a number of its own (PROC_USER_INIT_INO): the maps do not
 * tell, as another one can map every id to itself. */
static bool in_user_namespace(void)
{
	static const char first[] = "user:[4026531837]";
	char link[sizeof(first) + 16];
	ssize_t n = readlink("/proc/self/ns/user", link, sizeof(link) - 1);

	if (n < 0)
		return false; /* a kernel without user namespaces */
	link[n] = '\0';
	return !streq(link, first);
}

/* The XDG specification: what is not absolute counts as unset. */
static const char *runtime_dir(void)
{
	const char *dir = getenv("XDG_RUNTIME_DIR");

	return dir && *dir == '/' ? dir : NULL;
}

void container_root_default(struct arena *a, struct container_root *ret)
{
	const char *xdg = runtime_dir(), *user = getenv("USER");
	bool root = geteuid() == 0;

	ret->nested = root && in_user_namespace();
	ret->rootless = !root || ret->nested;
	ret->path = root ? "/run/hull" : NULL;
	/* Real root never uses it: otherwise `sudo hull list` would look at the wrong place. */
	if (xdg && (!root || (ret->nested && (!user || !streq(user, "root")))))
		ret->path = arena_printf(a, "%s/hull", xdg);
}

/* mkdir -p, 0700 for the last component. */
static int make_root(const char *path, struct err *err)
{
	auto_free char *copy = strdup(path);
	const char *xdg = runtime_dir();

	if (!copy)
		return err_sys(err, ENOMEM, "state root");
	for (char *p = strchr(copy + 1, '/'); p; p = strchr(p + 1, '/')) {
		*p = '\0';
		if (mkdir(copy, 0755) < 0 && errno != EEXIST)
			return err_sys(err, errno, "make state root directory '%s'", copy);
		*p = '/';
	}
	if (mkdir(copy, 0700) < 0)
		return errno == EEXIST
			       ? 0
			       : err_sys(err, errno, "make state root directory '%s'", copy);
	/* Sticky: programs that tidy XDG_RUNTIME_DIR spare such a directory. */
	if (xdg && path_is_below(path, xdg) && chmod(copy, 01700) < 0)
		return err_sys(err, errno, "set the mode of '%s'", copy);
	return 0;
}

int container_root_open(struct container_root *root, bool make, struct err *err)
{
	int r;

	if (root->fd >= 0)
		return 0;
	if (!root->path) {
		err_fail(err, EINVAL,
			 "no state directory: XDG_RUNTIME_DIR is not set, or not to "
			 "an absolute path");
		err_hint(err, "set it (mostly to /run/user/%u), or use --root", geteuid());
		return -err->code;
	}
	root->fd = open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (root->fd >= 0)
		return 0;
	if (errno != ENOENT || !make)
		return err_sys(err, errno, "open state root '%s'", root->path);
	r = make_root(root->path, err);
	if (r < 0)
		return r;
	root->fd = open(root->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return root->fd < 0 ? err_sys(err, errno, "open state root '%s'", root->path) : 0;
}

int id_check(const char *id, struct err *err)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789_+.-";
	size_t len = strlen(id);

	if (len == 0)
		return err_fail(err, EINVAL, "container id is empty");
	if (len > 255)
		return err_fail(err, ENAMETOOLONG,
				"container id is %zu characters long; 255 are allowed", len);
	if (strspn(id, allowed) != len || streq(id, ".") || streq(id, ".."))
		return err_fail(err, EINVAL,
				"invalid container id '%s': allowed are letters, digits and _+.-",
				id);
	return 0;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(const char *const *)a, *(const char *const *)b);
}

int container_ids(const struct container_root *root, struct arena *a, const char ***ret,
		  size_t *ret_n, struct err *err)
{
	const char **ids = NULL;
	struct err ignored;
	struct dirent *e;
	size_t n = 0;
	auto_dir DIR *dir = NULL;
	int fd;

	if (root->fd < 0) {
		*ret = NULL;
		*ret_n = 0;
		return 0;
	}
	fd = openat(root->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return err_sys(err, errno, "list state root '%s'", root->path);
	while ((e = readdir(dir)))
		if (e->d_type == DT_DIR && id_check(e->d_name, &ignored) == 0)
			*arena_push(a, &ids, &n) = arena_strdup(a, e->d_name);
	if (n)
		qsort(ids, n, sizeof(*ids), by_name);
	*ret = ids;
	*ret_n = n;
	return 0;
}
