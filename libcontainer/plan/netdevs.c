/* PURE: linux.netDevices. */
#include <errno.h>
#include <linux/sched.h>

#include "libcontainer/plan/build.h"

int plan_netdevs_build(struct plan *plan, const struct plan_input *in, struct err *err)
{
	const struct oci_linux *linux_ = in->spec->linux_;
	size_t n = linux_ ? linux_->net_devices.n : 0;

	if (!n)
		return 0;
	/* E-03: the kernel asks for CAP_NET_ADMIN where the device is, which is the host. */
	if (in->rootless)
		return err_fail(err, EPERM,
				"linux.netDevices: a rootless container cannot have devices of the "
				"host");
	plan->net_devices = arena_array(&plan->arena, struct plan_net_device, n);
	plan->n_net_devices = n;
	for (size_t i = 0; i < n; i++) {
		const struct oci_net_device *d = &linux_->net_devices.v[i];

		plan->net_devices[i].host = d->host_name;
		plan->net_devices[i].name = d->name && d->name[0] ? d->name : NULL;
	}
	plan_namespace_changed(plan, CLONE_NEWNET, "linux.netDevices");
	return 0;
}
