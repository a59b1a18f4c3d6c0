/*
 * state.h - what is remembered of a container between two commands.
 *
 * One directory per container below the state root:
 *
 *   state.json    written before anything else exists, replaced atomically (rename)
 *   process.json  the process object, the base of exec
 *   filter        the compiled seccomp program, for exec
 *   start.sock    init listens on it until the container is started
 *   notify/       the sd_notify socket, when NOTIFY_SOCKET is set
 *   migrate.json  a migration that is not over: checkpoint/journal.h
 *
 * The directory itself carries the lock: flock(2) on it is held by commands that change
 * the container (create, start, delete, pause, resume, update). Reading needs no lock.
 *
 * The status is never stored. Only `creating` is: a create that has not finished. Everything
 * else is asked from the kernel each time.
 */
#ifndef HULL_STATE_H
#define HULL_STATE_H

#include "libcontainer/base/arena.h"
#include "libcontainer/container.h"
#include "oci-spec/oci.h"

#define STATE_VERSION 1
#define STATE_JOURNAL "migrate.json"

struct state_rdt {
	const char *clos;        /* the class: a directory of resctrl, "." for its root */
	struct opt_bool own;     /* it was made for this container, and goes with it (T-14) */
	struct opt_bool monitor; /* there is a monitoring group of this container (T-17) */
};

struct state {
	struct opt_u32 version;
	const char *id, *bundle, *rootfs, *created;
	struct opt_bool creating;      /* create has not finished */
	struct opt_i64 pid;            /* absent until init exists */
	struct opt_u64 starttime;      /* of init: tells a reused pid */
	const char *cgroup;            /* below the v2 mount; absent = none */
	const char *cgroup_sub;        /* below it: where processes start; absent = in it */
	const char *cgroup_made;       /* topmost directory that create made */
	const char *cgroup_manager;    /* "systemd", "disabled"; absent = cgroupfs */
	const char *unit;              /* of systemd, that the cgroup belongs to; absent = none */
	struct opt_bool unit_user;     /* known to the user's manager */
	struct opt_bool unit_made;     /* it was started by create, and not there before */
	struct oci_strings namespaces; /* types in the config, made or joined: exec joins them */
	struct opt_bool private_pid;   /* a new pid namespace: killing init kills all */
	/* Some process of it had CAP_SYS_PTRACE: exec must not let it see a process half made. */
	struct opt_bool may_trace;
	const char *keyring; /* session keyring that exec joins, too */
	struct opt_bool has_process, has_filter, no_new_keyring, notify;
	/* What exec takes from linux, and whether process.json has what a --process may lack. */
	struct oci_personality *personality;
	struct oci_memory_policy *memory_policy;
	struct opt_bool has_defaults;
	/* Where the listener of a filter with notifications goes; absent: there is none. */
	const char *listener_path, *listener_metadata;
	struct state_rdt *rdt;   /* absent: resctrl was left alone */
	struct oci_hooks *hooks; /* start_container: whether there are any; poststart, poststop */
	struct oci_map annotations;
};

extern const struct oci_type state_type;

/* 0700-protected directory of ID. Owned fd; -ENOENT with "container 'ID' does not exist". */
int state_open_dir(const struct container_root *root, const char *id, struct err *err) must_check;
int state_load(struct arena *a, int dirfd, const char *id, struct state *ret,
	       struct err *err) must_check;
int state_save(int dirfd, const struct state *state, struct err *err) must_check;
/* The same in two parts, of which the second is one rename: staged while init is at work,
 * published when it is done. */
int state_stage(int dirfd, const struct state *state, struct err *err) must_check;
int state_publish(int dirfd, struct err *err) must_check;
/* Takes the lock, waiting up to TIMEOUT_MS; it goes with the last copy of DIRFD. */
int state_lock(int dirfd, const char *id, int timeout_ms, struct err *err) must_check;
int state_unlock(int dirfd);
/* Once locked: -ENOENT when the container was deleted while we waited, even if there is a new one
 * of the same id. */
int state_check_linked(const struct container_root *root, const char *id, int dirfd,
		       struct err *err) must_check;
/* Removes the directory and all that is in it. */
int state_remove(const struct container_root *root, const char *id, struct err *err) must_check;

#endif
