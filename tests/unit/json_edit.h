/*
 * json_edit.h - other values at a place of a JSON text, for tests that make bad ones.
 *
 * The text must be legal JSON. What lies between is made: members that are absent or null, and
 * arrays that are empty.
 */
#ifndef HULL_TEST_JSON_EDIT_H
#define HULL_TEST_JSON_EDIT_H

#include "libcontainer/base/arena.h"

#define JSON_EDIT_STEPS 16

/* A member by its name, or (without one) the first element. */
struct json_place {
	const char *steps[JSON_EDIT_STEPS];
	size_t n;
};

static inline struct json_place json_below(struct json_place at, const char *step)
{
	at.steps[at.n++] = step;
	return at;
}

/* "mounts[0].options" */
const char *json_place_text(struct arena *a, const struct json_place *at);
/* The value there as it is, NULL when there is none. */
const char *json_value(struct arena *a, const char *text, const struct json_place *at);
/* The name of the first member of the object there, NULL when there is none. */
const char *json_first_key(struct arena *a, const char *text, const struct json_place *at);
const char *json_set(struct arena *a, const char *text, const struct json_place *at,
		     const char *value);
/* Without the member; as it is when there is none. */
const char *json_remove(struct arena *a, const char *text, const struct json_place *at);
/* With the member a second time; NULL when there is none. */
const char *json_twice(struct arena *a, const char *text, const struct json_place *at);

#endif
