/* TEST: writes the manual page or the completion to stdout, for `make docs`. */
#include <stdio.h>
#include <string.h>

#include "cmd/command.h"

int main(int argc, char **argv)
{
	auto_arena a = ARENA_INIT;

	if (argc == 2 && strcmp(argv[1], "man") == 0)
		return fputs(cli_manual_page(&a), stdout) < 0;
	if (argc == 2 && strcmp(argv[1], "bash") == 0)
		return fputs(cli_completion(&a), stdout) < 0;
	fprintf(stderr, "usage: gendocs man|bash\n");
	return 1;
}
