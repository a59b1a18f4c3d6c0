/* RUNTIME: migrate-receive: trees of files that come, and what is left of those that did not. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <linux/fs.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/files.h"
#include "libcontainer/checkpoint/receive.h"
#include "oci-spec/field.h"
#include "oci-spec/oci.h"

#define NOTE         "files.json"
#define MOVED        "files.moved" /* the same, when all is there: with what is not ours */
#define STAGE        ".hull-migrate-%s"

#define SYNC_MS      600000 /* a disk that takes longer is given up */
#define SYNC_TICK_MS 5000   /* the source hears that we are at work */

/* What is noted before anything is made. */
struct taken_tree {
	const char *dir;
	struct oci_strings made; /* directories, the outermost first */
	/* In MOVED: which directory it is, and what somebody else has put into it. */
	struct opt_u64 inode;
	struct oci_strings others;
};
struct taken_note {
	const char *config; /* is ours if the bundle is: its config.json */
	OCI_ARRAY(struct taken_tree) trees;
};

/* clang-format off */
static const struct oci_field taken_tree_fields[] = {
	FIELD_STRING (taken_tree, dir,    "dir"),
	FIELD_STRINGS(taken_tree, made,   "made"),
	FIELD_U64    (taken_tree, inode,  "inode"),
	FIELD_STRINGS(taken_tree, others, "others"),
};
static OCI_TYPE(taken_tree, taken_tree_fields);
static const struct oci_field taken_note_fields[] = {
	FIELD_STRING (taken_note, config, "config"),
	FIELD_OBJECTS(taken_note, trees,  "trees", taken_tree),
};
static OCI_TYPE(taken_note, taken_note_fields);
/* clang-format on */

struct files_place {
	const char *dir;
	struct oci_strings made;
	bool upper; /* what comes goes over what is there */
	int dir_fd, fd;
	struct tar_entry root; /* what is said of the tree's own directory */
};
struct files_taken {
	struct files_place *v;
	size_t n;
	const char *stage;
	uint8_t *buf;
};

/* ---- room --------------------------------------------------------------------------------------
 */

/* All directories above PATH, and it, that are not there. */
static void find_missing(struct arena *a, const char *path, struct oci_strings *ret)
{
	char *copy = arena_strdup(a, path);
	const char **v = (const char **)(uintptr_t)ret->v;

	ret->set = true;
	for (char *p = copy + 1;; p++) {
		char c = *p;
		struct stat st;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (p[-1] != '/' && stat(copy, &st) < 0 && errno == ENOENT)
			*arena_push(a, &v, &ret->n) = arena_strdup(a, copy);
		*p = c;
		if (!c)
			break;
	}
	ret->v = v;
}

static int make_room(struct receiver *x, struct files_place *p, struct err *err)
{
	for (size_t i = 0; i < p->made.n; i++)
		if (mkdir(p->made.v[i], 0755) < 0 && errno != EEXIST)
			return err_sys(err, errno, "make '%s'", p->made.v[i]);
	p->dir_fd = path_openat2(AT_FDCWD, p->dir, O_RDONLY | O_DIRECTORY, 0, 0);
	if (p->dir_fd < 0)
		return err_sys(err, -p->dir_fd, "open '%s'", p->dir);
	if (p->upper)
		return 0;
	if (mkdirat(p->dir_fd, x->taken->stage, 0700) < 0)
		return err_sys(err, errno, "make a directory in '%s'", p->dir);
	p->fd = beneath_open(p->dir_fd, x->taken->stage, O_RDONLY | O_DIRECTORY | O_NOFOLLOW);
	return p->fd < 0 ? err_sys(err, -p->fd, "open a directory in '%s'", p->dir) : 0;
}

/* Once the files are moved up, what was there before is told from them by its names. */
static int note_others(struct arena *a, const char *stage, const struct files_place *p,
		       struct taken_tree *ret, struct err *err)
{
	int copy = openat(p->dir_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	const char **v = NULL;
	struct dirent *e;
	struct stat st;

	if (!dir || fstat(p->dir_fd, &st) < 0)
		return err_sys(err, errno, "look at '%s'", p->dir);
	ret->inode = (struct opt_u64){true, st.st_ino};
	while ((errno = 0, e = readdir(dir)))
		if (!streq(e->d_name, ".") && !streq(e->d_name, "..") && !streq(e->d_name, stage))
			*arena_push(a, &v, &ret->others.n) = arena_strdup(a, e->d_name);
	ret->others.v = v;
	ret->others.set = true;
	return errno ? err_sys(err, errno, "look at '%s'", p->dir) : 0;
}

/* Before anything is made, and before it is moved: who comes after us finds what is ours. */
static int note_all(struct receiver *x, const char *name, bool complete, struct err *err)
{
	const struct files_taken *t = x->taken;
	struct taken_note note = {.trees = {.set = true}};
	const char *text;

	note.trees.v = arena_array(&x->arena, struct taken_tree, t->n);
	for (size_t i = 0; i < t->n; i++) {
		struct files_place *p = &t->v[i];
		struct taken_tree *tree = &note.trees.v[note.trees.n];

		if (p->upper)
			continue;
		if (!complete)
			find_missing(&x->arena, p->dir, &p->made);
		*tree = (struct taken_tree){.dir = p->dir, .made = p->made};
		if (complete && note_others(&x->arena, t->stage, p, tree, err) < 0)
			return -err->code;
		note.trees.n++;
		for (size_t j = 0; j < p->made.n; j++)
			if (streq(p->made.v[j], x->need.bundle))
				note.config =
					arena_printf(&x->arena, "%s/config.json", x->need.bundle);
	}
	text = oci_encode(&x->arena, &taken_note_type, &note, "");
	return io_replace_file(x->dir_fd, name, text, strlen(text), 0600, err);
}

static const char *stage_of(struct arena *a, const char *id)
{
	return arena_printf(a, STAGE, id);
}

int files_take_begin(struct receiver *x, struct err *err)
{
	size_t n = x->need.trees.n;
	char id[MIGRATION_ID_TEXT];
	struct files_taken *t;
	int r;

	if (!n)
		return 0;
	t = x->taken = arena_new(&x->arena, struct files_taken);
	t->stage = stage_of(&x->arena, migration_id_format(&x->id, id));
	t->v = arena_array(&x->arena, struct files_place, n);
	for (size_t i = 0; i < n; i++) {
		t->v[i] = (struct files_place){.dir_fd = -1, .fd = -1};
		t->v[i].upper = streq(x->need.trees.v[i].kind, FILES_UPPER);
		t->v[i].dir = files_place(&x->arena, &x->need, i);
	}
	t->n = n;
	t->buf = malloc(WIRE_BODY_MAX);
	if (!t->buf)
		return err_sys(err, ENOMEM, "receive files");
	r = note_all(x, NOTE, false, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = make_room(x, &t->v[i], err);
	return r;
}

/* ---- what comes --------------------------------------------------------------------------------
 */

struct stream {
	struct receiver *x;
	uint32_t number;
	size_t at, len;
	bool last;
};

static int next(struct stream *s, const struct wire_msg *msg, struct err *err)
{
	if (msg->type != WIRE_ROOTFS || msg->rootfs.stream != s->number)
		return err_fail(err, EPROTO, "the source sent %s in the midst of files",
				wire_type_name(msg->type));
	s->at = 0;
	s->len = msg->len;
	s->last = msg->rootfs.last;
	return wire_body(&s->x->wire, msg, s->x->taken->buf, err);
}

static int more(struct stream *s, struct err *err)
{
	struct wire_msg msg;
	int r = wire_next(&s->x->wire, s->x->opts->idle_ms, &msg, err);

	return r < 0 ? r : next(s, &msg, err);
}

static ssize_t get(void *ctx, void *buf, size_t size, struct err *err)
{
	struct stream *s = ctx;
	size_t n;

	while (s->at == s->len) {
		int r = s->last ? 1 : more(s, err);

		if (r != 0)
			return r < 0 ? r : 0;
	}
	n = s->len - s->at < size ? s->len - s->at : size;
	memcpy(buf, s->x->taken->buf + s->at, n);
	s->at += n;
	return (ssize_t)n;
}

static int take_tree(struct stream *s, struct files_place *p, struct err *err)
{
	struct tar_reader r = {.fd = -1, .file = p->dir, .budget = INT64_MAX, .get = get, .ctx = s};
	int n = tree_put_below(&r, p->upper ? p->dir_fd : p->fd, &s->x->arena, &p->root, err);

	while (n == 0 && !s->last)
		n = more(s, err);
	return n;
}

/* A name is removed from its directory, which keeps the time it has: its entry came before. */
static int remove_one(int rootfd, const char *path, struct err *err)
{
	char buf[PATH_MAX], *slash;
	struct timespec times[2];
	auto_fd int dir = -1;
	struct stat st;
	int r;

	if (strlen(path) >= sizeof(buf))
		return err_fail(err, EPROTO, "a name that is too long was removed");
	memcpy(buf, path, strlen(path) + 1);
	slash = strrchr(buf, '/');
	if (slash)
		*slash = '\0';
	dir = root_open(rootfd, slash ? buf : "", O_RDONLY | O_DIRECTORY);
	if (dir == -ENOENT || dir == -ENOTDIR)
		return 0;
	if (dir < 0 || fstat(dir, &st) < 0)
		return err_sys(err, dir < 0 ? -dir : errno, "look at '%.200s'", path);
	r = tree_remove(rootfd, path, err);
	times[0] = st.st_atim;
	times[1] = st.st_mtim;
	if (r == 0 && futimens(dir, times) < 0)
		return err_sys(err, errno, "set the times of '%.200s'", buf);
	return r;
}

static int take_gone(struct stream *s, struct files_place *p, struct err *err)
{
	const char *name = (const char *)s->x->taken->buf;
	int r = 0;

	for (;;) {
		if (!s->len || name[s->len - 1])
			return err_fail(err, EPROTO, "a list of names does not end");
		for (const char *end = name + s->len; r == 0 && name < end;
		     name += strlen(name) + 1)
			r = remove_one(p->upper ? p->dir_fd : p->fd, name, err);
		if (r == 0 && !s->last)
			r = more(s, err);
		else
			return r;
		if (r < 0)
			return r;
		name = (const char *)s->x->taken->buf;
	}
}

int files_take(struct receiver *x, const struct wire_msg *msg, struct err *err)
{
	struct stream s = {.x = x, .number = msg->rootfs.stream};
	size_t i = s.number / 2;
	int r;

	if (!x->taken || i >= x->taken->n)
		return err_fail(err, EPROTO, "the source sent files that it did not announce");
	r = next(&s, msg, err);
	if (r < 0)
		return r;
	r = s.number % 2 ? take_gone(&s, &x->taken->v[i], err)
			 : take_tree(&s, &x->taken->v[i], err);
	return r < 0 ? err_wrap(err, "files of '%s'", x->taken->v[i].dir) : 0;
}

/* ---- its place ---------------------------------------------------------------------------------
 */

static int move_up(const struct files_taken *t, const struct files_place *p, struct err *err)
{
	int copy = openat(p->fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	if (!dir)
		return err_sys(err, errno, "look at what came for '%s'", p->dir);
	while ((e = readdir(dir)))
		if (!streq(e->d_name, ".") && !streq(e->d_name, "..") &&
		    syscall(SYS_renameat2, p->fd, e->d_name, p->dir_fd, e->d_name,
			    RENAME_NOREPLACE) < 0)
			return err_sys(err, errno, "move '%.200s' to '%s'", e->d_name, p->dir);
	if (unlinkat(p->dir_fd, t->stage, AT_REMOVEDIR) < 0)
		return err_sys(err, errno, "remove a directory in '%s'", p->dir);
	return 0;
}

int files_take_end(struct receiver *x, struct err *err)
{
	int r;

	if (!x->taken)
		return 0;
	r = note_all(x, MOVED, true, err);
	for (size_t i = 0; r == 0 && i < x->taken->n; i++) {
		struct files_place *p = &x->taken->v[i];

		r = p->upper ? 0 : move_up(x->taken, p, err);
		if (r < 0 || !p->root.type)
			continue;
		r = tree_set_attributes(p->dir_fd, &p->root, true);
		if (r < 0)
			err_sys(err, -r, "set the attributes of '%s'", p->dir);
	}
	return r;
}

static _Noreturn void sync_all(struct receiver *x)
{
	int r = 0;

	/* A disk may keep us for ever: nobody else shall wait for that. */
	close(x->wire.in);
	if (x->wire.out != x->wire.in)
		close(x->wire.out);
	close(x->opts->said);
	close_fd(&x->net.helper_fd);
	close_fd(&x->dir_fd);
	for (size_t i = 0; i < x->taken->n; i++)
		if (syncfs(x->taken->v[i].dir_fd) < 0)
			r = errno;
	_exit(r);
}

void files_take_sync(struct receiver *x)
{
	const struct wire_msg at_work = receive_progress(x);
	auto_fd int pidfd = -1;
	struct err ignored;
	int status = -ETIMEDOUT;
	pid_t pid;

	if (!x->taken)
		return;
	pid = proc_clone(0, -1, &pidfd);
	if (pid == 0)
		sync_all(x);
	for (int ms = 0; pid > 0 && status == -ETIMEDOUT && ms < SYNC_MS; ms += SYNC_TICK_MS) {
		if (proc_pidfd_wait_exit(pidfd, SYNC_TICK_MS) == 0)
			status = proc_wait(pid);
		else
			(void)!wire_send(&x->wire, &at_work, NULL, 0, &ignored);
	}
	if (pid < 0)
		status = (int)-pid;
	if (status && x->opts->said >= 0)
		dprintf(x->opts->said,
			"hull: the files that came are perhaps not on the disk: %s\n",
			err_name(status < 0 ? -status : status));
}

void files_take_close(struct receiver *x)
{
	for (size_t i = 0; x->taken && i < x->taken->n; i++) {
		close_fd(&x->taken->v[i].fd);
		close_fd(&x->taken->v[i].dir_fd);
	}
	if (x->taken)
		free(x->taken->buf);
	x->taken = NULL;
}

/* ---- undo --------------------------------------------------------------------------------------
 */

static int remove_all(int fd, const struct oci_strings *but, struct err *err)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC), r = 0;
	auto_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	while (r == 0 && dir && (e = readdir(dir)))
		if (!streq(e->d_name, ".") && !streq(e->d_name, "..") &&
		    !oci_strings_have(but, e->d_name))
			r = tree_remove(fd, e->d_name, err);
	return r;
}

static int undo_tree(const struct taken_tree *t, const char *stage, struct err *err)
{
	auto_fd int fd = path_openat2(AT_FDCWD, t->dir, O_RDONLY | O_DIRECTORY, 0, 0);
	int r = fd < 0 ? 0 : tree_remove(fd, stage, err);
	struct stat st;

	/* Another directory of that name is somebody else's. */
	if (r == 0 && fd >= 0 && t->inode.set && fstat(fd, &st) == 0 && st.st_ino == t->inode.v)
		r = remove_all(fd, &t->others, err);
	/* Only what is empty. */
	for (size_t i = t->made.n; r == 0 && i > 0; i--)
		(void)rmdir(t->made.v[i - 1]);
	return r;
}

int files_undo(struct arena *a, int dirfd, const char *name, enum journal_phase phase,
	       struct err *err)
{
	const char *id = strrchr(name, '/') + 1;
	struct taken_note note = {0};
	struct err ignored = ERR_NONE;
	bool moved = oci_decode_file(a, &taken_note_type, dirfd, MOVED, &note, &ignored) == 0;
	int r = 0;

	if (phase != JOURNAL_RECEIVING && phase != JOURNAL_ABORTED && phase != JOURNAL_LOST)
		return 0;
	if (!moved)
		note = (struct taken_note){0};
	if (!moved && oci_decode_file(a, &taken_note_type, dirfd, NOTE, &note, &ignored) < 0)
		return 0;
	if (moved && given(note.config))
		(void)!unlink(note.config);
	for (size_t i = note.trees.n; r == 0 && i > 0; i--)
		r = undo_tree(&note.trees.v[i - 1], stage_of(a, id), err);
	if (r == 0) {
		(void)!unlinkat(dirfd, MOVED, 0);
		(void)!unlinkat(dirfd, NOTE, 0);
	}
	return r;
}
