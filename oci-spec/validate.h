/*
 * validate.h - the rules, one file per part of the spec.
 *
 * A rule is a function that looks at one thing and, when that is not legal, fills the error
 * with the field's path and the reason. The tables run them in order; the first violation
 * ends the validation. IDS names the clauses of the project's list of spec requirements that
 * a rule is there for.
 */
#ifndef HULL_OCI_VALIDATE_H
#define HULL_OCI_VALIDATE_H

#include <errno.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/err.h"
#include "libcontainer/base/str.h"
#include "oci-spec/oci.h"

#define LABEL_MAX 4000 /* of a security module's label: a page, less than a message */

struct spec_rule {
	const char *ids;
	int (*check)(const struct oci_spec *spec, struct err *err);
};
struct process_rule {
	const char *ids;
	int (*check)(const struct oci_process *process, struct err *err);
};
struct resources_rule {
	const char *ids;
	int (*check)(const struct oci_resources *resources, struct err *err);
};

/* Only called with spec->linux_ set. */
int validate_linux(const struct oci_spec *spec, struct err *err) must_check;
int validate_net_devices(const struct oci_spec *spec, struct err *err) must_check;
int validate_intel_rdt(const struct oci_intel_rdt *rdt, struct err *err) must_check;
int validate_seccomp(const struct oci_seccomp *seccomp, struct err *err) must_check;
/* validate_scheduler.c; the last two only with spec->linux_ set. */
int validate_scheduler(const struct oci_process *process, struct err *err) must_check;
int validate_io_priority(const struct oci_process *process, struct err *err) must_check;
int validate_exec_cpu_affinity(const struct oci_process *process, struct err *err) must_check;
int validate_memory_policy(const struct oci_spec *spec, struct err *err) must_check;
int validate_personality(const struct oci_spec *spec, struct err *err) must_check;
/* AT is the path of the array. */
int validate_mappings(const oci_id_mappings *maps, const char *at, struct err *err) must_check;
/* "0-3,7": numbers and ranges. */
bool validate_is_list(const char *s);

/* Whether NAME is in a NULL-terminated list. */
static inline bool name_in(const char *const *list, const char *name)
{
	for (; *list; list++)
		if (streq(*list, name))
			return true;
	return false;
}

#define invalid(err, ...)     err_fail(err, EINVAL, __VA_ARGS__)
#define unsupported(err, ...) err_fail(err, ENOTSUP, __VA_ARGS__)

#endif
