/* RUNTIME: hull spec. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "oci-spec/oci.h"

struct spec_args {
	const char *bundle;
	bool rootless;
};

/* clang-format off */
static const struct cli_option options[] = {
	OPT_STRING(struct spec_args, bundle, 'b', "bundle", "DIR",
		   "directory to write to (default: the current one)"),
	OPT_FLAG(struct spec_args, rootless, 0, "rootless",
		 "write a configuration that you can run as you are"),
	OPT_END,
};
/* clang-format on */

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct spec_args *args = opts;
	const char *dir = args->bundle ? args->bundle : ".";
	auto_fd int dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int fd = -1;
	const char *text;
	int r;

	(void)argc;
	(void)argv;
	if (dirfd < 0)
		return err_sys(err, errno, "open '%s'", dir);
	text = oci_encode(cli->arena, &oci_spec_type,
			  oci_default_spec(cli->arena, args->rootless, geteuid(), getegid()), "\t");
	fd = openat(dirfd, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0 && errno == EEXIST)
		return err_fail(err, EEXIST, "File config.json exists. Remove it first");
	if (fd < 0)
		return err_sys(err, errno, "create 'config.json'");
	text = arena_printf(cli->arena, "%s\n", text);
	r = io_write_all(fd, text, strlen(text));
	if (r < 0) {
		unlinkat(dirfd, "config.json", 0);
		return err_sys(err, -r, "write 'config.json'");
	}
	return 0;
}

const struct cli_command cmd_spec = {
	.name = "spec",
	.operands = "",
	.help = "write a config.json to start from",
	.manual = "The configuration runs a shell from the directory 'rootfs' of the bundle. An "
		  "existing config.json is not touched.",
	.options = options,
	.options_size = sizeof(struct spec_args),
	.max_operands = 0,
	.run = run,
};
