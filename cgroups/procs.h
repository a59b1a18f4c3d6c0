/* procs.h - walks over sub-cgroups (private to cgroups/). */
#ifndef HULL_CGROUP_PROCS_H
#define HULL_CGROUP_PROCS_H

#define CGROUP_MAX_DEPTH 64

/* Calls VISIT for each sub-cgroup of FD until one returns a negative value, which is returned. */
int cgroup_each_child(int fd, int (*visit)(int parent, const char *name, void *ctx), void *ctx);

#endif
