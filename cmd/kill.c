/* RUNTIME: hull kill. */
#include <errno.h>
#include <signal.h>

#include "cmd/command.h"
#include "libcontainer/base/proc.h"

struct kill_args {
	bool all;
	const char *signal;
};

static const struct cli_option options[] = {
	OPT_FLAG(struct kill_args, all, 'a', "all",
		 "signal every process; a stopped container is no error"),
	OPT_STRING(struct kill_args, signal, 's', "signal", "SIGNAL",
		   "the same as the operand SIGNAL, which wins"),
	OPT_END,
};

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct kill_args *args = opts;
	const char *name = argc > 1 ? argv[1] : args->signal;
	int sig = name ? proc_signal_parse(name) : -1;

	if (name && sig < 0)
		return err_fail(err, EINVAL, "unknown signal '%.64s'", name);
	return container_kill(&cli->root, argv[0], sig, args->all, err);
}

const struct cli_command cmd_kill = {
	.name = "kill",
	.operands = "ID [SIGNAL]",
	.help = "send a signal to the first process of a container",
	.manual = "SIGNAL is a name, with or without SIG, in upper or lower case, a name like "
		  "RTMIN+3, or a number; if absent, what the annotation "
		  "org.opencontainers.image.stopSignal names, or TERM. 0 only checks that the "
		  "container runs.",
	.options = options,
	.options_size = sizeof(struct kill_args),
	.min_operands = 1,
	.max_operands = 2,
	.options_first = true,
	.names_container = true,
	.root = CLI_ROOT_NEEDED,
	.run = run,
};
