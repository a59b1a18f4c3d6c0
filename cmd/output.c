/* RUNTIME: the only place that writes to stdout. */
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cmd/command.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"

int cli_print(const char *text, size_t len, struct err *err)
{
	int r = io_write_all(STDOUT_FILENO, text, len);

	return r < 0 ? err_sys(err, -r, "write standard output") : 0;
}

int cli_print_line(const char *text, struct arena *a, struct err *err)
{
	size_t len = strlen(text);
	char *line = arena_alloc(a, len + 2);

	memcpy(line, text, len);
	line[len] = '\n';
	return cli_print(line, len + 1, err);
}

void cli_text_add(struct cli_text *t, const char *fmt, ...)
{
	va_list ap;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(t->buf ? t->buf + t->len : NULL, t->size - t->len, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n >= t->size - t->len) {
		size_t size = (t->len + (size_t)n + 1) * 2 + 1024;
		char *bigger = arena_alloc(t->arena, size);

		if (t->len)
			memcpy(bigger, t->buf, t->len);
		t->buf = bigger;
		t->size = size;
		va_start(ap, fmt);
		vsnprintf(t->buf + t->len, t->size - t->len, fmt, ap);
		va_end(ap);
	}
	t->len += (size_t)n;
}

static size_t cell_width(const char *const *cells, size_t columns, size_t rows, size_t c)
{
	size_t width = 12;

	for (size_t r = 0; r < rows; r++) {
		size_t len = strlen(cells[r * columns + c]) + 3;

		if (len > width)
			width = len;
	}
	return width;
}

/* A column is as wide as its widest cell and three blanks, at least 12; the last is not padded.
 * A cell cannot smuggle control characters to the terminal. */
const char *cli_table(struct arena *a, const char *const *cells, size_t columns, size_t rows)
{
	size_t *width = arena_array(a, size_t, columns), total = 1;
	char *text, *p;

	for (size_t c = 0; c < columns; c++) {
		width[c] = cell_width(cells, columns, rows, c);
		total += width[c] * rows;
	}
	text = p = arena_alloc(a, total);
	for (size_t i = 0; i < rows * columns; i++) {
		bool last = i % columns == columns - 1;
		const char *cell = cells[i];
		char *start = p;

		for (; *cell; cell++)
			*p++ = str_shown(*cell);
		while (!last && p < start + width[i % columns])
			*p++ = ' ';
		if (last)
			*p++ = '\n';
	}
	return text;
}
