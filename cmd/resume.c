/* RUNTIME: hull resume. */
#include "cmd/command.h"

static const struct cli_option options[] = {OPT_END};

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	(void)opts;
	(void)argc;
	return container_resume(&cli->root, argv[0], err);
}

const struct cli_command cmd_resume = {
	.name = "resume",
	.operands = "ID",
	.help = "let the processes of a paused container run again",
	.manual = "Thaws the container's cgroup.",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.names_container = true,
	.root = CLI_ROOT_NEEDED,
	.run = run,
};
