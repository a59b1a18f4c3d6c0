/* RUNTIME: ssh, a process beside us, or a connection that is there already. */
#include "libcontainer/checkpoint/transport.h"

#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/str.h"

/* ---- the other process ------------------------------------------------------------------ */

static _Noreturn void child(enum transport_kind kind, int sock, int said, const char *path,
			    const char *const *argv, pid_t parent)
{
	proc_reset_signals();
	/* The terminal's ^C is for hull, which ends a migration in order. ssh leaves a signal alone
	 * that is ignored when it starts. */
	signal(SIGINT, SIG_IGN);
	signal(SIGHUP, SIG_IGN);
	/* ssh has nothing to do without us. A receiver decides by itself what becomes of what it
	 * has, and must not die between two of its steps because we did. */
	if (kind == TRANSPORT_SSH) {
		prctl(PR_SET_PDEATHSIG, SIGTERM);
		if (getppid() != parent)
			_exit(127);
	} else {
		setsid();
	}
	if (dup2(sock, 0) < 0 || dup2(sock, 1) < 0 || dup2(said, 2) < 0 || proc_cloexec_from(3) < 0)
		_exit(127);
	if (strchr(path, '/'))
		execv(path, (char *const *)argv);
	else
		execvp(path, (char *const *)argv);
	dprintf(2, "execute '%s': %s\n", path, err_name(errno));
	_exit(127);
}

static int start(struct transport *t, const char *path, const char *const *argv, struct err *err)
{
	static const int requests = 8 << 20;
	int pair[2] = {-1, -1}, pipe_fds[2] = {-1, -1};
	pid_t parent = getpid();
	int r = 0;

	/* Of the usual size: a larger buffer is no faster here, and what is asked for in a hurry
	 * would wait behind what is in it. */
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "make a socket");
	/* Small requests for pages, each of which counts as much more than its bytes: as many as
	 * there can be threads that wait for one, while we are busy sending. Else both ends would
	 * wait for each other. */
	(void)setsockopt(pair[1], SOL_SOCKET, SO_SNDBUFFORCE, &requests, sizeof(requests));
	if (pipe2(pipe_fds, O_CLOEXEC) < 0 || fcntl(pipe_fds[0], F_SETFL, O_NONBLOCK) < 0)
		r = err_sys(err, errno, "make a pipe");
	if (r == 0)
		t->pid = proc_clone(0, -1, &t->pidfd);
	if (r == 0 && t->pid == 0)
		child(t->kind, pair[1], pipe_fds[1], path, argv, parent);
	if (r == 0 && t->pid < 0) {
		r = err_sys(err, -t->pid, "start '%s'", argv[0]);
		t->pid = 0;
	}
	close_fd(&pair[1]);
	close_fd(&pipe_fds[1]);
	if (r < 0) {
		close_fd(&pair[0]);
		close_fd(&pipe_fds[0]);
		return r;
	}
	t->in = t->out = pair[0];
	t->said_fd = pipe_fds[0];
	t->program = argv[0];
	return 0;
}

/* ---- a connection that is there --------------------------------------------------------- */

static int adopt(int fd, short access, int *ret, struct err *err)
{
	struct sockaddr peer;
	struct stat st;
	int type, flags = fcntl(fd, F_GETFL), one = 1, r;
	socklen_t len = sizeof(type), none = 0;

	if (flags < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "descriptor %d", fd);
	if (S_ISSOCK(st.st_mode)) {
		if (getsockopt(fd, SOL_SOCKET, SO_TYPE, &type, &len) < 0)
			return err_sys(err, errno, "socket %d", fd);
		if (type != SOCK_STREAM)
			return err_fail(err, EINVAL, "socket %d is no stream", fd);
		if (getpeername(fd, &peer, &none) < 0 && errno == ENOTCONN)
			return err_fail(err, ENOTCONN, "socket %d is not connected", fd);
		/* Small frames of the commit wait for nothing; not every socket knows of it. */
		(void)setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, &one, sizeof(one));
	} else if (!S_ISFIFO(st.st_mode)) {
		return err_fail(err, EINVAL, "descriptor %d is neither a socket nor a pipe", fd);
	} else if ((flags & O_ACCMODE) != O_RDWR &&
		   (flags & O_ACCMODE) != (access == POLLIN ? O_RDONLY : O_WRONLY)) {
		return err_fail(err, EINVAL, "pipe %d is the wrong end", fd);
	}
	r = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (r < 0)
		return err_sys(err, errno, "descriptor %d", fd);
	*ret = r;
	return 0;
}

static int open_fds(struct transport *t, const struct transport_to *to, struct err *err)
{
	struct stat st;
	int r = adopt(to->in, POLLIN, &t->in, err);

	t->out = t->in;
	if (r < 0)
		return r;
	if (to->in != to->out) {
		t->out = -1;
		return adopt(to->out, POLLOUT, &t->out, err);
	}
	if (fstat(t->in, &st) == 0 && S_ISFIFO(st.st_mode))
		return err_fail(err, EINVAL, "pipe %d carries one way: fd:IN,OUT", to->in);
	return 0;
}

int transport_open(struct transport *t, const struct transport_to *to, const char *ssh,
		   const char *const *receive, struct err *err)
{
	auto_arena a = ARENA_INIT;
	const char *const *argv;
	int r;

	*t = (struct transport){
		.kind = to->kind, .in = -1, .out = -1, .pidfd = -1, .said_fd = -1, .status = -1};
	if (to->kind == TRANSPORT_FD) {
		r = open_fds(t, to, err);
	} else if (to->kind == TRANSPORT_LOCAL) {
		r = start(t, "/proc/self/exe", receive, err);
	} else {
		if (!ssh)
			ssh = getenv("HULL_SSH");
		r = transport_ssh_argv(&a, given(ssh) ? ssh : NULL, to->host, receive, &argv, err);
		if (r == 0)
			r = start(t, argv[0], argv, err);
		t->program = "ssh";
	}
	if (r < 0)
		(void)transport_close(t, 0);
	return r;
}

/* ---- what it says ----------------------------------------------------------------------- */

static void keep(struct transport *t, const char *text, size_t n)
{
	size_t over;

	if (n > TRANSPORT_SAID) {
		text += n - TRANSPORT_SAID;
		n = TRANSPORT_SAID;
	}
	over = t->n_said + n > TRANSPORT_SAID ? t->n_said + n - TRANSPORT_SAID : 0;
	memmove(t->said, t->said + over, t->n_said - over);
	t->n_said -= over;
	memcpy(t->said + t->n_said, text, n);
	t->n_said += n;
	t->said[t->n_said] = '\0';
}

static void drain(struct transport *t)
{
	char text[1024];
	ssize_t n;

	if (t->said_fd < 0)
		return;
	/* Bounded: who says more than that at once is heard the next time. */
	for (int i = 0; i < 64; i++) {
		n = read(t->said_fd, text, sizeof(text));
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 && errno == EAGAIN)
			return;
		if (n <= 0) {
			close_fd(&t->said_fd);
			return;
		}
		keep(t, text, (size_t)n);
	}
}

static int said_something(void *arg)
{
	struct transport *t = arg;

	drain(t);
	return t->said_fd;
}

void transport_attach(struct transport *t, struct wire *w)
{
	w->aside = (struct wire_aside){.fd = t->said_fd, .ready = said_something, .arg = t};
}

/* ---- the end ---------------------------------------------------------------------------- */

/* Its last words are read while it ends: it may wait for that. */
static bool has_ended(struct transport *t, int timeout_ms)
{
	int64_t end = clock_now_ms() + timeout_ms;

	while (t->pid && t->status < 0) {
		struct pollfd fds[2] = {{.fd = t->pidfd, .events = POLLIN},
					{.fd = t->said_fd, .events = POLLIN}};
		int64_t left = end - clock_now_ms();

		if (poll(fds, 2, left > 0 ? (int)left : 0) < 0 && errno != EINTR)
			return false;
		if (fds[1].revents)
			drain(t);
		if (fds[0].revents)
			t->status = proc_wait(t->pid);
		else if (left <= 0)
			return false;
	}
	/* Not until the end of file: whom it started may have the pipe, too. */
	drain(t);
	return true;
}

const char *transport_last_words(struct transport *t)
{
	size_t start = t->n_said > 512 ? t->n_said - 512 : 0;

	while (t->n_said > start && strchr("\r\n \t", t->said[t->n_said - 1]))
		t->said[--t->n_said] = '\0';
	for (char *p = t->said + start; *p; p++)
		if (*p == '\n' || *p == '\r')
			*p = ' ';
	return t->said + start;
}

const char *transport_warning(struct transport *t)
{
	char *at = strstr(t->said, TRANSPORT_WARNING);

	if (!at)
		return NULL;
	at += strlen(TRANSPORT_WARNING);
	at[strcspn(at, "\r\n")] = '\0';
	for (char *p = at; *p; p++)
		*p = str_shown(*p);
	return at;
}

int transport_explain(struct transport *t, int timeout_ms, struct err *err)
{
	bool ended = has_ended(t, timeout_ms);
	struct err why = *err;

	if (!t->pid || err->code == EREMOTEIO)
		return -err->code;
	if (ended && t->n_said)
		err_fail(err, why.code, "%s; %s ended with status %d: %s", why.text, t->program,
			 t->status, transport_last_words(t));
	else if (ended)
		err_fail(err, why.code, "%s; %s ended with status %d", why.text, t->program,
			 t->status);
	else if (t->n_said)
		err_fail(err, why.code, "%s; %s says: %s", why.text, t->program,
			 transport_last_words(t));
	err->show_errno = why.show_errno;
	memcpy(err->hint, why.hint, sizeof(err->hint));
	if (t->kind == TRANSPORT_SSH && t->status == 255)
		err_hint(err, "try the same host with ssh by hand, or set HULL_SSH");
	if (t->kind == TRANSPORT_SSH && t->status == 127)
		err_hint(err, "is hull installed over there, and in the PATH of a command by ssh?");
	return -err->code;
}

int transport_close(struct transport *t, int timeout_ms)
{
	int status = 0;

	if (t->out != t->in)
		close_fd(&t->out);
	close_fd(&t->in);
	t->out = -1;
	if (t->pid && !has_ended(t, timeout_ms) && t->kind == TRANSPORT_SSH) {
		(void)proc_pidfd_signal(t->pidfd, SIGTERM);
		if (!has_ended(t, 1000)) {
			(void)proc_pidfd_signal(t->pidfd, SIGKILL);
			(void)has_ended(t, 1000);
		}
	}
	if (t->pid)
		status = t->status < 0 ? -ETIMEDOUT : t->status;
	close_fd(&t->pidfd);
	close_fd(&t->said_fd);
	t->pid = 0;
	return status;
}
