/*
 * field.h - how a struct looks in JSON: one row per member.
 *
 * A table is an array of rows and a type made of it:
 *
 *	static const struct oci_field box_fields[] = {
 *		FIELD_U32(oci_box, height, "height"),
 *		FIELD_U32(oci_box, width,  "width"),
 *	};
 *	OCI_TYPE(oci_box, box_fields);		// defines oci_box_type
 *
 * Each row names the tag of the struct, the member and the JSON name. The kind is checked
 * against the member's C type when the table is compiled: FIELD_U32 on an opt_i64 is an
 * error. Rows with objects name the tag of the other struct, whose table is TAG_type:
 *
 *	FIELD_OBJECT(oci_process, user, "user", oci_user)	// struct oci_user *user
 *	FIELD_OBJECTS(oci_spec, mounts, "mounts", oci_mount)	// OCI_ARRAY(struct oci_mount)
 *	FIELD_KEYED(oci_linux, time_offsets, "timeOffsets", oci_time_offset)
 *
 * FIELD_KEYED is an object in JSON and an array here; the name of each of its members is kept
 * in the string that OCI_TYPE_KEYED(tag, fields, member) names. decode, encode and whoever
 * else walks a struct (explain, fuzzers) read these tables only, so a new member is one row.
 * Any layer may define tables for its own files; `static OCI_TYPE(...)` where one file is all
 * that knows them.
 */
#ifndef HULL_OCI_FIELD_H
#define HULL_OCI_FIELD_H

#include "oci-spec/spec.h"

enum oci_kind {
	OCI_STRING,   /* const char * */
	OCI_BOOL,     /* struct opt_bool */
	OCI_I64,      /* struct opt_i64 */
	OCI_U64,      /* struct opt_u64 */
	OCI_U32,      /* struct opt_u32 */
	OCI_I32,      /* struct opt_i32 */
	OCI_STRINGS,  /* struct oci_strings */
	OCI_U32S,     /* struct oci_u32s */
	OCI_MAP,      /* struct oci_map */
	OCI_OBJECT,   /* struct T * */
	OCI_OBJECTS,  /* OCI_ARRAY(struct T) */
	OCI_KEYED,    /* OCI_ARRAY(struct T), an object in JSON */
	OCI_PRESENCE, /* bool: an object is there; its content is skipped */
};

struct oci_type;

struct oci_field {
	const char *name; /* in JSON */
	size_t name_len;
	enum oci_kind kind;
	size_t offset;
	const struct oci_type *type; /* of objects */
	uint32_t max;                /* OCI_U32: a narrower range than the type's; 0 = none */
};

struct oci_type {
	size_t size;
	const struct oci_field *fields; /* at most 64 */
	size_t n_fields;
	size_t key_offset; /* OCI_KEYED: where the member's name is kept */
};

/* Any OCI_ARRAY, for code that walks tables. */
struct oci_any_array {
	bool set;
	size_t n;
	void *v;
} __attribute__((may_alias));

#define OCI_SAME_(T1, T2)   __builtin_types_compatible_p(T1, T2)
#define OCI_MEMBER_(tag, m) __typeof__(((struct tag *)NULL)->m)
/* Zero, or no compilation. */
#define OCI_ENSURE_(cond)                                                    \
	(0 * sizeof(struct {                                                 \
		 _Static_assert(cond, "the row's kind is not the member's"); \
		 int ok;                                                     \
	 }))

#define OCI_ROW_(tag, m, json, kind_, cond, ...)                                   \
	{                                                                          \
		.name = (json), .name_len = sizeof(json) - 1, .kind = (kind_),     \
		.offset = offsetof(struct tag, m) + OCI_ENSURE_(cond), __VA_ARGS__ \
	}
#define OCI_PLAIN_(tag, m, json, kind_, T) \
	OCI_ROW_(tag, m, json, kind_, OCI_SAME_(OCI_MEMBER_(tag, m), T), .type = NULL)
#define OCI_ARRAY_OF_(tag, m, other)                                                             \
	(OCI_SAME_(OCI_MEMBER_(tag, m.v), struct other *) &&                                     \
	 OCI_SAME_(OCI_MEMBER_(tag, m.n), size_t) && OCI_SAME_(OCI_MEMBER_(tag, m.set), bool) && \
	 offsetof(struct tag, m.v) - offsetof(struct tag, m) == offsetof(struct oci_any_array, v))

#define FIELD_STRING(tag, m, json)   OCI_PLAIN_(tag, m, json, OCI_STRING, const char *)
#define FIELD_BOOL(tag, m, json)     OCI_PLAIN_(tag, m, json, OCI_BOOL, struct opt_bool)
#define FIELD_I64(tag, m, json)      OCI_PLAIN_(tag, m, json, OCI_I64, struct opt_i64)
#define FIELD_U64(tag, m, json)      OCI_PLAIN_(tag, m, json, OCI_U64, struct opt_u64)
#define FIELD_U32(tag, m, json)      OCI_PLAIN_(tag, m, json, OCI_U32, struct opt_u32)
#define FIELD_I32(tag, m, json)      OCI_PLAIN_(tag, m, json, OCI_I32, struct opt_i32)
#define FIELD_STRINGS(tag, m, json)  OCI_PLAIN_(tag, m, json, OCI_STRINGS, struct oci_strings)
#define FIELD_U32S(tag, m, json)     OCI_PLAIN_(tag, m, json, OCI_U32S, struct oci_u32s)
#define FIELD_MAP(tag, m, json)      OCI_PLAIN_(tag, m, json, OCI_MAP, struct oci_map)
#define FIELD_PRESENCE(tag, m, json) OCI_PLAIN_(tag, m, json, OCI_PRESENCE, bool)
/* An unsigned number of 16 bits. */
#define FIELD_U16(tag, m, json)                                                         \
	OCI_ROW_(tag, m, json, OCI_U32, OCI_SAME_(OCI_MEMBER_(tag, m), struct opt_u32), \
		 .max = UINT16_MAX)
#define FIELD_OBJECT(tag, m, json, other)                                                  \
	OCI_ROW_(tag, m, json, OCI_OBJECT, OCI_SAME_(OCI_MEMBER_(tag, m), struct other *), \
		 .type = &other##_type)
#define FIELD_OBJECTS(tag, m, json, other) \
	OCI_ROW_(tag, m, json, OCI_OBJECTS, OCI_ARRAY_OF_(tag, m, other), .type = &other##_type)
#define FIELD_KEYED(tag, m, json, other) \
	OCI_ROW_(tag, m, json, OCI_KEYED, OCI_ARRAY_OF_(tag, m, other), .type = &other##_type)

#define OCI_TYPE_(tag, rows, key)                                                   \
	const struct oci_type tag##_type = {sizeof(struct tag), rows,               \
					    sizeof(rows) / sizeof((rows)[0]), key}; \
	_Static_assert(sizeof(rows) / sizeof((rows)[0]) <= 64, "one bit per row")
#define OCI_TYPE(tag, rows) OCI_TYPE_(tag, rows, 0)
#define OCI_TYPE_KEYED(tag, rows, m)        \
	OCI_TYPE_(tag, rows,                \
		  offsetof(struct tag, m) + \
			  OCI_ENSURE_(OCI_SAME_(OCI_MEMBER_(tag, m), const char *)))

#endif
