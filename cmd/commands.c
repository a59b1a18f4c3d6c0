/* PURE: the table of commands. */
#include "cmd/command.h"
#include "libcontainer/base/str.h"

/* clang-format off */
const struct cli_command *const cli_commands[] = {
	&cmd_create, &cmd_start, &cmd_run, &cmd_exec, &cmd_state, &cmd_list, &cmd_ps, &cmd_kill,
	&cmd_delete, &cmd_pause, &cmd_resume, &cmd_update, &cmd_events, &cmd_checkpoint,
	&cmd_restore, &cmd_migrate, &cmd_migrate_receive, &cmd_spec, &cmd_features, &cmd_help, NULL,
};
/* clang-format on */

const struct cli_command *cli_command_find(const char *name)
{
	for (size_t i = 0; cli_commands[i]; i++)
		if (streq(cli_commands[i]->name, name))
			return cli_commands[i];
	return NULL;
}

/* clang-format off */
const struct cli_option cli_global_options[] = {
	OPT_STRING(struct cli_globals, root, 0, "root", "DIR",
		   "directory of the containers' state (default: /run/hull, or "
		   "$XDG_RUNTIME_DIR/hull for other users than root)"),
	OPT_STRING(struct cli_globals, log, 0, "log", "FILE",
		   "append log lines to FILE, or send them to journald:ID or syslog:ID (default: "
		   "standard error)"),
	OPT_CHOICE(struct cli_globals, log_format, 0, "log-format", "text|json",
		   "format of log lines (default: text)"),
	OPT_FLAG(struct cli_globals, debug, 0, "debug",
		 "log warnings and what is done, too"),
	OPT_CHOICE(struct cli_globals, log_level, 0, "log-level", "error|warning|info|debug|trace",
		   "debug and trace mean --debug"),
	OPT_CHOICE(struct cli_globals, cgroup_manager, 0, "cgroup-manager",
		   "cgroupfs|disabled|systemd",
		   "who manages the cgroup of a new container; systemd: a scope of its own; disabled: it "
		   "stays in the caller's, without limits (default: cgroupfs)"),
	OPT_FLAG(struct cli_globals, systemd_cgroup, 0, "systemd-cgroup",
		 "the same as --cgroup-manager systemd, where that option is not given"),
	OPT_SWITCH(struct cli_globals, rootless, 0, "rootless", "true|false|auto",
		   "do without what only real root may do (default: auto)"),
	OPT_STRING(struct cli_globals, criu, 0, "criu", "PATH",
		   "CRIU, for checkpoint and restore (default: criu, in PATH)"),
	OPT_FLAG(struct cli_globals, version, 'v', "version", "print the version"),
	OPT_END,
};
/* clang-format on */
