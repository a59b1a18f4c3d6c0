/* PURE: parse a command line by a table of options. */
#include "cmd/options.h"

#include <errno.h>
#include <limits.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"

struct parser {
	struct arena *a;
	const struct cli_option *table;
	char **next; /* the argument after the current one */
	void *opts;
	struct cli_operands operands;
};

const struct cli_option *cli_find(const struct cli_option *table, const char *name, size_t len)
{
	for (const struct cli_option *o = table; o->name; o++)
		if (strncmp(o->name, name, len) == 0 && o->name[len] == '\0')
			return o;
	return NULL;
}

static const struct cli_option *find_letter(const struct cli_option *table, char letter)
{
	for (const struct cli_option *o = table; o->name; o++)
		if (o->letter == letter)
			return o;
	return NULL;
}

bool cli_takes_value(const struct cli_option *opt)
{
	return opt->kind != CLI_FLAG && opt->kind != CLI_SWITCH;
}

/* The member of "a|b|c" that S is, or NULL. Storage: S. */
static const char *choice(const char *list, const char *s)
{
	size_t len = strlen(s);

	for (const char *p = list;;) {
		size_t n = strcspn(p, "|");

		if (n == len && strncmp(p, s, n) == 0)
			return s;
		if (!p[n])
			return NULL;
		p += n + 1;
	}
}

static int parse_bool(const char *s, bool *ret)
{
	static const char *const yes[] = {"true", "1", "t", "T", "True", "TRUE"};
	static const char *const no[] = {"false", "0", "f", "F", "False", "FALSE"};

	for (size_t i = 0; i < ARRAY_SIZE(yes); i++) {
		if (streq(s, yes[i]) || streq(s, no[i])) {
			*ret = streq(s, yes[i]);
			return 0;
		}
	}
	return -EINVAL;
}

static int store_number(enum cli_kind kind, const char *value, void *at)
{
	struct opt_u64 *u = at;
	struct opt_i64 *i = at;
	int r;

	switch (kind) {
	case CLI_U32:
		return str_to_u32(value, at);
	case CLI_U64:
		r = str_to_u64(value, &u->v);
		u->set = r == 0;
		return r;
	case CLI_I64:
		r = str_to_i64(value, &i->v);
		i->set = r == 0;
		return r;
	case CLI_SIZE:
		r = str_to_size(value, &i->v);
		i->set = r == 0;
		return r;
	case CLI_TIME:
		return cli_parse_duration(value, at);
	default:
		return -EINVAL;
	}
}

static int bad_number(const struct cli_option *o, const char *value, int r, struct err *err)
{
	static const char *const what[] = {
		[CLI_U32] = "a whole number",
		[CLI_U64] = "a whole number",
		[CLI_I64] = "a whole number",
		[CLI_SIZE] = "a size (512m, 1g, -1)",
		[CLI_TIME] = "a duration (5s, 500ms, 1m30s)",
	};

	if (r == -ERANGE)
		return err_fail(err, EINVAL, "option '--%s': '%.64s' is out of range", o->name,
				value);
	return err_fail(err, EINVAL, "option '--%s': '%.64s' is not %s", o->name, value,
			what[o->kind]);
}

static int store(struct parser *p, const struct cli_option *o, const char *value, struct err *err)
{
	void *at = (char *)p->opts + o->offset;
	struct cli_list *list = at;
	int r;

	switch (o->kind) {
	case CLI_FLAG:
		if (parse_bool(value, at) < 0)
			return err_fail(err, EINVAL, "option '--%s': '%.64s' is not true or false",
					o->name, value);
		return 0;
	case CLI_CHOICE:
	case CLI_SWITCH:
		if (!choice(o->arg, value))
			return err_fail(err, EINVAL, "option '--%s': invalid %s '%.64s' (%s)",
					o->name, o->name, value, o->arg);
		*(const char **)at = value;
		return 0;
	case CLI_STRING:
		*(const char **)at = value;
		return 0;
	case CLI_REPEAT:
		*(const char **)arena_push(p->a, &list->v, &list->n) = value;
		return 0;
	default:
		r = store_number(o->kind, value, at);
		return r < 0 ? bad_number(o, value, r, err) : 0;
	}
}

/* The value of an option that stands in an argument of its own, or what its absence means. */
static int store_next(struct parser *p, const struct cli_option *o, struct err *err)
{
	if (o->kind == CLI_FLAG)
		return store(p, o, "true", err);
	if (o->kind == CLI_SWITCH && (!*p->next || !choice(o->arg, *p->next)))
		return store(p, o, arena_strndup(p->a, o->arg, strcspn(o->arg, "|")), err);
	if (!*p->next)
		/* Both phrases are looked for: Podman's probe of restore, for one. */
		return err_fail(err, EINVAL,
				"option '--%s' requires an argument (flag needs an argument: --%s)",
				o->name, o->name);
	return store(p, o, *p->next++, err);
}

/* "-d", "-bDIR", "-b=DIR", "-dt": LETTERS is what follows the dash. */
static int parse_letters(struct parser *p, const char *arg, struct err *err)
{
	for (const char *s = arg + 1; *s; s++) {
		const struct cli_option *o = find_letter(p->table, *s);

		if (!o && *s == 'h') {
			p->operands.help = true;
			return 0;
		}
		if (!o)
			return err_fail(err, EINVAL, "unknown option '%.64s'", arg);
		if (s[1] == '=')
			return store(p, o, s + 2, err);
		if (cli_takes_value(o) && s[1])
			return store(p, o, s + 1, err);
		if (store_next(p, o, err) < 0)
			return -err->code;
	}
	return 0;
}

static int parse_option(struct parser *p, const char *arg, struct err *err)
{
	bool one_dash = arg[1] != '-';
	const char *name = arg + (one_dash ? 1 : 2);
	size_t len = strcspn(name, "=");
	const struct cli_option *o = cli_find(p->table, name, len);

	if (!o && len == 4 && strncmp(name, "help", len) == 0) {
		p->operands.help = true;
		return 0;
	}
	if (o && name[len] == '=')
		return store(p, o, name + len + 1, err);
	if (o)
		return store_next(p, o, err);
	if (one_dash)
		return parse_letters(p, arg, err);
	return err_fail(err, EINVAL, "unknown option '%.64s'", arg);
}

int cli_parse(struct arena *a, const struct cli_option *table, bool options_first, char **argv,
	      void *opts, struct cli_operands *ret, struct err *err)
{
	struct parser p = {.a = a, .table = table, .next = argv, .opts = opts};
	size_t n = 0;

	while (argv[n])
		n++;
	p.operands.argv = arena_array(a, char *, n + 1);
	while (*p.next && !p.operands.help) {
		char *arg = *p.next++;

		if (arg[0] == '-' && arg[1] && !streq(arg, "--")) {
			if (parse_option(&p, arg, err) < 0)
				return -err->code;
			continue;
		}
		if (!streq(arg, "--")) {
			p.operands.argv[p.operands.argc++] = arg;
			if (!options_first)
				continue;
		}
		while (*p.next)
			p.operands.argv[p.operands.argc++] = *p.next++;
	}
	for (const struct cli_option *o = table; o->name; o++)
		if (o->kind == CLI_REPEAT) {
			struct cli_list *list = (void *)((char *)opts + o->offset);

			if (list->n) { /* NULL-terminated, not counted */
				*(const char **)arena_push(a, &list->v, &list->n) = NULL;
				list->n--;
			}
		}
	*ret = p.operands;
	return 0;
}
