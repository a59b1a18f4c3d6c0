/*
 * consts.h - names of the spec that stand for a number of the kernel's.
 *
 * One table each: validate looks names up, the plan takes the numbers, features lists them.
 */
#ifndef HULL_OCI_CONSTS_H
#define HULL_OCI_CONSTS_H

#include <stdbool.h>
#include <stdint.h>

struct oci_const {
	const char *name; /* NULL ends a table */
	uint64_t value;
};

extern const struct oci_const oci_scheduler_policies[], oci_scheduler_flags[], oci_io_classes[],
	oci_personality_domains[], oci_memory_modes[], oci_memory_flags[];

bool oci_const_find(const struct oci_const *table, const char *name, uint64_t *ret);

#endif
