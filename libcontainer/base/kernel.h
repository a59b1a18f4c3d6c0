/*
 * kernel.h - what hull needs of the kernel: one table, asked before anything is begun.
 *
 * There is one plan, for kernels that have everything in the table (Linux 5.14 has); a kernel,
 * or a filter hull runs under, that lacks something is refused by name, and nothing is ever
 * tried a second way in the middle of a create.
 */
#ifndef HULL_KERNEL_H
#define HULL_KERNEL_H

#include <stdbool.h>

#include "err.h"

enum kernel_need {
	KERNEL_MANAGE, /* to find and to signal containers */
	KERNEL_ENTER,  /* to make one or to enter one, besides */
};

struct kernel_feature {
	const char *name;
	const char *since; /* the Linux version that has it */
	long nr;           /* its system call */
	enum kernel_need need;
	long arg[5];      /* of a call without effect */
	bool asks_rights; /* the kernel may answer EPERM before it looks at the arguments */
};

extern const struct kernel_feature kernel_features[];
extern const size_t n_kernel_features;

/* 0, or -ENOTSUP with the feature that is missing and the version that has it. Each
 * row is a system call that does nothing: some 0.4 us on a virtual machine. */
int kernel_check(enum kernel_need need, struct err *err) must_check;

#endif
