/*
 * checkpoint.h - what the files of checkpoint and restore share.
 */
#ifndef HULL_CHECKPOINT_H
#define HULL_CHECKPOINT_H

#include "libcontainer/checkpoint/criu.h"
#include "libcontainer/runtime/runtime.h"

/* CRIU_CG_* of --manage-cgroups-mode. */
int ckpt_cgroups_mode(const char *mode, int *ret, struct err *err) must_check;
/* CLONE_NEW* of --empty-ns. */
int ckpt_empty_ns(const struct container_image_opts *o, uint32_t *ret, struct err *err) must_check;
/* What dump and restore tell CRIU alike. */
void ckpt_request(const struct container_image_opts *o, struct criu_request *q);

/* A dump of a container that is open and locked. COMPLETE (may be NULL) is called when all images
 * are written and the processes still stand still: when it fails, they run on. */
struct ckpt_dump {
	const struct container_checkpoint_opts *opts;
	int (*complete)(void *ctx, int images_fd, int work_fd, struct err *err);
	void *ctx;
};
int ckpt_dump(struct container *c, const struct ckpt_dump *d, struct err *err) must_check;

#endif
