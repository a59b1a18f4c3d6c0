/* INIT: exec: a further process in a container that runs. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/init/side.h"

static int join(void *ctx, struct err *err)
{
	struct init *c = ctx;

	/* Before anything of the container can see us: its root could look at the host's
	 * descriptors through ptrace (CVE-2016-9962). */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(err, errno, "make the process non-dumpable");
	init_forget_environment();
	if (c->exec->join && setns(c->exec->container_pidfd, (int)c->exec->join) < 0)
		return err_sys(err, errno, "join the container's namespaces");
	return 0;
}

/* Joining its mount namespace has made the container's root ours. */
static int open_root(void *ctx, struct err *err)
{
	struct init *c = ctx;

	c->root_fd = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	return c->root_fd < 0 ? err_sys(err, errno, "open the container's root") : 0;
}

static bool control(const void *ctx)
{
	const struct init *c = ctx;

	return c->process->terminal && c->exec->console_fd >= 0;
}

static bool shielded(const void *ctx)
{
	return ((const struct init *)ctx)->exec->ret_pid;
}

/* clang-format off */
static const struct step steps[] = {
	/* First: what the caller left open may be a way to the host's files. */
	{"descriptors",   NULL,                   init_descriptors, NULL},
	{"session",       NULL,                   init_session, NULL},
	{"cpus",          NULL,                   init_cpus, NULL},
	{"join",          NULL,                   join, NULL},
	{"uid 0",         init_has_userns,        init_become_root, NULL},
	{"root",          NULL,                   open_root, NULL},
	{"console",       init_has_terminal,      init_console, NULL},
	/* From here on as in init.c. */
	{"home",          NULL,                   init_home, NULL},
	{"labels",        init_has_labels,        init_labels, NULL},
	{"stdio",         NULL,                   init_stdio_owner, NULL},
	{"keyring",       init_has_keyring,       init_keyring, NULL},
	{"limits",        init_has_own_limits,    init_rlimits, NULL},
	{"memory policy", init_has_memory_policy, init_memory_policy, NULL},
	{"personality",   init_has_personality,   init_personality, NULL},
	{"credentials",   NULL,                   init_credentials, NULL},
	{"chdir",         NULL,                   init_chdir, NULL},
	{"program",       NULL,                   init_lookup, NULL},
	{"ready",         NULL,                   init_ready, NULL},
	/* The parent writes the pid file in between: only when all before has succeeded. */
	{"wait",          NULL,                   init_wait_start, NULL},
	/* As late as possible: from here on the container's processes see it. */
	{"birth",         shielded,               init_birth, NULL},
	{"control",       control,                init_control_terminal, NULL},
	{"exec",          NULL,                   init_run, NULL},
};
/* clang-format on */

_Noreturn void init_exec_main(const struct init_exec_args *args)
{
	struct err err = ERR_NONE;
	size_t done = 0;
	struct init c = {
		.exec = args,
		.process = args->process,
		.arena = ARENA_INIT,
		.channel = args->sync_fd,
		.console_fd = args->console_fd,
		.label_proc_fd = args->label_proc_fd,
		.root_path_fd = -1,
		.root_fd = -1,
		.proc_fd = -1,
		.userns = args->new_user,
	};

	(void)!steps_run("exec", steps, ARRAY_SIZE(steps), &done, &c, &err);
	init_fail(&c, &err);
}
