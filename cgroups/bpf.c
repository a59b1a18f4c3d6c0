/* RUNTIME: bpf(2): the device filter is loaded and attached to a cgroup. */
#include "cgroups/cgroup.h"

#include <errno.h>
#include <string.h>

#include "libcontainer/base/bpf.h"
#include "libcontainer/base/cleanup.h"

#define PROG_NAME "hull_devices" /* by which a later update finds it */
#define MAX_INSNS 4096
#define MAX_PROGS 64 /* BPF_CGROUP_MAX_PROGS: the kernel attaches no more */

/* The device filter of ours that CGROUP has, an owned fd; -ENOENT when it has none. Filters of
 * others (systemd's for DeviceAllow) stay: all attached ones have to agree. */
static int find_attached(int cgroup)
{
	uint32_t ids[MAX_PROGS];
	union bpf_attr attr;
	int r;

	memset(&attr, 0, sizeof(attr));
	attr.query.target_fd = (uint32_t)cgroup;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_cnt = MAX_PROGS;
	attr.query.prog_ids = (uintptr_t)ids;
	r = bpf_call(BPF_PROG_QUERY, &attr);
	if (r < 0)
		return r;
	for (uint32_t i = 0; i < attr.query.prog_cnt && i < MAX_PROGS; i++) {
		int prog = bpf_prog_named(ids[i], PROG_NAME);

		if (prog >= 0)
			return prog;
	}
	return -ENOENT;
}

static int attach(int cgroup, int prog, int replace)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)prog;
	attr.attach_type = BPF_CGROUP_DEVICE;
	attr.attach_flags = BPF_F_ALLOW_MULTI;
	if (replace >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replace;
	}
	return bpf_call(BPF_PROG_ATTACH, &attr);
}

static int detach(int cgroup, int prog)
{
	union bpf_attr attr;

	memset(&attr, 0, sizeof(attr));
	attr.target_fd = (uint32_t)cgroup;
	attr.attach_bpf_fd = (uint32_t)prog;
	attr.attach_type = BPF_CGROUP_DEVICE;
	return bpf_call(BPF_PROG_DETACH, &attr);
}

static int failed(int r, const char *what, struct err *err)
{
	err_sys(err, -r, "linux.resources.devices: %s", what);
	if (r == -EPERM)
		err_hint(err, "device filters need CAP_BPF and CAP_NET_ADMIN in the initial user "
			      "namespace");
	return r;
}

int cgroup_devices_apply(int fd, const struct oci_device_rule *rules, size_t n, struct err *err)
{
	struct bpf_insn insns[MAX_INSNS];
	auto_fd int prog = -1, old = -1;
	int count = n ? cgroup_devices_compile(rules, n, insns, MAX_INSNS, err) : 0, r;

	if (count < 0)
		return count;
	old = find_attached(fd);
	if (old < 0 && old != -ENOENT)
		return failed(old, "query the device filters of the cgroup", err);
	if (count == 0) {
		r = old >= 0 ? detach(fd, old) : 0;
		return r < 0 ? failed(r, "detach the device filter", err) : 0;
	}
	prog = bpf_prog_load(BPF_PROG_TYPE_CGROUP_DEVICE, PROG_NAME, insns, (size_t)count);
	if (prog < 0)
		return failed(prog, "load the device filter", err);
	r = attach(fd, prog, old);
	return r < 0 ? failed(r, "attach the device filter", err) : 0;
}
