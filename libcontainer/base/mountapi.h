/*
 * The numbers of the new mount API. glibc's header has them, but clashes with the kernel's (2.36);
 * musl's has none of them.
 */
#ifndef HULL_MOUNTAPI_H
#define HULL_MOUNTAPI_H

#include <sys/mount.h>
#ifndef OPEN_TREE_CLONE
#include <linux/mount.h>
#endif

#endif
