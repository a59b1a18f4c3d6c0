/* INIT: the last steps: descriptors, filter, capabilities, execve. */
#include <errno.h>
#include <fcntl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/init/side.h"
#include "libcontainer/sync.h"
#include "seccomp/filter.h"

_Noreturn void init_fail(struct init *c, const struct err *err)
{
	if (c->handover)
		init_listener_fail(c->handover, err);
	/* Once a filter is loaded the message may not get through; then the end has to do. And if
	 * the filter forbids to end, libc's _exit would try for ever. */
	if (c->channel >= 0)
		sync_send_error(c->channel, err);
	syscall(SYS_exit_group, 1);
	__builtin_trap();
}

/* The caller's descriptors came without close-on-exec (they survived the execution of hull); what
 * has it was opened by hull, maybe in a hole of the preserved range. */
static void close_ours_below(unsigned end, const int *keep, size_t n)
{
	for (unsigned fd = 3; fd < end; fd++) {
		int flags = fcntl((int)fd, F_GETFD);
		bool kept = false;

		for (size_t i = 0; i < n && !kept; i++)
			kept = keep[i] == (int)fd;
		if (flags >= 0 && (flags & FD_CLOEXEC) && !kept)
			close((int)fd);
	}
}

static void sort(int *fds, size_t n)
{
	for (size_t i = 1; i < n; i++)
		for (size_t j = i; j > 0 && fds[j - 1] > fds[j]; j--) {
			int swap = fds[j];

			fds[j] = fds[j - 1];
			fds[j - 1] = swap;
		}
}

static int close_between(unsigned first, unsigned last, struct err *err)
{
	return syscall(SYS_close_range, first, last, 0) < 0
		       ? err_sys(err, errno, "close the descriptors of the host")
		       : 0;
}

/* Closes all descriptors from 3 on but the preserved and those of KEEP (-1: none there). Closes,
 * not marks: nothing that execve or a filter does later may bring one back (CVE-2024-21626). One
 * that stayed open would be a way out, so that a failure ends it all. */
static int close_all_but(unsigned preserved, int *keep, size_t n, struct err *err)
{
	unsigned from = 3 + preserved;

	close_ours_below(from, keep, n);
	sort(keep, n);
	for (size_t i = 0; i < n; i++) {
		if (keep[i] < (int)from)
			continue;
		if ((unsigned)keep[i] > from && close_between(from, (unsigned)keep[i] - 1, err) < 0)
			return -err->code;
		from = (unsigned)keep[i] + 1;
	}
	return close_between(from, ~0U, err);
}

/* What belongs to the host goes: after the root is in place, before the wait, which is long; an
 * exec has nothing of the host open when it comes near the container. */
int init_descriptors(void *ctx, struct err *err)
{
	struct init *c = ctx;
	bool start_hooks = c->plan && c->plan->hooks && c->plan->hooks->start_container.n;
	int keep[] = {
		c->channel,
		c->root_fd,
		/* A file of the host, which nothing is written to without --debug. */
		log_debug_enabled() ? log_fd() : -1,
		c->args ? c->args->listen_fd : c->exec->container_pidfd,
		start_hooks ? c->plan->hook_out : -1,
		start_hooks ? c->plan->hook_err : -1,
		c->exec ? c->console_fd : -1,
		c->exec ? c->label_proc_fd : -1,
	};

	if (!c->exec)
		c->console_fd = c->proc_fd = c->label_proc_fd = -1;
	return close_all_but(c->process ? c->process->keep_fds : 0, keep, ARRAY_SIZE(keep), err);
}

/* The channel stays, close-on-exec: its end of file says that execve has succeeded. */
int init_last_descriptors(struct init *c, struct err *err)
{
	unsigned preserved = c->process->keep_fds;
	int high = fcntl(c->channel, F_DUPFD_CLOEXEC, 3 + (int)preserved);

	/* The number may be beyond the limit of open files that was just set for the program. */
	if (high < 0 && errno != EINVAL && errno != EMFILE)
		return err_sys(err, errno, "keep the connection to the runtime");
	if (high >= 0) {
		close(c->channel);
		c->channel = high;
	}
	c->root_fd = -1;
	c->last_closed = true;
	return close_all_but(preserved, &c->channel, 1, err);
}

/*
 * A profile may forbid all but execve: so everything else comes before the filter, except, where
 * there is no no_new_privs, the one capset that gives up what loading it needs (P-26, S-23).
 */
int init_load_filter(struct init *c, struct err *err)
{
	const struct plan_process *p = c->process;
	bool admin = init_filter_needs_admin(p);
	int r;

	if (!p->filter.insns)
		return 0;
	if (filter_has_listener(&p->filter)) {
		r = init_load_with_listener(c, err);
		if (r < 0)
			return r;
	} else {
		r = filter_load(&p->filter);
		if (r < 0)
			return err_sys(err, -r, "load the seccomp filter");
	}
	c->filtered = true;
	return admin ? init_final_caps(c, err) : 0;
}

int init_run(void *ctx, struct err *err)
{
	struct init *c = ctx;
	int r = 0;

	if (!c->process)
		return err_fail(err, EINVAL, "cannot start: the configuration has no process");
	if (!c->last_closed) {
		r = init_last_descriptors(c, err);
		if (r < 0)
			return r;
		proc_reset_signals();
	}
	if (!c->filtered)
		r = init_load_filter(c, err);
	if (r < 0)
		return r;
	execve(c->program, c->process->args, c->env);
	return err_sys(err, errno, "unable to start container process: exec: \"%s\"",
		       c->process->args[0]);
}
