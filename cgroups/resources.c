/* PURE: linux.resources as a list of writes to cgroup v2 files. */
#include "cgroups/resources.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "libcontainer/base/str.h"

#define FIELD "linux.resources."

struct conv {
	struct arena *a;
	const struct oci_resources *res;
	bool update;
	struct cgroup_write *writes;
	size_t n;
	struct err *err;
};

static struct cgroup_write *put(struct conv *c, const char *field, const char *file, unsigned flags,
				const char *value)
{
	struct cgroup_write *w = arena_push(c->a, &c->writes, &c->n);

	*w = (struct cgroup_write){.field = field, .file = file, .value = value, .flags = flags};
	return w;
}

static const char *u64_text(struct conv *c, uint64_t v)
{
	return arena_printf(c->a, "%" PRIu64, v);
}

/* A limit in v1's terms: -1 = none, 0 = unset (older engines send all members of an update). */
static int put_limit(struct conv *c, const char *field, const char *file, struct opt_i64 limit)
{
	if (!limit.set || limit.v == 0)
		return 0;
	if (limit.v < -1)
		return err_fail(c->err, EINVAL, "%s: %" PRId64 " is neither a size nor -1", field,
				limit.v);
	if (limit.v == -1)
		put(c, field, file, CW_OPTIONAL, "max");
	else
		put(c, field, file, 0, u64_text(c, (uint64_t)limit.v));
	return 0;
}

/* V-10: v1 counts memory plus swap, v2 swap alone. */
static int convert_swap(struct conv *c, const struct oci_memory *m)
{
	const char *field = FIELD "memory.swap", *file = "memory.swap.max";
	int64_t limit = m->limit.set ? m->limit.v : 0;
	int64_t swap = m->swap.set ? m->swap.v : 0;

	if (swap < -1)
		return err_fail(c->err, EINVAL, "%s: %" PRId64 " is neither a size nor -1", field,
				swap);
	if (swap == -1 || (swap == 0 && limit == -1)) {
		put(c, field, file, CW_OPTIONAL, "max");
	} else if (swap > 0 && limit == 0) {
		if (!c->update)
			return err_fail(
				c->err, EINVAL,
				"%s: memory plus swap cannot be limited without memory.limit",
				field);
		put(c, field, file, CW_MINUS_LIMIT, u64_text(c, (uint64_t)swap));
	} else if (swap > 0 && swap < limit) {
		return err_fail(c->err, EINVAL,
				"%s: memory plus swap (%" PRId64
				") is less than memory.limit (%" PRId64 ")",
				field, swap, limit);
	} else if (swap > 0) {
		uint64_t rest = (uint64_t)(limit > 0 ? swap - limit : swap);

		/* without swap in the kernel there is none to use */
		put(c, field, file, rest ? 0 : CW_OPTIONAL, u64_text(c, rest));
	}
	return 0;
}

static int convert_memory(struct conv *c)
{
	const struct oci_memory *m = c->res->memory;
	int r;

	if (!m)
		return 0;
	/* swap first: a container that gets more of both never has less than before in between.
	 * Unlike in v1 (K-12) the kernel does not compare the two. */
	r = convert_swap(c, m);
	if (r == 0)
		r = put_limit(c, FIELD "memory.limit", "memory.max", m->limit);
	if (r == 0)
		r = put_limit(c, FIELD "memory.reservation", "memory.low", m->reservation);
	return r;
}

/* K-36: 0 is a limit. As pids.max also counts the container's init, which is born in the
 * cgroup, the least that can be written is 1; a fork fails all the same. Resources of an update do
 * not say which version they are of, and 0 is what engines send for nothing. */
static int convert_pids(struct conv *c)
{
	const struct oci_pids *p = c->res->pids;

	if (!p || !p->limit.set || (c->update && p->limit.v == 0))
		return 0;
	if (p->limit.v < 0)
		put(c, FIELD "pids.limit", "pids.max", CW_OPTIONAL, "max");
	else
		put(c, FIELD "pids.limit", "pids.max", 0,
		    u64_text(c, p->limit.v ? (uint64_t)p->limit.v : 1));
	return 0;
}

/* V-04. A single number keeps the period; a period alone keeps the quota. 0 = unset. */
static int convert_bandwidth(struct conv *c, const struct oci_cpu *cpu)
{
	int64_t quota = cpu->quota.set ? cpu->quota.v : 0;
	uint64_t period = cpu->period.set ? cpu->period.v : 0;
	const char *max = quota > 0 ? u64_text(c, (uint64_t)quota) : "max";
	unsigned flags = quota < 0 ? CW_OPTIONAL : 0;

	if (period && (period < 1000 || period > 1000000))
		return err_fail(c->err, EINVAL,
				FIELD "cpu.period: %" PRIu64 " is not between 1000 and 1000000",
				period);
	if (quota && period)
		put(c, FIELD "cpu.quota", "cpu.max", flags,
		    arena_printf(c->a, "%s %" PRIu64, max, period));
	else if (quota)
		put(c, FIELD "cpu.quota", "cpu.max", flags, max);
	else if (period)
		put(c, FIELD "cpu.period", "cpu.max", CW_KEEP_QUOTA, u64_text(c, period));
	return 0;
}

static int convert_cpu(struct conv *c)
{
	const struct oci_cpu *cpu = c->res->cpu;
	const char *burst_field = FIELD "cpu.burst", *burst;
	int r;

	if (!cpu)
		return 0;
	if (cpu->idle.set && cpu->idle.v != 0 && cpu->idle.v != 1)
		return err_fail(c->err, EINVAL, FIELD "cpu.idle: %" PRId64 " is neither 0 nor 1",
				cpu->idle.v);
	/* An idle group has no weight: the kernel refuses to set one. */
	if (cpu->idle.set)
		put(c, FIELD "cpu.idle", "cpu.idle", 0, cpu->idle.v ? "1" : "0");
	if (cpu->shares.set && cpu->shares.v && !(cpu->idle.set && cpu->idle.v))
		put(c, FIELD "cpu.shares", "cpu.weight", 0,
		    u64_text(c, cgroup_shares_to_weight(cpu->shares.v)));
	if (cpu->burst.set && cpu->quota.set && cpu->quota.v > 0 &&
	    cpu->burst.v > (uint64_t)cpu->quota.v)
		return err_fail(c->err, EINVAL,
				"%s: %" PRIu64 " is more than cpu.quota (%" PRId64 ")", burst_field,
				cpu->burst.v, cpu->quota.v);
	/* The kernel keeps burst <= quota at any time: a lower burst goes first, a higher last. */
	burst = cpu->burst.set ? u64_text(c, cpu->burst.v) : NULL;
	if (burst)
		put(c, burst_field, "cpu.max.burst", CW_IF_LOWER, burst);
	r = convert_bandwidth(c, cpu);
	if (burst)
		put(c, burst_field, "cpu.max.burst", CW_IF_HIGHER, burst);
	if (cpu->cpus && *cpu->cpus)
		put(c, FIELD "cpu.cpus", "cpuset.cpus", 0, cpu->cpus);
	if (cpu->mems && *cpu->mems)
		put(c, FIELD "cpu.mems", "cpuset.mems", 0, cpu->mems);
	return r;
}

/* V-14, V-15. DEVICE is "8:0 " or "". */
static int put_io_weight(struct conv *c, const char *field, const char *device, uint32_t weight)
{
	struct cgroup_write *w;

	if (weight < 10 || weight > 1000)
		return err_fail(c->err, EINVAL, "%s: %u is not between 10 and 1000", field, weight);
	w = put(c, field, "io.weight", CW_BFQ,
		arena_printf(c->a, "%s%" PRIu64, device, cgroup_blkio_to_io_weight(weight)));
	w->bfq = arena_printf(c->a, "%s%u", device, weight);
	return 0;
}

static int convert_weight_devices(struct conv *c, const struct oci_block_io *io)
{
	for (size_t i = 0; i < io->weight_device.n; i++) {
		const struct oci_weight_device *d = &io->weight_device.v[i];
		const char *field = arena_printf(c->a, FIELD "blockIO.weightDevice[%zu]", i);
		int r;

		if (d->leaf_weight.set && d->leaf_weight.v)
			return err_fail(c->err, ENOTSUP,
					"%s.leafWeight: cgroup v2 has no equivalent", field);
		if (!d->weight.set)
			return err_fail(c->err, EINVAL, "%s: without weight", field);
		if (!d->weight.v) /* unset */
			continue;
		r = put_io_weight(
			c, field,
			arena_printf(c->a, "%" PRId64 ":%" PRId64 " ", d->major.v, d->minor.v),
			d->weight.v);
		if (r < 0)
			return r;
	}
	return 0;
}

/* V-16: one device and one limit per write; the others of the device stay. */
static void convert_throttle(struct conv *c, const char *name, const oci_throttle_list *list,
			     const char *key)
{
	for (size_t i = 0; i < list->n; i++) {
		const struct oci_throttle_device *d = &list->v[i];

		put(c, arena_printf(c->a, FIELD "blockIO.%s[%zu]", name, i), "io.max", 0,
		    arena_printf(c->a, "%" PRId64 ":%" PRId64 " %s=%s", d->major.v, d->minor.v, key,
				 d->rate.v ? u64_text(c, d->rate.v) : "max"));
	}
}

static int convert_io(struct conv *c)
{
	const struct oci_block_io *io = c->res->block_io;
	int r = 0;

	if (!io)
		return 0;
	if (io->weight.set && io->weight.v)
		r = put_io_weight(c, FIELD "blockIO.weight", "", io->weight.v);
	if (r == 0)
		r = convert_weight_devices(c, io);
	convert_throttle(c, "throttleReadBpsDevice", &io->throttle_read_bps_device, "rbps");
	convert_throttle(c, "throttleWriteBpsDevice", &io->throttle_write_bps_device, "wbps");
	convert_throttle(c, "throttleReadIOPSDevice", &io->throttle_read_iops_device, "riops");
	convert_throttle(c, "throttleWriteIOPSDevice", &io->throttle_write_iops_device, "wiops");
	return r;
}

/* K-31: 2MB, 1GB, 64KB: also the spelling of the kernel's file names */
static bool page_size_ok(const char *s)
{
	size_t digits = s ? strspn(s, "0123456789") : 0;

	return digits && digits < 12 && s[0] != '0' && strchr("KMG", s[digits]) && s[digits] &&
	       streq(s + digits + 1, "B");
}

static int convert_hugetlb(struct conv *c)
{
	for (size_t i = 0; i < c->res->hugepage_limits.n; i++) {
		const struct oci_hugepage_limit *h = &c->res->hugepage_limits.v[i];
		const char *field = arena_printf(c->a, FIELD "hugepageLimits[%zu]", i);

		if (!page_size_ok(h->page_size))
			return err_fail(c->err, EINVAL, "%s: '%s' is no page size such as '2MB'",
					field, h->page_size ? h->page_size : "");
		put(c, field, arena_printf(c->a, "hugetlb.%s.max", h->page_size), 0,
		    u64_text(c, h->limit.v));
		/* K-32: reservations too, where the kernel counts them */
		put(c, field, arena_printf(c->a, "hugetlb.%s.rsvd.max", h->page_size), CW_OPTIONAL,
		    u64_text(c, h->limit.v));
	}
	return 0;
}

static int convert_rdma(struct conv *c)
{
	for (size_t i = 0; i < c->res->rdma.n; i++) {
		const struct oci_rdma *d = &c->res->rdma.v[i];
		const char *field = arena_printf(c->a, FIELD "rdma['%s']", d->device);
		char text[64] = "";
		struct strbuf sb = {.buf = text, .size = sizeof(text)};

		if (!*d->device || strpbrk(d->device, " \t\n"))
			return err_fail(c->err, EINVAL, "%s: not the name of a device", field);
		if (d->hca_handles.set)
			strbuf_add(&sb, " hca_handle=%u", d->hca_handles.v);
		if (d->hca_objects.set)
			strbuf_add(&sb, " hca_object=%u", d->hca_objects.v);
		if (!text[0])
			return err_fail(c->err, EINVAL, "%s: neither hcaHandles nor hcaObjects",
					field);
		put(c, field, "rdma.max", 0, arena_printf(c->a, "%s%s", d->device, text));
	}
	return 0;
}

/* K-40. The files that move, stop or kill processes are no resources; cgroup.procs would even
 * take processes of the host. */
static int check_unified_key(struct conv *c, const char *key, const char *field)
{
	static const char *const reserved[] = {"cgroup.procs", "cgroup.threads", "cgroup.kill",
					       "cgroup.freeze", "cgroup.type"};
	const char *dot = strchr(key, '.');

	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++) {
		if (streq(key, reserved[i]))
			return err_fail(c->err, EINVAL, "%s: not a resource", field);
	}
	for (const char *p = key; *p; p++) {
		if (*p == '/' || *p <= ' ' || *p >= 0x7f)
			return err_fail(c->err, EINVAL, "%s: not a file of a cgroup", field);
	}
	if (!dot || dot == key || !dot[1])
		return err_fail(c->err, EINVAL, "%s: not of the form CONTROLLER.PARAMETER", field);
	return 0;
}

static int convert_unified(struct conv *c)
{
	for (size_t i = 0; i < c->res->unified.n; i++) {
		const struct oci_pair *u = &c->res->unified.v[i];
		const char *field = arena_printf(c->a, FIELD "unified['%s']", u->key);
		char *text = arena_strdup(c->a, u->value), *save = NULL;
		char *line = strtok_r(text, "\n", &save);
		int r = check_unified_key(c, u->key, field);

		if (r < 0)
			return r;
		if (!line) /* an empty line clears, an empty write does nothing */
			put(c, field, u->key, 0, "\n");
		for (; line; line = strtok_r(NULL, "\n", &save))
			put(c, field, u->key, 0, line);
	}
	return 0;
}

/* V-13, K-43: what cannot be converted is refused, unless it asks for what v2 does anyway. */
static const char *inconvertible(const struct oci_resources *res)
{
	const struct oci_memory *m = res->memory;
	const struct oci_cpu *cpu = res->cpu;
	const struct oci_network *net = res->network;

	if (m && m->kernel.set && m->kernel.v != 0 && m->kernel.v != -1)
		return "memory.kernel";
	if (m && m->kernel_tcp.set && m->kernel_tcp.v != 0 && m->kernel_tcp.v != -1)
		return "memory.kernelTCP";
	if (m && m->swappiness.set)
		return "memory.swappiness";
	if (m && m->disable_oom_killer.set && m->disable_oom_killer.v)
		return "memory.disableOOMKiller";
	if (m && m->use_hierarchy.set && !m->use_hierarchy.v)
		return "memory.useHierarchy";
	if (cpu && cpu->realtime_runtime.set && cpu->realtime_runtime.v)
		return "cpu.realtimeRuntime";
	if (cpu && cpu->realtime_period.set && cpu->realtime_period.v)
		return "cpu.realtimePeriod";
	if (res->block_io && res->block_io->leaf_weight.set && res->block_io->leaf_weight.v)
		return "blockIO.leafWeight";
	if (net && net->class_id.set && net->class_id.v)
		return "network.classID";
	if (net && net->priorities.n)
		return "network.priorities";
	return NULL;
}

int cgroup_resources_convert(struct arena *a, const struct oci_resources *resources, bool update,
			     struct cgroup_write **ret, size_t *ret_n, struct err *err)
{
	/* unified is last, so that it wins over what was converted (K-41) */
	static int (*const parts[])(struct conv *) = {
		convert_memory,  convert_pids, convert_cpu,     convert_io,
		convert_hugetlb, convert_rdma, convert_unified,
	};
	struct conv c = {.a = a, .res = resources, .update = update, .err = err};
	const char *bad = resources ? inconvertible(resources) : NULL;

	if (bad)
		return err_fail(err, ENOTSUP, FIELD "%s: cgroup v2 has no equivalent", bad);
	for (size_t i = 0; resources && i < sizeof(parts) / sizeof(parts[0]); i++) {
		int r = parts[i](&c);

		if (r < 0)
			return r;
	}
	*ret = c.writes;
	*ret_n = c.n;
	return 0;
}

const char *cgroup_file_controller(struct arena *a, const char *file)
{
	/* pressure files belong to the kernel's core, whatever their first word */
	if (str_starts(file, "cgroup.") || str_ends(file, ".pressure"))
		return NULL;
	return arena_strndup(a, file, strcspn(file, "."));
}

int cgroup_resources_needs(struct arena *a, const struct oci_resources *resources,
			   struct cgroup_need **ret, size_t *ret_n, struct err *err)
{
	struct cgroup_write *writes = NULL;
	struct cgroup_need *needs = NULL;
	size_t n_writes = 0, n = 0;
	int r = cgroup_resources_convert(a, resources, false, &writes, &n_writes, err);

	if (r < 0)
		return r;
	for (size_t i = 0; i < n_writes; i++) {
		const char *controller = cgroup_file_controller(a, writes[i].file);
		bool known = !controller || (writes[i].flags & CW_OPTIONAL);

		for (size_t k = 0; k < n && !known; k++)
			known = streq(needs[k].controller, controller);
		if (!known)
			*arena_push(a, &needs, &n) = (struct cgroup_need){.controller = controller,
									  .field = writes[i].field};
	}
	*ret = needs;
	*ret_n = n;
	return 0;
}
