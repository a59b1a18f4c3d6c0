/* PURE: the shape of `linux.seccomp`. */
#include "oci-spec/tables.h"

/* clang-format off */
static const struct oci_field arg_fields[] = {
	FIELD_U32   (oci_seccomp_arg, index,     "index"),
	FIELD_U64   (oci_seccomp_arg, value,     "value"),
	FIELD_U64   (oci_seccomp_arg, value_two, "valueTwo"),
	FIELD_STRING(oci_seccomp_arg, op,        "op"),
};
OCI_TYPE(oci_seccomp_arg, arg_fields);

static const struct oci_field rule_fields[] = {
	FIELD_STRINGS(oci_seccomp_rule, names,     "names"),
	FIELD_STRING (oci_seccomp_rule, action,    "action"),
	FIELD_U32    (oci_seccomp_rule, errno_ret, "errnoRet"),
	FIELD_OBJECTS(oci_seccomp_rule, args,      "args", oci_seccomp_arg),
};
OCI_TYPE(oci_seccomp_rule, rule_fields);

static const struct oci_field seccomp_fields[] = {
	FIELD_STRING (oci_seccomp, default_action,    "defaultAction"),
	FIELD_U32    (oci_seccomp, default_errno_ret, "defaultErrnoRet"),
	FIELD_STRINGS(oci_seccomp, architectures,     "architectures"),
	FIELD_STRINGS(oci_seccomp, flags,             "flags"),
	FIELD_STRING (oci_seccomp, listener_path,     "listenerPath"),
	FIELD_STRING (oci_seccomp, listener_metadata, "listenerMetadata"),
	FIELD_OBJECTS(oci_seccomp, syscalls,          "syscalls", oci_seccomp_rule),
};
OCI_TYPE(oci_seccomp, seccomp_fields);
/* clang-format on */
