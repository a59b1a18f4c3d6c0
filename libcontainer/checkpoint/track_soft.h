/* track_soft.h - soft-dirty bits (CONFIG_MEM_SOFT_DIRTY, Linux 3.11): for track*.c alone. */
#ifndef HULL_TRACK_SOFT_H
#define HULL_TRACK_SOFT_H

#include "track_impl.h"

/* Whether this kernel has them, tried on own memory, and tells us frames (CAP_SYS_ADMIN). */
bool track_soft_works(void);
/* The pages of P that were written since the bits were cleared, or ALL there are, go to p->soft.
 * CLEAR: the bits are cleared then; what is written between the two is lost, so nothing of the
 * process may run. 0 or -errno. */
int track_soft_collect(struct track_proc *p, bool all, bool clear);
void track_frames_free(struct track_frames *f);

#endif
