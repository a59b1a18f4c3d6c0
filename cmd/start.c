/* RUNTIME: hull start. */
#include "cmd/command.h"

static const struct cli_option options[] = {OPT_END};

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	(void)opts;
	(void)argc;
	return container_start(&cli->root, argv[0], err);
}

const struct cli_command cmd_start = {
	.name = "start",
	.operands = "ID",
	.help = "execute the program of a created container",
	.manual = "Runs the hooks that belong here and lets the container's process execute its "
		  "program. "
		  "A container can be started once.",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.names_container = true,
	.root = CLI_ROOT_NEEDED,
	.run = run,
};
