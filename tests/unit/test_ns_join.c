/* TEST: kinds of namespaces, and joining by path. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/proc.h"
#include "namespaces/ns.h"
#include "tests/unit/unit.h"

static void kinds(void) /* N-01, N-02 */
{
	static const char *const names[] = {"pid", "network", "mount",  "ipc",
					    "uts", "user",    "cgroup", "time"};

	CHECK_UINT(n_ns_kinds, 8);
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		const struct ns_kind *kind = ns_find(names[i]);
		char path[64];

		CHECK(kind);
		CHECK_STR(kind->oci_name, names[i]);
		CHECK(ns_find_flag(kind->flag) == kind);
		snprintf(path, sizeof(path), "/proc/self/ns/%s", kind->proc_name);
		CHECK_INT(access(path, F_OK), 0);
	}
	CHECK(ns_find("net") == NULL);
	CHECK(ns_find("mnt") == NULL);
	CHECK(ns_find("") == NULL);
	CHECK(ns_find_flag(0) == NULL);
	CHECK(ns_find_flag(CLONE_NEWNS | CLONE_NEWNET) == NULL);
	CHECK_UINT(ns_find("network")->flag, CLONE_NEWNET);
	CHECK_UINT(ns_find("mount")->flag, CLONE_NEWNS);
	CHECK_UINT(ns_find("time")->flag, CLONE_NEWTIME);
}

static void every_kind_against_every_file(void) /* N-04, N-05 */
{
	for (size_t i = 0; i < n_ns_kinds; i++) {
		for (size_t j = 0; j < n_ns_kinds; j++) {
			struct err err = ERR_NONE;
			char path[64];
			int fd;

			snprintf(path, sizeof(path), "/proc/self/ns/%s", ns_kinds[j].proc_name);
			fd = ns_open(path, ns_kinds[i].flag, &err);
			if (i == j) {
				CHECK(fd >= 0);
				CHECK_INT(fcntl(fd, F_GETFD), FD_CLOEXEC);
				CHECK_INT(ns_is_own(fd, ns_kinds[i].flag), 1);
				close(fd);
				continue;
			}
			CHECK_INT(fd, -EINVAL);
			CHECK_HAS(err.text, path);
			snprintf(path, sizeof(path), "is a %s namespace", ns_kinds[j].oci_name);
			CHECK_HAS(err.text, path);
			CHECK(strncmp(err.text, ns_kinds[i].oci_name,
				      strlen(ns_kinds[i].oci_name)) == 0);
		}
	}
}

static void not_a_namespace(void) /* N-05 */
{
	char dir[] = "/tmp/hull-unit-XXXXXX", fifo[64], file[64];
	struct err err = ERR_NONE;
	int fd;

	CHECK(mkdtemp(dir));
	snprintf(fifo, sizeof(fifo), "%s/fifo", dir);
	snprintf(file, sizeof(file), "%s/file", dir);
	CHECK_INT(ns_open(file, CLONE_NEWIPC, &err), -ENOENT);
	CHECK_HAS(err.text, "open ipc namespace");
	fd = open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
	CHECK(fd >= 0);
	close(fd);
	CHECK_INT(mkfifo(fifo, 0600), 0);
	CHECK_INT(ns_open(file, CLONE_NEWIPC, &err), -EINVAL);
	CHECK_HAS(err.text, "is not a namespace");
	CHECK_INT(ns_open(fifo, CLONE_NEWIPC, &err), -EINVAL); /* and does not hang */
	CHECK_INT(ns_open(dir, CLONE_NEWIPC, &err), -EINVAL);
	/* procfs, but not nsfs */
	CHECK_INT(ns_open("/proc/self/ns", CLONE_NEWIPC, &err), -EINVAL);
	unlink(file);
	unlink(fifo);
	rmdir(dir);
}

static void foreign(void)
{
	struct err err = ERR_NONE;
	int fd;

	if (geteuid() != 0) {
		printf("# skipped: needs root\n");
		return;
	}
	fd = ns_open("/proc/self/ns/uts", CLONE_NEWUTS, &err);
	CHECK(fd >= 0);
	CHECK_INT(unshare(CLONE_NEWUTS), 0);
	CHECK_INT(ns_is_own(fd, CLONE_NEWUTS), 0);
	CHECK_INT(setns(fd, CLONE_NEWUTS), 0);
	CHECK_INT(ns_is_own(fd, CLONE_NEWUTS), 1);
	CHECK_INT(ns_is_own(fd, CLONE_NEWIPC), 0);
	CHECK_INT(ns_is_own(fd, 0), -EINVAL);
	CHECK_INT(ns_is_own(-1, CLONE_NEWUTS), -EBADF);
	close(fd);
}

static const struct unit_case cases[] = {
	{"N-01 the kinds and their flags", kinds},
	{"N-05 every kind against every file", every_kind_against_every_file},
	{"N-05 what is not a namespace", not_a_namespace},
	{"own and foreign", foreign},
};
UNIT_MAIN(cases)
