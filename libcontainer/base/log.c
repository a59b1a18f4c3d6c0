/* BOTH SIDES: the log sink. */
#include "log.h"

#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "clock.h"
#include "utf8.h"

static struct {
	int fd;
	enum log_format format;
	bool debug;
} sink = {.fd = STDERR_FILENO};

int log_open(const char *path, enum log_format format, bool debug, struct err *err)
{
	sink.format = format;
	sink.debug = debug;
	if (!path)
		return 0;
	sink.fd = open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
	if (sink.fd < 0) {
		sink.fd = STDERR_FILENO;
		return err_sys(err, errno, "open log file '%s'", path);
	}
	return 0;
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

__attribute__((format(printf, 2, 0))) static void emit(const char *level, const char *fmt,
						       va_list ap)
{
	char text[ERR_TEXT_SIZE + 512], quoted[2 * sizeof(text)], line[sizeof(quoted) + 128];
	char when[CLOCK_TEXT_SIZE];
	int len;

	vsnprintf(text, sizeof(text), fmt, ap);
	quote(quoted, sizeof(quoted), text);
	clock_rfc3339(when);
	len = snprintf(line, sizeof(line),
		       sink.format == LOG_JSON
			       ? "{\"level\":\"%2$s\",\"msg\":\"%3$s\",\"time\":\"%1$s\"}\n"
			       : "time=\"%1$s\" level=%2$s msg=\"%3$s\"\n",
		       when, level, quoted);
	if (write(sink.fd, line, (size_t)len) < 0)
		return; /* nowhere left to say so */
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
