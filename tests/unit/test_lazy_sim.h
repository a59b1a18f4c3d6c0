/*
 * test_lazy_sim.h - a process whose memory comes later, which knows what each page has to hold, and
 * the store and the loop that serve it.
 */
#ifndef HULL_TEST_LAZY_SIM_H
#define HULL_TEST_LAZY_SIM_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/checkpoint/lazy.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#define PAGE  4096UL
#define COUNT 600                      /* pages of the image */
#define SLOTS (3 * COUNT)              /* the places that a process has for them */
#define BASE  ((char *)0x300000000000) /* where nothing else is */
#define PID   7                        /* in the image */
#define ZEROS 5                        /* each so-manieth page of the image is zeros */

#define HERE  52 /* one that is there already */

extern struct pages *store;
extern struct lazy *lazy;
extern unsigned seed;
extern bool late_register; /* the process sends its descriptor before it uses it, as criu does */
/* What the source was asked for. */
extern struct lazy_asked {
	uint64_t addr, n;
} asked[COUNT];
extern unsigned n_asked;

#define UNMAPPED UINT64_MAX
struct view {
	uint64_t slot[SLOTS];
	unsigned seed, depth;
	pid_t children[8];
	unsigned n_children;
};

/* In the process: what fails ends it. */
void expect_page(const struct view *v, unsigned slot);
void expect_all(const struct view *v);
void must(int r, const char *what);
unsigned pick(struct view *v, unsigned n);
void set(struct view *v, unsigned at, unsigned n, uint64_t value);
void do_unmap(struct view *v, unsigned at, unsigned n);
void do_forget(struct view *v, unsigned at, unsigned n);
void do_move(struct view *v, unsigned at, unsigned n, unsigned to, bool keep);
void storm(struct view *v, unsigned steps);
void do_map(struct view *v, unsigned at, unsigned n);

/* Whether this machine lets us; says so if not. */
bool can_test(void);
/* A process with COUNT pages of memory that it does not have, which begins to RUN when told. */
pid_t born(void (*run)(struct view *), int *ret_uffd, int *ret_go);
/* The image: every SPARSE-th page only the source has. */
void make_store(unsigned sparse);
/* What was asked for is noted, and comes, the newest first. */
int fetch(void *arg, int32_t pid, uint64_t addr, uint64_t n, struct err *err);
void deliver(void);
/* Serves until the process has ended, and all is in. Its wait status. */
int serve(pid_t pid, bool resume_last);

#endif
