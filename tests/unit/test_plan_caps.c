/* TEST: capability names and sets. */
#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <sys/capability.h>

#include "tests/unit/test_plan.h"

static void names(void)
{
	CHECK_UINT(n_cap_names, CAP_LAST_CAP + 1);
	for (size_t i = 0; i < n_cap_names; i++) {
		char *theirs = cap_to_name((cap_value_t)i);

		CHECK(theirs != NULL);
		for (char *p = theirs; *p; p++)
			*p = (char)toupper(*p);
		CHECK_STR(cap_names[i], theirs);
		cap_free(theirs);
		CHECK_INT(cap_number(cap_names[i]), i);
	}
}

static void unknown_names(void)
{
	CHECK_INT(cap_number("CAP_TEST"), -EINVAL);
	CHECK_INT(cap_number("cap_kill"), -EINVAL); /* B-14: as printed */
	CHECK_INT(cap_number("KILL"), -EINVAL);
	CHECK_INT(cap_number(""), -EINVAL);
}

static void sets(void)
{
	struct oci_capabilities caps = {
		.bounding = STRINGS("CAP_KILL", "CAP_CHOWN"),
		.effective = STRINGS("CAP_KILL"),
		.permitted = STRINGS("CAP_SETUID"),
		.inheritable = {.set = true},
		.ambient = STRINGS("CAP_CHECKPOINT_RESTORE"),
	};
	auto_plan_test t;
	struct plan_caps *p;

	plan_test_init(&t);
	t.process.capabilities = &caps;
	p = &plan_test_build(&t)->process.caps;
	CHECK(p->set);
	CHECK_UINT(p->bounding, 1 << 5 | 1 << 0);
	CHECK_UINT(p->effective, 1 << 5);
	CHECK_UINT(p->permitted, 1 << 7);
	CHECK_UINT(p->inheritable, 0);
	CHECK_UINT(p->ambient, UINT64_C(1) << 40);
}

/* P-23, P-24: a warning, not an error. */
static void not_to_be_had(void)
{
	struct oci_capabilities caps = {.bounding = STRINGS("CAP_KILL", "CAP_TEST", "CAP_BPF")};
	auto_plan_test t;

	plan_test_init(&t);
	t.process.capabilities = &caps;
	t.in.last_cap = CAP_AUDIT_READ; /* a kernel before 5.8 */
	CHECK_UINT(plan_test_build(&t)->process.caps.bounding, 1 << 5);
}

static void absent(void)
{
	auto_plan_test t;

	plan_test_init(&t);
	CHECK(!plan_test_build(&t)->process.caps.set);
}

static const struct unit_case cases[] = {
	{"B-14: names and numbers are libcap's", names},
	{"B-14: other spellings are unknown", unknown_names},
	{"P-17..P-22: five sets", sets},
	{"P-23, P-24: unknown or too new is skipped", not_to_be_had},
	{"P-16: no object", absent},
};

UNIT_MAIN(cases)
