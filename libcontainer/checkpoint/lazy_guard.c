/* RUNTIME: a process that holds what the server of lazy pages has, in case that one is killed. */
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/sock.h"
#include "lazy_impl.h"

enum guard_op { GUARD_ADD, GUARD_DROP, GUARD_DONE };

struct guard_msg {
	uint32_t op, id;
};

/* ---- the guard --------------------------------------------------------------------------- */

struct held {
	uint32_t id;
	int fd;
};

/* As long as it has the descriptor, a thread that waits for a page waits on. One that can't be
 * noted stays open, which is as good. */
static void hold(struct held **held, size_t *n, uint32_t id, int fd)
{
	struct held *m;

	if (fd < 0)
		return;
	m = realloc(*held, (*n + 1) * sizeof(**held));
	if (!m)
		return;
	*held = m;
	m[(*n)++] = (struct held){.id = id, .fd = fd};
}

static void let_go(struct held *held, size_t *n, uint32_t id)
{
	for (size_t i = 0; i < *n; i++)
		if (held[i].id == id) {
			close_fd(&held[i].fd);
			held[i] = held[--*n];
			return;
		}
}

/* Until all is done, or the server is no more. */
static bool watch_server(int sock, int server)
{
	struct held *held = NULL;
	size_t n = 0;

	for (;;) {
		struct guard_msg m;
		int fd = -1;

		if (!sock_await(sock, server) || sock_recv(sock, &m, sizeof(m), &fd) != sizeof(m))
			return false;
		if (m.op == GUARD_DONE)
			return true;
		if (m.op == GUARD_ADD)
			hold(&held, &n, m.id, fd);
		else
			let_go(held, &n, m.id);
	}
}

static void null_stdio(void)
{
	auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	for (int fd = 0; null >= 0 && fd < 3; fd++)
		if (fd != log_fd())
			(void)dup2(null, fd);
}

/* All but stdio and the N descriptors of KEEP (those that are not negative). */
static void close_others(const int *keep, size_t n)
{
	for (int from = 3, to; from >= 0; from = to >= 0 ? to + 1 : -1) {
		to = -1;
		for (size_t i = 0; i < n; i++)
			if (keep[i] >= from && (to < 0 || keep[i] < to))
				to = keep[i];
		if (to != from)
			(void)syscall(SYS_close_range, (unsigned)from,
				      to < 0 ? ~0U : (unsigned)to - 1, 0);
	}
}

static _Noreturn void guard(int sock, int server, void (*end)(void *arg), void *arg, int keep)
{
	prctl(PR_SET_NAME, "hull-guard");
	proc_reset_signals();
	(void)setsid(); /* a ^C is for the server */
	null_stdio();
	close_others((int[]){sock, server, keep, log_fd()}, 4);
	if (!watch_server(sock, server)) {
		log_error("hull ended before the restored memory was in: the container is killed");
		end(arg);
	}
	_exit(0);
}

/* ---- the server's side ------------------------------------------------------------------- */

int lazy_guard(struct lazy *lz, void (*end)(void *arg), void *arg, int keep, struct err *err)
{
	auto_fd int self = -1;
	int pair[2];

	if (lz->spaces || lz->guard >= 0)
		return err_fail(err, EINVAL, "lazy pages: guarded too late");
	self = proc_pidfd_open(getpid());
	if (self < 0)
		return err_sys(err, -self, "guard of lazy pages");
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "guard of lazy pages");
	lz->guard_pid = fork();
	if (lz->guard_pid == 0) {
		close_fd(&pair[0]);
		guard(pair[1], self, end, arg, keep);
	}
	close_fd(&pair[1]);
	if (lz->guard_pid < 0) {
		close_fd(&pair[0]);
		return err_sys(err, errno, "guard of lazy pages");
	}
	lz->guard = pair[0];
	return 0;
}

static int tell(struct lazy *lz, enum guard_op op, uint32_t id, int fd)
{
	struct guard_msg m = {.op = op, .id = id};

	return lz->guard < 0 ? 0 : sock_send(lz->guard, &m, sizeof(m), fd);
}

int guard_add(struct lazy *lz, struct space *sp, struct err *err)
{
	int r;

	sp->id = ++lz->last_id;
	r = tell(lz, GUARD_ADD, sp->id, sp->fd);
	return r < 0 ? err_sys(err, -r, "guard of lazy pages") : 0;
}

void guard_drop(struct lazy *lz, const struct space *sp)
{
	(void)tell(lz, GUARD_DROP, sp->id, -1);
}

void guard_end(struct lazy *lz, bool done)
{
	if (lz->guard < 0)
		return;
	if (done)
		(void)tell(lz, GUARD_DONE, 0, -1);
	close_fd(&lz->guard);
	(void)proc_wait(lz->guard_pid);
}
