/* PURE: the kinds of namespaces. */
#include <linux/sched.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "namespaces/ns.h"

/* clang-format off */
const struct ns_kind ns_kinds[] = {
	{"pid",     "pid",    CLONE_NEWPID},
	{"network", "net",    CLONE_NEWNET},
	{"mount",   "mnt",    CLONE_NEWNS},
	{"ipc",     "ipc",    CLONE_NEWIPC},
	{"uts",     "uts",    CLONE_NEWUTS},
	{"user",    "user",   CLONE_NEWUSER},
	{"cgroup",  "cgroup", CLONE_NEWCGROUP},
	{"time",    "time",   CLONE_NEWTIME},
};
/* clang-format on */
const size_t n_ns_kinds = ARRAY_SIZE(ns_kinds);

const struct ns_kind *ns_find(const char *oci_name)
{
	for (size_t i = 0; i < n_ns_kinds; i++)
		if (strcmp(ns_kinds[i].oci_name, oci_name) == 0)
			return &ns_kinds[i];
	return NULL;
}

const struct ns_kind *ns_find_flag(uint64_t flag)
{
	for (size_t i = 0; i < n_ns_kinds; i++)
		if (ns_kinds[i].flag == flag)
			return &ns_kinds[i];
	return NULL;
}
