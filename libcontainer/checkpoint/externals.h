/*
 * externals.h - what of a container comes from outside of it.
 *
 * CRIU dumps what it can reach from the container's own namespaces. What its processes hold
 * besides, it has to be told of by name, and to be given again at restore: mounts of host
 * directories, namespaces of others, and descriptors of host files, terminals and pipes.
 *
 * All is read from the kernel while the container stands still: it is what is, whatever config.json
 * or a hook made.
 */
#ifndef HULL_CHECKPOINT_EXTERNALS_H
#define HULL_CHECKPOINT_EXTERNALS_H

#include "libcontainer/checkpoint/criu.h"
#include "libcontainer/checkpoint/images.h"

struct externals {
	struct criu_pair *ext_mnt;
	size_t n_ext_mnt;
	const char **external;
	size_t n_external;
	const char *descriptors[IMAGES_STDIO]; /* of PIDS[0] */
	struct images_meta meta;
	bool lone_network; /* a network namespace of its own, not one given by a path */
};

/* CRIU's name of masked directories, for the empty one that hull's restore puts in their places. */
#define EXTERNALS_MASKED "linux.maskedPaths"

/* PIDS: all processes, the container's first one first; as seen by the caller, as /proc shows them.
 * SPEC: its config.json, for which a mount or namespace is external whose path is in it. MASKS: so
 * are masked directories, for whose file system CRIU would run tar and gzip; only hull restores
 * them then. In A. */
int externals_find(struct arena *a, const struct oci_spec *spec, const pid_t *pids, size_t n_pids,
		   bool masks, struct externals *ret, struct err *err) must_check;
/* The same while it runs, only for what cannot be dumped: all of it. */
typedef void externals_tell(void *ctx, const char *text);
int externals_check(struct arena *a, const struct oci_spec *spec, const pid_t *pids, size_t n_pids,
		    externals_tell *tell, void *ctx, struct err *err) must_check;
/* Whether there is a network namespace of its own that hull can make in CRIU's place. Then CRIU can
 * run in it, at both ends, and has nothing to do with it: else it looks through all connections
 * that the kernel tracks, 14 ms on a host with 262144 buckets of them. PURE. */
bool externals_may_leave_network(const struct oci_spec *spec);

/* One line of a mount table; DEV is "MAJOR:MINOR". */
struct ext_mount {
	uint64_t id;
	const char *dev, *root, *point, *type;
	bool named;  /* a bind mount of config.json */
	bool masked; /* of hull's empty file system over masked directories */
};
/* Whether MOUNTS[I] shows something of another mount tree: no other one that is not itself external
 * has the directory that it shows. PURE. */
bool externals_is_foreign(const struct ext_mount *mounts, size_t n, size_t i);
/* Where the host has DEV's ROOT, if anywhere: HOST are its mounts. In A, or NULL. PURE. */
const char *externals_source(struct arena *a, const struct ext_mount *host, size_t n,
			     const char *dev, const char *root);

#endif
