/* TEST: what container engines do around a runtime, as verbs of the probe. */
#define _GNU_SOURCE
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "engine.h"

static int fail(const char *what)
{
	fprintf(stderr, "probe: %s: %s\n", what, strerror(errno));
	return 99;
}

/* packets FD CMD...: runs CMD with that descriptor a socket that keeps each write apart; prints how
 * many there were, then what they said. */
int verb_packets(int argc, char **argv)
{
	static char text[1 << 16];
	int fd = atoi(argv[0]), pair[2], writes = 0, status;
	size_t len = 0;
	ssize_t n;
	pid_t pid;

	if (argc < 2 || socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return fail("socketpair");
	pid = fork();
	if (pid == 0) {
		dup2(pair[1], fd);
		execvp(argv[1], argv + 1);
		_exit(98);
	}
	close(pair[1]);
	/* Not to the end of file: a container may have it. */
	if (waitpid(pid, &status, 0) < 0)
		return fail("wait");
	while ((n = recv(pair[0], text + len, sizeof(text) - len - 1, MSG_DONTWAIT)) > 0) {
		len += (size_t)n;
		writes++;
	}
	printf("%d\n%s", writes, text);
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* parent FILE CMD...: as conmon and the shim are: a subreaper, which runs CMD and looks at the end
 * of no other child before FILE is there; then prints the pid and wait status of each. */
int verb_parent(int argc, char **argv)
{
	int status;
	pid_t pid;

	if (argc < 2 || prctl(PR_SET_CHILD_SUBREAPER, 1) < 0)
		return fail("subreaper");
	pid = fork();
	if (pid == 0) {
		execvp(argv[1], argv + 1);
		_exit(98);
	}
	if (waitpid(pid, &status, 0) < 0 || status)
		return fail(argv[1]);
	puts("up");
	while (access(argv[0], F_OK) < 0)
		poll(NULL, 0, 20);
	while ((pid = wait(&status)) > 0)
		printf("%d %d\n", (int)pid, status);
	return 0;
}

/* mortal [CMD...]: runs CMD as one that dies with its parent; without, says whether this one does.
 */
int verb_mortal(int argc, char **argv)
{
	int sig = -1;

	if (argc == 0)
		return prctl(PR_GET_PDEATHSIG, &sig) < 0 ? fail("prctl") : printf("%d\n", sig) < 0;
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail("prctl");
	execvp(argv[0], argv);
	return fail(argv[0]);
}

/* By its name: libnetwork-setkey ROOT FILE, what Docker's hook does: joins the network namespace of
 * the process in the state on stdin. Notes its arguments, that namespace and the state in FILE. */
int verb_setkey(int argc, char **argv)
{
	char state[8192], path[64], link[128] = "";
	FILE *out = argc > 2 ? fopen(argv[2], "a") : NULL;
	size_t len = fread(state, 1, sizeof(state) - 1, stdin);
	const char *pid;
	int ns;

	if (!out)
		return fail("setkey");
	state[len] = '\0';
	pid = strstr(state, "\"pid\":");
	snprintf(path, sizeof(path), "/proc/%d/ns/net", pid ? atoi(pid + 6) : 0);
	ns = open(path, O_RDONLY | O_CLOEXEC);
	if (ns < 0 || setns(ns, CLONE_NEWNET) < 0)
		return fail(path);
	if (readlink("/proc/self/ns/net", link, sizeof(link) - 1) < 0)
		return fail("readlink");
	for (int i = 0; i < argc; i++)
		fprintf(out, "%s\n", argv[i]);
	fprintf(out, "%s\n%s\n", link, state);
	return fclose(out) ? fail("write") : 0;
}
