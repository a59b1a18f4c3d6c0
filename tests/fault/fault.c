/* TEST: the fault points of hull-fault: a step that fails, or that kills hull. */
/*
 * HULL_FAULT="init:mounts" makes that step fail with EIO instead of running;
 * "init:mounts=kill" sends SIGKILL to the process that has come to it, "init:mounts=stop" SIGSTOP:
 * it goes on there when the test says so; "=slow" makes it take SLOW_MS longer, SLOW_TIMES times.
 * HULL_FAULT_NUMBER="quiet=3000" is another value of that number.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/steps.h"

/* Read at the start, as init forgets its environment at some step. */
static char fault_text[128];

__attribute__((constructor)) static void read_fault(void)
{
	const char *text = getenv("HULL_FAULT");

	if (text && strlen(text) < sizeof(fault_text))
		strcpy(fault_text, text);
}

#define SLOW_MS    150
#define SLOW_TIMES 45

static void take_long(void)
{
	static int times;

	if (times++ < SLOW_TIMES)
		nanosleep(&(struct timespec){.tv_nsec = SLOW_MS * 1000000L}, NULL);
}

int fault_point(const char *what, const char *name, struct err *err)
{
	const char *fault = fault_text;
	size_t w = strlen(what), n = strlen(name);

	if (strncmp(fault, what, w) != 0 || fault[w] != ':' || strncmp(fault + w + 1, name, n) != 0)
		return 0;
	fault += w + 1 + n;
	if (strcmp(fault, "=kill") == 0) {
		kill(getpid(), SIGKILL);
		_exit(128 + SIGKILL); /* the first process of a namespace cannot kill itself */
	}
	if (strcmp(fault, "=stop") == 0)
		kill(getpid(), SIGSTOP);
	if (strcmp(fault, "=slow") == 0)
		take_long();
	return *fault ? 0 : err_fail(err, EIO, "injected fault at '%s:%s'", what, name);
}

int fault_number(const char *what, int real)
{
	const char *text = getenv("HULL_FAULT_NUMBER");
	size_t n = strlen(what);

	return text && strncmp(text, what, n) == 0 && text[n] == '=' ? atoi(text + n + 1) : real;
}
