/* PURE: linux.sysctl: keys to paths below /proc/sys, and which of them a container may set. */
#include <errno.h>
#include <linux/sched.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/build.h"

/*
 * Only what belongs to a namespace of the container: anything else is the host's, and this
 * runtime runs as root. A path that ends in '/' stands for everything below it.
 */
/* clang-format off */
static const struct {
	const char *path;
	uint64_t ns;
	const char *ns_name;
} allowed[] = {
	{"net/",                      CLONE_NEWNET,  "network"},
	{"fs/mqueue/",                CLONE_NEWIPC,  "ipc"},
	{"kernel/auto_msgmni",        CLONE_NEWIPC,  "ipc"},
	{"kernel/msgmax",             CLONE_NEWIPC,  "ipc"},
	{"kernel/msgmnb",             CLONE_NEWIPC,  "ipc"},
	{"kernel/msgmni",             CLONE_NEWIPC,  "ipc"},
	{"kernel/msg_next_id",        CLONE_NEWIPC,  "ipc"},
	{"kernel/sem",                CLONE_NEWIPC,  "ipc"},
	{"kernel/sem_next_id",        CLONE_NEWIPC,  "ipc"},
	{"kernel/shmall",             CLONE_NEWIPC,  "ipc"},
	{"kernel/shmmax",             CLONE_NEWIPC,  "ipc"},
	{"kernel/shmmni",             CLONE_NEWIPC,  "ipc"},
	{"kernel/shm_next_id",        CLONE_NEWIPC,  "ipc"},
	{"kernel/shm_rmid_forced",    CLONE_NEWIPC,  "ipc"},
	{"kernel/domainname",         CLONE_NEWUTS,  "uts"},
	{"user/",                     CLONE_NEWUSER, "user"},
};
/* clang-format on */

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

static int check_allowed(const struct plan *plan, const char *path, struct err *err)
{
	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		const char *row = allowed[i].path;

		if (!(str_ends(row, "/") ? str_starts(path, row) : streq(path, row)))
			continue;
		if (plan_has_ns(plan, allowed[i].ns))
			return 0;
		return err_fail(err, EINVAL,
				"it would change the host, as the container has no %s namespace of "
				"its own",
				allowed[i].ns_name);
	}
	if (streq(path, "kernel/hostname"))
		return err_fail(err, EINVAL, "the config's hostname is the way to set it");
	return err_fail(err, EINVAL, "it does not belong to a namespace and would change the host");
}

static int add_sysctl(struct plan *plan, const struct oci_pair *pair, struct err *err)
{
	const char *path = key_to_path(&plan->arena, pair->key);
	int r;

	if (!path_is_plain(path))
		return err_fail(err, EINVAL, "not a valid name");
	r = check_allowed(plan, path, err);
	if (r < 0)
		return r;
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
