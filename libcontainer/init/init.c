/* INIT: the order of a container's birth. */
#include "libcontainer/init/init.h"

#include <linux/sched.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/init/side.h"

static const struct init *context(const void *ctx)
{
	return ctx;
}

static bool waits_for_maps(const void *ctx)
{
	return context(ctx)->args->wait_for_maps;
}

static bool new_net(const void *ctx)
{
	return context(ctx)->plan->ns.create & CLONE_NEWNET;
}

static bool time_offsets(const void *ctx)
{
	const struct plan_namespaces *ns = &context(ctx)->plan->ns;

	return (ns->create & CLONE_NEWTIME) && ns->n_time_offsets;
}

static bool devices(const void *ctx)
{
	return context(ctx)->plan->make_devices;
}

static bool runtime_hooks(const void *ctx)
{
	return context(ctx)->args->runtime_hooks;
}

static bool create_hooks(const void *ctx)
{
	const struct oci_hooks *h = context(ctx)->plan->hooks;

	return h && h->create_container.n;
}

static bool start_hooks(const void *ctx)
{
	const struct oci_hooks *h = context(ctx)->plan->hooks;

	return h && h->start_container.n;
}

static bool process(const void *ctx)
{
	return context(ctx)->process;
}

static int forget_environment(void *ctx, struct err *err)
{
	(void)ctx;
	(void)err;
	init_forget_environment();
	return 0;
}

/* clang-format off */
static const struct step steps[] = {
	{"session",         NULL,                   init_session, NULL},
	{"cpus",            NULL,                   init_cpus, NULL},
	{"id maps",         waits_for_maps,         init_wait_for_maps, NULL},
	/* In the host's /proc; and while /proc/self is ours, which ends with "uid 0". */
	{"time offsets",    time_offsets,           init_open_time_offsets, NULL},
	/* Before the root path: where it leads is said by the mount namespace. */
	{"mount namespace", NULL,                   init_join_mount_ns, NULL},
	/* Before the user namespace's uid 0: only the host's root may be able to get there. */
	{"root path",       NULL,                   init_open_root_path, NULL},
	{"uid 0",           init_has_userns,        init_become_root, NULL},
	/* After SYNC_MAPPED, as what is made here belongs to the user namespace; the cgroup
	 * namespace not by clone3, as its root would be the runtime's cgroup. */
	{"namespaces",      NULL,                   init_new_namespaces, NULL},
	{"names",           NULL,                   init_names, NULL},
	{"loopback",        new_net,                init_loopback, NULL},
	{"root",            NULL,                   init_attach_root, NULL},
	{"mounts",          NULL,                   init_mounts, NULL},
	/* After the mounts, which may bring /dev and /proc (D-18). */
	{"devices",         devices,                init_devices, NULL},
	/* Before masks, so that nothing of /dev/pts is hidden yet. */
	{"console",         init_has_terminal,      init_console, NULL},
	/* H-08: the runtime's hooks, then ours; all before pivot_root (H-13 to H-15). */
	{"runtime hooks",   runtime_hooks,          init_runtime_hooks, NULL},
	{"create hooks",    create_hooks,           init_create_hooks, NULL},
	/* As root: a passwd file need not be readable for all. While /proc is the host's. */
	{"home",            process,                init_home, NULL},
	{"pivot",           NULL,                   init_pivot, NULL},
	/* While the root can be written. */
	{"directory",       process,                init_make_cwd, NULL},
	/* Before /proc/sys becomes read-only. */
	{"sysctls",         NULL,                   init_sysctls, NULL},
	{"read-only paths", NULL,                   init_readonly_paths, NULL},
	{"masked paths",    NULL,                   init_masked_paths, NULL},
	/* A shared root would be refused by pivot_root; of unbindable mounts, those over paths could
	 * not be made. */
	{"propagation",     NULL,                   init_root_propagation, NULL},
	{"read-only root",  NULL,                   init_root_readonly, NULL},
	/* Before no_new_privs, which may forbid it; before the keyring, which gets the label. What
	 * is masked in the container's /proc does not matter: it is not used. */
	{"labels",          init_has_labels,        init_labels, NULL},
	{"descriptors",     NULL,                   init_descriptors, NULL},
	{"stdio",           process,                init_stdio_owner, NULL},
	{"keyring",         init_has_keyring,       init_keyring, NULL},
	/* After the hooks that inherit it: /proc/1/environ shall not show the caller's. */
	{"environment",     NULL,                   forget_environment, NULL},
	/* Before CAP_SYS_RESOURCE is gone; after most descriptors are, for a small limit. */
	{"limits",          init_has_own_limits,    init_rlimits, NULL},
	{"memory policy",   init_has_memory_policy, init_memory_policy, NULL},
	{"personality",     init_has_personality,   init_personality, NULL},
	{"credentials",     process,                init_credentials, NULL},
	/* As the container's user (P-06, P-10). */
	{"chdir",           process,                init_chdir, NULL},
	{"program",         process,                init_lookup, NULL},
	{"ready",           NULL,                   init_ready, NULL},
	{"wait",            NULL,                   init_wait_start, NULL},
	{"start hooks",     start_hooks,            init_start_hooks, NULL},
	{"exec",            NULL,                   init_run, NULL},
};
/* clang-format on */

_Noreturn void init_main(const struct init_args *args)
{
	const struct plan *plan = args->plan;
	struct err err = ERR_NONE;
	size_t done = 0;
	struct init c = {
		.args = args,
		.plan = plan,
		.process = plan->has_process ? &plan->process : NULL,
		.arena = ARENA_INIT,
		.channel = args->sync_fd,
		.console_fd = args->console_fd,
		.label_proc_fd = args->label_proc_fd,
		.root_path_fd = -1,
		.root_fd = -1,
		.proc_fd = -1,
		.timens_fd = -1,
		.userns = plan_has_ns(plan, CLONE_NEWUSER),
	};

	/* The last step does not return when it succeeds. */
	(void)!steps_run("init", steps, ARRAY_SIZE(steps), &done, &c, &err);
	init_fail(&c, &err);
}
