/* PURE: the shape of `root`. */
#include "oci-spec/tables.h"

/* clang-format off */
static const struct oci_field fields[] = {
	FIELD_STRING(oci_root, path,     "path"),
	FIELD_BOOL  (oci_root, readonly, "readonly"),
};
/* clang-format on */
OCI_TYPE(oci_root, fields);
