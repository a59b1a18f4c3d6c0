/* RUNTIME: create: what lasts: the state directory and the cgroup. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/stat.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/annotations.h"
#include "libcontainer/runtime/create.h"
#include "oci-spec/oci.h"
#include "seccomp/filter.h"

#define LOCK_TIMEOUT_MS 0 /* a new directory: nobody else can want it */

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

/* What exec --process takes from the container's process when it has none of its own. */
static bool has_defaults(const struct oci_process *p)
{
	return p && (p->apparmor_profile || p->selinux_label || p->scheduler || p->io_priority ||
		     p->exec_cpu_affinity);
}

/* Where the cgroup will be, and whose. */
static int fill_cgroup(struct creation *k, struct err *err)
{
	const struct oci_linux *linux_ = k->spec.linux_;
	struct state *s = &k->c.state;
	int r;

	if (k->root->no_cgroup) {
		s->cgroup_manager = "disabled";
		if (creation_wants_limits(k))
			log_debug("linux.resources: no limits, as there is no cgroup "
				  "(--cgroup-manager disabled)");
		return 0;
	}
	r = cgroup_host_probe(&k->c.cgroup_host, err);
	if (r < 0)
		return r;
	k->plan.cgroup_mount = k->c.cgroup_host.mount;
	if (k->root->systemd)
		return creation_plan_unit(k, err);
	if (log_debug_enabled() && annotation_get(&s->annotations, "run.oci.systemd.subgroup"))
		log_debug("annotations.run.oci.systemd.subgroup: no effect here (only with the "
			  "systemd cgroup manager)");
	if (k->root->rootless)
		r = cgroup_rootless_base(&k->c.cgroup_host, &k->arena, &k->cgroup_base, err);
	if (r == 0)
		r = cgroup_path(&k->arena, linux_ ? linux_->cgroups_path : NULL, s->id,
				k->cgroup_base, &s->cgroup, err);
	if (r < 0)
		return r;
	k->plan.cgroup = s->cgroup;
	s->cgroup_made = first_missing(k, s->cgroup);
	s->cgroup_sub = k->plan.sub_cgroup;
	return 0;
}

static int fill_state(struct creation *k, struct err *err)
{
	const struct oci_linux *linux_ = k->spec.linux_;
	struct state *s = &k->c.state;
	char created[CLOCK_TEXT_SIZE];

	s->version = (struct opt_u32){true, STATE_VERSION};
	s->id = k->opts->id;
	s->rootfs = k->plan.rootfs;
	s->created = arena_strdup(&k->arena, clock_rfc3339(created));
	s->creating = (struct opt_bool){true, true};
	s->private_pid = (struct opt_bool){true, k->plan.ns.create & CLONE_NEWPID};
	s->has_process = (struct opt_bool){true, k->plan.has_process};
	s->has_filter = (struct opt_bool){true, k->plan.process.filter.insns != NULL};
	s->no_new_keyring = (struct opt_bool){true, k->opts->no_new_keyring};
	s->has_defaults.set = s->has_defaults.v = has_defaults(k->spec.process);
	s->personality = linux_ ? linux_->personality : NULL;
	s->memory_policy = linux_ ? linux_->memory_policy : NULL;
	s->may_trace = (struct opt_bool){true, runtime_may_trace(&k->plan.process)};
	s->keyring = k->plan.process.keyring;
	s->annotations = k->spec.annotations;
	s->hooks = k->spec.hooks;
	for (size_t i = 0; linux_ && i < linux_->namespaces.n; i++) {
		size_t n = s->namespaces.n;

		*arena_push(&k->arena, &s->namespaces.v, &n) = linux_->namespaces.v[i].type;
		s->namespaces.set = true;
		s->namespaces.n = n;
	}
	return fill_cgroup(k, err);
}

/* From here on the id is taken, and whatever happens `delete --force` finds all there is. */
int create_state(void *ctx, struct err *err)
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

void create_undo_state(void *ctx)
{
	struct creation *k = ctx;
	struct err err;

	if (state_remove(k->root, k->opts->id, &err) < 0)
		log_later("undo: %s", err.text);
}

/* For the commands that come later: while init is at work. */
int create_files(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	struct state done = k->c.state;
	int r = 0;

	if (k->c.state.has_process.v) {
		const char *text = oci_encode(&k->arena, &oci_process_type, k->spec.process, "");

		r = io_replace_file(k->c.dirfd, "process.json", text, strlen(text), 0600, err);
	}
	if (r == 0 && k->c.state.has_filter.v)
		r = filter_write(k->c.dirfd, "filter", &k->plan.process.filter, err);
	done.creating.v = false;
	return r < 0 ? r : state_stage(k->c.dirfd, &done, err);
}

bool create_has_notify(const void *ctx)
{
	const struct creation *k = ctx;

	return k->c.state.notify.set;
}

/* The directory is the source of a bind mount. */
int create_notify(void *ctx, struct err *err)
{
	struct creation *k = ctx;

	if (mkdirat(k->c.dirfd, "notify", 0755) < 0)
		return err_sys(err, errno, "make the notify directory");
	if (k->run)
		k->notify_fd = notify_bind(k->c.dirfd, err);
	return k->run && k->notify_fd < 0 ? k->notify_fd : 0;
}

/* ---- cgroup -----------------------------------------------------------------------------------
 */

bool create_has_cgroup(const void *ctx)
{
	const struct creation *k = ctx;

	return k->c.state.cgroup != NULL;
}

bool creation_wants_limits(const struct creation *k)
{
	const struct oci_resources *r = creation_resources(k);

	return r && (r->memory || r->cpu || r->pids || r->block_io || r->hugepage_limits.n ||
		     r->rdma.n || r->unified.n);
}

int create_cgroup(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	struct state *s = &k->c.state;
	bool limits = creation_wants_limits(k);
	int r = 0;

	if (limits && k->cgroup_base &&
	    (path_is_below(s->cgroup, k->cgroup_base) || streq(s->cgroup, k->cgroup_base)))
		r = cgroup_step_aside(&k->c.cgroup_host, &k->arena, k->cgroup_base, err);
	if (r == 0)
		r = cgroup_create(&k->c.cgroup_host, &k->arena, s->cgroup, creation_resources(k),
				  &s->cgroup_made, err);
	if (r < 0 && limits && k->root->rootless)
		return strstr(err->text, "linux.resources") ? r : err_wrap(err, "linux.resources");
	if ((r == -EACCES || r == -EPERM || r == -EROFS) && k->root->rootless) {
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

void create_undo_cgroup(void *ctx)
{
	struct creation *k = ctx;
	struct err err;

	close_fd(&k->c.cgroup_fd);
	if (cgroup_destroy(&k->c.cgroup_host, k->c.state.cgroup, k->c.state.cgroup_made, &err) < 0)
		log_later("undo: %s", err.text);
}

bool create_has_resources(const void *ctx)
{
	const struct creation *k = ctx;

	return k->c.cgroup_fd >= 0 && creation_resources(k);
}

int create_limits(void *ctx, struct err *err)
{
	struct creation *k = ctx;

	return cgroup_apply(&k->c.cgroup_host, k->c.cgroup_fd, creation_resources(k), false, err);
}

bool create_has_device_rules(const void *ctx)
{
	const struct creation *k = ctx;

	return create_has_resources(ctx) && creation_resources(k)->devices.set;
}

/* While the container's init is already mounting. */
int create_device_rules(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	int r = cgroup_devices_apply(k->c.cgroup_fd, creation_resources(k)->devices.v,
				     creation_resources(k)->devices.n, err);

	if (r == -EPERM && k->root->rootless) {
		log_warn("device rules are not applied: not permitted in a user namespace");
		return 0;
	}
	return r;
}
