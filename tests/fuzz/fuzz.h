/*
 * fuzz.h - one parser, one input.
 *
 * A harness is one file with LLVMFuzzerTestOneInput(). Linked with libFuzzer it looks for inputs
 * that break something; linked with driver.c it runs those of tests/data/fuzz/NAME again, as one
 * test of `make check`. What a sanitizer does not see a harness checks itself: that an error is
 * complete, that what was accepted means what it says.
 */
#ifndef HULL_FUZZ_H
#define HULL_FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/arena.h"
#include "oci-spec/field.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Of the harness: the directory of its corpus; the table of the JSON it reads (NULL: no JSON). */
extern const char fuzz_name[];
extern const struct oci_type *const fuzz_type;

/* Says what is wrong and aborts: a finding. */
_Noreturn void fuzz_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));
#define FUZZ_CHECK(cond)                                            \
	do {                                                        \
		if (!(cond))                                        \
			fuzz_fail(__FILE__, __LINE__, "%s", #cond); \
	} while (0)

/* A function returned R: a failure must have a complete error, printable in one line. */
void fuzz_check_error(int r, const struct err *err);
/* The input as text that ends in NUL, as exactly so many bytes that reading further is seen. */
char *fuzz_text(struct arena *a, const uint8_t *data, size_t size);

/* ---- words: all names of the program's tables ------------------------------------------ */

struct fuzz_words {
	size_t n;
	const char **v;
};
/* Made once. */
const struct fuzz_words *fuzz_all_words(void);
/* The words that a member of this name takes; all words if that is not known. */
const struct fuzz_words *fuzz_words_for(const char *member);

#endif
