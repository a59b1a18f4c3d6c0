/* RUNTIME: process.oomScoreAdj. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"
#include "libcontainer/runtime/runtime.h"

#define OWN "/proc/self/oom_score_adj"

static int write_score(const char *path, int64_t score)
{
	char value[24];
	int len = snprintf(value, sizeof(value), "%lld", (long long)score);

	return io_write_at(AT_FDCWD, path, value, (size_t)len);
}

static int read_own(int64_t *ret)
{
	char value[24];
	ssize_t n = io_read_small(AT_FDCWD, OWN, value, sizeof(value));

	if (n < 0)
		return (int)n;
	value[strcspn(value, "\n")] = '\0';
	return str_to_i64(value, ret);
}

/*
 * An ordinary user may raise the score, but not that of a process which has joined a user namespace
 * or made itself non-dumpable: its files in /proc are root's. So the new process inherits it from
 * this one, which takes its own back: that is allowed, too.
 *
 * Below what it was set to by root it cannot go. Where hull is root of a user namespace the config
 * was mostly not written for that (kubelet, a container in a container), so the process gets the
 * lowest score there is, as engines do it that know; a user's own config is to mean what it says.
 */
int oom_score_lend(const struct plan_process *p, const struct container_root *root,
		   struct opt_i64 *ret_own, struct err *err)
{
	struct opt_i64 own = {.set = true};
	int r;

	if (!p->has_oom_score_adj || !root->rootless)
		return 0;
	r = read_own(&own.v);
	if (r == 0)
		r = write_score(OWN, p->oom_score_adj);
	if (r == -EACCES && root->nested && p->oom_score_adj < own.v) {
		log_warn("process.oomScoreAdj: the score stays %lld, as it cannot be lowered in a "
			 "user namespace",
			 (long long)own.v);
		return 0;
	}
	if (r < 0) {
		err_sys(err, -r, "process.oomScoreAdj %d", p->oom_score_adj);
		if (r == -EACCES)
			err_hint(err,
				 "without CAP_SYS_RESOURCE on the host it cannot be lower "
				 "than hull's own, %lld",
				 (long long)own.v);
		return -err->code;
	}
	*ret_own = own;
	return 0;
}

void oom_score_take_back(const struct opt_i64 *own)
{
	if (own->set && write_score(OWN, own->v) < 0)
		log_warn("hull's own OOM score stays raised");
}

int oom_score_apply(pid_t pid, const struct plan_process *p, bool rootless, struct err *err)
{
	char path[64];
	int r;

	if (!p->has_oom_score_adj || rootless)
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/oom_score_adj", (int)pid);
	r = write_score(path, p->oom_score_adj);
	return r < 0 ? err_sys(err, -r, "process.oomScoreAdj %d", p->oom_score_adj) : 0;
}
