/* RUNTIME: hull restore. */
#include <errno.h>

#include "cmd/images.h"
#include "libcontainer/base/str.h"

struct restore_args {
	struct container_restore_opts restore;
	struct cli_list empty_ns;
	const char *preserve_fds, *max_size;
};

/* clang-format off */
static const struct cli_option options[] = {
	OPT_STRING(struct restore_args, restore.create.bundle, 'b', "bundle", "DIR",
		   "directory with config.json and the root file system (default: the current "
		   "one)"),
	OPT_STRING(struct restore_args, restore.create.config, 'f', "config", "FILE",
		   "another file than the bundle's config.json"),
	OPT_FLAG(struct restore_args, restore.create.detach, 'd', "detach",
		 "return as soon as the program runs"),
	OPT_STRING(struct restore_args, restore.create.console_socket, 0, "console-socket", "SOCKET",
		   "socket that is sent the terminal's master end"),
	OPT_STRING(struct restore_args, restore.create.pidfd_socket, 0, "pidfd-socket", "SOCKET",
		   "socket that is sent a pidfd of the container's process"),
	OPT_STRING(struct restore_args, restore.create.pid_file, 0, "pid-file", "FILE",
		   "file to write the pid of the container's process to"),
	IMAGE_OPTIONS(struct restore_args, restore.image),
	OPT_FLAG(struct restore_args, restore.tcp_close, 0, "tcp-close",
		 "restore TCP connections as closed ones"),
	OPT_STRING(struct restore_args, restore.lsm_profile, 0, "lsm-profile", "TYPE:NAME",
		   "another security profile than the dumped one"),
	OPT_STRING(struct restore_args, restore.lsm_mount_context, 0, "lsm-mount-context", "CONTEXT",
		   "another SELinux label for mounts than the dumped one"),
	OPT_FLAG(struct restore_args, restore.create.no_subreaper, 0, "no-subreaper",
		 "do not adopt orphaned processes of the container"),
	OPT_FLAG(struct restore_args, restore.create.no_new_keyring, 0, "no-new-keyring",
		 "keep the caller's session keyring"),
	OPT_FLAG(struct restore_args, restore.create.keep, 0, "keep",
		 "do not delete the container when the program has ended"),
	OPT_STRING(struct restore_args, restore.import_file, 'i', "import", "FILE",
		   "unpack the images from an archive of checkpoint --export, and put into the root "
		   "file system what it has of it"),
	OPT_STRING(struct restore_args, max_size, 0, "max-size", "SIZE",
		   "refuse an archive that holds more, unpacked (default: no limit)"),
	OPT_IGNORED(struct restore_args, restore.create.no_pivot, "no-pivot"),
	OPT_IGNORED_VALUE(struct restore_args, preserve_fds, "preserve-fds"),
	OPT_END,
};
/* clang-format on */

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct restore_args *args = opts;
	int status = 0, r;

	(void)argc;
	args->restore.create.id = argv[0];
	if (!args->restore.create.bundle)
		args->restore.create.bundle = ".";
	args->restore.create.no_pivot = false;
	if (given(args->max_size)) {
		int64_t size;

		if (str_to_size(args->max_size, &size) < 0 || size <= 0)
			return err_fail(err, EINVAL, "--max-size: '%s' is no size", args->max_size);
		args->restore.max_size = (uint64_t)size;
	}
	images_complete(cli, &args->restore.image, &args->empty_ns);
	r = container_restore(&cli->root, &args->restore, &status, err);
	return r < 0 ? r : status;
}

const struct cli_command cmd_restore = {
	.name = "restore",
	.operands = "ID",
	.help = "make a running container from a dump",
	.manual =
		"A new container ID is made from the bundle's config.json and root file system; "
		"CRIU puts the dumped processes into it, and they run on where they were. The "
		"bundle is the one of the dumped container, or one whose configuration names the "
		"same namespaces, mounts and masked paths, and whose root file system has the "
		"same contents; host paths, cgroup, limits, hooks and annotations may differ.\n\n"
		"Pipes and host files that were standard input, output and error are replaced by "
		"those of hull. A terminal is made anew, and goes to --console-socket, or, "
		"attached, is passed through. Attached (the default), the rest is as with "
		"hull-run(1).\n\n"
		"The processes are placed in the new container's cgroup, whatever cgroups they "
		"were in, unless --manage-cgroups-mode says otherwise. A new network namespace is "
		"empty but for loopback and linux.netDevices until the hooks prestart and "
		"createRuntime have filled it; of the other hooks poststart and poststop are "
		"run.\n\n"
		"CRIU 4.2 or newer is looked up in PATH, or is what the global option --criu "
		"names. Images are programs that are continued with root's rights: restore only "
		"those whose origin is trusted.",
	.options = options,
	.options_size = sizeof(struct restore_args),
	.min_operands = 1,
	.max_operands = 1,
	.seals = true,
	.names_container = true,
	.root = CLI_ROOT_MADE,
	.run = run,
};
