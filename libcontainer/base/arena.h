/*
 * arena.h - memory that is released all at once.
 *
 * A decoded spec and a plan live in one arena each: no type has a free function.
 * Allocation never fails in a way the caller must handle: out of memory ends the
 * process with a message, as there is nothing sensible to unwind to. Memory is
 * zeroed and aligned to 16 bytes. Chunks come from mmap, so that releasing an arena
 * gives its pages back to the kernel.
 */
#ifndef HULL_ARENA_H
#define HULL_ARENA_H

#include <stdarg.h>
#include <stddef.h>

#include "err.h"

struct arena_chunk;
struct arena {
	struct arena_chunk *chunks; /* newest first */
};

#define ARENA_INIT   \
	{            \
		NULL \
	}
#define auto_arena __attribute__((cleanup(arena_done))) struct arena

void arena_done(struct arena *a);
void *arena_alloc(struct arena *a, size_t size) __attribute__((malloc, returns_nonnull));
void *arena_memdup(struct arena *a, const void *p, size_t size) __attribute__((returns_nonnull));
/* NULL gives NULL. */
char *arena_strdup(struct arena *a, const char *s);
char *arena_strndup(struct arena *a, const char *s, size_t len) __attribute__((returns_nonnull));
char *arena_printf(struct arena *a, const char *fmt, ...) printf_like(2, 3)
	__attribute__((returns_nonnull));

#define arena_new(a, type)      ((type *)arena_alloc(a, sizeof(type)))
#define arena_array(a, type, n) ((type *)arena_alloc(a, sizeof(type) * (n)))

/* Grow an array by one zeroed element; returns the element. *len is the count, capacity
 * is implied (powers of two). For arrays built one by one. */
void *arena_push_(struct arena *a, void **items, size_t *len, size_t size)
	__attribute__((returns_nonnull));
#define arena_push(a, items, len) \
	((__typeof__(*(items)))arena_push_(a, (void **)(items), len, sizeof(**(items))))

#endif
