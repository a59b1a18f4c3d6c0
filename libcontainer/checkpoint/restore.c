/* RUNTIME: restore, a table of steps. */
#include "libcontainer/checkpoint/restore.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <signal.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/archive.h"
#include "libcontainer/sync.h"

/* ---- CRIU's process
 * ------------------------------------------------------------------------------ */

/* What the restored processes inherit, as CRIU leaves it alone: the cgroup namespace, whose root is
 * the cgroup that its maker is in, and the session keyring, which must not be that of hull's
 * caller. */
static int enter(struct restoration *r, struct err *err)
{
	const struct plan *p = &r->k.plan;
	int code = restore_enter_mounts(r, err);
	auto_fd int work = code < 0 ? -1 : restore_own_directory(r->work_fd);

	if (code == 0 && work < 0)
		code = err_sys(err, errno, "open the work directory");
	if (code == 0)
		code = sync_send_listener(r->k.sync[1], work);
	if (code == 0)
		code = sync_expect(r->k.sync[1], SYNC_MAPPED, NULL, err);
	if (code < 0)
		return code;
	if (r->network >= 0 && setns(r->network, CLONE_NEWNET) < 0)
		return err_sys(err, errno, "enter the new network namespace");
	if ((p->ns.create & CLONE_NEWCGROUP) && r->cgroups_mode == CRIU_CG_IGNORE &&
	    unshare(CLONE_NEWCGROUP) < 0)
		return err_sys(err, errno, "make the cgroup namespace");
	if (p->has_process && p->process.keyring) {
		code = proc_join_keyring(p->process.keyring);
		if (code < 0)
			return err_sys(err, -code, "join the session keyring '%s'",
				       p->process.keyring);
	}
	return 0;
}

/* In its process, before it is executed. */
static void prepare(void *ctx)
{
	struct restoration *r = ctx;
	struct err err = ERR_NONE;

	close_fd(&r->k.sync[0]);
	if (enter(r, &err) == 0)
		return;
	(void)sync_send_error(r->k.sync[1], &err);
	_exit(1);
}

static int spawn_criu(void *ctx, struct err *err)
{
	struct restoration *r = ctx;
	struct criu_start start = {
		.path = r->program,
		.cgroup_fd = creation_cgroup(&r->k),
		.keep = r->keep,
		.n_keep = r->n_keep,
		.prepare = prepare,
		.ctx = r,
	};
	int code;

	if (!r->k.opts->detach)
		attach_block_signals();
	code = criu_spawn(&r->criu, &start, err);
	if (code < 0)
		return code;
	close_fd(&r->k.sync[1]);
	/* Until the container's own process is there: what goes into units and groups. */
	r->k.spawn.pid = r->criu.pid;
	return 0;
}

static void undo_spawn_criu(void *ctx)
{
	struct restoration *r = ctx;
	struct creation *k = &r->k;

	close_fd(&k->sync[0]);
	if (k->c.cgroup_fd >= 0)
		cgroup_kill(k->c.cgroup_fd);
	if (k->c.pidfd < 0 && r->criu.pid > 0)
		kill(r->criu.pid, SIGKILL); /* ours, not waited for; it has restored nothing */
	criu_close(&r->criu);
	if (k->c.pidfd < 0)
		return;
	proc_pidfd_signal(k->c.pidfd, SIGKILL);
	(void)proc_wait(k->spawn.pid);
}

static int begin_criu(void *ctx, struct err *err)
{
	struct restoration *r = ctx;
	int code = sync_tell(r->k.sync[0], SYNC_MAPPED, err), work = -1;

	if (code == 0)
		code = sync_expect_listener(r->k.sync[0], &work, err);
	if (code < 0)
		return code;
	close_fd(&r->work_fd);
	r->work_fd = work;
	code = sync_expect(r->k.sync[0], SYNC_EOF, NULL, err);
	return code < 0 ? code : criu_check(&r->criu, err);
}

static int run_criu(void *ctx, struct err *err)
{
	struct restoration *r = ctx;
	struct criu_request request;
	pid_t pid = 0;
	int code = restore_request(r, &request, err);

	if (code == 0)
		code = criu_run(&r->criu, &request, restore_on_event, r, &pid, err);
	if (code < 0)
		return code;
	criu_close(&r->criu);
	if (r->k.c.pidfd < 0 || pid != r->k.spawn.pid)
		return err_fail(err, EPROTO, "CRIU restored process %d and spoke of %d", (int)pid,
				(int)r->k.spawn.pid);
	unlinkat(r->k.c.dirfd, RESTORE_DIR, AT_REMOVEDIR);
	return 0;
}

/* ---- the whole
 * ------------------------------------------------------------------------------------ */

/* clang-format off */
static const struct step restore_steps[] = {
	{"load",          NULL,                         create_load,          NULL},
	{"images",        NULL,                         restore_images,       NULL},
	{"plan",          NULL,                         create_plan,          NULL},
	/* for exec */
	{"seccomp",       create_has_seccomp,           create_seccomp,       NULL},
	{"rdt find",      create_has_rdt,               create_rdt_find,      NULL},
	{"state",         NULL,                         create_state,         create_undo_state},
	{"notify",        create_has_notify,            create_notify,        NULL},
	{"cgroup",        create_has_cgroup,            create_cgroup,        create_undo_cgroup},
	{"limits",        create_has_resources,         create_limits,        NULL},
	{"sub-cgroup",    create_has_sub_cgroup,        create_sub_cgroup,    NULL},
	{"delegate",      create_delegates,             create_delegate,      NULL},
	{"rdt",           create_has_rdt,               create_rdt,           create_undo_rdt},
	{"sources",       NULL,                         create_sources,       create_undo_sources},
	{"mount points",  NULL,                         restore_mount_points, NULL},
	{"externals",     NULL,                         restore_externals,    NULL},
	{"sockets",       NULL,                         create_sockets,       NULL},
	{"criu",          NULL,                         spawn_criu,           undo_spawn_criu},
	/* a scope of systemd begins with a process in it: CRIU's, which waits */
	{"unit",          create_has_unit,              create_unit,          create_undo_unit},
	{"unit limits",   create_has_unit_resources,    create_limits,        NULL},
	{"unit sub-cgroup", create_has_unit_sub_cgroup, create_unit_sub_cgroup, NULL},
	{"unit delegate", create_unit_delegates,        create_delegate,      NULL},
	{"rdt tasks",     create_has_rdt,               create_rdt_join,      NULL},
	{"begin",         NULL,                         begin_criu,           NULL},
	/* with the events of restore_notify.c; afterwards the container runs */
	{"restore",       NULL,                         run_criu,             NULL},
	{"hand over",     NULL,                         create_hand_over,     NULL},
};
/* clang-format on */

static void undo(struct restoration *r)
{
	create_undo_net_devices(&r->k);
	steps_undo("restore", restore_steps, r->k.done, r);
	r->k.done = 0;
	if (r->k.hooks_began)
		runtime_poststop(&r->k.c.state);
}

static int restore_container(struct restoration *r, struct err *err)
{
	int code =
		steps_run("restore", restore_steps, ARRAY_SIZE(restore_steps), &r->k.done, r, err);

	if (code == 0)
		return 0;
	if (r->criu.pid > 0 && r->k.sync[0] >= 0)
		sync_last_word(r->k.sync[0], err);
	undo(r);
	return -err->code;
}

/* It runs. */
static int follow(struct restoration *r, int *ret_exit, struct err *err)
{
	struct creation *k = &r->k;
	int code;

	creation_keep_net_devices(k);
	create_undo_sources(k);
	k->c.status = CONTAINER_RUNNING;
	code = start_unlock(&k->c, err);
	if (code == 0)
		code = start_poststart(&k->c, err);
	if (code < 0) {
		start_undo(&k->c, err);
		proc_pidfd_signal(k->c.pidfd, SIGKILL);
		(void)proc_wait(k->spawn.pid);
		return -err->code;
	}
	close_fd(&k->c.dirfd);
	return k->opts->detach ? 0 : creation_wait(k, ret_exit, err);
}

int ckpt_restore(struct container_root *root, const struct ckpt_restore *with, int *ret_exit,
		 struct err *err)
{
	const struct container_restore_opts *opts = with->opts;
	struct container_restore_opts o = *opts;
	struct archive_import import = ARCHIVE_NOTHING;
	struct restoration r = {
		.k = {.root = root, .opts = &o.create, .run = true},
		.opts = &o,
		.with = with,
		.criu = CRIU_CLOSED,
		.images_fd = -1,
		.images_mount = -1,
		.work_fd = -1,
		.network = -1,
	};
	int code = creation_begin(&r.k, err);

	*ret_exit = 0;
	if (!opts->create.detach && !opts->create.no_subreaper)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	if (code == 0 && given(o.import_file))
		code = archive_import(root, &o, &import, err);
	if (code == 0)
		code = restore_container(&r, err);
	archive_import_done(&import, code, err);
	if (code == 0)
		code = follow(&r, ret_exit, err);
	close_fd(&r.images_fd);
	close_fd(&r.work_fd);
	close_fd(&r.images_mount);
	close_fd(&r.network);
	restore_close_hosts(&r);
	for (size_t i = 0; i < r.n_keep; i++)
		close_fd(&r.keep[i]);
	creation_done(&r.k);
	return code;
}

int container_restore(struct container_root *root, const struct container_restore_opts *opts,
		      int *ret_exit, struct err *err)
{
	const struct ckpt_restore with = {.opts = opts};

	return ckpt_restore(root, &with, ret_exit, err);
}
