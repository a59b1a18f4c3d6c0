/*
 * resources.h - from linux.resources to writes into files of a cgroup (private).
 *
 * The conversion is PURE: a list of writes in the order they are to be done. What depends on the
 * state of the kernel is a flag of the write, and is resolved while it is done.
 */
#ifndef HULL_CGROUP_RESOURCES_H
#define HULL_CGROUP_RESOURCES_H

#include "cgroups/controllers.h"

enum {
	CW_OPTIONAL = 1 << 0,    /* asks for what is so anyway when there is no such file */
	CW_BFQ = 1 << 1,         /* `bfq` to io.bfq.weight when there is one, else as usual */
	CW_KEEP_QUOTA = 1 << 2,  /* VALUE is a period: goes behind the present quota */
	CW_IF_LOWER = 1 << 3,    /* only when less than the present value */
	CW_IF_HIGHER = 1 << 4,   /* only when more than the present value */
	CW_MINUS_LIMIT = 1 << 5, /* VALUE is memory+swap: less the present memory.max */
};

struct cgroup_write {
	const char *field; /* "linux.resources.memory.limit" */
	const char *file;  /* "memory.max" */
	const char *value;
	const char *bfq; /* CW_BFQ: the value for io.bfq.weight */
	unsigned flags;
};

/* RESOURCES (NULL = none) as writes. Refuses what v2 has no file for (V-13). */
int cgroup_resources_convert(struct arena *a, const struct oci_resources *resources, bool update,
			     struct cgroup_write **ret, size_t *ret_n, struct err *err) must_check;
/* cgroup_apply with UPDATE, and then THEN, which sees the writes that were done; when it fails they
 * are taken back. Afterwards they are done once more. */
typedef int cgroup_applied(const void *ctx, int fd, const struct cgroup_write *writes, size_t n,
			   struct err *err);
int cgroup_apply_and(const struct cgroup_host *host, int fd, const struct oci_resources *resources,
		     cgroup_applied *then, const void *ctx, struct err *err) must_check;
/* The controllers behind the files that the writes go to, each once. */
int cgroup_resources_needs(struct arena *a, const struct oci_resources *resources,
			   struct cgroup_need **ret, size_t *ret_n, struct err *err) must_check;
/* "memory" for "memory.max" in A; NULL when the file needs no controller. */
const char *cgroup_file_controller(struct arena *a, const char *file);

#endif
