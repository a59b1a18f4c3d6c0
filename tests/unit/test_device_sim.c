/* TEST: device filters: an interpreter for the program, and what the rules mean. */
#include "tests/unit/test_device_sim.h"

#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "tests/unit/unit.h"

enum { C = BPF_DEVCG_DEV_CHAR, B = BPF_DEVCG_DEV_BLOCK, M = 1, R = 2, W = 4 };

/* ---- an interpreter -------------------------------------------------------------------- */

static bool condition(uint8_t op, uint32_t a, uint32_t b)
{
	switch (op) {
	case BPF_JEQ:
		return a == b;
	case BPF_JNE:
		return a != b;
	case BPF_JSET:
		return a & b;
	}
	unit_fail(__FILE__, __LINE__, "unexpected jump %#x", op);
}

static uint64_t alu32(uint8_t op, uint64_t dst, uint32_t v)
{
	switch (op) {
	case BPF_MOV:
		return v;
	case BPF_AND:
		return (uint32_t)dst & v;
	case BPF_RSH:
		return (uint32_t)dst >> v;
	}
	unit_fail(__FILE__, __LINE__, "unexpected operation %#x", op);
}

static int interpret(const struct bpf_insn *insns, size_t n, const struct bpf_cgroup_dev_ctx *ctx)
{
	uint64_t reg[11] = {0};

	for (size_t pc = 0; pc < n; pc++) {
		const struct bpf_insn *i = &insns[pc];
		uint32_t src = i->code & BPF_X ? (uint32_t)reg[i->src_reg] : (uint32_t)i->imm;

		if (i->code == (BPF_JMP | BPF_EXIT)) {
			return (int)reg[0];
		} else if (i->code == (BPF_JMP | BPF_JA)) {
			CHECK(i->off >= 0); /* forward only: it ends */
			pc += (size_t)i->off;
		} else if (BPF_CLASS(i->code) == BPF_JMP32) {
			CHECK(i->off >= 0);
			if (condition(BPF_OP(i->code), (uint32_t)reg[i->dst_reg], src))
				pc += (size_t)i->off;
		} else if (i->code == (BPF_LDX | BPF_MEM | BPF_W)) {
			uint32_t v;

			CHECK_INT(i->src_reg, 1);
			CHECK(i->off >= 0 && (size_t)i->off + 4 <= sizeof(*ctx));
			memcpy(&v, (const char *)ctx + i->off, 4);
			reg[i->dst_reg] = v;
		} else if (BPF_CLASS(i->code) == BPF_ALU ||
			   i->code == (BPF_ALU64 | BPF_MOV | BPF_K)) {
			reg[i->dst_reg] = alu32(BPF_OP(i->code), reg[i->dst_reg], src);
		} else {
			unit_fail(__FILE__, __LINE__, "unexpected instruction %#x", i->code);
		}
	}
	unit_fail(__FILE__, __LINE__, "the program runs off its end");
}

bool device_granted(const struct bpf_insn *insns, size_t n, int type, uint32_t major,
		    uint32_t minor, unsigned access)
{
	struct bpf_cgroup_dev_ctx ctx = {
		.access_type = access << 16 | (uint32_t)type, .major = major, .minor = minor};

	/* no program: everything is granted */
	return n == 0 || interpret(insns, n, &ctx) == 1;
}

/* ---- the definition ---------------------------------------------------------------------- */

static unsigned access_of(const struct oci_device_rule *r)
{
	unsigned bits = 0;

	for (const char *p = r->access && *r->access ? r->access : "rwm"; *p; p++)
		bits |= *p == 'r' ? R : *p == 'w' ? W : M;
	return bits;
}

static bool number_matches(struct opt_i64 n, uint32_t v)
{
	return !n.set || n.v == -1 || n.v == v;
}

static bool matches(const struct oci_device_rule *r, int type, uint32_t major, uint32_t minor)
{
	const char *t = r->type && *r->type ? r->type : "a";

	return (streq(t, "a") || streq(t, type == C ? "c" : "b")) &&
	       number_matches(r->major, major) && number_matches(r->minor, minor);
}

#define NODE(maj, min)                                                                           \
	{                                                                                        \
		.allow = {true, true}, .type = "c", .major = {true, maj}, .minor = { true, min } \
	}

static const struct oci_device_rule defaults[] = {
	NODE(1, 3), NODE(1, 5),
	NODE(1, 7), NODE(1, 8),
	NODE(1, 9), NODE(5, 0),
	NODE(5, 2), {.allow = {true, true}, .type = "c", .major = {true, 136}},
};

static bool wild(struct opt_i64 n)
{
	return !n.set || n.v == -1;
}

static const struct oci_device_rule make_any = {.allow = {true, true}, .type = "a", .access = "m"};

/* The user's rules with the default nodes after the last deny without a number, and making nodes at
 * the end. */
static size_t with_defaults(const struct oci_device_rule *in, size_t n, struct oci_device_rule *out)
{
	size_t at = 0, k = 0;

	for (size_t i = 0; i < n; i++) {
		if (!in[i].allow.v && wild(in[i].major) && wild(in[i].minor))
			at = i + 1;
	}
	for (size_t i = 0; i < at; i++)
		out[k++] = in[i];
	for (size_t i = 0; i < ARRAY_SIZE(defaults); i++)
		out[k++] = defaults[i];
	for (size_t i = at; i < n; i++)
		out[k++] = in[i];
	out[k++] = make_any;
	return k;
}

bool device_expected(const struct oci_device_rule *in, size_t n, int type, uint32_t major,
		     uint32_t minor, unsigned access)
{
	static struct oci_device_rule all[DEVICE_SIM_RULES + ARRAY_SIZE(defaults) + 1];
	size_t k;

	CHECK(n <= DEVICE_SIM_RULES);
	k = with_defaults(in, n, all);
	for (unsigned bit = M; bit <= W; bit <<= 1) {
		bool allow = false;

		for (size_t i = 0; i < k; i++) {
			if (matches(&all[i], type, major, minor) && (access_of(&all[i]) & bit))
				allow = all[i].allow.v;
		}
		if ((access & bit) && !allow)
			return false;
	}
	return true;
}
