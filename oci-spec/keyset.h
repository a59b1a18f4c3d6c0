/* keyset.h - the member names seen in one object, to find duplicates in linear time. */
#ifndef HULL_OCI_KEYSET_H
#define HULL_OCI_KEYSET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/arena.h"

struct keyset_slot;
struct keyset {
	struct keyset_slot *slots; /* a power of two; NULL until the first key */
	size_t n, size;
	const void *salt;
};

/* False if KEY is in already. KEY is not copied. */
bool keyset_add(struct keyset *set, struct arena *a, const char *key, size_t len);

#endif
