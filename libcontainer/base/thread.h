/* thread.h - a second thread, for the one moment where a process cannot act for itself. */
#ifndef HULL_THREAD_H
#define HULL_THREAD_H

#include <stddef.h>

/* Starts FN(ARG), which does not return, as a thread of this process; execve ends it. libc knows
 * nothing of it: it shares the caller's thread pointer, and so errno. STACK is its alone. 0 or
 * -errno. */
int thread_start(void (*fn)(void *), void *arg, void *stack, size_t stack_size);

#endif
