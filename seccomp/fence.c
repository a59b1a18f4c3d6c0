/* BOTH SIDES: programs with notifications: what the kernel takes, and the fence before them. */
#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "seccomp/internal.h"

#define FENCE_INSNS 12
#define FENCE_OPEN  0x68756c6c /* what the call returns when it was let go */

bool filter_has_listener(const struct plan_filter *filter)
{
	return filter->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER;
}

/* A known flag without a program is a bad address, an unknown one a bad argument. */
static bool kernel_takes(unsigned flags)
{
	return syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags, NULL) < 0 && errno == EFAULT;
}

const char *const *filter_supported_flags(struct arena *a)
{
	const char **names = arena_array(a, const char *, 8);
	size_t n = 0;

	for (size_t i = 0; filter_flag_names[i] && n < 7; i++) {
		unsigned flag = 0;

		if (filter_flag(filter_flag_names[i], &flag) < 0)
			continue;
		if (flag == SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)
			flag |= SECCOMP_FILTER_FLAG_NEW_LISTENER;
		if (kernel_takes(flag))
			names[n++] = filter_flag_names[i];
	}
	return names;
}

int filter_check_listener(const struct plan_filter *filter, struct err *err)
{
	if (filter->n + FENCE_INSNS > BPF_MAXINSNS)
		return err_fail(err, E2BIG,
				"linux.seccomp: the program has %zu instructions, with "
				"notifications the kernel takes %d",
				filter->n, BPF_MAXINSNS - FENCE_INSNS);
	if (kernel_takes(filter->flags))
		return 0;
	return filter->flags & SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV
		       ? err_fail(err, ENOTSUP,
				  "linux.seccomp.flags: SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV "
				  "needs "
				  "Linux 5.19")
		       : err_fail(err, ENOTSUP, "linux.seccomp: this kernel has no notifications");
}

/*
 * The call is seccomp(2) itself, as no program makes it often, with an operation that does not
 * exist, so that it does nothing where the fence is not in force. A comparison that fails leads
 * to the program, with the accumulator as empty as the kernel hands it over.
 */
void filter_add_fence(struct arena *a, const struct plan_filter *filter,
		      const struct filter_fence *fence, struct plan_filter *ret)
{
	const uint64_t args[] = {fence->a, fence->b};
	struct sock_filter *f = arena_array(a, struct sock_filter, filter->n + FENCE_INSNS), *p = f;

	*p++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
					    offsetof(struct seccomp_data, nr));
	*p++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_seccomp, 0, 9);
	for (unsigned i = 0; i < 4; i++) {
		unsigned half = i % 2; /* in memory order: which half that is, the machine says */
		uint32_t words[2];

		memcpy(words, &args[i / 2], sizeof(words));
		*p++ = (struct sock_filter)BPF_STMT(
			BPF_LD | BPF_W | BPF_ABS,
			(uint32_t)(offsetof(struct seccomp_data, args) + 8 * (i / 2) + 4 * half));
		*p++ = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, words[half], 0,
						    (uint8_t)(7 - 2 * i));
	}
	*p++ = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF);
	*p++ = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_IMM, 0);
	memcpy(p, filter->insns, filter->n * sizeof(*p));
	*ret = *filter;
	ret->insns = f;
	ret->n = filter->n + FENCE_INSNS;
}

int filter_fence_make(struct filter_fence *ret)
{
	struct filter_fence f;

	if (syscall(SYS_getrandom, &f, sizeof(f), 0) != (long)sizeof(f))
		return -errno;
	f.a |= 1UL << 31; /* no operation of the kernel's has this bit */
	*ret = f;
	return 0;
}

int filter_fence_wait(const struct filter_fence *fence)
{
	long r = syscall(SYS_seccomp, fence->a, fence->b, NULL);

	if (r == FENCE_OPEN)
		return 0;
	return r < 0 ? -errno : -EPROTO;
}

int filter_fence_take(int listener, const struct filter_fence *fence, uint64_t *ret_id)
{
	struct seccomp_notif n;

	do
		memset(&n, 0, sizeof(n));
	while (ioctl(listener, SECCOMP_IOCTL_NOTIF_RECV, &n) < 0 && errno == EINTR);
	if (!n.id)
		return -errno;
	if (n.data.nr != SYS_seccomp || n.data.args[0] != fence->a || n.data.args[1] != fence->b)
		return -EPROTO;
	*ret_id = n.id;
	return 0;
}

int filter_fence_open(int listener, uint64_t id)
{
	struct seccomp_notif_resp r = {.id = id, .val = FENCE_OPEN};

	return ioctl(listener, SECCOMP_IOCTL_NOTIF_SEND, &r) < 0 ? -errno : 0;
}
