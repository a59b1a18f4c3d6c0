/* PURE: the error value. */
#include "err.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

#include "str.h"
#include "sysnames.h"

__attribute__((format(printf, 4, 0))) static void fill(struct err *err, int code, bool show,
						       const char *fmt, va_list ap)
{
	err->code = code > 0 ? code : EIO;
	err->show_errno = show;
	err->hint[0] = '\0';
	vsnprintf(err->text, sizeof(err->text), fmt, ap);
}

int err_sys(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, true, fmt, ap);
	va_end(ap);
	return -err->code;
}

int err_fail(struct err *err, int code, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	fill(err, code, false, fmt, ap);
	va_end(ap);
	return -err->code;
}

int err_wrap(struct err *err, const char *fmt, ...)
{
	char old[ERR_TEXT_SIZE];
	va_list ap;
	int len;

	memcpy(old, err->text, sizeof(old));
	va_start(ap, fmt);
	len = vsnprintf(err->text, sizeof(err->text), fmt, ap);
	va_end(ap);
	if (len >= 0 && (size_t)len < sizeof(err->text))
		snprintf(err->text + len, sizeof(err->text) - (size_t)len, ": %s", old);
	return -err->code;
}

void err_hint(struct err *err, const char *fmt, ...)
{
	va_list ap;

	if (err->hint[0])
		return;
	va_start(ap, fmt);
	vsnprintf(err->hint, sizeof(err->hint), fmt, ap);
	va_end(ap);
}

const char *err_name(int code)
{
	return sysname_errno(code) ?: "E?";
}

/* Docker's command line looks for "no such file or directory", CRI-O for "no such process": in
 * small letters, as Go writes them. Not the I of "I/O error". */
static char first_letter(const char *s)
{
	return *s >= 'A' && *s <= 'Z' && s[1] >= 'a' && s[1] <= 'z' ? (char)(*s | 0x20) : *s;
}

char *err_format(const struct err *err, char *buf, size_t size)
{
	const char *sep = err->hint[0] ? "; hint: " : "", *why = strerror(err->code);

	if (err->show_errno)
		snprintf(buf, size, "%s: %c%s (%s)%s%s", err->text, first_letter(why), why + 1,
			 err_name(err->code), sep, err->hint);
	else
		snprintf(buf, size, "%s%s%s", err->text, sep, err->hint);
	for (char *p = buf; *p; p++)
		*p = str_shown(*p);
	return buf;
}
