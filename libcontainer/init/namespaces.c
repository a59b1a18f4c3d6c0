/* INIT: settle in the namespaces that clone3 made; the few that cannot be made there. */
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/fsuid.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/init/side.h"
#include "libcontainer/sync.h"
#include "namespaces/ns.h"

/*
 * A runtime that dies while the container is being made takes init with it. The kernel
 * forgets the signal at each change of credentials, so it is armed again after those; a
 * parent that died before is seen as a hung-up socket.
 */
int init_arm_deathsig(struct init *c, struct err *err)
{
	struct pollfd p = {.fd = c->channel};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		return err_sys(err, errno, "ask for a signal at the death of the runtime");
	if (poll(&p, 1, 0) > 0 && (p.revents & (POLLHUP | POLLERR)))
		_exit(1);
	return 0;
}

int init_session(void *ctx, struct err *err)
{
	struct init *c = ctx;

	/* Fails only for a group leader, which a new process is not: but in a pid namespace
	 * that was joined, nothing is certain. */
	if (setsid() < 0 && errno != EPERM)
		return err_sys(err, errno, "start a session");
	prctl(PR_SET_NAME, "hull:init", 0, 0, 0);
	return init_arm_deathsig(c, err);
}

int init_wait_for_maps(void *ctx, struct err *err)
{
	struct init *c = ctx;

	return sync_expect(c->args->sync_fd, SYNC_MAPPED, NULL, err);
}

int init_open_time_offsets(void *ctx, struct err *err)
{
	struct init *c = ctx;

	c->timens_fd = open("/proc/self/timens_offsets", O_WRONLY | O_CLOEXEC);
	return c->timens_fd < 0 ? err_sys(err, errno, "open '/proc/self/timens_offsets'") : 0;
}

int init_join_mount_ns(void *ctx, struct err *err)
{
	struct init *c = ctx;
	const struct plan_namespaces *ns = &c->plan->ns;

	for (size_t i = 0; i < ns->n_join; i++) {
		const struct plan_join *j = &ns->join[i];

		if (j->flag != CLONE_NEWNS && !plan_init_joins_cgroup(ns->create, j->flag))
			continue;
		if (setns(j->fd, (int)j->flag) < 0)
			return err_sys(err, errno, "join the %s namespace '%s'",
				       ns_find_flag(j->flag)->oci_name, j->path);
	}
	return 0;
}

int init_open_root_path(void *ctx, struct err *err)
{
	struct init *c = ctx;

	c->root_path_fd = open(c->plan->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (c->root_path_fd < 0)
		return err_sys(err, errno, "open the root directory '%s'", c->plan->rootfs);
	/* For the layers of an overlay, which the kernel looks up from where we are. */
	if (c->plan->from_bundle && chdir(c->plan->bundle) < 0)
		return err_sys(err, errno, "change to the bundle '%s'", c->plan->bundle);
	return 0;
}

int init_become_root(void *ctx, struct err *err)
{
	struct init *c = ctx;

	/* Groups of the host, which the user namespace does not map, must not stay with us.
	 * Where setgroups is denied (an unprivileged user's namespace) they have to. */
	if (syscall(SYS_setgroups, 0, NULL) < 0 && errno != EPERM)
		return err_sys(err, errno, "drop the groups of the host");
	if (syscall(SYS_setresgid, 0, 0, 0) < 0)
		return err_sys(err, errno, "become gid 0 of the user namespace");
	if (syscall(SYS_setresuid, 0, 0, 0) < 0)
		return err_sys(err, errno, "become uid 0 of the user namespace");
	/* The change of ids has chosen anew, by fs.suid_dumpable; see init_new_namespaces(). */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(err, errno, "make the process non-dumpable");
	return init_arm_deathsig(c, err);
}

int init_new_namespaces(void *ctx, struct err *err)
{
	struct init *c = ctx;
	const struct plan_namespaces *ns = &c->plan->ns;
	int r;

	if ((ns->create & CLONE_NEWCGROUP) && unshare(CLONE_NEWCGROUP) < 0)
		return err_sys(err, errno, "create the cgroup namespace");
	if (ns->create & CLONE_NEWTIME) {
		r = ns_enter_time(ns->time_offsets, ns->n_time_offsets, c->timens_fd, err);
		close_fd(&c->timens_fd);
		if (r < 0)
			return r;
	}
	/* No one in a shared pid namespace may look into this process from here on, as it holds
	 * descriptors of the host (CVE-2016-9962). */
	if (prctl(PR_SET_DUMPABLE, 0, 0, 0, 0) < 0)
		return err_sys(err, errno, "make the process non-dumpable");
	return 0;
}

int init_names(void *ctx, struct err *err)
{
	struct init *c = ctx;
	const char *host = c->plan->hostname, *domain = c->plan->domainname;

	if (host && sethostname(host, strlen(host)) < 0)
		return err_sys(err, errno, "set the host name '%s'", host);
	if (domain && setdomainname(domain, strlen(domain)) < 0)
		return err_sys(err, errno, "set the domain name '%s'", domain);
	return 0;
}

int init_loopback(void *ctx, struct err *err)
{
	(void)ctx;
	return ns_loopback_up(err);
}
