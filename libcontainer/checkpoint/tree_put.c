/* RUNTIME: tar entries into a root file system; what is read is hostile. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/tree.h"

#define MAX_DEPTH 400

/* Directories get their times when all is in them. */
struct later {
	const char *path;
	struct timespec mtime;
};

struct put {
	struct tar_reader *r;
	int rootfd;
	struct arena a; /* of what is done later */
	struct later *later;
	size_t n_later;
	const struct tree_into *to; /* NULL: what is there keeps its attributes */
};

/* Where an entry goes: a name in a directory, by descriptor. */
struct place {
	int parent;
	const char *name;
	char buf[PATH_MAX];
};

/* ---- removing
 * ------------------------------------------------------------------------------------ */

static int remove_below(int dirfd, const char *name, int depth);

static int empty(int fd, int depth)
{
	auto_dir DIR *dir = NULL;
	struct dirent *e;
	int copy = path_openat2(fd, ".", O_RDONLY | O_DIRECTORY, 0, 0), r = 0;

	dir = copy < 0 ? NULL : fdopendir(copy);
	if (!dir)
		return copy < 0 ? copy : -errno;
	while (r == 0 && (e = readdir(dir)))
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			r = remove_below(fd, e->d_name, depth + 1);
	return r;
}

static int remove_below(int dirfd, const char *name, int depth)
{
	auto_fd int fd = -1;
	int r;

	if (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT)
		return 0;
	if (errno != EISDIR && errno != EPERM)
		return -errno;
	if (depth > MAX_DEPTH)
		return -ELOOP;
	/* Nothing that is mounted there is emptied. */
	fd = beneath_open(dirfd, name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
	r = fd < 0 ? fd : empty(fd, depth);
	if (r < 0)
		return r;
	return unlinkat(dirfd, name, AT_REMOVEDIR) < 0 ? -errno : 0;
}

/* A path of an archive as one inside a root: without leading "./" and "/", never with "..". NULL:
 * it is none. "" is the root. */
static const char *clean(struct arena *a, const char *path)
{
	char *copy, *to;

	if (strlen(path) >= PATH_MAX - 2)
		return NULL;
	to = copy = arena_alloc(a, strlen(path) + 1);
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && memcmp(path, "..", 2) == 0)
			return NULL;
		if (n && !(n == 1 && *path == '.')) {
			if (to != copy)
				*to++ = '/';
			memcpy(to, path, n);
			to += n;
		}
		path += n + (path[n] == '/');
	}
	*to = '\0';
	return copy;
}

/* The directory that PATH is in, which is made when MAKE says so. */
static int find_place(int rootfd, const char *path, bool make, struct place *ret)
{
	const char *slash = strrchr(path, '/');

	if (make) {
		ret->parent = root_open_parent(rootfd, path, ret->buf, &ret->name);
		return ret->parent < 0 ? ret->parent : 0;
	}
	memcpy(ret->buf, path, strlen(path) + 1);
	ret->name = slash ? ret->buf + (slash - path) + 1 : ret->buf;
	if (slash)
		ret->buf[slash - path] = '\0';
	ret->parent = root_open(rootfd, slash ? ret->buf : "", O_PATH | O_DIRECTORY);
	return ret->parent < 0 ? ret->parent : 0;
}

int tree_remove(int rootfd, const char *path, struct err *err)
{
	auto_arena a = ARENA_INIT;
	const char *name = clean(&a, path);
	struct place p;
	int r;

	if (!name || !*name)
		return err_fail(err, EINVAL, "a deleted file called '%.200s'", path);
	r = find_place(rootfd, name, false, &p);
	if (r == -ENOENT || r == -ENOTDIR)
		return 0;
	if (r == 0) {
		r = remove_below(p.parent, p.name, 0);
		close_fd(&p.parent);
	}
	return r < 0 ? err_sys(err, -r, "remove '%.200s'", path) : 0;
}

/* ---- what an entry says of its file
 * -------------------------------------------------------------- */

static bool is_overlays(const char *name)
{
	return str_starts(name, "trusted.overlay.") || str_starts(name, "user.overlay.");
}

/* What the policy of this host says of a file (security.selinux and its kin) is not the
 * archive's. */
static bool is_files_own(const char *name)
{
	return str_starts(name, "user.") || str_starts(name, "trusted.") ||
	       str_starts(name, "system.posix_acl_") || streq(name, "security.capability");
}

static bool has_xattr(const struct tar_entry *e, const char *name)
{
	for (size_t i = 0; i < e->n_xattrs; i++)
		if (streq(e->xattrs[i].name, name))
			return true;
	return false;
}

/* What a directory has since the pass before, or a file has inherited from its directory, and E
 * does not speak of. */
static int drop_xattrs(const char *link, const struct tar_entry *e)
{
	char list[65536]; /* XATTR_LIST_MAX */
	ssize_t len = listxattr(link, list, sizeof(list));

	if (len < 0)
		return errno == ENOTSUP || errno == EOPNOTSUPP ? 0 : -errno;
	for (const char *name = list; name < list + len; name += strlen(name) + 1)
		if (is_files_own(name) && !is_overlays(name) && !has_xattr(e, name) &&
		    removexattr(link, name) < 0 && errno != ENODATA)
			return -errno;
	return 0;
}

/* FD may be of O_PATH: all but the owner goes over its /proc path. Owner first: it takes away file
 * capabilities and the set-user-id bit. */
int tree_set_attributes(int fd, const struct tar_entry *e, bool exact)
{
	struct timespec times[2] = {{.tv_nsec = UTIME_OMIT},
				    {.tv_sec = e->mtime, .tv_nsec = e->mtime_ns}};
	char link[32];
	int r;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	if (fchownat(fd, "", e->uid, e->gid, AT_EMPTY_PATH) < 0)
		return -errno;
	r = exact ? drop_xattrs(link, e) : 0;
	if (r < 0)
		return r;
	if (e->type != TAR_SYMLINK && chmod(link, e->mode & 07777) < 0)
		return -errno;
	for (size_t i = 0; i < e->n_xattrs; i++) {
		const struct tar_xattr *x = &e->xattrs[i];

		/* What this file system, or the kernel, does not know cannot be kept. */
		if (is_overlays(x->name) || setxattr(link, x->name, x->value, x->len, 0) == 0)
			continue;
		if (errno != ENOTSUP && errno != EOPNOTSUPP)
			return -errno;
		log_later("restore: '%.200s': no attribute '%.80s' here", e->name, x->name);
	}
	return utimensat(AT_FDCWD, link, times, 0) < 0 ? -errno : 0;
}

static void tell(const struct put *t, int fd)
{
	if (t->to && t->to->made)
		t->to->made(t->to->ctx, fd);
}

static int open_made(const struct place *p)
{
	return beneath_open(p->parent, p->name, O_PATH | O_NOFOLLOW);
}

/* ---- one entry
 * ------------------------------------------------------------------------------------ */

static int put_file(struct put *t, const struct tar_entry *e, const struct place *p,
		    struct err *err)
{
	auto_fd int fd = openat(p->parent, p->name,
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? err_sys(err, errno, "make it") : 0;

	if (r == 0) {
		tell(t, fd);
		r = tar_read_file(t->r, e, fd, err);
	}
	if (r == 0)
		r = tree_set_attributes(fd, e, t->to);
	return r < 0 && !err->code ? err_sys(err, -r, "set its attributes") : r;
}

static int put_dir(struct put *t, const struct tar_entry *e, const char *path,
		   const struct place *p, struct err *err)
{
	auto_fd int fd = -1;
	bool made = false;
	struct stat st;
	int r = 0;

	if (fstatat(p->parent, p->name, &st, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(st.st_mode)) {
		made = true;
		r = remove_below(p->parent, p->name, 0);
		if (r == 0 && mkdirat(p->parent, p->name, 0700) < 0)
			r = -errno;
	}
	if (r == 0)
		r = fd = open_made(p);
	if (r >= 0 && made)
		tell(t, fd);
	if (r >= 0)
		r = tree_set_attributes(fd, e, t->to);
	if (r < 0)
		return err_sys(err, -r, "make the directory");
	*arena_push(&t->a, &t->later, &t->n_later) =
		(struct later){arena_strdup(&t->a, path), {e->mtime, e->mtime_ns}};
	return 0;
}

static int put_hardlink(struct put *t, const struct tar_entry *e, const struct place *p,
			struct err *err)
{
	const char *path = clean(&t->a, e->link);
	struct place other;
	int r;

	if (!path || !*path)
		return err_fail(err, EINVAL, "a link to '%.200s'", e->link);
	r = find_place(t->rootfd, path, false, &other);
	if (r < 0)
		return err_sys(err, -r, "link to '%.200s'", e->link);
	if (linkat(other.parent, other.name, p->parent, p->name, 0) < 0)
		r = err_sys(err, errno, "link to '%.200s'", e->link);
	close_fd(&other.parent);
	return r;
}

static int put_special(struct put *t, const struct tar_entry *e, const struct place *p,
		       struct err *err)
{
	mode_t kind = e->type == TAR_CHAR ? S_IFCHR : e->type == TAR_BLOCKDEV ? S_IFBLK : S_IFIFO;
	auto_fd int fd = -1;
	int r;

	if (e->type == TAR_SYMLINK)
		r = symlinkat(e->link, p->parent, p->name);
	else
		r = mknodat(p->parent, p->name, kind | 0600, makedev(e->major, e->minor));
	if (r < 0)
		return err_sys(err, errno, "make it");
	fd = open_made(p);
	if (fd >= 0)
		tell(t, fd);
	r = fd < 0 ? fd : tree_set_attributes(fd, e, t->to);
	return r < 0 ? err_sys(err, -r, "set its attributes") : 0;
}

static int put_at(struct put *t, const struct tar_entry *e, const char *path, const struct place *p,
		  struct err *err)
{
	int r;

	if (e->type == TAR_DIR)
		return put_dir(t, e, path, p, err);
	r = remove_below(p->parent, p->name, 0);
	if (r < 0)
		return err_sys(err, -r, "replace it");
	if (e->type == TAR_FILE)
		return put_file(t, e, p, err);
	if (e->type == TAR_HARDLINK)
		return put_hardlink(t, e, p, err);
	return put_special(t, e, p, err);
}

/* The root itself is the bundle's, or somebody else's: it is for the caller to say. */
static int keep_root(struct put *t, const struct tar_entry *e)
{
	struct tar_entry *to = t->to ? t->to->root : NULL;
	struct arena *a = t->to ? t->to->arena : NULL;

	if (!to || e->type != TAR_DIR)
		return 0;
	*to = *e;
	to->name = "/";
	to->xattrs = arena_memdup(a, e->xattrs, e->n_xattrs * sizeof(*e->xattrs));
	for (size_t i = 0; i < e->n_xattrs; i++) {
		const struct tar_xattr *x = &e->xattrs[i];

		to->xattrs[i].name = arena_strdup(a, x->name);
		to->xattrs[i].value = arena_memdup(a, x->value, x->len);
	}
	return 0;
}

static int put_entry(struct put *t, struct arena *a, const struct tar_entry *e, struct err *err)
{
	const char *path = clean(a, e->name);
	struct place p;
	int r;

	if (!path)
		return err_fail(err, EINVAL, "'%s': an entry called '%.200s'", t->r->file, e->name);
	if (!*path)
		return keep_root(t, e);
	r = find_place(t->rootfd, path, true, &p);
	if (r < 0)
		return err_sys(err, -r, "'%.200s': its directory", e->name);
	err_clear(err);
	r = put_at(t, e, path, &p, err);
	close_fd(&p.parent);
	return r < 0 ? err_wrap(err, "'%.200s'", e->name) : 0;
}

static int put_all(struct put *t, struct err *err)
{
	int n;

	do {
		auto_arena own = ARENA_INIT;
		struct tar_entry e;

		n = tar_next(t->r, &own, &e, err);
		if (n > 0) {
			int done = put_entry(t, &own, &e, err);

			n = done < 0 ? done : n;
		}
	} while (n > 0);
	for (size_t i = t->n_later; n == 0 && i > 0; i--) {
		struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, t->later[i - 1].mtime};
		auto_fd int fd = root_open(t->rootfd, t->later[i - 1].path, O_RDONLY | O_DIRECTORY);

		if (fd >= 0)
			(void)futimens(fd, times);
	}
	arena_done(&t->a);
	return n;
}

int tree_put(struct tar_reader *r, int rootfd, struct err *err)
{
	struct put t = {.r = r, .rootfd = rootfd};

	return put_all(&t, err);
}

int tree_put_below(struct tar_reader *r, const struct tree_into *to, struct err *err)
{
	struct put t = {.r = r, .rootfd = to->fd, .to = to};

	return put_all(&t, err);
}
