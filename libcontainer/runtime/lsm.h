/*
 * lsm.h - Linux security modules: whether this host has them, and what init needs for labels.
 *
 * Only looked at when a label is asked for: containers without one pay nothing.
 */
#ifndef HULL_RUNTIME_LSM_H
#define HULL_RUNTIME_LSM_H

#include "libcontainer/base/err.h"
#include "libcontainer/plan/plan.h"

struct lsm_state {
	bool apparmor, selinux; /* compiled in, switched on, and not hidden from us */
};
struct lsm_state lsm_probe(void);

/* Refuses labels of a module that is off (P-34, P-35). *ret_proc_fd: the root of the host's procfs,
 * through which init writes its labels, or -1 when P has none; owned. */
int lsm_prepare(const struct plan_process *p, int *ret_proc_fd, struct err *err) must_check;

/* The same of linux.mountLabel. */
int lsm_check_mount_label(const char *label, struct err *err) must_check;
/* Whether the kernel says which profiles of AppArmor are loaded, and NAME is none of them. */
bool lsm_lacks_profile(struct arena *a, const char *name);

#endif
