/*
 * images.h - the directory of a dump: CRIU's images and two files beside them.
 *
 *   descriptors.json  [3 strings]: what descriptors 0 to 2 of the first process were, as readlink
 * of /proc/PID/fd shows them; runc's and crun's format hull.json         what else hull wants to
 * know when it restores; images of others lack it
 *
 * Both are hostile input for a restore: who brings a directory need not have dumped it.
 */
#ifndef HULL_CHECKPOINT_IMAGES_H
#define HULL_CHECKPOINT_IMAGES_H

#include "libcontainer/base/arena.h"
#include "oci-spec/spec.h"

#define IMAGES_STDIO 3

/* A mount that came from outside and that config.json does not name. */
struct images_mount {
	const char *destination, *source; /* in the container; on the host that dumped */
};

struct images_meta {
	struct opt_u32 version; /* of hull.json: IMAGES_VERSION; not set: there was none */
	/* CRIU's names of descriptors 0 to 2, for those that were outside: "pipe:[5]",
	 * "file[1c:2ff]", "tty[8800:5]", "socket:[7]"; else "". */
	struct oci_strings stdio;
	OCI_ARRAY(struct images_mount) mounts;
	/* The network namespace of its own is not in the images: who restores makes it. */
	struct opt_bool lone_network;
};
#define IMAGES_VERSION 1

/* PATH as an absolute one, and its directory; MAKE: with missing parents, 0700. Owned fd. */
int images_open(const char *path, bool make, struct err *err) must_check;
/* DESCRIPTORS: of IMAGES_STDIO strings. */
int images_write(int fd, const char *const *descriptors, const struct images_meta *meta,
		 struct err *err) must_check;
/* Missing files are fine: DESCRIPTORS are then "/dev/null", META is empty. */
int images_read(int fd, struct arena *a, const char **descriptors, struct images_meta *ret,
		struct err *err) must_check;

/* CRIU's own configuration file: what the annotation org.criu.config says ("": none), else hull's,
 * runc's or crun's in /etc/criu, the first that is there; else NULL. */
int images_criu_config(const struct oci_map *annotations, const char **ret,
		       struct err *err) must_check;

#endif
