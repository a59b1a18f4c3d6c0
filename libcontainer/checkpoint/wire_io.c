/* RUNTIME: bytes of `hull migrate` between two descriptors, none waited for without end. */
#include "libcontainer/checkpoint/wire_frame.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/clock.h"

#define AHEAD_SIZE (64U << 10)
#define AHEAD_MAX  (8U << 20) /* while we write: more than a target asks for before it waits */

int64_t wire_deadline(const struct wire *w, uint64_t len)
{
	return clock_now_ms() + w->timeout_ms + (int64_t)(len * 1000 / WIRE_SLOWEST);
}

/* 0 when one of the two of WHAT may be ready, -ETIMEDOUT after END. */
static int wait_for(struct wire *w, struct pollfd what[2], int64_t end)
{
	struct pollfd fds[4] = {what[0],
				what[1],
				{.fd = w->aside.fd, .events = POLLIN},
				{.fd = w->stop_fd, .events = POLLIN}};

	for (;;) {
		int64_t left = end - clock_now_ms();

		if (left <= 0)
			return -ETIMEDOUT;
		fds[2].fd = w->aside.fd; /* -1 is left out */
		if (poll(fds, 4, left > INT32_MAX ? INT32_MAX : (int)left) < 0) {
			if (errno != EINTR)
				return -errno;
			continue;
		}
		if (fds[2].revents)
			w->aside.fd = w->aside.ready(w->aside.arg);
		if (fds[3].revents)
			return -ECANCELED;
		what[0].revents = fds[0].revents;
		what[1].revents = fds[1].revents;
		if (fds[0].revents || fds[1].revents)
			return 0;
	}
}

bool wire_stopped(const struct wire *w)
{
	struct pollfd stop = {.fd = w->stop_fd, .events = POLLIN};

	return w->stop_fd >= 0 && poll(&stop, 1, 0) > 0;
}

/* One read, without waiting. */
static ssize_t get_some(const struct wire *w, struct iovec *iov, int n)
{
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = (size_t)n};
	ssize_t got;

	do
		got = w->in_is_socket ? recvmsg(w->in, &msg, MSG_DONTWAIT) : readv(w->in, iov, n);
	while (got < 0 && errno == EINTR);
	return got < 0 ? -errno : got;
}

/* What has come, behind what is there; false when there is nothing, or no room. */
static bool get_ahead(struct wire *w)
{
	struct iovec iov;
	ssize_t n;

	if (w->ahead_at && w->ahead_len)
		memmove(w->ahead, w->ahead + w->ahead_at, w->ahead_len);
	w->ahead_at = 0;
	if (w->ahead_len == w->ahead_size) {
		uint8_t *more =
			w->ahead_size < AHEAD_MAX ? realloc(w->ahead, w->ahead_size * 2) : NULL;

		if (!more)
			return false;
		w->ahead = more;
		w->ahead_size *= 2;
	}
	iov = (struct iovec){w->ahead + w->ahead_len, w->ahead_size - w->ahead_len};
	n = get_some(w, &iov, 1);
	if (n <= 0)
		return n == -EAGAIN;
	w->received.bytes += (uint64_t)n;
	w->ahead_len += (size_t)n;
	return true;
}

/* Until it can be written on. A peer that writes, too, and does not read until that is taken, does
 * not wait for us for ever: what it sends is kept. *READS: whether there is any. */
static int wait_to_write(struct wire *w, bool *reads, int64_t end)
{
	struct pollfd fds[2] = {{.fd = w->out, .events = POLLOUT},
				{.fd = *reads ? w->in : -1, .events = POLLIN}};

	for (;;) {
		int r = wait_for(w, fds, end);

		if (r < 0 || fds[0].revents)
			return r;
		*reads = get_ahead(w);
		if (!*reads)
			fds[1].fd = -1;
	}
}

static ssize_t get_waiting(struct wire *w, struct iovec *iov, int n, int64_t end)
{
	struct pollfd what[2] = {{.fd = w->in, .events = POLLIN}, {.fd = -1}};

	for (;;) {
		ssize_t got = get_some(w, iov, n);
		int r;

		if (got > 0) {
			w->received.bytes += (uint64_t)got;
			return got;
		}
		if (got == 0)
			return -ECONNRESET;
		if (got != -EAGAIN)
			return got;
		r = wait_for(w, what, end);
		if (r < 0)
			return r;
	}
}

int wire_fill(struct wire *w, int64_t end)
{
	struct iovec iov;
	ssize_t n;

	if (w->ahead_len)
		return 0;
	iov = (struct iovec){w->ahead, w->ahead_size};
	n = get_waiting(w, &iov, 1, end);
	if (n < 0)
		return (int)n;
	w->ahead_at = 0;
	w->ahead_len = (size_t)n;
	return 0;
}

static size_t use_ahead(struct wire *w, void *to, size_t len)
{
	size_t n = len < w->ahead_len ? len : w->ahead_len;

	if (to && n)
		memcpy(to, w->ahead + w->ahead_at, n);
	w->ahead_at += n;
	w->ahead_len -= n;
	w->at += n;
	return n;
}

int wire_take(struct wire *w, void *to, size_t len, int64_t end)
{
	uint8_t *p = to;

	while (len) {
		size_t n = use_ahead(w, p, len);
		struct iovec iov[2];
		ssize_t got;

		len -= n;
		p = p ? p + n : NULL;
		if (!len)
			return 0;
		if (!p) {
			int r = wire_fill(w, end);

			if (r < 0)
				return r;
			continue;
		}
		/* Straight to its place; what comes behind it is kept. */
		iov[0] = (struct iovec){p, len};
		iov[1] = (struct iovec){w->ahead, w->ahead_size};
		got = get_waiting(w, iov, 2, end);
		if (got < 0)
			return (int)got;
		n = (size_t)got < len ? (size_t)got : len;
		w->ahead_at = 0;
		w->ahead_len = (size_t)got - n;
		w->at += n;
		p += n;
		len -= n;
	}
	return 0;
}

static ssize_t put_some(const struct wire *w, struct iovec *iov, int n)
{
	struct msghdr msg = {.msg_iov = iov, .msg_iovlen = (size_t)n};
	ssize_t put;

	do
		put = w->out_is_socket ? sendmsg(w->out, &msg, MSG_DONTWAIT | MSG_NOSIGNAL)
				       : writev(w->out, iov, n);
	while (put < 0 && errno == EINTR);
	return put < 0 ? -errno : put;
}

int wire_write(struct wire *w, struct iovec *iov, int n, int64_t end)
{
	bool reads = true;

	while (n) {
		ssize_t put = put_some(w, iov, n);

		if (put == -EAGAIN) {
			int r = wait_to_write(w, &reads, end);

			if (r < 0)
				return r;
			continue;
		}
		if (put < 0)
			return (int)put;
		w->sent.bytes += (uint64_t)put;
		while (n && (size_t)put >= iov->iov_len) {
			put -= (ssize_t)iov->iov_len;
			iov++;
			n--;
		}
		if (n) {
			iov->iov_base = (uint8_t *)iov->iov_base + put;
			iov->iov_len -= (size_t)put;
		}
	}
	return 0;
}

void wire_pause(struct wire *w, int64_t ns)
{
	int64_t end = rate_now_ns() + ns, left;

	for (; (left = end - rate_now_ns()) > 0;) {
		struct timespec ts = {left / 1000000000, left % 1000000000};
		struct pollfd aside = {.fd = w->aside.fd, .events = POLLIN};

		if (ppoll(&aside, 1, &ts, NULL) > 0 && aside.revents)
			w->aside.fd = w->aside.ready(w->aside.arg);
	}
}

/* ---- descriptors ------------------------------------------------------------------------ */

static int prepare_fd(int fd, bool *ret_is_socket, int *ret_flags, struct err *err)
{
	struct stat st;
	int flags = fcntl(fd, F_GETFL);

	if (flags < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at descriptor %d", fd);
	/* Flags are of the open file, which others may have, too: sockets do without. */
	*ret_is_socket = S_ISSOCK(st.st_mode);
	*ret_flags = flags;
	if (!*ret_is_socket && fcntl(fd, F_SETFL, flags | O_NONBLOCK) < 0)
		return err_sys(err, errno, "make descriptor %d non-blocking", fd);
	return 0;
}

int wire_init(struct wire *w, enum wire_role role, int in, int out, int timeout_ms, struct err *err)
{
	int r;

	*w = (struct wire){.in = in, .out = out, .role = role, .timeout_ms = timeout_ms};
	w->aside.fd = w->stop_fd = -1;
	r = prepare_fd(in, &w->in_is_socket, &w->flags_in, err);
	if (r == 0)
		r = prepare_fd(out, &w->out_is_socket, &w->flags_out, err);
	if (r < 0)
		return r;
	w->ahead = malloc(AHEAD_SIZE);
	w->ahead_size = AHEAD_SIZE;
	w->codec = compressor_new();
	if (w->ahead && w->codec)
		return 0;
	wire_done(w);
	return err_sys(err, ENOMEM, "buffers of a connection");
}

void wire_done(struct wire *w)
{
	if (w->ahead) {
		if (!w->out_is_socket)
			(void)fcntl(w->out, F_SETFL, w->flags_out);
		if (!w->in_is_socket)
			(void)fcntl(w->in, F_SETFL, w->flags_in);
	}
	compressor_free(w->codec);
	free(w->ahead);
	free(w->body);
	free(w->packed);
	free(w->flat);
	*w = (struct wire){.in = -1, .out = -1, .stop_fd = -1};
}
