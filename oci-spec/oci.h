/*
 * oci.h - JSON in and out: the only door to the spec's text form.
 *
 * json.c is the only file that knows yajl. decode.c fills structs from a parse, driven by
 * tables of fields (one file per spec object); encode.c writes them back from the same
 * tables. validate.c says whether what was asked is legal (a table of rules with the ids of
 * the spec's clauses). Limits: 16 MiB and 32 levels, checked before the parser sees a byte.
 * An error names file:line:column and the path of the field.
 */
#ifndef HULL_OCI_H
#define HULL_OCI_H

#include "libcontainer/base/arena.h"
#include "oci-spec/spec.h"

#define OCI_MAX_BYTES (16u << 20)
#define OCI_MAX_DEPTH 32

struct oci_type; /* a table of fields; see field.h */
extern const struct oci_type oci_spec_type, oci_process_type, oci_resources_type;

/* Decodes LEN bytes of JSON into *OBJ, a zeroed struct of TYPE. Strings and arrays go into A.
 * NAME is the file's name for errors. Unknown members are skipped with a debug line;
 * duplicate members are an error. */
int oci_decode(struct arena *a, const struct oci_type *type, const char *name, const char *text,
	       size_t len, void *obj, struct err *err) must_check;
/* Reads and decodes a file (dirfd as in openat). */
int oci_decode_file(struct arena *a, const struct oci_type *type, int dirfd, const char *path,
		    void *obj, struct err *err) must_check;

/* Encodes to JSON in A. INDENT is "" for one line, "\t" or "  " for a pretty form. Absent
 * members are left out. Returns a NUL-terminated text without trailing newline. */
const char *oci_encode(struct arena *a, const struct oci_type *type, const void *obj,
		       const char *indent);

/* Whether the spec is legal, and within what hull supports. The first violation is the error:
 * field path, value, reason. PURE: looks at nothing but the spec. */
int oci_validate(const struct oci_spec *spec, struct err *err) must_check;
int oci_validate_process(const struct oci_process *process, struct err *err) must_check;
int oci_validate_resources(const struct oci_resources *resources, struct err *err) must_check;

/* Turns what SPEC, which is valid, says in the words of an older version into those of OCI_VERSION:
 * before 1.3 a pids.limit of 0 was none, and engines write it for that (K-36). */
void oci_modernize(struct oci_spec *spec);

/* The kind of namespace ("network") that a file below /proc/sys belongs to; NULL: the host. */
const char *oci_sysctl_namespace(const char *path);

/* The namespace of TYPE ("network") that SPEC, which need not be valid, names; or NULL. */
const struct oci_namespace *oci_find_namespace(const struct oci_spec *spec, const char *type);

bool oci_strings_have(const struct oci_strings *list, const char *text);
/* TEXT is kept. */
void oci_strings_add(struct arena *a, struct oci_strings *list, const char *text);

/* What `hull spec` writes. ROOTLESS: uid/gid are the caller's, mapped to 0. */
struct oci_spec *oci_default_spec(struct arena *a, bool rootless, uint32_t uid, uint32_t gid);

/* The parts of spec names that the tables own, for features: NULL-terminated, static. */
extern const char *const oci_hook_names[];
extern const char *const oci_namespace_names[];

#endif
