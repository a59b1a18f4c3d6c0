/* internal.h - what the files of this directory share. */
#ifndef HULL_SECCOMP_INTERNAL_H
#define HULL_SECCOMP_INTERNAL_H

#include <linux/seccomp.h>
#include <seccomp.h>
#include <stdbool.h>
#include <stdint.h>

#include "seccomp/filter.h"

/* Architectures of one family can run on the same kernel. */
struct filter_arch {
	const char *name; /* "SCMP_ARCH_X86" */
	char family;
	uint32_t token; /* SCMP_ARCH_*; 0: this libseccomp has none */
};

const struct filter_arch *filter_arch_find(const char *name);
const struct filter_arch *filter_arch_find_token(uint32_t token);
/* An action with its errno (or trace message) as libseccomp and the kernel have it. 0 or -EINVAL.
 */
int filter_action(const char *name, struct opt_u32 errno_ret, uint32_t *ret);
int filter_operator(const char *name, enum scmp_compare *ret);
/* SECCOMP_FILTER_FLAG_*. 0 or -EINVAL. */
int filter_flag(const char *name, unsigned *ret);
/* The flags of a profile as the kernel wants them (S-06, S-07). NOTIFY: of a program that does. */
int filter_flags(const struct oci_seccomp *seccomp, bool notify, unsigned *ret,
		 struct err *err) must_check;

#ifndef SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV /* Linux 5.19 */
#define SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV (1UL << 5)
#endif
#define FILTER_FLAGS_KNOWN                                                                      \
	(SECCOMP_FILTER_FLAG_TSYNC | SECCOMP_FILTER_FLAG_LOG | SECCOMP_FILTER_FLAG_SPEC_ALLOW | \
	 SECCOMP_FILTER_FLAG_NEW_LISTENER | SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV)

/* The number of a call that has one of its own, even if it is also one of a multiplexer's
 * (socketcall, ipc); negative: there is none. */
int filter_call_number(uint32_t arch, const char *name);
/* Whether a number of libseccomp's says that the call is one of a multiplexer's: -101 is
 * socketcall's first, -201 ipc's. */
bool filter_is_multiplexed(int nr);

/* What a profile is compiled for. */
struct filter_target {
	const struct oci_seccomp *seccomp;
	uint32_t default_action;
	const uint32_t *archs; /* tokens of the architectures in the filter */
	size_t n_archs;
};

/* Who compiles the rules with conditions for a call (conditions.c): libseccomp; hull, when
 * libseccomp's program might be wrong; nobody, when there is a rule without conditions. */
enum filter_compiler { FILTER_BY_LIBRARY, FILTER_BY_HULL, FILTER_BY_NOBODY };
enum filter_compiler filter_compiled_by(const struct filter_target *t, const char *name);
/* Puts the code for the calls of FILTER_BY_HULL before the program. */
int filter_add_conditions(struct arena *a, const struct filter_target *t,
			  struct plan_filter *filter, struct err *err) must_check;

/* Puts the -ENOSYS stub before the program (stub.c). ARCHS: tokens the filter handles. */
int filter_add_stub(struct arena *a, const struct oci_seccomp *seccomp, const uint32_t *archs,
		    size_t n_archs, struct plan_filter *filter, struct err *err) must_check;

/* A program in a file, under a key that must be equal to be read again (store.c). */
int filter_record_write(int dirfd, const char *name, const void *key, size_t key_len,
			const struct plan_filter *filter, struct err *err) must_check;
int filter_record_read(struct arena *a, int dirfd, const char *name, const void *key,
		       size_t key_len, struct plan_filter *ret, struct err *err) must_check;
uint64_t filter_hash(const void *data, size_t len);

#endif
