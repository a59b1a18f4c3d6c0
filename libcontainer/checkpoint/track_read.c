/* RUNTIME: the pages of a process that runs on meanwhile. */
#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/proc.h"
#include "track.h"

#define PAGE 4096UL

/*
 * By /proc/PID/mem. process_vm_readv(2) is half as fast again (5.1 against 3.3 GiB/s), but it pins
 * what it reads, and so gives a forked child a copy of each page that it shared with its parent
 * until then (Linux 5.19): reading a container's memory would make it grow to many times its size.
 * This file also is of the memory that was scanned, whatever the process has executed since, and
 * shows what the program itself may not read (PROT_NONE).
 */
ssize_t track_read(struct track_proc *p, const struct track_range *ranges, size_t n, void *buf,
		   uint64_t *missing)
{
	char *out = buf;
	ssize_t n_missing = 0;

	for (size_t i = 0; i < n; i++) {
		uint64_t at = ranges[i].start;

		while (at < ranges[i].end) {
			ssize_t got = pread(p->mem, out, ranges[i].end - at, (off_t)at);
			uint64_t whole = got > 0 ? (uint64_t)got & ~(PAGE - 1) : 0;

			if (whole == 0) {
				uint64_t page = (uint64_t)(out - (char *)buf) / PAGE;

				if (got < 0 && errno == EINTR)
					continue;
				whole = PAGE;
				memset(out, 0, PAGE);
				if (missing)
					missing[page / 64] |= 1ULL << (page % 64);
				n_missing++;
			}
			at += whole;
			out += whole;
		}
	}
	return proc_pidfd_wait_exit(p->pidfd, 0) == 0 ? -ESRCH : n_missing;
}
