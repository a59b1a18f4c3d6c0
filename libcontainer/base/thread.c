/* BOTH SIDES: a thread without libc's knowledge. */
#include "thread.h"

#include <errno.h>
#include <sched.h>
#include <stdint.h>

#define FLAGS (CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD | CLONE_SYSVSEM)

/* clone(2) as the kernel has it, with a function to call on the new stack: libc's own clone()
 * refuses CLONE_THREAD in newer versions of musl. */
#if defined(__x86_64__) && !defined(__ILP32__)
long hull_clone_thread(unsigned long flags, void *stack, void (*fn)(void *), void *arg);

__asm__(".text\n"
	".globl hull_clone_thread\n"
	".type hull_clone_thread, @function\n"
	"hull_clone_thread:\n"
	"	sub $16, %rsi\n"
	"	mov %rdx, (%rsi)\n"
	"	mov %rcx, 8(%rsi)\n"
	"	xor %edx, %edx\n"
	"	xor %r10d, %r10d\n"
	"	xor %r8d, %r8d\n"
	"	mov $56, %eax\n"
	"	syscall\n"
	"	test %rax, %rax\n"
	"	jnz 1f\n"
	"	xor %ebp, %ebp\n"
	"	pop %rax\n"
	"	pop %rdi\n"
	"	call *%rax\n"
	"	hlt\n"
	"1:	ret\n"
	".size hull_clone_thread, . - hull_clone_thread\n");
#elif defined(__aarch64__)
long hull_clone_thread(unsigned long flags, void *stack, void (*fn)(void *), void *arg);

__asm__(".text\n"
	".globl hull_clone_thread\n"
	".type hull_clone_thread, %function\n"
	"hull_clone_thread:\n"
	"	stp x2, x3, [x1, #-16]!\n"
	"	mov x2, #0\n"
	"	mov x3, #0\n"
	"	mov x4, #0\n"
	"	mov x8, #220\n"
	"	svc #0\n"
	"	cbnz x0, 1f\n"
	"	mov x29, #0\n"
	"	mov x30, #0\n"
	"	ldp x1, x0, [sp], #16\n"
	"	blr x1\n"
	"	brk #0\n"
	"1:	ret\n"
	".size hull_clone_thread, . - hull_clone_thread\n");
#else
struct start {
	void (*fn)(void *);
	void *arg;
};

static int call(void *p)
{
	struct start s = *(struct start *)p;

	s.fn(s.arg);
	return 0;
}

/* The arguments lie at the far end of the thread's own stack. */
static long hull_clone_thread(unsigned long flags, void *stack, void (*fn)(void *), void *arg)
{
	struct start *s = (struct start *)stack - 1;
	uintptr_t top = (uintptr_t)s & ~(uintptr_t)15;
	int r;

	*s = (struct start){fn, arg};
	r = clone(call, (void *)top, (int)flags, s);
	return r < 0 ? -errno : r;
}
#endif

int thread_start(void (*fn)(void *), void *arg, void *stack, size_t stack_size)
{
	uintptr_t top = ((uintptr_t)stack + stack_size) & ~(uintptr_t)15;
	long r = hull_clone_thread(FLAGS, (void *)top, fn, arg);

	return r < 0 ? (int)r : 0;
}
