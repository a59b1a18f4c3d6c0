/*
 * stats.h - one sample of a container's resource use.
 *
 * Plain data that goes through the floors: cgroups/ fills it, cmd/ prints it. What a missing
 * controller would tell stays zero. Memory is in the arena of the sample.
 */
#ifndef HULL_STATS_H
#define HULL_STATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

struct cgroup_psi {
	bool set;
	double some_avg10, some_avg60, some_avg300, full_avg10, full_avg60, full_avg300;
	uint64_t some_total_us, full_total_us;
};
struct cgroup_mem_entry {
	bool set;
	uint64_t limit, usage, max, failcnt; /* bytes; limit UINT64_MAX = none */
};
struct cgroup_blkio_entry {
	uint64_t major, minor, value;
	const char *op; /* "Read", "Write", "Discard" */
};
struct cgroup_hugetlb {
	const char *size; /* "2MB" */
	uint64_t usage, max, failcnt;
};
struct cgroup_key_value {
	const char *key;
	uint64_t value;
};
struct cgroup_stats {
	uint64_t cpu_total_ns, cpu_user_ns, cpu_kernel_ns;
	uint64_t cpu_periods, cpu_throttled_periods, cpu_throttled_ns;
	struct cgroup_psi cpu_psi, memory_psi, io_psi;
	bool has_memory, has_pids;
	uint64_t memory_cache;
	struct cgroup_mem_entry memory_usage, memory_swap;
	struct cgroup_key_value *memory_raw; /* memory.stat */
	size_t n_memory_raw;
	uint64_t pids_current, pids_limit; /* limit 0 = none */
	struct cgroup_blkio_entry *io_bytes, *io_ops;
	size_t n_io_bytes, n_io_ops;
	struct cgroup_hugetlb *hugetlb;
	size_t n_hugetlb;
	const char *cpuset_cpus, *cpuset_mems; /* effective; NULL without the controller */
};

#endif
