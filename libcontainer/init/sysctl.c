/* INIT: kernel parameters of the container's namespaces. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/path.h"
#include "libcontainer/init/side.h"

/* Below a procfs that is ours, without symlinks and without crossing a mount: what a config or
 * an image put over /proc/sys is never written to (CVE-2025-52881). */
static int write_sysctl(int proc, const struct plan_sysctl *s, struct err *err)
{
	char path[512];
	auto_fd int fd = -1;
	int n = snprintf(path, sizeof(path), "sys/%s", s->path);

	if (n >= (int)sizeof(path))
		return err_sys(err, ENAMETOOLONG, "sysctl '%s'", s->path);
	fd = beneath_open(proc, path, O_WRONLY | O_NOCTTY);
	if (fd < 0)
		return err_sys(err, -fd, "open sysctl '%s'", s->path);
	if (write(fd, s->value, strlen(s->value)) < 0)
		return err_sys(err, errno, "set sysctl '%s' to '%s'", s->path, s->value);
	return 0;
}

int init_sysctls(void *ctx, struct err *err)
{
	struct init *c = ctx;

	for (size_t i = 0; i < c->plan->n_sysctls; i++) {
		int r = write_sysctl(c->proc_fd, &c->plan->sysctls[i], err);

		if (r < 0)
			return r;
	}
	return 0;
}
