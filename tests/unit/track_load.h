/* TEST: programs whose memory is tracked, and a store of pages like a migration's. */
#ifndef HULL_TRACK_LOAD_H
#define HULL_TRACK_LOAD_H

#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

#include "libcontainer/checkpoint/track.h"
#include "tests/unit/unit.h"

#define PAGE 4096UL

/* A child that does what it is told, one letter or number at a time. */
struct load {
	pid_t pid;
	int to, from;
};

/* RUN gets its end of the conversation. */
struct load load_start(void (*run)(struct load *self));
/* Tells it V and waits until it has done that: what it answers. */
uint64_t load_ask(const struct load *l, uint64_t v);
void load_tell(const struct load *l, uint64_t v);
uint64_t load_answer(const struct load *l);
/* In the child: what it is asked, and the answer. It ends when nobody asks any more. */
uint64_t load_next(struct load *self);
void load_reply(struct load *self, uint64_t v);
/* SIGSTOP, and waits until all of its threads stand still. */
void load_stop(const struct load *l);
void load_kill(const struct load *l);

/* False (and said) when this test cannot run here: no root. */
bool load_can_track(void);
bool load_can_inject(void); /* the same; and: tracking puts a call into processes */
enum track_by load_track_by(void);
struct track_proc *load_track(pid_t pid);

/* The pages of a process, as far as they were read. */
struct store {
	uint64_t *addr; /* 0: free */
	char (*page)[PAGE];
	bool *seen; /* in this scan */
	size_t n, room;
	uint64_t lo, hi;    /* counted separately: a region of interest */
	uint64_t in_region; /* pages reported there in the last scan */
	uint64_t all;       /* everywhere */
	uint64_t sum;       /* of the page numbers in the region */
	uint64_t n_missing;
};

/* One round: scan, then all that it reports is read. */
void store_round(struct store *s, struct track_proc *p);
/* The process stands still: scans, and holds each page that it has against the store. Returns
 * how many pages were compared. */
size_t store_compare(struct store *s, struct track_proc *p);
void store_done(struct store *s);
/* Pages of the region that the process has. */
uint64_t store_present(struct store *s, struct track_proc *p);

#endif
