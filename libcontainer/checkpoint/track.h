/*
 * track.h - which pages the processes of a running container write, to copy its memory while it
 * works.
 *
 * Each process gets a userfaultfd(2), made by one system call that is put into it (track_inject.h),
 * and everything else is done from outside: its private mappings are registered for asynchronous
 * write protection, and PAGEMAP_SCAN tells which pages were written since the last scan, and
 * protects them again, page by page in one step. Needs Linux 6.7.
 *
 * Older kernels have soft-dirty bits, if they were built with them (CONFIG_MEM_SOFT_DIRTY; as
 * Debian 12's is): /proc/PID/pagemap has them, /proc/PID/clear_refs clears those of a
 * whole process. Nothing is put into the process, but no step does both: nothing may run between
 * the two (struct track_set), some 10 to 20 ms for each GiB of private mappings.
 *
 * What is promised: of a process that is TRACK_ON, each page that a private mapping holds
 * (not one of the page cache, not one of zeros that nobody wrote) has been reported, and reported
 * again after its content has changed. So a page that was read after the last scan which reported
 * it is as it was read. The other direction is not promised: more may be reported. A page
 * that is dropped (munmap, MADV_DONTNEED, exec) is not reported: at the end, track_present() tells
 * which pages there are. The last scan, and track_present(), want all tasks stopped.
 *
 * Not tracked, and to be copied whole when the tasks are stopped:
 * - shared memory (MAP_SHARED of any kind, SysV, memfd): write(2) to it and the writes of processes
 *   that have ended since are not seen by any process's page tables; counted in `shared_bytes`;
 * - huge pages of hugetlbfs; counted in `shared_bytes`, too;
 * - a process that is TRACK_WHOLE, for a reason that is said. So is a task that writes memory
 *   without a page fault: direct I/O in flight, Linux AIO, io_uring.
 * A cgroup that is frozen has nothing to track: each process in it would be waited for.
 * The tracked programs are hostile: whatever they do to their memory, descriptors or
 * threads at any moment, the answer is an error, or TRACK_WHOLE, or wrong for those who did it.
 *
 * A program that registers memory with a userfaultfd of its own while it is tracked gets EBUSY:
 * those that have one when they are opened are left alone. Mappings of a tracked process do not
 * merge with those that are not registered yet. Nothing remains after track_close(), or after hull
 * was killed: the kernel takes the protection away with the descriptor (4 to 24 ms for 1 GiB).
 */
#ifndef HULL_TRACK_H
#define HULL_TRACK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/err.h"

enum track_by {
	TRACK_BY_USERFAULTFD,
	TRACK_BY_SOFT_DIRTY,
};

enum track_state {
	TRACK_ON,
	TRACK_WHOLE, /* all of its pages have to come from the final dump */
	TRACK_GONE,  /* it has ended; its row stays until the next update */
};

enum track_why {
	TRACK_OK,
	TRACK_USERFAULTFD, /* it has one of its own, or the mapping is registered already */
	TRACK_DIRECT_IO,   /* a file that is open for direct I/O */
	TRACK_IO_URING,
	TRACK_AIO,
	TRACK_SOFT_DIRTY, /* it clears soft-dirty bits itself: /proc/PID/clear_refs is open */
	TRACK_COMPAT,     /* a program of 32 bits */
	TRACK_TRACED,     /* somebody else's ptrace(2), or it is forbidden */
	TRACK_SHARED_MM,  /* a vfork child, or clone(CLONE_VM) */
	TRACK_BUSY,       /* did not come to a stop in time: frozen, or in the middle of a wait */
	TRACK_EXEC,       /* the memory is another program's: tracked again at the next update */
	TRACK_NO_CALL,    /* no place to make a system call from */
	TRACK_REFUSED,    /* userfaultfd(2) failed in it */
	TRACK_ENDED,      /* of TRACK_GONE */
	TRACK_MEMORY,     /* its maps could not be read or scanned */
};
/* What to tell: "has a userfaultfd of its own". Static storage. */
const char *track_why_text(enum track_why why);

/* Of one scan. */
struct track_counts {
	uint64_t dirty_bytes;     /* reported, all in all */
	uint64_t new_bytes;       /* of them: of mappings that were not tracked before */
	uint64_t untracked_bytes; /* of them: of mappings that cannot be, reported in each scan */
	uint64_t shared_bytes;    /* address space of shared and huge mappings, not reported */
	uint64_t scan_ns;
	size_t n_mappings;
};

struct track_range {
	uint64_t start, end;
};

struct track_proc {
	pid_t pid;
	enum track_state state;
	enum track_why why;
	int detail;               /* of TRACK_REFUSED and TRACK_MEMORY: the errno */
	uint64_t stop_ns;         /* for how long the task was stopped when it was opened */
	struct track_counts last; /* of the last scan */
	/* for track*.c alone */
	enum track_by by;
	bool scanned, all;
	struct track_range *soft;
	size_t n_soft;
	struct track_frames *frames;
	int pidfd, procfd, uffd, pagemap, mem, mapfile;
	unsigned tries;
	bool listed;
	struct track_maps *maps;
};

/* What this kernel has. 0, or -ENOTSUP with what it lacks and which version has it. */
int track_probe(enum track_by *ret, struct err *err) must_check;

/* One process. *ret_proc must be closed, whatever its state is: a process that cannot be tracked is
 * no error. -ESRCH when there is none; -ENOMEM. */
int track_open(pid_t pid, enum track_by by, struct track_proc **ret_proc,
	       struct err *err) must_check;
void track_close(struct track_proc *p);

/* A range of pages that were written, or found for the first time. In no order, and one page may be
 * reported twice. Negative: the scan ends with it, and the process is TRACK_WHOLE from then on, as
 * what was not reported is lost. */
typedef int track_dirty(void *arg, struct track_proc *p, uint64_t start, uint64_t end);
/* What was written since the last scan; the first scan reports all there is. Of a process that is
 * not TRACK_ON, nothing; look at p->state afterwards: it may have changed, and then what was
 * reported before is void. 0, or what DIRTY returned. By soft-dirty bits: of a process that is
 * stopped. */
int track_scan(struct track_proc *p, track_dirty *dirty, void *arg);
/* All pages there are now, without protecting any. 0, -errno (of the kernel), or DIRTY's. */
int track_present(struct track_proc *p, track_dirty *dirty, void *arg);

/* Reads the N ranges one after another into BUF, which has room for all. A page that cannot be read
 * (it went away meanwhile) is zeroed, and its bit set in MISSING, which may be NULL: bit I is
 * page I of BUF. Returns the number of such pages; -ESRCH when the process has ended. */
ssize_t track_read(struct track_proc *p, const struct track_range *ranges, size_t n, void *buf,
		   uint64_t *missing);

/* All processes of a container. Zeroed is empty. STILL stops and lets go on all of them, for a scan
 * by soft-dirty bits; NULL: they are stopped, and this is the last scan. */
struct track_set {
	struct track_proc **procs;
	size_t n_procs;
	enum track_by by;
	int (*still)(void *arg, bool on, struct err *err);
	void *arg;
};
/* Before each scan, with all pids of the container as the cgroup lists them: new ones are opened,
 * those that are not listed any more closed, and those that can be tracked after all (after an
 * exec, or when they were busy) opened again, some times. A process whose memory is asked for again
 * has its first scan before it. */
int track_set_update(struct track_set *set, const pid_t *pids, size_t n,
		     struct err *err) must_check;
/* track_scan of all; the sum of what they counted in *ret_sum (may be NULL). 0, what DIRTY
 * returned, or, with ERR filled, what STILL did. */
int track_set_scan(struct track_set *set, track_dirty *dirty, void *arg,
		   struct track_counts *ret_sum, struct err *err) must_check;
void track_set_close(struct track_set *set);

#endif
