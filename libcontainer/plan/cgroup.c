/* PURE: who owns the container's cgroup. */
#include <linux/sched.h>

#include "libcontainer/base/str.h"
#include "libcontainer/plan/build.h"

static bool has_option(const struct oci_mount *m, const char *name)
{
	for (size_t i = 0; i < m->options.n; i++)
		if (streq(m->options.v[i], name))
			return true;
	return false;
}

/* C-15: only then can the container write to it at all. */
static bool writable_mount(struct arena *a, const struct oci_mount *m)
{
	return m->source && streq(m->source, "cgroup") && !has_option(m, "ro") &&
	       streq(plan_clean_path(a, m->destination), "/sys/fs/cgroup");
}

/* C-14: a namespace that is joined is somebody else's. */
void plan_cgroup_build(struct plan *plan, const struct plan_input *in)
{
	const struct oci_spec *spec = in->spec;

	if (!(plan->ns.create & CLONE_NEWCGROUP) || !plan->has_process)
		return;
	for (size_t i = 0; i < spec->mounts.n; i++)
		plan->delegate_cgroup |= writable_mount(&plan->arena, &spec->mounts.v[i]);
}

bool plan_id_outside(const struct plan_idmap *map, size_t n, uint32_t id, uint32_t *ret)
{
	for (size_t i = 0; i < n; i++) {
		if (id < map[i].container || id - map[i].container >= map[i].size)
			continue;
		*ret = map[i].host + (id - map[i].container);
		return true;
	}
	return false;
}
