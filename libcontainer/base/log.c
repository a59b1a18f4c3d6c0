/* BOTH SIDES: the log sink. */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "cleanup.h"
#include "clock.h"
#include "sock.h"
#include "str.h"
#include "utf8.h"

#define PATIENCE_MS 1000 /* for a reader of the log that does not read */

enum place { PLACE_FILE, PLACE_JOURNAL, PLACE_SYSLOG };

#define LOG_LATER_SIZE 1024
#define LOG_TEXT_SIZE  (ERR_TEXT_SIZE + LOG_LATER_SIZE + 512)

static struct {
	int fd;
	enum log_format format;
	bool debug;
	enum place place;
	const char *id; /* of PLACE_JOURNAL and PLACE_SYSLOG; storage: argv */
	char later[LOG_LATER_SIZE];
} sink = {.fd = STDERR_FILENO};

/* A pipe without a reader would make open wait for one: its lines are lost instead, unless one
 * comes before hull ends. */
static int open_file(const char *path)
{
	const int flags = O_APPEND | O_CREAT | O_NONBLOCK | O_NOCTTY;
	int fd = open(path, flags | O_WRONLY | O_CLOEXEC, 0644);

	if (fd < 0 && errno == ENXIO)
		fd = open(path, flags | O_RDWR | O_CLOEXEC, 0644);
	return fd < 0 ? -errno : fd;
}

/* "journald:ID", "syslog:ID", "file:PATH" or a path, as crun has them. */
static int open_place(const char *where, struct err *err)
{
	static const struct {
		const char *prefix, *path;
		enum place place;
	} sockets[] = {
		{"journald:", "/run/systemd/journal/socket", PLACE_JOURNAL},
		{"syslog:", "/dev/log", PLACE_SYSLOG},
	};
	int fd;

	for (size_t i = 0; i < ARRAY_SIZE(sockets); i++) {
		if (!str_starts(where, sockets[i].prefix))
			continue;
		fd = sock_connect_path_within(sockets[i].path, SOCK_DGRAM, PATIENCE_MS);
		if (fd < 0)
			return err_sys(err, -fd, "open log '%s': connect to '%s'", where,
				       sockets[i].path);
		sink.place = sockets[i].place;
		sink.id = where + strlen(sockets[i].prefix);
		return fd;
	}
	if (str_starts(where, "file:"))
		where += strlen("file:");
	fd = open_file(where);
	return fd < 0 ? err_sys(err, -fd, "open log file '%s'", where) : fd;
}

int log_open(const char *where, enum log_format format, bool debug, struct err *err)
{
	int fd;

	sink.format = format;
	sink.debug = debug;
	sink.place = PLACE_FILE;
	if (!where)
		return 0;
	fd = open_place(where, err);
	if (fd >= 0)
		sink.fd = fd;
	return fd < 0 ? fd : 0;
}

bool log_debug_enabled(void)
{
	return sink.debug;
}

bool log_to_stderr(void)
{
	return sink.fd == STDERR_FILENO;
}

int log_fd(void)
{
	return sink.fd;
}

/* One character that cannot stand for itself. A byte that is no UTF-8 is shown as \xff: the line
 * must be valid JSON even when a path is not. */
static int escape(char *out, size_t size, unsigned char c)
{
	bool json = sink.format == LOG_JSON;

	if (c == '"' || c == '\\')
		return snprintf(out, size, "\\%c", c);
	if (c == '\n')
		return snprintf(out, size, "\\n");
	if (c < 0x80)
		return snprintf(out, size, json ? "\\u%04x" : "\\x%02x", c);
	return snprintf(out, size, json ? "\\\\x%02x" : "\\x%02x", c);
}

/* The inside of a quoted string, in JSON or as Go's %q writes it. Cut rather than overrun. */
static void quote(char *out, size_t size, const char *s)
{
	size_t n = 0, left = strlen(s);

	while (left && n + 7 < size) {
		unsigned char c = (unsigned char)*s;
		size_t len = utf8_len(s, left);

		if (len == 0 || c < 0x20 || c == '"' || c == '\\' || c == 0x7f) {
			n += (size_t)escape(out + n, size - n, c);
			len = 1;
		} else {
			memcpy(out + n, s, len);
			n += len;
		}
		s += len;
		left -= len;
	}
	out[n] = '\0';
}

static int format_line(char *out, size_t size, const char *level, const char *text)
{
	char quoted[2 * LOG_TEXT_SIZE], when[CLOCK_TEXT_SIZE];

	quote(quoted, sizeof(quoted), text);
	clock_rfc3339(when);
	return snprintf(out, size,
			sink.format == LOG_JSON
				? "{\"level\":\"%2$s\",\"msg\":\"%3$s\",\"time\":\"%1$s\"}\n"
				: "time=\"%1$s\" level=%2$s msg=\"%3$s\"\n",
			when, level, quoted);
}

/* The journal's own protocol, and what syslog(3) sends for the facility daemon. Both put the time
 * to it; a line feed would end the field. */
static int format_datagram(char *out, size_t size, const char *level, char *text)
{
	int priority = *level == 'e' ? 3 : *level == 'w' ? 4 : 7;

	for (char *p = text; (p = strchr(p, '\n'));)
		*p = ' ';
	if (sink.place == PLACE_SYSLOG)
		return snprintf(out, size, "<%d>%.128s: %s", 3 * 8 + priority, sink.id, text);
	return snprintf(out, size, "MESSAGE=%s\nPRIORITY=%d\nSYSLOG_IDENTIFIER=hull\nID=%.128s\n",
			text, priority, sink.id);
}

__attribute__((format(printf, 2, 0))) static void emit(const char *level, const char *fmt,
						       va_list ap)
{
	char text[LOG_TEXT_SIZE], line[2 * sizeof(text) + 256];
	struct pollfd room = {.fd = sink.fd, .events = POLLOUT};
	int len;

	vsnprintf(text, sizeof(text), fmt, ap);
	len = sink.place == PLACE_FILE ? format_line(line, sizeof(line), level, text)
				       : format_datagram(line, sizeof(line), level, text);
	if (write(sink.fd, line, (size_t)len) >= 0 || errno != EAGAIN)
		return; /* written, or there is nowhere left to say that it is not */
	if (sink.place == PLACE_FILE && poll(&room, 1, PATIENCE_MS) > 0 &&
	    write(sink.fd, line, (size_t)len) < 0)
		return;
}

#define LOG_FUNCTION(name, level, condition) \
	void name(const char *fmt, ...)      \
	{                                    \
		int saved = errno;           \
		va_list ap;                  \
		if (!(condition))            \
			return;              \
		va_start(ap, fmt);           \
		emit(level, fmt, ap);        \
		va_end(ap);                  \
		errno = saved;               \
	}

LOG_FUNCTION(log_debug, "debug", sink.debug)
LOG_FUNCTION(log_warn, "warning", sink.debug)
LOG_FUNCTION(log_error, "error", true)

void log_later(const char *fmt, ...)
{
	size_t len = strlen(sink.later);
	va_list ap;

	va_start(ap, fmt);
	if (len + 2 < sizeof(sink.later)) {
		memcpy(sink.later + len, "; ", 3);
		vsnprintf(sink.later + len + 2, sizeof(sink.later) - len - 2, fmt, ap);
	}
	va_end(ap);
}

const char *log_said_later(void)
{
	return sink.later;
}
