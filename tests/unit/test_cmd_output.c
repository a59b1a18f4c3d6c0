/* TEST: what state, list and events print. */
#include "tests/unit/unit.h"

#include "cmd/command.h"
#include "cmd/info.h"
#include "cmd/stats.h"
#include "libcontainer/base/cleanup.h"

static struct arena arena;

/* As Go's tabwriter with a minimum width of 12 and a padding of 3. */
static void test_table(void)
{
	static const char *const cells[] = {
		"ID", "PID", "OWNER", "a-name-of-fifteen", "17", "root", "x", "0", "evil\x1b[2J",
	};

	CHECK_STR(cli_table(&arena, cells, 3, 3), "ID                  PID         OWNER\n"
						  "a-name-of-fifteen   17          root\n"
						  "x                   0           evil?[2J\n");
	CHECK_STR(cli_table(&arena, cells, 3, 1), "ID          PID         OWNER\n");
	CHECK_STR(cli_table(&arena, cells, 3, 0), "");
}

static void test_text_grows(void)
{
	struct cli_text t = {.arena = &arena};

	for (int i = 0; i < 5000; i++)
		cli_text_add(&t, "%d,", i);
	CHECK_UINT(t.len, 10 * 2 + 90 * 3 + 900 * 4 + 4000 * 5);
	CHECK(strncmp(t.buf, "0,1,2,", 6) == 0);
	CHECK_STR(t.buf + t.len - 10, "4998,4999,");
}

/* Z-02, Z-03, Z-10, Z-11: the members and their types; rootfs, created and owner as in runc. */
static void test_state(void)
{
	struct oci_pair pairs[] = {{"com.example.a", "1"}, {"b", "\"q\""}};
	struct container_info info = {.id = "web",
				      .bundle = "/b",
				      .rootfs = "/b/rootfs",
				      .created = "2026-11-22T03:04:05.000000006Z",
				      .status = CONTAINER_RUNNING,
				      .pid = 42};
	struct json_writer w;

	json_start(&w, &arena, "");
	info_json(&w, &info, "");
	CHECK_STR(json_finish(&w, NULL),
		  "{\"ociVersion\":\"1.3.0\",\"id\":\"web\",\"pid\":42,\"status\":\"running\","
		  "\"bundle\":\"/b\",\"rootfs\":\"/b/rootfs\","
		  "\"created\":\"2026-11-22T03:04:05.000000006Z\",\"owner\":\"\"}");
	info.annotations = (struct oci_map){.set = true, .n = 2, .v = pairs};
	info.status = CONTAINER_STOPPED;
	info.pid = 0;
	json_start(&w, &arena, "  ");
	info_json(&w, &info, "root");
	CHECK_STR(json_finish(&w, NULL), "{\n"
					 "  \"ociVersion\": \"1.3.0\",\n"
					 "  \"id\": \"web\",\n"
					 "  \"pid\": 0,\n"
					 "  \"status\": \"stopped\",\n"
					 "  \"bundle\": \"/b\",\n"
					 "  \"rootfs\": \"/b/rootfs\",\n"
					 "  \"created\": \"2026-11-22T03:04:05.000000006Z\",\n"
					 "  \"annotations\": {\n"
					 "    \"com.example.a\": \"1\",\n"
					 "    \"b\": \"\\\"q\\\"\"\n"
					 "  },\n"
					 "  \"owner\": \"root\"\n"
					 "}");
}

static void test_owner(void)
{
	static const char passwd[] = "root:x:0:0:root:/root:/bin/sh\n"
				     "\n"
				     "broken\n"
				     "short:x\n"
				     "old:x:10001:1::/:/bin/sh\n"
				     "web:x:1000:1000::/home/web:/bin/sh\n"
				     ":x:7:7:::\n"
				     "last:x:8:8:::";

	CHECK_STR(info_user_name(&arena, passwd, 0), "root");
	CHECK_STR(info_user_name(&arena, passwd, 1000), "web");
	CHECK_STR(info_user_name(&arena, passwd, 10001), "old");
	CHECK_STR(info_user_name(&arena, passwd, 8), "last");
	CHECK_STR(info_user_name(&arena, passwd, 1), "#1");
	CHECK_STR(info_user_name(&arena, passwd, 7), "#7");
	CHECK_STR(info_user_name(&arena, passwd, 4294967294u), "#4294967294");
	CHECK_STR(info_user_name(&arena, NULL, 0), "#0");
	CHECK_STR(info_user_name(&arena, "", 0), "#0");
}

static void test_oom(void)
{
	CHECK_STR(stats_oom_line(&arena, "web"), "{\"type\":\"oom\",\"id\":\"web\"}");
}

static void test_stats(void)
{
	struct cgroup_blkio_entry bytes[] = {{8, 16, 4096, "Read"}, {8, 16, 512, "Write"}};
	struct cgroup_key_value raw[] = {{"anon", 7}, {"file", 9}};
	struct cgroup_hugetlb huge[] = {{"2MB", 1, 2, 3}};
	struct cgroup_stats s = {
		.cpu_total_ns = 30,
		.cpu_user_ns = 20,
		.cpu_kernel_ns = 10,
		.cpu_periods = 4,
		.cpu_throttled_periods = 3,
		.cpu_throttled_ns = 5,
		.memory_cache = 9,
		.memory_usage = {true, UINT64_MAX, 100, 200, 1},
		.memory_raw = raw,
		.n_memory_raw = 2,
		.pids_current = 6,
		.pids_limit = 50,
		.io_bytes = bytes,
		.n_io_bytes = 2,
		.hugetlb = huge,
		.n_hugetlb = 1,
		.cpuset_cpus = "0-2,5",
		.cpuset_mems = "0",
		.io_psi = {.set = true, .some_avg10 = 1.5, .full_total_us = 8},
	};
	const char *line = stats_line(&arena, "web", &s);

	CHECK_HAS(line,
		  "{\"type\":\"stats\",\"id\":\"web\",\"data\":{\"cpu\":{\"usage\":{\"total\":30,"
		  "\"kernel\":10,\"user\":20},\"throttling\":{\"periods\":4,"
		  "\"throttledPeriods\":3,\"throttledTime\":5}},\"cpuset\":{");
	CHECK_HAS(line, "\"cpus\":[0,1,2,5],\"mems\":[0],\"cpu_exclusive\":0,");
	CHECK_HAS(line, "\"memory\":{\"cache\":9,\"usage\":{\"limit\":18446744073709551615,"
			"\"usage\":100,\"max\":200,\"failcnt\":1},\"swap\":{\"limit\":0,");
	CHECK_HAS(line, "\"raw\":{\"anon\":7,\"file\":9}}");
	CHECK_HAS(line, "\"pids\":{\"current\":6,\"limit\":50}");
	CHECK_HAS(line, "\"blkio\":{\"ioServiceBytesRecursive\":[{\"major\":8,\"minor\":16,"
			"\"op\":\"Read\",\"value\":4096},{\"major\":8,\"minor\":16,"
			"\"op\":\"Write\",\"value\":512}],\"psi\":{\"some\":{\"avg10\":1.5,"
			"\"avg60\":0");
	CHECK_HAS(line, "\"hugetlb\":{\"2MB\":{\"usage\":1,\"max\":2,\"failcnt\":3}}");
	CHECK_HAS(line, "\"network_interfaces\":null}}");
	CHECK(!strchr(line, '\n'));
}

static void test_cpuset_lists(void)
{
	static const struct {
		const char *list, *want;
	} lists[] = {
		{"0", "\"cpus\":[0],"},   {"0-1", "\"cpus\":[0,1],"},   {"1,3", "\"cpus\":[1,3],"},
		{"0,2-3,9", "[0,2,3,9]"}, {"", "\"cpuset\":{\"cpu_ex"}, {"0-1\n", "[0,1]"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(lists); i++) {
		struct cgroup_stats s = {.cpuset_cpus = lists[i].list};

		CHECK_HAS(stats_line(&arena, "x", &s), lists[i].want);
	}
}

static const struct unit_case cases[] = {
	{"columns", test_table},
	{"a text grows", test_text_grows},
	{"the state object", test_state},
	{"the owner's name", test_owner},
	{"an out-of-memory event", test_oom},
	{"a sample", test_stats},
	{"cpuset lists", test_cpuset_lists},
};

UNIT_MAIN(cases)
