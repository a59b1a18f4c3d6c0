/* lazy_impl.h - the parts of the lazy-pages server, for the files of lazy.h alone. */
#ifndef HULL_LAZY_IMPL_H
#define HULL_LAZY_IMPL_H

#include <errno.h>
#include <linux/userfaultfd.h>
#include <sys/types.h>

#include "lazy.h"

/* Pages of the image IMG that were moved to AT (mremap). */
struct piece {
	uint64_t at, img, len;
};

/* One address space that is being filled. Masks have a bit for each page of the store's leaves. */
struct space {
	struct space *next;
	struct lazy *lazy;
	struct pages_proc *proc;
	int fd;
	uint32_t id; /* for the guard */
	bool gone;
	uint16_t *pending; /* not in yet */
	uint16_t *away;    /* pending, and not where it was in the image, but in a piece */
	uint64_t n_pending;
	struct piece *pieces; /* in the order of AT, none overlaps */
	uint32_t n_pieces, room;
	uint32_t at;     /* the leaf where filling goes on */
	uint32_t ask_at; /* the leaf where asking ahead goes on */
	unsigned chunk;  /* pages to be copied at a time */
	bool idle;       /* nothing to fill until something arrives */
};

struct lazy {
	struct lazy_options opt;
	struct lazy_stats stats;
	struct space *spaces, *turn; /* whose turn it is to be filled */
	unsigned n_spaces;
	int epoll, listener, criu;
	int guard; /* its socket */
	pid_t guard_pid;
	uint32_t last_id;
	int dir;             /* of the socket */
	int32_t pid;         /* whose userfaultfd comes next, or 0 */
	bool resumed, calm;  /* no faults in this round */
	uint64_t in_flight;  /* pages that the source was asked for */
	uint64_t progress;   /* messages and pages so far */
	int64_t progress_ms; /* when that last changed */
};

/* lazy_space.c: what is where. */
struct space *space_new(struct lazy *lz, struct pages_proc *proc, int fd, struct err *err);
struct space *space_fork(const struct space *parent, int fd, struct err *err);
void space_free(struct space *sp);
/* The image's address of what belongs at ADDR; false when nothing does, or it is in. */
bool space_image(const struct space *sp, uint64_t addr, uint64_t *ret_img);
/* Where page IMG belongs, which is pending, and how many pages after it belong right after it. */
uint64_t space_place(const struct space *sp, uint32_t leaf, unsigned i, uint64_t *ret_n);
bool space_pending(const struct space *sp, uint32_t leaf, unsigned i);
void space_in(struct space *sp, uint32_t leaf, unsigned i);
/* Nothing belongs to [ADDR, END) any more. */
int space_drop(struct space *sp, uint64_t addr, uint64_t end, struct err *err);
int space_move(struct space *sp, uint64_t from, uint64_t to, uint64_t len, struct err *err);

/* lazy_fill.c: pages into it. */
int space_fault(struct space *sp, uint64_t addr, struct err *err);
/* Fills one chunk. 1 when something was done, 0 when not, -errno. */
int space_fill(struct space *sp, struct err *err);
int space_arrived(struct space *sp, uint64_t img, uint64_t n, struct err *err);

/* lazy_event.c: what the kernel tells. */
int space_read(struct space *sp, struct err *err);

/* lazy_guard.c: the guard has it, has it no more, can go. Nothing happens without one. */
int guard_add(struct lazy *lz, struct space *sp, struct err *err);
void guard_drop(struct lazy *lz, const struct space *sp);
void guard_end(struct lazy *lz, bool done);

/* lazy.c */
int lazy_adopt(struct lazy *lz, struct space *sp, struct err *err);
bool lazy_full(const struct lazy *lz);

#endif
