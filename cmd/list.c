/* RUNTIME: hull list. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "cmd/command.h"
#include "cmd/info.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"

struct list_args {
	const char *format;
	bool quiet;
};

/* clang-format off */
static const struct cli_option options[] = {
	OPT_CHOICE(struct list_args, format, 'f', "format", "table|json",
		   "form of the output (default: table)"),
	OPT_FLAG(struct list_args, quiet, 'q', "quiet", "print nothing but ids"),
	OPT_END,
};
/* clang-format on */

struct entry {
	struct container_info info;
	const char *owner;
};

/* Containers come and go meanwhile; but a damaged one should be known. */
static void report_skipped(const char *id, const struct err *err)
{
	char line[512];
	int n;

	log_debug("list: skip '%s': %s", id, err->text);
	if (err->code == ENOENT)
		return;
	n = snprintf(line, sizeof(line), "hull: list: skip '%s': %s\n", id, err->text);
	if (n > 0 && n < (int)sizeof(line))
		(void)!io_write_all(STDERR_FILENO, line, (size_t)n);
}

static size_t collect(struct cli *cli, const char **ids, size_t n_ids, struct entry **ret)
{
	struct container_info *infos = arena_array(cli->arena, struct container_info, n_ids);
	struct entry *entries = arena_array(cli->arena, struct entry, n_ids);
	size_t n = container_infos(&cli->root, ids, n_ids, cli->arena, infos, report_skipped);
	char *passwd = NULL;
	struct err err;
	size_t len;

	if (io_read_file(cli->arena, AT_FDCWD, "/etc/passwd", 4 << 20, &passwd, &len, &err) < 0)
		passwd = NULL;
	for (size_t i = 0; i < n; i++) {
		entries[i].info = infos[i];
		entries[i].owner = i && infos[i].owner == infos[i - 1].owner
					   ? entries[i - 1].owner
					   : info_user_name(cli->arena, passwd, infos[i].owner);
	}
	*ret = entries;
	return n;
}

static int print_json(struct cli *cli, const struct entry *entries, size_t n, struct err *err)
{
	struct json_writer w;

	json_start(&w, cli->arena, "");
	json_array_begin(&w);
	for (size_t i = 0; i < n; i++)
		info_json(&w, &entries[i].info, entries[i].owner);
	json_array_end(&w);
	return cli_print_line(json_finish(&w, NULL), cli->arena, err);
}

static int print_table(struct cli *cli, const struct entry *entries, size_t n, struct err *err)
{
	static const char *const titles[] = {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"};
	enum { COLUMNS = 6 };
	const char **cells = arena_array(cli->arena, const char *, (n + 1) * COLUMNS);
	const char *text;

	memcpy(cells, titles, sizeof(titles));
	for (size_t i = 0; i < n; i++) {
		const struct container_info *info = &entries[i].info;
		const char **row = cells + (i + 1) * COLUMNS;

		row[0] = info->id;
		row[1] = arena_printf(cli->arena, "%d", info->pid);
		row[2] = container_status_name(info->status);
		row[3] = info->bundle ? info->bundle : "";
		row[4] = info->created ? info->created : "";
		row[5] = entries[i].owner;
	}
	text = cli_table(cli->arena, cells, COLUMNS, n + 1);
	return cli_print(text, strlen(text), err);
}

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct list_args *args = opts;
	struct entry *entries = NULL;
	const char **ids = NULL;
	size_t n_ids = 0, n = 0;
	int r;

	(void)argc;
	(void)argv;
	if (cli->root.fd < 0 && cli->explicit_root)
		return err_sys(err, ENOENT, "open '%s'", cli->root.path);
	if (cli->root.fd >= 0) {
		r = container_ids(&cli->root, cli->arena, &ids, &n_ids, err);
		if (r < 0)
			return r;
	}
	if (args->quiet) {
		struct cli_text t = {.arena = cli->arena};

		for (size_t i = 0; i < n_ids; i++)
			cli_text_add(&t, "%s\n", ids[i]);
		return cli_print(t.buf, t.len, err);
	}
	n = collect(cli, ids, n_ids, &entries);
	if (args->format && streq(args->format, "json"))
		return print_json(cli, entries, n, err);
	return print_table(cli, entries, n, err);
}

const struct cli_command cmd_list = {
	.name = "list",
	.operands = "",
	.help = "list the containers of this state directory",
	.manual =
		"Containers whose state cannot be read are left out and named on standard error. A "
		"directory given with --root has to exist.",
	.options = options,
	.options_size = sizeof(struct list_args),
	.max_operands = 0,
	.root = CLI_ROOT_OPTIONAL,
	.run = run,
};
