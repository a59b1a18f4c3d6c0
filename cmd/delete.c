/* RUNTIME: hull delete. */
#include <errno.h>

#include "cmd/command.h"

struct delete_args {
	bool force;
};

static const struct cli_option options[] = {
	OPT_FLAG(struct delete_args, force, 'f', "force",
		 "kill what runs first; an unknown container is no error"),
	OPT_END,
};

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct delete_args *args = opts;

	(void)argc;
	if (cli->root.fd < 0 && args->force)
		return 0;
	if (cli->root.fd < 0)
		return err_fail(err, ENOENT, "container `%.255s` does not exist", argv[0]);
	return container_delete(&cli->root, argv[0], args->force, err);
}

const struct cli_command cmd_delete = {
	.name = "delete",
	.operands = "ID",
	.help = "remove a container that is not running",
	.manual = "Removes the cgroup and the state of a stopped container, or of one that was "
		  "created and never started, and runs its poststop hooks.",
	.options = options,
	.options_size = sizeof(struct delete_args),
	.min_operands = 1,
	.max_operands = 1,
	.names_container = true,
	.root = CLI_ROOT_OPTIONAL,
	.run = run,
};
