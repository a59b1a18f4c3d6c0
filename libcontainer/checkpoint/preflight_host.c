/* RUNTIME: migrate: whether this host has what the container's configuration and processes need. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cgroups/resources.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/files.h"
#include "libcontainer/checkpoint/preflight.h"
#include "libcontainer/runtime/create.h"
#include "libcontainer/runtime/lsm.h"
#include "namespaces/ns.h"

/* ---- the kernel -------------------------------------------------------------------------------
 */

static bool release(const char *text, unsigned *ret)
{
	unsigned major, minor;

	if (!given(text) || sscanf(text, "%u.%u", &major, &minor) != 2 || minor > 999)
		return false;
	*ret = major * 1000 + minor;
	return true;
}

static void check_kernel(struct check *c)
{
	unsigned ours, theirs;
	struct utsname u;

	uname(&u);
	if (release(u.release, &ours) && release(c->need->kernel, &theirs) && ours < theirs)
		WARNING(c,
			"the kernel is %s, older than the other host's %s: what only that one has "
			"cannot be restored",
			u.release, c->need->kernel);
	if (c->need->time_ns.v && access("/proc/self/timens_offsets", F_OK) < 0)
		PROBLEM(c, "the kernel has no time namespaces, in which CRIU restores the clocks: "
			   "take one with CONFIG_TIME_NS");
}

static void check_namespaces(struct check *c, const struct plan *p)
{
	for (size_t i = 0; i < n_ns_kinds; i++) {
		const char *path = arena_printf(c->a, "/proc/self/ns/%s", ns_kinds[i].proc_name);

		if ((p->ns.create & ns_kinds[i].flag) && access(path, F_OK) < 0)
			PROBLEM(c,
				"linux.namespaces: the kernel has no %s namespaces: take one that "
				"has",
				ns_kinds[i].oci_name);
	}
}

/* ---- security modules -------------------------------------------------------------------------
 */

static void check_label(struct check *c, const struct plan_process *p)
{
	struct err err = ERR_NONE;
	int proc = -1;

	if (lsm_prepare(p, &proc, &err) < 0)
		preflight_tell(c, &err);
	else if (p->apparmor && lsm_lacks_profile(c->a, p->apparmor))
		PROBLEM(c,
			"process.apparmorProfile: the profile '%s' is not loaded: load it by "
			"apparmor_parser",
			p->apparmor);
	close_fd(&proc);
}

/* What the configuration asks for, and is not to be asked for again. */
static void check_config_labels(struct check *c, struct oci_spec *spec)
{
	const char *apparmor = spec->process ? spec->process->apparmor_profile : NULL;
	const char *selinux = spec->process ? spec->process->selinux_label : NULL;
	struct err err = ERR_NONE;

	if (given(apparmor))
		check_label(c, &(struct plan_process){.apparmor = apparmor});
	if (given(selinux))
		check_label(c, &(struct plan_process){.selinux = selinux});
	if (spec->linux_ && lsm_check_mount_label(spec->linux_->mount_label, &err) < 0)
		preflight_tell(c, &err);
	if (spec->process) {
		spec->process = arena_memdup(c->a, spec->process, sizeof(*spec->process));
		spec->process->apparmor_profile = spec->process->selinux_label = NULL;
	}
	if (spec->linux_) {
		spec->linux_ = arena_memdup(c->a, spec->linux_, sizeof(*spec->linux_));
		spec->linux_->mount_label = NULL;
	}
}

/* What the processes have: CRIU refuses to restore that under another module. */
static void check_labels(struct check *c)
{
	const struct migrate_need *need = c->need;
	struct lsm_state lsm = lsm_probe();
	bool apparmor = given(need->lsm) && streq(need->lsm, "apparmor");

	for (size_t i = 0; given(need->lsm) && i < need->labels.n; i++) {
		const char *label = need->labels.v[i];

		if (apparmor ? !lsm.apparmor : !lsm.selinux)
			PROBLEM(c,
				"a process has the %s label '%.256s', and %s is not enabled: "
				"choose a host where it is",
				need->lsm, label, apparmor ? "AppArmor" : "SELinux");
		else if (apparmor && strstr(label, "//&"))
			; /* one of several modules of policy: the list has none of these */
		else if (apparmor && lsm_lacks_profile(c->a, label))
			PROBLEM(c,
				"a process has the AppArmor profile '%.256s', which is not loaded: "
				"load it by apparmor_parser",
				label);
	}
}

/* ---- cgroups ----------------------------------------------------------------------------------
 */

static void check_controllers(struct check *c, const struct cgroup_host *host,
			      const struct oci_resources *resources)
{
	struct cgroup_need *needs = NULL;
	struct err err = ERR_NONE;
	size_t n = 0;

	if (cgroup_resources_needs(c->a, resources, &needs, &n, &err) < 0) {
		preflight_tell(c, &err);
		return;
	}
	for (size_t i = 0; i < n; i++) {
		err_clear(&err);
		if (cgroup_controllers_check(host, c->a, &needs[i], 1, &err) < 0)
			preflight_tell(c, &err);
	}
}

/* Of somebody else's, or of one that was there before. */
static void check_taken(struct check *c, const struct cgroup_host *host, const char *path)
{
	auto_fd int fd = cgroup_open(host, path);

	if (fd >= 0 && cgroup_is_populated(fd) == 1)
		PROBLEM(c,
			"there are processes in the cgroup '%s' already: name another in "
			"linux.cgroupsPath",
			path);
	else if (fd >= 0 && cgroup_is_frozen(fd) == 1)
		PROBLEM(c,
			"the cgroup '%s' is frozen: remove it, or name another in "
			"linux.cgroupsPath",
			path);
}

static void check_own(struct check *c, const struct cgroup_host *host, const struct oci_linux *l)
{
	const char *wanted = l ? l->cgroups_path : NULL, *path = "";
	struct err err = ERR_NONE;

	if (cgroup_path(c->a, wanted, c->need->id, NULL, &path, &err) < 0) {
		preflight_tell(c, &err);
		return;
	}
	preflight_cgroup(c, host, path, "in which the container will be");
	check_taken(c, host, path);
}

static void check_cgroups(struct check *c, const struct container_root *root,
			  const struct oci_linux *l)
{
	struct cgroup_host host = {.fd = -1};
	struct err err = ERR_NONE;
	const char *hulls;

	if (root->no_cgroup)
		return;
	if (cgroup_host_probe(&host, &err) < 0) {
		preflight_tell(c, &err);
		return;
	}
	/* What is received before the images is kept by hull's process first. */
	if (c->need->lazy.v && cgroup_of_pid(c->a, "self", &hulls, &err) == 0)
		preflight_cgroup(c, &host, hulls, "in which hull is there");
	if (l && l->resources)
		check_controllers(c, &host, l->resources);
	if (!root->systemd)
		check_own(c, &host, l);
	cgroup_host_done(&host);
}

/* ---- ids --------------------------------------------------------------------------------------
 */

/* All of WANT's ids on the host's side are ids that we have ourselves. */
static bool covered(const struct plan_idmap *have, size_t n, const struct plan_idmap *want)
{
	uint64_t at = want->host, end = at + want->size;

	for (size_t i = 0; at < end && i < n; i++) {
		uint64_t from = have[i].container, to = from + have[i].size;

		if (from <= at && at < to) {
			at = to;
			i = (size_t)-1; /* they are in no order */
		}
	}
	return at >= end;
}

static void check_ids(struct check *c, const char *file, const char *field,
		      const struct plan_idmap *want, size_t n)
{
	struct plan_idmap *have = NULL;
	struct err ignored;
	size_t n_have = 0;

	if (n == 0 || ns_read_map(c->a, getpid(), file, &have, &n_have, &ignored) < 0)
		return;
	for (size_t i = 0; i < n; i++)
		if (!covered(have, n_have, &want[i]))
			PROBLEM(c,
				"%s[%zu]: not all of the ids %" PRIu32 " to %" PRIu64
				" are hull's to map: give it these, or choose others",
				field, i, want[i].host, (uint64_t)want[i].host + want[i].size - 1);
}

/* ---- the configuration ------------------------------------------------------------------------
 */

/* The bundle's own, or if it has none the source's, which will be put there. */
static bool find_config(struct check *c, struct oci_spec *ret)
{
	const char *path = arena_printf(c->a, "%s/config.json", c->need->bundle);
	struct err err = ERR_NONE;
	int r = 0;

	*ret = (struct oci_spec){0};
	if (access(path, F_OK) == 0)
		r = oci_decode_file(c->a, &oci_spec_type, AT_FDCWD, path, ret, &err);
	else if (c->need->config)
		*ret = *c->need->config;
	else
		return false;
	if (r == 0)
		r = oci_validate(ret, &err);
	if (r == 0)
		oci_modernize(ret);
	else
		preflight_tell(c, &err);
	return r == 0;
}

static void check_root(struct check *c, const struct oci_spec *spec)
{
	const char *path = spec->root ? spec->root->path : NULL;
	struct stat st;

	if (!given(path) || access(c->need->bundle, F_OK) < 0 || files_has(c->need, FILES_COPY) ||
	    files_has(c->need, FILES_UPPER))
		return;
	if (path[0] != '/')
		path = arena_printf(c->a, "%s/%s", c->need->bundle, path);
	if (stat(path, &st) < 0)
		PROBLEM(c, "root file system '%s': %s: put it there, or take it along by --rootfs",
			path, err_name(errno));
	else if (!S_ISDIR(st.st_mode))
		PROBLEM(c, "root file system '%s' is no directory", path);
}

/* The first steps of a restore, which make nothing. */
static void check_plan(struct check *c, struct container_root *root, const struct oci_spec *spec)
{
	const struct container_create_opts o = {
		.id = c->need->id, .bundle = c->need->bundle, .detach = true};
	struct creation k = {.root = root, .opts = &o};
	struct err err = ERR_NONE;
	int r = creation_begin(&k, &err);

	k.spec = *spec;
	k.c.state.bundle = c->need->bundle;
	if (r == 0)
		r = create_plan(&k, &err);
	if (r == 0 && create_has_rdt(&k))
		r = create_rdt_find(&k, &err);
	if (r < 0)
		preflight_tell(c, &err);
	check_namespaces(c, &k.plan);
	check_ids(c, "uid_map", "linux.uidMappings", k.plan.ns.uid_map, k.plan.ns.n_uid_map);
	check_ids(c, "gid_map", "linux.gidMappings", k.plan.ns.gid_map, k.plan.ns.n_gid_map);
	creation_done(&k);
}

void preflight_host(struct check *c, struct container_root *root)
{
	struct oci_spec spec;
	bool found;

	if (root->rootless)
		PROBLEM(c, "hull is not root there, which it has to be to restore: choose another "
			   "user of that host");
	check_kernel(c);
	check_labels(c);
	found = find_config(c, &spec);
	if (found) {
		check_root(c, &spec);
		check_config_labels(c, &spec);
		check_plan(c, root, &spec);
	}
	check_cgroups(c, root, found ? spec.linux_ : NULL);
}
