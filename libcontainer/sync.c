/* BOTH SIDES: messages between the runtime and init. */
#include "libcontainer/sync.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/sock.h"

static const char *const type_names[] = {
	[SYNC_EOF] = "end of file", [SYNC_MAPPED] = "mapped", [SYNC_MOUNTED] = "mounted",
	[SYNC_HOOKED] = "hooked",   [SYNC_READY] = "ready",   [SYNC_START] = "start",
	[SYNC_FAILED] = "failed",   [SYNC_PID] = "pid",       [SYNC_LISTENER] = "listener",
	[SYNC_SERVED] = "served",
};

static int send_header(int fd, uint32_t type, pid_t pid, int passed)
{
	struct sync_msg msg = {.type = type, .pid = pid};

	/* The error is the long part, and only SYNC_FAILED has one. */
	return sock_send(fd, &msg, offsetof(struct sync_msg, err), passed);
}

int sync_send(int fd, enum sync_type type)
{
	return send_header(fd, type, 0, -1);
}

int sync_send_pid(int fd, pid_t pid)
{
	return send_header(fd, SYNC_PID, pid, -1);
}

int sync_send_listener(int fd, int listener)
{
	return send_header(fd, SYNC_LISTENER, 0, listener);
}

int sync_send_error(int fd, const struct err *error)
{
	struct sync_msg msg = {.type = SYNC_FAILED, .err = *error};

	return sock_send(fd, &msg, sizeof(msg), -1);
}

static const char *name_of(uint32_t type)
{
	return type < ARRAY_SIZE(type_names) ? type_names[type] : "unknown";
}

/* A peer that ended with a message unread resets the connection; what it said before is still
 * there to be read after that error. */
static ssize_t receive(int fd, struct sync_msg *msg, int *ret_passed)
{
	ssize_t n = sock_recv(fd, msg, sizeof(*msg), ret_passed);

	return n == -ECONNRESET ? sock_recv(fd, msg, sizeof(*msg), ret_passed) : n;
}

/* Whoever took init over may have sent this: it must be an error like any other. */
static bool is_failure(struct sync_msg *msg, ssize_t n)
{
	unsigned char show;

	if ((size_t)n != sizeof(*msg) || msg->type != SYNC_FAILED || msg->err.code <= 0 ||
	    !msg->err.text[0])
		return false;
	memcpy(&show, &msg->err.show_errno, sizeof(show)); /* any byte but 0 and 1 is no bool */
	msg->err.show_errno = show != 0;
	msg->err.text[sizeof(msg->err.text) - 1] = '\0';
	msg->err.hint[sizeof(msg->err.hint) - 1] = '\0';
	return true;
}

int sync_tell(int fd, enum sync_type type, struct err *err)
{
	int r = sync_send(fd, type);
	struct sync_msg msg;
	ssize_t n;

	if (r == 0)
		return 0;
	err_sys(err, -r, "say '%s' to the other side", name_of(type));
	n = receive(fd, &msg, NULL);
	if (n > 0 && is_failure(&msg, n))
		*err = msg.err;
	return -err->code;
}

static int expect(int fd, enum sync_type want, pid_t *ret_pid, int *ret_passed, struct err *err)
{
	struct sync_msg msg;
	ssize_t n = receive(fd, &msg, ret_passed);

	if (n < 0)
		return err_sys(err, (int)-n, "receive '%s' from the other side", name_of(want));
	if (n == 0)
		return want == SYNC_EOF
			       ? 0
			       : err_fail(err, EPIPE, "the other side ended before it said '%s'",
					  name_of(want));
	if (is_failure(&msg, n)) {
		*err = msg.err;
		return -err->code;
	}
	if ((size_t)n != offsetof(struct sync_msg, err) || msg.type != want)
		return err_fail(err, EPROTO,
				"expected '%s' from the other side, got '%s' (%zd bytes)",
				name_of(want), name_of(msg.type), n);
	if (ret_pid)
		*ret_pid = msg.pid;
	return 0;
}

int sync_expect(int fd, enum sync_type want, pid_t *ret_pid, struct err *err)
{
	return expect(fd, want, ret_pid, NULL, err);
}

void sync_last_word(int fd, struct err *err)
{
	struct pollfd poll_fd = {.fd = fd, .events = POLLIN};
	struct sync_msg msg;
	ssize_t n;

	do {
		n = poll(&poll_fd, 1, 0) > 0 ? receive(fd, &msg, NULL) : 0;
		if (n > 0 && is_failure(&msg, n))
			*err = msg.err;
	} while (n > 0);
}

int sync_expect_listener(int fd, int *ret_listener, struct err *err)
{
	int passed = -1, r = expect(fd, SYNC_LISTENER, NULL, &passed, err);

	if (r == 0 && passed < 0)
		return err_fail(err, EPROTO, "no seccomp listener came with its message");
	if (r < 0) {
		close_fd(&passed);
		return r;
	}
	*ret_listener = passed;
	return 0;
}
