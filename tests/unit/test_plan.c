/* TEST: the plan as a whole: root, namespaces, names, masks. */

#include "libcontainer/base/mountapi.h"
#include "tests/unit/test_plan.h"

static void root(void)
{
	auto_plan_test relative, absolute, absent;

	plan_test_init(&relative);
	CHECK_STR(plan_test_build(&relative)->rootfs, "/b/rootfs");
	CHECK(!relative.plan.rootfs_readonly);
	CHECK_INT(relative.plan.rootfs_fd, -1);
	plan_test_init(&absolute);
	absolute.root = (struct oci_root){"/srv/root", {true, true}};
	CHECK_STR(plan_test_build(&absolute)->rootfs, "/srv/root");
	CHECK(absolute.plan.rootfs_readonly);
	plan_test_init(&absent);
	absent.spec.root = NULL;
	CHECK_HAS(plan_test_error(&absent), "root.path");
}

static void root_propagation(void)
{
	static const struct {
		const char *name;
		unsigned flags;
	} rows[] = {
		{NULL, 0},
		{"", 0},
		{"private", MS_PRIVATE},
		{"rprivate", MS_PRIVATE | MS_REC},
		{"shared", MS_SHARED},
		{"rshared", MS_SHARED | MS_REC},
		{"slave", MS_SLAVE},
		{"rslave", MS_SLAVE | MS_REC},
		{"unbindable", MS_UNBINDABLE},
		{"runbindable", MS_UNBINDABLE | MS_REC},
	};
	auto_plan_test bad;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_plan_test t;

		plan_test_init(&t);
		t.linux_.rootfs_propagation = rows[i].name;
		CHECK_UINT(plan_test_build(&t)->rootfs_propagation, rows[i].flags);
	}
	plan_test_init(&bad);
	bad.linux_.rootfs_propagation = "ro";
	CHECK_HAS(plan_test_error(&bad), "linux.rootfsPropagation: unknown value 'ro'");
	bad.linux_.rootfs_propagation = "rprivate";
	bad.in.no_pivot = true;
	CHECK_HAS(plan_test_error(&bad), "--no-pivot");
}

static void namespaces(void)
{
	auto_plan_test t;
	struct plan *p;

	plan_test_init(&t);
	plan_test_add_ns(&t, "pid", "");
	plan_test_add_ns(&t, "network", "/run/netns/x");
	plan_test_add_ns(&t, "time", NULL);
	p = plan_test_build(&t);
	CHECK_UINT(p->ns.create, CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWTIME);
	CHECK_UINT(p->ns.n_join, 1);
	CHECK_UINT(p->ns.join[0].flag, CLONE_NEWNET);
	CHECK_STR(p->ns.join[0].path, "/run/netns/x");
	CHECK_INT(p->ns.join[0].fd, -1);
	CHECK(plan_has_ns(p, CLONE_NEWPID));
	CHECK(plan_has_ns(p, CLONE_NEWNET));
	CHECK(!plan_has_ns(p, CLONE_NEWUSER));
}

static void bad_namespaces(void)
{
	auto_plan_test unknown, no_mount, no_linux;

	plan_test_init(&unknown);
	plan_test_add_ns(&unknown, "net", NULL);
	CHECK_HAS(plan_test_error(&unknown), "linux.namespaces[1]: unknown type 'net'");
	plan_test_init(&no_mount);
	no_mount.ns[0].type = "pid";
	CHECK_HAS(plan_test_error(&no_mount), "a mount namespace is required");
	plan_test_init(&no_linux);
	no_linux.spec.linux_ = NULL;
	CHECK_HAS(plan_test_error(&no_linux), "a mount namespace is required");
}

static void maps_and_offsets(void)
{
	struct oci_id_mapping uids[] = {{{true, 0}, {true, 1000}, {true, 1}},
					{{true, 1}, {true, 100000}, {true, 65536}}};
	struct oci_id_mapping gids[] = {{{true, 0}, {true, 1001}, {true, 2}}};
	struct oci_time_offset offsets[] = {{"monotonic", {true, -5}, {true, 7}},
					    {"boottime", {true, 6}, {false, 0}}};
	auto_plan_test t;
	struct plan_namespaces *ns;

	plan_test_init(&t);
	plan_test_add_ns(&t, "user", NULL);
	plan_test_add_ns(&t, "time", NULL);
	t.linux_.uid_mappings.v = uids;
	t.linux_.uid_mappings.n = 2;
	t.linux_.gid_mappings.v = gids;
	t.linux_.gid_mappings.n = 1;
	t.linux_.time_offsets.v = offsets;
	t.linux_.time_offsets.n = 2;
	ns = &plan_test_build(&t)->ns;
	CHECK_UINT(ns->n_uid_map, 2);
	CHECK_UINT(ns->uid_map[1].container, 1);
	CHECK_UINT(ns->uid_map[1].host, 100000);
	CHECK_UINT(ns->uid_map[1].size, 65536);
	CHECK_UINT(ns->n_gid_map, 1);
	CHECK_UINT(ns->gid_map[0].host, 1001);
	CHECK_UINT(ns->n_time_offsets, 2);
	CHECK_STR(ns->time_offsets[0].clock, "monotonic");
	CHECK_INT(ns->time_offsets[0].secs, -5);
	CHECK_UINT(ns->time_offsets[0].nanosecs, 7);
	CHECK_INT(ns->time_offsets[1].secs, 6);
	CHECK_UINT(ns->time_offsets[1].nanosecs, 0);
}

static void names(void)
{
	struct oci_hooks hooks = {0};
	auto_plan_test t;
	struct plan *p;

	plan_test_init(&t);
	t.spec.hostname = "h";
	t.spec.domainname = ""; /* I-04: as if absent */
	t.spec.hooks = &hooks;
	t.in.no_pivot = true;
	p = plan_test_build(&t);
	CHECK_STR(p->id, "web");
	CHECK_STR(p->bundle, "/b");
	CHECK_STR(p->hostname, "h");
	CHECK(p->domainname == NULL);
	CHECK(p->hooks == &hooks);
	CHECK(p->no_pivot);
	CHECK(p->cgroup == NULL);
	CHECK(p->process.filter.insns == NULL);
}

static void masks(void)
{
	auto_plan_test t;
	struct plan *p;

	plan_test_init(&t);
	t.linux_.masked_paths = STRINGS("/proc/kcore", "proc/keys");
	t.linux_.readonly_paths = STRINGS("/proc/sys");
	p = plan_test_build(&t);
	CHECK_UINT(p->n_masked_paths, 2);
	CHECK_STR(p->masked_paths[0], "/proc/kcore");
	CHECK_STR(p->masked_paths[1], "/proc/keys");
	CHECK_UINT(p->n_readonly_paths, 1);
	CHECK_STR(p->readonly_paths[0], "/proc/sys");
}

/* A plan that failed leaves nothing to release. */
static void failure_releases(void)
{
	auto_plan_test t;

	plan_test_init(&t);
	t.process.args.n = 0;
	plan_test_error(&t);
	CHECK(t.plan.arena.chunks == NULL);
}

static const struct unit_case cases[] = {
	{"R-02, R-05: the root", root},
	{"L-01: propagation of the root", root_propagation},
	{"N-04, N-06, N-07: namespaces", namespaces},
	{"N-02, L-20: namespaces that are refused", bad_namespaces},
	{"N-18..N-20, N-24: id maps and time offsets", maps_and_offsets},
	{"I-01, I-04: names", names},
	{"masked and read-only paths", masks},
	{"a failure releases everything", failure_releases},
};

UNIT_MAIN(cases)
