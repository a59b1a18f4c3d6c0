/* tables.h - the tables of the spec's objects; rows that hold an object name them. */
#ifndef HULL_OCI_TABLES_H
#define HULL_OCI_TABLES_H

#include "oci-spec/field.h"

/* config.c, root.c, mounts.c, hooks.c */
extern const struct oci_type oci_spec_type, oci_root_type, oci_mount_type, oci_id_mapping_type,
	oci_hook_type, oci_hooks_type;
/* process.c */
extern const struct oci_type oci_process_type, oci_box_type, oci_user_type, oci_capabilities_type,
	oci_rlimit_type, oci_scheduler_type, oci_io_priority_type, oci_exec_cpu_affinity_type;
/* linux.c */
extern const struct oci_type oci_linux_type, oci_namespace_type, oci_time_offset_type,
	oci_device_type, oci_net_device_type, oci_intel_rdt_type, oci_personality_type,
	oci_memory_policy_type;
/* resources.c */
extern const struct oci_type oci_resources_type, oci_device_rule_type, oci_memory_type,
	oci_cpu_type, oci_pids_type, oci_block_io_type, oci_weight_device_type,
	oci_throttle_device_type, oci_hugepage_limit_type, oci_network_type, oci_net_priority_type,
	oci_rdma_type;
/* seccomp.c */
extern const struct oci_type oci_seccomp_type, oci_seccomp_rule_type, oci_seccomp_arg_type;

#endif
