/* TEST: other values at a place of a JSON text. */
#include "tests/unit/json_edit.h"

#include <stdbool.h>
#include <string.h>

struct span {
	const char *key; /* of a member: its quote */
	const char *value, *end;
};

static const char *blanks(const char *p)
{
	return p + strspn(p, " \t\n\r,:");
}

static const char *string_end(const char *p)
{
	for (p++; *p != '"'; p++)
		if (*p == '\\')
			p++;
	return p + 1;
}

static const char *value_end(const char *p)
{
	size_t depth = 0;

	if (*p != '{' && *p != '[')
		return *p == '"' ? string_end(p) : p + strcspn(p, " \t\n\r,:]}");
	for (;; p++) {
		if (*p == '"')
			p = string_end(p) - 1;
		else if (*p == '{' || *p == '[')
			depth++;
		else if ((*p == '}' || *p == ']') && --depth == 0)
			return p + 1;
	}
}

/* Of the object or array AT: the member, or without NAME the first. */
static bool child(const char *at, const char *name, struct span *ret)
{
	const char *p = blanks(at + 1);
	bool object = *at == '{';
	size_t len = name ? strlen(name) : 0;

	if (*at != '{' && *at != '[')
		return false;
	for (; *p != '}' && *p != ']'; p = blanks(ret->end)) {
		ret->key = object ? p : NULL;
		ret->value = object ? blanks(string_end(p)) : p;
		ret->end = value_end(ret->value);
		if (!name || (object && strncmp(p + 1, name, len) == 0 && p[1 + len] == '"'))
			return true;
	}
	return false;
}

/* The last step that there is, and how many there are. A null has nothing below. */
static size_t walk(const char *text, const struct json_place *at, struct span *ret)
{
	size_t n = 0;
	struct span next;

	ret->key = NULL;
	ret->value = blanks(text);
	ret->end = value_end(ret->value);
	for (; n < at->n && child(ret->value, at->steps[n], &next); n++)
		*ret = next;
	return n;
}

static const char *replace(struct arena *a, const char *text, const char *from, const char *to,
			   const char *by)
{
	size_t head = (size_t)(from - text), mid = strlen(by), tail = strlen(to);
	char *p = arena_alloc(a, head + mid + tail + 1);

	memcpy(p, text, head);
	memcpy(p + head, by, mid);
	memcpy(p + head + mid, to, tail);
	return p;
}

const char *json_place_text(struct arena *a, const struct json_place *at)
{
	const char *s = "";

	for (size_t i = 0; i < at->n; i++)
		s = at->steps[i] ? arena_printf(a, "%s%s%s", s, *s ? "." : "", at->steps[i])
				 : arena_printf(a, "%s[0]", s);
	return s;
}

const char *json_value(struct arena *a, const char *text, const struct json_place *at)
{
	struct span s;

	if (walk(text, at, &s) < at->n)
		return NULL;
	return arena_strndup(a, s.value, (size_t)(s.end - s.value));
}

const char *json_first_key(struct arena *a, const char *text, const struct json_place *at)
{
	struct span s, first;

	if (walk(text, at, &s) < at->n || *s.value != '{' || !child(s.value, NULL, &first))
		return NULL;
	return arena_strndup(a, first.key + 1, (size_t)(string_end(first.key) - first.key) - 2);
}

static const char *wrap(struct arena *a, const char *step, const char *value)
{
	const char *parts[] = {step ? "{\"" : "[", step ? step : "", step ? "\":" : "", value,
			       step ? "}" : "]"};
	size_t len = 1;
	char *p, *q;

	for (size_t i = 0; i < 5; i++)
		len += strlen(parts[i]);
	p = q = arena_alloc(a, len);
	for (size_t i = 0; i < 5; i++) {
		memcpy(q, parts[i], strlen(parts[i]));
		q += strlen(parts[i]);
	}
	return p;
}

const char *json_set(struct arena *a, const char *text, const struct json_place *at,
		     const char *value)
{
	struct span s;
	size_t n = walk(text, at, &s);
	bool open = *s.value == '{' || *s.value == '[';

	for (size_t i = at->n; i > n; i--)
		value = wrap(a, at->steps[i - 1], value);
	if (n == at->n || !open) /* it is there, or a null is in its place */
		return replace(a, text, s.value, s.end, value);
	/* {"new": value} -> "new": value, into the object that is there */
	value = arena_strndup(a, value + 1, strlen(value) - 2);
	if (*blanks(s.value + 1) != '}' && *blanks(s.value + 1) != ']')
		value = replace(a, value, value + strlen(value), value + strlen(value), ",");
	return replace(a, text, s.value + 1, s.value + 1, value);
}

const char *json_remove(struct arena *a, const char *text, const struct json_place *at)
{
	struct span s;

	if (walk(text, at, &s) < at->n)
		return text;
	/* unknown members mean nothing */
	return replace(a, text, s.key, string_end(s.key), "\"-removed-\"");
}

const char *json_twice(struct arena *a, const char *text, const struct json_place *at)
{
	struct span s;
	const char *member;

	if (walk(text, at, &s) < at->n)
		return NULL;
	member = arena_strndup(a, s.key, (size_t)(s.end - s.key));
	member = replace(a, member, member + strlen(member), member + strlen(member), ",");
	return replace(a, text, s.key, s.key, member);
}
