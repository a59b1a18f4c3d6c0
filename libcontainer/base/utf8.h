/* utf8.h - one character of UTF-8. */
#ifndef HULL_UTF8_H
#define HULL_UTF8_H

#include <stddef.h>

/* Length of the character at S (1 to 4), at most LEN bytes; 0 if it is no UTF-8: a stray or
 * missing continuation byte, an overlong form, a surrogate, above U+10FFFF. RFC 3629. */
static inline size_t utf8_len(const char *s, size_t len)
{
	const unsigned char *p = (const unsigned char *)s;
	size_t n = p[0] < 0x80 ? 1 : p[0] < 0xc2 ? 0 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;

	if (n == 0 || n > len || p[0] > 0xf4)
		return 0;
	for (size_t i = 1; i < n; i++)
		if ((p[i] & 0xc0) != 0x80)
			return 0;
	if ((p[0] == 0xe0 && p[1] < 0xa0) || (p[0] == 0xed && p[1] > 0x9f) ||
	    (p[0] == 0xf0 && p[1] < 0x90) || (p[0] == 0xf4 && p[1] > 0x8f))
		return 0;
	return n;
}

#endif
