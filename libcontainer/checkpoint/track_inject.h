/*
 * track_inject.h - one system call, made in another process.
 *
 * The task is stopped (PTRACE_SEIZE, PTRACE_INTERRUPT), makes userfaultfd(2) and close(2) from an
 * instruction that is there already, and goes on as it was: its registers are put back while it is
 * in the kernel's signal code, which then restarts the call it was in as after any stop, so that
 * the program sees no EINTR. Signals that come meanwhile are delivered, with the program's own
 * registers; a stop by SIGSTOP stays one.
 *
 * All of that is done by a process of its own: when hull is killed in the middle, that one still
 * finishes, and when the task does not come to a stop, its end sets the task free. Only
 * if somebody kills just that process, in the some 100 us that it has put other registers into
 * the task, the task goes astray.
 */
#ifndef HULL_TRACK_INJECT_H
#define HULL_TRACK_INJECT_H

#include "track.h"

#ifdef __x86_64__
#define TRACK_INJECT_ARCH 1
#else
#define TRACK_INJECT_ARCH 0 /* track_probe() says so, and inject_userfaultfd() never works */
#endif

struct inject_result {
	enum track_why why;
	int detail;       /* errno */
	uint64_t stop_ns; /* from the interruption until it runs on */
};

/* A userfaultfd of the memory of process PID, with the API not chosen yet: an owned descriptor, or
 * -1 with ret->why. PIDFD is of the same process. Takes at most 6 seconds. */
int inject_userfaultfd(pid_t pid, int pidfd, struct inject_result *ret);

#endif
