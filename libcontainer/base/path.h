/*
 * path.h - the only way to touch a path of a container's root file system.
 *
 * A hostile image is the normal case: any path component can be a symlink, and can be
 * exchanged while we look. So a path inside the root is resolved once, by the kernel
 * (openat2 with RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS), to a descriptor, and only the
 * descriptor is used from then on. No function here takes a host path.
 */
#ifndef HULL_PATH_H
#define HULL_PATH_H

#include <stdint.h>
#include <sys/types.h>

#include "err.h"

/* openat2(2). Returns an fd (O_CLOEXEC is added) or -errno. EAGAIN (a racing rename) is retried
 * a bounded number of times. */
int path_openat2(int dirfd, const char *path, uint64_t flags, mode_t mode, uint64_t resolve);

/* Resolves PATH as if ROOTFD were "/". FLAGS as for open(2), usually O_PATH. Owned fd or -errno. */
int root_open(int rootfd, const char *path, int flags);
/* The same, but no component may be a symlink (for /proc and /sys). -ELOOP if one is. */
int root_open_nolinks(int rootfd, const char *path, int flags);
/* Makes the directory and its missing parents (mode, owner as given); existing symlinks are
 * followed inside the root, dangling ones are completed inside the root. Returns an O_PATH fd
 * of the directory or -errno (-ENOTDIR when something else is there). */
int root_mkdirs(int rootfd, const char *path, mode_t mode);
/* Makes the parents, then an empty regular file unless something non-directory is there.
 * Returns an O_PATH fd of it, or -errno. */
int root_mkfile(int rootfd, const char *path, mode_t mode);
/* Opens the parent directory of PATH (made if missing); *ret_name points at the last component
 * inside PATH's storage BUF (size PATH_MAX). Returns an O_PATH fd or -errno. For *at() calls with
 * AT_SYMLINK_NOFOLLOW semantics: mknodat, symlinkat, unlinkat. */
int root_open_parent(int rootfd, const char *path, char *buf, const char **ret_name);
/* Below DIRFD without leaving it: no symlinks, no mount crossings, no "..". Owned fd or -errno. */
int beneath_open(int dirfd, const char *path, int flags);
/* The file of FD (an O_PATH descriptor) opened, by /proc/self/fd: only where /proc is the host's,
 * as before pivot_root. For what must be looked at before it is opened. Owned fd or -errno. */
int path_reopen(int fd, int flags);

#endif
