/* PURE: the shape of `mounts` and of id mappings. */
#include "oci-spec/tables.h"

/* clang-format off */
static const struct oci_field mapping_fields[] = {
	FIELD_U32(oci_id_mapping, container_id, "containerID"),
	FIELD_U32(oci_id_mapping, host_id,      "hostID"),
	FIELD_U32(oci_id_mapping, size,         "size"),
};
OCI_TYPE(oci_id_mapping, mapping_fields);

static const struct oci_field mount_fields[] = {
	FIELD_STRING (oci_mount, destination,  "destination"),
	FIELD_STRING (oci_mount, type,         "type"),
	FIELD_STRING (oci_mount, source,       "source"),
	FIELD_STRINGS(oci_mount, options,      "options"),
	FIELD_OBJECTS(oci_mount, uid_mappings, "uidMappings", oci_id_mapping),
	FIELD_OBJECTS(oci_mount, gid_mappings, "gidMappings", oci_id_mapping),
};
OCI_TYPE(oci_mount, mount_fields);
/* clang-format on */
