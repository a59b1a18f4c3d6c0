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

/* How far the process that fills memory in is. */
struct filled {
	volatile uint64_t done, total; /* bytes */
	_Atomic bool failed;           /* noted before it looks for what is to be ended */
};

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
	struct files_taken *taken; /* files.h; NULL: none come */
	struct pages *store;
	uint8_t *buf; /* WIRE_BODY_MAX */
	struct lazy *lazy;
	pid_t filler;
	int filler_fd;         /* its pidfd; -1 */
	struct filled *filled; /* memory that both see; NULL: nothing is filled in later */
	int let_go;            /* the filler hears through it that the container was restored; -1 */
	struct network_target net;
	bool begun;
	bool given_up; /* by the source, before COMMIT */
	struct err why;
	int64_t committed_ns;      /* when the source gave it to us */
	uint64_t missing;          /* pages that were asked for */
	bool late;                 /* some come after COMMIT only */
	struct postcopy *postcopy; /* of them; NULL before the process that fills */
};

/* Of x->id: x->name, x->dir. */
void receive_name(struct receiver *x);
/* A frame that is not about the commit. */
int receive_one(struct receiver *x, const struct wire_msg *msg, struct err *err) must_check;

/* receive_memory.c */
int receive_pages(struct receiver *x, const struct wire_msg *msg, struct err *err) must_check;
/* DIRTY: what was sent of these before is old. */
int receive_dirty(struct receiver *x, const struct wire_msg *msg, struct err *err) must_check;
/* Asks for all pages that the images speak of and nobody has sent, and waits for them; or finds
 * that they come late. */
int receive_missing(struct receiver *x, struct err *err) must_check;
/* Starts the process that fills in memory; it ends with 0 when all is in, and `running` noted. */
int receive_fill(struct receiver *x, struct err *err) must_check;
/* Whether the process that fills memory in is at work. */
bool receive_fills(const struct receiver *x);
/* Of what is filled in, into memory that the receiver sees. */
void receive_note_filled(struct receiver *x);
/* What the source hears of it. */
struct wire_msg receive_progress(const struct receiver *x);
/* It is told whether the container was restored, without which it is not `running`. */
void receive_let_go(struct receiver *x, bool restored);

/* receive_settle.c */
/* Which process it is, into the journal, for the next phase. */
int receive_note_container(struct receiver *x, struct err *err) must_check;
#define RECEIVE_LOCK_MS 2000 /* for who ends a container that is lost, or looks */
/* The lock of a migration's directory; DIRFD is that one. */
bool receive_lock(int dirfd, int timeout_ms);
/* Of one that nobody works on but us, who have its lock: if it is not over, its container is ended,
 * then it is noted to be aborted, or lost. RET, which may be NULL, has the phase then. */
int receive_orphan(struct container_root *root, int dirfd, struct journal *ret,
		   struct err *err) must_check;
/* Who was to make it whole cannot: its processes are killed, if they are those of the journal; the
 * rest is done if nobody else does it. DIRFD: the migration's, or -1. */
void receive_end(struct receiver *x, int dirfd);
/* QUERY: what became of one. */
int receive_tell_phase(struct receiver *x, const struct wire_msg *msg, struct err *err) must_check;
/* Puts away what receivers that were killed have left. */
void receive_sweep(struct receiver *x);

#endif
