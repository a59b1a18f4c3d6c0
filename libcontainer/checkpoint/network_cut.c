/* RUNTIME: migrate: a link of a network that nothing passes, by a BPF program at both directions.
 */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "libcontainer/base/bpf.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/checkpoint/network.h"

#define PROG_NAME "hull_cut" /* by which it is found again */
#define MAX_PROGS 64         /* BPF_MPROG_MAX: the kernel attaches no more */

/* linux/bpf.h since 6.6 */
#define TCX_INGRESS 46
#define TCX_EGRESS  47
#define TCX_NEXT    UINT32_MAX
#define TCX_DROP    2U

static const uint32_t directions[] = {TCX_INGRESS, TCX_EGRESS};

/* ---- the program ---------------------------------------------------------------------------- */

/* One number that the program reads and we write, in memory that both see. */
static int make_map(void)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.map_type = BPF_MAP_TYPE_ARRAY;
	attr.key_size = attr.value_size = sizeof(uint32_t);
	attr.max_entries = 1;
	attr.map_flags = BPF_F_MMAPABLE;
	memcpy(attr.map_name, PROG_NAME, sizeof(PROG_NAME));
	return bpf_call(BPF_MAP_CREATE, &attr);
}

/* return *gate; */
static int load(int map)
{
	const struct bpf_insn insns[] = {
		{.code = BPF_LD | BPF_DW | BPF_IMM,
		 .dst_reg = BPF_REG_1,
		 .src_reg = BPF_PSEUDO_MAP_VALUE,
		 .imm = map},
		{0},
		{.code = BPF_LDX | BPF_MEM | BPF_W, .dst_reg = BPF_REG_0, .src_reg = BPF_REG_1},
		{.code = BPF_JMP | BPF_EXIT},
	};

	return bpf_prog_load(BPF_PROG_TYPE_SCHED_CLS, PROG_NAME, insns, ARRAY_SIZE(insns));
}

int network_cut_init(struct network_cut *c, bool shut, struct err *err)
{
	void *gate;

	*c = (struct network_cut)NETWORK_CUT_NONE;
	c->map = make_map();
	if (c->map < 0)
		return err_sys(err, -c->map, "make the switch of a network");
	gate = mmap(NULL, sizeof(uint32_t), PROT_READ | PROT_WRITE, MAP_SHARED, c->map, 0);
	if (gate == MAP_FAILED)
		return err_sys(err, errno, "map the switch of a network");
	c->gate = gate;
	network_cut_set(c, shut);
	c->prog = load(c->map);
	return c->prog < 0 ? err_sys(err, -c->prog, "load a BPF program for network links") : 0;
}

void network_cut_done(struct network_cut *c)
{
	if (c->gate)
		munmap((void *)(uintptr_t)c->gate, sizeof(uint32_t));
	c->gate = NULL;
	close_fd(&c->prog);
	close_fd(&c->map);
}

void network_cut_set(struct network_cut *c, bool shut)
{
	if (c->gate)
		__atomic_store_n(c->gate, shut ? TCX_DROP : TCX_NEXT, __ATOMIC_SEQ_CST);
}

/* ---- at a link ------------------------------------------------------------------------------ */

static int query(uint32_t index, uint32_t direction, uint32_t *ids, uint32_t *ret_n)
{
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = index; /* the same place as target_ifindex, which is younger */
	attr.query.attach_type = direction;
	attr.query.prog_cnt = ids ? MAX_PROGS : 0;
	attr.query.prog_ids = (uintptr_t)ids;
	r = bpf_call(BPF_PROG_QUERY, &attr);
	if (r == -ENOENT) /* nothing was ever there */
		attr.query.prog_cnt = 0;
	*ret_n = attr.query.prog_cnt < MAX_PROGS ? attr.query.prog_cnt : MAX_PROGS;
	return r == -ENOENT ? 0 : r;
}

int network_cut_probe(struct err *err)
{
	uint32_t n;
	int r = query(1, TCX_INGRESS, NULL, &n); /* lo, which each namespace has */

	if (r == 0)
		return 0;
	err_fail(err, ENOTSUP,
		 "this kernel cannot cut a container off its network (Linux 6.6, with "
		 "CONFIG_NET_XGRESS)");
	err_hint(err, "--network none leaves its network alone");
	return -err->code;
}

static int change(enum bpf_cmd cmd, uint32_t index, uint32_t direction, int prog)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = index;
	attr.attach_bpf_fd = (uint32_t)prog;
	attr.attach_type = direction;
	if (cmd == BPF_PROG_ATTACH)
		attr.attach_flags = 1U << 3; /* BPF_F_BEFORE: of all that are there */
	return bpf_call(cmd, &attr);
}

int network_cut_attach(const struct network_cut *c, uint32_t index, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(directions); i++) {
		int r = change(BPF_PROG_ATTACH, index, directions[i], c->prog);

		if (r < 0 && r != -EEXIST)
			return err_sys(err, -r, "attach a BPF program to network link %u", index);
	}
	return 0;
}

static bool uncut(uint32_t index, uint32_t direction)
{
	uint32_t ids[MAX_PROGS], n;
	bool any = false;

	if (query(index, direction, ids, &n) < 0)
		return false;
	for (uint32_t i = 0; i < n; i++) {
		auto_fd int prog = bpf_prog_named(ids[i], PROG_NAME);

		if (prog >= 0)
			any = change(BPF_PROG_DETACH, index, direction, prog) == 0 || any;
	}
	return any;
}

bool network_uncut(uint32_t index)
{
	bool any = false;

	for (size_t i = 0; i < ARRAY_SIZE(directions); i++)
		any = uncut(index, directions[i]) || any;
	return any;
}
