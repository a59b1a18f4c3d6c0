/*
 * err.h - one error value, without malloc, that can cross a socket.
 *
 * Every function that can fail takes `struct err *` last and returns 0 (or a
 * value >= 0) on success and a negative errno on failure, with the error filled
 * exactly once. Callers add context on the way up with err_wrap(); main prints
 * the result once. The struct is plain data: it is sent as it is from the
 * container's init to the runtime.
 *
 * Text style: lower case, no full stop, subjects in single quotes.
 */
#ifndef HULL_ERR_H
#define HULL_ERR_H

#include <stdbool.h>
#include <stddef.h>

#define ERR_TEXT_SIZE 2048
#define ERR_HINT_SIZE 256

struct err {
	int code;                 /* positive errno; 0 = no error */
	bool show_errno;          /* append ": strerror (ENAME)" when printed */
	char text[ERR_TEXT_SIZE]; /* outermost context first, always NUL-terminated */
	char hint[ERR_HINT_SIZE]; /* what to do about it; may be empty */
};

#define ERR_NONE          ((struct err){.code = 0})
#define printf_like(f, a) __attribute__((format(printf, f, a)))
#define must_check        __attribute__((warn_unused_result))

/* The same as ERR_NONE, without touching all of the text. */
static inline void err_clear(struct err *err)
{
	err->code = 0;
	err->show_errno = false;
	err->text[0] = err->hint[0] = '\0';
}

/* A failed system call: the text is followed by the name of CODE when printed. Returns -code. */
int err_sys(struct err *err, int code, const char *fmt, ...) printf_like(3, 4);
/* A failure that the text describes in full; CODE only tells callers the kind. Returns -code. */
int err_fail(struct err *err, int code, const char *fmt, ...) printf_like(3, 4);
/* Puts "fmt: " before the text. Returns -err->code. */
int err_wrap(struct err *err, const char *fmt, ...) printf_like(2, 3);
/* Sets the hint when none is set yet. */
void err_hint(struct err *err, const char *fmt, ...) printf_like(2, 3);
/* One line, without newline: "text: strerror (ENAME); hint: ...". Control characters of
 * the text are shown as '?'. Returns buf. */
char *err_format(const struct err *err, char *buf, size_t size);
/* "ENOENT" for 2; "E?" for unknown numbers. Never NULL, static storage. */
const char *err_name(int code);

#endif
