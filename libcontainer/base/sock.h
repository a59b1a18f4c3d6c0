/* sock.h - unix sockets that carry descriptors. */
#ifndef HULL_SOCK_H
#define HULL_SOCK_H

#include <stdbool.h>
#include <stddef.h>
#include <sys/types.h>

#include "err.h"

/* Connects to / binds at NAME inside the directory DIRFD, whatever the length of its path
 * (through /proc/self/fd). TYPE is SOCK_STREAM or SOCK_SEQPACKET, SOCK_NONBLOCK may be added.
 * Owned fd or -errno. */
int sock_connect_at(int dirfd, const char *name, int type);
int sock_listen_at(int dirfd, const char *name, int type, int backlog);
/* The same for a path of any length. */
int sock_connect_path(const char *path, int type);
/* The same, waiting no longer than TIMEOUT_MS for a listener whose queue is full: -EAGAIN. */
int sock_connect_path_within(const char *path, int type, int timeout_ms);

/* One message, at most one descriptor with it (fd < 0: none). MSG_NOSIGNAL. 0 or -errno. */
int sock_send(int sock, const void *buf, size_t len, int fd);
/* All bytes to a stream, the descriptor with the first of them. MSG_NOSIGNAL. 0, -errno, or
 * -ETIMEDOUT when the other side does not take them within TIMEOUT_MS. */
int sock_send_all(int sock, const void *buf, size_t len, int fd, int timeout_ms);
/* One message; *ret_fd (may be NULL) is an owned fd or -1. Returns bytes, 0 at EOF, -errno. */
ssize_t sock_recv(int sock, void *buf, size_t size, int *ret_fd);
/* Waits for a message or its end, or the end of the other side's process, PIDFD: whom that one has
 * started can have inherited its socket. Whether there is one. */
bool sock_await(int sock, int pidfd);

#endif
