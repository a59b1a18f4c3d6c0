/* RUNTIME: hull features. */
#include <string.h>

#include "cmd/command.h"
#include "oci-spec/jsonw.h"
#include "oci-spec/oci.h"

static const struct cli_option options[] = {OPT_END};

static void strings(struct json_writer *w, const char *key, const char *const *list)
{
	json_key(w, key);
	json_array_begin(w);
	for (; *list; list++)
		json_string(w, *list);
	json_array_end(w);
}

static void flag(struct json_writer *w, const char *key, bool value)
{
	json_key(w, key);
	json_bool(w, value);
}

/* "KEY": {"enabled": VALUE} */
static void enabled(struct json_writer *w, const char *key, bool value)
{
	json_key(w, key);
	json_object_begin(w);
	flag(w, "enabled", value);
	json_object_end(w);
}

static void cgroup(struct json_writer *w)
{
	json_key(w, "cgroup");
	json_object_begin(w);
	flag(w, "v1", false);
	flag(w, "v2", true);
	flag(w, "systemd", true);
	flag(w, "systemdUser", true);
	flag(w, "rdma", true);
	json_object_end(w);
}

static void seccomp(struct json_writer *w, const struct container_features *f)
{
	json_key(w, "seccomp");
	json_object_begin(w);
	flag(w, "enabled", true);
	strings(w, "actions", f->seccomp_actions);
	strings(w, "operators", f->seccomp_operators);
	strings(w, "archs", f->seccomp_archs);
	strings(w, "knownFlags", f->seccomp_known_flags);
	strings(w, "supportedFlags", f->seccomp_supported_flags);
	json_object_end(w);
}

static void memory_policy(struct json_writer *w, const struct container_features *f)
{
	json_key(w, "memoryPolicy");
	json_object_begin(w);
	strings(w, "modes", f->memory_modes);
	strings(w, "flags", f->memory_flags);
	json_object_end(w);
}

/* What is not there yet is said to be disabled; an absent member would mean "unknown" (F-02). */
static void linux_part(struct json_writer *w, const struct container_features *f)
{
	json_key(w, "linux");
	json_object_begin(w);
	strings(w, "namespaces", oci_namespace_names);
	strings(w, "capabilities", f->capabilities);
	cgroup(w);
	seccomp(w, f);
	enabled(w, "apparmor", true);
	enabled(w, "selinux", true);
	json_key(w, "intelRdt");
	json_object_begin(w);
	flag(w, "enabled", true);
	flag(w, "schemata", true);
	flag(w, "monitoring", true);
	json_object_end(w);
	memory_policy(w, f);
	json_key(w, "mountExtensions");
	json_object_begin(w);
	enabled(w, "idmap", true);
	json_object_end(w);
	enabled(w, "netDevices", true);
	json_object_end(w);
}

static int run(struct cli *cli, void *opts, int argc, char **argv, struct err *err)
{
	struct container_features f;
	struct json_writer w;

	(void)opts;
	(void)argc;
	(void)argv;
	container_features(cli->arena, &f);
	json_start(&w, cli->arena, "    ");
	json_object_begin(&w);
	json_key(&w, "ociVersionMin");
	json_string(&w, "1.0.0");
	json_key(&w, "ociVersionMax");
	json_string(&w, OCI_VERSION);
	strings(&w, "hooks", oci_hook_names);
	strings(&w, "mountOptions", f.mount_options);
	linux_part(&w, &f);
	json_key(&w, "annotations");
	json_object_begin(&w);
	json_key(&w, "io.github.seccomp.libseccomp.version");
	json_string(&w, f.libseccomp_version);
	json_key(&w, "org.opencontainers.runc.checkpoint.enabled"); /* what engines look for */
	json_string(&w, "true");
	json_object_end(&w);
	strings(&w, "potentiallyUnsafeConfigAnnotations", f.unsafe_annotations);
	json_object_end(&w);
	return cli_print_line(json_finish(&w, NULL), cli->arena, err);
}

const struct cli_command cmd_features = {
	.name = "features",
	.operands = "",
	.help = "print what hull supports as JSON",
	.manual = "The features structure of the runtime specification.",
	.options = options,
	.max_operands = 0,
	.run = run,
};
