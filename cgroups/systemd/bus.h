/*
 * bus.h - one connection to a message bus, for a handful of calls (private to cgroups/systemd/).
 *
 * Everything on it shares one deadline: whatever the other side does, or does not do, there is an
 * answer or an error by then.
 *
 * Source: the D-Bus specification, "Authentication Protocol", "Server Addresses", "Message Bus
 * Messages".
 */
#ifndef HULL_SYSTEMD_BUS_H
#define HULL_SYSTEMD_BUS_H

#include "cgroups/systemd/wire.h"

struct bus {
	struct arena arena; /* of messages */
	int fd;
	int64_t deadline;    /* CLOCK_MONOTONIC, ms */
	const char *address; /* "/run/dbus/system_bus_socket", for errors */
	int timeout_ms;
	uint32_t serial;
	uint8_t *buf; /* received, not yet read; aligned to 8 */
	size_t len, size;
	char error[128]; /* name of the last error that was answered */
	/* Sees each signal that arrives while something else is waited for. */
	void (*on_signal)(void *ctx, const struct wire_msg *msg);
	void *ctx;
};

struct bus_call {
	const char *destination, *path, *interface, *member;
};

/* Where the bus is: of the system, or of the user's services. NULL: nothing says. In A. */
const char *bus_address(struct arena *a, bool user);
/* Connects, authenticates, says Hello. -ENOENT and -ECONNREFUSED: nobody is there. Needs
 * bus_close() in any case. */
int bus_open(struct bus *bus, bool user, int timeout_ms, struct err *err) must_check;
void bus_close(struct bus *bus);
#define BUS_NONE         \
	{                \
		.fd = -1 \
	}

/* A call and its answer, valid until the next one. An error that is answered is -EREMOTEIO, its
 * name is bus->error and the error has its text. */
int bus_call(struct bus *bus, const struct bus_call *call, const struct wire_value *args,
	     size_t n_args, struct wire_msg *ret, struct err *err) must_check;
/* A call without an answer: sent as far as the socket takes it, failures do not matter. */
void bus_tell(struct bus *bus, const struct bus_call *call, const struct wire_value *args,
	      size_t n_args);
/* Waits for one more message; signals go to on_signal. */
int bus_wait(struct bus *bus, struct err *err) must_check;

/* PURE, for tests: the socket of the first unix address of a list such as
 * "unix:path=/run/x,guid=1;unix:abstract=/tmp/y". An abstract one begins with '@'. NULL: none. */
const char *bus_address_parse(struct arena *a, const char *list);

#endif
