/*
 * runtime.h - what the files of the parent's side share.
 */
#ifndef HULL_RUNTIME_H
#define HULL_RUNTIME_H

#include "cgroups/cgroup.h"
#include "libcontainer/container.h"
#include "libcontainer/plan/plan.h"
#include "libcontainer/state.h"

/* ---- an existing container, opened ------------------------------------------------ */

struct container {
	const struct container_root *root;
	const char *id;
	struct arena arena;
	int dirfd; /* state directory */
	struct state state;
	struct cgroup_host cgroup_host;
	int cgroup_fd;       /* -1: no cgroup, or it is gone */
	int pidfd;           /* of a live init whose start time was checked; -1 */
	bool never_executed; /* that init */
	enum container_status status;
};

#define LOCK_WAIT_MS 10000 /* for another command to be done with a container */

enum open_mode { OPEN_READ, OPEN_LOCKED };

/* Loads the state and computes the status. Needs container_close() in any case. */
int container_open(struct container *c, const struct container_root *root, const char *id,
		   enum open_mode mode, struct err *err) must_check;
void container_close(struct container *c);
#define auto_container __attribute__((cleanup(container_close))) struct container
#define CONTAINER_NONE                                                                \
	{                                                                             \
		.dirfd = -1, .cgroup_fd = -1, .pidfd = -1, .cgroup_host = {.fd = -1 } \
	}

int id_check(const char *id, struct err *err) must_check;

/* Kills all that is left of it and removes cgroup and state directory; then runs the
 * poststop hooks, whose failure is only logged. */
int container_destroy(struct container *c, struct err *err) must_check;

/* The unit of systemd that it has (state.unit). */
struct cgroup_unit;
void runtime_unit(const struct state *state, struct cgroup_unit *ret);

/* ---- resctrl; nothing without linux.intelRdt ------------------------------------------ */

int runtime_rdt_join(const struct state *state, pid_t pid, struct err *err) must_check;
int runtime_rdt_remove(const struct state *state, struct err *err) must_check;

/* ---- hooks as the runtime runs them ------------------------------------------------- */

/* Runs the list KIND ("createRuntime", ...) with the container's state on stdin. */
int runtime_hooks(const char *kind, const oci_hook_list *hooks, const struct state *state,
		  const char *status, struct err *err) must_check;
void runtime_poststop(const struct state *state);
/* Before those of a container that was opened. */
int runtime_hooks_are_ours(const struct container *c, struct err *err) must_check;

/* ---- making processes ----------------------------------------------------------------- */

struct spawn {
	uint64_t create;               /* CLONE_NEW* for clone3 */
	const struct plan_join *joins; /* entered by the runtime around the clone */
	size_t n_joins;
	bool through_helper; /* joins have to be entered by a process of their own */
	int join_pidfd;      /* helper of exec: enter all of JOIN_FLAGS through it; -1 */
	uint64_t join_flags;
	void (*before_join)(void *ctx); /* in the helper; NULL: nothing */
	int cgroup_fd;                  /* -1 = stay in the caller's */
	/* It was there before. In one that was ever emptied by cgroup.kill, kernels from 6.14 on
	 * may kill what clone3 puts into it: they look up how often that was in the wrong cgroup.
	 */
	bool cgroup_reused;
	void (*child)(void *ctx); /* does not return */
	void *ctx;
	pid_t pid; /* results */
	int pidfd;
};
int spawn(struct spawn *s, struct err *err) must_check;

/* process.rlimits, from outside: the root of a user namespace may not raise its own. */
int rlimits_apply(pid_t pid, const struct plan_process *p, struct err *err) must_check;
/* process.oomScoreAdj: lent before the process is made, and taken back after, where it cannot be
 * applied from outside (rootless); or applied to it. The other one does nothing. */
int oom_score_lend(const struct plan_process *p, const struct container_root *root,
		   struct opt_i64 *ret_own, struct err *err) must_check;
void oom_score_take_back(const struct opt_i64 *own);
int oom_score_apply(pid_t pid, const struct plan_process *p, bool rootless,
		    struct err *err) must_check;

/* Whether a process with these capabilities can come by CAP_SYS_PTRACE. */
bool runtime_may_trace(const struct plan_process *p);

/*
 * An exec into a container whose processes may trace others: the process that hull makes stays out
 * of their pid namespace and clones the program's one as hull's child (init/birth.c).
 */
struct shield {
	volatile pid_t *born; /* shared memory: its pid, 0 before; NULL: not needed */
};
int shield_begin(struct shield *s, const struct container *c, const struct plan_process *p,
		 uint64_t namespaces, struct err *err) must_check;
/* After the maker's end: the program's process takes its place in *PID and *PIDFD. On failure *PID
 * is 0 or still to be waited for. */
int shield_adopt(struct shield *s, pid_t *pid, int *pidfd, struct err *err) must_check;
void shield_end(struct shield *s);

/* Turns mounts that the kernel would refuse, as their namespace belongs to somebody else, into
 * binds of the host's. Between the namespaces of the plan being open and its mounts. */
void hostfs_plan(struct plan *plan);
/* Opens what the plan names on the host: namespaces, the root file system, bind sources,
 * device nodes. */
int sources_open(struct plan *plan, struct err *err) must_check;
void sources_close(struct plan *plan);
/* Id-mapped mounts: the namespaces with the maps; a mount whose source_fd is open; a new file
 * system as source_fd. */
int idmaps_open(struct plan *plan, struct err *err) must_check;
void idmaps_close(struct plan *plan);
int idmap_apply(const struct plan_mount *m, struct err *err) must_check;
int idmap_new_fs(struct plan_mount *m, struct err *err) must_check;

/* ---- console, attached processes -------------------------------------------------------- */

/* One message with a descriptor to a unix stream socket at PATH (pidfd). */
int send_fd_to_path(const char *path, const char *payload, int fd, struct err *err) must_check;

/* A terminal of an attached process: master side and where it is shown. */
struct console {
	int sock[2]; /* pair over which init sends the master; -1 */
	int socket;  /* console socket given by the user; -1 */
	int master;  /* -1 until received */
};
#define CONSOLE_NONE                                         \
	{                                                    \
		.sock = {-1, -1}, .socket = -1, .master = -1 \
	}
/* Before the clone: connects to SOCKET_PATH, or makes a pair for an attached process. Returns
 * the descriptor for init. */
int console_prepare(struct console *c, const char *socket_path, struct err *err) must_check;
/* After the clone: receives the master of an attached process. */
int console_receive(struct console *c, struct err *err) must_check;
void console_done(struct console *c);
/* The first of descriptors 0 to 2 that is a terminal, -1 if none is. */
int console_own_terminal(void);
/* The window size of that terminal for the one of MASTER. */
void console_copy_size(int master);

/* Waits for the process: forwards signals, copies the terminal, reaps other children.
 * Returns the exit code. Signals must have been blocked by attach_block_signals() before the
 * process was made. */
void attach_block_signals(void);
int attach_wait(pid_t pid, int pidfd, struct console *console, int notify_fd,
		struct err *err) must_check;

/* --preserve-fds N: a number that is possible, and at least one of them is open. */
int check_preserved(unsigned n, struct err *err) must_check;

int write_pid_file(const char *path, pid_t pid, struct err *err) must_check;
/* After an exec that failed: conmon takes a pid file for success, whoever's it is. What holds
 * anything else than a pid stays. */
void remove_stale_pid_file(const char *path);

/* ---- seccomp notifications ------------------------------------------------------------------ */

/* Before anything is made: PATH can be an agent's socket. */
int listener_check(const char *path, struct err *err) must_check;
/* To the agent of a container whose state names one (state.listener_path). Owned fd. */
int listener_connect(const struct container *c, struct err *err) must_check;
/* After SYNC_START over CHANNEL: what the process of PID sends goes to the AGENT, which is closed
 * then; returns when the program runs, or init has said why not (to be read from CHANNEL). On
 * failure the process is killed: it could not be started a second time. */
int listener_serve(const struct container *c, pid_t pid, int pidfd, int *agent, int channel,
		   struct err *err) must_check;

/* ---- sd_notify ----------------------------------------------------------------------------- */

/* Binds the container's socket; owned fd. Forwards READY=1, MAINPID and a barrier to NOTIFY_SOCKET
 * once the container says so; gives up when it ends. */
int notify_bind(int state_dirfd, struct err *err) must_check;
int notify_forward(int sock, pid_t pid, int pidfd, struct err *err) must_check;
/* One step of it, for who has other things to wait for, too: what SOCK has to read. 1 when READY=1
 * has gone on, with MAIN_PID, and there is nothing more to be done. */
int notify_step(int sock, pid_t main_pid, struct err *err) must_check;

#endif
