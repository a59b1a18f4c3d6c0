/* proc.h - processes by descriptor: pidfd, clone3, start time, close-on-exec. */
#ifndef HULL_PROC_H
#define HULL_PROC_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* clone3(2). FLAGS are CLONE_* (CLONE_PIDFD is added when ret_pidfd is not NULL;
 * CLONE_INTO_CGROUP when cgroup_fd >= 0). Returns 0 in the child, the pid or -errno in the
 * parent. The child shares nothing (no CLONE_VM). */
pid_t proc_clone(uint64_t flags, int cgroup_fd, int *ret_pidfd);
int proc_pidfd_open(pid_t pid);            /* owned fd or -errno */
int proc_pidfd_signal(int pidfd, int sig); /* 0 or -errno */
/* Waits until the process of PIDFD has ended (it may still be a zombie). timeout -1 = for
 * ever. 0, or -ETIMEDOUT. */
int proc_pidfd_wait_exit(int pidfd, int timeout_ms);
/* waitpid without EINTR; the exit status as a shell gives it: 0..255, or 128+signal. -errno. */
int proc_wait(pid_t pid);
int proc_status_to_exit(int wait_status);

struct proc_stat {
	char state; /* R S D Z T X ... */
	pid_t ppid;
	uint64_t starttime;  /* clock ticks since boot: tells a reused pid from the process */
	bool never_executed; /* born by fork, and no execve(2) since */
};
/* /proc/PID/stat. 0 or -errno (-ESRCH or -ENOENT when there is none). */
int proc_stat_read(pid_t pid, struct proc_stat *ret);
/* /proc/PID/status, all or its beginning, with '\0'. Its length, or -errno. */
ssize_t proc_status_read(pid_t pid, char *buf, size_t size);
/* The number behind NAME in a text such as that, in BASE. NAME has what is around it in its line:
 * "\nVmRSS:". False: it is not there. */
bool proc_field(const char *text, const char *name, int base, uint64_t *ret);
/* Whether all capabilities of MASK (1 << CAP_...) are effective: those of the process's user
 * namespace. */
bool proc_has_caps(uint64_t mask);
/* Joins the session keyring NAME, or makes it, for us alone. 0 or -errno; where the kernel or a
 * filter refuses keyrings at all that is a warning. */
int proc_join_keyring(const char *name);
/* Signal actions and mask as a program expects them at its start. */
void proc_reset_signals(void);
/* Close-on-exec for every descriptor >= FROM. 0 or -errno. */
int proc_cloexec_from(unsigned from);
int proc_close_from(unsigned from);
/* The kernel's real-time signals as everybody counts them: libc keeps the first for itself (32 and
 * 33), and musl's SIGRTMIN is one higher than glibc's. */
#define SIGNAL_RTMIN 34
#define SIGNAL_MAX   64
/* "TERM", "SIGTERM", "sigterm", "15", "RTMIN+3" -> number; -EINVAL. 0 only for "0". */
int proc_signal_parse(const char *s);
/* "SIGTERM" or NULL. Static storage. */
const char *proc_signal_name(int sig);

#endif
