/* RUNTIME: hull exec. */
#include <errno.h>

#include "cmd/command.h"
#include "libcontainer/base/str.h"

struct exec_args {
	struct container_exec_opts exec;
	struct cli_list env, caps, groups;
	bool no_subreaper;
};

/* clang-format off */
static const struct cli_option options[] = {
	OPT_STRING(struct exec_args, exec.process_file, 'p', "process", "FILE",
		   "a process object (JSON) to execute instead of a command line"),
	OPT_FLAG(struct exec_args, exec.tty, 't', "tty", "give the process a terminal"),
	OPT_FLAG(struct exec_args, exec.detach, 'd', "detach",
		 "return as soon as the program runs"),
	OPT_STRING(struct exec_args, exec.cwd, 0, "cwd", "DIR", "working directory"),
	OPT_REPEAT(struct exec_args, env, 'e', "env", "NAME=VALUE",
		   "set a variable; may be repeated"),
	OPT_STRING(struct exec_args, exec.user, 'u', "user", "UID[:GID]",
		   "user and group, as numbers"),
	OPT_REPEAT(struct exec_args, groups, 'g', "additional-gids", "GID",
		   "add a group; may be repeated"),
	OPT_REPEAT(struct exec_args, caps, 'c', "cap", "CAPABILITY",
		   "add a capability (CAP_...); may be repeated"),
	OPT_FLAG(struct exec_args, exec.no_new_privs, 0, "no-new-privs",
		 "no privileges by execve (set-user-id and the like)"),
	OPT_STRING(struct exec_args, exec.apparmor, 0, "apparmor", "PROFILE",
		   "the AppArmor profile"),
	OPT_STRING(struct exec_args, exec.process_label, 0, "process-label", "LABEL",
		   "the SELinux label"),
	OPT_STRING(struct exec_args, exec.cgroup, 0, "cgroup", "PATH",
		   "cgroup below the container's to run in"),
	OPT_FLAG(struct exec_args, exec.ignore_paused, 0, "ignore-paused",
		 "go on in a paused container: the program runs when it is resumed"),
	OPT_STRING(struct exec_args, exec.console_socket, 0, "console-socket", "SOCKET",
		   "socket that is sent the terminal's master end"),
	OPT_STRING(struct exec_args, exec.pidfd_socket, 0, "pidfd-socket", "SOCKET",
		   "socket that is sent a pidfd of the process"),
	OPT_STRING(struct exec_args, exec.pid_file, 0, "pid-file", "FILE",
		   "file to write the pid of the process to"),
	OPT_U32(struct exec_args, exec.preserve_fds, 0, "preserve-fds", "N",
		"pass N descriptors, from 3 on"),
	OPT_IGNORED(struct exec_args, no_subreaper, "no-subreaper"),
	OPT_END,
};
/* clang-format on */

static int parse_groups(struct cli *cli, struct exec_args *args, struct err *err)
{
	uint32_t *gids = arena_array(cli->arena, uint32_t, args->groups.n + 1);

	for (size_t i = 0; i < args->groups.n; i++)
		if (str_to_u32(args->groups.v[i], &gids[i]) < 0)
			return err_fail(err, EINVAL,
					"option '--additional-gids': '%.64s' is not a group number",
					args->groups.v[i]);
	args->exec.additional_gids = gids;
	args->exec.n_additional_gids = args->groups.n;
	return 0;
}

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct exec_args *args = opts;
	int status = 0, r;

	if (argc < 2 && !args->exec.process_file)
		return err_fail(err, EINVAL, "needs a command, or '--process'");
	if (argc > 1 && args->exec.process_file)
		return err_fail(err, EINVAL, "takes a command or '--process', not both");
	r = parse_groups(cli, args, err);
	if (r < 0)
		return r;
	args->exec.id = argv[0];
	args->exec.args = argc > 1 ? argv + 1 : NULL;
	args->exec.env = args->env.v;
	args->exec.caps = args->caps.v;
	r = container_exec(&cli->root, &args->exec, &status, err);
	return r < 0 ? r : status;
}

const struct cli_command cmd_exec = {
	.name = "exec",
	.operands = "ID [COMMAND [ARGUMENT...]]",
	.help = "execute a program in a running container",
	.manual =
		"The program gets the environment, user, capabilities, limits, labels, scheduler, "
		"I/O priority and system call filter of the container's own process; options "
		"change them. What --process has not of capabilities, labels, scheduler, "
		"I/O priority and CPU affinity comes from the container's process, too. Attached "
		"(the "
		"default), the exit code is that of the program, or 128 and the number of the "
		"signal that ended it; 255 says that it could not be executed.\n\n"
		"All that follows ID belongs to the command.",
	.options = options,
	.options_size = sizeof(struct exec_args),
	.min_operands = 1,
	.max_operands = -1,
	.options_first = true,
	.seals = true,
	.names_container = true,
	.root = CLI_ROOT_NEEDED,
	.failure = 255,
	.run = run,
};
