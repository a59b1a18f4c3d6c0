/* RUNTIME: frames of `hull migrate`. */
#include "libcontainer/checkpoint/wire_frame.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/str.h"

const char *wire_peer(const struct wire *w)
{
	return w->role == WIRE_SOURCE ? "target" : "source";
}

static int buffer(uint8_t **p, struct err *err)
{
	if (!*p)
		*p = malloc(WIRE_BODY_MAX + 1);
	return *p ? 0 : err_sys(err, ENOMEM, "buffer of a connection");
}

/* ---- in --------------------------------------------------------------------------------- */

/* Reading failed with R in what WHAT says; NULL: between two frames. */
static int lost(struct wire *w, int r, const char *what, struct err *err)
{
	w->dead_in = true;
	if (r == -ECONNRESET && !what)
		return err_fail(err, ECONNRESET, "the %s has closed the connection", wire_peer(w));
	if (r == -ECONNRESET)
		return err_fail(
			err, ECONNRESET,
			"the %s has closed the connection in the middle of %s (byte %" PRIu64 ")",
			wire_peer(w), what, w->at);
	if (r == -ECANCELED)
		return err_fail(err, ECANCELED, "stopped by a signal");
	if (r == -ETIMEDOUT)
		return err_fail(err, EPROTO,
				"the %s stopped in the middle of %s (byte %" PRIu64 ")",
				wire_peer(w), what ?: "nothing", w->at);
	return err_sys(err, -r, "read from the %s (byte %" PRIu64 ")", wire_peer(w), w->at);
}

static int broken(struct wire *w, enum wire_type type, const char *why, struct err *err)
{
	w->dead_in = true;
	return err_fail(err, EPROTO, "the %s sent %s (%u) at byte %" PRIu64 ": %s", wire_peer(w),
			wire_type_name(type), (unsigned)type, w->at, why);
}

struct header {
	enum wire_type type;
	enum codec codec;
	uint16_t meta;
	uint32_t length, raw;
};

/* What may come now, from that side, in that form. */
static const char *refused(const struct wire *w, const struct header *h)
{
	bool greeted = w->version != 0;
	uint64_t feature = h->codec == CODEC_LZ4    ? WIRE_F_LZ4
			   : h->codec == CODEC_ZSTD ? WIRE_F_ZSTD
						    : 0;

	if (!wire_may_send(h->type, w->role == WIRE_SOURCE ? WIRE_TARGET : WIRE_SOURCE))
		return "that is not its to say";
	if (h->type != WIRE_ERROR && greeted == (h->type == WIRE_HELLO))
		return greeted ? "it has said hello already" : "it has not said hello";
	if (h->meta > WIRE_META_MAX || h->length > WIRE_BODY_MAX || h->raw > WIRE_BODY_MAX)
		return "it is too long";
	if (h->codec == CODEC_NONE)
		return h->length == h->raw ? NULL : "its two lengths differ";
	if (!feature || !(w->features & feature) || !wire_may_compress(h->type))
		return "it cannot be compressed so";
	return h->length && h->length < h->raw ? NULL
					       : "it is longer than before it was compressed";
}

/* ssh passes on what the login shell's start-up files print. */
static int not_hull(struct wire *w, const uint8_t first[WIRE_HEADER], struct err *err)
{
	char said[100];
	size_t n = 0, more = w->ahead_len < 80 ? w->ahead_len : 80;

	for (size_t i = 0; i < WIRE_HEADER + more; i++) {
		uint8_t c = i < WIRE_HEADER ? first[i] : w->ahead[w->ahead_at + i - WIRE_HEADER];

		if (c == '\n' || c == '\r')
			break;
		said[n++] = c >= ' ' && c < 0x7f ? (char)c : '?';
	}
	said[n] = '\0';
	w->dead_in = true;
	err_fail(err, EPROTO, "what answers is not hull: it says '%s'", said);
	err_hint(err,
		 "nothing may print to standard output before hull migrate-receive, as start-up "
		 "files of a shell do");
	return -EPROTO;
}

static int read_header(struct wire *w, struct header *h, struct err *err)
{
	uint8_t raw[WIRE_HEADER];
	const uint8_t *p = raw;
	const char *why;
	int r = wire_take(w, raw, sizeof(raw), wire_deadline(w, sizeof(raw)));

	if (r < 0)
		return lost(w, r, "a frame's beginning", err);
	h->type = (enum wire_type)wire_get(&p, 1);
	h->codec = (enum codec)wire_get(&p, 1);
	h->meta = (uint16_t)wire_get(&p, 2);
	h->length = (uint32_t)wire_get(&p, 4);
	h->raw = (uint32_t)wire_get(&p, 4);
	why = refused(w, h);
	if (why && !w->version && h->type != WIRE_HELLO)
		return not_hull(w, raw, err);
	return why ? broken(w, h->type, why, err) : 0;
}

static int read_frame(struct wire *w, struct wire_msg *ret, struct err *err)
{
	uint8_t meta[WIRE_META_MAX];
	struct header h = {0};
	struct wire_msg m;
	const char *why;
	int r = read_header(w, &h, err);

	if (r < 0)
		return r;
	r = wire_take(w, meta, h.meta, wire_deadline(w, h.meta));
	if (r < 0)
		return lost(w, r, wire_type_name(h.type), err);
	if (wire_decode(h.type, meta, h.meta, h.raw, &m, &why) < 0)
		return broken(w, h.type, why, err);
	m.codec = h.codec;
	m.packed = h.length;
	w->unread = h.length;
	w->received.frames++;
	w->received.raw += h.raw;
	*ret = m;
	return 0;
}

int wire_body(struct wire *w, const struct wire_msg *msg, void *to, struct err *err)
{
	int64_t end = wire_deadline(w, msg->packed);
	uint8_t *at = to;
	int r;

	if (w->dead_in || w->unread != msg->packed)
		return err_fail(err, EINVAL, "the body of %s is gone", wire_type_name(msg->type));
	if (msg->codec != CODEC_NONE) {
		r = buffer(&w->packed, err);
		if (r < 0)
			return r;
		at = w->packed;
	}
	w->unread = 0;
	r = wire_take(w, at, msg->packed, end);
	if (r < 0)
		return lost(w, r, wire_type_name(msg->type), err);
	if (msg->codec == CODEC_NONE)
		return 0;
	r = decompress(w->codec, msg->codec, w->packed, msg->packed, to, msg->len);
	if (r == -ENOMEM)
		return err_sys(err, ENOMEM, "unpack %s", wire_type_name(msg->type));
	return r < 0 ? broken(w, msg->type, "it cannot be unpacked", err) : 0;
}

int wire_body_text(struct wire *w, const struct wire_msg *msg, const char **ret, struct err *err)
{
	int r = buffer(&w->body, err);

	if (r == 0)
		r = wire_body(w, msg, w->body, err);
	if (r < 0)
		return r;
	if (memchr(w->body, '\0', msg->len))
		return broken(w, msg->type, "there is a NUL in its text", err);
	w->body[msg->len] = '\0';
	*ret = (const char *)w->body;
	return 0;
}

/* The peer's failure becomes ours. The number is one of its own system calls: it becomes text. */
static int peer_failed(struct wire *w, const struct wire_msg *msg, struct err *err)
{
	struct err theirs = {.code = msg->failure.code};
	char line[ERR_TEXT_SIZE + 64];
	const char *hint;
	int r = buffer(&w->body, err);

	if (r == 0)
		r = wire_body(w, msg, w->body, err);
	if (r < 0)
		return r;
	w->dead_in = true;
	w->body[msg->len] = '\0';
	theirs.show_errno = msg->failure.show_errno && theirs.code > 0 && theirs.code < 4096;
	snprintf(theirs.text, sizeof(theirs.text), "%s", (char *)w->body);
	hint = (char *)w->body + strlen((char *)w->body);
	err_fail(err, EREMOTEIO, "at the %s: %s", wire_peer(w),
		 err_format(&theirs, line, sizeof(line)));
	if (hint < (char *)w->body + msg->len && hint[1])
		err_hint(err, "%s", hint + 1);
	return -EREMOTEIO;
}

static int send_nonce(struct wire *w, enum wire_type type, uint64_t nonce, struct err *err)
{
	struct wire_msg msg = {.type = type, .nonce = nonce};

	return wire_send(w, &msg, NULL, 0, err);
}

/* What is left of the last frame's body goes. */
static int skip_body(struct wire *w, struct err *err)
{
	uint32_t left = w->unread;
	int r;

	w->unread = 0;
	r = wire_take(w, NULL, left, wire_deadline(w, left));
	return r < 0 ? lost(w, r, "a body", err) : 0;
}

int wire_next(struct wire *w, int timeout_ms, struct wire_msg *ret, struct err *err)
{
	int64_t end = clock_now_ms() + timeout_ms;

	if (w->dead_in)
		return err_fail(err, ECONNRESET, "the connection to the %s has failed",
				wire_peer(w));
	for (;;) {
		struct wire_msg msg;
		int r = skip_body(w, err);

		if (r < 0)
			return r;
		r = wire_fill(w, end);
		if (r == -ETIMEDOUT)
			return err_fail(err, ETIMEDOUT, "the %s has said nothing for %d ms",
					wire_peer(w), timeout_ms);
		if (r < 0)
			return lost(w, r, NULL, err);
		r = read_frame(w, &msg, err);
		if (r < 0)
			return r;
		if (msg.type == WIRE_ERROR)
			return peer_failed(w, &msg, err);
		if (msg.type != WIRE_PING) {
			*ret = msg;
			return 0;
		}
		/* An endless row of them does not hold us. */
		if (clock_now_ms() > end)
			return err_fail(err, ETIMEDOUT, "the %s has said nothing for %d ms",
					wire_peer(w), timeout_ms);
		r = w->last_word ? 0 : send_nonce(w, WIRE_PONG, msg.nonce, err);
		if (r < 0)
			return r;
	}
}

int wire_expect(struct wire *w, enum wire_type type, int timeout_ms, struct wire_msg *ret,
		struct err *err)
{
	struct wire_msg msg;
	int r = wire_next(w, timeout_ms, &msg, err);

	if (r < 0)
		return r;
	if (msg.type != type)
		return broken(w, msg.type, "something else was expected", err);
	*ret = msg;
	return 0;
}

int wire_expect_phase(struct wire *w, enum wire_type type, const struct migration_id *id,
		      int timeout_ms, enum journal_phase *ret_phase, struct err *err)
{
	struct wire_msg msg;
	int r = wire_expect(w, type, timeout_ms, &msg, err);

	if (r < 0)
		return r;
	if (!migration_id_same(&msg.phase.id, id))
		return broken(w, type, "it is of another migration", err);
	if (ret_phase)
		*ret_phase = msg.phase.phase;
	return 0;
}

/* ---- out -------------------------------------------------------------------------------- */

#define LAST_WORD_MS 1000

/* We cannot write any more: the peer has closed, and may have said why. */
static bool last_word(struct wire *w, struct err *err)
{
	int64_t end = clock_now_ms() + LAST_WORD_MS;
	struct wire_msg msg;
	struct err theirs = ERR_NONE;
	int r = 0;

	if (w->last_word || w->dead_in)
		return false;
	w->last_word = true;
	while (r == 0 && clock_now_ms() < end)
		r = wire_next(w, LAST_WORD_MS, &msg, &theirs);
	if (r == -EREMOTEIO)
		*err = theirs;
	return r == -EREMOTEIO;
}

static int not_taken(struct wire *w, int r, enum wire_type type, struct err *err)
{
	w->dead_out = true;
	if (r == -ECANCELED)
		return err_fail(err, ECANCELED, "stopped by a signal");
	if (last_word(w, err))
		return -EREMOTEIO;
	if (r == -ETIMEDOUT)
		return err_fail(err, ECONNABORTED, "the %s does not take %s", wire_peer(w),
				wire_type_name(type));
	if (r == -EPIPE || r == -ECONNRESET)
		return err_fail(err, ECONNRESET, "the %s has closed the connection", wire_peer(w));
	return err_sys(err, -r, "write to the %s", wire_peer(w));
}

static size_t total(const struct iovec *iov, int n)
{
	size_t len = 0;

	for (int i = 0; i < n; i++)
		len += iov[i].iov_len;
	return len;
}

#define NOT_WORTH_IT 256 /* bytes: a frame costs more than what this would save */

/* The body packed, in one piece of memory; 0: it goes as it is. */
static size_t pack(struct wire *w, enum wire_type type, const struct iovec *iov, int n, size_t len)
{
	struct err ignored;
	const uint8_t *from = n ? iov[0].iov_base : NULL;
	uint64_t feature = w->how.codec == CODEC_LZ4 ? WIRE_F_LZ4 : WIRE_F_ZSTD;

	if (w->how.codec == CODEC_NONE || !(w->features & feature) || len < NOT_WORTH_IT ||
	    !wire_may_compress(type) || buffer(&w->packed, &ignored) < 0)
		return 0;
	if (n > 1) {
		uint8_t *p;

		if (buffer(&w->flat, &ignored) < 0)
			return 0;
		p = w->flat;
		for (int i = 0; i < n; i++) {
			memcpy(p, iov[i].iov_base, iov[i].iov_len);
			p += iov[i].iov_len;
		}
		from = w->flat;
	}
	return compress(w->codec, w->how, from, len, w->packed, WIRE_BODY_MAX);
}

static int check_ours(struct wire *w, const struct wire_msg *msg, const uint8_t *meta,
		      size_t n_meta, size_t len, int n_iov, struct err *err)
{
	struct wire_msg same;
	const char *why = NULL;

	if (n_iov < 0 || n_iov > WIRE_IOV_MAX)
		why = "too many pieces";
	else if (!wire_may_send(msg->type, w->role))
		why = "that is not ours to say";
	else
		(void)wire_decode(msg->type, meta, n_meta, len, &same, &why);
	return why ? err_fail(err, EINVAL, "send %s: %s", wire_type_name(msg->type), why) : 0;
}

int wire_send(struct wire *w, const struct wire_msg *msg, const struct iovec *iov, int n_iov,
	      struct err *err)
{
	uint8_t head[WIRE_HEADER + WIRE_META_MAX], *p = head;
	struct iovec v[WIRE_IOV_MAX + 1];
	size_t n_meta = wire_encode(msg, head + WIRE_HEADER), len = total(iov, n_iov), packed;
	int r = check_ours(w, msg, head + WIRE_HEADER, n_meta, len, n_iov, err);

	if (r < 0)
		return r;
	if (w->dead_out)
		return err_fail(err, ECONNRESET, "the connection to the %s has failed",
				wire_peer(w));
	packed = pack(w, msg->type, iov, n_iov, len);
	p = wire_put(p, msg->type, 1);
	p = wire_put(p, packed ? w->how.codec : CODEC_NONE, 1);
	p = wire_put(p, n_meta, 2);
	p = wire_put(p, packed ?: len, 4);
	wire_put(p, len, 4);
	v[0] = (struct iovec){head, WIRE_HEADER + n_meta};
	if (packed) {
		v[1] = (struct iovec){w->packed, packed};
		n_iov = 1;
	} else if (n_iov) {
		memcpy(v + 1, iov, (size_t)n_iov * sizeof(*iov));
	}
	wire_pause(w, rate_limit_take(&w->limit, v[0].iov_len + (packed ?: len), rate_now_ns()));
	r = wire_write(w, v, n_iov + 1, wire_deadline(w, packed ?: len));
	if (r < 0)
		return not_taken(w, r, msg->type, err);
	w->sent.frames++;
	w->sent.raw += len;
	return 0;
}

int wire_send_text(struct wire *w, enum wire_type type, const char *text, struct err *err)
{
	struct wire_msg msg = {.type = type};
	struct iovec iov = {(void *)text, strlen(text)};

	return wire_send(w, &msg, &iov, 1, err);
}

int wire_send_phase(struct wire *w, enum wire_type type, const struct migration_id *id,
		    enum journal_phase phase, struct err *err)
{
	struct wire_msg msg = {.type = type, .phase = {*id, phase}};

	return wire_send(w, &msg, NULL, 0, err);
}

void wire_send_error(struct wire *w, const struct err *what)
{
	struct wire_msg msg = {.type = WIRE_ERROR, .failure = {what->code, what->show_errno}};
	struct iovec iov[2] = {{(void *)what->text, strlen(what->text) + 1},
			       {(void *)what->hint, strlen(what->hint)}};
	int timeout_ms = w->timeout_ms;
	struct err ignored = ERR_NONE;

	if (timeout_ms > LAST_WORD_MS)
		w->timeout_ms = LAST_WORD_MS;
	(void)!wire_send(w, &msg, iov, 2, &ignored);
	w->timeout_ms = timeout_ms;
}
