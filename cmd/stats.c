/* PURE: the lines that events prints. */
#include "cmd/stats.h"

#include <stdlib.h>

#include "oci-spec/jsonw.h"

static void number(struct json_writer *w, const char *key, uint64_t v)
{
	json_key(w, key);
	json_uint(w, v);
}

static void psi_line(struct json_writer *w, const char *key, const double *avg, uint64_t total)
{
	static const char *const names[] = {"avg10", "avg60", "avg300"};

	json_key(w, key);
	json_object_begin(w);
	for (int i = 0; i < 3; i++) {
		json_key(w, names[i]);
		json_double(w, avg[i]);
	}
	number(w, "total", total);
	json_object_end(w);
}

static void psi(struct json_writer *w, const struct cgroup_psi *p)
{
	const double some[] = {p->some_avg10, p->some_avg60, p->some_avg300};
	const double full[] = {p->full_avg10, p->full_avg60, p->full_avg300};

	if (!p->set)
		return;
	json_key(w, "psi");
	json_object_begin(w);
	psi_line(w, "some", some, p->some_total_us);
	psi_line(w, "full", full, p->full_total_us);
	json_object_end(w);
}

static void cpu(struct json_writer *w, const struct cgroup_stats *s)
{
	json_key(w, "cpu");
	json_object_begin(w);
	json_key(w, "usage");
	json_object_begin(w);
	number(w, "total", s->cpu_total_ns);
	number(w, "kernel", s->cpu_kernel_ns);
	number(w, "user", s->cpu_user_ns);
	json_object_end(w);
	json_key(w, "throttling");
	json_object_begin(w);
	number(w, "periods", s->cpu_periods);
	number(w, "throttledPeriods", s->cpu_throttled_periods);
	number(w, "throttledTime", s->cpu_throttled_ns);
	json_object_end(w);
	psi(w, &s->cpu_psi);
	json_object_end(w);
}

/* "0-2,5" becomes [0,1,2,5]. */
static void number_list(struct json_writer *w, const char *key, const char *list)
{
	if (!list || !*list)
		return;
	json_key(w, key);
	json_array_begin(w);
	while (*list) {
		char *end;
		unsigned long from = strtoul(list, &end, 10), to = from;

		if (end == list)
			break;
		if (*end == '-')
			to = strtoul(end + 1, &end, 10);
		for (; from <= to && to < 65536; from++)
			json_uint(w, from);
		list = end + (*end == ',');
		if (*end != ',')
			break;
	}
	json_array_end(w);
}

/* The members after cpus and mems are cgroup v1's. */
static void cpuset(struct json_writer *w, const struct cgroup_stats *s)
{
	static const char *const v1[] = {
		"cpu_exclusive",   "mem_hardwall",       "mem_exclusive",
		"memory_migrate",  "memory_spread_page", "memory_spread_slab",
		"memory_pressure", "sched_load_balance", "sched_relax_domain_level"};

	json_key(w, "cpuset");
	json_object_begin(w);
	number_list(w, "cpus", s->cpuset_cpus);
	number_list(w, "mems", s->cpuset_mems);
	for (size_t i = 0; i < sizeof(v1) / sizeof(v1[0]); i++)
		number(w, v1[i], 0);
	json_object_end(w);
}

static void memory_entry(struct json_writer *w, const char *key, const struct cgroup_mem_entry *e)
{
	json_key(w, key);
	json_object_begin(w);
	number(w, "limit", e->limit);
	number(w, "usage", e->usage);
	number(w, "max", e->max);
	number(w, "failcnt", e->failcnt);
	json_object_end(w);
}

static void memory(struct json_writer *w, const struct cgroup_stats *s)
{
	static const struct cgroup_mem_entry none; /* v2 counts kernel memory with the rest */

	json_key(w, "memory");
	json_object_begin(w);
	number(w, "cache", s->memory_cache);
	memory_entry(w, "usage", &s->memory_usage);
	memory_entry(w, "swap", &s->memory_swap);
	memory_entry(w, "kernel", &none);
	memory_entry(w, "kernelTCP", &none);
	json_key(w, "raw");
	json_object_begin(w);
	for (size_t i = 0; i < s->n_memory_raw; i++)
		number(w, s->memory_raw[i].key, s->memory_raw[i].value);
	json_object_end(w);
	psi(w, &s->memory_psi);
	json_object_end(w);
}

static void blkio_list(struct json_writer *w, const char *key, const struct cgroup_blkio_entry *e,
		       size_t n)
{
	if (!n)
		return;
	json_key(w, key);
	json_array_begin(w);
	for (size_t i = 0; i < n; i++) {
		json_object_begin(w);
		number(w, "major", e[i].major);
		number(w, "minor", e[i].minor);
		json_key(w, "op");
		json_string(w, e[i].op);
		number(w, "value", e[i].value);
		json_object_end(w);
	}
	json_array_end(w);
}

static void blkio(struct json_writer *w, const struct cgroup_stats *s)
{
	json_key(w, "blkio");
	json_object_begin(w);
	blkio_list(w, "ioServiceBytesRecursive", s->io_bytes, s->n_io_bytes);
	blkio_list(w, "ioServicedRecursive", s->io_ops, s->n_io_ops);
	psi(w, &s->io_psi);
	json_object_end(w);
}

static void hugetlb(struct json_writer *w, const struct cgroup_stats *s)
{
	json_key(w, "hugetlb");
	json_object_begin(w);
	for (size_t i = 0; i < s->n_hugetlb; i++) {
		json_key(w, s->hugetlb[i].size);
		json_object_begin(w);
		number(w, "usage", s->hugetlb[i].usage);
		number(w, "max", s->hugetlb[i].max);
		number(w, "failcnt", s->hugetlb[i].failcnt);
		json_object_end(w);
	}
	json_object_end(w);
}

static void begin(struct json_writer *w, struct arena *a, const char *type, const char *id)
{
	json_start(w, a, "");
	json_object_begin(w);
	json_key(w, "type");
	json_string(w, type);
	json_key(w, "id");
	json_string(w, id);
}

const char *stats_line(struct arena *a, const char *id, const struct cgroup_stats *s)
{
	struct json_writer w;

	begin(&w, a, "stats", id);
	json_key(&w, "data");
	json_object_begin(&w);
	cpu(&w, s);
	cpuset(&w, s);
	memory(&w, s);
	json_key(&w, "pids");
	json_object_begin(&w);
	number(&w, "current", s->pids_current);
	number(&w, "limit", s->pids_limit);
	json_object_end(&w);
	blkio(&w, s);
	hugetlb(&w, s);
	json_key(&w, "intel_rdt");
	json_object_begin(&w);
	json_object_end(&w);
	json_key(&w, "network_interfaces");
	json_null(&w);
	json_object_end(&w);
	json_object_end(&w);
	return json_finish(&w, NULL);
}

const char *stats_oom_line(struct arena *a, const char *id)
{
	struct json_writer w;

	begin(&w, a, "oom", id);
	json_object_end(&w);
	return json_finish(&w, NULL);
}
