/* PURE: names of the kernel's numbers. */
#include "oci-spec/consts.h"

#include <linux/ioprio.h>
#include <linux/mempolicy.h>
#include <linux/sched.h>
#include <stddef.h>
#include <sys/personality.h>

#include "libcontainer/base/str.h"

#ifndef SCHED_ISO
#define SCHED_ISO 4 /* reserved in the kernel's header, in a comment */
#endif
#define WEIGHTED_INTERLEAVE 6 /* MPOL_WEIGHTED_INTERLEAVE, Linux 6.9: not in older headers */

/* clang-format off */
const struct oci_const oci_scheduler_policies[] = {
	{"SCHED_OTHER",    SCHED_NORMAL},
	{"SCHED_FIFO",     SCHED_FIFO},
	{"SCHED_RR",       SCHED_RR},
	{"SCHED_BATCH",    SCHED_BATCH},
	{"SCHED_ISO",      SCHED_ISO},
	{"SCHED_IDLE",     SCHED_IDLE},
	{"SCHED_DEADLINE", SCHED_DEADLINE},
	{NULL, 0},
};

const struct oci_const oci_scheduler_flags[] = {
	{"SCHED_FLAG_RESET_ON_FORK",  SCHED_FLAG_RESET_ON_FORK},
	{"SCHED_FLAG_RECLAIM",        SCHED_FLAG_RECLAIM},
	{"SCHED_FLAG_DL_OVERRUN",     SCHED_FLAG_DL_OVERRUN},
	{"SCHED_FLAG_KEEP_POLICY",    SCHED_FLAG_KEEP_POLICY},
	{"SCHED_FLAG_KEEP_PARAMS",    SCHED_FLAG_KEEP_PARAMS},
	{"SCHED_FLAG_UTIL_CLAMP_MIN", SCHED_FLAG_UTIL_CLAMP_MIN},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", SCHED_FLAG_UTIL_CLAMP_MAX},
	{NULL, 0},
};

const struct oci_const oci_io_classes[] = {
	{"IOPRIO_CLASS_RT",   IOPRIO_CLASS_RT},
	{"IOPRIO_CLASS_BE",   IOPRIO_CLASS_BE},
	{"IOPRIO_CLASS_IDLE", IOPRIO_CLASS_IDLE},
	{NULL, 0},
};

const struct oci_const oci_personality_domains[] = {
	{"LINUX",   PER_LINUX},
	{"LINUX32", PER_LINUX32},
	{NULL, 0},
};

const struct oci_const oci_memory_modes[] = {
	{"MPOL_DEFAULT",             MPOL_DEFAULT},
	{"MPOL_PREFERRED",           MPOL_PREFERRED},
	{"MPOL_BIND",                MPOL_BIND},
	{"MPOL_INTERLEAVE",          MPOL_INTERLEAVE},
	{"MPOL_LOCAL",               MPOL_LOCAL},
	{"MPOL_PREFERRED_MANY",      MPOL_PREFERRED_MANY},
	{"MPOL_WEIGHTED_INTERLEAVE", WEIGHTED_INTERLEAVE},
	{NULL, 0},
};

const struct oci_const oci_memory_flags[] = {
	{"MPOL_F_NUMA_BALANCING", MPOL_F_NUMA_BALANCING},
	{"MPOL_F_RELATIVE_NODES", MPOL_F_RELATIVE_NODES},
	{"MPOL_F_STATIC_NODES",   MPOL_F_STATIC_NODES},
	{NULL, 0},
};
/* clang-format on */

bool oci_const_find(const struct oci_const *table, const char *name, uint64_t *ret)
{
	for (; table->name; table++)
		if (streq(table->name, name)) {
			*ret = table->value;
			return true;
		}
	return false;
}
