/*
 * policy.h - when a migration stops copying memory that is written meanwhile.
 *
 * PURE: numbers of each round go in, what to do comes out.
 */
#ifndef HULL_CKPT_POLICY_H
#define HULL_CKPT_POLICY_H

#include <stdbool.h>
#include <stdint.h>

struct policy {
	int64_t allowed_ns;  /* that the container may stand still */
	int64_t max_time_ns; /* of all rounds; 0: no limit */
	uint32_t max_rounds;
	bool converge; /* it may be throttled */

	/* what is known so far */
	uint32_t round;
	uint64_t total, last;       /* bytes of memory of the first round, of the last one */
	int64_t took_ns, before_ns; /* the last one, the one before it */
	int64_t elapsed_ns;
	unsigned stuck;    /* rounds that were hardly smaller than those before */
	unsigned throttle; /* percent of the time that it stands still now */
};

/* A round of BYTES of memory took so long. */
void policy_round(struct policy *p, uint64_t bytes, int64_t took_ns);
/* Bytes of memory a second that go over, and that are written; the latter is 0 before the second
 * round. */
uint64_t policy_bandwidth(const struct policy *p);
uint64_t policy_dirty_rate(const struct policy *p);
/* How much is dirty now: what was written while the last round went. */
uint64_t policy_dirty(const struct policy *p);
/* For how long it would stand still: CRIU's work for N processes with as much memory, and the time
 * for what is dirty, or without that (LATE: it goes over afterwards). */
int64_t policy_predict(const struct policy *p, uint32_t n_processes, bool late);

enum policy_decision {
	POLICY_GO_ON,
	POLICY_THROTTLE, /* another round, with policy_throttle() */
	POLICY_STOP,     /* little enough is left */
	POLICY_GIVE_UP,  /* more rounds would not help, or are not wanted */
};
enum policy_decision policy_decide(const struct policy *p, uint32_t n_processes);
/* Percent of the time that it shall stand still from now on. */
unsigned policy_throttle(struct policy *p);

#endif
