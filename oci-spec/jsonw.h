/*
 * jsonw.h - a small streaming JSON writer.
 *
 * Writes into a buffer that grows in an arena. Commas, colons, line breaks and indentation
 * are its business; the caller says what comes next:
 *
 *	struct json_writer w;
 *
 *	json_start(&w, arena, "  ");
 *	json_object_begin(&w);
 *	json_key(&w, "id");
 *	json_string(&w, id);
 *	json_key(&w, "pids");
 *	json_array_begin(&w);
 *	json_int(&w, 1);
 *	json_array_end(&w);
 *	json_object_end(&w);
 *	text = json_finish(&w, NULL);
 *
 * Strings are UTF-8; control characters, quotes and backslashes are escaped, each byte that is
 * no UTF-8 is written as U+FFFD. Unlike Go's writer, <, > and & are left as they are. An array
 * or object without elements is written as [] or {} in every form. Nothing here fails.
 */
#ifndef HULL_OCI_JSONW_H
#define HULL_OCI_JSONW_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/arena.h"

struct json_writer {
	struct arena *arena;
	char *buf;
	size_t len, size;
	const char *indent; /* per level; "" writes everything on one line, without blanks */
	unsigned depth;
	bool has_element; /* the innermost object or array has one already */
	bool after_key;   /* a value has to follow on this line */
};

void json_start(struct json_writer *w, struct arena *a, const char *indent);
/* The NUL-terminated text, without a trailing newline. RET_LEN may be NULL. */
const char *json_finish(struct json_writer *w, size_t *ret_len);

void json_object_begin(struct json_writer *w);
void json_object_end(struct json_writer *w);
void json_array_begin(struct json_writer *w);
void json_array_end(struct json_writer *w);
void json_key(struct json_writer *w, const char *key);

void json_string(struct json_writer *w, const char *s); /* NULL is written as null */
void json_int(struct json_writer *w, int64_t v);
void json_uint(struct json_writer *w, uint64_t v);
/* Shortest form that reads back the same; null for what JSON cannot say (NaN, infinity). */
void json_double(struct json_writer *w, double v);
void json_bool(struct json_writer *w, bool v);
void json_null(struct json_writer *w);

#endif
