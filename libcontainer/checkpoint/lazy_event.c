/* RUNTIME: what the kernel tells of an address space: faults, and what it does with its memory. */
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "lazy_impl.h"

#define BATCH 32

static int forked(struct space *parent, int fd, struct err *err)
{
	struct space *child = space_fork(parent, fd, err);

	return child ? lazy_adopt(parent->lazy, child, err) : -err->code;
}

static int event(struct space *sp, const struct uffd_msg *m, struct err *err)
{
	switch (m->event) {
	case UFFD_EVENT_FORK:
		return forked(sp, (int)m->arg.fork.ufd, err);
	case UFFD_EVENT_REMAP:
		return space_move(sp, m->arg.remap.from, m->arg.remap.to, m->arg.remap.len, err);
	case UFFD_EVENT_REMOVE:
	case UFFD_EVENT_UNMAP:
		return space_drop(sp, m->arg.remove.start, m->arg.remove.end, err);
	case UFFD_EVENT_PAGEFAULT:
		return 0;
	}
	return err_fail(err, EPROTO, "userfaultfd of process '%d': event 0x%x", pages_pid(sp->proc),
			m->event);
}

/* The kernel lets a fork wait when the reader has no room for the child's descriptor, and gives
 * faults all the same: that keeps a fork bomb at bay. */
static ssize_t read_messages(struct space *sp, struct uffd_msg *m, size_t size)
{
	struct rlimit old, none;
	bool full = lazy_full(sp->lazy) && getrlimit(RLIMIT_NOFILE, &old) == 0;
	ssize_t n;

	if (full) {
		none = (struct rlimit){.rlim_cur = 0, .rlim_max = old.rlim_max};
		full = setrlimit(RLIMIT_NOFILE, &none) == 0;
	}
	do
		n = read(sp->fd, m, size);
	while (n < 0 && errno == EINTR);
	if (full) {
		int saved = errno;

		(void)setrlimit(RLIMIT_NOFILE, &old);
		errno = saved;
	}
	return n;
}

/*
 * Reads once. Of one read, what was done with the memory comes before the faults: reading has let
 * it go on, and a page copied to where it was before would be lost. How many messages, or -errno.
 */
int space_read(struct space *sp, struct err *err)
{
	struct uffd_msg m[BATCH];
	ssize_t n = read_messages(sp, m, sizeof(m));

	if (n < 0 && (errno == EMFILE || errno == ENFILE)) {
		sp->lazy->stats.waits++;
		return 0;
	}
	if (n < 0 && errno == EAGAIN)
		return 0;
	if (n < 0)
		return err_sys(err, errno, "userfaultfd of process '%d'", pages_pid(sp->proc));
	n /= (ssize_t)sizeof(m[0]);
	for (ssize_t i = 0; i < n; i++)
		if (event(sp, &m[i], err) < 0) {
			for (ssize_t k = i + 1; k < n; k++)
				if (m[k].event == UFFD_EVENT_FORK)
					close((int)m[k].arg.fork.ufd);
			return -err->code;
		}
	for (ssize_t i = 0; i < n && !sp->gone; i++) {
		if (m[i].event != UFFD_EVENT_PAGEFAULT)
			continue;
		sp->lazy->calm = false;
		if (space_fault(sp, m[i].arg.pagefault.address, err) < 0)
			return -err->code;
	}
	return (int)n;
}
