/* TEST: programs whose memory is tracked, and a store of pages like a migration's. */
#include "tests/unit/track_load.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct load load_start(void (*run)(struct load *self))
{
	int to[2], from[2];
	struct load l;

	CHECK(pipe2(to, O_CLOEXEC) == 0 && pipe2(from, O_CLOEXEC) == 0);
	fflush(NULL);
	l = (struct load){.pid = fork(), .to = to[1], .from = from[0]};
	CHECK(l.pid >= 0);
	if (l.pid == 0) {
		struct load self = {.pid = getpid(), .to = from[1], .from = to[0]};

		prctl(PR_SET_PDEATHSIG, SIGKILL);
		close(to[1]);
		close(from[0]);
		run(&self);
		_exit(0);
	}
	close(to[0]);
	close(from[1]);
	return l;
}

void load_tell(const struct load *l, uint64_t v)
{
	CHECK(write(l->to, &v, sizeof(v)) == sizeof(v));
}

uint64_t load_answer(const struct load *l)
{
	uint64_t v;

	CHECK(read(l->from, &v, sizeof(v)) == sizeof(v));
	return v;
}

uint64_t load_ask(const struct load *l, uint64_t v)
{
	load_tell(l, v);
	return load_answer(l);
}

uint64_t load_next(struct load *self)
{
	uint64_t v;

	if (read(self->from, &v, sizeof(v)) != sizeof(v))
		_exit(0);
	return v;
}

void load_reply(struct load *self, uint64_t v)
{
	if (write(self->to, &v, sizeof(v)) != sizeof(v))
		_exit(1);
}

static bool stands_still(pid_t pid)
{
	char path[64], text[512], *p;
	struct dirent *e;
	bool still = true;
	DIR *dir;

	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	CHECK(dir);
	while ((e = readdir(dir))) {
		FILE *f;

		snprintf(path, sizeof(path), "/proc/%d/task/%.16s/stat", pid, e->d_name);
		f = e->d_name[0] == '.' ? NULL : fopen(path, "re");
		if (!f)
			continue;
		text[fread(text, 1, sizeof(text) - 1, f)] = '\0';
		fclose(f);
		p = strrchr(text, ')');
		still = still && p && (p[2] == 'T' || p[2] == 't' || p[2] == 'Z' || p[2] == 'X');
	}
	closedir(dir);
	return still;
}

void load_stop(const struct load *l)
{
	CHECK(kill(l->pid, SIGSTOP) == 0);
	for (int i = 0; i < 60000 && !stands_still(l->pid); i++)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	CHECK(stands_still(l->pid));
}

void load_kill(const struct load *l)
{
	kill(l->pid, SIGKILL);
	waitpid(l->pid, NULL, 0);
	close(l->to);
	close(l->from);
}

bool load_can_track(void)
{
	enum track_by by;
	struct err err;

	if (geteuid() != 0) {
		printf("# skipped: not root\n");
		return false;
	}
	if (track_probe(&by, &err) < 0) {
		printf("# skipped: %s\n", err.text);
		return false;
	}
	return true;
}

enum track_by load_track_by(void)
{
	enum track_by by;
	struct err err;

	return track_probe(&by, &err) < 0 ? TRACK_BY_USERFAULTFD : by;
}

bool load_can_inject(void)
{
	if (!load_can_track())
		return false;
	if (load_track_by() == TRACK_BY_USERFAULTFD)
		return true;
	printf("# skipped: nothing is put into processes on this kernel\n");
	return false;
}

struct track_proc *load_track(pid_t pid)
{
	struct track_proc *p;
	struct err err;

	/* On a machine that is busy, tasks take their time to stop. */
	for (int i = 0;; i++) {
		CHECK_INT(track_open(pid, load_track_by(), &p, &err), 0);
		if (p->why != TRACK_BUSY || i == 20)
			return p;
		track_close(p);
	}
}

static size_t slot(const struct store *s, uint64_t addr)
{
	size_t i = (size_t)((addr >> 12) * 0x9E3779B97F4A7C15ULL) & (s->room - 1);

	while (s->addr[i] && s->addr[i] != addr)
		i = (i + 1) & (s->room - 1);
	return i;
}

static void make_room(struct store *s)
{
	struct store old = *s;

	if (s->n * 2 < s->room)
		return;
	s->room = s->room ? s->room * 2 : 4096;
	s->addr = calloc(s->room, sizeof(*s->addr));
	s->page = malloc(s->room * sizeof(*s->page));
	CHECK(s->addr && s->page);
	for (size_t i = 0; i < old.room; i++) {
		size_t j;

		if (!old.addr[i])
			continue;
		j = slot(s, old.addr[i]);
		s->addr[j] = old.addr[i];
		memcpy(s->page[j], old.page[i], PAGE);
	}
	free(old.addr);
	free(old.page);
}

struct ranges {
	struct store *s;
	struct track_range *r;
	size_t n, room;
};

static int collect(void *arg, struct track_proc *p, uint64_t start, uint64_t end)
{
	struct ranges *c = arg;

	(void)p;
	CHECK(start < end && start % PAGE == 0 && end % PAGE == 0);
	if (c->n == c->room) {
		c->room = c->room ? c->room * 2 : 64;
		c->r = realloc(c->r, c->room * sizeof(*c->r));
		CHECK(c->r);
	}
	c->r[c->n++] = (struct track_range){start, end};
	return 0;
}

static void count(struct store *s, uint64_t addr)
{
	s->all++;
	if (addr < s->lo || addr >= s->hi)
		return;
	s->in_region++;
	s->sum += (addr - s->lo) / PAGE;
}

/* Pieces of at most 1 MiB. */
static void read_range(struct store *s, struct track_proc *p, struct track_range r)
{
	static char buf[256 * 4096];

	for (; r.start < r.end; r.start += sizeof(buf)) {
		uint64_t end = r.start + sizeof(buf) < r.end ? r.start + sizeof(buf) : r.end;
		struct track_range piece = {r.start, end};
		uint64_t missing[4] = {0};
		ssize_t n = track_read(p, &piece, 1, buf, missing);

		if (n == -ESRCH)
			return;
		CHECK(n >= 0);
		s->n_missing += (uint64_t)n;
		for (uint64_t a = piece.start, k = 0; a < end; a += PAGE, k++) {
			size_t i;

			count(s, a);
			make_room(s);
			i = slot(s, a);
			s->n += s->addr[i] == 0;
			s->addr[i] = a;
			memcpy(s->page[i], buf + k * PAGE, PAGE);
		}
	}
}

/* By soft-dirty bits, while nothing runs. */
static int scan(struct track_proc *p, struct ranges *c)
{
	bool stop = p->by == TRACK_BY_SOFT_DIRTY && !stands_still(p->pid);
	int r;

	if (stop)
		load_stop(&(struct load){.pid = p->pid});
	r = track_scan(p, collect, c);
	if (stop)
		CHECK(kill(p->pid, SIGCONT) == 0);
	return r;
}

void store_round(struct store *s, struct track_proc *p)
{
	struct ranges c = {.s = s};

	s->in_region = s->all = s->sum = s->n_missing = 0;
	CHECK_INT(scan(p, &c), 0);
	for (size_t i = 0; i < c.n; i++)
		read_range(s, p, c.r[i]);
	free(c.r);
}

uint64_t store_present(struct store *s, struct track_proc *p)
{
	struct ranges c = {.s = s};

	s->in_region = s->all = s->sum = 0;
	CHECK_INT(track_present(p, collect, &c), 0);
	for (size_t i = 0; i < c.n; i++)
		for (uint64_t a = c.r[i].start; a < c.r[i].end; a += PAGE)
			count(s, a);
	free(c.r);
	return s->in_region;
}

size_t store_compare(struct store *s, struct track_proc *p)
{
	struct ranges c = {.s = s};
	char now[PAGE], path[64];
	size_t n = 0;
	int mem;

	store_round(s, p);
	CHECK_INT(p->state, TRACK_ON);
	snprintf(path, sizeof(path), "/proc/%d/mem", p->pid);
	mem = open(path, O_RDONLY | O_CLOEXEC);
	CHECK(mem >= 0);
	CHECK_INT(track_present(p, collect, &c), 0);
	for (size_t i = 0; i < c.n; i++) {
		for (uint64_t a = c.r[i].start; a < c.r[i].end; a += PAGE, n++) {
			size_t k;

			if (pread(mem, now, PAGE, (off_t)a) != PAGE)
				continue; /* a guard page */
			make_room(s);
			k = slot(s, a);
			if (s->addr[k] != a || memcmp(s->page[k], now, PAGE) != 0)
				unit_fail(__FILE__, __LINE__, "page %#lx is %s", (unsigned long)a,
					  s->addr[k] != a ? "not in the store" : "another one");
		}
	}
	close(mem);
	free(c.r);
	return n;
}

void store_done(struct store *s)
{
	free(s->addr);
	free(s->page);
	*s = (struct store){0};
}
