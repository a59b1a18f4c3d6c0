/* TEST: the pages that running processes write: counted exactly, and none is missed. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/proc.h"
#include "tests/unit/track_load.h"

#define REGION_PAGES 8192UL /* twice as many ranges as one answer of the kernel holds */

/* Commands: an operation in the low byte, a page or a step above it. */
enum {
	MAP = 1,
	TOUCH,
	STEP,
	UNMAP,
	AGAIN,
	MOVE,
	GROW,
	DROP,
	PROTECT,
	FORK,
	EXEC,
	BRK,
	DEEP,
	HUGE,
	FILE_MAP
};
#define CMD(op, v) ((uint64_t)(op) | (uint64_t)(v) << 8)

static char *map_pages(size_t pages)
{
	char *at = mmap(NULL, pages * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
			0);

	return at == MAP_FAILED ? NULL : at;
}

#define DEEP_PAGES 32UL

/* Writes to that many pages of stack. Returns where they begin. */
static __attribute__((noinline)) uint64_t write_stack(void)
{
	volatile char frame[(DEEP_PAGES + 1) * PAGE];

	for (size_t i = 0; i < sizeof(frame); i += PAGE)
		frame[i] = 1;
	return ((uintptr_t)&frame[0] + PAGE - 1) & ~(PAGE - 1);
}

static char *region;

/* A file of REGION_PAGES, not shared. */
static uint64_t map_file(void)
{
	int fd = (int)syscall(SYS_memfd_create, "file", 1);

	for (size_t i = 0; i < REGION_PAGES; i++)
		if (pwrite(fd, "file", 4, (off_t)(i * PAGE)) != 4)
			return 0;
	if (ftruncate(fd, REGION_PAGES * PAGE) < 0)
		return 0;
	region = mmap(NULL, REGION_PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	close(fd);
	return (uintptr_t)region;
}

static uint64_t obey_more(uint64_t op, uint64_t v, char *at)
{
	switch (op) {
	case PROTECT:
		return (uint64_t)mprotect(at, REGION_PAGES * PAGE, (int)v);
	case BRK:
		/* musl's sbrk(3) has nothing to give */
		at = (char *)syscall(SYS_brk, 0);
		syscall(SYS_brk, at + v * PAGE);
		memset(at, 5, v * PAGE);
		return (uint64_t)(uintptr_t)at;
	case DEEP:
		return write_stack();
	case FILE_MAP:
		return map_file();
	case FORK:
		return (uint64_t)fork();
	case EXEC:
		execl("/bin/sleep", "sleep", "60", NULL);
		return 1;
	default:
		return 0;
	}
}

static uint64_t obey(uint64_t op, uint64_t v)
{
	char *to;

	switch (op) {
	case MAP:
		region = map_pages(v);
		return (uint64_t)(uintptr_t)region;
	case TOUCH:
		region[v * PAGE]++;
		return 0;
	case STEP:
		for (uint64_t i = 0; i < REGION_PAGES; i += v)
			region[i * PAGE + 17]++;
		return 0;
	case UNMAP:
		return (uint64_t)munmap(region, v * PAGE);
	case AGAIN:
		munmap(region, REGION_PAGES * PAGE);
		return (uint64_t)(uintptr_t)mmap(region, REGION_PAGES * PAGE,
						 PROT_READ | PROT_WRITE,
						 MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	case MOVE:
		to = map_pages(v);
		region = mremap(region, REGION_PAGES * PAGE, v * PAGE,
				MREMAP_MAYMOVE | MREMAP_FIXED, to);
		return (uint64_t)(uintptr_t)region;
	case DROP:
		return (uint64_t)madvise(region, v * PAGE, MADV_DONTNEED);
	case HUGE:
		region = map_pages(v + 512);
		region = (char *)(((uintptr_t)region + (512 * PAGE - 1)) & ~(512 * PAGE - 1));
		madvise(region, v * PAGE, MADV_HUGEPAGE);
		memset(region, 3, v * PAGE);
		return (uint64_t)(uintptr_t)region;
	default:
		return obey_more(op, v, region);
	}
}

static void obedient(struct load *self)
{
	for (;;) {
		uint64_t cmd = load_next(self);

		load_reply(self, obey(cmd & 0xff, cmd >> 8));
	}
}

struct subject {
	struct load load;
	struct track_proc *p;
	struct store s;
};

static void set_region(struct subject *t, uint64_t at, uint64_t pages)
{
	CHECK(at);
	t->s.lo = at;
	t->s.hi = at + pages * PAGE;
}

/* A process with a region whose pages are all written, tracked, after the first scan. */
static void subject_start(struct subject *t)
{
	*t = (struct subject){.load = load_start(obedient)};
	set_region(t, load_ask(&t->load, CMD(MAP, REGION_PAGES)), REGION_PAGES);
	load_ask(&t->load, CMD(STEP, 1));
	t->p = load_track(t->load.pid);
	CHECK_INT(t->p->state, TRACK_ON);
	store_round(&t->s, t->p);
	CHECK_UINT(t->s.in_region, REGION_PAGES);
	CHECK_UINT(t->p->last.new_bytes, t->p->last.dirty_bytes);
}

static void subject_end(struct subject *t)
{
	load_stop(&t->load);
	CHECK(store_compare(&t->s, t->p) > 0);
	track_close(t->p);
	load_kill(&t->load);
	store_done(&t->s);
}

static uint64_t round_after(struct subject *t, uint64_t cmd)
{
	load_ask(&t->load, cmd);
	store_round(&t->s, t->p);
	return t->s.in_region;
}

static void t_known_pages(void)
{
	struct subject t;

	if (!load_can_track())
		return;
	subject_start(&t);
	store_round(&t.s, t.p);
	CHECK_UINT(t.s.in_region, 0);
	CHECK(t.s.all < 16); /* its stack, and what it waits with */
	CHECK_UINT(round_after(&t, CMD(TOUCH, 1234)), 1);
	CHECK_UINT(t.s.sum, 1234);
	CHECK_UINT(round_after(&t, CMD(TOUCH, 0)), 1);
	CHECK_UINT(t.s.sum, 0);
	CHECK_UINT(round_after(&t, CMD(STEP, 64)), REGION_PAGES / 64);
	CHECK_UINT(round_after(&t, CMD(STEP, 2)), REGION_PAGES / 2);
	CHECK_UINT(round_after(&t, CMD(STEP, 1)), REGION_PAGES);
	CHECK_UINT(t.p->last.untracked_bytes, 0);
	CHECK_UINT(t.p->last.new_bytes, 0);
	subject_end(&t);
}

static void t_new_mappings(void)
{
	struct subject t;

	if (!load_can_track())
		return;
	subject_start(&t);
	set_region(&t, load_ask(&t.load, CMD(MAP, REGION_PAGES)), REGION_PAGES);
	store_round(&t.s, t.p);
	CHECK_UINT(t.s.in_region, 0); /* nothing is in it yet */
	CHECK_UINT(round_after(&t, CMD(STEP, 32)), REGION_PAGES / 32);
	CHECK_UINT(round_after(&t, CMD(TOUCH, 1)), 1);
	CHECK_UINT(round_after(&t, CMD(STEP, 1)), REGION_PAGES);
	/* Another one at its place. */
	CHECK_UINT(round_after(&t, CMD(AGAIN, 0)), 0);
	CHECK_UINT(store_present(&t.s, t.p), 0);
	CHECK_UINT(round_after(&t, CMD(TOUCH, 7)), 1);
	CHECK_UINT(store_present(&t.s, t.p), 1);
	/* Another one at its place between two scans, with other content. */
	load_ask(&t.load, CMD(AGAIN, 0));
	CHECK_UINT(round_after(&t, CMD(STEP, 4096)), 2);
	CHECK_UINT(round_after(&t, CMD(UNMAP, REGION_PAGES)), 0);
	CHECK_UINT(store_present(&t.s, t.p), 0);
	subject_end(&t);
}

static void t_moved(void)
{
	struct subject t;
	uint64_t to;

	if (!load_can_track())
		return;
	subject_start(&t);
	to = load_ask(&t.load, CMD(MOVE, REGION_PAGES * 2));
	CHECK_UINT(store_present(&t.s, t.p), 0);
	set_region(&t, to, REGION_PAGES * 2);
	store_round(&t.s, t.p);
	CHECK_UINT(t.s.in_region, REGION_PAGES);
	CHECK_UINT(round_after(&t, CMD(TOUCH, REGION_PAGES * 2 - 1)), 1);
	CHECK_UINT(round_after(&t, CMD(STEP, 2)), REGION_PAGES / 2);
	subject_end(&t);
}

#define TABLE (512 * PAGE) /* what one page table has */

/* Whole page tables, into the place of others that were seen before. */
static void moves_tables(struct load *self)
{
	char *a = map_pages(5 * 512);

	a = (char *)(((uintptr_t)a + TABLE - 1) & ~(TABLE - 1));
	madvise(a, 4 * TABLE, MADV_NOHUGEPAGE);
	memset(a, 1, 2 * TABLE);
	memset(a + 2 * TABLE, 2, 2 * TABLE);
	load_reply(self, (uintptr_t)a + 2 * TABLE);
	load_next(self);
	load_reply(self, mremap(a, 2 * TABLE, 2 * TABLE, MREMAP_MAYMOVE | MREMAP_FIXED,
				a + 2 * TABLE) == a + 2 * TABLE);
	load_next(self);
}

static void t_moved_tables(void)
{
	struct subject t;

	if (!load_can_track())
		return;
	t = (struct subject){.load = load_start(moves_tables)};
	set_region(&t, load_answer(&t.load), 2 * 512);
	t.p = load_track(t.load.pid);
	store_round(&t.s, t.p);
	CHECK_UINT(t.s.in_region, 2 * 512);
	CHECK_UINT(load_ask(&t.load, 0), 1);
	subject_end(&t);
}

static void t_dropped(void)
{
	struct subject t;

	if (!load_can_track())
		return;
	subject_start(&t);
	CHECK_UINT(round_after(&t, CMD(DROP, REGION_PAGES / 2)), 0);
	CHECK_UINT(store_present(&t.s, t.p), REGION_PAGES / 2);
	CHECK_UINT(round_after(&t, CMD(STEP, 1)), REGION_PAGES);
	CHECK_UINT(store_present(&t.s, t.p), REGION_PAGES);
	/* Dropped and written again between two scans. */
	load_ask(&t.load, CMD(DROP, REGION_PAGES));
	CHECK_UINT(round_after(&t, CMD(TOUCH, 5)), 1);
	CHECK_UINT(store_present(&t.s, t.p), 1);
	subject_end(&t);
}

/* What is dropped of a file's mapping is the file again, though the kernel keeps a mark there. */
static void t_file(void)
{
	struct subject t;

	if (!load_can_track())
		return;
	subject_start(&t);
	set_region(&t, load_ask(&t.load, CMD(FILE_MAP, 0)), REGION_PAGES);
	store_round(&t.s, t.p);
	CHECK_UINT(t.s.in_region, 0); /* nothing but the page cache's */
	CHECK_UINT(round_after(&t, CMD(STEP, 4)), REGION_PAGES / 4);
	CHECK_UINT(round_after(&t, CMD(STEP, 8)), REGION_PAGES / 8);
	CHECK_UINT(store_present(&t.s, t.p), REGION_PAGES / 4);
	store_round(&t.s, t.p);
	CHECK_UINT(t.s.in_region, 0);
	load_ask(&t.load, CMD(DROP, REGION_PAGES / 2));
	subject_end(&t);
}

static void t_protected(void)
{
	struct subject t;

	if (!load_can_track())
		return;
	subject_start(&t);
	load_ask(&t.load, CMD(STEP, 8));
	CHECK_UINT(round_after(&t, CMD(PROTECT, PROT_NONE)), REGION_PAGES / 8);
	CHECK_UINT(t.s.n_missing, 0); /* what it may not read itself is read all the same */
	load_ask(&t.load, CMD(PROTECT, PROT_READ | PROT_WRITE));
	load_ask(&t.load, CMD(TOUCH, 3));
	CHECK_UINT(round_after(&t, CMD(PROTECT, PROT_READ)), 1);
	subject_end(&t);
}

static void t_heap_and_stack(void)
{
	struct subject t;
	uint64_t at;

	if (!load_can_track())
		return;
	subject_start(&t);
	for (int i = 0; i < 3; i++) {
		at = load_ask(&t.load, CMD(BRK, 16));
		set_region(&t, at & ~(PAGE - 1), 17);
		store_round(&t.s, t.p);
		CHECK(t.s.in_region >= 16);
	}
	set_region(&t, load_ask(&t.load, CMD(DEEP, 0)), DEEP_PAGES);
	store_round(&t.s, t.p);
	CHECK_UINT(t.s.in_region, DEEP_PAGES);
	subject_end(&t);
}

static void t_huge_pages(void)
{
	struct subject t;

	if (!load_can_track())
		return;
	subject_start(&t);
	set_region(&t, load_ask(&t.load, CMD(HUGE, REGION_PAGES)), REGION_PAGES);
	store_round(&t.s, t.p);
	CHECK_UINT(t.s.in_region, REGION_PAGES);
	store_round(&t.s, t.p);
	CHECK_UINT(t.s.in_region, 0);
	if (t.p->by == TRACK_BY_SOFT_DIRTY) {
		CHECK_UINT(round_after(&t, CMD(TOUCH, 700)), 512);
	} else {
		CHECK_UINT(round_after(&t, CMD(TOUCH, 700)), 1);
		CHECK_UINT(t.s.sum, 700);
		CHECK_UINT(round_after(&t, CMD(STEP, 512)), REGION_PAGES / 512);
	}
	CHECK_UINT(round_after(&t, CMD(DROP, 1024)), 0);
	CHECK_UINT(store_present(&t.s, t.p), REGION_PAGES - 1024);
	subject_end(&t);
}

static void t_fork(void)
{
	struct track_set set = {.by = load_track_by()};
	struct store store[2] = {{0}};
	struct err err;
	struct load l;
	uint64_t at;
	pid_t pids[2];

	if (!load_can_track())
		return;
	l = load_start(obedient);
	at = load_ask(&l, CMD(MAP, REGION_PAGES));
	load_ask(&l, CMD(STEP, 1));
	pids[0] = l.pid;
	CHECK_INT(track_set_update(&set, pids, 1, &err), 0);
	CHECK_UINT(set.n_procs, 1);
	store[0].lo = store[1].lo = at;
	store[0].hi = store[1].hi = at + REGION_PAGES * PAGE;
	store_round(&store[0], set.procs[0]);
	pids[1] = (pid_t)load_ask(&l, CMD(FORK, 0));
	pids[1] += (pid_t)load_answer(&l); /* 0, in either order: the child's answer */
	CHECK_INT(track_set_update(&set, pids, 2, &err), 0);
	CHECK_UINT(set.n_procs, 2);
	CHECK_INT(set.procs[1]->state, TRACK_ON);
	store_round(&store[1], set.procs[1]);
	CHECK_UINT(store[1].in_region, REGION_PAGES);
	store_round(&store[0], set.procs[0]);
	CHECK_UINT(store[0].in_region, 0);
	/* One of the two takes it, and only that one has written. */
	load_ask(&l, CMD(STEP, 64));
	store_round(&store[0], set.procs[0]);
	store_round(&store[1], set.procs[1]);
	CHECK_UINT(store[0].in_region + store[1].in_region, REGION_PAGES / 64);
	CHECK(store[0].in_region == 0 || store[1].in_region == 0);
	kill(pids[1], SIGKILL);
	kill(l.pid, SIGSTOP);
	load_stop(&l);
	store_compare(&store[0], set.procs[0]);
	while (set.procs[1]->state == TRACK_ON)
		store_round(&store[1], set.procs[1]);
	CHECK_INT(set.procs[1]->state, TRACK_GONE);
	CHECK_INT(track_set_update(&set, pids, 2, &err), 0);
	CHECK_INT(track_set_update(&set, pids, 1, &err), 0);
	CHECK_UINT(set.n_procs, 1);
	track_set_close(&set);
	load_kill(&l);
	store_done(&store[0]);
	store_done(&store[1]);
}

/* Kilobytes that no other process has. */
static long private_kb(pid_t pid)
{
	char path[64], line[256];
	long sum = 0, v;
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/smaps_rollup", pid);
	f = fopen(path, "re");
	CHECK(f);
	while (fgets(line, sizeof(line), f))
		if (sscanf(line, "Private_Dirty: %ld", &v) == 1 ||
		    sscanf(line, "Private_Clean: %ld", &v) == 1)
			sum += v;
	fclose(f);
	return sum;
}

/* What parent and child have in common stays so: process_vm_readv(2) would copy it for each. */
static void t_reading_shares(void)
{
	struct store s = {0};
	struct track_proc *p;
	struct load l;
	pid_t child;
	long before;

	if (!load_can_track())
		return;
	l = load_start(obedient);
	load_ask(&l, CMD(MAP, REGION_PAGES));
	load_ask(&l, CMD(STEP, 1));
	child = (pid_t)(load_ask(&l, CMD(FORK, 0)) + load_answer(&l));
	before = private_kb(child);
	p = load_track(child);
	store_round(&s, p);
	CHECK(s.all > REGION_PAGES);
	CHECK(private_kb(child) < before + (long)(REGION_PAGES * PAGE / 1024 / 4));
	track_close(p);
	kill(child, SIGKILL);
	load_kill(&l);
	store_done(&s);
}

static bool has_executed(pid_t pid)
{
	struct proc_stat st;

	return proc_stat_read(pid, &st) == 0 && !st.never_executed;
}

/* By soft-dirty bits new memory is as well as old. */
static void exec_is_seen(struct track_set *set, struct store *s, const struct load *l)
{
	struct err err;

	for (int i = 0; i < 60000 && !has_executed(l->pid); i++)
		store_round(s, set->procs[0]);
	CHECK(has_executed(l->pid));
	CHECK_INT(track_set_update(set, &l->pid, 1, &err), 0);
}

static void exec_is_told(struct track_set *set, struct store *s, const struct load *l)
{
	struct err err;

	for (int i = 0; i < 60000 && set->procs[0]->state == TRACK_ON; i++) {
		nanosleep(&(struct timespec){0, 1000000}, NULL);
		store_round(s, set->procs[0]);
	}
	CHECK_INT(set->procs[0]->state, TRACK_WHOLE);
	CHECK_INT(set->procs[0]->why, TRACK_EXEC);
	store_done(s);
	CHECK_INT(track_set_update(set, &l->pid, 1, &err), 0);
}

static void t_exec(void)
{
	struct track_set set = {.by = load_track_by()};
	struct store s = {0};
	struct err err;
	struct load l;

	if (!load_can_track())
		return;
	l = load_start(obedient);
	CHECK_INT(track_set_update(&set, &l.pid, 1, &err), 0);
	store_round(&s, set.procs[0]);
	CHECK(s.all > 0);
	load_tell(&l, CMD(EXEC, 0));
	if (set.by == TRACK_BY_SOFT_DIRTY)
		exec_is_seen(&set, &s, &l);
	else
		exec_is_told(&set, &s, &l);
	CHECK_INT(set.procs[0]->state, TRACK_ON);
	store_round(&s, set.procs[0]);
	CHECK(s.all > 0);
	load_stop(&l);
	CHECK(store_compare(&s, set.procs[0]) > 0);
	track_set_close(&set);
	load_kill(&l);
	store_done(&s);
}

#define THREADS      200
#define THREAD_PAGES 16

static void *thread_writes(void *arg)
{
	char *at = arg;

	for (unsigned n = 0;; n++) {
		at[(n % THREAD_PAGES) * PAGE + n % PAGE]++;
		nanosleep(&(struct timespec){0, 3000000 + (long)(n % 7) * 1000000}, NULL);
	}
	return NULL;
}

static void threads(struct load *self)
{
	char *at = map_pages(THREADS * THREAD_PAGES);
	pthread_attr_t attr;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (size_t i = 0; i < THREADS; i++) {
		pthread_t t;

		if (pthread_create(&t, &attr, thread_writes, at + i * THREAD_PAGES * PAGE) != 0)
			_exit(1);
	}
	load_next(self);
	load_reply(self, (uint64_t)(uintptr_t)at);
	load_next(self);
}

static void t_threads(void)
{
	struct subject t;

	if (!load_can_track())
		return;
	t = (struct subject){.load = load_start(threads)};
	set_region(&t, load_ask(&t.load, 0), THREADS * THREAD_PAGES);
	t.p = load_track(t.load.pid);
	CHECK_INT(t.p->state, TRACK_ON);
	for (int i = 0; i < (load_track_by() == TRACK_BY_SOFT_DIRTY ? 3 : 20); i++) {
		store_round(&t.s, t.p);
		nanosleep(&(struct timespec){0, 5000000}, NULL);
	}
	CHECK(t.s.in_region > 0);
	subject_end(&t);
}

/* As many changes of the address space as it can make, until it is stopped. */
static void storm(struct load *self)
{
	char *at[64] = {NULL};
	uint32_t r = 12345;

	load_reply(self, 0);
	for (unsigned n = 0;; n++) {
		unsigned i;
		size_t pages;

		r = r * 1664525 + 1013904223;
		i = r >> 26;
		pages = 1 + (r >> 20) % 32;
		if (!at[i]) {
			at[i] = map_pages(32);
			memset(at[i], (int)n, pages * PAGE);
		} else if (r & 0x100) {
			char *to = map_pages(32);
			char *now = mremap(at[i], 32 * PAGE, 32 * PAGE,
					   MREMAP_MAYMOVE | MREMAP_FIXED, to);

			/* In the moment that it is registered it may be two mappings (track.h). */
			if (now == MAP_FAILED)
				munmap(to, 32 * PAGE);
			else
				at[i] = now;
			at[i][(r >> 9) % 32 * PAGE] = (char)n;
		} else if (r & 0x200) {
			madvise(at[i], pages * PAGE, MADV_DONTNEED);
			at[i][0] = (char)n;
		} else if (r & 0x400) {
			mprotect(at[i], PAGE, PROT_READ);
			mprotect(at[i], PAGE, PROT_READ | PROT_WRITE);
			at[i][1] = (char)n;
		} else {
			munmap(at[i], 32 * PAGE);
			at[i] = NULL;
		}
	}
}

static void t_storm(void)
{
	if (!load_can_track())
		return;
	for (int turn = 0; turn < 5; turn++) {
		struct subject t = {.load = load_start(storm)};

		load_answer(&t.load);
		t.p = load_track(t.load.pid);
		CHECK_INT(t.p->state, TRACK_ON);
		for (int i = 0; i < 40; i++)
			store_round(&t.s, t.p);
		subject_end(&t);
	}
}

static void t_probe(void)
{
	struct err err;
	enum track_by by;
	int rc = track_probe(&by, &err);

	/* Whatever this kernel is: an answer, and one that says what is missing. */
	if (rc == -ENOTSUP)
		CHECK_HAS(err.text, "cannot be told: ");
	else if (rc < 0)
		CHECK_HAS(err.text, "userfaultfd");
}

static const struct unit_case cases[] = {
	{"probe: works, or says what is missing", t_probe},
	{"scan: exactly the pages that were written", t_known_pages},
	{"scan: new mappings, also in the place of old ones", t_new_mappings},
	{"scan: mremap", t_moved},
	{"scan: mremap of whole page tables over others", t_moved_tables},
	{"scan: madvise(DONTNEED)", t_dropped},
	{"scan: a file's mapping, and what is dropped of it", t_file},
	{"scan: mappings that are protected", t_protected},
	{"scan: a heap and a stack that grow", t_heap_and_stack},
	{"scan: transparent huge pages", t_huge_pages},
	{"scan: a forked child has memory of its own", t_fork},
	{"scan: another program", t_exec},
	{"read: what parent and child share stays shared", t_reading_shares},
	{"scan: 200 threads", t_threads},
	{"scan: a storm of mmap, mremap, munmap, mprotect, madvise", t_storm},
};
UNIT_MAIN(cases)
