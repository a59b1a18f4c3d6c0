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

#endif
