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
#include "tests/unit/test_lazy_sim.h"
#include "tests/unit/unit.h"

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
};

UNIT_MAIN(cases)
