/* pages_impl.h - the index of a page store, for the files of pages.h alone. */
#ifndef HULL_PAGES_IMPL_H
#define HULL_PAGES_IMPL_H

#include <errno.h>

#include "pages.h"

/* A page in the index: a kind below PAGE_DATA, or FIRST_SLOT + where its contents are: the source
 * in the upper bits, the page of it in the lower. */
#define FIRST_SLOT   ((uint32_t)PAGE_DATA)
#define SOURCE_SHIFT 28
#define SOURCES      16
#define SLOT_MAX     (((uint32_t)1 << SOURCE_SHIFT) - 16) /* pages of one source: 1 TiB */
#define LEAF_SHIFT   (PAGES_SHIFT + 4)
#define OWN          0 /* the source that is the store's own file */
#define PROCS_MAX    65536
/* The kernel sees contents through this mapping, whose length is a limit, too. */
#define MAP_MAX ((uint64_t)SLOT_MAX << PAGES_SHIFT)

struct leaf {
	uint64_t key; /* address >> LEAF_SHIFT */
	uint32_t page[PAGES_LEAF];
	uint16_t expected; /* bits */
	uint16_t wiped;
};

struct source {
	const char *map;
	size_t len;
};

struct pages_proc {
	struct pages *store;
	struct pages_proc *next;
	int32_t pid;
	bool expecting, sealed, sorted;
	struct leaf *leaves;
	uint32_t n, room;
	uint32_t *hash; /* leaf + 1, 0 is free; always at most half full */
	uint32_t hash_bits;
	struct source sources[SOURCES];
	unsigned n_sources;
};

struct pages {
	int fd;
	char *map;
	uint64_t map_len, max_bytes, max_address;
	uint64_t index_bytes;
	uint32_t n_slots; /* of the file, ever used */
	uint32_t *free_slots, n_free, room_free;
	uint64_t seed;
	struct pages_proc *procs;
	unsigned n_procs;
};

/* The leaf of KEY, or NULL; leaf_get makes one if need be. */
struct leaf *leaf_find(const struct pages_proc *p, uint64_t key);
int leaf_get(struct pages_proc *p, uint64_t key, struct leaf **ret, struct err *err);
void hash_fill(struct pages_proc *p);
/* The bits of pages in leaf KEY that lie in [ADDR, END). */
uint16_t leaf_bits(uint64_t key, uint64_t addr, uint64_t end);
/* These pages become PAGE; their slots are free again. */
void leaf_mark(struct pages_proc *p, struct leaf *l, uint16_t bits, uint32_t page);

/* Whether the limit allows as much more. 0 or -ENOSPC. */
int pages_charge(struct pages *st, uint64_t bytes, struct err *err);
void pages_drop_slot(struct pages *st, uint32_t page);
int pages_check_range(const struct pages_proc *p, uint64_t addr, uint64_t n, struct err *err);

/* Where contents lie: a source, and a page of it. */
static inline bool page_is_data(uint32_t page)
{
	return page >= FIRST_SLOT;
}

static inline unsigned page_source(uint32_t page)
{
	return (page - FIRST_SLOT) >> SOURCE_SHIFT;
}

static inline uint32_t page_slot(uint32_t page)
{
	return (page - FIRST_SLOT) & ((1U << SOURCE_SHIFT) - 1);
}

#endif
