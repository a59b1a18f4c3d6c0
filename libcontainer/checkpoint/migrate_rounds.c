/* RUNTIME: migrate: rounds of memory while the container runs, and when to stop. */
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/migrate.h"

#define FIXED_COST_NS   80000000 /* dump and restore of what is not memory, measured */
#define LEAST_BANDWIDTH (1ULL << 20)
#define NOT_CONVERGING  2 /* rounds that were hardly smaller than those before */

bool migrate_copies_before(const void *ctx)
{
	const struct migration *x = ctx;

	return !x->stop && x->lazy;
}

static void tell_round(struct migration *x, int64_t took, uint64_t bandwidth, int64_t predicted)
{
	struct container_migrate_progress p = {
		.round = x->memory.round,
		.dirty_bytes = x->memory.dirty,
		.sent_bytes = x->memory.sent,
		.took_ms = (uint64_t)took / 1000000,
		.bandwidth = bandwidth,
		.predicted_ms = (uint64_t)predicted / 1000000,
	};

	x->report->rounds = x->memory.round;
	x->report->bytes = x->wire.sent.bytes;
	if (x->o->progress)
		x->o->progress(x->o->ctx, &p);
}

/* Until what would be left to send while it stands still takes less than the downtime that is
 * allowed; or it gets no better. The next round is about as large as what was written during this
 * one. */
int migrate_rounds(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	int64_t allowed = (int64_t)x->o->downtime_ms * 1000000;
	uint64_t last = UINT64_MAX;
	unsigned stuck = 0;
	int r = memory_init(&x->memory, &x->wire, &x->c, err);

	x->memory.choose = !given(x->o->compress) || streq(x->o->compress, "auto");
	x->late = x->mode == MIGRATE_POSTCOPY || x->mode == MIGRATE_HYBRID;
	while (r == 0 && x->mode != MIGRATE_POSTCOPY) {
		int64_t start = rate_now_ns(), took, predicted;
		uint64_t bandwidth;

		r = memory_round(&x->memory, false, err);
		took = rate_now_ns() - start;
		if (r < 0)
			break;
		bandwidth = x->memory.dirty * 1000 / ((uint64_t)took / 1000000 + 1);
		if (bandwidth < LEAST_BANDWIDTH)
			bandwidth = LEAST_BANDWIDTH;
		/* Half of a round's time is how long a page waits in it. */
		predicted = FIXED_COST_NS + (int64_t)(x->memory.dirty * 1000 / bandwidth) * 1000000;
		tell_round(x, took, bandwidth, predicted);
		stuck = x->memory.dirty > last / 10 * 9 ? stuck + 1 : 0;
		last = x->memory.dirty;
		if (x->memory.round > 1 && (predicted <= allowed || stuck >= NOT_CONVERGING))
			break;
		if (x->memory.round >= x->o->max_rounds)
			break;
	}
	return r;
}

void migrate_undo_rounds(void *ctx)
{
	struct migration *x = ctx;

	memory_done(&x->memory);
}
