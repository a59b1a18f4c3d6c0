/* RUNTIME: create, a table of steps. */
#include "libcontainer/runtime/create.h"

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/sync.h"

/* clang-format off */
static const struct step create_steps[] = {
	{"load",          NULL,                         create_load,          NULL},
	{"plan",          NULL,                         create_plan,          NULL},
	{"seccomp",       create_has_seccomp,           create_seccomp,       NULL},
	{"rdt find",      create_has_rdt,               create_rdt_find,      NULL},
	/* before anything that would have to be found again after a crash */
	{"state",         NULL,                         create_state,         create_undo_state},
	{"notify",        create_has_notify,            create_notify,        NULL},
	{"cgroup",        create_has_cgroup,            create_cgroup,        create_undo_cgroup},
	/* before the process exists: it must never run without its limits (K-44) */
	{"limits",        create_has_resources,         create_limits,        NULL},
	{"sub-cgroup",    create_has_sub_cgroup,        create_sub_cgroup,    NULL},
	{"delegate",      create_delegates,             create_delegate,      NULL},
	{"rdt",           create_has_rdt,               create_rdt,           create_undo_rdt},
	{"sources",       NULL,                         create_sources,       create_undo_sources},
	{"sockets",       NULL,                         create_sockets,       NULL},
	{"spawn",         NULL,                         create_spawn,         create_undo_spawn},
	/* The systemd manager's rows: a scope begins with a process in it, so init is there first;
	 * but it does nothing before "maps" (K-44). */
	{"unit",          create_has_unit,              create_unit,          create_undo_unit},
	{"unit limits",   create_has_unit_resources,    create_limits,        NULL},
	{"unit sub-cgroup", create_has_unit_sub_cgroup, create_unit_sub_cgroup, NULL},
	{"unit delegate", create_unit_delegates,        create_delegate,      NULL},
	/* from here on init works at the same time */
	{"rdt tasks",     create_has_rdt,               create_rdt_join,      NULL},
	{"delegate late", create_delegates_joined,      create_delegate_joined, NULL},
	{"maps",          create_init_waits,            create_maps,          NULL},
	{"identify",      NULL,                         create_identify,      NULL},
	/* before the hooks, which shall see them; while no program of the image has run */
	{"net devices",   create_has_net_devices,       create_net_devices,   create_undo_net_devices},
	{"outside",       NULL,                         create_outside,       NULL},
	{"device rules",  create_has_device_rules,      create_device_rules,  NULL},
	{"files",         NULL,                         create_files,         NULL},
	{"start early",   create_may_start_early,       create_start_early,   NULL},
	{"runtime hooks", create_has_runtime_hooks,     create_runtime_hooks, NULL},
	{"ready",         NULL,                         create_ready,         NULL},
	{"hand over",     NULL,                         create_hand_over,     NULL},
};
/* clang-format on */

void creation_undo(struct creation *k)
{
	steps_undo("create", create_steps, k->done, k);
	k->done = 0;
	if (k->hooks_began)
		runtime_poststop(&k->c.state);
}

int creation_begin(struct creation *k, struct err *err)
{
	k->c = (struct container)CONTAINER_NONE;
	k->c.root = k->root;
	k->c.id = k->opts->id;
	k->console = (struct console)CONSOLE_NONE;
	k->sync[0] = k->sync[1] = k->listen_fd = k->console_fd = k->notify_fd = k->label_proc_fd =
		-1;
	k->sub_cgroup_fd = k->rdt_fd = -1;
	k->plan.rootfs_fd = k->plan.hook_out = k->plan.hook_err = -1;
	*err = ERR_NONE;
	return container_root_open(k->root, true, err);
}

int creation_run(struct creation *k, struct err *err)
{
	int r = creation_begin(k, err);

	if (r == 0)
		r = steps_run("create", create_steps, ARRAY_SIZE(create_steps), &k->done, k, err);
	if (r < 0) {
		if (k->spawn.pid > 0)
			sync_last_word(k->sync[0], err);
		creation_undo(k);
		return -err->code;
	}
	create_undo_sources(k);
	return 0;
}

void creation_done(struct creation *k)
{
	close_fd(&k->sync[0]);
	close_fd(&k->sync[1]);
	close_fd(&k->listen_fd);
	close_fd(&k->notify_fd);
	close_fd(&k->sub_cgroup_fd);
	close_fd(&k->rdt_fd);
	close_fd(&k->label_proc_fd);
	console_done(&k->console);
	creation_keep_net_devices(k);
	container_close(&k->c);
	arena_done(&k->plan.arena);
	arena_done(&k->arena);
}

int container_create(struct container_root *root, const struct container_create_opts *opts,
		     struct err *err)
{
	struct creation k = {.root = root, .opts = opts};
	int r = creation_run(&k, err);

	creation_done(&k);
	return r;
}
