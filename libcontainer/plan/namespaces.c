/* PURE: linux.namespaces, id maps and time offsets. */
#include <errno.h>
#include <linux/sched.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/build.h"
#include "namespaces/ns.h"

static int add_namespace(struct plan_namespaces *ns, const struct oci_namespace *oci,
			 struct err *err)
{
	const struct ns_kind *kind = oci->type ? ns_find(oci->type) : NULL;

	if (!kind)
		return err_fail(err, EINVAL, "unknown type '%s'", oci->type ? oci->type : "");
	if (!oci->path || !oci->path[0]) {
		ns->create |= kind->flag;
		return 0;
	}
	if (ns->n_join == ARRAY_SIZE(ns->join))
		return err_fail(err, EINVAL, "too many namespaces");
	ns->join[ns->n_join++] = (struct plan_join){
		.flag = kind->flag,
		.path = oci->path,
		.fd = -1,
	};
	return 0;
}

struct plan_idmap *plan_map_build(struct arena *a, const oci_id_mappings *oci)
{
	struct plan_idmap *map = arena_array(a, struct plan_idmap, oci->n);

	for (size_t i = 0; i < oci->n; i++) {
		map[i].container = oci->v[i].container_id.v;
		map[i].host = oci->v[i].host_id.v;
		map[i].size = oci->v[i].size.v;
	}
	return map;
}

static void build_time_offsets(struct plan *plan, const struct oci_linux *linux_)
{
	size_t n = linux_->time_offsets.n;
	struct plan_timens_offset *offsets =
		arena_array(&plan->arena, struct plan_timens_offset, n);

	for (size_t i = 0; i < n; i++) {
		offsets[i].clock = linux_->time_offsets.v[i].clock;
		offsets[i].secs = linux_->time_offsets.v[i].secs.v;
		offsets[i].nanosecs = linux_->time_offsets.v[i].nanosecs.v;
	}
	plan->ns.time_offsets = offsets;
	plan->ns.n_time_offsets = n;
}

void plan_namespace_changed(struct plan *plan, uint64_t flag, const char *field)
{
	for (size_t i = 0; i < plan->ns.n_join; i++)
		if (plan->ns.join[i].flag == flag)
			plan->ns.join[i].changed_by = field;
}

int plan_namespaces_build(struct plan *plan, const struct plan_input *in, struct err *err)
{
	const struct oci_linux *linux_ = in->spec->linux_;
	struct plan_namespaces *ns = &plan->ns;

	for (size_t i = 0; linux_ && i < linux_->namespaces.n; i++)
		if (add_namespace(ns, &linux_->namespaces.v[i], err) < 0)
			return err_wrap(err, "linux.namespaces[%zu]", i);
	/* The spec allows a container in its caller's mount namespace (N-07, L-20). Everything
	 * this runtime does to a root file system would then be done to the host's. */
	if (!plan_has_ns(plan, CLONE_NEWNS))
		return err_fail(err, EINVAL, "linux.namespaces: a mount namespace is required");
	plan_namespace_changed(plan, CLONE_NEWNS, "root");
	if (in->spec->hostname && in->spec->hostname[0])
		plan_namespace_changed(plan, CLONE_NEWUTS, "hostname");
	else if (in->spec->domainname && in->spec->domainname[0])
		plan_namespace_changed(plan, CLONE_NEWUTS, "domainname");
	ns->uid_map = plan_map_build(&plan->arena, &linux_->uid_mappings);
	ns->n_uid_map = linux_->uid_mappings.n;
	ns->gid_map = plan_map_build(&plan->arena, &linux_->gid_mappings);
	ns->n_gid_map = linux_->gid_mappings.n;
	build_time_offsets(plan, linux_);
	return 0;
}

bool plan_has_ns(const struct plan *plan, uint64_t flag)
{
	if (plan->ns.create & flag)
		return true;
	for (size_t i = 0; i < plan->ns.n_join; i++)
		if (plan->ns.join[i].flag == flag)
			return true;
	return false;
}
