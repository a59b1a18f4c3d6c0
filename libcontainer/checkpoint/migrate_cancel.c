/* RUNTIME: migrate --cancel: a migration that another hull is at work on, or was, is taken back. */
#include <errno.h>
#include <poll.h>
#include <signal.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/checkpoint/migrate.h"

#define CANCEL_MS 120000 /* CRIU finishes what it is about */

static int not_any_more(const char *id, struct err *err)
{
	return err_fail(err, EALREADY, "container %s is over there already", id);
}

/* Nobody can take it back after COMMIT. */
static int undecided(const struct journal *j, struct err *err)
{
	err_fail(err, EALREADY,
		 "COMMIT was sent: the migration is '%s', and it may be over there already",
		 j->phase);
	err_hint(err, "hull migrate --recover asks the target what became of it");
	return -EALREADY;
}

static bool can_cancel(const struct journal *j)
{
	return journal_decide(journal_phase(j), JOURNAL_UNREACHABLE) == JOURNAL_RESUME;
}

/* By its number and the time of its start; -1 when it has ended. */
static int open_worker(const struct journal *j)
{
	pid_t pid = (pid_t)j->pid.v;
	struct proc_stat st;
	int fd = j->pid.set && pid > 0 ? proc_pidfd_open(pid) : -1;

	/* Read after the open: it is of the process that the descriptor is for. */
	if (fd >= 0 && (proc_stat_read(pid, &st) < 0 || st.starttime != j->start.v))
		close_fd(&fd);
	return fd < 0 ? -1 : fd;
}

static int stop_worker(int pidfd, struct err *err)
{
	struct pollfd end = {.fd = pidfd, .events = POLLIN};
	int r = proc_pidfd_signal(pidfd, SIGTERM);

	if (r < 0 && r != -ESRCH)
		return err_sys(err, -r, "tell hull to give the migration up");
	while ((r = poll(&end, 1, CANCEL_MS)) < 0)
		if (errno != EINTR)
			return err_sys(err, errno, "wait for hull to give the migration up");
	return r ? 0
		 : err_fail(err, ETIMEDOUT,
			    "the hull that migrates it was told to give it up, and is still at "
			    "work after %d s",
			    CANCEL_MS / 1000);
}

/* Nobody works on it any more. TOLD: one did, when we came. */
static int look_after(struct container_root *root, const struct container_migrate_opts *o,
		      bool told, struct err *err)
{
	struct migration x = {.o = o, .cancel_fd = -1};
	int r = container_open(&x.c, root, o->id, OPEN_LOCKED, err);

	if (r == -ENOENT && told)
		r = not_any_more(o->id, err);
	else if (r == 0)
		r = journal_load(&x.arena, x.c.dirfd, &x.journal, err);
	if (r == -ENOENT && told) {
		err_clear(err);
		r = 0;
	} else if (r == -ENOENT) {
		r = err_fail(err, ENOENT, "container %s is in no migration", o->id);
	} else if (r == 0 && !journal_is_source(&x.journal)) {
		r = told ? 0 : err_fail(err, ENOENT, "container %s is in no migration", o->id);
	} else if (r == 0) {
		r = can_cancel(&x.journal) ? migrate_recover(&x, err) : undecided(&x.journal, err);
	}
	container_close(&x.c);
	arena_done(&x.arena);
	return r;
}

int migrate_cancel(struct container_root *root, const struct container_migrate_opts *o,
		   struct err *err)
{
	auto_arena a = ARENA_INIT;
	auto_fd int dirfd = state_open_dir(root, o->id, err), worker = -1;
	struct journal j;
	int r = dirfd < 0 ? dirfd : journal_load(&a, dirfd, &j, err);

	if (dirfd < 0)
		return r;
	if (r == -ENOENT || (r == 0 && !journal_is_source(&j)))
		return err_fail(err, ENOENT, "container %s is in no migration", o->id);
	if (r < 0)
		return r;
	worker = open_worker(&j);
	if (worker >= 0 && !can_cancel(&j))
		return undecided(&j, err);
	if (worker >= 0)
		r = stop_worker(worker, err);
	return r < 0 ? r : look_after(root, o, worker >= 0, err);
}
