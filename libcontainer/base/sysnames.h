/* sysnames.h - names of errors and signals. */
#ifndef HULL_SYSNAMES_H
#define HULL_SYSNAMES_H

const char *sysname_errno(int code); /* "ENOENT", or NULL */
const char *sysname_signal(int sig); /* "TERM", or NULL; real-time signals have none */

#endif
