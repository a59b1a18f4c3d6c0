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

/* A directory on the way down. */
struct level {
	struct level *up;
	const char **names; /* its sub-cgroups */
	size_t n, next;
};

static int open_level(int fd, struct arena *a, struct level **level)
{
	auto_fd int dup = beneath_open(fd, ".", O_RDONLY | O_DIRECTORY);
	auto_dir DIR *dir = dup < 0 ? NULL : fdopendir(dup);
	struct level *l = arena_new(a, struct level);
	struct dirent *e;

	l->up = *level;
	*level = l;
	if (!dir)
		return dup == -ENOENT ? 0 : dup < 0 ? dup : -errno;
	take_fd(&dup);
	while ((errno = 0, e = readdir(dir)))
		if (e->d_type == DT_DIR && !streq(e->d_name, ".") && !streq(e->d_name, ".."))
			*arena_push(a, &l->names, &l->n) = arena_strdup(a, e->d_name);
	return errno == ENOENT ? 0 : -errno;
}

static int go(int *fd, int to)
{
	if (to < 0)
		return to;
	close_fd(fd);
	*fd = to;
	return 0;
}

int cgroup_walk(int top, int (*visit)(int parent, const char *name, void *ctx), void *ctx)
{
	auto_fd int fd = beneath_open(top, ".", O_RDONLY | O_DIRECTORY);
	auto_arena a = ARENA_INIT;
	struct level *l = NULL;
	int r = fd < 0 ? fd : open_level(fd, &a, &l);

	while (r >= 0 && (l->next < l->n || l->up)) {
		if (l->next < l->n) {
			r = go(&fd, beneath_open(fd, l->names[l->next], O_RDONLY | O_DIRECTORY));
			if (r == -ENOENT)
				l->next++;
			r = r == -ENOENT ? 0 : r < 0 ? r : open_level(fd, &a, &l);
		} else {
			int up = openat(fd, "..", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

			r = go(&fd, up < 0 ? -errno : up);
			l = l->up;
			if (r == 0)
				r = visit(fd, l->names[l->next++], ctx);
		}
	}
	return r < 0 ? r : 0;
}

struct processes {
	struct arena *a;
	pid_t *pids;
	size_t n;
};

static int collect(int fd, struct processes *p)
{
	char *text = NULL, *save = NULL;
	ssize_t n = cgroup_file_slurp(fd, p->a, "cgroup.procs", &text);

	/* A threaded cgroup does not list processes: the domain above it does. It can vanish. */
	if (n < 0)
		return n == -EOPNOTSUPP || n == -ENODEV || n == -ENOENT ? 0 : (int)n;
	for (char *s = strtok_r(text, "\n", &save); s; s = strtok_r(NULL, "\n", &save)) {
		uint32_t pid = 0;

		/* 0: a process of a pid namespace that is not below ours */
		if (str_to_u32(s, &pid) == 0 && pid)
			*arena_push(p->a, &p->pids, &p->n) = (pid_t)pid;
	}
	return 0;
}

static int collect_below(int parent, const char *name, void *ctx)
{
	auto_fd int fd = beneath_open(parent, name, O_RDONLY | O_DIRECTORY);

	if (fd < 0)
		return fd == -ENOENT ? 0 : fd;
	return collect(fd, ctx);
}

static int by_pid(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

int cgroup_pids(int fd, struct arena *a, pid_t **ret, size_t *ret_n, struct err *err)
{
	struct processes w = {.a = a};
	size_t unique = 0;
	int r = collect(fd, &w);

	if (r == 0)
		r = cgroup_walk(fd, collect_below, &w);
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
