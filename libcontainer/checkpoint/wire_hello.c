/* RUNTIME: the first words of a connection: which version, which features. */
#include "libcontainer/checkpoint/wire_frame.h"

#include <errno.h>

static int agree(struct wire *w, const struct wire_hello *ours, struct err *err)
{
	const struct wire_hello *theirs = &w->peer;
	uint16_t low = theirs->version_min, high = theirs->version_max;

	if (theirs->role == w->role)
		return err_fail(err, EPROTO, "the other side is the %s, too",
				w->role == WIRE_SOURCE ? "source" : "target");
	low = low > ours->version_min ? low : ours->version_min;
	high = high < ours->version_max ? high : ours->version_max;
	if (low > high) {
		err_fail(err, EPROTO,
			 "hull '%s' of the %s speaks versions %u to %u of the protocol, this one "
			 "%u to %u",
			 theirs->hull, wire_peer(w), theirs->version_min, theirs->version_max,
			 ours->version_min, ours->version_max);
		err_hint(err, "install the same hull on both hosts");
		return -EPROTO;
	}
	w->version = high;
	w->features = ours->features & theirs->features;
	return 0;
}

int wire_hello(struct wire *w, uint64_t features, struct err *err)
{
	static const char hull[] = PACKAGE_VERSION;
	struct wire_msg ours = {.type = WIRE_HELLO,
				.hello = {.version_min = WIRE_VERSION_MIN,
					  .version_max = WIRE_VERSION,
					  .role = w->role,
					  .features = features}};
	struct iovec iov = {(void *)hull, sizeof(hull) - 1};
	struct wire_msg msg;
	int r = wire_send(w, &ours, &iov, 1, err);

	if (r == 0)
		r = wire_expect(w, WIRE_HELLO, w->timeout_ms, &msg, err);
	if (r < 0)
		return r;
	w->peer = msg.hello;
	r = wire_body(w, &msg, w->peer.hull, err);
	if (r < 0)
		return r;
	w->peer.hull[msg.len] = '\0';
	for (char *p = w->peer.hull; *p; p++)
		*p = *p < ' ' || *p == 0x7f ? '?' : *p;
	return agree(w, &ours.hello, err);
}
