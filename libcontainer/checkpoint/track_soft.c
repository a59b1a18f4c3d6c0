/* RUNTIME: what a process has written since the last scan, by soft-dirty bits: for kernels that
 * have nothing better (track.h). */
#include "track_soft.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "track_task.h"

#define PAGE    4096UL
#define ENTRIES 32768UL
#define MOST    (1UL << 38) /* of private address space: 512 MiB of entries to read */

/* An entry of /proc/PID/pagemap: Documentation/admin-guide/mm/pagemap.rst. */
#define SOFT_DIRTY   (1ULL << 55)
#define OF_FILE      (1ULL << 61)
#define SWAPPED      (1ULL << 62)
#define PRESENT      (1ULL << 63)
#define FRAME(entry) ((entry) & ((1ULL << 55) - 1)) /* or the place in the swap area */

/* The frames of a process's pages when the bits were cleared. */
struct track_frames {
	struct track_run {
		uint64_t start, end;
		size_t first; /* of `frame` */
	} * run;
	uint64_t *frame;
	size_t n, room, n_runs, runs_room;
};

struct soft {
	struct track_proc *p;
	bool all;
	uint64_t zero; /* the frame of the page of zeros */
	size_t room, cursor;
	const struct track_frames *before;
	struct track_frames *now; /* NULL: nobody asks again */
	uint64_t *entries;
};

static int clear_bits(int procfd)
{
	auto_fd int fd = openat(procfd, "clear_refs", O_WRONLY | O_CLOEXEC);

	return fd >= 0 && write(fd, "4", 1) == 1 ? 0 : -errno;
}

static int read_entries(int pagemap, uint64_t at, uint64_t *ret, size_t n)
{
	ssize_t got = pread(pagemap, ret, n * sizeof(*ret), (off_t)(at / PAGE * sizeof(*ret)));

	if (got < 0)
		return -errno;
	return (size_t)got == n * sizeof(*ret) ? 0 : -ESRCH;
}

/* That of a page of ours which was read and never written. 0: it is not told. */
static uint64_t zero_frame(void)
{
	auto_fd int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	volatile char *at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t entry = 0;

	if (at == MAP_FAILED)
		return 0;
	if (pagemap < 0 || at[0] != 0 || read_entries(pagemap, (uintptr_t)at, &entry, 1) < 0)
		entry = 0;
	munmap((void *)(uintptr_t)at, PAGE);
	return entry & PRESENT ? FRAME(entry) : 0;
}

static void *grow(void *v, size_t *room, size_t n, size_t size)
{
	if (n < *room)
		return v;
	*room = *room ? *room * 2 : 1024;
	return realloc(v, *room * size);
}

static int add(struct soft *s, uint64_t at)
{
	struct track_proc *p = s->p;
	struct track_range *v;

	if (p->n_soft && p->soft[p->n_soft - 1].end == at) {
		p->soft[p->n_soft - 1].end = at + PAGE;
		return 0;
	}
	v = grow(p->soft, &s->room, p->n_soft, sizeof(*v));
	if (!v)
		return -ENOMEM;
	p->soft = v;
	p->soft[p->n_soft++] = (struct track_range){at, at + PAGE};
	return 0;
}

static int remember(struct track_frames *f, uint64_t at, uint64_t frame)
{
	struct track_run *runs;
	uint64_t *frames = grow(f->frame, &f->room, f->n, sizeof(*frames));

	if (!frames)
		return -ENOMEM;
	f->frame = frames;
	if (f->n_runs == 0 || f->run[f->n_runs - 1].end != at) {
		runs = grow(f->run, &f->runs_room, f->n_runs, sizeof(*runs));
		if (!runs)
			return -ENOMEM;
		f->run = runs;
		f->run[f->n_runs++] = (struct track_run){at, at, f->n};
	}
	f->run[f->n_runs - 1].end = at + PAGE;
	f->frame[f->n++] = frame;
	return 0;
}

/* Addresses are asked for in ascending order. 0: there was none. */
static uint64_t frame_before(struct soft *s, uint64_t at)
{
	const struct track_frames *f = s->before;

	while (s->cursor < f->n_runs && f->run[s->cursor].end <= at)
		s->cursor++;
	if (s->cursor == f->n_runs || at < f->run[s->cursor].start)
		return 0;
	return f->frame[f->run[s->cursor].first + (at - f->run[s->cursor].start) / PAGE];
}

/* The bits are not all: mremap(2) moves whole page tables, and what they say of their pages,
 * without a mark that other pages are there now (seen with Linux 6.1); and the huge page of zeros,
 * which comes when memory is read that was given back, has none. Both are other frames than before.
 */
static int look_at_page(struct soft *s, uint64_t at, uint64_t e)
{
	bool own = (e & (PRESENT | SWAPPED)) && !(e & OF_FILE) &&
		   !((e & PRESENT) && FRAME(e) == s->zero);
	uint64_t frame = FRAME(e) | (e & (PRESENT | SWAPPED));
	int rc = 0;

	if (!own)
		return 0;
	if (s->all || e & SOFT_DIRTY || frame_before(s, at) != frame)
		rc = add(s, at);
	return rc == 0 && s->now ? remember(s->now, at, frame) : rc;
}

static int look(struct soft *s, uint64_t start, uint64_t end)
{
	int rc = 0;

	while (start < end && rc == 0) {
		size_t n = (end - start) / PAGE < ENTRIES ? (end - start) / PAGE : ENTRIES;

		rc = read_entries(s->p->pagemap, start, s->entries, n);
		for (size_t i = 0; i < n && rc == 0; i++, start += PAGE)
			rc = look_at_page(s, start, s->entries[i]);
	}
	return rc;
}

static int look_at_all(struct soft *s)
{
	const struct track_maps *m = s->p->maps;
	uint64_t sum = 0;
	int rc = 0;

	for (size_t i = 0; i < m->n; i++)
		sum += m->vma[i].end - m->vma[i].start;
	if (sum > MOST)
		return -EFBIG;
	for (size_t i = 0; i < m->n && rc == 0; i++)
		rc = look(s, m->vma[i].start, m->vma[i].end);
	return rc;
}

void track_frames_free(struct track_frames *f)
{
	if (f) {
		free(f->run);
		free(f->frame);
	}
	free(f);
}

int track_soft_collect(struct track_proc *p, bool all, bool clear)
{
	static const struct track_frames nothing;
	auto_free uint64_t *entries = malloc(ENTRIES * sizeof(*entries));
	struct track_frames *now = clear ? calloc(1, sizeof(*now)) : NULL;
	struct soft s = {.p = p,
			 .all = all,
			 .before = p->frames ? p->frames : &nothing,
			 .now = now,
			 .entries = entries,
			 .zero = zero_frame()};
	int rc = entries && (now || !clear) ? track_read_maps(p) : -ENOMEM;

	free(p->soft);
	p->soft = NULL;
	p->n_soft = 0;
	if (rc == 0)
		rc = s.zero ? track_open_memory(p) : -EPERM;
	if (rc == 0)
		rc = look_at_all(&s);
	if (rc == 0 && clear)
		rc = clear_bits(p->procfd);
	if (clear) {
		track_frames_free(p->frames);
		p->frames = now;
	}
	return rc;
}

bool track_soft_works(void)
{
	auto_fd int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	auto_fd int self = open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	volatile char *at =
		mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t before[4] = {0}, after[4] = {0};
	bool works = pagemap >= 0 && self >= 0 && at != MAP_FAILED && zero_frame() != 0;

	for (size_t i = 0; works && i < 4; i++)
		at[i * PAGE] = 1;
	works = works && read_entries(pagemap, (uintptr_t)at, before, 4) == 0 &&
		clear_bits(self) == 0;
	if (works)
		at[2 * PAGE] = 2;
	works = works && read_entries(pagemap, (uintptr_t)at, after, 4) == 0;
	for (size_t i = 0; i < 4; i++)
		works = works && before[i] & SOFT_DIRTY && !!(after[i] & SOFT_DIRTY) == (i == 2);
	if (at != MAP_FAILED)
		munmap((void *)(uintptr_t)at, 4 * PAGE);
	return works;
}
