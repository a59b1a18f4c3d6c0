/* RUNTIME: migrate: what a container needs of another host, and what of it is in the way there. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/files.h"
#include "libcontainer/checkpoint/migrate.h"
#include "oci-spec/field.h"

/* clang-format off */
static const struct oci_field migrate_tree_fields[] = {
	FIELD_STRING(migrate_tree, kind,  "kind"),
	FIELD_STRING(migrate_tree, path,  "path"),
	FIELD_U64   (migrate_tree, bytes, "bytes"),
	FIELD_U64   (migrate_tree, files, "files"),
};
static OCI_TYPE(migrate_tree, migrate_tree_fields);

static const struct oci_field migrate_need_fields[] = {
	FIELD_U32    (migrate_need, version,   "version"),
	FIELD_STRING (migrate_need, migration, "migration"),
	FIELD_STRING (migrate_need, id,        "id"),
	FIELD_STRING (migrate_need, bundle,    "bundle"),
	FIELD_STRING (migrate_need, machine,   "machine"),
	FIELD_STRING (migrate_need, kernel,    "kernel"),
	FIELD_U32    (migrate_need, criu,      "criu"),
	FIELD_U64    (migrate_need, memory,    "memory"),
	FIELD_BOOL   (migrate_need, dry_run,   "dryRun"),
	FIELD_BOOL   (migrate_need, tcp,       "tcpEstablished"),
	FIELD_BOOL   (migrate_need, lazy,      "lazy"),
	FIELD_STRINGS(migrate_need, sources,   "sources"),
	FIELD_OBJECT (migrate_need, network,   "network", network),
	FIELD_STRING (migrate_need, bridge,    "bridge"),
	FIELD_STRING (migrate_need, on_switch, "onSwitch"),
	FIELD_STRINGS(migrate_need, devices,   "netDevices"),
	FIELD_STRINGS(migrate_need, device_names, "netDeviceNames"),
	FIELD_BOOL   (migrate_need, hooks,     "hooks"),
	FIELD_OBJECTS(migrate_need, trees,     "trees", migrate_tree),
};
OCI_TYPE(migrate_need, migrate_need_fields);

static const struct oci_field migrate_answer_fields[] = {
	FIELD_STRINGS(migrate_answer, problems, "problems"),
};
OCI_TYPE(migrate_answer, migrate_answer_fields);

static const struct oci_field migrate_whole_fields[] = {
	FIELD_U32S(migrate_whole, processes, "processes"),
	FIELD_BOOL(migrate_whole, late,      "late"),
};
OCI_TYPE(migrate_whole, migrate_whole_fields);
/* clang-format on */

/* ---- the source ------------------------------------------------------------------------------ */

/* NAME ("VmRSS") of a file of /proc that has a line "NAME: N kB", in bytes; false: it is not there.
 */
static bool proc_bytes(const char *path, const char *name, uint64_t *ret)
{
	char text[4096] = "\n", line[32], *p;
	uint64_t kib;
	ssize_t n = io_read_small(AT_FDCWD, path, text + 1, sizeof(text) - 1);

	snprintf(line, sizeof(line), "\n%s:", name);
	p = n > 0 ? strstr(text, line) : NULL;
	if (!p)
		return false;
	p += strlen(line);
	p += strspn(p, " \t");
	p[strcspn(p, " ")] = '\0';
	if (str_to_u64(p, &kib) < 0)
		return false;
	*ret = kib << 10;
	return true;
}

static int add_memory(struct arena *a, const struct container *c, struct migrate_need *ret,
		      struct err *err)
{
	pid_t *pids;
	size_t n;
	int r = cgroup_pids(c->cgroup_fd, a, &pids, &n, err);

	ret->memory.set = true;
	for (size_t i = 0; r == 0 && i < n; i++) {
		uint64_t resident;
		char path[64];

		snprintf(path, sizeof(path), "/proc/%d/status", (int)pids[i]);
		if (proc_bytes(path, "VmRSS", &resident))
			ret->memory.v += resident;
	}
	return r;
}

int preflight_need(struct arena *a, const struct container *c, const struct oci_spec *spec,
		   struct migrate_need *ret, struct err *err)
{
	const struct oci_linux *l = spec->linux_;
	struct utsname u;

	uname(&u);
	ret->version = (struct opt_u32){true, MIGRATE_VERSION};
	ret->machine = arena_strdup(a, u.machine);
	ret->kernel = arena_strdup(a, u.release);
	for (size_t i = 0; i < spec->mounts.n; i++) {
		const struct oci_mount *m = &spec->mounts.v[i];

		if (m->source && m->source[0] == '/')
			oci_strings_add(a, &ret->sources, m->source);
	}
	for (size_t i = 0; l && i < l->namespaces.n; i++)
		if (given(l->namespaces.v[i].path))
			oci_strings_add(a, &ret->sources, l->namespaces.v[i].path);
	return add_memory(a, c, ret, err);
}

/* ---- the target ------------------------------------------------------------------------------ */

struct check {
	struct arena *a;
	const struct migrate_need *need;
	struct migrate_answer *out;
};

#define PROBLEM(c, ...) \
	oci_strings_add((c)->a, &(c)->out->problems, arena_printf((c)->a, __VA_ARGS__))

static void check_machine(struct check *c)
{
	struct utsname u;

	uname(&u);
	if (!streq(u.machine, c->need->machine))
		PROBLEM(c, "the machine is %s, not %s: choose a host of the same architecture",
			u.machine, c->need->machine);
}

static void check_name(struct check *c, const struct container_root *root)
{
	struct err err;
	auto_fd int fd = state_open_dir(root, c->need->id, &err);

	if (fd >= 0)
		PROBLEM(c,
			"there is a container '%s' already: delete it, or give another name by "
			"--name",
			c->need->id);
}

static void check_bundle(struct check *c)
{
	struct stat st;

	if (stat(c->need->bundle, &st) < 0 && errno == ENOENT && files_has(c->need, FILES_COPY))
		return; /* it will be made */
	if (stat(c->need->bundle, &st) < 0)
		PROBLEM(c, "bundle '%s': %s: put the bundle with its root file system there",
			c->need->bundle, err_name(errno));
	else if (!S_ISDIR(st.st_mode))
		PROBLEM(c, "bundle '%s' is no directory", c->need->bundle);
}

static void check_sources(struct check *c)
{
	struct stat st;

	for (size_t i = 0; i < c->need->sources.n; i++)
		if (lstat(c->need->sources.v[i], &st) < 0)
			PROBLEM(c, "'%s', which config.json names: %s: make it",
				c->need->sources.v[i], err_name(errno));
}

static void check_criu(struct check *c, const char *wanted)
{
	auto_criu criu = CRIU_CLOSED;
	struct criu_features can;
	char text[ERR_TEXT_SIZE + ERR_HINT_SIZE];
	const char *path;
	struct err err;
	int r = criu_find(c->a, wanted, &path, &err);

	if (r == 0)
		r = criu_open(&criu, path, -1, NULL, 0, &err);
	/* It also notes what the kernel can, now, when nobody waits. */
	if (r == 0)
		r = criu_features(&criu, &can, &err);
	if (r == 0 && c->need->lazy.v && !can.lazy_pages)
		PROBLEM(c, "the kernel has no userfaultfd that CRIU could use: --mode stop");
	if (r < 0)
		PROBLEM(c, "%s", err_format(&err, text, sizeof(text)));
	else if (criu.version / 100 < (int)c->need->criu.v / 100)
		PROBLEM(c,
			"CRIU is version %d.%d, the other host's %d.%d: install that one or a "
			"newer one",
			criu.version / 10000, criu.version / 100 % 100, c->need->criu.v / 10000,
			c->need->criu.v / 100 % 100);
}

static void check_memory(struct check *c)
{
	uint64_t free_bytes;

	/* It is there twice for a moment: in the store and in the processes. */
	if (proc_bytes("/proc/meminfo", "MemAvailable", &free_bytes) &&
	    free_bytes < 2 * c->need->memory.v)
		PROBLEM(c,
			"%" PRIu64 " MiB of memory are free, twice the container's %" PRIu64
			" MiB are needed",
			free_bytes >> 20, c->need->memory.v >> 20);
}

static void add_problem(void *ctx, const char *text)
{
	struct check *c = ctx;

	oci_strings_add(c->a, &c->out->problems, text);
}

int preflight_check(struct arena *a, struct container_root *root, const char *criu,
		    const struct migrate_need *need, struct migrate_answer *ret, struct err *err)
{
	struct check c = {.a = a, .need = need, .out = ret};

	*ret = (struct migrate_answer){.problems = {.set = true}};
	if (!need->version.set || need->version.v != MIGRATE_VERSION)
		return err_fail(err, ENOTSUP,
				"a migration of version %u, this hull knows version %d",
				need->version.v, MIGRATE_VERSION);
	if (!given(need->id) || !given(need->bundle) || need->bundle[0] != '/' || !need->machine ||
	    !need->migration)
		return err_fail(err, EPROTO, "the source does not say what it migrates");
	check_machine(&c);
	check_name(&c, root);
	check_bundle(&c);
	check_sources(&c);
	check_criu(&c, criu);
	check_memory(&c);
	files_check(a, need, &ret->problems);
	return network_preflight(a, need, add_problem, &c, err);
}
