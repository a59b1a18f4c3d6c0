/* RUNTIME: the directory of a dump: its own files. */
#include "libcontainer/checkpoint/images.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/annotations.h"
#include "oci-spec/field.h"
#include "oci-spec/oci.h"

/* clang-format off */
static const struct oci_field images_mount_fields[] = {
	FIELD_STRING(images_mount, destination, "destination"),
	FIELD_STRING(images_mount, source,      "source"),
};
static OCI_TYPE(images_mount, images_mount_fields);

static const struct oci_field images_meta_fields[] = {
	FIELD_U32    (images_meta, version, "version"),
	FIELD_STRINGS(images_meta, stdio,   "stdio"),
	FIELD_OBJECTS(images_meta, mounts,  "mounts", images_mount),
	FIELD_BOOL   (images_meta, lone_network, "loneNetwork"),
};
static OCI_TYPE(images_meta, images_meta_fields);

/* descriptors.json is an array; the tables know objects: it is read and written as the member of one. */
struct images_list {
	struct oci_strings v;
};
static const struct oci_field images_list_fields[] = {
	FIELD_STRINGS(images_list, v, "v"),
};
static OCI_TYPE(images_list, images_list_fields);
/* clang-format on */
#define LIST_BEGIN "{\"v\":"
#define LIST_END   "}"

static int make_parents(const char *path, struct err *err)
{
	char part[PATH_MAX];

	if (strlen(path) >= sizeof(part))
		return err_fail(err, ENAMETOOLONG, "directory of images '%.64s...'", path);
	memcpy(part, path, strlen(path) + 1);
	for (char *slash = part; (slash = strchr(slash + 1, '/'));) {
		*slash = '\0';
		if (mkdir(part, 0700) < 0 && errno != EEXIST)
			return err_sys(err, errno, "make the directory '%s'", part);
		*slash = '/';
	}
	if (mkdir(part, 0700) < 0 && errno != EEXIST)
		return err_sys(err, errno, "make the directory '%s'", part);
	return 0;
}

int images_open(const char *path, bool make, struct err *err)
{
	int r = make ? make_parents(path, err) : 0, fd;

	if (r < 0)
		return r;
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return fd < 0 ? err_sys(err, errno, "open the directory '%s'", path) : fd;
}

int images_write(int fd, const char *const *descriptors, const struct images_meta *meta,
		 struct err *err)
{
	auto_arena a = ARENA_INIT;
	const char *v[IMAGES_STDIO + 1] = {descriptors[0], descriptors[1], descriptors[2], NULL};
	struct images_list list = {.v = {true, IMAGES_STDIO, v}};
	char *text = (char *)(uintptr_t)oci_encode(&a, &images_list_type, &list, "");
	int r;

	text += strlen(LIST_BEGIN);
	r = io_replace_file(fd, "descriptors.json", text, strlen(text) - strlen(LIST_END), 0600,
			    err);
	if (r < 0)
		return err_wrap(err, "directory of images");
	text = (char *)(uintptr_t)oci_encode(&a, &images_meta_type, meta, "\t");
	r = io_replace_file(fd, "hull.json", text, strlen(text), 0600, err);
	return r < 0 ? err_wrap(err, "directory of images") : 0;
}

static int read_descriptors(int fd, struct arena *a, const char **descriptors, struct err *err)
{
	struct images_list list = {0};
	char *text;
	size_t len;
	int r = io_read_file(a, fd, "descriptors.json", OCI_MAX_BYTES, &text, &len, err);

	for (int i = 0; i < IMAGES_STDIO; i++)
		descriptors[i] = "/dev/null";
	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	text = arena_printf(a, LIST_BEGIN "%s" LIST_END, text);
	r = oci_decode(a, &images_list_type, "descriptors.json", text, strlen(text), &list, err);
	if (r < 0)
		return r;
	if (list.v.n != IMAGES_STDIO)
		return err_fail(err, EINVAL, "descriptors.json: %zu strings, %d are expected",
				list.v.n, IMAGES_STDIO);
	memcpy(descriptors, list.v.v, sizeof(*descriptors) * IMAGES_STDIO);
	return 0;
}

int images_read(int fd, struct arena *a, const char **descriptors, struct images_meta *ret,
		struct err *err)
{
	int r = read_descriptors(fd, a, descriptors, err);

	*ret = (struct images_meta){0};
	if (r < 0)
		return r;
	r = oci_decode_file(a, &images_meta_type, fd, "hull.json", ret, err);
	if (r == -ENOENT) {
		err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	if (!ret->version.set || ret->version.v != IMAGES_VERSION)
		return err_fail(err, ENOTSUP, "hull.json: version %u, this hull reads version %d",
				ret->version.v, IMAGES_VERSION);
	if (ret->stdio.n != IMAGES_STDIO)
		return err_fail(err, EINVAL, "hull.json: stdio: %zu strings, %d are expected",
				ret->stdio.n, IMAGES_STDIO);
	for (size_t i = 0; i < ret->mounts.n; i++)
		if (!given(ret->mounts.v[i].destination) || !given(ret->mounts.v[i].source))
			return err_fail(err, EINVAL,
					"hull.json: mounts[%zu]: destination or source is missing",
					i);
	return 0;
}

int images_criu_config(const struct oci_map *annotations, const char **ret, struct err *err)
{
	static const char *const usual[] = {"/etc/criu/hull.conf", "/etc/criu/runc.conf",
					    "/etc/criu/crun.conf"};

	*ret = annotation_get(annotations, "org.criu.config");
	if (*ret) {
		if (**ret && access(*ret, R_OK) < 0)
			return err_sys(err, errno, "annotations.org.criu.config: '%s'", *ret);
		*ret = **ret ? *ret : NULL;
		return 0;
	}
	for (size_t i = 0; i < ARRAY_SIZE(usual) && !*ret; i++)
		if (access(usual[i], R_OK) == 0)
			*ret = usual[i];
	return 0;
}
