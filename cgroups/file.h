/*
 * file.h - the files of one cgroup directory (private to cgroups/).
 *
 * Names come from the config too (`unified`), so every open is resolved by the kernel below
 * the directory: no symlink, no "..", no other mount.
 */
#ifndef HULL_CGROUP_FILE_H
#define HULL_CGROUP_FILE_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/arena.h"

#define CGROUP_WAIT_MS 10000

/* One write(2) of TEXT. 0 or -errno. */
int cgroup_file_write(int fd, const char *name, const char *text);
/* Up to SIZE-1 bytes, NUL-terminated, the last newline removed. Length or -errno. */
ssize_t cgroup_file_read(int fd, const char *name, char *buf, size_t size);
/* The whole file into the arena. Length or -errno. */
ssize_t cgroup_file_slurp(int fd, struct arena *a, const char *name, char **ret);
bool cgroup_file_exists(int fd, const char *name);
/* A file with one number; "max" is UINT64_MAX. 0 or -errno. */
int cgroup_file_u64(int fd, const char *name, uint64_t *ret);
/* The number behind KEY in a "key value" file. 0, -ENOENT or another -errno. */
int cgroup_file_key(int fd, const char *name, const char *key, uint64_t *ret);
/* True when WORD is one of the blank-separated words of TEXT. */
bool cgroup_has_word(const char *text, const char *word);
/* Waits with poll(2) until KEY of cgroup.events is WANT. 0, -ETIMEDOUT or another -errno. */
int cgroup_event_wait(int fd, const char *key, uint64_t want, int timeout_ms);

#endif
