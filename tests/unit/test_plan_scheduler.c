/* TEST: scheduler, I/O priority, CPUs, memory policy, personality: the kernel's numbers, written
 * here as sched(7), ioprio_set(2), set_mempolicy(2) and personality(2) have them. */
#include <errno.h>

#include "libcontainer/base/bits.h"
#include "tests/unit/test_plan.h"

static const struct plan_scheduler *scheduler(struct plan_test *t, struct oci_scheduler *oci)
{
	plan_test_init(t);
	t->process.scheduler = oci;
	return plan_test_build(t)->process.scheduler;
}

static void policies(void)
{
	static const struct {
		const char *name;
		unsigned number;
	} rows[] = {
		{"SCHED_OTHER", 0}, {"SCHED_FIFO", 1}, {"SCHED_RR", 2},
		{"SCHED_BATCH", 3}, {"SCHED_IDLE", 5}, {"SCHED_DEADLINE", 6},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_plan_test t;
		const struct plan_scheduler *s =
			scheduler(&t, &(struct oci_scheduler){.policy = rows[i].name});

		CHECK_UINT(s->policy, rows[i].number);
		CHECK_INT(s->nice, 0);
		CHECK_UINT(s->priority | s->flags | s->runtime | s->deadline | s->period, 0);
	}
}

static void numbers(void)
{
	auto_plan_test t;
	const struct plan_scheduler *s =
		scheduler(&t, &(struct oci_scheduler){.policy = "SCHED_OTHER",
						      .nice = {true, -5},
						      .priority = {true, 3},
						      .flags = STRINGS("SCHED_FLAG_RESET_ON_FORK",
								       "SCHED_FLAG_UTIL_CLAMP_MAX"),
						      .runtime = {true, 1},
						      .deadline = {true, 2},
						      .period = {true, UINT64_MAX}});

	CHECK_INT(s->nice, -5);
	CHECK_UINT(s->priority, 3);
	CHECK_UINT(s->flags, 0x41);
	CHECK_UINT(s->runtime, 1);
	CHECK_UINT(s->deadline, 2);
	CHECK_UINT(s->period, UINT64_MAX);
}

static void flags(void)
{
	auto_plan_test t;
	const struct plan_scheduler *s = scheduler(
		&t, &(struct oci_scheduler){
			    .policy = "SCHED_OTHER",
			    .flags = STRINGS("SCHED_FLAG_RECLAIM", "SCHED_FLAG_DL_OVERRUN",
					     "SCHED_FLAG_KEEP_POLICY", "SCHED_FLAG_KEEP_PARAMS",
					     "SCHED_FLAG_UTIL_CLAMP_MIN")});

	CHECK_UINT(s->flags, 0x02 | 0x04 | 0x08 | 0x10 | 0x20);
}

static void io_priority(void)
{
	auto_plan_test t;
	struct oci_io_priority io = {"IOPRIO_CLASS_RT", {true, 5}};

	plan_test_init(&t);
	t.process.io_priority = &io;
	CHECK_INT(plan_test_build(&t)->process.io_priority, 1 << 13 | 5);
	CHECK(t.plan.process.has_io_priority);
	arena_done(&t.plan.arena);
	io = (struct oci_io_priority){"IOPRIO_CLASS_BE", {true, 0}};
	CHECK_INT(plan_test_build(&t)->process.io_priority, 2 << 13);
	arena_done(&t.plan.arena);
	io = (struct oci_io_priority){"IOPRIO_CLASS_IDLE", {true, 7}};
	CHECK_INT(plan_test_build(&t)->process.io_priority, 3 << 13 | 7);
}

static void cpus(void)
{
	auto_plan_test t;
	struct oci_exec_cpu_affinity affinity = {.initial = "0-2,64", .final = ""};

	plan_test_init(&t);
	t.process.exec_cpu_affinity = &affinity;
	CHECK_UINT(plan_test_build(&t)->process.cpus_initial.bits[0], 7);
	CHECK_UINT(t.plan.process.cpus_initial.bits[1], 1);
	CHECK_UINT(t.plan.process.cpus_initial.bits[2], 0);
	CHECK(!t.plan.process.cpus_final.bits);
}

static void lists(void)
{
	unsigned long bits[2] = {~0UL, ~0UL};

	CHECK_INT(bits_parse("1, 3-4 ,127", bits, 128), 0);
	CHECK_UINT(bits[0], 1 << 1 | 1 << 3 | 1 << 4);
	CHECK_UINT(bits[1], 1UL << 63);
	CHECK_INT(bits_parse("0-127", bits, 128), 0);
	CHECK_UINT(bits[0] & bits[1], ~0UL);
	CHECK_INT(bits_parse("128", bits, 128), -ERANGE);
	CHECK_INT(bits_parse("0-128", bits, 128), -ERANGE);
	CHECK_INT(bits_parse("", bits, 128), -EINVAL);
}

static void memory_policies(void)
{
	static const struct {
		const char *name;
		int number;
	} rows[] = {
		{"MPOL_DEFAULT", 0},
		{"MPOL_PREFERRED", 1},
		{"MPOL_BIND", 2},
		{"MPOL_INTERLEAVE", 3},
		{"MPOL_LOCAL", 4},
		{"MPOL_PREFERRED_MANY", 5},
		{"MPOL_WEIGHTED_INTERLEAVE", 6},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_plan_test t;
		struct oci_memory_policy m = {.mode = rows[i].name};

		plan_test_init(&t);
		t.linux_.memory_policy = &m;
		CHECK_INT(plan_test_build(&t)->process.memory_policy->mode, rows[i].number);
		CHECK(!t.plan.process.memory_policy->nodes);
	}
}

static void memory_nodes_and_flags(void)
{
	auto_plan_test t;
	struct oci_memory_policy m = {
		.mode = "MPOL_BIND",
		.nodes = "1,65",
		.flags = STRINGS("MPOL_F_STATIC_NODES", "MPOL_F_NUMA_BALANCING")};

	plan_test_init(&t);
	t.linux_.memory_policy = &m;
	CHECK_INT(plan_test_build(&t)->process.memory_policy->mode, 2 | 0x8000 | 0x2000);
	CHECK_UINT(t.plan.process.memory_policy->nodes[0], 2);
	CHECK_UINT(t.plan.process.memory_policy->nodes[1], 2);
	arena_done(&t.plan.arena);
	m = (struct oci_memory_policy){
		.mode = "MPOL_INTERLEAVE", .nodes = "0", .flags = STRINGS("MPOL_F_RELATIVE_NODES")};
	CHECK_INT(plan_test_build(&t)->process.memory_policy->mode, 3 | 0x4000);
}

static void personalities(void)
{
	auto_plan_test t;
	struct oci_personality p = {.domain = "LINUX32"};

	plan_test_init(&t);
	CHECK(!plan_test_build(&t)->process.has_personality);
	arena_done(&t.plan.arena);
	t.linux_.personality = &p;
	CHECK(plan_test_build(&t)->process.has_personality);
	CHECK_UINT(t.plan.process.personality, 8);
	arena_done(&t.plan.arena);
	p.domain = "LINUX";
	CHECK(plan_test_build(&t)->process.has_personality);
	CHECK_UINT(t.plan.process.personality, 0);
}

static void labels(void)
{
	auto_plan_test t;

	plan_test_init(&t);
	t.process.apparmor_profile = "";
	t.process.selinux_label = "";
	CHECK(!plan_test_build(&t)->process.apparmor);
	CHECK(!t.plan.process.selinux);
	arena_done(&t.plan.arena);
	t.process.apparmor_profile = "web";
	t.process.selinux_label = "u:r:t:s0";
	CHECK_STR(plan_test_build(&t)->process.apparmor, "web");
	CHECK_STR(t.plan.process.selinux, "u:r:t:s0");
}

static void nothing_asked(void)
{
	auto_plan_test t;
	const struct plan_process *p;

	plan_test_init(&t);
	p = &plan_test_build(&t)->process;
	CHECK(!p->scheduler && !p->has_io_priority && !p->memory_policy);
	CHECK(!p->cpus_initial.bits && !p->cpus_final.bits);
}

static const struct unit_case cases[] = {
	{"P-36: policies; P-37, P-38, P-40: unset is 0", policies},
	{"P-37, P-38, P-39, P-40: the numbers", numbers},
	{"P-39: flags", flags},
	{"P-41: I/O priority", io_priority},
	{"P-43, P-44: CPUs", cpus},
	{"lists of small numbers", lists},
	{"L-16: modes of a memory policy", memory_policies},
	{"L-17, L-18: nodes and flags", memory_nodes_and_flags},
	{"L-14: personalities", personalities},
	{"P-34, P-35: an empty label is none", labels},
	{"nothing without being asked", nothing_asked},
};

UNIT_MAIN(cases)
