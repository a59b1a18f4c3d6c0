/* RUNTIME: signals that ask hull to stop, while it must not just die. */
#include "libcontainer/checkpoint/cancel.h"

#include <errno.h>
#include <sys/signalfd.h>
#include <time.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/proc.h"

static const int signals[] = {SIGINT, SIGTERM, SIGHUP};

static void fill(sigset_t *set)
{
	sigemptyset(set);
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		sigaddset(set, signals[i]);
}

void cancel_block(sigset_t *ret)
{
	sigset_t set;

	fill(&set);
	sigprocmask(SIG_BLOCK, &set, ret);
}

void cancel_unblock(const sigset_t *mask)
{
	sigprocmask(SIG_SETMASK, mask, NULL);
}

int cancel_check(struct err *err)
{
	const struct timespec now = {0};
	sigset_t set, blocked;
	int sig;

	/* Where they are not blocked they do their work themselves. */
	if (sigprocmask(SIG_BLOCK, NULL, &blocked) < 0 || !sigismember(&blocked, SIGTERM))
		return 0;
	fill(&set);
	sig = sigtimedwait(&set, NULL, &now);
	if (sig <= 0)
		return 0;
	return err_fail(err, ECANCELED, "stopped by %s", proc_signal_name(sig));
}

int cancel_fd(struct err *err)
{
	sigset_t set;
	int fd;

	fill(&set);
	fd = signalfd(-1, &set, SFD_CLOEXEC);
	return fd < 0 ? err_sys(err, errno, "wait for signals") : fd;
}

void cancel_ignore(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(signals); i++)
		signal(signals[i], SIG_IGN);
}
