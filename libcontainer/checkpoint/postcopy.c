/* RUNTIME: migrate: the source serves pages of the frozen container, until all are over there. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/checkpoint/migrate.h"

#define QUEUE_MAX 16384  /* ranges: more than any target asks for ahead */
#define PIECE     64     /* pages of the queue at a time: who waits for a page comes between */
#define QUIET_MS  120000 /* it restores and says nothing, or fills in and gets no further */
#define WHOLE_MS  900000 /* all is in, and its files go to the disk */

/* The queue is what the target asks for ahead; who waits there for a page is served at once. */
static int push(struct migration *x, uint64_t process, const struct wire_range *r, struct err *err)
{
	struct wire_pages *v = x->queue.v;

	if (x->queue.n == QUEUE_MAX)
		return err_fail(err, EPROTO, "the target wants too much at once");
	if (!v) {
		v = calloc(QUEUE_MAX, sizeof(*v));
		if (!v)
			return err_sys(err, ENOMEM, "queue of pages");
		x->queue.v = v;
	}
	v[(x->queue.at + x->queue.n++) % QUEUE_MAX] =
		(struct wire_pages){process, r->address, r->count};
	return 0;
}

static int serve_piece(struct migration *x, struct err *err)
{
	struct wire_pages *first = &x->queue.v[x->queue.at], now = *first;

	if (now.count > PIECE)
		now.count = PIECE;
	first->address += now.count * WIRE_PAGE_SIZE;
	first->count -= now.count;
	if (!first->count) {
		x->queue.at = (x->queue.at + 1) % QUEUE_MAX;
		x->queue.n--;
	}
	return memory_serve(&x->memory, &now, err);
}

/* A target that asks on and on would hold a container that stands still. */
static int asks(struct migration *x, uint64_t pages, struct err *err)
{
	if (pages > x->memory.may_ask)
		return err_fail(err, EPROTO, "the target asks for more memory than there is");
	x->memory.may_ask -= pages;
	return 0;
}

static int take_prefetch(struct migration *x, const struct wire_msg *msg, struct err *err)
{
	struct wire_range ranges[WIRE_RANGES_MAX];
	int r = wire_take_ranges(&x->wire, msg, ranges, err);

	for (uint64_t i = 0; r == 0 && i < msg->pages.count; i++) {
		r = asks(x, ranges[i].count, err);
		if (r == 0)
			r = push(x, msg->pages.process, &ranges[i], err);
	}
	return r;
}

static int quiet_ms(void)
{
	return fault_number("quiet", QUIET_MS);
}

/* It counts if it is more by what would have come over the slowest connection. */
static void note_filling(struct migration *x, const struct wire_progress *p)
{
	uint64_t least = (uint64_t)quiet_ms() * WIRE_SLOWEST / 1000;
	int64_t now = clock_now_ms();

	x->fill.whole = p->done >= p->total;
	if (x->fill.whole && !x->fill.whole_ms)
		x->fill.whole_ms = now;
	if (p->done < x->fill.done || p->done - x->fill.done < least)
		return;
	x->fill.done = p->done;
	x->fill.grew_ms = now;
}

static int tell_filling(struct migration *x, const struct wire_msg *msg)
{
	const struct container_migrate_progress p = {
		.phase = "filling",
		.round = x->memory.round,
		.within = true,
		.dirty_bytes = msg->progress.done,
		.expected_bytes = msg->progress.total,
	};

	note_filling(x, &msg->progress);
	if (x->o->progress)
		x->o->progress(x->o->ctx, &p);
	return 0;
}

static int answer(struct migration *x, const struct wire_msg *msg, struct err *err)
{
	int r;

	switch (msg->type) {
	case WIRE_PAGE_REQUEST:
		r = asks(x, msg->pages.count, err);
		return r < 0 ? r : memory_serve(&x->memory, &msg->pages, err);
	case WIRE_PREFETCH:
		return take_prefetch(x, msg, err);
	case WIRE_PROGRESS:
		if (x->filling)
			return tell_filling(x, msg);
		break;
	default:
		break;
	}
	return err_fail(err, EPROTO, "the target sent %s", wire_type_name(msg->type));
}

/* The container stands still until then at most. What the target asks for meanwhile has to go over
 * at a sixteenth of the speed of what went before: else each frame could take its time. */
static int64_t restore_ms(const struct migration *x)
{
	uint64_t took_ms = (uint64_t)(x->prepared - x->began) / 1000000 + 1;
	uint64_t rate = x->sent_before * 1000 / took_ms / 16;
	uint64_t sent = x->wire.sent.bytes - x->sent_before;

	return x->prepared / 1000000 + quiet_ms() +
	       (int64_t)(sent * 1000 / (rate > WIRE_SLOWEST ? rate : WIRE_SLOWEST));
}

/* For how long the target is heard on, whatever it says. */
static int64_t patience(const struct migration *x)
{
	if (!x->filling && !x->dump.keep_frozen)
		return restore_ms(x) - clock_now_ms();
	if (!x->filling) /* since COMMIT */
		return x->fill.grew_ms + quiet_ms() - clock_now_ms();
	return (x->fill.whole ? x->fill.whole_ms + WHOLE_MS : x->fill.grew_ms + quiet_ms()) -
	       clock_now_ms();
}

static void slow(const struct migration *x, struct err *err)
{
	if (!x->filling)
		err_fail(err, ECONNABORTED, "the target takes too long to restore the container");
	else
		err_fail(err, ECONNABORTED,
			 "the target gets no further: %llu MiB of its memory are filled in",
			 (unsigned long long)x->fill.done >> 20);
}

static int hear(struct migration *x, bool busy, struct wire_msg *ret, struct err *err)
{
	int64_t left = patience(x);
	int silence = x->filling && x->late ? MIGRATE_TIMEOUT_MS : quiet_ms();

	int r = left <= 0 ? -ETIMEDOUT
			  : wire_next(&x->wire,
				      busy             ? 0
				      : left < silence ? (int)left
						       : silence,
				      ret, err);

	if (r == -ETIMEDOUT && (left <= 0 || (!busy && left < silence)))
		slow(x, err);
	return r < 0 ? -err->code : 0;
}

int postcopy_serve(struct migration *x, enum wire_type type, struct wire_msg *ret, struct err *err)
{
	for (;;) {
		bool busy = x->queue.n > 0;
		int r = hear(x, busy, ret, err);

		if (r == -ETIMEDOUT && busy) {
			err_clear(err);
			r = serve_piece(x, err);
		} else if (r == 0) {
			if (ret->type == type || ret->type == WIRE_PHASE)
				return 0;
			r = answer(x, ret, err);
		}
		if (r < 0)
			return r;
	}
}

void postcopy_done(struct migration *x)
{
	free(x->queue.v);
	x->queue.v = NULL;
}
