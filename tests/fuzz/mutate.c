/* TEST: changes JSON as JSON: values, members and elements, by the tables of its objects.
 *
 * Bytes changed at random seldom leave JSON behind, and a config that is not JSON tests little.
 * So the text is cut into values, each with the row of the table that it belongs to, and one of
 * them is replaced, removed, doubled or added to. One time in eight libFuzzer changes bytes.
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "tests/fuzz/fuzz.h"

#define MAX_VALUES 4096
#define MAX_DEPTH  32

size_t LLVMFuzzerMutate(uint8_t *data, size_t size, size_t max_size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
				 size_t size2, uint8_t *out, size_t max_out, unsigned seed);

struct value {
	size_t start, end;             /* of the value */
	size_t member;                 /* where its "key": begins; its own start in an array */
	const struct oci_field *field; /* NULL: not known */
	const struct oci_type *type;   /* of an object's members */
	bool one;                      /* it is one of a list or of a keyed object */
	bool keyed;                    /* its members have names that are no rows */
	char first;
};

struct doc {
	const char *text;
	size_t size;
	struct value v[MAX_VALUES];
	size_t n;
};

static unsigned random_below(unsigned *seed, size_t n)
{
	*seed = *seed * 1103515245U + 12345U;
	return n ? (unsigned)((*seed >> 8) % n) : 0;
}

/* ---- cutting up ------------------------------------------------------------------------- */

static size_t skip_blanks(const struct doc *d, size_t at)
{
	while (at < d->size && strchr(" \t\r\n", d->text[at]))
		at++;
	return at;
}

/* AT stands on the quote. */
static size_t skip_string(const struct doc *d, size_t at)
{
	for (at++; at < d->size && d->text[at] != '"'; at++)
		at += d->text[at] == '\\';
	return at < d->size ? at + 1 : d->size;
}

static const struct oci_field *find_field(const struct oci_type *type, const char *key, size_t len)
{
	for (size_t i = 0; type && i < type->n_fields; i++)
		if (type->fields[i].name_len == len && memcmp(type->fields[i].name, key, len) == 0)
			return &type->fields[i];
	return NULL;
}

static size_t cut_value(struct doc *d, size_t at, struct value v, unsigned depth);

/* The elements of an array or the members of an object, whose value is PARENT. */
static size_t cut_inside(struct doc *d, size_t at, const struct value *parent, unsigned depth)
{
	char close = parent->first == '{' ? '}' : ']';

	at = skip_blanks(d, at + 1);
	while (at < d->size && d->text[at] != close) {
		struct value v = {.member = at, .field = parent->field};
		size_t before = at;

		if (close == '}' && d->text[at] == '"') {
			at = skip_string(d, at);
			if (!parent->keyed)
				v.field = find_field(parent->type, d->text + v.member + 1,
						     at - v.member - 2);
			at = skip_blanks(d, at);
			at = skip_blanks(d, at + (at < d->size && d->text[at] == ':'));
		}
		/* What is inside of a list or a keyed object is what its row speaks of. */
		v.one = close == ']' || parent->keyed;
		if (v.one)
			v.type = parent->field ? parent->field->type : NULL;
		else if (v.field && v.field->kind == OCI_OBJECT)
			v.type = v.field->type;
		v.keyed = !v.one && v.field &&
			  (v.field->kind == OCI_KEYED || v.field->kind == OCI_MAP);
		at = skip_blanks(d, cut_value(d, at, v, depth + 1));
		at = skip_blanks(d, at + (at < d->size && d->text[at] == ','));
		if (at == before)
			break; /* no JSON */
	}
	return at < d->size ? at + 1 : d->size;
}

static size_t cut_value(struct doc *d, size_t at, struct value v, unsigned depth)
{
	size_t mine = d->n;

	if (at >= d->size || d->n == MAX_VALUES || depth > MAX_DEPTH)
		return d->size;
	v.start = at;
	v.first = d->text[at];
	d->v[d->n++] = v;
	if (v.first == '{' || v.first == '[')
		at = cut_inside(d, at, &v, depth);
	else if (v.first == '"')
		at = skip_string(d, at);
	else
		while (at < d->size && !strchr(",]}: \t\r\n", d->text[at]))
			at++;
	d->v[mine].end = at;
	return at;
}

static void cut(struct doc *d, const char *text, size_t size)
{
	d->text = text;
	d->size = size;
	d->n = 0;
	cut_value(d, skip_blanks(d, 0), (struct value){.type = fuzz_type}, 0);
}

/* ---- making values ----------------------------------------------------------------------- */

static const char *const borders[] = {
	"0",
	"1",
	"-1",
	"2",
	"3",
	"7",
	"8",
	"16",
	"64",
	"65",
	"100",
	"255",
	"511",
	"1000",
	"1024",
	"4095",
	"4096",
	"65535",
	"65536",
	"262144",
	"999999",
	"1000000",
	"1000000000",
	"2147483647",
	"2147483648",
	"4294967295",
	"4294967296",
	"4611686018427387904",
	"9223372036854775807",
	"-9223372036854775808",
	"9223372036854775808",
	"18446744073709551615",
	"18446744073709551616",
	"-2147483648",
	"-1000",
	"1.5",
	"1e3",
	"-0",
};
static const char *const odd[] = {"null", "true", "false",  "{}",       "[]",
				  "\"\"", "0",    "[null]", "{\"a\":1}"};

struct out {
	char *buf;
	size_t size, len;
};

static void put(struct out *o, const char *text, size_t len)
{
	if (len > o->size - o->len)
		len = o->size - o->len;
	memcpy(o->buf + o->len, text, len);
	o->len += len;
}

static void puts_(struct out *o, const char *text)
{
	put(o, text, strlen(text));
}

static void put_word(struct out *o, const struct oci_field *field, unsigned *seed)
{
	const struct fuzz_words *w = random_below(seed, 16)
					     ? fuzz_words_for(field ? field->name : NULL)
					     : fuzz_all_words();

	puts_(o, "\"");
	puts_(o, w->v[random_below(seed, w->n)]);
	if (random_below(seed, 8) == 0) /* as options and variables have */
		puts_(o, random_below(seed, 2) ? "=1k" : "/x");
	puts_(o, "\"");
}

static void put_number(struct out *o, unsigned *seed)
{
	char text[32];

	if (random_below(seed, 2)) {
		puts_(o, borders[random_below(seed, ARRAY_SIZE(borders))]);
		return;
	}
	snprintf(text, sizeof(text), "%u", random_below(seed, random_below(seed, 2) ? 16 : 100000));
	puts_(o, text);
}

static void put_object(struct out *o, const struct oci_type *type, unsigned *seed, unsigned depth);

/* A value as its row wants it; an element of a list when ONE. */
static void put_value(struct out *o, const struct oci_field *f, bool one, unsigned *seed,
		      unsigned depth)
{
	size_t n = random_below(seed, 4);

	switch (one && f->kind == OCI_STRINGS ? OCI_STRING
		: one && f->kind == OCI_U32S  ? OCI_U32
		: one && f->kind == OCI_MAP   ? OCI_STRING
		: one                         ? OCI_OBJECT
					      : f->kind) {
	case OCI_STRING:
		put_word(o, f, seed);
		break;
	case OCI_BOOL:
		puts_(o, random_below(seed, 2) ? "true" : "false");
		break;
	case OCI_I64:
	case OCI_U64:
	case OCI_U32:
	case OCI_I32:
		put_number(o, seed);
		break;
	case OCI_OBJECT:
		put_object(o, f->type, seed, depth + 1);
		break;
	case OCI_PRESENCE:
		puts_(o, "{}");
		break;
	case OCI_MAP:
	case OCI_KEYED:
		puts_(o, "{");
		for (size_t i = 0; i < n; i++) {
			puts_(o, i ? "," : "");
			put_word(o, f, seed);
			puts_(o, ":");
			put_value(o, f, true, seed, depth + 1);
		}
		puts_(o, "}");
		break;
	default:
		puts_(o, "[");
		for (size_t i = 0; i < n; i++) {
			puts_(o, i ? "," : "");
			put_value(o, f, true, seed, depth + 1);
		}
		puts_(o, "]");
	}
}

static void put_member(struct out *o, const struct oci_field *f, unsigned *seed, unsigned depth)
{
	puts_(o, "\"");
	puts_(o, f->name);
	puts_(o, "\":");
	put_value(o, f, false, seed, depth);
}

/* Most members of a small table, a few of a large one. */
static void put_object(struct out *o, const struct oci_type *type, unsigned *seed, unsigned depth)
{
	bool first = true;

	puts_(o, "{");
	for (size_t i = 0; depth < 6 && type && i < type->n_fields; i++) {
		if (random_below(seed, type->n_fields) >= 4 + (type->n_fields <= 6))
			continue;
		puts_(o, first ? "" : ",");
		put_member(o, &type->fields[i], seed, depth);
		first = false;
	}
	puts_(o, "}");
}

/* ---- changes ------------------------------------------------------------------------------- */

static void put_range(struct out *o, const struct doc *d, size_t from, size_t to)
{
	if (to > from)
		put(o, d->text + from, to - from);
}

static void put_replacement(struct out *o, const struct doc *d, const struct value *v,
			    unsigned *seed)
{
	unsigned how = random_below(seed, 16);
	const struct value *other = &d->v[random_below(seed, d->n)];

	if (how == 0)
		puts_(o, odd[random_below(seed, ARRAY_SIZE(odd))]);
	else if (how < 4)
		put_range(o, d, other->start, other->end);
	else if (v->field && (how < 14 || v->first == '[' || v->first == '{'))
		put_value(o, v->field, v->one, seed, 2);
	else if (v->first == '"')
		put_word(o, v->field, seed);
	else
		put_number(o, seed);
}

/* What is inside the quotes, by libFuzzer. */
static void put_mutated_string(struct out *o, const struct doc *d, const struct value *v)
{
	uint8_t buf[512];
	size_t len = v->end - v->start < 2 ? 0 : v->end - v->start - 2;

	len = len > sizeof(buf) / 2 ? sizeof(buf) / 2 : len;
	memcpy(buf, d->text + v->start + 1, len);
	len = LLVMFuzzerMutate(buf, len, sizeof(buf));
	for (size_t i = 0; i < len; i++) {
		if (buf[i] == '"' || buf[i] == '\\')
			buf[i] = '/';
		if (buf[i] < 0x20 && buf[i] != 0)
			buf[i] = '_';
	}
	puts_(o, "\"");
	for (size_t i = 0; i < len; i++)
		buf[i] ? put(o, (char *)&buf[i], 1) : puts_(o, "\\u0001");
	puts_(o, "\"");
}

/* A list or object gets one more, in front. */
static void put_grown(struct out *o, const struct doc *d, const struct value *v, unsigned *seed)
{
	size_t inside = skip_blanks(d, v->start + 1);
	bool empty = inside >= d->size || d->text[inside] == (v->first == '{' ? '}' : ']');

	put(o, &v->first, 1);
	if (v->first == '[' && v->field) {
		put_value(o, v->field, true, seed, 2);
	} else if (v->first == '{' && v->keyed && v->field) {
		put_word(o, v->field, seed);
		puts_(o, ":");
		put_value(o, v->field, true, seed, 2);
	} else if (v->first == '{' && v->type && v->type->n_fields) {
		put_member(o, &v->type->fields[random_below(seed, v->type->n_fields)], seed, 1);
	} else {
		puts_(o, v->first == '{' ? "\"x\":0" : "0");
	}
	puts_(o, empty ? "" : ",");
	put_range(o, d, v->start + 1, v->end);
}

static size_t after_comma(const struct doc *d, size_t at)
{
	size_t next = skip_blanks(d, at);

	return next < d->size && d->text[next] == ',' ? next + 1 : at;
}

static void put_changed(struct out *o, const struct doc *d, const struct value *v, unsigned *seed)
{
	unsigned how = random_below(seed, 12);
	bool open = v->first == '[' || v->first == '{', root = v->start == d->v[0].start;

	if (open && how < 5) {
		put_range(o, d, 0, v->start);
		put_grown(o, d, v, seed);
		put_range(o, d, v->end, d->size);
	} else if (how < 2 && !root) { /* removed */
		size_t end = after_comma(d, v->end), before = v->member;

		if (end == v->end) /* the last: the comma before it goes */
			while (before > 0 && strchr(" \t\r\n,", d->text[before - 1]))
				before--;
		put_range(o, d, 0, before);
		put_range(o, d, end, d->size);
	} else if (how == 2 && !root) { /* twice */
		put_range(o, d, 0, v->end);
		puts_(o, ",");
		put_range(o, d, v->member, d->size);
	} else if (how == 3 && v->first == '"') {
		put_range(o, d, 0, v->start);
		put_mutated_string(o, d, v);
		put_range(o, d, v->end, d->size);
	} else {
		put_range(o, d, 0, v->start);
		put_replacement(o, d, v, seed);
		put_range(o, d, v->end, d->size);
	}
}

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max_size, unsigned seed)
{
	size_t prefix = size && *data != '{' ? 1 : 0; /* a byte that the harness reads */
	auto_free struct doc *d = malloc(sizeof(*d));
	auto_free char *copy = malloc(size + 1);
	struct out o = {.buf = (char *)data, .size = max_size, .len = prefix};

	seed ^= seed >> 15;
	if (!d || !copy || !fuzz_type || size < 2 || random_below(&seed, 8) == 0)
		return LLVMFuzzerMutate(data, size, max_size);
	for (unsigned rounds = 1 + random_below(&seed, 3); rounds; rounds--) {
		memcpy(copy, data, size);
		cut(d, copy + prefix, size - prefix);
		if (!d->n || (d->v[0].first != '{' && d->v[0].first != '['))
			return LLVMFuzzerMutate(data, size, max_size);
		o.len = prefix;
		put_changed(&o, d, &d->v[random_below(&seed, d->n)], &seed);
		size = o.len;
		if (rounds > 1) {
			char *bigger = realloc(copy, size + 1);

			if (!bigger)
				break;
			copy = bigger;
		}
	}
	return size;
}

/* A value of the one is put in the place of one of the same row in the other. */
size_t LLVMFuzzerCustomCrossOver(const uint8_t *data1, size_t size1, const uint8_t *data2,
				 size_t size2, uint8_t *out, size_t max_out, unsigned seed)
{
	auto_free struct doc *a = malloc(sizeof(*a)), *b = malloc(sizeof(*b));
	size_t pa = size1 && *data1 != '{', pb = size2 && *data2 != '{';
	struct out o = {.buf = (char *)out, .size = max_out};
	const struct value *at, *from = NULL;

	if (!a || !b)
		return 0;
	cut(a, (const char *)data1 + pa, size1 - pa);
	cut(b, (const char *)data2 + pb, size2 - pb);
	if (!a->n || !b->n)
		return 0;
	at = &a->v[random_below(&seed, a->n)];
	for (size_t i = 0, start = random_below(&seed, b->n); i < b->n && !from; i++) {
		const struct value *v = &b->v[(start + i) % b->n];

		if (v->field == at->field && v->one == at->one)
			from = v;
	}
	if (!from)
		return 0;
	put(&o, (const char *)data1, pa);
	put_range(&o, a, 0, at->start);
	put_range(&o, b, from->start, from->end);
	put_range(&o, a, at->end, a->size);
	return o.len;
}
