/*
 * preflight.h - what is in the way of a migration: what the files of either end share.
 */
#ifndef HULL_PREFLIGHT_H
#define HULL_PREFLIGHT_H

#include "cgroups/host.h"
#include "libcontainer/checkpoint/migrate.h"
#include "oci-spec/oci.h"

/* ---- the target: each adds what it finds to OUT ------------------------------------------------
 */

struct check {
	struct arena *a;
	const struct migrate_need *need;
	struct migrate_answer *out;
};

#define PROBLEM(c, ...) \
	oci_strings_add((c)->a, &(c)->out->problems, arena_printf((c)->a, __VA_ARGS__))
#define WARNING(c, ...) \
	oci_strings_add((c)->a, &(c)->out->warnings, arena_printf((c)->a, __VA_ARGS__))
void preflight_tell(struct check *c, const struct err *err);

/* preflight_host.c: kernel, configuration, security modules, cgroups, ids. */
void preflight_host(struct check *c, struct container_root *root);
/* preflight_room.c: memory and disk; the limits of a cgroup, "in which hull is there". */
void preflight_room(struct check *c, struct container_root *root);
void preflight_cgroup(struct check *c, const struct cgroup_host *host, const char *path,
		      const char *what);

/* ---- either end -------------------------------------------------------------------------------
 */

/* NAME ("VmRSS") of a file of /proc that has a line "NAME: N kB", in bytes; false: it is not there.
 */
bool preflight_bytes(const char *path, const char *name, uint64_t *ret);
/* What /proc/cpuinfo says of the first one; "" if it does not. In A. */
void preflight_cpu(struct arena *a, const char **ret_model, const char **ret_flags);
/* How much more memory a cgroup may use: what it and those above it have left of memory.max, not
 * counting files' pages, which can go. UINT64_MAX: no limit. ROOT_FD: the mount; *RET, in A: the
 * path of the one with the least. */
uint64_t preflight_cgroup_room(struct arena *a, int root_fd, const char *path, const char **ret);
/* Whether what is to be kept in DIR has no room there. */
bool preflight_is_full(int dir_fd, uint64_t bytes, uint64_t *ret_free);

#endif
