/* RUNTIME: checkpoint --export: a dump as one file. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/archive.h"
#include "libcontainer/checkpoint/layers.h"
#include "libcontainer/checkpoint/packer.h"
#include "oci-spec/oci.h"

enum what_of_rootfs { ROOTFS_AUTO, ROOTFS_WHOLE, ROOTFS_UPPER, ROOTFS_NONE };

struct export
{
	struct container *c;
	struct container_checkpoint_opts o;
	struct arena arena;
	struct oci_spec spec;
	enum packer_format format;
	enum what_of_rootfs rootfs;
	int parent, rootfd;
	struct tree_layers layers;
	const char *name, *part; /* in PARENT: the file, and the one that becomes it */
	const char *dir;         /* of the images, when that is ours */
	int fd;                  /* of PART */
	struct oci_strings deleted;
	struct tar_writer w;
};

/* ---- directories of our own
 * ----------------------------------------------------------------------- */

int archive_make_dir(struct arena *a, int parent, const char **ret_name, struct err *err)
{
	uint64_t number;
	const char *name;

	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return err_sys(err, errno, "getrandom");
	name = arena_printf(a, ".hull-%016llx", (unsigned long long)number);
	if (mkdirat(parent, name, 0700) < 0)
		return err_sys(err, errno, "make a directory for the images");
	*ret_name = name;
	return 0;
}

void archive_remove_dir(int parent, const char *name)
{
	struct err err = ERR_NONE;

	if (tree_remove(parent, name, &err) < 0)
		log_later("undo: %s", err.text);
}

void archive_hint_log(struct err *err)
{
	if (!strstr(err->hint, "in the work directory"))
		return;
	err->hint[0] = '\0';
	err_hint(err, "--work-path DIR keeps CRIU's log");
}

/* ---- before anything stands still
 * ------------------------------------------------------------------ */

static int export_options(void *ctx, struct err *err)
{
	static const char *const names[] = {"auto", "whole", "upper", "none"};
	struct export *x = ctx;
	const char *rootfs = given(x->o.rootfs) ? x->o.rootfs : "auto";

	if (x->o.pre_dump || x->o.parent_path || x->o.page_server || x->o.image.lazy_pages)
		return err_fail(err, EINVAL,
				"--export: an archive holds all of one dump: it goes with none of "
				"--pre-dump, --parent-path, --page-server, --lazy-pages");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(rootfs, names[i])) {
			int r = packer_format(x->o.compress, x->o.export_file, &x->format, err);

			x->rootfs = (enum what_of_rootfs)i;
			return r < 0 ? r : packer_check(x->format, err);
		}
	return err_fail(err, EINVAL, "--rootfs: '%s' is not auto, whole, upper or none", rootfs);
}

/* An overlay has all that the container changed in its upper layer; of anything else nobody knows
 * what it was. What cannot be written to is as it was. */
static int export_rootfs(void *ctx, struct err *err)
{
	struct export *x = ctx;
	int r = ckpt_config(x->c, &x->arena, &x->spec, err);

	if (r < 0)
		return r;
	if (x->rootfs == ROOTFS_AUTO && x->spec.root && x->spec.root->readonly.v)
		x->rootfs = ROOTFS_NONE;
	if (x->rootfs == ROOTFS_NONE)
		return 0;
	x->rootfd = path_openat2(AT_FDCWD, x->c->state.rootfs, O_PATH | O_DIRECTORY, 0, 0);
	if (x->rootfd < 0)
		return err_sys(err, -x->rootfd, "root file system '%s'", x->c->state.rootfs);
	if (x->rootfs == ROOTFS_WHOLE)
		return 0;
	r = layers_find(&x->arena, x->rootfd, &x->layers, err);
	if (r != 0 || x->rootfs == ROOTFS_AUTO)
		return r < 0 ? r : 0;
	return err_fail(err, EINVAL, "--rootfs upper: the root file system '%s' is no overlay",
			x->c->state.rootfs);
}

static int export_file(void *ctx, struct err *err)
{
	struct export *x = ctx;
	const char *slash = strrchr(x->o.export_file, '/');
	const char *dir = slash ? arena_strndup(&x->arena, x->o.export_file,
						(size_t)(slash - x->o.export_file) + 1)
				: ".";
	uint64_t number;

	x->name = slash ? slash + 1 : x->o.export_file;
	if (!*x->name)
		return err_fail(err, EISDIR, "--export: '%s' is a directory", x->o.export_file);
	x->parent = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x->parent < 0)
		return err_sys(err, errno, "--export: directory '%s'", dir);
	if (getrandom(&number, sizeof(number), 0) != sizeof(number))
		return err_sys(err, errno, "getrandom");
	x->part = arena_printf(&x->arena, ".%.200s.%016llx", x->name, (unsigned long long)number);
	x->fd = openat(x->parent, x->part, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
		       0600);
	return x->fd < 0
		       ? err_sys(err, errno, "--export: make a file beside '%s'", x->o.export_file)
		       : 0;
}

static void undo_file(void *ctx)
{
	struct export *x = ctx;

	unlinkat(x->parent, x->part, 0);
}

static bool images_are_ours(const void *ctx)
{
	const struct export *x = ctx;

	return x->dir || !given(x->o.image.image_path);
}

static int export_directory(void *ctx, struct err *err)
{
	struct export *x = ctx;
	int r = archive_make_dir(&x->arena, x->parent, &x->dir, err);

	if (r < 0)
		return r;
	/* By this process's descriptor: hull itself makes CRIU's of it. */
	x->o.image.image_path = arena_printf(&x->arena, "/proc/self/fd/%d/%s", x->parent, x->dir);
	return 0;
}

static void undo_directory(void *ctx)
{
	struct export *x = ctx;

	archive_remove_dir(x->parent, x->dir);
}

/* ---- while it stands still
 * ------------------------------------------------------------------------- */

static int put_text(struct export *x, const char *name, const char *text, struct err *err)
{
	struct tar_entry e = {.type = TAR_FILE, .name = name, .mode = 0600, .size = strlen(text)};
	int r = tar_put(&x->w, &e, err);

	if (r == 0)
		r = tar_put_data(&x->w, text, strlen(text), err);
	return r < 0 ? r : tar_put_padding(&x->w, &e, err);
}

/* A regular file of a directory that is ours; others are not there. */
static int put_file(struct export *x, int dirfd, const char *name, const char *as, struct err *err)
{
	struct tar_entry e = {.type = TAR_FILE, .name = as, .mode = 0600};
	auto_fd int fd = openat(dirfd, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	struct stat st;
	int r;

	if (fd < 0 && (errno == ENOENT || errno == ELOOP))
		return 0;
	if (fd < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "open '%s'", name);
	if (!S_ISREG(st.st_mode))
		return 0;
	e.size = (uint64_t)st.st_size;
	r = tar_put_file(&x->w, &e, fd, err);
	return r < 0 ? err_wrap(err, "'%s'", name) : 0;
}

static int put_images(struct export *x, int images_fd, struct err *err)
{
	struct tar_entry e = {.type = TAR_DIR, .name = ARCHIVE_IMAGES "/", .mode = 0700};
	int copy = openat(images_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *d;
	int r = dir ? tar_put(&x->w, &e, err) : err_sys(err, errno, "read the images");

	while (r == 0 && (d = readdir(dir))) {
		auto_arena a = ARENA_INIT;

		if (!streq(d->d_name, ARCHIVE_LOG))
			r = put_file(x, images_fd, d->d_name,
				     arena_printf(&a, ARCHIVE_IMAGES "/%s", d->d_name), err);
	}
	return r;
}

static int put_config(struct export *x, struct err *err)
{
	char now[CLOCK_TEXT_SIZE];
	struct archive_config config = {
		.id = x->c->id,
		.name = x->c->id,
		.rootfs_image_name = x->c->state.rootfs,
		.runtime = "hull",
		.created = x->c->state.created,
		.checkpointed = clock_rfc3339(now),
	};
	struct oci_spec spec = x->spec;
	struct oci_pair *pairs = arena_array(&x->arena, struct oci_pair, spec.annotations.n + 1);
	int r = put_text(x, ARCHIVE_CONFIG,
			 oci_encode(&x->arena, &archive_config_type, &config, "  "), err);
	bool told = false;

	/* Whose kind of archive this is: readers look there first. */
	for (size_t i = 0; i < spec.annotations.n; i++) {
		pairs[i] = spec.annotations.v[i];
		told = told || streq(pairs[i].key, "io.container.manager");
	}
	if (!told)
		pairs[spec.annotations.n++] =
			(struct oci_pair){.key = "io.container.manager", .value = "libpod"};
	spec.annotations.set = true;
	spec.annotations.v = pairs;
	if (r == 0)
		r = put_text(x, ARCHIVE_SPEC, oci_encode(&x->arena, &oci_spec_type, &spec, "  "),
			     err);
	return r < 0 ? r : put_text(x, ARCHIVE_NETWORK, "{}", err);
}

/* The size of a member is in front of it: what is inside goes to a file without a name first. */
static int put_tree(struct export *x, const char *name, int rootfd,
		    const struct tree_layers *layers, struct err *err)
{
	auto_fd int fd = openat(x->parent, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct tar_writer w = {.fd = fd, .file = name};
	struct tar_entry e = {.type = TAR_FILE, .name = name, .mode = 0600};
	struct stat st;
	int r;

	if (fd < 0)
		return err_sys(err, errno, "--export: a temporary file");
	r = tree_take(&w, rootfd, layers, &x->arena, &x->deleted, err);
	if (r == 0)
		r = tar_put_end(&w, err);
	if (r < 0)
		return r;
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "'%s'", name);
	e.size = (uint64_t)st.st_size;
	return tar_put_file(&x->w, &e, fd, err);
}

static int put_rootfs(struct export *x, struct err *err)
{
	int r;

	if (x->rootfs == ROOTFS_NONE)
		return 0;
	r = put_tree(x, ARCHIVE_ROOTFS, x->rootfd, &x->layers, err);
	if (r == 0 && x->deleted.n)
		r = put_text(x, ARCHIVE_DELETED, archive_list_encode(&x->arena, &x->deleted), err);
	return r < 0 ? err_wrap(err, "root file system") : 0;
}

/* Where /dev/shm is a directory of the host, as Podman has it, CRIU leaves it alone. */
static int put_devshm(struct export *x, struct err *err)
{
	const struct tree_layers none = {.upper = -1};
	const char *source = archive_devshm(&x->spec);
	auto_fd int fd = -1;
	int r;

	if (!source)
		return 0;
	fd = path_openat2(AT_FDCWD, source, O_PATH | O_DIRECTORY, 0, 0);
	r = fd < 0 ? err_sys(err, -fd, "open") : put_tree(x, ARCHIVE_DEVSHM, fd, &none, err);
	return r < 0 ? err_wrap(err, "source '%s' of /dev/shm", source) : 0;
}

static int put_members(struct export *x, int images_fd, int work_fd, struct err *err)
{
	int r = put_config(x, err);

	if (r == 0)
		r = put_images(x, images_fd, err);
	if (r == 0)
		r = put_file(x, work_fd, ARCHIVE_LOG, ARCHIVE_LOG, err);
	if (r == 0)
		r = put_rootfs(x, err);
	if (r == 0)
		r = put_devshm(x, err);
	return r < 0 ? r : tar_put_end(&x->w, err);
}

/* All images are there, the processes stand still. Only a complete archive has its name. */
static int complete(void *ctx, int images_fd, int work_fd, struct err *err)
{
	struct export *x = ctx;
	struct packer p = PACKER_CLOSED;
	int r = packer_open(&p, x->format, true, x->fd, err);

	if (r == 0) {
		x->w = (struct tar_writer){.fd = p.fd, .file = x->o.export_file};
		r = put_members(x, images_fd, work_fd, err);
	}
	r = packer_close(&p, r, err);
	if (r == 0 && fsync(x->fd) < 0)
		r = err_sys(err, errno, "write '%s'", x->o.export_file);
	if (r == 0 && renameat(x->parent, x->part, x->parent, x->name) < 0)
		r = err_sys(err, errno, "rename to '%s'", x->o.export_file);
	if (r == 0 && fsync(x->parent) < 0)
		r = err_sys(err, errno, "write the directory of '%s'", x->o.export_file);
	return r < 0 ? err_wrap(err, "--export") : 0;
}

static int export_dump(void *ctx, struct err *err)
{
	struct export *x = ctx;
	struct ckpt_dump d = {.opts = &x->o, .complete = complete, .ctx = x};

	return ckpt_dump(x->c, &d, err);
}

/* clang-format off */
static const struct step export_steps[] = {
	{"options",   NULL,            export_options,   NULL},
	{"rootfs",    NULL,            export_rootfs,    NULL},
	{"file",      NULL,            export_file,      undo_file},
	{"directory", images_are_ours, export_directory, undo_directory},
	{"dump",      NULL,            export_dump,      NULL},
};
/* clang-format on */

int archive_export(struct container *c, const struct container_checkpoint_opts *opts,
		   struct err *err)
{
	struct export x = {
		.c = c, .o = *opts, .parent = -1, .rootfd = -1, .fd = -1, .layers = {.upper = -1}};
	size_t done = 0;
	int r = steps_run("export", export_steps, ARRAY_SIZE(export_steps), &done, &x, err);

	if (r < 0) {
		steps_undo("export", export_steps, done, &x);
		if (x.dir && !given(opts->image.work_path))
			archive_hint_log(err);
	} else if (x.dir) {
		archive_remove_dir(x.parent, x.dir);
	}
	layers_close(&x.layers);
	close_fd(&x.fd);
	close_fd(&x.rootfd);
	close_fd(&x.parent);
	arena_done(&x.arena);
	return r;
}
