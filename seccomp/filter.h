/*
 * filter.h - seccomp profiles: from the spec to a BPF program, and into the kernel.
 *
 * Compiled in the runtime with libseccomp as a binary tree (SCMP_FLTATR_CTL_OPTIMIZE 2), so
 * that a system call costs a few instructions. System calls newer than the newest one the
 * profile names get ENOSYS instead of the default errno, so that programs fall back. Compiled
 * programs are cached under the state root: the file holds the complete canonical
 * profile (lengths, native architecture, libseccomp and kernel facts) beside the program, and is
 * used only if every byte of it is the same; the file's name is merely a quick hash.
 *
 * Source: seccomp(2), runtime-spec config-linux.md#seccomp, libseccomp's man pages.
 */
#ifndef HULL_FILTER_H
#define HULL_FILTER_H

#include "libcontainer/base/arena.h"
#include "libcontainer/plan/plan.h" /* struct plan_filter */
#include "oci-spec/spec.h"

/* Compiles, without the cache. PURE but for the kernel's list of actions. */
int filter_compile(struct arena *a, const struct oci_seccomp *seccomp, struct plan_filter *ret,
		   struct err *err) must_check;
/* The same through the cache directory CACHE_FD (-1: no cache). A cache that cannot be read or
 * written is a debug line, never a failure; a damaged entry is replaced. */
int filter_get(struct arena *a, const struct oci_seccomp *seccomp, int cache_fd,
	       struct plan_filter *ret, struct err *err) must_check;
/* Every name in the rules is a system call, of this architecture or another one. */
int filter_check_names(const struct oci_seccomp *seccomp, struct err *err) must_check;
/* The canonical text of a profile: equal exactly when the programs must be equal. */
void filter_canonical(struct arena *a, const struct oci_seccomp *seccomp, const char **ret,
		      size_t *ret_len);

/* Some action of the profile is SCMP_ACT_NOTIFY: the program's flags then have NEW_LISTENER. */
bool filter_uses_notify(const struct oci_seccomp *seccomp);
bool filter_has_listener(const struct plan_filter *filter);
/* Whether this kernel takes the flags of a program, and the program with its fence. */
int filter_check_listener(const struct plan_filter *filter, struct err *err) must_check;
/* The flags of filter_flag_names that this kernel has. NULL-terminated, in A. */
const char *const *filter_supported_flags(struct arena *a);

/* A program of base64, as the kernel takes it, instead of a profile's rules; the profile's FLAGS
 * count. Asks the kernel whether it is a program. LISTENER: there is an agent, for a program of
 * which it cannot be seen whether it notifies. */
int filter_from_text(struct arena *a, const char *text, const struct oci_seccomp *flags,
		     bool listener, struct plan_filter *ret, struct err *err) must_check;

/* INIT: loads the program into the calling thread. Needs no_new_privs or CAP_SYS_ADMIN. 0 or
 * -errno; with a listener its descriptor, which is close-on-exec. */
int filter_load(const struct plan_filter *filter);

/*
 * A fence before a program with notifications: one call that nobody else can make (its
 * arguments are random) is notified, whatever the program says of it. Who loads the program
 * then makes that call and stands still, without a system call that the program could
 * forbid, until the other holder of the listener lets it go on.
 */
struct filter_fence {
	unsigned long a, b;
};
int filter_fence_make(struct filter_fence *ret); /* 0 or -errno */
/* PURE: the program behind its fence, in A. */
void filter_add_fence(struct arena *a, const struct plan_filter *filter,
		      const struct filter_fence *fence, struct plan_filter *ret);
/* The call. 0 when it was let go by filter_fence_open(), else -errno: it was not notified. */
int filter_fence_wait(const struct filter_fence *fence);
/* The other side: takes the call from the LISTENER, waiting for it, before anybody else does; then
 * lets it go on. 0 or -errno. */
int filter_fence_take(int listener, const struct filter_fence *fence, uint64_t *ret_id);
int filter_fence_open(int listener, uint64_t id);

/* Whether the program would let a call of this architecture pass. PURE. */
bool filter_allows(const struct plan_filter *filter, int nr, const uint64_t *args, size_t n);

/* Saves and restores a program (the container's filter, for exec). There is always one: an empty
 * file, one of another user or a damaged one is an error. */
int filter_write(int dirfd, const char *name, const struct plan_filter *filter,
		 struct err *err) must_check;
int filter_read(struct arena *a, int dirfd, const char *name, struct plan_filter *ret,
		struct err *err) must_check;

/* The names the profile language knows, for validate's unit test and features. NULL-terminated. */
extern const char *const filter_action_names[],
	*const filter_operator_names[], *const filter_arch_names[], *const filter_flag_names[];
const char *filter_library_version(void); /* "2.5.4" */

#endif
