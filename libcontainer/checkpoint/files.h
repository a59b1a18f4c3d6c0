/*
 * files.h - trees of files that come along with a container: its root file system, volumes.
 *
 * They are gone through again and again: the first pass, while the container runs, takes all; each
 * later one what is other than it was, the last of them when nothing runs any more. A pass of a
 * tree is a tar archive (tar.h) and the names that are gone, in frames of WIRE_ROOTFS: the tree I
 * of PREFLIGHT has the streams 2 I and 2 I + 1.
 *
 * What is received is put into a directory of its own in the one that it is for, and moved up when
 * it is complete: until then whatever is there besides is somebody else's, and stays.
 */
#ifndef HULL_FILES_H
#define HULL_FILES_H

#include "libcontainer/checkpoint/layers.h"
#include "libcontainer/checkpoint/migrate.h"

#define FILES_COPY   "copy"   /* a root file system */
#define FILES_UPPER  "upper"  /* what a container changed of it */
#define FILES_VOLUME "volume" /* the source of a bind mount */

/* ---- files_index.c: what was seen of a tree
 * -------------------------------------------------------- */

/* Files by device and number, sorted. */
struct files_ids {
	struct files_id {
		uint64_t dev, ino;
	} * v;
	size_t n;
};

struct files_mark;
struct files_index {
	struct arena arena;
	struct files_mark **buckets;
	size_t n_buckets, n;
	uint32_t pass;
	/* The pass, and the one before it: when it began, and what was mapped to be written then.
	 */
	struct timespec began, before;
	struct files_ids mapped, mapped_before;
};

/* A pass begins. MAPPED stays valid as long as the index. */
void files_index_begin(struct files_index *x, const struct timespec *now,
		       const struct files_ids *mapped);
/* Whether PATH may be other than it was when the pass before looked at it. ST was true before it is
 * read now. */
bool files_index_wanted(struct files_index *x, const char *path, const struct stat *st);
/* After a pass: what it has not seen any more, without what is below such a directory. It is
 * forgotten. */
void files_index_gone(struct files_index *x, struct arena *a, struct oci_strings *ret);
void files_index_done(struct files_index *x);

/* The files that a process has mapped and may write to: the kernel notes a time for the first write
 * to a page only, and what is written after that is not seen. Appended to RET, which has to be
 * sorted in the end. */
void files_mapped_add(struct arena *a, pid_t pid, struct files_ids *ret);
void files_mapped_sort(struct files_ids *ids);

/* ---- files_plan.c, files_send.c: the source
 * -------------------------------------------------------- */

struct files_tree {
	const char *kind, *path; /* as in PREFLIGHT; here, path is for messages */
	const char *here;
	uint64_t bytes, files; /* before the first pass, about */
	int fd;
	struct tree_layers layers;
	struct files_index index;
};

struct files {
	struct arena arena;
	struct files_tree *trees;
	size_t n;
	struct wire *wire;
	struct container *c;
	uint8_t *buf; /* WIRE_BODY_MAX */
	size_t len;
	uint32_t stream;
	uint64_t changed, bytes; /* files of the last pass, and their sizes */
	uint64_t all_bytes;
	unsigned ticks;
	bool choose; /* how to compress */
	int64_t began;
	struct err *err;
};

/* What is to go. ROOTFS may be NULL. */
int files_plan(struct files *f, struct container *c, const struct oci_spec *spec,
	       const char *rootfs, const char *const *volumes, size_t n_volumes,
	       struct err *err) must_check;
/* NEED has what the target has to have; what will be sent is taken out of it. */
void files_need(const struct files *f, struct arena *a, struct migrate_need *need);
/* One pass. FINAL: nothing runs any more. */
int files_pass(struct files *f, struct wire *w, bool final, struct err *err) must_check;
void files_done(struct files *f);

/* ---- files_check.c, files_take.c: the target
 * ------------------------------------------------------- */

struct receiver;

/* Where tree I of NEED goes to, here. */
const char *files_place(struct arena *a, const struct migrate_need *need, size_t i);
/* Adds what is in the way of them. */
void files_check(struct arena *a, const struct migrate_need *need, struct oci_strings *problems);
/* FD is an open directory, perhaps of O_PATH. */
bool files_is_empty(int fd);
bool files_has(const struct migrate_need *need, const char *kind);

/* Makes room for what will come, and notes what it makes beside the journal. */
int files_take_begin(struct receiver *x, struct err *err) must_check;
/* All of the stream whose first frame is MSG. */
int files_take(struct receiver *x, const struct wire_msg *msg, struct err *err) must_check;
/* All is there: to its place. */
int files_take_end(struct receiver *x, struct err *err) must_check;
/* The container runs: the disk has them before the source hears that all is over. */
void files_take_sync(struct receiver *x);
void files_take_close(struct receiver *x);
/* files_undo.c. Of a migration that came to nothing, or may still (receiving), as PHASE says: what
 * it has made goes, and nothing else, which is told of. DIRFD is its directory, and NAME ends with
 * its id. */
int files_undo(struct arena *a, int dirfd, const char *name, enum journal_phase phase,
	       struct err *err) must_check;

#endif
