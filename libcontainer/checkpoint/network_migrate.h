/*
 * network_migrate.h - the container's network in a migration: what both ends keep of it.
 */
#ifndef HULL_CKPT_NETWORK_MIGRATE_H
#define HULL_CKPT_NETWORK_MIGRATE_H

#include "libcontainer/checkpoint/network.h"
#include "libcontainer/container.h"

struct migration;
struct migrate_need;
struct oci_spec;

/* ---- network_source.c ------------------------------------------------------------------- */

struct network_source {
	bool taken;   /* along */
	bool cutable; /* the program is there */
	struct rtnl inside;
	struct network_cut cut;
	struct network before; /* when it got it */
};

/* Whether the network goes along, and what the target is told of it. */
int network_source_look(struct migration *x, struct migrate_need *need, struct err *err) must_check;
void network_source_done(struct migration *x);
/* A step, before anything stands still. */
bool network_source_applies(const void *ctx);
int network_source_prepare(void *ctx, struct err *err);
void network_source_undo(void *ctx);
/* While it stands still: as it is now, beside the images. */
int network_source_describe(struct migration *x, int images_fd, struct err *err) must_check;
/* Nothing of it answers from now on; or all does again. */
void network_source_cut(struct migration *x, bool shut);
/* It runs here again: links let pass what comes, and neighbours are told. What fails is logged. */
void network_source_resume(struct migration *x);

/* ---- network_target.c ------------------------------------------------------------------- */

struct network_target {
	const struct migrate_need *need;
	struct network network;
	struct network_place place;
	struct network_cut cut;
	struct network_frame *frames;
	size_t n_frames;
	int announcer;
	pid_t inside; /* a process of the container */
	pid_t helper; /* announces again and runs --on-switch */
	int helper_fd;
	bool there;
};
#define NETWORK_TARGET_NONE                                                       \
	{                                                                         \
		.place = {.inside = RTNL_NONE, .host = RTNL_NONE, .host_ns = -1}, \
		.cut = NETWORK_CUT_NONE, .announcer = -1, .helper_fd = -1         \
	}

/* Before memory comes: starts the process that needs no time at the switch. CLOSE: descriptors that
 * it does not need. */
int network_target_begin(struct network_target *x, const struct migrate_need *need,
			 const int *close_fds, size_t n, struct err *err) must_check;
/* The container's namespaces are there, with what devices and hooks bring: the rest. STATE: JSON
 * for --on-switch. In A. */
int network_target_apply(struct network_target *x, struct arena *a, int images_fd, pid_t pid,
			 const char *state, struct err *err) must_check;
/* It is here from now on. What fails is logged: there is no way back. */
void network_target_switch(struct network_target *x);
/* After it runs. Waits for --on-switch, whose failure is written to SAID. */
void network_target_finish(struct network_target *x, int said);
/* Nothing of ours holds the container's namespace any more. */
void network_target_close(struct network_target *x);
/* The same, and waits for --on-switch if it was begun. */
void network_target_done(struct network_target *x);

/* ---- network_preflight.c ---------------------------------------------------------------- */

/* Calls PROBLEM for each thing that is in the way at the target; SPEC: its config.json, NULL if the
 * source's is taken. */
int network_preflight(struct arena *a, const struct migrate_need *need,
		      void (*problem)(void *ctx, const char *text), void *ctx,
		      struct err *err) must_check;
/* Whether SPEC has a network namespace that the container does not share. */
bool network_is_own(const struct oci_spec *spec);
/* Of SPEC: what brings links along. */
void network_provided(struct arena *a, const struct oci_spec *spec, struct migrate_need *ret);

#endif
