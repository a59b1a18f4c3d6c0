/*
 * archive.h - a checkpoint as one file: Podman's archive, which checkpointctl reads, too.
 *
 *   config.dump           {"id": ..., "runtime": "hull", ...}
 *   spec.dump             config.json
 *   checkpoint/           the directory of the images (images.h)
 *   rootfs-diff.tar       what the container has in its root file system that the image has not
 *   deleted.files         what the image has that is gone: ["/etc/motd"]; only if there is any
 *   devshm-checkpoint.tar what was in /dev/shm, where that comes from the host
 *   network.status        of the engine's networks: {}
 *   dump.log              CRIU's
 *
 * It is a tar file that hull writes itself (tar.h says why), packed by zstd or gzip.
 */
#ifndef HULL_CHECKPOINT_ARCHIVE_H
#define HULL_CHECKPOINT_ARCHIVE_H

#include "libcontainer/checkpoint/checkpoint.h"
#include "libcontainer/checkpoint/tree.h"

/* Members of the archive; those of the images are below ARCHIVE_IMAGES. */
#define ARCHIVE_CONFIG  "config.dump"
#define ARCHIVE_SPEC    "spec.dump"
#define ARCHIVE_NETWORK "network.status"
#define ARCHIVE_DELETED "deleted.files"
#define ARCHIVE_ROOTFS  "rootfs-diff.tar"
#define ARCHIVE_DEVSHM  "devshm-checkpoint.tar"
#define ARCHIVE_LOG     "dump.log"
#define ARCHIVE_IMAGES  "checkpoint"

/* config.dump: what is common to Podman's and ours. */
struct archive_config {
	const char *id, *name, *rootfs_image_id, *rootfs_image_name, *runtime, *created,
		*checkpointed;
};
extern const struct oci_type archive_config_type;

/* deleted.files */
const char *archive_list_encode(struct arena *a, const struct oci_strings *list) must_check;
int archive_list_decode(struct arena *a, const char *text, struct oci_strings *ret,
			struct err *err) must_check;

/* A dump into OPTS's archive. The container is ended when the archive is complete and has its name;
 * when anything fails it runs on, and nothing is left. */
int archive_export(struct container *c, const struct container_checkpoint_opts *opts,
		   struct err *err) must_check;

/* The archive of OPTS, unpacked into a directory of its own, which becomes OPTS's image_path; what
 * it has for the root file system is put there. Needs archive_import_done() in any case, with what
 * the restore returned. */
struct archive_import {
	struct arena arena;
	int parent;         /* the directory that it is in */
	const char *dir;    /* its name; NULL: there is none */
	const char *images; /* absolute */
	bool log_too;       /* CRIU's log is there, too */
};
#define ARCHIVE_NOTHING      \
	{                    \
		.parent = -1 \
	}
int archive_import(const struct container_root *root, struct container_restore_opts *opts,
		   struct archive_import *ret, struct err *err) must_check;
void archive_import_done(struct archive_import *i, int result, struct err *err);

/* CRIU's log was where all else was, and is gone with it: how to keep it. */
void archive_hint_log(struct err *err);
/* The directory of the host that SPEC has for /dev/shm; NULL: there is none. */
const char *archive_devshm(const struct oci_spec *spec);
/* A new directory in PARENT for us alone; its name in A. */
int archive_make_dir(struct arena *a, int parent, const char **ret_name,
		     struct err *err) must_check;
/* It and all in it. */
void archive_remove_dir(int parent, const char *name);

#endif
