/*
 * unit.h - a few lines of test framework.
 *
 * A test file lists its cases in a table and ends with UNIT_MAIN(cases). Each case runs in a
 * child process, so that a crash is one failed case. Output is TAP-like; exit status 1 when
 * a case failed.
 */
#ifndef HULL_UNIT_H
#define HULL_UNIT_H

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

struct unit_case {
	const char *name;
	void (*run)(void);
};

int unit_main(const char *program, const struct unit_case *cases, size_t n);
/* Ends the case. */
_Noreturn void unit_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

#define UNIT_MAIN(cases)                                                              \
	int main(int argc, char **argv)                                               \
	{                                                                             \
		(void)argc;                                                           \
		return unit_main(argv[0], cases, sizeof(cases) / sizeof((cases)[0])); \
	}

#define CHECK(cond)                                                 \
	do {                                                        \
		if (!(cond))                                        \
			unit_fail(__FILE__, __LINE__, "%s", #cond); \
	} while (0)

#define CHECK_INT(got, want)                                                                    \
	do {                                                                                    \
		intmax_t g_ = (intmax_t)(got), w_ = (intmax_t)(want);                           \
		if (g_ != w_)                                                                   \
			unit_fail(__FILE__, __LINE__, "%s is %jd, expected %jd", #got, g_, w_); \
	} while (0)

#define CHECK_UINT(got, want)                                                                   \
	do {                                                                                    \
		uintmax_t g_ = (uintmax_t)(got), w_ = (uintmax_t)(want);                        \
		if (g_ != w_)                                                                   \
			unit_fail(__FILE__, __LINE__, "%s is %ju, expected %ju", #got, g_, w_); \
	} while (0)

#define CHECK_STR(got, want)                                                             \
	do {                                                                             \
		const char *g_ = (got), *w_ = (want);                                    \
		if (!g_ || strcmp(g_, w_) != 0)                                          \
			unit_fail(__FILE__, __LINE__, "%s is '%s', expected '%s'", #got, \
				  g_ ? g_ : "(null)", w_);                               \
	} while (0)

/* The text HAYSTACK has NEEDLE in it. */
#define CHECK_HAS(haystack, needle)                                                          \
	do {                                                                                 \
		const char *h_ = (haystack), *n_ = (needle);                                 \
		if (!h_ || !strstr(h_, n_))                                                  \
			unit_fail(__FILE__, __LINE__, "%s is '%s', without '%s'", #haystack, \
				  h_ ? h_ : "(null)", n_);                                   \
	} while (0)

#endif
