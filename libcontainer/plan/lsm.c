/* PURE: process.apparmorProfile, process.selinuxLabel. */
#include "libcontainer/plan/build.h"

/* Engines write "" for none. */
static const char *or_null(const char *s)
{
	return s && *s ? s : NULL;
}

void plan_labels_build(struct plan_process *p, const struct oci_process *process)
{
	p->apparmor = or_null(process->apparmor_profile);
	p->selinux = or_null(process->selinux_label);
}
