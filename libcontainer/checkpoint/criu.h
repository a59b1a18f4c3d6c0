/*
 * criu.h - CRIU as a child process: the only place that speaks its protocol.
 *
 * `criu swrk FD` takes requests over a SOCK_SEQPACKET pair, a protobuf message a packet, and asks
 * back with notifications, which the caller's function accepts or refuses: a refusal undoes the
 * dump or restore. Several questions and then one dump or restore go over one connection.
 *
 * Source: CRIU's documentation of its RPC; the messages are in criu.proto.
 */
#ifndef HULL_CHECKPOINT_CRIU_H
#define HULL_CHECKPOINT_CRIU_H

#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/arena.h"

/* CRIU's own numbering: 40200 is 4.2. */
#define CRIU_VERSION(major, minor, sub) ((major)*10000 + (minor)*100 + (sub))
/* SO_PASSCRED is refused on inet sockets since Linux 6.16; earlier CRIUs ask for it. */
#define CRIU_FOR_LINUX_6_16 CRIU_VERSION(4, 2, 0)
#define CRIU_OLDEST         CRIU_VERSION(3, 17, 0)

struct criu {
	pid_t pid; /* 0: there is none */
	int sock;  /* -1 */
	int pidfd; /* -1 */
	int version;
	const char *path; /* borrowed */
};
#define CRIU_CLOSED                      \
	{                                \
		.sock = -1, .pidfd = -1, \
	}

/* The program: WANTED, a path or a name, "criu" when NULL; names are looked up in PATH. In A. */
int criu_find(struct arena *a, const char *wanted, const char **ret, struct err *err) must_check;

/* How it is started. Descriptors that requests name keep their numbers; 0 to 2
 * are not passed on. */
struct criu_start {
	const char *path;
	int cgroup_fd; /* -1: the caller's cgroup */
	const int *keep;
	size_t n_keep;
	bool deaf; /* to signals that ask it to stop: it ends when its socket does */
	void (*prepare)(void *ctx); /* in its process, before it is executed; may not return */
	void *ctx;
};
/* Needs criu_close() in any case. */
int criu_spawn(struct criu *c, const struct criu_start *start, struct err *err) must_check;
/* Asks its version, which must be one that works on this kernel. */
int criu_check(struct criu *c, struct err *err) must_check;
/* Both, without PREPARE. */
int criu_open(struct criu *c, const char *path, int cgroup_fd, const int *keep, size_t n_keep,
	      struct err *err) must_check;
/* Ends it; a child of hull that it made lives on. */
void criu_close(struct criu *c);
#define auto_criu __attribute__((cleanup(criu_close))) struct criu

/* Whether it has noted what the kernel can, which criu_features() makes it do, if it can: it takes
 * 30 ms to find out. */
bool criu_knows_kernel(void);

struct criu_features {
	bool mem_track; /* soft-dirty pages: without it there is no pre-dump */
	bool lazy_pages;
};
int criu_features(struct criu *c, struct criu_features *ret, struct err *err) must_check;

/* criu_cpu.c: its image of this host's processor; *ret_len 0: it makes none on this architecture.
 */
#define CRIU_CPU_MAX 16384
int criu_cpu_dump(struct criu *c, uint8_t ret[CRIU_CPU_MAX], size_t *ret_len,
		  struct err *err) must_check;
/* Whether what ran on the processor of that image can run here, by its own rules: the same layout
 * of saved registers, and all instructions. WHY: else, in its words. */
int criu_cpu_check(struct criu *c, const uint8_t *image, size_t len, bool *ret_fits, char *ret_why,
		   size_t why_size, struct err *err) must_check;

enum criu_what { CRIU_DUMP, CRIU_PRE_DUMP, CRIU_RESTORE };

struct criu_pair {
	const char *key, *val;
};
struct criu_inherit {
	const char *key;
	int fd; /* one of KEEP of criu_open() */
};

/* Its options by their names in CRIU's documentation. NULL, false, 0, empty: not given. */
struct criu_request {
	enum criu_what what;
	int images_fd, work_fd; /* directories; both needed */
	pid_t pid;              /* dump: the root of the tree */
	const char *images_dir; /* instead of images_fd: a path in CRIU's mount namespace */
	const char *log_file;   /* a name in work_fd */
	const char *root;
	const char *parent_img;    /* relative to images_fd */
	const char *config_file;   /* CRIU's own; its values win over these */
	const char *freeze_cgroup; /* a directory */
	const char *ps_address;    /* page server */
	uint16_t ps_port;
	int ps_fd, status_fd; /* -1: none */
	int cgroups_mode;     /* CRIU_CG_* */
	uint32_t empty_ns;    /* CLONE_NEW* */
	uint32_t ghost_limit; /* bytes of an unlinked file that are copied */
	bool network_lock;    /* by nftables; else there is none */
	bool leave_running, ext_unix_sk, tcp_established, tcp_close, tcp_skip_in_flight, shell_job,
		file_locks, link_remap, lazy_pages, auto_dedup, track_mem, orphan_pts_master,
		evasive_devices;
	bool few_words; /* warnings only in its log, unless all is to be told (--debug) */
	const char *lsm_profile, *lsm_mount_context;
	const struct criu_pair *ext_mnt; /* dump: destination twice; restore: destination, source */
	size_t n_ext_mnt;
	const char *const *external; /* "net[INODE]:KEY", "file[MNT:INODE]", "tty[RDEV:DEV]", ... */
	size_t n_external;
	const struct criu_inherit *inherit; /* restore: what takes the place of external things */
	size_t n_inherit;
	const struct criu_pair *join_ns; /* restore: "ipc" and a path */
	size_t n_join_ns;
	const char *cg_root; /* restore: the cgroup, below its mount, that takes the dumped one's
				place */
};

/* enum CriuCgroups */
enum { CRIU_CG_IGNORE = 0, CRIU_CG_SOFT = 3, CRIU_CG_FULL = 4, CRIU_CG_STRICT = 5 };

struct criu_event {
	const char *name; /* "post-dump", "setup-namespaces", ... */
	pid_t pid;        /* the tree's root in CRIU's pid namespace, 0 if it is not told */
	int fd;           /* "orphan-pts-master": the terminal; closed after the call */
	/* "query-ext-files": the answer, more of criu_request.external; all processes stand still.
	 */
	const char *const *external;
	size_t n_external;
};
/* 0: go on; < 0 with the error: undo all. */
typedef int criu_notify(void *ctx, struct criu_event *event, struct err *err);

/* One dump or restore. *ret_pid (may be NULL): the restored root, a child of the caller. The error
 * is the one of NOTIFY if that refused, else the first of CRIU's. */
int criu_run(struct criu *c, const struct criu_request *request, criu_notify *notify, void *ctx,
	     pid_t *ret_pid, struct err *err) must_check;
/* Its error, when CRIU refused: the cause that its log names, and what helps. */
int criu_failed(const struct criu_request *request, int cr_errno, const char *errmsg,
		struct err *err);

#endif
