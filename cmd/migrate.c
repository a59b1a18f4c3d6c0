/* RUNTIME: hull migrate, and its other end. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"

struct args {
	struct container_migrate_opts o;
	struct opt_i64 bandwidth;
	struct cli_list volumes;
	bool json;
};

/* clang-format off */
static const struct cli_option options[] = {
	OPT_CHOICE(struct args, o.mode, 0, "mode", "auto|precopy|hybrid|postcopy|stop",
		   "copy memory before the container stops, before it and after it runs over there, only "
		   "then, or while it stands still (default: auto)"),
	OPT_TIME(struct args, o.downtime_ms, 0, "downtime", "TIME",
		 "stop when it is expected to stand still for no longer than this (default: 300ms)"),
	OPT_U32(struct args, o.max_rounds, 0, "max-rounds", "N",
		"rounds of copying before it stops in any case (default: 16; of --mode hybrid: 2)"),
	OPT_TIME(struct args, o.max_time_ms, 0, "max-time", "TIME",
		 "time of all these rounds, after which it stops in any case (default: no limit)"),
	OPT_FLAG(struct args, o.auto_converge, 0, "auto-converge",
		 "when rounds get no smaller, slow the container down more and more, by freezing it for parts of a second"),
	OPT_SIZE(struct args, bandwidth, 0, "bandwidth", "BYTES",
		 "send no more than this in a second"),
	OPT_STRING(struct args, o.compress, 0, "compress", "auto|none|lz4|zstd[:LEVEL]",
		   "how memory is compressed; auto: as fits the connection (default: auto)"),
	OPT_FLAG(struct args, o.tcp_established, 0, "tcp-established",
		 "established TCP connections, too"),
	OPT_CHOICE(struct args, o.network, 0, "network", "auto|none",
		   "take addresses and routes of a network namespace of its own along, or leave them (default: auto)"),
	OPT_STRING(struct args, o.bridge, 0, "bridge", "NAME",
		   "a bridge over there for network links that nothing else brings"),
	OPT_STRING(struct args, o.on_switch, 0, "on-switch", "COMMAND",
		   "run by a shell over there when the container goes over; its state is on standard input"),
	OPT_CHOICE(struct args, o.rootfs, 0, "rootfs", "none|copy|upper",
		   "the root file system is there already; is copied; what was changed of it, of an overlay, "
		   "is copied over the same lower layers (default: none)"),
	OPT_REPEAT(struct args, volumes, 0, "volume", "DIR[,DIR...]",
		   "copy what is mounted there in the container, to the same place of the host"),
	OPT_STRING(struct args, o.name, 0, "name", "ID", "the container's id over there (default: the same)"),
	OPT_STRING(struct args, o.ssh, 0, "ssh-command", "COMMAND", "what is used as ssh (default: ssh)"),
	OPT_STRING(struct args, o.target_hull, 0, "target-hull", "PATH", "hull over there (default: hull, in PATH)"),
	OPT_STRING(struct args, o.target_root, 0, "target-root", "DIR",
		   "the state root over there (default: /run/hull)"),
	OPT_STRING(struct args, o.target_criu, 0, "target-criu", "PATH", "CRIU over there (default: criu, in PATH)"),
	OPT_FLAG(struct args, o.dry_run, 0, "dry-run", "only say what is in the way"),
	OPT_FLAG(struct args, o.recover, 0, "recover",
		 "after a migration that was cut off: ask the target what became of it, and let the "
		 "container run here or remove it"),
	OPT_FLAG(struct args, o.cancel, 0, "cancel",
		 "have the hull that migrates it give it up, and wait until the container is as before; HOST is not needed"),
	OPT_FLAG(struct args, o.force_resume, 0, "force-resume",
		 "with --recover: let it run here even if the target does not know"),
	OPT_FLAG(struct args, json, 0, "json", "progress and report as lines of JSON"),
	OPT_END,
};
/* clang-format on */

static const struct args defaults = {.o = {.downtime_ms = 300}};

/* The text is another host's. */
static void problem(void *ctx, const char *where, const char *text)
{
	(void)ctx;
	fprintf(stderr, "hull: %s: ", where);
	for (const char *p = text; *p; p++)
		fputc(str_shown(*p), stderr);
	fputc('\n', stderr);
}

/* One line that is written anew. */
static void progress_line(void *ctx, const struct container_migrate_progress *p)
{
	(void)ctx;
	fprintf(stderr, "\r%s", p->phase);
	if (streq(p->phase, "round"))
		fprintf(stderr, " %u: %" PRIu64 " of %" PRIu64 " MiB", p->round,
			p->dirty_bytes >> 20,
			(p->expected_bytes > p->dirty_bytes ? p->expected_bytes : p->dirty_bytes) >>
				20);
	else if (p->within)
		fprintf(stderr, ": %" PRIu64 " of %" PRIu64 " MiB", p->dirty_bytes >> 20,
			p->expected_bytes >> 20);
	if (p->dirty_rate)
		fprintf(stderr, ", %" PRIu64 " MiB/s are written", p->dirty_rate >> 20);
	if (p->bandwidth)
		fprintf(stderr, ", %" PRIu64 " MiB/s go over", p->bandwidth >> 20);
	if (p->throttle)
		fprintf(stderr, ", throttled by %u %%", p->throttle);
	if (p->predicted_ms)
		fprintf(stderr, ", would stand still for %" PRIu64 " ms", p->predicted_ms);
	fputs("\033[K", stderr);
}

static void progress_json(void *ctx, const struct container_migrate_progress *p)
{
	(void)ctx;
	if (!streq(p->phase, "round"))
		fprintf(stderr,
			"{\"event\":\"phase\",\"phase\":\"%s\",\"memoryBytes\":%" PRIu64 "}\n",
			p->phase, p->dirty_bytes);
	else if (!p->within)
		fprintf(stderr,
			"{\"event\":\"round\",\"round\":%u,\"memoryBytes\":%" PRIu64
			",\"sentBytes\":%" PRIu64 ",\"ms\":%" PRIu64 ",\"bandwidth\":%" PRIu64
			",\"dirtyRate\":%" PRIu64 ",\"predictedMs\":%" PRIu64 ",\"throttle\":%u}\n",
			p->round, p->dirty_bytes, p->sent_bytes, p->took_ms, p->bandwidth,
			p->dirty_rate, p->predicted_ms, p->throttle);
}

static double ms(uint64_t ns)
{
	return (double)ns / 1e6;
}

/* Of each round: ",\"perRound\":[{...}]", or " (64, 3, 1 MiB)". */
static const char *by_round(struct arena *a, const struct container_migrate_report *r, bool json)
{
	const char *text = json ? ",\"perRound\":[" : "";

	for (uint32_t i = 0; i < r->rounds && i < CONTAINER_MIGRATE_ROUNDS; i++) {
		const struct container_migrate_round *o = &r->round[i];

		if (json)
			text = arena_printf(a,
					    "%s%s{\"memoryBytes\":%" PRIu64
					    ",\"sentBytes\":%" PRIu64 ",\"ms\":%.1f}",
					    text, i ? "," : "", o->memory, o->sent, ms(o->ns));
		else
			text = arena_printf(a, "%s%s%" PRIu64, text, i ? ", " : " (",
					    o->memory >> 20);
	}
	return arena_printf(a, "%s%s", text, json ? "]" : r->rounds ? " MiB)" : "");
}

static int report(struct cli *cli, const struct container_migrate_report *r, bool json,
		  struct err *err)
{
	const char *text;

	if (json)
		text = arena_printf(
			cli->arena,
			"{\"event\":\"done\",\"totalMs\":%.1f,\"downtimeMs\":%.1f,"
			"\"dumpMs\":%.1f,\"filesMs\":%.1f,\"transferMs\":%.1f,\"restoreMs\":%.1f,"
			"\"fillMs\":%.1f,\"rounds\":%u,\"bytes\":%" PRIu64 ",\"lastBytes\":%" PRIu64
			",\"lateBytes\":%" PRIu64 ",\"fileBytes\":%" PRIu64
			",\"lastFileBytes\":%" PRIu64 "%s}",
			ms(r->total_ns), ms(r->frozen_ns), ms(r->dump_ns), ms(r->files_ns),
			ms(r->transfer_ns), ms(r->restore_ns), ms(r->fill_ns), r->rounds, r->bytes,
			r->last_bytes, r->late_bytes, r->file_bytes, r->last_file_bytes,
			by_round(cli->arena, r, true));
	else
		text = arena_printf(
			cli->arena,
			"migrated in %.1f ms; stood still for %.1f ms: dump %.1f, "
			"files %.1f, transfer "
			"%.1f, restore %.1f ms; %u rounds%s, %" PRIu64 " bytes, %" PRIu64
			" of memory at the end, %" PRIu64 " after it",
			ms(r->total_ns), ms(r->frozen_ns), ms(r->dump_ns), ms(r->files_ns),
			ms(r->transfer_ns), ms(r->restore_ns), r->rounds,
			by_round(cli->arena, r, false), r->bytes, r->last_bytes, r->late_bytes);
	return cli_print_line(text, cli->arena, err);
}

/* "DIR,DIR" of each. */
static const char *const *volumes(struct arena *a, const struct cli_list *list, size_t *ret_n)
{
	const char **v = NULL;

	for (size_t i = 0; i < list->n; i++) {
		char *text = arena_strdup(a, list->v[i]);

		for (char *one; (one = strsep(&text, ","));)
			if (*one)
				*arena_push(a, &v, ret_n) = one;
	}
	return v;
}

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct container_migrate_report result;
	struct args *args = opts;
	int r;

	args->o.id = argv[0];
	args->o.destination = argc > 1 ? argv[1] : NULL;
	if (argc < 2 && !args->o.cancel)
		return err_fail(err, EINVAL, "migrate: where to? HOST is missing");
	args->o.criu = cli->criu;
	args->o.problem = problem;
	args->o.volumes = volumes(cli->arena, &args->volumes, &args->o.n_volumes);
	if (args->bandwidth.set)
		args->o.bandwidth = (uint64_t)args->bandwidth.v;
	if (args->json)
		args->o.progress = progress_json;
	else if (isatty(STDERR_FILENO))
		args->o.progress = progress_line;
	r = container_migrate(&cli->root, &args->o, &result, err);
	if (args->o.progress == progress_line)
		fputs("\r\033[K", stderr);
	return r < 0 || args->o.dry_run || args->o.recover || args->o.cancel
		       ? r
		       : report(cli, &result, args->json, err);
}

const struct cli_command cmd_migrate = {
	.name = "migrate",
	.operands = "ID [USER@]HOST[:BUNDLE]",
	.help = "move a running container to another host",
	.manual = "Over there, which hull reaches by ssh, the container goes on where it was here.",
	.options = options,
	.options_size = sizeof(struct args),
	.defaults = &defaults,
	.min_operands = 1,
	.max_operands = 2,
	.names_container = true,
	.root = CLI_ROOT_NEEDED,
	.run = run,
};

static const struct cli_option receive_options[] = {OPT_END};

static int receive(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct container_receive_opts o = {
		.criu = cli->criu, .timeout_ms = 30000, .idle_ms = 120000};
	auto_fd int in = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3);
	auto_fd int out = fcntl(STDOUT_FILENO, F_DUPFD_CLOEXEC, 3);
	auto_fd int said = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int r;

	(void)opts;
	(void)argc;
	(void)argv;
	/* The container gets our streams. One that is sshd's would keep the connection open for as
	 * long as it runs. */
	if (in < 0 || out < 0 || said < 0 || null < 0 || dup2(null, STDIN_FILENO) < 0 ||
	    dup2(null, STDOUT_FILENO) < 0 || dup2(null, STDERR_FILENO) < 0)
		return err_sys(err, errno, "set the connection aside");
	o.in = in;
	o.out = out;
	o.said = said;
	r = container_receive(&cli->root, &o, err);
	/* Its error is told on it. */
	(void)dup2(said, STDERR_FILENO);
	return r;
}

const struct cli_command cmd_migrate_receive = {
	.name = "migrate-receive",
	.operands = "",
	.help = "the other end of migrate, which runs it",
	.manual = "Speaks with hull migrate over standard input and output. Not for people.",
	.options = receive_options,
	.root = CLI_ROOT_MADE,
	.seals = true,
	.run = receive,
};
