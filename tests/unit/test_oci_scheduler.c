/* TEST: the rules of scheduler, I/O priority, CPU lists, memory policy and personality, both ways.
 * Sources: config.md, config-linux.md of runtime-spec 1.3; sched(7), set_mempolicy(2). */
#include <errno.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "oci-spec/oci.h"
#include "tests/unit/unit.h"

/* WANT: how the error begins; NULL = legal. */
struct row {
	const char *json, *want;
};

static void check(const char *object, const struct row *rows, size_t n)
{
	auto_arena a = ARENA_INIT;

	for (size_t i = 0; i < n; i++) {
		struct oci_spec spec = {0};
		struct err err = ERR_NONE;
		const char *text =
			arena_printf(&a,
				     "{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},"
				     "\"process\":{\"cwd\":\"/\","
				     "\"args\":[\"sh\"]%s%s},\"linux\":{%s}}",
				     *object == 'p' ? "," : "", *object == 'p' ? rows[i].json : "",
				     *object == 'l' ? rows[i].json : "");
		int r = oci_decode(&a, &oci_spec_type, "f", text, strlen(text), &spec, &err);

		if (r == 0)
			r = oci_validate(&spec, &err);
		if (rows[i].want ? r >= 0 || !str_starts(err.text, rows[i].want) : r < 0)
			unit_fail(__FILE__, __LINE__, "%s: '%s', expected '%s'", rows[i].json,
				  r < 0 ? err.text : "(legal)",
				  rows[i].want ? rows[i].want : "(legal)");
	}
}

#define CHECK_ROWS(object, rows) check(object, rows, ARRAY_SIZE(rows))
#define S(members)               "\"scheduler\":{" members "}"
#define DEADLINE                 "\"policy\":\"SCHED_DEADLINE\""
#define IO(members)              "\"ioPriority\":{" members "}"
#define CPUS(list)               "\"execCPUAffinity\":{\"final\":\"" list "\"}"
#define M(members)               "\"memoryPolicy\":{" members "}"
#define P(members)               "\"personality\":{" members "}"

static void policies(void)
{
	static const struct row rows[] = {
		{S("\"policy\":\"SCHED_OTHER\""), NULL},
		{S("\"policy\":\"SCHED_BATCH\""), NULL},
		{S("\"policy\":\"SCHED_IDLE\""), NULL},
		{S("\"policy\":\"SCHED_FIFO\",\"priority\":1"), NULL},
		{S("\"policy\":\"SCHED_RR\",\"priority\":99"), NULL},
		{S("\"nice\":1"), "process.scheduler.policy: required"},
		{S("\"policy\":\"\""), "process.scheduler.policy: required"},
		{S("\"policy\":\"sched_other\""), "process.scheduler.policy: unknown"},
		{S("\"policy\":\"SCHED_ISO\""), "process.scheduler.policy: Linux does not have"},
		{S("\"policy\":\"SCHED_OTHER\",\"nice\":-20"), NULL},
		{S("\"policy\":\"SCHED_OTHER\",\"nice\":19"), NULL},
		{S("\"policy\":\"SCHED_OTHER\",\"nice\":-21"), "process.scheduler.nice: -21"},
		{S("\"policy\":\"SCHED_BATCH\",\"nice\":20"), "process.scheduler.nice: 20"},
		{S("\"policy\":\"SCHED_BATCH\",\"priority\":0"), NULL},
		{S("\"policy\":\"SCHED_BATCH\",\"priority\":1"), "process.scheduler.priority: 1"},
		{S("\"policy\":\"SCHED_FIFO\""), "process.scheduler.priority: 0"},
		{S("\"policy\":\"SCHED_RR\",\"priority\":100"), "process.scheduler.priority: 100"},
		{S("\"policy\":\"SCHED_RR\",\"priority\":-1"), "process.scheduler.priority: -1"},
	};

	CHECK_ROWS("process", rows);
}

static void scheduler_flags(void)
{
	static const struct row rows[] = {
		{S("\"policy\":\"SCHED_OTHER\",\"flags\":[]"), NULL},
		{S("\"policy\":\"SCHED_OTHER\",\"flags\":[\"SCHED_FLAG_RESET_ON_FORK\","
		   "\"SCHED_FLAG_RECLAIM\",\"SCHED_FLAG_DL_OVERRUN\",\"SCHED_FLAG_KEEP_POLICY\","
		   "\"SCHED_FLAG_KEEP_PARAMS\",\"SCHED_FLAG_UTIL_CLAMP_MIN\","
		   "\"SCHED_FLAG_UTIL_CLAMP_MAX\"]"),
		 NULL},
		{S("\"policy\":\"SCHED_OTHER\",\"flags\":[\"SCHED_FLAG_RECLAIM\",\"RECLAIM\"]"),
		 "process.scheduler.flags[1]: unknown"},
	};

	CHECK_ROWS("process", rows);
}

static void deadlines(void)
{
	static const struct row rows[] = {
		{S(DEADLINE ",\"runtime\":1,\"deadline\":1"), NULL},
		{S(DEADLINE ",\"runtime\":1,\"deadline\":2,\"period\":2"), NULL},
		{S(DEADLINE ",\"runtime\":1,\"deadline\":2,\"period\":1"),
		 "process.scheduler.deadline: 2 is more than period, 1"},
		{S(DEADLINE ",\"runtime\":3,\"deadline\":2"),
		 "process.scheduler.runtime: 3 is more than deadline, 2"},
		{S(DEADLINE), "process.scheduler.runtime: required"},
		{S(DEADLINE ",\"runtime\":3"), "process.scheduler.deadline: required"},
		{S(DEADLINE ",\"flags\":[\"SCHED_FLAG_KEEP_PARAMS\"]"), NULL},
		{S(DEADLINE ",\"priority\":1,\"runtime\":1,\"deadline\":1"),
		 "process.scheduler.priority: 1"},
		{S("\"policy\":\"SCHED_OTHER\",\"runtime\":0,\"deadline\":0,\"period\":0"), NULL},
		{S("\"policy\":\"SCHED_OTHER\",\"runtime\":1"),
		 "process.scheduler.runtime: has no"},
		{S("\"policy\":\"SCHED_IDLE\",\"deadline\":1"),
		 "process.scheduler.deadline: has no"},
		{S("\"policy\":\"SCHED_FIFO\",\"priority\":1,\"period\":1"),
		 "process.scheduler.period: has no"},
	};

	CHECK_ROWS("process", rows);
}

static void io_priorities(void)
{
	static const struct row rows[] = {
		{IO("\"class\":\"IOPRIO_CLASS_RT\",\"priority\":0"), NULL},
		{IO("\"class\":\"IOPRIO_CLASS_BE\",\"priority\":7"), NULL},
		{IO("\"class\":\"IOPRIO_CLASS_IDLE\",\"priority\":3"), NULL},
		{IO("\"class\":\"IOPRIO_CLASS_BE\",\"priority\":8"),
		 "process.ioPriority.priority: 8"},
		{IO("\"class\":\"IOPRIO_CLASS_BE\",\"priority\":-1"),
		 "process.ioPriority.priority: -1"},
		{IO("\"class\":\"IOPRIO_CLASS_BE\""), "process.ioPriority.priority: required"},
		{IO("\"priority\":1"), "process.ioPriority.class: required"},
		{IO("\"class\":\"IOPRIO_CLASS_NONE\",\"priority\":0"),
		 "process.ioPriority.class: unknown"},
	};

	CHECK_ROWS("process", rows);
}

/* the schema's pattern is digits, commas, blanks and dashes. */
static void cpu_lists(void)
{
	static const struct row rows[] = {
		{CPUS(""), NULL},
		{CPUS("0-3,7"), NULL},
		{CPUS(" 0 - 3 , 7 "), NULL},
		{CPUS("0-3,7,"), NULL},
		{CPUS("8191"), NULL},
		{CPUS("8192"), "process.execCPUAffinity.final: '8192' has a CPU above 8191"},
		{CPUS("18446744073709551616"), "process.execCPUAffinity.final: '1844"},
		{CPUS("3-1"), "process.execCPUAffinity.final: '3-1' is not"},
		{CPUS("1-"), "process.execCPUAffinity.final: '1-' is not"},
		{CPUS("-1"), "process.execCPUAffinity.final: '-1' is not"},
		{CPUS("1-2-3"), "process.execCPUAffinity.final: '1-2-3' is not"},
		{CPUS("1 2"), "process.execCPUAffinity.final: '1 2' is not"},
		{CPUS(" "), "process.execCPUAffinity.final: ' ' is not"},
		{CPUS(","), "process.execCPUAffinity.final: ',' is not"},
		{CPUS("a"), "process.execCPUAffinity.final: 'a' is not"},
		{"\"execCPUAffinity\":{\"initial\":\"x\",\"final\":\"0\"}",
		 "process.execCPUAffinity.initial: 'x' is not"},
		{"\"execCPUAffinity\":{}", NULL},
	};

	CHECK_ROWS("process", rows);
}

static void memory_policies(void)
{
	static const struct row rows[] = {
		{M("\"mode\":\"MPOL_DEFAULT\""), NULL},
		{M("\"mode\":\"MPOL_DEFAULT\",\"nodes\":\"\""), NULL},
		{M("\"mode\":\"MPOL_LOCAL\""), NULL},
		{M("\"mode\":\"MPOL_PREFERRED\""), NULL},
		{M("\"mode\":\"MPOL_PREFERRED\",\"nodes\":\"1\""), NULL},
		{M("\"mode\":\"MPOL_BIND\",\"nodes\":\"0-3,7\""), NULL},
		{M("\"mode\":\"MPOL_INTERLEAVE\",\"nodes\":\"0\""), NULL},
		{M("\"mode\":\"MPOL_WEIGHTED_INTERLEAVE\",\"nodes\":\"0\""), NULL},
		{M("\"mode\":\"MPOL_PREFERRED_MANY\",\"nodes\":\"0\""), NULL},
		{M(""), "linux.memoryPolicy.mode: required"},
		{M("\"nodes\":\"0\""), "linux.memoryPolicy.mode: required"},
		{M("\"mode\":\"MPOL_MAX\""), "linux.memoryPolicy.mode: unknown"},
		{M("\"mode\":\"MPOL_DEFAULT\",\"nodes\":\"0\""),
		 "linux.memoryPolicy.nodes: MPOL_DEF"},
		{M("\"mode\":\"MPOL_LOCAL\",\"nodes\":\"0\""),
		 "linux.memoryPolicy.nodes: MPOL_LOCAL"},
		{M("\"mode\":\"MPOL_BIND\""), "linux.memoryPolicy.nodes: required for MPOL_BIND"},
		{M("\"mode\":\"MPOL_INTERLEAVE\",\"nodes\":\"\""),
		 "linux.memoryPolicy.nodes: required for MPOL_INTERLEAVE"},
		{M("\"mode\":\"MPOL_PREFERRED_MANY\""), "linux.memoryPolicy.nodes: required"},
		{M("\"mode\":\"MPOL_WEIGHTED_INTERLEAVE\""), "linux.memoryPolicy.nodes: required"},
		{M("\"mode\":\"MPOL_BIND\",\"nodes\":\"1023\""), NULL},
		{M("\"mode\":\"MPOL_BIND\",\"nodes\":\"1024\""),
		 "linux.memoryPolicy.nodes: '1024'"},
		{M("\"mode\":\"MPOL_BIND\",\"nodes\":\"all\""), "linux.memoryPolicy.nodes: 'all'"},
	};

	CHECK_ROWS("linux", rows);
}

#define FLAGS(mode, flags) M("\"mode\":\"" mode "\",\"nodes\":\"0\",\"flags\":[" flags "]")
static void memory_flags(void)
{
	static const struct row rows[] = {
		{FLAGS("MPOL_BIND", "\"MPOL_F_STATIC_NODES\""), NULL},
		{FLAGS("MPOL_INTERLEAVE", "\"MPOL_F_RELATIVE_NODES\""), NULL},
		{FLAGS("MPOL_BIND", "\"MPOL_F_NUMA_BALANCING\",\"MPOL_F_STATIC_NODES\""), NULL},
		{FLAGS("MPOL_PREFERRED_MANY", "\"MPOL_F_NUMA_BALANCING\""), NULL},
		{FLAGS("MPOL_INTERLEAVE", "\"MPOL_F_NUMA_BALANCING\""),
		 "linux.memoryPolicy.flags: MPOL_F_NUMA_BALANCING has no meaning"},
		{FLAGS("MPOL_BIND", "\"MPOL_F_STATIC_NODES\",\"MPOL_F_RELATIVE_NODES\""),
		 "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and"},
		{FLAGS("MPOL_BIND", "\"MPOL_F_STATIC_NODES\",\"x\""),
		 "linux.memoryPolicy.flags[1]: unknown flag 'x'"},
	};

	CHECK_ROWS("linux", rows);
}

static void personalities(void)
{
	static const struct row rows[] = {
		{P("\"domain\":\"LINUX\""), NULL},
		{P("\"domain\":\"LINUX32\",\"flags\":[]"), NULL},
		{P(""), "linux.personality.domain: required"},
		{P("\"domain\":\"PER_LINUX\""), "linux.personality.domain: unknown"},
		{P("\"domain\":\"LINUX\",\"flags\":[\"x\"]"),
		 "linux.personality.flags[0]: unknown"},
	};

	CHECK_ROWS("linux", rows);
}

static void labels(void)
{
	auto_arena a = ARENA_INIT;
	char *name = arena_alloc(&a, 4002);
	struct row row = {NULL, NULL};

	memset(name, 'p', 4000);
	row.json =
		arena_printf(&a, "\"apparmorProfile\":\"%s\",\"selinuxLabel\":\"%s\"", name, name);
	check("process", &row, 1);
	name[4000] = 'p';
	row = (struct row){arena_printf(&a, "\"apparmorProfile\":\"%s\"", name),
			   "process.apparmorProfile: longer"};
	check("process", &row, 1);
	row = (struct row){arena_printf(&a, "\"selinuxLabel\":\"%s\"", name),
			   "process.selinuxLabel: longer"};
	check("process", &row, 1);
}

static const struct unit_case cases[] = {
	{"P-36, P-37, P-38: policies, nice values, priorities", policies},
	{"P-39: scheduler flags", scheduler_flags},
	{"P-40: deadlines", deadlines},
	{"P-41: I/O priorities", io_priorities},
	{"P-43, P-44, X-15: lists of CPUs", cpu_lists},
	{"L-16, L-17: memory policies", memory_policies},
	{"L-18: flags of memory policies", memory_flags},
	{"L-14, L-15: personalities", personalities},
	{"labels that the kernel would cut short", labels},
};

UNIT_MAIN(cases)
