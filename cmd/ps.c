/* RUNTIME: hull ps. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cmd/command.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/str.h"
#include "oci-spec/jsonw.h"

struct ps_args {
	const char *format;
};

static const struct cli_option options[] = {
	OPT_CHOICE(struct ps_args, format, 'f', "format", "table|json",
		   "form of the output (default: table)"),
	OPT_END,
};

static int print_json(struct cli *cli, const pid_t *pids, size_t n, struct err *err)
{
	struct json_writer w;

	json_start(&w, cli->arena, "");
	json_array_begin(&w);
	for (size_t i = 0; i < n; i++)
		json_int(&w, pids[i]);
	json_array_end(&w);
	return cli_print_line(json_finish(&w, NULL), cli->arena, err);
}

/* The output of the host's ps with these arguments. */
static int run_ps(struct cli *cli, char **args, char **ret, struct err *err)
{
	auto_fd int out = -1, in = -1;
	int fds[2], status, r;
	size_t len;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, errno, "make a pipe");
	out = fds[0];
	in = fds[1];
	pid = fork();
	if (pid < 0)
		return err_sys(err, errno, "fork");
	if (pid == 0) {
		proc_reset_signals();
		if (dup2(in, STDOUT_FILENO) >= 0)
			execvp("ps", args);
		_exit(127);
	}
	close_fd(&in);
	r = io_read_fd(cli->arena, out, "ps", 64 << 20, ret, &len, err);
	close_fd(&out);
	status = proc_wait(pid);
	if (r < 0)
		return r;
	if (status == 127)
		return err_fail(err, ENOENT, "the program 'ps' cannot be executed");
	if (status != 0)
		return err_fail(err, EIO, "the program 'ps' failed with exit code %d", status);
	return 0;
}

/* Which blank-separated field of the title line is PID; -1 = none. */
static int pid_column(const char *line)
{
	for (int column = 0;; column++) {
		size_t n;

		line += strspn(line, " \t");
		n = strcspn(line, " \t\n");
		if (!n)
			return -1;
		if (n == 3 && strncmp(line, "PID", 3) == 0)
			return column;
		line += n;
	}
}

static bool row_wanted(const char *line, int column, const pid_t *pids, size_t n_pids)
{
	unsigned long pid;
	char *end;

	for (; column > 0; column--) {
		line += strspn(line, " \t");
		line += strcspn(line, " \t\n");
	}
	pid = strtoul(line, &end, 10);
	if (end == line)
		return false;
	for (size_t i = 0; i < n_pids; i++)
		if ((unsigned long)pids[i] == pid)
			return true;
	return false;
}

static int print_table(struct cli *cli, const pid_t *pids, size_t n_pids, int argc, char **argv,
		       struct err *err)
{
	char **args = arena_array(cli->arena, char *, (size_t)argc + 3);
	struct cli_text t = {.arena = cli->arena};
	char *text = NULL;
	int column, n = 0, r;

	args[n++] = arena_strdup(cli->arena, "ps");
	if (argc == 0)
		args[n++] = arena_strdup(cli->arena, "-ef");
	for (int i = 0; i < argc; i++)
		args[n++] = argv[i];
	r = run_ps(cli, args, &text, err);
	if (r < 0)
		return r;
	column = pid_column(text);
	if (column < 0)
		return err_fail(err, EINVAL, "the output of 'ps' has no column PID");
	for (bool title = true; *text; title = false) {
		size_t len = strcspn(text, "\n");

		if (title || row_wanted(text, column, pids, n_pids))
			cli_text_add(&t, "%.*s\n", (int)len, text);
		text += len + (text[len] == '\n');
	}
	return cli_print(t.buf, t.len, err);
}

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct ps_args *args = opts;
	pid_t *pids = NULL;
	size_t n = 0;
	int r = container_pids(&cli->root, argv[0], cli->arena, &pids, &n, err);

	if (r < 0)
		return r;
	if (args->format && streq(args->format, "json"))
		return print_json(cli, pids, n, err);
	return print_table(cli, pids, n, argc - 1, argv + 1, err);
}

const struct cli_command cmd_ps = {
	.name = "ps",
	.operands = "ID [PS-OPTION...]",
	.help = "list the processes of a container",
	.manual = "As JSON: an array of pids as seen from here. As a table: the rows of the host's "
		  "ps(1), called with the PS-OPTIONs (-ef if there are none), that are about "
		  "processes of the container; its output must have a column PID.",
	.options = options,
	.options_size = sizeof(struct ps_args),
	.min_operands = 1,
	.max_operands = -1,
	.options_first = true,
	.names_container = true,
	.root = CLI_ROOT_NEEDED,
	.run = run,
};
