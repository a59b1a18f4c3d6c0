/* TEST: what a hostile container would run against the runtime; linked with probe.c. */
#define _GNU_SOURCE
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/keyctl.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "attacker.h"

/* ---- exchange -------------------------------------------------------------------------- */

/* exchange A B [C D]...: swaps the names of each pair, as fast as it goes, until it is killed. */
int verb_exchange(int argc, char **argv)
{
	unsigned long n = 0;

	for (;; n++) {
		bool any = false;

		for (int i = 0; i + 1 < argc; i += 2)
			any |= renameat2(AT_FDCWD, argv[i], AT_FDCWD, argv[i + 1],
					 RENAME_EXCHANGE) == 0;
		if (!any && n > 1000000)
			return 99;
	}
}

/* ---- spy ------------------------------------------------------------------------------- */

/*
 * spy NAME VALUE: looks at every process it sees but pid 1 and itself, until it is killed, and
 * prints each kind of thing it could get once: a descriptor ("fd TARGET"), a root or working
 * directory that is not its own ("root", "cwd"), NAME=VALUE in the environment or memory
 * ("environ", "memory"), memory that is another process's as well ("shared"), the executable for
 * writing ("exe"), and capabilities that it has not itself, of a process it could trace ("ptrace
 * MASK").
 */
static char seen[128][160];
static size_t n_seen;

static void tell(const char *what, const char *of)
{
	char line[160];

	snprintf(line, sizeof(line), "%s%s%s", what, *of ? " " : "", of);
	for (size_t i = 0; i < n_seen; i++)
		if (!strcmp(seen[i], line))
			return;
	if (n_seen < sizeof(seen) / sizeof(*seen))
		strcpy(seen[n_seen++], line);
	puts(line);
}

static bool same_file(int proc, const char *name, const struct stat *own)
{
	struct stat st;

	return fstatat(proc, name, &st, 0) < 0 ||
	       (st.st_dev == own->st_dev && st.st_ino == own->st_ino);
}

static void look_at_fds(int proc)
{
	int fd = openat(proc, "fd", O_RDONLY | O_DIRECTORY);
	DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	struct dirent *e;
	char link[128];
	ssize_t n;

	while (dir && (e = readdir(dir))) {
		n = readlinkat(fd, e->d_name, link, sizeof(link) - 1);
		if (n <= 0)
			continue;
		link[n] = '\0';
		/* Pipes and the like have a number of their own each time. */
		link[strcspn(link, "[")] = '\0';
		if (atoi(e->d_name) > 2)
			tell("fd", link);
	}
	if (dir)
		closedir(dir);
}

static bool holds(int fd, off_t from, size_t size, const char *secret)
{
	static char buf[1 << 20];
	ssize_t n;

	n = pread(fd, buf, size < sizeof(buf) ? size : sizeof(buf), from);
	return n > 0 && memmem(buf, (size_t)n, secret, strlen(secret));
}

static void look_at_memory(int proc, const char *secret)
{
	int mem = openat(proc, "mem", O_RDONLY), maps = openat(proc, "maps", O_RDONLY);
	FILE *f = maps < 0 ? NULL : fdopen(maps, "r");
	unsigned long start, end;
	char line[512], mode[8];

	while (mem >= 0 && f && fgets(line, sizeof(line), f))
		if (sscanf(line, "%lx-%lx %7s", &start, &end, mode) == 3 && mode[1] == 'w') {
			if (holds(mem, (off_t)start, end - start, secret))
				tell("memory", "");
			if (mode[3] == 's')
				tell("shared", "");
		}
	if (f)
		fclose(f);
	if (mem >= 0)
		close(mem);
}

static uint64_t caps_of(int proc)
{
	char text[4096], *p;
	int fd = openat(proc, "status", O_RDONLY);
	ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);

	if (fd >= 0)
		close(fd);
	text[n < 0 ? 0 : n] = '\0';
	p = strstr(text, "CapPrm:");
	return p ? strtoull(p + 7, NULL, 16) : 0;
}

static void trace(int proc, pid_t pid, uint64_t own)
{
	char mask[32];
	uint64_t caps;

	if (ptrace(PTRACE_SEIZE, pid, 0, 0) < 0)
		return;
	ptrace(PTRACE_INTERRUPT, pid, 0, 0);
	if (waitpid(pid, NULL, __WALL) == pid) {
		caps = caps_of(proc);
		snprintf(mask, sizeof(mask), "%llx", (unsigned long long)caps);
		if (caps & ~own)
			tell("ptrace", mask);
		ptrace(PTRACE_DETACH, pid, 0, 0);
	}
}

static void look_at(pid_t pid, const char *secret, const struct stat *root, uint64_t own)
{
	char path[64];
	int proc, fd;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	proc = open(path, O_PATH | O_DIRECTORY);
	if (proc < 0)
		return;
	if (!same_file(proc, "root", root))
		tell("root", "");
	if (!same_file(proc, "cwd", root))
		tell("cwd", "");
	look_at_fds(proc);
	fd = openat(proc, "environ", O_RDONLY);
	if (fd >= 0 && holds(fd, 0, 65536, secret))
		tell("environ", "");
	close(fd);
	look_at_memory(proc, secret);
	fd = openat(proc, "exe", O_WRONLY);
	if (fd >= 0)
		tell("exe", "");
	close(fd);
	trace(proc, pid, own);
	close(proc);
}

int verb_spy(int argc, char **argv)
{
	int self = open("/proc/self", O_PATH | O_DIRECTORY);
	pid_t me = getpid(), top = me;
	uint64_t own = caps_of(self);
	struct stat root;
	char secret[256];

	(void)argc;
	snprintf(secret, sizeof(secret), "%s=%s", argv[0], argv[1]);
	if (stat("/", &root) < 0)
		return 99;
	puts("up");
	/* Pids go up one by one: the next ones are tried, faster than a directory is read. */
	for (;;)
		for (pid_t pid = top > 2 ? top - 2 : 2; pid < top + 4; pid++) {
			char path[64];

			snprintf(path, sizeof(path), "/proc/%d", (int)pid);
			if (pid == me || access(path, F_OK) < 0)
				continue;
			look_at(pid, secret, &root, own);
			if (pid > top)
				top = pid;
		}
}

/* ---- tree ------------------------------------------------------------------------------ */

static void show(const char *path, const struct stat *st)
{
	char text[256] = "";
	int fd = -1;
	ssize_t n = 0;

	if (S_ISLNK(st->st_mode)) {
		n = readlink(path, text, sizeof(text) - 1);
	} else if (S_ISREG(st->st_mode)) {
		fd = open(path, O_RDONLY);
		n = read(fd, text, sizeof(text) - 1);
		close(fd);
	}
	text[n < 0 ? 0 : n] = '\0';
	printf("%s %o %u:%u %lld %lld.%ld %lld.%ld %lu %llx <%s>\n", path, st->st_mode, st->st_uid,
	       st->st_gid, (long long)st->st_size, (long long)st->st_mtim.tv_sec,
	       st->st_mtim.tv_nsec, (long long)st->st_ctim.tv_sec, st->st_ctim.tv_nsec,
	       (unsigned long)st->st_nlink, (unsigned long long)st->st_ino, text);
}

/* tree DIR: all there is to know of everything below it, but for the time of the last reading. */
int verb_tree(int argc, char **argv)
{
	struct dirent **list;
	struct stat st;
	int n;

	(void)argc;
	if (lstat(argv[0], &st) < 0)
		return 99;
	show(argv[0], &st);
	n = S_ISDIR(st.st_mode) ? scandir(argv[0], &list, NULL, alphasort) : 0;
	for (int i = 0; i < n; i++) {
		char path[4096], *below = path;

		snprintf(path, sizeof(path), "%s/%s", argv[0], list[i]->d_name);
		if (strcmp(list[i]->d_name, ".") && strcmp(list[i]->d_name, ".."))
			verb_tree(1, &below);
	}
	return 0;
}

/* ---- keyring --------------------------------------------------------------------------- */

/* keyring NAME KEY CMD...: joins a session keyring of that name, which is open to all of the same
 * user, puts a key there, and runs CMD. */
int verb_keyring(int argc, char **argv)
{
	long ring = syscall(SYS_keyctl, KEYCTL_JOIN_SESSION_KEYRING, argv[0]);

	(void)argc;
	if (ring < 0 || syscall(SYS_keyctl, KEYCTL_SETPERM, ring, 0x3f3f0000) < 0 ||
	    syscall(SYS_add_key, "user", argv[1], "x", 1, ring) < 0)
		return 99;
	execvp(argv[2], argv + 2);
	return 98;
}

/* ---- reopen ---------------------------------------------------------------------------- */

/* reopen: opens /proc/PID/exe of all programs but its own, keeps that, and tries to write by it,
 * over and over, until it is killed. Prints each thing that came of it once: "held" a program, "!
 * ERRNO", "wrote". While the program runs that is ETXTBSY, hence the keeping. */
int verb_reopen(int argc, char **argv)
{
	int held[64], n = 0, fd;
	struct stat own, st;
	char path[64];

	(void)argc, (void)argv;
	if (stat("/proc/self/exe", &own) < 0)
		return 99;
	puts("up");
	for (;;) {
		for (pid_t pid = 1; pid < 400 && n < 64; pid++) {
			snprintf(path, sizeof(path), "/proc/%d/exe", (int)pid);
			fd = open(path, O_RDONLY);
			if (fd < 0)
				continue;
			if (fstat(fd, &st) < 0 ||
			    (st.st_dev == own.st_dev && st.st_ino == own.st_ino)) {
				close(fd);
				continue;
			}
			held[n++] = fd;
			tell("held", "");
		}
		for (int i = 0; i < n; i++) {
			snprintf(path, sizeof(path), "/proc/self/fd/%d", held[i]);
			fd = open(path, O_WRONLY);
			if (fd >= 0 && write(fd, "evil", 4) == 4) {
				tell("wrote", "");
			} else {
				snprintf(path, sizeof(path), "%d", errno);
				tell("!", path);
			}
			close(fd);
		}
	}
}
