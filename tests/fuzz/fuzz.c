/* TEST: what the harnesses share. */
#include "tests/fuzz/fuzz.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "libcontainer/base/err.h"
#include "tests/unit/unit.h"

void fuzz_fail(const char *file, int line, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s:%d: ", file, line);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, "\n");
	abort();
}

/* The unit tests' references are used here, too. */
void unit_fail(const char *file, int line, const char *fmt, ...)
{
	char text[1024];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fuzz_fail(file, line, "%s", text);
}

void fuzz_check_error(int r, const struct err *err)
{
	char line[ERR_TEXT_SIZE + ERR_HINT_SIZE + 128];

	if (r >= 0)
		return;
	FUZZ_CHECK(err->code > 0);
	FUZZ_CHECK(err->text[0]);
	FUZZ_CHECK(memchr(err->text, '\0', sizeof(err->text)));
	FUZZ_CHECK(memchr(err->hint, '\0', sizeof(err->hint)));
	err_format(err, line, sizeof(line));
	for (const char *p = line; *p; p++)
		FUZZ_CHECK((unsigned char)*p >= 0x20 && *p != 0x7f);
}

char *fuzz_text(struct arena *a, const uint8_t *data, size_t size)
{
	char *text = arena_alloc(a, size + 1);

	if (size)
		memcpy(text, data, size);
	return text;
}
