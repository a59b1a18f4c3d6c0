/*
 * annotations.h - annotations of config.json that change what hull does.
 *
 * One table: it is what is parsed, what `hull features` calls potentially unsafe, what the
 * manual page lists, and what the report of --debug knows. Whoever acts on one asks for its
 * value by name, in the spec's map (create) or in the state's (all that comes later).
 *
 * Source: runtime-spec config.md#annotations, features.md (A-05 to A-08, F-21).
 */
#ifndef HULL_ANNOTATIONS_H
#define HULL_ANNOTATIONS_H

#include "libcontainer/base/err.h"
#include "oci-spec/spec.h"

enum annotation_kind {
	ANNOTATION_TEXT,    /* checked by whoever uses it */
	ANNOTATION_PATH,    /* an absolute path of the host */
	ANNOTATION_FLAG,    /* on: "1", "true", "yes" or nothing; off: "0", "false", "no" */
	ANNOTATION_REFUSED, /* asks for something that hull cannot do, nor do without */
	ANNOTATION_FOREIGN, /* other runtimes act on it; here it is only reported */
};

struct annotation {
	const char *name; /* ends with '.': all that begin with it */
	enum annotation_kind kind;
	const char *help; /* what it does; REFUSED: why not. A sentence as of a cli_option */
};

extern const struct annotation annotation_table[];
extern const size_t n_annotations;

/* The row of a key, or NULL. */
const struct annotation *annotation_find(const char *key);
/* The values are what their kinds want. Unknown keys in namespaces that runtimes act on are
 * reported with --debug. */
int annotations_check(const struct oci_map *map, struct err *err) must_check;
/* The value of NAME, a name of the table; NULL when it is not there. */
const char *annotation_get(const struct oci_map *map, const char *name);
bool annotation_is_on(const struct oci_map *map, const char *name);

#endif
