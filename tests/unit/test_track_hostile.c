/* TEST: processes that cannot be tracked, or do not want to be: an answer, in time, and no harm. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "tests/unit/track_load.h"

#define SYS_USER_DISPATCH_ON 1
#ifndef PR_SET_SYSCALL_USER_DISPATCH
#define PR_SET_SYSCALL_USER_DISPATCH 59
#endif

static int nothing(void *arg, struct track_proc *p, uint64_t start, uint64_t end)
{
	(void)arg;
	(void)p;
	(void)start;
	(void)end;
	return 0;
}

static void serve(struct load *self)
{
	for (;;)
		load_reply(self, load_next(self) + 1);
}

/* It runs on. */
static void check_alive(const struct load *l)
{
	CHECK_UINT(load_ask(l, 41), 42);
}

static void check_whole(const struct load *l, enum track_why why)
{
	struct track_proc *p = load_track(l->pid);

	CHECK_STR(track_why_text(p->why), track_why_text(why));
	CHECK_INT(p->state, TRACK_WHOLE);
	CHECK_INT(track_scan(p, nothing, NULL), 0);
	CHECK_UINT(p->last.dirty_bytes, 0);
	track_close(p);
}

static void t_nobody(void)
{
	struct track_proc *p;
	struct err err;
	pid_t pid;

	if (!load_can_track())
		return;
	pid = fork();
	if (pid == 0)
		_exit(0);
	CHECK_INT(waitid(P_PID, (id_t)pid, &(siginfo_t){0}, WEXITED | WNOWAIT), 0);
	/* A zombie. */
	CHECK_INT(track_open(pid, load_track_by(), &p, &err), 0);
	CHECK_INT(p->state, TRACK_GONE);
	CHECK_INT(track_scan(p, nothing, NULL), 0);
	track_close(p);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	CHECK_INT(track_open(pid, load_track_by(), &p, &err), -ESRCH);
}

static void with_userfaultfd(struct load *self)
{
	CHECK(syscall(SYS_userfaultfd, 1) >= 0);
	serve(self);
}

static void t_userfaultfd(void)
{
	struct load l;

	if (!load_can_track())
		return;
	l = load_start(with_userfaultfd);
	check_alive(&l);
	check_whole(&l, TRACK_USERFAULTFD);
	check_alive(&l);
	load_kill(&l);
}

/* Opens and closes a file for direct I/O, in turns. */
static void with_direct_io(struct load *self)
{
	char path[] = "/tmp/hull-track-XXXXXX";
	int fd = mkstemp(path), direct = -1;

	CHECK(fd >= 0);
	load_next(self);
	for (;;) {
		if (direct < 0) {
			direct = open(path, O_RDWR | O_DIRECT | O_CLOEXEC);
			unlink(path);
			load_reply(self, direct < 0 ? 0 : 1);
		} else {
			close(direct);
			load_reply(self, 2);
			direct = -1;
		}
		load_next(self);
	}
}

static void t_direct_io(void)
{
	struct track_set set = {.by = load_track_by()};
	struct load l;
	struct err err;

	if (!load_can_track())
		return;
	l = load_start(with_direct_io);
	CHECK_INT(track_set_update(&set, &l.pid, 1, &err), 0);
	CHECK_INT(track_set_scan(&set, nothing, NULL, NULL, &err), 0);
	CHECK_INT(set.procs[0]->state, TRACK_ON);
	if (load_ask(&l, 0) == 1) { /* else the file system has none */
		CHECK_INT(track_set_scan(&set, nothing, NULL, NULL, &err), 0);
		CHECK_INT(set.procs[0]->state, TRACK_WHOLE);
		CHECK_INT(set.procs[0]->why, TRACK_DIRECT_IO);
		check_whole(&l, TRACK_DIRECT_IO);
		CHECK_UINT(load_ask(&l, 0), 2);
		CHECK_INT(track_set_update(&set, &l.pid, 1, &err), 0);
		CHECK_INT(set.procs[0]->state, TRACK_ON);
		CHECK_INT(track_set_scan(&set, nothing, NULL, NULL, &err), 0);
		CHECK(set.procs[0]->last.dirty_bytes > 0); /* all of it again */
	}
	track_set_close(&set);
	load_kill(&l);
}

static void with_aio(struct load *self)
{
	unsigned long context = 0;
	long rc;

	load_next(self);
	rc = syscall(SYS_io_setup, 4, &context);
	load_reply(self, rc == 0);
	load_next(self);
}

static void with_uring(struct load *self)
{
	uint64_t params[15] = {0};
	long rc;

	load_next(self);
	rc = syscall(SYS_io_uring_setup, 4, params);
	load_reply(self, rc >= 0);
	load_next(self);
}

static void begins_later(void (*run)(struct load *self), enum track_why why)
{
	struct track_proc *p;
	struct load l;

	if (!load_can_track())
		return;
	l = load_start(run);
	p = load_track(l.pid);
	CHECK_INT(p->state, TRACK_ON);
	if (load_ask(&l, 0)) { /* else the kernel has none of it */
		CHECK_INT(track_scan(p, nothing, NULL), 0);
		CHECK_INT(p->state, TRACK_WHOLE);
		CHECK_INT(p->why, why);
	}
	track_close(p);
	load_kill(&l);
}

static void t_aio(void)
{
	begins_later(with_aio, TRACK_AIO);
}

static void t_uring(void)
{
	begins_later(with_uring, TRACK_IO_URING);
}

static void t_traced(void)
{
	struct load l;

	if (!load_can_inject())
		return;
	l = load_start(serve);
	CHECK_INT(ptrace(PTRACE_SEIZE, l.pid, NULL, NULL), 0);
	check_whole(&l, TRACK_TRACED);
	check_alive(&l);
	load_kill(&l);
}

static void no_more_files(struct load *self)
{
	struct rlimit none = {3, 3};

	setrlimit(RLIMIT_NOFILE, &none);
	serve(self);
}

static void t_no_more_files(void)
{
	struct track_proc *p;
	struct load l;

	if (!load_can_inject())
		return;
	l = load_start(no_more_files);
	check_alive(&l);
	p = load_track(l.pid);
	CHECK_INT(p->why, TRACK_REFUSED);
	CHECK_INT(p->detail, EMFILE);
	track_close(p);
	check_alive(&l);
	load_kill(&l);
}

/* Parent and child in one memory; the parent waits in the kernel until the child is done. */
static int in_parents_memory(void *arg)
{
	struct load *self = arg;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	load_reply(self, (uint64_t)getpid());
	load_next(self);
	return 0;
}

static void vforks(struct load *self)
{
	static char stack[65536] __attribute__((aligned(16)));

	clone(in_parents_memory, stack + sizeof(stack), CLONE_VM | CLONE_VFORK | SIGCHLD, self);
	serve(self);
}

static void t_vfork(void)
{
	struct track_set set = {.by = load_track_by()};
	struct err err;
	struct load l;
	pid_t child;

	if (!load_can_track())
		return;
	l = load_start(vforks);
	child = (pid_t)load_answer(&l);
	CHECK_INT(track_set_update(&set, (pid_t[]){l.pid, child}, 2, &err), 0);
	CHECK_INT(set.procs[0]->why,
		  set.by == TRACK_BY_SOFT_DIRTY ? TRACK_OK : TRACK_BUSY); /* no call in it */
	CHECK_INT(set.procs[1]->why, TRACK_SHARED_MM);
	load_tell(&l, 0);
	check_alive(&l);
	CHECK_INT(track_set_update(&set, &l.pid, 1, &err), 0);
	CHECK_INT(set.procs[0]->state, TRACK_ON);
	track_set_close(&set);
	check_alive(&l);
	load_kill(&l);
}

/* write(1, "x", 1), then pause() for ever, by the old entry to the kernel. */
static const unsigned char code32[] = {
	0xb8, 4, 0, 0, 0,    0xbb, 1,    0,  0, 0, 0xb9, 0x01, 0x80, 0x04, 0x08, 0xba,
	1,    0, 0, 0, 0xcd, 0x80, 0xb8, 29, 0, 0, 0,    0xcd, 0x80, 0xeb, 0xf7,
};

static void program32(struct load *self)
{
	struct {
		Elf32_Ehdr e;
		Elf32_Phdr p;
		unsigned char code[sizeof(code32)];
	} f = {
		.e = {.e_ident = {0x7f, 'E', 'L', 'F', ELFCLASS32, ELFDATA2LSB, EV_CURRENT},
		      .e_type = ET_EXEC,
		      .e_machine = EM_386,
		      .e_version = EV_CURRENT,
		      .e_entry = 0x08048000 + sizeof(f.e) + sizeof(f.p),
		      .e_phoff = sizeof(f.e),
		      .e_ehsize = sizeof(f.e),
		      .e_phentsize = sizeof(f.p),
		      .e_phnum = 1},
		.p = {.p_type = PT_LOAD,
		      .p_vaddr = 0x08048000,
		      .p_filesz = sizeof(f),
		      .p_memsz = sizeof(f),
		      .p_flags = PF_R | PF_X,
		      .p_align = 4096},
	};
	int fd = (int)syscall(SYS_memfd_create, "program", 1);
	char name[] = "program", *argv[] = {name, NULL};

	memcpy(f.code, code32, sizeof(code32));
	CHECK(write(fd, &f, sizeof(f)) == sizeof(f));
	dup2(self->to, 1);
	fexecve(fd, argv, argv + 1);
	CHECK(write(1, "n", 1) == 1);
}

static void t_program32(void)
{
	struct load l;
	char c;

	if (!load_can_inject())
		return;
	l = load_start(program32);
	CHECK(read(l.from, &c, 1) == 1);
	if (c != 'n') { /* else the kernel runs none */
		struct track_proc *p = load_track(l.pid);

		CHECK_INT(p->state, TRACK_WHOLE);
		CHECK(p->why == TRACK_COMPAT || p->why == TRACK_NO_CALL);
		track_close(p);
	}
	CHECK_INT(waitpid(l.pid, NULL, WNOHANG), 0);
	load_kill(&l);
}

/* All of its calls are its own business, by SIGSYS. */
static volatile sig_atomic_t n_dispatched;
static volatile char dispatch_selector;

static void dispatched(int sig)
{
	(void)sig;
	n_dispatched++;
}

static uint64_t *shared_beats;

static void dispatches(struct load *self)
{
	struct sigaction sa = {.sa_handler = dispatched};

	sigaction(SIGSYS, &sa, NULL);
	if (prctl(PR_SET_SYSCALL_USER_DISPATCH, SYS_USER_DISPATCH_ON, 0, 0,
		  (char *)&dispatch_selector) < 0)
		_exit(0);
	load_reply(self, 1);
	dispatch_selector = 1;
	for (;;) {
		((volatile uint64_t *)shared_beats)[0]++;
		((volatile uint64_t *)shared_beats)[1] = (uint64_t)n_dispatched;
	}
}

static void t_dispatch(void)
{
	struct load l;
	uint64_t before;

	if (!load_can_inject())
		return;
	shared_beats = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	l = load_start(dispatches);
	load_answer(&l);
	while (((volatile uint64_t *)shared_beats)[0] == 0)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	check_whole(&l, TRACK_NO_CALL);
	before = ((volatile uint64_t *)shared_beats)[0];
	for (int i = 0; i < 60000 && ((volatile uint64_t *)shared_beats)[0] == before; i++)
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	CHECK(((volatile uint64_t *)shared_beats)[0] != before);
	CHECK_UINT(shared_beats[1], 0); /* it has seen nothing */
	load_kill(&l);
}

/* A thread puts another file in the place of whatever is opened, and closes it. */
static void *swaps_files(void *arg)
{
	const struct load *self = arg;
	int other = open("/dev/null", O_RDONLY | O_CLOEXEC);

	for (;;) {
		for (int fd = 3; fd < 12; fd++) {
			if (fd == other || fd == self->to || fd == self->from)
				continue;
			dup2(other, fd);
			close(fd);
		}
	}
	return NULL;
}

static void swapper(struct load *self)
{
	pthread_t t;

	pthread_create(&t, NULL, swaps_files, self);
	serve(self);
}

static void t_files_swapped(void)
{
	struct load l;

	if (!load_can_track())
		return;
	l = load_start(swapper);
	check_alive(&l);
	for (int i = 0; i < 100; i++) {
		struct track_proc *p = load_track(l.pid);

		CHECK_INT(track_scan(p, nothing, NULL), 0);
		CHECK(p->state == TRACK_ON || p->state == TRACK_WHOLE);
		track_close(p);
	}
	check_alive(&l);
	load_kill(&l);
}

/* Another program all the time, by another thread than the first one, too. */
static void *executes(void *arg)
{
	execl("/proc/self/exe", "test", "again", NULL);
	return arg;
}

static void execs(struct load *self)
{
	(void)self;
	setenv("HULL_TRACK_EXECS", "1", 1);
	executes(NULL);
}

static void executed(void)
{
	pthread_t t;

	prctl(PR_SET_PDEATHSIG, SIGKILL);
	nanosleep(&(struct timespec){0, 500000}, NULL);
	pthread_create(&t, NULL, executes, NULL);
	pause();
}

static void t_execs(void)
{
	struct track_set set = {.by = load_track_by()};
	struct err err;
	struct load l;

	if (!load_can_track())
		return;
	l = load_start(execs);
	for (int i = 0; i < 100; i++) {
		CHECK_INT(track_set_update(&set, &l.pid, 1, &err), 0);
		CHECK_INT(track_set_scan(&set, nothing, NULL, NULL, &err), 0);
		if (i % 10 == 9)
			track_set_close(&set);
		CHECK_INT(waitpid(l.pid, NULL, WNOHANG), 0);
	}
	track_set_close(&set);
	load_kill(&l);
}

/* Children come and go while they are tracked. */
static void forks(struct load *self)
{
	for (;;) {
		pid_t pid = fork();

		if (pid == 0) {
			nanosleep(&(struct timespec){0, 300000}, NULL);
			_exit(0);
		}
		load_reply(self, (uint64_t)pid);
		load_next(self);
		waitpid(pid, NULL, 0);
	}
}

static void t_forks(void)
{
	struct load l;

	if (!load_can_track())
		return;
	l = load_start(forks);
	for (int i = 0; i < 200; i++) {
		pid_t pid = (pid_t)load_answer(&l);
		struct track_proc *p;
		struct err err;

		if (track_open(pid, load_track_by(), &p, &err) == 0) {
			CHECK_INT(track_scan(p, nothing, NULL), 0);
			track_close(p);
		}
		load_tell(&l, 0);
	}
	load_kill(&l);
}

#ifdef __x86_64__
/*
 * Two threads on one processor count in one place by restartable sequences (rseq(2)): a sequence
 * that was stopped in the middle and went on all the same would lose what the other has counted.
 */
#define RSEQ_SIG 0x53053053

struct rseq_area {
	uint32_t cpu_start, cpu;
	uint64_t cs;
	uint32_t flags, pad[3];
} __attribute__((aligned(32)));

struct rseq_result {
	uint64_t sum, counted[2], stop, aborted;
};
static struct rseq_result *rseq_result;

static bool count_one(struct rseq_area *area, uint64_t *where)
{
	uint64_t done = 0, cs;

	__asm__ volatile(".pushsection .data.rel, \"aw\"\n.balign 32\n"
			 "3: .long 0, 0\n .quad 1f, 2f - 1f, 4f\n.popsection\n"
			 "lea 3b(%%rip), %[cs]\n"
			 "mov %[cs], 8(%[area])\n"
			 "1: mov (%[where]), %%rax\n"
			 "inc %%rax\n"
			 "mov $2000, %%ecx\n"
			 "5: dec %%ecx\n"
			 "jnz 5b\n"
			 "mov %%rax, (%[where])\n"
			 "2: mov $1, %[done]\n"
			 "jmp 6f\n"
			 ".byte 0x0f, 0xb9, 0x3d\n"
			 ".long 0x53053053\n"
			 "4:\n"
			 "6:\n"
			 : [done] "+r"(done), [cs] "=&r"(cs)
			 : [area] "r"(area), [where] "r"(where)
			 : "rax", "rcx", "memory", "cc");
	return done;
}

static void count_by_rseq(size_t who)
{
	struct rseq_area area = {0};

	if (syscall(SYS_rseq, &area, 32, 0, RSEQ_SIG) != 0)
		return; /* the library has one of its own */
	while (!__atomic_load_n(&rseq_result->stop, __ATOMIC_RELAXED)) {
		if (count_one(&area, &rseq_result->sum))
			rseq_result->counted[who]++;
		else
			rseq_result->aborted++;
	}
	syscall(SYS_rseq, &area, 32, 1, RSEQ_SIG);
}

static void *count_second(void *arg)
{
	count_by_rseq(1);
	return arg;
}

static void counts(struct load *self)
{
	cpu_set_t set;
	pthread_t t;

	CPU_ZERO(&set);
	CPU_SET(sched_getcpu(), &set);
	sched_setaffinity(0, sizeof(set), &set);
	pthread_create(&t, NULL, count_second, NULL);
	load_reply(self, 0);
	count_by_rseq(0);
	pthread_join(t, NULL);
	load_reply(self, 0);
	load_next(self);
}

static void t_rseq(void)
{
	struct load l;

	if (!load_can_track())
		return;
	rseq_result = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	l = load_start(counts);
	load_answer(&l);
	for (int i = 0; i < 40; i++) {
		struct track_proc *p = load_track(l.pid);

		CHECK(p->state == TRACK_ON || p->why == TRACK_BUSY);
		track_close(p);
		nanosleep(&(struct timespec){0, 1000000}, NULL);
	}
	__atomic_store_n(&rseq_result->stop, 1, __ATOMIC_RELAXED);
	load_answer(&l);
	CHECK_UINT(rseq_result->sum, rseq_result->counted[0] + rseq_result->counted[1]);
	load_kill(&l);
}
#endif

static const struct unit_case cases[] = {
	{"refused: a zombie, and nobody", t_nobody},
	{"refused: a userfaultfd of its own", t_userfaultfd},
	{"refused: direct I/O, as long as it has the file", t_direct_io},
	{"refused: Linux AIO", t_aio},
	{"refused: io_uring", t_uring},
	{"refused: somebody else's ptrace", t_traced},
	{"refused: no descriptor left", t_no_more_files},
	{"refused: vfork, as long as it lasts", t_vfork},
	{"refused: a program of 32 bits", t_program32},
	{"refused: calls that are dispatched to the program", t_dispatch},
	{"hostile: descriptors exchanged under our hands", t_files_swapped},
	{"hostile: exec all the time", t_execs},
	{"hostile: children that end at once", t_forks},
#ifdef __x86_64__
	{"hostile: restartable sequences", t_rseq},
#endif
};

int main(int argc, char **argv)
{
	(void)argc;
	if (getenv("HULL_TRACK_EXECS"))
		executed();
	return unit_main(argv[0], cases, sizeof(cases) / sizeof(cases[0]));
}
