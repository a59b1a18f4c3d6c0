/* RUNTIME: hull help, and the text of every --help. */
#include <errno.h>
#include <string.h>

#include "cmd/command.h"

#define WIDTH  80
#define COLUMN 26 /* where the explanations of options begin */

/* TEXT in lines of at most WIDTH columns. The cursor stands at COLUMN_NOW; further lines are
 * indented by INDENT. Blank lines are kept. */
static void wrap(struct cli_text *t, const char *text, size_t now, size_t indent)
{
	bool first = true;

	while (*text) {
		size_t n = strcspn(text, " \n");

		if (!first && now + 1 + n > WIDTH) {
			cli_text_add(t, "\n%*s", (int)indent, "");
			now = indent;
			first = true;
		}
		cli_text_add(t, "%s%.*s", first ? "" : " ", (int)n, text);
		now += n + !first;
		first = false;
		text += n;
		if (*text == '\n') {
			for (; *text == '\n'; text++)
				cli_text_add(t, "\n");
			cli_text_add(t, "%*s", (int)indent, "");
			now = indent;
			first = true;
		} else if (*text) {
			text++;
		}
	}
	cli_text_add(t, "\n");
}

static void option_row(struct cli_text *t, const struct cli_option *o)
{
	size_t start = t->len;

	if (o->letter)
		cli_text_add(t, "  -%c, --%s", o->letter, o->name);
	else
		cli_text_add(t, "      --%s", o->name);
	if (o->kind == CLI_SWITCH)
		cli_text_add(t, "[=%s]", o->arg);
	else if (o->arg)
		cli_text_add(t, " %s", o->arg);
	if (t->len - start + 2 > COLUMN) {
		cli_text_add(t, "\n");
		start = t->len;
	}
	cli_text_add(t, "%*s", (int)(COLUMN - (t->len - start)), "");
	wrap(t, o->help, COLUMN, COLUMN);
}

static void option_rows(struct cli_text *t, const char *title, const struct cli_option *table)
{
	cli_text_add(t, "\n%s:\n", title);
	for (const struct cli_option *o = table; o->name; o++)
		if (!o->hidden)
			option_row(t, o);
	cli_text_add(t, "  -h, --help%*sprint this text\n", COLUMN - 12, "");
}

static void program_help(struct cli_text *t)
{
	cli_text_add(t, "Usage: hull [GLOBAL OPTIONS] COMMAND [OPTIONS] [ARGUMENTS]\n\n"
			"Runs containers as the OCI runtime specification describes them.\n\n"
			"Commands:\n");
	for (size_t i = 0; cli_commands[i]; i++)
		cli_text_add(t, "  %-10s  %s\n", cli_commands[i]->name, cli_commands[i]->help);
	option_rows(t, "Global options", cli_global_options);
	cli_text_add(t, "\n'hull COMMAND --help' and hull(1) say more.\n");
}

const char *cli_help_text(struct arena *a, const struct cli_command *c)
{
	struct cli_text t = {.arena = a};

	if (!c) {
		program_help(&t);
		return t.buf;
	}
	cli_text_add(&t, "Usage: hull [GLOBAL OPTIONS] %s [OPTIONS]%s%s\n\n%c", c->name,
		     *c->operands ? " " : "", c->operands, c->help[0] & ~0x20);
	wrap(&t, c->help + 1, 1, 0);
	t.len--;
	cli_text_add(&t, ".\n\n");
	wrap(&t, c->manual, 0, 0);
	option_rows(&t, "Options", c->options);
	return t.buf;
}

static const struct cli_option options[] = {OPT_END};

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	const struct cli_command *c = argc ? cli_command_find(argv[0]) : NULL;
	const char *text;

	(void)opts;
	if (argc && !c)
		return err_fail(err, EINVAL, "No help topic for '%.64s'", argv[0]);
	text = cli_help_text(cli->arena, c);
	return cli_print(text, strlen(text), err);
}

const struct cli_command cmd_help = {
	.name = "help",
	.operands = "[COMMAND]",
	.help = "explain hull or one of its commands",
	.manual = "The same as --help.",
	.options = options,
	.min_operands = 0,
	.max_operands = 1,
	.failure = 3,
	.run = run,
};
