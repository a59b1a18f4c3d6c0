/* RUNTIME: hull restore: what engines may say to it; this build cannot do it yet. */
#include <errno.h>

#include "cmd/images.h"

#define CANNOT "this build of hull cannot restore containers"

struct restore_args {
	struct container_image_opts image;
	struct cli_list empty_ns;
	const char *bundle, *console_socket, *pid_file, *lsm_profile, *lsm_mount_context;
	uint32_t preserve_fds;
	bool detach, no_subreaper, no_pivot, no_new_keyring, keep, tcp_close;
};

/* clang-format off */
static const struct cli_option restore_options[] = {
	OPT_STRING(struct restore_args, bundle, 'b', "bundle", "DIR",
		   "directory with config.json and the root file system (default: the current "
		   "one)"),
	OPT_FLAG(struct restore_args, detach, 'd', "detach", "return as soon as the program runs"),
	OPT_STRING(struct restore_args, console_socket, 0, "console-socket", "SOCKET",
		   "socket that is sent the terminal's master end"),
	OPT_STRING(struct restore_args, pid_file, 0, "pid-file", "FILE",
		   "file to write the pid of the container's process to"),
	IMAGE_OPTIONS(struct restore_args, image),
	OPT_FLAG(struct restore_args, tcp_close, 0, "tcp-close",
		 "restore TCP connections as closed ones"),
	OPT_STRING(struct restore_args, lsm_profile, 0, "lsm-profile", "TYPE:NAME",
		   "another security profile than the dumped one"),
	OPT_STRING(struct restore_args, lsm_mount_context, 0, "lsm-mount-context", "CONTEXT",
		   "another SELinux label for mounts than the dumped one"),
	OPT_FLAG(struct restore_args, no_subreaper, 0, "no-subreaper",
		 "do not adopt orphaned processes of the container"),
	OPT_FLAG(struct restore_args, no_pivot, 0, "no-pivot",
		 "change the root with MS_MOVE and chroot (insecure; for ramdisks)"),
	OPT_FLAG(struct restore_args, no_new_keyring, 0, "no-new-keyring",
		 "keep the caller's session keyring"),
	OPT_FLAG(struct restore_args, keep, 0, "keep",
		 "do not delete the container when the program has ended"),
	OPT_U32(struct restore_args, preserve_fds, 0, "preserve-fds", "N",
		"pass N descriptors, from 3 on"),
	OPT_END,
};
/* clang-format on */

static int refuse(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	(void)cli;
	(void)opts;
	(void)argc;
	(void)argv;
	return err_fail(err, ENOTSUP, CANNOT);
}

const struct cli_command cmd_restore = {
	.name = "restore",
	.operands = "ID",
	.help = "make a container from a dump (not in this build)",
	.manual = "The options of other runtimes are known, but " CANNOT ".",
	.options = restore_options,
	.options_size = sizeof(struct restore_args),
	.min_operands = 1,
	.max_operands = 1,
	.names_container = true,
	.run = refuse,
};
