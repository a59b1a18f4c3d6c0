/* RUNTIME: create: the cgroup is handed over to the container's user. */
#include <errno.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/runtime/create.h"
#include "namespaces/ns.h"

static bool joins_user_ns(const struct creation *k)
{
	return plan_has_ns(&k->plan, CLONE_NEWUSER) && !(k->plan.ns.create & CLONE_NEWUSER);
}

static bool delegates(const struct creation *k)
{
	return k->plan.delegate_cgroup && k->c.cgroup_fd >= 0;
}

bool create_delegates(const void *ctx)
{
	return delegates(ctx) && !joins_user_ns(ctx);
}

bool create_delegates_joined(const void *ctx)
{
	return delegates(ctx) && joins_user_ns(ctx);
}

bool create_has_sub_cgroup(const void *ctx)
{
	const struct creation *k = ctx;

	return k->plan.sub_cgroup && !k->c.state.unit;
}

/* run.oci.delegate-cgroup. The limits stay above it, out of the container's reach. It is removed
 * with the container's own, which for that has to be its own. */
int create_sub_cgroup(void *ctx, struct err *err)
{
	static const char key[] = "annotations.run.oci.delegate-cgroup";
	struct creation *k = ctx;
	const char *made = NULL, *path;

	if (k->c.cgroup_fd < 0)
		return err_fail(err, ENOTSUP, "%s: the container has no cgroup", key);
	if (!k->c.state.cgroup_made)
		return err_fail(err, EEXIST, "%s: the cgroup '%s' was there before the container",
				key, k->c.state.cgroup);
	path = arena_printf(&k->arena, "%s/%s", k->c.state.cgroup, k->plan.sub_cgroup);
	k->sub_cgroup_fd = cgroup_create(&k->c.cgroup_host, &k->arena, path, NULL, &made, err);
	k->plan.cgroup = path;
	return k->sub_cgroup_fd < 0 ? err_wrap(err, "%s", key) : 0;
}

/* C-12. A fresh cgroup is the runtime's own already. */
static int hand_over(struct creation *k, uid_t uid, struct err *err)
{
	int r;

	if (k->c.state.cgroup_made && uid == geteuid())
		return 0;
	r = cgroup_delegate(creation_cgroup(k), uid, err);
	if (r == -EPERM && k->root->rootless) {
		log_warn("the cgroup stays that of user %u: %s", geteuid(), err->text);
		return 0;
	}
	return r < 0 ? err_wrap(err, "cgroup '%s'", k->c.state.cgroup) : 0;
}

static int hand_over_mapped(struct creation *k, const struct plan_idmap *map, size_t n,
			    struct err *err)
{
	uint32_t uid = k->plan.process.uid, outside = 0;

	if (!plan_id_outside(map, n, uid, &outside))
		return err_fail(err, EINVAL,
				"process.user.uid: %u is not mapped in the user namespace", uid);
	return hand_over(k, outside, err);
}

/* Before the process exists: nothing of the container finds a cgroup that is not its own yet. */
int create_delegate(void *ctx, struct err *err)
{
	struct creation *k = ctx;

	if (k->plan.ns.create & CLONE_NEWUSER)
		return hand_over_mapped(k, k->plan.ns.uid_map, k->plan.ns.n_uid_map, err);
	return hand_over(k, k->plan.process.uid, err);
}

/* Who the ids of a joined user namespace are is seen at a process in it: init, which waits. */
int create_delegate_joined(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	struct plan_idmap *map = NULL;
	size_t n = 0;
	int r = ns_read_map(&k->arena, k->spawn.pid, "uid_map", &map, &n, err);

	return r < 0 ? r : hand_over_mapped(k, map, n, err);
}
