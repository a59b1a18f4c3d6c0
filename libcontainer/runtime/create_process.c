/* RUNTIME: create: the process, and what is done to it from outside. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/hooks.h"
#include "libcontainer/plan/annotations.h"
#include "libcontainer/runtime/create.h"
#include "libcontainer/runtime/scheduler.h"
#include "libcontainer/sync.h"
#include "namespaces/ns.h"

int create_sources(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	const struct oci_hooks *h = k->spec.hooks;
	struct hook_files files = HOOK_FILES_NONE;
	int r = sources_open(&k->plan, err);

	if (r < 0 || !h || !(h->create_container.n || h->start_container.n))
		return r;
	r = hook_files_open(&k->spec.annotations, &files, err);
	if (r < 0)
		create_undo_sources(k);
	k->plan.hook_out = files.out;
	k->plan.hook_err = files.err;
	return r;
}

void create_undo_sources(void *ctx)
{
	struct creation *k = ctx;

	close_fd(&k->plan.hook_out);
	close_fd(&k->plan.hook_err);
	sources_close(&k->plan);
}

int create_sockets(void *ctx, struct err *err)
{
	struct creation *k = ctx;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, k->sync) < 0)
		return err_sys(err, errno, "make a socket pair");
	if (!k->run) {
		k->listen_fd = sock_listen_at(k->c.dirfd, "start.sock", SOCK_SEQPACKET, 128);
		if (k->listen_fd < 0)
			return err_sys(err, -k->listen_fd, "make the start socket");
	}
	if (k->plan.process.terminal && k->plan.has_process) {
		k->console_fd = console_prepare(&k->console, k->opts->console_socket, err);
		if (k->console_fd < 0)
			return k->console_fd;
	}
	return 0;
}

/* In the new process. What is not init's is closed: the lock on the state directory above all,
 * and directories of the host. */
static void child(void *ctx)
{
	struct creation *k = ctx;

	close_fd(&k->sync[0]);
	close_fd(&k->console.sock[0]);
	close_fd(&k->notify_fd);
	close_fd(&k->c.dirfd);
	close_fd(&k->root->fd);
	close_fd(&k->c.cgroup_host.fd);
	init_main(&k->init);
}

static bool has_hook(const struct oci_hooks *h)
{
	return h && (h->prestart.n || h->create_runtime.n);
}

int create_spawn(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	struct opt_i64 own_score = {0};
	int r;

	k->init = (struct init_args){
		.plan = &k->plan,
		.sync_fd = k->sync[1],
		.listen_fd = k->listen_fd,
		.console_fd = k->console_fd,
		.label_proc_fd = k->label_proc_fd,
		.cgroup_fd = creation_cgroup(k),
		.wait_for_maps = create_init_waits(k),
		.runtime_hooks = has_hook(k->spec.hooks),
	};
	k->spawn = (struct spawn){
		/* The root of a cgroup namespace is the cgroup its maker is in, and offsets of
		 * a time namespace can be set only before it is entered: init makes both. */
		.create = k->plan.ns.create & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME),
		.joins = k->plan.ns.join,
		.n_joins = k->plan.ns.n_join,
		/* From a user namespace there is no way back to namespaces of the host. */
		.through_helper = k->root->nested && k->plan.ns.n_join,
		.join_pidfd = -1,
		.cgroup_fd = creation_cgroup(k),
		.cgroup_reused = k->c.cgroup_fd >= 0 && !k->c.state.cgroup_made,
		.child = child,
		.ctx = k,
	};
	if (k->run && !k->opts->detach)
		attach_block_signals();
	r = oom_score_lend(&k->plan.process, k->root, &own_score, err);
	if (r == 0)
		r = spawn(&k->spawn, err);
	oom_score_take_back(&own_score);
	if (r < 0)
		return r;
	k->c.pidfd = k->spawn.pidfd;
	close_fd(&k->sync[1]);
	close_fd(&k->listen_fd);
	close_fd(&k->label_proc_fd);
	return 0;
}

void create_undo_spawn(void *ctx)
{
	struct creation *k = ctx;

	if (k->c.cgroup_fd >= 0)
		cgroup_kill(k->c.cgroup_fd);
	proc_pidfd_signal(k->c.pidfd, SIGKILL);
	proc_wait(k->spawn.pid);
}

int create_identify(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	struct proc_stat st;
	int r = proc_stat_read(k->spawn.pid, &st);

	if (r < 0)
		return err_sys(err, -r, "read /proc/%d/stat", (int)k->spawn.pid);
	k->c.state.pid = (struct opt_i64){true, k->spawn.pid};
	k->c.state.starttime = (struct opt_u64){true, st.starttime};
	/* For `state` in a hook; and the only trace of the process when there is no cgroup. */
	if (has_hook(k->spec.hooks) || k->c.cgroup_fd < 0)
		return state_save(k->c.dirfd, &k->c.state, err);
	return 0;
}

static bool has_user_ns(const struct creation *k)
{
	return plan_has_ns(&k->plan, CLONE_NEWUSER);
}

/* For its id maps, or for its cgroup. */
bool create_init_waits(const void *ctx)
{
	return has_user_ns(ctx) || create_has_unit(ctx);
}

int create_maps(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	int r = 0;

	if (k->plan.ns.create & CLONE_NEWUSER)
		r = ns_write_maps(k->spawn.pid, &k->plan.ns, NULL, err);
	else if (has_user_ns(k))
		r = ns_check_maps(k->spawn.pid, &k->plan.ns, err);
	return r < 0 ? r : sync_tell(k->sync[0], SYNC_MAPPED, err);
}

/* What init could not do to itself from inside a user namespace. */
int create_outside(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	const struct plan_process *p = &k->plan.process;

	int r = has_user_ns(k) ? rlimits_apply(k->spawn.pid, p, err) : 0;

	return r < 0 ? r : oom_score_apply(k->spawn.pid, p, k->root->rootless, err);
}

bool create_has_runtime_hooks(const void *ctx)
{
	const struct creation *k = ctx;

	return has_hook(k->spec.hooks);
}

int create_runtime_hooks(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	int r = sync_expect(k->sync[0], SYNC_MOUNTED, NULL, err);

	if (r < 0)
		return r;
	k->hooks_began = true;
	r = runtime_hooks("prestart", &k->spec.hooks->prestart, &k->c.state, "creating", err);
	if (r == 0)
		r = runtime_hooks("createRuntime", &k->spec.hooks->create_runtime, &k->c.state,
				  "creating", err);
	return r < 0 ? r : sync_tell(k->sync[0], SYNC_HOOKED, err);
}

/* The kernel's killing for lack of memory looks like an end without a word. */
static int explain_end(struct creation *k, struct err *err)
{
	if (err->code == EPIPE && k->c.cgroup_fd >= 0 && cgroup_oom_kills(k->c.cgroup_fd) > 0)
		return err_fail(err, ENOMEM,
				"container init was OOM-killed (memory limit too low?)");
	return -err->code;
}

int create_ready(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	int r;

	if (k->spec.hooks && k->spec.hooks->create_container.n)
		k->hooks_began = true;
	r = sync_expect(k->sync[0], SYNC_READY, NULL, err);
	if (r < 0)
		return explain_end(k, err);
	r = scheduler_apply(k->spawn.pid, &k->plan.process, err);
	if (r < 0)
		return r;
	return console_receive(&k->console, err);
}

/* hull run: what could still fail after READY is the caller's files and sockets; without them init
 * need not wait for us between READY and START. */
bool create_may_start_early(const void *ctx)
{
	const struct creation *k = ctx;

	return k->run && k->plan.has_process && !k->opts->pid_file && !k->opts->pidfd_socket &&
	       !annotation_get(&k->spec.annotations, "run.oci.pidfd_receiver") &&
	       k->console_fd < 0 && !scheduler_wanted(&k->plan.process) &&
	       !create_has_runtime_hooks(k) && !create_has_net_devices(k);
}

int create_start_early(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	int r = sync_tell(k->sync[0], SYNC_START, err);

	k->start_told = r == 0;
	return r;
}

int create_hand_over(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	const char *receiver = annotation_get(&k->spec.annotations, "run.oci.pidfd_receiver");
	int r = state_publish(k->c.dirfd, err);

	k->c.state.creating.v = false;
	if (r == 0 && k->opts->pidfd_socket)
		r = send_fd_to_path(k->opts->pidfd_socket, "standard", k->c.pidfd, err);
	if (r == 0 && receiver)
		r = send_fd_to_path(receiver, "standard", k->c.pidfd, err);
	if (r == 0 && k->opts->pid_file)
		r = write_pid_file(k->opts->pid_file, k->spawn.pid, err);
	return r;
}
