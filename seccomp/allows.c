/* PURE: what a program would say to a call, asked before it is loaded. */
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>
#include <string.h>

#include "seccomp/filter.h"

static bool jumps(const struct sock_filter *i, uint32_t acc, bool *ret)
{
	switch (i->code) {
	case BPF_JMP | BPF_JEQ | BPF_K:
		*ret = acc == i->k;
		return true;
	case BPF_JMP | BPF_JGT | BPF_K:
		*ret = acc > i->k;
		return true;
	case BPF_JMP | BPF_JGE | BPF_K:
		*ret = acc >= i->k;
		return true;
	case BPF_JMP | BPF_JSET | BPF_K:
		*ret = acc & i->k;
		return true;
	default:
		return false;
	}
}

/* Knows what filter_compile() makes; anything else counts as a refusal. */
static uint32_t run(const struct plan_filter *filter, const struct seccomp_data *data)
{
	uint32_t acc = 0;

	for (size_t pc = 0; pc < filter->n; pc++) {
		const struct sock_filter *i = &filter->insns[pc];
		bool taken;

		if (i->code == (BPF_RET | BPF_K))
			return i->k;
		if (i->code == (BPF_LD | BPF_W | BPF_ABS) && i->k <= sizeof(*data) - sizeof(acc))
			memcpy(&acc, (const char *)data + i->k, sizeof(acc));
		else if (i->code == (BPF_ALU | BPF_AND | BPF_K))
			acc &= i->k;
		else if (i->code == (BPF_JMP | BPF_JA))
			pc += i->k;
		else if (jumps(i, acc, &taken))
			pc += taken ? i->jt : i->jf;
		else
			break;
	}
	return SECCOMP_RET_KILL_PROCESS;
}

bool filter_allows(const struct plan_filter *filter, int nr, const uint64_t *args, size_t n)
{
	struct seccomp_data data = {.nr = nr, .arch = seccomp_arch_native()};
	uint32_t action;

	for (size_t i = 0; i < n && i < 6; i++)
		data.args[i] = args[i];
	action = run(filter, &data) & SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ALLOW || action == SECCOMP_RET_LOG;
}
