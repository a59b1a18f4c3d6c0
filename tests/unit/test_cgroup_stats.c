/* TEST: statistics are read from the files' text. A directory with copies stands for a cgroup. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cgroups/cgroup.h"
#include "cgroups/file.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "tests/unit/unit.h"

static char dir[] = "/tmp/hull-stats-XXXXXX";
static int fd;
static struct arena arena;
static struct cgroup_stats stats;

struct file {
	const char *name, *text;
};

static void read_files(const struct file *files, size_t n)
{
	struct err err = ERR_NONE;
	int r;

	CHECK(mkdtemp(dir) != NULL);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	for (size_t i = 0; i < n; i++) {
		int f = openat(fd, files[i].name, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

		CHECK(f >= 0);
		CHECK_INT(io_write_all(f, files[i].text, strlen(files[i].text)), 0);
		close(f);
	}
	r = cgroup_stats_read(fd, &arena, &stats, &err);
	for (size_t i = 0; i < n; i++)
		unlinkat(fd, files[i].name, 0);
	rmdir(dir);
	if (r < 0)
		unit_fail(__FILE__, __LINE__, "%s", err.text);
}

static void nothing(void)
{
	read_files(NULL, 0);
	CHECK(!stats.has_memory && !stats.has_pids && !stats.cpu_psi.set);
	CHECK(stats.cpuset_cpus == NULL);
	CHECK_UINT(cgroup_oom_kills(fd), 0);
}

static void cpu(void)
{
	static const struct file files[] = {
		{"cpu.stat",
		 "usage_usec 5\nuser_usec 3\nsystem_usec 2\ncore_sched.force_idle_usec 0\n"
		 "nr_periods 7\nnr_throttled 4\nthrottled_usec 9\nnr_bursts 0\n"},
		{"cpu.pressure",
		 "some avg10=1.50 avg60=0.25 avg300=0.00 total=123456\n"
		 "full avg10=0.00 avg60=12.34 avg300=99.99 total=18446744073709551615\n"},
		{"cpuset.cpus.effective", "0-1\n"},
		{"cpuset.mems.effective", "0\n"},
	};

	read_files(files, ARRAY_SIZE(files));
	CHECK_UINT(stats.cpu_total_ns, 5000);
	CHECK_UINT(stats.cpu_user_ns, 3000);
	CHECK_UINT(stats.cpu_kernel_ns, 2000);
	CHECK_UINT(stats.cpu_periods, 7);
	CHECK_UINT(stats.cpu_throttled_periods, 4);
	CHECK_UINT(stats.cpu_throttled_ns, 9000);
	CHECK(stats.cpu_psi.set);
	CHECK(stats.cpu_psi.some_avg10 == 1.5 && stats.cpu_psi.some_avg60 == 0.25);
	CHECK(stats.cpu_psi.full_avg60 == 12.34 && stats.cpu_psi.full_avg300 == 99.99);
	CHECK_UINT(stats.cpu_psi.some_total_us, 123456);
	CHECK_UINT(stats.cpu_psi.full_total_us, UINT64_MAX);
	CHECK_STR(stats.cpuset_cpus, "0-1");
	CHECK_STR(stats.cpuset_mems, "0");
}

static void memory(void)
{
	static const struct file files[] = {
		{"memory.current", "1000\n"},
		{"memory.max", "max\n"},
		{"memory.peak", "2000\n"},
		{"memory.swap.current", "50\n"},
		{"memory.swap.max", "0\n"},
		{"memory.stat", "anon 10\nfile 20\npgfault 30\n"},
		{"memory.events", "low 0\nhigh 0\nmax 6\noom 1\noom_kill 2\n"},
		{"pids.current", "3\n"},
		{"pids.max", "max\n"},
	};

	read_files(files, ARRAY_SIZE(files));
	CHECK(stats.has_memory && stats.has_pids);
	CHECK_UINT(stats.memory_usage.usage, 1000);
	CHECK_UINT(stats.memory_usage.limit, UINT64_MAX);
	CHECK_UINT(stats.memory_usage.max, 2000);
	CHECK_UINT(stats.memory_usage.failcnt, 6);
	CHECK_UINT(stats.memory_swap.usage, 1050); /* memory and swap */
	CHECK_UINT(stats.memory_swap.limit, UINT64_MAX);
	CHECK_UINT(stats.memory_cache, 20);
	CHECK_UINT(stats.n_memory_raw, 3);
	CHECK_STR(stats.memory_raw[2].key, "pgfault");
	CHECK_UINT(stats.memory_raw[2].value, 30);
	CHECK_UINT(stats.pids_current, 3);
	CHECK_UINT(stats.pids_limit, 0);
}

static void limited(void)
{
	static const struct file files[] = {
		{"memory.current", "1000\n"},   {"memory.max", "4096\n"},
		{"memory.swap.current", "0\n"}, {"memory.swap.max", "8192\n"},
		{"pids.current", "3\n"},        {"pids.max", "10\n"},
	};

	read_files(files, ARRAY_SIZE(files));
	CHECK_UINT(stats.memory_usage.limit, 4096);
	CHECK_UINT(stats.memory_swap.limit, 12288);
	CHECK_UINT(stats.pids_limit, 10);
}

static void io(void)
{
	static const struct file files[] = {
		{"io.stat",
		 "8:16 rbytes=1459200 wbytes=314773504 rios=192 wios=353 dbytes=0 dios=0\n"
		 "7:0 8:0 rbytes=90430464 wbytes=0 rios=8950 wios=1252 dbytes=5 dios=6\n"},
		{"cgroup.controllers", "io hugetlb\n"},
		{"hugetlb.2MB.current", "2097152\n"},
		{"hugetlb.2MB.rsvd.current", "7\n"},
		{"hugetlb.2MB.events", "max 4\n"},
		{"hugetlb.1GB.current", "0\n"},
	};

	read_files(files, ARRAY_SIZE(files));
	CHECK_UINT(stats.n_io_bytes, 6);
	CHECK_UINT(stats.n_io_ops, 6);
	CHECK_UINT(stats.io_bytes[0].major, 8);
	CHECK_UINT(stats.io_bytes[0].minor, 16);
	CHECK_STR(stats.io_bytes[1].op, "Write");
	CHECK_UINT(stats.io_bytes[1].value, 314773504);
	CHECK_UINT(stats.io_bytes[3].minor, 0);
	CHECK_UINT(stats.io_bytes[3].value, 90430464);
	CHECK_STR(stats.io_ops[5].op, "Discard");
	CHECK_UINT(stats.io_ops[5].value, 6);
	CHECK_UINT(stats.n_hugetlb, 2);
	CHECK_STR(stats.hugetlb[0].size, "1GB");
	CHECK_STR(stats.hugetlb[1].size, "2MB");
	CHECK_UINT(stats.hugetlb[1].usage, 2097152);
	CHECK_UINT(stats.hugetlb[1].failcnt, 4);
}

static void oom(void)
{
	static const struct file files[] = {{"x", ""}};

	read_files(files, 1);
	CHECK_INT(mkdir(dir, 0700), 0);
	close(fd);
	fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close(openat(fd, "memory.events", O_WRONLY | O_CREAT | O_CLOEXEC, 0600));
	CHECK_INT(cgroup_file_write(fd, "memory.events", "oom 3\noom_kill 2\noom_group_kill 0\n"),
		  0);
	CHECK_UINT(cgroup_oom_kills(fd), 2);
	unlinkat(fd, "memory.events", 0);
	rmdir(dir);
}

static const struct unit_case cases[] = {
	{"an empty cgroup", nothing},
	{"cpu, pressure, cpuset", cpu},
	{"memory, swap, pids without limits", memory},
	{"memory, swap, pids with limits", limited},
	{"io and hugetlb", io},
	{"oom kills", oom},
};
UNIT_MAIN(cases)
