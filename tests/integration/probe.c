/* TEST: small observers for the integration tests, one static program, many verbs. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attacker.h"
#include "engine.h"

static int fail(const char *what)
{
	fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
	return 99;
}

/* syscall NR ARGS...: prints "= RESULT" or "! ERRNO". An argument @TEXT is a string's address. */
static int verb_syscall(int argc, char **argv)
{
	long v[7] = {0}, r;

	for (int i = 0; i < argc && i < 7; i++)
		v[i] = argv[i][0] == '@' ? (long)(argv[i] + 1) : (long)strtoull(argv[i], NULL, 0);
	r = syscall(v[0], v[1], v[2], v[3], v[4], v[5], v[6]);
	if (r == -1)
		printf("! %d\n", errno);
	else
		printf("= %ld\n", r);
	return 0;
}

/* thread-syscall NR: a child makes the call; prints how it ended. */
static int verb_fate(int argc, char **argv)
{
	int status;
	pid_t pid = fork();

	if (pid == 0) {
		syscall(strtol(argv[0], NULL, 0), argc > 1 ? strtoul(argv[1], NULL, 0) : 0, 0, 0, 0,
			0, 0);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) < 0)
		return fail("fate");
	if (WIFSIGNALED(status))
		printf("signal %d\n", WTERMSIG(status));
	else
		printf("exit %d\n", WEXITSTATUS(status));
	return 0;
}

/* fds: every open descriptor but the one that reads the directory, with its link target. */
static int verb_fds(int argc, char **argv)
{
	char path[64], link[4096];
	ssize_t n;

	(void)argc;
	(void)argv;
	for (int fd = 0; fd < 1024; fd++) {
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		n = readlink(path, link, sizeof(link) - 1);
		if (n < 0)
			continue;
		link[n] = '\0';
		printf("%d %s\n", fd, link);
	}
	return 0;
}

/* open PATH r|w|rw: prints "ok" or the errno's number. */
static int verb_open(int argc, char **argv)
{
	int flags = O_RDONLY, fd;

	if (argc > 1 && !strcmp(argv[1], "w"))
		flags = O_WRONLY;
	else if (argc > 1 && !strcmp(argv[1], "rw"))
		flags = O_RDWR;
	fd = open(argv[0], flags | O_NONBLOCK | O_NOCTTY);
	if (fd < 0)
		printf("! %d\n", errno);
	else
		puts("ok");
	return 0;
}

/* clock monotonic|boottime: seconds. */
static int verb_clock(int argc, char **argv)
{
	struct timespec ts;

	(void)argc;
	clock_gettime(!strcmp(argv[0], "boottime") ? CLOCK_BOOTTIME : CLOCK_MONOTONIC, &ts);
	printf("%lld\n", (long long)ts.tv_sec);
	return 0;
}

/* signals: the ignored and the blocked ones, as /proc shows them, of this fresh process. */
static int verb_signals(int argc, char **argv)
{
	sigset_t set;

	(void)argc;
	(void)argv;
	sigprocmask(SIG_BLOCK, NULL, &set);
	for (int sig = 1; sig < 65; sig++) {
		struct sigaction sa;

		if (sigismember(&set, sig) == 1)
			printf("blocked %d\n", sig);
		if (syscall(SYS_rt_sigaction, sig, NULL, &sa, 8) == 0 && sa.sa_handler == SIG_IGN)
			printf("ignored %d\n", sig);
	}
	return 0;
}

static int listen_on(const char *path)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	char dir[4096], proc[128];
	const char *name = strrchr(path, '/');
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0), dirfd;

	if (fd < 0 || !name)
		return -1;
	/* A path may be longer than sun_path: go through a descriptor of its directory. */
	snprintf(dir, sizeof(dir), "%.*s", (int)(name - path), path);
	dirfd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dirfd < 0)
		return -1;
	snprintf(proc, sizeof(proc), "/proc/self/fd/%d%s", dirfd, name);
	if (strlen(proc) >= sizeof(sun.sun_path))
		return -1;
	strcpy(sun.sun_path, proc);
	if (bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0 || listen(fd, 8) < 0)
		return -1;
	return fd;
}

/* Takes one message with descriptors: their count, the payload in BUF. */
static int recv_fds(int conn, char *buf, size_t size, int *fds, int max)
{
	char control[CMSG_SPACE(sizeof(int) * 16)];
	struct iovec iov = {buf, size - 1};
	struct msghdr msg = {.msg_iov = &iov,
			     .msg_iovlen = 1,
			     .msg_control = control,
			     .msg_controllen = sizeof(control)};
	ssize_t n = recvmsg(conn, &msg, MSG_CMSG_CLOEXEC);
	int count = 0;

	if (n < 0)
		return -1;
	buf[n] = '\0';
	for (struct cmsghdr *c = CMSG_FIRSTHDR(&msg); c; c = CMSG_NXTHDR(&msg, c)) {
		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < (c->cmsg_len - CMSG_LEN(0)) / sizeof(int) && count < max;
		     i++)
			memcpy(&fds[count++], CMSG_DATA(c) + i * sizeof(int), sizeof(int));
	}
	return count;
}

static void copy_tty(int master, int out)
{
	struct pollfd pfd = {master, POLLIN, 0};
	char buf[4096];
	ssize_t n;

	while (poll(&pfd, 1, 30000) > 0) {
		n = read(master, buf, sizeof(buf));
		if (n <= 0 || write(out, buf, (size_t)n) < 0)
			return;
	}
}

/* recvtty SOCKET DIR [INPUT [LATER]]: takes one pty master. DIR/ready appears once it listens,
 * DIR/payload, DIR/nfds, DIR/rest say what was sent, DIR/out is all that came from the terminal;
 * INPUT is typed into it, at once or, with LATER, after its first
 * output. Ends at hangup. */
static int verb_recvtty(int argc, char **argv)
{
	char path[4096], payload[8192], rest[16];
	int fds[16], n, conn, fd = listen_on(argv[0]), out;
	FILE *f;

	if (fd < 0)
		return fail(argv[0]);
	snprintf(path, sizeof(path), "%s/ready", argv[1]);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	conn = accept(fd, NULL, NULL);
	n = recv_fds(conn, payload, sizeof(payload), fds, 16);
	if (n < 0)
		return fail("recvmsg");
	snprintf(path, sizeof(path), "%s/payload", argv[1]);
	f = fopen(path, "w");
	fputs(payload, f);
	fclose(f);
	snprintf(path, sizeof(path), "%s/rest", argv[1]);
	f = fopen(path, "w");
	fprintf(f, "%zd", read(conn, rest, sizeof(rest)));
	fclose(f);
	snprintf(path, sizeof(path), "%s/out", argv[1]);
	out = open(path, O_CREAT | O_WRONLY | O_TRUNC, 0600);
	snprintf(path, sizeof(path), "%s/nfds", argv[1]);
	f = fopen(path, "w");
	fprintf(f, "%d", n);
	fclose(f);
	if (n < 1)
		return 1;
	if (argc > 3)
		poll(&(struct pollfd){fds[0], POLLIN, 0}, 1, 10000);
	if (argc > 2 && write(fds[0], argv[2], strlen(argv[2])) < 0)
		return fail("write");
	copy_tty(fds[0], out);
	return 0;
}

/* recvfd SOCKET DIR: like recvtty, but the descriptor is a pidfd: DIR/pid is the process. */
static int verb_recvfd(int argc, char **argv)
{
	char path[4096], payload[8192], line[256];
	int fds[16], n, conn, fd = listen_on(argv[0]);
	FILE *f, *info;

	(void)argc;
	if (fd < 0)
		return fail(argv[0]);
	snprintf(path, sizeof(path), "%s/ready", argv[1]);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	conn = accept(fd, NULL, NULL);
	n = recv_fds(conn, payload, sizeof(payload), fds, 16);
	if (n != 1)
		return fail("one descriptor wanted");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fds[0]);
	info = fopen(path, "r");
	snprintf(path, sizeof(path), "%s/pid.tmp", argv[1]);
	f = fopen(path, "w");
	while (info && fgets(line, sizeof(line), info))
		if (!strncmp(line, "Pid:", 4))
			fprintf(f, "%d", atoi(line + 4));
	fclose(f);
	snprintf(line, sizeof(line), "%s/pid", argv[1]);
	return rename(path, line) ? fail(line) : 0;
}

/* dgram SOCKET FILE: appends each datagram as a line; answers a BARRIER=1 by closing its fd. */
static int verb_dgram(int argc, char **argv)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0), fds[16], n, out;
	char buf[4096];

	(void)argc;
	strncpy(sun.sun_path, argv[0], sizeof(sun.sun_path) - 1);
	if (fd < 0 || bind(fd, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		return fail(argv[0]);
	out = open(argv[1], O_CREAT | O_WRONLY | O_APPEND, 0600);
	for (;;) {
		n = recv_fds(fd, buf, sizeof(buf) - 1, fds, 16);
		if (n < 0)
			return fail("recvmsg");
		strcat(buf, "\n");
		if (n > 0)
			strcat(buf, "descriptors\n");
		if (write(out, buf, strlen(buf)) < 0)
			return fail("write");
		while (n > 0)
			close(fds[--n]);
	}
}

/* sendto SOCKET TEXT: one datagram. */
static int verb_sendto(int argc, char **argv)
{
	struct sockaddr_un sun = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)argc;
	strncpy(sun.sun_path, argv[0], sizeof(sun.sun_path) - 1);
	if (sendto(fd, argv[1], strlen(argv[1]), 0, (struct sockaddr *)&sun, sizeof(sun)) < 0)
		return fail(argv[0]);
	return 0;
}

/* accept FD TEXT: takes one connection of the listening socket FD and says TEXT to it. */
static int verb_accept(int argc, char **argv)
{
	int fd = accept(atoi(argv[0]), NULL, NULL);

	(void)argc;
	if (fd < 0 || write(fd, argv[1], strlen(argv[1])) < 0)
		return fail("accept");
	return 0;
}

/* tty-size ROWS COLS CMD...: runs CMD on a new pty of that size, copies its output. */
static int verb_pty(int argc, char **argv)
{
	struct winsize ws = {.ws_row = (unsigned short)atoi(argv[0]),
			     .ws_col = (unsigned short)atoi(argv[1])};
	int master = posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC), status;
	pid_t pid;

	if (argc < 3 || master < 0 || grantpt(master) || unlockpt(master))
		return fail("openpt");
	ioctl(master, TIOCSWINSZ, &ws);
	pid = fork();
	if (pid == 0) {
		int slave;

		setsid();
		slave = open(ptsname(master), O_RDWR);
		dup2(slave, 0);
		dup2(slave, 1);
		dup2(slave, 2);
		if (slave > 2)
			close(slave);
		execvp(argv[2], argv + 2);
		_exit(98);
	}
	copy_tty(master, 1);
	if (waitpid(pid, &status, 0) < 0)
		return fail("wait");
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* leak-dirs N PATH CMD...: opens PATH N times without close-on-exec, then runs CMD. */
static int verb_leak(int argc, char **argv)
{
	if (argc < 3)
		return 99;
	for (int i = atoi(argv[0]); i > 0; i--)
		if (open(argv[1], O_RDONLY | O_DIRECTORY) < 0)
			return fail(argv[1]);
	execvp(argv[2], argv + 2);
	return fail(argv[2]);
}

/* sigstate CMD...: runs CMD with SIGPIPE ignored and SIGUSR1 blocked. */
static int verb_sigstate(int argc, char **argv)
{
	sigset_t set;

	(void)argc;
	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	signal(SIGPIPE, SIG_IGN);
	execvp(argv[0], argv);
	return fail(argv[0]);
}

/* compat NR: the system call of that number of a 32-bit program, printed as by syscall. */
static int verb_compat(int argc, char **argv)
{
#ifdef __x86_64__
	long r = atol(argv[0]);

	(void)argc;
	__asm__ volatile("int $0x80" : "+a"(r) : : "memory", "r8", "r9", "r10", "r11");
	printf(r < 0 && r > -4096 ? "! %ld\n" : "= %ld\n", r < 0 ? -r : r);
	return 0;
#else
	(void)argc, (void)argv;
	errno = ENOTSUP;
	return fail("compat");
#endif
}

static void on_trap(int sig, siginfo_t *info, void *ctx)
{
	(void)sig, (void)ctx;
	printf("trapped %d\n", info->si_syscall);
}

/* trap NR: SIGSYS has a handler. */
static int verb_trap(int argc, char **argv)
{
	struct sigaction sa = {.sa_sigaction = on_trap, .sa_flags = SA_SIGINFO};

	(void)argc;
	sigaction(SIGSYS, &sa, NULL);
	syscall(atol(argv[0]));
	puts("after");
	return 0;
}

static void *thread_call(void *nr)
{
	syscall(*(long *)nr);
	return NULL;
}

/* thread NR: a second thread makes the call; does the first outlive it? */
static int verb_thread(int argc, char **argv)
{
	long nr = atol(argv[0]);
	pthread_t t;

	(void)argc;
	pthread_create(&t, NULL, thread_call, &nr);
	usleep(300000);
	puts("alive");
	fflush(stdout);
	_exit(0);
}

/* traced NR: a child makes the call under a tracer, who prints the filter's message and lets it. */
static int verb_traced(int argc, char **argv)
{
	unsigned long message = 0;
	pid_t pid = fork();
	int status;

	(void)argc;
	if (pid == 0) {
		ptrace(PTRACE_TRACEME, 0, 0, 0);
		raise(SIGSTOP);
		_exit(syscall(atol(argv[0])) < 0 ? errno : 0);
	}
	waitpid(pid, &status, 0);
	ptrace(PTRACE_SETOPTIONS, pid, 0, PTRACE_O_TRACESECCOMP | PTRACE_O_EXITKILL);
	for (;;) {
		ptrace(PTRACE_CONT, pid, 0, 0);
		if (waitpid(pid, &status, 0) < 0)
			return fail("waitpid");
		if (WIFEXITED(status))
			break;
		if (status >> 8 == (SIGTRAP | PTRACE_EVENT_SECCOMP << 8)) {
			ptrace(PTRACE_GETEVENTMSG, pid, 0, &message);
			printf("event %lu\n", message);
		}
	}
	printf("exit %d\n", WEXITSTATUS(status));
	return 0;
}

/* ---- a seccomp agent ------------------------------------------------------------------- */

struct agent {
	const char *dir;
	size_t step; /* bytes of a read */
	int mute, mortal, n_answers, n, listeners[32];
	struct {
		int nr, error;
		long long value;
	} answers[16];
};

static FILE *agent_file(const struct agent *a, int number, const char *suffix)
{
	char path[4096];

	snprintf(path, sizeof(path), "%s/%d.%s", a->dir, number, suffix);
	return fopen(path, "w");
}

/* One connection, to its end: N.json is the text, N.fds how many descriptors came with which read;
 * N.done says that both are there. */
static void agent_accept(struct agent *a, int listener)
{
	int conn = accept(listener, NULL, NULL), fds[16], got, number = a->n;
	FILE *text = agent_file(a, number, "json"), *count = agent_file(a, number, "fds");
	char *buf = malloc(a->step + 1);

	a->listeners[a->n++] = -1;
	for (;;) {
		buf[0] = '\0';
		got = recv_fds(conn, buf, a->step + 1, fds, 16);
		if (got < 0 || (got == 0 && !buf[0]))
			break;
		fputs(buf, text);
		fprintf(count, "%d ", got);
		if (got > 0)
			a->listeners[number] = fds[0];
	}
	fclose(text);
	fclose(count);
	fclose(agent_file(a, number, "done"));
	close(conn);
	free(buf);
	if (a->mortal)
		exit(0);
}

static void agent_answer(struct agent *a, int number)
{
	struct seccomp_notif n = {.id = 0};
	struct seccomp_notif_resp r = {.flags = SECCOMP_USER_NOTIF_FLAG_CONTINUE};
	char path[4096];
	FILE *log;

	if (ioctl(a->listeners[number], SECCOMP_IOCTL_NOTIF_RECV, &n) < 0)
		return;
	snprintf(path, sizeof(path), "%s/log", a->dir);
	log = fopen(path, "a");
	fprintf(log, "%d %d %u\n", number, n.data.nr, n.pid);
	fclose(log);
	r.id = n.id;
	for (int i = 0; i < a->n_answers; i++) {
		if (a->answers[i].nr != n.data.nr)
			continue;
		r.flags = 0;
		r.error = -a->answers[i].error;
		r.val = a->answers[i].value;
	}
	if (!a->mute)
		ioctl(a->listeners[number], SECCOMP_IOCTL_NOTIF_SEND, &r);
}

/*
 * agent SOCKET DIR [WORD...]: takes listeners, logs each notification as "CONNECTION NR PID" in
 * DIR/log and lets the call go on, unless a word says otherwise: NR=e5 is errno 5, NR=v5 the result
 * 5. step=N: reads N bytes at a time. mute: never answers. mortal: ends after the first state.
 * deaf: accepts nobody.
 */
static int verb_agent(int argc, char **argv)
{
	struct agent a = {.dir = argv[1], .step = 4096};
	int fd = listen_on(argv[0]), deaf = 0;
	char path[4096];

	prctl(PR_SET_PDEATHSIG, SIGKILL); /* it ends with its test */
	if (fd < 0)
		return fail(argv[0]);
	for (int i = 2; i < argc; i++) {
		char *value = strchr(argv[i], '=');

		if (!strncmp(argv[i], "step=", 5)) {
			a.step = strtoul(value + 1, NULL, 0);
		} else if (value) {
			a.answers[a.n_answers].nr = atoi(argv[i]);
			a.answers[a.n_answers].error = value[1] == 'e' ? atoi(value + 2) : 0;
			a.answers[a.n_answers++].value = value[1] == 'v' ? atoll(value + 2) : 0;
		}
		a.mute |= !strcmp(argv[i], "mute");
		a.mortal |= !strcmp(argv[i], "mortal");
		deaf |= !strcmp(argv[i], "deaf");
	}
	snprintf(path, sizeof(path), "%s/ready", argv[1]);
	close(open(path, O_CREAT | O_WRONLY, 0600));
	while (deaf)
		pause();
	for (;;) {
		struct pollfd p[33] = {{.fd = fd, .events = POLLIN}};

		for (int i = 0; i < a.n; i++)
			p[i + 1] = (struct pollfd){.fd = a.listeners[i], .events = POLLIN};
		if (poll(p, (nfds_t)a.n + 1, -1) < 0)
			return fail("poll");
		for (int i = a.n; i > 0; i--) {
			if (p[i].revents & POLLIN)
				agent_answer(&a, i - 1);
			else if (p[i].revents) /* nobody has the filter any more */
				close(a.listeners[i - 1]), a.listeners[i - 1] = -1;
		}
		if (p[0].revents && a.n < 32)
			agent_accept(&a, fd);
	}
}

/* The system calls that plans.bats takes away. */
static const struct {
	const char *name;
	unsigned nr;
} calls[] = {
#define CALL(name)                \
	{                         \
#name, SYS_##name \
	}
	CALL(openat2),       CALL(pidfd_open),    CALL(pidfd_send_signal),
	CALL(close_range),   CALL(clone3),        CALL(execveat),
	CALL(statx),         CALL(open_tree),     CALL(mount_setattr),
	CALL(move_mount),    CALL(fsopen),        CALL(fsconfig),
	CALL(fsmount),       CALL(fspick),        CALL(seccomp),
	CALL(keyctl),        CALL(bpf),           CALL(memfd_create),
	CALL(pidfd_getfd),   CALL(set_mempolicy), CALL(ioprio_set),
	CALL(sched_setattr), CALL(personality),   CALL(sched_setaffinity),
#undef CALL
};

/* without ERRNO NAME,... CMD...: runs CMD where these calls fail so, as with an older kernel
 * (ENOSYS, 38) or under a filter that does not know them (EPERM, 1). Its children inherit that. */
static int verb_without(int argc, char **argv)
{
	struct sock_filter f[64] = {BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0)};
	struct sock_fprog program = {.filter = f};
	size_t n = 1, i;

	(void)argc;
	for (char *name = strtok(argv[1], ","); name; name = strtok(NULL, ",")) {
		for (i = 0; i < sizeof(calls) / sizeof(*calls); i++)
			if (!strcmp(calls[i].name, name))
				break;
		if (i == sizeof(calls) / sizeof(*calls)) {
			errno = EINVAL;
			return fail(name);
		}
		f[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, calls[i].nr, 0, 1);
		f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
						      SECCOMP_RET_ERRNO | (unsigned)atoi(argv[0]));
	}
	f[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	program.len = (unsigned short)n;
	/* Not by seccomp(2), and without no_new_privs where we may, so that nothing else changes.
	 */
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0 &&
	    (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
	     prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0))
		return fail("filter");
	execvp(argv[2], argv + 2);
	return fail(argv[2]);
}

/* unfenced CMD...: runs CMD where operations of seccomp(2) that no kernel has are refused. */
static int verb_unfenced(int argc, char **argv)
{
	struct sock_filter f[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 3),
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, args)),
		BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K, 255, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EACCES),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {sizeof(f) / sizeof(*f), f};

	(void)argc;
	if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) < 0)
		return fail("filter");
	execvp(argv[0], argv);
	return fail(argv[0]);
}

/* sched PID: what sched_getattr(2) says: policy, flags, nice, priority, runtime, deadline, period.
 */
static int verb_sched(int argc, char **argv)
{
	struct {
		unsigned size, policy;
		unsigned long long flags;
		int nice;
		unsigned priority;
		unsigned long long runtime, deadline, period;
		unsigned util[2];
	} a = {0};

	(void)argc;
	if (syscall(SYS_sched_getattr, atoi(argv[0]), &a, sizeof(a), 0) < 0)
		return fail("sched_getattr");
	printf("%u 0x%llx %d %u", a.policy, a.flags, a.nice, a.priority);
	if (a.policy == 6)
		printf(" %llu %llu %llu", a.runtime, a.deadline, a.period);
	puts("");
	return 0;
}

/* mempolicy: mode with its flags, and the nodes as a mask, of this thread. */
static int verb_mempolicy(int argc, char **argv)
{
	unsigned long nodes[16] = {0};
	int mode;

	(void)argc;
	(void)argv;
	if (syscall(SYS_get_mempolicy, &mode, nodes, 8 * sizeof(nodes), NULL, 0) < 0)
		return fail("get_mempolicy");
	printf("0x%x 0x%lx\n", mode, nodes[0]);
	return 0;
}

static const struct {
	const char *name;
	int min;
	int (*run)(int argc, char **argv);
} verbs[] = {
	{"syscall", 1, verb_syscall},   {"fate", 1, verb_fate},
	{"fds", 0, verb_fds},           {"open", 1, verb_open},
	{"clock", 1, verb_clock},       {"signals", 0, verb_signals},
	{"recvtty", 2, verb_recvtty},   {"recvfd", 2, verb_recvfd},
	{"dgram", 2, verb_dgram},       {"sendto", 2, verb_sendto},
	{"pty", 3, verb_pty},           {"leak", 3, verb_leak},
	{"sigstate", 1, verb_sigstate}, {"exchange", 2, verb_exchange},
	{"sched", 1, verb_sched},       {"mempolicy", 0, verb_mempolicy},
	{"without", 3, verb_without},   {"unfenced", 1, verb_unfenced},
	{"agent", 2, verb_agent},       {"compat", 1, verb_compat},
	{"trap", 1, verb_trap},         {"thread", 1, verb_thread},
	{"traced", 1, verb_traced},     {"spy", 2, verb_spy},
	{"reopen", 0, verb_reopen},     {"tree", 1, verb_tree},
	{"keyring", 3, verb_keyring},   {"packets", 2, verb_packets},
	{"parent", 2, verb_parent},     {"mortal", 0, verb_mortal},
	{"accept", 2, verb_accept},
};

int main(int argc, char **argv)
{
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (argc &&
	    !strcmp(argv[0], "libnetwork-setkey")) /* Docker's hook is another name of dockerd */
		return verb_setkey(argc, argv);
	for (size_t i = 0; argc > 1 && i < sizeof(verbs) / sizeof(*verbs); i++)
		if (!strcmp(argv[1], verbs[i].name) && argc - 2 >= verbs[i].min)
			return verbs[i].run(argc - 2, argv + 2);
	fputs("usage: probe VERB ARGS...\n", stderr);
	return 99;
}
