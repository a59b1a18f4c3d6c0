/* PURE: what is refused before the JSON parser sees a byte, and positions for errors. */
#include <errno.h>
#include <stdint.h>
#include <string.h>

#include "oci-spec/json.h"
#include "oci-spec/oci.h"
#include "libcontainer/base/utf8.h"

struct scan {
	const char *name, *text;
	size_t len, pos, depth;
	struct err *err;
};

static bool is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

int json_place(const char *name, const char *text, size_t len, size_t pos, struct err *err)
{
	size_t line = 1, column = 1;

	for (size_t i = 0; i < pos && i < len; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	return err_wrap(err, "%s:%zu:%zu", name, line, column);
}

static int refuse(struct scan *s, size_t pos, const char *why)
{
	err_fail(s->err, EINVAL, "%s", why);
	return json_place(s->name, s->text, s->len, pos, s->err);
}

/* The four hex digits at P, or -1. */
static int hex4(const char *p, const char *end)
{
	int v = 0;

	if (end - p < 4)
		return -1;
	for (int i = 0; i < 4; i++) {
		int c = p[i], digit;

		if (c >= '0' && c <= '9')
			digit = c - '0';
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			digit = (c | 0x20) - 'a' + 10;
		else
			return -1;
		v = v * 16 + digit;
	}
	return v;
}

/* s->pos is at the backslash. Escapes that are no JSON are left to the parser. */
static int scan_escape(struct scan *s)
{
	const char *p = s->text + s->pos, *end = s->text + s->len;
	int unit, low;

	if (end - p < 2 || p[1] != 'u') {
		s->pos += end - p < 2 ? 1 : 2; /* never past the end */
		return 0;
	}
	unit = hex4(p + 2, end); /* 0 is for the decoder, who knows the field's name */
	s->pos += 2;
	if (unit < 0xd800 || unit > 0xdfff)
		return 0;
	low = unit < 0xdc00 && end - p >= 12 && p[6] == '\\' && p[7] == 'u' ? hex4(p + 8, end) : -1;
	if (low < 0xdc00 || low > 0xdfff)
		return refuse(s, s->pos - 2, "half of a surrogate pair in a string");
	s->pos += 10;
	return 0;
}

/* Length of what needs no look: in a string all ASCII but quote, backslash and controls;
 * outside, what is neither a string nor a bracket. */
static size_t plain_in_string(const char *text, size_t len)
{
	size_t i = 0;

	while (i < len && (signed char)text[i] >= 0x20 && text[i] != '"' && text[i] != '\\')
		i++;
	return i;
}

static size_t plain_outside(const char *text, size_t len)
{
	size_t i = 0;

	/* the bits that '[', ']', '{' and '}' share; the few others with them take the slow way */
	while (i < len && (is_space(text[i]) || ((signed char)text[i] > 0x20 && text[i] != '"' &&
						 (text[i] & 0xd9) != 0x59)))
		i++;
	return i;
}

/* s->pos is behind the opening quote; a string without end is left to the parser. */
static int scan_string(struct scan *s)
{
	for (;;) {
		unsigned char c;
		size_t n;

		s->pos += plain_in_string(s->text + s->pos, s->len - s->pos);
		if (s->pos >= s->len)
			return 0;
		c = (unsigned char)s->text[s->pos];
		if (c == '"') {
			s->pos++;
			return 0;
		}
		if (c == '\\') {
			int r = scan_escape(s);

			if (r < 0)
				return r;
		} else if (c < 0x80) {
			s->pos++;
		} else {
			n = utf8_len(s->text + s->pos, s->len - s->pos);
			if (!n)
				return refuse(s, s->pos, "not UTF-8");
			s->pos += n;
		}
	}
}

static int scan_byte(struct scan *s)
{
	unsigned char c = (unsigned char)s->text[s->pos++];

	if (c == '"')
		return scan_string(s);
	if (c == '{' || c == '[') {
		if (++s->depth > OCI_MAX_DEPTH)
			return refuse(s, s->pos - 1, "nested too deeply, the limit is 32 levels");
	} else if (c == '}' || c == ']') {
		s->depth -= s->depth > 0;
	} else if (c >= 0x80) {
		if (!utf8_len(s->text + s->pos - 1, s->len - s->pos + 1))
			return refuse(s, s->pos - 1, "not UTF-8");
		return refuse(s, s->pos - 1, "invalid character outside a string");
	} else if (c < 0x20 && !is_space((char)c)) { /* yajl takes \f and \v for blanks */
		return refuse(s, s->pos - 1, "control character outside a string");
	}
	return 0;
}

int json_scan(const char *name, const char *text, size_t len, struct err *err)
{
	struct scan s = {.name = name, .text = text, .len = len, .err = err};
	int r;

	_Static_assert(OCI_MAX_DEPTH == 32 && OCI_MAX_BYTES == 16 << 20, "the messages say so");
	if (len > OCI_MAX_BYTES)
		return err_fail(err, EFBIG, "%s: larger than 16 MiB", name);
	while (s.pos < len && is_space(text[s.pos]))
		s.pos++;
	if (s.pos == len)
		return err_fail(err, EINVAL, "%s: the file is empty", name);
	for (;;) {
		s.pos += plain_outside(text + s.pos, len - s.pos);
		if (s.pos >= len)
			return 0;
		r = scan_byte(&s);
		if (r < 0)
			return r;
	}
}

static bool is_word(char c)
{
	return (c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z') || c == '-' ||
	       c == '+' || c == '.';
}

size_t json_token_start(const char *text, size_t end)
{
	size_t start = 0, pos = 0;

	while (pos < end) {
		while (pos < end && is_space(text[pos]))
			pos++;
		if (pos == end)
			break;
		start = pos;
		if (text[pos] == '"') {
			for (pos++; pos < end && text[pos] != '"'; pos++)
				pos += text[pos] == '\\';
			pos++;
		} else if (is_word(text[pos])) {
			while (pos < end && is_word(text[pos]))
				pos++;
		} else {
			pos++;
		}
	}
	return start;
}
