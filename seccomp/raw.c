/* RUNTIME: programs that come ready made. */
#include <errno.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/syscall.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/proc.h"
#include "seccomp/internal.h"

static int digit(char c)
{
	static const char digits[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
	const char *p = c ? strchr(digits, c) : NULL;

	return p ? (int)(p - digits) : -1;
}

/* RFC 4648, with its padding and nothing else. Bytes written, or -EINVAL. */
static ssize_t decode(const char *text, size_t len, unsigned char *out)
{
	size_t pad = len >= 2 && text[len - 2] == '='   ? 2
		     : len >= 1 && text[len - 1] == '=' ? 1
							: 0;
	size_t n = 0;

	if (len % 4 || (pad == 2 && text[len - 1] != '='))
		return -EINVAL;
	for (size_t i = 0; i < len; i += 4) {
		size_t digits = i + 4 == len ? 4 - pad : 4;
		uint32_t bits = 0;

		for (size_t j = 0; j < 4; j++) {
			int d = j < digits ? digit(text[i + j]) : 0;

			if (d < 0)
				return -EINVAL;
			bits = bits << 6 | (uint32_t)d;
		}
		/* Bits that are cut off must be none, or two texts would be the same program. */
		if (bits & ((1U << 8 * (4 - digits)) - 1))
			return -EINVAL;
		for (size_t j = 0; j < digits - 1; j++)
			out[n++] = (unsigned char)(bits >> (16 - 8 * j));
	}
	return (ssize_t)n;
}

/* A return of a constant says what it is, one of the accumulator may be anything. */
static bool notifies(const struct plan_filter *f, bool unknown_too)
{
	for (size_t i = 0; i < f->n; i++) {
		if (BPF_CLASS(f->insns[i].code) != BPF_RET)
			continue;
		if (BPF_RVAL(f->insns[i].code) == BPF_A
			    ? unknown_too
			    : (f->insns[i].k & SECCOMP_RET_ACTION_FULL) == SECCOMP_RET_USER_NOTIF)
			return true;
	}
	return false;
}

/* The kernel checks the program first, and then wants a free descriptor for a listener: without
 * one it says whether the program is good and loads nothing. In a process of its own, for the
 * limit and no_new_privs. */
static int kernel_check_program(const struct plan_filter *f)
{
	const struct sock_fprog prog = {.len = (unsigned short)f->n, .filter = f->insns};
	const struct rlimit none = {0, 0};
	int status;
	pid_t pid = proc_clone(0, -1, NULL);

	if (pid < 0)
		return (int)pid;
	if (pid == 0) {
		if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0 ||
		    setrlimit(RLIMIT_NOFILE, &none) < 0 ||
		    syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, SECCOMP_FILTER_FLAG_NEW_LISTENER,
			    &prog) >= 0)
			_exit(255);
		_exit(errno);
	}
	status = proc_wait(pid);
	return status == EMFILE ? 0 : status < 0 ? status : -status;
}

int filter_from_text(struct arena *a, const char *text, const struct oci_seccomp *flags,
		     bool listener, struct plan_filter *ret, struct err *err)
{
	struct plan_filter f = {0};
	size_t len = strlen(text);
	ssize_t bytes;
	int r;

	f.insns = arena_array(a, struct sock_filter, len / sizeof(struct sock_filter) + 1);
	bytes = decode(text, len, (unsigned char *)f.insns);
	if (bytes < 0)
		return err_fail(err, EINVAL, "the value is not base64");
	f.n = (size_t)bytes / sizeof(struct sock_filter);
	if (bytes == 0 || (size_t)bytes % sizeof(struct sock_filter))
		return err_fail(err, EINVAL, "%zd bytes are not instructions of %zu bytes each",
				bytes, sizeof(struct sock_filter));
	if (f.n > BPF_MAXINSNS)
		return err_fail(err, E2BIG, "%zu instructions, the kernel takes %d", f.n,
				BPF_MAXINSNS);
	r = kernel_check_program(&f);
	if (r == -EINVAL)
		return err_fail(err, EINVAL, "the kernel does not take the program (seccomp(2))");
	if (r < 0)
		return err_sys(err, -r, "check the program");
	r = filter_flags(flags, notifies(&f, listener), &f.flags, err);
	if (r < 0)
		return r;
	*ret = f;
	return 0;
}
