/* track_impl.h - for track*.c alone. */
#ifndef HULL_TRACK_IMPL_H
#define HULL_TRACK_IMPL_H

#include "track.h"

struct track_vma {
	uint64_t start, end;
	bool begins_run; /* what is between it and the one before is not to be scanned */
	bool is_new;     /* it has pages, and is not registered */
	bool of_file;
};

/* What a scan works with: the private mappings of the process as they were just now. */
struct track_maps {
	struct track_vma *vma;
	size_t n, room, cursor;
	bool run_ended, aio;
	struct pagemap_region *regions;
};

/* Its private mappings, to p->maps; its files of /proc, opened anew. 0 or -errno. */
int track_read_maps(struct track_proc *p);
int track_open_memory(struct track_proc *p);
/* A scan by soft-dirty bits in two parts: what has to be done while nothing runs, and what need
 * not. The first one of a process takes all there is. */
void track_collect(struct track_proc *p, bool clear);
int track_emit(struct track_proc *p, track_dirty *dirty, void *arg);

#endif
