/* RUNTIME: hull create. */
#include "cmd/command.h"

struct create_args {
	struct container_create_opts create;
};

/* clang-format off */
static const struct cli_option options[] = {
	CREATE_OPTIONS(struct create_args, create),
	OPT_IGNORED(struct create_args, create.detach, "detach"),
	OPT_IGNORED(struct create_args, create.no_subreaper, "no-subreaper"),
	OPT_END,
};
/* clang-format on */

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct create_args *args = opts;

	(void)argc;
	args->create.id = argv[0];
	if (!args->create.bundle)
		args->create.bundle = ".";
	args->create.detach = args->create.no_subreaper = false;
	return container_create(&cli->root, &args->create, err);
}

const struct cli_command cmd_create = {
	.name = "create",
	.operands = "ID",
	.help = "create a container",
	.manual = "Sets up everything that the bundle's config.json asks for, up to the moment "
		  "before the program is executed, and returns. The program is looked up now; "
		  "it is executed by start.\n\n"
		  "Without a terminal, the container inherits standard input, output and error. "
		  "With one (process.terminal), --console-socket is needed: its "
		  "listener receives the terminal's master end as a descriptor.",
	.options = options,
	.options_size = sizeof(struct create_args),
	.min_operands = 1,
	.max_operands = 1,
	.seals = true,
	.names_container = true,
	.root = CLI_ROOT_MADE,
	.run = run,
};
