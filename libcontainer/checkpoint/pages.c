/* RUNTIME: the store of pages: processes, the file of contents, and what comes into it. */
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/random.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "pages_impl.h"

static uint64_t memory_available(void)
{
	char text[4096], *p;
	uint64_t kib;

	if (io_read_small(AT_FDCWD, "/proc/meminfo", text, sizeof(text)) <= 0)
		return UINT64_MAX;
	p = strstr(text, "MemAvailable:");
	if (!p)
		return UINT64_MAX;
	p += strcspn(p, "0123456789\n");
	p[strspn(p, "0123456789")] = '\0';
	return str_to_u64(p, &kib) == 0 ? kib * 1024 : UINT64_MAX;
}

/* The restored processes need as much once more while they are filled. */
static bool memory_is_short(const struct pages_options *opt)
{
	return opt->spill_dir >= 0 && opt->expect_bytes > memory_available() / 5 * 2;
}

static int open_contents(const struct pages_options *opt, struct err *err)
{
	int fd;

	if (memory_is_short(opt)) {
		fd = openat(opt->spill_dir, ".", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
		return fd >= 0 ? fd : err_sys(err, errno, "file for memory pages");
	}
	fd = memfd_create("hull-pages", MFD_CLOEXEC);
	return fd >= 0 ? fd : err_sys(err, errno, "memfd for memory pages");
}

static void store_limits(struct pages *st, const struct pages_options *opt)
{
	st->max_bytes = opt->max_bytes ? opt->max_bytes : MAP_MAX;
	if (st->max_bytes > MAP_MAX)
		st->max_bytes = MAP_MAX;
	st->map_len = (st->max_bytes + PAGES_SIZE - 1) & ~(PAGES_SIZE - 1);
	st->max_address = opt->max_address;
	if (!st->max_address)
		st->max_address = (1ULL << 47) - PAGES_SIZE;
}

struct pages *pages_new(const struct pages_options *opt, struct err *err)
{
	struct pages *st;

	if (sysconf(_SC_PAGESIZE) != (long)PAGES_SIZE) {
		err_fail(err, EOPNOTSUPP, "memory pages of %ld bytes are not supported",
			 sysconf(_SC_PAGESIZE));
		return NULL;
	}
	st = calloc(1, sizeof(*st));
	if (!st) {
		err_sys(err, ENOMEM, "page store");
		return NULL;
	}
	store_limits(st, opt);
	if (getrandom(&st->seed, sizeof(st->seed), 0) < 0)
		st->seed = (uintptr_t)st;
	st->seed |= 1;
	st->map = MAP_FAILED;
	st->fd = open_contents(opt, err);
	if (st->fd >= 0)
		st->map = mmap(NULL, st->map_len, PROT_READ, MAP_SHARED | MAP_NORESERVE, st->fd, 0);
	if (st->fd >= 0 && st->map == MAP_FAILED)
		err_sys(err, errno, "mapping of memory pages");
	if (st->map != MAP_FAILED)
		return st;
	pages_free(st);
	return NULL;
}

static void proc_free(struct pages_proc *p)
{
	for (unsigned i = OWN + 1; i < p->n_sources; i++)
		munmap((void *)(uintptr_t)p->sources[i].map, p->sources[i].len + PAGES_SIZE);
	free(p->leaves);
	free(p->hash);
	free(p);
}

void pages_free(struct pages *st)
{
	if (!st)
		return;
	while (st->procs) {
		struct pages_proc *p = st->procs;

		st->procs = p->next;
		proc_free(p);
	}
	if (st->map != MAP_FAILED)
		munmap(st->map, st->map_len);
	close_fd(&st->fd);
	free(st->free_slots);
	free(st);
}

uint64_t pages_index_bytes(const struct pages *st)
{
	return st->index_bytes;
}

uint64_t pages_used(const struct pages *st)
{
	return st->index_bytes + ((uint64_t)(st->n_slots - st->n_free) << PAGES_SHIFT);
}

int pages_charge(struct pages *st, uint64_t bytes, struct err *err)
{
	if (pages_used(st) + bytes <= st->max_bytes)
		return 0;
	return err_fail(err, ENOSPC, "memory pages: more than the limit of %llu MiB",
			(unsigned long long)(st->max_bytes >> 20));
}

struct pages_proc *pages_find(struct pages *st, int32_t pid)
{
	struct pages_proc *p = st->procs;

	while (p && p->pid != pid)
		p = p->next;
	return p;
}

int pages_add(struct pages *st, int32_t pid, struct pages_proc **ret, struct err *err)
{
	struct pages_proc *p = pages_find(st, pid);

	if (pid <= 0)
		return err_fail(err, EINVAL, "memory pages of process '%d'", pid);
	if (!p) {
		if (st->n_procs == PROCS_MAX)
			return err_fail(err, ENOSPC, "memory pages of more than %d processes",
					PROCS_MAX);
		p = calloc(1, sizeof(*p));
		if (!p)
			return err_sys(err, ENOMEM, "page store");
		*p = (struct pages_proc){
			.store = st, .next = st->procs, .pid = pid, .sorted = true};
		p->sources[OWN] = (struct source){.map = st->map, .len = st->map_len};
		p->n_sources = OWN + 1;
		st->procs = p;
		st->n_procs++;
		st->index_bytes += sizeof(*p);
	}
	*ret = p;
	return 0;
}

int32_t pages_pid(const struct pages_proc *p)
{
	return p->pid;
}

int pages_check_range(const struct pages_proc *p, uint64_t addr, uint64_t n, struct err *err)
{
	uint64_t max = p->store->max_address;

	if (addr % PAGES_SIZE == 0 && addr < max && n <= (max - addr) >> PAGES_SHIFT)
		return 0;
	return err_fail(err, EINVAL, "memory pages: 0x%llx and %llu pages is no place in a process",
			(unsigned long long)addr, (unsigned long long)n);
}

static int slot_take(struct pages *st, uint32_t *ret, struct err *err)
{
	if (pages_charge(st, PAGES_SIZE, err) < 0)
		return -err->code;
	if (st->n_free) {
		*ret = st->free_slots[--st->n_free];
		return 0;
	}
	if (st->n_slots >= SLOT_MAX || ((uint64_t)st->n_slots << PAGES_SHIFT) >= st->map_len)
		return err_fail(err, ENOSPC, "memory pages: no room");
	*ret = st->n_slots++;
	return 0;
}

/* One that can't be noted is lost, not shared. */
void pages_drop_slot(struct pages *st, uint32_t page)
{
	if (!page_is_data(page) || page_source(page) != OWN)
		return;
	if (st->n_free == st->room_free) {
		uint32_t room = st->room_free ? st->room_free * 2 : 64;
		void *m = realloc(st->free_slots, room * sizeof(*st->free_slots));

		if (!m)
			return;
		st->index_bytes += (room - st->room_free) * sizeof(*st->free_slots);
		st->free_slots = m;
		st->room_free = room;
	}
	st->free_slots[st->n_free++] = page_slot(page);
}

static bool is_zero(const char *page)
{
	uint64_t a[8];

	for (size_t i = 0; i < PAGES_SIZE; i += sizeof(a)) {
		memcpy(a, page + i, sizeof(a));
		if (a[0] | a[1] | a[2] | a[3] | a[4] | a[5] | a[6] | a[7])
			return false;
	}
	return true;
}

/* Where page ADDR is to be written: its own slot, or a new one; none for zeros. 1, 0 when there is
 * nothing to write, or -errno. */
static int put_slot(struct pages_proc *p, uint64_t addr, const char *data, uint32_t *ret,
		    struct err *err)
{
	unsigned i = (addr >> PAGES_SHIFT) % PAGES_LEAF;
	struct leaf *l = p->sealed ? leaf_find(p, addr >> LEAF_SHIFT) : NULL;

	if (p->sealed && (!l || (l->page[i] != PAGE_REMOTE && l->page[i] != PAGE_ASKED)))
		return 0;
	if (!l && leaf_get(p, addr >> LEAF_SHIFT, &l, err) < 0)
		return -err->code;
	if (is_zero(data)) {
		pages_drop_slot(p->store, l->page[i]);
		l->page[i] = PAGE_ZERO;
		return 0;
	}
	if (!page_is_data(l->page[i]) || page_source(l->page[i]) != OWN) {
		if (slot_take(p->store, ret, err) < 0)
			return -err->code;
		l->page[i] = FIRST_SLOT + *ret;
	}
	*ret = page_slot(l->page[i]);
	return 1;
}

static int write_slots(struct pages *st, uint32_t slot, const char *data, size_t len,
		       struct err *err)
{
	off_t at = (off_t)slot << PAGES_SHIFT;

	while (len) {
		ssize_t n = pwrite(st->fd, data, len, at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			return err_sys(err, n < 0 ? errno : ENOSPC, "write of memory pages");
		data += n;
		len -= (size_t)n;
		at += n;
	}
	return 0;
}

int pages_put(struct pages_proc *p, uint64_t addr, uint64_t n, const void *data, struct err *err)
{
	const char *d = data, *from = d;
	uint32_t slot = 0, first = 0, run = 0;

	if (pages_check_range(p, addr, n, err) < 0)
		return -err->code;
	for (uint64_t i = 0; i < n; i++, d += PAGES_SIZE) {
		int r = put_slot(p, addr + (i << PAGES_SHIFT), d, &slot, err);

		if (r < 0)
			return r;
		if (r && run && slot == first + run) {
			run++;
			continue;
		}
		if (run && write_slots(p->store, first, from, (size_t)run << PAGES_SHIFT, err) < 0)
			return -err->code;
		run = (uint32_t)r;
		first = slot;
		from = d;
	}
	return run ? write_slots(p->store, first, from, (size_t)run << PAGES_SHIFT, err) : 0;
}
