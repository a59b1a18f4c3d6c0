/* RUNTIME: hull state. */
#include "cmd/info.h"
#include "cmd/command.h"

static const struct cli_option options[] = {OPT_END};

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct container_info info;
	struct json_writer w;
	const char *text;
	size_t len;
	int r;

	(void)opts;
	(void)argc;
	r = container_info(&cli->root, argv[0], cli->arena, &info, err);
	if (r < 0)
		return r;
	json_start(&w, cli->arena, "  ");
	info_json(&w, &info, "");
	text = json_finish(&w, &len);
	return cli_print(text, len, err);
}

const struct cli_command cmd_state = {
	.name = "state",
	.operands = "ID",
	.help = "print the state of a container as JSON",
	.manual = "The status is creating, created, running, paused or stopped. The pid is that "
		  "of the container's first process as seen from here, 0 when it has stopped.",
	.options = options,
	.min_operands = 1,
	.max_operands = 1,
	.names_container = true,
	.root = CLI_ROOT_NEEDED,
	.run = run,
};
