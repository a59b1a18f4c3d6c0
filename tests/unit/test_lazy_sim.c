/* TEST: a process whose memory comes later, and does all it can to it meanwhile. */
#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/sock.h"
#include "tests/unit/test_lazy_sim.h"
#include "tests/unit/unit.h"

struct pages *store;
struct lazy *lazy;
unsigned seed = 4711;
bool late_register;
struct lazy_asked asked[COUNT];
unsigned n_asked;

/* ---- the process ----------------------------------------------------------------------- */

/* What a page holds: page N of the image has N + 1 in its first and last words, others what was
 * written there. */
static uint64_t image_value(unsigned n)
{
	return n % ZEROS == 0 ? 0 : n + 1;
}

static uint64_t *page_at(unsigned slot)
{
	return (uint64_t *)(BASE + slot * PAGE);
}

void expect_page(const struct view *v, unsigned slot)
{
	volatile uint64_t *p = page_at(slot);

	if (v->slot[slot] == UNMAPPED || (p[0] == v->slot[slot] && p[511] == v->slot[slot]))
		return;
	dprintf(2, "# page %u is %ju..%ju, not %ju\n", slot, (uintmax_t)p[0], (uintmax_t)p[511],
		(uintmax_t)v->slot[slot]);
	_exit(1);
}

void expect_all(const struct view *v)
{
	for (unsigned i = 0; i < SLOTS; i++)
		expect_page(v, i);
}

void must(int r, const char *what)
{
	if (r >= 0)
		return;
	dprintf(2, "# %s: errno %d\n", what, errno);
	_exit(2);
}

unsigned pick(struct view *v, unsigned n)
{
	return (unsigned)rand_r(&v->seed) % n;
}

/* A range of slots of which all, or none, are mapped. */
static bool uniform(const struct view *v, unsigned at, unsigned n, bool mapped)
{
	for (unsigned i = at; i < at + n; i++)
		if ((v->slot[i] != UNMAPPED) != mapped)
			return false;
	return true;
}

void set(struct view *v, unsigned at, unsigned n, uint64_t value)
{
	for (unsigned i = at; i < at + n; i++)
		v->slot[i] = value;
}

static void do_write(struct view *v, unsigned at)
{
	if (v->slot[at] == UNMAPPED)
		return;
	v->slot[at] = 100000 + pick(v, 100000);
	page_at(at)[0] = page_at(at)[511] = v->slot[at];
}

void do_unmap(struct view *v, unsigned at, unsigned n)
{
	must(munmap(page_at(at), n * PAGE), "munmap");
	set(v, at, n, UNMAPPED);
}

void do_map(struct view *v, unsigned at, unsigned n)
{
	if (!uniform(v, at, n, false))
		return;
	must(mmap(page_at(at), n * PAGE, PROT_READ | PROT_WRITE,
		  MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == MAP_FAILED
		     ? -1
		     : 0,
	     "mmap");
	set(v, at, n, 0);
}

void do_forget(struct view *v, unsigned at, unsigned n)
{
	if (!uniform(v, at, n, true))
		return;
	must(madvise(page_at(at), n * PAGE, MADV_DONTNEED), "madvise");
	set(v, at, n, 0);
}

static void do_protect(struct view *v, unsigned at, unsigned n)
{
	if (!uniform(v, at, n, true))
		return;
	must(mprotect(page_at(at), n * PAGE, PROT_READ), "mprotect");
	for (unsigned i = at; i < at + n; i++)
		expect_page(v, i);
	must(mprotect(page_at(at), n * PAGE, PROT_READ | PROT_WRITE), "mprotect");
}

/* mremap knows ranges of one mapping only, so it may refuse. */
void do_move(struct view *v, unsigned at, unsigned n, unsigned to, bool keep)
{
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED | (keep ? MREMAP_DONTUNMAP : 0);

	if (!uniform(v, at, n, true) || !uniform(v, to, n, false))
		return;
	if (mremap(page_at(at), n * PAGE, n * PAGE, flags, page_at(to)) == MAP_FAILED)
		return;
	memcpy(v->slot + to, v->slot + at, n * sizeof(v->slot[0]));
	set(v, at, n, keep ? 0 : UNMAPPED);
}

static void do_fork(struct view *v, unsigned steps)
{
	pid_t pid;

	if (v->depth == 0 || v->n_children == ARRAY_SIZE(v->children))
		return;
	pid = fork();
	must(pid, "fork");
	if (pid == 0) {
		v->depth--;
		v->n_children = 0;
		v->seed += 77;
		storm(v, steps);
		_exit(0);
	}
	v->children[v->n_children++] = pid;
}

static void reap(struct view *v)
{
	int status;

	for (unsigned i = 0; i < v->n_children; i++)
		if (waitpid(v->children[i], &status, 0) < 0 || status)
			_exit(3);
	v->n_children = 0;
}

void storm(struct view *v, unsigned steps)
{
	while (steps--) {
		unsigned at = pick(v, SLOTS - 64), n = pick(v, 60) + 1, to = pick(v, SLOTS - 64);

		switch (pick(v, 12)) {
		case 0:
			do_unmap(v, at, n / 4 + 1);
			break;
		case 1:
			do_map(v, at, n);
			break;
		case 2:
			do_forget(v, at, n / 2 + 1);
			break;
		case 3:
			do_protect(v, at, n / 4 + 1);
			break;
		case 4:
		case 5:
			do_move(v, at, n, to, false);
			break;
		case 6:
			do_move(v, at, n, to, true);
			break;
		case 7:
			do_write(v, at);
			break;
		case 8:
			do_fork(v, steps);
			break;
		default:
			expect_page(v, at);
		}
	}
	expect_all(v);
	reap(v);
}

/* ---- its birth, and the server --------------------------------------------------------- */

static int userfault(void)
{
	struct uffdio_api api = {.api = UFFD_API,
				 .features = UFFD_FEATURE_EVENT_FORK | UFFD_FEATURE_EVENT_REMAP |
					     UFFD_FEATURE_EVENT_REMOVE | UFFD_FEATURE_EVENT_UNMAP};
	int fd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);

	if (fd >= 0 && ioctl(fd, UFFDIO_API, &api) < 0)
		close_fd(&fd);
	return fd;
}

/* Whether this machine lets us; says so if not. */
bool can_test(void)
{
	auto_fd int fd = userfault();

	if (fd < 0)
		printf("# skipped: no userfaultfd with events here (root?)\n");
	return fd >= 0;
}

/* A process with COUNT pages of memory that it does not have, which begins to RUN when told. */
pid_t born(void (*run)(struct view *), int *ret_uffd, int *ret_go)
{
	static struct view v;
	int pair[2];
	pid_t pid;
	char c;

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		struct uffdio_register reg = {.mode = UFFDIO_REGISTER_MODE_MISSING};
		int uffd;

		for (int fd = 3; fd < 100; fd++)
			if (fd != pair[1])
				close(fd); /* those of other processes */
		uffd = userfault();
		set(&v, 0, SLOTS, UNMAPPED);
		do_map(&v, 0, COUNT);
		page_at(HERE)[0] = page_at(HERE)[511] = image_value(HERE);
		if (late_register)
			must(sock_send(pair[1], "u", 1, uffd), "send");
		if (late_register && read(pair[1], &c, 1) != 1)
			_exit(4);
		reg.range.start = (uintptr_t)BASE;
		reg.range.len = COUNT * PAGE;
		must(ioctl(uffd, UFFDIO_REGISTER, &reg), "register");
		if (!late_register)
			must(sock_send(pair[1], "u", 1, uffd), "send");
		close(uffd);
		for (unsigned i = 0; i < COUNT; i++)
			v.slot[i] = image_value(i);
		if (!late_register && read(pair[1], &c, 1) != 1)
			_exit(4);
		v.seed = seed;
		run(&v);
		_exit(0);
	}
	close(pair[1]);
	CHECK_INT(sock_recv(pair[0], &c, 1, ret_uffd), 1);
	*ret_go = pair[0];
	return pid;
}

/* The image: every SPARSE-th page only the source has. */
void make_store(unsigned sparse)
{
	struct pages_options opt = {.spill_dir = -1};
	struct err err = ERR_NONE;
	struct pages_proc *p;
	uint64_t data[512] = {0};

	store = pages_new(&opt, &err);
	CHECK(store);
	CHECK_INT(pages_add(store, PID, &p, &err), 0);
	for (unsigned i = 0; i < COUNT; i++) {
		uint64_t addr = (uintptr_t)(BASE + i * PAGE);

		data[0] = data[511] = image_value(i);
		if (sparse && i % sparse == 0)
			CHECK_INT(pages_mark(p, addr, 1, PAGE_REMOTE, &err), 0);
		else
			CHECK_INT(pages_put(p, addr, 1, data, &err), 0);
	}
	CHECK_INT(pages_seal(p, &err), 0);
}

int fetch(void *arg, int32_t pid, uint64_t addr, uint64_t n, struct err *err)
{
	(void)arg;
	CHECK_INT(pid, PID);
	if (n_asked == COUNT)
		return err_fail(err, E2BIG, "asked twice");
	asked[n_asked].addr = addr;
	asked[n_asked++].n = n;
	return 0;
}

/* What was asked for comes, the newest first. */
void deliver(void)
{
	struct err err = ERR_NONE;

	while (n_asked) {
		uint64_t data[512] = {0}, addr = asked[--n_asked].addr;

		for (uint64_t i = 0; i < asked[n_asked].n; i++, addr += PAGE) {
			data[0] = data[511] =
				image_value((unsigned)((addr - (uintptr_t)BASE) / PAGE));
			CHECK_INT(lazy_arrived(lazy, PID, addr, 1, data, &err), 0);
		}
	}
}

/* Serves until the process has ended, and all is in. Its wait status. */
int serve(pid_t pid, bool resume_last)
{
	int64_t until = clock_now_ms() + 60000;
	int status = 0, state = LAZY_WAIT;
	bool ended = false;

	while (!ended || state != LAZY_DONE) {
		struct err err = ERR_NONE;

		if (state != LAZY_DONE)
			state = lazy_step(lazy, 5, &err);
		CHECK_STR(err.text, "");
		deliver();
		if (!ended && waitpid(pid, &status, state == LAZY_DONE ? 0 : WNOHANG) == pid) {
			ended = true;
			if (resume_last)
				lazy_resume(lazy);
		}
		CHECK(clock_now_ms() < until);
	}
	return status;
}
