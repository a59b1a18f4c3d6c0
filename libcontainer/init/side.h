/*
 * side.h - what the files of the container's side share: one context, one step each.
 *
 * Steps are functions of (struct init *, struct err *), as step tables want them. Life of the
 * descriptors: root_path_fd is the host's path of the root directory, gone after the root is
 * attached; root_fd is the container's root mount and the only way to its files; proc_fd is
 * a procfs nobody in the container has had a hand on.
 */
#ifndef HULL_INIT_SIDE_H
#define HULL_INIT_SIDE_H

#include "libcontainer/base/arena.h"
#include "libcontainer/base/err.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/init/init.h"

struct init_caps {
	uint64_t effective, permitted, inheritable;
};

struct init {
	const struct init_args *args;       /* NULL in exec */
	const struct init_exec_args *exec;  /* NULL in create */
	const struct plan *plan;            /* NULL in exec */
	const struct plan_process *process; /* NULL: none in the config */
	struct arena arena;

	int channel; /* takes the error: sync_fd, later the start connection; -1 = none */
	int console_fd;
	int root_path_fd, root_fd, proc_fd;
	int label_proc_fd; /* root of the host's procfs, only for init_labels() */
	int timens_fd;     /* /proc/self/timens_offsets, of the host's procfs */
	bool own_proc;     /* proc_fd is a mount of the container, not ours alone */
	bool userns;       /* the container has a user namespace of its own */
	int *late_ro_fd;   /* mounts that become read-only at the end */
	size_t n_late_ro;

	char **env;          /* the program's */
	const char *program; /* resolved args[0] */
	struct init_caps final_caps;
	struct handover *handover; /* a filter with a listener is in force: listener.c */
	bool last_closed;          /* nothing is open any more that the program must not have */
	bool filtered;             /* the seccomp filter is loaded */
};

/* ---- what steps of create and of exec apply to -------------------------------------- */

static inline bool init_has_userns(const void *ctx)
{
	return ((const struct init *)ctx)->userns;
}

static inline bool init_has_terminal(const void *ctx)
{
	const struct init *c = ctx;

	return c->process && c->process->terminal && c->console_fd >= 0;
}

static inline bool init_has_labels(const void *ctx)
{
	const struct init *c = ctx;

	return c->process && (c->process->apparmor || c->process->selinux);
}

static inline bool init_has_keyring(const void *ctx)
{
	const struct init *c = ctx;

	return c->process && c->process->keyring;
}

/* In a user namespace the runtime sets them from outside. */
static inline bool init_has_own_limits(const void *ctx)
{
	const struct init *c = ctx;

	return c->process && !c->userns;
}

static inline bool init_has_memory_policy(const void *ctx)
{
	const struct init *c = ctx;

	return c->process && c->process->memory_policy;
}

static inline bool init_has_personality(const void *ctx)
{
	const struct init *c = ctx;

	return c->process && c->process->has_personality;
}

/* ---- the steps ------------------------------------------------------------------------ */

/* namespaces.c */
int init_session(void *ctx, struct err *err);
int init_wait_for_maps(void *ctx, struct err *err);
int init_open_time_offsets(void *ctx, struct err *err);
int init_join_mount_ns(void *ctx, struct err *err);
int init_open_root_path(void *ctx, struct err *err);
int init_become_root(void *ctx, struct err *err);
int init_new_namespaces(void *ctx, struct err *err);
int init_names(void *ctx, struct err *err);
int init_loopback(void *ctx, struct err *err);
int init_arm_deathsig(struct init *c, struct err *err);

/* rootfs.c */
int init_attach_root(void *ctx, struct err *err);
int init_root_propagation(void *ctx, struct err *err);
int init_late_readonly(struct init *c, struct err *err);
int init_root_readonly(void *ctx, struct err *err);
int init_make_cwd(void *ctx, struct err *err);

/* mounts.c, copyup.c */
int init_mounts(void *ctx, struct err *err);
int init_copy_up(int from, int to, const char *data, struct err *err);

/* devices.c */
int init_devices(void *ctx, struct err *err);
/* The container's /dev, by descriptor. Owned fd. */
int init_open_dev(const struct init *c, struct err *err);

/* console.c */
int init_console(void *ctx, struct err *err);
int init_control_terminal(void *ctx, struct err *err);

/* hooks.c */
int init_runtime_hooks(void *ctx, struct err *err);
int init_create_hooks(void *ctx, struct err *err);
int init_start_hooks(void *ctx, struct err *err);

/* pivot.c, sysctl.c, masks.c */
int init_pivot(void *ctx, struct err *err);
int init_sysctls(void *ctx, struct err *err);
int init_readonly_paths(void *ctx, struct err *err);
int init_masked_paths(void *ctx, struct err *err);

/* creds.c, caps.c */
int init_rlimits(void *ctx, struct err *err);
int init_keyring(void *ctx, struct err *err);
int init_stdio_owner(void *ctx, struct err *err);
int init_credentials(void *ctx, struct err *err);
int init_drop_bounding(const struct plan_caps *caps, struct err *err);
/* All sets; CAP_SYS_ADMIN stays in two of them when the filter needs it. */
int init_set_caps(struct init *c, struct err *err);
/* Takes it away again, after the filter: no other system call than capset. */
int init_final_caps(const struct init *c, struct err *err);
bool init_filter_needs_admin(const struct plan_process *p);

/* scheduler.c */
int init_cpus(void *ctx, struct err *err);
int init_memory_policy(void *ctx, struct err *err);
int init_personality(void *ctx, struct err *err);

/* lsm.c */
int init_labels(void *ctx, struct err *err);

/* lookup.c, home.c */
int init_chdir(void *ctx, struct err *err);
int init_lookup(void *ctx, struct err *err);
int init_home(void *ctx, struct err *err);

/* wait.c */
int init_ready(void *ctx, struct err *err);
int init_wait_start(void *ctx, struct err *err);

/* listener.c: a filter that notifies. Once it is in force, errors go the way of the listener. */
int init_load_with_listener(struct init *c, struct err *err);
_Noreturn void init_listener_fail(struct handover *h, const struct err *err);

/* birth.c: of the program's process, in an exec that the container must not look into. */
int init_birth(void *ctx, struct err *err);
/* The caller's environment goes from this process's memory. */
void init_forget_environment(void);

/* exec.c */
int init_descriptors(void *ctx, struct err *err);
int init_last_descriptors(struct init *c, struct err *err);
int init_load_filter(struct init *c, struct err *err);
int init_run(void *ctx, struct err *err);
_Noreturn void init_fail(struct init *c, const struct err *err);

#endif
