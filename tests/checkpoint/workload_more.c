/* TEST: descriptors of processes, leases, connections that nobody has accepted, the working
 * directory. */
#define _GNU_SOURCE
#include "workload.h"

#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

enum { BACKLOG_PORT = 7011 };

/* ---- a descriptor of a process ------------------------------------------------------------ */

static int pidfd;
static pid_t watched;

static void pidfd_set(long n)
{
	(void)n;
	watched = fork();
	if (watched == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	pidfd = watched < 0 ? -1 : (int)syscall(SYS_pidfd_open, watched, 0);
	if (pidfd < 0)
		die("pidfd");
}

static void pidfd_check(void)
{
	char path[64];
	struct pollfd pfd = {pidfd, POLLIN, 0};

	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	must(proc_number(path, "Pid", 10) == watched, "pidfd: it is of process %ld",
	     proc_number(path, "Pid", 10));
	must(syscall(SYS_pidfd_send_signal, pidfd, 0, NULL, 0) == 0, "pidfd: %s", strerror(errno));
	must(poll(&pfd, 1, 0) == 0, "pidfd: the process has ended");
}

/* ---- leases of files ---------------------------------------------------------------------- */

static int leased;

static void lease_set(long n)
{
	int fd = open(in_dir("leased"), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	(void)n;
	if (fd < 0 || close(fd))
		die("leased");
	leased = open(in_dir("leased"), O_RDONLY | O_CLOEXEC);
	if (leased < 0 || fcntl(leased, F_SETLEASE, F_RDLCK))
		die("F_SETLEASE");
}

static void lease_check(void)
{
	must(fcntl(leased, F_GETLEASE) == F_RDLCK, "the lease is %d", fcntl(leased, F_GETLEASE));
}

/* ---- connections that nobody has accepted yet --------------------------------------------- */

static struct sockaddr_in backlog_at;
static int backlog;

static int call(void)
{
	int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);

	if (fd >= 0 && connect(fd, (struct sockaddr *)&backlog_at, sizeof(backlog_at)) == 0)
		return fd;
	close(fd);
	return -1;
}

static void backlog_set(long n)
{
	(void)n;
	backlog_at = (struct sockaddr_in){.sin_family = AF_INET, .sin_port = htons(BACKLOG_PORT)};
	backlog_at.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	backlog = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	if (backlog < 0 || bind(backlog, (struct sockaddr *)&backlog_at, sizeof(backlog_at)) ||
	    listen(backlog, 5) || call() < 0 || call() < 0)
		die("backlog");
}

/* Whether the two waiting ones are there or not: whoever calls now is heard. */
static void backlog_check(void)
{
	int c = call(), s;
	char byte = 0;

	must(c >= 0, "backlog: nobody can connect: %s", strerror(errno));
	must(write(c, "x", 1) == 1, "backlog: write: %s", strerror(errno));
	for (int i = 0; i < 3 && byte != 'x'; i++) {
		struct pollfd pfd = {backlog, POLLIN, 0};

		if (poll(&pfd, 1, 5000) != 1 || (s = accept(backlog, NULL, NULL)) < 0)
			break;
		(void)!recv(s, &byte, 1, MSG_DONTWAIT);
		close(s);
	}
	must(byte == 'x', "backlog: a new connection is not heard");
	close(c);
	/* As it was. */
	if (call() < 0 || call() < 0)
		wrong("backlog: connect: %s", strerror(errno));
}

/* ---- where it is                       --------------------------------------------------- */

static struct stat here;
static char cwd[512];

static void place_set(long n)
{
	(void)n;
	if ((mkdir(in_dir("cwd"), 0700) && errno != EEXIST) || chdir(in_dir("cwd")) ||
	    !getcwd(cwd, sizeof(cwd)) || stat(".", &here))
		die("cwd");
	umask(0137);
}

static void place_check(void)
{
	struct stat now = {0};
	char is[512] = "";
	mode_t mask = umask(0137);

	must(getcwd(is, sizeof(is)) && !strcmp(is, cwd), "the working directory is '%s'", is);
	must(stat(".", &now) == 0 && now.st_ino == here.st_ino, "the working directory is another");
	must(mask == 0137, "the umask is %o", mask);
}

/* clang-format off */
const struct piece more_pieces[] = {
	{"pidfd",   pidfd_set,   pidfd_check,   NULL},
	{"lease",   lease_set,   lease_check,   NULL},
	{"backlog", backlog_set, backlog_check, NULL},
	{"place",   place_set,   place_check,   NULL},
	{0},
};
/* clang-format on */
