/* RUNTIME: file systems of namespaces that a rootless container does not own. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <sys/vfs.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/mountapi.h"
#include "libcontainer/base/str.h"
#include "libcontainer/runtime/runtime.h"
#include "namespaces/ns.h"

#ifndef MQUEUE_MAGIC
#define MQUEUE_MAGIC 0x19800202
#endif

/*
 * Each of these shows one namespace, and the kernel lets it be mounted only by the root of the user
 * namespace which that one belongs to. A container in a user namespace that shares it with hull
 * gets what hull sees of it, bound, as crun has it: nothing is shown that its processes could
 * not see anyway.
 */
/* clang-format off */
static const struct {
	const char *type, *from;
	uint64_t flag;
	unsigned long magic;
} kinds[] = {
	{"proc",   "/proc",       CLONE_NEWPID, PROC_SUPER_MAGIC},
	{"sysfs",  "/sys",        CLONE_NEWNET, SYSFS_MAGIC},
	{"mqueue", "/dev/mqueue", CLONE_NEWIPC, MQUEUE_MAGIC},
};
/* clang-format on */

/* The namespace of FLAG that the container will be in, of those that exist already. Owned fd. */
static int open_existing(const struct plan_namespaces *ns, uint64_t flag)
{
	char path[64];

	for (size_t i = 0; i < ns->n_join; i++)
		if (ns->join[i].flag == flag)
			return fcntl(ns->join[i].fd, F_DUPFD_CLOEXEC, 3);
	snprintf(path, sizeof(path), "/proc/self/ns/%s", ns_find_flag(flag)->proc_name);
	return open(path, O_RDONLY | O_CLOEXEC);
}

/* Whether the container's user namespace is the owner of its namespace of FLAG. */
static bool owns(const struct plan_namespaces *ns, uint64_t flag)
{
	auto_fd int user = -1, other = -1;

	if (ns->create & flag)
		return true;
	if (ns->create & CLONE_NEWUSER) /* younger than what exists */
		return false;
	user = open_existing(ns, CLONE_NEWUSER);
	other = open_existing(ns, flag);
	return user >= 0 && other >= 0 && ns_is_owned_by(other, user);
}

static bool is_mounted(const char *path, unsigned long magic)
{
	struct statfs fs;

	return statfs(path, &fs) == 0 && (unsigned long)fs.f_type == magic;
}

static void bind_instead(struct plan_mount *m, const char *from)
{
	log_debug("mounts[%zu]: '%s' is bound from '%s', as its namespace is not the container's",
		  m->index, m->type, from);
	m->kind = MOUNT_BIND;
	m->source = from;
	m->recursive = true; /* without what covers parts of it the kernel copies nothing */
	m->rec_attr_set |= m->attr_set & MOUNT_ATTR_RDONLY;
	m->readonly_last = false;
	m->label = NULL;
}

void hostfs_plan(struct plan *plan)
{
	if (!plan->nested && !plan_has_ns(plan, CLONE_NEWUSER))
		return;
	for (size_t i = 0; i < plan->n_mounts; i++) {
		struct plan_mount *m = &plan->mounts[i];

		for (size_t k = 0; m->kind == MOUNT_NEW_FS && k < ARRAY_SIZE(kinds); k++)
			/* One with options of its own would be another than was asked for. */
			if (streq(m->type, kinds[k].type) && !given(m->data) &&
			    !owns(&plan->ns, kinds[k].flag) &&
			    is_mounted(kinds[k].from, kinds[k].magic))
				bind_instead(m, kinds[k].from);
	}
}
