/* TEST: the server of lazy pages, with processes that do all they can to their memory meanwhile. */
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
#include "libcontainer/checkpoint/lazy.h"
#include "tests/unit/unit.h"

#ifndef MREMAP_DONTUNMAP
#define MREMAP_DONTUNMAP 4
#endif
#define PAGE  4096UL
#define COUNT 600                      /* pages of the image */
#define SLOTS (3 * COUNT)              /* the places that a process has for them */
#define BASE  ((char *)0x300000000000) /* where nothing else is */
#define PID   7                        /* in the image */
#define ZEROS 5                        /* each so-manieth page of the image is zeros */

#define HERE  52 /* one that is there already */

static struct pages *store;
static struct lazy *lazy;
static unsigned seed = 4711;
static bool late_register; /* the process sends its descriptor before it uses it, as criu does */

/* ---- the process ----------------------------------------------------------------------- */

/* What a page holds: page N of the image has N + 1 in its first and last words, others what was
 * written there. */
static uint64_t image_value(unsigned n)
{
	return n % ZEROS == 0 ? 0 : n + 1;
}

#define UNMAPPED UINT64_MAX
struct view {
	uint64_t slot[SLOTS];
	unsigned seed, depth;
	pid_t children[8];
	unsigned n_children;
};

static uint64_t *page_at(unsigned slot)
{
	return (uint64_t *)(BASE + slot * PAGE);
}

static void expect_page(const struct view *v, unsigned slot)
{
	volatile uint64_t *p = page_at(slot);

	if (v->slot[slot] == UNMAPPED || (p[0] == v->slot[slot] && p[511] == v->slot[slot]))
		return;
	dprintf(2, "# page %u is %ju..%ju, not %ju\n", slot, (uintmax_t)p[0], (uintmax_t)p[511],
		(uintmax_t)v->slot[slot]);
	_exit(1);
}

static void expect_all(const struct view *v)
{
	for (unsigned i = 0; i < SLOTS; i++)
		expect_page(v, i);
}

static void must(int r, const char *what)
{
	if (r >= 0)
		return;
	dprintf(2, "# %s: errno %d\n", what, errno);
	_exit(2);
}

static unsigned pick(struct view *v, unsigned n)
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

static void set(struct view *v, unsigned at, unsigned n, uint64_t value)
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

static void do_unmap(struct view *v, unsigned at, unsigned n)
{
	must(munmap(page_at(at), n * PAGE), "munmap");
	set(v, at, n, UNMAPPED);
}

static void do_map(struct view *v, unsigned at, unsigned n)
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

static void do_forget(struct view *v, unsigned at, unsigned n)
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
static void do_move(struct view *v, unsigned at, unsigned n, unsigned to, bool keep)
{
	int flags = MREMAP_MAYMOVE | MREMAP_FIXED | (keep ? MREMAP_DONTUNMAP : 0);

	if (!uniform(v, at, n, true) || !uniform(v, to, n, false))
		return;
	if (mremap(page_at(at), n * PAGE, n * PAGE, flags, page_at(to)) == MAP_FAILED)
		return;
	memcpy(v->slot + to, v->slot + at, n * sizeof(v->slot[0]));
	set(v, at, n, keep ? 0 : UNMAPPED);
}

static void storm(struct view *v, unsigned steps);

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

static void storm(struct view *v, unsigned steps)
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
static bool can_test(void)
{
	auto_fd int fd = userfault();

	if (fd < 0)
		printf("# skipped: no userfaultfd with events here (root?)\n");
	return fd >= 0;
}

/* A process with COUNT pages of memory that it does not have, which begins to RUN when told. */
static pid_t born(void (*run)(struct view *), int *ret_uffd, int *ret_go)
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
		int uffd = userfault();

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
static void make_store(unsigned sparse)
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

static struct {
	uint64_t addr, n;
} asked[COUNT];
static unsigned n_asked;

static int fetch(void *arg, int32_t pid, uint64_t addr, uint64_t n, struct err *err)
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
static void deliver(void)
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
static int serve(pid_t pid, bool resume_last)
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

static struct lazy_stats stats;
static uint64_t used, used_before; /* of the store's memory, at the end */
static bool release;

static void test_process(void (*run)(struct view *), bool resume_last, unsigned sparse,
			 unsigned spaces)
{
	struct lazy_options opt = {
		.fetch = fetch, .prefetch = 20, .max_spaces = spaces, .release = release};
	struct err err = ERR_NONE;
	int uffd, go, status;
	pid_t pid;

	if (!can_test())
		return;
	make_store(sparse);
	opt.store = store;
	lazy = lazy_new(&opt, &err);
	CHECK(lazy);
	pid = born(run, &uffd, &go);
	CHECK_INT(lazy_add(lazy, PID, uffd, &err), 0);
	if (!resume_last)
		lazy_resume(lazy);
	CHECK_INT(write(go, "g", 1), 1);
	used_before = pages_used(store);
	status = serve(pid, resume_last);
	used = pages_used(store);
	CHECK_INT(status, 0);
	lazy_get_stats(lazy, &stats);
	lazy_free(lazy);
	pages_free(store);
	close(go);
}

/* ---- cases ------------------------------------------------------------------------------- */

static void run_read(struct view *v)
{
	for (unsigned i = 0; i < 5000; i++)
		expect_page(v, pick(v, SLOTS));
	expect_all(v);
}

static void by_faults(void)
{
	test_process(run_read, true, 0, 0);
	CHECK(!stats.spaces || stats.faults > 0);
}

static void in_the_background(void)
{
	test_process(run_read, false, 0, 0);
}

static void from_the_source(void)
{
	test_process(run_read, true, 3, 0);
	CHECK(!stats.spaces || stats.fetched == COUNT / 3);
	test_process(run_read, false, 2, 0);
	CHECK(!stats.spaces || stats.fetched == COUNT / 2);
}

/* Without a fault: all of it comes in the background, none of it is left to do after. */
static void run_wait(struct view *v)
{
	struct timespec ms = {.tv_nsec = 1000000};
	unsigned char in[COUNT];
	unsigned n;

	do {
		nanosleep(&ms, NULL);
		must(mincore(BASE, COUNT * PAGE, in), "mincore");
		for (unsigned i = n = 0; i < COUNT; i++)
			n += in[i] & 1;
	} while (n < COUNT - COUNT / ZEROS);
	expect_all(v);
}

static void needs_no_faults(void)
{
	test_process(run_wait, false, 0, 0);
}

static void run_storm(struct view *v)
{
	storm(v, 40);
	storm(v, 200);
}

/* Little but moves, and far. */
static void run_moves(struct view *v)
{
	for (unsigned i = 0; i < 200; i++) {
		unsigned at = pick(v, SLOTS - 100), n = pick(v, 99) + 1, to = pick(v, SLOTS - 100);

		do_move(v, at, n, to, i % 2);
		expect_page(v, to);
		if (i % 50 == 0)
			do_unmap(v, to, 3);
	}
	expect_all(v);
}

static void run_forks(struct view *v)
{
	for (unsigned i = 0; i < 4; i++) {
		v->depth = 3;
		v->seed += 13;
		storm(v, 60);
	}
}

static void survives_moves(void)
{
	for (seed = 1; seed < 30; seed++) {
		test_process(run_storm, seed % 2, seed % 3 ? 0 : 7, 0);
		test_process(run_moves, seed % 2, seed % 3 ? 0 : 7, 0);
	}
}

/* Some threads wait for pages while another forks, moves and forgets others. */
static void *run_reader(void *arg)
{
	struct view *v = arg;

	for (unsigned i = 0; i < COUNT / 2; i++)
		expect_page(v, i);
	return NULL;
}

static void run_busy(struct view *v)
{
	struct view own[3];
	pthread_t t[3];
	pid_t pid;

	for (int i = 0; i < 3; i++) {
		own[i] = *v;
		pthread_create(&t[i], NULL, run_reader, &own[i]);
	}
	for (unsigned i = 0; i < 30; i++) {
		do_forget(v, COUNT / 2 + i * 4, 2);
		do_move(v, COUNT - 40, 10, COUNT + i * 12, true);
		pid = i % 10 ? -1 : fork();
		if (pid == 0)
			_exit(0);
		if (pid > 0)
			waitpid(pid, NULL, 0);
	}
	for (int i = 0; i < 3; i++)
		pthread_join(t[i], NULL);
	expect_all(v);
}

static void answers_while_things_change(void)
{
	for (seed = 1; seed < 10; seed++)
		test_process(run_busy, seed % 2, seed % 3 ? 0 : 7, 0);
}

/* A page can come before the process has said where. */
static void waits_for_the_place(void)
{
	struct lazy_options opt = {.fetch = fetch};
	struct err err = ERR_NONE;
	int uffd, go;
	pid_t pid;

	if (!can_test())
		return;
	make_store(2);
	opt.store = store;
	lazy = lazy_new(&opt, &err);
	late_register = true;
	pid = born(run_read, &uffd, &go);
	CHECK_INT(lazy_add(lazy, PID, uffd, &err), 0);
	asked[0].addr = (uintptr_t)BASE;
	asked[0].n = COUNT;
	n_asked = 1;
	deliver();
	lazy_get_stats(lazy, &stats);
	CHECK_UINT(stats.copied, 0);
	CHECK_INT(write(go, "g", 1), 1);
	CHECK_INT(serve(pid, true), 0);
	lazy_free(lazy);
	pages_free(store);
}

static void survives_forks(void)
{
	test_process(run_forks, true, 0, 0);
	CHECK(!stats.spaces || stats.spaces > 8);
	for (seed = 1; seed < 6; seed++)
		test_process(run_forks, seed % 2, seed % 3 ? 0 : 7, 0);
}

/* What is in is given back, but not while a child needs it. */
static void gives_memory_back(void)
{
	release = true;
	test_process(run_read, false, 0, 0);
	CHECK(!stats.spaces || used_before - used > (COUNT - COUNT / ZEROS) * PAGE / 10 * 9);
	for (seed = 1; seed < 4; seed++)
		test_process(run_forks, seed % 2, seed % 3 ? 0 : 7, 0);
}

/* Children that are alive at the same time, more than the server takes. */
static void run_many(struct view *v)
{
	pid_t pids[8];
	int status;

	for (unsigned i = 0; i < ARRAY_SIZE(pids); i++) {
		pids[i] = fork();
		must(pids[i], "fork");
		if (pids[i] == 0) {
			expect_all(v);
			_exit(0);
		}
	}
	for (unsigned i = 0; i < ARRAY_SIZE(pids); i++)
		if (waitpid(pids[i], &status, 0) < 0 || status)
			_exit(3);
	expect_all(v);
}

static void lets_forks_wait(void)
{
	struct rlimit before, after;

	getrlimit(RLIMIT_NOFILE, &before);
	test_process(run_many, true, 0, 2);
	CHECK(!stats.spaces || stats.waits > 0);
	getrlimit(RLIMIT_NOFILE, &after);
	CHECK_UINT(after.rlim_cur, before.rlim_cur);
	test_process(run_many, false, 0, 0);
	CHECK(!stats.spaces || stats.spaces <= 9);
}

/* A child does not see what its parent wanted wiped, though the parent had not touched it yet. */
static void run_wiped(struct view *v)
{
	int status;
	pid_t pid;

	must(madvise(BASE + 32 * PAGE, 32 * PAGE, MADV_WIPEONFORK), "madvise");
	pid = fork();
	if (pid == 0) {
		set(v, 32, 32, 0);
		expect_all(v);
		_exit(0);
	}
	if (waitpid(pid, &status, 0) < 0 || status)
		_exit(3);
	expect_all(v);
}

static void wipes_on_fork(void)
{
	struct lazy_options opt = {0};
	struct err err = ERR_NONE;
	int uffd, go;
	pid_t pid;

	if (!can_test())
		return;
	make_store(0);
	opt.store = store;
	CHECK_INT(pages_wipe_on_fork(pages_find(store, PID), (uintptr_t)BASE + 32 * PAGE, 32, &err),
		  0);
	lazy = lazy_new(&opt, &err);
	pid = born(run_wiped, &uffd, &go);
	CHECK_INT(lazy_add(lazy, PID, uffd, &err), 0);
	CHECK_INT(write(go, "g", 1), 1);
	CHECK_INT(serve(pid, true), 0);
}

static void run_exec(struct view *v)
{
	expect_page(v, 3);
	execl("/bin/true", "true", (char *)NULL);
	_exit(5);
}

static void run_exit(struct view *v)
{
	expect_page(v, 3);
}

static void *run_thread(void *arg)
{
	run_read(arg);
	return NULL;
}

static void run_exit_threads(struct view *v)
{
	pthread_t t;

	for (int i = 0; i < 4; i++)
		pthread_create(&t, NULL, run_thread, v);
	expect_page(v, 400);
}

static void run_exit_storm(struct view *v)
{
	for (unsigned i = 0; i < 60; i++) {
		pid_t pid = fork();

		must(pid, "fork");
		if (pid == 0) {
			expect_page(v, i * 7 % COUNT);
			_exit(0);
		}
		if (i % 3 == 0)
			waitpid(pid, NULL, 0);
	}
	expect_all(v);
	while (wait(NULL) > 0)
		continue;
}

static void sees_ends(void)
{
	test_process(run_exec, true, 0, 0);
	test_process(run_exec, false, 0, 0);
	test_process(run_exit, true, 5, 0);
	test_process(run_exit, false, 0, 0);
	test_process(run_exit_threads, true, 0, 0);
	test_process(run_exit_threads, false, 3, 0);
	test_process(run_exit_storm, true, 0, 0);
	test_process(run_exit_storm, false, 0, 0);
}

static void run_threads(struct view *v)
{
	struct view own[4];
	pthread_t t[4];

	for (int i = 0; i < 4; i++) {
		own[i] = *v;
		own[i].seed += (unsigned)i;
		pthread_create(&t[i], NULL, run_thread, &own[i]);
	}
	for (int i = 0; i < 4; i++)
		pthread_join(t[i], NULL);
}

static void serves_threads(void)
{
	test_process(run_threads, true, 0, 0);
	test_process(run_threads, false, 4, 0);
}

/* ---- its end before the time ----------------------------------------------------------------- */

static void kill_it(void *arg)
{
	kill(*(pid_t *)arg, SIGKILL);
}

/* Serves a while, and dies. */
static _Noreturn void short_lived(pid_t pid, int uffd, int go, unsigned rounds, bool by_free)
{
	struct lazy_options opt = {.store = store};
	struct err err = ERR_NONE;

	lazy = lazy_new(&opt, &err);
	CHECK_INT(lazy_guard(lazy, kill_it, &pid, -1, &err), 0);
	CHECK_INT(lazy_add(lazy, PID, uffd, &err), 0);
	CHECK_INT(write(go, "g", 1), 1);
	while (rounds--)
		CHECK(lazy_step(lazy, 5, &err) >= 0);
	if (by_free)
		lazy_free(lazy);
	kill(getpid(), SIGKILL);
	_exit(1);
}

/* The process never sees a page that is not its own: it waits, and is killed. */
static void is_guarded(void)
{
	if (!can_test())
		return;
	make_store(0);
	for (unsigned rounds = 0; rounds < 12; rounds++) {
		int uffd, go, status;
		pid_t pid = born(run_read, &uffd, &go), server = fork();

		if (server == 0)
			short_lived(pid, uffd, go, rounds * 3, rounds % 2);
		close(uffd);
		CHECK_INT(waitpid(server, &status, 0), server);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		CHECK_INT(waitpid(pid, &status, 0), pid);
		CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
		close(go);
	}
	pages_free(store);
}

static void never_called(void *arg)
{
	(void)arg;
	kill(getppid(), SIGKILL);
}

/* And when all is in, the guard goes without a word. */
static void guard_goes(void)
{
	struct lazy_options opt = {0};
	struct err err = ERR_NONE;
	int uffd, go;
	pid_t pid;

	if (!can_test())
		return;
	make_store(0);
	opt.store = store;
	lazy = lazy_new(&opt, &err);
	CHECK_INT(lazy_guard(lazy, never_called, NULL, -1, &err), 0);
	pid = born(run_forks, &uffd, &go);
	CHECK_INT(lazy_add(lazy, PID, uffd, &err), 0);
	lazy_resume(lazy);
	CHECK_INT(write(go, "g", 1), 1);
	CHECK_INT(serve(pid, false), 0);
	CHECK_INT(waitpid(-1, NULL, 0), -1);
	lazy_free(lazy);
	pages_free(store);
}

/* ---- criu's connection ------------------------------------------------------------------- */

static char dir_name[] = "/tmp/hull-test-lazy-XXXXXX";

/* Connected as criu would be. */
static int connection(struct lazy **ret, int *ret_dir)
{
	struct lazy_options opt = {0};
	struct err err = ERR_NONE;
	int fd;

	make_store(0);
	opt.store = store;
	CHECK(mkdtemp(dir_name));
	*ret_dir = open(dir_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	*ret = lazy_new(&opt, &err);
	CHECK_INT(lazy_listen(*ret, *ret_dir, &err), 0);
	fd = sock_connect_at(*ret_dir, LAZY_SOCKET, SOCK_STREAM);
	CHECK(fd >= 0);
	CHECK(lazy_step(*ret, 0, &err) >= 0);
	/* Only one can connect, and nothing is left of the socket. */
	CHECK_INT(faccessat(*ret_dir, LAZY_SOCKET, F_OK, 0), -1);
	CHECK_INT(rmdir(dir_name), 0);
	return fd;
}

static void say(int fd, int32_t word)
{
	CHECK_INT(write(fd, &word, sizeof(word)), sizeof(word));
}

#define FINISHED 0x52535446

static void speaks_with_criu(void)
{
	struct err err = ERR_NONE;
	int fd, dir, uffd, go, status, state = LAZY_WAIT;
	pid_t pid;

	if (!can_test())
		return;
	fd = connection(&lazy, &dir);
	pid = born(run_read, &uffd, &go);
	say(fd, -9); /* a zombie */
	say(fd, PID);
	CHECK_INT(sock_send(fd, "", 1, uffd), 0);
	close(uffd);
	say(fd, -11);
	CHECK_INT(write(go, "g", 1), 1);
	say(fd, FINISHED);
	close(fd);
	for (int i = 0; i < 100000 && state != LAZY_DONE; i++)
		CHECK((state = lazy_step(lazy, 5, &err)) >= 0);
	CHECK_INT(state, LAZY_DONE);
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	lazy_free(lazy);
}

/* What criu would not say: words and whether the first of them has a descriptor with it. */
static void refuses_bad_words(void)
{
	static const struct {
		int32_t words[3];
		unsigned n;
		int error;
	} bad[] = {
		{{0}, 1, -EPROTO},
		{{PID, PID}, 2, -EPROTO}, /* no descriptor */
		{{FINISHED, FINISHED}, 2, -EPROTO},
		{{-1}, 1, -EPIPE}, /* ends without a word */
		{{-1, -2}, 2, -EPIPE},
	};

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = ERR_NONE;
		int dir, fd, r = 0;

		strcpy(dir_name + sizeof(dir_name) - 7, "XXXXXX");
		fd = connection(&lazy, &dir);
		for (unsigned k = 0; k < bad[i].n; k++)
			say(fd, bad[i].words[k]);
		close(fd);
		for (int k = 0; k < 10 && r >= 0; k++)
			r = lazy_step(lazy, 10, &err);
		if (bad[i].words[0] == FINISHED) /* nothing to restore: done before */
			CHECK_INT(r, LAZY_DONE);
		else
			CHECK_INT(r, bad[i].error);
		lazy_free(lazy);
		pages_free(store);
		close(dir);
	}
}

static void refuses_strangers(void)
{
	struct err err = ERR_NONE;
	int dir, fd, r = 0;

	if (!can_test())
		return;
	fd = connection(&lazy, &dir);
	say(fd, PID + 1);
	CHECK_INT(sock_send(fd, "", 1, dir), 0);
	for (int k = 0; k < 10 && r >= 0; k++)
		r = lazy_step(lazy, 10, &err);
	CHECK_INT(r, -ENOENT);
	CHECK_HAS(err.text, "'8'");
	lazy_free(lazy);
}

static const struct unit_case cases[] = {
	{"pages come when they are touched", by_faults},
	{"pages come before they are touched", in_the_background},
	{"no page needs to be touched", needs_no_faults},
	{"pages come from the source", from_the_source},
	{"many threads can wait", serves_threads},
	{"memory can be unmapped, moved, forgotten and split meanwhile", survives_moves},
	{"threads wait while others change the memory", answers_while_things_change},
	{"a page can come before its place", waits_for_the_place},
	{"processes can fork meanwhile", survives_forks},
	{"memory of the store is given back", gives_memory_back},
	{"more forks than the server takes wait", lets_forks_wait},
	{"what is wiped on fork stays so", wipes_on_fork},
	{"processes can exec and end meanwhile", sees_ends},
	{"a process does not outlive its server without its memory", is_guarded},
	{"a guard goes when all is in", guard_goes},
	{"criu's words are understood", speaks_with_criu},
	{"others are refused", refuses_bad_words},
	{"processes that nobody knows are refused", refuses_strangers},
};

UNIT_MAIN(cases)
