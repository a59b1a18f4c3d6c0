/* RUNTIME: the processes of a cgroup and all below it. */
#include "cgroups/procs.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>

#include "cgroups/cgroup.h"
#include "cgroups/file.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"

int cgroup_each_child(int fd, int (*visit)(int parent, const char *name, void *ctx), void *ctx)
{
	auto_fd int dup = beneath_open(fd, ".", O_RDONLY | O_DIRECTORY);
	auto_dir DIR *dir = NULL;
	struct dirent *e;
	int r = 0;

	if (dup < 0)
		return dup;
	dir = fdopendir(dup);
	if (!dir)
		return -errno;
	take_fd(&dup);
	while (r >= 0 && (errno = 0, e = readdir(dir))) {
		if (e->d_type == DT_DIR && !streq(e->d_name, ".") && !streq(e->d_name, ".."))
			r = visit(fd, e->d_name, ctx);
	}
	return r < 0 ? r : -errno;
}

struct walk {
	struct arena *a;
	pid_t *pids;
	size_t n;
	int depth;
};

static int collect(int fd, struct walk *w);

static int collect_child(int parent, const char *name, void *ctx)
{
	auto_fd int fd = beneath_open(parent, name, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return collect(fd, ctx);
}

static int collect(int fd, struct walk *w)
{
	char *text = NULL, *save = NULL;
	ssize_t n = cgroup_file_slurp(fd, w->a, "cgroup.procs", &text);
	int r;

	/* A threaded cgroup does not list processes: the domain above it does. It can vanish. */
	if (n < 0 && n != -EOPNOTSUPP)
		return n == -ENODEV || n == -ENOENT ? 0 : (int)n;
	for (char *s = n < 0 ? NULL : strtok_r(text, "\n", &save); s;
	     s = strtok_r(NULL, "\n", &save)) {
		uint32_t pid = 0;

		/* 0: a process of a pid namespace that is not below ours */
		if (str_to_u32(s, &pid) == 0 && pid)
			*arena_push(w->a, &w->pids, &w->n) = (pid_t)pid;
	}
	if (++w->depth > CGROUP_MAX_DEPTH)
		return -ELOOP;
	r = cgroup_each_child(fd, collect_child, w);
	w->depth--;
	return r;
}

static int by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int cgroup_pids(int fd, struct arena *a, pid_t **ret, size_t *ret_n, struct err *err)
{
	struct walk w = {.a = a};
	size_t unique = 0;
	int r = collect(fd, &w);

	if (r < 0)
		return err_sys(err, -r, "read the processes of the cgroup");
	if (w.n)
		qsort(w.pids, w.n, sizeof(*w.pids), by_pid);
	for (size_t i = 0; i < w.n; i++) {
		if (i == 0 || w.pids[i] != w.pids[unique - 1])
			w.pids[unique++] = w.pids[i];
	}
	*ret = w.pids;
	*ret_n = unique;
	return 0;
}

int cgroup_is_populated(int fd)
{
	uint64_t v = 0;
	int r = cgroup_file_key(fd, "cgroup.events", "populated", &v);

	return r < 0 ? r : v != 0;
}

int cgroup_wait_empty(int fd, int timeout_ms)
{
	int r = cgroup_event_wait(fd, "populated", 0, timeout_ms);

	/* Removed meanwhile: nothing runs there. */
	return r == -ENOENT || r == -ENODEV ? 0 : r;
}
