/* TEST: the server of lazy pages: its guard, and what criu says to it. */
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

static void run_read(struct view *v)
{
	for (unsigned i = 0; i < 5000; i++)
		expect_page(v, pick(v, SLOTS));
	expect_all(v);
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

static void run_forks(struct view *v)
{
	for (unsigned i = 0; i < 4; i++) {
		v->depth = 3;
		v->seed += 13;
		storm(v, 60);
	}
}

/* ---- its end before the time ----------------------------------------------------------------- */

static void kill_it(void *arg)
{
	struct timespec while_it_waits = {.tv_nsec = 20000000};

	nanosleep(&while_it_waits, NULL);
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

static void run_idle(struct view *v)
{
	(void)v;
	pause();
}

/* Who has all its memory gets zeros from the kernel again, though others are not complete and there
 * is a guard. */
static void lets_go_one_by_one(void)
{
	struct lazy_options opt = {.fetch = fetch};
	int uffd, go[2], state = LAZY_WAIT, status;
	int64_t until = clock_now_ms() + 60000;
	struct err err = ERR_NONE;
	struct pages_proc *p;
	uint64_t page[512] = {1};
	pid_t pid[2];

	if (!can_test())
		return;
	make_store(0);
	CHECK_INT(pages_add(store, PID + 1, &p, &err), 0);
	CHECK_INT(pages_mark(p, (uintptr_t)BASE, 1, PAGE_REMOTE, &err), 0);
	CHECK_INT(pages_seal(p, &err), 0);
	opt.store = store;
	lazy = lazy_new(&opt, &err);
	CHECK_INT(lazy_guard(lazy, never_called, NULL, -1, &err), 0);
	pid[0] = born(run_wait, &uffd, &go[0]);
	CHECK_INT(lazy_add(lazy, PID, uffd, &err), 0);
	pid[1] = born(run_idle, &uffd, &go[1]);
	CHECK_INT(lazy_add(lazy, PID + 1, uffd, &err), 0);
	lazy_resume(lazy);
	CHECK_INT(write(go[0], "g", 1), 1);
	while (waitpid(pid[0], &status, WNOHANG) == 0) {
		CHECK((state = lazy_step(lazy, 5, &err)) >= 0);
		CHECK(state != LAZY_DONE && clock_now_ms() < until);
	}
	CHECK_INT(status, 0);
	kill(pid[1], SIGKILL);
	waitpid(pid[1], NULL, 0);
	CHECK_INT(lazy_arrived(lazy, PID + 1, (uintptr_t)BASE, 1, page, &err), 0);
	while (state != LAZY_DONE && clock_now_ms() < until)
		CHECK((state = lazy_step(lazy, 5, &err)) >= 0);
	CHECK_INT(state, LAZY_DONE);
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
	{"a process does not outlive its server without its memory", is_guarded},
	{"a process that has all its memory is let go", lets_go_one_by_one},
	{"a guard goes when all is in", guard_goes},
	{"criu's words are understood", speaks_with_criu},
	{"others are refused", refuses_bad_words},
	{"processes that nobody knows are refused", refuses_strangers},
};

UNIT_MAIN(cases)
