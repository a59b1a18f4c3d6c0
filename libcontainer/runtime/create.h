/*
 * create.h - a container in the making: what create.c and run.c share.
 */
#ifndef HULL_CREATE_H
#define HULL_CREATE_H

#include "cgroups/systemd/unit.h"
#include "libcontainer/init/init.h"
#include "libcontainer/runtime/runtime.h"

struct creation {
	const struct container_create_opts *opts;
	struct container_root *root;
	bool run; /* hull run: started by this same process */
	struct arena arena;
	struct oci_spec spec;
	struct container c; /* becomes the container, step by step */
	struct plan plan;
	int sync[2];    /* ours, init's */
	int listen_fd;  /* start.sock, for init */
	int console_fd; /* borrowed from console; -1 without a terminal */
	int notify_fd;
	int label_proc_fd; /* host's procfs, for init; -1 without labels */
	struct console console;
	struct spawn spawn;
	struct ns_netdevs *netdevs; /* NULL: none, or they are the container's for good */
	struct init_args init;
	bool hooks_began;
	bool start_told;               /* SYNC_START has been sent early */
	const char *cgroup_base;       /* rootless: below it cgroups are made; NULL */
	int sub_cgroup_fd;             /* run.oci.delegate-cgroup; -1 */
	int rdt_fd;                    /* resctrl; -1 without linux.intelRdt */
	struct cgroup_unit unit;       /* state.unit */
	char *unit_path;               /* plan.cgroup, shared with init */
	struct unit_props *unit_props; /* with which it is started */
	bool rdt_class_made, rdt_group_made;
	size_t done; /* steps */
};

/* The rows of the table in create.c. */

/* create_plan.c */
int create_load(void *ctx, struct err *err);
int create_plan(void *ctx, struct err *err);

/* create_seccomp.c */
bool create_has_seccomp(const void *ctx);
int create_seccomp(void *ctx, struct err *err);

/* create_state.c */
int create_state(void *ctx, struct err *err);
void create_undo_state(void *ctx);
int create_files(void *ctx, struct err *err);
bool create_has_notify(const void *ctx);
int create_notify(void *ctx, struct err *err);
bool create_has_cgroup(const void *ctx);
int create_cgroup(void *ctx, struct err *err);
void create_undo_cgroup(void *ctx);
bool create_has_resources(const void *ctx);
int create_limits(void *ctx, struct err *err);
bool create_has_device_rules(const void *ctx);
int create_device_rules(void *ctx, struct err *err);

/* create_unit.c: the systemd manager, whose unit is started with init in it. */
bool create_has_unit(const void *ctx);
int create_unit(void *ctx, struct err *err);
void create_undo_unit(void *ctx);
bool create_has_unit_resources(const void *ctx);
bool create_has_unit_sub_cgroup(const void *ctx);
int create_unit_sub_cgroup(void *ctx, struct err *err);
bool create_unit_delegates(const void *ctx);
/* For the state, before anything is made. */
int creation_plan_unit(struct creation *k, struct err *err) must_check;
/* Something of linux.resources needs a cgroup. */
bool creation_wants_limits(const struct creation *k);

static inline const struct oci_resources *creation_resources(const struct creation *k)
{
	return k->spec.linux_ ? k->spec.linux_->resources : NULL;
}

/* Where the container's process starts. */
static inline int creation_cgroup(const struct creation *k)
{
	return k->sub_cgroup_fd >= 0 ? k->sub_cgroup_fd : k->c.cgroup_fd;
}

/* delegate.c */
bool create_has_sub_cgroup(const void *ctx);
int create_sub_cgroup(void *ctx, struct err *err);
bool create_delegates(const void *ctx);
int create_delegate(void *ctx, struct err *err);
bool create_delegates_joined(const void *ctx);
int create_delegate_joined(void *ctx, struct err *err);

/* create_rdt.c */
bool create_has_rdt(const void *ctx);
int create_rdt_find(void *ctx, struct err *err);
int create_rdt(void *ctx, struct err *err);
void create_undo_rdt(void *ctx);
int create_rdt_join(void *ctx, struct err *err);

/* create_process.c */
int create_sources(void *ctx, struct err *err);
void create_undo_sources(void *ctx);
int create_sockets(void *ctx, struct err *err);
int create_spawn(void *ctx, struct err *err);
void create_undo_spawn(void *ctx);
bool create_init_waits(const void *ctx);
int create_maps(void *ctx, struct err *err);
int create_identify(void *ctx, struct err *err);
int create_outside(void *ctx, struct err *err);
bool create_has_runtime_hooks(const void *ctx);
int create_runtime_hooks(void *ctx, struct err *err);
bool create_may_start_early(const void *ctx);
int create_start_early(void *ctx, struct err *err);
int create_ready(void *ctx, struct err *err);
int create_hand_over(void *ctx, struct err *err);

/* create_net.c */
bool create_has_net_devices(const void *ctx);
int create_net_devices(void *ctx, struct err *err);
void create_undo_net_devices(void *ctx);
/* No way back from here on: see ns_netdevs_done(). */
void creation_keep_net_devices(struct creation *k);

/* Before any step: nothing is open yet but the state root. */
int creation_begin(struct creation *k, struct err *err) must_check;
/* All steps up to a created container; on failure everything is undone. */
int creation_run(struct creation *k, struct err *err) must_check;
/* Undoes a container that could be created but not started. */
void creation_undo(struct creation *k);
void creation_done(struct creation *k);
/* run.c: waits for the end of the attached container, and deletes it. */
int creation_wait(struct creation *k, int *ret_exit, struct err *err) must_check;

/*
 * After SYNC_START, what start and run do in this order (start.c). The lock is given back if there
 * are hooks or an agent to wait for: meanwhile others may kill and delete the container. Then
 * seccomp's listener goes to the AGENT (-1: none), and the program is executed; it is not when a
 * startContainer hook has failed, or when the container was killed meanwhile. Then the poststart
 * hooks. After a failed hook the container has to be destroyed (H-18, H-19): that is start_undo(),
 * which returns -err->code and leaves ERR as it is.
 */
int start_unlock(struct container *c, struct err *err) must_check;
int start_wait_executed(struct container *c, int channel, int *agent, bool *ret_hook_failed,
			struct err *err) must_check;
int start_poststart(struct container *c, struct err *err) must_check;
int start_undo(struct container *c, struct err *err);

#endif
