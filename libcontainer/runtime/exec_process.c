/* RUNTIME: exec: what to execute: the container's process, changed by options; or another one. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "libcontainer/base/str.h"
#include "libcontainer/plan/annotations.h"
#include "libcontainer/runtime/exec.h"
#include "oci-spec/oci.h"
#include "seccomp/filter.h"

static int parse_user(struct execution *x, struct err *err)
{
	const char *user = x->opts->user, *colon = strchr(user, ':');
	struct oci_user *u = arena_new(&x->arena, struct oci_user);
	char *uid = colon ? arena_strndup(&x->arena, user, (size_t)(colon - user))
			  : arena_strdup(&x->arena, user);

	if (x->spec.user)
		*u = *x->spec.user;
	u->gid.v = 0;
	u->uid.set = u->gid.set = true;
	if (str_to_u32(uid, &u->uid.v) < 0 || (colon && str_to_u32(colon + 1, &u->gid.v) < 0))
		return err_fail(err, EINVAL, "--user '%s' is not UID[:GID] in numbers", user);
	x->spec.user = u;
	return 0;
}

static void append(struct execution *x, struct oci_strings *list, const char *const *more)
{
	const char **v;
	size_t n = 0;

	while (more && more[n])
		n++;
	v = arena_array(&x->arena, const char *, list->n + n + 1);
	if (list->n)
		memcpy(v, list->v, list->n * sizeof(*v));
	for (size_t i = 0; i < n; i++)
		v[list->n + i] = more[i];
	*list = (struct oci_strings){.set = true, .n = list->n + n, .v = v};
}

/* --cap: bounding, effective and permitted; ambient only where the container's process has
 * inheritable ones; never inheritable (CVE-2022-29162). */
static void add_caps(struct execution *x)
{
	struct oci_capabilities *caps = arena_new(&x->arena, struct oci_capabilities);

	if (!x->opts->caps || !x->opts->caps[0])
		return;
	if (x->spec.capabilities)
		*caps = *x->spec.capabilities;
	append(x, &caps->bounding, x->opts->caps);
	append(x, &caps->effective, x->opts->caps);
	append(x, &caps->permitted, x->opts->caps);
	if (caps->inheritable.n)
		append(x, &caps->ambient, x->opts->caps);
	x->spec.capabilities = caps;
}

static int apply_flags(struct execution *x, struct err *err)
{
	const struct container_exec_opts *o = x->opts;
	size_t n = 0;

	while (o->args && o->args[n])
		n++;
	x->spec.args = (struct oci_strings){true, n, (const char **)o->args};
	x->spec.terminal = (struct opt_bool){true, o->tty};
	if (!o->tty)
		x->spec.console_size = NULL;
	if (o->cwd)
		x->spec.cwd = o->cwd;
	if (o->env && o->env[0])
		append(x, &x->spec.env, o->env);
	if (o->no_new_privs)
		x->spec.no_new_privileges = (struct opt_bool){true, true};
	if (o->apparmor)
		x->spec.apparmor_profile = o->apparmor;
	if (o->process_label)
		x->spec.selinux_label = o->process_label;
	add_caps(x);
	if (o->user && parse_user(x, err) < 0)
		return -err->code;
	if (o->n_additional_gids) {
		struct oci_user *u = arena_new(&x->arena, struct oci_user);

		if (x->spec.user)
			*u = *x->spec.user;
		u->additional_gids = (struct oci_u32s){true, o->n_additional_gids,
						       (uint32_t *)o->additional_gids};
		x->spec.user = u;
	}
	return 0;
}

static int load_own_process(struct execution *x, struct oci_process *ret, struct err *err)
{
	return oci_decode_file(&x->arena, &oci_process_type, x->c.dirfd, "process.json", ret, err);
}

/* A --process without capabilities, labels or scheduling gets the container's, as with runc and
 * crun: else it would be less confined than the container is. The file is read only when it has
 * some. */
static int take_defaults(struct execution *x, struct err *err)
{
	struct oci_process own = {0}, *p = &x->spec;
	int r;

	if (!x->c.state.has_process.v || (p->capabilities && !x->c.state.has_defaults.v))
		return 0;
	r = load_own_process(x, &own, err);
	if (r < 0)
		return r;
	if (!p->capabilities)
		p->capabilities = own.capabilities;
	if (!given(p->apparmor_profile))
		p->apparmor_profile = own.apparmor_profile;
	if (!given(p->selinux_label))
		p->selinux_label = own.selinux_label;
	if (!p->scheduler)
		p->scheduler = own.scheduler;
	if (!p->io_priority)
		p->io_priority = own.io_priority;
	if (!p->exec_cpu_affinity)
		p->exec_cpu_affinity = own.exec_cpu_affinity;
	return 0;
}

int exec_load_process(struct execution *x, struct err *err)
{
	const struct container_exec_opts *o = x->opts;
	int r;

	if (o->process_file)
		r = oci_decode_file(&x->arena, &oci_process_type, AT_FDCWD, o->process_file,
				    &x->spec, err);
	else if (!x->c.state.has_process.v)
		r = err_fail(err, EINVAL,
			     "the container's configuration has no process: use --process");
	else
		r = load_own_process(x, &x->spec, err);
	if (r == 0 && o->process_file)
		r = take_defaults(x, err);
	if (r == 0 && !o->process_file)
		r = apply_flags(x, err);
	else if (r == 0 && o->tty)
		x->spec.terminal = (struct opt_bool){true, true};
	return r < 0 ? r : oci_validate_process(&x->spec, err);
}

int exec_build_plan(struct execution *x, struct err *err)
{
	int r = plan_process_build(&x->arena, &x->plan, &x->spec, 63, err);

	if (r == 0)
		r = plan_process_build_linux(&x->arena, &x->plan, x->c.state.personality,
					     x->c.state.memory_policy, err);
	if (r < 0)
		return r;
	x->plan.keep_fds = x->opts->preserve_fds;
	x->plan.set_groups =
		!annotation_is_on(&x->c.state.annotations, "run.oci.keep_original_groups");
	x->plan.groups_if_allowed = x->root->nested;
	x->plan.keyring = x->c.state.keyring;
	if (!x->c.state.has_filter.v)
		return 0;
	return filter_read(&x->arena, x->c.dirfd, "filter", &x->plan.filter, err);
}
