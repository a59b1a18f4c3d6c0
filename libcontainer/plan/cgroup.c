/* PURE: who owns the container's cgroup. */
#include <errno.h>
#include <linux/sched.h>
#include <string.h>

#include "libcontainer/base/str.h"
#include "libcontainer/plan/annotations.h"
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

/* Directories one below the other, none of them special. */
static bool is_below(const char *path)
{
	for (;;) {
		size_t len = strcspn(path, "/");

		if (len == 0 || len > 255 || (len <= 2 && strspn(path, ".") >= len))
			return false;
		for (size_t i = 0; i < len; i++)
			if ((unsigned char)path[i] < 0x20 || path[i] == 0x7f)
				return false;
		if (!path[len])
			return true;
		path += len + 1;
	}
}

static int build_sub_cgroup(struct plan *plan, struct err *err)
{
	const char *key = "run.oci.delegate-cgroup";
	const char *sub = annotation_get(&plan->annotations, key);

	if (!sub || !*sub)
		return 0;
	if (strlen(sub) > 1000 || !is_below(sub))
		return err_fail(err, EINVAL,
				"annotations.%s: '%.64s' is not the path of a cgroup below another",
				key, sub);
	plan->sub_cgroup = sub;
	plan->delegate_cgroup = plan->has_process;
	return 0;
}

/* C-14: a namespace that is joined is somebody else's. */
int plan_cgroup_build(struct plan *plan, const struct plan_input *in, struct err *err)
{
	const struct oci_spec *spec = in->spec;

	if ((plan->ns.create & CLONE_NEWCGROUP) && plan->has_process)
		for (size_t i = 0; i < spec->mounts.n; i++)
			plan->delegate_cgroup |= writable_mount(&plan->arena, &spec->mounts.v[i]);
	return build_sub_cgroup(plan, err);
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
