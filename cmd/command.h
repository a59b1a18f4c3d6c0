/*
 * command.h - what a command is, and what it is given.
 *
 * A command is one row of facts (here) and one table of options (options.h). main() parses,
 * opens the state root, calls run() and prints the error if there is one. run() returns the
 * exit code, or a negative errno with the error filled; it prints nothing but its payload.
 */
#ifndef HULL_CMD_COMMAND_H
#define HULL_CMD_COMMAND_H

#include "cmd/options.h"
#include "libcontainer/container.h"

struct cli {
	struct arena *arena;
	struct container_root root;
	bool explicit_root; /* --root was given */
	const char *criu;   /* --criu: NULL if it was not given */
};

enum cli_root {
	CLI_ROOT_NONE,     /* touches no container */
	CLI_ROOT_NEEDED,   /* no state root: the container does not exist */
	CLI_ROOT_OPTIONAL, /* no state root: run() is called with root.fd -1 */
	CLI_ROOT_MADE,     /* made when missing */
};

struct cli_command {
	const char *name;
	const char *operands; /* as in the usage line: "ID [SIGNAL]" */
	const char *help;     /* one line, lower case, no full stop */
	const char *manual;   /* paragraphs, separated by blank lines */
	const struct cli_option *options;
	size_t options_size;            /* of the struct the options go to */
	const void *defaults;           /* what that struct holds before parsing; NULL = zeroes */
	int min_operands, max_operands; /* max -1: any number */
	bool options_first;             /* the first operand ends the options */
	bool seals;                     /* code of the container runs under it: CVE-2019-5736 */
	bool names_container;           /* the first operand is an id */
	enum cli_root root;
	int failure; /* exit code when it fails; 0 means 1 */
	int (*run)(struct cli *cli, void *options, int argc, char **argv, struct err *err);
};

/* In the order of the documentation; the last is NULL. */
extern const struct cli_command *const cli_commands[];
const struct cli_command *cli_command_find(const char *name);

extern const struct cli_command cmd_checkpoint, cmd_create, cmd_delete, cmd_events, cmd_exec,
	cmd_features, cmd_help, cmd_kill, cmd_list, cmd_migrate, cmd_migrate_receive, cmd_pause,
	cmd_ps, cmd_restore, cmd_resume, cmd_run, cmd_spec, cmd_start, cmd_state, cmd_update;

/* clang-format off */
/* Rows that create and run share, for a struct whose member O is container_create_opts. */
#define CREATE_OPTIONS(T, O)                                                                    \
	OPT_STRING(T, O.bundle, 'b', "bundle", "DIR",                                           \
		   "directory with config.json and the root file system (default: the current " \
		   "one)"),                                                             \
		OPT_STRING(T, O.config, 'f', "config", "FILE",                                  \
			   "another file than the bundle's config.json"),                       \
		OPT_STRING(T, O.console_socket, 0, "console-socket", "SOCKET",                  \
			   "socket that is sent the terminal's master end"),                    \
		OPT_STRING(T, O.pidfd_socket, 0, "pidfd-socket", "SOCKET",                      \
			   "socket that is sent a pidfd of the container's process"),           \
		OPT_STRING(T, O.pid_file, 0, "pid-file", "FILE",                                \
			   "file to write the pid of the container's process to"),              \
		OPT_FLAG(T, O.no_pivot, 0, "no-pivot",                                          \
			 "change the root with MS_MOVE and chroot (insecure; for ramdisks)"),   \
		OPT_FLAG(T, O.no_new_keyring, 0, "no-new-keyring",                              \
			 "keep the caller's session keyring"),                                  \
		OPT_U32(T, O.preserve_fds, 0, "preserve-fds", "N",                              \
			"pass N descriptors, from 3 on")
/* clang-format on */

/* ---- help.c ----------------------------------------------------------------------------- */

extern const struct cli_option cli_global_options[];
struct cli_globals {
	const char *root, *log, *log_format, *log_level, *cgroup_manager, *rootless, *criu;
	bool debug, systemd_cgroup, version;
};

/* What --help prints. COMMAND NULL: of the program. */
const char *cli_help_text(struct arena *a, const struct cli_command *command);
/* What --version prints, by the name that hull was called by. */
const char *cli_version_text(struct arena *a, const char *called);

/* ---- docs.c: what `make docs` writes ---------------------------------------------------- */

struct cli_doc {
	const char *file; /* below docs/; NULL ends a list */
	const char *text;
};
const struct cli_doc *cli_docs(struct arena *a);
/* hull(1), a command's page, hull-annotations(7). */
const char *cli_manual_program(struct arena *a);
const char *cli_manual_command(struct arena *a, const struct cli_command *c);
const char *cli_manual_annotations(struct arena *a);
const char *cli_completion_bash(struct arena *a);
const char *cli_completion_zsh(struct arena *a);
const char *cli_completion_fish(struct arena *a);

/* ---- output.c --------------------------------------------------------------------------- */

/* Everything that goes to stdout goes through here, in one write. */
int cli_print(const char *text, size_t len, struct err *err) must_check;
/* The same with a newline at the end. */
int cli_print_line(const char *text, struct arena *a, struct err *err) must_check;
/* Grows a text in an arena. */
struct cli_text {
	struct arena *arena;
	char *buf;
	size_t len, size;
};
void cli_text_add(struct cli_text *t, const char *fmt, ...) printf_like(2, 3);

/* Aligned columns as the peers print them: cells end in '\t', rows in '\n'. */
const char *cli_table(struct arena *a, const char *const *cells, size_t columns, size_t rows);

#endif
