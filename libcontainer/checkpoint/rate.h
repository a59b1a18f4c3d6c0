/*
 * rate.h - how fast bytes may go, and how fast they go.
 *
 * PURE: the caller says what time it is, in nanoseconds of CLOCK_MONOTONIC.
 */
#ifndef HULL_CKPT_RATE_H
#define HULL_CKPT_RATE_H

#include <stdint.h>

/* A token bucket: RATE bytes a second, of which BURST may be saved up. */
struct rate_limit {
	uint64_t rate; /* 0: no limit */
	uint64_t burst;
	int64_t level; /* bytes that may go now; below zero: a debt */
	int64_t at_ns;
};

void rate_limit_init(struct rate_limit *l, uint64_t rate, int64_t now_ns);
/* BYTES go: returns for how many nanoseconds to wait before they do. Any number may: what is more
 * than there is becomes a debt that the next ones wait for, too. */
int64_t rate_limit_take(struct rate_limit *l, uint64_t bytes, int64_t now_ns);

/* Bytes a second over the last moments: slots of a tenth of a second, of which the last
 * RATE_SLOTS count. */
#define RATE_SLOTS   20
#define RATE_SLOT_NS 100000000LL

struct rate_meter {
	uint64_t bytes[RATE_SLOTS];
	int64_t newest; /* number of the slot, since the clock's zero */
	int64_t start_ns;
};

void rate_meter_init(struct rate_meter *m, int64_t now_ns);
void rate_meter_add(struct rate_meter *m, uint64_t bytes, int64_t now_ns);
/* 0 before anything is known: less than a tenth of a second. */
uint64_t rate_meter_read(struct rate_meter *m, int64_t now_ns);

int64_t rate_now_ns(void); /* the clock for all of these */

#endif
