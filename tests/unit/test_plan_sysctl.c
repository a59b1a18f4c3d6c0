/* TEST: sysctl keys. */
#include "tests/unit/test_plan.h"

static void init_with(struct plan_test *t, struct oci_pair *pair)
{
	plan_test_init(t);
	t->linux_.sysctl.v = pair;
	t->linux_.sysctl.n = 1;
}

/* L-12 */
static void keys(void)
{
	static const struct {
		const char *key, *path;
	} rows[] = {
		{"net.ipv4.ip_forward", "net/ipv4/ip_forward"},
		{"net/ipv4/ip_forward", "net/ipv4/ip_forward"},
		{"net/ipv4/conf/eth0.1/rp_filter", "net/ipv4/conf/eth0.1/rp_filter"},
		{"net.ipv4.conf.eth0/1.rp_filter", "net/ipv4/conf/eth0.1/rp_filter"},
		{"kernel.shmmax", "kernel/shmmax"},
		{"fs.mqueue.msg_max", "fs/mqueue/msg_max"},
		{"user.max_user_namespaces", "user/max_user_namespaces"},
		{"kernel.domainname", "kernel/domainname"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct oci_pair pair = {rows[i].key, "1"};
		auto_plan_test t;

		init_with(&t, &pair);
		CHECK_UINT(plan_test_build(&t)->n_sysctls, 1);
		CHECK_STR(t.plan.sysctls[0].path, rows[i].path);
		CHECK_STR(t.plan.sysctls[0].value, "1");
	}
}

static void bad_keys(void)
{
	static const char *const names[] = {
		"net/../kernel/core_pattern",
		"net.//.kernel.core_pattern",
		"net..ipv4",
		"net/",
		"net.",
		"/net/ipv4/ip_forward",
		"",
		".",
		"net/./x",
	};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		struct oci_pair pair = {names[i], "1"};
		auto_plan_test t;

		init_with(&t, &pair);
		CHECK_HAS(plan_test_error(&t), "linux.sysctl '");
		CHECK_HAS(t.err.text, "not a valid name");
	}
}

static const struct unit_case cases[] = {
	{"L-12: both separators", keys},
	{"L-12: names that are no names", bad_keys},
};

UNIT_MAIN(cases)
