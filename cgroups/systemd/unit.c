/* RUNTIME: a container's cgroup as a unit of systemd: start, stop, update. */
#include "cgroups/systemd/unit.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroups/controllers.h"
#include "cgroups/file.h"
#include "cgroups/systemd/manager.h"
#include "cgroups/systemd/props.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"

#define auto_manager __attribute__((cleanup(manager_close))) struct manager
#define MANAGER_NONE            \
	{                       \
		.bus = BUS_NONE \
	}

/* A unit of that name which failed earlier stands in the way; one that runs does not mind. */
static int reset_failed(struct manager *m, const char *name, struct err *err)
{
	const struct wire_value arg = wire_text(name);
	struct wire_msg reply;
	int r = manager_call(m, "ResetFailedUnit", &arg, 1, &reply, err);

	return r == -EREMOTEIO && manager_said(m, "NoSuchUnit") ? 0 : r;
}

/* StartTransientUnit(name, mode, properties, auxiliary units) */
static int start(struct manager *m, const struct cgroup_unit *unit, const struct unit_props *props,
		 unsigned version, struct err *err)
{
	const struct wire_value args[] = {
		wire_text(unit->name),
		wire_text("fail"),
		unit_props_value(props, version),
		{.type = "a(sa(sv))"},
	};

	return manager_job(m, "StartTransientUnit", args, ARRAY_SIZE(args), err);
}

/* Whatever became of it: what is queued is taken back, what failed is forgotten. Nothing is waited
 * for, as the reason may be that systemd does not answer. */
static void forget(struct manager *m, const char *name)
{
	const struct wire_value args[] = {wire_text(name), wire_text("replace")};

	manager_tell(m, "StopUnit", args, 2);
	manager_tell(m, "ResetFailedUnit", args, 1);
}

static int start_once_more(struct manager *m, const struct cgroup_unit *unit,
			   const struct unit_props *props, unsigned version, struct err *err)
{
	int r = reset_failed(m, unit->name, err);

	if (r == 0)
		r = start(m, unit, props, version, err);
	if (r == -EREMOTEIO && manager_said(m, "UnitExists")) {
		err_fail(err, EEXIST, "linux.cgroupsPath: systemd has a unit '%s' already",
			 unit->name);
		err_hint(err, "is it another container's? systemctl status %s", unit->name);
		return -EEXIST;
	}
	return r;
}

static int start_new(struct manager *m, const struct cgroup_unit *unit,
		     const struct unit_props *props, bool *ret_made, struct err *err)
{
	unsigned version = 0;
	int r = unit_props_want_version(props) ? manager_version(m, &version, err) : 0;

	*ret_made = true;
	if (r == 0)
		r = start(m, unit, props, version, err);
	if (r == -EREMOTEIO && manager_said(m, "UnitExists")) {
		r = start_once_more(m, unit, props, version, err);
		*ret_made = r != -EEXIST;
	}
	return r;
}

int cgroup_unit_start(struct arena *a, const struct cgroup_unit *unit, struct unit_props *props,
		      pid_t pid, const char **ret_path, bool *ret_made, struct err *err)
{
	auto_manager m = MANAGER_NONE;
	struct wire_value number = {.type = "u", .u = (uint64_t)pid};
	const char *path = NULL;
	int r;

	if (!cgroup_unit_is_slice(unit))
		unit_props_set(props, "PIDs",
			       (struct wire_value){.type = "au", .items = &number, .n = 1}, 0);
	r = manager_open(&m, unit->user, unit->name, err);
	if (r == -ENOENT || r == -ECONNREFUSED)
		return r;
	*ret_made = false;
	/* a slice that others are in is not to be stopped when the container ends (C-07) */
	if (r == 0 && cgroup_unit_is_slice(unit))
		r = manager_is_active(&m, unit->name, err);
	if (r == 0)
		r = start_new(&m, unit, props, ret_made, err);
	if (r >= 0)
		r = manager_cgroup(&m, unit->name, &path, err);
	if (r < 0) {
		if (*ret_made)
			forget(&m, unit->name);
		return err_wrap(err, "systemd unit '%s'", unit->name);
	}
	*ret_path = arena_strdup(a, path);
	return 0;
}

int cgroup_unit_stop(const struct cgroup_unit *unit, struct err *err)
{
	const struct wire_value args[] = {wire_text(unit->name), wire_text("replace")};
	auto_manager m = MANAGER_NONE;
	int r = manager_open(&m, unit->user, unit->name, err);

	if (r < 0)
		return r;
	r = manager_job(&m, "StopUnit", args, 2, err);
	if (r == -EREMOTEIO && manager_said(&m, "NoSuchUnit"))
		r = 0;
	if (r == 0)
		r = reset_failed(&m, unit->name, err);
	return r < 0 ? err_wrap(err, "systemd unit '%s'", unit->name) : 0;
}

/* ---- update ---------------------------------------------------------------------------------- */

/* What the kernel made of the writes is what systemd is told. */
static void by_present(struct unit_props *p, int fd, const struct cgroup_write *writes, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		bool bfq = (writes[i].flags & CW_BFQ) && cgroup_file_exists(fd, "io.bfq.weight");
		const char *file = bfq ? "io.bfq.weight" : writes[i].file;
		char *text = NULL;

		if (cgroup_file_slurp(fd, p->a, file, &text) < 0)
			continue;
		text[strcspn(text, "\n")] = '\0';
		/* no longer idle: the weight counts again */
		if (streq(file, "cpu.idle") && streq(text, "0") &&
		    cgroup_file_slurp(fd, p->a, "cpu.weight", &text) >= 0) {
			text[strcspn(text, "\n")] = '\0';
			file = "cpu.weight";
		}
		unit_props_by_file(p, file, text);
	}
}

/* SetUnitProperties(name, runtime, properties): gone with the unit. */
static int set_properties(const void *ctx, int fd, const struct cgroup_write *writes, size_t n,
			  struct err *err)
{
	const struct cgroup_unit *unit = ctx;
	auto_manager m = MANAGER_NONE;
	auto_arena a = ARENA_INIT;
	struct unit_props props = {.a = &a};
	struct wire_value args[3] = {wire_text(unit->name), wire_flag(true)};
	struct wire_msg reply;
	unsigned version = 0;
	int r;

	by_present(&props, fd, writes, n);
	if (!props.n)
		return 0;
	r = manager_open(&m, unit->user, NULL, err);
	if (r == 0 && unit_props_want_version(&props))
		r = manager_version(&m, &version, err);
	if (r == 0) {
		args[2] = unit_props_value(&props, version);
		r = manager_call(&m, "SetUnitProperties", args, 3, &reply, err);
	}
	return r < 0 ? err_wrap(err, "systemd unit '%s'", unit->name) : 0;
}

int cgroup_unit_update(const struct cgroup_host *host, const struct cgroup_unit *unit, int fd,
		       const struct oci_resources *resources, struct err *err)
{
	return cgroup_apply_and(host, fd, resources, set_properties, unit, err);
}

/* ---- its cgroup ------------------------------------------------------------------------------ */

int cgroup_unit_open(const struct cgroup_host *host, struct arena *a, const char *path,
		     const struct oci_resources *resources, struct err *err)
{
	struct cgroup_need *needs = NULL;
	char have[1024] = "";
	bool missing = false;
	auto_fd int fd = -1;
	size_t n = 0;
	int r = cgroup_resources_needs(a, resources, &needs, &n, err);

	if (r == 0)
		r = cgroup_controllers_check(host, a, needs, n, err);
	if (r < 0)
		return r;
	fd = cgroup_open(host, path);
	if (fd < 0)
		return err_sys(err, -fd, "open cgroup '%s' in '%s'", path, host->mount);
	(void)!cgroup_file_read(fd, "cgroup.controllers", have, sizeof(have));
	for (size_t i = 0; i < n; i++)
		missing |= !cgroup_has_word(have, needs[i].controller);
	r = missing ? cgroup_controllers_enable(host, a, path, true, needs, n, err) : 0;
	return r < 0 ? r : take_fd(&fd);
}

/* ---- below the scope ---------------------------------------------------------------------------
 */

static int make_dirs(const struct cgroup_host *host, char *path, size_t from)
{
	for (char *p = path + from; p;) {
		p = strchr(p + 1, '/');
		if (p)
			*p = '\0';
		if (mkdirat(host->fd, path + 1, 0755) < 0 && errno != EEXIST)
			return -errno;
		if (p)
			*p = '/';
	}
	return 0;
}

int cgroup_unit_below(const struct cgroup_host *host, struct arena *a, const char *path,
		      const char *name, pid_t pid, struct err *err)
{
	char *whole = arena_printf(a, "%s/%s", path, name), number[16];
	int r = make_dirs(host, whole, strlen(path));
	auto_fd int fd = -1;

	if (r == 0)
		r = fd = beneath_open(host->fd, whole + 1, O_RDONLY | O_DIRECTORY);
	/* first, as a cgroup with processes hands down no controllers */
	snprintf(number, sizeof(number), "%d", (int)pid);
	if (r >= 0)
		r = cgroup_file_write(fd, "cgroup.procs", number);
	if (r < 0)
		return err_sys(err, -r, "put the container's process into cgroup '%s'", whole);
	r = cgroup_controllers_hand_down(host, a, path, whole, err);
	return r < 0 ? r : take_fd(&fd);
}
