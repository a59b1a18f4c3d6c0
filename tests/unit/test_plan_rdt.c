/* TEST: linux.intelRdt: what is legal, what is planned, and when two schemata are the same. */
#include "oci-spec/oci.h"
#include "oci-spec/validate.h"
#include "tests/unit/test_plan.h"

static const char *refusal(const struct oci_intel_rdt *rdt)
{
	static struct err err;

	err = ERR_NONE;
	return validate_intel_rdt(rdt, &err) < 0 ? err.text : "";
}

static const char *clos(const char *name)
{
	return refusal(&(struct oci_intel_rdt){.clos_id = name});
}

/* T-03, T-04 */
static void class_names(void)
{
	static const char *const bad[] = {".",    "..",   "a/b",        "/a",       "a/",
					  "../x", "info", "mon_groups", "mon_data", "a\nb"};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_HAS(clos(bad[i]), "linux.intelRdt.closID: ");
	CHECK_STR(clos("guaranteed"), "");
	CHECK_STR(clos("a.b-c_d"), "");
	CHECK_STR(clos("/"), "");
	CHECK_STR(clos(""), "");
	CHECK_STR(clos(NULL), "");
}

/* T-06, T-07, T-08 */
static void schema_texts(void)
{
	struct oci_strings two = STRINGS("L2:0=ff", "L3:0=f\nMB:0=10");
	struct oci_strings empty = STRINGS("");

	CHECK_HAS(refusal(&(struct oci_intel_rdt){.l3_cache_schema = "L2:0=f"}),
		  "linux.intelRdt.l3CacheSchema: 'L2:0=f' does not begin with 'L3:'");
	CHECK_HAS(refusal(&(struct oci_intel_rdt){.l3_cache_schema = "L3:0=f\nMB:0=10"}),
		  "linux.intelRdt.l3CacheSchema: has a line end");
	CHECK_HAS(refusal(&(struct oci_intel_rdt){.mem_bw_schema = "L3:0=f"}),
		  "linux.intelRdt.memBwSchema: 'L3:0=f' does not begin with 'MB:'");
	CHECK_HAS(refusal(&(struct oci_intel_rdt){.mem_bw_schema = "MB:0=10\n"}),
		  "linux.intelRdt.memBwSchema: has a line end");
	CHECK_HAS(refusal(&(struct oci_intel_rdt){.schemata = two}),
		  "linux.intelRdt.schemata[1]: has a line end");
	CHECK_HAS(refusal(&(struct oci_intel_rdt){.schemata = empty}),
		  "linux.intelRdt.schemata[0]: '' is not like 'RESOURCE:0=VALUE'");
	CHECK_STR(refusal(&(struct oci_intel_rdt){.l3_cache_schema = "L3:0=f;1=f",
						  .mem_bw_schema = "MB:0=20;1=70"}),
		  "");
}

/* T-18: members of older versions are unknown ones now */
static void withdrawn(void)
{
	static const char text[] = "{\"ociVersion\": \"1.2.0\", \"root\": {\"path\": \"r\"},"
				   "\"linux\": {\"intelRdt\": {\"enableCMT\": true, "
				   "\"enableMBM\": true, \"closID\": \"c\"}}}";
	struct oci_spec spec = {0};
	struct err err = ERR_NONE;
	auto_arena a = ARENA_INIT;

	CHECK_INT(oci_decode(&a, &oci_spec_type, "t", text, strlen(text), &spec, &err), 0);
	CHECK_STR(spec.linux_->intel_rdt->clos_id, "c");
	CHECK(!spec.linux_->intel_rdt->enable_monitoring.v);
}

/* T-02 to T-05, T-09, T-16 */
static void planned(void)
{
	struct oci_intel_rdt rdt = {.l3_cache_schema = "L3:0=1",
				    .mem_bw_schema = "MB:0=2",
				    .schemata = STRINGS("L2:0=3", "L3:0=4"),
				    .enable_monitoring = {true, true}};
	auto_plan_test t;

	plan_test_init(&t);
	CHECK(!plan_test_build(&t)->rdt);
	arena_done(&t.plan.arena);
	t.linux_.intel_rdt = &rdt;
	plan_test_build(&t);
	CHECK_STR(t.plan.rdt->clos, "web"); /* the container's id */
	CHECK(!t.plan.rdt->given);
	CHECK(t.plan.rdt->monitor);
	CHECK_UINT(t.plan.rdt->n_lines, 4);
	CHECK_STR(t.plan.rdt->lines[0], "L3:0=1");
	CHECK_STR(t.plan.rdt->lines[1], "MB:0=2");
	CHECK_STR(t.plan.rdt->lines[2], "L2:0=3");
	CHECK_STR(t.plan.rdt->lines[3], "L3:0=4");
	arena_done(&t.plan.arena);
	rdt = (struct oci_intel_rdt){.clos_id = "/"};
	plan_test_build(&t);
	CHECK_STR(t.plan.rdt->clos, ".");
	CHECK(t.plan.rdt->given && !t.plan.rdt->monitor);
	CHECK_UINT(t.plan.rdt->n_lines, 0);
	arena_done(&t.plan.arena);
	rdt.clos_id = "gold";
	CHECK_STR(plan_test_build(&t)->rdt->clos, "gold");
}

static const char *mismatch(const char *have, struct oci_strings lines)
{
	static struct err err;

	err = ERR_NONE;
	return rdt_schemata_match(have, lines.v, lines.n, &err) < 0 ? err.text : "";
}

/* T-12, with schemata as Documentation/filesystems/resctrl.rst shows them */
static void compared(void)
{
	const char *have = "    MB:0= 70;1=100\n    L3:0=007ff;1=00fff\n    L2:0=ff\n";

	CHECK_STR(mismatch(have, STRINGS("L3:0=7ff;1=fff")), "");
	CHECK_STR(mismatch(have, STRINGS("L3:1=fff;0=7ff")), ""); /* any order */
	CHECK_STR(mismatch(have, STRINGS("L3:0=0x7FF")), "");     /* any spelling, a part */
	CHECK_STR(mismatch(have, STRINGS("L3: 0 = 7ff ; 01 = 0fff")), "");
	CHECK_STR(mismatch(have, STRINGS("MB:0=70", "L2:0=ff")), "");
	CHECK_STR(mismatch(have, STRINGS("MB:0=070;1=100")), "");
	CHECK_STR(mismatch(have, STRINGS("L3:0=7ff\nMB:1=100\n")), "");
	CHECK_HAS(mismatch(have, STRINGS("L3:0=7fe")), "'L3:0=7fe'");
	CHECK_HAS(mismatch(have, STRINGS("L3:0=7ff;1=7ff")), "'L3:1=7ff'");
	CHECK_HAS(mismatch(have, STRINGS("L3:2=7ff")), "'L3:2=7ff'"); /* no such cache */
	CHECK_HAS(mismatch(have, STRINGS("MB:0=100")), "'MB:0=100'");
	CHECK_HAS(mismatch(have, STRINGS("MB:1=0x64")),
		  "'MB:1=0x64'"); /* 100, but not hexadecimal */
	CHECK_HAS(mismatch(have, STRINGS("L2CODE:0=ff")), "'L2CODE:0=ff'");
	/* the last line counts, as it does when lines are written */
	CHECK_STR(mismatch(have, STRINGS("L3:0=1;1=fff", "L3:0=7ff")), "");
	CHECK_HAS(mismatch(have, STRINGS("L3:0=7ff", "L3:0=1")), "'L3:0=1'");
	CHECK_HAS(mismatch("", STRINGS("L3:0=1")), "'L3:0=1'");
}

static const struct unit_case cases[] = {
	{"T-03 T-04: names of classes", class_names},
	{"T-06 T-07 T-08: schemata are single lines of their kind", schema_texts},
	{"T-18: enableCMT and enableMBM are ignored", withdrawn},
	{"T-03 T-04 T-05 T-09 T-16: class, lines in order, monitoring", planned},
	{"T-12: schemata by value", compared},
};
UNIT_MAIN(cases)
