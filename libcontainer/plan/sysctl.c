/* PURE: linux.sysctl: keys to paths below /proc/sys. Which may be set, oci-spec/validate says. */
#include <errno.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/build.h"
#include "namespaces/ns.h"
#include "oci-spec/oci.h"

/* As sysctl(8): the first separator says which one it is; the other is then a character of
 * a name, and '.' in a name is written '/' in the dotted form ("net.ipv4.conf.eth0/1.x"). */
static char *key_to_path(struct arena *a, const char *key)
{
	const char *first = strpbrk(key, "./");
	char *path = arena_strdup(a, key);

	if (!first || *first == '/')
		return path;
	for (char *p = path; *p; p++) {
		if (*p == '.')
			*p = '/';
		else if (*p == '/')
			*p = '.';
	}
	return path;
}

/* Every part is a plain name: no empty one, no "." or "..". */
static bool path_is_plain(const char *path)
{
	for (const char *part = path;; part++) {
		size_t len = strcspn(part, "/");

		if (len == 0 || (len == 1 && part[0] == '.') ||
		    (len == 2 && part[0] == '.' && part[1] == '.'))
			return false;
		part += len;
		if (!*part)
			return true;
	}
}

static int add_sysctl(struct plan *plan, const struct oci_pair *pair, struct err *err)
{
	const char *path = key_to_path(&plan->arena, pair->key);
	const char *ns = oci_sysctl_namespace(path);

	if (!path_is_plain(path))
		return err_fail(err, EINVAL, "not a valid name");
	if (ns)
		plan_namespace_changed(plan, ns_find(ns)->flag,
				       arena_printf(&plan->arena, "linux.sysctl '%s'", pair->key));
	plan->sysctls[plan->n_sysctls++] =
		(struct plan_sysctl){.path = path, .value = pair->value ? pair->value : ""};
	return 0;
}

int plan_sysctl_build(struct plan *plan, const struct plan_input *in, struct err *err)
{
	const struct oci_linux *linux_ = in->spec->linux_;

	if (!linux_)
		return 0;
	plan->sysctls = arena_array(&plan->arena, struct plan_sysctl, linux_->sysctl.n);
	for (size_t i = 0; i < linux_->sysctl.n; i++)
		if (add_sysctl(plan, &linux_->sysctl.v[i], err) < 0)
			return err_wrap(err, "linux.sysctl '%s'", linux_->sysctl.v[i].key);
	return 0;
}
