/* RUNTIME: one system call, made in another process by ptrace(2). */
#include "track_inject.h"

#include <errno.h>

#include "libcontainer/base/cleanup.h"

#if TRACK_INJECT_ARCH

#include <elf.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/user.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/io.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/base/str.h"
#include "track_abi.h"
#include "track_task.h"

#define STOP_WAIT_NS   (2000 * 1000000LL) /* a task in an uninterruptible wait does not stop */
#define HELPER_WAIT_MS 6000
#define RUN_NS         50000
#define TRIES          64 /* signals, rseq sections and stops in the way */
#define USER_CS        0x33
#define EFLAGS_TRAP    0x100

/* The kernel's header clashes with the libraries', and theirs lack it (Linux 5.13). */
#define GET_RSEQ_CONFIGURATION 0x420f
struct rseq_configuration {
	uint64_t pointer;
	uint32_t size, signature, flags, pad;
};

enum stop {
	STOP_EVENT,   /* in the kernel's signal code, by our interrupt or in a group stop */
	STOP_SYSCALL, /* at the entry or the exit of a call */
	STOP_SIGNAL,  /* before a signal is delivered */
	STOP_GONE,
	STOP_TIMEOUT,
};

struct task {
	pid_t tid;
	int64_t deadline;   /* of each wait, all in all */
	unsigned long insn; /* address of a `syscall` in its memory */
	int sig;            /* of STOP_SIGNAL; of STOP_EVENT, SIGTRAP or a group stop's */
	struct user_regs_struct saved; /* its own, as of the last STOP_EVENT */
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static long trace(int request, const struct task *t, unsigned long addr, unsigned long data)
{
	return syscall(SYS_ptrace, request, t->tid, addr, data);
}

static int regs_get(const struct task *t, struct user_regs_struct *regs)
{
	struct iovec iov = {regs, sizeof(*regs)};

	if (trace(PTRACE_GETREGSET, t, NT_PRSTATUS, (unsigned long)&iov) < 0)
		return -ESRCH;
	return iov.iov_len == sizeof(*regs) ? 0 : -ENOEXEC;
}

static int regs_set(const struct task *t, const struct user_regs_struct *regs)
{
	struct iovec iov = {(void *)regs, sizeof(*regs)};

	return trace(PTRACE_SETREGSET, t, NT_PRSTATUS, (unsigned long)&iov) < 0 ? -ESRCH : 0;
}

/* The tracer is woken by SIGCHLD, which is blocked: a wait with a bound. */
static enum stop wait_stop(struct task *t)
{
	struct timespec left;
	sigset_t chld;
	int64_t ns;
	int status;
	pid_t n;

	sigemptyset(&chld);
	sigaddset(&chld, SIGCHLD);
	while ((n = waitpid(t->tid, &status, __WALL | WNOHANG)) <= 0) {
		if (n < 0 && errno != EINTR)
			return STOP_GONE;
		ns = t->deadline - now_ns();
		if (ns <= 0)
			return STOP_TIMEOUT;
		left = (struct timespec){ns / 1000000000, ns % 1000000000};
		sigtimedwait(&chld, NULL, &left);
	}
	if (!WIFSTOPPED(status))
		return STOP_GONE;
	t->sig = WSTOPSIG(status);
	if (status >> 16 == PTRACE_EVENT_STOP)
		return STOP_EVENT;
	if (t->sig == (SIGTRAP | 0x80))
		return STOP_SYSCALL;
	if (status >> 16)
		t->sig = 0;
	return STOP_SIGNAL;
}

static enum track_why why_of(enum stop stop)
{
	return stop == STOP_TIMEOUT ? TRACK_BUSY : TRACK_TRACED;
}

/* Until it is where the kernel restarts calls; what stops it before goes on as it would have. */
static enum track_why wait_event(struct task *t)
{
	for (int i = 0; i < TRIES; i++) {
		enum stop stop = wait_stop(t);

		if (stop == STOP_EVENT)
			return TRACK_OK;
		if (stop != STOP_SIGNAL && stop != STOP_SYSCALL)
			return why_of(stop);
		if (trace(PTRACE_CONT, t, 0, stop == STOP_SIGNAL ? (unsigned long)t->sig : 0) < 0)
			return TRACK_TRACED;
	}
	return TRACK_BUSY;
}

/* From any stop: its own registers back, SIG delivered (0: none), and on to a STOP_EVENT before it
 * is in its program again: one that was asked for while it stood still is sure to come. */
static enum track_why settle(struct task *t, int sig)
{
	if (regs_set(t, &t->saved) < 0 || trace(PTRACE_INTERRUPT, t, 0, 0) < 0 ||
	    trace(PTRACE_CONT, t, 0, (unsigned long)sig) < 0)
		return TRACK_TRACED;
	return wait_event(t);
}

/* In the middle of a restartable sequence other registers would lose its abort (rseq(2): the kernel
 * forgets a section when it sees the task outside of it). */
static bool in_rseq_section(const struct task *t)
{
	struct rseq_configuration conf = {0};
	uint64_t cs = 0, section[3];
	struct iovec local = {&cs, sizeof(cs)}, remote;

	if (trace(GET_RSEQ_CONFIGURATION, t, sizeof(conf), (unsigned long)&conf) < 0 ||
	    !conf.pointer)
		return false;
	remote = (struct iovec){(void *)(conf.pointer + 8), sizeof(cs)};
	if (process_vm_readv(t->tid, &local, 1, &remote, 1, 0) != sizeof(cs) || !cs)
		return false;
	local = (struct iovec){section, sizeof(section)};
	remote = (struct iovec){(void *)cs, sizeof(section)};
	if (process_vm_readv(t->tid, &local, 1, &remote, 1, 0) != sizeof(section))
		return false;
	/* {version and flags, start_ip, post_commit_offset, abort_ip} */
	return t->saved.rip - section[1] < section[2];
}

/* Back to its program for a moment, where the kernel aborts the section. */
static enum track_why let_run(struct task *t)
{
	if (t->sig != SIGTRAP) /* stopped by SIGSTOP or its kin, and to remain so */
		return TRACK_BUSY;
	if (trace(PTRACE_CONT, t, 0, 0) < 0)
		return TRACK_TRACED;
	nanosleep(&(struct timespec){0, RUN_NS}, NULL);
	return trace(PTRACE_INTERRUPT, t, 0, 0) < 0 ? TRACK_TRACED : wait_event(t);
}

/* A fault of our own call: the instruction went away, or a filter of the program's took it. */
static bool is_our_fault(const struct task *t)
{
	siginfo_t si;
	unsigned long at;

	if (trace(PTRACE_GETSIGINFO, t, 0, (unsigned long)&si) < 0 || si.si_code <= 0)
		return false;
	at = (unsigned long)si.si_addr;
	return (t->sig == SIGSEGV || t->sig == SIGBUS || t->sig == SIGILL || t->sig == SIGSYS) &&
	       (at == t->insn || at == t->insn + 2);
}

/* From a STOP_EVENT to the entry of the call, with its registers lent to us. STOP_EVENT: it is
 * itself again, and can be asked once more. */
static enum stop enter(struct task *t, long nr, unsigned long arg, enum track_why *why)
{
	struct user_regs_struct regs = t->saved;
	enum stop stop = STOP_EVENT;

	regs.rip = t->insn;
	regs.rax = (unsigned long)nr;
	regs.rdi = arg;
	regs.orig_rax = -1UL; /* no call to restart */
	regs.eflags &= ~(unsigned long)EFLAGS_TRAP;
	*why = TRACK_OK;
	if (regs_set(t, &regs) < 0)
		return STOP_GONE;
	for (int i = 0; i < TRIES && stop == STOP_EVENT; i++) {
		if (trace(PTRACE_SYSCALL, t, 0, 0) < 0)
			return STOP_GONE;
		stop = wait_stop(t);
	}
	if (stop == STOP_SIGNAL && is_our_fault(t)) {
		settle(t, 0);
		*why = TRACK_NO_CALL;
		return STOP_EVENT;
	}
	if (stop == STOP_SIGNAL || stop == STOP_EVENT) {
		*why = settle(t, stop == STOP_SIGNAL ? t->sig : 0);
		return *why ? STOP_GONE : STOP_EVENT;
	}
	if (stop == STOP_TIMEOUT) { /* its cgroup is frozen */
		t->deadline = now_ns() + STOP_WAIT_NS;
		if (trace(PTRACE_INTERRUPT, t, 0, 0) == 0 && wait_event(t) == TRACK_OK)
			regs_set(t, &t->saved);
		*why = TRACK_BUSY;
		return STOP_EVENT;
	}
	return stop;
}

/* One call, from a STOP_EVENT to the next one. */
static enum track_why call(struct task *t, long nr, unsigned long arg, long *ret_result)
{
	struct user_regs_struct regs;
	enum track_why why;
	enum stop stop;

	for (int i = 0; i < TRIES; i++) {
		int rc = regs_get(t, &t->saved);

		if (rc == -ENOEXEC || (rc == 0 && t->saved.cs != USER_CS))
			return TRACK_COMPAT;
		if (rc < 0)
			return TRACK_TRACED;
		if (in_rseq_section(t)) {
			if ((why = let_run(t)) != TRACK_OK)
				return why;
			continue;
		}
		stop = enter(t, nr, arg, &why);
		if (why != TRACK_OK)
			return why;
		if (stop == STOP_EVENT)
			continue;
		if (stop != STOP_SYSCALL || trace(PTRACE_SYSCALL, t, 0, 0) < 0 ||
		    (stop = wait_stop(t)) != STOP_SYSCALL || regs_get(t, &regs) < 0)
			return why_of(stop);
		*ret_result = (long)regs.rax;
		return settle(t, 0);
	}
	return TRACK_BUSY;
}

/* These say EINTR for any stop, and have done nothing then. The time they wait begins anew. */
static const int restarted[] = {
	SYS_epoll_wait,   SYS_epoll_pwait,   SYS_epoll_pwait2,    SYS_semop,  SYS_semtimedop,
	SYS_msgsnd,       SYS_msgrcv,        SYS_rt_sigtimedwait, SYS_read,   SYS_recvfrom,
	SYS_recvmsg,      SYS_sendto,        SYS_sendmsg,         SYS_accept, SYS_accept4,
	SYS_io_getevents, SYS_io_pgetevents,
};

/* What most calls leave to the kernel's restart these do not: a stop is not to be seen. With a
 * signal that waits for delivery EINTR is what the program shall see. */
static void restart_interrupted(struct task *t)
{
	struct user_regs_struct regs;

	if (regs_get(t, &regs) < 0 || (long)regs.rax != -EINTR || task_signal_waits(t->tid))
		return;
	for (size_t i = 0; i < ARRAY_SIZE(restarted); i++) {
		if ((long)regs.orig_rax != restarted[i])
			continue;
		regs.rax = regs.orig_rax;
		regs.rip -= 2;
		regs.orig_rax = -1UL;
		regs_set(t, &regs);
		return;
	}
}

/* With T in a STOP_EVENT, and there again afterwards. */
static void take_userfaultfd(struct task *t, int pidfd, struct inject_result *ret, int *ret_fd)
{
	long fd = -1, closed;

	ret->why = call(t, SYS_userfaultfd, UFFD_USER_MODE_ONLY | O_CLOEXEC | O_NONBLOCK, &fd);
	if (ret->why != TRACK_OK)
		return;
	if (fd < 0) {
		ret->why = TRACK_REFUSED;
		ret->detail = (int)-fd;
		return;
	}
	*ret_fd = (int)syscall(SYS_pidfd_getfd, pidfd, (int)fd, 0);
	if (*ret_fd < 0) {
		ret->why = TRACK_REFUSED;
		ret->detail = errno;
	}
	/* One of its other threads may have closed it, and opened something else there: its own
	 * doing. */
	if (call(t, SYS_close, (unsigned long)fd, &closed) != TRACK_OK && ret->why == TRACK_OK)
		ret->why = TRACK_BUSY;
}

/* In the process made for it. */
static void inject(pid_t pid, int pidfd, struct inject_result *ret, int *ret_fd)
{
	struct task t = {.tid = task_pick(pid)};
	unsigned long options = PTRACE_O_TRACESYSGOOD;
	int64_t began;

	ret->why = TRACK_BUSY;
	if (t.tid < 0)
		return;
	ret->why = TRACK_NO_CALL;
	t.insn = task_find_syscall(pid);
	if (!t.insn)
		return;
	ret->why = TRACK_TRACED;
	if (task_has_seccomp(t.tid))
		options |= PTRACE_O_SUSPEND_SECCOMP;
	if (trace(PTRACE_SEIZE, &t, 0, options) < 0) {
		ret->detail = errno;
		return;
	}
	began = now_ns();
	t.deadline = began + STOP_WAIT_NS;
	if (trace(PTRACE_INTERRUPT, &t, 0, 0) < 0)
		return;
	ret->why = wait_event(&t);
	if (ret->why != TRACK_OK)
		return; /* our end lets it go */
	take_userfaultfd(&t, pidfd, ret, ret_fd);
	restart_interrupted(&t);
	trace(PTRACE_DETACH, &t, 0, 0);
	ret->stop_ns = (uint64_t)(now_ns() - began);
}

/* Nothing but SIGKILL ends it before it is through. */
static _Noreturn void helper(pid_t pid, int pidfd, int sock)
{
	struct inject_result res = {0};
	int fd = -1;
	sigset_t all;

	sigfillset(&all);
	sigprocmask(SIG_SETMASK, &all, NULL);
	signal(SIGCHLD, SIG_DFL);
	inject(pid, pidfd, &res, &fd);
	sock_send(sock, &res, sizeof(res), res.why == TRACK_OK ? fd : -1);
	_exit(0);
}

/* The name of an anonymous inode cannot be forged; an ioctl(2) of any other file may be answered by
 * the container (FUSE), and never. */
static bool is_userfaultfd(int fd)
{
	char path[64], name[64];
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, name, sizeof(name) - 1);
	name[n < 0 ? 0 : n] = '\0';
	return streq(name, "anon_inode:[userfaultfd]");
}

int inject_userfaultfd(pid_t pid, int pidfd, struct inject_result *ret)
{
	auto_fd int ours = -1, fd = -1;
	int sv[2], child_pidfd = -1;
	struct pollfd p;
	pid_t child;

	*ret = (struct inject_result){.why = TRACK_REFUSED};
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv) < 0)
		return ret->detail = errno, -1;
	ours = sv[0];
	child = proc_clone(0, -1, &child_pidfd);
	if (child == 0)
		helper(pid, pidfd, sv[1]);
	close(sv[1]);
	if (child < 0)
		return ret->detail = (int)-child, -1;
	p = (struct pollfd){.fd = ours, .events = POLLIN};
	while (poll(&p, 1, HELPER_WAIT_MS) < 0 && errno == EINTR)
		;
	if (!(p.revents & POLLIN) || sock_recv(ours, ret, sizeof(*ret), &fd) != sizeof(*ret)) {
		*ret = (struct inject_result){.why = TRACK_BUSY};
		proc_pidfd_signal(child_pidfd, SIGKILL);
	}
	close_fd(&child_pidfd);
	proc_wait(child);
	if (ret->why == TRACK_OK && (fd < 0 || !is_userfaultfd(fd)))
		ret->why = TRACK_REFUSED;
	return ret->why == TRACK_OK ? take_fd(&fd) : -1;
}

#else

int inject_userfaultfd(pid_t pid, int pidfd, struct inject_result *ret)
{
	(void)pid;
	(void)pidfd;
	*ret = (struct inject_result){.why = TRACK_NO_CALL, .detail = ENOTSUP};
	return -1;
}

#endif
