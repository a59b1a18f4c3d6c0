/* RUNTIME: what a process has written since the last scan, and the pages themselves. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/proc.h"
#include "track_abi.h"
#include "track_impl.h"
#include "track_soft.h"
#include "track_task.h"

#define REGIONS   2048
#define PASSES    3 /* over mappings that change while they are registered */
#define PAGE      4096UL
#define LOW_PAGE  0x10000UL /* not below vm.mmap_min_addr as it is everywhere */
#define NO_DATA   (PAGEMAP_FILE | PAGEMAP_PFNZERO)
#define HAS_DATA  (PAGEMAP_PRESENT | PAGEMAP_SWAPPED)
#define READ_IOVS 512

struct scan {
	struct track_proc *p;
	track_dirty *emit;
	void *arg;
	uint64_t *counter; /* besides dirty_bytes; may be NULL */
	int rc;            /* what EMIT returned */
};

static uint64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000ULL + (uint64_t)t.tv_nsec;
}

static int emit(struct scan *s, uint64_t start, uint64_t end)
{
	s->p->last.dirty_bytes += end - start;
	if (s->counter)
		*s->counter += end - start;
	s->rc = s->emit(s->arg, s->p, start, end);
	return s->rc < 0 ? s->rc : 0;
}

/* What to do with a region that the kernel reports. */
typedef int each_region(struct scan *s, const struct pagemap_region *r);

static int emit_region(struct scan *s, const struct pagemap_region *r)
{
	return emit(s, r->start, r->end);
}

/* PAGEMAP_SCAN over [start, end), in as many calls as it takes. ASK has the categories. */
static int scan_range(struct scan *s, const struct pagemap_scan *ask, uint64_t start, uint64_t end,
		      each_region *each)
{
	struct pagemap_region *vec = s->p->maps->regions;
	int rc = 0;

	while (start < end && rc == 0) {
		struct pagemap_scan a = *ask;
		long n;

		a.size = sizeof(a);
		a.start = start;
		a.end = end;
		a.vec = (uintptr_t)vec;
		a.vec_len = REGIONS;
		n = ioctl(s->p->pagemap, PAGEMAP_SCAN_IOCTL, &a);
		if (n < 0)
			return -errno;
		for (long i = 0; i < n && rc == 0; i++)
			rc = each(s, &vec[i]);
		/* walk_end is that of the kernel's first full buffer, when it went on from there to
		 * the end by itself (6.18). */
		if (n < REGIONS / 2)
			break;
		start = a.walk_end > vec[n - 1].end ? a.walk_end : vec[n - 1].end;
	}
	return rc;
}

/* Of registered mappings, what was written: reported and protected in one step. Pages of
 * mappings that are not registered are passed over by the kernel. */
static const struct pagemap_scan ask_written = {
	.flags = PAGEMAP_PROTECT,
	.category_inverted = NO_DATA,
	.category_mask = PAGEMAP_WRITTEN | NO_DATA,
	.category_anyof_mask = HAS_DATA,
	.return_mask = PAGEMAP_WRITTEN,
};
/* What is not in registered mappings; nothing is protected. */
static const struct pagemap_scan ask_unregistered = {
	.category_inverted = PAGEMAP_WPALLOWED | NO_DATA,
	.category_mask = PAGEMAP_WPALLOWED | NO_DATA,
	.category_anyof_mask = HAS_DATA,
	.return_mask = PAGEMAP_PRESENT,
};
/* All of a mapping that was registered just now, whatever bits its pages had before. */
static const struct pagemap_scan ask_all = {
	.flags = PAGEMAP_PROTECT,
	.category_inverted = NO_DATA,
	.category_mask = PAGEMAP_WPALLOWED | NO_DATA,
	.category_anyof_mask = HAS_DATA,
	.return_mask = PAGEMAP_WPALLOWED,
};
/* Of a file's mapping: swapped out, or dropped. A protected page that is dropped there leaves a
 * mark that looks as if it were swapped out, protected and unchanged; it is the file's again. The
 * first who reads it, we for example, makes it one of the page cache. */
static const struct pagemap_scan ask_dropped = {
	.category_inverted = PAGEMAP_PRESENT,
	.category_mask = PAGEMAP_PRESENT | PAGEMAP_SWAPPED,
	.return_mask = PAGEMAP_SWAPPED,
};
static const struct pagemap_scan ask_present = {
	.category_inverted = NO_DATA,
	.category_mask = NO_DATA,
	.category_anyof_mask = HAS_DATA,
	.return_mask = PAGEMAP_WPALLOWED,
};

static int add_map(void *arg, const struct track_map *map, const char *perms, const char *name)
{
	struct track_proc *p = arg;
	struct track_maps *m = p->maps;

	p->last.n_mappings++;
	m->aio |= map->aio;
	if (!map->eligible) {
		if (name[0] != '[' && perms[1] == 'w')
			p->last.shared_bytes += map->end - map->start;
		m->run_ended = true;
		return 0;
	}
	if (m->n == m->room) {
		size_t room = m->room ? m->room * 2 : 256;
		struct track_vma *v = realloc(m->vma, room * sizeof(*v));

		if (!v)
			return -ENOMEM;
		m->vma = v;
		m->room = room;
	}
	m->vma[m->n++] = (struct track_vma){.start = map->start,
					    .end = map->end,
					    .begins_run = m->run_ended,
					    .of_file = name[0] == '/'};
	m->run_ended = false;
	return 0;
}

int track_read_maps(struct track_proc *p)
{
	if (!p->maps)
		p->maps = calloc(1, sizeof(*p->maps));
	if (p->maps && !p->maps->regions)
		p->maps->regions = calloc(REGIONS, sizeof(*p->maps->regions));
	if (!p->maps || !p->maps->regions)
		return -ENOMEM;
	p->maps->n = 0;
	p->maps->aio = false;
	p->maps->run_ended = true;
	return task_read_maps(p->procfd, add_map, p);
}

/* These files are of the memory that the process had when they were opened: new ones each time, as
 * it may have executed another program. One of a process without memory is not to be scanned:
 * kernels before 6.15 do not look. */
int track_open_memory(struct track_proc *p)
{
	uint64_t entry;

	close_fd(&p->pagemap);
	close_fd(&p->mem);
	close_fd(&p->mapfile);
	p->pagemap = openat(p->procfd, "pagemap", O_RDONLY | O_CLOEXEC);
	if (p->pagemap < 0)
		return -errno;
	p->mem = openat(p->procfd, "mem", O_RDONLY | O_CLOEXEC);
	if (p->mem < 0)
		return -errno;
	p->mapfile = openat(p->procfd, "maps", O_RDONLY | O_CLOEXEC);
	if (p->mapfile < 0)
		return -errno;
	return pread(p->pagemap, &entry, sizeof(entry), 0) == sizeof(entry) ? 0 : -ESRCH;
}

static bool gone(const struct track_proc *p)
{
	return proc_pidfd_wait_exit(p->pidfd, 0) == 0;
}

static int whole(struct track_proc *p, enum track_why why, int detail)
{
	bool ended = gone(p) || detail == ESRCH;

	p->state = ended ? TRACK_GONE : TRACK_WHOLE;
	p->why = ended ? TRACK_ENDED : why;
	p->detail = detail;
	return 0;
}

/* Whether the memory our userfaultfd was made for is not any process's: after an exec. The page
 * need not exist, and what may be there is only reported once too often. */
static bool memory_is_lost(const struct track_proc *p)
{
	struct uffdio_writeprotect wp = {.range = {LOW_PAGE, PAGE}};

	return ioctl(p->uffd, UFFDIO_WRITEPROTECT, &wp) < 0 && errno == ESRCH;
}

/* The run of neighbours beginning at vma[i] that only eligible ones interrupt: its end. */
static size_t run_end(const struct track_maps *m, size_t i)
{
	for (i++; i < m->n && !m->vma[i].begins_run; i++)
		;
	return i;
}

static int scan_runs(struct scan *s, const struct pagemap_scan *ask, each_region *each)
{
	const struct track_maps *m = s->p->maps;
	int rc = 0;

	for (size_t i = 0, next; i < m->n && rc == 0; i = next) {
		next = run_end(m, i);
		rc = scan_range(s, ask, m->vma[i].start, m->vma[next - 1].end, each);
	}
	return rc;
}

/* Regions come in ascending order, as the mappings are. */
static int mark_new(struct scan *s, const struct pagemap_region *r)
{
	struct track_maps *m = s->p->maps;

	while (m->cursor < m->n && m->vma[m->cursor].end <= r->start)
		m->cursor++;
	for (size_t i = m->cursor; i < m->n && m->vma[i].start < r->end; i++)
		m->vma[i].is_new = true;
	return 0;
}

static int mark_unregistered(struct scan *s, bool *ret_any)
{
	struct track_maps *m = s->p->maps;
	int rc;

	for (size_t i = 0; i < m->n; i++)
		m->vma[i].is_new = false;
	m->cursor = 0;
	rc = scan_runs(s, &ask_unregistered, mark_new);
	*ret_any = false;
	for (size_t i = 0; i < m->n; i++)
		*ret_any |= m->vma[i].is_new;
	return rc;
}

/* A mapping that grew or was cut since the list was read would be split where it ended then, and
 * the program might see that (mremap of two mappings): its bounds, as they are now. */
static struct uffdio_range look_again(const struct track_proc *p, const struct track_vma *v)
{
	struct procmap_query_arg q = {.size = sizeof(q), .addr = v->start};

	/* Without the question (before Linux 6.11), or without the mapping, as it was. */
	if (ioctl(p->mapfile, PROCMAP_QUERY_IOCTL, &q) < 0)
		return (struct uffdio_range){v->start, v->end - v->start};
	if (q.vma_flags & PROCMAP_SHARED)
		return (struct uffdio_range){0, 0};
	return (struct uffdio_range){q.vma_start, q.vma_end - q.vma_start};
}

static int register_vma(struct scan *s, const struct track_vma *v)
{
	struct uffdio_register reg = {.range = look_again(s->p, v),
				      .mode = UFFDIO_REGISTER_MODE_WP};

	/* What fails (its mapping changed, or is of a kind that cannot) is found again. */
	if (ioctl(s->p->uffd, UFFDIO_REGISTER, &reg) < 0)
		return 0;
	return scan_range(s, &ask_all, reg.range.start, reg.range.start + reg.range.len,
			  emit_region);
}

/* New mappings: registered, then all that they hold is reported and protected. A page that is in
 * none in the end is reported without protection, now and in each scan. */
static int scan_new(struct scan *s)
{
	struct track_maps *m = s->p->maps;
	bool any = false;
	int rc = 0;

	for (int pass = 0; pass < PASSES; pass++) {
		rc = mark_unregistered(s, &any);
		if (rc < 0 || !any)
			return rc;
		s->counter = &s->p->last.new_bytes;
		for (size_t i = 0; i < m->n && rc == 0; i++)
			if (m->vma[i].is_new)
				rc = register_vma(s, &m->vma[i]);
		if (rc < 0)
			return rc;
	}
	s->counter = &s->p->last.untracked_bytes;
	return scan_runs(s, &ask_unregistered, emit_region);
}

static int scan_dropped(struct scan *s)
{
	const struct track_maps *m = s->p->maps;
	int rc = 0;

	s->counter = NULL;
	for (size_t i = 0; i < m->n && rc == 0; i++)
		if (m->vma[i].of_file)
			rc = scan_range(s, &ask_dropped, m->vma[i].start, m->vma[i].end,
					emit_region);
	return rc;
}

static int scan_all(struct scan *s)
{
	struct track_proc *p = s->p;
	const struct track_maps *m;
	int rc = track_read_maps(p);

	if (rc == 0)
		rc = track_open_memory(p);
	m = p->maps;
	if (rc == 0 && m->n > 0)
		rc = scan_range(s, &ask_written, m->vma[0].start, m->vma[m->n - 1].end,
				emit_region);
	if (rc == 0)
		rc = scan_new(s);
	if (rc == 0)
		rc = scan_dropped(s);
	return rc;
}

/* As it is now: a transfer that was in flight while the pages were protected has its file still. */
static int look_at_files(struct track_proc *p)
{
	enum track_why why = task_check_files(p->procfd, p->by == TRACK_BY_SOFT_DIRTY);

	if (why == TRACK_OK && p->maps->aio)
		why = TRACK_AIO;
	return why == TRACK_OK ? 0 : whole(p, why, 0);
}

int track_scan(struct track_proc *p, track_dirty *dirty, void *arg)
{
	struct scan s = {.p = p, .emit = dirty, .arg = arg};
	uint64_t began = now_ns();
	int rc;

	if (p->by == TRACK_BY_SOFT_DIRTY) {
		track_collect(p, true);
		return track_emit(p, dirty, arg);
	}
	p->last = (struct track_counts){0};
	if (p->state != TRACK_ON)
		return 0;
	rc = scan_all(&s);
	p->last.scan_ns = now_ns() - began;
	if (s.rc < 0) {
		whole(p, TRACK_MEMORY, ECANCELED);
		return s.rc;
	}
	if (rc < 0 || gone(p))
		return whole(p, TRACK_MEMORY, rc < 0 ? -rc : ESRCH);
	if (memory_is_lost(p))
		return whole(p, TRACK_EXEC, 0);
	return look_at_files(p);
}

void track_collect(struct track_proc *p, bool clear)
{
	uint64_t began = now_ns();
	int rc;

	p->last = (struct track_counts){0};
	if (p->state != TRACK_ON)
		return;
	p->all = !p->scanned;
	p->scanned = true;
	rc = track_soft_collect(p, p->all, clear);
	p->last.scan_ns = now_ns() - began;
	if (rc < 0 || gone(p))
		whole(p, TRACK_MEMORY, rc < 0 ? -rc : ESRCH);
}

int track_emit(struct track_proc *p, track_dirty *dirty, void *arg)
{
	struct scan s = {.p = p, .emit = dirty, .arg = arg};

	if (p->state != TRACK_ON)
		return 0;
	s.counter = p->all ? &p->last.new_bytes : NULL;
	for (size_t i = 0; i < p->n_soft && s.rc >= 0; i++)
		(void)emit(&s, p->soft[i].start, p->soft[i].end);
	if (s.rc < 0) {
		whole(p, TRACK_MEMORY, ECANCELED);
		return s.rc;
	}
	return look_at_files(p);
}

static int soft_present(struct scan *s)
{
	int rc = track_soft_collect(s->p, true, false);

	for (size_t i = 0; i < s->p->n_soft && rc == 0; i++)
		rc = emit(s, s->p->soft[i].start, s->p->soft[i].end);
	return rc;
}

int track_present(struct track_proc *p, track_dirty *dirty, void *arg)
{
	struct scan s = {.p = p, .emit = dirty, .arg = arg};
	struct track_counts last = p->last;
	int rc;

	if (p->by == TRACK_BY_SOFT_DIRTY) {
		rc = soft_present(&s);
	} else {
		rc = track_read_maps(p);
		if (rc == 0)
			rc = track_open_memory(p);
		if (rc == 0)
			rc = scan_runs(&s, &ask_present, emit_region);
	}
	p->last = last;
	return rc;
}
