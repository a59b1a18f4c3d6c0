/* RUNTIME: hull events. */
#include <errno.h>

#include "cmd/command.h"
#include "cmd/stats.h"

struct events_args {
	bool stats;
	int interval_ms;
};

/* clang-format off */
static const struct cli_option options[] = {
	OPT_FLAG(struct events_args, stats, 0, "stats", "print one sample and return"),
	OPT_TIME(struct events_args, interval_ms, 0, "interval", "DURATION",
		 "time between samples (default: 5s)"),
	OPT_END,
};
/* clang-format on */

/* Each line leaves at once: the reader is waiting, and memory stays bounded. */
static int print_stats(void *ctx, const char *id, const struct cgroup_stats *stats, struct err *err)
{
	auto_arena a = ARENA_INIT;

	(void)ctx;
	return cli_print_line(stats_line(&a, id, stats), &a, err);
}

static int print_oom(void *ctx, const char *id, struct err *err)
{
	auto_arena a = ARENA_INIT;

	(void)ctx;
	return cli_print_line(stats_oom_line(&a, id), &a, err);
}

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct events_args *args = opts;
	struct container_events ev = {.stats = print_stats,
				      .oom = print_oom,
				      .interval_ms = args->interval_ms,
				      .once = args->stats};

	(void)argc;
	if (ev.interval_ms <= 0)
		return err_fail(err, EINVAL, "option '--interval': must be more than 0");
	return container_events(&cli->root, argv[0], &ev, err);
}

static const struct events_args defaults = {.interval_ms = 5000};

const struct cli_command cmd_events = {
	.name = "events",
	.operands = "ID",
	.help = "print resource use and out-of-memory kills as JSON, a line each",
	.manual = "A sample is printed every interval, an event for each kill, until the "
		  "container has ended.",
	.options = options,
	.options_size = sizeof(struct events_args),
	.defaults = &defaults,
	.min_operands = 1,
	.max_operands = 1,
	.names_container = true,
	.root = CLI_ROOT_NEEDED,
	.run = run,
};
