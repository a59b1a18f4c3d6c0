/* TEST: the streaming JSON writer. Expected values: RFC 8259. */
#include <math.h>

#include "oci-spec/jsonw.h"
#include "tests/unit/unit.h"

static void sample(struct json_writer *w)
{
	json_object_begin(w);
	json_key(w, "id");
	json_string(w, "web");
	json_key(w, "pids");
	json_array_begin(w);
	json_int(w, 1);
	json_int(w, -2);
	json_array_end(w);
	json_key(w, "none");
	json_array_begin(w);
	json_array_end(w);
	json_key(w, "empty");
	json_object_begin(w);
	json_object_end(w);
	json_key(w, "deep");
	json_object_begin(w);
	json_key(w, "on");
	json_bool(w, true);
	json_object_end(w);
	json_object_end(w);
}

static void compact(void)
{
	auto_arena a = ARENA_INIT;
	struct json_writer w;
	size_t len;
	const char *want =
		"{\"id\":\"web\",\"pids\":[1,-2],\"none\":[],\"empty\":{},\"deep\":{\"on\":true}}";

	json_start(&w, &a, "");
	sample(&w);
	CHECK_STR(json_finish(&w, &len), want);
	CHECK_UINT(len, strlen(want));
}

static void indented(void)
{
	auto_arena a = ARENA_INIT;
	struct json_writer w;

	json_start(&w, &a, "\t");
	sample(&w);
	CHECK_STR(json_finish(&w, NULL), "{\n"
					 "\t\"id\": \"web\",\n"
					 "\t\"pids\": [\n"
					 "\t\t1,\n"
					 "\t\t-2\n"
					 "\t],\n"
					 "\t\"none\": [],\n"
					 "\t\"empty\": {},\n"
					 "\t\"deep\": {\n"
					 "\t\t\"on\": true\n"
					 "\t}\n"
					 "}");
}

static void scalars(void)
{
	auto_arena a = ARENA_INIT;
	struct json_writer w;

	json_start(&w, &a, "");
	json_array_begin(&w);
	json_uint(&w, UINT64_MAX);
	json_int(&w, INT64_MIN);
	json_double(&w, 0.1);
	json_double(&w, 1.0 / 3);
	json_double(&w, 12);
	json_double(&w, (double)NAN);
	json_bool(&w, false);
	json_null(&w);
	json_string(&w, NULL);
	json_array_end(&w);
	CHECK_STR(json_finish(&w, NULL), "[18446744073709551615,-9223372036854775808,0.1,"
					 "0.3333333333333333,12,null,false,null,null]");
}

static const char *quoted(struct arena *a, const char *s)
{
	struct json_writer w;

	json_start(&w, a, "");
	json_string(&w, s);
	return json_finish(&w, NULL);
}

static void escapes(void)
{
	auto_arena a = ARENA_INIT;

	CHECK_STR(quoted(&a, ""), "\"\"");
	CHECK_STR(quoted(&a, "a\"b\\c/d"), "\"a\\\"b\\\\c/d\"");
	CHECK_STR(quoted(&a, "\n\t\r\b\f\001\037"), "\"\\n\\t\\r\\b\\f\\u0001\\u001f\"");
	CHECK_STR(quoted(&a, "<&>\x7f"), "\"<&>\x7f\"");
	CHECK_STR(quoted(&a, "gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xb3"),
		  "\"gr\xc3\xbc\xc3\x9f \xf0\x9f\x90\xb3\"");
	/* stray continuation, cut character, overlong slash, surrogate, above U+10FFFF */
	CHECK_STR(quoted(&a, "\x80!"), "\"\xef\xbf\xbd!\"");
	CHECK_STR(quoted(&a, "\xe2\x82"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	CHECK_STR(quoted(&a, "\xc0\xaf"), "\"\xef\xbf\xbd\xef\xbf\xbd\"");
	CHECK_STR(quoted(&a, "\xed\xa0\x80"), "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	CHECK_STR(quoted(&a, "\xf5"), "\"\xef\xbf\xbd\"");
}

static void long_text(void)
{
	auto_arena a = ARENA_INIT;
	struct json_writer w;
	size_t len;

	json_start(&w, &a, "");
	json_array_begin(&w);
	for (int i = 0; i < 10000; i++)
		json_int(&w, 1234567);
	json_array_end(&w);
	json_finish(&w, &len);
	CHECK_UINT(len, 10000 * 8 + 1);
}

static const struct unit_case cases[] = {
	{"compact form", compact}, {"indented form", indented}, {"scalars", scalars},
	{"escapes", escapes},      {"long text", long_text},
};
UNIT_MAIN(cases)
