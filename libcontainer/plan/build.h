/*
 * build.h - the parts plan_build is made of; private to plan/.
 *
 * Each part fills its own fields of a plan from the spec, in the plan's arena. Strings that
 * need no change are borrowed from the spec. 0 or -errno, with the field's path in the error.
 */
#ifndef HULL_PLAN_BUILD_H
#define HULL_PLAN_BUILD_H

#include "libcontainer/base/str.h"
#include "libcontainer/plan/plan.h"

int plan_namespaces_build(struct plan *plan, const struct plan_input *in,
			  struct err *err) must_check;
/* FIELD changes the namespaces of this kind: see plan_join. */
void plan_namespace_changed(struct plan *plan, uint64_t flag, const char *field);
int plan_mounts_build(struct plan *plan, const struct plan_input *in, struct err *err) must_check;
void plan_rdt_build(struct plan *plan, const struct plan_input *in);
int plan_cgroup_build(struct plan *plan, const struct plan_input *in, struct err *err) must_check;
/* What the options of a mount say about its ids. */
struct plan_idmap_option {
	const char *name; /* as written, NULL = not given */
	const char *maps; /* what follows "idmap=", NULL = nothing does */
	bool recursive;
};
/* M-16 to M-23. */
int plan_mount_idmap_build(struct plan *plan, struct plan_mount *m, const struct oci_mount *oci,
			   const struct plan_idmap_option *option, struct err *err) must_check;
struct plan_idmap *plan_map_build(struct arena *a, const oci_id_mappings *oci);
/* L-10: the options, and what else, for linux.mountLabel, which plan_label_check() has seen. */
int plan_label_check(struct plan *plan, const struct plan_input *in, struct err *err) must_check;
void plan_label_mount(struct plan *plan, struct plan_mount *m, const char *label);
int plan_devices_build(struct plan *plan, const struct plan_input *in, struct err *err) must_check;
void plan_masks_build(struct plan *plan, const struct plan_input *in);
int plan_sysctl_build(struct plan *plan, const struct plan_input *in, struct err *err) must_check;
int plan_netdevs_build(struct plan *plan, const struct plan_input *in, struct err *err) must_check;
int plan_rlimits_build(struct arena *a, struct plan_process *p, const struct oci_process *process,
		       struct err *err) must_check;
int plan_scheduler_build(struct arena *a, struct plan_process *p, const struct oci_process *process,
			 struct err *err) must_check;
void plan_labels_build(struct plan_process *p, const struct oci_process *process);
void plan_caps_build(struct plan_caps *caps, const struct oci_capabilities *oci, unsigned last_cap);

/* A string that is given, or NULL (I-04). */
static inline const char *plan_or_null(const char *s)
{
	return given(s) ? s : NULL;
}
/* "data" -> "/data"; an absolute path as it is. A relative one is legal for Linux (M-04). */
const char *plan_absolute(struct arena *a, const char *path);
/* The lexically clean form of an absolute path: "/a//b/./../c/" -> "/a/c". Only for comparing:
 * what a path means inside a container is found out by the kernel when it is resolved. */
const char *plan_clean_path(struct arena *a, const char *path);
/* PATH of the host: a relative one is below the bundle. */
const char *plan_host_path(struct arena *a, const char *bundle, const char *path);
/* Puts "name=value" at the end of ENV's *N entries, which has room for it, in place of an
 * entry with the same name. */
void plan_env_set(char **env, size_t *n, char *entry);

#endif
