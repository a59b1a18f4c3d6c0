/* RUNTIME: what /proc says about a task that is to be tracked. */
#include "track_task.h"

#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/kcmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/str.h"

#define TASKS_LOOKED_AT 64
#define MAPS_MAX        (1 << 20) /* vm.max_map_count is 65530, and 262144 where databases run */
#define CODE_MAX        (8 << 20) /* how much of it is searched */
#define CODE_CHUNK      (64 << 10)

static pid_t as_pid(const char *name)
{
	uint32_t v;

	return str_to_u32(name, &v) == 0 && v <= INT32_MAX ? (pid_t)v : -1;
}

/* The state of a task that has not ended, or 0. */
static char live_state(pid_t tid)
{
	struct proc_stat st;

	return proc_stat_read(tid, &st) < 0 || strchr("ZX", st.state) ? 0 : st.state;
}

pid_t task_pick(pid_t pid)
{
	auto_dir DIR *dir = NULL;
	char path[64], state = live_state(pid);
	pid_t waiting = state ? pid : -ESRCH;
	struct dirent *e;

	if (state && state != 'D')
		return pid;
	snprintf(path, sizeof(path), "/proc/%d/task", pid);
	dir = opendir(path);
	for (int i = 0; dir && i < TASKS_LOOKED_AT && (e = readdir(dir)); i++) {
		pid_t tid = as_pid(e->d_name);

		state = tid < 0 ? 0 : live_state(tid);
		if (state && state != 'D')
			return tid;
		if (state)
			waiting = tid;
	}
	return waiting;
}

struct reader {
	int fd;
	size_t len, pos;
	char buf[16384];
};

/* One line without its newline, cut when it is longer than LINE. 1, 0 at the end, -errno. */
static int read_line(struct reader *r, char *line, size_t size)
{
	size_t n = 0;

	for (;;) {
		char c;

		if (r->pos == r->len) {
			ssize_t got = read(r->fd, r->buf, sizeof(r->buf));

			if (got < 0 && errno == EINTR)
				continue;
			if (got <= 0)
				return got < 0 ? -errno : 0;
			r->len = (size_t)got;
			r->pos = 0;
		}
		c = r->buf[r->pos++];
		if (c == '\n')
			break;
		if (n < size - 1)
			line[n++] = c;
	}
	line[n] = '\0';
	return 1;
}

/* "7ffd0000-7ffd2000 rw-p 00000000 00:00 0      [stack]" */
static bool parse_map(const char *line, struct track_map *ret, char perms[8], const char **ret_name)
{
	unsigned long start, end;
	int name = 0;

	if (sscanf(line, "%lx-%lx %4s %*x %*x:%*x %*u %n", &start, &end, perms, &name) < 3 || !name)
		return false;
	*ret_name = line + name;
	*ret = (struct track_map){.start = start, .end = end};
	ret->aio = str_starts(*ret_name, "/[aio]");
	ret->eligible = perms[3] == 'p' && !str_starts(*ret_name, "[v") &&
			!str_starts(*ret_name, "/anon_hugepage");
	return true;
}

int task_read_maps(int procfd, task_each_map *each, void *arg)
{
	auto_fd int fd = openat(procfd, "maps", O_RDONLY | O_CLOEXEC);
	struct reader r = {.fd = fd};
	char line[256], perms[8];
	int rc;

	if (fd < 0)
		return -errno;
	for (size_t n = 0; (rc = read_line(&r, line, sizeof(line))) == 1; n++) {
		struct track_map map;
		const char *name;

		if (n == MAPS_MAX)
			return -E2BIG;
		if (!parse_map(line, &map, perms, &name))
			continue;
		rc = each(arg, &map, perms, name);
		if (rc < 0)
			return rc;
	}
	return rc;
}

struct search {
	pid_t pid;
	bool vdso; /* this pass looks at nothing else */
	size_t left;
	unsigned long found;
};

static unsigned long search_code(pid_t pid, uint64_t start, uint64_t end)
{
	static const unsigned char insn[] = {0x0f, 0x05};
	auto_free unsigned char *buf = malloc(CODE_CHUNK);

	for (; buf && start < end; start += CODE_CHUNK) {
		size_t len = end - start < CODE_CHUNK ? end - start : CODE_CHUNK;
		struct iovec local = {buf, len}, remote = {(void *)start, len};
		ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
		unsigned char *at = n > 0 ? memmem(buf, (size_t)n, insn, sizeof(insn)) : NULL;

		if (at)
			return start + (uint64_t)(at - buf);
	}
	return 0;
}

static int search_map(void *arg, const struct track_map *map, const char *perms, const char *name)
{
	struct search *s = arg;
	uint64_t len = map->end - map->start;

	if (!str_starts(perms, "r-x") || streq(name, "[vdso]") != s->vdso)
		return 0;
	if (len > s->left)
		len = s->left;
	s->left -= len;
	s->found = search_code(s->pid, map->start, map->start + len);
	return s->found ? -EEXIST : 0;
}

unsigned long task_find_syscall(pid_t pid)
{
	struct search s = {.pid = pid, .vdso = true, .left = CODE_MAX};
	auto_fd int procfd = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d", pid);
	procfd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (procfd < 0)
		return 0;
	task_read_maps(procfd, search_map, &s);
	s.vdso = false;
	if (!s.found)
		task_read_maps(procfd, search_map, &s);
	return s.found;
}

bool task_has_seccomp(pid_t tid)
{
	char buf[4096];
	uint64_t mode = 0;

	return proc_status_read(tid, buf, sizeof(buf)) <= 0 ||
	       !proc_field(buf, "\nSeccomp:", 10, &mode) || mode != 0;
}

bool task_signal_waits(pid_t tid)
{
	uint64_t own, shared, blocked;
	char buf[4096];

	return proc_status_read(tid, buf, sizeof(buf)) <= 0 ||
	       !proc_field(buf, "\nSigPnd:", 16, &own) ||
	       !proc_field(buf, "\nShdPnd:", 16, &shared) ||
	       !proc_field(buf, "\nSigBlk:", 16, &blocked) || ((own | shared) & ~blocked);
}

bool task_shares_memory(pid_t pid)
{
	struct proc_stat st;

	/* What has ended has none. */
	return proc_stat_read(pid, &st) == 0 && st.ppid > 0 && st.state != 'Z' &&
	       syscall(SYS_kcmp, pid, st.ppid, KCMP_VM, 0, 0) == 0;
}

static bool is_direct(int procfd, const char *fd)
{
	char path[64], buf[256];
	const char *p;
	uint64_t flags = 0;

	snprintf(path, sizeof(path), "fdinfo/%.16s", fd);
	if (io_read_small(procfd, path, buf, sizeof(buf)) <= 0)
		return false;
	p = strstr(buf, "flags:");
	return p && proc_field(p, "flags:", 8, &flags) && (flags & O_DIRECT);
}

enum track_why task_check_files(int procfd, bool soft)
{
	auto_dir DIR *dir = NULL;
	auto_fd int fd = openat(procfd, "fd", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	struct dirent *e;

	dir = fd < 0 ? NULL : fdopendir(fd);
	if (!dir)
		return TRACK_OK; /* it is ending */
	take_fd(&fd);
	while ((e = readdir(dir))) {
		char link[64];
		ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof(link) - 1);

		if (n <= 0)
			continue;
		link[n] = '\0';
		if (streq(link, "anon_inode:[userfaultfd]"))
			return TRACK_USERFAULTFD;
		if (streq(link, "anon_inode:[io_uring]"))
			return TRACK_IO_URING;
		if (soft && str_ends(link, "/clear_refs"))
			return TRACK_SOFT_DIRTY;
		if (link[0] == '/' && is_direct(procfd, e->d_name))
			return TRACK_DIRECT_IO;
	}
	return TRACK_OK;
}
