/* TEST: cgroup directories, processes, freezer: for real, where the caller may make cgroups. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cgroups/cgroup.h"
#include "cgroups/file.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/proc.h"
#include "tests/unit/unit.h"

static struct cgroup_host host;
static struct arena arena;
static char top[64];

/* Whatever the case left: its processes and its cgroups. */
static void remove_top(void)
{
	struct err err = ERR_NONE;
	int fd = cgroup_open(&host, top);

	if (fd >= 0) {
		(void)cgroup_file_write(fd, "cgroup.freeze", "0");
		cgroup_kill(fd);
	}
	(void)!cgroup_destroy(&host, top, top, &err);
}

/* The rest of the case runs in a child, so that a failed one is cleaned up after, too. */
static bool real(void)
{
	struct err err = ERR_NONE;
	pid_t pid;
	int status;

	if (cgroup_host_probe(&host, &err) < 0) {
		printf("# SKIP no cgroup v2 here: %s\n", err.text);
		return false;
	}
	snprintf(top, sizeof(top), "/hull-test-%d", (int)getpid());
	if (mkdirat(host.fd, top + 1, 0755) < 0) {
		printf("# SKIP cannot make cgroups here: %s\n", err_name(errno));
		return false;
	}
	fflush(stdout);
	pid = fork();
	if (pid == 0) {
		alarm(60);
		return true;
	}
	waitpid(pid, &status, 0);
	remove_top();
	_exit(WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static const char *below(const char *name)
{
	return arena_printf(&arena, "%s/%s", top, name);
}

static int make(const char *path, const char **ret_made)
{
	struct err err = ERR_NONE;
	int fd = cgroup_create(&host, &arena, path, NULL, ret_made, &err);

	if (fd < 0)
		printf("# %s\n", err.text);
	return fd;
}

static pid_t sleeper(int cgroup)
{
	pid_t pid = proc_clone(0, cgroup, NULL);

	if (pid == 0) {
		for (;;)
			pause();
	}
	CHECK(pid > 0);
	return pid;
}

static void leave(int sig)
{
	_exit(sig);
}

/* One that handles TERM: a fatal signal would end it even while it is frozen. */
static pid_t handler(int cgroup)
{
	sigset_t set;
	pid_t pid;

	sigemptyset(&set);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	pid = proc_clone(0, cgroup, NULL);
	if (pid == 0) {
		signal(SIGTERM, leave);
		sigprocmask(SIG_UNBLOCK, &set, NULL);
		for (;;)
			pause();
	}
	sigprocmask(SIG_UNBLOCK, &set, NULL);
	CHECK(pid > 0);
	return pid;
}

static bool exists(const char *path)
{
	return faccessat(host.fd, path + 1, F_OK, 0) == 0;
}

static void made_and_removed(void)
{
	const char *made = NULL, *second = NULL;
	struct err err = ERR_NONE;
	auto_fd int a = -1, b = -1;

	if (!real())
		return;
	a = make(below("p/q/one"), &made);
	CHECK(a >= 0);
	CHECK_STR(made, below("p"));
	b = make(below("p/q/two"), &second);
	CHECK(b >= 0);
	CHECK_STR(second, below("p/q/two"));
	/* a shared parent stays for the other */
	CHECK_INT(cgroup_destroy(&host, below("p/q/one"), made, &err), 0);
	CHECK(!exists(below("p/q/one")));
	CHECK(exists(below("p/q/two")));
	/* twice is fine */
	CHECK_INT(cgroup_destroy(&host, below("p/q/one"), made, &err), 0);
	/* sub-cgroups go, too, and the parents up to the one that was made */
	CHECK_INT(mkdirat(b, "x", 0755), 0);
	CHECK_INT(mkdirat(b, "x/y", 0755), 0);
	CHECK_INT(cgroup_destroy(&host, below("p/q/two"), below("p"), &err), 0);
	CHECK(!exists(below("p")));
	CHECK(exists(top));
}

/* C-07, O-20 */
static void existing_stays(void)
{
	const char *path = NULL, *made = "x";
	struct err err = ERR_NONE;
	auto_fd int fd = -1;

	if (!real())
		return;
	path = below("pre");
	CHECK_INT(mkdirat(host.fd, path + 1, 0755), 0);
	fd = make(path, &made);
	CHECK(fd >= 0);
	CHECK(made == NULL);
	CHECK_INT(cgroup_destroy(&host, path, made, &err), 0);
	CHECK(exists(path));
}

/* C-08 */
static void unfit_refused(void)
{
	const char *made = NULL;
	struct err err = ERR_NONE;
	auto_fd int fd = -1;

	if (!real())
		return;
	fd = make(below("c"), &made);
	CHECK(fd >= 0);
	sleeper(fd);
	CHECK(cgroup_create(&host, &arena, below("c"), NULL, &made, &err) == -EBUSY);
	CHECK_HAS(err.text, "container's cgroup is not empty: 1 process(es) found");
	CHECK_INT(cgroup_kill(fd), 0);
	CHECK_INT(cgroup_wait_empty(fd, 5000), 0);
	CHECK_INT(cgroup_freeze(fd, true, &err), 0);
	CHECK(cgroup_create(&host, &arena, below("c"), NULL, &made, &err) == -EBUSY);
	CHECK_HAS(err.text, "container's cgroup unexpectedly frozen");
}

static void processes(void)
{
	const char *made;
	struct err err = ERR_NONE;
	auto_fd int fd = -1, sub = -1;
	pid_t one, two, *pids;
	size_t n;

	if (!real())
		return;
	fd = make(below("c"), &made);
	CHECK(fd >= 0);
	CHECK_INT(cgroup_is_populated(fd), 0);
	CHECK_INT(cgroup_pids(fd, &arena, &pids, &n, &err), 0);
	CHECK_UINT(n, 0);
	CHECK_INT(mkdirat(fd, "sub", 0755), 0);
	sub = openat(fd, "sub", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	one = sleeper(sub);
	two = sleeper(fd);
	CHECK_INT(cgroup_pids(fd, &arena, &pids, &n, &err), 0);
	CHECK_UINT(n, 2);
	CHECK_INT(pids[0], one < two ? one : two);
	CHECK_INT(pids[1], one < two ? two : one);
	CHECK_INT(cgroup_is_populated(fd), 1);
	CHECK_INT(cgroup_wait_empty(fd, 20), -ETIMEDOUT);
	close_fd(&sub);
	sub = cgroup_open_of_pid(&host, one, &err);
	CHECK(sub >= 0);
	/* cgroup.kill reaches sub-cgroups; a dying process does not stop the removal */
	CHECK_INT(cgroup_kill(fd), 0);
	CHECK_INT(cgroup_destroy(&host, below("c"), made, &err), 0);
	CHECK(!exists(below("c")));
	CHECK_INT(cgroup_open(&host, below("c")), -ENOENT);
	CHECK_INT(cgroup_wait_empty(fd, 100), 0);
}

static void freezer(void)
{
	const char *made;
	struct err err = ERR_NONE;
	auto_fd int fd = -1;
	int status;
	pid_t pid;

	if (!real())
		return;
	fd = make(below("c"), &made);
	CHECK(fd >= 0);
	pid = handler(fd);
	CHECK_INT(cgroup_is_frozen(fd), 0);
	CHECK_INT(cgroup_freeze(fd, true, &err), 0);
	CHECK_INT(cgroup_is_frozen(fd), 1);
	/* paused stays paused, and a signal waits for the resume */
	CHECK_INT(cgroup_signal_all(fd, SIGTERM, &err), 0);
	CHECK_INT(cgroup_is_frozen(fd), 1);
	CHECK_INT(waitpid(pid, &status, WNOHANG), 0);
	CHECK_INT(cgroup_freeze(fd, false, &err), 0);
	CHECK_INT(cgroup_is_frozen(fd), 0);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFEXITED(status) && WEXITSTATUS(status) == SIGTERM);
	/* running: frozen for the moment only */
	pid = sleeper(fd);
	CHECK_INT(cgroup_signal_all(fd, SIGUSR1, &err), 0);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGUSR1);
	CHECK_INT(cgroup_is_frozen(fd), 0);
}

/* C-05, K-40: nothing but files of the directory itself */
static void names(void)
{
	const char *made;
	char buf[64];
	auto_fd int fd = -1;

	if (!real())
		return;
	fd = make(below("c"), &made);
	CHECK(fd >= 0);
	CHECK_INT(cgroup_file_write(fd, "../cgroup.freeze", "0"), -EXDEV);
	CHECK_INT(cgroup_file_write(fd, "/proc/self/comm", "0"), -EXDEV);
	CHECK_INT(cgroup_file_read(fd, "nosuch", buf, sizeof(buf)), -ENOENT);
	CHECK(cgroup_file_exists(fd, "cgroup.procs"));
	CHECK(!cgroup_file_exists(fd, "cgroup.nope"));
}

/* A child in the cgroup makes a node of its own and opens it: 0, or the errno. */
static int open_node(int cgroup, unsigned major, unsigned minor, int flags)
{
	pid_t pid = proc_clone(0, cgroup, NULL);

	if (pid == 0) {
		char name[64];
		int fd, code;

		snprintf(name, sizeof(name), "hull-test-node-%d", (int)getpid());
		if (mknod(name, S_IFCHR | 0600, makedev(major, minor)) < 0)
			_exit(255);
		fd = open(name, flags | O_CLOEXEC);
		code = fd < 0 ? errno : 0;
		unlink(name);
		_exit(code);
	}
	CHECK(pid > 0);
	return proc_wait(pid);
}

/* The kernel takes the programs, and a second one replaces the first. K-01, K-05, K-07 */
static void devices(void)
{
	struct oci_device_rule deny = {.allow = {true, false}, .type = "a", .access = "rwm"};
	struct oci_device_rule some[] = {
		{.allow = {true, true}},
		{.allow = {true, false},
		 .type = "c",
		 .major = {true, 1},
		 .minor = {true, 5},
		 .access = "w"},
	};
	const char *made;
	struct err err = ERR_NONE;
	auto_fd int fd = -1;
	int r;

	if (!real())
		return;
	fd = make(below("c"), &made);
	CHECK(fd >= 0);
	if (open_node(fd, 1, 3, O_RDWR) != 0) {
		printf("# SKIP no device nodes in this directory\n");
		return;
	}
	r = cgroup_devices_apply(fd, &deny, 1, &err);
	if (r == -EPERM) {
		printf("# SKIP no device filters here: %s\n", err.text);
		return;
	}
	CHECK_INT(r, 0);
	CHECK_INT(open_node(fd, 1, 3, O_RDWR), 0);        /* null */
	CHECK_INT(open_node(fd, 1, 11, O_RDONLY), EPERM); /* kmsg */
	CHECK_INT(cgroup_devices_apply(fd, some, 2, &err), 0);
	CHECK_INT(open_node(fd, 1, 11, O_RDONLY), 0);
	CHECK_INT(open_node(fd, 1, 5, O_RDWR), EPERM); /* zero */
	CHECK_INT(open_node(fd, 1, 5, O_RDONLY), 0);
	/* everything allowed: the filter goes */
	CHECK_INT(cgroup_devices_apply(fd, some, 1, &err), 0);
	CHECK_INT(open_node(fd, 1, 5, O_RDWR), 0);
	/* many rules that do not agree: still fine with the verifier */
	{
		struct oci_device_rule many[300];

		for (size_t i = 0; i < 300; i++)
			many[i] = (struct oci_device_rule){
				.allow = {true, i % 3 != 0},
				.type = i % 5 ? "c" : "a",
				.major = {true, (int64_t)(i % 7)},
				.minor = {i % 11 != 0, (int64_t)i},
				.access = i % 2 ? "r" : "rw",
			};
		CHECK_INT(cgroup_devices_apply(fd, many, 300, &err), 0);
	}
}

static bool host_has(const char *controller)
{
	char have[1024];

	return cgroup_file_read(host.fd, "cgroup.controllers", have, sizeof(have)) >= 0 &&
	       cgroup_has_word(have, controller);
}

/* K-44, K-39: limits arrive, and controllers are switched on all the way down */
static void limits(void)
{
	struct oci_hugepage_limit h = {.page_size = "2MB", .limit = {true, 4 << 20}};
	struct oci_pair bad = {"hugetlb.2MB.nosuch", "1"};
	struct oci_resources res = {.hugepage_limits = {true, 1, &h}};
	const char *made;
	struct err err = ERR_NONE;
	auto_fd int fd = -1;
	uint64_t v;

	if (!real())
		return;
	if (!host_has("hugetlb")) {
		printf("# SKIP no hugetlb controller here\n");
		return;
	}
	fd = cgroup_create(&host, &arena, below("a/b/c"), &res, &made, &err);
	CHECK(fd >= 0);
	CHECK_INT(cgroup_apply(&host, fd, &res, false, &err), 0);
	CHECK_INT(cgroup_file_u64(fd, "hugetlb.2MB.max", &v), 0);
	CHECK_UINT(v, 4 << 20);
	CHECK_INT(cgroup_file_u64(fd, "hugetlb.2MB.rsvd.max", &v), 0);
	CHECK_UINT(v, 4 << 20);
	h.page_size = "3MB"; /* K-31 */
	CHECK_INT(cgroup_apply(&host, fd, &res, true, &err), -ENOENT);
	CHECK_HAS(err.text, "linux.resources.hugepageLimits[0]: the kernel has no cgroup file "
			    "'hugetlb.3MB.max'");
	res = (struct oci_resources){.unified = {true, 1, &bad}};
	CHECK_INT(cgroup_apply(&host, fd, &res, false, &err), -ENOENT); /* K-39 */
}

static void is_file(int fd, const char *name, const char *want)
{
	char buf[256];

	CHECK(cgroup_file_read(fd, name, buf, sizeof(buf)) >= 0);
	CHECK_STR(buf, want);
}

/* K-19 to K-22: what an update does not name, it keeps. */
static void update_cpu(int fd)
{
	struct oci_cpu cpu = {.shares = {true, 1024},
			      .quota = {true, 50000},
			      .period = {true, 200000},
			      .burst = {true, 20000}};
	struct oci_resources res = {.cpu = &cpu};
	struct err err = ERR_NONE;
	bool burst = cgroup_file_exists(fd, "cpu.max.burst");

	cpu.burst.set = burst;
	CHECK_INT(cgroup_apply(&host, fd, &res, false, &err), 0);
	is_file(fd, "cpu.weight", "100");
	is_file(fd, "cpu.max", "50000 200000");
	cpu = (struct oci_cpu){.period = {true, 100000}};
	CHECK_INT(cgroup_apply(&host, fd, &res, true, &err), 0);
	is_file(fd, "cpu.max", "50000 100000");
	/* quota and burst down together, then up together */
	cpu = (struct oci_cpu){.quota = {true, 10000}, .burst = {burst, 5000}};
	CHECK_INT(cgroup_apply(&host, fd, &res, true, &err), 0);
	is_file(fd, "cpu.max", "10000 100000");
	cpu = (struct oci_cpu){.quota = {true, 90000}, .burst = {burst, 80000}};
	CHECK_INT(cgroup_apply(&host, fd, &res, true, &err), 0);
	is_file(fd, "cpu.max", "90000 100000");
	if (burst)
		is_file(fd, "cpu.max.burst", "80000");
	cpu = (struct oci_cpu){.quota = {true, -1}};
	CHECK_INT(cgroup_apply(&host, fd, &res, true, &err), 0);
	is_file(fd, "cpu.max", "max 100000");
	cpu = (struct oci_cpu){.idle = {true, 1}, .shares = {true, 2}};
	CHECK_INT(cgroup_apply(&host, fd, &res, true, &err), 0);
	cpu = (struct oci_cpu){.idle = {true, 0}, .shares = {true, 262144}};
	CHECK_INT(cgroup_apply(&host, fd, &res, true, &err), 0);
	is_file(fd, "cpu.weight", "10000");
}

static void update_memory(int fd)
{
	struct oci_memory m = {.limit = {true, 64 << 20}, .reservation = {true, 1 << 20}};
	struct oci_resources res = {.memory = &m};
	struct err err = ERR_NONE;
	bool swap = cgroup_file_exists(fd, "memory.swap.max");

	m.swap = (struct opt_i64){true, swap ? 96 << 20 : 64 << 20};
	CHECK_INT(cgroup_apply(&host, fd, &res, false, &err), 0);
	is_file(fd, "memory.max", "67108864");
	is_file(fd, "memory.low", "1048576");
	if (swap)
		is_file(fd, "memory.swap.max", "33554432");
	m = (struct oci_memory){.swap = {true, 65 << 20}}; /* against the limit it has */
	if (swap) {
		CHECK_INT(cgroup_apply(&host, fd, &res, true, &err), 0);
		is_file(fd, "memory.swap.max", "1048576");
	}
	/* K-17 */
	if (proc_clone(0, fd, NULL) == 0) {
		static volatile char used[1 << 20];

		for (size_t i = 0; i < sizeof(used); i += 1024)
			used[i] = 1;
		for (;;)
			pause();
	}
	for (uint64_t usage = 0; usage <= 4096; usleep(1000))
		CHECK_INT(cgroup_file_u64(fd, "memory.current", &usage), 0);
	m = (struct oci_memory){.limit = {true, 4096}, .check_before_update = {true, true}};
	CHECK_INT(cgroup_apply(&host, fd, &res, true, &err), -EBUSY);
	CHECK_HAS(err.text, "linux.resources.memory.limit: 4096 is not above the present usage");
	is_file(fd, "memory.max", "67108864");
	m = (struct oci_memory){.limit = {true, -1}};
	CHECK_INT(cgroup_apply(&host, fd, &res, true, &err), 0);
	is_file(fd, "memory.max", "max");
	if (swap)
		is_file(fd, "memory.swap.max", "max");
}

/* Where v2 has the controllers, as in the test guest. */
static void real_limits(void)
{
	struct oci_resources res = {.memory = &(struct oci_memory){.limit = {true, 64 << 20}},
				    .cpu = &(struct oci_cpu){.shares = {true, 512}},
				    .pids = &(struct oci_pids){.limit = {true, 0}}};
	struct cgroup_stats stats;
	const char *made;
	struct err err = ERR_NONE;
	auto_fd int fd = -1, bare = -1;

	if (!real())
		return;
	if (!host_has("memory") || !host_has("cpu") || !host_has("pids")) {
		printf("# SKIP no memory, cpu and pids controllers here\n");
		return;
	}
	fd = cgroup_create(&host, &arena, below("a/b/c"), &res, &made, &err);
	CHECK(fd >= 0);
	CHECK_INT(cgroup_apply(&host, fd, &res, false, &err), 0);
	is_file(fd, "pids.max", "1"); /* K-36: no fork, but the init fits */
	is_file(fd, "memory.max", "67108864");
	is_file(fd, "cpu.weight", "59");
	update_cpu(fd);
	update_memory(fd);
	CHECK_INT(cgroup_stats_read(fd, &arena, &stats, &err), 0);
	CHECK(stats.has_memory && stats.has_pids);
	CHECK_UINT(stats.pids_current, 1);
	CHECK_UINT(stats.pids_limit, 1);
	CHECK(stats.memory_usage.usage > 0);
	/* engines read the usage of containers without limits, too */
	bare = make(below("a/d"), &made);
	CHECK(bare >= 0);
	CHECK(cgroup_file_exists(bare, "memory.current"));
	CHECK(cgroup_file_exists(bare, "pids.current"));
}

/* Processes in a parent: cgroup v2 gives it no controllers to hand down. */
static void busy_parent(void)
{
	struct oci_resources res = {.memory = &(struct oci_memory){.limit = {true, 64 << 20}}};
	const char *made;
	struct err err = ERR_NONE;
	auto_fd int fd = -1;

	if (!real())
		return;
	if (!host_has("memory")) {
		printf("# SKIP no memory controller here\n");
		return;
	}
	CHECK_INT(mkdirat(host.fd, below("p") + 1, 0755), 0);
	fd = cgroup_open(&host, below("p"));
	sleeper(fd);
	CHECK_INT(cgroup_create(&host, &arena, below("p/c"), &res, &made, &err), -EBUSY);
	CHECK_HAS(err.text,
		  "linux.resources.memory.limit: cannot enable the memory controller in cgroup");
	CHECK_HAS(err.text, "processes live in it");
	CHECK(!exists(below("p/c")));
	/* without a need it is no error */
	close_fd(&fd);
	fd = make(below("p/c"), &made);
	CHECK(fd >= 0);
	sleeper(fd);
}

/* A limit whose controller v2 lacks is refused before anything is made. */
static void missing_controller(void)
{
	struct oci_resources res = {.memory = &(struct oci_memory){.limit = {true, 1 << 30}}};
	const char *made;
	struct err err = ERR_NONE;

	if (!real())
		return;
	if (host_has("memory")) {
		printf("# SKIP the memory controller is in v2 here\n");
		return;
	}
	CHECK_INT(cgroup_create(&host, &arena, below("c"), &res, &made, &err), -ENOTSUP);
	CHECK_HAS(err.text,
		  "linux.resources.memory.limit: the memory controller is not available in "
		  "cgroup v2 at '/sys/fs/cgroup");
	if (host.mode == CGROUP_HYBRID)
		CHECK_HAS(err.text, "the v1 hierarchy at '/sys/fs/cgroup/memory' holds it");
	CHECK(!exists(below("c")));
	/* no limit is no need */
	res.memory->limit.v = -1;
	CHECK_INT(cgroup_create(&host, &arena, below("c"), &res, &made, &err) < 0, 0);
}

static void check_path(const char *config, const char *id, const char *want)
{
	struct err err = ERR_NONE;
	const char *path = NULL;
	int r = cgroup_path(&arena, config, id, NULL, &path, &err);

	CHECK_INT(r, want ? 0 : -EINVAL);
	if (want)
		CHECK_STR(path, want);
	else
		CHECK_HAS(err.text, "linux.cgroupsPath");
}

static void paths(void)
{
	struct err err = ERR_NONE;
	const char *path = NULL;

	check_path(NULL, "web", "/hull/web"); /* C-04 */
	check_path("", "web", "/hull/web");
	check_path("/a/b", "web", "/a/b");     /* C-01 */
	check_path("a/b", "web", "/hull/a/b"); /* C-02 */
	check_path("system.slice:x:y", "web", "/hull/system.slice:x:y");
	check_path("/", "web", NULL); /* C-05 */
	check_path("/a/../b", "web", NULL);
	check_path("../b", "web", NULL);
	check_path("/a/..", "web", NULL);
	check_path("/a/./b", "web", NULL);
	check_path("/a//b", "web", NULL);
	check_path("/a/", "web", NULL);
	check_path("/a\nb", "web", NULL);
	check_path("/..a/b..", "web", "/..a/b..");
	/* rootless: below the caller's own, which is "/" in a cgroup namespace */
	CHECK_INT(cgroup_path(&arena, NULL, "web", "/u.slice/x.scope", &path, &err), 0);
	CHECK_STR(path, "/u.slice/x.scope/hull/web");
	CHECK_INT(cgroup_path(&arena, "a/b", "web", "/u.slice", &path, &err), 0);
	CHECK_STR(path, "/u.slice/hull/a/b");
	CHECK_INT(cgroup_path(&arena, "/a/b", "web", "/u.slice", &path, &err), 0);
	CHECK_STR(path, "/a/b");
	CHECK_INT(cgroup_path(&arena, NULL, "web", "/", &path, &err), 0);
	CHECK_STR(path, "/hull/web");
}

static void words(void)
{
	CHECK(cgroup_has_word("cpuset cpu io", "cpu"));
	CHECK(cgroup_has_word("cpuset cpu io", "io"));
	CHECK(cgroup_has_word("cpuset", "cpuset"));
	CHECK(!cgroup_has_word("cpuset io", "cpu"));
	CHECK(!cgroup_has_word("xcpu io", "cpu"));
	CHECK(!cgroup_has_word("", "cpu"));
}

static const struct unit_case cases[] = {
	{"C-01 C-02 C-04 C-05 paths", paths},
	{"words of controller lists", words},
	{"C-06 cgroups are made with their parents and removed with them", made_and_removed},
	{"C-07 O-20 a cgroup that was there stays", existing_stays},
	{"C-08 a frozen or populated cgroup is refused", unfit_refused},
	{"processes of the subtree are listed, killed, waited for", processes},
	{"freeze, signal, thaw", freezer},
	{"K-40 file names stay in the directory", names},
	{"K-01 K-05 K-07 the kernel runs device filters", devices},
	{"K-31 K-39 limits are written", limits},
	{"a missing controller is named", missing_controller},
	{"K-17 K-19 K-22 K-36 limits and their updates with all controllers", real_limits},
	{"a parent with processes hands down no controllers", busy_parent},
};
UNIT_MAIN(cases)
