/* PURE: the shape of `linux`. */
#include "oci-spec/oci.h"
#include "oci-spec/tables.h"

/* clang-format off */
const char *const oci_namespace_names[] = {
	"pid", "network", "mount", "ipc", "uts", "user", "cgroup", "time", NULL,
};

static const struct oci_field namespace_fields[] = {
	FIELD_STRING(oci_namespace, type, "type"),
	FIELD_STRING(oci_namespace, path, "path"),
};
OCI_TYPE(oci_namespace, namespace_fields);

static const struct oci_field time_offset_fields[] = {
	FIELD_I64(oci_time_offset, secs,     "secs"),
	FIELD_U32(oci_time_offset, nanosecs, "nanosecs"),
};
OCI_TYPE_KEYED(oci_time_offset, time_offset_fields, clock);

static const struct oci_field device_fields[] = {
	FIELD_STRING(oci_device, path,      "path"),
	FIELD_STRING(oci_device, type,      "type"),
	FIELD_I64   (oci_device, major,     "major"),
	FIELD_I64   (oci_device, minor,     "minor"),
	FIELD_U32   (oci_device, file_mode, "fileMode"),
	FIELD_U32   (oci_device, uid,       "uid"),
	FIELD_U32   (oci_device, gid,       "gid"),
};
OCI_TYPE(oci_device, device_fields);

static const struct oci_field net_device_fields[] = {
	FIELD_STRING(oci_net_device, name, "name"),
};
OCI_TYPE_KEYED(oci_net_device, net_device_fields, host_name);

static const struct oci_field intel_rdt_fields[] = {
	FIELD_STRING (oci_intel_rdt, clos_id,           "closID"),
	FIELD_STRINGS(oci_intel_rdt, schemata,          "schemata"),
	FIELD_STRING (oci_intel_rdt, l3_cache_schema,   "l3CacheSchema"),
	FIELD_STRING (oci_intel_rdt, mem_bw_schema,     "memBwSchema"),
	FIELD_BOOL   (oci_intel_rdt, enable_monitoring, "enableMonitoring"),
};
OCI_TYPE(oci_intel_rdt, intel_rdt_fields);

static const struct oci_field personality_fields[] = {
	FIELD_STRING (oci_personality, domain, "domain"),
	FIELD_STRINGS(oci_personality, flags,  "flags"),
};
OCI_TYPE(oci_personality, personality_fields);

static const struct oci_field memory_policy_fields[] = {
	FIELD_STRING (oci_memory_policy, mode,  "mode"),
	FIELD_STRING (oci_memory_policy, nodes, "nodes"),
	FIELD_STRINGS(oci_memory_policy, flags, "flags"),
};
OCI_TYPE(oci_memory_policy, memory_policy_fields);

static const struct oci_field linux_fields[] = {
	FIELD_OBJECTS(oci_linux, uid_mappings,       "uidMappings", oci_id_mapping),
	FIELD_OBJECTS(oci_linux, gid_mappings,       "gidMappings", oci_id_mapping),
	FIELD_MAP    (oci_linux, sysctl,             "sysctl"),
	FIELD_OBJECT (oci_linux, resources,          "resources", oci_resources),
	FIELD_STRING (oci_linux, cgroups_path,       "cgroupsPath"),
	FIELD_OBJECTS(oci_linux, namespaces,         "namespaces", oci_namespace),
	FIELD_OBJECTS(oci_linux, devices,            "devices", oci_device),
	FIELD_KEYED  (oci_linux, net_devices,        "netDevices", oci_net_device),
	FIELD_OBJECT (oci_linux, seccomp,            "seccomp", oci_seccomp),
	FIELD_STRING (oci_linux, rootfs_propagation, "rootfsPropagation"),
	FIELD_STRINGS(oci_linux, masked_paths,       "maskedPaths"),
	FIELD_STRINGS(oci_linux, readonly_paths,     "readonlyPaths"),
	FIELD_STRING (oci_linux, mount_label,        "mountLabel"),
	FIELD_OBJECT (oci_linux, intel_rdt,          "intelRdt", oci_intel_rdt),
	FIELD_OBJECT (oci_linux, personality,        "personality", oci_personality),
	FIELD_OBJECT (oci_linux, memory_policy,      "memoryPolicy", oci_memory_policy),
	FIELD_KEYED  (oci_linux, time_offsets,       "timeOffsets", oci_time_offset),
};
OCI_TYPE(oci_linux, linux_fields);
/* clang-format on */
