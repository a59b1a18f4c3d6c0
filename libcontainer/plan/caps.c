/* PURE: capability names to bits. */
#include <errno.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/build.h"

/* In the order of the kernel's numbers, include/uapi/linux/capability.h. */
const char *const cap_names[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};
const size_t n_cap_names = ARRAY_SIZE(cap_names);

int cap_number(const char *name)
{
	for (size_t i = 0; i < n_cap_names; i++)
		if (streq(cap_names[i], name))
			return (int)i;
	return -EINVAL;
}

/* A capability that cannot be had is a warning, never an error (P-23, P-24). */
static uint64_t cap_set(const struct oci_strings *names, const char *set, unsigned last_cap)
{
	uint64_t bits = 0;

	for (size_t i = 0; i < names->n; i++) {
		int cap = cap_number(names->v[i]);

		if (cap < 0)
			log_warn("process.capabilities.%s: unknown capability '%s' ignored", set,
				 names->v[i]);
		else if ((unsigned)cap > last_cap)
			log_warn("process.capabilities.%s: this kernel has no '%s', ignored", set,
				 names->v[i]);
		else
			bits |= UINT64_C(1) << cap;
	}
	return bits;
}

void plan_caps_build(struct plan_caps *caps, const struct oci_capabilities *oci, unsigned last_cap)
{
	if (!oci)
		return;
	caps->set = true;
	caps->bounding = cap_set(&oci->bounding, "bounding", last_cap);
	caps->effective = cap_set(&oci->effective, "effective", last_cap);
	caps->permitted = cap_set(&oci->permitted, "permitted", last_cap);
	caps->inheritable = cap_set(&oci->inheritable, "inheritable", last_cap);
	caps->ambient = cap_set(&oci->ambient, "ambient", last_cap);
}
