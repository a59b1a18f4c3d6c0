/* RUNTIME: a root file system into tar entries. */
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
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/tree.h"

/* Two descriptors each, of the 1024 that a process has at least. A path could not be longer anyway.
 */
#define MAX_DEPTH    400
#define LINK_BUCKETS 4096

struct link {
	struct link *next;
	dev_t dev;
	ino_t ino;
	const char *name;
};

struct take {
	struct tar_writer *w;
	const struct tree_layers *layers;
	struct arena *a;
	struct oci_strings *deleted;
	struct link *links[LINK_BUCKETS];
	char path[PATH_MAX]; /* of the directory, "" or "etc" */
	size_t len;
	int depth;
	const struct tree_pass *pass; /* NULL: all is taken, of what stands still */
	bool touched;                 /* what the directory holds was written */
};

/* An entry of a directory. FD is an O_PATH descriptor, LINK the /proc path that leads to it. */
struct item {
	int fd;
	char link[32];
	struct stat st;
};

static int take_dir(struct take *t, int dirfd, int upper, struct err *err);

/* ---- names -------------------------------------------------------------------------------------
 */

/* Somebody works on the tree: what was found is not there any more, or something else. */
static bool is_gone(const struct take *t, int r)
{
	return t->pass && t->pass->live && (r == -ENOENT || r == -ENOTDIR || r == -ESTALE);
}

/* All names of a directory at once: it is not open any more when those below it are. */
static int names(struct take *t, struct arena *a, int dirfd, const char ***ret, size_t *ret_n,
		 struct err *err)
{
	auto_dir DIR *dir = NULL;
	struct dirent *e;
	int fd = path_openat2(dirfd, ".", O_RDONLY | O_DIRECTORY, 0, 0);

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return err_sys(err, fd < 0 ? -fd : errno, "open directory '/%.200s'", t->path);
	while ((errno = 0, e = readdir(dir)))
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			*arena_push(a, ret, ret_n) = arena_strdup(a, e->d_name);
	return errno ? err_sys(err, errno, "read directory '/%.200s'", t->path) : 0;
}

static int push(struct take *t, const char *name, struct err *err)
{
	size_t n = strlen(name);

	if (t->len + n + 3 > sizeof(t->path))
		return err_fail(err, ENAMETOOLONG, "'/%.200s...': a path too long to be restored",
				t->path);
	if (t->len)
		t->path[t->len++] = '/';
	memcpy(t->path + t->len, name, n + 1);
	t->len += n;
	return 0;
}

static void pop(struct take *t, size_t len)
{
	t->path[len] = '\0';
	t->len = len;
}

static void forget(struct take *t, const char *dir, const char *name)
{
	const char **v = NULL;

	/* Grown like any array of an arena. */
	v = (const char **)(uintptr_t)t->deleted->v;
	*arena_push(t->a, &v, &t->deleted->n) =
		arena_printf(t->a, "/%s%s%s", dir, *dir && *name ? "/" : "", name);
	t->deleted->v = v;
	t->deleted->set = true;
}

/* ---- what an entry is ---------------------------------------------------------------------------
 */

static void item_close(struct item *i)
{
	close_fd(&i->fd);
}
#define auto_item __attribute__((cleanup(item_close))) struct item

/* -EXDEV: something is mounted there. */
static int item_open(struct item *ret, int dirfd, const char *name)
{
	ret->fd = beneath_open(dirfd, name, O_PATH | O_NOFOLLOW);
	if (ret->fd < 0)
		return ret->fd;
	snprintf(ret->link, sizeof(ret->link), "/proc/self/fd/%d", ret->fd);
	return fstat(ret->fd, &ret->st) < 0 ? -errno : 0;
}

/* Whether the overlay says KEY of it, in either of its spellings: trusted, or user's own. */
static bool overlay_says(const struct item *i, const char *key, char *value, size_t size)
{
	static const char *const spaces[] = {"trusted", "user"};
	char name[64];

	for (size_t s = 0; s < ARRAY_SIZE(spaces); s++) {
		ssize_t n;

		snprintf(name, sizeof(name), "%s.overlay.%s", spaces[s], key);
		n = getxattr(i->link, name, value, size - 1);
		if (n >= 0) {
			value[n] = '\0';
			return true;
		}
		if (errno == ERANGE) {
			value[0] = '\0';
			return true;
		}
	}
	return false;
}

static bool is_whiteout(const struct item *upper)
{
	char value[8];

	if (S_ISCHR(upper->st.st_mode) && upper->st.st_rdev == 0)
		return true;
	return S_ISREG(upper->st.st_mode) && upper->st.st_size == 0 &&
	       overlay_says(upper, "whiteout", value, sizeof(value));
}

static bool keep_xattr(const char *name)
{
	return !str_starts(name, "trusted.overlay.") && !str_starts(name, "user.overlay.");
}

static int take_xattrs(struct arena *a, const struct item *i, struct tar_entry *e)
{
	char list[65536] /* XATTR_LIST_MAX */, value[65536] /* XATTR_SIZE_MAX */;
	ssize_t len = listxattr(i->link, list, sizeof(list)), n;

	if (len < 0)
		return errno == ENOTSUP || errno == EOPNOTSUPP ? 0 : -errno;
	for (char *name = list; name < list + len; name += strlen(name) + 1) {
		if (!keep_xattr(name))
			continue;
		n = getxattr(i->link, name, value, sizeof(value));
		if (n < 0 && errno == ENODATA)
			continue;
		if (n < 0)
			return -errno;
		*arena_push(a, &e->xattrs, &e->n_xattrs) = (struct tar_xattr){
			arena_strdup(a, name), arena_memdup(a, value, (size_t)n), (size_t)n};
	}
	return 0;
}

/* The name under which the file was taken already; else it is remembered under this one. */
static const char *other_name(struct take *t, const struct stat *st)
{
	struct link **bucket = &t->links[(st->st_ino ^ st->st_dev) % LINK_BUCKETS], *l;

	for (l = *bucket; l; l = l->next)
		if (l->dev == st->st_dev && l->ino == st->st_ino)
			return l->name;
	l = arena_new(t->a, struct link);
	*l = (struct link){*bucket, st->st_dev, st->st_ino, arena_strdup(t->a, t->path)};
	*bucket = l;
	return NULL;
}

/* ---- one entry ----------------------------------------------------------------------------------
 */

static int put_file(struct take *t, struct arena *a, const struct item *i, struct tar_entry *e,
		    struct err *err)
{
	auto_fd int fd = path_reopen(i->fd, O_RDONLY | O_NONBLOCK | O_NOCTTY);

	if (fd < 0)
		return err_sys(err, -fd, "open '/%.200s'", t->path);
	if ((uint64_t)i->st.st_blocks * 512 < e->size)
		tar_find_ranges(a, fd, e);
	return tar_put_file(t->w, e, fd, err);
}

static int take_link(struct arena *a, const struct item *i, struct tar_entry *e)
{
	char target[PATH_MAX];
	ssize_t n = readlinkat(i->fd, "", target, sizeof(target));

	if (n < 0 || (size_t)n == sizeof(target))
		return n < 0 ? -errno : -ENAMETOOLONG;
	e->link = arena_strndup(a, target, (size_t)n);
	return 0;
}

static char type_of(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return TAR_FILE;
	case S_IFDIR:
		return TAR_DIR;
	case S_IFLNK:
		return TAR_SYMLINK;
	case S_IFCHR:
		return TAR_CHAR;
	case S_IFBLK:
		return TAR_BLOCKDEV;
	case S_IFIFO:
		return TAR_FIFO;
	default:
		return 0; /* a socket */
	}
}

static int put_item(struct take *t, const struct item *i, struct err *err)
{
	const struct stat *st = &i->st;
	auto_arena a = ARENA_INIT;
	struct tar_entry e = {.type = type_of(st->st_mode),
			      .name = t->path,
			      .mode = st->st_mode & 07777,
			      .uid = st->st_uid,
			      .gid = st->st_gid,
			      .mtime = st->st_mtim.tv_sec,
			      .mtime_ns = (uint32_t)st->st_mtim.tv_nsec};
	int r;

	/* What had that name before is gone. */
	if (!e.type && t->pass)
		forget(t, t->path, "");
	if (!e.type)
		return 0;
	if (e.type != TAR_DIR && st->st_nlink > 1 && (e.link = other_name(t, st))) {
		e.type = TAR_HARDLINK;
		return tar_put(t->w, &e, err);
	}
	if (e.type == TAR_DIR)
		e.name = t->len ? arena_printf(&a, "%s/", t->path) : "./";
	if (e.type == TAR_CHAR || e.type == TAR_BLOCKDEV) {
		e.major = major(st->st_rdev);
		e.minor = minor(st->st_rdev);
	}
	r = take_xattrs(&a, i, &e);
	if (r == 0 && e.type == TAR_SYMLINK)
		r = take_link(&a, i, &e);
	if (r < 0)
		return err_sys(err, -r, "read '/%.200s'", t->path);
	if (e.type != TAR_FILE)
		return tar_put(t->w, &e, err);
	e.size = (uint64_t)st->st_size;
	return put_file(t, &a, i, &e, err);
}

/* ---- directories --------------------------------------------------------------------------------
 */

/* The upper layer hides all of the directory PATH of the layers below: what it does not have is
 * gone. */
static int forget_hidden(struct take *t, int upper, struct err *err)
{
	for (size_t l = 0; l < t->layers->n_lower; l++) {
		auto_arena a = ARENA_INIT;
		const char **v = NULL;
		size_t n = 0;
		struct stat st;
		auto_fd int fd = beneath_open(t->layers->lower[l], t->path, O_PATH | O_DIRECTORY);
		int r = fd < 0 ? 0 : names(t, &a, fd, &v, &n, err);

		if (r < 0)
			return r;
		for (size_t i = 0; i < n; i++)
			if (fstatat(upper, v[i], &st, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
				forget(t, t->path, v[i]);
	}
	return 0;
}

/* What the overlay's upper layer says of a directory: whether all below it is to be taken as it is
 * seen, for the layer alone does not tell. */
static int look_at_upper(struct take *t, const struct item *upper, bool *ret_whole, struct err *err)
{
	char value[16];

	*ret_whole = overlay_says(upper, "redirect", value, sizeof(value));
	if (overlay_says(upper, "opaque", value, sizeof(value)) && streq(value, "y"))
		return forget_hidden(t, upper->fd, err);
	return 0;
}

/* A directory whose files were put anew gets its times back by its own entry, after them. */
static int take_in(struct take *t, const struct item *i, int upper, bool written, struct err *err)
{
	bool outer = t->touched;
	int r;

	t->touched = false;
	r = take_dir(t, i->fd, upper, err);
	if (r == 0 && t->pass && t->touched && !written)
		r = put_item(t, i, err);
	t->touched = outer;
	return r;
}

static int take_below(struct take *t, const struct item *i, const struct item *upper, bool written,
		      struct err *err)
{
	bool whole = !upper;
	int r;

	if (t->depth == MAX_DEPTH)
		return err_fail(err, ENAMETOOLONG, "'/%.200s...': directories more than %d deep",
				t->path, MAX_DEPTH);
	r = upper ? look_at_upper(t, upper, &whole, err) : 0;
	if (r < 0)
		return r;
	t->depth++;
	r = take_in(t, i, whole ? -1 : upper->fd, written, err);
	t->depth--;
	return r;
}

static int is_mount(struct take *t, struct err *err)
{
	if (!t->pass)
		return 0;
	err_fail(err, EXDEV, "something is mounted on '/%.200s' of what is to be copied", t->path);
	return err_hint(err, "unmount it, or copy the files by other means"), -EXDEV;
}

/* What is known of it already is not even opened. 1: it is to be written; a directory is gone
 * through in any case. */
static int look_at(struct take *t, int dirfd, const char *name, bool *ret_dir, struct err *err)
{
	struct stat st;

	if (!t->pass)
		return 1;
	if (t->pass->tick && t->pass->tick(t->pass->ctx, err) < 0)
		return -err->code;
	if (fstatat(dirfd, name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
		return is_gone(t, -errno) ? 0 : err_sys(err, errno, "look at '/%.200s'", t->path);
	*ret_dir = S_ISDIR(st.st_mode);
	return t->pass->wanted(t->pass->ctx, t->path, &st);
}

/* PATH is the entry's already. */
static int take_item(struct take *t, int dirfd, int upperdir, const char *name, struct err *err)
{
	auto_item i = {.fd = -1};
	auto_item upper = {.fd = -1};
	bool dir = false;
	int r = upperdir < 0 ? 0 : item_open(&upper, upperdir, name), wanted;

	if (is_gone(t, r))
		return 0;
	if (r == 0 && upper.fd >= 0 && is_whiteout(&upper)) {
		forget(t, t->path, "");
		return 0;
	}
	wanted = r < 0 ? r : look_at(t, dirfd, name, &dir, err);
	if (wanted <= 0 && !dir)
		return r < 0 ? err_sys(err, -r, "open '/%.200s'", t->path) : wanted;
	r = item_open(&i, dirfd, name);
	if (r == -EXDEV)
		return is_mount(t, err);
	if (is_gone(t, r))
		return 0;
	if (r < 0)
		return err_sys(err, -r, "open '/%.200s'", t->path);
	if (wanted) {
		r = put_item(t, &i, err);
		t->touched = t->touched || !S_ISDIR(i.st.st_mode);
	}
	if (r == 0 && S_ISDIR(i.st.st_mode))
		r = take_below(t, &i, upper.fd >= 0 && S_ISDIR(upper.st.st_mode) ? &upper : NULL,
			       wanted, err);
	return r;
}

/* The names of the upper layer, or of the directory itself if there is none. */
static int take_dir(struct take *t, int dirfd, int upper, struct err *err)
{
	auto_arena a = ARENA_INIT;
	const char **v = NULL;
	size_t n = 0, len = t->len;
	int r = names(t, &a, upper >= 0 ? upper : dirfd, &v, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		r = push(t, v[i], err);
		if (r == 0)
			r = take_item(t, dirfd, upper, v[i], err);
		pop(t, len);
	}
	return r;
}

int tree_take(struct tar_writer *w, int rootfd, const struct tree_layers *layers, struct arena *a,
	      struct oci_strings *deleted, struct err *err)
{
	return tree_take_pass(w, rootfd, layers, NULL, a, deleted, err);
}

static int take_root(struct take *t, int rootfd, struct err *err)
{
	struct item root = {.fd = rootfd};
	bool dir;
	int r = item_open(&root, rootfd, "."), wanted;

	if (r < 0)
		return err_sys(err, -r, "open what is to be copied");
	wanted = look_at(t, rootfd, ".", &dir, err);
	r = wanted > 0 ? put_item(t, &root, err) : wanted;
	if (r == 0)
		r = take_in(t, &root, t->layers->upper, wanted, err);
	item_close(&root);
	return r;
}

int tree_take_pass(struct tar_writer *w, int rootfd, const struct tree_layers *layers,
		   const struct tree_pass *pass, struct arena *a, struct oci_strings *deleted,
		   struct err *err)
{
	auto_free struct take *t = calloc(1, sizeof(*t));

	if (!t)
		return err_sys(err, ENOMEM, "read the root file system");
	t->w = w;
	t->layers = layers;
	t->a = a;
	t->deleted = deleted;
	t->pass = pass;
	return pass ? take_root(t, rootfd, err) : take_dir(t, rootfd, layers->upper, err);
}
