/* RUNTIME: hull checkpoint. */
#include <errno.h>
#include <fcntl.h>

#include "cmd/images.h"
#include "libcontainer/base/str.h"

struct args {
	struct container_checkpoint_opts o;
	struct cli_list empty_ns;
	const char *status_fd;
};

/* clang-format off */
static const struct cli_option options[] = {
	IMAGE_OPTIONS(struct args, o.image),
	OPT_STRING(struct args, o.parent_path, 0, "parent-path", "DIR",
		   "images of an earlier --pre-dump, relative to the directory of the images"),
	OPT_FLAG(struct args, o.leave_running, 0, "leave-running",
		 "let the container run on"),
	OPT_FLAG(struct args, o.pre_dump, 0, "pre-dump",
		 "dump the memory only, and let the container run on"),
	OPT_FLAG(struct args, o.tcp_skip_in_flight, 0, "tcp-skip-in-flight",
		 "leave out TCP connections that are being made"),
	OPT_FLAG(struct args, o.link_remap, 0, "link-remap",
		 "link files that have no name any more"),
	OPT_STRING(struct args, status_fd, 0, "status-fd", "FD",
		   "descriptor to write a byte to when lazy pages can be asked for"),
	OPT_STRING(struct args, o.page_server, 0, "page-server", "ADDRESS:PORT",
		   "send the memory there"),
	OPT_STRING(struct args, o.export_file, 'e', "export", "FILE",
		   "write all into one archive, FILE.tar, FILE.tar.gz or FILE.tar.zst"),
	OPT_STRING(struct args, o.compress, 'c', "compress", "none|gzip|zstd",
		   "how the archive is compressed (default: as its name says)"),
	OPT_STRING(struct args, o.rootfs, 0, "rootfs", "auto|whole|upper|none",
		   "what of the root file system goes into the archive (default: the upper layer of an "
		   "overlay, all of a plain directory, nothing of a read-only one)"),
	OPT_END,
};
/* clang-format on */

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct args *args = opts;
	uint32_t fd;
	int flags;

	(void)argc;
	images_complete(cli, &args->o.image, &args->empty_ns);
	args->o.id = argv[0];
	args->o.status_fd = -1;
	if (given(args->status_fd)) {
		if (str_to_u32(args->status_fd, &fd) < 0 || fd > INT32_MAX ||
		    (flags = fcntl((int)fd, F_GETFL)) < 0 || (flags & O_ACCMODE) == O_RDONLY)
			return err_fail(err, EBADF,
					"--status-fd: '%s' is no descriptor to write to",
					args->status_fd);
		args->o.status_fd = (int)fd;
	}
	if (args->o.image.lazy_pages && !given(args->o.page_server))
		return err_fail(err, EINVAL,
				"--lazy-pages: --page-server must say where they can be asked for");
	return container_checkpoint(&cli->root, &args->o, err);
}

const struct cli_command cmd_checkpoint = {
	.name = "checkpoint",
	.operands = "ID",
	.help = "dump a running container to files",
	.manual = "Writes the state of all processes of the container, with their memory, to a "
		  "directory, by CRIU; "
		  "hull restore makes the container from it again, here or on another host. The "
		  "container is "
		  "deleted then, unless --leave-running is given. When the dump fails it runs on.\n"
		  "\n"
		  "What comes from outside of the container is not in the images: its root file "
		  "system, "
		  "bind mounts, the other ends of pipes. Needs root and CRIU 4.2 (Linux before "
		  "6.16: 3.17).",
	.options = options,
	.options_size = sizeof(struct args),
	.min_operands = 1,
	.max_operands = 1,
	.names_container = true,
	.root = CLI_ROOT_NEEDED,
	.run = run,
};
