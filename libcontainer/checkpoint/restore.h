/*
 * restore.h - a container that comes back from a dump: what the files of restore share.
 *
 * The container is made by the rows of create (create.h) up to where its first process would be
 * cloned; in its place stands CRIU's process, in the container's cgroup, in a mount namespace of
 * its own that has the root file system and the sources of bind mounts below STATE/ID/criu and goes
 * with it, whatever happens. The restored processes are its siblings: children of hull.
 */
#ifndef HULL_CHECKPOINT_RESTORE_H
#define HULL_CHECKPOINT_RESTORE_H

#include "libcontainer/checkpoint/checkpoint.h"
#include "libcontainer/checkpoint/criu.h"
#include "libcontainer/checkpoint/images.h"
#include "libcontainer/runtime/create.h"

#define RESTORE_DIR    "criu"   /* in the state directory */
#define RESTORE_IMAGES "images" /* below restoration.dir, for a user namespace */

/* Where a mount of the plan will be. */
struct restore_place {
	const char *point; /* in the container, as the kernel resolves it; NULL: not mounted anew */
	const char *name;  /* its source's, to be attached; NULL: in a restore_host, or a new file
			      system */
	int fd;            /* of that source; borrowed from the plan; -1 */
	bool is_dir;
};

/* A copy of a mount of the host: restore_sources.c. */
struct restore_host {
	int fd;
	uint64_t mount; /* the id of the original */
	const char *point, *name;
	const struct plan_mount_idmap *idmap;
};

struct restoration {
	struct creation k; /* first: the steps of create take this for theirs */
	const struct container_restore_opts *opts;
	const struct ckpt_restore *with;
	struct criu criu;
	const struct criu_event *event; /* the one that is being answered */
	const char *program;            /* CRIU */
	const char *config_file;        /* its own, or NULL */
	int cgroups_mode;               /* CRIU_CG_* */
	int images_fd, work_fd;
	const char *descriptors[IMAGES_STDIO];
	struct images_meta meta;
	const char *dir; /* where CRIU has the mounts: absolute, in its mount namespace */
	struct restore_place *places; /* of plan.mounts, by index */
	const char **devices; /* of plan.devices: names of what is to be attached, or NULL */
	struct restore_host *hosts;
	size_t n_hosts;
	char *mountinfo;
	struct criu_pair *ext_mnt;
	size_t n_ext_mnt;
	struct criu_inherit *inherit;
	size_t n_inherit;
	struct criu_pair *join_ns;
	size_t n_join_ns;
	int network; /* the namespace, if hull makes it; -1 */
	int *keep;   /* descriptors that CRIU's process needs; ours */
	size_t n_keep;
	int images_mount; /* a copy of the mount of the images, for a user namespace; -1 */
	bool notify_dir;  /* RESTORE_DIR has an empty directory in place of the notify socket's */
};

/* restore_images.c */
int restore_images(void *ctx, struct err *err);

/* restore_mounts.c */
/* Mount points for PLAN's mounts in the root file system or where else they will be, and CRIU's
 * names of what comes from outside. */
int restore_mount_points(void *ctx, struct err *err);
/* PATH, or the first directory on the way to it that the root of a user namespace cannot search. */
const char *restore_first_closed(struct arena *a, const char *path);
/* In CRIU's process: its mount namespace. */
int restore_enter_mounts(struct restoration *r, struct err *err) must_check;
/* There: the directory FD of the old mount namespace in the new one, as nothing can be mounted
 * below the former; FD's copy, where it is not to be seen. Owned, -1. */
int restore_own_directory(int fd);
/* The deepest of the first N places that has POINT strictly below it, or -1. PURE. */
int restore_parent_of(const struct restore_place *places, size_t n, const char *point);

/* restore_sources.c */
/* What a bind mount shows. */
struct restore_source {
	const char *path; /* on the host */
	bool nofollow;
	int fd; /* what the path has led to */
	const struct plan_mount_idmap *idmap;
};
/* It in a copy of the mount that it is on, below r->dir; NULL where it has to be mounted by itself.
 */
const char *restore_wide_source(struct restoration *r, const struct restore_source *s);
void restore_close_hosts(struct restoration *r);

/* restore_request.c */
/* Standard input, output and error, and namespaces given by paths. */
int restore_externals(void *ctx, struct err *err);
int restore_request(struct restoration *r, struct criu_request *ret, struct err *err) must_check;

/* restore_notify.c */
int restore_on_event(void *ctx, struct criu_event *event, struct err *err);

#endif
