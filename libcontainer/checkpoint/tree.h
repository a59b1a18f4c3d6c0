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

#include <sys/stat.h>

#include "libcontainer/checkpoint/tar.h"
#include "oci-spec/spec.h"

/* Where a root comes from. */
struct tree_layers {
	int upper;        /* of an overlay: its upper layer; -1: there is none */
	const int *lower; /* the layers below, from the topmost */
	size_t n_lower;
};

/* For a tree that is taken again and again, while others write to it. */
struct tree_pass {
	/* Whether the file, of which ST was true a moment ago, is to be written; the directories
	 * above it are in any case, and "" is the root. */
	bool (*wanted)(void *ctx, const char *path, const struct stat *st);
	/* From time to time: -errno ends it. NULL: nothing. */
	int (*tick)(void *ctx, struct err *err);
	void *ctx;
	bool live; /* what goes away meanwhile is left out */
};

/* Writes what is in ROOTFD: all, or with an upper layer what it holds; the names that are gone from
 * the layers below it are appended to DELETED ("/etc/motd"). The end of the archive is not written.
 */
int tree_take(struct tar_writer *w, int rootfd, const struct tree_layers *layers, struct arena *a,
	      struct oci_strings *deleted, struct err *err) must_check;
/* The same for one pass: with the root itself, where it is changed; sockets are among DELETED: the
 * name may have been a file's. What is mounted below is an error. */
int tree_take_pass(struct tar_writer *w, int rootfd, const struct tree_layers *layers,
		   const struct tree_pass *pass, struct arena *a, struct oci_strings *deleted,
		   struct err *err) must_check;
/* The rest of an archive over what is in ROOTFD. */
int tree_put(struct tar_reader *r, int rootfd, struct err *err) must_check;
/* Where an archive goes that tells of all attributes: what else a file or directory has of them is
 * removed. */
struct tree_into {
	int fd;
	struct tar_entry
		*root; /* what it says of the root itself, in ARENA; its type is 0: nothing */
	struct arena *arena;
	/* Hears of each file and directory that is made; FD may be of O_PATH. NULL: nobody. */
	void (*made)(void *ctx, int fd);
	void *ctx;
};
int tree_put_below(struct tar_reader *r, const struct tree_into *to, struct err *err) must_check;
/* Owner, mode, attributes and times of the open file FD; EXACT: it has no other attributes then,
 * but those that the host's policy gives. 0 or -errno. */
int tree_set_attributes(int fd, const struct tar_entry *e, bool exact);
/* PATH, and what is below it. One that is not there is no error. */
int tree_remove(int rootfd, const char *path, struct err *err) must_check;

#endif
