/* RUNTIME: serves the memory of restored processes: criu's connection, and whose turn it is. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/sock.h"
#include "lazy_impl.h"

#define FINISHED  0x52535446 /* instead of a pid: all processes are about to run */
#define MAX_READY 64

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

struct lazy *lazy_new(const struct lazy_options *opt, struct err *err)
{
	struct lazy *lz = calloc(1, sizeof(*lz));

	if (!lz) {
		err_sys(err, ENOMEM, "lazy pages");
		return NULL;
	}
	lz->opt = *opt;
	lz->listener = lz->criu = lz->dir = lz->guard = -1;
	lz->progress_ms = clock_now_ms();
	if (!lz->opt.max_spaces)
		lz->opt.max_spaces = 512;
	if (!lz->opt.stall_ms)
		lz->opt.stall_ms = 60000;
	lz->epoll = epoll_create1(EPOLL_CLOEXEC);
	if (lz->epoll >= 0)
		return lz;
	err_sys(err, errno, "lazy pages");
	free(lz);
	return NULL;
}

static void stop_listening(struct lazy *lz)
{
	if (lz->listener < 0)
		return;
	unlinkat(lz->dir, LAZY_SOCKET, 0);
	close_fd(&lz->listener);
	close_fd(&lz->dir);
}

void lazy_leave(struct lazy *lz)
{
	close_fd(&lz->listener);
	close_fd(&lz->dir);
}

void lazy_free(struct lazy *lz)
{
	if (!lz)
		return;
	guard_end(lz, lz->stats.done_ns != 0);
	while (lz->spaces) {
		struct space *sp = lz->spaces;

		lz->spaces = sp->next;
		space_free(sp);
	}
	stop_listening(lz);
	close_fd(&lz->criu);
	close_fd(&lz->epoll);
	free(lz);
}

int lazy_fd(const struct lazy *lz)
{
	return lz->epoll;
}

void lazy_get_stats(const struct lazy *lz, struct lazy_stats *ret)
{
	*ret = lz->stats;
	for (const struct space *sp = lz->spaces; sp; sp = sp->next)
		ret->pending += sp->n_pending;
}

static int watch(struct lazy *lz, int fd, void *what, struct err *err)
{
	struct epoll_event ev = {.events = EPOLLIN, .data.ptr = what};

	return epoll_ctl(lz->epoll, EPOLL_CTL_ADD, fd, &ev) == 0
		       ? 0
		       : err_sys(err, errno, "lazy pages");
}

/* ---- address spaces ---------------------------------------------------------------------- */

bool lazy_full(const struct lazy *lz)
{
	return lz->n_spaces >= lz->opt.max_spaces &&
	       clock_now_ms() < lz->progress_ms + 100; /* they can all be waiting to fork */
}

/* Takes SP. */
int lazy_adopt(struct lazy *lz, struct space *sp, struct err *err)
{
	int flags = fcntl(sp->fd, F_GETFL);

	if (flags < 0 || fcntl(sp->fd, F_SETFL, flags | O_NONBLOCK) < 0)
		err_sys(err, errno, "userfaultfd of process '%d'", pages_pid(sp->proc));
	else if (guard_add(lz, sp, err) == 0)
		(void)watch(lz, sp->fd, sp, err);
	if (err->code) {
		space_free(sp);
		return -err->code;
	}
	sp->next = lz->spaces;
	lz->spaces = sp;
	lz->n_spaces++;
	lz->stats.spaces++;
	return 0;
}

int lazy_add(struct lazy *lz, int32_t pid, int uffd, struct err *err)
{
	struct pages_proc *proc = pages_find(lz->opt.store, pid);
	struct space *sp;

	if (!proc || !pages_sealed(proc)) {
		close_fd(&uffd);
		return err_fail(err, ENOENT, "criu restores process '%d', whose memory is not here",
				pid);
	}
	sp = space_new(lz, proc, uffd, err);
	return sp ? lazy_adopt(lz, sp, err) : -err->code;
}

void lazy_resume(struct lazy *lz)
{
	lz->resumed = true;
	lz->stats.resumed_ns = now_ns();
	lz->progress_ms = clock_now_ms();
}

/* Those that are full, and those that have ended. */
static void sweep(struct lazy *lz)
{
	for (struct space **at = &lz->spaces; *at;) {
		struct space *sp = *at;

		if (!sp->gone && (sp->n_pending || !lz->resumed)) {
			at = &sp->next;
			continue;
		}
		*at = sp->next;
		if (lz->turn == sp)
			lz->turn = sp->next;
		/* Others can have the same descriptor: it would be watched on. */
		(void)epoll_ctl(lz->epoll, EPOLL_CTL_DEL, sp->fd, NULL);
		guard_drop(lz, sp);
		space_free(sp);
		lz->n_spaces--;
		lz->progress++;
	}
}

/* ---- criu -------------------------------------------------------------------------------- */

int lazy_listen(struct lazy *lz, int dir, struct err *err)
{
	lz->dir = fcntl(dir, F_DUPFD_CLOEXEC, 3);
	if (lz->dir < 0)
		return err_sys(err, errno, "work directory");
	if (unlinkat(lz->dir, LAZY_SOCKET, 0) < 0 && errno != ENOENT)
		return err_sys(err, errno, "old socket '%s'", LAZY_SOCKET);
	lz->listener = sock_listen_at(lz->dir, LAZY_SOCKET, SOCK_STREAM | SOCK_NONBLOCK, 1);
	if (lz->listener < 0)
		return err_sys(err, -lz->listener, "socket '%s'", LAZY_SOCKET);
	return watch(lz, lz->listener, &lz->listener, err);
}

static int accept_criu(struct lazy *lz, struct err *err)
{
	struct ucred who = {0};
	socklen_t len = sizeof(who);
	auto_fd int fd = accept4(lz->listener, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);

	if (fd < 0)
		return errno == EAGAIN || errno == ECONNABORTED ? 0 : err_sys(err, errno, "accept");
	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &who, &len) < 0 || who.uid != geteuid())
		return 0; /* not ours */
	if (watch(lz, fd, &lz->criu, err) < 0)
		return -err->code;
	lz->criu = take_fd(&fd);
	lz->progress++;
	stop_listening(lz);
	return 0;
}

/* One message: a pid (negative: a zombie, which has no memory), then a byte with a descriptor. */
static int criu_message(struct lazy *lz, struct err *err)
{
	int32_t word = 0;
	auto_fd int fd = -1;
	ssize_t n = sock_recv(lz->criu, &word, lz->pid ? 1 : sizeof(word), &fd);

	if (n == -EAGAIN)
		return 0;
	if (n == 0 && lz->resumed) {
		close_fd(&lz->criu);
		return 0;
	}
	if (n <= 0)
		return err_fail(err, EPIPE, "criu ended before all processes were restored");
	if (lz->pid) {
		int32_t pid = lz->pid;

		lz->pid = 0;
		if (fd < 0)
			return err_fail(err, EPROTO, "criu sent no userfaultfd for '%d'", pid);
		return lazy_add(lz, pid, take_fd(&fd), err);
	}
	if (n != sizeof(word) || fd >= 0 || word == 0 || lz->resumed)
		return err_fail(err, EPROTO, "criu's word on lazy pages can't be understood");
	if (word == FINISHED)
		lazy_resume(lz);
	else if (word > 0)
		lz->pid = word;
	return 0;
}

/* ---- rounds ------------------------------------------------------------------------------ */

static int ready(struct lazy *lz, void *what, struct err *err)
{
	struct space *sp = what;
	int n;

	if (what == &lz->listener)
		return accept_criu(lz, err);
	if (what == &lz->criu) {
		lz->progress++;
		return criu_message(lz, err);
	}
	if (sp->gone)
		return 0;
	n = space_read(sp, err);
	lz->progress += n > 0 ? (unsigned)n : 0;
	return n;
}

/* A chunk for the one whose turn it is. */
static int fill(struct lazy *lz, struct err *err)
{
	for (unsigned i = 0; i < lz->n_spaces; i++) {
		struct space *sp = lz->turn ? lz->turn : lz->spaces;
		int r;

		lz->turn = sp->next;
		if (sp->idle || sp->gone || !sp->n_pending)
			continue;
		r = space_fill(sp, err);
		if (r != 0) {
			lz->progress += r > 0;
			return r;
		}
	}
	return 0;
}

static bool to_fill(const struct lazy *lz)
{
	for (const struct space *sp = lz->spaces; lz->resumed && sp; sp = sp->next)
		if (!sp->idle && !sp->gone && sp->n_pending)
			return true;
	return false;
}

static bool finished(struct lazy *lz)
{
	if (!lz->resumed || lz->spaces)
		return false;
	if (!lz->stats.done_ns)
		lz->stats.done_ns = now_ns();
	guard_end(lz, true);
	return true;
}

/* Something to do, and none of it could be done: wait a little. */
static int stalled(struct lazy *lz, struct err *err)
{
	struct timespec ms = {.tv_nsec = 1000000};

	if (clock_now_ms() - lz->progress_ms > lz->opt.stall_ms)
		return err_fail(err, ETIMEDOUT, "no page could be restored for %d s",
				lz->opt.stall_ms / 1000);
	nanosleep(&ms, NULL);
	return LAZY_MORE;
}

int lazy_step(struct lazy *lz, int timeout_ms, struct err *err)
{
	struct epoll_event ev[MAX_READY];
	uint64_t before = lz->progress;
	bool busy = to_fill(lz);
	int n;

	if (finished(lz))
		return LAZY_DONE;
	n = epoll_wait(lz->epoll, ev, MAX_READY, busy ? 0 : timeout_ms);
	if (n < 0 && errno != EINTR)
		return err_sys(err, errno, "lazy pages");
	lz->calm = true;
	for (int i = 0; i < n; i++)
		if (ready(lz, ev[i].data.ptr, err) < 0)
			return -err->code;
	if (lz->resumed && fill(lz, err) < 0)
		return -err->code;
	sweep(lz);
	if (finished(lz))
		return LAZY_DONE;
	if (lz->progress != before)
		lz->progress_ms = clock_now_ms();
	else if (busy || n > 0)
		return stalled(lz, err);
	return to_fill(lz) ? LAZY_MORE : LAZY_WAIT;
}

int lazy_arrived(struct lazy *lz, int32_t pid, uint64_t addr, uint64_t n, const void *data,
		 struct err *err)
{
	struct pages_proc *proc = pages_find(lz->opt.store, pid);

	if (!proc || !pages_sealed(proc))
		return err_fail(err, ENOENT, "pages of process '%d', which is not restored", pid);
	for (uint64_t i = 0; i < n; i++)
		lz->in_flight -= pages_get(proc, addr + (i << PAGES_SHIFT), NULL) == PAGE_ASKED;
	if (pages_put(proc, addr, n, data, err) < 0)
		return -err->code;
	lz->progress++;
	for (struct space *sp = lz->spaces; sp; sp = sp->next) {
		if (sp->proc == proc && space_arrived(sp, addr, n, err) < 0)
			return -err->code;
		if (lz->in_flight <= lz->opt.prefetch / 2 && lz->opt.prefetch &&
		    sp->ask_at < pages_leaves(sp->proc))
			sp->idle = false;
	}
	return 0;
}
