/* RUNTIME: the first instructions of the program, before libc: the read-only copy, early. */
#include <elf.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/mman.h>
#include <sys/syscall.h>

#include "libcontainer/base/mountapi.h"

/*
 * A command that enters a container executes hull again from a read-only copy of itself
 * (self.c). Done here, before libc has started, the first execution costs a third of what it
 * costs in main: libc's start-up is most of a short command's time. What fails here is simply done
 * again by main, which can also say why.
 *
 * Nothing of libc may be used: no relocation has been applied, there is no thread pointer (so
 * no stack protector) and no errno. This file is compiled with flags of its own, after which come
 * those of whoever builds it: a distribution's have the stack protector, so it is said here, too.
 */
#if defined(__x86_64__) && !defined(__ILP32__)

#define NO_PROTECTOR __attribute__((no_stack_protector))

static NO_PROTECTOR long sys(long nr, long a, long b, long c, long d, long e)
{
	register long r10 __asm__("r10") = d;
	register long r8 __asm__("r8") = e;
	long ret;

	__asm__ volatile("syscall"
			 : "=a"(ret)
			 : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10), "r"(r8)
			 : "rcx", "r11", "memory");
	return ret;
}

static NO_PROTECTOR int same(const char *a, const char *b)
{
	while (*a && *a == *b) {
		a++;
		b++;
	}
	return *a == *b;
}

/* Any argument counts, wherever it stands: a copy too many does no harm. */
static NO_PROTECTOR int enters_container(long argc, char **argv)
{
	for (long i = 1; i < argc; i++)
		if (same(argv[i], "create") || same(argv[i], "run") || same(argv[i], "exec"))
			return 1;
	return 0;
}

#ifndef MADV_POPULATE_WRITE
#define MADV_POPULATE_WRITE 23
#endif

extern const Elf64_Ehdr __ehdr_start __attribute__((visibility("hidden")));

/* libc's first deed is to relocate, which writes to each page of tables; to have them all at once
 * is faster than a fault for each. Linux before 5.14 does not know how, which is no harm. */
static NO_PROTECTOR void take_data_pages(void)
{
	const char *base = (const char *)&__ehdr_start;
	const Elf64_Phdr *ph = (const void *)(base + __ehdr_start.e_phoff);

	for (int i = 0; i < __ehdr_start.e_phnum; i++) {
		long start = (long)(base + ph[i].p_vaddr) & -4096L;
		long end = (long)(base + ph[i].p_vaddr + ph[i].p_memsz);

		if (ph[i].p_type == PT_LOAD && ph[i].p_flags & PF_W)
			sys(SYS_madvise, start, (end - start + 4095) & -4096L, MADV_POPULATE_WRITE,
			    0, 0);
	}
}

static NO_PROTECTOR void execute_copy(char **argv, char **envp)
{
	struct mount_attr attr;
	long fd = sys(SYS_open_tree, AT_FDCWD, (long)"/proc/self/exe",
		      OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC, 0, 0);

	if (fd < 0)
		return;
	attr.attr_set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID;
	attr.attr_clr = 0;
	attr.propagation = MS_PRIVATE;
	attr.userns_fd = 0;
	if (sys(SYS_mount_setattr, fd, (long)"", AT_EMPTY_PATH, (long)&attr, sizeof(attr)) == 0)
		sys(SYS_execveat, fd, (long)"", (long)argv, (long)envp, AT_EMPTY_PATH);
	sys(SYS_close, fd, 0, 0, 0, 0);
}

NO_PROTECTOR void hull_early(long *stack);

void hull_early(long *stack)
{
	long argc = stack[0];
	char **argv = (char **)(stack + 1), **envp = argv + argc + 1;
	char path[8];

	if (enters_container(argc, argv) &&
	    sys(SYS_readlink, (long)"/proc/self/exe", (long)path, sizeof(path), 0, 0) != 1)
		execute_copy(argv, envp); /* else "/": this is the copy */
	take_data_pages();
}

/* The kernel enters with the arguments on the stack and rdx for _start. */
__asm__(".globl hull_entry\n"
	".type hull_entry, @function\n"
	"hull_entry:\n"
	"	xor %ebp, %ebp\n"
	"	mov %rsp, %rdi\n"
	"	push %rdx\n"
	"	sub $8, %rsp\n"
	"	call hull_early\n"
	"	add $8, %rsp\n"
	"	pop %rdx\n"
	"	jmp _start\n");

#endif
