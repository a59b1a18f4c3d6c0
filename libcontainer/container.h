/*
 * container.h - the facade: all that cmd/ may use of libcontainer.
 *
 * Each verb of the command line is one function. Functions return 0 (or what is said) and
 * a negative errno with the error filled. Nothing here prints. `root` is an open state root.
 *
 * States: creating, created, running, paused, stopped. They are computed from the kernel each
 * time (start.sock, the process and its start time, cgroup.freeze), never stored.
 */
#ifndef HULL_CONTAINER_H
#define HULL_CONTAINER_H

#include <sys/types.h>

#include "libcontainer/base/arena.h"
#include "libcontainer/base/stats.h"
#include "oci-spec/spec.h"

/* ---- state root -------------------------------------------------------------------- */

/* Options every command shares; filled by main from the global flags. */
struct container_root {
	const char *path; /* absolute */
	bool rootless;    /* euid != 0 or inside a user namespace, or as --rootless says */
	bool nested;      /* euid 0, but of a user namespace other than the host's first */
	bool no_cgroup;   /* --cgroup-manager disabled */
	bool systemd;     /* --cgroup-manager systemd */
	int fd;           /* O_DIRECTORY, -1 until container_root_open */
};
/* Path (/run/hull, or $XDG_RUNTIME_DIR/hull by runc's rules; in A), rootless and nested. PATH is
 * NULL where an ordinary user has no XDG_RUNTIME_DIR: container_root_open() says so. */
void container_root_default(struct arena *a, struct container_root *ret);
/* Opens the root; MAKE creates it (0700) when missing, else a missing one is -ENOENT. */
int container_root_open(struct container_root *root, bool make, struct err *err) must_check;

/* ---- state --------------------------------------------------------------------------- */

enum container_status {
	CONTAINER_CREATING,
	CONTAINER_CREATED,
	CONTAINER_RUNNING,
	CONTAINER_PAUSED,
	CONTAINER_STOPPED
};
const char *container_status_name(enum container_status status);

struct container_info {
	const char *id, *bundle, *rootfs, *created; /* created: RFC 3339 with nanoseconds, UTC */
	enum container_status status;
	pid_t pid;   /* 0 when stopped */
	uid_t owner; /* of the state directory */
	struct oci_map annotations;
};
int container_info(const struct container_root *root, const char *id, struct arena *a,
		   struct container_info *ret, struct err *err) must_check;
/* The same of N containers, into RET, which has room for all; returns how many there are. One that
 * cannot be read (half deleted, damaged) is told to SKIPPED and does not hide the others. */
size_t container_infos(const struct container_root *root, const char *const *ids, size_t n,
		       struct arena *a, struct container_info *ret,
		       void (*skipped)(const char *id, const struct err *err));
/* Ids with a state directory, sorted. A missing root gives none. */
int container_ids(const struct container_root *root, struct arena *a, const char ***ret,
		  size_t *ret_n, struct err *err) must_check;

/* ---- life cycle ------------------------------------------------------------------------ */

struct container_create_opts {
	const char *id, *bundle; /* bundle: "." by default */
	const char *config;      /* another config.json than the bundle's, NULL = none */
	const char *pid_file, *console_socket, *pidfd_socket; /* NULL = none */
	bool no_pivot, no_new_keyring;
	uint32_t preserve_fds;
	/* run only */
	bool detach, keep, no_subreaper;
};
int container_create(struct container_root *root, const struct container_create_opts *opts,
		     struct err *err) must_check;
/* create + start; attached: waits, *ret_exit is the exit code (0..255, 128+signal). */
int container_run(struct container_root *root, const struct container_create_opts *opts,
		  int *ret_exit, struct err *err) must_check;
int container_start(struct container_root *root, const char *id, struct err *err) must_check;
/* ALL: every process of the container; then a stopped container is not an error. SIG -1: the one
 * that the container's annotations name, else SIGTERM. */
int container_kill(struct container_root *root, const char *id, int sig, bool all,
		   struct err *err) must_check;
/* FORCE: kills first; an unknown id is not an error. */
int container_delete(struct container_root *root, const char *id, bool force,
		     struct err *err) must_check;
int container_pause(struct container_root *root, const char *id, struct err *err) must_check;
int container_resume(struct container_root *root, const char *id, struct err *err) must_check;
/* Host pids of all processes; none when stopped. */
int container_pids(struct container_root *root, const char *id, struct arena *a, pid_t **ret,
		   size_t *ret_n, struct err *err) must_check;
/* RESOURCES are merged over nothing: only members that are set are written. */
int container_update(struct container_root *root, const char *id,
		     const struct oci_resources *resources, struct err *err) must_check;

struct container_exec_opts {
	const char *id;
	const char *process_file; /* --process: a process object; NULL = the container's own */
	char *const *args;        /* NULL-terminated; replaces args of the container's process */
	const char *cwd, *user;   /* user: "uid[:gid]", numeric */
	const char *const *env, *const *caps; /* NULL-terminated, may be NULL; added */
	const uint32_t *additional_gids;
	size_t n_additional_gids;
	const char *pid_file, *console_socket, *pidfd_socket, *cgroup, *apparmor, *process_label;
	uint32_t preserve_fds;
	bool tty, detach, no_new_privs, ignore_paused;
};
int container_exec(struct container_root *root, const struct container_exec_opts *opts,
		   int *ret_exit, struct err *err) must_check;

/* ---- checkpoint and restore ----------------------------------------------------------------- */

/* What a dump and a restore share; options by CRIU's names. */
struct container_image_opts {
	const char *criu;                /* the program; NULL: found in PATH */
	const char *image_path;          /* NULL: ./checkpoint */
	const char *work_path;           /* of CRIU's log; NULL: the directory of the images */
	const char *manage_cgroups_mode; /* "soft", "full", "strict", "ignore"; NULL: ignore */
	const char *const *empty_ns;     /* types of namespaces whose contents are left out */
	size_t n_empty_ns;
	bool tcp_established, ext_unix_sk, shell_job, file_locks, lazy_pages, auto_dedup;
	bool in_haste; /* somebody waits: CRIU's log has warnings only */
};

struct container_checkpoint_opts {
	const char *id;
	struct container_image_opts image;
	const char *parent_path; /* of an earlier pre-dump, relative to image_path; NULL */
	const char *page_server; /* "ADDRESS:PORT", NULL */
	int status_fd;           /* -1 */
	bool leave_running, pre_dump, tcp_skip_in_flight, link_remap;
	const char *export_file; /* an archive; then images are kept only in a given image_path */
	const char *compress;    /* of it: "none", "gzip", "zstd"; NULL: by its name */
	const char *rootfs;      /* in it: "auto", "whole", "upper", "none"; NULL: auto */
};
/* The container is gone afterwards, unless it is left running or this was a pre-dump. When it fails
 * the container runs on (or is paused, if it was). */
int container_checkpoint(struct container_root *root, const struct container_checkpoint_opts *opts,
			 struct err *err) must_check;

struct container_restore_opts {
	struct container_create_opts create;
	struct container_image_opts image;
	const char *lsm_profile, *lsm_mount_context;
	bool tcp_close;
	const char *import_file; /* an archive; image_path is then where it is unpacked meanwhile */
	uint64_t max_size;       /* of what is in it; 0: any */
};
/* As container_run(): *ret_exit when attached. */
int container_restore(struct container_root *root, const struct container_restore_opts *opts,
		      int *ret_exit, struct err *err) must_check;

/* ---- migrate ------------------------------------------------------------------------------------
 */

struct container_migrate_progress {
	/* "preflight", "round", "frozen", "restored", "running", "filling", "done" */
	const char *phase;
	uint32_t round;
	bool within;                      /* the round goes on; or memory is filled in still */
	uint64_t dirty_bytes, sent_bytes; /* of memory; on the wire */
	uint64_t expected_bytes;          /* of memory in this round, or afterwards */
	uint64_t dirty_rate; /* bytes of memory that are written a second; 0: not known */
	uint64_t took_ms, predicted_ms; /* predicted: the downtime, if it stopped now */
	uint64_t bandwidth;             /* bytes of memory a second */
	unsigned throttle; /* percent of the time that it is made to stand still; 0: none */
};
/* Times in nanoseconds; frozen is the time from before the source stood still to the target's word
 * that it runs, of which dump, transfer and restore are parts. */
struct container_migrate_round {
	uint64_t memory, sent, ns;
};
#define CONTAINER_MIGRATE_ROUNDS 32
struct container_migrate_report {
	struct container_migrate_round round[CONTAINER_MIGRATE_ROUNDS]; /* the first of them */
	uint64_t total_ns, frozen_ns, dump_ns, files_ns, transfer_ns, restore_ns;
	uint64_t file_bytes, last_file_bytes; /* sizes of the files that were sent; the last ones */
	uint64_t bytes, last_bytes; /* on the wire; of memory that was sent while it stood still */
	uint64_t late_bytes,
		fill_ns; /* memory that was sent after COMMIT, and how long that took */
	uint32_t rounds;
};
struct container_migrate_opts {
	const char *id;
	const char *destination; /* "[user@]host[:bundle]", "local:[bundle]", "fd:N" */
	const char *name;        /* id over there; NULL: the same */
	const char *mode;        /* "auto", "precopy", "hybrid", "postcopy", "stop"; NULL: auto */
	const char *criu, *ssh;  /* programs here; NULL: found in PATH */
	const char *target_hull, *target_root, *target_criu; /* over there; NULL: the usual ones */
	const char *compress;       /* "auto", "none", "lz4", "zstd[:N]"; NULL: auto */
	const char *network;        /* "auto", "none"; NULL: auto */
	const char *bridge;         /* over there; NULL: none */
	const char *on_switch;      /* a command for the shell over there; NULL: none */
	uint64_t bandwidth;         /* bytes a second at most; 0: no limit */
	const char *rootfs;         /* "none", "copy", "upper"; NULL: none */
	const char *const *volumes; /* destinations of bind mounts whose sources go along, too */
	size_t n_volumes;
	int downtime_ms;
	uint32_t max_rounds; /* 0: as fits the mode */
	int max_time_ms;     /* of the rounds; 0: no limit */
	bool auto_converge;  /* throttled, when rounds get no smaller */
	bool dry_run, tcp_established;
	bool recover;      /* nothing new: what became of an earlier one is asked and carried out */
	bool cancel;       /* nothing new: who migrates it is told to give it up */
	bool force_resume; /* recover: let it run here, unless it is known to run there */
	void (*progress)(void *ctx, const struct container_migrate_progress *p);
	/* What is in the way; WHERE: "source", "target", "target: warning" if it is not. */
	void (*problem)(void *ctx, const char *where, const char *text);
	void *ctx;
};
int container_migrate(struct container_root *root, const struct container_migrate_opts *opts,
		      struct container_migrate_report *report, struct err *err) must_check;

struct container_receive_opts {
	int in, out;
	int said; /* what went wrong though the container runs; -1 */
	const char *criu;
	int timeout_ms, idle_ms; /* of a frame; of the source's silence between frames */
};
int container_receive(struct container_root *root, const struct container_receive_opts *opts,
		      struct err *err) must_check;

/* ---- events ------------------------------------------------------------------------------ */

struct container_events {
	/* Called for each sample and each OOM kill; a negative return ends the loop with that
	 * error. */
	int (*stats)(void *ctx, const char *id, const struct cgroup_stats *stats, struct err *err);
	int (*oom)(void *ctx, const char *id, struct err *err);
	void *ctx;
	int interval_ms; /* > 0; unused with once */
	bool once;       /* --stats */
};
/* Returns when the container's cgroup is gone or empty. */
int container_events(struct container_root *root, const char *id, const struct container_events *ev,
		     struct err *err) must_check;

/* ---- features ------------------------------------------------------------------------------ */

/* What the tables below know, for `hull features`; the same on every host but for the
 * library's version. Lists are NULL-terminated. */
struct container_features {
	const char *const *mount_options; /* sorted */
	const char *const *capabilities;
	const char *const *seccomp_actions, *const *seccomp_operators, *const *seccomp_archs;
	const char *const *seccomp_known_flags, *const *seccomp_supported_flags;
	const char *const *memory_modes, *const *memory_flags;
	const char *libseccomp_version;
	const char *const *unsafe_annotations; /* keys of config.json that change what hull does */
};
void container_features(struct arena *a, struct container_features *ret);

/* The same annotations, for the documentation: the last has no name. */
struct container_annotation {
	const char *name, *help;
	bool refused; /* help says why */
};
const struct container_annotation *container_annotations(struct arena *a);

/* Re-executes hull from a private read-only copy, so that a container can never write to the
 * host's binary (CVE-2019-5736). Called first by the commands that enter a container. Returns
 * when this process is such a copy already. */
int container_seal_self(char **argv, struct err *err) must_check;

#endif
