/* PURE: structs become JSON, driven by the same tables as in decode.c. */
#include "oci-spec/field.h"
#include "oci-spec/jsonw.h"
#include "oci-spec/oci.h"

typedef const void *any_ptr __attribute__((may_alias));
typedef const char *any_string __attribute__((may_alias));

static void put_object(struct json_writer *w, const struct oci_type *type, const void *obj);

static void put_strings(struct json_writer *w, const struct oci_strings *s)
{
	json_array_begin(w);
	for (size_t i = 0; i < s->n; i++)
		json_string(w, s->v[i]);
	json_array_end(w);
}

static void put_u32s(struct json_writer *w, const struct oci_u32s *s)
{
	json_array_begin(w);
	for (size_t i = 0; i < s->n; i++)
		json_uint(w, s->v[i]);
	json_array_end(w);
}

static void put_map(struct json_writer *w, const struct oci_map *m)
{
	json_object_begin(w);
	for (size_t i = 0; i < m->n; i++) {
		json_key(w, m->v[i].key);
		json_string(w, m->v[i].value);
	}
	json_object_end(w);
}

static void put_objects(struct json_writer *w, const struct oci_type *type,
			const struct oci_any_array *array)
{
	json_array_begin(w);
	for (size_t i = 0; i < array->n; i++)
		put_object(w, type, (const char *)array->v + i * type->size);
	json_array_end(w);
}

static void put_keyed(struct json_writer *w, const struct oci_type *type,
		      const struct oci_any_array *array)
{
	json_object_begin(w);
	for (size_t i = 0; i < array->n; i++) {
		const char *item = (const char *)array->v + i * type->size;

		json_key(w, *(const any_string *)(item + type->key_offset));
		put_object(w, type, item);
	}
	json_object_end(w);
}

static bool is_set(const struct oci_field *f, const void *at)
{
	switch (f->kind) {
	case OCI_STRING:
	case OCI_OBJECT:
		return *(const any_ptr *)at != NULL;
	case OCI_BOOL:
		return ((const struct opt_bool *)at)->set;
	case OCI_I64:
		return ((const struct opt_i64 *)at)->set;
	case OCI_U64:
		return ((const struct opt_u64 *)at)->set;
	case OCI_U32:
		return ((const struct opt_u32 *)at)->set;
	case OCI_I32:
		return ((const struct opt_i32 *)at)->set;
	case OCI_PRESENCE:
		return *(const bool *)at;
	default:
		return ((const struct oci_any_array *)at)->set;
	}
}

static void put_value(struct json_writer *w, const struct oci_field *f, const void *at)
{
	switch (f->kind) {
	case OCI_STRING:
		json_string(w, *(const any_string *)at);
		break;
	case OCI_BOOL:
		json_bool(w, ((const struct opt_bool *)at)->v);
		break;
	case OCI_I64:
		json_int(w, ((const struct opt_i64 *)at)->v);
		break;
	case OCI_U64:
		json_uint(w, ((const struct opt_u64 *)at)->v);
		break;
	case OCI_U32:
		json_uint(w, ((const struct opt_u32 *)at)->v);
		break;
	case OCI_I32:
		json_int(w, ((const struct opt_i32 *)at)->v);
		break;
	case OCI_STRINGS:
		put_strings(w, at);
		break;
	case OCI_U32S:
		put_u32s(w, at);
		break;
	case OCI_MAP:
		put_map(w, at);
		break;
	case OCI_OBJECT:
		put_object(w, f->type, *(const any_ptr *)at);
		break;
	case OCI_OBJECTS:
		put_objects(w, f->type, at);
		break;
	case OCI_KEYED:
		put_keyed(w, f->type, at);
		break;
	case OCI_PRESENCE:
		json_object_begin(w);
		json_object_end(w);
		break;
	}
}

static void put_object(struct json_writer *w, const struct oci_type *type, const void *obj)
{
	json_object_begin(w);
	for (size_t i = 0; i < type->n_fields; i++) {
		const struct oci_field *f = &type->fields[i];
		const void *at = (const char *)obj + f->offset;

		if (!is_set(f, at))
			continue;
		json_key(w, f->name);
		put_value(w, f, at);
	}
	json_object_end(w);
}

const char *oci_encode(struct arena *a, const struct oci_type *type, const void *obj,
		       const char *indent)
{
	struct json_writer w;

	json_start(&w, a, indent);
	put_object(&w, type, obj);
	return json_finish(&w, NULL);
}
