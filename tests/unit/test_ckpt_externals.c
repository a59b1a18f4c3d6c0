/* TEST: what of a container's mounts comes from outside; the files beside CRIU's images. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/checkpoint/externals.h"
#include "oci-spec/oci.h"
#include "tests/unit/unit.h"

#define MOUNT(d, r, p, t)                                          \
	{                                                          \
		.dev = (d), .root = (r), .point = (p), .type = (t) \
	}

static void foreign_mounts(void)
{
	struct ext_mount m[] = {
		MOUNT("8:1", "/c/rootfs", "/", "ext4"),
		MOUNT("0:50", "/", "/proc", "proc"),
		MOUNT("0:50", "/sys", "/proc/sys", "proc"), /* read-only over itself */
		MOUNT("0:51", "/", "/dev", "tmpfs"),
		MOUNT("0:51", "/null", "/proc/kcore", "tmpfs"), /* masked by the container's own */
		MOUNT("8:1", "/srv/data", "/data", "ext4"),
		MOUNT("8:1", "/c/rootfs/etc", "/etc2", "ext4"), /* the root file system's own */
		MOUNT("0:60", "/", "/whole", "tmpfs"), /* a file system of the host, named */
		MOUNT("0:30", "/hull/c", "/sys/fs/cgroup", "cgroup2"),
		MOUNT("0:6", "/null", "/dev/null", "devtmpfs"),
		MOUNT("8:1", "/c/rootfs-other", "/other", "ext4"), /* not below rootfs */
		MOUNT("8:1", "/srv/data", "/again", "ext4"),
	};
	static const bool want[] = {false, false, false, false, false, true,
				    false, true,  false, true,  true,  true};

	m[7].named = true;
	for (size_t i = 0; i < ARRAY_SIZE(m); i++)
		CHECK_INT(externals_is_foreign(m, ARRAY_SIZE(m), i), want[i]);
}

static void sources_on_the_host(void)
{
	auto_arena a = ARENA_INIT;
	const struct ext_mount host[] = {
		MOUNT("8:1", "/", "/", "ext4"),
		MOUNT("8:1", "/srv", "/mnt", "ext4"),
		MOUNT("0:6", "/", "/dev", "devtmpfs"),
	};
	size_t n = ARRAY_SIZE(host);

	CHECK_STR(externals_source(&a, host, n, "8:1", "/etc/x"), "/etc/x");
	CHECK_STR(externals_source(&a, host, n, "8:1", "/srv/data"), "/mnt/data");
	CHECK_STR(externals_source(&a, host, n, "8:1", "/srv"), "/mnt");
	CHECK_STR(externals_source(&a, host, n, "8:1", "/srvx"), "/srvx");
	CHECK_STR(externals_source(&a, host, n, "8:1", "/"), "/");
	CHECK_STR(externals_source(&a, host, n, "0:6", "/null"), "/dev/null");
	CHECK_INT(externals_source(&a, host, n, "9:9", "/") == NULL, true);
}

static int image_dir(char *path)
{
	CHECK(mkdtemp(path));
	return open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static void put(int fd, const char *name, const char *text)
{
	struct err err;

	CHECK_INT(io_replace_file(fd, name, text, strlen(text), 0600, &err), 0);
}

static void remove_dir(int fd, const char *path)
{
	unlinkat(fd, "descriptors.json", 0);
	unlinkat(fd, "hull.json", 0);
	rmdir(path);
}

static void files_beside_the_images(void)
{
	auto_arena a = ARENA_INIT;
	char path[] = "/tmp/hull-unit-XXXXXX";
	auto_fd int fd = image_dir(path);
	const char *descriptors[] = {"pipe:[1]", "/a \"b\"", "socket:[3]"}, *got[IMAGES_STDIO];
	const char *stdio[] = {"pipe:[1]", "file[1c:2ff]", "socket:[3]", NULL};
	struct images_mount mount = {"/in", "/on/host"};
	struct images_meta meta = {.version = {true, 1}, .stdio = {true, 3, stdio}}, read;
	struct err err;
	char *text;
	size_t len;

	meta.mounts.set = true;
	meta.mounts.n = 1;
	meta.mounts.v = &mount;
	CHECK_INT(images_read(fd, &a, got, &read, &err), 0);
	CHECK_STR(got[2], "/dev/null");
	CHECK_INT(read.version.set, false);
	CHECK_INT(images_write(fd, descriptors, &meta, &err), 0);
	CHECK_INT(io_read_file(&a, fd, "descriptors.json", 4096, &text, &len, &err), 0);
	CHECK_STR(text, "[\"pipe:[1]\",\"/a \\\"b\\\"\",\"socket:[3]\"]");
	CHECK_INT(images_read(fd, &a, got, &read, &err), 0);
	for (int i = 0; i < IMAGES_STDIO; i++) {
		CHECK_STR(got[i], descriptors[i]);
		CHECK_STR(read.stdio.v[i], stdio[i]);
	}
	CHECK_STR(read.mounts.v[0].source, "/on/host");
	remove_dir(fd, path);
}

static void hostile_files_beside_the_images(void)
{
	auto_arena a = ARENA_INIT;
	char path[] = "/tmp/hull-unit-XXXXXX";
	auto_fd int fd = image_dir(path);
	const char *got[IMAGES_STDIO];
	struct images_meta read;
	struct err err;

	put(fd, "descriptors.json", "[\"a\",\"b\"]");
	CHECK_INT(images_read(fd, &a, got, &read, &err), -EINVAL);
	put(fd, "descriptors.json", "[1,2,3]");
	CHECK_INT(images_read(fd, &a, got, &read, &err) < 0, true);
	put(fd, "descriptors.json", "[\"a\",\"b\",\"c\"");
	CHECK_INT(images_read(fd, &a, got, &read, &err) < 0, true);
	put(fd, "descriptors.json", "[\"a\",\"b\",\"c\"]");
	put(fd, "hull.json", "{\"version\":2,\"stdio\":[\"\",\"\",\"\"]}");
	CHECK_INT(images_read(fd, &a, got, &read, &err), -ENOTSUP);
	put(fd, "hull.json", "{\"version\":1,\"stdio\":[\"\"]}");
	CHECK_INT(images_read(fd, &a, got, &read, &err), -EINVAL);
	put(fd, "hull.json",
	    "{\"version\":1,\"stdio\":[\"\",\"\",\"\"],\"mounts\":[{\"source\":\"/x\"}]}");
	CHECK_INT(images_read(fd, &a, got, &read, &err), -EINVAL);
	remove_dir(fd, path);
}

/* Which network namespaces hull can make in CRIU's place: of its own, and not of a user namespace.
 */
static void networks_of_ones_own(void)
{
	static const struct {
		const char *config;
		bool may;
	} rows[] = {
		{"{}", false},
		{"{\"linux\":{\"namespaces\":[{\"type\":\"pid\"}]}}", false},
		{"{\"linux\":{\"namespaces\":[{\"type\":\"network\"}]}}", true},
		{"{\"linux\":{\"namespaces\":[{\"type\":\"network\",\"path\":\"/n\"}]}}", false},
		{"{\"linux\":{\"namespaces\":[{\"type\":\"network\"},{\"type\":\"user\"}]}}",
		 false},
	};
	auto_arena a = ARENA_INIT;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct oci_spec spec = {0};
		struct err err;

		CHECK_INT(oci_decode(&a, &oci_spec_type, "row", rows[i].config,
				     strlen(rows[i].config), &spec, &err),
			  0);
		CHECK_INT(externals_may_leave_network(&spec), rows[i].may);
	}
}

static const struct unit_case cases[] = {
	{"networks of one's own", networks_of_ones_own},
	{"foreign mounts", foreign_mounts},
	{"sources on the host", sources_on_the_host},
	{"files beside the images", files_beside_the_images},
	{"hostile files beside the images", hostile_files_beside_the_images},
};
UNIT_MAIN(cases)
