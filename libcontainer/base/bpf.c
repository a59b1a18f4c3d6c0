/* BOTH SIDES: bpf(2). */
#include "libcontainer/base/bpf.h"

#include <errno.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"

int bpf_call(enum bpf_cmd cmd, union bpf_attr *attr)
{
	long r = syscall(SYS_bpf, cmd, attr, sizeof(*attr));

	return r < 0 ? -errno : (int)r;
}

int bpf_prog_load(enum bpf_prog_type type, const char *name, const struct bpf_insn *insns, size_t n)
{
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.prog_type = type;
	attr.insns = (uintptr_t)insns;
	attr.insn_cnt = (uint32_t)n;
	attr.license = (uintptr_t) "Apache-2.0"; /* no helpers are called */
	memcpy(attr.prog_name, name, strlen(name) + 1);
	do
		r = bpf_call(BPF_PROG_LOAD, &attr);
	while (r == -EAGAIN); /* a signal was pending */
	return r;
}

int bpf_prog_named(uint32_t id, const char *name)
{
	struct bpf_prog_info info;
	union bpf_attr attr;
	auto_fd int prog = -1;

	memset(&attr, 0, sizeof(attr));
	attr.prog_id = id;
	prog = bpf_call(BPF_PROG_GET_FD_BY_ID, &attr);
	if (prog < 0)
		return prog;
	memset(&attr, 0, sizeof(attr));
	memset(&info, 0, sizeof(info));
	attr.info.bpf_fd = (uint32_t)prog;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uintptr_t)&info;
	if (bpf_call(BPF_OBJ_GET_INFO_BY_FD, &attr) < 0 || !streq(info.name, name))
		return -ENOENT;
	return take_fd(&prog);
}
