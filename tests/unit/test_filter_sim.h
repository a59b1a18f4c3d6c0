/*
 * test_filter_sim.h - a profile in two lights: an interpreter for the program that came out,
 * and a reference that decides from the profile, without libseccomp's rules.
 */
#ifndef HULL_TEST_FILTER_SIM_H
#define HULL_TEST_FILTER_SIM_H

#include <linux/seccomp.h>
#include <seccomp.h>

#include "libcontainer/base/arena.h"
#include "seccomp/filter.h"
#include "tests/unit/unit.h"

/* ---- building profiles ----------------------------------------------------------- */

#define NO_ERRNO (-1)

struct oci_seccomp *prof_new(struct arena *a, const char *default_action, int errno_ret);
/* NAMES: separated by blanks. Returns the rule, to which conditions can be added. */
struct oci_seccomp_rule *prof_rule(struct arena *a, struct oci_seccomp *s, const char *action,
				   int errno_ret, const char *names);
void prof_arg(struct arena *a, struct oci_seccomp_rule *rule, unsigned index, const char *op,
	      uint64_t value, uint64_t value_two);
void prof_strings(struct arena *a, struct oci_strings *list, const char *words);
/* All architectures that the machine can run, by the profile's names: "SCMP_ARCH_X86_64 ...". */
const char *prof_native_archs(void);
/* Some four hundred calls and conditions, as engines ship them. */
struct oci_seccomp *prof_large(struct arena *a);

/* ---- the program ------------------------------------------------------------------- */

/* The kernel's rules for a program (bpf_check_classic, seccomp_check_filter). */
void sim_check(const struct plan_filter *filter);
uint32_t sim_run(const struct plan_filter *filter, const struct seccomp_data *data);
/* One call of the native architecture with these arguments. */
uint32_t sim_call(const struct plan_filter *filter, const char *name, uint64_t a0, uint64_t a1,
		  uint64_t a2);

/* ---- the reference ----------------------------------------------------------------- */

/* What the profile says about a call; the SECCOMP_RET value. */
uint32_t ref_eval(const struct oci_seccomp *s, const struct seccomp_data *data);
/* Runs both over every architecture, number and interesting argument. Returns the number of
 * calls compared. */
size_t ref_compare(const struct oci_seccomp *s, const struct plan_filter *filter);

/* Of rules that contradict each other for a call libseccomp chooses one: what is neither what a
 * rule that holds says, nor the default when none does, is wrong. REF: ref_prepare(), once for a
 * profile. */
struct ref {
	const struct oci_seccomp *s;
	size_t n;
	struct {
		uint32_t token;
		int64_t last; /* the largest number that the profile names, -1: none */
	} archs[6];
};
void ref_prepare(struct ref *ref, const struct oci_seccomp *s);
bool ref_permits(const struct ref *ref, const struct seccomp_data *data, uint32_t got);
/* Calls the function with the architecture's AUDIT_ARCH value and number of NAME on each that the
 * reference knows and has it. */
void ref_each_arch(const char *name, void (*use)(void *ctx, uint32_t arch, uint32_t nr), void *ctx);

/* filter_compile() that must succeed, checked. */
void must_compile(struct arena *a, const struct oci_seccomp *s, struct plan_filter *ret);

#endif
