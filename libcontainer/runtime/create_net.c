/* RUNTIME: create: network devices of the host that the container gets. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/runtime/create.h"
#include "namespaces/ns.h"

bool create_has_net_devices(const void *ctx)
{
	const struct creation *k = ctx;

	return k->plan.n_net_devices > 0;
}

/* By us and not by init: the right to take a device away from the host is the host's root's. */
int create_net_devices(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	auto_fd int ns = -1;
	char path[64];

	/* Made by clone3 or joined for it: in both cases it is the one of the process. */
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)k->spawn.pid);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0)
		return err_sys(err, errno, "open '%s'", path);
	return ns_netdevs_move(&k->arena, k->plan.net_devices, k->plan.n_net_devices, ns,
			       &k->netdevs, err);
}

void create_undo_net_devices(void *ctx)
{
	struct creation *k = ctx;

	if (k->netdevs)
		ns_netdevs_return(k->netdevs);
	creation_keep_net_devices(k);
}

void creation_keep_net_devices(struct creation *k)
{
	ns_netdevs_done(k->netdevs);
	k->netdevs = NULL;
}
