/* RUNTIME: exec: another process in a running container. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/str.h"
#include "libcontainer/runtime/lsm.h"
#include "libcontainer/runtime/exec.h"
#include "libcontainer/runtime/runtime.h"
#include "libcontainer/runtime/scheduler.h"
#include "libcontainer/sync.h"
#include "namespaces/ns.h"
#include "seccomp/filter.h"

/* ---- where --------------------------------------------------------------------------------- */

static int check_state(const struct execution *x, struct err *err)
{
	switch (x->c.status) {
	case CONTAINER_CREATED:
	case CONTAINER_RUNNING:
		return 0;
	case CONTAINER_PAUSED:
		return x->opts->ignore_paused
			       ? 0
			       : err_fail(err, EINVAL, "cannot exec in a paused container");
	case CONTAINER_STOPPED:
		return err_fail(err, EINVAL, "cannot exec in a stopped container");
	default:
		return err_fail(err, EINVAL, "cannot exec in a container in the %s state",
				container_status_name(x->c.status));
	}
}

/* C-08: in a frozen sub-cgroup the new process would not get anywhere. */
static int check_thawed(const struct execution *x, struct err *err)
{
	if (x->opts->ignore_paused || cgroup_stands_still(x->cgroup_fd) <= 0)
		return 0;
	return err_fail(err, EBUSY, "cannot exec: the cgroup for the process is frozen");
}

/* --cgroup PATH: below the container's own; "/" is that itself. */
static int open_sub_cgroup(struct execution *x, struct err *err)
{
	const char *path = x->opts->cgroup;

	if (path[0] != '/' && strchr(path, ':'))
		return err_fail(err, EINVAL,
				"--cgroup '%s': controllers cannot be named in cgroup v2", path);
	while (*path == '/')
		path++;
	x->cgroup_fd = beneath_open(x->c.cgroup_fd, *path ? path : ".", O_RDONLY | O_DIRECTORY);
	if (x->cgroup_fd < 0)
		return err_sys(err, -x->cgroup_fd, "bad sub cgroup path '%s'", x->opts->cgroup);
	return check_thawed(x, err);
}

static int open_cgroup(struct execution *x, struct err *err)
{
	if (x->c.cgroup_fd < 0)
		return x->opts->cgroup
			       ? err_fail(err, ENOTSUP, "--cgroup: the container has no cgroup")
			       : 0;
	if (x->opts->cgroup)
		return open_sub_cgroup(x, err);
	if (x->c.state.cgroup_sub) {
		x->cgroup_fd =
			beneath_open(x->c.cgroup_fd, x->c.state.cgroup_sub, O_RDONLY | O_DIRECTORY);
		return x->cgroup_fd < 0 ? err_sys(err, -x->cgroup_fd, "open the sub-cgroup '%s'",
						  x->c.state.cgroup_sub)
					: check_thawed(x, err);
	}
	x->cgroup_fd = fcntl(x->c.cgroup_fd, F_DUPFD_CLOEXEC, 3);
	return x->cgroup_fd < 0 ? err_sys(err, errno, "open the container's cgroup") : 0;
}

static uint64_t namespace_flags(const struct state *s)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < s->namespaces.n; i++) {
		const struct ns_kind *kind = ns_find(s->namespaces.v[i]);

		flags |= kind ? kind->flag : 0;
	}
	return flags;
}

/* ---- the process ------------------------------------------------------------------------------
 */

static void child(void *ctx)
{
	struct execution *x = ctx;

	close_fd(&x->sync[0]);
	close_fd(&x->console.sock[0]);
	close_fd(&x->c.dirfd);
	close_fd(&x->root->fd);
	close_fd(&x->c.cgroup_host.fd);
	close_fd(&x->c.cgroup_fd);
	close_fd(&x->cgroup_fd);
	init_exec_main(&x->init);
}

/* The helper of an unprivileged caller: its child is in the container's pid namespace and of the
 * same user from its first instruction, and must not be traced. */
static void before_join(void *ctx)
{
	(void)ctx;
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		_exit(1);
}

static int try_spawn(struct execution *x, uint64_t flags, struct err *err)
{
	struct plan_join pid = {.flag = CLONE_NEWPID, .fd = x->c.pidfd};
	bool rootless_user = geteuid() != 0 && (flags & CLONE_NEWUSER);
	/* Root of a user namespace cannot go back to a pid namespace that is not its own. */
	bool no_return = x->root->nested && (flags & CLONE_NEWPID) && !x->shield.born;
	bool helper = rootless_user || no_return;

	x->init = (struct init_exec_args){
		.process = &x->plan,
		.sync_fd = x->sync[1],
		.label_proc_fd = x->label_proc_fd,
		.console_fd = x->console.socket >= 0 ? x->console.socket : x->console.sock[1],
		.container_pidfd = x->c.pidfd,
		.join = helper           ? 0
			: x->shield.born ? flags
					 : flags & ~(uint64_t)CLONE_NEWPID,
		.new_user = flags & CLONE_NEWUSER,
		.ret_pid = x->shield.born,
	};
	x->spawn = (struct spawn){
		.joins = &pid,
		.n_joins = !helper && !x->shield.born && (flags & CLONE_NEWPID) ? 1 : 0,
		/* Only inside the user namespace are there the rights to join the others. */
		.through_helper = helper,
		.join_pidfd = helper ? x->c.pidfd : -1,
		.join_flags = flags,
		.before_join = before_join,
		.cgroup_fd = x->cgroup_fd,
		.cgroup_reused = x->cgroup_fd >= 0 && !x->c.state.cgroup_made,
		.child = child,
		.ctx = x,
	};
	return spawn(&x->spawn, err);
}

static int spawn_process(struct execution *x, struct err *err)
{
	uint64_t flags = namespace_flags(&x->c.state);
	int r = shield_begin(&x->shield, &x->c, &x->plan, flags, err);

	if (r < 0)
		return r;
	r = try_spawn(x, flags, err);
	/* The container made cgroups below its own: processes can be in leaves only. Then it is
	 * where init is, unless the caller named a place. */
	if (r == -EBUSY && !x->opts->cgroup && x->cgroup_fd >= 0) {
		close_fd(&x->cgroup_fd);
		x->cgroup_fd = cgroup_open_of_pid(&x->c.cgroup_host, (pid_t)x->c.state.pid.v, err);
		r = x->cgroup_fd < 0 ? x->cgroup_fd : check_thawed(x, err);
		if (r == 0)
			r = try_spawn(x, flags, err);
	}
	return r;
}

/* Before its program is executed; of a shielded one, which is born last, just after. */
static int hand_out(struct execution *x, struct err *err)
{
	int r = scheduler_apply(x->spawn.pid, &x->plan, err);

	if (r == 0 && x->opts->pidfd_socket)
		r = send_fd_to_path(x->opts->pidfd_socket, "setns", x->spawn.pidfd, err);
	return r;
}

/* Up to the program's execution. The pid file comes last: an engine takes it as success. */
static int bring_up(struct execution *x, struct err *err)
{
	auto_fd int agent = -1;
	int r = x->init.new_user ? rlimits_apply(x->spawn.pid, &x->plan, err) : 0;

	if (r == 0)
		r = runtime_rdt_join(&x->c.state, x->spawn.pid, err);
	if (r == 0)
		r = oom_score_apply(x->spawn.pid, &x->plan, x->root->rootless, err);
	if (r == 0)
		r = sync_expect(x->sync[0], SYNC_READY, NULL, err);
	if (r == 0)
		r = console_receive(&x->console, err);
	if (r == 0 && !x->shield.born)
		r = hand_out(x, err);
	if (r == 0 && filter_has_listener(&x->plan.filter))
		r = agent = listener_connect(&x->c, err);
	if (r >= 0)
		r = sync_tell(x->sync[0], SYNC_START, err);
	if (r == 0 && agent >= 0)
		r = listener_serve(&x->c, x->spawn.pid, x->spawn.pidfd, &agent, x->sync[0], err);
	if (r == 0)
		r = sync_expect(x->sync[0], SYNC_EOF, NULL, err);
	if (r == 0 && x->shield.born)
		r = shield_adopt(&x->shield, &x->spawn.pid, &x->spawn.pidfd, err);
	if (r == 0 && x->shield.born)
		r = hand_out(x, err);
	if (r == 0 && x->opts->pid_file)
		r = write_pid_file(x->opts->pid_file, x->spawn.pid, err);
	return r;
}

/* Nothing of it stays, whatever it was doing. */
static void give_up(struct execution *x)
{
	pid_t born;

	if (x->spawn.pidfd >= 0)
		proc_pidfd_signal(x->spawn.pidfd, SIGKILL);
	else if (x->spawn.pid > 0) /* ours, and not waited for: the number is still its own */
		kill(x->spawn.pid, SIGKILL);
	if (x->spawn.pid > 0)
		proc_wait(x->spawn.pid);
	born = x->shield.born ? *x->shield.born : 0;
	if (born > 0 && born != x->spawn.pid && kill(born, SIGKILL) == 0)
		proc_wait(born);
}

static int prepare(struct execution *x, struct err *err)
{
	const struct container_exec_opts *o = x->opts;
	int r = check_preserved(o->preserve_fds, err);

	if (r == 0)
		r = container_open(&x->c, x->root, o->id, OPEN_READ, err);
	if (r == 0)
		r = check_state(x, err);
	if (r == 0)
		r = exec_load_process(x, err);
	if (r == 0)
		r = exec_build_plan(x, err);
	if (r == 0)
		r = lsm_prepare(&x->plan, &x->label_proc_fd, err);
	if (r < 0)
		return r;
	if (x->plan.terminal && o->detach && !o->console_socket)
		return err_fail(err, EINVAL, "a terminal needs --console-socket when detached");
	if (o->console_socket && !x->plan.terminal)
		return err_fail(err, EINVAL, "--console-socket needs a terminal");
	r = open_cgroup(x, err);
	if (r < 0)
		return r;
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, x->sync) < 0)
		return err_sys(err, errno, "make a socket pair");
	r = x->plan.terminal ? console_prepare(&x->console, o->console_socket, err) : 0;
	return r < 0 ? r : 0;
}

static int run_execution(struct execution *x, int *ret_exit, struct err *err)
{
	struct opt_i64 own_score = {0};
	int r = prepare(x, err);

	if (r < 0)
		return r;
	if (!x->opts->detach)
		attach_block_signals();
	r = scheduler_initial_cpus(&x->plan, err);
	if (r == 0)
		r = oom_score_lend(&x->plan, x->root, &own_score, err);
	if (r == 0)
		r = spawn_process(x, err);
	oom_score_take_back(&own_score);
	if (r < 0)
		return r;
	close_fd(&x->sync[1]);
	close_fd(&x->label_proc_fd);
	r = bring_up(x, err);
	if (r < 0) {
		sync_last_word(x->sync[0], err);
		give_up(x);
		return -err->code;
	}
	*ret_exit = 0;
	if (x->opts->detach)
		return 0;
	r = attach_wait(x->spawn.pid, x->spawn.pidfd, &x->console, -1, err);
	if (r >= 0)
		*ret_exit = r;
	return r < 0 ? r : 0;
}

int container_exec(struct container_root *root, const struct container_exec_opts *opts,
		   int *ret_exit, struct err *err)
{
	struct execution x = {
		.opts = opts,
		.root = root,
		.c = CONTAINER_NONE,
		.sync = {-1, -1},
		.label_proc_fd = -1,
		.cgroup_fd = -1,
		.console = CONSOLE_NONE,
		.spawn = {.pidfd = -1},
	};
	int r = run_execution(&x, ret_exit, err);

	if (r < 0 && opts->pid_file)
		remove_stale_pid_file(opts->pid_file);
	close_fd(&x.sync[0]);
	close_fd(&x.sync[1]);
	close_fd(&x.cgroup_fd);
	close_fd(&x.label_proc_fd);
	shield_end(&x.shield);
	close_fd(&x.spawn.pidfd);
	console_done(&x.console);
	container_close(&x.c);
	arena_done(&x.arena);
	return r;
}
