/* freeze.h - a freeze with its own bound (private to cgroups/). */
#ifndef HULL_CGROUP_FREEZE_H
#define HULL_CGROUP_FREEZE_H

#include <stdbool.h>

/* 0 or -errno; a freeze that does not complete is undone. */
int cgroup_freeze_for(int fd, bool frozen, int timeout_ms);

#endif
