/* RUNTIME: wait for an attached process, its signals and its terminal. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/runtime/runtime.h"

/* All but those that report a fault of hull itself, or job control's stop of it. */
static void forwarded(sigset_t *set)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGILL,  SIGFPE,  SIGABRT,
				  SIGTRAP, SIGSYS, SIGPIPE, SIGTTIN, SIGTTOU};

	memset(set, 0xff, sizeof(*set)); /* sigfillset would leave out what libc keeps for itself */
	for (size_t i = 0; i < ARRAY_SIZE(own); i++)
		sigdelset(set, own[i]);
}

/* Before the clone, so that no signal is lost between the two (init resets its own mask). */
void attach_block_signals(void)
{
	sigset_t set;

	forwarded(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
}

#define FLOW_SIZE 16384

/* One direction of the terminal: bytes read but not yet written, never more than one buffer,
 * so that a reader that stops makes the writer wait instead of losing anything. */
struct flow {
	int from, to;
	size_t start, len;
	bool ended; /* nothing more comes */
	char *buf;  /* FLOW_SIZE; without a terminal not even touched */
};

struct attached {
	pid_t pid;
	int pidfd, sigfd, notify; /* notify: -1 when there is nothing to forward (any more) */
	int tty;                  /* whose window size and mode are used; -1 */
	int exit_code;
	bool exited;
	struct console *console;
	struct termios saved;
	bool raw;
	struct flow in, out;
};

static void flow_read(struct flow *f)
{
	ssize_t n = read(f->from, f->buf, FLOW_SIZE);

	if (n > 0) {
		f->start = 0;
		f->len = (size_t)n;
	} else if (n == 0 || (errno != EAGAIN && errno != EINTR)) {
		f->ended = true; /* EIO: the last slave is closed */
	}
}

static void flow_write(struct flow *f)
{
	ssize_t n = write(f->to, f->buf + f->start, f->len);

	if (n > 0) {
		f->start += (size_t)n;
		f->len -= (size_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		f->ended = true;
		f->len = 0;
	}
}

static void terminal_begin(struct attached *a, char (*bufs)[FLOW_SIZE])
{
	struct termios raw;

	a->tty = console_own_terminal();
	a->in = (struct flow){.from = STDIN_FILENO, .to = a->console->master, .buf = bufs[0]};
	a->out = (struct flow){.from = a->console->master, .to = STDOUT_FILENO, .buf = bufs[1]};
	if (a->tty < 0 || tcgetattr(a->tty, &a->saved) < 0)
		return;
	raw = a->saved;
	cfmakeraw(&raw);
	a->raw = tcsetattr(a->tty, TCSANOW, &raw) == 0;
}

/* What the program wrote before it ended is still in the terminal. */
static void terminal_end(struct attached *a)
{
	struct pollfd p = {.fd = a->out.from, .events = POLLIN};

	while (!a->out.ended || a->out.len) {
		if (a->out.len) {
			struct pollfd w = {.fd = a->out.to, .events = POLLOUT};

			poll(&w, 1, -1);
			flow_write(&a->out);
		} else if (poll(&p, 1, 0) > 0) {
			flow_read(&a->out);
		} else {
			break;
		}
	}
	if (a->raw)
		tcsetattr(a->tty, TCSANOW, &a->saved);
}

/* Children are reaped whoever they are: hull may be a subreaper. */
static void reap(struct attached *a)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != a->pid)
			continue;
		a->exited = true;
		a->exit_code = proc_status_to_exit(status);
	}
}

static void on_signal(struct attached *a)
{
	struct signalfd_siginfo info;

	while (read(a->sigfd, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		int sig = (int)info.ssi_signo;

		if (sig == SIGCHLD)
			reap(a);
		else if (sig == SIGWINCH && a->tty >= 0)
			console_copy_size(a->console->master);
		else
			proc_pidfd_signal(a->pidfd, sig);
	}
}

/* The service is hull, as long as it waits for the program: it deletes the container at its end. */
static void on_notify(struct attached *a)
{
	struct err err;
	int r = notify_step(a->notify, getpid(), &err);

	if (r < 0)
		log_warn("%s", err.text);
	if (r)
		a->notify = -1;
}

static void poll_flow(struct pollfd *fds, struct flow *f)
{
	fds[0] = (struct pollfd){.fd = f->ended || f->len ? -1 : f->from, .events = POLLIN};
	fds[1] = (struct pollfd){.fd = f->len ? f->to : -1, .events = POLLOUT};
}

static void run_flow(const struct pollfd *fds, struct flow *f)
{
	if (fds[1].revents)
		flow_write(f);
	else if (fds[0].revents)
		flow_read(f);
}

static int loop(struct attached *a, bool terminal, struct err *err)
{
	struct pollfd fds[6];
	nfds_t n = terminal ? 6 : 2;

	reap(a); /* it may have ended before the signal descriptor existed */
	while (!a->exited) {
		fds[0] = (struct pollfd){.fd = a->sigfd, .events = POLLIN};
		fds[1] = (struct pollfd){.fd = a->notify, .events = POLLIN};
		if (terminal) {
			poll_flow(fds + 2, &a->in);
			poll_flow(fds + 4, &a->out);
		}
		if (poll(fds, n, -1) < 0 && errno != EINTR)
			return err_sys(err, errno, "wait for the process");
		if (fds[0].revents)
			on_signal(a);
		if (fds[1].revents)
			on_notify(a);
		if (terminal) {
			run_flow(fds + 2, &a->in);
			run_flow(fds + 4, &a->out);
		}
	}
	return 0;
}

int attach_wait(pid_t pid, int pidfd, struct console *console, int notify_fd, struct err *err)
{
	struct attached a = {
		.pid = pid,
		.pidfd = pidfd,
		.notify = notify_fd,
		.tty = -1,
		.console = console,
	};
	bool terminal = console->master >= 0;
	char bufs[2][FLOW_SIZE];
	auto_fd int sigfd = -1;
	sigset_t set;
	int r;

	forwarded(&set);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigfd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	if (sigfd < 0)
		return err_sys(err, errno, "make a signal descriptor");
	a.sigfd = sigfd;
	if (terminal)
		terminal_begin(&a, bufs);
	r = loop(&a, terminal, err);
	if (terminal)
		terminal_end(&a);
	return r < 0 ? r : a.exit_code;
}
