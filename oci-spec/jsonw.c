/* PURE: a small streaming JSON writer. */
#include "oci-spec/jsonw.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/utf8.h"

static void put(struct json_writer *w, const char *s, size_t n)
{
	if (w->size - w->len < n) {
		size_t size = w->size;
		char *bigger;

		while (size - w->len < n)
			size *= 2;
		bigger = arena_alloc(w->arena, size);
		memcpy(bigger, w->buf, w->len);
		w->buf = bigger;
		w->size = size;
	}
	memcpy(w->buf + w->len, s, n);
	w->len += n;
}

static void puts_(struct json_writer *w, const char *s)
{
	put(w, s, strlen(s));
}

static void newline(struct json_writer *w)
{
	if (!*w->indent)
		return;
	put(w, "\n", 1);
	for (unsigned i = 0; i < w->depth; i++)
		puts_(w, w->indent);
}

/* What stands before a value or a key. */
static void lead(struct json_writer *w)
{
	if (w->after_key) {
		w->after_key = false;
		return;
	}
	if (w->has_element)
		put(w, ",", 1);
	if (w->depth)
		newline(w);
	w->has_element = true;
}

static void begin(struct json_writer *w, const char *bracket)
{
	lead(w);
	put(w, bracket, 1);
	w->depth++;
	w->has_element = false;
}

static void end(struct json_writer *w, const char *bracket)
{
	w->depth--;
	if (w->has_element)
		newline(w);
	put(w, bracket, 1);
	w->has_element = true;
}

static void put_escape(struct json_writer *w, unsigned char c)
{
	static const char from[] = "\"\\\n\t\r\b\f", to[] = "\"\\ntrbf";
	const char *known = strchr(from, c);
	char text[8];

	if (known)
		snprintf(text, sizeof(text), "\\%c", to[known - from]);
	else
		snprintf(text, sizeof(text), "\\u%04x", c);
	puts_(w, text);
}

static void put_quoted(struct json_writer *w, const char *s)
{
	const char *plain = s; /* start of what can be copied as it is */

	put(w, "\"", 1);
	while (*s) {
		unsigned char c = (unsigned char)*s;
		size_t n = c < 0x80 ? 1 : utf8_len(s, strlen(s));

		if (c >= 0x20 && c != '"' && c != '\\' && n) {
			s += n;
			continue;
		}
		put(w, plain, (size_t)(s - plain));
		if (n)
			put_escape(w, c);
		else
			puts_(w, "\xef\xbf\xbd");
		plain = ++s;
	}
	put(w, plain, (size_t)(s - plain));
	put(w, "\"", 1);
}

void json_start(struct json_writer *w, struct arena *a, const char *indent)
{
	*w = (struct json_writer){.arena = a, .size = 1024, .indent = indent};
	w->buf = arena_alloc(a, w->size);
}

const char *json_finish(struct json_writer *w, size_t *ret_len)
{
	put(w, "", 1);
	if (ret_len)
		*ret_len = w->len - 1;
	return w->buf;
}

void json_object_begin(struct json_writer *w)
{
	begin(w, "{");
}

void json_object_end(struct json_writer *w)
{
	end(w, "}");
}

void json_array_begin(struct json_writer *w)
{
	begin(w, "[");
}

void json_array_end(struct json_writer *w)
{
	end(w, "]");
}

void json_key(struct json_writer *w, const char *key)
{
	lead(w);
	put_quoted(w, key);
	puts_(w, *w->indent ? ": " : ":");
	w->after_key = true;
}

void json_string(struct json_writer *w, const char *s)
{
	if (!s) {
		json_null(w);
		return;
	}
	lead(w);
	put_quoted(w, s);
}

void json_int(struct json_writer *w, int64_t v)
{
	char text[24];

	lead(w);
	snprintf(text, sizeof(text), "%" PRId64, v);
	puts_(w, text);
}

void json_uint(struct json_writer *w, uint64_t v)
{
	char text[24];

	lead(w);
	snprintf(text, sizeof(text), "%" PRIu64, v);
	puts_(w, text);
}

void json_double(struct json_writer *w, double v)
{
	char text[32];
	int digits = 15;

	if (v - v != 0) { /* NaN, infinity */
		json_null(w);
		return;
	}
	lead(w);
	do
		snprintf(text, sizeof(text), "%.*g", digits, v);
	while (strtod(text, NULL) != v && ++digits <= 17);
	puts_(w, text);
}

void json_bool(struct json_writer *w, bool v)
{
	lead(w);
	puts_(w, v ? "true" : "false");
}

void json_null(struct json_writer *w)
{
	lead(w);
	puts_(w, "null");
}
