/* TEST: the engine that parses command lines, and durations. */
#include "tests/unit/unit.h"

#include <errno.h>

#include "cmd/options.h"
#include "libcontainer/base/cleanup.h"

struct values {
	bool force, quiet;
	const char *bundle, *format, *rootless;
	struct cli_list env;
	uint32_t fds;
	struct opt_u64 period;
	struct opt_i64 quota, memory;
	int interval;
};

/* clang-format off */
static const struct cli_option table[] = {
	OPT_FLAG(struct values, force, 'f', "force", "h"),
	OPT_FLAG(struct values, quiet, 'q', "quiet", "h"),
	OPT_STRING(struct values, bundle, 'b', "bundle", "DIR", "h"),
	OPT_CHOICE(struct values, format, 0, "format", "table|json", "h"),
	OPT_SWITCH(struct values, rootless, 0, "rootless", "true|false|auto", "h"),
	OPT_REPEAT(struct values, env, 'e', "env", "NAME=VALUE", "h"),
	OPT_U32(struct values, fds, 0, "preserve-fds", "N", "h"),
	OPT_U64(struct values, period, 0, "period", "N", "h"),
	OPT_I64(struct values, quota, 0, "quota", "N", "h"),
	OPT_SIZE(struct values, memory, 0, "memory", "SIZE", "h"),
	OPT_TIME(struct values, interval, 0, "interval", "DURATION", "h"),
	OPT_END,
};
/* clang-format on */

static struct arena arena; /* of one case: each runs in a process of its own */
static struct values got;
static struct cli_operands operands;
static struct err err;

static int parse(bool options_first, char **argv)
{
	memset(&got, 0, sizeof(got));
	return cli_parse(&arena, table, options_first, argv, &got, &operands, &err);
}

#define PARSE(...)       parse(false, (char *[]){__VA_ARGS__, NULL})
#define PARSE_FIRST(...) parse(true, (char *[]){__VA_ARGS__, NULL})
#define W(s)             arena_strdup(&arena, s) /* a writable string, as in argv */

static void test_string_forms(void)
{
	static const char *const forms[][2] = {
		{"--bundle", "DIR"},   {"--bundle=DIR", NULL}, {"-b", "DIR"},
		{"-b=DIR", NULL},      {"-bDIR", NULL},        {"-bundle", "DIR"},
		{"-bundle=DIR", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		char *argv[] = {(char *)(uintptr_t)forms[i][0], (char *)(uintptr_t)forms[i][1],
				NULL, NULL};

		argv[argv[1] ? 2 : 1] = W("id");
		CHECK_INT(parse(false, argv), 0);
		CHECK_STR(got.bundle, "DIR");
		CHECK_INT(operands.argc, 1);
		CHECK_STR(operands.argv[0], "id");
		CHECK(operands.argv[1] == NULL);
	}
}

static void test_flags(void)
{
	CHECK_INT(PARSE(W("-f")), 0);
	CHECK(got.force && !got.quiet);
	CHECK_INT(PARSE(W("-fq")), 0);
	CHECK(got.force && got.quiet);
	CHECK_INT(PARSE(W("-fqb"), W("x")), 0);
	CHECK(got.force && got.quiet);
	CHECK_STR(got.bundle, "x");
	CHECK_INT(PARSE(W("-force")), 0);
	CHECK(got.force);
	CHECK_INT(PARSE(W("--force"), W("--force=false")), 0);
	CHECK(!got.force);
	CHECK_INT(PARSE(W("--force=true")), 0);
	CHECK(got.force);
	CHECK_INT(PARSE(W("--force=maybe")), -EINVAL);
	CHECK_HAS(err.text, "--force");
}

static void test_last_wins(void)
{
	CHECK_INT(PARSE(W("--bundle=a"), W("-b"), W("b")), 0);
	CHECK_STR(got.bundle, "b");
}

static void test_repeat(void)
{
	CHECK_INT(PARSE(W("-e"), W("A=1,2"), W("--env"), W("B="), W("--env=C=x=y"), W("-eD"),
			W("-e"), W("E")),
		  0);
	CHECK_UINT(got.env.n, 5);
	CHECK_STR(got.env.v[0], "A=1,2");
	CHECK_STR(got.env.v[1], "B=");
	CHECK_STR(got.env.v[2], "C=x=y");
	CHECK_STR(got.env.v[3], "D");
	CHECK(got.env.v[5] == NULL);
	CHECK_INT(PARSE(W("id")), 0);
	CHECK(got.env.v == NULL && got.env.n == 0);
}

static void test_values_that_look_like_options(void)
{
	CHECK_INT(PARSE(W("--quota"), W("-1"), W("--memory"), W("-1"), W("-b"), W("-")), 0);
	CHECK(got.quota.set && got.memory.set);
	CHECK_INT(got.quota.v, -1);
	CHECK_INT(got.memory.v, -1);
	CHECK_STR(got.bundle, "-");
	CHECK_INT(PARSE(W("--bundle=")), 0);
	CHECK_STR(got.bundle, "");
}

static void test_numbers(void)
{
	CHECK_INT(PARSE(W("--preserve-fds"), W("4294967295"), W("--period=18446744073709551615")),
		  0);
	CHECK_UINT(got.fds, UINT32_MAX);
	CHECK_UINT(got.period.v, UINT64_MAX);
	CHECK(!got.quota.set);
	CHECK_INT(PARSE(W("--memory=512m")), 0);
	CHECK_INT(got.memory.v, 512 << 20);
	CHECK_INT(PARSE(W("--preserve-fds"), W("4294967296")), -EINVAL);
	CHECK_HAS(err.text, "out of range");
	CHECK_INT(PARSE(W("--preserve-fds=-1")), -EINVAL);
	CHECK_INT(PARSE(W("--preserve-fds=")), -EINVAL);
	CHECK_INT(PARSE(W("--preserve-fds=3x")), -EINVAL);
	CHECK_HAS(err.text, "--preserve-fds");
	CHECK_HAS(err.text, "3x");
	CHECK_INT(PARSE(W("--memory=lots")), -EINVAL);
	CHECK_INT(PARSE(W("--interval=5")), -EINVAL);
	CHECK_INT(PARSE(W("--interval=1m30s")), 0);
	CHECK_INT(got.interval, 90000);
}

static void test_choice(void)
{
	CHECK_INT(PARSE(W("--format=json")), 0);
	CHECK_STR(got.format, "json");
	CHECK_INT(PARSE(W("--format"), W("table")), 0);
	CHECK_STR(got.format, "table");
	CHECK_INT(PARSE(W("--format=js")), -EINVAL);
	CHECK_HAS(err.text, "invalid format 'js'");
	CHECK_INT(PARSE(W("--format=table|json")), -EINVAL);
	CHECK_INT(PARSE(W("--format=")), -EINVAL);
}

static void test_switch(void)
{
	CHECK_INT(PARSE(W("--rootless"), W("auto"), W("x")), 0);
	CHECK_STR(got.rootless, "auto");
	CHECK_INT(operands.argc, 1);
	CHECK_INT(PARSE(W("--rootless"), W("list")), 0);
	CHECK_STR(got.rootless, "true");
	CHECK_INT(operands.argc, 1);
	CHECK_INT(PARSE(W("--rootless")), 0);
	CHECK_STR(got.rootless, "true");
	CHECK_INT(PARSE(W("--rootless=no")), -EINVAL);
}

static void test_operands(void)
{
	CHECK_INT(PARSE(W("id"), W("-f"), W("--"), W("-x"), W("--bundle")), 0);
	CHECK(got.force);
	CHECK_INT(operands.argc, 3);
	CHECK_STR(operands.argv[1], "-x");
	CHECK_STR(operands.argv[2], "--bundle");
	CHECK_INT(PARSE_FIRST(W("-f"), W("id"), W("ls"), W("-la"), W("--help")), 0);
	CHECK(got.force && !operands.help);
	CHECK_INT(operands.argc, 4);
	CHECK_STR(operands.argv[2], "-la");
	CHECK_INT(PARSE_FIRST(W("--"), W("-id")), 0);
	CHECK_STR(operands.argv[0], "-id");
	CHECK_INT(PARSE(W("-")), 0);
	CHECK_STR(operands.argv[0], "-");
}

static void test_errors(void)
{
	CHECK_INT(PARSE(W("--invalidflag")), -EINVAL);
	CHECK_HAS(err.text, "invalidflag");
	CHECK_INT(PARSE(W("--invalidflag=1")), -EINVAL);
	CHECK_INT(PARSE(W("-x")), -EINVAL);
	CHECK_HAS(err.text, "-x");
	CHECK_INT(PARSE(W("--bundl"), W("x")), -EINVAL); /* no abbreviations: they change meaning */
	CHECK_INT(PARSE(W("--bundle")), -EINVAL);
	CHECK_STR(err.text,
		  "option '--bundle' requires an argument (flag needs an argument: --bundle)");
	CHECK_INT(PARSE(W("-b")), -EINVAL);
	CHECK_STR(err.text,
		  "option '--bundle' requires an argument (flag needs an argument: --bundle)");
}

static void test_help(void)
{
	static const char *const forms[] = {"--help", "-h", "-help"};

	for (size_t i = 0; i < ARRAY_SIZE(forms); i++) {
		char *argv[] = {(char *)(uintptr_t)forms[i], W("--invalidflag"), NULL};

		CHECK_INT(parse(false, argv), 0);
		CHECK(operands.help);
	}
}

static void test_durations(void)
{
	static const struct {
		const char *text;
		int result, ms;
	} cases[] = {
		{"5s", 0, 5000},
		{"500ms", 0, 500},
		{"1m", 0, 60000},
		{"1h15m30.918s", 0, 4530918},
		{"1.5h", 0, 5400000},
		{".5s", 0, 500},
		{"1us", 0, 1},
		{"1000001ns", 0, 2},
		{"2\xc2\xb5s", 0, 1},
		{"0", 0, 0},
		{"0s", 0, 0},
		{"", -EINVAL, 0},
		{"5", -EINVAL, 0},
		{"s", -EINVAL, 0},
		{".s", -EINVAL, 0},
		{"-5s", -EINVAL, 0},
		{"5 s", -EINVAL, 0},
		{"5d", -EINVAL, 0},
		{"1s5", -EINVAL, 0},
		{"99999999h", -ERANGE, 0},
		{"600h", -ERANGE, 0}, /* beyond INT_MAX milliseconds */
		{"18446744073709551616ns", -ERANGE, 0},
	};

	for (size_t i = 0; i < ARRAY_SIZE(cases); i++) {
		int ms = -7, r = cli_parse_duration(cases[i].text, &ms);

		printf("# '%s'\n", cases[i].text);
		CHECK_INT(r, cases[i].result);
		CHECK_INT(ms, r == 0 ? cases[i].ms : -7);
	}
}

static const struct unit_case cases[] = {
	{"a value in every form", test_string_forms},
	{"flags", test_flags},
	{"the last of an option wins", test_last_wins},
	{"a repeated option collects", test_repeat},
	{"values that look like options", test_values_that_look_like_options},
	{"numbers", test_numbers},
	{"one of a list", test_choice},
	{"a value that may be left out", test_switch},
	{"operands", test_operands},
	{"errors name the option", test_errors},
	{"help", test_help},
	{"durations", test_durations},
};

UNIT_MAIN(cases)
