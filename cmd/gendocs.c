/* TEST: writes the manual pages and the completions below a directory, for `make docs`. */
#include <stdio.h>

#include "cmd/command.h"

int main(int argc, char **argv)
{
	auto_arena a = ARENA_INIT;

	if (argc != 2) {
		fprintf(stderr, "usage: gendocs DIR\n");
		return 1;
	}
	for (const struct cli_doc *d = cli_docs(&a); d->file; d++) {
		FILE *f = fopen(arena_printf(&a, "%s/%s", argv[1], d->file), "we");

		if (!f || fputs(d->text, f) < 0 || fclose(f) != 0) {
			fprintf(stderr, "gendocs: %s: %m\n", d->file);
			return 1;
		}
	}
	return 0;
}
