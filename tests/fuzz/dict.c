/* TEST: writes a dictionary for libFuzzer: all names of the tables, and numbers at the borders. */
#include <stdio.h>

#include "tests/fuzz/fuzz.h"

int main(void)
{
	static const char *const more[] = {"0",
					   "-1",
					   "1",
					   "65535",
					   "65536",
					   "2147483647",
					   "-2147483648",
					   "4294967295",
					   "4294967296",
					   "9223372036854775807",
					   "-9223372036854775808",
					   "18446744073709551615",
					   "18446744073709551616",
					   "true",
					   "false",
					   "null",
					   "{}",
					   "[]",
					   "1.3.0"};
	const struct fuzz_words *w = fuzz_all_words();

	for (size_t i = 0; i < w->n; i++)
		if (*w->v[i])
			printf("\"%s\"\n", w->v[i]);
	for (size_t i = 0; i < sizeof(more) / sizeof(more[0]); i++)
		printf("\"%s\"\n", more[i]);
	return 0;
}
