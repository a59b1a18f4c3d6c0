/* RUNTIME: clone a process into its namespaces and cgroup. */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/syscall.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/runtime/runtime.h"
#include "libcontainer/sync.h"
#include "namespaces/ns.h"

#define MAX_BORROWED 8

/*
 * A namespace that is joined by path is borrowed: hull enters it, clones, and goes back. That
 * costs two system calls and no further process. Three kinds cannot be: init enters a mount
 * namespace itself (going back would lose hull's root and working directory) and a cgroup namespace
 * (which would keep clone3 from the cgroup), and a user
 * namespace (there is no way back) needs a helper process, see below.
 */
struct borrowed {
	size_t n;
	struct {
		int own;
		uint64_t flag;
	} ns[MAX_BORROWED];
};

static int go_back(struct borrowed *b, struct err *err)
{
	int r = 0;

	while (b->n > 0) {
		b->n--;
		if (r == 0 && setns(b->ns[b->n].own, (int)b->ns[b->n].flag) < 0)
			r = err_sys(err, errno, "return to hull's own %s namespace",
				    ns_find_flag(b->ns[b->n].flag)->oci_name);
		close_fd(&b->ns[b->n].own);
	}
	return r;
}

static int borrow_one(struct borrowed *b, const struct plan_join *join, struct err *err)
{
	const struct ns_kind *kind = ns_find_flag(join->flag);
	char path[64];
	int own;

	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind->proc_name);
	own = open(path, O_RDONLY | O_CLOEXEC);
	if (own < 0)
		return err_sys(err, errno, "open '%s'", path);
	if (setns(join->fd, (int)join->flag) < 0) {
		err_sys(err, errno, "join the %s namespace '%s'", kind->oci_name,
			join->path ? join->path : "of the container");
		close(own);
		return -err->code;
	}
	b->ns[b->n].own = own;
	b->ns[b->n++].flag = join->flag;
	return 0;
}

static int borrow(struct borrowed *b, const struct spawn *s, struct err *err)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < s->n_joins && b->n < MAX_BORROWED; i++)
		if (!(s->joins[i].flag & (CLONE_NEWNS | CLONE_NEWUSER)) &&
		    !plan_init_joins_cgroup(s->create, s->joins[i].flag))
			r = borrow_one(b, &s->joins[i], err);
	if (r < 0) {
		struct err ignored;

		(void)!go_back(b, &ignored);
	}
	return r;
}

static int clone_failed(const struct spawn *s, int code, struct err *err)
{
	err_sys(err, code, "create the container's process (clone3)");
	if (code == EPERM && (s->create & CLONE_NEWUSER))
		err_hint(err, "user namespaces are forbidden here: see the sysctls "
			      "kernel.unprivileged_userns_clone and "
			      "kernel.apparmor_restrict_unprivileged_userns, the seccomp filter of "
			      "an outer container, and /proc/self/mountinfo for a chroot");
	else if (code == EPERM)
		err_hint(err, "who is not root needs a user namespace in linux.namespaces: "
			      "'hull spec --rootless' writes one");
	if (code == ENOSPC && (s->create & CLONE_NEWUSER))
		err_hint(err, "/proc/sys/user/max_user_namespaces is 0 or reached");
	if (code == EACCES && s->cgroup_fd >= 0)
		err_hint(err,
			 "the kernel moves processes only within what was delegated to the user, "
			 "and hull itself is outside of that cgroup: run it inside "
			 "(systemd-run --user --scope -p Delegate=yes hull ...)");
	return -code;
}

static int spawn_direct(struct spawn *s, struct err *err)
{
	struct borrowed borrowed = {0};
	int pidfd = -1, r;
	pid_t pid;

	r = borrow(&borrowed, s, err);
	if (r < 0)
		return r;
	pid = proc_clone(s->create, s->cgroup_fd, &pidfd);
	if (pid == 0) {
		for (size_t i = 0; i < borrowed.n; i++)
			close_fd(&borrowed.ns[i].own);
		s->child(s->ctx);
		_exit(1);
	}
	if (pid < 0)
		(void)clone_failed(s, (int)-pid, err);
	else
		r = go_back(&borrowed, err);
	if (pid < 0 || r < 0) {
		struct err ignored;

		(void)!go_back(&borrowed, &ignored);
		if (pid > 0) {
			proc_pidfd_signal(pidfd, SIGKILL);
			proc_wait(pid);
			close(pidfd);
		}
		return -err->code;
	}
	s->pid = pid;
	s->pidfd = pidfd;
	return 0;
}

/* The helper: enters the user namespace first, then what it owns, and clones the process as
 * hull's own child (CLONE_PARENT). */
static _Noreturn void helper(struct spawn *s, int sock)
{
	struct err err = ERR_NONE;
	pid_t pid;
	int r = s->cgroup_reused ? io_write_at(s->cgroup_fd, "cgroup.procs", "0", 1) : 0;

	if (r < 0) {
		err_sys(&err, -r, "enter the cgroup");
		goto fail;
	}
	if (s->before_join)
		s->before_join(s->ctx);
	if (s->join_pidfd >= 0 && setns(s->join_pidfd, (int)s->join_flags) < 0) {
		err_sys(&err, errno, "join the container's namespaces");
		goto fail;
	}
	/* The order matters: the user namespace gives the rights to enter the others. */
	for (int user = 1; user >= 0; user--) {
		for (size_t i = 0; i < s->n_joins; i++) {
			const struct plan_join *j = &s->joins[i];

			if (j->flag == CLONE_NEWNS || (j->flag == CLONE_NEWUSER) != user)
				continue;
			if (setns(j->fd, (int)j->flag) < 0) {
				err_sys(&err, errno, "join the %s namespace '%s'",
					ns_find_flag(j->flag)->oci_name,
					j->path ? j->path : "of the container");
				goto fail;
			}
		}
	}
	pid = proc_clone(s->create | CLONE_PARENT, -1, NULL);
	if (pid == 0) {
		close(sock);
		s->child(s->ctx);
		_exit(1);
	}
	if (pid < 0) {
		(void)clone_failed(s, (int)-pid, &err);
		goto fail;
	}
	_exit(sync_send_pid(sock, pid) < 0);
fail:
	sync_send_error(sock, &err);
	_exit(1);
}

static int spawn_through_helper(struct spawn *s, struct err *err)
{
	auto_fd int ours = -1, theirs = -1;
	int pair[2], r;
	pid_t helper_pid, pid = -1;

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "make a socket pair");
	ours = pair[0];
	theirs = pair[1];
	/* The helper starts in the cgroup, as it has no right to enter it from inside. */
	helper_pid = proc_clone(0, s->cgroup_reused ? -1 : s->cgroup_fd, NULL);
	if (helper_pid == 0) {
		close_fd(&ours);
		helper(s, theirs);
	}
	if (helper_pid < 0)
		return clone_failed(s, (int)-helper_pid, err);
	close_fd(&theirs);
	r = sync_expect(ours, SYNC_PID, &pid, err);
	proc_wait(helper_pid);
	if (r < 0)
		return r;
	/* It is our child and nobody else reaps it: the pid cannot be another's. */
	s->pidfd = proc_pidfd_open(pid);
	if (s->pidfd < 0) {
		err_sys(err, -s->pidfd, "open process %d", (int)pid);
		kill(pid, SIGKILL);
		proc_wait(pid);
		return -err->code;
	}
	s->pid = pid;
	return 0;
}

int spawn(struct spawn *s, struct err *err)
{
	bool user = s->through_helper || s->cgroup_reused;

	for (size_t i = 0; i < s->n_joins; i++)
		user = user || s->joins[i].flag == CLONE_NEWUSER;
	return user ? spawn_through_helper(s, err) : spawn_direct(s, err);
}

int rlimits_apply(pid_t pid, const struct plan_process *p, struct err *err)
{
	for (size_t i = 0; i < p->n_rlimits; i++)
		if (syscall(SYS_prlimit64, pid, p->rlimits[i].resource, &p->rlimits[i].limit,
			    NULL) < 0)
			return plan_rlimit_failed(p, i, errno, err);
	return 0;
}
