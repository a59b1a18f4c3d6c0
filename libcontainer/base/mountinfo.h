/*
 * mountinfo.h - /proc/PID/mountinfo, line by line.
 *
 * Source: proc_pid_mountinfo(5).
 */
#ifndef HULL_MOUNTINFO_H
#define HULL_MOUNTINFO_H

#include <stdbool.h>
#include <stdint.h>

#define MOUNTINFO_MAX (64u << 20)

struct mountinfo {
	uint64_t id;
	const char *dev;   /* "MAJOR:MINOR" of the file system */
	const char *root;  /* the directory of the file system that is mounted */
	const char *point; /* where */
	const char *type;  /* of the file system */
	char *options; /* the file system's own, with blanks and commas still as \ooo; may be NULL
			*/
};

/* The next line of *TEXT that can be read; false after the last. TEXT is written to: the strings
 * of RET, whose blanks are blanks again, are parts of it. PURE. */
bool mountinfo_next(char **text, struct mountinfo *ret);
/* \ooo as what it stands for, in place. */
char *mountinfo_unescape(char *s);

#endif
