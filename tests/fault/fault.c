/* TEST: the fault points of hull-fault: a step that fails, or that kills hull. */
/*
 * HULL_FAULT="init:mounts" makes that step fail with EIO instead of running;
 * "init:mounts=kill" sends SIGKILL to the process that has come to it, "init:mounts=stop" SIGSTOP:
 * it goes on there when the test says so.
 */
#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
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
	return *fault ? 0 : err_fail(err, EIO, "injected fault at '%s:%s'", what, name);
}
