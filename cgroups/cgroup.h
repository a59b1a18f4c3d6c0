/*
 * cgroup.h - cgroup v2 of a container.
 *
 * hull works in the v2 hierarchy only. On a hybrid host (v1 controllers, v2 mounted at
 * .../unified) tracking, freezing, killing and device filtering work as they need no
 * controller; a limit whose controller v2 does not offer is an error that names the
 * controller and the v1 hierarchy that holds it. A cgroup is named by its path below
 * the v2 mount ("/hull/web") and, once open, by a descriptor of its directory.
 *
 * A process is never moved: clone3 starts it in its cgroup (CLONE_INTO_CGROUP), as writing
 * cgroup.procs waits for an RCU grace period.
 *
 * Source: Documentation/admin-guide/cgroup-v2.rst; runtime-spec config-linux.md.
 */
#ifndef HULL_CGROUP_H
#define HULL_CGROUP_H

#include <sys/types.h>

#include "libcontainer/base/arena.h"
#include "libcontainer/base/stats.h"
#include "oci-spec/spec.h"

enum cgroup_mode { CGROUP_UNIFIED, CGROUP_HYBRID };

struct cgroup_host {
	enum cgroup_mode mode;
	char mount[256]; /* "/sys/fs/cgroup" or "/sys/fs/cgroup/unified" */
	int fd;          /* O_PATH of the mount, -1 before the probe */
};

/* Finds the v2 hierarchy. A host with v1 alone is an error that says so. */
int cgroup_host_probe(struct cgroup_host *host, struct err *err) must_check;
void cgroup_host_done(struct cgroup_host *host);

/* The container's path. CGROUPS_PATH is the config's (NULL or ""): absolute = from the v2
 * mount; relative = below "BASE/hull"; unset = "BASE/hull/ID". BASE is NULL for root, whose
 * containers are below the mount itself. "..", empty parts and control characters are refused.
 * PURE. */
int cgroup_path(struct arena *a, const char *cgroups_path, const char *id, const char *base,
		const char **ret, struct err *err) must_check;

/* BASE for others than root: the caller's own cgroup; or the cgroup of the systemd unit, if that is
 * the user's and the caller is in a sub-cgroup of it (DelegateSubgroup=). */
int cgroup_rootless_base(const struct cgroup_host *host, struct arena *a, const char **ret,
			 struct err *err) must_check;
/* Before limits are set below BASE: if that is the caller's own cgroup, and its to write, hull
 * moves out of it into a sub-cgroup (cgroup v2 has no controllers below a cgroup with processes),
 * as systemd has services do. Refused when others live in it, too. */
int cgroup_step_aside(const struct cgroup_host *host, struct arena *a, const char *base,
		      struct err *err) must_check;

/* Makes the directory and its missing parents, enables the controllers that RESOURCES need all the
 * way down, refuses one that is frozen or has processes. Returns an owned O_RDONLY directory fd or
 * -errno. *ret_made: the path of the topmost directory that was made here (delete removes from the
 * bottom up to it), NULL when it was there already. (The systemd manager: systemd/unit.h.) */
int cgroup_create(const struct cgroup_host *host, struct arena *a, const char *path,
		  const struct oci_resources *resources, const char **ret_made, struct err *err);
/* Removes the cgroup, its sub-cgroups and the parents up to MADE if they are empty. Waits for dying
 * processes through cgroup.events, up to 10 s, without sleeping. Missing is fine. MADE NULL:
 * nothing was made, so nothing is removed (C-07). */
int cgroup_destroy(const struct cgroup_host *host, const char *path, const char *made,
		   struct err *err);

/* Opens an existing cgroup: owned directory fd, -ENOENT when it is gone. */
int cgroup_open(const struct cgroup_host *host, const char *path);
/* O_PATH fd of the cgroup a process is in, for exec when the container's own is a parent of
 * others ("no internal processes"). */
int cgroup_open_of_pid(const struct cgroup_host *host, pid_t pid, struct err *err) must_check;

/* Writes all of RESOURCES but the device rules (V-01..V-22 of the conversion table), unified last.
 * HOST is for the error when a controller is missing. UPDATE: also honours checkBeforeUpdate,
 * and when a write fails those before it are taken back, as far as a file's value can be
 * written to it. */
int cgroup_apply(const struct cgroup_host *host, int fd, const struct oci_resources *resources,
		 bool update, struct err *err) must_check;
/* Compiles the rules (plus the implicit allows for default nodes) and attaches the program,
 * replacing an earlier one. Nothing is attached when the rules allow everything. */
int cgroup_devices_apply(int fd, const struct oci_device_rule *rules, size_t n,
			 struct err *err) must_check;

/* Makes UID (as the runtime sees ids) the owner of the cgroup FD: of its directory and of the files
 * that /sys/kernel/cgroup/delegate lists, and of nothing else (C-12 to C-18). */
int cgroup_delegate(int fd, uid_t uid, struct err *err) must_check;

/* Freezes or thaws, and waits until the kernel says so (bounded: 10 s). */
int cgroup_freeze(int fd, bool frozen, struct err *err) must_check;
/* Turns the switch alone. 0 or -errno. */
int cgroup_freeze_later(int fd, bool frozen);
int cgroup_is_frozen(int fd);    /* by its own switch: 1, 0 or -errno */
int cgroup_stands_still(int fd); /* by its own or a parent's: 1, 0 or -errno */
/* The same of a cgroup that is not open. */
int cgroup_path_stands_still(const struct cgroup_host *host, const char *path);
int cgroup_is_populated(int fd); /* 1, 0 or -errno */
/* SIGKILL to every process below, whatever forks meanwhile (cgroup.kill). 0 or -errno. */
int cgroup_kill(int fd);
/* Any other signal to every process below: freeze, signal, thaw (always; but what was frozen before
 * stays so, and the signal waits with it). */
int cgroup_signal_all(int fd, int sig, struct err *err) must_check;
/* All pids of the subtree, ascending, as seen from here. */
int cgroup_pids(int fd, struct arena *a, pid_t **ret, size_t *ret_n, struct err *err) must_check;
/* Waits until nothing runs below it. 0 or -ETIMEDOUT. */
int cgroup_wait_empty(int fd, int timeout_ms);
/* oom_kill counter of memory.events; 0 when there is no memory controller. */
uint64_t cgroup_oom_kills(int fd);

/* ---- statistics, for events ------------------------------------------------------- */

/* Reads what the enabled controllers offer; what is missing stays zero. */
int cgroup_stats_read(int fd, struct arena *a, struct cgroup_stats *ret,
		      struct err *err) must_check;

/* ---- pure parts, for unit tests ------------------------------------------------------ */

uint64_t cgroup_shares_to_weight(uint64_t shares);   /* V-01 */
uint64_t cgroup_blkio_to_io_weight(uint64_t weight); /* V-14 */
struct bpf_insn;
/* Device rules → eBPF (at most MAX instructions). Returns the count or -errno. */
int cgroup_devices_compile(const struct oci_device_rule *rules, size_t n, struct bpf_insn *insns,
			   size_t max, struct err *err) must_check;

#endif
