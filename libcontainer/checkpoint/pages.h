/*
 * pages.h - the memory of processes that are not here yet.
 *
 * The target of a migration keeps what was copied while the source was running: for each process
 * (by its pid in the container) which page has which contents. Later rounds overwrite earlier ones,
 * pages of zeros are only noted. When the source has stopped, what it says of the last moment is
 * noted too: which pages are there at all, and which it has changed since and must send once more.
 * Then the store is sealed and lazy.h fills the restored processes from it. The images of a
 * checkpoint can be the source as well (pagemap.c).
 *
 * The contents are one unlinked file: a memfd, or a file on disk when memory is short. The index
 * has 4 bytes a page, in leaves of 16 pages found by hash. Addresses and amounts come from a peer
 * and from a hostile container: addresses are checked, and all of it together has a limit.
 */
#ifndef HULL_PAGES_H
#define HULL_PAGES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/err.h"

#define PAGES_SHIFT 12
#define PAGES_SIZE  ((uint64_t)1 << PAGES_SHIFT)
#define PAGES_LEAF  16 /* pages */

enum page_kind {
	PAGE_NONE,   /* not there: zeros, if it is ever touched */
	PAGE_ZERO,   /* there, and all zeros */
	PAGE_REMOTE, /* only the source has it */
	PAGE_ASKED,  /* the same, and it was asked for */
	PAGE_DATA,
};

struct pages_options {
	uint64_t max_bytes;    /* of contents and index, 0: no limit */
	uint64_t max_address;  /* the first that no process can have; 0: this machine's */
	uint64_t expect_bytes; /* how much is to come, 0: not known */
	int spill_dir;         /* directory for the file when memory is short, or -1 */
};

struct pages;
struct pages_proc;

struct pages *pages_new(const struct pages_options *opt, struct err *err) must_check;
void pages_free(struct pages *);
/* What is used of max_bytes: contents and index; and the index alone. */
uint64_t pages_used(const struct pages *);
uint64_t pages_index_bytes(const struct pages *);

/* The process PID; NULL when it is not known. pages_add makes it. */
struct pages_proc *pages_find(struct pages *, int32_t pid);
int pages_add(struct pages *, int32_t pid, struct pages_proc **ret, struct err *err) must_check;

/* N pages at ADDR are DATA now. */
int pages_put(struct pages_proc *, uint64_t addr, uint64_t n, const void *data,
	      struct err *err) must_check;
/* They are ZERO, or REMOTE (the source has changed them), or NONE (unmapped). */
int pages_mark(struct pages_proc *, uint64_t addr, uint64_t n, enum page_kind kind,
	       struct err *err) must_check;
/* At the end these were there. What was not said to be is dropped by pages_seal, and what is not
 * here is REMOTE. */
int pages_expect(struct pages_proc *, uint64_t addr, uint64_t n, struct err *err) must_check;
/* From now on pages only arrive (pages_put of REMOTE and ASKED ones; of others it is ignored). */
int pages_seal(struct pages_proc *, struct err *err) must_check;
bool pages_sealed(const struct pages_proc *);
/* A child must not see these (MADV_WIPEONFORK); to be said of a sealed process. */
int pages_wipe_on_fork(struct pages_proc *, uint64_t addr, uint64_t n, struct err *err) must_check;

/* One page. *ret_data (may be NULL) is where its contents are mapped, for the kernel only: reading
 * from there can fault when a file was cut short behind our back. */
enum page_kind pages_get(const struct pages_proc *, uint64_t addr, const void **ret_data);

/*
 * Leaves, for who goes through a sealed process: they are numbered in the order of addresses.
 */
uint32_t pages_leaves(const struct pages_proc *);
uint64_t pages_leaf_addr(const struct pages_proc *, uint32_t leaf);
/* The first leaf that ends above ADDR; pages_leaves() when there is none. */
uint32_t pages_leaf_from(const struct pages_proc *, uint64_t addr);
/* The leaf with ADDR, or -1. */
int64_t pages_leaf_at(const struct pages_proc *, uint64_t addr);
/* Page I of a leaf, as pages_get. */
enum page_kind pages_leaf_get(const struct pages_proc *, uint32_t leaf, unsigned i,
			      const void **ret_data);
/* A bit for each page: REMOTE, ASKED or DATA; wiped on fork. */
uint16_t pages_leaf_to_come(const struct pages_proc *, uint32_t leaf);
uint16_t pages_leaf_wiped(const struct pages_proc *, uint32_t leaf);
void pages_leaf_set_asked(struct pages_proc *, uint32_t leaf, unsigned i);
int32_t pages_pid(const struct pages_proc *);
/* N pages of DATA from page I of a leaf on, whose contents lie side by side, are needed no more:
 * their memory is given back, and they are NONE. */
void pages_release(struct pages_proc *, uint32_t leaf, unsigned i, uint64_t n);

/*
 * Contents that are elsewhere: a mapping that the process takes over (munmap at the end). Returns
 * the number for pages_refer, or -errno.
 */
int pages_source(struct pages_proc *, void *map, size_t len, struct err *err) must_check;
/* N pages at ADDR are DATA: those from byte OFFSET of the mapping on. */
int pages_refer(struct pages_proc *, uint64_t addr, uint64_t n, int source, uint64_t offset,
		struct err *err) must_check;

/*
 * pagemap.c: takes the process PID from CRIU's images in DIR and seals it: the pages that
 * `criu restore --lazy-pages` leaves out. Of those whose contents are not in the images (dumped
 * with lazy pages) the store can have copies already; the others are REMOTE. Without REMOTE such
 * images are an error.
 */
int pages_from_images(struct pages *, int dir, int32_t pid, bool remote,
		      struct err *err) must_check;

/* Whether all pages that the images in DIR speak of are there. */
int pages_check_images(int dir, struct err *err) must_check;

#endif
