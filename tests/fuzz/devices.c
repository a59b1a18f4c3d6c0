/* TEST: device rules: the filter that they become grants what they say (K-01, K-03 .. K-07). */
#include "tests/fuzz/fuzz.h"

#include "cgroups/cgroup.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "oci-spec/oci.h"
#include "oci-spec/tables.h"
#include "tests/unit/test_device_sim.h"

const char fuzz_name[] = "devices";
const struct oci_type *const fuzz_type = &oci_resources_type;

#define MAX_INSNS   16384
#define MAX_NUMBERS 24

struct numbers {
	uint32_t v[MAX_NUMBERS];
	size_t n;
};

static void add_number(struct numbers *l, uint32_t v)
{
	for (size_t i = 0; i < l->n; i++)
		if (l->v[i] == v)
			return;
	if (l->n < ARRAY_SIZE(l->v))
		l->v[l->n++] = v;
}

/* What the kernel's verifier asks of a program: jumps stay inside and go forward, what is read was
 * written before, on every way; it ends. */
static void check_program(const struct bpf_insn *insns, size_t n)
{
	static uint16_t written[MAX_INSNS + 1]; /* registers, on all ways to the instruction */

	memset(written, 0xff, (n + 1) * sizeof(*written));
	written[0] = 1 << BPF_REG_1 | 1 << BPF_REG_10;
	for (size_t i = 0; i < n; i++) {
		const struct bpf_insn *s = &insns[i];
		uint8_t class = BPF_CLASS(s->code);
		bool jump = class == BPF_JMP || class == BPF_JMP32;
		uint16_t now = written[i];

		if (s->code == (BPF_JMP | BPF_EXIT)) {
			FUZZ_CHECK(now & 1 << BPF_REG_0);
			continue;
		}
		if (jump && BPF_OP(s->code) != BPF_JA)
			FUZZ_CHECK(now & 1 << s->dst_reg);
		if (class == BPF_LDX || (!jump && BPF_SRC(s->code) == BPF_X))
			FUZZ_CHECK(now & 1 << s->src_reg);
		if (class == BPF_ALU && BPF_OP(s->code) != BPF_MOV)
			FUZZ_CHECK(now & 1 << s->dst_reg);
		if (!jump)
			now |= (uint16_t)(1 << s->dst_reg);
		FUZZ_CHECK(!jump || (s->off >= 0 && i + 1 + (size_t)s->off < n));
		if (jump)
			written[i + 1 + (size_t)s->off] &= now;
		if (s->code != (BPF_JMP | BPF_JA)) {
			FUZZ_CHECK(i + 1 < n);
			written[i + 1] &= now;
		}
	}
}

static void compare(const struct oci_resources *r, const struct bpf_insn *insns, size_t n)
{
	struct numbers majors = {{0, 1, 5, 136, UINT32_MAX}, 5},
		       minors = {{0, 2, 3, UINT32_MAX}, 4};

	for (size_t i = 0; i < r->devices.n; i++) {
		const struct oci_device_rule *rule = &r->devices.v[i];

		for (int d = 0; d < 2; d++) {
			if (rule->major.set)
				add_number(&majors, (uint32_t)rule->major.v + (uint32_t)d);
			if (rule->minor.set)
				add_number(&minors, (uint32_t)rule->minor.v - (uint32_t)d);
		}
	}
	for (int type = BPF_DEVCG_DEV_BLOCK; type <= BPF_DEVCG_DEV_CHAR; type++)
		for (size_t i = 0; i < majors.n; i++)
			for (size_t k = 0; k < minors.n; k++)
				for (unsigned access = 1; access < 8; access++)
					if (device_granted(insns, n, type, majors.v[i], minors.v[k],
							   access) !=
					    device_expected(r->devices.v, r->devices.n, type,
							    majors.v[i], minors.v[k], access))
						fuzz_fail(__FILE__, __LINE__,
							  "type %d, %u:%u, access %u", type,
							  majors.v[i], minors.v[k], access);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct bpf_insn insns[MAX_INSNS];
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct oci_resources res = {0};
	int r = oci_decode(&a, &oci_resources_type, "rules", fuzz_text(&a, data, size), size, &res,
			   &err);

	fuzz_check_error(r, &err);
	if (r < 0)
		return 0;
	r = oci_validate_resources(&res, &err);
	fuzz_check_error(r, &err);
	if (r < 0 || !res.devices.set || res.devices.n > DEVICE_SIM_RULES)
		return 0;
	r = cgroup_devices_compile(res.devices.v, res.devices.n, insns, ARRAY_SIZE(insns), &err);
	fuzz_check_error(r, &err);
	if (r < 0)
		fuzz_fail(__FILE__, __LINE__, "valid, but not compiled: %s", err.text);
	check_program(insns, (size_t)r);
	compare(&res, insns, (size_t)r);
	return 0;
}
