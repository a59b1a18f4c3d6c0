/* TEST: a process that CRIU has dumped is restored with lazy pages, served by hull. */
/*
 *     restore CRIU DIRECTORY MIB [remote|own]
 *
 * Prints times; exit status 1 when the memory is not what it was. "remote": the contents are not
 * taken from the images but arrive page by page, as from the source of a migration.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/checkpoint/lazy.h"

/* What the process and its observer share, in a file. */
struct shared {
	volatile uint64_t ticks; /* rises while it runs */
	volatile int32_t ask, answered;
	volatile uint64_t sum;
	volatile int64_t tick_ns; /* when it last ran */
};

static int64_t now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

static _Noreturn __attribute__((format(printf, 1, 2))) void die(const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fputc('\n', stderr);
	exit(1);
}

static void pause_us(long us)
{
	struct timespec t = {.tv_nsec = us * 1000};

	nanosleep(&t, NULL);
}

/* ---- the process ----------------------------------------------------------------------- */

static uint64_t sum_of(const uint64_t *p, size_t words)
{
	uint64_t s = 0;

	for (size_t i = 0; i < words; i++)
		s = (s ^ p[i]) * 0x100000001b3ULL;
	return s;
}

static _Noreturn void victim(struct shared *sh, size_t size)
{
	uint64_t *m = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t x = 88172645463325252ULL;

	setsid();
	for (int fd = 0; fd < 3; fd++)
		dup2(open("/dev/null", O_RDWR), fd);
	for (int fd = 3; fd < 100; fd++)
		close(fd);
	for (size_t i = 0; i < size / 8; i++) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		m[i] = i / 512 % 8 == 3 ? 0 : x; /* an eighth of the pages are zeros */
	}
	for (;;) {
		sh->ticks++;
		sh->tick_ns = now_ns();
		if (sh->ask != sh->answered) {
			sh->sum = sum_of(m, size / 8);
			sh->answered = sh->ask;
		}
		pause_us(200);
	}
}

static uint64_t ask(struct shared *sh)
{
	sh->ask++;
	for (int i = 0; i < 60000 && sh->answered != sh->ask; i++)
		pause_us(1000);
	if (sh->answered != sh->ask)
		die("no answer");
	return sh->sum;
}

/* ---- criu ------------------------------------------------------------------------------ */

static pid_t criu_start(const char *criu, const char *const args[])
{
	const char *argv[32] = {criu};
	pid_t pid;

	for (int i = 0; args[i]; i++)
		argv[i + 1] = args[i];
	pid = fork();
	if (pid == 0) {
		execv(criu, (char **)(uintptr_t)argv);
		_exit(127);
	}
	return pid;
}

static void wait_ok(pid_t pid, const char *what)
{
	int status;

	if (waitpid(pid, &status, 0) != pid || status != 0)
		die("%s failed: status 0x%x", what, status);
}

static void dump(const char *criu, const char *dir, pid_t pid)
{
	char number[16];

	snprintf(number, sizeof(number), "%d", pid);
	wait_ok(criu_start(criu, (const char *const[]){"dump", "-t", number, "-D", dir, "-W", dir,
						       "-o", "dump.log", "-v2", NULL}),
		"criu dump");
	waitpid(pid, NULL, 0);
}

static pid_t restore(const char *criu, const char *dir)
{
	return criu_start(criu,
			  (const char *const[]){"restore", "-D", dir, "-W", dir, "-o",
						"restore.log", "-v2", "-d", "--lazy-pages", NULL});
}

/* ---- the server ------------------------------------------------------------------------ */

struct far {
	struct pages *store; /* with all contents */
	struct {
		uint64_t addr, n;
	} queue[4096];
	unsigned first, last;
};

static int fetch(void *arg, int32_t pid, uint64_t addr, uint64_t n, struct err *err)
{
	struct far *far = arg;

	(void)pid;
	(void)err;
	far->queue[far->last % 4096].addr = addr;
	far->queue[far->last++ % 4096].n = n;
	return 0;
}

static struct pages *new_store(void)
{
	struct pages_options opt = {.spill_dir = -1};
	struct err err = ERR_NONE;
	struct pages *st = pages_new(&opt, &err);

	return st ? st : (die("%s", err.text), NULL);
}

/* What was asked for "arrives". */
static void deliver(struct lazy *lz, struct far *far, int32_t pid)
{
	struct err err = ERR_NONE;

	while (far->first != far->last) {
		uint64_t addr = far->queue[far->first % 4096].addr;
		uint64_t n = far->queue[far->first++ % 4096].n;

		for (uint64_t i = 0; i < n; i++, addr += PAGES_SIZE) {
			const void *data = NULL;

			if (pages_get(pages_find(far->store, pid), addr, &data) != PAGE_DATA)
				die("page 0x%jx asked for", (uintmax_t)addr);
			if (lazy_arrived(lz, pid, addr, 1, data, &err) < 0)
				die("%s", err.text);
		}
	}
}

static int take(struct pages_proc *p, uint64_t addr, const void *data, bool contents,
		struct err *err)
{
	if (contents && pages_put(p, addr, 1, data, err) < 0)
		return -err->code;
	return pages_expect(p, addr, 1, err);
}

/* Another store, of its own memory: with the contents, or none of them. */
static struct pages *copy_store(struct pages *from, int32_t pid, bool contents)
{
	struct pages *st = new_store();
	struct pages_proc *p, *f = pages_find(from, pid);
	struct err err = ERR_NONE;

	if (pages_add(st, pid, &p, &err) < 0)
		die("%s", err.text);
	for (uint32_t l = 0; l < pages_leaves(f); l++)
		for (unsigned i = 0; i < PAGES_LEAF; i++) {
			const void *data = NULL;

			if (pages_leaf_get(f, l, i, &data) == PAGE_DATA &&
			    take(p, pages_leaf_addr(f, l) + i * PAGES_SIZE, data, contents, &err))
				die("%s", err.text);
		}
	if (pages_seal(p, &err) < 0)
		die("%s", err.text);
	return st;
}

static void serve(struct lazy *lz, struct far *far, int32_t pid, struct shared *sh, pid_t criu,
		  int64_t start)
{
	uint64_t ticks = sh->ticks;
	int64_t runs = 0, criu_ended = 0;
	struct lazy_stats s;
	struct err err = ERR_NONE;
	int r = 0;

	while (r != LAZY_DONE) {
		r = lazy_step(lz, 10, &err);
		if (r < 0)
			die("%s", err.text);
		deliver(lz, far, pid);
		if (!runs && sh->ticks != ticks)
			runs = now_ns();
		if (!criu_ended && waitpid(criu, &r, WNOHANG) == criu) {
			criu_ended = now_ns();
			if (r)
				die("criu restore failed: status 0x%x", r);
		}
	}
	lazy_get_stats(lz, &s);
	if (!runs)
		runs = now_ns();
	if (!criu_ended)
		wait_ok(criu, "criu restore");
	printf("runs after %.1f ms, resumed after %.1f ms, all in %.1f ms later; "
	       "%ju MiB, %.0f MiB/s; faults %ju, zero %ju, fetched %ju\n",
	       (double)(runs - start) / 1e6, (double)(s.resumed_ns - start) / 1e6,
	       (double)(s.done_ns - s.resumed_ns) / 1e6, (uintmax_t)(s.copied >> 8),
	       (double)s.copied / 256 / ((double)(s.done_ns - s.resumed_ns) / 1e9),
	       (uintmax_t)s.faults, (uintmax_t)s.zero_faults, (uintmax_t)s.fetched);
}

int main(int argc, char **argv)
{
	const char *criu = argv[1], *dir = argv[2], *how = argc > 4 ? argv[4] : "";
	size_t size = (size_t)atoi(argv[3]) << 20;
	char path[4096];
	auto_fd int dfd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC), fd = -1;
	struct far far = {.store = new_store()};
	struct lazy_options opt = {
		.store = far.store, .fetch = fetch, .arg = &far, .prefetch = 512};
	struct err err = ERR_NONE;
	struct shared *sh;
	struct lazy *lz;
	uint64_t before;
	int64_t start;
	pid_t pid, child;

	snprintf(path, sizeof(path), "%s/shared", dir);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (ftruncate(fd, 4096) < 0)
		die("%s", path);
	sh = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	pid = fork();
	if (pid == 0)
		victim(sh, size);
	before = ask(sh);
	start = now_ns();
	dump(criu, dir, pid);
	printf("dump %.1f ms\n", (double)(now_ns() - start) / 1e6);
	start = now_ns();
	if (pages_from_images(far.store, dfd, pid, false, &err) < 0)
		die("%s", err.text);
	printf("index %.1f ms, %ju KiB\n", (double)(now_ns() - start) / 1e6,
	       (uintmax_t)pages_index_bytes(far.store) >> 10);
	if (*how)
		opt.store = copy_store(far.store, pid, strcmp(how, "own") == 0);
	opt.release = strcmp(how, "own") == 0;
	lz = lazy_new(&opt, &err);
	if (!lz || lazy_listen(lz, dfd, &err) < 0)
		die("%s", err.text);
	start = now_ns();
	child = restore(criu, dir);
	serve(lz, &far, pid, sh, child, start);
	if (ask(sh) != before)
		die("the memory is not what it was");
	kill(pid, SIGKILL);
	lazy_free(lz);
	if (opt.release && pages_used(opt.store) > pages_index_bytes(opt.store) + (1 << 20))
		die("%ju bytes are still in use", (uintmax_t)pages_used(opt.store));
	return 0;
}
