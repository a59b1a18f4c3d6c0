/*
 * layers.h - whether a root file system is an overlay, and what it consists of.
 */
#ifndef HULL_CHECKPOINT_LAYERS_H
#define HULL_CHECKPOINT_LAYERS_H

#include "libcontainer/checkpoint/tree.h"

/* Of the directory ROOTFD, as this mount namespace has it. 1: an overlay that is mounted right
 * there, its layers in RET; 0: something else. Layers' paths are the host's, and trusted as the
 * mount is. */
int layers_find(struct arena *a, int rootfd, struct tree_layers *ret, struct err *err) must_check;
void layers_close(struct tree_layers *layers);

/* The directories that the value of lowerdir names, "a:b", a colon in a name as "\:". PURE. */
void layers_split(struct arena *a, const char *value, const char ***ret, size_t *ret_n);

#endif
