/* RUNTIME: a user namespace that is nothing but a pair of id maps. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <stdio.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/proc.h"
#include "namespaces/ns.h"

/* Child: only there to own the namespace, until the other end of the pipe is closed. It is closed
 * too when the runtime dies. */
static _Noreturn void owner(int pipe_fd)
{
	char c;

	while (read(pipe_fd, &c, 1) < 0 && errno == EINTR)
		;
	_exit(0);
}

/* A namespace lives as long as something refers to it: from here on that is the descriptor. */
static int fill(pid_t pid, const struct plan_namespaces *ns, struct err *err)
{
	char path[64];
	int r = ns_write_maps(pid, ns, NULL, err);

	if (r < 0)
		return r;
	snprintf(path, sizeof(path), "/proc/%d/ns/user", (int)pid);
	return ns_open(path, CLONE_NEWUSER, err);
}

int ns_make_user(const struct plan_namespaces *ns, struct err *err)
{
	auto_fd int ours = -1, theirs = -1;
	int fds[2], fd;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, errno, "create a pipe");
	theirs = fds[0];
	ours = fds[1];
	pid = proc_clone(CLONE_NEWUSER, -1, NULL);
	if (pid == 0) {
		close_fd(&ours);
		owner(theirs);
	}
	if (pid < 0)
		return err_sys(err, (int)-pid, "create a user namespace for its maps");
	fd = fill(pid, ns, err);
	close_fd(&ours);
	proc_wait(pid);
	return fd;
}
