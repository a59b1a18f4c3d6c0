/* PURE: what the shells' completions have in common. */
#include "cmd/completion.h"

#include <string.h>

#include "libcontainer/base/str.h"

enum cli_hint cli_value_hint(const struct cli_option *o)
{
	if (!o->arg)
		return HINT_NONE;
	if (strchr(o->arg, '|'))
		return HINT_WORDS;
	if (streq(o->arg, "DIR"))
		return HINT_DIR;
	if (streq(o->arg, "FILE") || streq(o->arg, "SOCKET"))
		return HINT_FILE;
	return HINT_NONE;
}

const char *cli_value_words(struct arena *a, const struct cli_option *o)
{
	char *words = arena_strdup(a, o->arg);

	for (char *p = words; *p; p++)
		if (*p == '|')
			*p = ' ';
	return words;
}

void cli_each_table(struct cli_text *t, cli_table_printer *print)
{
	print(t, NULL, cli_global_options);
	for (size_t i = 0; cli_commands[i]; i++)
		print(t, cli_commands[i], cli_commands[i]->options);
}

static enum cli_hint operand_hint(const struct cli_command *c, const char *name)
{
	/* create and run take an id that does not exist yet */
	if (streq(name, "ID"))
		return c->names_container && c->root != CLI_ROOT_MADE ? HINT_ID : HINT_NONE;
	if (streq(name, "SIGNAL"))
		return HINT_SIGNAL;
	if (streq(name, "COMMAND"))
		return c->names_container ? HINT_PROGRAM : HINT_COMMAND;
	return HINT_NONE;
}

/* The usage line is the table: "ID [COMMAND [ARGUMENT...]]". */
void cli_each_operand(struct cli_text *t, const struct cli_command *c, cli_operand_printer *print)
{
	struct cli_operand o = {.command = c};

	for (const char *p = c->operands; *p; o.index++) {
		size_t n;

		o.optional |= *p == '[';
		p += strspn(p, " [");
		n = strcspn(p, " ].");
		o.name = arena_printf(t->arena, "%.*s", (int)n, p);
		p += n;
		o.repeated = strncmp(p, "...", 3) == 0;
		o.hint = operand_hint(c, o.name);
		p += strspn(p, ".] ");
		print(t, &o);
	}
}
