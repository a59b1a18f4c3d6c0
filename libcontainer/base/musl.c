/* BOTH SIDES: what a program linked with musl lacks; compiled for such a build only. */
#include <elf.h>
#include <link.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

/*
 * The distribution's static libseccomp and yajl were compiled against glibc, with its fortified
 * functions. What else they ask of libc has the same interface in both: numbers, strings, memory,
 * the address of errno, and FILE pointers, which they only pass on (to fclose, fflush and fwrite).
 * configure links them with this file before it chooses musl, and only on x86-64, where types have
 * the same sizes and the stack protector's value the same place.
 */
int __fprintf_chk(FILE *f, int flag, const char *format, ...);
int __sprintf_chk(char *s, int flag, size_t size, const char *format, ...);
int __snprintf_chk(char *s, size_t max, int flag, size_t size, const char *format, ...);
void *__memcpy_chk(void *to, const void *from, size_t n, size_t size);

int __fprintf_chk(FILE *f, int flag, const char *format, ...)
{
	va_list ap;
	int n;

	(void)flag;
	va_start(ap, format);
	n = vfprintf(f, format, ap);
	va_end(ap);
	return n;
}

int __sprintf_chk(char *s, int flag, size_t size, const char *format, ...)
{
	va_list ap;
	int n;

	(void)flag;
	va_start(ap, format);
	n = vsnprintf(s, size, format, ap);
	va_end(ap);
	if (n >= 0 && (size_t)n >= size)
		__builtin_trap();
	return n;
}

int __snprintf_chk(char *s, size_t max, int flag, size_t size, const char *format, ...)
{
	va_list ap;
	int n;

	(void)flag;
	if (max > size)
		__builtin_trap();
	va_start(ap, format);
	n = vsnprintf(s, max, format, ap);
	va_end(ap);
	return n;
}

void *__memcpy_chk(void *to, const void *from, size_t n, size_t size)
{
	if (n > size)
		__builtin_trap();
	return memcpy(to, from, n);
}

/*
 * musl relocates a static program but leaves what it relocated writable: tables of functions and
 * the jumps to libc's. glibc protects them at this point, too.
 */
extern const ElfW(Ehdr) __ehdr_start __attribute__((visibility("hidden")));

__attribute__((constructor)) static void protect_relocated(void)
{
	const char *base = (const char *)&__ehdr_start;
	const ElfW(Phdr) *ph = (const void *)(base + __ehdr_start.e_phoff);
	const size_t page = 4096; /* x86-64 has no other */

	for (size_t i = 0; i < __ehdr_start.e_phnum; i++) {
		size_t start = ph[i].p_vaddr & ~(page - 1);
		size_t end = (ph[i].p_vaddr + ph[i].p_memsz) & ~(page - 1);

		if (ph[i].p_type == PT_GNU_RELRO && end > start &&
		    mprotect((void *)(base + start), end - start, PROT_READ) < 0)
			__builtin_trap();
	}
}
