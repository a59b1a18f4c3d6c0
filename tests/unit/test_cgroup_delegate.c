/* TEST: which files of a cgroup change hands, in a directory that stands for one. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroups/delegate.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "tests/unit/unit.h"

static char top[] = "/tmp/hull-delegate-XXXXXX";
static int cgroup = -1, kernel = -1;

static const char *const files[] = {"cgroup.procs", "cgroup.threads",   "cgroup.subtree_control",
				    "memory.max",   "memory.oom.group", "cgroup.freeze"};

static bool prepare(void)
{
	int fd;

	if (geteuid() != 0) {
		printf("# SKIP only root may give files away\n");
		return false;
	}
	CHECK(mkdtemp(top));
	fd = open(top, O_RDONLY | O_DIRECTORY);
	CHECK(mkdirat(fd, "cgroup", 0755) == 0 && mkdirat(fd, "kernel", 0755) == 0);
	cgroup = openat(fd, "cgroup", O_RDONLY | O_DIRECTORY);
	kernel = openat(fd, "kernel", O_RDONLY | O_DIRECTORY);
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		close(openat(cgroup, files[i], O_WRONLY | O_CREAT, 0644));
	close(fd);
	return true;
}

static void finish(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(files); i++)
		unlinkat(cgroup, files[i], 0);
	unlinkat(kernel, "delegate", 0);
	CHECK(chdir(top) == 0 && rmdir("cgroup") == 0 && rmdir("kernel") == 0 && rmdir(top) == 0);
}

static void list(const char *text)
{
	int fd = openat(kernel, "delegate", O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK_INT(io_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static unsigned owner(const char *name)
{
	struct stat st;

	CHECK_INT(fstatat(cgroup, name, &st, 0), 0);
	CHECK_UINT(st.st_gid, 0);
	return st.st_uid;
}

/* C-16, C-17: memory.reclaim is listed and not there */
static void listed(void)
{
	struct err err = ERR_NONE;

	if (!prepare())
		return;
	list("cgroup.procs\nmemory.reclaim\nmemory.oom.group\n");
	CHECK_INT(cgroup_delegate_listed(cgroup, kernel, 1234, &err), 0);
	CHECK_UINT(owner("."), 1234);
	CHECK_UINT(owner("cgroup.procs"), 1234);
	CHECK_UINT(owner("memory.oom.group"), 1234);
	CHECK_UINT(owner("cgroup.threads"), 0);
	CHECK_UINT(owner("memory.max"), 0);
	finish();
}

/* C-18: an older kernel has no list */
static void no_list(void)
{
	struct err err = ERR_NONE;

	if (!prepare())
		return;
	CHECK_INT(cgroup_delegate_listed(cgroup, kernel, 1234, &err), 0);
	CHECK_UINT(owner("."), 1234);
	CHECK_UINT(owner("cgroup.procs"), 1234);
	CHECK_UINT(owner("cgroup.threads"), 1234);
	CHECK_UINT(owner("cgroup.subtree_control"), 1234);
	CHECK_UINT(owner("memory.oom.group"), 0);
	CHECK_UINT(owner("cgroup.freeze"), 0);
	CHECK_INT(cgroup_delegate_listed(cgroup, -1, 77, &err), 0);
	CHECK_UINT(owner("cgroup.threads"), 77);
	finish();
}

/* No name leads out of the directory. */
static void outside(void)
{
	struct err err = ERR_NONE;

	if (!prepare())
		return;
	list("../kernel\n");
	CHECK(cgroup_delegate_listed(cgroup, kernel, 1234, &err) < 0);
	CHECK_HAS(err.text, "../kernel");
	CHECK_UINT(owner("."), 0);
	finish();
}

static const struct unit_case cases[] = {
	{"C-16 C-17 the listed files that are there, and no others", listed},
	{"C-18 three files when the kernel has no list", no_list},
	{"names stay in the directory", outside},
};
UNIT_MAIN(cases)
