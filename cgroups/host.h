/* host.h - what cgroups/ knows of the host (private). */
#ifndef HULL_CGROUP_HOST_H
#define HULL_CGROUP_HOST_H

#include "libcontainer/base/arena.h"

/* The v2 cgroup of a process ("self" or a number), from /proc/PID/cgroup. */
int cgroup_of_pid(struct arena *a, const char *pid, const char **ret, struct err *err) must_check;
/* Name of the v1 hierarchy that holds a controller ("memory", "cpu,cpuacct"), or NULL. */
const char *cgroup_v1_holder(struct arena *a, const char *controller);

#endif
