/* PURE: messages of `hull migrate` as bytes. */
#include "libcontainer/checkpoint/wire_frame.h"

#include <errno.h>
#include <stddef.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"

/* ---- numbers ---------------------------------------------------------------------------- */

uint8_t *wire_put(uint8_t *p, uint64_t v, size_t bytes)
{
	for (size_t i = 0; i < bytes; i++)
		p[i] = (uint8_t)(v >> 8 * i);
	return p + bytes;
}

uint64_t wire_get(const uint8_t **p, size_t bytes)
{
	uint64_t v = 0;

	for (size_t i = 0; i < bytes; i++)
		v |= (uint64_t)(*p)[i] << 8 * i;
	*p += bytes;
	return v;
}

/* ---- the table -------------------------------------------------------------------------- */

enum shape { EMPTY, HELLO, PIECE, PAGES, STREAM, ROUND, PHASE, PROGRESS, FAILURE, NONCE };

#define HELLO_SIZE    24 /* magic, versions, role, page size, features */
#define PIECE_SIZE    9  /* and the name */
#define PAGES_SIZE    24
#define STREAM_SIZE   5
#define ROUND_SIZE    21
#define PHASE_SIZE    17
#define PROGRESS_SIZE 16
#define FAILURE_SIZE  5
#define NONCE_SIZE    8

static const uint16_t sizes[] = {
	[EMPTY] = 0,          [HELLO] = HELLO_SIZE,       [PIECE] = PIECE_SIZE,
	[PAGES] = PAGES_SIZE, [STREAM] = STREAM_SIZE,     [ROUND] = ROUND_SIZE,
	[PHASE] = PHASE_SIZE, [PROGRESS] = PROGRESS_SIZE, [FAILURE] = FAILURE_SIZE,
	[NONCE] = NONCE_SIZE,
};

#define S 1 /* the source may send it */
#define T 2
#define B (S | T)

_Static_assert(WIRE_PAGES_MAX *WIRE_PAGE_SIZE == WIRE_BODY_MAX, "a body full of pages");

#define TEXT_MAX (WIRE_BODY_MAX - 1)
#define ERR_MAX  (ERR_TEXT_SIZE + ERR_HINT_SIZE)

/* clang-format off */
static const struct row {
	const char *name;
	uint8_t shape;
	uint8_t from;
	bool compress;
	uint32_t max; /* of the body, unpacked */
} rows[] = {
	[WIRE_HELLO]            = {"HELLO",            HELLO,    B, false, 64},
	[WIRE_PREFLIGHT]        = {"PREFLIGHT",        EMPTY,    S, true,  TEXT_MAX},
	[WIRE_PREFLIGHT_ANSWER] = {"PREFLIGHT_ANSWER", EMPTY,    T, true,  TEXT_MAX},
	[WIRE_FILE]             = {"FILE",             PIECE,    S, true,  WIRE_BODY_MAX},
	[WIRE_IMAGE]            = {"IMAGE",            PIECE,    S, true,  WIRE_BODY_MAX},
	[WIRE_PAGES]            = {"PAGES",            PAGES,    S, true,  WIRE_BODY_MAX},
	[WIRE_ZERO]             = {"ZERO",             PAGES,    S, false, 0},
	[WIRE_PAGE_REQUEST]     = {"PAGE_REQUEST",     PAGES,    T, false, 0},
	[WIRE_ROOTFS]           = {"ROOTFS",           STREAM,   B, true,  WIRE_BODY_MAX},
	[WIRE_ROUND_BEGIN]      = {"ROUND_BEGIN",      ROUND,    S, false, 0},
	[WIRE_ROUND_END]        = {"ROUND_END",        ROUND,    S, false, 0},
	[WIRE_ROUND_DONE]       = {"ROUND_DONE",       ROUND,    T, false, 0},
	[WIRE_PREPARE]          = {"PREPARE",          PHASE,    S, false, 0},
	[WIRE_PREPARED]         = {"PREPARED",         PHASE,    T, false, 0},
	[WIRE_COMMIT]           = {"COMMIT",           PHASE,    S, false, 0},
	[WIRE_COMMITTED]        = {"COMMITTED",        PHASE,    T, false, 0},
	[WIRE_ABORT]            = {"ABORT",            PHASE,    B, false, 0},
	[WIRE_FORGET]           = {"FORGET",           PHASE,    S, false, 0},
	[WIRE_QUERY]            = {"QUERY",            PHASE,    S, false, 0},
	[WIRE_PHASE]            = {"PHASE",            PHASE,    T, false, 0},
	[WIRE_PROGRESS]         = {"PROGRESS",         PROGRESS, T, false, 0},
	[WIRE_ERROR]            = {"ERROR",            FAILURE,  B, false, ERR_MAX},
	[WIRE_PING]             = {"PING",             NONCE,    B, false, 0},
	[WIRE_PONG]             = {"PONG",             NONCE,    B, false, 0},
	[WIRE_DIRTY]            = {"DIRTY",            PAGES,    S, true,  WIRE_RANGES_MAX * WIRE_RANGE_SIZE},
	[WIRE_PREFETCH]         = {"PREFETCH",         PAGES,    T, true,  WIRE_RANGES_MAX * WIRE_RANGE_SIZE},
};
/* clang-format on */
#undef B

static const struct row *row_of(enum wire_type type)
{
	return (size_t)type < ARRAY_SIZE(rows) && rows[type].name ? &rows[type] : NULL;
}

const char *wire_type_name(enum wire_type type)
{
	const struct row *row = row_of(type);

	return row ? row->name : "unknown";
}

bool wire_may_send(enum wire_type type, enum wire_role from)
{
	const struct row *row = row_of(type);

	return row && (row->from & (from == WIRE_SOURCE ? S : T));
}

bool wire_may_compress(enum wire_type type)
{
	const struct row *row = row_of(type);

	return row && row->compress;
}

/* ---- fields ----------------------------------------------------------------------------- */

const uint8_t wire_magic[8] = {'h', 'u', 'l', 'l', 'm', 'i', 'g', '\n'};

size_t wire_encode(const struct wire_msg *m, uint8_t meta[WIRE_META_MAX])
{
	const struct row *row = row_of(m->type);
	uint8_t *p = meta;
	size_t n;

	switch (row ? (enum shape)row->shape : EMPTY) {
	case EMPTY:
		break;
	case HELLO:
		memcpy(p, wire_magic, sizeof(wire_magic));
		p = wire_put(p + sizeof(wire_magic), m->hello.version_min, 2);
		p = wire_put(p, m->hello.version_max, 2);
		p = wire_put(p, m->hello.role, 2);
		p = wire_put(p, WIRE_PAGE_SHIFT, 2);
		p = wire_put(p, m->hello.features, 8);
		break;
	case PIECE:
		p = wire_put(p, m->file.offset, 8);
		p = wire_put(p, m->file.last, 1);
		n = strnlen(m->file.name, WIRE_NAME_MAX);
		memcpy(p, m->file.name, n);
		p += n;
		break;
	case PAGES:
		p = wire_put(p, m->pages.process, 8);
		p = wire_put(p, m->pages.address, 8);
		p = wire_put(p, m->pages.count, 8);
		break;
	case STREAM:
		p = wire_put(p, m->rootfs.stream, 4);
		p = wire_put(p, m->rootfs.last, 1);
		break;
	case ROUND:
		p = wire_put(p, m->round.round, 4);
		p = wire_put(p, m->round.final, 1);
		p = wire_put(p, m->round.pages, 8);
		p = wire_put(p, m->round.zeros, 8);
		break;
	case PHASE:
		memcpy(p, m->phase.id.b, sizeof(m->phase.id.b));
		p = wire_put(p + sizeof(m->phase.id.b), m->phase.phase, 1);
		break;
	case PROGRESS:
		p = wire_put(p, m->progress.done, 8);
		p = wire_put(p, m->progress.total, 8);
		break;
	case FAILURE:
		p = wire_put(p, (uint32_t)m->failure.code, 4);
		p = wire_put(p, m->failure.show_errno, 1);
		break;
	case NONCE:
		p = wire_put(p, m->nonce, 8);
		break;
	}
	return (size_t)(p - meta);
}

bool wire_name_ok(const char *name, size_t len)
{
	if (!len || len > WIRE_NAME_MAX || name[0] == '.')
		return false;
	for (size_t i = 0; i < len; i++)
		if (name[i] <= ' ' || name[i] >= 0x7f || name[i] == '/')
			return false;
	return true;
}

static const char *get_bool(const uint8_t **p, bool *ret)
{
	uint64_t v = wire_get(p, 1);

	*ret = v == 1;
	return v > 1 ? "a flag is neither 0 nor 1" : NULL;
}

static const char *get_hello(const uint8_t *p, struct wire_hello *h)
{
	uint64_t role, page_shift;

	if (memcmp(p, wire_magic, sizeof(wire_magic)) != 0)
		return "it does not begin as hull does";
	p += sizeof(wire_magic);
	h->version_min = (uint16_t)wire_get(&p, 2);
	h->version_max = (uint16_t)wire_get(&p, 2);
	role = wire_get(&p, 2);
	page_shift = wire_get(&p, 2);
	h->features = wire_get(&p, 8);
	h->role = (enum wire_role)role;
	if (!h->version_min || h->version_min > h->version_max)
		return "its range of versions is none";
	if (role > WIRE_TARGET)
		return "its role is not known";
	return page_shift == WIRE_PAGE_SHIFT ? NULL : "its pages are not of 4096 bytes";
}

static const char *get_piece(const uint8_t *p, size_t n_name, struct wire_file *f)
{
	const char *why;

	f->offset = wire_get(&p, 8);
	why = get_bool(&p, &f->last);
	if (why)
		return why;
	if (!wire_name_ok((const char *)p, n_name))
		return "the name is no plain file name";
	memcpy(f->name, p, n_name);
	f->name[n_name] = '\0';
	return NULL;
}

static const char *get_pages(const uint8_t *p, enum wire_type type, size_t len,
			     struct wire_pages *g)
{
	g->process = wire_get(&p, 8);
	g->address = wire_get(&p, 8);
	g->count = wire_get(&p, 8);
	if (g->address % WIRE_PAGE_SIZE)
		return "the address is not a page's";
	if (type == WIRE_DIRTY || type == WIRE_PREFETCH)
		return g->count && len == g->count * WIRE_RANGE_SIZE && !g->address
			       ? NULL
			       : "the data are not so many ranges";
	if (!g->count || g->count > (UINT64_MAX - g->address) / WIRE_PAGE_SIZE)
		return "so many pages do not exist";
	if (type == WIRE_PAGE_REQUEST && g->count > WIRE_PAGES_MAX)
		return "too many pages at once";
	/* The first half is no overflow: a body has at most WIRE_BODY_MAX bytes. */
	if (type == WIRE_PAGES && (g->count > WIRE_PAGES_MAX || len != g->count * WIRE_PAGE_SIZE))
		return "the data are not those of so many pages";
	return NULL;
}

static const char *get_phase(const uint8_t *p, enum wire_type type, struct wire_phase *f)
{
	uint64_t phase;

	memcpy(f->id.b, p, sizeof(f->id.b));
	p += sizeof(f->id.b);
	phase = wire_get(&p, 1);
	f->phase = (enum journal_phase)phase;
	if (type != WIRE_PHASE)
		return phase == JOURNAL_NONE ? NULL : "a phase is no part of it";
	if (phase != JOURNAL_NONE && !journal_phase_of(JOURNAL_TARGET, f->phase))
		return "the phase is not one of a target";
	return NULL;
}

static const char *get_round(const uint8_t *p, struct wire_round *r)
{
	const char *why;

	r->round = (uint32_t)wire_get(&p, 4);
	why = get_bool(&p, &r->final);
	r->pages = wire_get(&p, 8);
	r->zeros = wire_get(&p, 8);
	return why;
}

static const char *get_rest(const struct row *row, const uint8_t *p, size_t n_meta, size_t len,
			    struct wire_msg *m)
{
	switch ((enum shape)row->shape) {
	case EMPTY:
		return NULL;
	case HELLO:
		return get_hello(p, &m->hello);
	case PIECE:
		return get_piece(p, n_meta - PIECE_SIZE, &m->file);
	case PAGES:
		return get_pages(p, m->type, len, &m->pages);
	case STREAM:
		m->rootfs.stream = (uint32_t)wire_get(&p, 4);
		return get_bool(&p, &m->rootfs.last);
	case ROUND:
		return get_round(p, &m->round);
	case PHASE:
		return get_phase(p, m->type, &m->phase);
	case PROGRESS:
		m->progress.done = wire_get(&p, 8);
		m->progress.total = wire_get(&p, 8);
		return NULL;
	case FAILURE:
		m->failure.code = (int32_t)(uint32_t)wire_get(&p, 4);
		return get_bool(&p, &m->failure.show_errno);
	case NONCE:
		m->nonce = wire_get(&p, 8);
		return NULL;
	}
	return NULL;
}

int wire_decode(enum wire_type type, const uint8_t *meta, size_t n_meta, size_t len,
		struct wire_msg *ret, const char **ret_why)
{
	const struct row *row = row_of(type);
	struct wire_msg m = {.type = type, .len = len};
	size_t size = row ? sizes[row->shape] : 0;

	*ret_why = NULL;
	if (!row)
		*ret_why = "there is no such message";
	else if (row->shape == PIECE ? n_meta <= size || n_meta > size + WIRE_NAME_MAX
				     : n_meta != size)
		*ret_why = "its fields have another size";
	else if (len > row->max)
		*ret_why = "its body is too long";
	else
		*ret_why = get_rest(row, meta, n_meta, len, &m);
	if (*ret_why)
		return -EPROTO;
	*ret = m;
	return 0;
}
