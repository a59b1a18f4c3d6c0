/*
 * lazy.h - restored processes that run before their memory is there.
 *
 * `criu restore --lazy-pages` connects to lazy-pages.socket in its work directory and sends, for
 * each process, a userfaultfd with all memory that can come later; when all of them are about to
 * run it says so. The server here answers page faults from a store (pages.h), and fills what nobody
 * has touched yet in the background, in the order of addresses. When all pages are in it closes the
 * descriptors, and nothing is left that could slow the processes down. What only the source of a
 * migration has is asked for through a callback and comes back by lazy_arrived.
 *
 * The processes are hostile, and do as they like meanwhile: fork, unmap, move and forget memory,
 * end. The kernel tells (userfaultfd_events); everything is bounded.
 *
 * If the process that serves ended before lazy_step has said LAZY_DONE, the kernel would give pages
 * of zeros instead, and the container would go on with them. lazy_guard is there against that.
 */
#ifndef HULL_LAZY_H
#define HULL_LAZY_H

#include "pages.h"

#define LAZY_SOCKET "lazy-pages.socket"

struct lazy_options {
	struct pages *store;
	/* N pages of PID at ADDR are wanted now. Must not wait for them. 0 or -errno, which ends
	 * the service. NULL: there are none elsewhere. */
	int (*fetch)(void *arg, int32_t pid, uint64_t addr, uint64_t n, struct err *err);
	/* The same for what nobody waits for yet; fetch can be called for some of it again then.
	 * NULL: fetch. */
	int (*ahead)(void *arg, int32_t pid, uint64_t addr, uint64_t n, struct err *err);
	void *arg;
	unsigned prefetch;   /* pages to ask for ahead, at most so many at a time; 0: only faults */
	unsigned max_spaces; /* address spaces at a time, after forks; more forks wait. 0: 512 */
	bool release;        /* give the memory of pages back that nobody needs any more */
	int stall_ms;        /* the longest time without any progress; 0: 60 s */
};

struct lazy_stats {
	uint64_t faults;      /* that waited for a page */
	uint64_t zero_faults; /* that found none */
	uint64_t fetched;     /* pages asked for */
	uint64_t copied;      /* pages filled in */
	uint64_t pending;     /* that are not yet, in the address spaces of now */
	uint64_t spaces;      /* address spaces: processes, and those that they forked meanwhile */
	uint64_t waits;       /* forks that had to wait */
	int64_t resumed_ns;   /* CLOCK_MONOTONIC: criu said that all run; all pages in */
	int64_t done_ns;
};

enum lazy_state {
	LAZY_MORE, /* call lazy_step again at once */
	LAZY_WAIT, /* call it when lazy_fd is readable */
	LAZY_DONE, /* all pages are in */
};

struct lazy;

struct lazy *lazy_new(const struct lazy_options *opt, struct err *err) must_check;
void lazy_free(struct lazy *);
/* Makes the socket in DIR, criu's work directory. It is gone again when criu has connected. */
int lazy_listen(struct lazy *, int dir, struct err *err) must_check;
/* It is served by a child, which has forked: without the socket of this process criu sees that
 * child's end. */
void lazy_leave(struct lazy *);
/* Readable when there is something to do. */
int lazy_fd(const struct lazy *);
/* One round: all faults, then a bounded piece of the rest. Waits for at most TIMEOUT_MS (-1: as
 * long as it takes) when there is nothing to do. enum lazy_state, or -errno. */
int lazy_step(struct lazy *, int timeout_ms, struct err *err) must_check;
/* N pages that were REMOTE have come: DATA. */
int lazy_arrived(struct lazy *, int32_t pid, uint64_t addr, uint64_t n, const void *data,
		 struct err *err) must_check;
void lazy_get_stats(const struct lazy *, struct lazy_stats *ret);

/*
 * Makes a process that holds all userfaultfds, too, and so keeps those who wait waiting: when this
 * process ends, or calls lazy_free, before LAZY_DONE, it calls END(ARG), which is to kill the
 * container. It has no descriptors but KEEP (or -1) and its log. To be called before criu connects.
 */
int lazy_guard(struct lazy *, void (*end)(void *arg), void *arg, int keep,
	       struct err *err) must_check;

/* Without criu: takes over a userfaultfd of process PID of the store; the processes run. */
int lazy_add(struct lazy *, int32_t pid, int uffd, struct err *err) must_check;
void lazy_resume(struct lazy *);

#endif
