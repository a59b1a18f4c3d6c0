/* RUNTIME: what else is said of pages: zeros, changed, unmapped, expected; contents elsewhere. */
#include <fcntl.h>
#include <sys/mman.h>

#include "pages_impl.h"

/* Ranges to forget may be as large as an address space: leaves, when they are fewer. */
static void mark_none(struct pages_proc *p, uint64_t addr, uint64_t end)
{
	uint64_t first = addr >> LEAF_SHIFT, last = (end - 1) >> LEAF_SHIFT;

	if (last - first < p->n) {
		for (uint64_t key = first; key <= last; key++) {
			struct leaf *l = leaf_find(p, key);

			if (l)
				leaf_mark(p, l, leaf_bits(key, addr, end), PAGE_NONE);
		}
		return;
	}
	for (struct leaf *l = p->leaves; l < p->leaves + p->n; l++)
		if (l->key >= first && l->key <= last)
			leaf_mark(p, l, leaf_bits(l->key, addr, end), PAGE_NONE);
}

int pages_mark(struct pages_proc *p, uint64_t addr, uint64_t n, enum page_kind kind,
	       struct err *err)
{
	uint64_t end = addr + (n << PAGES_SHIFT);
	struct leaf *l;

	if (pages_check_range(p, addr, n, err) < 0)
		return -err->code;
	if (p->sealed || kind == PAGE_DATA || kind == PAGE_ASKED)
		return err_fail(err, EINVAL, "memory pages: a mark out of turn");
	if (kind == PAGE_NONE && n)
		mark_none(p, addr, end);
	for (uint64_t key = addr >> LEAF_SHIFT; kind != PAGE_NONE && key << LEAF_SHIFT < end;
	     key++) {
		if (leaf_get(p, key, &l, err) < 0)
			return -err->code;
		leaf_mark(p, l, leaf_bits(key, addr, end), kind);
	}
	return 0;
}

int pages_expect(struct pages_proc *p, uint64_t addr, uint64_t n, struct err *err)
{
	uint64_t end = addr + (n << PAGES_SHIFT);
	struct leaf *l;

	if (pages_check_range(p, addr, n, err) < 0)
		return -err->code;
	if (p->sealed)
		return err_fail(err, EINVAL, "memory pages: expected too late");
	p->expecting = true;
	for (uint64_t key = addr >> LEAF_SHIFT; key << LEAF_SHIFT < end; key++) {
		if (leaf_get(p, key, &l, err) < 0)
			return -err->code;
		l->expected |= leaf_bits(key, addr, end);
	}
	return 0;
}

int pages_source(struct pages_proc *p, void *map, size_t len, struct err *err)
{
	if (p->n_sources == SOURCES || len > MAP_MAX)
		return err_fail(err, E2BIG,
				"memory pages of process '%d' come from too many places", p->pid);
	p->sources[p->n_sources] = (struct source){.map = map, .len = len};
	return (int)p->n_sources++;
}

int pages_refer(struct pages_proc *p, uint64_t addr, uint64_t n, int source, uint64_t offset,
		struct err *err)
{
	const struct source *s = &p->sources[source];
	uint64_t end = addr + (n << PAGES_SHIFT);
	struct leaf *l;

	if (pages_check_range(p, addr, n, err) < 0)
		return -err->code;
	if (offset % PAGES_SIZE || offset > s->len || n > (s->len - offset) >> PAGES_SHIFT)
		return err_fail(err, EINVAL, "memory pages of process '%d' end too early", p->pid);
	for (uint64_t at = addr, page = FIRST_SLOT + ((uint32_t)source << SOURCE_SHIFT) +
					(uint32_t)(offset >> PAGES_SHIFT);
	     at < end;) {
		if (leaf_get(p, at >> LEAF_SHIFT, &l, err) < 0)
			return -err->code;
		do {
			uint32_t *to = &l->page[(at >> PAGES_SHIFT) % PAGES_LEAF];

			pages_drop_slot(p->store, *to);
			*to = (uint32_t)page++;
			at += PAGES_SIZE;
		} while (at < end && at % (PAGES_LEAF << PAGES_SHIFT));
	}
	return 0;
}

void pages_release(struct pages_proc *p, uint32_t leaf, unsigned i, uint64_t n)
{
	uint32_t first = p->leaves[leaf].page[i];

	if (!page_is_data(first) || page_source(first) != OWN)
		return;
	/* Where that is not possible it takes until all is in. */
	(void)fallocate(p->store->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			(off_t)page_slot(first) << PAGES_SHIFT, (off_t)(n << PAGES_SHIFT));
	for (; n; n--) {
		leaf_mark(p, &p->leaves[leaf], (uint16_t)(1U << i), PAGE_NONE);
		if (++i == PAGES_LEAF) {
			i = 0;
			leaf++;
		}
	}
}
