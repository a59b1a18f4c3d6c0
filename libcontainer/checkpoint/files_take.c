/* RUNTIME: migrate-receive: trees of files that come. */
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
#include "libcontainer/checkpoint/files_note.h"
#include "libcontainer/checkpoint/receive.h"
#include "oci-spec/field.h"
#include "oci-spec/oci.h"

#define SYNC_MS      600000 /* a disk that takes longer is given up */
#define SYNC_TICK_MS 5000   /* the source hears that we are at work */

struct files_place {
	const char *dir;
	struct oci_strings made;
	bool upper; /* what comes goes over what is there */
	int dir_fd, fd;
	struct tar_entry root; /* what is said of the tree's own directory */
	FILE *ids;             /* what was made; NULL: nobody has to know */
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

/* Before anything is made, and before it is moved: who comes after us finds what is ours. */
static int note_all(struct receiver *x, const char *name, bool complete, struct err *err)
{
	const struct files_taken *t = x->taken;
	struct taken_note note = {.trees = {.set = true}};
	const char *text;

	note.trees.v = arena_array(&x->arena, struct taken_tree, t->n);
	for (size_t i = 0; i < t->n; i++) {
		struct files_place *p = &t->v[i];
		struct taken_tree *tree = &note.trees.v[i];
		struct stat st;

		if (!complete && !p->upper)
			find_missing(&x->arena, p->dir, &p->made);
		*tree = (struct taken_tree){p->dir, p->made, {p->upper, p->upper}, {0}};
		note.trees.n++;
		if (complete && fstat(p->dir_fd, &st) < 0)
			return err_sys(err, errno, "look at '%s'", p->dir);
		if (complete)
			tree->inode = (struct opt_u64){true, st.st_ino};
		for (size_t j = 0; j < p->made.n; j++)
			if (streq(p->made.v[j], x->need.bundle))
				note.config =
					arena_printf(&x->arena, "%s/config.json", x->need.bundle);
	}
	text = oci_encode(&x->arena, &taken_note_type, &note, "");
	return io_replace_file(x->dir_fd, name, text, strlen(text), 0600, err);
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
	t->stage = arena_printf(&x->arena, TAKEN_STAGE, migration_id_format(&x->id, id));
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
	r = note_all(x, TAKEN_NOTE, false, err);
	for (size_t i = 0; r == 0 && i < n; i++)
		r = make_room(x, &t->v[i], err);
	for (size_t i = 0; r == 0 && i < n; i++)
		if (!t->v[i].upper)
			r = taken_ids_open(x->dir_fd, i, &t->v[i].ids, err);
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
	const struct tree_into to = {.fd = p->upper ? p->dir_fd : p->fd,
				     .root = &p->root,
				     .arena = &s->x->arena,
				     .made = p->ids ? taken_ids_add : NULL,
				     .ctx = p->ids};
	int n = tree_put_below(&r, &to, err);

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
	for (size_t i = 0; i < x->taken->n; i++)
		taken_ids_close(&x->taken->v[i].ids);
	r = note_all(x, TAKEN_MOVED, true, err);
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
		taken_ids_close(&x->taken->v[i].ids);
		close_fd(&x->taken->v[i].fd);
		close_fd(&x->taken->v[i].dir_fd);
	}
	if (x->taken)
		free(x->taken->buf);
	x->taken = NULL;
}
