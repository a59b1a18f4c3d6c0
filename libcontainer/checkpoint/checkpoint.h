/*
 * checkpoint.h - what the files of checkpoint and restore share.
 */
#ifndef HULL_CHECKPOINT_H
#define HULL_CHECKPOINT_H

#include "libcontainer/checkpoint/criu.h"
#include "libcontainer/runtime/runtime.h"

/* config.json of the bundle that a container was made from. In A. */
const char *ckpt_config_path(const struct container *c, struct arena *a);
int ckpt_config(const struct container *c, struct arena *a, struct oci_spec *ret,
		struct err *err) must_check;
/* CRIU_CG_* of --manage-cgroups-mode. */
int ckpt_cgroups_mode(const char *mode, int *ret, struct err *err) must_check;
/* CLONE_NEW* of --empty-ns. */
int ckpt_empty_ns(const struct container_image_opts *o, uint32_t *ret, struct err *err) must_check;
/* What dump and restore tell CRIU alike. */
void ckpt_request(const struct container_image_opts *o, struct criu_request *q);

/* ---- dump_check.c: what cannot be dumped ------------------------------------------------------
 */

/* All its processes, the first one at the front. */
int ckpt_processes(const struct container *c, struct arena *a, pid_t **ret, size_t *ret_n,
		   struct err *err) must_check;
/* What config.json says that CRIU cannot do. */
int ckpt_check_config(const struct oci_spec *spec, struct err *err) must_check;
/* What will not be in the images, one line each: processes, and CGROUPS if they are left alone. */
typedef void ckpt_tell(void *ctx, const char *text);
void ckpt_left_out(const struct container *c, struct arena *a, const pid_t *pids, size_t n,
		   bool cgroups, ckpt_tell *tell, void *ctx);
/* All that would make a dump fail, as far as it shows while the container runs: one line each. It
 * is only looked at. */
struct ckpt_check {
	bool tcp_established;
	ckpt_tell *problem, *warning;
	void *ctx;
};
int ckpt_check(const struct container *c, struct arena *a, const struct oci_spec *spec,
	       const struct ckpt_check *with, struct err *err) must_check;

/* What --page-server and --lazy-pages say, and whether CRIU can do it here: page_server.c. */
int ckpt_page_server(struct arena *a, const struct container_checkpoint_opts *o,
		     struct criu_request *q, struct err *err) must_check;

/* Freezes a container that has a cgroup at a moment when no process of it is between vfork(2) and
 * execve(2): it may run on for 2 s until there is one. One that is paused stays so, in any case.
 * *ret_began: when it began to freeze for good, by rate_now_ns(). */
int ckpt_freeze(const struct container *c, int64_t *ret_began, struct err *err) must_check;

/* A dump of a container that is open and locked. BEGIN (may be NULL) is called just before it is
 * frozen, COMPLETE (may be NULL) when all images are written and the processes still stand still:
 * when one fails, they run on; or they stay frozen, if it set KEEP_FROZEN. */
struct ckpt_dump {
	const struct container_checkpoint_opts *opts;
	int (*begin)(void *ctx, struct err *err);
	int (*complete)(void *ctx, int images_fd, int work_fd, struct err *err);
	void *ctx;
	bool keep_frozen;
	int64_t froze_ns; /* out: when it began to freeze, by rate_now_ns() */
};
int ckpt_dump(struct container *c, struct ckpt_dump *d, struct err *err) must_check;

/* NETWORK is called when the namespaces are there, with what the configuration and hooks put into
 * that of the network, and nothing else is; RESTORED when all is there and nothing has run: when
 * they fail, all is taken back; RESUMED when its processes run. All may be NULL. */
struct ckpt_restore {
	const struct container_restore_opts *opts;
	int (*network)(void *ctx, const struct state *state, struct err *err);
	int (*restored)(void *ctx, struct err *err);
	int (*resumed)(void *ctx, struct err *err);
	void *ctx;
};
int ckpt_restore(struct container_root *root, const struct ckpt_restore *r, int *ret_exit,
		 struct err *err) must_check;

#endif
