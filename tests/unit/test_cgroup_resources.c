/* TEST: linux.resources becomes the right writes to cgroup v2 files (V-01 to V-22). */
#include <errno.h>
#include <math.h>

#include "cgroups/cgroup.h"
#include "cgroups/resources.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "tests/unit/unit.h"

/* ---- numbers ------------------------------------------------------------------------------- */

static void shares(void)
{
	static const uint64_t table[][2] = {
		{2, 1},
		{4, 2},
		{10, 4},
		{51, 11},
		{102, 17},
		{128, 21},
		{256, 35},
		{512, 59},
		{1000, 99},
		{1024, 100},
		{1025, 101},
		{2048, 174},
		{4096, 303},
		{8192, 532},
		{10240, 639},
		{22000, 1204},
		{65536, 3023},
		{131072, 5478},
		{262143, 10000},
		{262144, 10000},
		{0, 0},
		{1, 1},
		{UINT64_MAX, 10000},
	};

	for (size_t i = 0; i < ARRAY_SIZE(table); i++)
		CHECK_UINT(cgroup_shares_to_weight(table[i][0]), table[i][1]);
}

static void shares_by_libm(void)
{
	for (uint64_t s = 2; s <= 262144; s++) {
		double l = log2((double)s);
		double want = ceil(pow(10, (l * l + 125 * l) / 612 - 7.0 / 34));

		CHECK_UINT(cgroup_shares_to_weight(s), (uint64_t)want);
	}
}

static void io_weight(void)
{
	CHECK_UINT(cgroup_blkio_to_io_weight(10), 1);
	CHECK_UINT(cgroup_blkio_to_io_weight(17), 71); /* 1 + 7*9999/990: no 16-bit product */
	CHECK_UINT(cgroup_blkio_to_io_weight(100), 910);
	CHECK_UINT(cgroup_blkio_to_io_weight(500), 4950);
	CHECK_UINT(cgroup_blkio_to_io_weight(1000), 10000);
}

/* ---- writes: "file=value" each, "?" marks an optional one -------------------------------------
 */

static struct arena arena;

static const char *writes_of(const struct oci_resources *res, bool update)
{
	struct cgroup_write *w = NULL;
	struct err err = ERR_NONE;
	char *text = arena_alloc(&arena, 4096);
	struct strbuf sb = {.buf = text, .size = 4096};
	size_t n = 0;

	if (cgroup_resources_convert(&arena, res, update, &w, &n, &err) < 0)
		return arena_printf(&arena, "error: %s", err.text);
	for (size_t i = 0; i < n; i++)
		strbuf_add(&sb, "%s%s%s=%s", i ? "; " : "", w[i].flags & CW_OPTIONAL ? "?" : "",
			   w[i].file, w[i].value);
	return text;
}

#define I(x)            \
	{               \
		true, x \
	}
#define MEMORY(update, ...) \
	writes_of(&(struct oci_resources){.memory = &(struct oci_memory){__VA_ARGS__}}, update)
#define CPU(...) writes_of(&(struct oci_resources){.cpu = &(struct oci_cpu){__VA_ARGS__}}, false)
#define IO(...) \
	writes_of(&(struct oci_resources){.block_io = &(struct oci_block_io){__VA_ARGS__}}, false)

/* V-08 to V-11 */
static void memory(void)
{
	CHECK_STR(MEMORY(false, .limit = I(1048576)), "memory.max=1048576");
	CHECK_STR(MEMORY(false, .limit = I(-1)), "?memory.swap.max=max; ?memory.max=max");
	CHECK_STR(MEMORY(false, .limit = I(0)), "");
	CHECK_HAS(MEMORY(false, .limit = I(-2)), "error: linux.resources.memory.limit");
	CHECK_STR(MEMORY(false, .limit = I(100), .swap = I(150)),
		  "memory.swap.max=50; memory.max=100");
	CHECK_STR(MEMORY(false, .limit = I(100), .swap = I(100)),
		  "?memory.swap.max=0; memory.max=100");
	CHECK_STR(MEMORY(false, .limit = I(100), .swap = I(-1)),
		  "?memory.swap.max=max; memory.max=100");
	CHECK_STR(MEMORY(false, .limit = I(-1), .swap = I(50)),
		  "memory.swap.max=50; ?memory.max=max");
	CHECK_HAS(MEMORY(false, .limit = I(100), .swap = I(99)),
		  "error: linux.resources.memory.swap");
	CHECK_HAS(MEMORY(false, .swap = I(99)), "error: linux.resources.memory.swap");
	CHECK_STR(MEMORY(true, .swap = I(99)), "memory.swap.max=99"); /* less the present limit */
	CHECK_HAS(MEMORY(false, .swap = I(-7)), "error: linux.resources.memory.swap");
	CHECK_STR(MEMORY(false, .reservation = I(4096)), "memory.low=4096");
	CHECK_STR(MEMORY(false, .reservation = I(-1)), "?memory.low=max");
	CHECK_STR(MEMORY(false, .limit = I(INT64_MAX)), "memory.max=9223372036854775807");
}

/* V-01, V-04 to V-07 */
static void cpu(void)
{
	CHECK_STR(CPU(.shares = I(1024)), "cpu.weight=100");
	CHECK_STR(CPU(.shares = I(0)), "");
	CHECK_STR(CPU(.quota = I(50000), .period = I(200000)), "cpu.max=50000 200000");
	CHECK_STR(CPU(.quota = I(50000)), "cpu.max=50000");
	CHECK_STR(CPU(.quota = I(-1), .period = I(1000)), "?cpu.max=max 1000");
	CHECK_STR(CPU(.quota = I(-1)), "?cpu.max=max");
	CHECK_STR(CPU(.period = I(1000)), "cpu.max=1000"); /* behind the present quota */
	CHECK_STR(CPU(.quota = I(0), .period = I(0), .shares = I(0)), "");
	CHECK_HAS(CPU(.period = I(999)), "error: linux.resources.cpu.period");
	CHECK_HAS(CPU(.period = I(1000001)), "error: linux.resources.cpu.period");
	CHECK_STR(CPU(.quota = I(50000), .burst = I(10)),
		  "cpu.max.burst=10; cpu.max=50000; cpu.max.burst=10");
	CHECK_HAS(CPU(.quota = I(50000), .burst = I(50001)), "error: linux.resources.cpu.burst");
	CHECK_STR(CPU(.idle = I(1), .shares = I(2)), "cpu.idle=1");
	CHECK_STR(CPU(.idle = I(0), .shares = I(2)), "cpu.idle=0; cpu.weight=1");
	CHECK_HAS(CPU(.idle = I(2)), "error: linux.resources.cpu.idle");
	CHECK_STR(CPU(.cpus = "0-3,7", .mems = "0"), "cpuset.cpus=0-3,7; cpuset.mems=0");
	CHECK_STR(CPU(.cpus = "", .mems = ""), "");
}

/* V-18, K-36 */
static void pids(void)
{
	static const struct {
		int64_t limit;
		const char *want;
	} t[] = {{100, "pids.max=100"}, {-1, "?pids.max=max"}, {0, "pids.max=1"}};

	for (size_t i = 0; i < ARRAY_SIZE(t); i++) {
		struct oci_pids p = {.limit = {true, t[i].limit}};

		CHECK_STR(writes_of(&(struct oci_resources){.pids = &p}, false), t[i].want);
		CHECK_STR(writes_of(&(struct oci_resources){.pids = &p}, true),
			  t[i].limit ? t[i].want : "");
	}
}

/* V-14 to V-16 */
static void io(void)
{
	struct oci_weight_device wd = {.major = I(8), .minor = I(0), .weight = I(500)};
	struct oci_throttle_device td = {.major = I(8), .minor = I(16), .rate = I(UINT64_MAX)};
	struct oci_resources res = {.block_io = &(struct oci_block_io){.weight = I(100)}};
	struct cgroup_write *w = NULL;
	struct err err = ERR_NONE;
	size_t n = 0;

	CHECK_STR(IO(.weight = I(0)), "");
	CHECK_HAS(IO(.weight = I(9)), "error: linux.resources.blockIO.weight");
	CHECK_HAS(IO(.weight = I(1001)), "error: linux.resources.blockIO.weight");
	CHECK_STR(IO(.weight = I(500), .weight_device = {true, 1, &wd}),
		  "io.weight=4950; io.weight=8:0 4950");
	CHECK_STR(IO(.throttle_read_bps_device = {true, 1, &td},
		     .throttle_write_iops_device = {true, 1, &td}),
		  "io.max=8:16 rbps=18446744073709551615; io.max=8:16 wiops=18446744073709551615");
	td.rate.v = 0;
	CHECK_STR(IO(.throttle_write_bps_device = {true, 1, &td}), "io.max=8:16 wbps=max");
	td.rate.v = 7;
	CHECK_STR(IO(.throttle_read_iops_device = {true, 1, &td}), "io.max=8:16 riops=7");
	wd.weight.set = false;
	CHECK_HAS(IO(.weight_device = {true, 1, &wd}),
		  "error: linux.resources.blockIO.weightDevice[0]");
	wd.leaf_weight = (struct opt_u32)I(10);
	CHECK_HAS(IO(.weight_device = {true, 1, &wd}), "no equivalent");
	CHECK_INT(cgroup_resources_convert(&arena, &res, false, &w, &n, &err), 0);
	CHECK_UINT(n, 1);
	CHECK_STR(w[0].bfq, "100"); /* BFQ takes v1's number */
}

/* V-17, K-31 */
static const char *hugetlb_of(const char *size)
{
	struct oci_hugepage_limit h = {.page_size = size, .limit = {true, 4194304}};

	return writes_of(&(struct oci_resources){.hugepage_limits = {true, 1, &h}}, false);
}

static void hugetlb(void)
{
	CHECK_STR(hugetlb_of("2MB"), "hugetlb.2MB.max=4194304; ?hugetlb.2MB.rsvd.max=4194304");
	CHECK_HAS(hugetlb_of("64KB"), "hugetlb.64KB.max");
	CHECK_HAS(hugetlb_of("64kB"), "error:");
	CHECK_HAS(hugetlb_of("0MB"), "error:");
	CHECK_HAS(hugetlb_of("2M"), "error:");
	CHECK_HAS(hugetlb_of("2MB/../x"), "error:");
	CHECK_HAS(hugetlb_of("MB"), "error:");
	CHECK_HAS(hugetlb_of("2"), "error:");
	CHECK_HAS(hugetlb_of(""), "error:");
}

/* V-19, K-37 */
static void rdma(void)
{
	struct oci_rdma d = {.device = "mlx5_0", .hca_handles = I(3), .hca_objects = I(10000)};
	struct oci_resources res = {.rdma = {true, 1, &d}};

	CHECK_STR(writes_of(&res, false), "rdma.max=mlx5_0 hca_handle=3 hca_object=10000");
	d.hca_handles.set = false;
	CHECK_STR(writes_of(&res, false), "rdma.max=mlx5_0 hca_object=10000");
	d.hca_objects.set = false;
	CHECK_HAS(writes_of(&res, false), "error: linux.resources.rdma['mlx5_0']");
}

/* K-38 to K-41 */
static const char *unified_of(const char *key, const char *value)
{
	struct oci_pair p = {key, value};
	struct oci_memory m = {.limit = I(100)};

	return writes_of(&(struct oci_resources){.memory = &m, .unified = {true, 1, &p}}, false);
}

static void unified(void)
{
	CHECK_STR(unified_of("memory.max", "200"), "memory.max=100; memory.max=200"); /* last */
	CHECK_STR(unified_of("io.max", "8:0 rbps=1\n8:16 wbps=2\n"),
		  "memory.max=100; io.max=8:0 rbps=1; io.max=8:16 wbps=2");
	CHECK_STR(unified_of("a.b.c", "x"), "memory.max=100; a.b.c=x");
	CHECK_STR(unified_of("cpuset.cpus", ""), "memory.max=100; cpuset.cpus=\n");
	CHECK_HAS(unified_of("../memory.max", "1"),
		  "error: linux.resources.unified['../memory.max']");
	CHECK_HAS(unified_of("a/b.c", "1"), "error:");
	CHECK_HAS(unified_of("memory", "1"), "error:");
	CHECK_HAS(unified_of(".max", "1"), "error:");
	CHECK_HAS(unified_of("memory.", "1"), "error:");
	CHECK_HAS(unified_of("", "1"), "error:");
	CHECK_HAS(unified_of("..", "1"), "error:");
	CHECK_HAS(unified_of("memory.\nmax", "1"), "error:");
	CHECK_HAS(unified_of("cgroup.procs", "1"), "error:");
	CHECK_HAS(unified_of("cgroup.kill", "1"), "error:");
}

/* V-22, K-42: all parts at once */
static void order(void)
{
	struct oci_hugepage_limit huge = {"2MB", I(1)};
	struct oci_rdma rdma = {.device = "mlx", .hca_handles = I(2)};
	struct oci_pair u = {"memory.max", "3"};
	struct oci_resources res = {
		.memory = &(struct oci_memory){.limit = I(100), .swap = I(150)},
		.cpu = &(struct oci_cpu){.shares = I(1024), .cpus = "0"},
		.pids = &(struct oci_pids){.limit = I(9)},
		.block_io = &(struct oci_block_io){.weight = I(10)},
		.hugepage_limits = {true, 1, &huge},
		.rdma = {true, 1, &rdma},
		.unified = {true, 1, &u},
	};

	CHECK_STR(writes_of(&res, false),
		  "memory.swap.max=50; memory.max=100; pids.max=9; cpu.weight=100; cpuset.cpus=0; "
		  "io.weight=1; hugetlb.2MB.max=1; ?hugetlb.2MB.rsvd.max=1; "
		  "rdma.max=mlx hca_handle=2; memory.max=3");
}

/* V-13, K-43 */
static void no_equivalent(void)
{
	struct oci_net_priority prio = {.name = "eth0", .priority = I(1)};
	struct oci_network net = {.class_id = I(1)};

	CHECK_HAS(MEMORY(false, .swappiness = I(0)),
		  "memory.swappiness: cgroup v2 has no equivalent");
	CHECK_HAS(MEMORY(false, .kernel = I(1)), "memory.kernel:");
	CHECK_HAS(MEMORY(false, .kernel_tcp = I(1)), "memory.kernelTCP:");
	CHECK_HAS(MEMORY(false, .disable_oom_killer = I(true)), "memory.disableOOMKiller:");
	CHECK_HAS(MEMORY(false, .use_hierarchy = I(false)), "memory.useHierarchy:");
	CHECK_STR(MEMORY(false, .use_hierarchy = I(true), .disable_oom_killer = I(false)), "");
	CHECK_HAS(CPU(.realtime_runtime = I(1)), "cpu.realtimeRuntime:");
	CHECK_HAS(CPU(.realtime_period = I(1)), "cpu.realtimePeriod:");
	CHECK_HAS(IO(.leaf_weight = I(10)), "blockIO.leafWeight:");
	CHECK_HAS(writes_of(&(struct oci_resources){.network = &net}, false), "network.classID:");
	net = (struct oci_network){.priorities = {true, 1, &prio}};
	CHECK_HAS(writes_of(&(struct oci_resources){.network = &net}, false),
		  "network.priorities:");
}

/* K-39: the controllers behind the files, each once, with the field that asks first */
static void needs(void)
{
	struct oci_pair u[] = {{"misc.max", "a 1"},
			       {"memory.high", "1"},
			       {"cgroup.max.depth", "3"},
			       {"cpu.pressure", "x"}};
	struct oci_resources res = {
		.memory = &(struct oci_memory){.limit = I(1), .reservation = I(2)},
		.cpu = &(struct oci_cpu){.cpus = "0"},
		.pids = &(struct oci_pids){.limit = I(-1)}, /* none: no controller needed */
		.unified = {true, ARRAY_SIZE(u), u},
	};
	struct cgroup_need *n = NULL;
	struct err err = ERR_NONE;
	size_t count = 0;

	CHECK_INT(cgroup_resources_needs(&arena, &res, &n, &count, &err), 0);
	CHECK_UINT(count, 3);
	CHECK_STR(n[0].controller, "memory");
	CHECK_STR(n[0].field, "linux.resources.memory.limit");
	CHECK_STR(n[1].controller, "cpuset");
	CHECK_STR(n[2].controller, "misc");
	CHECK_STR(n[2].field, "linux.resources.unified['misc.max']");
	CHECK_INT(cgroup_resources_needs(&arena, NULL, &n, &count, &err), 0);
	CHECK_UINT(count, 0);
}

static const struct unit_case cases[] = {
	{"V-01 V-03 cpu shares: the reference table", shares},
	{"V-01 cpu shares: all values as libm computes them", shares_by_libm},
	{"V-14 blkio weight", io_weight},
	{"V-08 V-10 V-11 memory", memory},
	{"V-04 V-05 V-06 V-07 cpu and cpuset", cpu},
	{"V-18 K-36 pids", pids},
	{"V-14 V-15 V-16 io", io},
	{"V-17 K-31 K-32 hugetlb", hugetlb},
	{"V-19 K-37 rdma", rdma},
	{"K-38 K-40 K-41 unified", unified},
	{"V-13 K-43 what v2 lacks is refused", no_equivalent},
	{"V-22 K-41 K-42 the order of writes, unified last", order},
	{"K-39 controllers needed", needs},
};
UNIT_MAIN(cases)
