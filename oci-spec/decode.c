/* PURE: events of a parse fill structs, driven by tables of fields. */
#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"
#include "oci-spec/field.h"
#include "oci-spec/json.h"
#include "oci-spec/keyset.h"
#include "oci-spec/oci.h"

typedef void *any_ptr __attribute__((may_alias));

/* One open object or array. */
struct frame {
	enum { IN_OBJECT, IN_MAP, IN_KEYED, IN_ARRAY, IN_SKIPPED } in;
	bool is_array;                 /* JSON's idea of it */
	const struct oci_type *type;   /* IN_OBJECT */
	char *obj;                     /* IN_OBJECT */
	const struct oci_field *field; /* IN_OBJECT: of the current member, NULL = unknown;
					* IN_MAP, IN_KEYED, IN_ARRAY: the field that holds all */
	struct oci_any_array *array;   /* IN_MAP, IN_KEYED, IN_ARRAY */
	uint64_t seen;                 /* IN_OBJECT: one bit per row */
	struct keyset keys;            /* names that are no rows */
	const char *key;               /* current member that is no row */
	size_t index;                  /* of the current element, for paths */
};

struct decoder {
	struct arena *a;      /* the result's */
	struct arena scratch; /* ends with the parse */
	const char *name;
	const struct oci_type *type;
	void *obj;
	size_t depth; /* open frames */
	struct frame frames[OCI_MAX_DEPTH];
};

static struct frame *top(struct decoder *d)
{
	return d->depth ? &d->frames[d->depth - 1] : NULL;
}

/* ---- errors ------------------------------------------------------------------------ */

/* "mounts[2].options[0]"; empty for the whole document. */
static void field_path(const struct decoder *d, struct strbuf *sb)
{
	for (size_t i = 0; i < d->depth; i++) {
		const struct frame *f = &d->frames[i];
		const char *key = f->in == IN_OBJECT && f->field ? f->field->name : f->key;

		if (f->is_array)
			strbuf_add(sb, "[%zu]", f->index);
		else if (key)
			strbuf_add(sb, "%s%.64s", sb->len ? "." : "", key);
	}
}

static int printf_like(3, 4) fail_at(const struct decoder *d, struct err *err, const char *fmt, ...)
{
	char path[1024] = "", why[256];
	struct strbuf sb = {.buf = path, .size = sizeof(path)};
	va_list ap;

	field_path(d, &sb);
	va_start(ap, fmt);
	vsnprintf(why, sizeof(why), fmt, ap);
	va_end(ap);
	return err_fail(err, EINVAL, "%s%s%s", path, *path ? ": " : "", why);
}

static int wrong_type(const struct decoder *d, const char *want, const struct json_token *t,
		      struct err *err)
{
	static const char *const got[] = {
		[JSON_NULL] = "null",       [JSON_BOOL] = "a boolean",   [JSON_NUMBER] = "a number",
		[JSON_STRING] = "a string", [JSON_OBJECT] = "an object", [JSON_ARRAY] = "an array",
	};

	return fail_at(d, err, "expected %s, got %s", want, got[t->event]);
}

/* ---- scalars ------------------------------------------------------------------------- */

/* Digits of a JSON number without sign. */
static int digits(const char *s, size_t len, uint64_t *ret)
{
	uint64_t v = 0;

	for (size_t i = 0; i < len; i++)
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(s[i] - '0'), &v))
			return -ERANGE;
	*ret = v;
	return 0;
}

static int integer_check(const struct decoder *d, const struct json_token *t, struct err *err)
{
	if (t->event != JSON_NUMBER)
		return wrong_type(d, "a number", t, err);
	for (size_t i = 0; i < t->len; i++)
		if (t->text[i] != '-' && (t->text[i] < '0' || t->text[i] > '9'))
			return fail_at(d, err, "expected an integer, got '%.*s'",
				       (int)(t->len > 40 ? 40 : t->len), t->text);
	return 0;
}

static int get_unsigned(const struct decoder *d, const struct json_token *t, uint64_t max,
			uint64_t *ret, struct err *err)
{
	int show = (int)(t->len > 40 ? 40 : t->len), r = integer_check(d, t, err);
	uint64_t v;

	if (r < 0)
		return r;
	if (t->text[0] == '-')
		return fail_at(d, err, "'%.*s' is negative, expected 0 to %" PRIu64, show, t->text,
			       max);
	if (digits(t->text, t->len, &v) < 0 || v > max)
		return fail_at(d, err, "'%.*s' is out of range, expected 0 to %" PRIu64, show,
			       t->text, max);
	*ret = v;
	return 0;
}

static int get_signed(const struct decoder *d, const struct json_token *t, int64_t min, int64_t max,
		      int64_t *ret, struct err *err)
{
	int show = (int)(t->len > 40 ? 40 : t->len), r = integer_check(d, t, err);
	bool negative = t->text[0] == '-';
	uint64_t v;

	if (r < 0)
		return r;
	if (digits(t->text + negative, t->len - negative, &v) < 0 ||
	    v > (negative ? -(uint64_t)min : (uint64_t)max))
		return fail_at(d, err, "'%.*s' is out of range, expected %" PRId64 " to %" PRId64,
			       show, t->text, min, max);
	*ret = negative ? (int64_t)-v : (int64_t)v;
	return 0;
}

static int get_string(struct decoder *d, const struct json_token *t, const char **ret,
		      struct err *err)
{
	if (t->event != JSON_STRING)
		return wrong_type(d, "a string", t, err);
	*ret = arena_strndup(d->a, t->text, t->len);
	return 0;
}

static int get_number(const struct decoder *d, const struct oci_field *field,
		      const struct json_token *t, void *at, struct err *err)
{
	int64_t i = 0;
	uint64_t u = 0;
	int r;

	switch (field->kind) {
	case OCI_I64:
		r = get_signed(d, t, INT64_MIN, INT64_MAX, &i, err);
		if (r == 0)
			*(struct opt_i64 *)at = (struct opt_i64){true, i};
		return r;
	case OCI_I32:
		r = get_signed(d, t, INT32_MIN, INT32_MAX, &i, err);
		if (r == 0)
			*(struct opt_i32 *)at = (struct opt_i32){true, (int32_t)i};
		return r;
	case OCI_U64:
		r = get_unsigned(d, t, UINT64_MAX, &u, err);
		if (r == 0)
			*(struct opt_u64 *)at = (struct opt_u64){true, u};
		return r;
	default:
		r = get_unsigned(d, t, field->max ? field->max : UINT32_MAX, &u, err);
		if (r == 0)
			*(struct opt_u32 *)at = (struct opt_u32){true, (uint32_t)u};
		return r;
	}
}

/* ---- objects and arrays ----------------------------------------------------------------- */

/* The scan before the parse bounds the depth, so that a frame is always left. */
static struct frame *push(struct decoder *d, int in, bool is_array)
{
	struct frame *f = &d->frames[d->depth++];

	memset(f, 0, sizeof(*f));
	f->in = in;
	f->is_array = is_array;
	return f;
}

static void push_object(struct decoder *d, const struct oci_type *type, void *obj)
{
	struct frame *f = push(d, IN_OBJECT, false);

	f->type = type;
	f->obj = obj;
}

static void *append(struct decoder *d, struct oci_any_array *array, size_t size)
{
	void *items = array->v, *item = arena_push_(d->a, &items, &array->n, size);

	array->v = items;
	return item;
}

/* An array opens: argv and envp need a NULL behind the last string even if there is none. */
static void push_list(struct decoder *d, int in, const struct oci_field *field, void *at,
		      bool is_array)
{
	struct frame *f = push(d, in, is_array);

	f->field = field;
	f->array = at;
	f->array->set = true;
}

static int begin_member(struct decoder *d, const struct oci_field *field, char *at,
			const struct json_token *t, struct err *err)
{
	bool is_array = t->event == JSON_ARRAY;

	switch (field->kind) {
	case OCI_OBJECT:
		if (is_array)
			return wrong_type(d, "an object", t, err);
		*(any_ptr *)at = arena_alloc(d->a, field->type->size);
		push_object(d, field->type, *(any_ptr *)at);
		return 0;
	case OCI_PRESENCE:
		if (is_array)
			return wrong_type(d, "an object", t, err);
		*(bool *)at = true;
		push(d, IN_SKIPPED, false);
		return 0;
	case OCI_MAP:
	case OCI_KEYED:
		if (is_array)
			return wrong_type(d, "an object", t, err);
		push_list(d, field->kind == OCI_MAP ? IN_MAP : IN_KEYED, field, at, false);
		return 0;
	case OCI_STRINGS:
	case OCI_U32S:
	case OCI_OBJECTS:
		if (!is_array)
			return wrong_type(d, "an array", t, err);
		push_list(d, IN_ARRAY, field, at, true);
		return 0;
	case OCI_STRING:
		return wrong_type(d, "a string", t, err);
	case OCI_BOOL:
		return wrong_type(d, "true or false", t, err);
	default:
		return wrong_type(d, "a number", t, err);
	}
}

static int scalar_member(struct decoder *d, const struct oci_field *field, char *at,
			 const struct json_token *t, struct err *err)
{
	switch (field->kind) {
	case OCI_STRING:
		return get_string(d, t, (const char **)at, err);
	case OCI_BOOL:
		if (t->event != JSON_BOOL)
			return wrong_type(d, "true or false", t, err);
		*(struct opt_bool *)at = (struct opt_bool){true, t->value};
		return 0;
	case OCI_I64:
	case OCI_U64:
	case OCI_U32:
	case OCI_I32:
		return get_number(d, field, t, at, err);
	case OCI_STRINGS:
	case OCI_U32S:
	case OCI_OBJECTS:
		return wrong_type(d, "an array", t, err);
	default:
		return wrong_type(d, "an object", t, err);
	}
}

/* An element of an array of objects, or a member of a keyed object. */
static int begin_element(struct decoder *d, struct frame *f, const struct json_token *t,
			 struct err *err)
{
	const struct oci_type *type = f->field->type;
	char *item;

	if (f->field->kind == OCI_STRINGS || f->in == IN_MAP)
		return wrong_type(d, "a string", t, err);
	if (f->field->kind == OCI_U32S)
		return wrong_type(d, "a number", t, err);
	if (t->event != JSON_OBJECT)
		return wrong_type(d, "an object", t, err);
	item = append(d, f->array, type->size);
	if (f->in == IN_KEYED)
		*(const char **)(item + type->key_offset) = f->key;
	push_object(d, type, item);
	return 0;
}

static int scalar_element(struct decoder *d, struct frame *f, const struct json_token *t,
			  struct err *err)
{
	const char *s = NULL;
	uint64_t u = 0;
	int r;

	switch (f->field->kind) {
	case OCI_STRINGS:
		r = get_string(d, t, &s, err);
		if (r == 0)
			*(const char **)append(d, f->array, sizeof(s)) = s;
		break;
	case OCI_U32S:
		r = get_unsigned(d, t, UINT32_MAX, &u, err);
		if (r == 0)
			*(uint32_t *)append(d, f->array, sizeof(uint32_t)) = (uint32_t)u;
		break;
	case OCI_MAP:
		r = get_string(d, t, &s, err);
		if (r == 0)
			*(struct oci_pair *)append(d, f->array, sizeof(struct oci_pair)) =
				(struct oci_pair){f->key, s};
		break;
	default:
		return wrong_type(d, "an object", t, err);
	}
	return r;
}

/* ---- events -------------------------------------------------------------------------------- */

static const struct oci_field *find_row(const struct oci_type *type, const char *key, size_t len)
{
	for (size_t i = 0; i < type->n_fields; i++)
		if (type->fields[i].name_len == len && memcmp(type->fields[i].name, key, len) == 0)
			return &type->fields[i];
	return NULL;
}

static void log_unknown(const struct decoder *d)
{
	char path[1024] = "";
	struct strbuf sb = {.buf = path, .size = sizeof(path)};

	if (!log_debug_enabled())
		return;
	field_path(d, &sb);
	log_debug("%s: unknown member '%s' is skipped", d->name, path);
}

/* B-03: whether a second member wins would be a guess, so there must be none. */
static int on_key(struct decoder *d, struct frame *f, const struct json_token *t, struct err *err)
{
	bool known = false, twice;

	if (f->in == IN_OBJECT) {
		f->field = find_row(f->type, t->text, t->len);
		known = f->field != NULL;
	}
	if (known) {
		uint64_t bit = 1ull << (f->field - f->type->fields);

		twice = f->seen & bit;
		f->seen |= bit;
	} else {
		/* names of maps are part of the result */
		struct arena *a = f->in == IN_MAP || f->in == IN_KEYED ? d->a : &d->scratch;

		f->key = arena_strndup(a, t->text, t->len);
		twice = !keyset_add(&f->keys, &d->scratch, f->key, t->len);
	}
	if (twice)
		return fail_at(d, err, "duplicate member");
	if (f->in == IN_OBJECT && !known)
		log_unknown(d);
	return 0;
}

/* An object or array ends. */
static void on_end(struct decoder *d)
{
	struct frame *f = top(d), *outer;

	if (f->in == IN_ARRAY && f->field->kind == OCI_STRINGS) {
		append(d, f->array, sizeof(const char *)); /* v[n] is NULL */
		f->array->n--;
	}
	d->depth--;
	outer = top(d);
	if (outer)
		outer->index++;
}

static int on_begin(struct decoder *d, struct frame *f, const struct json_token *t, struct err *err)
{
	if (!f) {
		if (t->event != JSON_OBJECT)
			return wrong_type(d, "an object", t, err);
		push_object(d, d->type, d->obj);
		return 0;
	}
	if (f->in == IN_SKIPPED || (f->in == IN_OBJECT && !f->field)) {
		push(d, IN_SKIPPED, t->event == JSON_ARRAY);
		return 0;
	}
	if (f->in == IN_OBJECT)
		return begin_member(d, f->field, f->obj + f->field->offset, t, err);
	return begin_element(d, f, t, err);
}

static int on_scalar(struct decoder *d, struct frame *f, const struct json_token *t,
		     struct err *err)
{
	int r = 0;

	if (!f)
		return wrong_type(d, "an object", t, err);
	if (f->in == IN_OBJECT) {
		/* Go writes null for what it does not have: absent. */
		if (f->field && t->event != JSON_NULL)
			r = scalar_member(d, f->field, f->obj + f->field->offset, t, err);
	} else if (f->in != IN_SKIPPED) {
		r = scalar_element(d, f, t, err);
	}
	f->index++;
	return r;
}

/* A C string would end there, and mean something else than what was checked. */
static int refuse_nul(struct decoder *d, struct frame *f, const struct json_token *t,
		      struct err *err)
{
	if (t->event == JSON_KEY && f) {
		f->field = NULL;
		f->key = NULL;
	}
	return fail_at(d, err, "NUL in %s", t->event == JSON_KEY ? "a member's name" : "a string");
}

static int on_event(void *ctx, const struct json_token *t, struct err *err)
{
	struct decoder *d = ctx;
	struct frame *f = top(d);

	if ((t->event == JSON_KEY || t->event == JSON_STRING) && memchr(t->text, '\0', t->len))
		return refuse_nul(d, f, t, err);

	switch (t->event) {
	case JSON_KEY:
		return on_key(d, f, t, err);
	case JSON_OBJECT:
	case JSON_ARRAY:
		return on_begin(d, f, t, err);
	case JSON_OBJECT_END:
	case JSON_ARRAY_END:
		on_end(d);
		return 0;
	default:
		return on_scalar(d, f, t, err);
	}
}

int oci_decode(struct arena *a, const struct oci_type *type, const char *name, const char *text,
	       size_t len, void *obj, struct err *err)
{
	struct decoder d = {.a = a, .scratch = ARENA_INIT, .name = name, .type = type, .obj = obj};
	int r = json_parse(name, text, len, on_event, &d, err);

	arena_done(&d.scratch);
	return r;
}

int oci_decode_file(struct arena *a, const struct oci_type *type, int dirfd, const char *path,
		    void *obj, struct err *err)
{
	auto_arena file = ARENA_INIT;
	size_t len;
	char *text;
	int r = io_read_file(&file, dirfd, path, OCI_MAX_BYTES, &text, &len, err);

	if (r < 0)
		return r;
	return oci_decode(a, type, path, text, len, obj, err);
}
