/* RUNTIME: exec: what the processes of a container must not see of one that joins them. */
#include <errno.h>
#include <linux/capability.h>
#include <sched.h>
#include <sys/mman.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/runtime/runtime.h"
#include "seccomp/filter.h"

bool runtime_may_trace(const struct plan_process *p)
{
	const struct plan_caps *c = &p->caps;
	uint64_t all = c->bounding | c->permitted | c->effective | c->inheritable | c->ambient;

	return c->set && (all >> CAP_SYS_PTRACE & 1);
}

/* A listener is taken from the process that loads its filter, while that stands still: it has to be
 * the program's own (init/listener.c).
 *
 * Only a capability of our own user namespace counts: over a process of hull, a container's root
 * in a user namespace of its own has none. In a pid namespace that was joined there are others, of
 * whom we know nothing. */
static bool needed(const struct state *s, const struct plan_process *p, uint64_t namespaces)
{
	bool others = !(s->private_pid.set && s->private_pid.v);

	return !filter_has_listener(&p->filter) && (namespaces & CLONE_NEWPID) &&
	       !(namespaces & CLONE_NEWUSER) &&
	       (others || (s->may_trace.set && s->may_trace.v) || runtime_may_trace(p));
}

/* For the execs after this one. */
static int remember(const struct container *c, struct err *err)
{
	auto_arena a = ARENA_INIT;
	struct state s;
	int r = state_lock(c->dirfd, c->id, LOCK_WAIT_MS, err);

	if (r < 0)
		return r;
	r = state_load(&a, c->dirfd, c->id, &s, err);
	if (r == 0) {
		s.may_trace = (struct opt_bool){true, true};
		r = state_save(c->dirfd, &s, err);
	}
	(void)state_unlock(c->dirfd);
	return r;
}

int shield_begin(struct shield *s, const struct container *c, const struct plan_process *p,
		 uint64_t namespaces, struct err *err)
{
	bool known = c->state.may_trace.set && c->state.may_trace.v;
	int r = !known && runtime_may_trace(p) ? remember(c, err) : 0;
	void *page;

	if (r < 0 || !needed(&c->state, p, namespaces))
		return r;
	page = mmap(NULL, sizeof(pid_t), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (page == MAP_FAILED)
		return err_sys(err, errno, "map a page of memory");
	s->born = page;
	return 0;
}

/* It was cloned as our child, so that its pid cannot be another's before we have waited for it. */
int shield_adopt(struct shield *s, pid_t *pid, int *pidfd, struct err *err)
{
	int status = proc_wait(*pid);

	*pid = *s->born;
	close_fd(pidfd);
	if (*pid <= 0)
		return err_fail(err, EPIPE, "the process that makes the program's one ended (%d)",
				status);
	*pidfd = proc_pidfd_open(*pid);
	return *pidfd < 0 ? err_sys(err, -*pidfd, "open process %d", (int)*pid) : 0;
}

void shield_end(struct shield *s)
{
	if (s->born)
		munmap((void *)s->born, sizeof(pid_t));
	s->born = NULL;
}
