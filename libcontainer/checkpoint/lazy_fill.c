/* RUNTIME: pages into an address space, by its userfaultfd: those that are waited for, and the
 * rest. */
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>

#include "lazy_impl.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ 22
#endif
#define CHUNK_MAX  256 /* pages: 1 MiB takes the kernel about half a millisecond */
#define CHUNK_BUSY 16  /* while somebody waits for others */

/* A thread that waits for a page at ADDR tries again: it sees the page, or asks anew. */
static void wake(const struct space *sp, uint64_t addr)
{
	struct uffdio_range r = {.start = addr, .len = PAGES_SIZE};

	(void)ioctl(sp->fd, UFFDIO_WAKE, &r);
}

/* What to make of a failure for N pages. Returns how many pages are done with; 0: later. */
static int64_t failed(struct space *sp, uint64_t n, int code, struct err *err)
{
	switch (code) {
	case EEXIST: /* the first is there */
		return 1;
	case ENOENT: /* not one mapping, or none that is ours (any more) */
	case EINVAL:
		sp->chunk = 1;
		return n == 1 && sp->lazy->resumed;
	case ESRCH: /* the process has ended */
		sp->gone = true;
		return 0;
	case EAGAIN: /* there is an event to be read first */
	case ENOMEM: /* its cgroup has no room right now */
	case EINTR:
		return 0;
	}
	return err_sys(err, code, "page of process '%d'", pages_pid(sp->proc));
}

/*
 * N pages from SRC to ADDR. How many are done with, 0 when none is now, -errno.
 *
 * The kernel looks whether memory is being moved (EAGAIN) before it looks for the mapping (ENOENT),
 * and what happens in between makes the second answer wrong. Asked again it says EAGAIN then, as
 * the event has not been read. For one page the answer is final, so there it counts.
 */
static int64_t copy(struct space *sp, uint64_t addr, const void *src, uint64_t n, struct err *err)
{
	bool sure = n > 1;
	struct uffdio_copy c;

	if (n > 1)
		(void)madvise((void *)(uintptr_t)src, n << PAGES_SHIFT, MADV_POPULATE_READ);
	for (;; sure = true) {
		int64_t done = (int64_t)n;

		c = (struct uffdio_copy){
			.dst = addr, .src = (uintptr_t)src, .len = n << PAGES_SHIFT};
		if (ioctl(sp->fd, UFFDIO_COPY, &c) < 0) {
			if (c.copy <= 0 && (sure || (errno != ENOENT && errno != EINVAL)))
				return failed(sp, n, errno, err);
			if (c.copy <= 0)
				continue;
			done = c.copy >> PAGES_SHIFT;
		}
		sp->lazy->stats.copied += (uint64_t)done;
		return done;
	}
}

/* A page of zeros. As copy. */
static int64_t zero(struct space *sp, uint64_t addr, struct err *err)
{
	struct uffdio_zeropage z = {.range = {.start = addr, .len = PAGES_SIZE}};

	return ioctl(sp->fd, UFFDIO_ZEROPAGE, &z) == 0 ? 1 : failed(sp, 1, errno, err);
}

/* A run of pending pages that can be copied at once. */
struct run {
	uint64_t addr, n, room;
	const char *data;
	uint32_t leaf;
	unsigned i;
};

/* The page after LEAF, I of the image, if it is in the next leaf or the same. */
static bool next_page(const struct space *sp, uint32_t *leaf, unsigned *i)
{
	if (++*i < PAGES_LEAF)
		return true;
	*i = 0;
	return ++*leaf < pages_leaves(sp->proc) &&
	       pages_leaf_addr(sp->proc, *leaf) ==
		       pages_leaf_addr(sp->proc, *leaf - 1) + (PAGES_LEAF << PAGES_SHIFT);
}

static bool is_away(const struct space *sp, uint32_t leaf, unsigned i)
{
	return sp->away[leaf] & 1U << i;
}

/* The run that begins at a page of DATA, at most MAX pages. */
static void run_extend(const struct space *sp, struct run *r, uint64_t max)
{
	bool away = is_away(sp, r->leaf, r->i);
	uint32_t leaf = r->leaf;
	unsigned i = r->i;
	const void *data;

	for (r->n = 1; r->n < max && r->n < r->room && next_page(sp, &leaf, &i); r->n++)
		if (!space_pending(sp, leaf, i) || is_away(sp, leaf, i) != away ||
		    pages_leaf_get(sp->proc, leaf, i, &data) != PAGE_DATA ||
		    data != r->data + (r->n << PAGES_SHIFT))
			return;
}

/* Whether no other space needs the pages of this one's process. Those that it forks later do not
 * need what is in here. */
static bool is_only_one(const struct space *sp)
{
	for (const struct space *o = sp->lazy->spaces; o; o = o->next)
		if (o != sp && o->proc == sp->proc)
			return false;
	return true;
}

/* Copies a run that begins at a pending page; up to MAX pages. How many are done with, 0 when none
 * is now, -errno. */
static int64_t push(struct space *sp, uint32_t leaf, unsigned i, uint64_t max, struct err *err)
{
	struct run r = {.leaf = leaf, .i = i};
	const void *data = NULL;
	enum page_kind kind = pages_leaf_get(sp->proc, leaf, i, &data);
	int64_t done;

	r.data = data;
	r.addr = space_place(sp, leaf, i, &r.room);
	if (!r.room) {
		space_in(sp, leaf, i);
		return 1;
	}
	if (kind == PAGE_DATA)
		run_extend(sp, &r, max);
	done = kind == PAGE_DATA ? copy(sp, r.addr, r.data, r.n, err) : zero(sp, r.addr, err);
	for (int64_t k = 0; k < done; k++) {
		space_in(sp, leaf, i);
		next_page(sp, &leaf, &i);
	}
	if (done > 0 && kind == PAGE_DATA && sp->lazy->opt.release && is_only_one(sp))
		pages_release(sp->proc, r.leaf, r.i, (uint64_t)done);
	return done;
}

/* ---- pages that only the source has ------------------------------------------------------ */

/* Asks for up to MAX pages from this one on, within the leaf. AHEAD: nobody waits for them. */
static int ask(struct space *sp, uint32_t leaf, unsigned i, uint64_t max, bool ahead,
	       struct err *err)
{
	struct lazy *lz = sp->lazy;
	const struct lazy_options *o = &lz->opt;
	uint64_t n = 0, img = pages_leaf_addr(sp->proc, leaf) + ((uint64_t)i << PAGES_SHIFT);

	if (!o->fetch)
		return err_fail(err, ENODATA, "page 0x%llx of process '%d' is nowhere",
				(unsigned long long)img, pages_pid(sp->proc));
	while (n < max && i + n < PAGES_LEAF && space_pending(sp, leaf, i + (unsigned)n) &&
	       pages_leaf_get(sp->proc, leaf, i + (unsigned)n, NULL) == PAGE_REMOTE)
		pages_leaf_set_asked(sp->proc, leaf, i + (unsigned)n++);
	if (!n)
		return 0;
	lz->in_flight += n;
	lz->stats.fetched += n;
	lz->progress++;
	return (ahead && o->ahead ? o->ahead : o->fetch)(o->arg, pages_pid(sp->proc), img, n, err);
}

/* One that was asked for ahead, and is waited for now. */
static int ask_again(struct space *sp, uint64_t img, struct err *err)
{
	const struct lazy_options *o = &sp->lazy->opt;

	return o->ahead ? o->fetch(o->arg, pages_pid(sp->proc), img, 1, err) : 0;
}

/* As far as the window allows. */
static int ask_ahead(struct space *sp, struct err *err)
{
	struct lazy *lz = sp->lazy;

	for (; sp->ask_at < pages_leaves(sp->proc); sp->ask_at++) {
		uint16_t bits = sp->pending[sp->ask_at];

		for (; bits; bits &= (uint16_t)(bits - 1)) {
			unsigned i = (unsigned)__builtin_ctz(bits);

			if (pages_leaf_get(sp->proc, sp->ask_at, i, NULL) != PAGE_REMOTE)
				continue;
			if (lz->in_flight >= lz->opt.prefetch)
				return 0;
			if (ask(sp, sp->ask_at, i, lz->opt.prefetch - lz->in_flight, true, err) < 0)
				return -err->code;
		}
	}
	return 0;
}

int space_arrived(struct space *sp, uint64_t img, uint64_t n, struct err *err)
{
	for (uint64_t k = 0; k < n && !sp->gone;) {
		uint64_t addr = img + (k << PAGES_SHIFT);
		int64_t leaf = pages_leaf_at(sp->proc, addr), done;
		uint64_t room;
		unsigned i = (addr >> PAGES_SHIFT) % PAGES_LEAF;

		if (leaf < 0 || !space_pending(sp, (uint32_t)leaf, i)) {
			k++;
			continue;
		}
		done = push(sp, (uint32_t)leaf, i, n - k, err);
		if (done < 0)
			return (int)done;
		if (!done) { /* later, by space_fill; who waits for it asks again */
			sp->idle = false;
			sp->at = (uint32_t)leaf < sp->at ? (uint32_t)leaf : sp->at;
			wake(sp, space_place(sp, (uint32_t)leaf, i, &room));
			done = 1;
		}
		k += (uint64_t)done;
	}
	return 0;
}

/* ---- faults ------------------------------------------------------------------------------ */

int space_fault(struct space *sp, uint64_t addr, struct err *err)
{
	uint64_t img;
	uint32_t leaf;
	unsigned i;
	int64_t done;

	addr &= ~(PAGES_SIZE - 1);
	sp->lazy->stats.faults++;
	if (!space_image(sp, addr, &img)) {
		sp->lazy->stats.zero_faults++;
		done = zero(sp, addr, err);
	} else {
		leaf = (uint32_t)pages_leaf_at(sp->proc, img);
		i = (img >> PAGES_SHIFT) % PAGES_LEAF;
		switch (pages_leaf_get(sp->proc, leaf, i, NULL)) {
		case PAGE_REMOTE:
			return ask(sp, leaf, i, PAGES_LEAF, false, err);
		case PAGE_ASKED:
			return ask_again(sp, img, err);
		default:
			done = push(sp, leaf, i, CHUNK_BUSY, err);
			if (!done && !sp->gone) /* the run may have crossed mappings */
				done = push(sp, leaf, i, 1, err);
		}
	}
	if (done < 0)
		return (int)done;
	/* One that another copy brought, or that can't be served now. */
	if (done <= 1)
		wake(sp, addr);
	return 0;
}

/* ---- the rest ---------------------------------------------------------------------------- */

/* The next pending page from sp->at on that is here. */
static bool next_here(struct space *sp, unsigned *ret_i)
{
	for (; sp->at < pages_leaves(sp->proc); sp->at++) {
		uint16_t bits = sp->pending[sp->at];

		for (; bits; bits &= (uint16_t)(bits - 1)) {
			enum page_kind kind;

			*ret_i = (unsigned)__builtin_ctz(bits);
			kind = pages_leaf_get(sp->proc, sp->at, *ret_i, NULL);
			if (kind != PAGE_REMOTE && kind != PAGE_ASKED)
				return true;
		}
	}
	return false;
}

int space_fill(struct space *sp, struct err *err)
{
	uint64_t max = sp->lazy->calm ? sp->chunk : CHUNK_BUSY;
	unsigned i;
	int64_t done;

	if (sp->lazy->opt.prefetch && ask_ahead(sp, err) < 0)
		return -err->code;
	if (!next_here(sp, &i)) {
		sp->idle = true;
		return 0;
	}
	if (max > sp->chunk)
		max = sp->chunk;
	done = push(sp, sp->at, i, max, err);
	if (done > 0 && sp->chunk < CHUNK_MAX)
		sp->chunk *= 2;
	return done < 0 ? (int)done : done > 0;
}
