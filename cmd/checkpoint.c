/* RUNTIME: hull checkpoint and restore: what engines may say to them; this build can do neither. */
#include <errno.h>

#include "cmd/command.h"

/* Engines ask before they use it: with --help, and with an option that lacks its value. */
#define CANNOT "this build of hull cannot checkpoint or restore containers"

/* What both share: where the images are, and what CRIU is asked for. */
struct image_args {
	const char *image_path, *work_path, *manage_cgroups_mode;
	struct cli_list empty_ns;
	bool tcp_established, ext_unix_sk, shell_job, file_locks, lazy_pages, auto_dedup;
};

/* clang-format off */
#define IMAGE_OPTIONS(T)                                                                        \
	OPT_STRING(T, image.image_path, 0, "image-path", "DIR",                                 \
		   "directory of the images (default: ./checkpoint)"),                          \
		OPT_STRING(T, image.work_path, 0, "work-path", "DIR",                           \
			   "directory of CRIU's log and temporary files"),                      \
		OPT_FLAG(T, image.tcp_established, 0, "tcp-established",                        \
			 "established TCP connections, too"),                                   \
		OPT_FLAG(T, image.ext_unix_sk, 0, "ext-unix-sk",                                \
			 "unix sockets whose other end is outside, too"),                       \
		OPT_FLAG(T, image.shell_job, 0, "shell-job",                                    \
			 "a session whose leader is outside, too"),                             \
		OPT_FLAG(T, image.lazy_pages, 0, "lazy-pages",                                  \
			 "move memory when it is used"),                                        \
		OPT_FLAG(T, image.file_locks, 0, "file-locks", "file locks, too"),              \
		OPT_CHOICE(T, image.manage_cgroups_mode, 0, "manage-cgroups-mode",              \
			   "soft|full|strict|ignore", "what CRIU does about cgroups"),          \
		OPT_REPEAT(T, image.empty_ns, 0, "empty-ns", "NAMESPACE",                       \
			   "leave out what is in this namespace; may be repeated"),             \
		OPT_FLAG(T, image.auto_dedup, 0, "auto-dedup",                                  \
			 "remove pages from parent images that newer ones have")

struct checkpoint_args {
	struct image_args image;
	const char *parent_path, *status_fd, *page_server;
	bool leave_running, pre_dump, tcp_skip_in_flight, link_remap;
};

static const struct cli_option checkpoint_options[] = {
	IMAGE_OPTIONS(struct checkpoint_args),
	OPT_STRING(struct checkpoint_args, parent_path, 0, "parent-path", "DIR",
		   "images of an earlier --pre-dump, relative to the directory of the images"),
	OPT_FLAG(struct checkpoint_args, leave_running, 0, "leave-running",
		 "let the container run on"),
	OPT_FLAG(struct checkpoint_args, pre_dump, 0, "pre-dump",
		 "dump the memory only, and let the container run on"),
	OPT_FLAG(struct checkpoint_args, tcp_skip_in_flight, 0, "tcp-skip-in-flight",
		 "leave out TCP connections that are being made"),
	OPT_FLAG(struct checkpoint_args, link_remap, 0, "link-remap",
		 "link files that have no name any more"),
	OPT_STRING(struct checkpoint_args, status_fd, 0, "status-fd", "FD",
		   "descriptor to write a byte to when lazy pages can be asked for"),
	OPT_STRING(struct checkpoint_args, page_server, 0, "page-server", "ADDRESS:PORT",
		   "send the memory there"),
	OPT_END,
};

struct restore_args {
	struct image_args image;
	const char *bundle, *console_socket, *pid_file, *lsm_profile, *lsm_mount_context;
	uint32_t preserve_fds;
	bool detach, no_subreaper, no_pivot, no_new_keyring, keep, tcp_close;
};

static const struct cli_option restore_options[] = {
	OPT_STRING(struct restore_args, bundle, 'b', "bundle", "DIR",
		   "directory with config.json and the root file system (default: the current "
		   "one)"),
	OPT_FLAG(struct restore_args, detach, 'd', "detach", "return as soon as the program runs"),
	OPT_STRING(struct restore_args, console_socket, 0, "console-socket", "SOCKET",
		   "socket that is sent the terminal's master end"),
	OPT_STRING(struct restore_args, pid_file, 0, "pid-file", "FILE",
		   "file to write the pid of the container's process to"),
	IMAGE_OPTIONS(struct restore_args),
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

const struct cli_command cmd_checkpoint = {
	.name = "checkpoint",
	.operands = "ID",
	.help = "dump a running container to files (not in this build)",
	.manual = "The options of other runtimes are known, but " CANNOT ".",
	.options = checkpoint_options,
	.options_size = sizeof(struct checkpoint_args),
	.min_operands = 1,
	.max_operands = 1,
	.names_container = true,
	.run = refuse,
};

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
