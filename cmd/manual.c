/* PURE: the manual page, from the tables. */
#include <string.h>

#include "cmd/command.h"

/* Text for roff: no dash becomes a hyphen, no line becomes a request. */
static void text(struct cli_text *t, const char *s)
{
	for (; *s; s++) {
		if (*s == '-')
			cli_text_add(t, "\\-");
		else if (*s == '\\')
			cli_text_add(t, "\\e");
		else if (s[0] == '\n' && s[1] == '\n')
			cli_text_add(t, "\n.PP"), s++, cli_text_add(t, "\n");
		else
			cli_text_add(t, "%c", *s);
	}
}

/* A sentence of the tables: with a capital and a full stop. */
static void sentence(struct cli_text *t, const char *s)
{
	cli_text_add(t, "%c", *s >= 'a' && *s <= 'z' ? *s - 'a' + 'A' : *s);
	text(t, s + 1);
	cli_text_add(t, ".\n");
}

static void option(struct cli_text *t, const struct cli_option *o)
{
	cli_text_add(t, ".TP\n");
	if (o->letter)
		cli_text_add(t, "\\fB\\-%c\\fR, ", o->letter);
	cli_text_add(t, "\\fB\\-\\-");
	text(t, o->name);
	cli_text_add(t, "\\fR");
	if (o->arg) {
		cli_text_add(t, o->kind == CLI_SWITCH ? "[=\\fI" : " \\fI");
		text(t, o->arg);
		cli_text_add(t, o->kind == CLI_SWITCH ? "\\fR]" : "\\fR");
	}
	cli_text_add(t, "\n");
	sentence(t, o->help);
}

static void options(struct cli_text *t, const struct cli_option *table)
{
	for (const struct cli_option *o = table; o->name; o++)
		if (!o->hidden)
			option(t, o);
}

static void command(struct cli_text *t, const struct cli_command *c)
{
	bool any = false;

	for (const struct cli_option *o = c->options; o->name; o++)
		any |= !o->hidden;
	cli_text_add(t, ".SS hull %s%s", c->name, any ? " [\\fIOPTIONS\\fR]" : "");
	cli_text_add(t, "%s", *c->operands ? " " : "");
	text(t, c->operands);
	cli_text_add(t, "\n");
	sentence(t, c->help);
	cli_text_add(t, ".PP\n");
	text(t, c->manual);
	cli_text_add(t, "\n");
	options(t, c->options);
}

static const char *const head[] = {
	".SH NAME\n",
	"hull - run containers as the OCI runtime specification describes them\n",
	".SH SYNOPSIS\n",
	".B hull\n[\\fIGLOBAL OPTIONS\\fR] \\fICOMMAND\\fR [\\fIOPTIONS\\fR] [\\fIARGUMENTS\\fR]\n",
	".SH DESCRIPTION\n",
};
static const char description[] =
	"A container is made from a bundle: a directory with a configuration, config.json, and a "
	"root file system. It is known by an id of letters, digits and the characters _ + - . "
	"that the caller chooses. Container engines call hull through the same commands and "
	"options as other OCI runtimes.\n\n"
	"Options are written as --name VALUE or --name=VALUE, those of one letter also as -n VALUE "
	"or -nVALUE. A long name may follow a single dash. Global options stand before the "
	"command. '--' ends the options.";
static const char exit_status[] =
	"0 on success, 1 on failure, 3 for an unknown command. run and exec, unless detached, "
	"exit as the program did, with 128 and the number of the signal if one ended it; exec "
	"exits with 255 if it cannot execute the program.\n\n"
	"A failure is told in one line on standard error, and in the log if there is one.";

static const char notifications[] =
	"The action SCMP_ACT_NOTIFY asks an agent about system calls: a program that listens at "
	"linux.seccomp.listenerPath. For each process, start, run and exec connect there, send the "
	"container process state with the filter's descriptor, and close. The socket has to be "
	"there at create already; start without an agent fails and leaves the container "
	"created.\n\n"
	"Any call may be notified, all by default too. The program begins when the agent has "
	"the whole state. Of hull's own calls the agent is then asked about execve and, without "
	"noNewPrivileges, capset, which it has to let go on. An agent that does not take the "
	"state, or does not let the program begin, within 10 seconds is an error, and the "
	"process ends.";

/* clang-format off */
static const struct {
	const char *title, *name, *what;
} entries[] = {
	{"FILES", "config.json", "the configuration, in the bundle"},
	{NULL, "/run/hull/ID", "the state of a container; nothing in it is an interface"},
	{"ENVIRONMENT", "XDG_RUNTIME_DIR",
	 "place of the state directory for other users than root, and for root in a user "
	 "namespace"},
	{NULL, "LISTEN_FDS, LISTEN_PID",
	 "descriptors from 3 on that the container gets, too (create, run)"},
	{NULL, "RUN_OCI_SECCOMP_RECEIVER",
	 "as the annotation run.oci.seccomp.receiver, which wins (create, run)"},
	{NULL, "NOTIFY_SOCKET", "where the container's readiness is reported (create, start, run)"},
	{NULL, "PATH", "where ps, newuidmap and newgidmap are found"},
};
/* clang-format on */

static void annotations(struct cli_text *t)
{
	const struct container_annotation *list = container_annotations(t->arena);

	cli_text_add(t, ".SH ANNOTATIONS\n");
	text(t,
	     "These annotations of config.json change what hull does, whoever wrote them there.");
	for (; list->name; list++) {
		cli_text_add(t, "\n.TP\n.B ");
		text(t, list->name);
		cli_text_add(t, "\n");
		if (list->refused) {
			cli_text_add(t, "Refused: ");
			text(t, list->help);
			cli_text_add(t, ".");
		} else {
			sentence(t, list->help);
		}
	}
	cli_text_add(t, "\n");
}

const char *cli_manual_page(struct arena *a)
{
	struct cli_text t = {.arena = a};

	cli_text_add(&t,
		     ".\\\" Generated by 'make docs'; do not edit.\n"
		     ".TH HULL 1 \"\" \"hull %s\" \"User Commands\"\n",
		     PACKAGE_VERSION);
	for (size_t i = 0; i < sizeof(head) / sizeof(head[0]); i++)
		cli_text_add(&t, "%s", head[i]);
	text(&t, description);
	cli_text_add(&t, "\n.SH GLOBAL OPTIONS\n");
	options(&t, cli_global_options);
	cli_text_add(&t, ".TP\n\\fB\\-h\\fR, \\fB\\-\\-help\\fR\n"
			 "Explain hull, or the command that it follows.\n.SH COMMANDS\n");
	for (size_t i = 0; cli_commands[i]; i++)
		command(&t, cli_commands[i]);
	cli_text_add(&t, ".SH EXIT STATUS\n");
	text(&t, exit_status);
	cli_text_add(&t, "\n");
	cli_text_add(&t, ".SH SECCOMP NOTIFICATIONS\n");
	text(&t, notifications);
	cli_text_add(&t, "\n");
	annotations(&t);
	for (size_t i = 0; i < sizeof(entries) / sizeof(entries[0]); i++) {
		if (entries[i].title)
			cli_text_add(&t, ".SH %s\n", entries[i].title);
		cli_text_add(&t, ".TP\n.B %s\n", entries[i].name);
		sentence(&t, entries[i].what);
	}
	cli_text_add(&t, ".SH SEE ALSO\n"
			 "The OCI runtime specification, "
			 "https://github.com/opencontainers/runtime\\-spec\n");
	return t.buf;
}
