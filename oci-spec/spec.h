/*
 * spec.h - what was asked: the runtime-spec's configuration as C structs.
 *
 * Read this first. Names are the spec's, in snake_case. Everything lives in the arena the
 * spec was decoded into; nothing here owns memory. Presence is a value: an optional number
 * or boolean is a struct with `set`, an absent string is NULL, an absent array has set ==
 * false (an empty one: set, n == 0), an absent object is a NULL pointer. No sentinels: -1
 * means what the spec says it means.
 *
 * Source: https://github.com/opencontainers/runtime-spec v1.3.0, config.md, config-linux.md.
 */
#ifndef HULL_OCI_SPEC_H
#define HULL_OCI_SPEC_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OCI_VERSION "1.3.0" /* the newest spec hull follows; state and features report it */

struct opt_bool {
	bool set, v;
};
struct opt_i64 {
	bool set;
	int64_t v;
};
struct opt_u64 {
	bool set;
	uint64_t v;
};
struct opt_u32 {
	bool set;
	uint32_t v;
};
struct opt_i32 {
	bool set;
	int32_t v;
};

/* Array of T: items v[0..n-1]. */
#define OCI_ARRAY(T)      \
	struct {          \
		bool set; \
		size_t n; \
		T *v;     \
	}

struct oci_strings {
	bool set;
	size_t n;
	const char **v; /* v[n] is NULL: usable as argv and envp */
};
struct oci_u32s {
	bool set;
	size_t n;
	uint32_t *v;
};
/* Object whose members are strings, in the order of the file. */
struct oci_pair {
	const char *key, *value;
};
struct oci_map {
	bool set;
	size_t n;
	struct oci_pair *v;
};

struct oci_root {
	const char *path;
	struct opt_bool readonly;
};

struct oci_id_mapping {
	struct opt_u32 container_id, host_id, size;
};
typedef OCI_ARRAY(struct oci_id_mapping) oci_id_mappings;

struct oci_mount {
	const char *destination, *type, *source;
	struct oci_strings options;
	oci_id_mappings uid_mappings, gid_mappings;
};

struct oci_box {
	struct opt_u32 height, width;
};

struct oci_user {
	struct opt_u32 uid, gid, umask;
	struct oci_u32s additional_gids;
};

struct oci_capabilities {
	struct oci_strings bounding, effective, permitted, inheritable, ambient;
};

struct oci_rlimit {
	const char *type;
	struct opt_u64 soft, hard;
};

struct oci_scheduler {
	const char *policy;
	struct opt_i32 nice, priority;
	struct oci_strings flags;
	struct opt_u64 runtime, deadline, period; /* ns */
};

struct oci_io_priority {
	const char *class_;
	struct opt_i64 priority;
};

struct oci_exec_cpu_affinity {
	const char *initial, *final;
};

struct oci_process {
	struct opt_bool terminal;
	struct oci_box *console_size;
	const char *cwd;
	struct oci_strings env, args;
	struct oci_user *user;
	struct oci_capabilities *capabilities;
	OCI_ARRAY(struct oci_rlimit) rlimits;
	struct opt_bool no_new_privileges;
	struct opt_i64 oom_score_adj;
	const char *apparmor_profile, *selinux_label;
	struct oci_scheduler *scheduler;
	struct oci_io_priority *io_priority;
	struct oci_exec_cpu_affinity *exec_cpu_affinity;
};

struct oci_hook {
	const char *path;
	struct oci_strings args, env;
	struct opt_i64 timeout; /* seconds */
};
typedef OCI_ARRAY(struct oci_hook) oci_hook_list;

struct oci_hooks {
	oci_hook_list prestart, create_runtime, create_container, start_container, poststart,
		poststop;
};

struct oci_namespace {
	const char *type, *path;
};

struct oci_time_offset {
	const char *clock; /* the member's name: "monotonic" or "boottime" */
	struct opt_i64 secs;
	struct opt_u32 nanosecs;
};

struct oci_device {
	const char *type, *path;
	struct opt_i64 major, minor;
	struct opt_u32 file_mode, uid, gid;
};

struct oci_net_device {
	const char *host_name; /* the member's name */
	const char *name;
};

struct oci_device_rule {
	struct opt_bool allow;
	const char *type, *access;
	struct opt_i64 major, minor;
};

struct oci_memory {
	struct opt_i64 limit, reservation, swap, kernel, kernel_tcp; /* bytes */
	struct opt_u64 swappiness;
	struct opt_bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct oci_cpu {
	struct opt_u64 shares, period, burst, realtime_period; /* us */
	struct opt_i64 quota, realtime_runtime;                /* us */
	struct opt_i64 idle;
	const char *cpus, *mems;
};

struct oci_weight_device {
	struct opt_i64 major, minor;
	struct opt_u32 weight, leaf_weight;
};
struct oci_throttle_device {
	struct opt_i64 major, minor;
	struct opt_u64 rate;
};
typedef OCI_ARRAY(struct oci_throttle_device) oci_throttle_list;

struct oci_block_io {
	struct opt_u32 weight, leaf_weight;
	OCI_ARRAY(struct oci_weight_device) weight_device;
	oci_throttle_list throttle_read_bps_device, throttle_write_bps_device,
		throttle_read_iops_device, throttle_write_iops_device;
};

struct oci_hugepage_limit {
	const char *page_size;
	struct opt_u64 limit; /* bytes */
};

struct oci_net_priority {
	const char *name;
	struct opt_u32 priority;
};
struct oci_network {
	struct opt_u32 class_id;
	OCI_ARRAY(struct oci_net_priority) priorities;
};

struct oci_pids {
	struct opt_i64 limit;
};

struct oci_rdma {
	const char *device; /* the member's name */
	struct opt_u32 hca_handles, hca_objects;
};

struct oci_resources {
	OCI_ARRAY(struct oci_device_rule) devices;
	struct oci_memory *memory;
	struct oci_cpu *cpu;
	struct oci_pids *pids;
	struct oci_block_io *block_io;
	OCI_ARRAY(struct oci_hugepage_limit) hugepage_limits;
	struct oci_network *network;
	OCI_ARRAY(struct oci_rdma) rdma;
	struct oci_map unified;
};

struct oci_intel_rdt {
	const char *clos_id, *l3_cache_schema, *mem_bw_schema;
	struct oci_strings schemata;
	struct opt_bool enable_monitoring;
};

struct oci_seccomp_arg {
	struct opt_u32 index;
	struct opt_u64 value, value_two;
	const char *op;
};
struct oci_seccomp_rule {
	struct oci_strings names;
	const char *action;
	struct opt_u32 errno_ret;
	OCI_ARRAY(struct oci_seccomp_arg) args;
};
struct oci_seccomp {
	const char *default_action;
	struct opt_u32 default_errno_ret;
	struct oci_strings architectures, flags;
	const char *listener_path, *listener_metadata;
	OCI_ARRAY(struct oci_seccomp_rule) syscalls;
};

struct oci_personality {
	const char *domain;
	struct oci_strings flags;
};
struct oci_memory_policy {
	const char *mode, *nodes;
	struct oci_strings flags;
};

struct oci_linux {
	OCI_ARRAY(struct oci_namespace) namespaces;
	oci_id_mappings uid_mappings, gid_mappings;
	OCI_ARRAY(struct oci_time_offset) time_offsets;
	OCI_ARRAY(struct oci_device) devices;
	OCI_ARRAY(struct oci_net_device) net_devices;
	const char *cgroups_path;
	struct oci_resources *resources;
	struct oci_intel_rdt *intel_rdt;
	struct oci_map sysctl;
	struct oci_seccomp *seccomp;
	const char *rootfs_propagation, *mount_label;
	struct oci_strings masked_paths, readonly_paths;
	struct oci_personality *personality;
	struct oci_memory_policy *memory_policy;
};

struct oci_spec {
	const char *oci_version;
	struct oci_root *root;
	OCI_ARRAY(struct oci_mount) mounts;
	struct oci_process *process;
	const char *hostname, *domainname;
	struct oci_hooks *hooks;
	struct oci_map annotations;
	struct oci_linux *linux_; /* `linux` is a predefined macro */
	bool has_vm;              /* a `vm` object is present */
};

#endif
