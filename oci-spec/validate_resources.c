/* PURE: what was asked is legal: linux.resources. */
#include <inttypes.h>

#include "oci-spec/validate.h"

/* `update` reads the same object without a config.json around it; the paths are the spec's. */
#define AT "linux.resources."

/* K-43: a value that cgroup v2 has no file for is refused, unless it asks for nothing. */
static int no_equivalent(const char *at, struct err *err)
{
	return unsupported(err, AT "%s: cgroup v2 has no equivalent", at);
}

/* ---- device rules -------------------------------------------------------------------- */

static int device_number(struct opt_i64 v, const char *name, size_t i, struct err *err)
{
	if (v.set && (v.v < -1 || v.v > UINT32_MAX))
		return invalid(err, AT "devices[%zu].%s: %" PRId64 " is not a device number", i,
			       name, v.v);
	return 0;
}

static int device_rules(const struct oci_resources *res, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < res->devices.n && r == 0; i++) {
		const struct oci_device_rule *d = &res->devices.v[i];

		if (!d->allow.set)
			return invalid(err, AT "devices[%zu].allow: required, but missing", i);
		if (given(d->type) && (d->type[1] || !strchr("acb", *d->type)))
			return invalid(err, AT "devices[%zu].type: '%.64s' is not a, c or b", i,
				       d->type);
		if (d->access && (!*d->access || d->access[strspn(d->access, "rwm")]))
			return invalid(err,
				       AT "devices[%zu].access: '%.64s' is not made of r, w and m",
				       i, d->access);
		r = device_number(d->major, "major", i, err);
		if (r == 0)
			r = device_number(d->minor, "minor", i, err);
	}
	return r;
}

/* ---- memory, cpu, pids -------------------------------------------------------------------- */

static int amount(struct opt_i64 v, const char *at, struct err *err)
{
	if (v.set && v.v < -1)
		return invalid(err, AT "%s: %" PRId64 " is less than -1, no limit", at, v.v);
	return 0;
}

static int memory(const struct oci_resources *res, struct err *err)
{
	const struct oci_memory *m = res->memory;
	int r;

	if (!m)
		return 0;
	if ((r = amount(m->limit, "memory.limit", err)) < 0 ||
	    (r = amount(m->reservation, "memory.reservation", err)) < 0 ||
	    (r = amount(m->swap, "memory.swap", err)) < 0)
		return r;
	if (m->swap.set && m->swap.v > 0 && m->limit.set && m->swap.v < m->limit.v)
		return invalid(err,
			       AT "memory.swap: %" PRId64 " is less than limit, %" PRId64
				  "; it is memory and swap together",
			       m->swap.v, m->limit.v);
	return 0;
}

static int memory_v1(const struct oci_resources *res, struct err *err)
{
	const struct oci_memory *m = res->memory;

	if (!m)
		return 0;
	/* 0 is how engines write "unset", and no limit is what there is. */
	if (m->kernel.set && m->kernel.v != -1 && m->kernel.v != 0)
		return no_equivalent("memory.kernel", err);
	if (m->kernel_tcp.set && m->kernel_tcp.v != -1 && m->kernel_tcp.v != 0)
		return no_equivalent("memory.kernelTCP", err);
	if (m->swappiness.set)
		return no_equivalent("memory.swappiness", err);
	if (m->disable_oom_killer.v)
		return no_equivalent("memory.disableOOMKiller", err);
	if (m->use_hierarchy.set && !m->use_hierarchy.v)
		return no_equivalent("memory.useHierarchy", err); /* true is how v2 is */
	return 0;
}

static int cpu(const struct oci_resources *res, struct err *err)
{
	const struct oci_cpu *c = res->cpu;

	if (!c)
		return 0;
	if (c->period.set && c->period.v && (c->period.v < 1000 || c->period.v > 1000000))
		return invalid(err, AT "cpu.period: %" PRIu64 " is not within 1000 to 1000000",
			       c->period.v);
	if (c->quota.set && c->quota.v > 0 && c->burst.set && c->burst.v > (uint64_t)c->quota.v)
		return invalid(err, AT "cpu.burst: %" PRIu64 " is more than quota, %" PRId64,
			       c->burst.v, c->quota.v);
	if (c->idle.set && c->idle.v != 0 && c->idle.v != 1)
		return invalid(err, AT "cpu.idle: %" PRId64 " is not 0 or 1", c->idle.v);
	if (given(c->cpus) && !validate_is_list(c->cpus))
		return invalid(err, AT "cpu.cpus: '%.64s' is not a list like '0-3,7'", c->cpus);
	if (given(c->mems) && !validate_is_list(c->mems))
		return invalid(err, AT "cpu.mems: '%.64s' is not a list like '0-3,7'", c->mems);
	if (c->realtime_runtime.v)
		return no_equivalent("cpu.realtimeRuntime", err);
	if (c->realtime_period.v)
		return no_equivalent("cpu.realtimePeriod", err);
	return 0;
}

static int pids(const struct oci_resources *res, struct err *err)
{
	return res->pids ? amount(res->pids->limit, "pids.limit", err) : 0;
}

/* ---- block I/O ------------------------------------------------------------------------------- */

/* 0 is how engines write "unset". */
static int weight(struct opt_u32 v, const char *at, struct err *err)
{
	if (v.set && v.v && (v.v < 10 || v.v > 1000))
		return invalid(err, "%s: %" PRIu32 " is not within 10 to 1000", at, v.v);
	return 0;
}

static int io_device(struct opt_i64 major, struct opt_i64 minor, const char *at, struct err *err)
{
	if (!major.set || !minor.set)
		return invalid(err, "%s.%s: required, but missing", at,
			       major.set ? "minor" : "major");
	if (major.v < 0 || major.v > UINT32_MAX)
		return invalid(err, "%s.major: %" PRId64 " is not a device number", at, major.v);
	if (minor.v < 0 || minor.v > UINT32_MAX)
		return invalid(err, "%s.minor: %" PRId64 " is not a device number", at, minor.v);
	return 0;
}

static int weight_devices(const struct oci_block_io *b, struct err *err)
{
	for (size_t i = 0; i < b->weight_device.n; i++) {
		const struct oci_weight_device *d = &b->weight_device.v[i];
		char at[64], of[96];
		int r;

		snprintf(at, sizeof(at), AT "blockIO.weightDevice[%zu]", i);
		r = io_device(d->major, d->minor, at, err);
		if (r < 0)
			return r;
		if (!d->weight.set && !d->leaf_weight.set)
			return invalid(err, "%s: weight or leafWeight is required", at);
		if (d->leaf_weight.v)
			return unsupported(err, "%s.leafWeight: cgroup v2 has no equivalent", at);
		snprintf(of, sizeof(of), "%s.weight", at);
		r = weight(d->weight, of, err);
		if (r < 0)
			return r;
	}
	return 0;
}

static int throttles(const oci_throttle_list *list, const char *name, struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct oci_throttle_device *d = &list->v[i];
		char at[96];
		int r;

		snprintf(at, sizeof(at), AT "blockIO.%s[%zu]", name, i);
		r = io_device(d->major, d->minor, at, err);
		if (r < 0)
			return r;
		if (!d->rate.set)
			return invalid(err, "%s.rate: required, but missing", at);
	}
	return 0;
}

static int block_io(const struct oci_resources *res, struct err *err)
{
	const struct oci_block_io *b = res->block_io;
	int r;

	if (!b)
		return 0;
	if (b->leaf_weight.v)
		return no_equivalent("blockIO.leafWeight", err);
	if ((r = weight(b->weight, AT "blockIO.weight", err)) < 0 ||
	    (r = weight_devices(b, err)) < 0 ||
	    (r = throttles(&b->throttle_read_bps_device, "throttleReadBpsDevice", err)) < 0 ||
	    (r = throttles(&b->throttle_write_bps_device, "throttleWriteBpsDevice", err)) < 0 ||
	    (r = throttles(&b->throttle_read_iops_device, "throttleReadIOPSDevice", err)) < 0 ||
	    (r = throttles(&b->throttle_write_iops_device, "throttleWriteIOPSDevice", err)) < 0)
		return r;
	return 0;
}

/* ---- the rest
 * -------------------------------------------------------------------------------------- */

/* ^[1-9][0-9]*[KMG]B$ */
static bool is_page_size(const char *s)
{
	size_t n = strspn(s, "0123456789");

	return n > 0 && *s != '0' && s[n] && strchr("KMG", s[n]) && streq(s + n + 1, "B");
}

static int hugepages(const struct oci_resources *res, struct err *err)
{
	for (size_t i = 0; i < res->hugepage_limits.n; i++) {
		const struct oci_hugepage_limit *h = &res->hugepage_limits.v[i];

		if (!h->page_size || !h->limit.set)
			return invalid(err, AT "hugepageLimits[%zu].%s: required, but missing", i,
				       h->page_size ? "limit" : "pageSize");
		if (!is_page_size(h->page_size))
			return invalid(err,
				       AT "hugepageLimits[%zu].pageSize: '%.64s' is not a number "
					  "with KB, MB or GB",
				       i, h->page_size);
	}
	return 0;
}

static int network(const struct oci_resources *res, struct err *err)
{
	if (!res->network)
		return 0;
	if (res->network->class_id.v)
		return no_equivalent("network.classID", err);
	if (res->network->priorities.n)
		return no_equivalent("network.priorities", err);
	return 0;
}

static int rdma(const struct oci_resources *res, struct err *err)
{
	for (size_t i = 0; i < res->rdma.n; i++)
		if (!res->rdma.v[i].hca_handles.set && !res->rdma.v[i].hca_objects.set)
			return invalid(err, AT "rdma.%.64s: hcaHandles or hcaObjects is required",
				       res->rdma.v[i].device);
	return 0;
}

/* A name with '/' would be a file of another cgroup. */
static int unified(const struct oci_resources *res, struct err *err)
{
	for (size_t i = 0; i < res->unified.n; i++) {
		const char *key = res->unified.v[i].key, *dot = strchr(key, '.');

		if (strchr(key, '/') || !dot || dot == key || !dot[1])
			return invalid(
				err, AT "unified: '%.64s' is not like 'controller.parameter'", key);
	}
	return 0;
}

/* clang-format off */
static const struct resources_rule rules[] = {
	{"K-02 K-03 K-04",                device_rules},
	{"K-09 K-10 K-11",                memory},
	{"K-13 K-14 K-15 K-16 V-13",      memory_v1},
	{"K-19 K-20 K-21 K-23 K-24 K-25", cpu},
	{"K-35 K-36",                     pids},
	{"K-26 K-27 K-28 K-29",           block_io},
	{"K-31",                          hugepages},
	{"K-33 K-34 V-13",                network},
	{"K-37",                          rdma},
	{"K-40",                          unified},
};
/* clang-format on */

int oci_validate_resources(const struct oci_resources *resources, struct err *err)
{
	int r = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rules) && r == 0; i++)
		r = rules[i].check(resources, err);
	return r;
}
