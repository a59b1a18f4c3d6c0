/* TEST: a system call made in another process leaves that process as it was. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/filter.h>
#include <linux/futex.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ipc.h>
#include <sys/mman.h>
#include <sys/msg.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/select.h>
#include <sys/sem.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/track_load.h"

#define INJECTIONS 12

static void sleep_ms(long ms)
{
	nanosleep(&(struct timespec){ms / 1000, ms % 1000 * 1000000}, NULL);
}

static char state_of(pid_t pid)
{
	char path[64], text[512], *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f)
		return 0;
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	p = strrchr(text, ')');
	return p ? p[2] : 0;
}

static long field_of(pid_t pid, const char *field)
{
	char path[64], text[4096], *p;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/status", pid);
	f = fopen(path, "re");
	CHECK(f);
	text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
	fclose(f);
	p = strstr(text, field);
	CHECK(p);
	return strtol(p + strlen(field), NULL, 10);
}

static bool wait_state(pid_t pid, const char *states)
{
	for (int i = 0; i < 60000; i++) {
		char c = state_of(pid);

		if (c && strchr(states, c))
			return true;
		sleep_ms(1);
	}
	return false;
}

static size_t open_files(pid_t pid)
{
	char path[64], link[64];
	size_t n = 0;

	for (int fd = 0; fd < 256; fd++) {
		snprintf(path, sizeof(path), "/proc/%d/fd/%d", pid, fd);
		n += readlink(path, link, sizeof(link)) > 0;
	}
	return n;
}

static void inject_many(pid_t pid)
{
	size_t files = open_files(pid);

	for (int i = 0; i < INJECTIONS; i++) {
		struct track_proc *p = load_track(pid);

		CHECK_STR(track_why_text(p->why), "is tracked");
		CHECK_INT(p->state, TRACK_ON);
		track_close(p);
	}
	CHECK_UINT(open_files(pid), files);
	CHECK_INT(field_of(pid, "\nTracerPid:"), 0);
}

/* Calls that wait. Each returns what its end of the conversation expects, or -errno. */
struct waiting {
	int pipe[2], sock[2], epoll, inotify, sem, msg;
	int *word; /* shared */
};

static struct waiting w;

static long ret_of(long v)
{
	return v < 0 ? -errno : v;
}

static long wait_nanosleep(void)
{
	struct timespec t = {0, 400000000}, left;

	return ret_of(nanosleep(&t, &left));
}

static long wait_read(void)
{
	char c;

	return ret_of(read(w.pipe[0], &c, 1));
}

/* Who begins to wait, or again, when the word has changed already, hears of that. */
static long futex_wait(int op, const struct timespec *timeout)
{
	long r = ret_of(syscall(SYS_futex, w.word, op, 0, timeout, NULL, 1));

	return r == -EAGAIN && *w.word == 1 ? 0 : r;
}

static long wait_futex(void)
{
	struct timespec t = {30, 0};

	return futex_wait(FUTEX_WAIT, &t);
}

static long wait_futex_ever(void)
{
	return futex_wait(FUTEX_WAIT, NULL);
}

static long wait_epoll(void)
{
	struct epoll_event e;

	return ret_of(epoll_wait(w.epoll, &e, 1, 30000));
}

static long wait_epoll_masked(void)
{
	struct epoll_event e;
	sigset_t set;

	sigfillset(&set);
	return ret_of(epoll_pwait(w.epoll, &e, 1, -1, &set));
}

static long wait_poll(void)
{
	struct pollfd p = {.fd = w.pipe[0], .events = POLLIN};

	return ret_of(poll(&p, 1, 30000));
}

static long wait_ppoll(void)
{
	struct pollfd p = {.fd = w.pipe[0], .events = POLLIN};
	struct timespec t = {30, 0};
	sigset_t set;

	sigfillset(&set);
	return ret_of(ppoll(&p, 1, &t, &set));
}

static long wait_select(void)
{
	struct timeval t = {30, 0};
	fd_set set;

	FD_ZERO(&set);
	FD_SET(w.pipe[0], &set);
	return ret_of(select(w.pipe[0] + 1, &set, NULL, NULL, &t));
}

static long wait_recv(void)
{
	struct timeval t = {30, 0};
	char c;

	setsockopt(w.sock[0], SOL_SOCKET, SO_RCVTIMEO, &t, sizeof(t));
	return ret_of(recv(w.sock[0], &c, 1, 0));
}

static long wait_semop(void)
{
	struct sembuf op = {0, -1, 0};

	return ret_of(semop(w.sem, &op, 1)) + 1;
}

static long wait_msgrcv(void)
{
	struct {
		long type;
		char text[8];
	} m;

	return ret_of(msgrcv(w.msg, &m, sizeof(m.text), 0, 0));
}

static long wait_sigtimedwait(void)
{
	struct timespec t = {30, 0};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	return ret_of(sigtimedwait(&set, NULL, &t)) == SIGUSR1 ? 1 : -errno;
}

static long wait_inotify(void)
{
	char buf[4096];

	return ret_of(read(w.inotify, buf, sizeof(buf))) > 0 ? 1 : -errno;
}

static long wait_lock(void)
{
	return futex_wait(FUTEX_WAIT_BITSET, NULL);
}

static void wake_nothing(pid_t pid)
{
	(void)pid;
}

static void wake_pipe(pid_t pid)
{
	(void)pid;
	CHECK(write(w.pipe[1], "x", 1) == 1);
}

static void wake_sock(pid_t pid)
{
	(void)pid;
	CHECK(write(w.sock[1], "x", 1) == 1);
}

static void wake_word(pid_t pid)
{
	(void)pid;
	*w.word = 1;
	syscall(SYS_futex, w.word, FUTEX_WAKE, 1, NULL, NULL, 0);
}

static void wake_sem(pid_t pid)
{
	struct sembuf op = {0, 1, 0};

	(void)pid;
	CHECK(semop(w.sem, &op, 1) == 0);
}

static void wake_msg(pid_t pid)
{
	struct {
		long type;
		char text[1];
	} m = {1, "x"};

	(void)pid;
	CHECK(msgsnd(w.msg, &m, 1, 0) == 0);
}

static void wake_signal(pid_t pid)
{
	CHECK(kill(pid, SIGUSR1) == 0);
}

static void wake_file(pid_t pid)
{
	char path[64];

	(void)pid;
	snprintf(path, sizeof(path), "/tmp/hull-track-%d", getpid());
	close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
	unlink(path);
}

static const struct wait_case {
	const char *name;
	long (*wait)(void);
	void (*wake)(pid_t pid);
	long result;
} wait_cases[] = {
	{"nanosleep", wait_nanosleep, wake_nothing, 0},
	{"read of a pipe", wait_read, wake_pipe, 1},
	{"futex with a timeout", wait_futex, wake_word, 0},
	{"futex without", wait_futex_ever, wake_word, 0},
	{"futex by bits", wait_lock, wake_word, 0},
	{"epoll_wait", wait_epoll, wake_pipe, 1},
	{"epoll_pwait", wait_epoll_masked, wake_pipe, 1},
	{"poll", wait_poll, wake_pipe, 1},
	{"ppoll", wait_ppoll, wake_pipe, 1},
	{"select", wait_select, wake_pipe, 1},
	{"recv with a timeout", wait_recv, wake_sock, 1},
	{"semop", wait_semop, wake_sem, 1},
	{"msgrcv", wait_msgrcv, wake_msg, 1},
	{"sigtimedwait", wait_sigtimedwait, wake_signal, 1},
	{"read of inotify", wait_inotify, wake_file, 1},
};

static void in_waiting(struct load *self)
{
	const struct wait_case *c = &wait_cases[load_next(self)];
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigprocmask(SIG_BLOCK, &set, NULL);
	load_reply(self, 0);
	load_reply(self, (uint64_t)c->wait());
	load_next(self);
}

static void waiting_open(void)
{
	struct epoll_event e = {.events = EPOLLIN};

	CHECK(pipe2(w.pipe, O_CLOEXEC) == 0);
	CHECK(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, w.sock) == 0);
	w.epoll = epoll_create1(EPOLL_CLOEXEC);
	CHECK(epoll_ctl(w.epoll, EPOLL_CTL_ADD, w.pipe[0], &e) == 0);
	w.inotify = inotify_init1(IN_CLOEXEC);
	CHECK(inotify_add_watch(w.inotify, "/tmp", IN_CREATE) >= 0);
	w.sem = semget(IPC_PRIVATE, 1, 0600);
	w.msg = msgget(IPC_PRIVATE, 0600);
	CHECK(w.sem >= 0 && w.msg >= 0);
	w.word = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(w.word != MAP_FAILED);
}

static void t_waiting(void)
{
	if (!load_can_track())
		return;
	for (size_t i = 0; i < sizeof(wait_cases) / sizeof(wait_cases[0]); i++) {
		const struct wait_case *c = &wait_cases[i];
		struct load l;
		long got;

		waiting_open();
		l = load_start(in_waiting);
		load_ask(&l, i);
		CHECK(wait_state(l.pid, "S"));
		sleep_ms(20); /* most likely in it; when not, the case is only easier */
		inject_many(l.pid);
		c->wake(l.pid);
		got = (long)load_answer(&l);
		semctl(w.sem, 0, IPC_RMID);
		msgctl(w.msg, IPC_RMID, NULL);
		if (got != c->result)
			unit_fail(__FILE__, __LINE__, "%s returned %ld, expected %ld", c->name, got,
				  c->result);
		load_kill(&l);
		close(w.pipe[0]);
		close(w.pipe[1]);
		close(w.sock[0]);
		close(w.sock[1]);
		close(w.epoll);
		close(w.inotify);
	}
}

/* The time that is left is kept, too. */
static void sleeper(struct load *self)
{
	struct timespec a, b;

	load_reply(self, 0);
	clock_gettime(CLOCK_MONOTONIC, &a);
	for (int i = 0; i < 5; i++)
		if (nanosleep(&(struct timespec){0, 100000000}, NULL) != 0)
			load_reply(self, 0);
	clock_gettime(CLOCK_MONOTONIC, &b);
	load_reply(self,
		   (uint64_t)((b.tv_sec - a.tv_sec) * 1000 + (b.tv_nsec - a.tv_nsec) / 1000000));
	load_next(self);
}

static void t_time_is_kept(void)
{
	struct load l;
	uint64_t ms;

	if (!load_can_track())
		return;
	l = load_start(sleeper);
	load_answer(&l);
	inject_many(l.pid);
	ms = load_answer(&l);
	CHECK(ms >= 500);
	load_kill(&l);
}

/* Every signal that is sent arrives once, whatever it interrupts, and with its value. */
static volatile sig_atomic_t n_caught;
static volatile long caught_sum;

static void caught(int sig, siginfo_t *si, void *context)
{
	(void)sig;
	(void)context;
	n_caught++;
	caught_sum += si->si_value.sival_int;
}

static void catcher(struct load *self)
{
	struct sigaction sa = {.sa_sigaction = caught, .sa_flags = SA_SIGINFO | SA_RESTART};
	struct pollfd p = {.fd = self->from, .events = POLLIN};

	sigaction(SIGRTMIN + 3, &sa, NULL);
	load_reply(self, 0);
	for (unsigned n = 0;; n++) {
		if (n % 8 == 0)
			poll(&p, 1, 1);
		else if (n % 8 == 1)
			nanosleep(&(struct timespec){0, 10000}, NULL);
		if (p.revents & POLLIN)
			break;
	}
	load_next(self);
	load_reply(self, (uint64_t)n_caught);
	load_reply(self, (uint64_t)caught_sum);
	load_next(self);
}

static void t_signals(void)
{
	long sent = 0, sum = 0;
	struct load l;
	pid_t sender;

	if (!load_can_track())
		return;
	l = load_start(catcher);
	load_answer(&l);
	for (int turn = 0; turn < 20; turn++) {
		sender = fork();
		if (sender == 0) {
			for (int i = 0; i < 200; i++) {
				while (sigqueue(l.pid, SIGRTMIN + 3,
						(union sigval){.sival_int = i}) < 0)
					sleep_ms(1);
				if (i % 16 == 0)
					sleep_ms(1);
			}
			_exit(0);
		}
		CHECK(sender > 0);
		for (int i = 0; i < 5; i++) {
			struct track_proc *p = load_track(l.pid);

			CHECK(p->state == TRACK_ON || p->why == TRACK_BUSY);
			track_close(p);
		}
		CHECK(waitpid(sender, NULL, 0) == sender);
		sent += 200;
		sum += 199 * 200 / 2;
	}
	CHECK_INT(load_ask(&l, 0), sent);
	CHECK_INT(load_answer(&l), sum);
	load_kill(&l);
}

static void counting(struct load *self)
{
	load_reply(self, 0);
	for (;;)
		load_reply(self, load_next(self) + 1);
}

static void t_stopped(void)
{
	struct load l;

	if (!load_can_track())
		return;
	l = load_start(counting);
	load_answer(&l);
	kill(l.pid, SIGSTOP);
	CHECK(wait_state(l.pid, "T"));
	inject_many(l.pid);
	CHECK(wait_state(l.pid, "T"));
	load_tell(&l, 41);
	sleep_ms(50);
	CHECK_INT(state_of(l.pid), 'T');
	kill(l.pid, SIGCONT);
	CHECK_UINT(load_answer(&l), 42);
	load_kill(&l);
}

/* userfaultfd(2) and close(2) are death, and the sum of the registers is compared all the time. */
static void filtered(struct load *self)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_userfaultfd, 1, 0),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_close, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_KILL_PROCESS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {sizeof(code) / sizeof(code[0]), code};

	prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
	prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog);
	counting(self);
}

static void t_seccomp(void)
{
	struct load l;

	if (!load_can_track())
		return;
	l = load_start(filtered);
	load_answer(&l);
	CHECK_INT(field_of(l.pid, "\nSeccomp:"), 2);
	inject_many(l.pid);
	CHECK_UINT(load_ask(&l, 1), 2);
	load_kill(&l);
}

/* Root of its own user, pid and mount namespaces, or nobody at all there. */
static void confined(struct load *self)
{
	pid_t child;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWNET) != 0)
		_exit(1);
	child = fork();
	if (child == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
		counting(self);
	}
	load_reply(self, (uint64_t)child);
	waitpid(child, NULL, 0);
}

static void t_confined(void)
{
	uint64_t a, b;
	struct load l;

	if (!load_can_track())
		return;
	l = load_start(confined);
	a = load_answer(&l);
	b = load_answer(&l);
	inject_many((pid_t)(a > b ? a : b));
	CHECK_UINT(load_ask(&l, 6), 7);
	load_kill(&l);
}

/*
 * A program that never makes a call, and whose registers are all in use: it counts in memory, and
 * leaves the loop only when one of them has another value.
 */
static uint64_t *beats;

static void busy(struct load *self)
{
	load_reply(self, 0);
	__asm__ volatile("mov %0, %%rdi\n"
			 "mov $0x1111, %%rax\n"
			 "mov $0x2222, %%rbx\n"
			 "mov $0x3333, %%rcx\n"
			 "mov $0x4444, %%rdx\n"
			 "mov $0x5555, %%r8\n"
			 "mov $0x6666, %%r11\n"
			 "mov $0x7777, %%r15\n"
			 "1: incq (%%rdi)\n"
			 "pause\n"
			 "cmp $0x1111, %%rax\n jne 2f\n"
			 "cmp $0x2222, %%rbx\n jne 2f\n"
			 "cmp $0x3333, %%rcx\n jne 2f\n"
			 "cmp $0x4444, %%rdx\n jne 2f\n"
			 "cmp $0x5555, %%r8\n jne 2f\n"
			 "cmp $0x6666, %%r11\n jne 2f\n"
			 "cmp $0x7777, %%r15\n je 1b\n"
			 "2:\n"
			 :
			 : "r"(beats)
			 : "rax", "rbx", "rcx", "rdx", "rdi", "r8", "r11", "r15", "memory", "cc");
	_exit(7);
}

static struct load busy_start(void)
{
	struct load l;

	beats = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	CHECK(beats != MAP_FAILED);
	l = load_start(busy);
	load_answer(&l);
	return l;
}

static void check_beats(pid_t pid)
{
	uint64_t before = *(volatile uint64_t *)beats;

	for (int i = 0; i < 60000 && *(volatile uint64_t *)beats == before; i++)
		sleep_ms(1);
	CHECK(*(volatile uint64_t *)beats != before);
	CHECK_INT(waitpid(pid, NULL, WNOHANG), 0);
}

static void t_registers(void)
{
	struct load l;

	if (!load_can_track())
		return;
	l = busy_start();
	for (int i = 0; i < 10; i++) {
		inject_many(l.pid);
		check_beats(l.pid);
	}
	load_kill(&l);
}

/* Whoever tracks is killed at any moment: the program runs on, and nothing stays with it. */
static void t_tracker_killed(void)
{
	struct load l;
	size_t files;

	if (!load_can_track())
		return;
	l = busy_start();
	files = open_files(l.pid);
	CHECK(prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0);
	for (int i = 0; i < 150; i++) {
		pid_t tracker = fork();

		if (tracker == 0) {
			struct track_proc *p;
			struct err err;

			setpgid(0, 0);
			for (;;) {
				if (track_open(l.pid, TRACK_BY_USERFAULTFD, &p, &err) == 0)
					track_close(p);
			}
		}
		CHECK(tracker > 0);
		setpgid(tracker, tracker);
		nanosleep(&(struct timespec){0, (i * 37 % 100) * 30000L}, NULL);
		kill(tracker, SIGKILL);
		CHECK(waitpid(tracker, NULL, 0) == tracker);
		/* The process that it had made is ours now, and finishes. */
		while (waitpid(-tracker, NULL, 0) > 0)
			;
		CHECK_INT(field_of(l.pid, "\nTracerPid:"), 0);
		CHECK_UINT(open_files(l.pid), files);
		check_beats(l.pid);
	}
	load_kill(&l);
}

static const struct unit_case cases[] = {
	{"inject: calls that wait are not interrupted", t_waiting},
	{"inject: who sleeps sleeps as long as before", t_time_is_kept},
	{"inject: signals arrive once each", t_signals},
	{"inject: a stopped process stays stopped", t_stopped},
	{"inject: a filter that kills for the call", t_seccomp},
	{"inject: in other namespaces, without rights", t_confined},
	{"inject: the registers are as they were", t_registers},
	{"inject: the tracker is killed at any moment", t_tracker_killed},
};
UNIT_MAIN(cases)
