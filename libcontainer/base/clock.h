/* clock.h - time as text. */
#ifndef HULL_CLOCK_H
#define HULL_CLOCK_H

#define CLOCK_TEXT_SIZE 80 /* for any 64-bit year */

/* Now, as RFC 3339 with nanoseconds in UTC: "2026-11-22T03:00:00.123456789Z". Without libc's
 * time zones, which would read a file. Returns buf. */
char *clock_rfc3339(char buf[CLOCK_TEXT_SIZE]);
/* The text for a given moment; for the unit test. */
char *clock_format(char buf[CLOCK_TEXT_SIZE], long long seconds, long nanoseconds);

#endif
