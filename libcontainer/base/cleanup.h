/*
 * cleanup.h - ownership by scope.
 *
 * auto_fd, auto_free, auto_file and auto_dir release what they hold at the end of
 * the scope; take_fd() and take_ptr() are the only ways out of it. A plain
 * `int fd` parameter is always a borrow.
 */
#ifndef HULL_CLEANUP_H
#define HULL_CLEANUP_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

/* Close FD and forget it; errno is kept. Nothing happens for a negative one. */
static inline void close_fd(int *fd)
{
	int saved = errno;

	if (*fd >= 0)
		close(*fd);
	*fd = -1;
	errno = saved;
}

static inline void free_ptr(void *pp)
{
	free(*(void **)pp);
}

static inline void close_file(FILE **f)
{
	if (*f)
		fclose(*f);
}

static inline void close_dir(DIR **d)
{
	if (*d)
		closedir(*d);
}

#define auto_fd   __attribute__((cleanup(close_fd)))
#define auto_free __attribute__((cleanup(free_ptr)))
#define auto_file __attribute__((cleanup(close_file)))
#define auto_dir  __attribute__((cleanup(close_dir)))

static inline int take_fd(int *fd)
{
	int v = *fd;

	*fd = -1;
	return v;
}

#define take_ptr(pp)                    \
	({                              \
		__auto_type pp_ = (pp); \
		__auto_type v_ = *pp_;  \
		*pp_ = NULL;            \
		v_;                     \
	})

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

#endif
