/* RUNTIME: migrate-receive: what is left of trees of files that came for nothing. */
#include <errno.h>
#include <fcntl.h>
#include <linux/stat.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/files.h"
#include "libcontainer/checkpoint/files_note.h"

#define MAX_IDS   ((size_t)1 << 30) /* bytes of them that are read */
#define MAX_DEPTH 400

/* clang-format off */
static const struct oci_field taken_tree_fields[] = {
	FIELD_STRING (taken_tree, dir,   "dir"),
	FIELD_STRINGS(taken_tree, made,  "made"),
	FIELD_BOOL   (taken_tree, upper, "upper"),
	FIELD_U64    (taken_tree, inode, "inode"),
};
static OCI_TYPE(taken_tree, taken_tree_fields);
static const struct oci_field taken_note_fields[] = {
	FIELD_STRING (taken_note, config, "config"),
	FIELD_OBJECTS(taken_note, trees,  "trees", taken_tree),
};
OCI_TYPE(taken_note, taken_note_fields);
/* clang-format on */

/* ---- which files are ours ----------------------------------------------------------------------
 */

struct id {
	uint64_t ino, born;
};

static int id_of(int fd, const char *name, struct id *ret, mode_t *ret_mode)
{
	struct statx sx;

	if (syscall(SYS_statx, fd, name, AT_EMPTY_PATH | AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT,
		    STATX_TYPE | STATX_INO | STATX_BTIME, &sx) < 0)
		return -errno;
	*ret = (struct id){.ino = sx.stx_ino};
	if (sx.stx_mask & STATX_BTIME)
		ret->born = (uint64_t)sx.stx_btime.tv_sec * 1000000000 + sx.stx_btime.tv_nsec;
	*ret_mode = sx.stx_mode;
	return 0;
}

int taken_ids_open(int dirfd, size_t tree, FILE **ret, struct err *err)
{
	char name[32];
	int fd;

	snprintf(name, sizeof(name), TAKEN_IDS, tree);
	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	*ret = fd < 0 ? NULL : fdopen(fd, "we");
	if (!*ret)
		return err_sys(err, errno, "make '%s'", name);
	(void)setvbuf(*ret, NULL, _IOFBF, 1 << 16);
	return 0;
}

void taken_ids_add(void *ctx, int fd)
{
	struct id id;
	mode_t mode;

	if (id_of(fd, "", &id, &mode) == 0)
		(void)fwrite(&id, sizeof(id), 1, ctx);
}

void taken_ids_close(FILE **ids)
{
	if (*ids)
		(void)fclose(*ids);
	*ids = NULL;
}

static int compare(const void *a, const void *b)
{
	const struct id *x = a, *y = b;

	if (x->ino != y->ino)
		return x->ino < y->ino ? -1 : 1;
	return x->born < y->born ? -1 : x->born > y->born;
}

/* ---- removing ----------------------------------------------------------------------------------
 */

struct undo {
	struct arena *a;
	struct id *ids; /* sorted */
	size_t n;
	uint64_t others;   /* that stay */
	const char *other; /* one of them */
};

/* CRIU makes sockets anew: they are no files that came. Nobody listens to those that are left. */
static bool is_dead_socket(int dirfd, const char *name)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	/* A server of streams does not hear of it. */
	auto_fd int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	int n = snprintf(sun.sun_path, sizeof(sun.sun_path), "/proc/self/fd/%d/%s", dirfd, name);

	return fd >= 0 && n > 0 && (size_t)n < sizeof(sun.sun_path) &&
	       connect(fd, (const struct sockaddr *)&sun, sizeof(sun)) < 0 && errno == ECONNREFUSED;
}

static void keep(struct undo *u, const char *path, const char *name)
{
	if (!u->others++)
		u->other = arena_printf(u->a, "%s%s%s", path, *path ? "/" : "", name);
}

static int remove_ours(struct undo *u, int fd, const char *path, int depth);

/* With what is ours in it; what is in it besides has been told of. */
static int remove_dir(struct undo *u, int dirfd, const char *name, const char *path, int depth)
{
	auto_fd int fd = beneath_open(dirfd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	int r = fd;

	if (r == -EXDEV || depth == MAX_DEPTH)
		return keep(u, path, name), 0;
	if (r >= 0) {
		char *below = arena_printf(u->a, "%s%s%s", path, *path ? "/" : "", name);

		r = remove_ours(u, fd, below, depth + 1);
	}
	if (r >= 0 && unlinkat(dirfd, name, AT_REMOVEDIR) < 0 && errno != ENOTEMPTY)
		r = -errno;
	return r < 0 ? r : 0;
}

static int remove_ours(struct undo *u, int fd, const char *path, int depth)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	auto_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!dir)
		return -errno;
	while (r == 0 && (e = readdir(dir))) {
		struct id id;
		mode_t mode;

		if (streq(e->d_name, ".") || streq(e->d_name, "..") ||
		    id_of(fd, e->d_name, &id, &mode) < 0)
			continue;
		if (!(u->n && bsearch(&id, u->ids, u->n, sizeof(id), compare)) &&
		    !(S_ISSOCK(mode) && is_dead_socket(fd, e->d_name)))
			keep(u, path, e->d_name);
		else if (S_ISDIR(mode))
			r = remove_dir(u, fd, e->d_name, path, depth);
		else if (unlinkat(fd, e->d_name, 0) < 0 && errno != ENOENT)
			r = -errno;
	}
	return r;
}

/* They came and were moved up: among what somebody else may have put there since. */
static int undo_moved(struct arena *a, int dirfd, size_t i, int fd, const char *dir,
		      struct err *err)
{
	char name[32], *text = NULL;
	struct undo u = {.a = a};
	size_t len = 0;
	int r;

	snprintf(name, sizeof(name), TAKEN_IDS, i);
	r = io_read_file(a, dirfd, name, MAX_IDS, &text, &len, err);
	if (r < 0 && r != -ENOENT)
		return r;
	err_clear(err);
	u.n = len / sizeof(*u.ids);
	u.ids = arena_memdup(a, text, u.n * sizeof(*u.ids));
	if (u.n)
		qsort(u.ids, u.n, sizeof(*u.ids), compare);
	r = remove_ours(&u, fd, "", 0);
	if (r < 0)
		return err_sys(err, -r, "remove what came to '%s'", dir);
	if (u.others)
		log_later("'%s' keeps what did not come with the container: '%.200s'%s", dir,
			  u.other, u.others > 1 ? " and more" : "");
	return 0;
}

/* What an overlay shows cannot be taken back by means of it, only hidden; and nobody may write to
 * the layers of one that is mounted. */
static void tell_of_upper(struct arena *a, const char *dir)
{
	auto_fd int fd = path_openat2(AT_FDCWD, dir, O_PATH | O_DIRECTORY, 0, 0);
	struct tree_layers layers = {.upper = -1};
	struct err ignored = ERR_NONE;

	if (fd >= 0 && layers_find(a, fd, &layers, &ignored) > 0 && !files_is_empty(layers.upper))
		log_later("the upper layer of '%s' keeps what came: mount it with a new one", dir);
	layers_close(&layers);
}

static int undo_tree(struct arena *a, int dirfd, size_t i, const struct taken_tree *t,
		     const char *stage, struct err *err)
{
	auto_fd int fd = path_openat2(AT_FDCWD, t->dir, O_RDONLY | O_DIRECTORY, 0, 0);
	int r = fd < 0 ? 0 : tree_remove(fd, stage, err);
	struct stat st;

	/* Another directory of that name is somebody else's. */
	if (r == 0 && fd >= 0 && t->inode.set && fstat(fd, &st) == 0 && st.st_ino == t->inode.v)
		r = undo_moved(a, dirfd, i, fd, t->dir, err);
	/* Only what is empty. */
	for (size_t j = t->made.n; r == 0 && j > 0; j--)
		(void)rmdir(t->made.v[j - 1]);
	return r;
}

static void forget(int dirfd, size_t n)
{
	char name[32];

	(void)!unlinkat(dirfd, TAKEN_MOVED, 0);
	(void)!unlinkat(dirfd, TAKEN_NOTE, 0);
	for (size_t i = 0; i < n; i++) {
		snprintf(name, sizeof(name), TAKEN_IDS, i);
		(void)!unlinkat(dirfd, name, 0);
	}
}

int files_undo(struct arena *a, int dirfd, const char *name, enum journal_phase phase,
	       struct err *err)
{
	const char *stage = arena_printf(a, TAKEN_STAGE, strrchr(name, '/') + 1);
	struct taken_note note = {0};
	struct err ignored = ERR_NONE;
	bool moved = oci_decode_file(a, &taken_note_type, dirfd, TAKEN_MOVED, &note, &ignored) == 0;
	int r = 0;

	if (phase != JOURNAL_RECEIVING && phase != JOURNAL_ABORTED && phase != JOURNAL_LOST)
		return 0;
	if (!moved)
		note = (struct taken_note){0};
	if (!moved && oci_decode_file(a, &taken_note_type, dirfd, TAKEN_NOTE, &note, &ignored) < 0)
		return 0;
	if (moved && given(note.config))
		(void)!unlink(note.config);
	for (size_t i = note.trees.n; r == 0 && i > 0; i--) {
		const struct taken_tree *t = &note.trees.v[i - 1];

		if (t->upper.set && t->upper.v)
			tell_of_upper(a, t->dir);
		else
			r = undo_tree(a, dirfd, i - 1, t, stage, err);
	}
	if (r == 0)
		forget(dirfd, note.trees.n);
	return r;
}
