/* RUNTIME: hull run. */
#include "cmd/command.h"

struct run_args {
	struct container_create_opts create;
};

/* clang-format off */
static const struct cli_option options[] = {
	CREATE_OPTIONS(struct run_args, create),
	OPT_FLAG(struct run_args, create.detach, 'd', "detach",
		 "return as soon as the program runs"),
	OPT_FLAG(struct run_args, create.keep, 0, "keep",
		 "do not delete the container when the program has ended"),
	OPT_FLAG(struct run_args, create.no_subreaper, 0, "no-subreaper",
		 "do not adopt orphaned processes of the container"),
	OPT_END,
};
/* clang-format on */

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct run_args *args = opts;
	int status = 0, r;

	(void)argc;
	args->create.id = argv[0];
	if (!args->create.bundle)
		args->create.bundle = ".";
	r = container_run(&cli->root, &args->create, &status, err);
	return r < 0 ? r : status;
}

const struct cli_command cmd_run = {
	.name = "run",
	.operands = "ID",
	.help = "create and start a container, wait for it and delete it",
	.manual = "Attached (the default), signals are passed on to the program, the terminal is "
		  "passed through, and the exit code is that of the program, or 128 and the "
		  "number of the signal that ended it.",
	.options = options,
	.options_size = sizeof(struct run_args),
	.min_operands = 1,
	.max_operands = 1,
	.seals = true,
	.names_container = true,
	.root = CLI_ROOT_MADE,
	.run = run,
};
