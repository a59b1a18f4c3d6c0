/* io.h - whole-file reads and writes, relative to a directory descriptor. */
#ifndef HULL_IO_H
#define HULL_IO_H

#include <stddef.h>
#include <sys/types.h>

#include "arena.h"
#include "err.h"

/* Reads a file of at most MAX bytes into the arena, NUL-terminated (not counted in
 * *ret_len). -EFBIG when larger. Works for files of /proc and cgroupfs. What is no regular file is
 * refused and never waited for, but for a pipe among the caller's own descriptors (/dev/fd/N). */
int io_read_file(struct arena *a, int dirfd, const char *path, size_t max, char **ret,
		 size_t *ret_len, struct err *err) must_check;
/* The same from an open descriptor (a pipe, too). NAME is for the error. */
int io_read_fd(struct arena *a, int fd, const char *name, size_t max, char **ret, size_t *ret_len,
	       struct err *err) must_check;
/* Reads up to SIZE-1 bytes of a small file and NUL-terminates, without memory of its own.
 * Returns the length or -errno. */
ssize_t io_read_small(int dirfd, const char *path, char *buf, size_t size);
/* One write(2) of the whole text to an existing file (kernel interfaces). 0 or -errno. */
int io_write_at(int dirfd, const char *path, const char *text, size_t len);
/* All bytes, EINTR handled. 0 or -errno. */
int io_write_all(int fd, const void *buf, size_t len);
/* Replaces NAME in the directory atomically (temporary file, then rename). On failure
 * nothing is left behind. */
int io_replace_file(int dirfd, const char *name, const void *buf, size_t len, mode_t mode,
		    struct err *err) must_check;
/* The same, and both the file and its name have reached the disk when it returns. */
int io_replace_file_durably(int dirfd, const char *name, const void *buf, size_t len, mode_t mode,
			    struct err *err) must_check;
/* A file that is not there is removed already. */
int io_remove_file_durably(int dirfd, const char *name, struct err *err) must_check;

#endif
