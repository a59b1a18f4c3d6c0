/*
 * log.h - the log sink: the one global of the program.
 *
 * At default verbosity nothing is logged but the final error of a command, because
 * engines read the whole log file as one JSON object. Debug lines and warnings are
 * written only with --debug. Each line is one write(2) to an O_APPEND descriptor,
 * so processes that share a log file do not mix their lines; the container's init
 * logs through the inherited descriptor. Formats as in runc (logrus).
 */
#ifndef HULL_LOG_H
#define HULL_LOG_H

#include "err.h"

enum log_format { LOG_TEXT, LOG_JSON };

/* WHERE is a path (O_APPEND|O_CREAT, 0644), maybe after "file:", or "journald:ID" or "syslog:ID";
 * NULL keeps stderr. It is kept. A reader that does not read is waited for a second, never for
 * ever. */
int log_open(const char *where, enum log_format format, bool debug, struct err *err) must_check;
bool log_debug_enabled(void);
bool log_to_stderr(void);
int log_fd(void); /* to keep it open across a close_range */
void log_debug(const char *fmt, ...) printf_like(1, 2);
void log_warn(const char *fmt, ...) printf_like(1, 2);
/* Written whatever the verbosity. */
void log_error(const char *fmt, ...) printf_like(1, 2);
/* What went wrong besides: it is told at the end of the command's one line of error. */
void log_later(const char *fmt, ...) printf_like(1, 2);
/* All of that, each with "; " before it. */
const char *log_said_later(void);

#endif
