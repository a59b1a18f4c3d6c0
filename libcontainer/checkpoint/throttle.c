/* RUNTIME: migrate: a running container is given less time. */
#include "libcontainer/checkpoint/throttle.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cgroups/cgroup.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/sock.h"

#define PERIOD_US    50000
#define LEAST_RUN_US 1000
#define ANSWER_MS    10000
#define STILL        100

/* ---- the process ---------------------------------------------------------------------------- */

enum { SOCK, CGROUP, NOWHERE, LOCK, N_KEPT };

/* For so long, or until there is something to hear. */
static bool pause_for(long us)
{
	const struct timespec t = {us / 1000000, us % 1000000 * 1000};
	struct pollfd p = {.fd = SOCK, .events = POLLIN};

	return ppoll(&p, 1, us < 0 ? NULL : &t, NULL) > 0;
}

/* One turn; whether there is something to hear. */
static bool turn(unsigned percent)
{
	long run = PERIOD_US / 100 * (100 - (long)percent), still;
	bool heard;

	if (percent == 0)
		return pause_for(-1);
	if (run < LEAST_RUN_US)
		run = LEAST_RUN_US;
	still = run * (long)percent / (100 - (long)percent);
	/* Somebody else's: not ours to undo. */
	if (cgroup_is_frozen(CGROUP) != 0)
		return pause_for(run + still);
	heard = cgroup_freeze_later(CGROUP, true) == 0 && pause_for(still);
	(void)cgroup_freeze_later(CGROUP, false);
	return heard || pause_for(run);
}

/* Until there is something to hear. What somebody else has frozen stays so. */
static void stand_still(unsigned answer)
{
	bool ours = cgroup_is_frozen(CGROUP) == 0 && cgroup_freeze_later(CGROUP, true) == 0;

	(void)sock_send(SOCK, &answer, sizeof(answer), -1);
	(void)pause_for(-1);
	if (ours)
		(void)cgroup_freeze_later(CGROUP, false);
}

static _Noreturn void throttler(void)
{
	unsigned percent = 0;

	for (;;) {
		if (!turn(percent))
			continue;
		/* It runs here: that is what the answer says, too. */
		if (sock_recv(SOCK, &percent, sizeof(percent), NULL) != sizeof(percent))
			_exit(0);
		if (percent == STILL) {
			stand_still(percent);
			percent = 0;
			continue;
		}
		(void)sock_send(SOCK, &percent, sizeof(percent), -1);
	}
}

/* Only those that it needs, in their places. */
static bool keep(const int *fds)
{
	int high[N_KEPT];

	for (int i = 0; i < N_KEPT; i++)
		if ((high[i] = fcntl(fds[i], F_DUPFD, 2 * N_KEPT)) < 0)
			return false;
	for (int i = 0; i < N_KEPT; i++)
		if (dup2(high[i], i) < 0)
			return false;
	return proc_close_from(N_KEPT) == 0;
}

static _Noreturn void begin(const int *fds)
{
	sigset_t all;

	prctl(PR_SET_NAME, "hull-throttle");
	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	(void)setsid();
	if (!keep(fds))
		_exit(1);
	throttler();
}

/* ---- hull's side ---------------------------------------------------------------------------- */

static int start(struct throttle *t, int cgroup_fd, int lock_fd, struct err *err)
{
	auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int pair[2];

	if (null < 0 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "throttle the container");
	t->pid = fork();
	if (t->pid == 0)
		begin((const int[]){[SOCK] = pair[1],
				    [CGROUP] = cgroup_fd,
				    [NOWHERE] = null,
				    [LOCK] = lock_fd});
	close_fd(&pair[1]);
	if (t->pid < 0) {
		t->pid = 0;
		close_fd(&pair[0]);
		return err_sys(err, errno, "throttle the container");
	}
	t->sock = pair[0];
	t->cgroup_fd = cgroup_fd;
	return 0;
}

static int tell(struct throttle *t, unsigned percent, struct err *err)
{
	struct pollfd p = {.fd = t->sock, .events = POLLIN};
	unsigned answer;
	int r = sock_send(t->sock, &percent, sizeof(percent), -1);

	while (r == 0 && (r = poll(&p, 1, ANSWER_MS)) < 0 && errno == EINTR)
		r = 0;
	if (r > 0 && sock_recv(t->sock, &answer, sizeof(answer), NULL) == sizeof(answer))
		return 0;
	/* Whatever state it died in. */
	throttle_end(t);
	return err_fail(err, ECHILD, "the process that throttles the container has ended");
}

int throttle_set(struct throttle *t, int cgroup_fd, int lock_fd, unsigned percent, struct err *err)
{
	int r = t->pid ? 0 : start(t, cgroup_fd, lock_fd, err);

	if (r == 0)
		r = tell(t, percent, err);
	if (r == 0)
		t->percent = percent;
	return r;
}

int throttle_hold(struct throttle *t, struct err *err)
{
	return t->pid ? tell(t, 0, err) : 0;
}

int throttle_still(struct throttle *t, int cgroup_fd, int lock_fd, struct err *err)
{
	int r = t->pid ? 0 : start(t, cgroup_fd, lock_fd, err);

	if (r == 0)
		r = tell(t, STILL, err);
	return r < 0 ? r : cgroup_freeze(cgroup_fd, true, err);
}

int throttle_go_on(struct throttle *t, struct err *err)
{
	return t->pid ? tell(t, t->percent, err) : 0;
}

void throttle_end(struct throttle *t)
{
	int pidfd, r;

	if (!t->pid)
		return;
	close_fd(&t->sock);
	pidfd = proc_pidfd_open(t->pid);
	if (pidfd >= 0 && proc_pidfd_wait_exit(pidfd, ANSWER_MS) < 0)
		(void)proc_pidfd_signal(pidfd, SIGKILL);
	r = proc_wait(t->pid);
	close_fd(&pidfd);
	*t = (struct throttle){.cgroup_fd = t->cgroup_fd, .sock = -1};
	/* One that was killed can have left it frozen. */
	if (r != 0 && (r = cgroup_freeze_later(t->cgroup_fd, false)) < 0)
		log_error("migrate: thaw the container: %s", err_name(-r));
}
