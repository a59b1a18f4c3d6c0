/*
 * postcopy.h - memory that comes after COMMIT (--mode postcopy and hybrid), at the target.
 *
 * From before the restore until all pages are in, the connection is that of the process which
 * fills memory in (receive_fill): faults want pages before and after the commit. What its parent
 * has to say to the source, and what the source says of the commit, goes through it. It ends with 0
 * when all pages are in, and nothing is under way: then the connection is the parent's again. In
 * between the source sends only what it was asked for.
 *
 * Pages that threads wait for are asked for one by one, by PAGE_REQUEST, which is answered at once;
 * the rest by PREFETCH, so much at a time that the connection is always busy.
 */
#ifndef HULL_POSTCOPY_H
#define HULL_POSTCOPY_H

#include "libcontainer/checkpoint/receive.h"

struct postcopy;

/* Before the lazy pages: *O is filled in. */
int postcopy_begin(struct receiver *x, struct lazy_options *o, struct err *err) must_check;
/* In the process that fills: until all is in, and RESTORED says that the container is restored. */
int postcopy_fill(struct postcopy *f, int restored, struct err *err) must_check;

/* In its parent: it runs. */
void postcopy_begun(struct receiver *x);
/* All is restored: says PREPARED, and waits for COMMIT. */
int postcopy_restored(struct receiver *x, struct err *err) must_check;
/* It runs, TOOK nanoseconds after COMMIT. */
int postcopy_resumed(struct receiver *x, uint64_t took, struct err *err) must_check;
/* The process that filled has ended: the connection is ours. */
void postcopy_end(struct receiver *x);

#endif
