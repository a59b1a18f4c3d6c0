/* PURE: the shape of `hooks`. */
#include "oci-spec/oci.h"
#include "oci-spec/tables.h"

/* clang-format off */
static const struct oci_field hook_fields[] = {
	FIELD_STRING (oci_hook, path,    "path"),
	FIELD_STRINGS(oci_hook, args,    "args"),
	FIELD_STRINGS(oci_hook, env,     "env"),
	FIELD_I64    (oci_hook, timeout, "timeout"),
};
OCI_TYPE(oci_hook, hook_fields);

static const struct oci_field hooks_fields[] = {
	FIELD_OBJECTS(oci_hooks, prestart,         "prestart", oci_hook),
	FIELD_OBJECTS(oci_hooks, create_runtime,   "createRuntime", oci_hook),
	FIELD_OBJECTS(oci_hooks, create_container, "createContainer", oci_hook),
	FIELD_OBJECTS(oci_hooks, start_container,  "startContainer", oci_hook),
	FIELD_OBJECTS(oci_hooks, poststart,        "poststart", oci_hook),
	FIELD_OBJECTS(oci_hooks, poststop,         "poststop", oci_hook),
};
OCI_TYPE(oci_hooks, hooks_fields);

/* The rows' names; the unit test holds the two lists together. */
const char *const oci_hook_names[] = {
	"prestart", "createRuntime", "createContainer", "startContainer", "poststart", "poststop",
	NULL,
};
/* clang-format on */
