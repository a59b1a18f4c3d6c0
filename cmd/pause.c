/* RUNTIME: hull pause. */
#include "cmd/command.h"

static const struct cli_option options[] = {OPT_END};

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	(void)opts;
	(void)argc;
	return container_pause(&cli->root, argv[0], err);
}

const struct cli_command cmd_pause = {
	.name = "pause",
	.operands = "ID",
	.help = "suspend all processes of a container",
	.manual =
		"Freezes the container's cgroup, and returns when all its processes have stopped.",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.names_container = true,
	.root = CLI_ROOT_NEEDED,
	.run = run,
};
