/* INIT: the security label that the program gets at execve. */
#include <errno.h>
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/path.h"
#include "libcontainer/init/side.h"

/*
 * Below the host's procfs, by the descriptor that the runtime opened before the container was
 * there: nothing that a config or an image mounted over /proc or a file in it is on the way
 * (CVE-2019-16884, CVE-2019-19921, CVE-2025-52881); RESOLVE_NO_XDEV refuses what the host has
 * mounted there. thread-self is a symlink of procfs, and the only one allowed.
 */
static int write_attr(const struct init *c, const char *name, const char *value)
{
	auto_fd int fd = -1;
	char path[64];
	ssize_t n;

	snprintf(path, sizeof(path), "thread-self/attr/%s", name);
	fd = path_openat2(c->label_proc_fd, path, O_WRONLY | O_NOCTTY, 0,
			  RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS | RESOLVE_NO_XDEV);
	if (fd < 0)
		return fd;
	n = write(fd, value, strlen(value));
	if (n < 0)
		return -errno;
	return (size_t)n == strlen(value) ? 0 : -EIO;
}

/* By the file, in backquotes, Podman knows what failed. */
#define ATTR "write file `/proc/thread-self/attr/"

static int apparmor(struct init *c, const char *profile, struct err *err)
{
	int r = write_attr(c, "apparmor/exec", arena_printf(&c->arena, "exec %s", profile));

	if (r == -ENOENT) {
		err_fail(err, ENOENT,
			 "process.apparmorProfile: the profile '%s' is not loaded (" ATTR
			 "apparmor/exec`)",
			 profile);
		err_hint(err, "apparmor_parser(8) loads profiles, aa-status(8) shows them");
		return -ENOENT;
	}
	return r < 0 ? err_sys(err, -r, "process.apparmorProfile '%s': " ATTR "apparmor/exec`",
			       profile)
		     : 0;
}

/* The session keyring, made later, belongs to the container as well; execve ends that setting. */
static int selinux(struct init *c, const char *label, struct err *err)
{
	int r = write_attr(c, "exec", label);

	if (r == 0 && c->process->keyring)
		r = write_attr(c, "keycreate", label);
	return r < 0 ? err_sys(err, -r, "process.selinuxLabel '%s': " ATTR "exec`", label) : 0;
}

int init_labels(void *ctx, struct err *err)
{
	struct init *c = ctx;
	const struct plan_process *p = c->process;
	int r = p->apparmor ? apparmor(c, p->apparmor, err) : 0;

	if (r == 0 && p->selinux)
		r = selinux(c, p->selinux, err);
	close_fd(&c->label_proc_fd); /* the host's: exec waits after this step */
	return r;
}
