/* RUNTIME: the program: global options, the chosen command, one error line, an exit code. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cmd/command.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/kernel.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"

#define EXIT_UNKNOWN_COMMAND 3 /* as runc */

/* A descriptor that is opened later must never become 0, 1 or 2 by accident. */
static void fill_standard_fds(void)
{
	for (int fd = 0; fd <= 2; fd++)
		if (fcntl(fd, F_GETFD) < 0 && open("/dev/null", O_RDWR) < 0)
			_exit(1);
}

/* Once to the log for programs, once to stderr for people (and for engines that match phrases
 * there): one write each. */
static int report(const struct err *err, int code)
{
	char text[ERR_TEXT_SIZE + ERR_HINT_SIZE + 256], line[sizeof(text) + 1024 + 16];
	int len;

	err_format(err, text, sizeof(text));
	if (!log_to_stderr())
		log_error("%s%s", text, log_said_later());
	len = snprintf(line, sizeof(line), "hull: %s%s\n", text, log_said_later());
	if (io_write_all(STDERR_FILENO, line, (size_t)len) < 0)
		return code; /* nobody listens */
	return code;
}

/* Absolute, without ".", ".." and double slashes. It need not exist yet. */
static const char *clean_path(struct arena *a, const char *path, struct err *err)
{
	auto_free char *cwd = NULL;
	char *out;
	size_t len = 0;

	if (path[0] != '/') {
		cwd = getcwd(NULL, 0);
		if (!cwd) {
			err_sys(err, errno, "find the current directory");
			return NULL;
		}
		path = arena_printf(a, "%s/%s", cwd, path);
	}
	out = arena_alloc(a, strlen(path) + 2);
	while (*path) {
		size_t n = strcspn(path, "/");

		if (n == 2 && path[0] == '.' && path[1] == '.') {
			while (len && out[--len] != '/')
				;
		} else if (n && !(n == 1 && path[0] == '.')) {
			out[len++] = '/';
			memcpy(out + len, path, n);
			len += n;
		}
		path += n + (path[n] == '/');
	}
	if (!len)
		out[len++] = '/';
	out[len] = '\0';
	return out;
}

static int set_root(struct cli *cli, const char *given, struct err *err)
{
	struct stat st, slash;

	cli->root.fd = -1;
	container_root_default(cli->arena, &cli->root);
	if (!given)
		return 0;
	cli->explicit_root = true;
	cli->root.path = *given ? clean_path(cli->arena, given, err) : "/";
	if (!cli->root.path)
		return -err->code;
	if (streq(cli->root.path, "/") ||
	    (stat(cli->root.path, &st) == 0 && stat("/", &slash) == 0 &&
	     st.st_dev == slash.st_dev && st.st_ino == slash.st_ino))
		return err_fail(err, EINVAL,
				"option '--root': the state directory must not be '/'");
	return 0;
}

static int open_log(const struct cli_globals *g, struct err *err)
{
	bool debug = g->debug || (g->log_level &&
				  (streq(g->log_level, "debug") || streq(g->log_level, "trace")));

	return log_open(given(g->log) ? g->log : NULL,
			g->log_format && streq(g->log_format, "json") ? LOG_JSON : LOG_TEXT, debug,
			err);
}

/* What is wrong before the command is told in the log, too, wherever that is named: engines look
 * there first. */
static void find_log(struct cli *cli, char **argv)
{
	struct cli_globals g = {.root = NULL};
	struct cli_operands in;
	struct err ignored;

	for (; *argv && !cli_command_find(*argv); argv++) {
		char *two[] = {argv[0], argv[1], NULL};

		if (str_starts(*argv, "--log") || str_starts(*argv, "-log"))
			(void)!cli_parse(cli->arena, cli_global_options, true, two, &g, &in,
					 &ignored);
	}
	(void)!open_log(&g, &ignored);
}

static int apply_globals(struct cli *cli, const struct cli_globals *g, struct err *err)
{
	int r = open_log(g, err);

	if (r < 0)
		return r;
	r = set_root(cli, g->root, err);
	if (r < 0)
		return r;
	/* engines say --systemd-cgroup always, and the other one when they mean it */
	cli->criu = g->criu;
	cli->root.no_cgroup = g->cgroup_manager && streq(g->cgroup_manager, "disabled");
	cli->root.systemd =
		g->cgroup_manager ? streq(g->cgroup_manager, "systemd") : g->systemd_cgroup;
	if (g->rootless && !streq(g->rootless, "auto"))
		cli->root.rootless = streq(g->rootless, "true");
	return 0;
}

static int print(const char *text, struct err *err)
{
	return cli_print(text, strlen(text), err) < 0 ? report(err, 1) : 0;
}

/* What was typed makes no sense: the usage on stdout, as runc does, and the reason. */
static int usage_error(struct cli *cli, const struct cli_command *command, struct err *err)
{
	struct err ignored;
	const char *help = cli_help_text(cli->arena, command);

	if (command)
		err_wrap(err, "%s", command->name);
	if (cli_print(help, strlen(help), &ignored) < 0)
		return report(err, 1);
	return report(err, 1);
}

static int check_operands(const struct cli_command *c, int argc, struct err *err)
{
	if (argc < c->min_operands)
		return err_fail(err, EINVAL, "too few arguments: needs '%s'", c->operands);
	if (c->max_operands >= 0 && argc > c->max_operands)
		return err_fail(err, EINVAL, "too many arguments: takes %s%s%s",
				*c->operands ? "'" : "", *c->operands ? c->operands : "none",
				*c->operands ? "'" : "");
	return 0;
}

static int open_root(struct cli *cli, const struct cli_command *c, const char *id, struct err *err)
{
	int r;

	if (c->root == CLI_ROOT_NONE)
		return 0;
	r = container_root_open(&cli->root, c->root == CLI_ROOT_MADE, err);
	if (r == -ENOENT && c->root == CLI_ROOT_OPTIONAL) {
		cli->root.fd = -1;
		return 0;
	}
	if (r == -ENOENT && c->root == CLI_ROOT_NEEDED)
		return err_fail(err, ENOENT, "container `%.255s` does not exist", id);
	return r < 0 ? r : 0;
}

static int run_command(struct cli *cli, const struct cli_command *c, char **argv, char **args)
{
	void *options = arena_alloc(cli->arena, c->options_size);
	struct cli_operands in;
	struct err err = ERR_NONE;
	int r = 0;

	if (c->defaults)
		memcpy(options, c->defaults, c->options_size);
	if (cli_parse(cli->arena, c->options, c->options_first, args, options, &in, &err) < 0)
		return usage_error(cli, c, &err);
	if (in.help)
		return print(cli_help_text(cli->arena, c), &err);
	if (check_operands(c, in.argc, &err) < 0)
		return usage_error(cli, c, &err);
	if (c->root != CLI_ROOT_NONE)
		r = kernel_check(c->seals ? KERNEL_ENTER : KERNEL_MANAGE, &err);
	if (r >= 0 && c->seals)
		r = container_seal_self(argv, &err);
	if (r >= 0)
		r = open_root(cli, c, in.argc ? in.argv[0] : "", &err);
	if (r >= 0)
		r = c->run(cli, options, in.argc, in.argv, &err);
	if (r >= 0)
		return r;
	if (c->names_container && in.argc)
		err_wrap(&err, "%s '%.64s'", c->name, in.argv[0]);
	else
		err_wrap(&err, "%s", c->name);
	return report(&err, c->failure ? c->failure : 1);
}

int main(int argc, char **argv)
{
	auto_arena arena = ARENA_INIT;
	struct cli cli = {.arena = &arena, .root = {.fd = -1}};
	struct cli_globals globals = {.root = NULL};
	const struct cli_command *command;
	struct cli_operands in;
	struct err err = ERR_NONE;

	fill_standard_fds();
	signal(SIGPIPE, SIG_IGN); /* engines close our pipes early */
	if (argc < 1)
		return 1;
	if (cli_parse(&arena, cli_global_options, true, argv + 1, &globals, &in, &err) < 0) {
		find_log(&cli, argv + 1);
		return usage_error(&cli, NULL, &err);
	}
	if (globals.version)
		return print(cli_version_text(&arena, argv[0]), &err);
	if (in.help || in.argc == 0)
		return print(cli_help_text(&arena, NULL), &err);
	if (apply_globals(&cli, &globals, &err) < 0)
		return report(&err, 1);
	command = cli_command_find(in.argv[0]);
	if (!command) {
		err_fail(&err, EINVAL, "No help topic for '%.64s'", in.argv[0]);
		return report(&err, EXIT_UNKNOWN_COMMAND);
	}
	return run_command(&cli, command, argv, in.argv + 1);
}
