/* TEST: seccomp profiles: the program decides as the profile says (S-13, S-20, S-21, S-22). */
#include "tests/fuzz/fuzz.h"

#include <errno.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "oci-spec/oci.h"
#include "oci-spec/tables.h"
#include "oci-spec/validate.h"
#include "seccomp/filter.h"
#include "tests/unit/test_filter_sim.h"

const char fuzz_name[] = "seccomp";
const struct oci_type *const fuzz_type = &oci_seccomp_type;

/* More rules or calls than that take longer and show no more. */
#define MAX_RULES  12
#define MAX_NAMES  40
#define MAX_VALUES 28

struct comparison {
	const struct plan_filter *filter;
	struct ref ref;
	uint64_t values[MAX_VALUES]; /* of arguments */
	size_t n;
	bool thorough; /* all pairs of values */
};

static void one(const struct comparison *c, const struct seccomp_data *data)
{
	uint32_t got = sim_run(c->filter, data);

	if (!ref_permits(&c->ref, data, got))
		fuzz_fail(__FILE__, __LINE__,
			  "arch %#x nr %#x args %#llx %#llx %#llx %#llx %#llx %#llx: %#x",
			  data->arch, (unsigned)data->nr, data->args[0], data->args[1],
			  data->args[2], data->args[3], data->args[4], data->args[5], got);
}

static void add_value(struct comparison *c, uint64_t v)
{
	for (size_t i = 0; i < c->n; i++)
		if (c->values[i] == v)
			return;
	if (c->n < ARRAY_SIZE(c->values))
		c->values[c->n++] = v;
}

static void collect_values(struct comparison *c)
{
	const struct oci_seccomp *s = c->ref.s;

	add_value(c, 0);
	add_value(c, UINT64_MAX);
	for (size_t i = 0; i < s->syscalls.n; i++) {
		for (size_t j = 0; j < s->syscalls.v[i].args.n; j++) {
			const struct oci_seccomp_arg *arg = &s->syscalls.v[i].args.v[j];
			uint64_t v = arg->value.v;

			add_value(c, v);
			add_value(c, v - 1);
			add_value(c, v + 1);
			add_value(c, v ^ 1ULL << 32);
			add_value(c, v ^ 1ULL << 63);
			add_value(c, v & UINT32_MAX);
			add_value(c, v << 32);
			add_value(c, arg->value_two.v);
			add_value(c, arg->value_two.v | ~v);
		}
	}
}

static void call(struct comparison *c, uint32_t arch, uint32_t nr, bool thorough)
{
	struct seccomp_data data = {.arch = arch, .nr = (int)nr};

	for (size_t i = 0; i < (thorough ? c->n : 2); i++) {
		for (size_t j = 0; j < 6; j++)
			data.args[j] = c->values[i];
		one(c, &data);
		for (size_t j = 0; thorough && j < c->n; j++) {
			data.args[1] = data.args[3] = data.args[5] = c->values[j];
			one(c, &data);
		}
		for (size_t j = 0; thorough && j < c->n; j++) {
			data.args[0] = data.args[4] = c->values[j];
			data.args[1] = data.args[3] = data.args[5] = c->values[i];
			one(c, &data);
		}
	}
}

static void named_call(void *ctx, uint32_t arch, uint32_t nr)
{
	struct comparison *c = ctx;

	call(c, arch, nr, c->thorough);
	call(c, arch, nr - 1, false);
	call(c, arch, nr + 1, false);
}

/* Numbers and architectures that nobody named. */
static void odd_calls(struct comparison *c)
{
	static const uint32_t archs[] = {AUDIT_ARCH_X86_64, AUDIT_ARCH_I386,  AUDIT_ARCH_AARCH64,
					 AUDIT_ARCH_ARM,    AUDIT_ARCH_S390X, 0,
					 UINT32_MAX};
	static const uint32_t numbers[] = {
		0,          1,          102 /* socketcall */, 117 /* ipc */, 699,       0x3fffffff,
		0x40000000, 0x40000001, 0x7fffffff,           0x80000000,    UINT32_MAX};

	for (size_t i = 0; i < ARRAY_SIZE(archs); i++)
		for (size_t j = 0; j < ARRAY_SIZE(numbers); j++)
			call(c, archs[i], numbers[j], false);
}

static void compare(const struct oci_seccomp *s, const struct plan_filter *filter)
{
	struct comparison c = {.filter = filter};

	sim_check(filter);
	ref_prepare(&c.ref, s);
	collect_values(&c);
	odd_calls(&c);
	for (size_t i = 0; i < s->syscalls.n; i++) {
		c.thorough = s->syscalls.v[i].args.n > 0;
		for (size_t j = 0; j < s->syscalls.v[i].names.n; j++)
			ref_each_arch(s->syscalls.v[i].names.v[j], named_call, &c);
	}
}

static bool small_enough(const struct oci_seccomp *s)
{
	size_t names = 0;

	for (size_t i = 0; i < s->syscalls.n; i++)
		names += s->syscalls.v[i].names.n;
	return s->syscalls.n <= MAX_RULES && names <= MAX_NAMES;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct oci_seccomp s = {0};
	struct plan_filter filter = {0};
	const char *canonical;
	size_t len;
	int r = oci_decode(&a, &oci_seccomp_type, "profile", fuzz_text(&a, data, size), size, &s,
			   &err);

	fuzz_check_error(r, &err);
	if (r < 0 || !small_enough(&s))
		return 0;
	r = validate_seccomp(&s, &err);
	fuzz_check_error(r, &err);
	if (r < 0)
		return 0;
	filter_canonical(&a, &s, &canonical, &len);
	r = filter_compile(&a, &s, &filter, &err);
	fuzz_check_error(r, &err);
	if (r == 0)
		compare(&s, &filter);
	return 0;
}
