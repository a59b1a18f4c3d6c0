/* RUNTIME: restore --import: an archive, which is hostile, into a directory of images. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/archive.h"
#include "libcontainer/checkpoint/packer.h"
#include "oci-spec/oci.h"

/* clang-format off */
/* What is unpacked; the rest of what engines have is theirs, and left where it is. */
static const char *const members[] = {
	ARCHIVE_CONFIG, ARCHIVE_SPEC, ARCHIVE_DELETED, ARCHIVE_ROOTFS, ARCHIVE_DEVSHM,
};
/* What holds data that a restore without it would lose. */
static const struct {
	const char *prefix, *why;
} refused[] = {
	{"volumes/",        "it has the contents of Podman's volumes, which only Podman can place"},
	{"pre-checkpoint/", "its images build upon those of an earlier dump; export without --pre-checkpoint"},
	{"checkpoint/parent", "its images build upon those of an earlier dump"},
};
/* clang-format on */

struct import {
	const struct container_restore_opts *o;
	struct arena *a;
	int dirfd, images_fd;
};

/* ---- the members
 * ------------------------------------------------------------------------------------ */

/* Where a member goes: a name without any directory, in DIRFD or the images'. NULL: nowhere. */
static const char *place_of(const struct import *i, const char *name, int *ret_dir)
{
	const char *rest = name;

	while (str_starts(rest, "./"))
		rest += 2;
	*ret_dir = i->dirfd;
	for (size_t m = 0; m < ARRAY_SIZE(members); m++)
		if (streq(rest, members[m]))
			return rest;
	*ret_dir = i->images_fd;
	if (!str_starts(rest, ARCHIVE_IMAGES "/"))
		return NULL;
	rest += strlen(ARCHIVE_IMAGES "/");
	return *rest && !strchr(rest, '/') && !streq(rest, ".") && !streq(rest, "..") ? rest : NULL;
}

static int check_name(const struct import *i, const struct tar_entry *e, struct err *err)
{
	const char *name = e->name;

	while (str_starts(name, "./"))
		name += 2;
	for (size_t n = 0; n < ARRAY_SIZE(refused); n++)
		if (str_starts(name, refused[n].prefix) && name[strlen(refused[n].prefix)] == '\0')
			continue; /* an empty directory */
		else if (str_starts(name, refused[n].prefix))
			return err_fail(err, ENOTSUP, "'%s': '%.200s': %s", i->o->import_file, name,
					refused[n].why);
	return 0;
}

static int take_member(struct import *i, struct tar_reader *r, const struct tar_entry *e,
		       struct err *err)
{
	int dirfd, done = check_name(i, e, err);
	const char *name = place_of(i, e->name, &dirfd);
	auto_fd int fd = -1;

	if (done < 0 || !name || e->type == TAR_DIR)
		return done;
	if (e->type != TAR_FILE)
		return err_fail(err, EINVAL, "'%s': '%.200s' is no file", i->o->import_file,
				e->name);
	/* Twice the same name is no archive of anybody's. */
	fd = openat(dirfd, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (fd < 0)
		return err_sys(err, errno, "unpack '%.200s'", e->name);
	done = tar_read_file(r, e, fd, err);
	return done < 0 ? err_wrap(err, "unpack '%.200s'", e->name) : 0;
}

static int take_members(struct import *i, int fd, struct err *err)
{
	struct tar_reader r = {.fd = fd,
			       .file = i->o->import_file,
			       .budget = i->o->max_size ? i->o->max_size : UINT64_MAX};
	int n;

	do {
		auto_arena a = ARENA_INIT;
		struct tar_entry e;

		n = tar_next(&r, &a, &e, err);
		if (n > 0) {
			int done = take_member(i, &r, &e, err);

			n = done < 0 ? done : n;
		}
	} while (n > 0);
	return n;
}

static int unpack(struct import *i, struct err *err)
{
	auto_fd int fd = open(i->o->import_file, O_RDONLY | O_NOCTTY | O_CLOEXEC);
	struct packer p = PACKER_CLOSED;
	enum packer_format format;
	int r = fd < 0 ? err_sys(err, errno, "open") : 0;

	if (r == 0)
		r = packer_recognize(fd, i->o->import_file, &format, err);
	if (r == 0)
		r = packer_open(&p, format, false, fd, err);
	if (r == 0)
		r = take_members(i, p.fd, err);
	return packer_close(&p, r, err);
}

/* ---- the root file system
 * ----------------------------------------------------------------------------- */

static int load_spec(struct import *i, struct oci_spec *spec, struct err *err)
{
	const struct container_create_opts *o = &i->o->create;
	const char *path = given(o->config) ? o->config
					    : arena_printf(i->a, "%s/config.json",
							   o->bundle ? o->bundle : ".");
	int r = oci_decode_file(i->a, &oci_spec_type, AT_FDCWD, path, spec, err);

	if (r == 0 && !spec->root)
		return err_fail(err, EINVAL, "'%s': there is no root", path);
	return r;
}

static int remove_deleted(struct import *i, int rootfd, struct err *err)
{
	struct oci_strings list = {0};
	char *text;
	size_t len;
	int r = io_read_file(i->a, i->dirfd, ARCHIVE_DELETED, OCI_MAX_BYTES, &text, &len, err);

	if (r == -ENOENT)
		return 0;
	if (r == 0 && strlen(text) == len)
		r = archive_list_decode(i->a, text, &list, err);
	for (size_t n = 0; r == 0 && n < list.n; n++)
		r = tree_remove(rootfd, list.v[n], err);
	return r;
}

static int put_tree(struct import *i, const char *name, int rootfd, struct err *err)
{
	auto_fd int fd = openat(i->dirfd, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	struct tar_reader r = {.fd = fd, .file = name, .budget = UINT64_MAX};

	if (fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, errno, "open '%s'", name);
	return tree_put(&r, rootfd, err);
}

static int open_root(struct import *i, const struct oci_spec *spec)
{
	const char *bundle = i->o->create.bundle ? i->o->create.bundle : ".";
	const char *path = spec->root->path[0] == '/'
				   ? spec->root->path
				   : arena_printf(i->a, "%s/%s", bundle, spec->root->path);

	return path_openat2(AT_FDCWD, path, O_PATH | O_DIRECTORY, 0, 0);
}

/* Of Podman's, and of ours where /dev/shm is a directory of the host. */
static int put_devshm(struct import *i, const struct oci_spec *spec, struct err *err)
{
	const char *source = archive_devshm(spec);
	auto_fd int fd = -1;

	if (!source)
		return 0;
	fd = path_openat2(AT_FDCWD, source, O_PATH | O_DIRECTORY, 0, 0);
	if (fd < 0)
		return err_sys(err, -fd, "source '%s' of /dev/shm", source);
	return put_tree(i, ARCHIVE_DEVSHM, fd, err);
}

static int put_files(struct import *i, struct err *err)
{
	struct oci_spec spec = {0};
	auto_fd int rootfd = -1;
	int r = load_spec(i, &spec, err);

	if (r < 0)
		return r;
	rootfd = open_root(i, &spec);
	if (rootfd < 0)
		return err_sys(err, -rootfd, "root file system '%s'", spec.root->path);
	r = remove_deleted(i, rootfd, err);
	if (r == 0)
		r = put_tree(i, ARCHIVE_ROOTFS, rootfd, err);
	if (r == 0)
		r = put_devshm(i, &spec, err);
	return r < 0 ? err_wrap(err, "root file system") : 0;
}

/* ---- the whole
 * ------------------------------------------------------------------------------------------ */

static int make_images_dir(struct import *i, const char *dir, struct archive_import *ret,
			   struct err *err)
{
	char path[PATH_MAX];
	ssize_t n;

	i->dirfd = openat(ret->parent, dir, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (i->dirfd < 0 || mkdirat(i->dirfd, ARCHIVE_IMAGES, 0700) < 0)
		return err_sys(err, errno, "make a directory for the images");
	i->images_fd =
		openat(i->dirfd, ARCHIVE_IMAGES, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	n = readlink(arena_printf(i->a, "/proc/self/fd/%d", i->images_fd), path, sizeof(path) - 1);
	if (i->images_fd < 0 || n < 0)
		return err_sys(err, errno, "open the directory for the images");
	path[n] = '\0';
	ret->images = arena_strdup(i->a, path);
	return 0;
}

/* What runs must not have its files exchanged. */
static int check_free(const struct container_root *root, const char *id, struct err *err)
{
	auto_arena a = ARENA_INIT;
	struct stat st;

	if (strchr(id, '/') || lstat(arena_printf(&a, "%s/%s", root->path, id), &st) < 0)
		return 0; /* an id that is none is found by create */
	return err_fail(err, EEXIST, "container with given ID already exists: '%s'", id);
}

int archive_import(const struct container_root *root, struct container_restore_opts *opts,
		   struct archive_import *ret, struct err *err)
{
	const char *parent = opts->create.bundle ? opts->create.bundle : ".";
	struct import i = {.o = opts, .a = &ret->arena, .dirfd = -1, .images_fd = -1};
	int r = check_free(root, opts->create.id, err);

	if (r < 0)
		return r;
	if (given(opts->image.image_path))
		parent = opts->image.image_path;
	ret->parent = open(parent, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (ret->parent < 0)
		return err_sys(err, errno, "--import: directory '%s'", parent);
	r = archive_make_dir(&ret->arena, ret->parent, &ret->dir, err);
	if (r == 0)
		r = make_images_dir(&i, ret->dir, ret, err);
	if (r == 0)
		r = unpack(&i, err);
	if (r == 0 && faccessat(i.images_fd, "inventory.img", F_OK, AT_SYMLINK_NOFOLLOW) < 0)
		r = err_fail(err, EINVAL, "it holds no checkpoint");
	if (r == 0)
		r = put_files(&i, err);
	close_fd(&i.dirfd);
	close_fd(&i.images_fd);
	opts->image.image_path = ret->images;
	ret->log_too = !given(opts->image.work_path);
	return r < 0 ? err_wrap(err, "--import '%s'", opts->import_file) : 0;
}

void archive_import_done(struct archive_import *i, int result, struct err *err)
{
	if (i->log_too && result < 0)
		archive_hint_log(err);
	if (i->dir)
		archive_remove_dir(i->parent, i->dir);
	close_fd(&i->parent);
	arena_done(&i->arena);
}
