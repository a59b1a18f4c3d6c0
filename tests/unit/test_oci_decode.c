/* TEST: JSON to structs: numbers, errors with their places, bad input. RFC 8259, B-02 to B-12. */
#include <errno.h>
#include <stdlib.h>

#include "oci-spec/field.h"
#include "oci-spec/oci.h"
#include "tests/unit/unit.h"

/* One member of each kind. */
struct sub {
	struct opt_i64 n;
	const char *name;
};
struct all {
	const char *s;
	struct opt_bool b;
	struct opt_i64 i64;
	struct opt_u64 u64;
	struct opt_u32 u32, u16;
	struct opt_i32 i32;
	struct oci_strings strings;
	struct oci_u32s u32s;
	struct oci_map map;
	struct sub *sub;
	OCI_ARRAY(struct sub) subs, keyed;
	bool there;
};

/* clang-format off */
static const struct oci_field sub_fields[] = {
	FIELD_I64(sub, n, "n"),
};
static OCI_TYPE_KEYED(sub, sub_fields, name);

static const struct oci_field all_fields[] = {
	FIELD_STRING  (all, s,       "s"),
	FIELD_BOOL    (all, b,       "b"),
	FIELD_I64     (all, i64,     "i64"),
	FIELD_U64     (all, u64,     "u64"),
	FIELD_U32     (all, u32,     "u32"),
	FIELD_U16     (all, u16,     "u16"),
	FIELD_I32     (all, i32,     "i32"),
	FIELD_STRINGS (all, strings, "strings"),
	FIELD_U32S    (all, u32s,    "u32s"),
	FIELD_MAP     (all, map,     "map"),
	FIELD_OBJECT  (all, sub,     "sub", sub),
	FIELD_OBJECTS (all, subs,    "subs", sub),
	FIELD_KEYED   (all, keyed,   "keyed", sub),
	FIELD_PRESENCE(all, there,   "there"),
};
static OCI_TYPE(all, all_fields);
/* clang-format on */

static struct arena arena;

static struct all good(const char *text)
{
	struct all all = {0};
	struct err err = ERR_NONE;

	if (oci_decode(&arena, &all_type, "f", text, strlen(text), &all, &err) < 0)
		unit_fail(__FILE__, __LINE__, "'%s': %s", text, err.text);
	return all;
}

static const char *bad_n(const char *text, size_t len)
{
	static struct err err;
	struct all all = {0};
	int r = oci_decode(&arena, &all_type, "f", text, len, &all, &err);

	if (r >= 0)
		unit_fail(__FILE__, __LINE__, "'%.*s' is accepted", (int)len, text);
	CHECK_INT(r, -err.code);
	return err.text;
}

static const char *bad(const char *text)
{
	return bad_n(text, strlen(text));
}

/* ---- values -------------------------------------------------------------------------- */

/* B-12: exact up to the ends of each range. */
static void number_edges(void)
{
	CHECK_INT(good("{\"i64\":9223372036854775807}").i64.v, INT64_MAX);
	CHECK_INT(good("{\"i64\":-9223372036854775808}").i64.v, INT64_MIN);
	CHECK_INT(good("{\"i64\":-0}").i64.v, 0);
	CHECK_UINT(good("{\"u64\":18446744073709551615}").u64.v, UINT64_MAX);
	CHECK_UINT(good("{\"u64\":9007199254740993}").u64.v, 9007199254740993);
	CHECK_UINT(good("{\"u32\":4294967295}").u32.v, UINT32_MAX);
	CHECK_UINT(good("{\"u16\":65535}").u16.v, 65535);
	CHECK_INT(good("{\"i32\":2147483647}").i32.v, INT32_MAX);
	CHECK_INT(good("{\"i32\":-2147483648}").i32.v, INT32_MIN);
	CHECK_UINT(good("{\"u32s\":[0,4294967295]}").u32s.v[1], UINT32_MAX);

	CHECK_STR(bad("{\"i64\":9223372036854775808}"),
		  "f:1:8: i64: '9223372036854775808' is out of range, expected "
		  "-9223372036854775808 to 9223372036854775807");
	CHECK_HAS(bad("{\"i64\":-9223372036854775809}"), "i64: '-9223372036854775809' is out of");
	CHECK_HAS(bad("{\"i64\":100000000000000000000000000000000000000000}"), "out of range");
	CHECK_STR(bad("{\"u64\":18446744073709551616}"),
		  "f:1:8: u64: '18446744073709551616' is out of range, expected 0 to "
		  "18446744073709551615");
	CHECK_STR(bad("{\"u32\":4294967296}"),
		  "f:1:8: u32: '4294967296' is out of range, expected 0 to 4294967295");
	CHECK_STR(bad("{\"u16\":65536}"),
		  "f:1:8: u16: '65536' is out of range, expected 0 to 65535");
	CHECK_HAS(bad("{\"i32\":2147483648}"), "expected -2147483648 to 2147483647");
	CHECK_HAS(bad("{\"i32\":-2147483649}"), "i32: '-2147483649' is out of range");
	CHECK_STR(bad("{\"u32s\":[1,4294967296]}"),
		  "f:1:12: u32s[1]: '4294967296' is out of range, expected 0 to 4294967295");
}

static void number_forms(void)
{
	CHECK_STR(bad("{\"u64\":-1}"),
		  "f:1:8: u64: '-1' is negative, expected 0 to 18446744073709551615");
	CHECK_HAS(bad("{\"u32\":-0}"), "u32: '-0' is negative");
	CHECK_STR(bad("{\"i64\":1.0}"), "f:1:8: i64: expected an integer, got '1.0'");
	CHECK_HAS(bad("{\"i64\":1e3}"), "i64: expected an integer, got '1e3'");
	CHECK_HAS(bad("{\"u64\":1E3}"), "u64: expected an integer, got '1E3'");
	CHECK_HAS(bad("{\"u32s\":[1.5]}"), "u32s[0]: expected an integer, got '1.5'");
	/* no JSON */
	CHECK_HAS(bad("{\"i64\":01}"), "f:1:");
	CHECK_HAS(bad("{\"i64\":+1}"), "f:1:8: ");
	CHECK_HAS(bad("{\"i64\":0x10}"), "f:1:");
	CHECK_HAS(bad("{\"i64\":-}"), "f:1:8: ");
	CHECK_HAS(bad("{\"i64\":NaN}"), "f:1:8: ");
}

static void presence(void)
{
	struct all all = good("{}");

	CHECK(!all.s && !all.b.set && !all.i64.set && !all.strings.set && !all.map.set &&
	      !all.sub && !all.subs.set && !all.there);
	all = good("{\"s\":\"\",\"b\":false,\"i64\":0,\"strings\":[],\"map\":{},\"sub\":{},"
		   "\"subs\":[],\"keyed\":{},\"u32s\":[],\"there\":{\"x\":[1,{}]}}");
	CHECK_STR(all.s, "");
	CHECK(all.b.set && !all.b.v && all.i64.set && all.i64.v == 0);
	CHECK(all.strings.set && all.strings.n == 0 && all.strings.v && !all.strings.v[0]);
	CHECK(all.map.set && all.map.n == 0 && all.sub && !all.sub->n.set);
	CHECK(all.subs.set && all.subs.n == 0 && all.keyed.set && all.u32s.set && all.there);
}

/* What Go writes for nil: the same as not there. */
static void null_is_absent(void)
{
	struct all all = good("{\"s\":null,\"b\":null,\"i64\":null,\"strings\":null,\"map\":null,"
			      "\"sub\":null,\"subs\":null,\"keyed\":null,\"u32s\":null,"
			      "\"there\":null,\"unknown\":null}");

	CHECK(!all.s && !all.b.set && !all.i64.set && !all.strings.set && !all.map.set &&
	      !all.sub && !all.subs.set && !all.keyed.set && !all.u32s.set && !all.there);
	/* but not where a value has to be */
	CHECK_STR(bad("{\"strings\":[null]}"), "f:1:13: strings[0]: expected a string, got null");
	CHECK_STR(bad("{\"map\":{\"a\":null}}"), "f:1:13: map.a: expected a string, got null");
	CHECK_STR(bad("{\"subs\":[null]}"), "f:1:10: subs[0]: expected an object, got null");
	CHECK_STR(bad("{\"keyed\":{\"a\":null}}"), "f:1:15: keyed.a: expected an object, got null");
	CHECK_STR(bad("null"), "f:1:1: expected an object, got null");
}

static void containers(void)
{
	struct all all =
		good("{\"strings\":[\"a\",\"b\",\"c\",\"d\"],\"map\":{\"k\":\"v\",\"\":\"\"},"
		     "\"subs\":[{\"n\":1},{},{\"n\":3}],"
		     "\"keyed\":{\"mlx\":{\"n\":7},\"hfi\":{}}}");

	CHECK_UINT(all.strings.n, 4);
	CHECK_STR(all.strings.v[3], "d");
	CHECK(!all.strings.v[4]);
	CHECK_UINT(all.map.n, 2);
	CHECK_STR(all.map.v[0].key, "k");
	CHECK_STR(all.map.v[0].value, "v");
	CHECK_STR(all.map.v[1].key, "");
	CHECK_UINT(all.subs.n, 3);
	CHECK(!all.subs.v[1].n.set);
	CHECK_INT(all.subs.v[2].n.v, 3);
	CHECK_UINT(all.keyed.n, 2);
	CHECK_STR(all.keyed.v[0].name, "mlx");
	CHECK_INT(all.keyed.v[0].n.v, 7);
	CHECK_STR(all.keyed.v[1].name, "hfi");
}

static void strings(void)
{
	CHECK_STR(good("{\"s\":\"\\\"\\\\\\/\\b\\f\\n\\r\\t\"}").s, "\"\\/\b\f\n\r\t");
	CHECK_STR(good("{\"s\":\"\\u0041\\u00e9\\u20AC\\ud83d\\udc33\"}").s,
		  "A\xc3\xa9\xe2\x82\xac\xf0\x9f\x90\xb3");
	CHECK_STR(good("{\"s\":\"gr\xc3\xbc\xc3\x9f\"}").s, "gr\xc3\xbc\xc3\x9f");
	CHECK_STR(good("{\"\\u0073\":\"escaped name\"}").s, "escaped name");

	CHECK_STR(bad("{\"s\":\"a\\u0000b\"}"), "f:1:6: s: NUL in a string");
	CHECK_STR(bad_n("{\"s\":\"a\0b\"}", 11), "f:1:6: invalid character inside string");
	CHECK_STR(bad("{\"s\":\"\\ud83d\"}"), "f:1:7: half of a surrogate pair in a string");
	CHECK_STR(bad("{\"s\":\"\\udc33\"}"), "f:1:7: half of a surrogate pair in a string");
	CHECK_STR(bad("{\"s\":\"\\ud83d\\u0041\"}"), "f:1:7: half of a surrogate pair in a string");
	CHECK_STR(bad("{\"s\":\"\\ud83d\\"), "f:1:7: half of a surrogate pair in a string");
	CHECK_HAS(bad("{\"s\":\"\\x41\"}"), "f:1:6: ");
	CHECK_HAS(bad("{\"s\":\"\\u00g1\"}"), "f:1:6: ");
	CHECK_HAS(bad("{\"s\":\"a\nb\"}"), "f:1:6: invalid character inside string");
}

/* B-02 */
static void not_utf8(void)
{
	CHECK_STR(bad("{\"s\":\"\xff\"}"), "f:1:7: not UTF-8");
	CHECK_STR(bad("{\"s\":\"\xc3\"}"), "f:1:7: not UTF-8");
	CHECK_STR(bad("{\"s\":\"\xc0\x80\"}"), "f:1:7: not UTF-8");
	CHECK_STR(bad("{\"s\":\"\xed\xa0\x80\"}"), "f:1:7: not UTF-8");
	CHECK_STR(bad("{\"s\":\"\xf4\x90\x80\x80\"}"), "f:1:7: not UTF-8");
	CHECK_STR(bad("{\"\xff\":1}"), "f:1:3: not UTF-8");
	CHECK_STR(bad("{\xff}"), "f:1:2: not UTF-8");
	CHECK_STR(bad("{\xc3\xbc}"), "f:1:2: invalid character outside a string");
}

/* ---- errors ---------------------------------------------------------------------------- */

static void wrong_types(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"{\"s\":12}", "f:1:6: s: expected a string, got a number"},
		{"{\"s\":true}", "f:1:6: s: expected a string, got a boolean"},
		{"{\"s\":{}}", "f:1:6: s: expected a string, got an object"},
		{"{\"s\":[]}", "f:1:6: s: expected a string, got an array"},
		{"{\"b\":\"true\"}", "f:1:6: b: expected true or false, got a string"},
		{"{\"b\":1}", "f:1:6: b: expected true or false, got a number"},
		{"{\"b\":[]}", "f:1:6: b: expected true or false, got an array"},
		{"{\"u32\":\"0666\"}", "f:1:8: u32: expected a number, got a string"}, /* B-13 */
		{"{\"u32\":{}}", "f:1:8: u32: expected a number, got an object"},
		{"{\"strings\":\"a\"}", "f:1:12: strings: expected an array, got a string"},
		{"{\"strings\":{}}", "f:1:12: strings: expected an array, got an object"},
		{"{\"strings\":[\"a\",1]}", "f:1:17: strings[1]: expected a string, got a number"},
		{"{\"strings\":[[]]}", "f:1:13: strings[0]: expected a string, got an array"},
		{"{\"u32s\":[\"1\"]}", "f:1:10: u32s[0]: expected a number, got a string"},
		{"{\"u32s\":[{}]}", "f:1:10: u32s[0]: expected a number, got an object"},
		{"{\"map\":[]}", "f:1:8: map: expected an object, got an array"},
		{"{\"map\":1}", "f:1:8: map: expected an object, got a number"},
		{"{\"map\":{\"k\":1}}",
		 "f:1:13: map.k: expected a string, got a number"}, /* */
		{"{\"map\":{\"k\":{}}}", "f:1:13: map.k: expected a string, got an object"},
		{"{\"sub\":[]}", "f:1:8: sub: expected an object, got an array"},
		{"{\"sub\":\"x\"}", "f:1:8: sub: expected an object, got a string"},
		{"{\"sub\":{\"n\":\"x\"}}", "f:1:13: sub.n: expected a number, got a string"},
		{"{\"subs\":{}}", "f:1:9: subs: expected an array, got an object"},
		{"{\"subs\":[{},1]}", "f:1:13: subs[1]: expected an object, got a number"},
		{"{\"subs\":[[]]}", "f:1:10: subs[0]: expected an object, got an array"},
		{"{\"keyed\":[]}", "f:1:10: keyed: expected an object, got an array"},
		{"{\"keyed\":{\"a\":{\"n\":true}}}",
		 "f:1:20: keyed.a.n: expected a number, got a boolean"},
		{"{\"keyed\":{\"a\":2}}", "f:1:15: keyed.a: expected an object, got a number"},
		{"{\"there\":1}", "f:1:10: there: expected an object, got a number"},
		{"{\"there\":[]}", "f:1:10: there: expected an object, got an array"},
		{"[]", "f:1:1: expected an object, got an array"},
		{"12", "f:1:1: expected an object, got a number"},
		{"\"x\"", "f:1:1: expected an object, got a string"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		CHECK_STR(bad(rows[i].text), rows[i].want);
}

static void places(void)
{
	CHECK_STR(bad("{\n  \"sub\": {\n    \"n\":   \"x\"\n  }\n}"),
		  "f:3:12: sub.n: expected a number, got a string");
	CHECK_STR(bad("{\r\n\t\"s\" : 1 }"), "f:2:8: s: expected a string, got a number");
	/* columns are characters; an escaped name before it does not confuse */
	CHECK_STR(bad("{\"x\":\"\xc3\xbc\xf0\x9f\x90\xb3\",\"s\":1}"),
		  "f:1:15: s: expected a string, got a number");
	CHECK_STR(bad("{\"x\\\"\":1,\"s\":1}"), "f:1:14: s: expected a string, got a number");
	CHECK_STR(bad("{\"subs\":[{\"n\":1},{\"n\":2},{\"n\":-}]}"),
		  "f:1:31: malformed number, a digit is required after the minus sign");
}

static void grammar(void)
{
	static const char *const rows[][2] = {
		{"{]", "f:1:2: "},
		{"{\"s\":\"a\"} x", "f:1:11: trailing garbage"},
		{"{}{}", "f:1:3: trailing garbage"},
		{"{} {}", "f:1:4: trailing garbage"},
		{"{},", "f:1:3: trailing garbage"},
		{"{\"s\" \"a\"}", "f:1:6: "},
		{"{\"s\":\"a\",}", "f:1:10: "},
		{"{\"strings\":[\"a\",]}", "f:1:17: "},
		{"{\"strings\":[\"a\" \"b\"]}", "f:1:17: "},
		{"{s:1}", "f:1:2: "},
		{"{'s':1}", "f:1:2: "},
		{"{\"b\":tru}", "f:1:6: "},
		{"{\"b\":True}", "f:1:6: "},
		{"{/* */}", "f:1:"},
		{"}", "f:1:1: "},
		{"{}\f", "f:1:3: control character outside a string"},
		{"{\v}", "f:1:2: control character outside a string"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const char *got = bad(rows[i][0]);

		if (strncmp(got, rows[i][1], strlen(rows[i][1])) != 0)
			unit_fail(__FILE__, __LINE__, "'%s': '%s', expected '%s'", rows[i][0], got,
				  rows[i][1]);
	}
	CHECK_STR(bad(""), "f: the file is empty");
	CHECK_STR(bad(" \n\t"), "f: the file is empty");
	CHECK_STR(bad("{"), "f:1:2: unexpected end of file");
	CHECK_STR(bad("{\"s\":\n\"abc"), "f:2:5: unexpected end of file");
	CHECK_STR(bad("{\"b\":tr"), "f:1:8: unexpected end of file");
}

/* B-03, at known and unknown levels. */
static void duplicates(void)
{
	CHECK_STR(bad("{\"s\":\"a\",\"s\":\"b\"}"), "f:1:10: s: duplicate member");
	CHECK_STR(bad("{\"s\":null,\n\"\\u0073\":\"b\"}"), "f:2:1: s: duplicate member");
	CHECK_STR(bad("{\"x\":1,\"x\":2}"), "f:1:8: x: duplicate member");
	CHECK_STR(bad("{\"sub\":{\"n\":1,\"n\":1}}"), "f:1:15: sub.n: duplicate member");
	CHECK_STR(bad("{\"subs\":[{\"n\":1,\"n\":1}]}"), "f:1:17: subs[0].n: duplicate member");
	CHECK_STR(bad("{\"map\":{\"a\":\"\",\"b\":\"\",\"a\":\"\"}}"),
		  "f:1:23: map.a: duplicate member");
	CHECK_STR(bad("{\"keyed\":{\"a\":{},\"a\":{}}}"), "f:1:18: keyed.a: duplicate member");
	CHECK_STR(bad("{\"x\":{\"y\":[0,{\"z\":1,\"z\":2}]}}"),
		  "f:1:21: x.y[1].z: duplicate member");
	CHECK_STR(bad("{\"there\":{\"z\":1,\"z\":2}}"), "f:1:17: there.z: duplicate member");
	/* the same name at different places is none */
	good("{\"x\":{\"a\":1},\"y\":{\"a\":1,\"x\":2},\"subs\":[{\"n\":1},{\"n\":1}],\"n\":1}");
}

/* B-09 */
static void unknown_members(void)
{
	struct all all =
		good("{\"u\":{\"s\":\"no\",\"sub\":[1,{\"n\":2}]},\"s\":\"yes\",\"v\":[[],{}],"
		     "\"sub\":{\"u\":null,\"n\":5},\"subs\":[{\"u\":1,\"n\":1}]}");

	CHECK_STR(all.s, "yes");
	CHECK_INT(all.sub->n.v, 5);
	CHECK_INT(all.subs.v[0].n.v, 1);
	CHECK_UINT(all.subs.n, 1);
}

/* ---- limits ---------------------------------------------------------------------------- */

static char *nested(size_t depth, char open, char close)
{
	char *text = malloc(depth * 2 + 16), *p = text;

	p += sprintf(p, "{\"u\":");
	for (size_t i = 1; i < depth; i++)
		*p++ = open;
	for (size_t i = 1; i < depth; i++)
		*p++ = close;
	strcpy(p, "}");
	return text;
}

static void depth(void)
{
	char *text = nested(32, '[', ']');

	good(text);
	free(text);
	text = nested(33, '[', ']');
	CHECK_STR(bad(text), "f:1:37: nested too deeply, the limit is 32 levels");
	free(text);
	text = nested(1000, '[', ']');
	CHECK_STR(bad(text), "f:1:37: nested too deeply, the limit is 32 levels");
	text[900] = '\0'; /* not even closed */
	CHECK_STR(bad(text), "f:1:37: nested too deeply, the limit is 32 levels");
	free(text);
	/* brackets in strings do not count */
	good("{\"s\":\"[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[[{{{{{\"}");
	/* objects as deep as they can be */
	good("{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
	     "\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{"
	     "\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{\"a\":{}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}}");
}

static void size(void)
{
	size_t len = 20u << 20;
	char *text = malloc(len + 1);

	memset(text, ' ', len);
	text[0] = '{';
	text[len - 1] = '}';
	text[len] = '\0';
	CHECK_STR(bad_n(text, len), "f: larger than 16 MiB");
	CHECK_STR(bad_n(text, OCI_MAX_BYTES + 1), "f: larger than 16 MiB");
	text[OCI_MAX_BYTES - 1] = '}';
	text[OCI_MAX_BYTES] = '\0';
	good(text);
	free(text);
}

/* Many members: found out in linear time, or this takes hours. */
static void many_members(void)
{
	size_t n = 300000;
	char *text = malloc(n * 24), *p = text;
	struct all all;

	p += sprintf(p, "{\"map\":{");
	for (size_t i = 0; i < n; i++)
		p += sprintf(p, "%s\"k%zu\":\"%zu\"", i ? "," : "", i, i);
	strcpy(p, "}}");
	all = good(text);
	CHECK_UINT(all.map.n, n);
	CHECK_STR(all.map.v[n - 1].key, "k299999");
	strcpy(p, ",\"k7\":\"\"}}");
	CHECK_HAS(bad(text), ": map.k7: duplicate member");
	free(text);
}

static void long_names(void)
{
	size_t len = 100000;
	char *text = malloc(len + 64);

	sprintf(text, "{\"map\":{\"");
	memset(text + 9, 'k', len);
	strcpy(text + 9 + len, "\":1}}");
	CHECK_HAS(bad(text), "kkk: expected a string, got a number");
	sprintf(text, "{\"i64\":");
	memset(text + 7, '1', len);
	strcpy(text + 7 + len, "}");
	CHECK_HAS(bad(text), "'1111111111111111111111111111111111111111' is out of range");
	free(text);
}

static void files(void)
{
	struct oci_spec spec = {0};
	struct err err;

	CHECK(oci_decode_file(&arena, &oci_spec_type, -100, "/nonexistent/config.json", &spec,
			      &err) == -ENOENT);
	CHECK_HAS(err.text, "/nonexistent/config.json");
}

static const struct unit_case cases[] = {
	{"B-12: number edges", number_edges},
	{"number forms", number_forms},
	{"presence is a value", presence},
	{"null is absent", null_is_absent},
	{"arrays, maps, keyed objects", containers},
	{"strings", strings},
	{"B-02: not UTF-8", not_utf8},
	{"B-10: wrong types", wrong_types},
	{"line and column", places},
	{"grammar", grammar},
	{"B-03: duplicate members", duplicates},
	{"B-09: unknown members", unknown_members},
	{"depth", depth},
	{"size", size},
	{"many members", many_members},
	{"long names and numbers", long_names},
	{"missing file", files},
};
UNIT_MAIN(cases)
