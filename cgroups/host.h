/* host.h - what cgroups/ knows of the host (private). */
#ifndef HULL_CGROUP_HOST_H
#define HULL_CGROUP_HOST_H

#include "libcontainer/base/arena.h"

/* The v2 cgroup of a process ("self" or a number), from /proc/PID/cgroup. */
int cgroup_of_pid(struct arena *a, const char *pid, const char **ret, struct err *err) must_check;
/* Where the v1 hierarchy with a controller of this v2 name is mounted, or NULL. */
const char *cgroup_v1_mount(struct arena *a, const char *controller);

#endif
