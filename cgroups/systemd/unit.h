/*
 * unit.h - a container's cgroup as a unit of systemd: what the runtime calls.
 *
 * The unit is a transient scope (or slice) with Delegate=, so that below its cgroup everything is
 * ours. A scope has to be born with a process in it: the container's init, which waits meanwhile.
 * Limits are given twice. As properties of the unit, so that systemd, which writes the files of its
 * units again whenever it likes (daemon-reload), writes ours; and to the files of the cgroup,
 * exactly and with all that no property knows. docs/systemd.md has the tables.
 *
 * All that is asked of systemd by one function here has one bound in time, CGROUP_UNIT_MS.
 *
 * Source: org.freedesktop.systemd1(5), systemd.resource-control(5), systemd's
 * docs/CONTROL_GROUP_INTERFACE and docs/TRANSIENT-SETTINGS.
 */
#ifndef HULL_SYSTEMD_UNIT_H
#define HULL_SYSTEMD_UNIT_H

#include "cgroups/cgroup.h"

#define CGROUP_UNIT_MS 8000

struct cgroup_unit {
	const char *name;  /* "libpod-1234.scope"; "pod.slice" */
	const char *slice; /* that it is in */
	bool user;         /* of the user's own manager */
};

/* The unit by cgroupsPath: "slice:prefix:name", or NULL or "" for one by the ID. PURE. */
int cgroup_unit_plan(struct arena *a, const char *cgroups_path, const char *id, bool user,
		     struct cgroup_unit *ret, struct err *err) must_check;
/* Whether it is a slice: it needs no process to be started, and may be there already. */
bool cgroup_unit_is_slice(const struct cgroup_unit *unit);

/* Properties of a unit that is to be started: opaque here. */
struct unit_props;
/* By linux.resources and by the annotations org.systemd.property.*, which are checked. PURE. */
int cgroup_unit_props(struct arena *a, const struct cgroup_unit *unit, const char *id,
		      const struct oci_resources *resources, const struct oci_map *annotations,
		      struct unit_props **ret, struct err *err) must_check;

/* Starts it, with process PID in it, and waits until systemd has done so. *RET_PATH: its cgroup
 * below the mount. *RET_MADE: it is a new one. When it fails nothing stays that could come to life
 * later, if PID is killed then. -ENOENT and -ECONNREFUSED: there is no bus. */
int cgroup_unit_start(struct arena *a, const struct cgroup_unit *unit, struct unit_props *props,
		      pid_t pid, const char **ret_path, bool *ret_made, struct err *err) must_check;
/* Removes what systemd knows of it; its processes have ended. Unknown units are fine. -ENOENT and
 * -ECONNREFUSED as before. */
int cgroup_unit_stop(const struct cgroup_unit *unit, struct err *err) must_check;
/* cgroup_apply with UPDATE, for the files of FD and the properties of the unit: both, or none. */
int cgroup_unit_update(const struct cgroup_host *host, const struct cgroup_unit *unit, int fd,
		       const struct oci_resources *resources, struct err *err) must_check;

/* Opens its cgroup; enables controllers that RESOURCES need and systemd does not know. Owned fd. */
int cgroup_unit_open(const struct cgroup_host *host, struct arena *a, const char *path,
		     const struct oci_resources *resources, struct err *err) must_check;
/* NAME below the scope's cgroup PATH, with the process PID in it and all controllers enabled on the
 * way to it; owned fd. */
int cgroup_unit_below(const struct cgroup_host *host, struct arena *a, const char *path,
		      const char *name, pid_t pid, struct err *err) must_check;

#endif
