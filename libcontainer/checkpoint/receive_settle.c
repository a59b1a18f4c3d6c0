/* RUNTIME: migrate-receive: a container that was given to us and cannot be made whole: it is ended,
 * seen to be gone, and noted to be lost, so that the source's copy can go on. And what becomes of
 * migrations that nobody works on any more. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/checkpoint/files.h"
#include "libcontainer/checkpoint/receive.h"
#include "libcontainer/runtime/runtime.h"

#define LOCK_NAP_MS 20
#define KEEP_DAYS   30

int receive_note_container(struct receiver *x, struct err *err)
{
	auto_fd int dirfd = state_open_dir(x->root, x->need.id, err);
	struct state state;
	int r = dirfd < 0 ? dirfd : state_load(&x->arena, dirfd, x->need.id, &state, err);

	if (r < 0)
		return r;
	x->journal.pid = state.pid;
	x->journal.start = state.starttime;
	return 0;
}

static bool is_same(const struct container *c, const struct journal *j)
{
	return j->pid.set && j->start.set && c->state.pid.v == j->pid.v &&
	       c->state.starttime.v == j->start.v;
}

/* Whether C is the container that J speaks of: there may be another one of its name by now. What is
 * half made and has nobody who makes it is of no use to anybody. */
static bool is_the_one(const struct container *c, const struct journal *j)
{
	return is_same(c, j) || (journal_phase(j) != JOURNAL_COMMITTED && c->state.creating.v);
}

/* To its last process. */
static int end_it(struct container_root *root, const struct journal *j, struct err *err)
{
	auto_container c = CONTAINER_NONE;
	int r = container_open(&c, root, j->container, OPEN_LOCKED, err);

	if (r == -ENOENT && c.dirfd < 0) {
		err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	return is_the_one(&c, j) ? container_destroy(&c, err) : 0;
}

int receive_orphan(struct container_root *root, int dirfd, struct journal *ret, struct err *err)
{
	auto_arena a = ARENA_INIT;
	enum journal_phase phase;
	struct journal j;
	int r = journal_load(&a, dirfd, &j, err);

	if (r < 0)
		return r;
	phase = journal_phase(&j);
	/* Which one it is is known from `committed` on: without it nothing can be told. */
	if (phase == JOURNAL_COMMITTED && !(j.container && j.pid.set && j.start.set))
		return 0;
	if (journal_orphaned(phase) != phase && j.container)
		r = end_it(root, &j, err);
	if (r == 0 && journal_orphaned(phase) != phase)
		r = journal_advance(&a, dirfd, &j, journal_orphaned(phase), err);
	if (ret)
		ret->phase = journal_phase_name(journal_phase(&j));
	return r < 0 ? err_wrap(err, "the container '%s' could not be ended", j.container) : 0;
}

bool receive_lock(int dirfd, int timeout_ms)
{
	int64_t end = clock_now_ms() + timeout_ms;

	while (flock(dirfd, LOCK_EX | LOCK_NB) < 0) {
		if (clock_now_ms() >= end)
			return false;
		nanosleep(&(struct timespec){.tv_nsec = LOCK_NAP_MS * 1000000L}, NULL);
	}
	return true;
}

/* The one that the journal speaks of, if it has come so far: before that the receiver, which sees
 * our end, lets nothing run. Without waiting for anybody: what it does from now on is done with
 * memory that is not its own. */
static void kill_it(const struct container_root *root, int dirfd)
{
	auto_container c = CONTAINER_NONE;
	auto_arena a = ARENA_INIT;
	auto_fd int pidfd = -1;
	struct proc_stat st;
	struct err ignored;
	struct journal j;
	bool its;

	if (journal_load(&a, dirfd, &j, &ignored) < 0 || !j.container || !j.pid.set || !j.start.set)
		return;
	/* One that is whole lives, also if whoever noted that could not see it to the disk. */
	if (journal_orphaned(journal_phase(&j)) == journal_phase(&j))
		return;
	its = container_open(&c, root, j.container, OPEN_READ, &ignored) == 0 && is_same(&c, &j);
	pidfd = proc_pidfd_open((pid_t)j.pid.v);
	if (pidfd < 0 || proc_stat_read((pid_t)j.pid.v, &st) < 0 || st.starttime != j.start.v)
		return;
	/* It lived when its cgroup had been opened, so nobody else can have made that one. */
	if (its && c.cgroup_fd >= 0)
		(void)cgroup_kill(c.cgroup_fd);
	(void)proc_pidfd_signal(pidfd, SIGKILL);
}

void receive_end(struct receiver *x, int dirfd)
{
	struct err err = ERR_NONE;

	if (dirfd >= 0)
		kill_it(x->root, dirfd);
	if (dirfd >= 0 && receive_lock(dirfd, 0) && receive_orphan(x->root, dirfd, NULL, &err) < 0)
		log_error("migrate: %s", err.text);
}

/* ---- what became of another one (migrate --recover)
 * ---------------------------------------------- */

/* If nobody works on it, what it can still become is decided here, and noted before it is told. */
static int look_up(struct receiver *x, enum journal_phase *ret, bool *ret_alone, struct err *err)
{
	int r;

	*ret = JOURNAL_NONE;
	receive_name(x);
	x->dir_fd = open(x->dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (x->dir_fd < 0)
		return errno == ENOENT ? 0 : err_sys(err, errno, "open '%s'", x->dir);
	/* First of all: a phase that was read before may be an older one by the time that its
	 * receiver lets go of the lock. */
	*ret_alone = receive_lock(x->dir_fd, RECEIVE_LOCK_MS);
	r = journal_load(&x->arena, x->dir_fd, &x->journal, err);
	if (r == -ENOENT) {
		err_clear(err);
		return 0;
	}
	if (r < 0)
		return r;
	if (*ret_alone)
		r = receive_orphan(x->root, x->dir_fd, &x->journal, err);
	*ret = journal_phase(&x->journal);
	return r;
}

/* Whether nothing is left that came for nothing; else it is put away later. */
static bool is_undone(struct receiver *x, enum journal_phase phase)
{
	struct err err;

	if (phase == JOURNAL_NONE || files_undo(&x->arena, x->dir_fd, x->name, phase, &err) >= 0)
		return true;
	log_warn("migrate: %s: %s", x->name, err.text);
	return false;
}

int receive_tell_phase(struct receiver *x, const struct wire_msg *msg, struct err *err)
{
	struct wire_msg next;
	enum journal_phase phase;
	bool alone = false;
	int r;

	x->id = msg->phase.id;
	r = look_up(x, &phase, &alone, err);
	if (r == 0)
		r = wire_send_phase(&x->wire, WIRE_PHASE, &x->id, phase, err);
	/* Told first: it may take long. */
	alone = alone && is_undone(x, phase);
	if (r == 0 && wire_next(&x->wire, x->opts->idle_ms, &next, err) == 0 &&
	    next.type == WIRE_FORGET && (alone || phase == JOURNAL_RUNNING))
		r = state_remove(x->root, x->name, err);
	return r;
}

/* ---- of receivers that were killed --------------------------------------------------------- */

static bool is_over(enum journal_phase phase)
{
	return phase == JOURNAL_RUNNING || phase == JOURNAL_ABORTED || phase == JOURNAL_LOST;
}

/* Nobody has asked for so long that nobody will: else a source that was killed before COMMIT, which
 * has no reason to ask, would leave it for ever. */
static bool is_old(int dirfd, enum journal_phase phase)
{
	struct stat st;

	return (phase == JOURNAL_ABORTED || phase == JOURNAL_LOST) &&
	       fstatat(dirfd, JOURNAL_FILE, &st, AT_SYMLINK_NOFOLLOW) == 0 &&
	       st.st_mtime + KEEP_DAYS * 86400 < time(NULL);
}

/* All but the journal: they hold the container's memory. */
static int remove_images(struct receiver *x, int dirfd, const char *path, struct err *err)
{
	int r = state_remove(x->root, arena_printf(&x->arena, "%s/images", path), err);

	if (r == 0 && unlinkat(dirfd, "config.json", 0) < 0 && errno != ENOENT)
		r = err_sys(err, errno, "remove '%s/config.json'", path);
	return r;
}

/* Of a receiver that was killed before it had a journal. One that has made its directory just now
 * and has no lock yet has nothing in it. */
static bool is_stub(int dirfd)
{
	return faccessat(dirfd, JOURNAL_FILE, F_OK, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT &&
	       faccessat(dirfd, "images", F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

/* What the source could have committed is noted to be over, for who asks; of what it could not have
 * nothing is left. */
static int settle(struct receiver *x, int dirfd, const char *path, struct err *err)
{
	struct journal j;
	bool unheard;
	int r;

	if (is_stub(dirfd))
		return state_remove(x->root, path, err);
	r = journal_load(&x->arena, dirfd, &j, err);
	if (r < 0)
		return r;
	unheard = journal_phase(&j) == JOURNAL_RECEIVING;
	r = receive_orphan(x->root, dirfd, &j, err);
	if (r == 0)
		r = files_undo(&x->arena, dirfd, path, journal_phase(&j), err);
	if (r == 0 && (unheard || is_old(dirfd, journal_phase(&j))))
		return state_remove(x->root, path, err);
	return r == 0 && is_over(journal_phase(&j)) ? remove_images(x, dirfd, path, err) : r;
}

void receive_sweep(struct receiver *x)
{
	int parent = openat(x->root->fd, "@migrate", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = parent < 0 ? NULL : fdopendir(parent);
	struct dirent *e;

	while (dir && (e = readdir(dir))) {
		const char *path = arena_printf(&x->arena, "@migrate/%s", e->d_name);
		auto_fd int fd = -1;
		struct err err = ERR_NONE;

		if (e->d_name[0] == '.')
			continue;
		fd = openat(parent, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd >= 0 && receive_lock(fd, 0) && settle(x, fd, path, &err) < 0)
			log_warn("migrate: %s: %s", path, err.text);
	}
}
