/* PURE: memory that is released all at once. */
#include "arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#define CHUNK_SIZE (64 * 1024)

struct arena_chunk {
	struct arena_chunk *next;
	size_t size, used;
	size_t pad; /* keeps data 16-aligned */
	unsigned char data[];
};

static void no_memory(void)
{
	static const char msg[] = "hull: out of memory\n";

	if (write(STDERR_FILENO, msg, sizeof(msg) - 1) < 0)
		_exit(1);
	_exit(1);
}

/* With the address sanitizer each piece is an allocation of its own, of just its size: what is read
 * or written beside it, or after the arena's end, is seen, and so is an arena that is not ended. */
#ifdef __SANITIZE_ADDRESS__
#define CHECKED 1
#elif defined(__has_feature)
#if __has_feature(address_sanitizer)
#define CHECKED 1
#endif
#endif

#ifdef CHECKED
static struct arena_chunk *chunk_new(size_t payload)
{
	struct arena_chunk *c = calloc(1, sizeof(*c) + payload);

	if (!c)
		no_memory();
	return c;
}

static void chunk_free(struct arena_chunk *c)
{
	free(c);
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c;

	if (size > SIZE_MAX / 2)
		no_memory();
	c = chunk_new(size);
	c->next = a->chunks;
	a->chunks = c;
	return c->data;
}
#else
/* Released chunks of the usual size, zeroed, for the next arenas: `list` makes several for each
 * container, and a mapping costs more than what is put into it. */
#define MAX_SPARE 4
static struct arena_chunk *spare;
static unsigned n_spare;

static struct arena_chunk *chunk_new(size_t payload)
{
	size_t want = sizeof(struct arena_chunk) + payload;
	size_t size = want < CHUNK_SIZE ? CHUNK_SIZE : (want + 4095) & ~(size_t)4095;
	struct arena_chunk *c = spare;

	if (c && size == CHUNK_SIZE) {
		spare = c->next;
		n_spare--;
		return c;
	}
	c = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (c == MAP_FAILED)
		no_memory();
	c->size = size - sizeof(*c);
	return c;
}

static void chunk_free(struct arena_chunk *c)
{
	if (c->size + sizeof(*c) != CHUNK_SIZE || n_spare == MAX_SPARE) {
		munmap(c, c->size + sizeof(*c));
		return;
	}
	memset(c->data, 0, c->used);
	c->used = 0;
	c->next = spare;
	spare = c;
	n_spare++;
}

void *arena_alloc(struct arena *a, size_t size)
{
	struct arena_chunk *c = a->chunks;
	size_t need = (size + 15) & ~(size_t)15;

	if (need < size || need > SIZE_MAX / 2)
		no_memory();
	if (!c || c->size - c->used < need) {
		struct arena_chunk *fresh = chunk_new(need);

		/* A large block must not hide the room left in the current chunk. */
		if (c && need > CHUNK_SIZE / 4) {
			fresh->next = c->next;
			c->next = fresh;
		} else {
			fresh->next = c;
			a->chunks = fresh;
		}
		c = fresh;
	}
	c->used += need;
	return c->data + c->used - need;
}
#endif

void arena_done(struct arena *a)
{
	struct arena_chunk *c = a->chunks, *next;

	for (; c; c = next) {
		next = c->next;
		chunk_free(c);
	}
	a->chunks = NULL;
}

void *arena_memdup(struct arena *a, const void *p, size_t size)
{
	void *n = arena_alloc(a, size);

	if (size)
		memcpy(n, p, size);
	return n;
}

char *arena_strndup(struct arena *a, const char *s, size_t len)
{
	char *n = arena_alloc(a, len + 1);

	memcpy(n, s, len);
	return n;
}

char *arena_strdup(struct arena *a, const char *s)
{
	return s ? arena_strndup(a, s, strlen(s)) : NULL;
}

char *arena_printf(struct arena *a, const char *fmt, ...)
{
	va_list ap;
	char *s;
	int len;

	va_start(ap, fmt);
	len = vsnprintf(NULL, 0, fmt, ap);
	va_end(ap);
	if (len < 0)
		no_memory();
	s = arena_alloc(a, (size_t)len + 1);
	va_start(ap, fmt);
	vsnprintf(s, (size_t)len + 1, fmt, ap);
	va_end(ap);
	return s;
}

void *arena_push_(struct arena *a, void **items, size_t *len, size_t size)
{
	size_t n = *len;

	if ((n & (n - 1)) == 0 && (n == 0 || n >= 4)) { /* full: 0, 4, 8, 16, ... */
		size_t cap = n ? n * 2 : 4;
		void *bigger = arena_alloc(a, cap * size);

		if (n)
			memcpy(bigger, *items, n * size);
		*items = bigger;
	}
	(*len)++;
	return (char *)*items + n * size;
}
