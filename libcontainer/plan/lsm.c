/* PURE: process.apparmorProfile, process.selinuxLabel. */
#include "libcontainer/plan/build.h"

void plan_labels_build(struct plan_process *p, const struct oci_process *process)
{
	p->apparmor = plan_or_null(process->apparmor_profile);
	p->selinux = plan_or_null(process->selinux_label);
}
