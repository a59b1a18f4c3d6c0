/* TEST: the compiled device filter does what the rules say.
 *
 * Differential: programs run in an interpreter and are held against a matcher written from the
 * definition, over all requests of a small space and many random rule lists.
 */
#include <errno.h>
#include <linux/bpf.h>
#include <stdlib.h>

#include "cgroups/cgroup.h"
#include "libcontainer/base/cleanup.h"
#include "tests/unit/test_device_sim.h"
#include "tests/unit/unit.h"

#define MAX 4096

enum { C = BPF_DEVCG_DEV_CHAR, B = BPF_DEVCG_DEV_BLOCK, M = 1, R = 2, W = 4 };

static struct bpf_insn insns[MAX];
static int count;

static void compile(const struct oci_device_rule *rules, size_t n)
{
	struct err err = ERR_NONE;

	count = cgroup_devices_compile(rules, n, insns, MAX, &err);
	if (count < 0)
		unit_fail(__FILE__, __LINE__, "%s", err.text);
}

static bool granted(int type, uint32_t major, uint32_t minor, unsigned access)
{
	return device_granted(insns, (size_t)count, type, major, minor, access);
}

static void compare(const struct oci_device_rule *rules, size_t n)
{
	static const uint32_t majors[] = {0, 1, 2, 5, 136, 4095}, minors[] = {0, 1, 3, 9};

	compile(rules, n);
	for (int type = B; type <= C; type++) {
		for (size_t i = 0; i < ARRAY_SIZE(majors); i++) {
			for (size_t k = 0; k < ARRAY_SIZE(minors); k++) {
				for (unsigned acc = 1; acc < 8; acc++)
					CHECK_INT(granted(type, majors[i], minors[k], acc),
						  device_expected(rules, n, type, majors[i],
								  minors[k], acc));
			}
		}
	}
}

/* ---- cases -------------------------------------------------------------------------------- */

#define RULE(ok, ty, acc)                                      \
	{                                                      \
		.allow = {true, ok}, .type = ty, .access = acc \
	}
#define RULE1(ok, ty, maj, acc)                                                        \
	{                                                                              \
		.allow = {true, ok}, .type = ty, .access = acc, .major = { true, maj } \
	}
#define RULE2(ok, ty, maj, min, acc)                                                             \
	{                                                                                        \
		.allow = {true, ok}, .type = ty, .access = acc, .major = {true, maj}, .minor = { \
			true,                                                                    \
			min                                                                      \
		}                                                                                \
	}

/* K-07 */
static void deny_all(void)
{
	const struct oci_device_rule rules[] = {RULE(false, "a", "rwm")};
	static const uint32_t ok[][2] = {{1, 3}, {1, 5}, {1, 7},   {1, 8},   {1, 9},
					 {5, 0}, {5, 2}, {136, 0}, {136, 77}};

	compile(rules, 1);
	for (size_t i = 0; i < ARRAY_SIZE(ok); i++)
		CHECK(granted(C, ok[i][0], ok[i][1], R | W | M));
	CHECK(granted(B, 8, 0, M));
	CHECK(!granted(B, 8, 0, R));
	CHECK(!granted(C, 10, 200, R));
	CHECK(!granted(C, 1, 1, R));
	CHECK(!granted(B, 1, 3, R));
	CHECK(!granted(C, 1, 1, R | M));
	compare(rules, 1);
	/* speed: small enough to load in a tenth of a millisecond */
	CHECK(count <= 30);
}

/* K-05 */
static void partial_deny(void)
{
	const struct oci_device_rule rules[] = {RULE(true, "a", "rwm"),
						RULE2(false, "c", 1, 3, "w")};

	compile(rules, 2);
	CHECK(!granted(C, 1, 3, R | W));
	CHECK(!granted(C, 1, 3, W));
	CHECK(granted(C, 1, 3, R));
	CHECK(granted(C, 1, 5, R | W));
	compare(rules, 2);
}

/* K-01, K-06 */
static void order(void)
{
	const struct oci_device_rule hole[] = {RULE(false, "a", "rwm"), RULE(true, "c", "rwm"),
					       RULE2(false, "c", 10, 1, "rwm")};
	const struct oci_device_rule reset[] = {RULE2(true, "c", 10, 1, "rwm"),
						RULE(false, "a", "rwm")};
	const struct oci_device_rule two[] = {RULE2(true, "c", 10, 1, "r"),
					      RULE2(true, "c", 10, 1, "w")};

	compile(hole, 3);
	CHECK(granted(C, 10, 2, R));
	CHECK(!granted(C, 10, 1, R));
	compile(reset, 2);
	CHECK(!granted(C, 10, 1, R));
	compile(two, 2);
	CHECK(granted(C, 10, 1, R | W));
	CHECK(granted(C, 10, 1, R | W | M));
	CHECK(!granted(C, 10, 2, R));
}

/* K-03 */
static void wildcards(void)
{
	const struct oci_device_rule minor[] = {RULE1(true, "b", 8, "r")};
	const struct oci_device_rule minus[] = {
		{.allow = {true, true}, .type = "b", .major = {true, -1}, .minor = {true, 4}}};
	const struct oci_device_rule zero[] = {RULE2(true, "b", 0, 0, "r")};

	compile(minor, 1);
	CHECK(granted(B, 8, 17, R));
	CHECK(!granted(B, 8, 17, W));
	CHECK(!granted(B, 9, 17, R));
	compile(minus, 1);
	CHECK(granted(B, 77, 4, R | W));
	CHECK(!granted(B, 77, 5, R));
	compile(zero, 1);
	CHECK(granted(B, 0, 0, R));
	CHECK(!granted(B, 0, 1, R));
}

static void allow_all(void)
{
	const struct oci_device_rule all[] = {RULE2(false, "c", 1, 1, "w"), RULE(true, NULL, NULL)};

	compile(all, 2);
	CHECK_INT(count, 0);
}

/* What engines send: small programs. */
static void typical(void)
{
	const struct oci_device_rule docker[] = {
		RULE(false, "a", "rwm"),       RULE2(true, "c", 1, 5, "rwm"),
		RULE2(true, "c", 1, 3, "rwm"), RULE2(true, "c", 1, 9, "rwm"),
		RULE2(true, "c", 1, 8, "rwm"), RULE2(true, "c", 5, 0, "rwm"),
		RULE2(true, "c", 5, 1, "rwm"), RULE2(false, "c", 10, 229, "rwm"),
	};

	compare(docker, ARRAY_SIZE(docker));
	CHECK(count <= 32);
	CHECK(granted(C, 5, 1, R | W));
	CHECK(!granted(C, 10, 229, R));
}

static void refused(void)
{
	struct err err = ERR_NONE;
	struct oci_device_rule r = RULE(true, "p", "r");

	CHECK_INT(cgroup_devices_compile(&r, 1, insns, MAX, &err), -EINVAL);
	CHECK_HAS(err.text, "linux.resources.devices[0].type");
	r = (struct oci_device_rule)RULE(true, "c", "rx");
	CHECK_INT(cgroup_devices_compile(&r, 1, insns, MAX, &err), -EINVAL);
	r = (struct oci_device_rule)RULE1(true, "c", -2, "r");
	CHECK_INT(cgroup_devices_compile(&r, 1, insns, MAX, &err), -EINVAL);
	r = (struct oci_device_rule)RULE1(true, "c", 1LL << 32, "r");
	CHECK_INT(cgroup_devices_compile(&r, 1, insns, MAX, &err), -EINVAL);
	r = (struct oci_device_rule){.type = "c"};
	CHECK_INT(cgroup_devices_compile(&r, 1, insns, MAX, &err), -EINVAL);
	r = (struct oci_device_rule)RULE1(true, "c", 7, "r");
	CHECK_INT(cgroup_devices_compile(&r, 1, insns, 4, &err), -E2BIG);
}

/* All lists of two rules out of a small space. */
static void exhaustive(void)
{
	static const char *const types[] = {"a", "b", "c"}, *const accs[] = {"r", "w", "rwm"};
	struct oci_device_rule space[3 * 3 * 2 * 2 * 2];
	size_t n = 0;

	for (int i = 0; i < 72; i++) {
		int v = i;
		struct oci_device_rule *r = &space[n++];

		*r = (struct oci_device_rule){.type = types[v % 3], .access = accs[v / 3 % 3]};
		v /= 9;
		r->allow = (struct opt_bool){true, v & 1};
		r->major = (struct opt_i64){v & 2, 1};
		r->minor = (struct opt_i64){v & 4, 3};
	}
	for (size_t i = 0; i < n; i++) {
		for (size_t k = 0; k < n; k++)
			compare((struct oci_device_rule[]){space[i], space[k]}, 2);
	}
}

static void random_lists(void)
{
	static const char *const types[] = {"a", "b", "c", NULL};
	static const char *const accs[] = {"r", "w", "m", "rw", "rm", "wm", "rwm", NULL};
	static const int64_t majors[] = {-1, 0, 1, 2, 136}, minors[] = {-1, 0, 1, 3};
	struct oci_device_rule rules[12];

	srand(20260731);
	for (int round = 0; round < 3000; round++) {
		size_t n = 1 + (size_t)(rand() % 12);

		for (size_t i = 0; i < n; i++)
			rules[i] = (struct oci_device_rule){
				.allow = {true, rand() & 1},
				.type = types[rand() % 4],
				.access = accs[rand() % 8],
				.major = {rand() & 3, majors[rand() % 5]},
				.minor = {rand() & 3, minors[rand() % 4]},
			};
		compare(rules, n);
	}
}

static const struct unit_case cases[] = {
	{"K-07 the default nodes work under deny-all", deny_all},
	{"K-05 a deny of one access stops a request for two", partial_deny},
	{"K-01 K-06 later rules override, holes are kept", order},
	{"K-03 wildcards and zeros", wildcards},
	{"allow-all needs no program", allow_all},
	{"typical lists make small programs", typical},
	{"K-02 K-04 bad rules are refused", refused},
	{"all pairs of rules agree with the definition", exhaustive},
	{"random lists agree with the definition", random_lists},
};
UNIT_MAIN(cases)
