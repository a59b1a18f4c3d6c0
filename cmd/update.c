/* RUNTIME: hull update. */
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "cmd/command.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "oci-spec/oci.h"

struct update_args {
	const char *file;
	struct oci_memory memory;
	struct oci_cpu cpu;
	struct oci_pids pids;
	struct opt_u64 blkio_weight;
	const char *ignored, *l3_cache_schema, *mem_bw_schema;
};

/* clang-format off */
static const struct cli_option options[] = {
	OPT_STRING(struct update_args, file, 'r', "resources", "FILE",
		   "a resources object (JSON) to apply, '-' for standard input; then other "
		   "options are not used"),
	OPT_U64(struct update_args, blkio_weight, 0, "blkio-weight", "N",
		"weight of input and output, 10 to 1000"),
	OPT_U64(struct update_args, cpu.period, 0, "cpu-period", "USEC",
		"period of the quota, in microseconds"),
	OPT_I64(struct update_args, cpu.quota, 0, "cpu-quota", "USEC",
		"CPU time in each period, in microseconds; -1: no limit"),
	OPT_U64(struct update_args, cpu.burst, 0, "cpu-burst", "USEC",
		"unused quota that may be used later, in microseconds"),
	OPT_U64(struct update_args, cpu.shares, 0, "cpu-share", "N",
		"share of CPU time relative to other containers"),
	OPT_U64(struct update_args, cpu.realtime_period, 0, "cpu-rt-period", "USEC",
		"period of realtime scheduling"),
	OPT_I64(struct update_args, cpu.realtime_runtime, 0, "cpu-rt-runtime", "USEC",
		"realtime CPU time in each period"),
	OPT_STRING(struct update_args, cpu.cpus, 0, "cpuset-cpus", "LIST", "CPUs to use: 0-2,4"),
	OPT_STRING(struct update_args, cpu.mems, 0, "cpuset-mems", "LIST", "memory nodes to use"),
	OPT_I64(struct update_args, cpu.idle, 0, "cpu-idle", "0|1",
		"1: run only when nothing else wants to"),
	OPT_SIZE(struct update_args, memory.limit, 0, "memory", "SIZE",
		 "limit of memory; -1: none"),
	OPT_SIZE(struct update_args, memory.reservation, 0, "memory-reservation", "SIZE",
		 "memory that is protected from pressure"),
	OPT_SIZE(struct update_args, memory.swap, 0, "memory-swap", "SIZE",
		 "limit of memory and swap together; -1: no limit of swap"),
	OPT_I64(struct update_args, pids.limit, 0, "pids-limit", "N",
		"number of processes; -1: no limit"),
	OPT_IGNORED_VALUE(struct update_args, ignored, "kernel-memory"),
	OPT_IGNORED_VALUE(struct update_args, ignored, "kernel-memory-tcp"),
	{.name = "l3-cache-schema", .kind = CLI_STRING, .hidden = true, .arg = "SCHEMA",
	 .offset = CLI_AT(struct update_args, l3_cache_schema, const char *)},
	{.name = "mem-bw-schema", .kind = CLI_STRING, .hidden = true, .arg = "SCHEMA",
	 .offset = CLI_AT(struct update_args, mem_bw_schema, const char *)},
	OPT_END,
};
/* clang-format on */

static int from_file(struct cli *cli, const char *path, struct oci_resources *ret, struct err *err)
{
	char *text;
	size_t len;
	int r;

	if (!streq(path, "-"))
		return oci_decode_file(cli->arena, &oci_resources_type, AT_FDCWD, path, ret, err);
	r = io_read_fd(cli->arena, STDIN_FILENO, "standard input", OCI_MAX_BYTES, &text, &len, err);
	if (r < 0)
		return r;
	return oci_decode(cli->arena, &oci_resources_type, "standard input", text, len, ret, err);
}

static bool cpu_given(const struct oci_cpu *c)
{
	return c->shares.set || c->period.set || c->burst.set || c->realtime_period.set ||
	       c->quota.set || c->realtime_runtime.set || c->idle.set || c->cpus || c->mems;
}

static int from_options(struct cli *cli, struct update_args *args, struct oci_resources *ret,
			struct err *err)
{
	if (args->blkio_weight.set) {
		if (args->blkio_weight.v > UINT16_MAX)
			return err_fail(err, EINVAL, "option '--blkio-weight': out of range");
		ret->block_io = arena_new(cli->arena, struct oci_block_io);
		ret->block_io->weight.set = true;
		ret->block_io->weight.v = (uint32_t)args->blkio_weight.v;
	}
	if (args->memory.limit.set || args->memory.reservation.set || args->memory.swap.set)
		ret->memory = &args->memory;
	if (cpu_given(&args->cpu))
		ret->cpu = &args->cpu;
	if (args->pids.limit.set)
		ret->pids = &args->pids;
	return 0;
}

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct oci_resources resources = {.memory = NULL};
	struct update_args *args = opts;
	int r;

	(void)argc;
	if (args->l3_cache_schema || args->mem_bw_schema)
		return err_fail(err, ENOTSUP, "option '--%s' is not supported yet",
				args->l3_cache_schema ? "l3-cache-schema" : "mem-bw-schema");
	if (args->file)
		r = from_file(cli, args->file, &resources, err);
	else
		r = from_options(cli, args, &resources, err);
	if (r >= 0)
		r = oci_validate_resources(&resources, err);
	if (r < 0)
		return r;
	return container_update(&cli->root, argv[0], &resources, err);
}

const struct cli_command cmd_update = {
	.name = "update",
	.operands = "ID",
	.help = "change the resource limits of a container",
	.manual = "Only what is given is changed. Sizes are in bytes, or with a unit: k, m, g or t "
		  "(powers of 1024). Device rules stay as they are.",
	.options = options,
	.options_size = sizeof(struct update_args),
	.min_operands = 1,
	.max_operands = 1,
	.names_container = true,
	.root = CLI_ROOT_NEEDED,
	.run = run,
};
