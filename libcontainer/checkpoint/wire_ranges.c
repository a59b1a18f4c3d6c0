/* RUNTIME: lists of pages in frames of `hull migrate`; a frame in a stream that has no beginning.
 */
#include "libcontainer/checkpoint/wire_frame.h"

#include <errno.h>

#include "libcontainer/base/clock.h"

int wire_send_ranges(struct wire *w, enum wire_type type, uint64_t process,
		     const struct wire_range *ranges, size_t n, struct err *err)
{
	struct wire_msg msg = {.type = type, .pages = {process, 0, n}};
	uint8_t body[WIRE_RANGES_MAX * WIRE_RANGE_SIZE], *p = body;
	struct iovec iov = {body, n * WIRE_RANGE_SIZE};

	if (n > WIRE_RANGES_MAX)
		return err_fail(err, EINVAL, "send %s: too many ranges", wire_type_name(type));
	for (size_t i = 0; i < n; i++) {
		p = wire_put(p, ranges[i].address, 8);
		p = wire_put(p, ranges[i].count, 8);
	}
	return wire_send(w, &msg, &iov, 1, err);
}

static bool range_ok(const struct wire_range *r)
{
	return r->address % WIRE_PAGE_SIZE == 0 && r->count &&
	       r->count <= (UINT64_MAX - r->address) / WIRE_PAGE_SIZE;
}

int wire_take_ranges(struct wire *w, const struct wire_msg *msg, struct wire_range *ret,
		     struct err *err)
{
	uint8_t body[WIRE_RANGES_MAX * WIRE_RANGE_SIZE];
	const uint8_t *p = body;
	int r = wire_body(w, msg, body, err);

	for (uint64_t i = 0; r == 0 && i < msg->pages.count; i++) {
		ret[i].address = wire_get(&p, 8);
		ret[i].count = wire_get(&p, 8);
		if (!range_ok(&ret[i]))
			r = err_fail(err, EPROTO, "the %s sent %s: there are no such pages",
				     wire_peer(w), wire_type_name(msg->type));
	}
	return r;
}

/* What is looked for has an id that occurs nowhere else, so that a match that was not the whole of
 * it can begin anew at the next byte. */
int wire_find_phase(struct wire *w, enum wire_type type, const struct migration_id *id,
		    int timeout_ms, struct err *err)
{
	const struct wire_msg msg = {.type = type, .phase = {*id, JOURNAL_NONE}};
	int64_t end = clock_now_ms() + timeout_ms;
	uint8_t frame[WIRE_HEADER + WIRE_META_MAX], *p = frame, c;
	size_t n_meta = wire_encode(&msg, frame + WIRE_HEADER), n = 0;
	int r = 0;

	p = wire_put(p, type, 1);
	p = wire_put(p, CODEC_NONE, 1);
	p = wire_put(p, n_meta, 2);
	wire_put(p, 0, 8);
	w->dead_in = true;
	while (r == 0 && n < WIRE_HEADER + n_meta) {
		r = wire_take(w, &c, 1, end);
		n = c == frame[n] ? n + 1 : c == frame[0];
	}
	return r < 0 ? err_sys(err, -r, "wait for %s", wire_type_name(type)) : 0;
}
