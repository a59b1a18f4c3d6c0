/* PURE: strict conversions. */
#include "str.h"

#include <errno.h>
#include <stdarg.h>
#include <stdio.h>

static int digits(const char *s, const char **ret_end, uint64_t *ret)
{
	uint64_t v = 0;

	if (*s < '0' || *s > '9')
		return -EINVAL;
	for (; *s >= '0' && *s <= '9'; s++) {
		if (__builtin_mul_overflow(v, 10, &v) ||
		    __builtin_add_overflow(v, (uint64_t)(*s - '0'), &v))
			return -ERANGE;
	}
	*ret_end = s;
	*ret = v;
	return 0;
}

int str_to_u64(const char *s, uint64_t *ret)
{
	const char *end;
	uint64_t v;
	int r = digits(s, &end, &v);

	if (r < 0)
		return r;
	if (*end)
		return -EINVAL;
	*ret = v;
	return 0;
}

int str_to_i64(const char *s, int64_t *ret)
{
	bool negative = *s == '-';
	uint64_t v;
	int r = str_to_u64(s + negative, &v);

	if (r < 0)
		return r;
	if (v > (uint64_t)INT64_MAX + negative)
		return -ERANGE;
	*ret = negative ? (int64_t)-v : (int64_t)v;
	return 0;
}

int str_to_u32(const char *s, uint32_t *ret)
{
	uint64_t v;
	int r = str_to_u64(s, &v);

	if (r < 0)
		return r;
	if (v > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)v;
	return 0;
}

int str_to_size(const char *s, int64_t *ret_bytes)
{
	static const char units[] = "kmgt";
	const char *end, *unit;
	uint64_t v;
	int r;

	if (streq(s, "-1")) {
		*ret_bytes = -1;
		return 0;
	}
	r = digits(s, &end, &v);
	if (r < 0)
		return r;
	if (*end && *end != 'b' && *end != 'B') {
		unit = strchr(units, *end | 0x20);
		if (!unit || !*unit)
			return -EINVAL;
		for (ptrdiff_t i = 0; i <= unit - units; i++)
			if (__builtin_mul_overflow(v, 1024, &v))
				return -ERANGE;
		end++;
	}
	if (*end == 'b' || *end == 'B')
		end++;
	if (*end)
		return -EINVAL;
	if (v > INT64_MAX)
		return -ERANGE;
	*ret_bytes = (int64_t)v;
	return 0;
}

bool str_ends(const char *s, const char *suffix)
{
	size_t n = strlen(s), m = strlen(suffix);

	return n >= m && streq(s + n - m, suffix);
}

void strbuf_add(struct strbuf *sb, const char *fmt, ...)
{
	va_list ap;
	int n;

	if (sb->overflow)
		return;
	va_start(ap, fmt);
	n = vsnprintf(sb->buf + sb->len, sb->size - sb->len, fmt, ap);
	va_end(ap);
	if (n < 0 || (size_t)n >= sb->size - sb->len)
		sb->overflow = true;
	else
		sb->len += (size_t)n;
}

static const char hex_digits[] = "0123456789abcdef";

char *str_hex(char *buf, const uint8_t *bytes, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		buf[2 * i] = hex_digits[bytes[i] >> 4];
		buf[2 * i + 1] = hex_digits[bytes[i] & 15];
	}
	buf[2 * len] = '\0';
	return buf;
}

int str_unhex(const char *text, uint8_t *ret, size_t max)
{
	size_t len = strlen(text);

	if (len == 0 || len % 2 || len / 2 > max || strspn(text, hex_digits) != len)
		return -EINVAL;
	for (size_t i = 0; i < len / 2; i++)
		ret[i] = (uint8_t)((strchr(hex_digits, text[2 * i]) - hex_digits) << 4 |
				   (strchr(hex_digits, text[2 * i + 1]) - hex_digits));
	return (int)(len / 2);
}
