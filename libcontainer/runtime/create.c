/* RUNTIME: create, a table of steps. */
#include "libcontainer/runtime/create.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/base/str.h"
#include "libcontainer/sync.h"
#include "namespaces/ns.h"
#include "oci-spec/oci.h"
#include "seccomp/filter.h"

#define LOCK_TIMEOUT_MS 0 /* a new directory: nobody else can want it */

/* ---- asking and checking -------------------------------------------------------------- */

/* One plan, for one set of kernel features: all of them are there from this version on. */
static int check_kernel(struct err *err)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	uname(&u);
	if (sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return err_fail(err, ENOTSUP, "kernel release '%s' is not understood", u.release);
	log_debug(
		"host: kernel %s; plan: openat2, mount API by descriptor, clone3 into the cgroup, "
		"pidfd, cgroup.kill",
		u.release);
	if (major > 5 || (major == 5 && minor >= 14))
		return 0;
	return err_fail(err, ENOTSUP, "kernel %s is too old: hull needs cgroup.kill, Linux 5.14",
			u.release);
}

static int step_load(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	const struct container_create_opts *o = k->opts;
	char path[PATH_MAX];
	int r = check_kernel(err);

	if (r == 0)
		r = id_check(o->id, err);
	if (r < 0)
		return r;
	if (!realpath(o->bundle ? o->bundle : ".", path))
		return err_sys(err, errno, "bundle '%s'", o->bundle ? o->bundle : ".");
	k->c.state.bundle = arena_strdup(&k->arena, path);
	if (o->config)
		snprintf(path, sizeof(path), "%s", o->config);
	else if (strlen(path) + sizeof("/config.json") > sizeof(path))
		return err_fail(err, ENAMETOOLONG, "bundle '%s'", path);
	else
		memcpy(path + strlen(path), "/config.json", sizeof("/config.json"));
	r = oci_decode_file(&k->arena, &oci_spec_type, AT_FDCWD, path, &k->spec, err);
	return r < 0 ? r : oci_validate(&k->spec, err);
}

/* A terminal needs someone to hold its other end. */
static int check_console(const struct creation *k, struct err *err)
{
	const struct oci_process *p = k->spec.process;
	bool terminal = p && p->terminal.set && p->terminal.v;
	bool detached = !k->run || k->opts->detach;

	if (terminal && detached && !k->opts->console_socket)
		return err_fail(err, EINVAL,
				"process.terminal needs --console-socket when detached");
	if (k->opts->console_socket && !(terminal && detached))
		return err_fail(err, EINVAL,
				"--console-socket needs process.terminal and a detached container");
	return 0;
}

static unsigned last_capability(void)
{
	unsigned cap = 40; /* CAP_CHECKPOINT_RESTORE, 5.9 */

	while (cap < 63 && prctl(PR_CAPBSET_READ, cap + 1, 0, 0, 0) >= 0)
		cap++;
	return cap;
}

/* systemd's socket activation: only when it is meant for this very process. */
static unsigned listen_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint32_t n, p;

	if (!pid || !fds || str_to_u32(pid, &p) < 0 || p != (uint32_t)getpid() ||
	    str_to_u32(fds, &n) < 0 || n > 4096)
		return 0;
	return n;
}

static int step_plan(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	struct plan_input in = {
		.spec = &k->spec,
		.id = k->opts->id,
		.bundle = k->c.state.bundle,
		.no_pivot = k->opts->no_pivot,
		.no_new_keyring = k->opts->no_new_keyring,
		.listen_fds = listen_fds(),
		.preserve_fds = k->opts->preserve_fds,
		.rootless = k->root->rootless,
		.last_cap = last_capability(),
	};
	int r = check_console(k, err);

	if (r == 0)
		r = check_preserved(3 + in.listen_fds, in.preserve_fds, err);
	if (r < 0)
		return r;
	if (getenv("NOTIFY_SOCKET")) {
		in.notify_dir = arena_printf(&k->arena, "%s/%s/notify", k->root->path, k->opts->id);
		k->c.state.notify = (struct opt_bool){true, true};
	}
	return plan_build(&k->plan, &in, err);
}

static bool has_seccomp(const void *ctx)
{
	const struct creation *k = ctx;

	return k->spec.linux_ && k->spec.linux_->seccomp && k->plan.has_process;
}

static int step_seccomp(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	auto_fd int cache = -1;

	/* '@' cannot be part of an id */
	cache = openat(k->root->fd, "@seccomp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cache < 0 && errno == ENOENT && mkdirat(k->root->fd, "@seccomp", 0700) == 0)
		cache = openat(k->root->fd, "@seccomp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return filter_get(&k->plan.arena, k->spec.linux_->seccomp, cache, &k->plan.process.filter,
			  err);
}

/* ---- state ---------------------------------------------------------------------------------- */

/* The topmost directory on the way to the cgroup that is not there yet: what this create will
 * have made, known before it is made. */
static const char *first_missing(struct creation *k, const char *path)
{
	char *part = arena_strdup(&k->arena, path);

	for (char *slash = strchr(part + 1, '/');; slash = strchr(slash + 1, '/')) {
		if (slash)
			*slash = '\0';
		if (faccessat(k->c.cgroup_host.fd, part + 1, F_OK, 0) < 0)
			return part;
		if (!slash)
			return NULL;
		*slash = '/';
	}
}

static int fill_state(struct creation *k, struct err *err)
{
	const struct oci_linux *linux_ = k->spec.linux_;
	struct state *s = &k->c.state;
	char created[CLOCK_TEXT_SIZE];
	int r;

	s->version = (struct opt_u32){true, STATE_VERSION};
	s->id = k->opts->id;
	s->rootfs = k->plan.rootfs;
	s->created = arena_strdup(&k->arena, clock_rfc3339(created));
	s->creating = (struct opt_bool){true, true};
	s->private_pid = (struct opt_bool){true, k->plan.ns.create & CLONE_NEWPID};
	s->has_process = (struct opt_bool){true, k->plan.has_process};
	s->has_filter = (struct opt_bool){true, k->plan.process.filter.insns != NULL};
	s->no_new_keyring = (struct opt_bool){true, k->opts->no_new_keyring};
	s->annotations = k->spec.annotations;
	s->hooks = k->spec.hooks;
	for (size_t i = 0; linux_ && i < linux_->namespaces.n; i++) {
		size_t n = s->namespaces.n;

		*arena_push(&k->arena, &s->namespaces.v, &n) = linux_->namespaces.v[i].type;
		s->namespaces.set = true;
		s->namespaces.n = n;
	}
	if (k->root->no_cgroup)
		return 0;
	r = cgroup_host_probe(&k->c.cgroup_host, err);
	if (r < 0)
		return r;
	k->plan.cgroup_mount = k->c.cgroup_host.mount;
	r = cgroup_path(&k->arena, linux_ ? linux_->cgroups_path : NULL, s->id, k->root->rootless,
			&s->cgroup, err);
	if (r < 0)
		return r;
	k->plan.cgroup = s->cgroup;
	s->cgroup_made = first_missing(k, s->cgroup);
	return 0;
}

/* From here on the id is taken, and whatever happens `delete --force` finds all there is. */
static int step_state(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	int r = fill_state(k, err);

	if (r < 0)
		return r;
	if (mkdirat(k->root->fd, k->opts->id, 0711) < 0)
		return errno == EEXIST
			       ? err_fail(err, EEXIST, "container with given ID already exists")
			       : err_sys(err, errno, "make state directory '%s/%s'", k->root->path,
					 k->opts->id);
	k->c.dirfd = state_open_dir(k->root, k->opts->id, err);
	r = k->c.dirfd;
	if (r >= 0)
		r = state_lock(k->c.dirfd, k->opts->id, LOCK_TIMEOUT_MS, err);
	if (r >= 0)
		r = state_save(k->c.dirfd, &k->c.state, err);
	if (r < 0) {
		struct err ignored;

		(void)!state_remove(k->root, k->opts->id, &ignored);
	}
	return r < 0 ? r : 0;
}

static void undo_state(void *ctx)
{
	struct creation *k = ctx;
	struct err err;

	if (state_remove(k->root, k->opts->id, &err) < 0)
		log_error("undo: %s", err.text);
}

static int step_files(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	int r = 0;

	if (k->c.state.has_process.v) {
		const char *text = oci_encode(&k->arena, &oci_process_type, k->spec.process, "");

		r = io_replace_file(k->c.dirfd, "process.json", text, strlen(text), 0600, err);
	}
	if (r == 0 && k->c.state.has_filter.v)
		r = filter_write(k->c.dirfd, "filter", &k->plan.process.filter, err);
	if (r == 0 && k->c.state.notify.set && mkdirat(k->c.dirfd, "notify", 0755) < 0)
		r = err_sys(err, errno, "make the notify directory");
	if (r == 0 && k->c.state.notify.set && k->run) {
		k->notify_fd = notify_bind(k->c.dirfd, err);
		r = k->notify_fd < 0 ? k->notify_fd : 0;
	}
	return r;
}

/* ---- cgroup -----------------------------------------------------------------------------------
 */

static bool has_cgroup(const void *ctx)
{
	const struct creation *k = ctx;

	return k->c.state.cgroup != NULL;
}

static const struct oci_resources *resources(const struct creation *k)
{
	return k->spec.linux_ ? k->spec.linux_->resources : NULL;
}

static bool wants_limits(const struct oci_resources *r)
{
	return r && (r->memory || r->cpu || r->pids || r->block_io || r->hugepage_limits.n ||
		     r->rdma.n || r->unified.n);
}

static int step_cgroup(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	struct state *s = &k->c.state;
	int r = cgroup_fs_driver.create(&k->c.cgroup_host, &k->arena, s->cgroup, resources(k),
					&s->cgroup_made, err);

	if ((r == -EACCES || r == -EPERM || r == -EROFS) && k->root->rootless &&
	    !wants_limits(resources(k))) {
		log_debug("cgroup: none, as the host delegates none: %s", err->text);
		s->cgroup = NULL;
		k->plan.cgroup = NULL;
		return 0;
	}
	if (r < 0)
		return r;
	k->c.cgroup_fd = r;
	return 0;
}

static void undo_cgroup(void *ctx)
{
	struct creation *k = ctx;
	struct err err;

	close_fd(&k->c.cgroup_fd);
	if (cgroup_fs_driver.destroy(&k->c.cgroup_host, k->c.state.cgroup, k->c.state.cgroup_made,
				     &err) < 0)
		log_error("undo: %s", err.text);
}

static bool has_resources(const void *ctx)
{
	const struct creation *k = ctx;

	return k->c.cgroup_fd >= 0 && resources(k);
}

static int step_limits(void *ctx, struct err *err)
{
	struct creation *k = ctx;

	return cgroup_apply(&k->c.cgroup_host, k->c.cgroup_fd, resources(k), false, err);
}

static bool has_device_rules(const void *ctx)
{
	const struct creation *k = ctx;

	return has_resources(ctx) && resources(k)->devices.set;
}

/* While the container's init is already mounting. */
static int step_device_rules(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	int r = cgroup_devices_apply(k->c.cgroup_fd, resources(k)->devices.v,
				     resources(k)->devices.n, err);

	if (r == -EPERM && k->root->rootless) {
		log_warn("device rules are not applied: not permitted in a user namespace");
		return 0;
	}
	return r;
}

/* ---- the process
 * --------------------------------------------------------------------------------- */

static int step_sources(void *ctx, struct err *err)
{
	struct creation *k = ctx;

	return sources_open(&k->plan, err);
}

static void undo_sources(void *ctx)
{
	struct creation *k = ctx;

	sources_close(&k->plan);
}

static int step_sockets(void *ctx, struct err *err)
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

static int step_spawn(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	int r;

	k->init = (struct init_args){
		.plan = &k->plan,
		.sync_fd = k->sync[1],
		.listen_fd = k->listen_fd,
		.console_fd = k->console_fd,
		.cgroup_fd = k->c.cgroup_fd,
		.wait_for_maps = plan_has_ns(&k->plan, CLONE_NEWUSER),
		.runtime_hooks = has_hook(k->spec.hooks),
	};
	k->spawn = (struct spawn){
		/* The root of a cgroup namespace is the cgroup its maker is in, and offsets of
		 * a time namespace can be set only before it is entered: init makes both. */
		.create = k->plan.ns.create & ~(uint64_t)(CLONE_NEWCGROUP | CLONE_NEWTIME),
		.joins = k->plan.ns.join,
		.n_joins = k->plan.ns.n_join,
		.join_pidfd = -1,
		.cgroup_fd = k->c.cgroup_fd,
		.child = child,
		.ctx = k,
	};
	if (k->run && !k->opts->detach)
		attach_block_signals();
	r = spawn(&k->spawn, err);
	if (r < 0)
		return r;
	k->c.pidfd = k->spawn.pidfd;
	close_fd(&k->sync[1]);
	close_fd(&k->listen_fd);
	return 0;
}

static void undo_spawn(void *ctx)
{
	struct creation *k = ctx;

	if (k->c.cgroup_fd >= 0)
		cgroup_kill(k->c.cgroup_fd);
	proc_pidfd_signal(k->c.pidfd, SIGKILL);
	proc_wait(k->spawn.pid);
}

static int step_identify(void *ctx, struct err *err)
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

static bool has_user_ns(const void *ctx)
{
	const struct creation *k = ctx;

	return plan_has_ns(&k->plan, CLONE_NEWUSER);
}

static int step_maps(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	int r = 0;

	if (k->plan.ns.create & CLONE_NEWUSER)
		r = ns_write_maps(k->spawn.pid, &k->plan.ns, NULL, err);
	else
		r = ns_check_maps(k->spawn.pid, &k->plan.ns, err);
	if (r == 0)
		r = sync_send(k->sync[0], SYNC_MAPPED);
	return r < 0 && !err->code ? err_sys(err, -r, "tell init that its ids are mapped") : r;
}

/* What init could not do to itself from inside a user namespace. */
static int step_outside(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	const struct plan_process *p = &k->plan.process;
	char path[64], value[16];
	int len, r;

	for (size_t i = 0; has_user_ns(k) && i < p->n_rlimits; i++)
		if (prlimit64(k->spawn.pid, (enum __rlimit_resource)p->rlimits[i].resource,
			      &p->rlimits[i].limit, NULL) < 0)
			return err_sys(err, errno, "process.rlimits[%zu]", i);
	if (!p->has_oom_score_adj)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)k->spawn.pid);
	len = snprintf(value, sizeof(value), "%d", p->oom_score_adj);
	r = io_write_at(AT_FDCWD, path, value, (size_t)len);
	if (r < 0 && !((r == -EACCES || r == -EPERM) && k->root->rootless))
		return err_sys(err, -r, "process.oomScoreAdj %d", p->oom_score_adj);
	return 0;
}

static bool applies_runtime_hooks(const void *ctx)
{
	const struct creation *k = ctx;

	return has_hook(k->spec.hooks);
}

static int step_runtime_hooks(void *ctx, struct err *err)
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
	if (r < 0)
		return r;
	r = sync_send(k->sync[0], SYNC_HOOKED);
	return r < 0 ? err_sys(err, -r, "tell init that the hooks have run") : 0;
}

/* The kernel's killing for lack of memory looks like an end without a word. */
static int explain_end(struct creation *k, struct err *err)
{
	if (err->code == EPIPE && k->c.cgroup_fd >= 0 && cgroup_oom_kills(k->c.cgroup_fd) > 0)
		return err_fail(err, ENOMEM,
				"container init was OOM-killed (memory limit too low?)");
	return -err->code;
}

static int step_ready(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	int r;

	if (k->spec.hooks && k->spec.hooks->create_container.n)
		k->hooks_began = true;
	r = sync_expect(k->sync[0], SYNC_READY, NULL, err);
	if (r < 0)
		return explain_end(k, err);
	return console_receive(&k->console, err);
}

static int step_hand_over(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	int r;

	k->c.state.creating.v = false;
	r = state_save(k->c.dirfd, &k->c.state, err);
	if (r == 0 && k->opts->pidfd_socket)
		r = send_fd_to_path(k->opts->pidfd_socket, "standard", k->c.pidfd, err);
	if (r == 0 && k->opts->pid_file)
		r = write_pid_file(k->opts->pid_file, k->spawn.pid, err);
	return r;
}

/* clang-format off */
static const struct step create_steps[] = {
	{"load",          NULL,                  step_load,          NULL},
	{"plan",          NULL,                  step_plan,          NULL},
	{"seccomp",       has_seccomp,           step_seccomp,       NULL},
	/* before anything that would have to be found again after a crash */
	{"state",         NULL,                  step_state,         undo_state},
	{"files",         NULL,                  step_files,         NULL},
	{"cgroup",        has_cgroup,            step_cgroup,        undo_cgroup},
	/* before the process exists: it must never run without its limits (K-44) */
	{"limits",        has_resources,         step_limits,        NULL},
	{"sources",       NULL,                  step_sources,       undo_sources},
	{"sockets",       NULL,                  step_sockets,       NULL},
	{"spawn",         NULL,                  step_spawn,         undo_spawn},
	/* from here on init works at the same time */
	{"maps",          has_user_ns,           step_maps,          NULL},
	{"identify",      NULL,                  step_identify,      NULL},
	{"outside",       NULL,                  step_outside,       NULL},
	{"device rules",  has_device_rules,      step_device_rules,  NULL},
	{"runtime hooks", applies_runtime_hooks, step_runtime_hooks, NULL},
	{"ready",         NULL,                  step_ready,         NULL},
	{"hand over",     NULL,                  step_hand_over,     NULL},
};
/* clang-format on */

void creation_undo(struct creation *k)
{
	steps_undo("create", create_steps, k->done, k);
	k->done = 0;
	if (k->hooks_began)
		runtime_poststop(&k->c.state);
}

int creation_run(struct creation *k, struct err *err)
{
	int r;

	k->c = (struct container)CONTAINER_NONE;
	k->c.root = k->root;
	k->c.id = k->opts->id;
	k->console = (struct console)CONSOLE_NONE;
	k->sync[0] = k->sync[1] = k->listen_fd = k->console_fd = k->notify_fd = -1;
	k->plan.rootfs_fd = -1;
	*err = ERR_NONE;
	r = container_root_open(k->root, true, err);
	if (r == 0)
		r = steps_run("create", create_steps, ARRAY_SIZE(create_steps), &k->done, k, err);
	if (r < 0)
		creation_undo(k);
	else
		sources_close(&k->plan);
	return r;
}

void creation_done(struct creation *k)
{
	close_fd(&k->sync[0]);
	close_fd(&k->sync[1]);
	close_fd(&k->listen_fd);
	close_fd(&k->notify_fd);
	console_done(&k->console);
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
