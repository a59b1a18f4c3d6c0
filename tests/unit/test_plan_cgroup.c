/* TEST: whether the container's cgroup is handed over to its user. */
#include "tests/unit/test_plan.h"

static bool delegated(const char *ns, const char *ns_path, const char *destination,
		      const char *source, struct oci_strings options)
{
	auto_plan_test t;

	plan_test_init(&t);
	if (ns)
		plan_test_add_ns(&t, ns, ns_path);
	plan_test_add_mount(&t, destination, "cgroup", source, options);
	return plan_test_build(&t)->delegate_cgroup;
}

/* C-14, C-15 */
static void when(void)
{
	const char *at = "/sys/fs/cgroup";

	CHECK(delegated("cgroup", NULL, at, "cgroup", STRINGS("nosuid", "rw")));
	CHECK(delegated("cgroup", "", at, "cgroup", STRINGS("nosuid")));
	CHECK(delegated("cgroup", NULL, "/sys//fs/cgroup/", "cgroup", STRINGS("nosuid")));
	CHECK(!delegated("cgroup", NULL, at, "cgroup", STRINGS("nosuid", "ro")));
	CHECK(!delegated("cgroup", NULL, at, "cgroup2", STRINGS("nosuid")));
	CHECK(!delegated("cgroup", NULL, "/sys/fs/cgroup/unified", "cgroup", STRINGS("nosuid")));
	CHECK(!delegated("cgroup", "/proc/1/ns/cgroup", at, "cgroup", STRINGS("nosuid")));
	CHECK(!delegated(NULL, NULL, at, "cgroup", STRINGS("nosuid")));
}

static void no_process(void)
{
	auto_plan_test t;

	plan_test_init(&t);
	plan_test_add_ns(&t, "cgroup", NULL);
	plan_test_add_mount(&t, "/sys/fs/cgroup", "cgroup", "cgroup", STRINGS("nosuid"));
	t.spec.process = NULL;
	CHECK(!plan_test_build(&t)->delegate_cgroup);
}

/* C-12: the host id behind an id */
static void outside(void)
{
	static const struct plan_idmap map[] = {{0, 100000, 10}, {10, 500, 1}, {4294967290U, 7, 5}};
	uint32_t id = 0;

	CHECK(plan_id_outside(map, 3, 0, &id));
	CHECK_UINT(id, 100000);
	CHECK(plan_id_outside(map, 3, 9, &id));
	CHECK_UINT(id, 100009);
	CHECK(plan_id_outside(map, 3, 10, &id));
	CHECK_UINT(id, 500);
	CHECK(!plan_id_outside(map, 3, 11, &id));
	CHECK(plan_id_outside(map, 3, 4294967294U, &id));
	CHECK_UINT(id, 11);
	CHECK(!plan_id_outside(map, 3, 4294967295U, &id));
	CHECK(!plan_id_outside(map, 0, 0, &id));
}

static const struct unit_case cases[] = {
	{"C-14 C-15: only with a writable mount and a new namespace", when},
	{"C-12: without a process there is no user", no_process},
	{"C-12: the id outside", outside},
};
UNIT_MAIN(cases)
