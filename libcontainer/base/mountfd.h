/*
 * mountfd.h - the new mount API (Linux >= 5.12), by descriptor.
 *
 * A mount is made detached, gets its final attributes, and is attached to a target that
 * is a descriptor too: no path is looked up twice. The calls are made by number, as
 * libcs differ in which of them they know.
 */
#ifndef HULL_MOUNTFD_H
#define HULL_MOUNTFD_H

#include <stdbool.h>
#include <stdint.h>

#include "err.h"

/* A detached copy of the mount at FD (an O_PATH fd). RECURSIVE copies submounts. Owned fd, -errno.
 */
int mountfd_clone(int fd, bool recursive);
/* The same for a path of the caller's mount namespace. */
int mountfd_clone_path(const char *path, bool recursive, bool nofollow);
/* MOUNT_ATTR_* to set and clear, and MS_PRIVATE/SLAVE/SHARED/UNBINDABLE or 0. 0 or -errno. */
int mountfd_setattr(int fd, uint64_t set, uint64_t clear, uint64_t propagation, bool recursive);
/* Id-maps a detached mount with the maps of the user namespace USERNS. 0 or -errno: EINVAL when the
 * file system cannot be, EPERM without CAP_SYS_ADMIN over its superblock or when it already is. */
int mountfd_idmap(int fd, int userns, bool recursive);
/* Attaches a detached mount onto TARGET (O_PATH fd). 0 or -errno. */
int mountfd_attach(int fd, int target);
/* A new file system, detached. DATA is "key=value,flag,..." as for mount(8) (may be NULL or
 * empty); ATTRS are MOUNT_ATTR_*. The kernel's own message, when it gives one, goes into the
 * error. Owned fd or -errno. */
int mountfd_new_fs(const char *type, const char *source, const char *data, uint64_t attrs,
		   struct err *err) must_check;
/* The next option of REST, as mount(2) would take it from the whole: of overlay, a comma behind a
 * backslash belongs to a path; of the SELinux options, one in quotes belongs to the label, and the
 * quotes are taken off. REST is written to; NULL at its end. PURE. */
char *mountfd_next_option(char **rest, bool backslash);
/* Changes the options of the file system mounted at TARGET (fspick + reconfigure). */
int mountfd_reconfigure(int target, const char *data, struct err *err) must_check;

/* Where FD is: the mount's id (0 if the kernel does not tell), whether FD is its root, the inode.
 * 0; -1 and errno. */
struct mountfd_place {
	uint64_t mount, inode;
	uint32_t major, minor;
	bool is_root;
};
int mountfd_place(int fd, struct mountfd_place *ret);

#endif
