/*
 * init.h - the container side's single entry point for each way in.
 *
 * Everything below runs in a freshly cloned process, inside the namespaces that clone3
 * made. Both functions end in execve or _exit: an error is sent over the sync socket
 * (or the start connection) before.
 */
#ifndef HULL_INIT_H
#define HULL_INIT_H

#include <sys/types.h>

#include "libcontainer/plan/plan.h"

struct init_args {
	const struct plan *plan;
	int sync_fd;        /* SOCK_SEQPACKET, see sync.h */
	int listen_fd;      /* start.sock, listening; -1: SYNC_START comes on sync_fd (run) */
	int console_fd;     /* connected socket that takes the pty master; -1 when no terminal */
	int label_proc_fd;  /* O_PATH of the host's procfs when the process has labels; -1 */
	int cgroup_fd;      /* O_PATH of the container's cgroup directory, for a cgroup bind; -1 */
	bool wait_for_maps; /* a new user namespace: SYNC_MAPPED comes first */
	bool runtime_hooks; /* prestart or createRuntime hooks exist: SYNC_MOUNTED / SYNC_HOOKED */
};

/* The container's first process. */
_Noreturn void init_main(const struct init_args *args);

struct init_exec_args {
	const struct plan_process *process;
	int sync_fd, console_fd;
	int label_proc_fd;   /* as above */
	int container_pidfd; /* pidfd of the container's init */
	uint64_t join;       /* CLONE_NEW* still to be joined through container_pidfd */
	bool new_user;       /* joined a user namespace: become 0:0 of it first */
	/*
	 * For a container that may trace other processes: this one prepares all it can outside
	 * of the container's pid namespace, where nobody of the container can see it, and then
	 * clones the program's process, whose pid goes into this shared memory. NULL: it is
	 * the program's process itself.
	 */
	volatile pid_t *ret_pid;
};

/* A process that joins a running container. */
_Noreturn void init_exec_main(const struct init_exec_args *args);

#endif
