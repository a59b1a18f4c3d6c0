/* PURE: ENOSYS for system calls that are newer than the profile. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "seccomp/internal.h"

/*
 * A profile that lists what is allowed was written when the kernel had fewer system calls. A
 * program that tries a new one and gets EPERM gives up, where ENOSYS would have made it use the
 * older one. So a number above the largest that the profile names (in any rule, whatever its
 * action) gets ENOSYS, as in runc. Not when the default action lets the call through (ALLOW,
 * LOG), leaves it to a tracer, or is ENOSYS anyway; and not for an architecture of which the
 * profile names nothing. The number, not the name, decides: one call above the last is denied
 * by the default action as well, so the stub only changes the way of refusing.
 *
 * The stub stands before libseccomp's program; BPF only has relative jumps forward. For each
 * architecture value the kernel reports:
 *
 *	      ld arch
 *	      jeq ARCH, 0, next
 *	      ld nr
 *	      jgt LAST, 0, start
 *	      (x86-64) jge X32_BIT, 0, enosys
 *	      (x86-64) jgt LAST_X32, enosys, start; or ja start when x32 is not in the filter
 *	next: ...
 *	      ja start
 *	enosys: ret ERRNO|ENOSYS
 *	start:
 */

#define X32_BIT        0x40000000U
#define MAX_STUB       128
#define MAX_SYSCALL_NR 8192 /* the largest numbers are MIPS n32's, from 6000 */

/* Jumps to the two labels are filled in at the end. */
enum { TO_ENOSYS = 254, TO_START = 255 };

struct stub {
	struct sock_filter insns[MAX_STUB];
	size_t n;
};

static void emit(struct stub *s, uint16_t code, uint8_t jt, uint8_t jf, uint32_t k)
{
	if (s->n < MAX_STUB)
		s->insns[s->n] = (struct sock_filter){code, jt, jf, k};
	s->n++;
}

static bool default_denies(const struct oci_seccomp *seccomp)
{
	uint32_t action;

	if (filter_action(seccomp->default_action, seccomp->default_errno_ret, &action) < 0)
		return false;
	switch (action & SECCOMP_RET_ACTION_FULL) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
		return true;
	case SECCOMP_RET_ERRNO:
		return (action & SECCOMP_RET_DATA) != ENOSYS;
	default:
		return false;
	}
}

/* Calls that are multiplexed on some architectures (socketcall, ipc) have a pseudo number there,
 * even if the kernel has since given them one of their own: ask the other way round, once. */
struct multiplexed {
	bool filled;
	size_t n;
	struct {
		char *name;
		int nr;
	} calls[64];
};

bool filter_is_multiplexed(int nr)
{
	return nr <= -100 && nr > -300; /* libseccomp: -1xx socketcall, -2xx ipc, below: absent */
}

static void multiplexed_fill(struct multiplexed *m, uint32_t arch)
{
	static const int ranges[][2] = {{0, 1024}, {4000, 4000 + 1024}}; /* mips starts at 4000 */

	m->filled = true;
	for (size_t i = 0; i < ARRAY_SIZE(ranges); i++) {
		for (int nr = ranges[i][0]; nr < ranges[i][1]; nr++) {
			auto_free char *name = seccomp_syscall_resolve_num_arch(arch, nr);

			if (!name || m->n == ARRAY_SIZE(m->calls) ||
			    !filter_is_multiplexed(seccomp_syscall_resolve_name_arch(arch, name)))
				continue;
			m->calls[m->n].name = take_ptr(&name);
			m->calls[m->n++].nr = nr;
		}
	}
}

static int multiplexed_number(struct multiplexed *m, uint32_t arch, const char *name)
{
	if (!m->filled)
		multiplexed_fill(m, arch);
	for (size_t i = 0; i < m->n; i++)
		if (strcmp(m->calls[i].name, name) == 0)
			return m->calls[i].nr;
	return -1;
}

static void multiplexed_done(struct multiplexed *m)
{
	for (size_t i = 0; i < m->n; i++)
		free(m->calls[i].name);
}

int filter_call_number(uint32_t arch, const char *name)
{
	__attribute__((cleanup(multiplexed_done))) struct multiplexed m = {.filled = false};
	int nr = seccomp_syscall_resolve_name_arch(arch, name);

	return filter_is_multiplexed(nr) ? multiplexed_number(&m, arch, name) : nr;
}

/* The largest number of the architecture that the profile names, -1 if none. */
static int64_t last_syscall(const struct oci_seccomp *seccomp, uint32_t arch)
{
	__attribute__((cleanup(multiplexed_done))) struct multiplexed m = {.filled = false};
	int64_t last = -1;

	for (size_t i = 0; i < seccomp->syscalls.n; i++) {
		const struct oci_strings *names = &seccomp->syscalls.v[i].names;

		for (size_t j = 0; j < names->n; j++) {
			int nr = seccomp_syscall_resolve_name_arch(arch, names->v[j]);

			if (filter_is_multiplexed(nr))
				nr = multiplexed_number(&m, arch, names->v[j]);
			if (nr > last)
				last = nr;
		}
	}
	return last;
}

static bool has_arch(const uint32_t *archs, size_t n, uint32_t arch)
{
	for (size_t i = 0; i < n; i++)
		if (archs[i] == arch)
			return true;
	return false;
}

/* x86-64 and x32 have one architecture value; a bit of the number tells them apart. */
static void emit_x86_64(struct stub *s, const struct oci_seccomp *seccomp, bool with_x32)
{
	int64_t last = last_syscall(seccomp, SCMP_ARCH_X86_64);
	int64_t last_x32 = with_x32 ? last_syscall(seccomp, SCMP_ARCH_X32) : -1;

	if (last < 0 && last_x32 < 0)
		return;
	emit(s, BPF_JMP | BPF_JEQ | BPF_K, 0, last >= 0 ? 4 : 3, AUDIT_ARCH_X86_64);
	emit(s, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
	if (last >= 0) {
		emit(s, BPF_JMP | BPF_JGT | BPF_K, 0, TO_START, (uint32_t)last);
		emit(s, BPF_JMP | BPF_JGE | BPF_K, 0, TO_ENOSYS, X32_BIT);
	} else {
		emit(s, BPF_JMP | BPF_JGE | BPF_K, 0, TO_START, X32_BIT);
	}
	/* An x32 call without x32 in the filter is libseccomp's to kill. */
	if (last_x32 >= 0)
		emit(s, BPF_JMP | BPF_JGT | BPF_K, TO_ENOSYS, TO_START, (uint32_t)last_x32);
	else
		emit(s, BPF_JMP | BPF_JA, 0, 0, TO_START);
}

static void emit_arch(struct stub *s, const struct oci_seccomp *seccomp, uint32_t arch)
{
	int64_t last = last_syscall(seccomp, arch);

	if (last < 0)
		return;
	emit(s, BPF_JMP | BPF_JEQ | BPF_K, 0, 2, arch); /* the token is the AUDIT_ARCH value */
	emit(s, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr));
	emit(s, BPF_JMP | BPF_JGT | BPF_K, TO_ENOSYS, TO_START, (uint32_t)last);
}

static void fix_jumps(struct stub *s)
{
	size_t start = s->n, enosys = s->n - 1;

	for (size_t i = 0; i < s->n; i++) {
		struct sock_filter *f = &s->insns[i];
		uint8_t *targets[] = {&f->jt, &f->jf};

		if (BPF_CLASS(f->code) != BPF_JMP)
			continue;
		if (BPF_OP(f->code) == BPF_JA) {
			f->k = (uint32_t)((f->k == TO_START ? start : enosys) - i - 1);
			continue;
		}
		for (size_t j = 0; j < ARRAY_SIZE(targets); j++) {
			if (*targets[j] == TO_START)
				*targets[j] = (uint8_t)(start - i - 1);
			else if (*targets[j] == TO_ENOSYS)
				*targets[j] = (uint8_t)(enosys - i - 1);
		}
	}
}

int filter_add_stub(struct arena *a, const struct oci_seccomp *seccomp, const uint32_t *archs,
		    size_t n_archs, struct plan_filter *filter, struct err *err)
{
	struct stub s = {.n = 0};
	struct sock_filter *insns;

	if (!default_denies(seccomp))
		return 0;
	emit(&s, BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, arch));
	for (size_t i = 0; i < n_archs; i++) {
		if (archs[i] == SCMP_ARCH_X86_64)
			emit_x86_64(&s, seccomp, has_arch(archs, n_archs, SCMP_ARCH_X32));
		else if (archs[i] != SCMP_ARCH_X32)
			emit_arch(&s, seccomp, archs[i]);
	}
	if (s.n == 1)
		return 0; /* the profile names no call at all */
	emit(&s, BPF_JMP | BPF_JA, 0, 0, TO_START);
	emit(&s, BPF_RET | BPF_K, 0, 0, SECCOMP_RET_ERRNO | ENOSYS);
	if (s.n > MAX_STUB)
		return err_fail(err, E2BIG, "too many architectures");
	/* The accumulator is not what it was at the start of libseccomp's program. */
	if (filter->insns[0].code != (BPF_LD | BPF_W | BPF_ABS))
		return err_fail(err, EIO, "libseccomp's program does not begin with a load");
	fix_jumps(&s);
	insns = arena_array(a, struct sock_filter, s.n + filter->n);
	memcpy(insns, s.insns, s.n * sizeof(*insns));
	memcpy(insns + s.n, filter->insns, filter->n * sizeof(*insns));
	filter->insns = insns;
	filter->n += s.n;
	return 0;
}
