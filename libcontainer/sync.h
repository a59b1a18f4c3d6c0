/*
 * sync.h - what the runtime and init say to each other.
 *
 * A SOCK_SEQPACKET pair, one struct sync_msg per packet; end of file means that the other
 * side has ended, or, for the runtime, that init has executed the program (the socket is
 * close-on-exec).
 *
 *      runtime                                  init
 *      clone3 -------------------------------->
 *      (user namespace: writes the id maps)
 *      SYNC_MAPPED  --------------------------> [only with a new user namespace]
 *                                               mounts the root
 *      <-------------------------- SYNC_MOUNTED [only when prestart/createRuntime hooks exist]
 *      runs prestart, createRuntime hooks
 *      SYNC_HOOKED  -------------------------->
 *                                               createContainer hooks, pivot_root, ids, ...
 *      <-------------------------- SYNC_READY   the container is created
 *      create: exits. run: SYNC_START --------> startContainer hooks
 *      (run may send it before READY, when nothing of its own can fail any more)
 *      <-------------------------- SYNC_HOOKED  [only when there are such hooks: an end of file
 *                                               before it means that the container was killed]
 *      <-------------------------- SYNC_LISTENER [only with seccomp notifications]
 *      passes the listener on
 *      SYNC_SERVED  -------------------------->
 *                                               execve: end of file
 *      <-------------------------- SYNC_FAILED  at any time: the error; init then exits
 *
 *      hull start: connects to start.sock in the state directory, which init listens on,
 *      and continues with SYNC_START on that connection. A connection that closes without
 *      SYNC_START only asks whether init still waits: it is ignored.
 *
 * exec uses the same messages: SYNC_READY after the namespaces are joined, then
 * SYNC_START, then end of file or SYNC_FAILED.
 */
#ifndef HULL_SYNC_H
#define HULL_SYNC_H

#include <stdint.h>
#include <sys/types.h>

#include "libcontainer/base/err.h"

enum sync_type {
	SYNC_EOF,
	SYNC_MAPPED,
	SYNC_MOUNTED,
	SYNC_HOOKED,
	SYNC_READY,
	SYNC_START,
	SYNC_FAILED,
	SYNC_PID,      /* helper process -> runtime: the pid of the process it cloned */
	SYNC_LISTENER, /* with the descriptor of a seccomp listener */
	SYNC_SERVED,
};

struct sync_msg {
	uint32_t type;  /* enum sync_type */
	int32_t pid;    /* SYNC_PID */
	struct err err; /* SYNC_FAILED */
};

/* 0 or -errno. */
int sync_send(int fd, enum sync_type type);
/* The same; when the other side has ended, its error if it left one. */
int sync_tell(int fd, enum sync_type type, struct err *err) must_check;
int sync_send_pid(int fd, pid_t pid);
int sync_send_listener(int fd, int listener);
int sync_send_error(int fd, const struct err *error);
/* Waits for the next message. SYNC_FAILED fills ERR with the other side's error and returns
 * its negative code; an unexpected message or end of file is an error, unless WANT is
 * SYNC_EOF. *ret_pid may be NULL. */
int sync_expect(int fd, enum sync_type want, pid_t *ret_pid, struct err *err) must_check;
/* The same for SYNC_LISTENER; *ret_listener is owned. */
int sync_expect_listener(int fd, int *ret_listener, struct err *err) must_check;
/* After a failure on this side: when the other side had failed before and said so, ERR becomes its
 * error, of which ours is a consequence. Does not wait. */
void sync_last_word(int fd, struct err *err);

#endif
