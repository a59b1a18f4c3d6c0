/* INIT: the container is created; wait for its start. */
#include <errno.h>
#include <link.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/init/side.h"
#include "libcontainer/sync.h"

/* From here on the container lives without the runtime that made it. */
int init_ready(void *ctx, struct err *err)
{
	struct init *c = ctx;
	bool run = c->exec || c->args->listen_fd < 0;
	int r;

	if (!run)
		prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
	r = sync_send(c->channel, SYNC_READY);
	if (r < 0)
		return err_sys(err, -r, "tell the runtime that the container is ready");
	if (!run)
		close_fd(&c->channel);
	return 0;
}

static void end(int sig)
{
	_exit(128 + sig);
}

/* The kernel does not deliver to a namespace's first process what it has no handler for: a
 * created container could only be killed with KILL. execve sets them back. */
static void handle_signals(void)
{
	static const int fatal[] = {SIGHUP, SIGINT, SIGQUIT, SIGTERM, SIGUSR1, SIGUSR2, SIGALRM};
	struct sigaction action = {.sa_handler = end};
	sigset_t none;

	for (size_t i = 0; i < ARRAY_SIZE(fatal); i++)
		sigaction(fatal[i], &action, NULL);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

/* A peer that connects and says nothing shall not keep the others out for ever. */
static int answer(int conn)
{
	const struct timeval patience = {.tv_sec = 5};
	struct sync_msg msg;
	ssize_t n;

	setsockopt(conn, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof(patience));
	n = sock_recv(conn, &msg, sizeof(msg), NULL);
	return n >= (ssize_t)offsetof(struct sync_msg, err) && msg.type == SYNC_START;
}

struct segments {
	size_t n;
	struct {
		uintptr_t start, end;
	} v[8];
};

/* The segments of the program that are not written: code and constants. */
static int add_segments(struct dl_phdr_info *info, size_t size, void *arg)
{
	const uintptr_t page = (uintptr_t)sysconf(_SC_PAGESIZE);
	struct segments *s = arg;

	(void)size;
	for (int i = 0; i < info->dlpi_phnum && s->n < ARRAY_SIZE(s->v); i++) {
		const ElfW(Phdr) *p = &info->dlpi_phdr[i];

		if (p->p_type != PT_LOAD || (p->p_flags & PF_W))
			continue;
		s->v[s->n].start = (info->dlpi_addr + p->p_vaddr) & ~(page - 1);
		s->v[s->n++].end = (info->dlpi_addr + p->p_vaddr + p->p_memsz) & ~(page - 1);
	}
	return 0;
}

/* A system call without a visit to libc's pages. */
static inline long bare_syscall(long nr, long a, long b, long c, long d)
{
#if defined(__x86_64__) && !defined(__ILP32__)
	register long r10 __asm__("r10") = d;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
			 : "rcx", "r11", "memory");
	return ret;
#else
	long ret = syscall(nr, a, b, c, d);

	return ret < 0 ? -errno : ret;
#endif
}

/* The wait may be long and a host may be full of it: pages of the program go back, as they can be
 * read again from its file. The kernel brings a large piece around each one that is touched, so
 * nothing but this function may run from here until the connection comes. fd or -errno. */
static __attribute__((noinline)) int accept_small(int listen_fd, const struct segments *s)
{
	for (size_t i = 0; i < s->n; i++)
		bare_syscall(SYS_madvise, (long)s->v[i].start, (long)(s->v[i].end - s->v[i].start),
			     MADV_DONTNEED, 0);
	return (int)bare_syscall(SYS_accept4, listen_fd, 0, 0, SOCK_CLOEXEC);
}

static int accept_start(struct init *c, struct err *err)
{
	struct segments segments = {0};

	dl_iterate_phdr(add_segments, &segments);
	for (;;) {
		auto_fd int conn = accept_small(c->args->listen_fd, &segments);

		if (conn == -EINTR || conn == -ECONNABORTED)
			continue;
		if (conn < 0)
			return err_sys(err, -conn, "wait for the start of the container");
		/* One that closes without a word only asked whether we wait. */
		if (answer(conn)) {
			c->channel = take_fd(&conn);
			return 0;
		}
	}
}

int init_wait_start(void *ctx, struct err *err)
{
	struct init *c = ctx;
	int r;

	if (c->exec || c->args->listen_fd < 0) {
		r = sync_expect(c->channel, SYNC_START, NULL, err);
		if (r == 0)
			prctl(PR_SET_PDEATHSIG, 0, 0, 0, 0);
		return r;
	}
	handle_signals();
	return accept_start(c, err);
}
