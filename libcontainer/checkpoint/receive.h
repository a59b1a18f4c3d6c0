/*
 * receive.h - the target's end of a migration: what its files share.
 *
 * ROOT/@migrate/ID has the journal and CRIU's images until the container runs, with all of its
 * memory; the journal stays until the source has noted that it is over. Who works on it holds a
 * lock on the directory.
 */
#ifndef HULL_RECEIVE_H
#define HULL_RECEIVE_H

#include "libcontainer/checkpoint/journal.h"
#include "libcontainer/checkpoint/lazy.h"
#include "libcontainer/checkpoint/migrate.h"
#include "libcontainer/checkpoint/pages.h"

struct receiver {
	struct container_root *root;
	const struct container_receive_opts *opts;
	struct arena arena;
	struct wire wire;
	struct migrate_need need;
	struct migration_id id;
	struct journal journal;
	const char *name, *dir; /* "@migrate/ID", and with the root before it */
	int dir_fd, images_fd;
	struct wire_files images, files;
	struct pages *store;
	uint8_t *buf; /* WIRE_BODY_MAX */
	struct lazy *lazy;
	pid_t filler;
	bool begun;
	int64_t committed_ns; /* when the source gave it to us */
	uint64_t missing;     /* pages that were asked for */
};

/* A frame that is not about the commit. */
int receive_one(struct receiver *x, const struct wire_msg *msg, struct err *err) must_check;

/* receive_memory.c */
int receive_pages(struct receiver *x, const struct wire_msg *msg, struct err *err) must_check;
/* Asks for all pages that the images speak of and nobody has sent, and waits for them. */
int receive_missing(struct receiver *x, struct err *err) must_check;
/* Starts the process that fills in memory; it ends with 0 when all is in. */
int receive_fill(struct receiver *x, struct err *err) must_check;

#endif
