/*
 * tree.h - a root file system, or what a container changed of it, as tar entries and back.
 *
 * The container that made the files was hostile: names hold anything, links point anywhere. When
 * they are taken, every name is opened once, below the descriptor of its directory, and looked at
 * before it is read. When they are put, a path goes through base/path.h: the links that are met
 * lead only inside the root.
 *
 * Kept: owners by number, modes, times, extended attributes, hard links, holes, devices, fifos.
 * Left out: sockets (CRIU makes those anew that are open), what is mounted below.
 */
#ifndef HULL_CHECKPOINT_TREE_H
#define HULL_CHECKPOINT_TREE_H

#include "libcontainer/checkpoint/tar.h"
#include "oci-spec/spec.h"

/* Where a root comes from. */
struct tree_layers {
	int upper;        /* of an overlay: its upper layer; -1: there is none */
	const int *lower; /* the layers below, from the topmost */
	size_t n_lower;
};

/* Writes what is in ROOTFD: all, or with an upper layer what it holds; the names that are gone from
 * the layers below it are appended to DELETED ("/etc/motd"). The end of the archive is not written.
 */
int tree_take(struct tar_writer *w, int rootfd, const struct tree_layers *layers, struct arena *a,
	      struct oci_strings *deleted, struct err *err) must_check;
/* The rest of an archive over what is in ROOTFD. */
int tree_put(struct tar_reader *r, int rootfd, struct err *err) must_check;
/* PATH, and what is below it. One that is not there is no error. */
int tree_remove(int rootfd, const char *path, struct err *err) must_check;

#endif
