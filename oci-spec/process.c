/* PURE: the shape of `process`. */
#include "oci-spec/oci.h"
#include "oci-spec/tables.h"

/* clang-format off */
static const struct oci_field box_fields[] = {
	FIELD_U16(oci_box, height, "height"), /* struct winsize has 16 bits */
	FIELD_U16(oci_box, width,  "width"),
};
OCI_TYPE(oci_box, box_fields);

static const struct oci_field user_fields[] = {
	FIELD_U32 (oci_user, uid,             "uid"),
	FIELD_U32 (oci_user, gid,             "gid"),
	FIELD_U32 (oci_user, umask,           "umask"),
	FIELD_U32S(oci_user, additional_gids, "additionalGids"),
};
OCI_TYPE(oci_user, user_fields);

static const struct oci_field capabilities_fields[] = {
	FIELD_STRINGS(oci_capabilities, bounding,    "bounding"),
	FIELD_STRINGS(oci_capabilities, effective,   "effective"),
	FIELD_STRINGS(oci_capabilities, inheritable, "inheritable"),
	FIELD_STRINGS(oci_capabilities, permitted,   "permitted"),
	FIELD_STRINGS(oci_capabilities, ambient,     "ambient"),
};
OCI_TYPE(oci_capabilities, capabilities_fields);

static const struct oci_field rlimit_fields[] = {
	FIELD_STRING(oci_rlimit, type, "type"),
	FIELD_U64   (oci_rlimit, hard, "hard"),
	FIELD_U64   (oci_rlimit, soft, "soft"),
};
OCI_TYPE(oci_rlimit, rlimit_fields);

static const struct oci_field scheduler_fields[] = {
	FIELD_STRING (oci_scheduler, policy,   "policy"),
	FIELD_I32    (oci_scheduler, nice,     "nice"),
	FIELD_I32    (oci_scheduler, priority, "priority"),
	FIELD_STRINGS(oci_scheduler, flags,    "flags"),
	FIELD_U64    (oci_scheduler, runtime,  "runtime"),
	FIELD_U64    (oci_scheduler, deadline, "deadline"),
	FIELD_U64    (oci_scheduler, period,   "period"),
};
OCI_TYPE(oci_scheduler, scheduler_fields);

static const struct oci_field io_priority_fields[] = {
	FIELD_STRING(oci_io_priority, class_,   "class"),
	FIELD_I64   (oci_io_priority, priority, "priority"),
};
OCI_TYPE(oci_io_priority, io_priority_fields);

static const struct oci_field affinity_fields[] = {
	FIELD_STRING(oci_exec_cpu_affinity, initial, "initial"),
	FIELD_STRING(oci_exec_cpu_affinity, final,   "final"),
};
OCI_TYPE(oci_exec_cpu_affinity, affinity_fields);

static const struct oci_field process_fields[] = {
	FIELD_BOOL   (oci_process, terminal,          "terminal"),
	FIELD_OBJECT (oci_process, console_size,      "consoleSize", oci_box),
	FIELD_OBJECT (oci_process, user,              "user", oci_user),
	FIELD_STRINGS(oci_process, args,              "args"),
	FIELD_STRINGS(oci_process, env,               "env"),
	FIELD_STRING (oci_process, cwd,               "cwd"),
	FIELD_OBJECT (oci_process, capabilities,      "capabilities", oci_capabilities),
	FIELD_OBJECTS(oci_process, rlimits,           "rlimits", oci_rlimit),
	FIELD_BOOL   (oci_process, no_new_privileges, "noNewPrivileges"),
	FIELD_STRING (oci_process, apparmor_profile,  "apparmorProfile"),
	FIELD_I64    (oci_process, oom_score_adj,     "oomScoreAdj"),
	FIELD_OBJECT (oci_process, scheduler,         "scheduler", oci_scheduler),
	FIELD_STRING (oci_process, selinux_label,     "selinuxLabel"),
	FIELD_OBJECT (oci_process, io_priority,       "ioPriority", oci_io_priority),
	FIELD_OBJECT (oci_process, exec_cpu_affinity, "execCPUAffinity", oci_exec_cpu_affinity),
};
OCI_TYPE(oci_process, process_fields);
/* clang-format on */
