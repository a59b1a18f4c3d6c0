/* TEST: what a process is allowed, clocks, standard streams; what cannot be saved. */
#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

/* ---- attributes: whatever they are at the beginning, they are afterwards
 * ------------------------- */

static char before[8192];

static size_t line_of(char *buf, size_t n, size_t size, const char *path, const char *const *names)
{
	char line[512];
	FILE *f = fopen(path, "re");

	while (f && fgets(line, sizeof(line), f)) {
		int wanted = !names;

		for (const char *const *s = names; s && *s; s++)
			wanted |= !strncmp(line, *s, strlen(*s));
		if (wanted && n < size)
			n += (size_t)snprintf(buf + n, size - n, "%s", line);
	}
	if (f)
		fclose(f);
	return n;
}

static void describe(char *buf, size_t size)
{
	static const char *const status[] = {
		"Name:",    "Umask:",           "Uid:",    "Gid:",    "Groups:", "SigIgn:",
		"CapInh:",  "CapPrm:",          "CapEff:", "CapBnd:", "CapAmb:", "NoNewPrivs:",
		"Seccomp:", "Seccomp_filters:", "NSpid:",  NULL};
	size_t n = line_of(buf, 0, size, "/proc/self/status", status);
	int sig = 0;

	n = line_of(buf, n, size, "/proc/self/limits", NULL);
	n = line_of(buf, n, size, "/proc/self/oom_score_adj", NULL);
	n = line_of(buf, n, size, "/proc/self/uid_map", NULL);
	n = line_of(buf, n, size, "/proc/self/loginuid", NULL);
	prctl(PR_GET_PDEATHSIG, &sig);
	snprintf(buf + n, size - n, "nice: %d\ndumpable: %d\nsecurebits: %d\npdeathsig: %d\n",
		 getpriority(PRIO_PROCESS, 0), prctl(PR_GET_DUMPABLE), prctl(PR_GET_SECUREBITS),
		 sig);
}

static void attributes_set(long n)
{
	struct rlimit lim = {100, 200};
	int nice = getpriority(PRIO_PROCESS, 0) + 1;

	(void)n;
	umask(027);
	prctl(PR_SET_NAME, "changed name");
	prctl(PR_SET_PDEATHSIG, SIGWINCH);
	if (setrlimit(RLIMIT_SIGPENDING, &lim) ||
	    setpriority(PRIO_PROCESS, 0, nice < 19 ? nice : 19))
		die("attributes");
	describe(before, sizeof(before));
}

static void attributes_check(void)
{
	char now[8192], *a = before, *b = now;

	describe(now, sizeof(now));
	if (!strcmp(before, now))
		return;
	while (*a && *b) {
		size_t la = strcspn(a, "\n"), lb = strcspn(b, "\n");

		if (la != lb || memcmp(a, b, la))
			wrong("was '%.*s', is '%.*s'", (int)la, a, (int)lb, b);
		a += la + 1;
		b += lb + 1;
	}
}

/* ---- a seccomp filter of its own: getpriority fails with 77
 * ---------------------------------------- */

static void seccomp_set(long n)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getpgid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 77),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog prog = {sizeof(code) / sizeof(*code), code};

	(void)n;
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) ||
	    prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog))
		die("seccomp");
}

static void seccomp_check(void)
{
	errno = 0;
	must(syscall(SYS_getpgid, 0) == -1 && errno == 77, "the seccomp filter is gone");
	must(prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1, "no_new_privs is gone");
}

/* ---- clocks never go back
 * -------------------------------------------------------------------------- */

static const struct {
	clockid_t id;
	const char *name;
} clocks[] = {
	{CLOCK_MONOTONIC, "monotonic"},
	{CLOCK_BOOTTIME, "boottime"},
	{CLOCK_MONOTONIC_RAW, "monotonic raw"},
	{CLOCK_REALTIME, "realtime"},
};
static struct timespec last[4];
static int went_back[4];

static void clocks_tick(void)
{
	for (int i = 0; i < 4; i++) {
		struct timespec now;

		clock_gettime(clocks[i].id, &now);
		if (now.tv_sec < last[i].tv_sec ||
		    (now.tv_sec == last[i].tv_sec && now.tv_nsec < last[i].tv_nsec))
			went_back[i] = 1;
		last[i] = now;
	}
}

static void clocks_set(long n)
{
	(void)n;
	clocks_tick();
}

static void clocks_check(void)
{
	for (int i = 0; i < 4; i++)
		must(!went_back[i], "the %s clock went back", clocks[i].name);
}

/* ---- a counter on standard output
 * ------------------------------------------------------------------ */

static long counter;

static void counter_set(long n)
{
	(void)n;
}

static void counter_tick(void)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "%ld\n", counter + 1);

	if (write(1, line, (size_t)n) == n)
		counter++;
	else
		wrong("counter: write: %s", strerror(errno));
}

/* One that reads: each line of standard input comes back. */
static void echo_set(long n)
{
	(void)n;
	fcntl(0, F_SETFL, fcntl(0, F_GETFL) | O_NONBLOCK);
}

static void echo_tick(void)
{
	char buf[4096];
	ssize_t n = read(0, buf, sizeof(buf));

	if (n > 0 && write(1, buf, (size_t)n) != n)
		wrong("echo: write: %s", strerror(errno));
}

/* ---- a terminal
 * ------------------------------------------------------------------------------------- */

static struct termios modes;
static struct winsize size;

static void terminal_set(long n)
{
	(void)n;
	if (tcgetattr(0, &modes))
		die("standard input is no terminal");
	modes.c_lflag &= ~(tcflag_t)(ECHO | ICANON);
	modes.c_cc[VMIN] = 3;
	size = (struct winsize){.ws_row = 33, .ws_col = 121};
	if (tcsetattr(0, TCSANOW, &modes) || ioctl(0, TIOCSWINSZ, &size))
		die("terminal");
}

static void terminal_check(void)
{
	struct termios now;
	struct winsize ws = {0};

	must(isatty(0) && isatty(1) && isatty(2), "a standard stream is no terminal");
	must(tcgetattr(0, &now) == 0 && now.c_lflag == modes.c_lflag && now.c_cc[VMIN] == 3 &&
		     now.c_iflag == modes.c_iflag && now.c_oflag == modes.c_oflag,
	     "the terminal's modes");
	must(ioctl(1, TIOCGWINSZ, &ws) == 0 && ws.ws_row == 33 && ws.ws_col == 121,
	     "the terminal's size is %d by %d", ws.ws_row, ws.ws_col);
	must(tcgetsid(0) == getsid(0), "it is not the controlling terminal");
	must(tcgetpgrp(0) == getpgrp(), "the terminal's foreground");
}

/* ---- what cannot be saved
 * ------------------------------------------------------------------------------ */

static void uring_set(long n)
{
	char params[120] = {0};

	(void)n;
	if (syscall(SYS_io_uring_setup, 4, params) < 0)
		die("io_uring");
}

static void uffd_set(long n)
{
	(void)n;
	if (syscall(SYS_userfaultfd, O_CLOEXEC | 1) < 0)
		die("userfaultfd");
}

/* clang-format off */
const struct piece thing_pieces[] = {
	{"attributes",  attributes_set, attributes_check, NULL},
	{"seccomp",     seccomp_set,    seccomp_check,    NULL},
	{"clocks",      clocks_set,     clocks_check,     clocks_tick},
	{"counter",     counter_set,    NULL,             counter_tick},
	{"echo",        echo_set,       NULL,             echo_tick},
	{"terminal",    terminal_set,   terminal_check,   NULL},
	{"uring",       uring_set,      NULL,             NULL},
	{"userfaultfd", uffd_set,       NULL,             NULL},
	{0},
};
/* clang-format on */
