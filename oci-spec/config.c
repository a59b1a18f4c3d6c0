/* PURE: the shape of config.json's top level. */
#include "oci-spec/oci.h"
#include "oci-spec/tables.h"

/* In the order in which engines write them; `hull spec` and the round trip follow it. */
/* clang-format off */
static const struct oci_field fields[] = {
	FIELD_STRING  (oci_spec, oci_version, "ociVersion"),
	FIELD_OBJECT  (oci_spec, process,     "process", oci_process),
	FIELD_OBJECT  (oci_spec, root,        "root", oci_root),
	FIELD_STRING  (oci_spec, hostname,    "hostname"),
	FIELD_STRING  (oci_spec, domainname,  "domainname"),
	FIELD_OBJECTS (oci_spec, mounts,      "mounts", oci_mount),
	FIELD_OBJECT  (oci_spec, hooks,       "hooks", oci_hooks),
	FIELD_MAP     (oci_spec, annotations, "annotations"),
	FIELD_OBJECT  (oci_spec, linux_,      "linux", oci_linux),
	FIELD_PRESENCE(oci_spec, has_vm,      "vm"),
};
/* clang-format on */
OCI_TYPE(oci_spec, fields);
