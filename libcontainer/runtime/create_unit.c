/* RUNTIME: create: the cgroup as a unit of systemd. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>

#include "cgroups/systemd/unit.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/annotations.h"
#include "libcontainer/runtime/create.h"

#define SUBGROUP       "run.oci.systemd.subgroup"
#define UNIT_PATH_SIZE 4096

/* The root of a user namespace is mostly an ordinary user, who has a manager of his own; but it can
 * be that of a whole system in a container. */
static bool of_user(const struct creation *k)
{
	return k->root->rootless && (geteuid() != 0 || given(getenv("DBUS_SESSION_BUS_ADDRESS")) ||
				     given(getenv("XDG_RUNTIME_DIR")));
}

int creation_plan_unit(struct creation *k, struct err *err)
{
	const struct oci_linux *linux_ = k->spec.linux_;
	const char *sub = annotation_get(&k->spec.annotations, SUBGROUP);
	struct state *s = &k->c.state;
	struct cgroup_unit unit;
	int r;

	if (given(sub) &&
	    (strlen(sub) > 255 || strchr(sub, '/') || streq(sub, ".") || streq(sub, "..")))
		return err_fail(err, EINVAL, "annotations." SUBGROUP ": '%.64s' is no name", sub);
	r = cgroup_unit_plan(&k->arena, linux_ ? linux_->cgroups_path : NULL, s->id, of_user(k),
			     &unit, err);
	if (r == 0)
		r = cgroup_unit_props(&k->arena, &unit, s->id, creation_resources(k),
				      &k->spec.annotations, &k->unit_props, err);
	if (r < 0)
		return r;
	/* init is there before the cgroup is: it learns the path with SYNC_MAPPED */
	k->unit_path = mmap(NULL, UNIT_PATH_SIZE, PROT_READ | PROT_WRITE,
			    MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (k->unit_path == MAP_FAILED)
		return err_sys(err, errno, "share a page of memory");
	k->plan.cgroup = k->unit_path;
	k->unit = unit;
	s->cgroup_manager = "systemd";
	s->unit = unit.name;
	s->unit_user = (struct opt_bool){true, unit.user};
	s->unit_made = (struct opt_bool){true, false};
	s->cgroup_sub = k->plan.sub_cgroup;
	return 0;
}

bool create_has_unit(const void *ctx)
{
	const struct creation *k = ctx;

	return k->c.state.unit != NULL;
}

static void tell_path(struct creation *k, const char *path)
{
	snprintf(k->unit_path, UNIT_PATH_SIZE, "%s", path);
}

/* systemd puts no process into a slice: a container in one comes after all others (C-08). */
static int enter_slice(struct creation *k, struct err *err)
{
	char pid[16];
	int len = snprintf(pid, sizeof(pid), "%d", (int)k->spawn.pid), r;

	if (!k->c.state.unit_made.v && cgroup_is_populated(k->c.cgroup_fd) > 0) {
		/* whoever they are, no undoing of ours may kill them */
		close_fd(&k->c.cgroup_fd);
		return err_fail(err, EBUSY, "container's cgroup is not empty: '%s'",
				k->c.state.cgroup);
	}
	r = io_write_at(k->c.cgroup_fd, "cgroup.procs", pid, (size_t)len);
	return r < 0 ? err_sys(err, -r, "enter cgroup '%s'", k->c.state.cgroup) : 0;
}

/* The unit is there: its cgroup becomes the container's. */
static int take_cgroup(struct creation *k, const char *path, struct err *err)
{
	const char *sub = annotation_get(&k->spec.annotations, SUBGROUP);
	struct state *s = &k->c.state;
	int r;

	s->cgroup = path;
	s->cgroup_made = s->unit_made.v ? path : NULL;
	r = state_save(k->c.dirfd, s, err);
	if (r == 0)
		r = k->c.cgroup_fd = cgroup_unit_open(&k->c.cgroup_host, &k->arena, path,
						      creation_resources(k), err);
	if (r >= 0 && cgroup_unit_is_slice(&k->unit))
		r = enter_slice(k, err);
	if (r >= 0 && given(sub)) {
		close_fd(&k->c.cgroup_fd);
		s->cgroup = arena_printf(&k->arena, "%s/%s", path, sub);
		r = k->c.cgroup_fd = cgroup_unit_below(&k->c.cgroup_host, &k->arena, path, sub,
						       k->spawn.pid, err);
	}
	if (r >= 0 && cgroup_stands_still(k->c.cgroup_fd) > 0)
		r = err_fail(err, EBUSY,
			     "container's cgroup unexpectedly frozen, as a parent of it is");
	tell_path(k, s->cgroup);
	return r < 0 ? r : 0;
}

int create_unit(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	struct state *s = &k->c.state;
	const char *path = NULL;
	bool made = false;
	int r = cgroup_unit_start(&k->arena, &k->unit, k->unit_props, k->spawn.pid, &path, &made,
				  err);

	if ((r == -ENOENT || r == -ECONNREFUSED) && k->root->rootless &&
	    !creation_wants_limits(k)) {
		log_debug("cgroup: none, as there is no systemd to ask: %s", err->text);
		s->unit = NULL;
		return 0;
	}
	if (r < 0)
		return r;
	s->unit_made.v = made;
	r = take_cgroup(k, path, err);
	if (r < 0)
		create_undo_unit(k);
	return r;
}

void create_undo_unit(void *ctx)
{
	struct creation *k = ctx;
	struct err err;

	err_clear(&err);
	if (!k->c.state.unit || !k->c.state.unit_made.v)
		return;
	/* with what is in it: systemd would ask it to end first, and wait */
	if (k->c.cgroup_fd >= 0)
		cgroup_kill(k->c.cgroup_fd);
	proc_pidfd_signal(k->c.pidfd, SIGKILL);
	if (cgroup_unit_stop(&k->unit, &err) < 0)
		log_later("undo: %s", err.text);
	if (create_has_cgroup(k))
		create_undo_cgroup(k);
}

bool create_has_unit_resources(const void *ctx)
{
	return create_has_unit(ctx) && create_has_resources(ctx);
}

bool create_unit_delegates(const void *ctx)
{
	return create_has_unit(ctx) && create_delegates(ctx);
}

bool create_has_unit_sub_cgroup(const void *ctx)
{
	const struct creation *k = ctx;

	return create_has_unit(ctx) && k->plan.sub_cgroup;
}

int create_unit_sub_cgroup(void *ctx, struct err *err)
{
	static const char key[] = "annotations.run.oci.delegate-cgroup";
	struct creation *k = ctx;
	struct state *s = &k->c.state;

	if (!s->unit_made.v)
		return err_fail(err, EEXIST, "%s: the unit '%s' was there before the container",
				key, s->unit);
	k->sub_cgroup_fd = cgroup_unit_below(&k->c.cgroup_host, &k->arena, s->cgroup,
					     k->plan.sub_cgroup, k->spawn.pid, err);
	tell_path(k, arena_printf(&k->arena, "%s/%s", s->cgroup, k->plan.sub_cgroup));
	return k->sub_cgroup_fd < 0 ? err_wrap(err, "%s", key) : 0;
}
