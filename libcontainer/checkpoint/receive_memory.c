/* RUNTIME: migrate-receive: the memory that comes, and how the restored processes get it. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/receive.h"
#include "libcontainer/checkpoint/postcopy.h"
#include "oci-spec/oci.h"

#define ADDRESSES ((1ULL << 47) - PAGES_SIZE) /* of user space */
#define NOTE_MS   100                         /* how often it is noted how far the filler is */
#define MISSING_AT_ONCE                                                           \
	(64ULL * WIRE_PAGES_MAX) /* pages that are asked for and not answered yet \
				  */

static int process(struct receiver *x, uint64_t key, struct pages_proc **ret, struct err *err)
{
	if (key == 0 || key > INT32_MAX)
		return err_fail(err, EPROTO, "there is no process %llu", (unsigned long long)key);
	*ret = pages_find(x->store, (int32_t)key);
	return *ret ? 0 : pages_add(x->store, (int32_t)key, ret, err);
}

int receive_pages(struct receiver *x, const struct wire_msg *msg, struct err *err)
{
	const struct wire_pages *p = &msg->pages;
	struct pages_proc *proc;
	int r = process(x, p->process, &proc, err);

	if (r < 0)
		return r;
	if (!x->buf)
		x->buf = arena_alloc(&x->arena, WIRE_BODY_MAX);
	if (msg->type == WIRE_PAGES) {
		r = wire_body(&x->wire, msg, x->buf, err);
		return r < 0 ? r : pages_put(proc, p->address, p->count, x->buf, err);
	}
	if (!pages_sealed(proc))
		return pages_mark(proc, p->address, p->count, PAGE_ZERO, err);
	memset(x->buf, 0, WIRE_PAGE_SIZE);
	for (uint64_t i = 0; r == 0 && i < p->count; i++)
		r = pages_put(proc, p->address + i * WIRE_PAGE_SIZE, 1, x->buf, err);
	return r;
}

int receive_dirty(struct receiver *x, const struct wire_msg *msg, struct err *err)
{
	struct wire_range ranges[WIRE_RANGES_MAX];
	struct pages_proc *proc;
	int r = process(x, msg->pages.process, &proc, err);

	if (r == 0)
		r = wire_take_ranges(&x->wire, msg, ranges, err);
	for (uint64_t i = 0; r == 0 && i < msg->pages.count; i++)
		r = pages_mark(proc, ranges[i].address, ranges[i].count, PAGE_REMOTE, err);
	return r;
}

/* ---- pages that the images speak of and nobody has sent yet -------------------------------------
 */

static int await_pages(struct receiver *x, struct err *err)
{
	struct wire_msg msg;
	int r = wire_next(&x->wire, x->wire.timeout_ms, &msg, err);

	if (r < 0)
		return r;
	if (msg.type != WIRE_PAGES && msg.type != WIRE_ZERO)
		return receive_one(x, &msg, err);
	x->missing -= msg.pages.count < x->missing ? msg.pages.count : x->missing;
	return receive_pages(x, &msg, err);
}

static int ask(struct receiver *x, uint64_t key, uint64_t address, uint64_t count, struct err *err)
{
	struct wire_msg msg = {.type = WIRE_PAGE_REQUEST, .pages = {key, address, count}};
	int r = 0;

	x->missing += count;
	while (r == 0 && x->missing > MISSING_AT_ONCE)
		r = await_pages(x, err);
	return r < 0 ? r : wire_send(&x->wire, &msg, NULL, 0, err);
}

/* Runs of pages that only the source has. */
static int ask_for_all(struct receiver *x, struct pages_proc *p, struct err *err)
{
	uint64_t key = (uint64_t)pages_pid(p), start = 0, n = 0;
	int r = 0;

	for (uint32_t leaf = 0; r == 0 && leaf < pages_leaves(p); leaf++)
		for (unsigned i = 0; r == 0 && i < PAGES_LEAF; i++) {
			uint64_t addr = pages_leaf_addr(p, leaf) + i * PAGES_SIZE;

			if (pages_leaf_get(p, leaf, i, NULL) != PAGE_REMOTE)
				continue;
			if (n && (addr != start + n * PAGES_SIZE || n == WIRE_PAGES_MAX)) {
				r = ask(x, key, start, n, err);
				n = 0;
			}
			if (n++ == 0)
				start = addr;
		}
	return r == 0 && n ? ask(x, key, start, n, err) : r;
}

/* "pagemap-17.img" -> 17, else 0. */
static int32_t pagemap_pid(const char *name)
{
	char number[16];
	size_t n = strlen(name);
	uint32_t pid;

	if (!str_starts(name, "pagemap-") || !str_ends(name, ".img") || n - 12 >= sizeof(number))
		return 0;
	memcpy(number, name + 8, n - 12);
	number[n - 12] = '\0';
	return str_to_u32(number, &pid) == 0 && pid <= INT32_MAX ? (int32_t)pid : 0;
}

/* What was sent before of processes that could not be tracked to the end. */
static int forget_whole(struct receiver *x, struct err *err)
{
	struct migrate_whole whole = {0};
	int r = oci_decode_file(&x->arena, &migrate_whole_type, x->images_fd, MIGRATE_WHOLE, &whole,
				err);

	x->late = whole.late.v;
	for (size_t i = 0; r == 0 && i < whole.processes.n; i++) {
		struct pages_proc *p = pages_find(x->store, (int32_t)whole.processes.v[i]);

		if (p)
			r = pages_mark(p, 0, ADDRESSES >> PAGES_SHIFT, PAGE_NONE, err);
	}
	return r;
}

int receive_missing(struct receiver *x, struct err *err)
{
	auto_dir DIR *dir = fdopendir(fcntl(x->images_fd, F_DUPFD_CLOEXEC, 3));
	struct dirent *e;
	int r = forget_whole(x, err);

	if (r < 0)
		return r;
	if (!dir)
		return err_sys(err, errno, "look at the images");
	rewinddir(dir);
	while (r == 0 && (e = readdir(dir))) {
		int32_t pid = pagemap_pid(e->d_name);
		struct pages_proc *p = NULL;

		if (pid > 0)
			r = process(x, (uint64_t)pid, &p, err);
		if (r == 0 && p)
			r = pages_from_images(x->store, x->images_fd, pid, true, err);
		if (r == 0 && p && !x->late)
			r = ask_for_all(x, p, err);
	}
	while (r == 0 && x->missing > 0)
		r = await_pages(x, err);
	return r;
}

/* ---- after the restore ------------------------------------------------------------------------
 */

/* Whether the receiver has said that the container is restored to the end; -ECANCELED if it has
 * ended without. */
static int hear_receiver(int restored, struct err *err)
{
	char yes;

	if (read(restored, &yes, 1) == 1)
		return 0;
	return err_fail(err, ECANCELED, "hull ended before the container was restored");
}

/* Waits for pages to fill in, or the end of the receiver before CRIU has come at all. */
static int await_lazy(struct lazy *lazy, int *restored, struct err *err)
{
	struct pollfd p[] = {{.fd = lazy_fd(lazy), .events = POLLIN},
			     {.fd = *restored, .events = POLLIN}};

	if (poll(p, 2, -1) < 0)
		return errno == EINTR ? 0 : err_sys(err, errno, "wait for pages");
	if (!p[1].revents)
		return 0;
	if (hear_receiver(*restored, err) < 0)
		return -err->code;
	close_fd(restored);
	return 0;
}

void receive_note_filled(struct receiver *x)
{
	struct lazy_stats stats;

	lazy_get_stats(x->lazy, &stats);
	x->filled->done = stats.copied << PAGES_SHIFT;
	x->filled->total = (stats.copied + stats.pending) << PAGES_SHIFT;
}

struct wire_msg receive_progress(const struct receiver *x)
{
	struct wire_msg msg = {.type = WIRE_PROGRESS};

	if (x->filled)
		msg.progress = (struct wire_progress){x->filled->done, x->filled->total};
	return msg;
}

bool receive_fills(const struct receiver *x)
{
	return !x->filled->failed && proc_pidfd_wait_exit(x->filler_fd, 0) == -ETIMEDOUT;
}

static int fill(struct receiver *x, int restored, struct err *err)
{
	struct lazy *lazy = x->lazy;
	int64_t noted_ms = 0;
	int r;

	for (;;) {
		r = fault_point("filler", "step", err);
		if (r == 0)
			r = lazy_step(lazy, 0, err);
		if (r == LAZY_DONE || clock_now_ms() - noted_ms > NOTE_MS) {
			receive_note_filled(x);
			noted_ms = clock_now_ms();
		}
		if (r == LAZY_WAIT && await_lazy(lazy, &restored, err) < 0)
			return -err->code;
		if (r < 0)
			return r;
		if (r == LAZY_DONE)
			return restored >= 0 ? hear_receiver(restored, err) : 0;
	}
}

/* In the guard's process: the one that fills memory in was killed. */
static void end_container(void *arg)
{
	struct receiver *x = arg;
	auto_fd int dirfd = openat(x->root->fd, x->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	receive_end(x, dirfd);
}

/* The process that fills in memory, while its parent restores and talks to the source. It may
 * outlive its parent, so it is the one that notes that the container is whole; and that ends one
 * that is not, as the kernel would give zeros in the place of what nobody brings. */
static _Noreturn void filler(struct receiver *x, int restored)
{
	struct err err = ERR_NONE;
	int r, dirfd;

	prctl(PR_SET_NAME, "hull-filler");
	close(x->let_go);
	close_fd(&x->net.helper_fd);
	if (!x->late) {
		close(x->wire.in);
		if (x->wire.out != x->wire.in)
			close(x->wire.out);
	}
	r = lazy_guard(x->lazy, end_container, x, x->root->fd, &err);
	if (r == 0)
		r = fault_point("filler", "begin", &err);
	if (r == 0)
		r = x->late ? postcopy_fill(x->postcopy, restored, &err) : fill(x, restored, &err);
	if (r == 0)
		r = fault_point("filler", "filled", &err);
	if (r == 0)
		r = journal_load(&x->arena, x->dir_fd, &x->journal, &err);
	if (r == 0)
		r = journal_advance(&x->arena, x->dir_fd, &x->journal, JOURNAL_RUNNING, &err);
	if (r == 0)
		_exit(0);
	log_error("migrate: fill in the memory of '%s': %s", x->need.id, err.text);
	x->filled->failed = true;
	/* The lock is the receiver's and ours together: it is free for this one when the receiver
	 * has ended. */
	dirfd = openat(x->root->fd, x->name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	close_fd(&x->dir_fd);
	receive_end(x, dirfd);
	_exit(1);
}

int receive_fill(struct receiver *x, struct err *err)
{
	struct lazy_options o = {.store = x->store};
	int restored[2], r = x->late ? postcopy_begin(x, &o, err) : 0;

	if (r < 0)
		return r;
	x->lazy = lazy_new(&o, err);
	if (!x->lazy)
		return -err->code;
	r = lazy_listen(x->lazy, x->images_fd, err);
	if (r < 0)
		return r;
	if (pipe2(restored, O_CLOEXEC) < 0)
		return err_sys(err, errno, "start the process that fills memory");
	x->let_go = restored[1];
	x->filled = mmap(NULL, sizeof(*x->filled), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (x->filled == MAP_FAILED) {
		x->filled = NULL;
		close(restored[0]);
		return err_sys(err, errno, "start the process that fills memory");
	}
	x->filler = proc_clone(0, -1, &x->filler_fd);
	if (x->filler == 0)
		filler(x, restored[0]);
	close(restored[0]);
	lazy_leave(x->lazy);
	if (x->late)
		postcopy_begun(x);
	return x->filler < 0 ? err_sys(err, -x->filler, "start the process that fills memory") : 0;
}

void receive_let_go(struct receiver *x, bool restored)
{
	if (restored)
		(void)!write(x->let_go, "", 1);
	close_fd(&x->let_go);
}
