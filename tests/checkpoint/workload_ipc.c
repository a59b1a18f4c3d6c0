/* TEST: pipes, unix sockets, descriptors that wait for events. */
#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/timerfd.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

/* TEXT goes in at one end and comes out at the other. */
static void passes(const char *what, int in, int out, const char *text)
{
	struct pollfd pfd = {out, POLLIN, 0};
	char buf[64] = "";
	size_t len = strlen(text);
	ssize_t n;

	if (write(in, text, len) != (ssize_t)len) {
		wrong("%s: write: %s", what, strerror(errno));
		return;
	}
	n = poll(&pfd, 1, 10000) == 1 ? read(out, buf, sizeof(buf) - 1) : -1;
	must(n == (ssize_t)len && !memcmp(buf, text, len), "%s: '%s' came as '%s'", what, text,
	     buf);
}

/* TEXT was waiting; it is put there again. */
static void waits(const char *what, int in, int out, const char *text)
{
	struct pollfd pfd = {out, POLLIN, 0};
	char buf[64] = "";
	ssize_t n = poll(&pfd, 1, 0) == 1 ? read(out, buf, sizeof(buf) - 1) : -1;

	must(n == (ssize_t)strlen(text) && !strcmp(buf, text),
	     "%s: '%s' was waiting, there is '%s'", what, text, buf);
	passes(what, in, out, "fresh");
	must(write(in, text, strlen(text)) == (ssize_t)strlen(text), "%s: write", what);
}

/* ---- pipes -------------------------------------------------------------------------------- */

static int piped[2], fifo[2], big[2];

static void pipes_set(long n)
{
	static char block[100000];

	(void)n;
	if (pipe2(piped, O_CLOEXEC | O_NONBLOCK) || write(piped[1], "in the pipe", 11) != 11)
		die("pipe");
	if (mkfifo(in_dir("fifo"), 0600) && errno != EEXIST)
		die("mkfifo");
	fifo[0] = open(in_dir("fifo"), O_RDWR | O_CLOEXEC);
	fifo[1] = open(in_dir("fifo"), O_WRONLY | O_CLOEXEC);
	if (fifo[1] < 0 || write(fifo[1], "in the fifo", 11) != 11)
		die("fifo");
	fill(block, sizeof(block), 20);
	if (pipe2(big, O_CLOEXEC) || fcntl(big[1], F_SETPIPE_SZ, 262144) < 0 ||
	    write(big[1], block, sizeof(block)) != sizeof(block))
		die("big pipe");
}

static void pipes_check(void)
{
	static char block[100000];
	size_t got = 0;
	ssize_t n;

	waits("pipe", piped[1], piped[0], "in the pipe");
	must(fcntl(piped[0], F_GETFL) & O_NONBLOCK, "pipe: it blocks now");
	must(fcntl(piped[0], F_GETFD) & FD_CLOEXEC, "pipe: it would be inherited now");
	waits("fifo", fifo[1], fifo[0], "in the fifo");
	must(fcntl(big[1], F_GETPIPE_SZ) == 262144, "big pipe: its size is %d",
	     fcntl(big[1], F_GETPIPE_SZ));
	while (got < sizeof(block) && (n = read(big[0], block + got, sizeof(block) - got)) > 0)
		got += (size_t)n;
	verify("big pipe", block, got, 20);
	must(got == sizeof(block), "big pipe: %zu bytes", got);
	must(write(big[1], block, sizeof(block)) == sizeof(block), "big pipe: write");
}

/* ---- unix sockets -------------------------------------------------------------------------- */

static int stream[2], dgram[2], seq[2], named, abstract, client, served, half[2];

static int unix_socket(const char *name, int listening)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	socklen_t len;
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(sun.sun_path, sizeof(sun.sun_path), "%s", name);
	len = (socklen_t)(offsetof(struct sockaddr_un, sun_path) + strlen(name));
	if (name[0] == '@')
		sun.sun_path[0] = '\0';
	if (fd < 0)
		die(name);
	if (listening && name[0] != '@')
		unlink(name);
	if (listening ? bind(fd, (struct sockaddr *)&sun, len) || listen(fd, 8)
		      : connect(fd, (struct sockaddr *)&sun, len)) {
		close(fd);
		return -1;
	}
	return fd;
}

static void unix_set(long n)
{
	(void)n;
	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, stream) ||
	    socketpair(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0, dgram) ||
	    socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, seq) ||
	    socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, half))
		die("socketpair");
	if (write(stream[0], "in the stream", 13) < 0 || write(dgram[0], "a datagram", 10) < 0 ||
	    write(seq[0], "one", 3) < 0 || write(seq[0], "two", 3) < 0 ||
	    shutdown(half[0], SHUT_WR))
		die("socket");
	named = unix_socket(in_dir("socket"), 1);
	abstract = unix_socket("@workload", 1);
	if (named < 0 || abstract < 0)
		die("listen");
	client = unix_socket(in_dir("socket"), 0);
	served = accept4(named, NULL, NULL, SOCK_CLOEXEC);
	if (client < 0 || served < 0)
		die("connect");
}

static void answers(const char *what, const char *name, int listener)
{
	int c = unix_socket(name, 0), s = c < 0 ? -1 : accept4(listener, NULL, NULL, SOCK_CLOEXEC);

	if (s < 0) {
		wrong("%s: nobody can connect: %s", what, strerror(errno));
	} else {
		passes(what, c, s, "to the server");
		passes(what, s, c, "to the client");
	}
	close(c);
	close(s);
}

static void unix_check(void)
{
	char buf[16] = "";

	waits("unix stream", stream[0], stream[1], "in the stream");
	passes("unix stream back", stream[1], stream[0], "back");
	waits("unix datagrams", dgram[0], dgram[1], "a datagram");
	must(read(seq[1], buf, 16) == 3 && !memcmp(buf, "one", 3), "unix seqpacket: first: %s",
	     buf);
	must(read(seq[1], buf, 16) == 3 && !memcmp(buf, "two", 3), "unix seqpacket: second: %s",
	     buf);
	must(write(seq[0], "one", 3) == 3 && write(seq[0], "two", 3) == 3, "unix seqpacket: write");
	must(read(half[1], buf, 1) == 0, "half closed unix socket: no end of file");
	passes("half closed unix socket", half[1], half[0], "still");
	answers("unix socket", in_dir("socket"), named);
	answers("abstract unix socket", "@workload", abstract);
	passes("accepted unix socket", client, served, "hello");
	passes("accepted unix socket", served, client, "hello");
}

/* ---- descriptors that wait ------------------------------------------------------------------ */

static int poller, event, timer, signals, watch, source[2];

static void events_set(long n)
{
	struct itimerspec far = {{3, 0}, {100000, 0}};
	struct epoll_event ev = {.events = EPOLLIN};
	sigset_t set;

	(void)n;
	event = eventfd(5, EFD_CLOEXEC | EFD_NONBLOCK);
	timer = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC);
	sigemptyset(&set);
	sigaddset(&set, SIGUSR2);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signals = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	poller = epoll_create1(EPOLL_CLOEXEC);
	if (timer < 0 || signals < 0 || poller < 0 || timerfd_settime(timer, 0, &far, NULL) ||
	    pipe2(source, O_CLOEXEC))
		die("event descriptors");
	ev.data.u64 = 0x1122334455667788;
	if (epoll_ctl(poller, EPOLL_CTL_ADD, event, &ev))
		die("epoll_ctl");
	ev.data.u64 = 42;
	if (epoll_ctl(poller, EPOLL_CTL_ADD, source[0], &ev))
		die("epoll_ctl");
}

static void timers_check(void)
{
	struct itimerspec its = {0};

	must(timerfd_gettime(timer, &its) == 0 && its.it_value.tv_sec > 90000 &&
		     its.it_value.tv_sec <= 100000 && its.it_interval.tv_sec == 3,
	     "timerfd: %lld seconds are left", (long long)its.it_value.tv_sec);
	/* It goes off, and is put back. */
	its.it_value = (struct timespec){0, 1000000};
	its.it_interval.tv_sec = 0;
	timerfd_settime(timer, 0, &its, NULL);
	must(poll(&(struct pollfd){timer, POLLIN, 0}, 1, 10000) == 1,
	     "timerfd: it does not go off");
	its = (struct itimerspec){{3, 0}, {100000, 0}};
	timerfd_settime(timer, 0, &its, NULL);
}

static void events_check(void)
{
	struct epoll_event got[4];
	struct signalfd_siginfo si;
	uint64_t count = 0;
	int n = epoll_wait(poller, got, 4, 0);

	must(n == 1 && got[0].data.u64 == 0x1122334455667788, "epoll: %d events", n);
	must(read(event, &count, sizeof(count)) == sizeof(count) && count == 5, "eventfd: %llu",
	     (unsigned long long)count);
	must(epoll_wait(poller, got, 4, 0) == 0, "epoll: events of nothing");
	must(write(source[1], "x", 1) == 1 && epoll_wait(poller, got, 4, 5000) == 1 &&
		     got[0].data.u64 == 42,
	     "epoll: it misses the pipe");
	must(read(source[0], &n, 1) == 1, "pipe");
	count = 5;
	must(write(event, &count, sizeof(count)) == sizeof(count), "eventfd: write");
	kill(getpid(), SIGUSR2);
	must(read(signals, &si, sizeof(si)) == sizeof(si) && si.ssi_signo == SIGUSR2,
	     "signalfd: no signal");
	timers_check();
}

static void inotify_set(long n)
{
	(void)n;
	mkdir(in_dir("watched"), 0700);
	watch = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	if (watch < 0 || inotify_add_watch(watch, in_dir("watched"), IN_CREATE) < 0)
		die("inotify");
}

static void inotify_check(void)
{
	static int round;
	struct pollfd pfd = {watch, POLLIN, 0};
	char buf[4096], name[64];
	const struct inotify_event *ev = (void *)buf;

	snprintf(name, sizeof(name), "watched/file%d", ++round);
	close(open(in_dir(name), O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	must(poll(&pfd, 1, 5000) == 1 && read(watch, buf, sizeof(buf)) > 0 &&
		     ev->mask == IN_CREATE && !strcmp(ev->name, strchr(name, '/') + 1),
	     "inotify: the new file is not seen");
}

/* clang-format off */
const struct piece ipc_pieces[] = {
	{"pipes",   pipes_set,   pipes_check,   NULL},
	{"unix",    unix_set,    unix_check,    NULL},
	{"events",  events_set,  events_check,  NULL},
	{"inotify", inotify_set, inotify_check, NULL},
	{0},
};
/* clang-format on */
