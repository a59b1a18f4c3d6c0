/* str.h - strict conversions and small string helpers. No locale. */
#ifndef HULL_STR_H
#define HULL_STR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Whole string, decimal, no sign (i64: one leading '-'), no blanks. 0, -EINVAL or -ERANGE. */
int str_to_u64(const char *s, uint64_t *ret);
int str_to_i64(const char *s, int64_t *ret);
int str_to_u32(const char *s, uint32_t *ret);
/* "10", "10k", "2M", "1g", optionally followed by "b"; base 1024; "-1" allowed. */
int str_to_size(const char *s, int64_t *ret_bytes);

static inline bool streq(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

static inline bool str_starts(const char *s, const char *prefix)
{
	return strncmp(s, prefix, strlen(prefix)) == 0;
}

/* Engines write "" for what they do not ask for. */
static inline bool given(const char *s)
{
	return s && *s;
}

/* Whether PATH lies below the directory DIR; both are absolute and clean. */
static inline bool path_is_below(const char *path, const char *dir)
{
	size_t n = strlen(dir);

	return streq(dir, "/") || (strncmp(path, dir, n) == 0 && path[n] == '/');
}

bool str_ends(const char *s, const char *suffix);
/* LEN bytes as 2 * LEN digits and '\0' in BUF. Returns BUF. */
char *str_hex(char *buf, const uint8_t *bytes, size_t len);
/* The bytes of such a text: how many, or -EINVAL: it is none, or has more than MAX. */
int str_unhex(const char *text, uint8_t *ret, size_t max);
/* What a terminal is shown of a text that somebody else wrote. */
static inline char str_shown(char c)
{
	return (unsigned char)c < 0x20 || c == 0x7f ? '?' : c;
}

/* Appends into a fixed buffer; a full buffer is remembered, never overrun. */
struct strbuf {
	char *buf;
	size_t size, len;
	bool overflow;
};

void strbuf_add(struct strbuf *sb, const char *fmt, ...) __attribute__((format(printf, 2, 3)));

#endif
