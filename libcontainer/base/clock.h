/* clock.h - time: how much has passed, and as text. */
#ifndef HULL_CLOCK_H
#define HULL_CLOCK_H

#include <stdint.h>

#define CLOCK_TEXT_SIZE 80 /* for any 64-bit year */

/* Milliseconds of CLOCK_MONOTONIC: for deadlines. */
int64_t clock_now_ms(void);
/* Now, as RFC 3339 with nanoseconds in UTC: "2026-11-22T03:00:00.123456789Z". Without libc's
 * time zones, which would read a file. Returns buf. */
char *clock_rfc3339(char buf[CLOCK_TEXT_SIZE]);
/* The text for a given moment; for the unit test. */
char *clock_format(char buf[CLOCK_TEXT_SIZE], long long seconds, long nanoseconds);

#endif
