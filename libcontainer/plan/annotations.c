/* PURE: annotations that change what is done. */
#include "libcontainer/plan/annotations.h"

#include <errno.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"

/* clang-format off */
const struct annotation annotation_table[] = {
	{"run.oci.hooks.stdout", ANNOTATION_PATH,
	 "file of the host that the standard output of hooks is appended to"},
	{"run.oci.hooks.stderr", ANNOTATION_PATH,
	 "file of the host that the standard error of hooks is appended to"},
	{"run.oci.keep_original_groups", ANNOTATION_FLAG,
	 "processes keep the additional groups of the caller; process.user.additionalGids has no "
	 "effect"},
	{"run.oci.mount_context_type", ANNOTATION_TEXT,
	 "which SELinux option linux.mountLabel becomes: context, fscontext, defcontext or rootcontext"},
	{"run.oci.delegate-cgroup", ANNOTATION_TEXT,
	 "a cgroup of this name below the container's, without limits of its own, is where its "
	 "processes start; it belongs to process.user.uid, and is the root of a new cgroup "
	 "namespace"},
	{"run.oci.systemd.subgroup", ANNOTATION_TEXT,
	 "with the systemd cgroup manager, the container's cgroup is one of this name below its "
	 "scope; empty: the scope's own"},
	{"org.systemd.property.", ANNOTATION_TEXT,
	 "with the systemd cgroup manager, a further property of the container's unit: its name "
	 "follows the prefix, its value is text as of GVariant; a NameSec is a NameUSec"},
	{"run.oci.pidfd_receiver", ANNOTATION_PATH,
	 "socket of the host that is sent a pidfd of the container's process, as by --pidfd-socket"},
	{"run.oci.seccomp.receiver", ANNOTATION_PATH,
	 "socket of the agent that answers seccomp's notifications, where linux.seccomp has no "
	 "listenerPath"},
	{"run.oci.seccomp_bpf_data", ANNOTATION_TEXT,
	 "a program for seccomp, its instructions as base64, which replaces the rules of "
	 "linux.seccomp"},
	{"run.oci.seccomp_fail_unknown_syscall", ANNOTATION_FLAG,
	 "a name in linux.seccomp that is no system call is an error"},
	{"org.opencontainers.image.stopSignal", ANNOTATION_TEXT,
	 "the signal that kill sends when it is given none"},

	{"run.oci.handler", ANNOTATION_REFUSED,
	 "hull executes programs, it has no virtual machines and no WebAssembly"},
	{"run.oci.seccomp.plugins", ANNOTATION_REFUSED,
	 "hull loads no shared objects; linux.seccomp.listenerPath names a program that answers"},
	{"run.oci.systemd.force_cgroup_v1", ANNOTATION_REFUSED,
	 "hull has no cgroup v1"},

	{"krun.", ANNOTATION_FOREIGN, "shape of a virtual machine"},
	{"module.wasm.image/variant", ANNOTATION_FOREIGN, "kind of a WebAssembly image"},
	{"org.criu.config", ANNOTATION_TEXT,
	 "CRIU's configuration file, whose values win over the options of checkpoint and restore; empty: none"},
};
/* clang-format on */
const size_t n_annotations = ARRAY_SIZE(annotation_table);

const struct annotation *annotation_find(const char *key)
{
	for (size_t i = 0; i < n_annotations; i++) {
		const char *name = annotation_table[i].name;

		if (streq(name, key) || (str_ends(name, ".") && str_starts(key, name)))
			return &annotation_table[i];
	}
	return NULL;
}

/* 1 on, 0 off, -EINVAL. */
static int flag_value(const char *value)
{
	static const char *const on[] = {"", "1", "true", "yes"}, *const off[] = {"0", "false",
										  "no"};

	for (size_t i = 0; i < ARRAY_SIZE(on); i++)
		if (streq(value, on[i]))
			return 1;
	for (size_t i = 0; i < ARRAY_SIZE(off); i++)
		if (streq(value, off[i]))
			return 0;
	return -EINVAL;
}

static int check_value(const struct annotation *a, const struct oci_pair *pair, struct err *err)
{
	switch (a->kind) {
	case ANNOTATION_PATH:
		if (*pair->value != '/')
			return err_fail(err, EINVAL,
					"annotations.%s: '%.64s' is not an absolute path",
					pair->key, pair->value);
		return 0;
	case ANNOTATION_FLAG:
		if (flag_value(pair->value) < 0)
			return err_fail(err, EINVAL, "annotations.%s: '%.64s' is not 1 or 0",
					pair->key, pair->value);
		return 0;
	case ANNOTATION_REFUSED:
		return err_fail(err, ENOTSUP, "annotations.%s: '%.64s' is not supported: %s",
				pair->key, pair->value, a->help);
	case ANNOTATION_FOREIGN:
		log_debug("annotations.%s: no effect here (%s)", pair->key, a->help);
		return 0;
	case ANNOTATION_TEXT:
		return 0;
	}
	return 0;
}

/* what an image may carry over; all else of that name belongs to the spec's authors. */
static bool of_image(const char *key)
{
	static const char *const names[] = {"os",      "os.version", "os.features", "architecture",
					    "variant", "author",     "created",     "stopSignal"};
	const char *prefix = "org.opencontainers.image.";

	if (!str_starts(key, prefix))
		return false;
	for (size_t i = 0; i < ARRAY_SIZE(names); i++)
		if (streq(key + strlen(prefix), names[i]))
			return true;
	return false;
}

int annotations_check(const struct oci_map *map, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < map->n; i++) {
		const char *key = map->v[i].key;
		const struct annotation *a = annotation_find(key);

		if (a)
			r = check_value(a, &map->v[i], err);
		else if (str_starts(key, "run.oci."))
			log_debug("annotations.%s: unknown, no effect", key);
		else if (str_starts(key, "org.opencontainers.") && !of_image(key))
			log_debug("annotations.%s: reserved by the specification, no effect", key);
	}
	return r;
}

const char *annotation_get(const struct oci_map *map, const char *name)
{
	for (size_t i = 0; i < map->n; i++)
		if (streq(map->v[i].key, name))
			return map->v[i].value;
	return NULL;
}

bool annotation_is_on(const struct oci_map *map, const char *name)
{
	const char *value = annotation_get(map, name);

	return value && flag_value(value) == 1;
}
