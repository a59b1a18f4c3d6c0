/* RUNTIME: one connection to a message bus. */
#include "cgroups/systemd/bus.h"

#include <errno.h>
#include <poll.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/base/str.h"

#define SYSTEM_SOCKET "/run/dbus/system_bus_socket"

/*
 * EXTERNAL without a name: the bus takes the user that the kernel tells it. Our own number would be
 * wrong inside of a user namespace.
 */
#define SASL "AUTH EXTERNAL\r\nDATA\r\nBEGIN\r\n"

/* ---- where ------------------------------------------------------------------------------- */

static int hex(char c)
{
	static const char digits[] = "0123456789abcdefABCDEF";
	const char *at = c ? strchr(digits, c) : NULL;

	return !at ? -1 : at - digits < 16 ? (int)(at - digits) : (int)(at - digits) - 6;
}

/* "%2f" is '/'. */
static char *unescape(struct arena *a, const char *s, size_t len)
{
	char *out = arena_alloc(a, len + 1);
	size_t n = 0;

	for (size_t i = 0; i < len; i++) {
		bool escaped =
			s[i] == '%' && i + 2 < len && hex(s[i + 1]) >= 0 && hex(s[i + 2]) >= 0;

		out[n++] = escaped ? (char)(hex(s[i + 1]) << 4 | hex(s[i + 2])) : s[i];
		i += escaped ? 2 : 0;
	}
	return out;
}

/* "unix:KEY=VALUE,...": the value of KEY. */
static const char *address_key(struct arena *a, const char *keys, size_t len, const char *key)
{
	size_t key_len = strlen(key);

	while (len) {
		size_t n = 0;

		while (n < len && keys[n] != ',')
			n++;
		if (n > key_len && strncmp(keys, key, key_len) == 0 && keys[key_len] == '=')
			return unescape(a, keys + key_len + 1, n - key_len - 1);
		n += n < len;
		keys += n;
		len -= n;
	}
	return NULL;
}

const char *bus_address_parse(struct arena *a, const char *list)
{
	while (*list) {
		size_t len = strcspn(list, ";");
		const char *value;

		if (str_starts(list, "unix:")) {
			value = address_key(a, list + 5, len - 5, "path");
			if (value && *value == '/')
				return value;
			value = address_key(a, list + 5, len - 5, "abstract");
			if (given(value))
				return arena_printf(a, "@%s", value);
		}
		list += len + (list[len] == ';');
	}
	return NULL;
}

const char *bus_address(struct arena *a, bool user)
{
	const char *list = getenv(user ? "DBUS_SESSION_BUS_ADDRESS" : "DBUS_SYSTEM_BUS_ADDRESS");
	const char *dir = getenv("XDG_RUNTIME_DIR");

	if (given(list))
		return bus_address_parse(a, list);
	if (!user)
		return SYSTEM_SOCKET;
	return given(dir) ? arena_printf(a, "%s/bus", dir) : NULL;
}

static int connect_abstract(const char *name)
{
	struct sockaddr_un addr = {.sun_family = AF_UNIX};
	auto_fd int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
	size_t len = strlen(name);

	if (fd < 0)
		return -errno;
	if (len >= sizeof(addr.sun_path))
		return -ENAMETOOLONG;
	memcpy(addr.sun_path + 1, name + 1, len - 1);
	if (connect(fd, (struct sockaddr *)&addr,
		    (socklen_t)(offsetof(struct sockaddr_un, sun_path) + len)) < 0)
		return -errno;
	return take_fd(&fd);
}

/* A pid that we name means another process to a manager of another pid namespace: the process at
 * the other end has a pid here, or it is not of this one. */
static int check_peer(int fd, const char *address, struct err *err)
{
	struct ucred peer = {.pid = 0};
	socklen_t len = sizeof(peer);

	if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) < 0)
		return err_sys(err, errno, "ask who is at the bus '%s'", address);
	if (peer.pid <= 0)
		return err_fail(err, EXDEV, "the bus '%s' belongs to another pid namespace",
				address);
	return 0;
}

/* ---- bytes ------------------------------------------------------------------------------- */

static int timed_out(const struct bus *bus, struct err *err)
{
	err_fail(err, ETIMEDOUT, "no answer from the bus '%s' within %d ms", bus->address,
		 bus->timeout_ms);
	err_hint(err, "is systemd well? try: systemctl status");
	return -ETIMEDOUT;
}

static int wait_for_bytes(struct bus *bus, struct err *err)
{
	struct pollfd p = {.fd = bus->fd, .events = POLLIN};
	int r;

	do {
		int64_t left = bus->deadline - clock_now_ms();

		if (left <= 0)
			return timed_out(bus, err);
		r = poll(&p, 1, (int)left);
	} while (r == 0 || (r < 0 && errno == EINTR));
	return r < 0 ? err_sys(err, errno, "wait for the bus '%s'", bus->address) : 0;
}

static int write_all(struct bus *bus, const void *data, size_t len, struct err *err)
{
	int64_t left = bus->deadline - clock_now_ms();
	int r = sock_send_all(bus->fd, data, len, -1, left > 0 ? (int)left : 0);

	if (r == -ETIMEDOUT)
		return timed_out(bus, err);
	return r < 0 ? err_sys(err, -r, "write to the bus '%s'", bus->address) : 0;
}

/* At least one byte more. */
static int fill(struct bus *bus, struct err *err)
{
	ssize_t n;
	int r;

	if (bus->len + 4096 > bus->size) {
		uint8_t *buf = arena_alloc(&bus->arena, bus->size * 2 + 8192);

		if (bus->len)
			memcpy(buf, bus->buf, bus->len);
		bus->buf = buf;
		bus->size = bus->size * 2 + 8192;
	}
	for (;;) {
		/* 4096 at most: the deadline is looked at even if the other side never stops */
		r = wait_for_bytes(bus, err);
		if (r < 0)
			return r;
		n = recv(bus->fd, bus->buf + bus->len, 4096, MSG_DONTWAIT);
		if (n > 0)
			break;
		if (n == 0)
			return err_fail(err, ECONNRESET, "the bus '%s' has hung up", bus->address);
		if (errno != EAGAIN && errno != EINTR)
			return err_sys(err, errno, "read from the bus '%s'", bus->address);
	}
	bus->len += (size_t)n;
	return 0;
}

static void drop(struct bus *bus, size_t n)
{
	memmove(bus->buf, bus->buf + n, bus->len - n);
	bus->len -= n;
}

/* ---- authentication ---------------------------------------------------------------------- */

/* The next line, without its end. */
static int read_line(struct bus *bus, char *line, size_t size, struct err *err)
{
	for (;;) {
		uint8_t *end = bus->len ? memchr(bus->buf, '\n', bus->len) : NULL;
		size_t n = end ? (size_t)(end - bus->buf) : bus->len;
		int r;

		if (n >= size)
			return err_fail(err, EBADMSG, "the bus '%s' sends no D-Bus", bus->address);
		if (end) {
			memcpy(line, bus->buf, n);
			line[n] = '\0';
			line[strcspn(line, "\r")] = '\0';
			drop(bus, n + 1);
			return 0;
		}
		r = fill(bus, err);
		if (r < 0)
			return r;
	}
}

static int authenticate(struct bus *bus, struct err *err)
{
	char line[512];
	/* and the NUL in front, with which the protocol begins */
	int r = write_all(bus, "\0" SASL, sizeof(SASL), err);

	if (r == 0)
		r = read_line(bus, line, sizeof(line), err);
	if (r == 0 && streq(line, "DATA"))
		r = read_line(bus, line, sizeof(line), err);
	if (r < 0)
		return r;
	if (!str_starts(line, "OK"))
		return err_fail(err, EACCES, "the bus '%s' refuses us: %.64s", bus->address, line);
	return 0;
}

/* ---- messages ---------------------------------------------------------------------------- */

/* The next message; it stays in the buffer until drop(). */
static int receive(struct bus *bus, struct wire_msg *ret, size_t *ret_size, struct err *err)
{
	for (;;) {
		ssize_t size = bus->len ? wire_size(bus->buf, bus->len) : 0;
		int r = (int)(size < 0 ? size : 0);

		if (size > 0 && bus->len >= (size_t)size) {
			r = wire_parse(bus->buf, (size_t)size, ret);
			*ret_size = (size_t)size;
			if (r == 0)
				return 0;
		}
		if (r < 0)
			return err_sys(err, -r, "read a message from the bus '%s'", bus->address);
		r = fill(bus, err);
		if (r < 0)
			return r;
	}
}

/* A copy in the arena: the buffer moves. */
static void keep(struct bus *bus, size_t size, struct wire_msg *msg)
{
	const uint8_t *copy = arena_memdup(&bus->arena, bus->buf, size);

	(void)!wire_parse(copy, size, msg);
	drop(bus, size);
}

int bus_wait(struct bus *bus, struct err *err)
{
	struct wire_msg msg;
	size_t size = 0;
	int r = receive(bus, &msg, &size, err);

	if (r < 0)
		return r;
	if (msg.type == WIRE_SIGNAL && bus->on_signal)
		bus->on_signal(bus->ctx, &msg);
	drop(bus, size);
	return 0;
}

static int send_call(struct bus *bus, const struct bus_call *call, unsigned flags,
		     const struct wire_value *args, size_t n_args, struct err *err)
{
	const struct wire_msg msg = {
		.type = WIRE_CALL,
		.flags = flags,
		.serial = ++bus->serial,
		.path = call->path,
		.interface = call->interface,
		.member = call->member,
		.destination = call->destination,
	};
	uint8_t *bytes = NULL;
	ssize_t len = wire_build(&bus->arena, &msg, args, n_args, &bytes);

	if (len < 0)
		return err_sys(err, (int)-len, "%s", call->member);
	return write_all(bus, bytes, (size_t)len, err);
}

/* The text of an error is its first argument, if that is a string. */
static int answered_error(struct bus *bus, const struct wire_msg *msg, struct err *err)
{
	struct wire_reader r;
	const char *text = NULL;

	snprintf(bus->error, sizeof(bus->error), "%s", msg->error);
	wire_read(&r, msg);
	if (wire_read_text(&r, 's', &text) < 0 || !*text)
		text = msg->error;
	return err_fail(err, EREMOTEIO, "%.512s", text);
}

int bus_call(struct bus *bus, const struct bus_call *call, const struct wire_value *args,
	     size_t n_args, struct wire_msg *ret, struct err *err)
{
	int r = send_call(bus, call, 0, args, n_args, err);
	uint32_t serial = bus->serial;

	bus->error[0] = '\0';
	while (r == 0) {
		size_t size = 0;

		r = receive(bus, ret, &size, err);
		if (r < 0)
			break;
		if (ret->type == WIRE_SIGNAL && bus->on_signal)
			bus->on_signal(bus->ctx, ret);
		if (ret->reply_serial != serial ||
		    (ret->type != WIRE_RETURN && ret->type != WIRE_ERROR)) {
			drop(bus, size);
			continue;
		}
		keep(bus, size, ret);
		r = ret->type == WIRE_ERROR ? answered_error(bus, ret, err) : 0;
		break;
	}
	return r < 0 ? err_wrap(err, "%s", call->member) : 0;
}

void bus_tell(struct bus *bus, const struct bus_call *call, const struct wire_value *args,
	      size_t n_args)
{
	struct err ignored;

	err_clear(&ignored);
	bus->deadline = 0; /* nothing is waited for any more */
	(void)!send_call(bus, call, WIRE_NO_REPLY, args, n_args, &ignored);
}

int bus_open(struct bus *bus, bool user, int timeout_ms, struct err *err)
{
	static const struct bus_call hello = {"org.freedesktop.DBus", "/org/freedesktop/DBus",
					      "org.freedesktop.DBus", "Hello"};
	struct wire_msg reply;
	int r;

	bus->fd = -1;
	bus->timeout_ms = timeout_ms;
	bus->deadline = clock_now_ms() + timeout_ms;
	bus->address = bus_address(&bus->arena, user);
	if (!bus->address) {
		err_fail(err, ENOENT, "no message bus of the user's services is known");
		err_hint(err, "set DBUS_SESSION_BUS_ADDRESS or XDG_RUNTIME_DIR, or use "
			      "--cgroup-manager cgroupfs");
		return -ENOENT;
	}
	bus->fd = *bus->address == '@'
			  ? connect_abstract(bus->address)
			  : sock_connect_path_within(bus->address, SOCK_STREAM, timeout_ms);
	if (bus->fd == -EAGAIN)
		return timed_out(bus, err);
	if (bus->fd < 0)
		return err_sys(err, -bus->fd, "connect to the bus '%s'", bus->address);
	r = check_peer(bus->fd, bus->address, err);
	if (r == 0)
		r = authenticate(bus, err);
	return r < 0 ? r : bus_call(bus, &hello, NULL, 0, &reply, err);
}

void bus_close(struct bus *bus)
{
	close_fd(&bus->fd);
	arena_done(&bus->arena);
}
