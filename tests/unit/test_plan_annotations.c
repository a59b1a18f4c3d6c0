/* TEST: annotations: the table, the values, what a plan makes of them. */
#include <errno.h>

#include "libcontainer/plan/annotations.h"
#include "tests/unit/test_plan.h"

static const char *refusal(const char *key, const char *value)
{
	static struct err err;
	struct oci_pair pair = {key, value};
	struct oci_map map = {true, 1, &pair};

	err = ERR_NONE;
	if (annotations_check(&map, &err) >= 0)
		return NULL;
	return err.text;
}

/* A name that ends with a dot is a prefix, others are compared whole. */
static void lookup(void)
{
	CHECK_STR(annotation_find("run.oci.hooks.stdout")->name, "run.oci.hooks.stdout");
	CHECK(annotation_find("run.oci.hooks.stdout.x") == NULL);
	CHECK(annotation_find("run.oci.hooks") == NULL);
	CHECK_STR(annotation_find("krun.cpus")->name, "krun.");
	CHECK_STR(annotation_find("krun.")->name, "krun.");
	CHECK(annotation_find("krun") == NULL);
	CHECK(annotation_find("") == NULL);
}

static void table(void)
{
	for (size_t i = 0; i < n_annotations; i++) {
		const struct annotation *a = &annotation_table[i];

		CHECK(annotation_find(a->name) == a); /* no other row hides it */
		CHECK(a->help && strlen(a->help) > 10 && a->help[strlen(a->help) - 1] != '.');
	}
}

static void values(void)
{
	CHECK(refusal("run.oci.hooks.stdout", "/var/log/x") == NULL);
	CHECK_STR(refusal("run.oci.hooks.stdout", "log/x"),
		  "annotations.run.oci.hooks.stdout: 'log/x' is not an absolute path");
	CHECK_HAS(refusal("run.oci.hooks.stderr", ""), "is not an absolute path");
	CHECK_HAS(refusal("run.oci.pidfd_receiver", "@abstract"), "is not an absolute path");
	CHECK(refusal("run.oci.keep_original_groups", "1") == NULL);
	CHECK(refusal("run.oci.keep_original_groups", "false") == NULL);
	CHECK_STR(refusal("run.oci.keep_original_groups", "maybe"),
		  "annotations.run.oci.keep_original_groups: 'maybe' is not 1 or 0");
	CHECK_HAS(refusal("run.oci.handler", "krun"), "annotations.run.oci.handler: 'krun'");
	CHECK_HAS(refusal("run.oci.seccomp.plugins", "/a.so"), "is not supported");
	CHECK_HAS(refusal("run.oci.systemd.force_cgroup_v1", "/sys/fs/cgroup/systemd"),
		  "is not supported");
}

/* What nobody knows is legal, with any value. */
static void unknown(void)
{
	CHECK(refusal("com.example.key", "") == NULL);
	CHECK(refusal("run.oci.nosuch", "x") == NULL);
	CHECK(refusal("org.opencontainers.nosuch", "x") == NULL);
	CHECK(refusal("org.opencontainers.image.stopSignal", "SIGKILL") == NULL);
	CHECK(refusal("krun.cpus", "4") == NULL);
}

static void flags(void)
{
	struct oci_pair pair = {"run.oci.keep_original_groups", "1"};
	struct oci_map map = {true, 1, &pair}, none = {0};

	CHECK(annotation_is_on(&map, "run.oci.keep_original_groups"));
	CHECK(!annotation_is_on(&map, "run.oci.seccomp_fail_unknown_syscall"));
	CHECK(!annotation_is_on(&none, "run.oci.keep_original_groups"));
	CHECK(annotation_get(&none, "run.oci.keep_original_groups") == NULL);
	pair.value = "";
	CHECK(annotation_is_on(&map, "run.oci.keep_original_groups"));
	pair.value = "0";
	CHECK(!annotation_is_on(&map, "run.oci.keep_original_groups"));
}

static void keep_groups(void)
{
	auto_plan_test t;
	struct oci_pair pair = {"run.oci.keep_original_groups", "1"};
	uint32_t gid = 7;
	struct oci_user user = {.additional_gids = {true, 1, &gid}};

	plan_test_init(&t);
	t.process.user = &user;
	CHECK(plan_test_build(&t)->process.set_groups);
	arena_done(&t.plan.arena);
	t.spec.annotations = (struct oci_map){true, 1, &pair};
	CHECK(!plan_test_build(&t)->process.set_groups);
	arena_done(&t.plan.arena);
	/* Nothing is to be set then, which a rootless container could not do. */
	t.in.rootless = true;
	CHECK(!plan_test_build(&t)->process.set_groups);
	pair.value = "no way";
	arena_done(&t.plan.arena);
	CHECK_HAS(plan_test_error(&t), "annotations.run.oci.keep_original_groups: 'no way'");
}

static const struct unit_case cases[] = {
	{"a name is found whole, or by its prefix", lookup},
	{"no row hides another", table},
	{"values are checked by kind", values},
	{"unknown keys are no error (A-03, A-04)", unknown},
	{"flags", flags},
	{"groups are kept", keep_groups},
};
UNIT_MAIN(cases)
