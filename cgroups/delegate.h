/* delegate.h - the owner of a cgroup, by a list that a test may give (private to cgroups/). */
#ifndef HULL_CGROUP_DELEGATE_H
#define HULL_CGROUP_DELEGATE_H

#include "cgroups/cgroup.h"

/* KERNEL_FD: the directory that holds the list `delegate`, /sys/kernel/cgroup; -1 = none. */
int cgroup_delegate_listed(int fd, int kernel_fd, uid_t uid, struct err *err) must_check;

#endif
