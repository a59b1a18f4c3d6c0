/* RUNTIME: signals to all processes of a cgroup. */
#include "cgroups/cgroup.h"

#include <errno.h>
#include <signal.h>

#include "cgroups/file.h"
#include "cgroups/freeze.h"
#include "libcontainer/base/log.h"

/* Long enough for busy processes, short enough to go on without. */
#define SIGNAL_FREEZE_MS 2000

static int signal_pids(int fd, int sig, struct err *err)
{
	auto_arena a = ARENA_INIT;
	pid_t *pids = NULL;
	size_t n = 0;
	int r = cgroup_pids(fd, &a, &pids, &n, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n; i++) {
		if (kill(pids[i], sig) < 0 && errno != ESRCH)
			r = err_sys(err, errno, "send signal %d to process %d", sig, (int)pids[i]);
	}
	return r;
}

int cgroup_signal_all(int fd, int sig, struct err *err)
{
	int was = cgroup_is_frozen(fd), r;

	if (was < 0)
		return err_sys(err, -was, "read the freezer state of the cgroup");
	/* Frozen, nothing forks and no pid is reused between the list and the signal. A process
	 * that cannot be frozen now must not keep the others from their signal. */
	if (!was) {
		r = cgroup_freeze_for(fd, true, SIGNAL_FREEZE_MS);
		if (r < 0)
			log_debug("signalling without freeze: %s", err_name(-r));
	}
	r = signal_pids(fd, sig, err);
	if (!was) {
		int t = cgroup_file_write(fd, "cgroup.freeze", "0");

		if (t < 0 && r == 0)
			r = err_sys(err, -t, "thaw the cgroup");
	}
	return r;
}

int cgroup_kill(int fd)
{
	int r = cgroup_file_write(fd, "cgroup.kill", "1");
	struct err ignored = ERR_NONE;

	/* Linux before 5.14 has no such file, and a threaded cgroup refuses it. */
	if (r == -ENOENT || r == -EOPNOTSUPP)
		return cgroup_signal_all(fd, SIGKILL, &ignored);
	return r;
}
