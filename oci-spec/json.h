/*
 * json.h - a parse as a stream of events.
 *
 * The text is first read once by scan.c, which knows no grammar but refuses what the parser
 * must not see: too large, too deep, no UTF-8, half a surrogate pair in a string.
 * Then yajl runs and each token becomes one event. A handler that fails fills the error
 * without a position: json_parse() puts "NAME:LINE:COLUMN: " before it, the start of the
 * token, counted from 1 in characters.
 */
#ifndef HULL_OCI_JSON_H
#define HULL_OCI_JSON_H

#include <stdbool.h>
#include <stddef.h>

#include "libcontainer/base/err.h"

enum json_event {
	JSON_NULL,
	JSON_BOOL,
	JSON_NUMBER, /* TEXT is what the file says */
	JSON_STRING,
	JSON_OBJECT,
	JSON_KEY,
	JSON_OBJECT_END,
	JSON_ARRAY,
	JSON_ARRAY_END,
};

struct json_token {
	enum json_event event;
	const char *text; /* JSON_NUMBER, JSON_STRING, JSON_KEY: not NUL-terminated, decoded */
	size_t len;
	bool value; /* JSON_BOOL */
};

/* Returns 0 or a negative errno with ERR filled; the latter ends the parse. */
typedef int json_handler(void *ctx, const struct json_token *token, struct err *err);

int json_parse(const char *name, const char *text, size_t len, json_handler *handler, void *ctx,
	       struct err *err) must_check;

/* scan.c */
int json_scan(const char *name, const char *text, size_t len, struct err *err) must_check;
/* Fails with "NAME:LINE:COLUMN: " before the error; POS is an offset in TEXT. */
int json_place(const char *name, const char *text, size_t len, size_t pos, struct err *err);
/* Where the token starts that reaches up to END. */
size_t json_token_start(const char *text, size_t end);

#endif
