/* PURE: the whole plan, put together from its parts. */
#include "libcontainer/plan/plan.h"

#include <errno.h>
#include <linux/sched.h>
#include <sys/mount.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/annotations.h"
#include "libcontainer/plan/build.h"

const char *plan_absolute(struct arena *a, const char *path)
{
	return path[0] == '/' ? path : arena_printf(a, "/%s", path);
}

const char *plan_host_path(struct arena *a, const char *bundle, const char *path)
{
	return path[0] == '/' ? path : arena_printf(a, "%s/%s", bundle, path);
}

const char *plan_clean_path(struct arena *a, const char *path)
{
	char *clean = arena_alloc(a, strlen(path) + 2);
	size_t n = 0;

	while (*path) {
		size_t len = strcspn(path, "/");

		if (len == 2 && path[0] == '.' && path[1] == '.') {
			while (n > 0 && clean[--n] != '/')
				;
		} else if (len > 0 && !(len == 1 && path[0] == '.')) {
			clean[n++] = '/';
			memcpy(clean + n, path, len);
			n += len;
		}
		path += len;
		path += *path == '/';
	}
	if (n == 0)
		clean[n++] = '/';
	clean[n] = '\0';
	return clean;
}

/* "private", "rprivate", ...: the names of the mount options. */
static int build_propagation(struct plan *plan, const char *name, struct err *err)
{
	const struct mount_option *o;

	if (!name || !name[0])
		return 0;
	o = mount_option_find(name);
	if (!o || o->kind != OPT_PROPAGATION)
		return err_fail(err, EINVAL, "linux.rootfsPropagation: unknown value '%s'", name);
	/* Without pivot_root the host's tree stays reachable as the parent of the container's
	 * root; a private root on top of that is refused by runc too. */
	if (plan->no_pivot && (o->set & MS_PRIVATE))
		return err_fail(err, EINVAL,
				"linux.rootfsPropagation '%s' needs pivot_root: it cannot "
				"be used with --no-pivot",
				name);
	plan->rootfs_propagation = (unsigned)o->set;
	return 0;
}

static int build_root(struct plan *plan, const struct plan_input *in, struct err *err)
{
	const struct oci_spec *spec = in->spec;

	if (!spec->root || !spec->root->path || !spec->root->path[0])
		return err_fail(err, EINVAL, "root.path is missing");
	plan->rootfs = plan_host_path(&plan->arena, plan->bundle, spec->root->path);
	plan->rootfs_readonly = spec->root->readonly.v;
	return build_propagation(plan, spec->linux_ ? spec->linux_->rootfs_propagation : NULL, err);
}

static size_t count_env(char **env)
{
	size_t n = 0;

	while (env[n])
		n++;
	return n;
}

/* Variables that tell the program about descriptors and sockets hull gives it. They win over
 * the config's (J-08). */
static void add_runtime_env(struct arena *a, struct plan_process *p, const struct plan_input *in)
{
	size_t n = count_env(p->env);
	char **env = arena_array(a, char *, n + 4); /* three more and the end */

	memcpy(env, p->env, n * sizeof(*env));
	p->env = env;
	if (in->listen_fds) {
		plan_env_set(env, &n, arena_printf(a, "LISTEN_FDS=%u", in->listen_fds));
		plan_env_set(env, &n, arena_strdup(a, "LISTEN_PID=1"));
	}
	if (in->notify_dir)
		plan_env_set(env, &n, arena_strdup(a, "NOTIFY_SOCKET=/run/notify/notify.sock"));
	env[n] = NULL;
}

/* An ordinary user's own map of one gid is taken by the kernel only with setgroups denied; for more
 * there is newgidmap, which leaves it allowed. */
static int check_groups(const struct plan *plan, const struct plan_input *in, struct err *err)
{
	const struct plan_process *p = &plan->process;
	const struct plan_namespaces *ns = &plan->ns;

	if (!p->n_groups || !p->set_groups || !in->rootless || in->nested ||
	    !(ns->create & CLONE_NEWUSER) || ns->n_gid_map != 1 || ns->gid_map[0].size != 1)
		return 0;
	err_fail(err, EINVAL,
		 "process.user.additionalGids: cannot set any additional groups in a rootless "
		 "container with one gid");
	err_hint(err, "map more of them by linux.gidMappings (see newgidmap(1), subgid(5)), or "
		      "keep the caller's by the annotation run.oci.keep_original_groups");
	return -err->code;
}

static int build_process(struct plan *plan, const struct plan_input *in, struct err *err)
{
	struct plan_process *p = &plan->process;
	const struct oci_linux *l = in->spec->linux_;
	int r;

	if (!in->spec->process)
		return 0; /* legal for create (P-01) */
	r = plan_process_build(&plan->arena, p, in->spec->process, in->last_cap, err);
	if (r == 0 && l)
		r = plan_process_build_linux(&plan->arena, p, l->personality, l->memory_policy,
					     err);
	if (r < 0)
		return r;
	p->set_groups = !annotation_is_on(&plan->annotations, "run.oci.keep_original_groups");
	p->groups_if_allowed = in->nested;
	r = check_groups(plan, in, err);
	if (r < 0)
		return r;
	add_runtime_env(&plan->arena, p, in);
	/* Engines that hand over activated sockets give the same number by both (max, not sum). */
	p->keep_fds = in->listen_fds > in->preserve_fds ? in->listen_fds : in->preserve_fds;
	if (!in->no_new_keyring)
		p->keyring = arena_printf(&plan->arena, "_ses.%s", in->id);
	plan->has_process = true;
	return 0;
}

static int build_annotations(struct plan *plan, const struct plan_input *in, struct err *err)
{
	(void)in;
	return annotations_check(&plan->annotations, err);
}

/* The order matters: what reads plan->ns comes after it. */
static int build_all(struct plan *plan, const struct plan_input *in, struct err *err)
{
	int (*const parts[])(struct plan *, const struct plan_input *, struct err *) = {
		build_annotations, plan_namespaces_build, build_root,        plan_label_check,
		plan_mounts_build, plan_devices_build,    plan_sysctl_build, plan_netdevs_build,
		build_process,     plan_cgroup_build,
	};

	for (size_t i = 0; i < ARRAY_SIZE(parts); i++) {
		int r = parts[i](plan, in, err);

		if (r < 0)
			return r;
	}
	plan_masks_build(plan, in);
	plan_rdt_build(plan, in);
	return 0;
}

int plan_build(struct plan *plan, const struct plan_input *in, struct err *err)
{
	const struct oci_spec *spec = in->spec;
	int r;

	*plan = (struct plan){
		.arena = ARENA_INIT,
		.id = in->id,
		.bundle = in->bundle,
		.rootfs_fd = -1,
		.hook_out = -1,
		.hook_err = -1,
		.hostname = plan_or_null(spec->hostname), /* I-04 */
		.domainname = plan_or_null(spec->domainname),
		.no_pivot = in->no_pivot,
		.nested = in->nested,
		.hooks = spec->hooks,
		.annotations = spec->annotations,
	};
	r = build_all(plan, in, err);
	if (r < 0)
		arena_done(&plan->arena);
	return r;
}
