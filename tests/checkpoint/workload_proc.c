/* TEST: processes and threads, and what families of them are. */
#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* ---- threads:N ------------------------------------------------------------------------------- */

static struct worker {
	pthread_t thread;
	pid_t tid;
	long question, answer;
	sigset_t mask;
} * workers;
static long n_workers;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t news = PTHREAD_COND_INITIALIZER, done = PTHREAD_COND_INITIALIZER;
static __thread long own;

static void *work(void *arg)
{
	struct worker *w = arg;
	char name[16];

	own = w - workers + 5000;
	snprintf(name, sizeof(name), "worker%d", (int)(w - workers));
	pthread_setname_np(pthread_self(), name);
	pthread_mutex_lock(&lock);
	w->tid = gettid();
	w->answer = 1;
	pthread_cond_broadcast(&done);
	for (;;) {
		char now[16] = "";

		while (w->question == w->answer)
			pthread_cond_wait(&news, &lock);
		pthread_getname_np(pthread_self(), now, sizeof(now));
		must(own == w - workers + 5000, "thread %s: its own variable is %ld", name, own);
		must(gettid() == w->tid, "thread %s: its id was %d, is %d", name, w->tid, gettid());
		must(!strcmp(now, name), "thread %s is called %s", name, now);
		w->answer = w->question;
		pthread_cond_broadcast(&done);
	}
	return NULL;
}

static void all_answered(long n)
{
	struct timespec end;

	clock_gettime(CLOCK_REALTIME, &end);
	end.tv_sec += 30;
	for (long i = 0; i < n_workers; i++)
		while (workers[i].answer != n)
			if (pthread_cond_timedwait(&done, &lock, &end)) {
				wrong("thread %ld does not answer", i);
				return;
			}
}

static void threads_set(long n)
{
	pthread_attr_t attr;
	sigset_t every, old;

	/* Signals are for the first thread. */
	sigfillset(&every);
	pthread_sigmask(SIG_SETMASK, &every, &old);
	n_workers = n ? n : 200;
	workers = calloc((size_t)n_workers, sizeof(*workers));
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, 65536);
	for (long i = 0; i < n_workers; i++) {
		workers[i].question = 1;
		if (pthread_create(&workers[i].thread, &attr, work, &workers[i]))
			die("pthread_create");
	}
	pthread_sigmask(SIG_SETMASK, &old, NULL);
	pthread_mutex_lock(&lock);
	all_answered(1);
	pthread_mutex_unlock(&lock);
}

static void threads_check(void)
{
	static long round = 1;

	pthread_mutex_lock(&lock);
	round++;
	for (long i = 0; i < n_workers; i++)
		workers[i].question = round;
	pthread_cond_broadcast(&news);
	all_answered(round);
	pthread_mutex_unlock(&lock);
}

/* ---- processes:N: a chain of parents and children, every third one calls setsid --------------
 */

static struct member {
	struct puppet puppet;
	pid_t pid, parent, group, sid;
} members[64];
static long n_members;

/* The child of a puppet is made by it, and answers for itself; it is asked by way of its parents.
 */
static void member_serve(int fd, long left)
{
	struct puppet child = {0, -1};
	long q, a, mine = left * 1000;

	if (left % 3 == 0)
		setsid();
	else if (left % 3 == 1)
		setpgid(0, 0);
	if (left > 1)
		child = puppet_make(member_serve, left - 1);
	while (recv(fd, &q, sizeof(q), 0) == sizeof(q)) {
		if (q % 4096 < left) {
			if (!puppet_ask(&child, q, &a))
				return;
		} else if (mine != left * 1000) {
			a = -2;
		} else {
			a = q / 4096 == 0   ? getpid()
			    : q / 4096 == 1 ? getppid()
			    : q / 4096 == 2 ? getpgrp()
					    : getsid(0);
		}
		if (send(fd, &a, sizeof(a), MSG_NOSIGNAL) != sizeof(a))
			return;
	}
}

static struct puppet chain;

static long ask_member(long which, long what)
{
	long a = -1;

	return puppet_ask(&chain, what * 4096 + which, &a) ? a : -1;
}

static void processes_set(long n)
{
	n_members = n ? n : 10;
	chain = puppet_make(member_serve, n_members);
	for (long i = 1; i <= n_members; i++) {
		members[i].pid = (pid_t)ask_member(i, 0);
		members[i].parent = (pid_t)ask_member(i, 1);
		members[i].group = (pid_t)ask_member(i, 2);
		members[i].sid = (pid_t)ask_member(i, 3);
		if (members[i].pid < 0)
			die("a process");
	}
}

static void processes_check(void)
{
	for (long i = 1; i <= n_members; i++) {
		const struct member *m = &members[i];
		long now[4];

		for (int k = 0; k < 4; k++)
			now[k] = ask_member(i, k);
		must(now[0] == m->pid && now[1] == m->parent && now[2] == m->group &&
			     now[3] == m->sid,
		     "process %ld was %d of %d, group %d, sid %d; is %ld of %ld, %ld, %ld", i,
		     m->pid, m->parent, m->group, m->sid, now[0], now[1], now[2], now[3]);
	}
}

/* ---- children that do nothing: zombies, stopped ones
 * ------------------------------------------------ */

static pid_t zombies[3], stopped;

static char state_of(pid_t pid)
{
	char path[64], state = '?';
	FILE *f;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	f = fopen(path, "re");
	if (!f || fscanf(f, "%*d (%*[^)]) %c", &state) != 1)
		state = '-';
	if (f)
		fclose(f);
	return state;
}

static void until(pid_t pid, char state)
{
	for (int i = 0; i < 10000 && state_of(pid) != state; i++)
		usleep(1000);
	if (state_of(pid) != state)
		die("a child's state");
}

static void zombies_set(long n)
{
	(void)n;
	for (int i = 0; i < 3; i++) {
		zombies[i] = fork();
		if (zombies[i] == 0) {
			if (i == 2)
				raise(SIGKILL);
			_exit(40 + i);
		}
		until(zombies[i], 'Z');
	}
}

static void zombies_check(void)
{
	siginfo_t si = {0};

	for (int i = 0; i < 3; i++) {
		must(waitid(P_PID, (id_t)zombies[i], &si, WEXITED | WNOWAIT | WNOHANG) == 0 &&
			     si.si_pid == zombies[i],
		     "zombie %d is gone", i);
		must(si.si_code == (i == 2 ? CLD_KILLED : CLD_EXITED) &&
			     si.si_status == (i == 2 ? SIGKILL : 40 + i),
		     "zombie %d ended with %d, status %d", i, si.si_code, si.si_status);
	}
}

static void stopped_set(long n)
{
	(void)n;
	stopped = fork();
	if (stopped == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	/* The kernel hangs up stopped processes of an orphaned group; this one has a parent
	 * outside. */
	setpgid(stopped, stopped);
	kill(stopped, SIGSTOP);
	until(stopped, 'T');
}

static void stopped_check(void)
{
	must(state_of(stopped) == 'T', "the stopped process is in state %c", state_of(stopped));
	kill(stopped, SIGCONT);
	until(stopped, 'S');
	kill(stopped, SIGSTOP);
	until(stopped, 'T');
}

/* ---- vforks:MS: children that have their parent's memory for so long; 0: for ever
 * -------------------------------------------------------------------------------------------- */

static volatile long *vforks;

static void vforks_set(long ms)
{
	vforks = mmap(NULL, sizeof(*vforks), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1,
		      0);
	if (vforks == MAP_FAILED)
		die("memory");
	if (fork() > 0) {
		while (!*vforks)
			usleep(1000);
		return;
	}
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	for (;;) {
		pid_t pid = vfork();

		if (pid == 0) {
			++*vforks;
			if (!ms)
				pause();
			usleep((useconds_t)ms * 1000);
			_exit(0);
		}
		waitpid(pid, NULL, 0);
		usleep((useconds_t)ms * 1000);
	}
}

static void vforks_check(void)
{
	long before = *vforks;

	for (int i = 0; i < 10000 && *vforks == before; i++)
		usleep(1000);
	must(*vforks != before, "there are no children any more");
}

/* ---- signals, timers
 * ------------------------------------------------------------------------------- */

static char alternate[65536];
static timer_t posix_timer;

static void never(int sig)
{
	(void)sig;
	wrong("a blocked signal was delivered");
}

static void signals_set(long n)
{
	struct sigaction sa = {.sa_handler = never, .sa_flags = SA_RESTART | SA_ONSTACK};
	stack_t ss = {.ss_sp = alternate, .ss_size = sizeof(alternate)};
	sigset_t set;

	(void)n;
	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 2);
	sigaddset(&set, SIGHUP);
	sigaddset(&sa.sa_mask, SIGWINCH);
	if (sigprocmask(SIG_BLOCK, &set, NULL) || sigaction(SIGRTMIN + 2, &sa, NULL) ||
	    sigaltstack(&ss, NULL) || signal(SIGPIPE, SIG_IGN) == SIG_ERR)
		die("signals");
	for (int i = 1; i <= 3; i++)
		sigqueue(getpid(), SIGRTMIN + 2, (union sigval){.sival_int = i * 11});
	kill(getpid(), SIGHUP);
}

static void signals_check(void)
{
	struct timespec none = {0, 0};
	struct sigaction sa;
	stack_t ss = {0};
	siginfo_t si;
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGRTMIN + 2);
	for (int i = 1; i <= 3; i++)
		must(sigtimedwait(&set, &si, &none) == SIGRTMIN + 2 &&
			     si.si_value.sival_int == i * 11 && si.si_code == SI_QUEUE,
		     "queued signal %d is lost", i);
	must(sigtimedwait(&set, &si, &none) < 0, "a signal was doubled");
	for (int i = 1; i <= 3; i++)
		sigqueue(getpid(), SIGRTMIN + 2, (union sigval){.sival_int = i * 11});
	sigpending(&set);
	must(sigismember(&set, SIGHUP) == 1, "the pending SIGHUP is lost");
	sigprocmask(SIG_BLOCK, NULL, &set);
	must(sigismember(&set, SIGHUP) == 1 && sigismember(&set, SIGWINCH) == 0, "the signal mask");
	must(sigaction(SIGRTMIN + 2, NULL, &sa) == 0 && sa.sa_handler == never &&
		     sa.sa_flags & SA_RESTART && sa.sa_flags & SA_ONSTACK &&
		     sigismember(&sa.sa_mask, SIGWINCH) == 1,
	     "a handler is lost");
	must(sigaction(SIGPIPE, NULL, &sa) == 0 && sa.sa_handler == SIG_IGN,
	     "SIGPIPE is not ignored");
	must(sigaltstack(NULL, &ss) == 0 && ss.ss_sp == alternate, "the other stack is lost");
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

static void timers_set(long n)
{
	struct itimerval far = {{7, 0}, {50000, 0}}, often = {{0, 20000}, {0, 20000}};
	struct itimerspec its = {{0, 0}, {40000, 0}};
	struct sigevent sev = {.sigev_notify = SIGEV_SIGNAL, .sigev_signo = SIGURG};

	(void)n;
	signal(SIGVTALRM, on_alarm);
	if (setitimer(ITIMER_REAL, &far, NULL) || setitimer(ITIMER_VIRTUAL, &often, NULL) ||
	    timer_create(CLOCK_MONOTONIC, &sev, &posix_timer) ||
	    timer_settime(posix_timer, 0, &its, NULL))
		die("timers");
}

static void timers_check(void)
{
	struct itimerval it = {0};
	struct itimerspec its = {0};
	int before = alarms;
	clock_t end;

	must(getitimer(ITIMER_REAL, &it) == 0 && it.it_value.tv_sec > 45000 &&
		     it.it_value.tv_sec <= 50000 && it.it_interval.tv_sec == 7,
	     "itimer: %ld seconds are left", (long)it.it_value.tv_sec);
	must(timer_gettime(posix_timer, &its) == 0 && its.it_value.tv_sec > 35000 &&
		     its.it_value.tv_sec <= 40000,
	     "posix timer: %ld seconds are left", (long)its.it_value.tv_sec);
	/* Half a second of this process's own time. */
	end = clock() + CLOCKS_PER_SEC / 2;
	while (alarms < before + 2 && clock() < end)
		;
	must(alarms >= before + 2, "itimer: it does not go off");
}

/* clang-format off */
const struct piece proc_pieces[] = {
	{"threads",   threads_set,   threads_check,   NULL},
	{"processes", processes_set, processes_check, NULL},
	{"zombies",   zombies_set,   zombies_check,   NULL},
	{"stopped",   stopped_set,   stopped_check,   NULL},
	{"vforks",    vforks_set,    vforks_check,    NULL},
	{"signals",   signals_set,   signals_check,   NULL},
	{"timers",    timers_set,    timers_check,    NULL},
	{0},
};
/* clang-format on */
