/* BOTH SIDES: processes by descriptor. */
#include "proc.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/close_range.h>
#include <linux/keyctl.h>
#include <linux/sched.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "cleanup.h"
#include "io.h"
#include "log.h"
#include "str.h"
#include "sysnames.h"

pid_t proc_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd)
{
	int pidfd = -1;
	struct clone_args args = {
		.flags = flags,
		/* CLONE_PARENT takes the exit signal from the caller and refuses one of its own. */
		.exit_signal = flags & CLONE_PARENT ? 0 : SIGCHLD,
	};
	long pid;

	if (ret_pidfd) {
		args.flags |= CLONE_PIDFD;
		args.pidfd = (uint64_t)(uintptr_t)&pidfd;
	}
	if (cgroup_fd >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)cgroup_fd;
	}
	pid = syscall(SYS_clone3, &args, sizeof(args));
	if (pid < 0)
		return -errno;
	if (pid > 0 && ret_pidfd)
		*ret_pidfd = pidfd;
	return (pid_t)pid;
}

int proc_pidfd_open(pid_t pid)
{
	long fd = syscall(SYS_pidfd_open, pid, 0);

	return fd < 0 ? -errno : (int)fd;
}

int proc_pidfd_signal(int pidfd, int sig)
{
	return syscall(SYS_pidfd_send_signal, pidfd, sig, NULL, 0) < 0 ? -errno : 0;
}

int proc_pidfd_wait_exit(int pidfd, int timeout_ms)
{
	struct pollfd p = {.fd = pidfd, .events = POLLIN};

	for (;;) {
		int n = poll(&p, 1, timeout_ms);

		if (n > 0)
			return 0;
		if (n == 0)
			return -ETIMEDOUT;
		if (errno != EINTR)
			return -errno;
	}
}

int proc_status_to_exit(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int proc_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -errno;
	return proc_status_to_exit(status);
}

#define PF_FORKNOEXEC 0x40 /* linux/sched.h; field 9 of proc_pid_stat(5) shows these bits */

/* N fields further on; NULL when the line ends before. */
static const char *skip_fields(const char *p, int n)
{
	for (; n > 0 && p; n--) {
		p = strchr(p, ' ');
		p += p != NULL;
	}
	return p;
}

static uint64_t digits(const char *p)
{
	uint64_t v = 0;

	for (; *p >= '0' && *p <= '9'; p++)
		v = v * 10 + (uint64_t)(*p - '0');
	return v;
}

int proc_stat_read(pid_t pid, struct proc_stat *ret)
{
	const char *rest, *flags, *start;
	char path[32], buf[1024];
	auto_fd int fd = -1;
	ssize_t n;

	snprintf(path, sizeof(path), "/proc/%d/stat", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	n = fd < 0 ? -1 : read(fd, buf, sizeof(buf) - 1); /* the kernel gives it in one piece */
	if (n < 0)
		return -errno;
	buf[n] = '\0';
	/* The name may hold blanks and parentheses: fields count from the last one. */
	rest = strrchr(buf, ')');
	rest = rest && rest[1] == ' ' ? rest + 2 : NULL;
	flags = skip_fields(rest, 9 - 3); /* rest is field 3 of proc_pid_stat(5) */
	start = skip_fields(flags, 22 - 9);
	if (!start)
		return -EIO;
	ret->state = *rest;
	ret->ppid = (pid_t)digits(rest + 2);
	ret->never_executed = digits(flags) & PF_FORKNOEXEC;
	ret->starttime = digits(start);
	return 0;
}

void proc_reset_signals(void)
{
	/* The kernel's struct sigaction, whose default action is zero on every architecture. libc's
	 * function would refuse the signals that libc keeps for itself. */
	const unsigned long dfl[8] = {0};
	sigset_t none;

	/* Most are at their default already: read first would cost the same. */
	for (int sig = 1; sig <= SIGNAL_MAX; sig++)
		if (sig != SIGKILL && sig != SIGSTOP)
			syscall(SYS_rt_sigaction, sig, dfl, NULL, 8);
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
}

int proc_cloexec_from(unsigned from)
{
	return syscall(SYS_close_range, from, ~0U, CLOSE_RANGE_CLOEXEC) < 0 ? -errno : 0;
}

int proc_close_from(unsigned from)
{
	return syscall(SYS_close_range, from, ~0U, 0) < 0 ? -errno : 0;
}

static int parse_realtime(const char *s)
{
	bool max = strncasecmp(s, "RTMAX", 5) == 0;
	const char *rest = s + 5;
	uint32_t n = 0;
	int sig;

	if (!max && strncasecmp(s, "RTMIN", 5) != 0)
		return -EINVAL;
	if (*rest) {
		if (*rest != (max ? '-' : '+') || str_to_u32(rest + 1, &n) < 0 || n > 64)
			return -EINVAL;
	}
	sig = max ? SIGNAL_MAX - (int)n : SIGNAL_RTMIN + (int)n;
	return sig >= SIGNAL_RTMIN && sig <= SIGNAL_MAX ? sig : -EINVAL;
}

int proc_signal_parse(const char *s)
{
	uint32_t n;

	if (isdigit((unsigned char)*s))
		return str_to_u32(s, &n) == 0 && n <= SIGNAL_MAX ? (int)n : -EINVAL;
	if (strncasecmp(s, "SIG", 3) == 0)
		s += 3;
	for (int sig = 1; sig < 32; sig++) {
		const char *name = sysname_signal(sig);

		if (name && strcasecmp(name, s) == 0)
			return sig;
	}
	if (strcasecmp(s, "IOT") == 0)
		return SIGABRT;
	if (strcasecmp(s, "CLD") == 0)
		return SIGCHLD;
	if (strcasecmp(s, "IO") == 0)
		return SIGPOLL;
	return parse_realtime(s);
}

const char *proc_signal_name(int sig)
{
	static char buf[16];
	const char *name = sysname_signal(sig);

	if (!name)
		return NULL;
	snprintf(buf, sizeof(buf), "SIG%s", name);
	return buf;
}

ssize_t proc_status_read(pid_t pid, char *buf, size_t size)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/status", (int)pid);
	return io_read_small(AT_FDCWD, path, buf, size);
}

bool proc_field(const char *text, const char *name, int base, uint64_t *ret)
{
	const char *p = strstr(text, name);
	uint64_t v = 0;

	if (!p)
		return false;
	for (p += strlen(name); *p == '\t' || *p == ' '; p++)
		;
	for (; isxdigit((unsigned char)*p); p++)
		v = v * (uint64_t)base +
		    (uint64_t)(isdigit((unsigned char)*p) ? *p - '0' : *p - 'a' + 10);
	*ret = v;
	return true;
}

bool proc_has_caps(uint64_t mask)
{
	struct __user_cap_header_struct head = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};

	if (syscall(SYS_capget, &head, data) < 0)
		return false;
	return (((uint64_t)data[1].effective << 32 | data[0].effective) & mask) == mask;
}

/*
 * Possessor: all, as the kernel has it; user: search, so that an exec finds the keyring by its
 * name, and no more. The user is root, and so are other containers': what they may view they see in
 * /proc/keys, what they may link they take by its number. The name cannot be guessed.
 */
#define KEYRING_PERM 0x3f080000

int proc_join_keyring(const char *name)
{
	long id = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, name);

	if (id < 0 && (errno == ENOSYS || errno == EPERM)) {
		log_warn("no session keyring: the kernel or a filter refuses keyctl");
		return 0;
	}
	if (id < 0)
		return -errno;
	/* EACCES: an exec joined the one that is there already. */
	if (syscall(SYS_keyctl, KEYCTL_SETPERM, id, KEYRING_PERM) < 0 && errno != EACCES)
		log_warn("the permissions of the session keyring cannot be set");
	return 0;
}
