/*
 * packer.h - compression as a child, between a file and a pipe: zstd by its library, gzip by the
 * program of that name, which every host has.
 */
#ifndef HULL_CHECKPOINT_PACKER_H
#define HULL_CHECKPOINT_PACKER_H

#include <stdbool.h>
#include <sys/types.h>

#include "libcontainer/base/arena.h"

enum packer_format { PACKER_NONE, PACKER_GZIP, PACKER_ZSTD };

/* NAME is what --compress says ("none", "gzip", "zstd"); NULL: by the suffix of FILE. */
int packer_format(const char *name, const char *file, enum packer_format *ret,
		  struct err *err) must_check;
/* Whether what it needs is here, before anything waits for it. */
int packer_check(enum packer_format format, struct err *err) must_check;
/* By the first bytes of the open file, which is back at its start then. */
int packer_recognize(int fd, const char *file, enum packer_format *ret, struct err *err) must_check;

struct packer {
	pid_t pid;
	int fd;  /* to write to or read from */
	int log; /* what the program said */
	const char *program;
};
#define PACKER_CLOSED               \
	{                           \
		.fd = -1, .log = -1 \
	}
/* Starts it for the open file FD; PACK: else it unpacks. PACKER_NONE: FD itself, as a copy. */
int packer_open(struct packer *p, enum packer_format format, bool pack, int fd,
		struct err *err) must_check;
/* Ends it. Its own error comes first: what hull noticed, in ERR already or not, is only that a pipe
 * broke. */
int packer_close(struct packer *p, int r, struct err *err) must_check;

#endif
