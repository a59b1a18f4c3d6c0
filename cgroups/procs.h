/* procs.h - walks over sub-cgroups (private to cgroups/). */
#ifndef HULL_CGROUP_PROCS_H
#define HULL_CGROUP_PROCS_H

/* Calls VISIT for each sub-cgroup below FD, those inside it first, until one returns a negative
 * value, which is returned. Holds two descriptors, however deep they are nested: who is in a
 * container may nest as many as the kernel lets it. One that vanishes meanwhile is left out. */
int cgroup_walk(int fd, int (*visit)(int parent, const char *name, void *ctx), void *ctx);

#endif
