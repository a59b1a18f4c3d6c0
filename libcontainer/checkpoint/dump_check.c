/* RUNTIME: checkpoint: what CRIU cannot dump, or leaves out, as far as it shows while it runs. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "cgroups/host.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/checkpoint.h"
#include "libcontainer/checkpoint/externals.h"

#define MAX_SOCKETS (64 << 20) /* /proc/PID/net/tcp: 150 bytes each */

int ckpt_check_config(const struct oci_spec *spec, struct err *err)
{
	if (!spec->linux_ || !spec->linux_->seccomp || !given(spec->linux_->seccomp->listener_path))
		return 0;
	return err_fail(err, ENOTSUP,
			"linux.seccomp.listenerPath: CRIU cannot restore a filter whose calls an "
			"agent answers");
}

int ckpt_processes(const struct container *c, struct arena *a, pid_t **ret, size_t *ret_n,
		   struct err *err)
{
	pid_t init = (pid_t)c->state.pid.v;
	int r;

	if (c->cgroup_fd < 0) {
		*ret = arena_memdup(a, &init, sizeof(init));
		*ret_n = 1;
		return 0;
	}
	r = cgroup_pids(c->cgroup_fd, a, ret, ret_n, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < *ret_n; i++)
		if ((*ret)[i] == init) {
			(*ret)[i] = (*ret)[0];
			(*ret)[0] = init;
			return 0;
		}
	return err_fail(err, ESRCH, "process %d of the container is not in its cgroup '%s'",
			(int)init, c->state.cgroup);
}

/* ---- what is left out --------------------------------------------------------------------------
 */

/* CRIU dumps the first process and its descendants. What exec started is the child of whoever did.
 */
static bool is_stranger(const pid_t *pids, size_t n, size_t i)
{
	struct proc_stat st;
	size_t j = 0;

	if (i == 0 || proc_stat_read(pids[i], &st) < 0)
		return false;
	while (j < n && pids[j] != st.ppid)
		j++;
	return j == n;
}

/* CRIU is told to leave cgroups alone: of those that the container made in its own none is saved.
 */
static const char *other_cgroup(const struct state *s, struct arena *a, pid_t pid)
{
	const char *own = s->cgroup, *path;
	struct err ignored;

	if (!given(own))
		return NULL;
	if (given(s->cgroup_sub))
		own = arena_printf(a, "%s/%s", own, s->cgroup_sub);
	if (cgroup_of_pid(a, arena_printf(a, "%d", (int)pid), &path, &ignored) < 0 ||
	    streq(path, own))
		return NULL;
	return path;
}

void ckpt_left_out(const struct container *c, struct arena *a, const pid_t *pids, size_t n,
		   bool cgroups, ckpt_tell *tell, void *ctx)
{
	for (size_t i = 0; i < n; i++) {
		const char *path = cgroups ? other_cgroup(&c->state, a, pids[i]) : NULL;

		if (is_stranger(pids, n, i))
			tell(ctx, arena_printf(a, "process %d was started by exec: it is not saved",
					       (int)pids[i]));
		if (path)
			tell(ctx,
			     arena_printf(a, "process %d is in the cgroup '%s', which is not saved",
					  (int)pids[i], path));
	}
}

/* ---- what cannot be dumped ---------------------------------------------------------------------
 */

struct look {
	struct arena *a;
	const struct ckpt_check *with;
	uint64_t *connected; /* sockets, sorted */
	size_t n_connected;
};

#define PROBLEM(l, ...) (l)->with->problem((l)->with->ctx, arena_printf((l)->a, __VA_ARGS__))

/* CRIU is its tracer while it dumps. */
static void look_for_tracer(struct look *l, pid_t pid)
{
	char text[4096];
	uint64_t tracer = 0;

	if (proc_status_read(pid, text, sizeof(text)) > 0 &&
	    proc_field(text, "\nTracerPid:", 10, &tracer) && tracer)
		PROBLEM(l, "process %d is traced by process %d, so CRIU cannot: end the debugger",
			(int)pid, (int)tracer);
}

/* Of these there can be only one in a dump. */
static void look_at_namespaces(struct look *l, pid_t first, pid_t pid)
{
	static const char *const names[] = {"pid", "user", "uts", "ipc"};
	struct stat own, its;
	char path[64];

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)first, names[i]);
		if (stat(path, &own) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, names[i]);
		if (stat(path, &its) == 0 && own.st_ino != its.st_ino)
			PROBLEM(l,
				"process %d is in %s namespace of its own, inside of the "
				"container's: CRIU cannot dump it",
				(int)pid, i == 3 ? "an ipc" : arena_printf(l->a, "a %s", names[i]));
	}
}

static int compare(const void *a, const void *b)
{
	const uint64_t *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

/* A line of /proc/net/tcp: number, addresses, state, queues, timer, retransmissions, uid, timeout,
 * inode. */
static void add_connected(struct look *l, const char *line)
{
	enum { ESTABLISHED = 1, TIME_WAIT = 6, CLOSE = 7, LISTEN = 10 };
	unsigned state;
	unsigned long inode;

	if (sscanf(line, " %*d: %*s %*s %x %*s %*s %*s %*u %*u %lu", &state, &inode) != 2 ||
	    inode == 0 || state == LISTEN || state == CLOSE || state == TIME_WAIT)
		return;
	*arena_push(l->a, &l->connected, &l->n_connected) = inode;
}

/* Of the first one's network namespace; CRIU looks at descriptors, and so do we. */
static void find_connected(struct look *l, pid_t first)
{
	static const char *const files[] = {"tcp", "tcp6"};
	struct err ignored;

	for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
		char path[64], *text, *save = NULL;
		size_t len;

		snprintf(path, sizeof(path), "/proc/%d/net/%s", (int)first, files[i]);
		if (io_read_file(l->a, AT_FDCWD, path, MAX_SOCKETS, &text, &len, &ignored) < 0)
			continue;
		for (char *line = strtok_r(text, "\n", &save); line;
		     line = strtok_r(NULL, "\n", &save))
			add_connected(l, line);
	}
	if (l->n_connected)
		qsort(l->connected, l->n_connected, sizeof(*l->connected), compare);
}

static void look_at_sockets(struct look *l, pid_t pid)
{
	char path[64], link[64];
	auto_dir DIR *dir = NULL;
	struct dirent *e;
	size_t found = 0;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	while (dir && (e = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof(link) - 1);
		uint64_t inode;

		if (n <= 0)
			continue;
		link[n - 1] = '\0'; /* the bracket */
		if (str_starts(link, "socket:[") &&
		    str_to_u64(link + strlen("socket:["), &inode) == 0 &&
		    bsearch(&inode, l->connected, l->n_connected, sizeof(inode), compare))
			found++;
	}
	if (found)
		PROBLEM(l,
			"process %d has %zu connected TCP sockets: --tcp-established takes them "
			"along",
			(int)pid, found);
}

int ckpt_check(const struct container *c, struct arena *a, const struct oci_spec *spec,
	       const struct ckpt_check *with, struct err *err)
{
	struct look l = {.a = a, .with = with};
	pid_t *pids;
	size_t n;
	int r = ckpt_check_config(spec, err);

	if (r < 0) {
		with->problem(with->ctx, err->text);
		err_clear(err);
	}
	r = ckpt_processes(c, a, &pids, &n, err);
	if (r < 0)
		return r;
	if (!with->tcp_established)
		find_connected(&l, pids[0]);
	for (size_t i = 0; i < n; i++) {
		if (is_stranger(pids, n, i))
			continue;
		look_for_tracer(&l, pids[i]);
		look_at_namespaces(&l, pids[0], pids[i]);
		if (l.n_connected)
			look_at_sockets(&l, pids[i]);
	}
	ckpt_left_out(c, a, pids, n, true, with->warning, with->ctx);
	return externals_check(a, spec, pids, n, with->problem, with->ctx, err);
}
