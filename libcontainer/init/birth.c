/* INIT: exec: the program's process is made complete, out of the container's sight. */
#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/init/side.h"
#include "seccomp/filter.h"

/*
 * The attacker is root of a container that has CAP_SYS_PTRACE and no user namespace. Whatever it
 * sees in its pid namespace it may trace, non-dumpable or not (CVE-2016-9962): a process that joins
 * and still has the host's root directory, descriptors or capabilities would hand them over. So the
 * process that hull makes for exec stays outside of the pid namespace (setns(2) moves only
 * its children into it), does there all that takes rights, and its child is born with no more
 * than the program will have.
 */

#define BIRTH_FLAGS (CLONE_PARENT | CLONE_PARENT_SETTID)

/* /proc/PID/environ and mem show where the caller's variables were, whatever environ says. */
void init_forget_environment(void)
{
	char **env = environ;

	while (*env) {
		explicit_bzero(*env, strlen(*env));
		env++;
	}
	*environ = NULL;
}

/* The calls that are still to be made under a filter that is loaded here. */
static bool filter_lets_us(const struct plan_process *p)
{
	const struct {
		int nr;
		uint64_t args[2];
	} calls[] = {
		{SYS_capset, {0, 0}}, {SYS_clone, {BIRTH_FLAGS, 0}},
		{SYS_setsid, {0, 0}}, {SYS_exit_group, {0, 0}},
		{SYS_execve, {0, 0}}, {SYS_ioctl, {0, TIOCSCTTY}},
	};
	size_t n = ARRAY_SIZE(calls) - !p->terminal;

	for (size_t i = 0; i < n; i++)
		if (!filter_allows(&p->filter, calls[i].nr, calls[i].args, 2))
			return false;
	return true;
}

/* Without no_new_privs a filter needs CAP_SYS_ADMIN: here it can be given up before the child is
 * there. Where the profile forbids making one, the child has it for a moment. */
static int filter_first(struct init *c, struct err *err)
{
	if (!init_filter_needs_admin(c->process) || !filter_lets_us(c->process))
		return 0;
	return init_load_filter(c, err);
}

/* clone(2), as profiles know it: many forbid clone3, whose flags they cannot read. */
static pid_t clone_sibling(volatile pid_t *ret_pid)
{
#if defined(__s390x__)
	return (pid_t)syscall(SYS_clone, 0UL, (unsigned long)BIRTH_FLAGS, ret_pid, 0UL, 0UL);
#else
	return (pid_t)syscall(SYS_clone, (unsigned long)BIRTH_FLAGS, 0UL, ret_pid, 0UL, 0UL);
#endif
}

/* What the runtime is told through would be shared with the child, too: whoever traces it could
 * name any process of the host. */
static int hide_ret_pid(struct init *c, struct err *err)
{
	if (madvise((void *)c->exec->ret_pid, sizeof(pid_t), MADV_DONTFORK) < 0)
		return err_sys(err, errno, "keep a page of memory from the child");
	return 0;
}

int init_birth(void *ctx, struct err *err)
{
	struct init *c = ctx;
	int r = init_last_descriptors(c, err);
	pid_t pid;

	if (r == 0)
		r = hide_ret_pid(c, err);
	if (r < 0)
		return r;
	proc_reset_signals();
	r = filter_first(c, err);
	if (r < 0)
		return r;
	pid = clone_sibling(c->exec->ret_pid);
	if (pid < 0)
		return err_sys(err, errno, "create the process in the container (clone)");
	if (pid > 0)
		_exit(0);
	if (setsid() < 0)
		return err_sys(err, errno, "start a session");
	return 0;
}
