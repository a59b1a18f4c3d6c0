/* BOTH SIDES: unix sockets that carry descriptors. */
#include "sock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/time.h>
#include <sys/un.h>

#include "cleanup.h"
#include "clock.h"

static int address(struct sockaddr_un *addr, int dirfd, const char *name)
{
	int n;

	*addr = (struct sockaddr_un){.sun_family = AF_UNIX};
	n = snprintf(addr->sun_path, sizeof(addr->sun_path), "/proc/self/fd/%d/%s", dirfd, name);
	return n >= (int)sizeof(addr->sun_path) ? -ENAMETOOLONG : 0;
}

static int connect_at(int dirfd, const char *name, int type, int timeout_ms)
{
	const struct timeval within = {timeout_ms / 1000, timeout_ms % 1000 * 1000};
	struct sockaddr_un addr;
	auto_fd int fd = -1;
	int r = address(&addr, dirfd, name);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (timeout_ms > 0 && setsockopt(fd, SOL_SOCKET, SO_SNDTIMEO, &within, sizeof(within)) < 0)
		return -errno;
	if (connect(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	return take_fd(&fd);
}

int sock_connect_at(int dirfd, const char *name, int type)
{
	return connect_at(dirfd, name, type, 0);
}

int sock_listen_at(int dirfd, const char *name, int type, int backlog)
{
	struct sockaddr_un addr;
	auto_fd int fd = -1;
	int r = address(&addr, dirfd, name);

	if (r < 0)
		return r;
	fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	if (fd < 0)
		return -errno;
	if (bind(fd, (struct sockaddr *)&addr, sizeof(addr)) < 0)
		return -errno;
	if (backlog > 0 && listen(fd, backlog) < 0)
		return -errno;
	return take_fd(&fd);
}

int sock_connect_path(const char *path, int type)
{
	return sock_connect_path_within(path, type, 0);
}

int sock_connect_path_within(const char *path, int type, int timeout_ms)
{
	const char *slash = strrchr(path, '/');
	auto_fd int dir = -1;
	char parent[4096];

	if (slash && (size_t)(slash - path) >= sizeof(parent))
		return -ENAMETOOLONG;
	if (slash)
		snprintf(parent, sizeof(parent), "%.*s/", (int)(slash - path), path);
	dir = open(slash ? parent : ".", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (dir < 0)
		return -errno;
	return connect_at(dir, slash ? slash + 1 : path, type, timeout_ms);
}

/* How many bytes went, or -errno. */
static ssize_t send_some(int sock, const void *buf, size_t len, int fd, int flags)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control = {0};
	struct iovec iov = {.iov_base = (void *)buf, .iov_len = len};
	struct msghdr msg = {.msg_iov = &iov, .msg_iovlen = 1};
	ssize_t n;

	if (fd >= 0) {
		struct cmsghdr *c = &control.align;

		msg.msg_control = control.buf;
		msg.msg_controllen = sizeof(control.buf);
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(sizeof(int));
		memcpy(CMSG_DATA(c), &fd, sizeof(int));
	}
	do
		n = sendmsg(sock, &msg, MSG_NOSIGNAL | flags);
	while (n < 0 && errno == EINTR);
	return n < 0 ? -errno : n;
}

int sock_send(int sock, const void *buf, size_t len, int fd)
{
	ssize_t n = send_some(sock, buf, len, fd, 0);

	if (n < 0)
		return (int)n;
	return (size_t)n == len ? 0 : -EMSGSIZE;
}

int sock_send_all(int sock, const void *buf, size_t len, int fd, int timeout_ms)
{
	int64_t end = clock_now_ms() + timeout_ms;
	const char *p = buf;

	while (len > 0) {
		ssize_t n = send_some(sock, p, len, fd, MSG_DONTWAIT);
		struct pollfd room = {.fd = sock, .events = POLLOUT};
		int64_t left = end - clock_now_ms();

		if (n == -EAGAIN && left <= 0)
			return -ETIMEDOUT;
		if (n == -EAGAIN && poll(&room, 1, (int)left) < 0 && errno != EINTR)
			return -errno;
		if (n == -EAGAIN)
			continue;
		if (n < 0)
			return (int)n;
		p += n;
		len -= (size_t)n;
		fd = -1;
	}
	return 0;
}

ssize_t sock_recv(int sock, void *buf, size_t size, int *ret_fd)
{
	union {
		char buf[CMSG_SPACE(sizeof(int))];
		struct cmsghdr align;
	} control;
	struct iovec iov = {.iov_base = buf, .iov_len = size};
	struct msghdr msg = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = ret_fd ? control.buf : NULL,
		/* Not the padding: that is room for a second one, which would stay open. What does
		 * not fit the kernel closes. */
		.msg_controllen = ret_fd ? CMSG_LEN(sizeof(int)) : 0,
	};
	struct cmsghdr *c;
	ssize_t n;

	if (ret_fd)
		*ret_fd = -1;
	do
		n = recvmsg(sock, &msg, MSG_CMSG_CLOEXEC);
	while (n < 0 && errno == EINTR);
	if (n < 0)
		return -errno;
	c = ret_fd ? CMSG_FIRSTHDR(&msg) : NULL;
	if (c && c->cmsg_level == SOL_SOCKET && c->cmsg_type == SCM_RIGHTS)
		memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	return n;
}

bool sock_await(int sock, int pidfd)
{
	struct pollfd p[] = {{.fd = sock, .events = POLLIN}, {.fd = pidfd, .events = POLLIN}};

	while (poll(p, 2, -1) < 0)
		if (errno != EINTR)
			return false;
	return p[0].revents || poll(p, 1, 0) > 0;
}
