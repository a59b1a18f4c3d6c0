/* PURE: the text format of GVariant. */
#include "cgroups/systemd/gvariant.h"

#include <errno.h>
#include <float.h>
#include <stdint.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"

#define MAX_TEXT  65536
#define MAX_DEPTH 8

struct parser {
	struct arena *a;
	const char *start, *p;
	const char *what; /* is wrong, at P */
};

/* clang-format off */
static const struct {
	const char *name, *type;
} keywords[] = {
	{"boolean", "b"}, {"byte", "y"}, {"int16", "n"}, {"uint16", "q"}, {"int32", "i"},
	{"uint32", "u"}, {"int64", "x"}, {"uint64", "t"}, {"double", "d"}, {"string", "s"},
	{"objectpath", "o"}, {"signature", "g"},
};

/* What fits: up to MAX, or from -MAX-1. */
static const struct {
	char type;
	bool is_signed;
	uint64_t max;
} ranges[] = {
	{'y', false, UINT8_MAX}, {'q', false, UINT16_MAX}, {'u', false, UINT32_MAX},
	{'t', false, UINT64_MAX}, {'n', true, INT16_MAX}, {'i', true, INT32_MAX},
	{'x', true, INT64_MAX},
};
/* clang-format on */

static int wrong(struct parser *p, const char *what)
{
	p->what = p->what ? p->what : what;
	return -EINVAL;
}

static void skip_blanks(struct parser *p)
{
	p->p += strspn(p->p, " \t\n\r");
}

/* C at this place, after blanks. */
static bool eat(struct parser *p, char c)
{
	skip_blanks(p);
	if (*p->p != c)
		return false;
	p->p++;
	return true;
}

static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

static bool eat_word(struct parser *p, const char *word)
{
	size_t n = strlen(word);

	if (strncmp(p->p, word, n) != 0 || is_word(p->p[n]))
		return false;
	p->p += n;
	return true;
}

/* ---- numbers --------------------------------------------------------------------------------- */

static int digit(char c)
{
	return c >= '0' && c <= '9'   ? c - '0'
	       : c >= 'a' && c <= 'f' ? c - 'a' + 10
	       : c >= 'A' && c <= 'F' ? c - 'A' + 10
				      : 16;
}

/* As C writes them: 10, 0x1f, 017. */
static int parse_u64(struct parser *p, uint64_t *ret)
{
	int base = 10;
	uint64_t v = 0;

	if (*p->p < '0' || *p->p > '9')
		return wrong(p, "not a value");
	if (p->p[0] == '0' && (p->p[1] == 'x' || p->p[1] == 'X') && digit(p->p[2]) < 16) {
		base = 16;
		p->p += 2;
	} else if (p->p[0] == '0') {
		base = 8;
	}
	for (; digit(*p->p) < base; p->p++) {
		uint64_t d = (uint64_t)digit(*p->p);

		if (v > (UINT64_MAX - d) / (uint64_t)base)
			return wrong(p, "a number that is too large");
		v = v * (uint64_t)base + d;
	}
	*ret = v;
	return is_word(*p->p) || *p->p == '.' ? wrong(p, "not a number") : 0;
}

static int parse_integer(struct parser *p, char type, struct wire_value *ret)
{
	const char *at = p->p;
	bool minus = *at == '-';
	uint64_t v = 0;
	int r;

	p->p += minus || *at == '+';
	r = parse_u64(p, &v);
	if (r < 0)
		return r;
	minus = minus && v;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		if (ranges[i].type != type)
			continue;
		if ((minus && !ranges[i].is_signed) || v - minus > ranges[i].max) {
			p->p = at;
			return wrong(p, "a number that its type cannot hold");
		}
		ret->u = minus ? -v : v;
		return 0;
	}
	p->p = at;
	return wrong(p, "a number, and another type was announced");
}

/* Without strtod, which asks the locale for its point: digits, a point, digits. */
static int parse_double(struct parser *p, struct wire_value *ret)
{
	bool minus = *p->p == '-';
	double v = 0, scale = 1;

	p->p += minus || *p->p == '+';
	if (*p->p < '0' || *p->p > '9')
		return wrong(p, "not a number");
	for (; *p->p >= '0' && *p->p <= '9'; p->p++)
		v = v * 10 + (*p->p - '0');
	if (*p->p == '.')
		for (p->p++; *p->p >= '0' && *p->p <= '9'; p->p++)
			v += (*p->p - '0') * (scale /= 10);
	if (is_word(*p->p) || v > DBL_MAX)
		return wrong(p, "not a number");
	ret->d = minus ? -v : v;
	return 0;
}

/* ---- strings --------------------------------------------------------------------------------- */

static size_t put_utf8(char *out, uint32_t c)
{
	if (c < 0x80) {
		out[0] = (char)c;
		return 1;
	}
	if (c < 0x800) {
		out[0] = (char)(0xc0 | c >> 6);
		out[1] = (char)(0x80 | (c & 0x3f));
		return 2;
	}
	if (c < 0x10000) {
		out[0] = (char)(0xe0 | c >> 12);
		out[1] = (char)(0x80 | (c >> 6 & 0x3f));
		out[2] = (char)(0x80 | (c & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | c >> 18);
	out[1] = (char)(0x80 | (c >> 12 & 0x3f));
	out[2] = (char)(0x80 | (c >> 6 & 0x3f));
	out[3] = (char)(0x80 | (c & 0x3f));
	return 4;
}

/* \u1234 and \U12345678: as many hexadecimal digits. */
static int parse_code_point(struct parser *p, int digits, char *out)
{
	uint32_t c = 0;

	for (int i = 0; i < digits; i++, p->p++) {
		if (digit(*p->p) > 15)
			return wrong(p, "not a hexadecimal digit");
		c = c << 4 | (uint32_t)digit(*p->p);
	}
	if (c == 0 || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
		return wrong(p, "not a character");
	return (int)put_utf8(out, c);
}

/* After a backslash. How many bytes were written. */
static int parse_escape(struct parser *p, char *out)
{
	static const char from[] = "abfnrtv", to[] = "\a\b\f\n\r\t\v";
	char c = *p->p;
	const char *at = c ? strchr(from, c) : NULL;

	if (!c)
		return wrong(p, "a string without end");
	p->p++;
	if (c == 'u' || c == 'U')
		return parse_code_point(p, c == 'u' ? 4 : 8, out);
	*out = at ? to[at - from] : c;
	return 1;
}

static int parse_text(struct parser *p, char **ret)
{
	char quote = *p->p, *out;
	size_t len = 0;

	if (quote != '\'' && quote != '"')
		return wrong(p, "not a string");
	p->p++;
	/* no escape has more bytes than it is long */
	out = arena_alloc(p->a, strlen(p->p) + 1);
	while (*p->p != quote) {
		int n = 1;

		if (!*p->p)
			return wrong(p, "a string without end");
		if (*p->p == '\\') {
			p->p++;
			n = parse_escape(p, out + len);
		} else {
			out[len] = *p->p++;
		}
		if (n < 0)
			return n;
		len += (size_t)n;
	}
	p->p++;
	*ret = out;
	return 0;
}

static bool is_object_path(const char *s)
{
	if (*s != '/')
		return false;
	for (const char *p = s; *p; p++)
		if ((*p == '/' && (p[1] == '/' || (!p[1] && p != s))) ||
		    (*p != '/' && *p != '_' && !is_word(*p)))
			return false;
	return true;
}

static bool is_signature(const char *s)
{
	for (size_t n; *s; s += n) {
		n = wire_type_length(s);
		if (!n)
			return false;
	}
	return true;
}

static int parse_string(struct parser *p, struct wire_value *ret)
{
	const char *at = p->p;
	char *text = NULL;
	int r = parse_text(p, &text);

	if (r < 0)
		return r;
	if ((*ret->type == 'o' && !is_object_path(text)) ||
	    (*ret->type == 'g' && (strlen(text) > 255 || !is_signature(text)))) {
		p->p = at;
		return wrong(p, *ret->type == 'o' ? "not an object path" : "not a signature");
	}
	ret->s = text;
	return 0;
}

/* ---- values ---------------------------------------------------------------------------------- */

static int parse_value(struct parser *p, const char *type, int depth, struct wire_value *ret);

static const char *first_type(struct parser *p, const char *types)
{
	return arena_strndup(p->a, types, wire_type_length(types));
}

static int parse_array(struct parser *p, const char *type, int depth, struct wire_value *ret)
{
	const char *element = type ? first_type(p, type + 1) : NULL;
	struct wire_value *items = NULL;
	size_t n = 0;
	int r;

	if (type && *type != 'a')
		return wrong(p, "an array, and another type was announced");
	p->p++;
	if (!eat(p, ']')) {
		if (element && !*element)
			return wrong(p, "a dictionary");
		do {
			struct wire_value v = {0};

			r = parse_value(p, element, depth + 1, &v);
			if (r < 0)
				return r;
			element = element ? element : v.type;
			*arena_push(p->a, &items, &n) = v;
		} while (eat(p, ','));
		if (!eat(p, ']'))
			return wrong(p, "']' is missing");
	}
	if (!element)
		return wrong(p, "an empty array needs a type, as in '@as []'");
	ret->type = type ? type : arena_printf(p->a, "a%s", element);
	ret->items = items;
	ret->n = n;
	return 0;
}

static int parse_tuple(struct parser *p, const char *type, int depth, struct wire_value *ret)
{
	char own[256] = "(";
	struct strbuf sb = {.buf = own, .size = sizeof(own), .len = 1};
	const char *next = type ? type + 1 : NULL;
	struct wire_value *items = NULL;
	size_t n = 0;

	if (type && *type != '(')
		return wrong(p, "a tuple, and another type was announced");
	p->p++;
	do {
		struct wire_value v = {0};
		int r;

		if (n && eat(p, ')')) { /* ('a',) */
			p->p--;
			break;
		}
		if (next && *next == ')')
			return wrong(p, "a tuple with too many parts");
		r = parse_value(p, next ? first_type(p, next) : NULL, depth + 1, &v);
		if (r < 0)
			return r;
		next = next ? next + wire_type_length(next) : NULL;
		strbuf_add(&sb, "%s", v.type);
		*arena_push(p->a, &items, &n) = v;
	} while (eat(p, ','));
	if (!eat(p, ')') || (next && *next != ')'))
		return wrong(p, "a tuple without its end");
	strbuf_add(&sb, ")");
	if (sb.overflow)
		return wrong(p, "too many parts");
	ret->type = arena_strdup(p->a, own);
	ret->items = items;
	ret->n = n;
	return 0;
}

/* '<', one value of any type, '>'. */
static int parse_variant(struct parser *p, const char *type, int depth, struct wire_value *ret)
{
	struct wire_value *inside = arena_new(p->a, struct wire_value);
	int r;

	if (type && *type != 'v')
		return wrong(p, "a variant, and another type was announced");
	p->p++;
	r = parse_value(p, NULL, depth + 1, inside);
	if (r < 0)
		return r;
	if (!eat(p, '>'))
		return wrong(p, "'>' is missing");
	*ret = (struct wire_value){.type = "v", .items = inside, .n = 1};
	return 0;
}

static bool is_double(const char *s)
{
	s += *s == '-' || *s == '+';
	return s[strspn(s, "0123456789")] == '.';
}

static int parse_simple(struct parser *p, const char *type, struct wire_value *ret)
{
	if (*p->p == '\'' || *p->p == '"') {
		ret->type = type ? type : "s";
		return strchr("sog", *ret->type)
			       ? parse_string(p, ret)
			       : wrong(p, "a string, and another type was announced");
	}
	ret->u = eat_word(p, "true");
	if (ret->u || eat_word(p, "false")) {
		ret->type = "b";
		return !type || *type == 'b'
			       ? 0
			       : wrong(p, "a boolean, and another type was announced");
	}
	ret->type = type ? type : is_double(p->p) ? "d" : "i";
	return *ret->type == 'd' ? parse_double(p, ret) : parse_integer(p, *ret->type, ret);
}

/* "@as" or "uint64" in front of a value. 1 with the type, 0, or -EINVAL. */
static int parse_prefix(struct parser *p, const char **ret)
{
	if (eat(p, '@')) {
		size_t n = wire_type_length(p->p);

		if (!n || n > 200)
			return wrong(p, "not a type");
		*ret = arena_strndup(p->a, p->p, n);
		p->p += n;
		return 1;
	}
	for (size_t i = 0; i < ARRAY_SIZE(keywords); i++) {
		if (eat_word(p, keywords[i].name)) {
			*ret = keywords[i].type;
			return 1;
		}
	}
	return 0;
}

static int parse_value(struct parser *p, const char *type, int depth, struct wire_value *ret)
{
	const char *said = NULL;
	int r = parse_prefix(p, &said);

	if (r < 0)
		return r;
	if (depth >= MAX_DEPTH)
		return wrong(p, "too many levels");
	if (said && type && !streq(said, type))
		return wrong(p, "elements of different types");
	type = said ? said : type;
	skip_blanks(p);
	switch (*p->p) {
	case '[':
		return parse_array(p, type, depth, ret);
	case '(':
		return parse_tuple(p, type, depth, ret);
	case '<':
		return parse_variant(p, type, depth, ret);
	default:
		return parse_simple(p, type, ret);
	}
}

int gvariant_parse(struct arena *a, const char *field, const char *text, struct wire_value *ret,
		   struct err *err)
{
	struct parser p = {.a = a, .start = text, .p = text};
	struct wire_value v = {0};
	int r;

	if (strlen(text) > MAX_TEXT)
		return err_fail(err, EINVAL, "%s: longer than %d bytes", field, MAX_TEXT);
	r = parse_value(&p, NULL, 0, &v);
	skip_blanks(&p);
	if (r == 0 && *p.p)
		r = wrong(&p, "text behind the value");
	if (r < 0)
		return err_fail(err, EINVAL, "%s: '%.64s' is no value of GVariant: %s at '%.16s'",
				field, text, p.what, p.p);
	*ret = v;
	return 0;
}
