/* PURE: the shape of `linux.resources`. */
#include "oci-spec/oci.h"
#include "oci-spec/tables.h"

/* clang-format off */
static const struct oci_field device_rule_fields[] = {
	FIELD_BOOL  (oci_device_rule, allow,  "allow"),
	FIELD_STRING(oci_device_rule, type,   "type"),
	FIELD_I64   (oci_device_rule, major,  "major"),
	FIELD_I64   (oci_device_rule, minor,  "minor"),
	FIELD_STRING(oci_device_rule, access, "access"),
};
OCI_TYPE(oci_device_rule, device_rule_fields);

static const struct oci_field memory_fields[] = {
	FIELD_I64 (oci_memory, limit,               "limit"),
	FIELD_I64 (oci_memory, reservation,         "reservation"),
	FIELD_I64 (oci_memory, swap,                "swap"),
	FIELD_I64 (oci_memory, kernel,              "kernel"),
	FIELD_I64 (oci_memory, kernel_tcp,          "kernelTCP"),
	FIELD_U64 (oci_memory, swappiness,          "swappiness"),
	FIELD_BOOL(oci_memory, disable_oom_killer,  "disableOOMKiller"),
	FIELD_BOOL(oci_memory, use_hierarchy,       "useHierarchy"),
	FIELD_BOOL(oci_memory, check_before_update, "checkBeforeUpdate"),
};
OCI_TYPE(oci_memory, memory_fields);

static const struct oci_field cpu_fields[] = {
	FIELD_U64   (oci_cpu, shares,           "shares"),
	FIELD_I64   (oci_cpu, quota,            "quota"),
	FIELD_U64   (oci_cpu, burst,            "burst"),
	FIELD_U64   (oci_cpu, period,           "period"),
	FIELD_I64   (oci_cpu, realtime_runtime, "realtimeRuntime"),
	FIELD_U64   (oci_cpu, realtime_period,  "realtimePeriod"),
	FIELD_STRING(oci_cpu, cpus,             "cpus"),
	FIELD_STRING(oci_cpu, mems,             "mems"),
	FIELD_I64   (oci_cpu, idle,             "idle"),
};
OCI_TYPE(oci_cpu, cpu_fields);

static const struct oci_field pids_fields[] = {
	FIELD_I64(oci_pids, limit, "limit"),
};
OCI_TYPE(oci_pids, pids_fields);

static const struct oci_field weight_device_fields[] = {
	FIELD_I64(oci_weight_device, major,       "major"),
	FIELD_I64(oci_weight_device, minor,       "minor"),
	FIELD_U16(oci_weight_device, weight,      "weight"),
	FIELD_U16(oci_weight_device, leaf_weight, "leafWeight"),
};
OCI_TYPE(oci_weight_device, weight_device_fields);

static const struct oci_field throttle_device_fields[] = {
	FIELD_I64(oci_throttle_device, major, "major"),
	FIELD_I64(oci_throttle_device, minor, "minor"),
	FIELD_U64(oci_throttle_device, rate,  "rate"),
};
OCI_TYPE(oci_throttle_device, throttle_device_fields);

static const struct oci_field block_io_fields[] = {
	FIELD_U16    (oci_block_io, weight,        "weight"),
	FIELD_U16    (oci_block_io, leaf_weight,   "leafWeight"),
	FIELD_OBJECTS(oci_block_io, weight_device, "weightDevice", oci_weight_device),
	FIELD_OBJECTS(oci_block_io, throttle_read_bps_device,   "throttleReadBpsDevice",
		      oci_throttle_device),
	FIELD_OBJECTS(oci_block_io, throttle_write_bps_device,  "throttleWriteBpsDevice",
		      oci_throttle_device),
	FIELD_OBJECTS(oci_block_io, throttle_read_iops_device,  "throttleReadIOPSDevice",
		      oci_throttle_device),
	FIELD_OBJECTS(oci_block_io, throttle_write_iops_device, "throttleWriteIOPSDevice",
		      oci_throttle_device),
};
OCI_TYPE(oci_block_io, block_io_fields);

static const struct oci_field hugepage_limit_fields[] = {
	FIELD_STRING(oci_hugepage_limit, page_size, "pageSize"),
	FIELD_U64   (oci_hugepage_limit, limit,     "limit"),
};
OCI_TYPE(oci_hugepage_limit, hugepage_limit_fields);

static const struct oci_field net_priority_fields[] = {
	FIELD_STRING(oci_net_priority, name,     "name"),
	FIELD_U32   (oci_net_priority, priority, "priority"),
};
OCI_TYPE(oci_net_priority, net_priority_fields);

static const struct oci_field network_fields[] = {
	FIELD_U32    (oci_network, class_id,   "classID"),
	FIELD_OBJECTS(oci_network, priorities, "priorities", oci_net_priority),
};
OCI_TYPE(oci_network, network_fields);

static const struct oci_field rdma_fields[] = {
	FIELD_U32(oci_rdma, hca_handles, "hcaHandles"),
	FIELD_U32(oci_rdma, hca_objects, "hcaObjects"),
};
OCI_TYPE_KEYED(oci_rdma, rdma_fields, device);

static const struct oci_field resources_fields[] = {
	FIELD_OBJECTS(oci_resources, devices,         "devices", oci_device_rule),
	FIELD_OBJECT (oci_resources, memory,          "memory", oci_memory),
	FIELD_OBJECT (oci_resources, cpu,             "cpu", oci_cpu),
	FIELD_OBJECT (oci_resources, pids,            "pids", oci_pids),
	FIELD_OBJECT (oci_resources, block_io,        "blockIO", oci_block_io),
	FIELD_OBJECTS(oci_resources, hugepage_limits, "hugepageLimits", oci_hugepage_limit),
	FIELD_OBJECT (oci_resources, network,         "network", oci_network),
	FIELD_KEYED  (oci_resources, rdma,            "rdma", oci_rdma),
	FIELD_MAP    (oci_resources, unified,         "unified"),
};
OCI_TYPE(oci_resources, resources_fields);
/* clang-format on */
