/* PURE: what was asked is legal: linux, but for resources and seccomp. */
#include <inttypes.h>
#include <sys/stat.h>

#include "oci-spec/validate.h"

/* ---- namespaces ------------------------------------------------------------------------ */

static int namespaces(const struct oci_spec *spec, struct err *err)
{
	for (size_t i = 0; i < spec->linux_->namespaces.n; i++) {
		const struct oci_namespace *ns = &spec->linux_->namespaces.v[i];

		if (!ns->type)
			return invalid(err, "linux.namespaces[%zu].type: required, but missing", i);
		if (!name_in(oci_namespace_names, ns->type))
			return invalid(err, "linux.namespaces[%zu].type: unknown namespace '%.64s'",
				       i, ns->type);
		if (oci_find_namespace(spec, ns->type) != ns)
			return invalid(err, "linux.namespaces[%zu].type: '%s' is given twice", i,
				       ns->type);
		if (given(ns->path) && *ns->path != '/')
			return invalid(err, "linux.namespaces[%zu].path: '%s' is not absolute", i,
				       ns->path);
	}
	return 0;
}

static int mapping(const struct oci_id_mapping *m, const char *at, size_t i, struct err *err)
{
	const char *missing = !m->container_id.set ? "containerID"
			      : !m->host_id.set    ? "hostID"
			      : !m->size.set       ? "size"
						   : NULL;

	if (missing)
		return invalid(err, "%s[%zu].%s: required, but missing", at, i, missing);
	if (m->size.v == 0)
		return invalid(err, "%s[%zu].size: must be greater than zero", at, i);
	/* Id 4294967295 itself cannot be mapped. */
	if ((uint64_t)m->container_id.v + m->size.v > UINT32_MAX)
		return invalid(err, "%s[%zu].size: from containerID on, the range leaves 32 bits",
			       at, i);
	if ((uint64_t)m->host_id.v + m->size.v > UINT32_MAX)
		return invalid(err, "%s[%zu].size: from hostID on, the range leaves 32 bits", at,
			       i);
	return 0;
}

int validate_mappings(const oci_id_mappings *maps, const char *at, struct err *err)
{
	int r = 0;

	if (maps->n > 340) /* UID_GID_MAP_MAX_EXTENTS */
		return invalid(err, "%s: %zu entries, the kernel takes 340", at, maps->n);
	for (size_t i = 0; i < maps->n && r == 0; i++)
		r = mapping(&maps->v[i], at, i, err);
	return r;
}

/* A joined namespace with mappings is accepted: engines repeat those it has. */
static int id_mappings(const struct oci_spec *spec, struct err *err)
{
	const struct oci_linux *l = spec->linux_;
	const struct oci_namespace *user = oci_find_namespace(spec, "user");
	bool uids = l->uid_mappings.n, gids = l->gid_mappings.n;
	int r;

	if (!user && (uids || gids))
		return invalid(err, "linux.%s: needs a user namespace",
			       uids ? "uidMappings" : "gidMappings");
	if (user && !given(user->path) && (!uids || !gids))
		return invalid(err, "linux.%s: required for a new user namespace, but missing",
			       uids ? "gidMappings" : "uidMappings");
	r = validate_mappings(&l->uid_mappings, "linux.uidMappings", err);
	return r < 0 ? r : validate_mappings(&l->gid_mappings, "linux.gidMappings", err);
}

static int time_offsets(const struct oci_spec *spec, struct err *err)
{
	const struct oci_namespace *ns = oci_find_namespace(spec, "time");

	for (size_t i = 0; i < spec->linux_->time_offsets.n; i++) {
		const struct oci_time_offset *t = &spec->linux_->time_offsets.v[i];

		if (!streq(t->clock, "monotonic") && !streq(t->clock, "boottime"))
			return invalid(err, "linux.timeOffsets: unknown clock '%.64s'", t->clock);
		if (t->nanosecs.set && t->nanosecs.v >= 1000000000)
			return invalid(err,
				       "linux.timeOffsets.%s.nanosecs: %" PRIu32
				       " is more than 999999999",
				       t->clock, t->nanosecs.v);
		if (!ns || given(ns->path))
			return invalid(err, "linux.timeOffsets: needs a new time namespace");
	}
	return 0;
}

/* ---- devices --------------------------------------------------------------------------------- */

static int device_number(struct opt_i64 v, int64_t max, const char *name, size_t i, struct err *err)
{
	if (!v.set)
		return invalid(err, "linux.devices[%zu].%s: required, but missing", i, name);
	if (v.v < 0 || v.v > max)
		return invalid(err,
			       "linux.devices[%zu].%s: %" PRId64 " is not within 0 to %" PRId64, i,
			       name, v.v, max);
	return 0;
}

/* Podman copies what stat(2) said of a --device, the type of the node included: where that is the
 * entry's own type there is nothing to refuse. */
static int device_mode(uint32_t mode, char type, size_t i, struct err *err)
{
	uint32_t same = type == 'b' ? S_IFBLK : type == 'p' ? S_IFIFO : S_IFCHR;

	if ((mode & S_IFMT) == same)
		mode &= ~(uint32_t)S_IFMT;
	if (mode > 0777)
		return invalid(err,
			       "linux.devices[%zu].fileMode: %" PRIu32 " is more than 511 (0777)",
			       i, mode);
	return 0;
}

static int device(const struct oci_device *d, size_t i, struct err *err)
{
	int r = 0;

	if (!d->type)
		return invalid(err, "linux.devices[%zu].type: required, but missing", i);
	if (!*d->type || d->type[1] || !strchr("cbup", *d->type))
		return invalid(err, "linux.devices[%zu].type: '%.64s' is not c, b, u or p", i,
			       d->type);
	if (!d->path)
		return invalid(err, "linux.devices[%zu].path: required, but missing", i);
	if (*d->path != '/')
		return invalid(err, "linux.devices[%zu].path: '%s' is not absolute", i, d->path);
	if (*d->type != 'p') { /* the kernel's dev_t has 12 and 20 bits */
		r = device_number(d->major, 0xfff, "major", i, err);
		if (r == 0)
			r = device_number(d->minor, 0xfffff, "minor", i, err);
	}
	if (r == 0 && d->file_mode.set)
		r = device_mode(d->file_mode.v, *d->type, i, err);
	return r;
}

static int devices(const struct oci_spec *spec, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < spec->linux_->devices.n && r == 0; i++)
		r = device(&spec->linux_->devices.v[i], i, err);
	return r;
}

/* ---- paths and propagation
 * ----------------------------------------------------------------------- */

static int path_list(const struct oci_spec *spec, const struct oci_strings *paths, const char *name,
		     struct err *err)
{
	for (size_t i = 0; i < paths->n; i++)
		if (*paths->v[i] != '/')
			return invalid(err, "linux.%s[%zu]: '%s' is not absolute", name, i,
				       paths->v[i]);
	if (paths->n && !oci_find_namespace(spec, "mount"))
		return invalid(err, "linux.%s: needs a mount namespace", name);
	return 0;
}

static int masked_paths(const struct oci_spec *spec, struct err *err)
{
	return path_list(spec, &spec->linux_->masked_paths, "maskedPaths", err);
}

static int readonly_paths(const struct oci_spec *spec, struct err *err)
{
	return path_list(spec, &spec->linux_->readonly_paths, "readonlyPaths", err);
}

static int rootfs_propagation(const struct oci_spec *spec, struct err *err)
{
	static const char *const values[] = {"private",    "shared",      "slave",
					     "unbindable", "rprivate",    "rshared",
					     "rslave",     "runbindable", NULL};
	const char *v = spec->linux_->rootfs_propagation;

	if (given(v) && !name_in(values, v))
		return invalid(err, "linux.rootfsPropagation: unknown propagation '%.64s'", v);
	return 0;
}

/* ---- sysctl
 * ----------------------------------------------------------------------------------------- */

/* sysctl(8): the first separator found is the separator, the other one is literal. The
 * result has '/' between components. False: not the name of a file below /proc/sys. */
static bool sysctl_path(const char *key, char *buf, size_t size)
{
	size_t len = strlen(key), start = 0;
	const char *first = strpbrk(key, "./");
	bool swap = first && *first == '.';

	if (len == 0 || len >= size)
		return false;
	for (size_t i = 0; i <= len; i++)
		buf[i] = swap && key[i] == '.' ? '/' : swap && key[i] == '/' ? '.' : key[i];
	for (size_t i = 0; i <= len; i++) {
		size_t n = i - start;

		if (buf[i] && buf[i] != '/')
			continue;
		/* ".." would leave /proc/sys */
		if (n == 0 || (n <= 2 && strspn(buf + start, ".") >= n))
			return false;
		start = i + 1;
	}
	return true;
}

/* L-13: only what belongs to a namespace, and only with one of one's own: anything else is the
 * host's, and the runtime may be root there. A path that ends in '/' stands for all below. */
/* clang-format off */
static const struct {
	const char *path, *ns;
} sysctl_scopes[] = {
	{"net/",                   "network"},
	{"fs/mqueue/",             "ipc"},
	{"kernel/auto_msgmni",     "ipc"},
	{"kernel/msg_next_id",     "ipc"},
	{"kernel/msgmax",          "ipc"},
	{"kernel/msgmnb",          "ipc"},
	{"kernel/msgmni",          "ipc"},
	{"kernel/sem",             "ipc"},
	{"kernel/sem_next_id",     "ipc"},
	{"kernel/shm_next_id",     "ipc"},
	{"kernel/shm_rmid_forced", "ipc"},
	{"kernel/shmall",          "ipc"},
	{"kernel/shmmax",          "ipc"},
	{"kernel/shmmni",          "ipc"},
	{"kernel/domainname",      "uts"},
	{"user/",                  "user"},
};
/* clang-format on */

const char *oci_sysctl_namespace(const char *path)
{
	for (size_t i = 0; i < ARRAY_SIZE(sysctl_scopes); i++) {
		const char *row = sysctl_scopes[i].path;

		if (str_ends(row, "/") ? str_starts(path, row) : streq(path, row))
			return sysctl_scopes[i].ns;
	}
	return NULL;
}

static int sysctl(const struct oci_spec *spec, struct err *err)
{
	for (size_t i = 0; i < spec->linux_->sysctl.n; i++) {
		const char *key = spec->linux_->sysctl.v[i].key, *ns;
		char path[256];

		if (!sysctl_path(key, path, sizeof(path)))
			return invalid(err, "linux.sysctl: '%.64s' is not a name", key);
		if (streq(path, "kernel/hostname"))
			return invalid(err, "linux.sysctl: '%s' is set by hostname", key);
		ns = oci_sysctl_namespace(path);
		if (!ns)
			return invalid(err,
				       "linux.sysctl: '%.64s' belongs to no namespace, it would "
				       "change the host",
				       key);
		if (!oci_find_namespace(spec, ns))
			return invalid(err, "linux.sysctl: '%.64s' needs %s %s namespace", key,
				       *ns == 'i' ? "an" : "a", ns);
	}
	return 0;
}

/* ---- the rest
 * ------------------------------------------------------------------------------------------ */

static int mount_label(const struct oci_spec *spec, struct err *err)
{
	const char *label = spec->linux_->mount_label;

	if (!given(label))
		return 0;
	if (strlen(label) > LABEL_MAX)
		return invalid(err, "linux.mountLabel: longer than %d bytes", LABEL_MAX);
	if (strpbrk(label, "\"\n")) /* it becomes a mount option in quotes */
		return invalid(err, "linux.mountLabel: '%.64s' has a quote or a newline", label);
	return 0;
}

/* Only known together with an id: an update of swap alone is legal. */
static int swap_needs_limit(const struct oci_spec *spec, struct err *err)
{
	const struct oci_resources *r = spec->linux_->resources;
	const struct oci_memory *m = r ? r->memory : NULL;

	if (m && m->swap.set && m->swap.v > 0 && !m->limit.set)
		return invalid(err,
			       "linux.resources.memory.swap: needs a limit, as it is memory and "
			       "swap together");
	return 0;
}

static int intel_rdt(const struct oci_spec *spec, struct err *err)
{
	return spec->linux_->intel_rdt ? validate_intel_rdt(spec->linux_->intel_rdt, err) : 0;
}

static int resources(const struct oci_spec *spec, struct err *err)
{
	return spec->linux_->resources ? oci_validate_resources(spec->linux_->resources, err) : 0;
}

static int seccomp(const struct oci_spec *spec, struct err *err)
{
	return spec->linux_->seccomp ? validate_seccomp(spec->linux_->seccomp, err) : 0;
}

/* clang-format off */
static const struct spec_rule rules[] = {
	{"N-01 N-02 N-03 N-08",                namespaces}, /* first: others look types up */
	{"N-18 N-19 N-21",                     id_mappings},
	{"N-23 N-24 N-26",                     time_offsets},
	{"D-03 D-04 D-07 D-08",                devices},
	{"L-03 L-09",                          masked_paths},
	{"L-07 L-09",                          readonly_paths},
	{"L-01",                               rootfs_propagation},
	{"L-12 L-13",                          sysctl},
	{"E-02 to E-05",                       validate_net_devices},
	{"L-10",                               mount_label},
	{"L-14 L-15",                          validate_personality},
	{"L-16 L-17 L-18",                     validate_memory_policy},
	{"K-11 V-09",                          swap_needs_limit},
	{"K-01 to K-43",                       resources},
	{"T-03 T-06 T-07 T-08",                intel_rdt},
	{"S-01 to S-33",                       seccomp},
};
/* clang-format on */

int validate_linux(const struct oci_spec *spec, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rules) && r == 0; i++)
		r = rules[i].check(spec, err);
	return r;
}
