/* INIT: load a program into the kernel. */
#include <errno.h>
#include <linux/seccomp.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "seccomp/filter.h"

int filter_load(const struct plan_filter *filter)
{
	struct sock_fprog prog = {.len = (unsigned short)filter->n, .filter = filter->insns};
	long r;

	if (!filter->insns)
		return 0;
	if (filter->n == 0 || filter->n > BPF_MAXINSNS)
		return -EINVAL;
	r = syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, filter->flags, &prog);
	if (r < 0)
		return -errno;
	if (filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		return (int)r;
	return r == 0 ? 0 : -EBUSY; /* TSYNC: the id of a thread with a filter of its own */
}
