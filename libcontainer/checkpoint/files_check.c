/* RUNTIME: migrate-receive: whether there is room for trees of files. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/files.h"
#include "oci-spec/oci.h"

bool files_has(const struct migrate_need *need, const char *kind)
{
	for (size_t i = 0; i < need->trees.n; i++)
		if (given(need->trees.v[i].kind) && streq(need->trees.v[i].kind, kind))
			return true;
	return false;
}

/* The bundle's own configuration says where its root is, if it has one; else it will be the
 * source's. */
static const char *root_path(struct arena *a, const struct migrate_need *need, const char *path)
{
	const char *file = arena_printf(a, "%s/config.json", need->bundle);
	struct oci_spec spec = {0};
	struct err err = ERR_NONE;

	if (oci_decode_file(a, &oci_spec_type, AT_FDCWD, file, &spec, &err) < 0 || !spec.root ||
	    !given(spec.root->path))
		return path;
	return spec.root->path;
}

const char *files_place(struct arena *a, const struct migrate_need *need, size_t i)
{
	const struct migrate_tree *t = &need->trees.v[i];
	const char *path = t->path;

	if (streq(t->kind, FILES_VOLUME))
		return path;
	path = root_path(a, need, path);
	return path[0] == '/' ? path : arena_printf(a, "%s/%s", need->bundle, path);
}

/* ---- what is in the way -------------------------------------------------------------------------
 */

struct look {
	struct arena *a;
	struct oci_strings *problems;
};

static void problem(const struct look *l, const char *text)
{
	const char **v = (const char **)(uintptr_t)l->problems->v;

	*arena_push(l->a, &v, &l->problems->n) = text;
	l->problems->v = v;
}

bool files_is_empty(int fd)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			return false;
	return dir;
}

static void check_free(const struct look *l, const char *path)
{
	auto_fd int fd = open(path, O_PATH | O_CLOEXEC);
	struct stat st;

	if (fd < 0 && errno == ENOENT)
		return;
	if (fd < 0 || fstat(fd, &st) < 0)
		problem(l, arena_printf(l->a, "'%s': %s", path, err_name(errno)));
	else if (!S_ISDIR(st.st_mode))
		problem(l, arena_printf(l->a,
					"'%s', where files are to be copied to, is no "
					"directory: remove it",
					path));
	else if (!files_is_empty(fd))
		problem(l, arena_printf(l->a,
					"'%s', where files are to be copied to, is not "
					"empty: remove what is in it, or do not have it copied",
					path));
}

static void check_upper(const struct look *l, const char *path)
{
	auto_fd int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct tree_layers layers = {.upper = -1};
	struct err err = ERR_NONE;
	int r = fd < 0 ? -errno : layers_find(l->a, fd, &layers, &err);

	if (fd < 0)
		problem(l, arena_printf(l->a,
					"root file system '%s': %s: --rootfs upper needs "
					"what the image has there",
					path, err_name(-r)));
	else if (r < 0)
		problem(l, arena_strdup(l->a, err.text));
	else if (r == 0)
		problem(l, arena_printf(l->a,
					"root file system '%s' is no overlay: mount one with "
					"the same lower layers for --rootfs upper, or use "
					"--rootfs copy",
					path));
	else if (!files_is_empty(layers.upper))
		problem(l, arena_printf(l->a,
					"the upper layer of '%s' is not empty: mount it with "
					"a new one",
					path));
	layers_close(&layers);
}

/* The file system that PATH will be on. */
static int find_fs(struct arena *a, const char *path, struct stat *ret_st, struct statvfs *ret)
{
	char *copy = arena_strdup(a, path), *slash;

	while (stat(copy, ret_st) < 0 || statvfs(copy, ret) < 0) {
		if (errno != ENOENT || !(slash = strrchr(copy, '/')))
			return -errno;
		if (slash == copy)
			slash++;
		if (!*slash)
			return -ENOENT;
		*slash = '\0';
	}
	return 0;
}

/* Trees that come to the same file system share what is free there. */
static void check_space(const struct look *l, const struct migrate_need *need)
{
	size_t n = need->trees.n;
	dev_t *devs = arena_array(l->a, dev_t, n);

	for (size_t i = 0; i < n; i++) {
		const char *path = files_place(l->a, need, i);
		uint64_t bytes = 0, files = 0;
		struct statvfs fs;
		struct stat st;

		if (find_fs(l->a, path, &st, &fs) < 0)
			continue;
		devs[i] = st.st_dev;
		for (size_t j = 0; j <= i; j++)
			if (devs[j] == devs[i]) {
				bytes += need->trees.v[j].bytes.v;
				files += need->trees.v[j].files.v;
			}
		if (fs.f_bavail < bytes / fs.f_frsize)
			problem(l, arena_printf(l->a,
						"%" PRIu64 " MiB are free for '%s', %" PRIu64
						" MiB are needed: make room",
						(uint64_t)fs.f_bavail * fs.f_frsize >> 20, path,
						bytes >> 20));
		if (fs.f_files && fs.f_favail < files)
			problem(l, arena_printf(l->a,
						"%" PRIu64 " inodes are free for '%s', %" PRIu64
						" are needed: make room",
						(uint64_t)fs.f_favail, path, files));
	}
}

static bool is_known(const struct migrate_tree *t)
{
	return given(t->path) && given(t->kind) &&
	       (streq(t->kind, FILES_COPY) || streq(t->kind, FILES_UPPER) ||
		streq(t->kind, FILES_VOLUME));
}

void files_check(struct arena *a, const struct migrate_need *need, struct oci_strings *problems)
{
	const struct look l = {a, problems};

	for (size_t i = 0; i < need->trees.n; i++)
		if (!is_known(&need->trees.v[i])) {
			problem(&l, "the source wants to send files of a kind that is not known: "
				    "take the same version of hull");
			return;
		}
	for (size_t i = 0; i < need->trees.n; i++) {
		const char *path = files_place(a, need, i);

		if (path[0] != '/')
			problem(&l, arena_printf(a, "'%s' is no whole path", path));
		else if (streq(need->trees.v[i].kind, FILES_UPPER))
			check_upper(&l, path);
		else
			check_free(&l, path);
	}
	check_space(&l, need);
}
