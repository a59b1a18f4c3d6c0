/* TEST: the first program of containers that are saved and restored: sets up state, checks it when
 * asked.
 *
 *   workload [-d DIR] PIECE[:N]...
 *
 * DIR/result (/data/result) says "ready" once all pieces stand. SIGUSR1 asks: then the file, made
 * anew, says "ok", or what is not as it was, a line each. SIGTERM ends it with 0. */
#define _GNU_SOURCE
#include "workload.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <unistd.h>

static const char *dir = "/data";
static char report[65536];
static volatile sig_atomic_t asked, ended;

const char *in_dir(const char *name)
{
	static char buf[4][512];
	static unsigned n;
	char *b = buf[n++ % 4];

	snprintf(b, sizeof(buf[0]), "%s/%s", dir, name);
	return b;
}

static void answer(const char *text)
{
	const char *temp = in_dir("result.new");
	FILE *f = fopen(temp, "w");

	if (!f || fputs(text, f) < 0 || fclose(f) || rename(temp, in_dir("result"))) {
		perror(temp);
		_exit(98);
	}
}

void die(const char *what)
{
	char line[512];

	snprintf(line, sizeof(line), "setup: %s: %s\n", what, strerror(errno));
	answer(line);
	fputs(line, stderr);
	_exit(99);
}

void wrong(const char *fmt, ...)
{
	size_t n = strlen(report);
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(report + n, sizeof(report) - n, fmt, ap);
	va_end(ap);
	n = strlen(report);
	snprintf(report + n, sizeof(report) - n, "\n");
}

static uint64_t next_word(uint64_t x)
{
	x ^= x << 13;
	x ^= x >> 7;
	return x ^ x << 17;
}

void fill(void *p, size_t len, uint64_t seed)
{
	uint64_t *w = p, x = seed * 2 + 1;

	for (size_t i = 0; i < len / sizeof(*w); i++)
		w[i] = x = next_word(x);
}

void verify(const char *what, const void *p, size_t len, uint64_t seed)
{
	const uint64_t *w = p;
	uint64_t x = seed * 2 + 1;

	for (size_t i = 0; i < len / sizeof(*w); i++) {
		x = next_word(x);
		if (w[i] == x)
			continue;
		wrong("%s: byte %zu of %zu: %llx, not %llx", what, i * sizeof(*w), len,
		      (unsigned long long)w[i], (unsigned long long)x);
		return;
	}
}

struct puppet puppet_make(void (*serve)(int fd, long arg), long arg)
{
	struct puppet p;
	int sv[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, sv))
		die("socketpair");
	p.fd = sv[0];
	p.pid = fork();
	if (p.pid < 0)
		die("fork");
	if (p.pid == 0) {
		close(sv[0]);
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		serve(sv[1], arg);
		_exit(0);
	}
	close(sv[1]);
	return p;
}

int puppet_ask(const struct puppet *p, long question, long *ret_answer)
{
	struct pollfd pfd = {p->fd, POLLIN, 0};

	if (send(p->fd, &question, sizeof(question), MSG_NOSIGNAL) == sizeof(question) &&
	    poll(&pfd, 1, 30000) == 1 &&
	    recv(p->fd, ret_answer, sizeof(*ret_answer), 0) == sizeof(*ret_answer))
		return 1;
	wrong("process %d: no answer", p->pid);
	return 0;
}

long proc_number(const char *path, const char *name, int base)
{
	FILE *f = fopen(path, "re");
	size_t len = strlen(name);
	char line[512];
	long n = -1;

	while (f && fgets(line, sizeof(line), f))
		if (!strncmp(line, name, len) && line[len] == ':')
			n = strtol(line + len + 1, NULL, base);
	if (f)
		fclose(f);
	return n;
}

/* ---- the loop --------------------------------------------------------------------------- */

static const struct piece *const all[] = {mem_pieces,  ipc_pieces,   net_pieces, file_pieces,
					  proc_pieces, thing_pieces, more_pieces};
static const struct piece *used[64];
static int n_used;

static const struct piece *find(const char *name, size_t len)
{
	for (size_t i = 0; i < sizeof(all) / sizeof(*all); i++)
		for (const struct piece *p = all[i]; p->name; p++)
			if (strlen(p->name) == len && !strncmp(p->name, name, len))
				return p;
	errno = EINVAL;
	die(name);
}

static void on_signal(int sig)
{
	if (sig == SIGUSR1)
		asked = 1;
	else
		ended = 1;
}

static void check_all(void)
{
	report[0] = '\0';
	for (int i = 0; i < n_used; i++)
		if (used[i]->check)
			used[i]->check();
	answer(report[0] ? report : "ok\n");
}

static void loop(void)
{
	struct timespec ms = {0, 1000000};
	sigset_t mask;
	int ticks = 0;

	for (int i = 0; i < n_used; i++)
		ticks |= used[i]->tick != NULL;
	sigprocmask(SIG_BLOCK, NULL, &mask);
	sigdelset(&mask, SIGUSR1);
	sigdelset(&mask, SIGTERM);
	while (!ended) {
		ppoll(NULL, 0, ticks ? &ms : NULL, &mask);
		for (int i = 0; i < n_used; i++)
			if (used[i]->tick)
				used[i]->tick();
		if (asked) {
			asked = 0;
			check_all();
		}
	}
}

int main(int argc, char **argv)
{
	struct sigaction sa = {.sa_handler = on_signal};
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGUSR1);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);
	sigaction(SIGUSR1, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	for (int i = 1; i < argc; i++) {
		const char *colon = strchr(argv[i], ':');

		if (!strcmp(argv[i], "-d") && i + 1 < argc) {
			dir = argv[++i];
			continue;
		}
		used[n_used] = find(argv[i], colon ? (size_t)(colon - argv[i]) : strlen(argv[i]));
		used[n_used++]->set(colon ? atol(colon + 1) : 0);
	}
	answer("ready\n");
	loop();
	return 0;
}
