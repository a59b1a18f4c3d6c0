/* TEST: trees of files, pass by pass; what a container makes of them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "tests/unit/archive.h"

static struct err err;

/* ---- attributes --------------------------------------------------------------------------------
 */

/* An access control list as the kernel has it: version 2, then tag, rights, id. */
static bool set_acl(const char *path, const char *name, uint16_t rights)
{
	const struct {
		uint32_t version;
		struct {
			uint16_t tag, rights;
			uint32_t id;
		} v[5];
	} acl = {2, {{1, 7, -1U}, {2, rights, 12345}, {4, 5, -1U}, {0x10, 7, -1U}, {0x20, 0, -1U}}};

	return setxattr(path, name, &acl, sizeof(acl), 0) == 0;
}

static char *attributes(const char *path)
{
	static char list[1000];
	ssize_t n = listxattr(path, list, sizeof(list) - 1);

	CHECK(n >= 0);
	for (ssize_t i = 0; i < n; i++)
		list[i] = list[i] ? list[i] : ' ';
	list[n] = '\0';
	return list;
}

static void put_exactly(int from, int to)
{
	auto_fd int fd = new_file();
	const struct tree_layers none = {.upper = -1};
	struct tar_writer w = {.fd = fd, .file = "archive"};
	struct oci_strings deleted = {0};
	auto_arena a = ARENA_INIT;
	struct tar_entry root = {0};
	const struct tree_into into = {.fd = to, .root = &root, .arena = &a};
	struct tar_reader r;

	CHECK_INT(tree_take(&w, from, &none, &a, &deleted, &err), 0);
	finish(fd);
	r = reader(fd);
	if (tree_put_below(&r, &into, &err) < 0)
		unit_fail(__FILE__, __LINE__, "%s", err.text);
}

/* Of a pass: what the one before has left, and what new files get from their directories. */
static void attributes_that_are_gone_are_removed(void)
{
	auto_fd int from = -1, to = -1;

	in_directory();
	shell("mkdir -p from/d/e to && echo x >from/d/f && echo x >from/g");
	/* Not all file systems have both. */
	if (setxattr("from/d", "user.old", "v", 1, 0) < 0 ||
	    !set_acl("from/d", "system.posix_acl_access", 6)) {
		CHECK_INT(errno, ENOTSUP);
		return done();
	}
	CHECK_INT(setxattr("from/d", "user.kept", "v", 1, 0), 0);
	CHECK_INT(setxattr("from/g", "user.old", "v", 1, 0), 0);
	CHECK(set_acl("from/d", "system.posix_acl_default", 7));
	from = directory("from");
	to = directory("to");
	put_exactly(from, to);
	CHECK_STR(attributes("to/d/f"), "");
	CHECK_STR(attributes("to/d/e"), "");
	CHECK_HAS(attributes("to/d"), "system.posix_acl_access ");
	CHECK_HAS(attributes("to/d"), "system.posix_acl_default ");
	CHECK_HAS(attributes("to/d"), "user.old ");
	CHECK_INT(removexattr("from/d", "user.old"), 0);
	CHECK_INT(removexattr("from/g", "user.old"), 0);
	CHECK_INT(removexattr("from/d", "system.posix_acl_access"), 0);
	CHECK_INT(removexattr("from/d", "system.posix_acl_default"), 0);
	shell("chmod 2753 from/d; chmod 604 from/d/f; touch -d @77.5 from/d");
	put_exactly(from, to);
	CHECK_STR(attributes("to/d"), "user.kept ");
	CHECK_STR(attributes("to/d/e"), "");
	CHECK_STR(attributes("to/g"), "");
	shell("test $(stat -c %a.%.1Y to/d) = 2753.77.5 && test $(stat -c %a to/d/f) = 604");
	done();
}

/* ---- a pass over what a container makes -------------------------------------------------------
 */

static bool all(void *ctx, const char *path, const struct stat *st)
{
	(void)ctx;
	(void)path;
	(void)st;
	return true;
}

static int take_pass(const char *from, struct arena *a, struct oci_strings *deleted)
{
	const struct tree_layers none = {.upper = -1};
	const struct tree_pass how = {.wanted = all, .live = true};
	auto_fd int root = directory(from), fd = new_file();
	struct tar_writer w = {.fd = fd, .file = "archive"};

	err_clear(&err);
	return tree_take_pass(&w, root, &none, &how, a, deleted, &err);
}

/* What was a file in the pass before would stay. */
static void a_socket_has_the_place_of_what_was_there(void)
{
	struct oci_strings deleted = {0};
	auto_arena a = ARENA_INIT;

	in_directory();
	shell("mkdir -p from/d && touch from/d/f");
	CHECK_INT(mknod("from/d/s", S_IFSOCK | 0600, 0), 0);
	CHECK_INT(take_pass("from", &a, &deleted), 0);
	CHECK_UINT(deleted.n, 1);
	CHECK_STR(deleted.v[0], "/d/s");
	done();
}

/* Down by N directories of that name. */
static void dig(int n, const char *name)
{
	int at = directory("."), next;

	for (; n > 0; n--, at = next) {
		CHECK_INT(mkdirat(at, name, 0700), 0);
		next = openat(at, name, O_RDONLY | O_DIRECTORY);
		CHECK(next >= 0);
		close(at);
	}
	close(at);
}

/* Deeper than descriptors, or a path, go: it is said before anything is frozen. */
static void a_tree_that_is_too_deep_is_refused(void)
{
	static char name[256];
	struct oci_strings deleted = {0};
	auto_arena a = ARENA_INIT;

	in_directory();
	memset(name, 'n', 255);
	dig(16, name);
	CHECK_INT(take_pass(".", &a, &deleted), -ENAMETOOLONG);
	CHECK_HAS(err.text, "a path too long");
	shell("rm -r n*");
	dig(15, name);
	CHECK_INT(take_pass(".", &a, &deleted), 0);
	shell("rm -r n*");
	dig(400, "d");
	CHECK_INT(take_pass(".", &a, &deleted), 0);
	shell("rm -r d");
	dig(5000, "d");
	CHECK_INT(take_pass(".", &a, &deleted), -ENAMETOOLONG);
	CHECK_HAS(err.text, "directories more than 400 deep");
	done();
}

/* clang-format off */
static const struct unit_case cases[] = {
	{"tree: attributes that are gone are removed", attributes_that_are_gone_are_removed},
	{"tree: a socket takes the place of a file",  a_socket_has_the_place_of_what_was_there},
	{"tree: one that is too deep is refused",     a_tree_that_is_too_deep_is_refused},
};
/* clang-format on */
UNIT_MAIN(cases)
