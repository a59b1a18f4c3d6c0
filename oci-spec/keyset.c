/* PURE: the member names seen in one object. */
#include "oci-spec/keyset.h"

#include <string.h>

struct keyset_slot {
	const char *key; /* NULL: free */
	size_t len;
	uint64_t hash;
};

/* FNV-1a, started from an address that the author of a file cannot know, so that names that
 * collide cannot be prepared. */
static uint64_t hash_of(const char *key, size_t len, const void *salt)
{
	uint64_t h = 0xcbf29ce484222325 ^ ((uint64_t)(uintptr_t)salt >> 12);

	for (size_t i = 0; i < len; i++)
		h = (h ^ (unsigned char)key[i]) * 0x100000001b3;
	return h ^ (h >> 32);
}

static struct keyset_slot *find(struct keyset_slot *slots, size_t size,
				const struct keyset_slot *want)
{
	size_t i = want->hash & (size - 1);

	for (; slots[i].key; i = (i + 1) & (size - 1))
		if (slots[i].hash == want->hash && slots[i].len == want->len &&
		    memcmp(slots[i].key, want->key, want->len) == 0)
			break;
	return &slots[i];
}

static void grow(struct keyset *set, struct arena *a)
{
	size_t size = set->size ? set->size * 2 : 16;
	struct keyset_slot *slots = arena_array(a, struct keyset_slot, size);

	for (size_t i = 0; i < set->size; i++)
		if (set->slots[i].key)
			*find(slots, size, &set->slots[i]) = set->slots[i];
	set->slots = slots;
	set->size = size;
}

bool keyset_add(struct keyset *set, struct arena *a, const char *key, size_t len)
{
	struct keyset_slot want = {.key = key, .len = len}, *slot;

	if (!set->salt)
		set->salt = arena_alloc(a, 1);
	want.hash = hash_of(key, len, set->salt);
	if (set->n * 2 >= set->size)
		grow(set, a);
	slot = find(set->slots, set->size, &want);
	if (slot->key)
		return false;
	*slot = want;
	set->n++;
	return true;
}
