/*
 * files_note.h - what a receiver notes of the files that it takes, beside its journal, for who has
 * to undo it: perhaps another one, later.
 */
#ifndef HULL_FILES_NOTE_H
#define HULL_FILES_NOTE_H

#include <stdio.h>

#include "libcontainer/base/err.h"
#include "oci-spec/field.h"

#define TAKEN_NOTE  "files.json"
#define TAKEN_MOVED "files.moved" /* the same, when all is there */
#define TAKEN_IDS   "files.%zu"   /* of a tree: which files are ours */
#define TAKEN_STAGE ".hull-migrate-%s"

/* What is noted before anything is made. */
struct taken_tree {
	const char *dir;
	struct oci_strings made; /* directories, the outermost first */
	struct opt_bool upper;   /* it went over what is there */
	struct opt_u64 inode;    /* in TAKEN_MOVED: which directory it is */
};
struct taken_note {
	const char *config; /* is ours if the bundle is: its config.json */
	OCI_ARRAY(struct taken_tree) trees;
};
extern const struct oci_type taken_note_type;

/* A file is known by its number and, where the file system tells, when it was made: a number is
 * given to another one when it is gone. What is lost of these notes (a disk that is full) is not
 * ours any more, and stays. */
int taken_ids_open(int dirfd, size_t tree, FILE **ret, struct err *err) must_check;
/* CTX: the FILE. */
void taken_ids_add(void *ctx, int fd);
void taken_ids_close(FILE **ids);

#endif
