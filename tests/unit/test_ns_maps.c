/* TEST: id maps, time offsets, loopback. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <net/if.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/proc.h"
#include "namespaces/ns.h"
#include "tests/unit/unit.h"

static bool need_root(void)
{
	if (geteuid() == 0)
		return true;
	printf("# skipped: needs root\n");
	return false;
}

/* A process in a new user namespace that lives until *ret_release is closed. */
static pid_t child_in_userns(int *ret_release)
{
	int fds[2];
	char c;
	pid_t pid;

	CHECK_INT(pipe2(fds, O_CLOEXEC), 0);
	pid = proc_clone(CLONE_NEWUSER, -1, NULL);
	CHECK(pid >= 0);
	if (pid == 0) {
		close(fds[1]);
		_exit(read(fds[0], &c, 1) == 0 ? 0 : 1);
	}
	close(fds[0]);
	*ret_release = fds[1];
	return pid;
}

static void end_child(pid_t pid, int release)
{
	close(release);
	CHECK_INT(proc_wait(pid), 0);
}

static void check_map(pid_t pid, const char *file, const struct plan_idmap *want, size_t n)
{
	char path[64];
	auto_file FILE *f = NULL;
	unsigned a, b, c;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	f = fopen(path, "re");
	CHECK(f);
	for (size_t i = 0; i < n; i++) {
		CHECK_INT(fscanf(f, "%u %u %u", &a, &b, &c), 3);
		CHECK_UINT(a, want[i].container);
		CHECK_UINT(b, want[i].host);
		CHECK_UINT(c, want[i].size);
	}
	CHECK_INT(fscanf(f, "%u", &a), EOF);
}

static void several_entries(void) /* N-18, N-20 */
{
	struct plan_idmap uids[] = {{0, 100000, 1000}, {1000, 0, 1}, {1001, 101001, 64535}};
	struct plan_idmap gids[] = {{0, 200000, 65536}, {4294967294, 300000, 1}};
	struct plan_namespaces ns = {
		.uid_map = uids, .n_uid_map = 3, .gid_map = gids, .n_gid_map = 2};
	struct err err = ERR_NONE;
	bool denied = true;
	int release;
	pid_t pid;

	if (!need_root())
		return;
	pid = child_in_userns(&release);
	CHECK_INT(ns_write_maps(pid, &ns, &denied, &err), 0);
	CHECK(!denied);
	check_map(pid, "uid_map", uids, 3);
	check_map(pid, "gid_map", gids, 2);
	/* a second time is refused by the kernel, and says so */
	CHECK_INT(ns_write_maps(pid, &ns, NULL, &err), -EPERM);
	CHECK_HAS(err.text, "uid_map");
	end_child(pid, release);
}

static void refused_maps(void) /* N-18 */
{
	struct plan_idmap overlap[] = {{0, 1000, 10}, {5, 2000, 10}};
	struct plan_idmap one[] = {{0, 1000, 10}};
	struct plan_idmap many[341];
	struct plan_namespaces ns = {
		.uid_map = one, .n_uid_map = 1, .gid_map = overlap, .n_gid_map = 2};
	struct err err = ERR_NONE;
	int release;
	pid_t pid;

	if (!need_root())
		return;
	pid = child_in_userns(&release);
	CHECK_INT(ns_write_maps(pid, &ns, NULL, &err), -EINVAL);
	CHECK_HAS(err.text, "gid_map");
	CHECK_HAS(err.hint, "overlap");
	end_child(pid, release);

	for (unsigned i = 0; i < 341; i++)
		many[i] = (struct plan_idmap){i, i, 1};
	ns.uid_map = many;
	ns.n_uid_map = 341;
	pid = child_in_userns(&release);
	CHECK_INT(ns_write_maps(pid, &ns, NULL, &err), -EINVAL);
	CHECK_HAS(err.text, "uid_map' (341 entries)");
	ns.n_uid_map = 340; /* user_namespaces(7): 340 lines since Linux 4.15 */
	ns.n_gid_map = 1;
	CHECK_INT(ns_write_maps(pid, &ns, NULL, &err), 0);
	check_map(pid, "uid_map", many, 340);
	end_child(pid, release);
	CHECK_INT(ns_write_maps(pid, &ns, NULL, &err), -ENOENT); /* gone */
}

static void become_user(unsigned id)
{
	if (geteuid() == 0)
		CHECK(setresgid(id, id, id) == 0 && setresuid(id, id, id) == 0);
	/* the files of /proc/PID belong to root otherwise */
	CHECK_INT(prctl(PR_SET_DUMPABLE, 1), 0);
}

static void own_id_only(void)
{
	struct plan_idmap uid, gid;
	struct plan_namespaces ns = {
		.uid_map = &uid, .n_uid_map = 1, .gid_map = &gid, .n_gid_map = 1};
	struct err err = ERR_NONE;
	bool denied = false;
	int release;
	pid_t pid;

	become_user(64001);
	setenv("PATH", "/nonexistent", 1);
	uid = (struct plan_idmap){0, geteuid(), 1};
	gid = (struct plan_idmap){7, getegid(), 1};
	pid = child_in_userns(&release);
	CHECK_INT(ns_write_maps(pid, &ns, &denied, &err), 0);
	CHECK(denied); /* the kernel wants it of those without CAP_SETGID */
	check_map(pid, "uid_map", &uid, 1);
	check_map(pid, "gid_map", &gid, 1);
	end_child(pid, release);
}

static void no_helper(void)
{
	struct plan_idmap map[] = {{0, 64002, 1}, {1, 100000, 10}};
	struct plan_namespaces ns = {
		.uid_map = map, .n_uid_map = 2, .gid_map = map, .n_gid_map = 2};
	struct err err = ERR_NONE;
	int release;
	pid_t pid;

	become_user(64002);
	pid = child_in_userns(&release);
	setenv("PATH", "/nonexistent:relative", 1);
	CHECK_INT(ns_write_maps(pid, &ns, NULL, &err), -EPERM);
	/* The one in /usr/bin, if there is one, does not know this user. */
	CHECK_HAS(err.text, "linux.uidMappings: ");
	CHECK_HAS(err.text, "newuidmap'");
	CHECK(err.hint[0]);
	end_child(pid, release);
}

static void write_script(const char *dir, const char *name, const char *text)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/%s", dir, name);
	fd = open(path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0700);
	CHECK(fd >= 0);
	CHECK_INT(io_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static void remove_dir(const char *dir)
{
	static const char *const files[] = {"newuidmap", "newgidmap", "args"};
	char path[128];

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		snprintf(path, sizeof(path), "%s/%s", dir, files[i]);
		unlink(path);
	}
	rmdir(dir);
}

static void helper_arguments(void)
{
	struct plan_idmap uids[] = {{0, 64003, 1}, {1, 100000, 65536}};
	struct plan_idmap gids[] = {{0, 200000, 4294967295U}};
	struct plan_namespaces ns = {
		.uid_map = uids, .n_uid_map = 2, .gid_map = gids, .n_gid_map = 1};
	char dir[] = "/tmp/hull-unit-XXXXXX", path[256], want[256], got[256];
	struct err err = ERR_NONE;
	bool denied = true;
	int release;
	pid_t pid;

	become_user(64003);
	CHECK(mkdtemp(dir));
	write_script(dir, "newuidmap", "#!/bin/sh\necho \"u $@\" >>\"${0%/*}/args\"\n");
	write_script(dir, "newgidmap", "#!/bin/sh\necho \"g $@\" >>\"${0%/*}/args\"\n");
	snprintf(path, sizeof(path), "/nonexistent:%s", dir);
	setenv("PATH", path, 1);
	pid = child_in_userns(&release);
	CHECK_INT(ns_write_maps(pid, &ns, &denied, &err), 0);
	CHECK(!denied); /* left to newgidmap */
	snprintf(want, sizeof(want), "u %d 0 64003 1 1 100000 65536\ng %d 0 200000 4294967295\n",
		 (int)pid, (int)pid);
	snprintf(path, sizeof(path), "%s/args", dir);
	CHECK(io_read_small(AT_FDCWD, path, got, sizeof(got)) > 0);
	CHECK_STR(got, want);

	snprintf(path, sizeof(path), "%s/newgidmap", dir);
	unlink(path);
	write_script(dir, "newgidmap",
		     "#!/bin/sh\necho not allowed >&2\nhead -c 100000 /dev/zero >&2\nexit 3\n");
	CHECK_INT(ns_write_maps(pid, &ns, NULL, &err), -EPERM);
	CHECK_HAS(err.text, "exited with status 3: not allowed");
	end_child(pid, release);
	remove_dir(dir);
}

static long elapsed(clockid_t clock)
{
	struct timespec ts;

	CHECK_INT(clock_gettime(clock, &ts), 0);
	return ts.tv_sec;
}

static int offsets_fd(void)
{
	return open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
}

static void time_offsets(void) /* N-16, N-23 to N-25 */
{
	struct plan_timens_offset offsets[] = {{"monotonic", 100000, 0}, {"boottime", 200000, 5}};
	struct err err = ERR_NONE;
	struct stat a, b;
	long mono = elapsed(CLOCK_MONOTONIC), boot = elapsed(CLOCK_BOOTTIME);

	if (!need_root())
		return;
	CHECK_INT(stat("/proc/self/ns/time", &a), 0);
	CHECK_INT(ns_enter_time(offsets, 2, offsets_fd(), &err), 0);
	CHECK_INT(stat("/proc/self/ns/time", &b), 0);
	CHECK(a.st_ino != b.st_ino);
	CHECK(elapsed(CLOCK_MONOTONIC) - mono - 100000 <= 5);
	CHECK(elapsed(CLOCK_MONOTONIC) - mono >= 100000);
	CHECK(elapsed(CLOCK_BOOTTIME) - boot - 200000 <= 5);
	CHECK(elapsed(CLOCK_BOOTTIME) - boot >= 200000);
}

static void time_negative(void) /* N-24 */
{
	struct plan_timens_offset offsets[] = {{"boottime", -elapsed(CLOCK_BOOTTIME) - 1000, 0}};
	struct err err = ERR_NONE;

	if (!need_root())
		return;
	CHECK_INT(ns_enter_time(offsets, 1, offsets_fd(), &err), -ERANGE);
	CHECK_HAS(err.text, "clock");
}

static void time_without_offsets(void)
{
	struct err err = ERR_NONE;

	if (need_root())
		CHECK_INT(ns_enter_time(NULL, 0, -1, &err), 0);
}

static short lo_flags(void)
{
	struct ifreq req = {.ifr_name = "lo"};
	auto_fd int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	CHECK_INT(ioctl(fd, SIOCGIFFLAGS, &req), 0);
	return req.ifr_flags;
}

static void loopback(void) /* N-11 */
{
	struct err err = ERR_NONE;

	if (!need_root())
		return;
	CHECK_INT(unshare(CLONE_NEWNET), 0);
	CHECK(!(lo_flags() & IFF_UP));
	CHECK_INT(ns_loopback_up(&err), 0);
	CHECK(lo_flags() & IFF_UP);
	CHECK_INT(ns_loopback_up(&err), 0);
}

static const struct unit_case cases[] = {
	{"N-20 several entries, one write each", several_entries},
	{"N-18 maps the kernel refuses", refused_maps},
	{"the own id, without privilege", own_id_only},
	{"no helper in PATH", no_helper},
	{"the helpers' arguments and errors", helper_arguments},
	{"N-23 time offsets", time_offsets},
	{"N-24 a clock below zero", time_negative},
	{"a time namespace without offsets", time_without_offsets},
	{"N-11 loopback", loopback},
};
UNIT_MAIN(cases)
