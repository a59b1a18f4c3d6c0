/*
 * plan.h - what will be done: names turned into numbers, paths classified.
 *
 * The runtime builds a plan from the spec before anything is touched (PURE), then clones
 * init, which reads the plan as memory it shares by fork. Init never parses and never sees
 * JSON. All memory is in the plan's arena or borrowed from the spec and the input, which must
 * live as long as the plan. Descriptors in a plan are opened by the runtime
 * (runtime/sources.c) and borrowed by init; -1 = none.
 */
#ifndef HULL_PLAN_H
#define HULL_PLAN_H

#include <linux/filter.h>
#include <linux/sched.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>

#include "libcontainer/base/arena.h"
#include "oci-spec/spec.h"

/* ---- namespaces ------------------------------------------------------------------ */

struct plan_join {
	uint64_t flag; /* one CLONE_NEW* */
	const char *path;
	int fd; /* opened and checked by the runtime */
	/* The field of the config that changes it, so that it must not be the runtime's own. */
	const char *changed_by;
};

struct plan_idmap {
	uint32_t container, host, size;
};

struct plan_timens_offset {
	const char *clock; /* "monotonic" or "boottime" */
	int64_t secs;
	uint32_t nanosecs;
};

struct plan_namespaces {
	uint64_t create; /* CLONE_NEW* to create */
	struct plan_join join[8];
	size_t n_join;
	bool own_cgroup_ns; /* the one joined is the runtime's: as good as none */
	struct plan_idmap *uid_map, *gid_map;
	size_t n_uid_map, n_gid_map;
	struct plan_timens_offset *time_offsets;
	size_t n_time_offsets;
};

/* ---- mounts ---------------------------------------------------------------------- */

enum plan_mount_kind {
	MOUNT_NEW_FS,  /* a new file system of TYPE */
	MOUNT_BIND,    /* a copy of SOURCE */
	MOUNT_REMOUNT, /* change what is at the destination */
	MOUNT_CGROUP,  /* cgroup2 of the container, or a bind where that is refused */
};

/* The maps of id-mapped mounts: one for each distinct pair, however many mounts have it. */
struct plan_mount_idmap {
	struct plan_idmap *uid_map, *gid_map; /* id in the file system -> id of the host */
	size_t n_uid_map, n_gid_map;
	bool joined;  /* those of the user namespace that the container joins, known to it alone */
	size_t index; /* of the first mount that has it, in config.json's mounts[] */
	int fd;       /* a user namespace with these maps, made by the runtime; -1 */
};

struct plan_mount {
	enum plan_mount_kind kind;
	size_t index;              /* in config.json's mounts[], for errors */
	const char *destination;   /* absolute, inside the container */
	const char *type, *source; /* source: absolute host path for a bind */
	const char *data; /* comma-joined file system options and superblock flags, or "" */
	/* MOUNT_ATTR_*, this mount. In clear the atime field is whole or absent. */
	uint64_t attr_set, attr_clear;
	uint64_t rec_attr_set, rec_attr_clear; /* MOUNT_ATTR_*, with submounts (rro, ...) */
	unsigned propagation[4]; /* MS_SHARED etc., MS_REC or'ed in, applied in order */
	size_t n_propagation;
	bool recursive;             /* rbind */
	bool src_nofollow;          /* a symlink as source is bound itself */
	bool dest_nofollow;         /* a symlink as destination is covered itself */
	bool copy_symlink;          /* a symlink as source is made anew at the destination */
	const char *symlink;        /* its target, found by the runtime; NULL: source is none */
	bool copy_up;               /* tmpcopyup */
	const char *label;          /* SELinux: of the root directory, as the mount has no option */
	bool needs_plain_directory; /* proc, sysfs: no symlink in the destination */
	bool readonly_last; /* a new fs with ro: made read-only after everything is in place */
	/* Detached, made by the runtime: the copy of a bind's source, or a new file system that is
	 * id-mapped. -1 = init makes it. */
	int source_fd;
	const struct plan_mount_idmap *idmap; /* NULL = none; applied by the runtime */
	bool idmap_recursive;                 /* ridmap */
	bool source_is_dir;                   /* known when source_fd >= 0 */
};

/* ---- devices --------------------------------------------------------------------- */

struct plan_device {
	const char *path;
	uint32_t mode; /* S_IFCHR, S_IFBLK or S_IFIFO, with permission bits */
	uint32_t major, minor;
	uint32_t uid, gid; /* in the container's user namespace */
	bool is_default;   /* one of the spec's default nodes */
	int source_fd;     /* host node to bind: detached mount, -1 = mknod, or init opens it */
};

struct plan_sysctl {
	const char *path; /* below /proc/sys: "net/ipv4/ip_forward" */
	const char *value;
};

/* ---- network devices ------------------------------------------------------------- */

struct plan_net_device {
	const char *host; /* the interface's name on the host */
	const char *name; /* inside, maybe with a "%d" for the kernel; NULL: as it is */
};

/* ---- process: shared by create and exec ------------------------------------------ */

struct plan_rlimit {
	const char *name; /* "RLIMIT_NOFILE" */
	int resource;
	struct {
		uint64_t rlim_cur, rlim_max; /* as prlimit64(2) takes them */
	} limit;
};

struct plan_caps {
	bool set; /* false: no capabilities object, the runtime's own sets are dropped to none */
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

struct plan_scheduler {
	uint32_t policy, priority; /* SCHED_* */
	uint64_t flags;            /* SCHED_FLAG_* */
	int32_t nice;
	uint64_t runtime, deadline, period; /* ns */
};

struct plan_cpus {
	const char *list;          /* as given, for errors */
	const unsigned long *bits; /* NULL: none given */
	size_t size;               /* bytes */
};

struct plan_memory_policy {
	int mode;                   /* MPOL_* with MPOL_F_* */
	const unsigned long *nodes; /* NULL: none */
	size_t n_bits;
};

struct plan_filter {               /* seccomp */
	struct sock_filter *insns; /* NULL: no filter */
	size_t n;
	unsigned flags; /* SECCOMP_FILTER_FLAG_* */
};

struct plan_process {
	char **args, **env; /* NULL-terminated */
	const char *cwd;
	uint32_t uid, gid;
	uint32_t *groups;
	size_t n_groups;
	bool set_groups; /* false: groups are kept */
	/* Where the user namespace denies setgroups, go on without. */
	bool groups_if_allowed;
	uint32_t umask;
	struct plan_caps caps;
	struct plan_rlimit *rlimits;
	size_t n_rlimits;
	bool no_new_privs;
	bool has_oom_score_adj;
	int oom_score_adj;
	bool terminal;
	uint16_t rows, columns;                 /* 0: leave as it is */
	const struct plan_scheduler *scheduler; /* NULL: as inherited */
	bool has_io_priority;
	int io_priority;                           /* as ioprio_set(2) takes it */
	struct plan_cpus cpus_initial, cpus_final; /* exec only */
	bool has_personality;
	unsigned long personality;
	const struct plan_memory_policy *memory_policy; /* NULL: as inherited */
	struct plan_filter filter;
	const char *apparmor, *selinux; /* labels at execve, NULL: none asked */
	const char *keyring;            /* session keyring to join, NULL: keep the caller's */
	unsigned keep_fds; /* descriptors kept from 3 on: LISTEN_FDS or --preserve-fds */
};

/* ---- resctrl --------------------------------------------------------------------- */

struct plan_rdt {
	const char *clos;   /* the class: a directory of the mount's; "." for that itself */
	bool given;         /* by closID: not the container's own, so it stays when that goes */
	const char **lines; /* for schemata, in order */
	size_t n_lines;
	bool monitor; /* a monitoring group of the container's own */
};
/* Whether schemata as the kernel shows them have what LINES would set, by value (T-12). */
int rdt_schemata_match(const char *have, const char *const *lines, size_t n, struct err *err);

/* ---- the whole ------------------------------------------------------------------- */

struct plan {
	struct arena arena;
	const char *id;
	const char *bundle; /* absolute */
	const char *rootfs; /* absolute host path */
	int rootfs_fd; /* detached copy of the rootfs made by the runtime, -1 = init makes it */
	struct plan_namespaces ns;
	const char *hostname, *domainname;

	unsigned rootfs_propagation; /* MS_* | MS_REC, 0 = unset */
	bool rootfs_readonly;
	bool no_pivot;
	bool nested;      /* the runtime is root of a user namespace, not of the host */
	bool from_bundle; /* paths in the data of a mount are relative to the bundle */
	struct plan_mount *mounts;
	size_t n_mounts;
	struct plan_mount_idmap *mount_idmaps;
	size_t n_mount_idmaps;
	const char *mask_data; /* options of the tmpfs over masked directories */
	bool make_devices;     /* false when /dev is a bind from the host */
	bool bind_devices;     /* the host's nodes are bound, as none can be made */
	struct plan_device *devices;
	size_t n_devices;
	const char **masked_paths, **readonly_paths;
	size_t n_masked_paths, n_readonly_paths;
	struct plan_sysctl *sysctls;
	size_t n_sysctls;
	struct plan_net_device *net_devices;
	size_t n_net_devices;

	bool has_process;
	struct plan_process process;
	const struct oci_hooks
		*hooks;         /* NULL = none; createContainer and startContainer run in init */
	int hook_out, hook_err; /* where the output of those two goes; -1: into the error */
	struct oci_map annotations;
	const char
		*cgroup; /* of the container, relative to the v2 mount: "/hull/web"; NULL = none */
	const char *cgroup_mount;   /* "/sys/fs/cgroup" or "/sys/fs/cgroup/unified" */
	const struct plan_rdt *rdt; /* NULL: resctrl is left alone */
	const char *sub_cgroup;     /* below it: where the process starts; NULL = in it */
	bool delegate_cgroup; /* the container's user becomes the owner of its cgroup (C-12) */
};

/* What the plan depends on besides the spec. */
struct plan_input {
	const struct oci_spec *spec;
	const char *id, *bundle;
	bool no_pivot, no_new_keyring;
	unsigned listen_fds;    /* LISTEN_FDS passed on */
	unsigned preserve_fds;  /* --preserve-fds */
	const char *notify_dir; /* host directory to bind at /run/notify, NULL = none */
	bool rootless;
	bool nested;       /* the runtime is root of a user namespace, not of the host */
	bool no_mknod;     /* device nodes cannot be made, whatever the namespaces */
	unsigned last_cap; /* CAP_LAST_CAP of the running kernel */
};

/* Everything but the seccomp filter and the cgroup, which the runtime adds. PURE: paths are
 * not looked at. The spec has passed oci_validate(). Initialises *PLAN; release its arena with
 * arena_done() (after a failure there is nothing to release). An error begins with the
 * field's path: "mounts[2]: option 'size=1k' ...". */
int plan_build(struct plan *plan, const struct plan_input *in, struct err *err) must_check;
/* A process for exec: the same rules as for the container's own. The caller adds what is not
 * in the object: filter, keyring, keep_fds, set_groups (true here). */
int plan_process_build(struct arena *a, struct plan_process *p, const struct oci_process *process,
		       unsigned last_cap, struct err *err) must_check;

/* The error of prlimit64(2) for rlimits[I] of P. */
int plan_rlimit_failed(const struct plan_process *p, size_t i, int code, struct err *err);

/* What linux says about processes; either may be NULL. */
int plan_process_build_linux(struct arena *a, struct plan_process *p,
			     const struct oci_personality *personality,
			     const struct oci_memory_policy *memory_policy,
			     struct err *err) must_check;

bool plan_has_ns(const struct plan *plan, uint64_t flag); /* created or joined */

/* The id outside of a user namespace behind ID inside of it; false: it is not mapped. */
bool plan_id_outside(const struct plan_idmap *map, size_t n, uint32_t id, uint32_t *ret);

/* Whether init has to join a namespace of FLAG itself because it is a cgroup namespace: from inside
 * one, clone3 cannot start a process in a cgroup outside of it (nsdelegate). In a new user
 * namespace (CREATE) init has no right to, and the runtime does it. */
static inline bool plan_init_joins_cgroup(uint64_t create, uint64_t flag)
{
	return flag == CLONE_NEWCGROUP && !(create & CLONE_NEWUSER);
}

/* ---- tables others read (features, tests) ------------------------------------------ */

struct mount_option {
	const char *name;
	enum {
		OPT_NONE,     /* "defaults" and what the kernel no longer acts on */
		OPT_ATTR,     /* MOUNT_ATTR_* of this mount */
		OPT_REC_ATTR, /* the same with submounts */
		OPT_SUPER,    /* a flag of the superblock, given as an fsconfig flag */
		OPT_PROPAGATION,
		OPT_BIND,
		OPT_REMOUNT,
		OPT_COPY_UP,
		OPT_IDMAP,
		OPT_SRC_LINK,
		OPT_DEST_LINK,
		OPT_COPY_LINK,
	} kind;
	/* MOUNT_ATTR_*; propagation: MS_* | MS_REC; bind: MS_REC or 0. Of the atime field, a
	 * clear of less than the whole takes back that one value ("atime": not noatime). */
	uint64_t set, clear;
	const char *super; /* OPT_SUPER: the fsconfig flag's name */
};
extern const struct mount_option mount_options[];
extern const size_t n_mount_options;
const struct mount_option *mount_option_find(const char *name);

/* What may be mounted inside /proc: paths below it. */
extern const char *const plan_proc_files[];
extern const size_t n_plan_proc_files;

/* "CAP_KILL" -> 5, or -EINVAL. Names in order: cap_names[5] == "CAP_KILL". */
int cap_number(const char *name);
extern const char *const cap_names[];
extern const size_t n_cap_names;

#endif
