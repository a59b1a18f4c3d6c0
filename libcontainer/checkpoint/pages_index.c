/* PURE: the index of a page store: leaves of 16 pages, found by hash, numbered when sealed. */
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "pages_impl.h"

static uint32_t hash_start(const struct pages_proc *p, uint64_t key)
{
	uint64_t h = key * p->store->seed;

	h ^= h >> 29;
	h *= 0x9e3779b97f4a7c15ULL;
	return (uint32_t)(h >> (64 - p->hash_bits));
}

struct leaf *leaf_find(const struct pages_proc *p, uint64_t key)
{
	if (!p->n)
		return NULL;
	for (uint32_t i = hash_start(p, key);; i = (i + 1) & ((1U << p->hash_bits) - 1)) {
		if (!p->hash[i])
			return NULL;
		if (p->leaves[p->hash[i] - 1].key == key)
			return &p->leaves[p->hash[i] - 1];
	}
}

static void hash_add(struct pages_proc *p, uint32_t leaf)
{
	uint32_t i = hash_start(p, p->leaves[leaf].key);

	while (p->hash[i])
		i = (i + 1) & ((1U << p->hash_bits) - 1);
	p->hash[i] = leaf + 1;
}

void hash_fill(struct pages_proc *p)
{
	memset(p->hash, 0, sizeof(*p->hash) << p->hash_bits);
	for (uint32_t i = 0; i < p->n; i++)
		hash_add(p, i);
}

/* Room for half as many leaves again. */
static int index_grow(struct pages_proc *p, struct err *err)
{
	uint32_t room = p->room ? p->room + p->room / 2 : 64;
	uint32_t bits = p->hash_bits ? p->hash_bits : 7;
	uint64_t more;
	void *m;

	if (p->room > UINT_MAX / 4)
		return err_fail(err, ENOSPC, "memory pages of process '%d' are too many", p->pid);
	while ((1U << bits) < 2 * room)
		bits++;
	more = (uint64_t)(room - p->room) * sizeof(*p->leaves);
	if (bits != p->hash_bits)
		more += sizeof(*p->hash) * ((1ULL << bits) - (p->room ? 1ULL << p->hash_bits : 0));
	if (pages_charge(p->store, more, err) < 0)
		return -err->code;
	m = realloc(p->leaves, room * sizeof(*p->leaves));
	if (!m)
		return err_sys(err, ENOMEM, "page store");
	p->leaves = m;
	if (bits != p->hash_bits) {
		m = realloc(p->hash, sizeof(*p->hash) << bits);
		if (!m)
			return err_sys(err, ENOMEM, "page store");
		p->hash = m;
		p->hash_bits = bits;
		hash_fill(p);
	}
	p->room = room;
	p->store->index_bytes += more;
	return 0;
}

/* The leaf of KEY, a new one if need be. */
int leaf_get(struct pages_proc *p, uint64_t key, struct leaf **ret, struct err *err)
{
	struct leaf *l = leaf_find(p, key);

	if (!l) {
		if (p->n == p->room && index_grow(p, err) < 0)
			return -err->code;
		l = &p->leaves[p->n];
		memset(l, 0, sizeof(*l));
		l->key = key;
		if (p->n && key < l[-1].key)
			p->sorted = false;
		hash_add(p, p->n++);
	}
	*ret = l;
	return 0;
}

/* The bits of pages in leaf KEY that lie in [ADDR, END). */
uint16_t leaf_bits(uint64_t key, uint64_t addr, uint64_t end)
{
	uint64_t base = key << LEAF_SHIFT;
	unsigned from = addr > base ? (unsigned)((addr - base) >> PAGES_SHIFT) : 0;
	unsigned to = PAGES_LEAF;

	if (end < base + (PAGES_LEAF << PAGES_SHIFT))
		to = (unsigned)((end - base) >> PAGES_SHIFT);
	return (uint16_t)(((1U << to) - 1) & ~((1U << from) - 1));
}

void leaf_mark(struct pages_proc *p, struct leaf *l, uint16_t bits, uint32_t page)
{
	for (; bits; bits &= (uint16_t)(bits - 1)) {
		uint32_t *at = &l->page[__builtin_ctz(bits)];

		pages_drop_slot(p->store, *at);
		*at = page;
	}
}

static void leaf_settle(struct pages_proc *p, struct leaf *l)
{
	for (unsigned i = 0; i < PAGES_LEAF; i++) {
		if (!(l->expected & 1U << i))
			leaf_mark(p, l, (uint16_t)(1U << i), PAGE_NONE);
		else if (l->page[i] == PAGE_NONE)
			l->page[i] = PAGE_REMOTE;
	}
}

static int leaf_cmp(const void *a, const void *b)
{
	uint64_t ka = ((const struct leaf *)a)->key, kb = ((const struct leaf *)b)->key;

	return ka < kb ? -1 : ka > kb;
}

int pages_seal(struct pages_proc *p, struct err *err)
{
	if (p->sealed)
		return err_fail(err, EINVAL, "memory pages: sealed twice");
	for (uint32_t i = 0; p->expecting && i < p->n; i++)
		leaf_settle(p, &p->leaves[i]);
	if (!p->sorted) {
		qsort(p->leaves, p->n, sizeof(*p->leaves), leaf_cmp);
		hash_fill(p);
	}
	p->sorted = p->sealed = true;
	return 0;
}

bool pages_sealed(const struct pages_proc *p)
{
	return p->sealed;
}

int pages_wipe_on_fork(struct pages_proc *p, uint64_t addr, uint64_t n, struct err *err)
{
	uint64_t end = addr + (n << PAGES_SHIFT);

	if (pages_check_range(p, addr, n, err) < 0)
		return -err->code;
	for (uint32_t i = pages_leaf_from(p, addr); n && i < p->n && pages_leaf_addr(p, i) < end;
	     i++)
		p->leaves[i].wiped |= leaf_bits(p->leaves[i].key, addr, end);
	return 0;
}

uint16_t pages_leaf_wiped(const struct pages_proc *p, uint32_t leaf)
{
	return p->leaves[leaf].wiped;
}

/* ---- readers --------------------------------------------------------------------------- */

static enum page_kind page_read(const struct pages_proc *p, uint32_t page, const void **ret_data)
{
	if (!page_is_data(page))
		return (enum page_kind)page;
	if (ret_data)
		*ret_data = p->sources[page_source(page)].map +
			    ((size_t)page_slot(page) << PAGES_SHIFT);
	return PAGE_DATA;
}

enum page_kind pages_get(const struct pages_proc *p, uint64_t addr, const void **ret_data)
{
	const struct leaf *l = leaf_find(p, addr >> LEAF_SHIFT);

	return l ? page_read(p, l->page[(addr >> PAGES_SHIFT) % PAGES_LEAF], ret_data) : PAGE_NONE;
}

uint32_t pages_leaves(const struct pages_proc *p)
{
	return p->n;
}

uint64_t pages_leaf_addr(const struct pages_proc *p, uint32_t leaf)
{
	return p->leaves[leaf].key << LEAF_SHIFT;
}

uint32_t pages_leaf_from(const struct pages_proc *p, uint64_t addr)
{
	uint32_t low = 0, high = p->n;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (p->leaves[mid].key < addr >> LEAF_SHIFT)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

int64_t pages_leaf_at(const struct pages_proc *p, uint64_t addr)
{
	const struct leaf *l = leaf_find(p, addr >> LEAF_SHIFT);

	return l ? l - p->leaves : -1;
}

enum page_kind pages_leaf_get(const struct pages_proc *p, uint32_t leaf, unsigned i,
			      const void **ret_data)
{
	return page_read(p, p->leaves[leaf].page[i], ret_data);
}

uint16_t pages_leaf_to_come(const struct pages_proc *p, uint32_t leaf)
{
	uint16_t bits = 0;

	for (unsigned i = 0; i < PAGES_LEAF; i++)
		bits |= (uint16_t)((p->leaves[leaf].page[i] >= PAGE_REMOTE) << i);
	return bits;
}

void pages_leaf_set_asked(struct pages_proc *p, uint32_t leaf, unsigned i)
{
	if (p->leaves[leaf].page[i] == PAGE_REMOTE)
		p->leaves[leaf].page[i] = PAGE_ASKED;
}
