/*
 * options.h - one table of options per command; everything else follows from it.
 *
 * A table drives the parser, --help, the manual page and the completion. Each row names the
 * member of the command's own struct that its value goes to, and the row macros check the
 * member's type when they are compiled.
 *
 * Accepted: --name VALUE, --name=VALUE, -n VALUE, -n=VALUE, -nVALUE, -name VALUE (one dash
 * before a long name, as people and engines write for runc), flags with =true or =false,
 * flags of one letter in a bundle. "--" ends the options. A later option overrides an earlier one;
 * a CLI_REPEAT collects.
 */
#ifndef HULL_CMD_OPTIONS_H
#define HULL_CMD_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/arena.h"
#include "oci-spec/spec.h"

enum cli_kind {
	CLI_FLAG,   /* bool */
	CLI_STRING, /* const char *, NULL when absent */
	CLI_CHOICE, /* const char *; the row's ARG lists what is allowed: "table|json" */
	CLI_SWITCH, /* a choice whose value may be left out and then is the first one */
	CLI_REPEAT, /* struct cli_list */
	CLI_U32,    /* uint32_t */
	CLI_U64,    /* struct opt_u64 */
	CLI_I64,    /* struct opt_i64 */
	CLI_SIZE,   /* struct opt_i64, bytes: 512m, 1g, -1 */
	CLI_TIME,   /* int, milliseconds: 5s, 500ms, 1m30s */
};

struct cli_list {
	const char **v; /* v[n] is NULL; NULL when empty */
	size_t n;
};

struct cli_option {
	const char *name; /* long name without dashes; NULL ends a table */
	char letter;      /* 0 = none */
	enum cli_kind kind;
	bool hidden; /* accepted for compatibility, in no documentation */
	size_t offset;
	const char *arg;  /* name of the value in the documentation */
	const char *help; /* one sentence, lower case, no full stop */
};

/* clang-format off */
/* Offset of a member that must be of the type. */
#define CLI_AT(T, member, type) \
	(offsetof(T, member) + 0 * sizeof((type *)0 == &((T *)0)->member))
#define CLI_ROW(k, T, m, type, l, n, a, h) \
	{.name = n, .letter = l, .kind = k, .offset = CLI_AT(T, m, type), .arg = a, .help = h}
#define OPT_FLAG(T, m, l, n, h) CLI_ROW(CLI_FLAG, T, m, bool, l, n, NULL, h)
#define OPT_STRING(T, m, l, n, a, h) CLI_ROW(CLI_STRING, T, m, const char *, l, n, a, h)
#define OPT_CHOICE(T, m, l, n, a, h) CLI_ROW(CLI_CHOICE, T, m, const char *, l, n, a, h)
#define OPT_SWITCH(T, m, l, n, a, h) CLI_ROW(CLI_SWITCH, T, m, const char *, l, n, a, h)
#define OPT_REPEAT(T, m, l, n, a, h) CLI_ROW(CLI_REPEAT, T, m, struct cli_list, l, n, a, h)
#define OPT_U32(T, m, l, n, a, h) CLI_ROW(CLI_U32, T, m, uint32_t, l, n, a, h)
#define OPT_U64(T, m, l, n, a, h) CLI_ROW(CLI_U64, T, m, struct opt_u64, l, n, a, h)
#define OPT_I64(T, m, l, n, a, h) CLI_ROW(CLI_I64, T, m, struct opt_i64, l, n, a, h)
#define OPT_SIZE(T, m, l, n, a, h) CLI_ROW(CLI_SIZE, T, m, struct opt_i64, l, n, a, h)
#define OPT_TIME(T, m, l, n, a, h) CLI_ROW(CLI_TIME, T, m, int, l, n, a, h)
/* Accepted and dropped. */
#define OPT_IGNORED(T, m, n) \
	{.name = n, .kind = CLI_FLAG, .hidden = true, .offset = CLI_AT(T, m, bool)}
#define OPT_IGNORED_VALUE(T, m, n) \
	{.name = n, .kind = CLI_STRING, .hidden = true, .arg = "VALUE",  \
	 .offset = CLI_AT(T, m, const char *)}
#define OPT_END {.name = NULL}
/* clang-format on */

struct cli_operands {
	int argc;
	char **argv; /* NULL-terminated */
	bool help;   /* --help or -h was among the options, which end there */
};

/* Parses ARGV (NULL-terminated, without the command's name) into OPTS. OPTIONS_FIRST: the first
 * operand ends the options; otherwise they may stand after operands. -EINVAL names the option. */
int cli_parse(struct arena *a, const struct cli_option *table, bool options_first, char **argv,
	      void *opts, struct cli_operands *ret, struct err *err) must_check;
/* The row of a long name (LEN characters), or NULL. */
const struct cli_option *cli_find(const struct cli_option *table, const char *name, size_t len);
/* Whether the option is followed by a value, always. */
bool cli_takes_value(const struct cli_option *opt);

/* "5s", "500ms", "1m30s", "1.5h", "0": as Go writes durations. 0, -EINVAL or -ERANGE. What is
 * shorter than a millisecond counts as one. */
int cli_parse_duration(const char *s, int *ret_ms);

#endif
