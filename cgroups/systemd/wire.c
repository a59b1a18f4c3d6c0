/* PURE: D-Bus messages as bytes. */
#include "cgroups/systemd/wire.h"

#include <errno.h>
#include <string.h>

#include "libcontainer/base/str.h"

#if __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define OWN_ORDER 'l'
#else
#define OWN_ORDER 'B'
#endif

#define PROTOCOL_VERSION 1
#define FIXED_HEADER     16 /* up to the array of fields, its length included */

enum {
	FIELD_PATH = 1,
	FIELD_INTERFACE,
	FIELD_MEMBER,
	FIELD_ERROR,
	FIELD_REPLY_SERIAL,
	FIELD_DESTINATION,
	FIELD_SENDER,
	FIELD_SIGNATURE
};

/* ---- types ------------------------------------------------------------------------------- */

static bool is_basic(char c)
{
	return c && strchr("ybnqiuxtdsog", c);
}

static size_t alignment(char type)
{
	switch (type) {
	case 'n':
	case 'q':
		return 2;
	case 'b':
	case 'i':
	case 'u':
	case 's':
	case 'o':
	case 'a':
		return 4;
	case 'x':
	case 't':
	case 'd':
	case '(':
	case '{':
		return 8;
	default: /* y g v */
		return 1;
	}
}

static size_t type_length(const char *s, int depth)
{
	size_t len = 1, inner;

	if (is_basic(*s) || *s == 'v')
		return 1;
	if (depth >= WIRE_MAX_DEPTH)
		return 0;
	if (*s == 'a' && s[1] == '{') { /* a dictionary: {basic, any} */
		inner = is_basic(s[2]) ? type_length(s + 3, depth + 1) : 0;
		return inner && s[3 + inner] == '}' ? inner + 4 : 0;
	}
	if (*s == 'a') {
		inner = type_length(s + 1, depth + 1);
		return inner ? inner + 1 : 0;
	}
	if (*s != '(' || s[1] == ')')
		return 0;
	for (; s[len] != ')'; len += inner) {
		inner = type_length(s + len, depth + 1);
		if (!inner)
			return 0;
	}
	return len + 1;
}

size_t wire_type_length(const char *signature)
{
	return type_length(signature, 0);
}

/* ---- writing ----------------------------------------------------------------------------- */

struct out {
	struct arena *a;
	uint8_t *buf;
	size_t len, size;
	bool too_long;
};

static void put(struct out *o, const void *p, size_t n)
{
	if (o->too_long || n > WIRE_MAX_MESSAGE || o->len + n > WIRE_MAX_MESSAGE) {
		o->too_long = true;
		return;
	}
	if (o->len + n > o->size) {
		size_t size = (o->len + n) * 2 + 256;
		uint8_t *buf = arena_alloc(o->a, size);

		if (o->len)
			memcpy(buf, o->buf, o->len);
		o->buf = buf;
		o->size = size;
	}
	if (n)
		memcpy(o->buf + o->len, p, n);
	o->len += n;
}

static void put_align(struct out *o, size_t to)
{
	static const uint8_t zero[8];

	put(o, zero, (to - o->len % to) % to);
}

static void put_u32(struct out *o, uint32_t v)
{
	put_align(o, 4);
	put(o, &v, sizeof(v));
}

static void put_text(struct out *o, const char *s)
{
	size_t len = strlen(s);

	put_u32(o, (uint32_t)len);
	put(o, s, len + 1);
}

static void put_signature(struct out *o, const char *s)
{
	size_t len = strlen(s);
	uint8_t byte = (uint8_t)len;

	o->too_long |= len > 255;
	put(o, &byte, 1);
	put(o, s, len + 1);
}

static void put_number(struct out *o, const struct wire_value *v)
{
	const uint8_t u8 = (uint8_t)v->u;
	const uint16_t u16 = (uint16_t)v->u;

	put_align(o, alignment(*v->type));
	switch (alignment(*v->type)) {
	case 1:
		put(o, &u8, 1);
		break;
	case 2:
		put(o, &u16, 2);
		break;
	case 4:
		put_u32(o, (uint32_t)v->u);
		break;
	default:
		put(o, *v->type == 'd' ? (const void *)&v->d : (const void *)&v->u, 8);
		break;
	}
}

static void put_value(struct out *o, const struct wire_value *v, int depth);

static void put_items(struct out *o, const struct wire_value *v, int depth)
{
	for (size_t i = 0; i < v->n && !o->too_long; i++)
		put_value(o, &v->items[i], depth + 1);
}

/* The length counts neither itself nor the padding in front of the first element. */
static void put_array(struct out *o, const struct wire_value *v, int depth)
{
	size_t at, start;
	uint32_t len;

	put_u32(o, 0);
	at = o->len - 4;
	put_align(o, alignment(v->type[1]));
	start = o->len;
	put_items(o, v, depth);
	len = (uint32_t)(o->len - start);
	if (!o->too_long)
		memcpy(o->buf + at, &len, sizeof(len));
}

static void put_value(struct out *o, const struct wire_value *v, int depth)
{
	if (depth > 2 * WIRE_MAX_DEPTH)
		o->too_long = true;
	if (o->too_long)
		return;
	switch (*v->type) {
	case 's':
	case 'o':
		put_text(o, v->s);
		break;
	case 'g':
		put_signature(o, v->s);
		break;
	case 'a':
		put_array(o, v, depth);
		break;
	case '(':
	case '{':
		put_align(o, 8);
		put_items(o, v, depth);
		break;
	case 'v':
		put_signature(o, v->items[0].type);
		put_value(o, &v->items[0], depth + 1);
		break;
	default:
		put_number(o, v);
		break;
	}
}

static void put_field(struct out *o, uint8_t code, char type, const char *text, uint32_t number)
{
	const char signature[2] = {type, '\0'};

	if (!text && type != 'u')
		return;
	put_align(o, 8);
	put(o, &code, 1);
	put_signature(o, signature);
	if (type == 'u')
		put_u32(o, number);
	else if (type == 'g')
		put_signature(o, text);
	else
		put_text(o, text);
}

static void put_header(struct out *o, const struct wire_msg *m, const char *signature, size_t body)
{
	const uint8_t start[4] = {OWN_ORDER, (uint8_t)m->type, (uint8_t)m->flags, PROTOCOL_VERSION};
	uint32_t fields;

	put(o, start, sizeof(start));
	put_u32(o, (uint32_t)body);
	put_u32(o, m->serial);
	put_u32(o, 0);
	put_field(o, FIELD_PATH, 'o', m->path, 0);
	put_field(o, FIELD_MEMBER, 's', m->member, 0);
	put_field(o, FIELD_INTERFACE, 's', m->interface, 0);
	put_field(o, FIELD_DESTINATION, 's', m->destination, 0);
	put_field(o, FIELD_ERROR, 's', m->error, 0);
	if (m->reply_serial)
		put_field(o, FIELD_REPLY_SERIAL, 'u', NULL, m->reply_serial);
	put_field(o, FIELD_SIGNATURE, 'g', *signature ? signature : NULL, 0);
	fields = (uint32_t)(o->len - FIXED_HEADER);
	if (!o->too_long)
		memcpy(o->buf + FIXED_HEADER - 4, &fields, sizeof(fields));
	put_align(o, 8);
}

ssize_t wire_build(struct arena *a, const struct wire_msg *msg, const struct wire_value *args,
		   size_t n_args, uint8_t **ret)
{
	struct out body = {.a = a}, whole = {.a = a};
	char signature[256] = "";
	struct strbuf sb = {.buf = signature, .size = sizeof(signature)};

	for (size_t i = 0; i < n_args; i++) {
		strbuf_add(&sb, "%s", args[i].type);
		put_value(&body, &args[i], 0);
	}
	put_header(&whole, msg, signature, body.len);
	put(&whole, body.buf, body.len);
	if (body.too_long || whole.too_long || sb.overflow)
		return -EMSGSIZE;
	*ret = whole.buf;
	return (ssize_t)whole.len;
}

/* ---- reading ----------------------------------------------------------------------------- */

struct in {
	const uint8_t *buf;
	size_t len, pos;
};

static int get(struct in *in, size_t align, void *ret, size_t n)
{
	size_t pos = in->pos + (align - in->pos % align) % align;

	if (pos > in->len || in->len - pos < n)
		return -EBADMSG;
	memcpy(ret, in->buf + pos, n);
	in->pos = pos + n;
	return 0;
}

/* LEN bytes, none of them NUL, and a NUL. */
static int get_chars(struct in *in, size_t len, const char **ret)
{
	const char *s = (const char *)in->buf + in->pos;

	if (in->len - in->pos <= len || memchr(s, '\0', len) || s[len])
		return -EBADMSG;
	in->pos += len + 1;
	*ret = s;
	return 0;
}

static int get_text(struct in *in, const char **ret)
{
	uint32_t len;
	int r = get(in, 4, &len, sizeof(len));

	return r < 0 ? r : get_chars(in, len, ret);
}

static int get_signature(struct in *in, const char **ret)
{
	uint8_t len;
	int r = get(in, 1, &len, 1);

	return r < 0 ? r : get_chars(in, len, ret);
}

ssize_t wire_size(const uint8_t *buf, size_t len)
{
	uint32_t body, fields;
	uint64_t size;

	if (len < FIXED_HEADER)
		return 0;
	if (buf[0] != OWN_ORDER || buf[3] != PROTOCOL_VERSION)
		return -EBADMSG;
	memcpy(&body, buf + 4, sizeof(body));
	memcpy(&fields, buf + 12, sizeof(fields));
	size = ((uint64_t)FIXED_HEADER + fields + 7) / 8 * 8 + body;
	return size > WIRE_MAX_MESSAGE ? -EMSGSIZE : (ssize_t)size;
}

/* Fields that later versions may bring are skipped: simple ones, as all are today. */
static int get_field(struct in *in, struct wire_msg *m)
{
	uint8_t code = 0, skipped[8];
	const char *type = NULL, *text = NULL;
	const char **const texts[] = {
		[FIELD_PATH] = &m->path,
		[FIELD_INTERFACE] = &m->interface,
		[FIELD_MEMBER] = &m->member,
		[FIELD_ERROR] = &m->error,
		[FIELD_DESTINATION] = &m->destination,
		[FIELD_SENDER] = &m->sender,
		[FIELD_SIGNATURE] = &m->signature,
	};
	const char *want;
	int r = get(in, 8, &code, 1);

	if (r == 0)
		r = get_signature(in, &type);
	if (r < 0 || !is_basic(*type) || type[1])
		return -EBADMSG;
	want = code == FIELD_PATH ? "o" : code == FIELD_SIGNATURE ? "g" : "s";
	if (code == FIELD_REPLY_SERIAL)
		return *type == 'u' ? get(in, 4, &m->reply_serial, 4) : -EBADMSG;
	if (*type == 's' || *type == 'o')
		r = get_text(in, &text);
	else if (*type == 'g')
		r = get_signature(in, &text);
	else
		r = get(in, alignment(*type), skipped, alignment(*type));
	if (r < 0 || code == 0 || code > FIELD_SIGNATURE)
		return r;
	if (!streq(type, want))
		return -EBADMSG;
	*texts[code] = text;
	return 0;
}

int wire_parse(const uint8_t *buf, size_t len, struct wire_msg *ret)
{
	struct in in = {buf, len, FIXED_HEADER};
	struct wire_msg m = {.signature = ""};
	uint32_t fields;
	size_t body;

	if (wire_size(buf, len) != (ssize_t)len || len < FIXED_HEADER)
		return -EBADMSG;
	m.type = buf[1];
	m.flags = buf[2];
	memcpy(&m.serial, buf + 8, sizeof(m.serial));
	memcpy(&fields, buf + 12, sizeof(fields));
	in.len = FIXED_HEADER + fields;
	while (in.pos < in.len)
		if (get_field(&in, &m) < 0)
			return -EBADMSG;
	body = (in.len + 7) / 8 * 8;
	m.body = buf + body;
	m.body_len = len - body;
	if (m.serial == 0 || m.type == 0)
		return -EBADMSG;
	if ((m.type == WIRE_RETURN || m.type == WIRE_ERROR) && !m.reply_serial)
		return -EBADMSG;
	if ((m.type == WIRE_ERROR && !m.error) ||
	    (m.type == WIRE_SIGNAL && (!m.path || !m.interface || !m.member)))
		return -EBADMSG;
	*ret = m;
	return 0;
}

void wire_read(struct wire_reader *r, const struct wire_msg *msg)
{
	*r = (struct wire_reader){msg, msg->signature, 0};
}

static int next(struct wire_reader *r, char type, struct in *in)
{
	if (*r->type != type)
		return -EBADMSG;
	r->type++;
	*in = (struct in){r->msg->body, r->msg->body_len, r->pos};
	return 0;
}

int wire_read_u32(struct wire_reader *r, uint32_t *ret)
{
	struct in in;
	int e = next(r, 'u', &in);

	if (e == 0)
		e = get(&in, 4, ret, sizeof(*ret));
	r->pos = e == 0 ? in.pos : r->pos;
	return e;
}

int wire_read_text(struct wire_reader *r, char type, const char **ret)
{
	struct in in;
	int e = next(r, type, &in);

	if (e == 0)
		e = get_text(&in, ret);
	r->pos = e == 0 ? in.pos : r->pos;
	return e;
}

int wire_read_variant_text(struct wire_reader *r, const char **ret)
{
	const char *type = NULL;
	struct in in;
	int e = next(r, 'v', &in);

	if (e == 0)
		e = get_signature(&in, &type);
	if (e == 0 && !streq(type, "s"))
		e = -EBADMSG;
	if (e == 0)
		e = get_text(&in, ret);
	r->pos = e == 0 ? in.pos : r->pos;
	return e;
}
