/* RUNTIME: migrate: which trees of files go along. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/files.h"

#define MAX_DEPTH 400

/* ---- how much there is ------------------------------------------------------------------------
 */

static void measure(struct files_tree *t, int dirfd, int depth)
{
	int copy = path_openat2(dirfd, ".", O_RDONLY | O_DIRECTORY, 0, 0);
	auto_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		auto_fd int fd = -1;
		struct stat st;

		if (streq(e->d_name, ".") || streq(e->d_name, "..") ||
		    fstatat(dirfd, e->d_name, &st, AT_SYMLINK_NOFOLLOW | AT_NO_AUTOMOUNT) < 0)
			continue;
		t->files++;
		t->bytes += (uint64_t)st.st_blocks * 512 / (S_ISDIR(st.st_mode) ? 1 : st.st_nlink);
		if (!S_ISDIR(st.st_mode) || depth == MAX_DEPTH)
			continue;
		fd = beneath_open(dirfd, e->d_name, O_PATH | O_DIRECTORY | O_NOFOLLOW);
		if (fd >= 0)
			measure(t, fd, depth + 1);
	}
}

static int add_tree(struct files *f, const char *kind, const char *path, const char *here,
		    struct err *err)
{
	struct files_tree *t = arena_push(&f->arena, &f->trees, &f->n);
	int r = 0;

	*t = (struct files_tree){.kind = kind, .path = path, .here = here};
	t->layers.upper = -1;
	t->fd = path_openat2(AT_FDCWD, here, O_PATH | O_DIRECTORY, 0, 0);
	if (t->fd < 0)
		return err_sys(err, -t->fd, "open '%s', which is to be copied", here);
	if (streq(kind, FILES_UPPER)) {
		r = layers_find(&f->arena, t->fd, &t->layers, err);
		if (r < 0)
			err_hint(err, "--rootfs copy needs no layers");
		if (r == 0)
			return err_fail(err, EINVAL,
					"--rootfs upper: the root file system '%s' is no overlay",
					here);
	}
	if (r >= 0)
		measure(t, t->layers.upper < 0 ? t->fd : t->layers.upper, 0);
	return r < 0 ? r : 0;
}

/* ---- which -------------------------------------------------------------------------------------
 */

static bool same_path(const char *a, const char *b)
{
	size_t x = strlen(a), y = strlen(b);

	while (x > 1 && a[x - 1] == '/')
		x--;
	while (y > 1 && b[y - 1] == '/')
		y--;
	return x == y && memcmp(a, b, x) == 0;
}

static bool is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	while (n > 1 && dir[n - 1] == '/')
		n--;
	return strncmp(path, dir, n) == 0 && (path[n] == '/' || !path[n]);
}

static int add_volume(struct files *f, const struct oci_spec *spec, const char *wanted,
		      struct err *err)
{
	const char *source = NULL;

	for (size_t i = 0; i < spec->mounts.n; i++) {
		const struct oci_mount *m = &spec->mounts.v[i];

		if (m->destination && same_path(m->destination, wanted) && given(m->source) &&
		    m->source[0] == '/')
			source = m->source;
	}
	if (!source) {
		err_fail(err, EINVAL, "--volume: config.json has no bind mount on '%s'", wanted);
		return err_hint(err, "the destination of a mount is meant, whose source is a "
				     "directory by its whole path"),
		       -EINVAL;
	}
	for (size_t i = 0; i < f->n; i++)
		if (is_below(f->trees[i].here, source) || is_below(source, f->trees[i].here))
			return err_fail(err, EINVAL,
					"--volume: '%s' and '%s' would be copied twice", source,
					f->trees[i].here);
	return add_tree(f, FILES_VOLUME, source, source, err);
}

int files_plan(struct files *f, struct container *c, const struct oci_spec *spec,
	       const char *rootfs, const char *const *volumes, size_t n_volumes, struct err *err)
{
	const char *kind = NULL;
	int r = 0;

	f->c = c;
	if (given(rootfs) && streq(rootfs, FILES_COPY))
		kind = FILES_COPY;
	else if (given(rootfs) && streq(rootfs, FILES_UPPER))
		kind = FILES_UPPER;
	else if (given(rootfs) && !streq(rootfs, "none"))
		return err_fail(err, EINVAL, "--rootfs: '%s' is not none, copy or upper", rootfs);
	if (kind && (!spec->root || !given(spec->root->path)))
		return err_fail(err, EINVAL, "config.json has no root.path");
	if (kind)
		r = add_tree(f, kind, spec->root->path, c->state.rootfs, err);
	for (size_t i = 0; r == 0 && i < n_volumes; i++)
		r = add_volume(f, spec, volumes[i], err);
	return r;
}

/* ---- what the target has to know ---------------------------------------------------------------
 */

static bool is_sent(const struct files *f, const char *source)
{
	for (size_t i = 0; i < f->n; i++)
		if (streq(f->trees[i].kind, FILES_VOLUME) && same_path(f->trees[i].here, source))
			return true;
	return false;
}

void files_need(const struct files *f, struct arena *a, struct migrate_need *need)
{
	size_t n = 0;

	if (!f->n)
		return;
	for (size_t i = 0; i < need->sources.n; i++)
		if (!is_sent(f, need->sources.v[i]))
			need->sources.v[n++] = need->sources.v[i];
	need->sources.n = n;
	need->trees.v = arena_array(a, struct migrate_tree, f->n);
	need->trees.set = true;
	need->trees.n = f->n;
	for (size_t i = 0; i < f->n; i++) {
		const struct files_tree *t = &f->trees[i];

		need->trees.v[i] =
			(struct migrate_tree){t->kind, t->path, {true, t->bytes}, {true, t->files}};
	}
}
