/*
 * tar.h - the tar format, one entry at a time.
 *
 * Written is ustar, with a pax header where that has no room (long names, big numbers, fractions
 * of seconds, extended attributes) and GNU's sparse format 1.0 for files with holes. Read is what
 * other programs make of the same, and GNU's long names; the rest of the world's dialects is
 * refused by name. Nothing here touches a file by its name: see tree.h.
 *
 * Not a tar program: that one would have to run in the root it unpacks into to be safe from the
 * symbolic links that lie there already, and is not needed for the little that is used of it.
 *
 * Source: pax in POSIX.1-2017; SCHILY.xattr and GNU.sparse as star(5) and GNU tar's manual have
 * them.
 */
#ifndef HULL_CHECKPOINT_TAR_H
#define HULL_CHECKPOINT_TAR_H

#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/arena.h"

#define TAR_BLOCK      512
#define TAR_MAX_HEADER (1u << 20) /* of a pax header or a name that is read */
#define TAR_MAX_XATTRS 4096
#define TAR_MAX_RANGES (1u << 20)

/* Type flags that entries have; others are refused when read. */
#define TAR_FILE     '0'
#define TAR_HARDLINK '1'
#define TAR_SYMLINK  '2'
#define TAR_CHAR     '3'
#define TAR_BLOCKDEV '4'
#define TAR_DIR      '5'
#define TAR_FIFO     '6'

struct tar_xattr {
	const char *name, *value;
	size_t len;
};

struct tar_range {
	uint64_t at, len;
};

struct tar_entry {
	char type;
	const char *name,
		*link; /* link: of TAR_HARDLINK and TAR_SYMLINK; as they are in the archive */
	uint32_t mode, uid, gid, major, minor;
	int64_t mtime;
	uint32_t mtime_ns;
	uint64_t size; /* of a file, with its holes */
	bool sparse;   /* only RANGES, in order, hold data; else all of it does */
	struct tar_range *ranges;
	size_t n_ranges;
	struct tar_xattr *xattrs;
	size_t n_xattrs;
};

struct tar_writer {
	int fd;
	const char *file; /* for errors */
	/* Takes the bytes in the place of FD, if it is there. */
	int (*put)(void *ctx, const void *data, size_t len, struct err *err);
	void *ctx;
	bool live; /* a file may become shorter while it is read: the rest is zeros */
};
/* The entry's headers and map. The data of its ranges has to follow, then its padding. */
int tar_put(struct tar_writer *w, const struct tar_entry *e, struct err *err) must_check;
int tar_put_data(struct tar_writer *w, const void *data, size_t len, struct err *err) must_check;
/* Where the data of FD is, when there are holes; E has its size. */
void tar_find_ranges(struct arena *a, int fd, struct tar_entry *e);
/* What E has to have behind its data. */
int tar_put_padding(struct tar_writer *w, const struct tar_entry *e, struct err *err) must_check;
/* All three, of the open file FD. */
int tar_put_file(struct tar_writer *w, const struct tar_entry *e, int fd,
		 struct err *err) must_check;
int tar_put_end(struct tar_writer *w, struct err *err) must_check;

struct tar_reader {
	int fd;
	const char *file; /* for errors */
	uint64_t budget;  /* bytes that may still be read */
	/* Gives some bytes in the place of FD, if it is there; 0: the end. */
	ssize_t (*get)(void *ctx, void *buf, size_t size, struct err *err);
	void *ctx;
	/* its own */
	uint64_t left, padding; /* of this entry */
};
/* The next entry, its strings in A; whatever was not read of the one before is skipped. 1; 0: the
 * end. */
int tar_next(struct tar_reader *r, struct arena *a, struct tar_entry *ret,
	     struct err *err) must_check;
/* Data of the entry's ranges, one after another; 0 bytes at the end. */
ssize_t tar_read(struct tar_reader *r, void *buf, size_t size, struct err *err) must_check;
/* All of it into the empty file FD, each range to its place. */
int tar_read_file(struct tar_reader *r, const struct tar_entry *e, int fd,
		  struct err *err) must_check;

#endif
