/*
 * completion.h - what a shell can complete, from the tables; one printer for each shell.
 *
 * A printer is a constant text of the shell's language around rows that it prints from the tables
 * as it meets them: cli_each_table() brings it to every table of options, cli_each_operand() to
 * every operand.
 */
#ifndef HULL_CMD_COMPLETION_H
#define HULL_CMD_COMPLETION_H

#include "cmd/command.h"

/* What may stand in one place. */
enum cli_hint {
	HINT_NONE,
	HINT_WORDS, /* those of the option's ARG: "table|json" */
	HINT_DIR,
	HINT_FILE,
	HINT_ID,      /* of a container that exists */
	HINT_SIGNAL,  /* a name */
	HINT_COMMAND, /* of hull */
	HINT_PROGRAM, /* that can be executed */
};

/* What follows an option; HINT_NONE also where nothing does. */
enum cli_hint cli_value_hint(const struct cli_option *o);
/* The words of HINT_WORDS, with blanks between them. */
const char *cli_value_words(struct arena *a, const struct cli_option *o);

/* An operand as the usage line has it. */
struct cli_operand {
	const struct cli_command *command;
	const char *name; /* "SIGNAL" */
	int index;        /* from 0 */
	bool optional, repeated;
	enum cli_hint hint;
};

/* Calls PRINT with the global options (C is NULL), then with each command's. */
typedef void cli_table_printer(struct cli_text *t, const struct cli_command *c,
			       const struct cli_option *table);
void cli_each_table(struct cli_text *t, cli_table_printer *print);
/* The first operand of the program, hull's command, is not among them. */
typedef void cli_operand_printer(struct cli_text *t, const struct cli_operand *o);
void cli_each_operand(struct cli_text *t, const struct cli_command *c, cli_operand_printer *print);

#endif
