/* RUNTIME: exec: another process in a running container. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/str.h"
#include "libcontainer/init/init.h"
#include "libcontainer/runtime/lsm.h"
#include "libcontainer/plan/annotations.h"
#include "libcontainer/runtime/runtime.h"
#include "libcontainer/runtime/scheduler.h"
#include "libcontainer/sync.h"
#include "namespaces/ns.h"
#include "oci-spec/oci.h"
#include "seccomp/filter.h"

struct execution {
	const struct container_exec_opts *opts;
	struct container_root *root;
	struct container c;
	struct arena arena;
	struct oci_process spec;
	struct plan_process plan;
	int sync[2];
	int label_proc_fd;
	int cgroup_fd; /* where the process starts; -1 */
	struct console console;
	struct spawn spawn;
	struct init_exec_args init;
};

/* ---- what to execute -------------------------------------------------------------------- */

static int parse_user(struct execution *x, struct err *err)
{
	const char *user = x->opts->user, *colon = strchr(user, ':');
	struct oci_user *u = arena_new(&x->arena, struct oci_user);
	char *uid = colon ? arena_strndup(&x->arena, user, (size_t)(colon - user))
			  : arena_strdup(&x->arena, user);

	if (x->spec.user)
		*u = *x->spec.user;
	u->gid.v = 0;
	u->uid.set = u->gid.set = true;
	if (str_to_u32(uid, &u->uid.v) < 0 || (colon && str_to_u32(colon + 1, &u->gid.v) < 0))
		return err_fail(err, EINVAL, "--user '%s' is not UID[:GID] in numbers", user);
	x->spec.user = u;
	return 0;
}

static void append(struct execution *x, struct oci_strings *list, const char *const *more)
{
	const char **v;
	size_t n = 0;

	while (more && more[n])
		n++;
	v = arena_array(&x->arena, const char *, list->n + n + 1);
	if (list->n)
		memcpy(v, list->v, list->n * sizeof(*v));
	for (size_t i = 0; i < n; i++)
		v[list->n + i] = more[i];
	*list = (struct oci_strings){.set = true, .n = list->n + n, .v = v};
}

/* --cap: bounding, effective and permitted; ambient only where the container's process has
 * inheritable ones; never inheritable (CVE-2022-29162). */
static void add_caps(struct execution *x)
{
	struct oci_capabilities *caps = arena_new(&x->arena, struct oci_capabilities);

	if (!x->opts->caps || !x->opts->caps[0])
		return;
	if (x->spec.capabilities)
		*caps = *x->spec.capabilities;
	append(x, &caps->bounding, x->opts->caps);
	append(x, &caps->effective, x->opts->caps);
	append(x, &caps->permitted, x->opts->caps);
	if (caps->inheritable.n)
		append(x, &caps->ambient, x->opts->caps);
	x->spec.capabilities = caps;
}

static int apply_flags(struct execution *x, struct err *err)
{
	const struct container_exec_opts *o = x->opts;
	size_t n = 0;

	while (o->args && o->args[n])
		n++;
	x->spec.args = (struct oci_strings){true, n, (const char **)o->args};
	x->spec.terminal = (struct opt_bool){true, o->tty};
	if (!o->tty)
		x->spec.console_size = NULL;
	if (o->cwd)
		x->spec.cwd = o->cwd;
	if (o->env && o->env[0])
		append(x, &x->spec.env, o->env);
	if (o->no_new_privs)
		x->spec.no_new_privileges = (struct opt_bool){true, true};
	if (o->apparmor)
		x->spec.apparmor_profile = o->apparmor;
	if (o->process_label)
		x->spec.selinux_label = o->process_label;
	add_caps(x);
	if (o->user && parse_user(x, err) < 0)
		return -err->code;
	if (o->n_additional_gids) {
		struct oci_user *u = arena_new(&x->arena, struct oci_user);

		if (x->spec.user)
			*u = *x->spec.user;
		u->additional_gids = (struct oci_u32s){true, o->n_additional_gids,
						       (uint32_t *)o->additional_gids};
		x->spec.user = u;
	}
	return 0;
}

static int load_own_process(struct execution *x, struct oci_process *ret, struct err *err)
{
	return oci_decode_file(&x->arena, &oci_process_type, x->c.dirfd, "process.json", ret, err);
}

static bool given(const char *s)
{
	return s && *s;
}

/* A --process without capabilities, labels or scheduling gets the container's, as with runc and
 * crun: else it would be less confined than the container is. The file is read only when it has
 * some. */
static int take_defaults(struct execution *x, struct err *err)
{
	struct oci_process own = {0}, *p = &x->spec;
	int r;

	if (!x->c.state.has_process.v || (p->capabilities && !x->c.state.has_defaults.v))
		return 0;
	r = load_own_process(x, &own, err);
	if (r < 0)
		return r;
	if (!p->capabilities)
		p->capabilities = own.capabilities;
	if (!given(p->apparmor_profile))
		p->apparmor_profile = own.apparmor_profile;
	if (!given(p->selinux_label))
		p->selinux_label = own.selinux_label;
	if (!p->scheduler)
		p->scheduler = own.scheduler;
	if (!p->io_priority)
		p->io_priority = own.io_priority;
	if (!p->exec_cpu_affinity)
		p->exec_cpu_affinity = own.exec_cpu_affinity;
	return 0;
}

static int load_process(struct execution *x, struct err *err)
{
	const struct container_exec_opts *o = x->opts;
	int r;

	if (o->process_file)
		r = oci_decode_file(&x->arena, &oci_process_type, AT_FDCWD, o->process_file,
				    &x->spec, err);
	else if (!x->c.state.has_process.v)
		r = err_fail(err, EINVAL,
			     "the container's configuration has no process: use --process");
	else
		r = load_own_process(x, &x->spec, err);
	if (r == 0 && o->process_file)
		r = take_defaults(x, err);
	if (r == 0 && !o->process_file)
		r = apply_flags(x, err);
	else if (r == 0 && o->tty)
		x->spec.terminal = (struct opt_bool){true, true};
	return r < 0 ? r : oci_validate_process(&x->spec, err);
}

static int build_plan(struct execution *x, struct err *err)
{
	int r = plan_process_build(&x->arena, &x->plan, &x->spec, 63, err);

	if (r == 0)
		r = plan_process_build_linux(&x->arena, &x->plan, x->c.state.personality,
					     x->c.state.memory_policy, err);
	if (r < 0)
		return r;
	x->plan.keep_fds = x->opts->preserve_fds;
	x->plan.set_groups =
		!annotation_is_on(&x->c.state.annotations, "run.oci.keep_original_groups");
	if (!x->c.state.no_new_keyring.v)
		x->plan.keyring = arena_printf(&x->arena, "_ses.%s", x->c.id);
	else
		x->plan.keyring = NULL;
	if (!x->c.state.has_filter.v)
		return 0;
	return filter_read(&x->arena, x->c.dirfd, "filter", &x->plan.filter, err);
}

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

static int try_spawn(struct execution *x, uint64_t flags, struct err *err)
{
	struct plan_join pid = {.flag = CLONE_NEWPID, .fd = x->c.pidfd};
	bool helper = geteuid() != 0 && (flags & CLONE_NEWUSER);

	x->init = (struct init_exec_args){
		.process = &x->plan,
		.sync_fd = x->sync[1],
		.label_proc_fd = x->label_proc_fd,
		.console_fd = x->console.socket >= 0 ? x->console.socket : x->console.sock[1],
		.container_pidfd = x->c.pidfd,
		.join = helper ? 0 : flags & ~(uint64_t)CLONE_NEWPID,
		.new_user = flags & CLONE_NEWUSER,
	};
	x->spawn = (struct spawn){
		.joins = &pid,
		.n_joins = !helper && (flags & CLONE_NEWPID) ? 1 : 0,
		/* Only inside the user namespace are there the rights to join the others. */
		.through_helper = helper,
		.join_pidfd = helper ? x->c.pidfd : -1,
		.join_flags = flags,
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
	int r = try_spawn(x, flags, err);

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

static int rlimits_from_outside(struct execution *x, struct err *err)
{
	if (!x->init.new_user)
		return 0;
	for (size_t i = 0; i < x->plan.n_rlimits; i++)
		if (syscall(SYS_prlimit64, x->spawn.pid, x->plan.rlimits[i].resource,
			    &x->plan.rlimits[i].limit, NULL) < 0)
			return err_sys(err, errno, "process.rlimits[%zu]", i);
	return 0;
}

/* Up to the program's execution. The pid file comes last: an engine takes it as success. */
static int bring_up(struct execution *x, struct err *err)
{
	const struct container_exec_opts *o = x->opts;
	auto_fd int agent = -1;
	int r = rlimits_from_outside(x, err);

	if (r == 0)
		r = runtime_rdt_join(&x->c.state, x->spawn.pid, err);
	if (r == 0)
		r = oom_score_apply(x->spawn.pid, &x->plan, x->root->rootless, err);
	if (r == 0)
		r = sync_expect(x->sync[0], SYNC_READY, NULL, err);
	if (r == 0)
		r = scheduler_apply(x->spawn.pid, &x->plan, err);
	if (r == 0)
		r = console_receive(&x->console, err);
	if (r == 0 && o->pidfd_socket)
		r = send_fd_to_path(o->pidfd_socket, "setns", x->spawn.pidfd, err);
	if (r == 0 && filter_has_listener(&x->plan.filter))
		r = agent = listener_connect(&x->c, err);
	if (r >= 0)
		r = sync_tell(x->sync[0], SYNC_START, err);
	if (r == 0 && agent >= 0)
		r = listener_serve(&x->c, x->spawn.pid, x->spawn.pidfd, &agent, x->sync[0], err);
	if (r < 0)
		return r;
	r = sync_expect(x->sync[0], SYNC_EOF, NULL, err);
	if (r == 0 && o->pid_file)
		r = write_pid_file(o->pid_file, x->spawn.pid, err);
	return r;
}

static int prepare(struct execution *x, struct err *err)
{
	const struct container_exec_opts *o = x->opts;
	int r = check_preserved(3, o->preserve_fds, err);

	if (r == 0)
		r = container_open(&x->c, x->root, o->id, OPEN_READ, err);
	if (r == 0)
		r = check_state(x, err);
	if (r == 0)
		r = load_process(x, err);
	if (r == 0)
		r = build_plan(x, err);
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
		r = oom_score_lend(&x->plan, x->root->rootless, &own_score, err);
	if (r == 0)
		r = spawn_process(x, err);
	oom_score_take_back(&own_score);
	if (r < 0)
		return r;
	close_fd(&x->sync[1]);
	close_fd(&x->label_proc_fd);
	r = bring_up(x, err);
	if (r < 0) {
		proc_pidfd_signal(x->spawn.pidfd, SIGKILL);
		proc_wait(x->spawn.pid);
		return r;
	}
	*ret_exit = 0;
	if (x->opts->detach)
		return 0;
	r = attach_wait(x->spawn.pid, x->spawn.pidfd, &x->console, err);
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

	close_fd(&x.sync[0]);
	close_fd(&x.sync[1]);
	close_fd(&x.cgroup_fd);
	close_fd(&x.label_proc_fd);
	close_fd(&x.spawn.pidfd);
	console_done(&x.console);
	container_close(&x.c);
	arena_done(&x.arena);
	return r;
}
