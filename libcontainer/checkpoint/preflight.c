/* RUNTIME: migrate: what a container needs of another host, and what of it is in the way there. */
#include "libcontainer/checkpoint/preflight.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/files.h"
#include "oci-spec/field.h"

#define MAX_FLAGS 12 /* of a processor, in a message */

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
	FIELD_STRING (migrate_need, hull,      "hull"),
	FIELD_STRING (migrate_need, migration, "migration"),
	FIELD_STRING (migrate_need, id,        "id"),
	FIELD_STRING (migrate_need, bundle,    "bundle"),
	FIELD_STRING (migrate_need, machine,   "machine"),
	FIELD_STRING (migrate_need, kernel,    "kernel"),
	FIELD_U32    (migrate_need, criu,      "criu"),
	FIELD_U64    (migrate_need, memory,    "memory"),
	FIELD_U64    (migrate_need, anon,      "anonymous"),
	FIELD_STRING (migrate_need, cpu,       "cpu"),
	FIELD_STRING (migrate_need, cpu_model, "cpuModel"),
	FIELD_STRING (migrate_need, cpu_flags, "cpuFlags"),
	FIELD_BOOL   (migrate_need, time_ns,   "timeNamespace"),
	FIELD_STRING (migrate_need, lsm,       "lsm"),
	FIELD_STRINGS(migrate_need, labels,    "labels"),
	FIELD_OBJECT (migrate_need, config,    "config", oci_spec),
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
	FIELD_STRINGS(migrate_answer, warnings, "warnings"),
};
OCI_TYPE(migrate_answer, migrate_answer_fields);

static const struct oci_field migrate_whole_fields[] = {
	FIELD_U32S(migrate_whole, processes, "processes"),
	FIELD_BOOL(migrate_whole, late,      "late"),
};
OCI_TYPE(migrate_whole, migrate_whole_fields);
/* clang-format on */

/* ---- the target ------------------------------------------------------------------------------ */

void preflight_tell(struct check *c, const struct err *err)
{
	char text[ERR_TEXT_SIZE + ERR_HINT_SIZE];

	PROBLEM(c, "%s", err_format(err, text, sizeof(text)));
}

static bool is_same_machine(struct check *c)
{
	struct utsname u;

	uname(&u);
	return streq(u.machine, c->need->machine);
}

static void check_machine(struct check *c)
{
	struct utsname u;

	uname(&u);
	if (!is_same_machine(c))
		PROBLEM(c, "the machine is %s, not %s: choose a host of the same architecture",
			u.machine, c->need->machine);
}

static void check_name(struct check *c, const struct container_root *root)
{
	struct err err = ERR_NONE;
	auto_fd int fd = -1;

	if (id_check(c->need->id, &err) < 0) {
		preflight_tell(c, &err);
		return;
	}
	fd = state_open_dir(root, c->need->id, &err);
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

/* "avx512f avx2 ...": of those that the source's has, and ours has not; some. */
static const char *missing_flags(struct check *c, const char *ours)
{
	const char *theirs = c->need->cpu_flags, *ret = "";
	char *word, *save = NULL;
	size_t n = 0;

	ours = *ours ? arena_printf(c->a, " %s ", ours) : ours;
	for (word = strtok_r(arena_strdup(c->a, given(theirs) ? theirs : ""), " ", &save);
	     word && *ours; word = strtok_r(NULL, " ", &save)) {
		char padded[64];

		snprintf(padded, sizeof(padded), " %s ", word);
		if (strlen(word) + 2 >= sizeof(padded) || strstr(ours, padded))
			continue;
		if (n++ == MAX_FLAGS)
			return arena_printf(c->a, "%s, ...", ret);
		ret = arena_printf(c->a, "%s%s%.32s", ret, *ret ? ", " : "; it lacks ", word);
	}
	return ret;
}

/* As `criu cpuinfo check` has it, and a restore with --cpu-cap. */
static int check_cpu(struct check *c, struct criu *criu, struct err *err)
{
	uint8_t image[CRIU_CPU_MAX];
	int len = str_unhex(c->need->cpu, image, sizeof(image));
	const char *model, *flags;
	bool fits = true;
	char why[256];
	int r;

	if (len < 0)
		return err_fail(err, EPROTO, "what the source says of its processor is damaged");
	r = criu_cpu_check(criu, image, (size_t)len, &fits, why, sizeof(why), err);
	if (r < 0 || fits)
		return r;
	preflight_cpu(c->a, &model, &flags);
	PROBLEM(c,
		"the processor, %s, lacks features that the container may be using (its is %s; "
		"CRIU: "
		"%s%s): choose a host whose processor has them",
		given(model) ? model : "of which no name is known",
		given(c->need->cpu_model) ? c->need->cpu_model : "unnamed",
		*why ? why : "it does not say which", missing_flags(c, flags));
	return 0;
}

static void check_criu_version(struct check *c, int version)
{
	int theirs = (int)c->need->criu.v;

	if (version / 100 < theirs / 100)
		PROBLEM(c,
			"CRIU is version %d.%d, the other host's %d.%d: install that one or a "
			"newer one",
			version / 10000, version / 100 % 100, theirs / 10000, theirs / 100 % 100);
}

static void check_criu(struct check *c, const char *wanted)
{
	auto_criu criu = CRIU_CLOSED;
	struct criu_features can;
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
	if (r == 0)
		check_criu_version(c, criu.version);
	if (r == 0 && given(c->need->cpu) && is_same_machine(c))
		r = check_cpu(c, &criu, &err);
	if (r < 0)
		preflight_tell(c, &err);
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
	if (!need->version.set || need->version.v != MIGRATE_VERSION) {
		err_fail(err, ENOTSUP,
			 "hull '%.64s' of the source makes migrations of version %u, this one, "
			 "'%s', "
			 "knows version %d",
			 given(need->hull) ? need->hull : "?", need->version.v, PACKAGE_VERSION,
			 MIGRATE_VERSION);
		err_hint(err, "install the same hull on both hosts");
		return -ENOTSUP;
	}
	if (!given(need->id) || !given(need->bundle) || need->bundle[0] != '/' || !need->machine ||
	    !need->migration)
		return err_fail(err, EPROTO, "the source does not say what it migrates");
	check_machine(&c);
	check_name(&c, root);
	check_bundle(&c);
	check_sources(&c);
	check_criu(&c, criu);
	preflight_room(&c, root);
	preflight_host(&c, root);
	files_check(a, need, &ret->problems);
	return network_preflight(a, need, add_problem, &c, err);
}
