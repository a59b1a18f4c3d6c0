/* PURE: sets of small numbers. */
#include "bits.h"

#include <errno.h>
#include <string.h>

/* Digits at *S, which is moved behind them. */
static int number(const char **s, size_t limit, size_t *ret)
{
	size_t n = 0, len = strspn(*s, "0123456789");

	if (len == 0)
		return -EINVAL;
	for (size_t i = 0; i < len; i++) {
		n = n * 10 + (size_t)((*s)[i] - '0');
		if (n >= limit)
			return -ERANGE;
	}
	*s += len;
	*ret = n;
	return 0;
}

static void skip_blanks(const char **s)
{
	*s += strspn(*s, " ");
}

/* "3" or "3-5", and what follows it up to the comma or the end. */
static int element(const char **s, unsigned long *bits, size_t n_bits)
{
	size_t first, last;
	int r = number(s, n_bits, &first);

	last = first;
	skip_blanks(s);
	if (r == 0 && **s == '-') {
		++*s;
		skip_blanks(s);
		r = number(s, n_bits, &last);
		skip_blanks(s);
	}
	if (r < 0)
		return r;
	if ((**s && **s != ',') || last < first)
		return -EINVAL;
	for (size_t i = first; bits && i <= last; i++)
		bits[i / BITS_PER_WORD] |= 1UL << i % BITS_PER_WORD;
	return 0;
}

int bits_parse(const char *list, unsigned long *bits, size_t n_bits)
{
	size_t n = 0;

	if (bits)
		memset(bits, 0, n_bits / 8);
	while (*list) {
		skip_blanks(&list);
		if (*list && *list != ',') {
			int r = element(&list, bits, n_bits);

			if (r < 0)
				return r;
			n++;
		}
		list += *list == ',';
	}
	return n ? 0 : -EINVAL;
}
