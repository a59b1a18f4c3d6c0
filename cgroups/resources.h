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
	CW_OPTIONAL = 1 << 0,    /* a missing file or controller means the same: no error */
	CW_BFQ = 1 << 1,         /* to io.bfq.weight when there is one, else VALUE to FILE */
	CW_KEEP_QUOTA = 1 << 2,  /* VALUE is a period: goes behind the present quota */
	CW_BURST = 1 << 3,       /* before cpu.max when lowered, after it when raised */
	CW_MINUS_LIMIT = 1 << 4, /* VALUE is memory+swap: less the present memory.max */
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
/* The controllers behind the files that the writes go to, each once. */
int cgroup_resources_needs(struct arena *a, const struct oci_resources *resources,
			   struct cgroup_need **ret, size_t *ret_n, struct err *err) must_check;

#endif
