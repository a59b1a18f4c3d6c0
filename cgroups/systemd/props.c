/* PURE: what a container's configuration means as properties of its unit. */
#include "cgroups/systemd/props.h"

#include <errno.h>
#include <stdint.h>
#include <stdlib.h>

#include "cgroups/systemd/gvariant.h"
#include "libcontainer/base/bits.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"

#define ANNOTATION   "org.systemd.property."
#define USEC_PER_SEC 1000000
/* systemd keeps the quota in whole percents of a second (CPUQuota=) */
#define QUOTA_STEP_USEC     10000
#define DEFAULT_PERIOD_USEC 100000

/* ---- values ---------------------------------------------------------------------------------- */

struct wire_value wire_text(const char *s)
{
	return (struct wire_value){.type = "s", .s = s};
}

struct wire_value wire_flag(bool on)
{
	return (struct wire_value){.type = "b", .u = on};
}

struct wire_value wire_u64(uint64_t u)
{
	return (struct wire_value){.type = "t", .u = u};
}

static struct wire_value one_text(struct arena *a, const char *s)
{
	struct wire_value *item = arena_new(a, struct wire_value);

	*item = wire_text(s);
	return (struct wire_value){.type = "as", .items = item, .n = 1};
}

static struct wire_value bytes(struct arena *a, const uint8_t *p, size_t n)
{
	struct wire_value *items = arena_array(a, struct wire_value, n + 1);

	for (size_t i = 0; i < n; i++)
		items[i] = (struct wire_value){.type = "y", .u = p[i]};
	return (struct wire_value){.type = "ay", .items = items, .n = n};
}

void unit_props_set(struct unit_props *p, const char *name, struct wire_value value, unsigned since)
{
	const struct unit_prop prop = {name, value, since};

	for (size_t i = 0; i < p->n; i++) {
		if (streq(p->v[i].name, name)) {
			p->v[i] = prop;
			return;
		}
	}
	*arena_push(p->a, &p->v, &p->n) = prop;
}

bool unit_props_want_version(const struct unit_props *p)
{
	bool want = false;

	for (size_t i = 0; i < p->n; i++)
		want |= p->v[i].since > 0;
	return want;
}

struct wire_value unit_props_value(const struct unit_props *p, unsigned version)
{
	struct wire_value *pairs = arena_array(p->a, struct wire_value, p->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < p->n; i++) {
		struct wire_value *pair;

		if (p->v[i].since > version) {
			log_debug("systemd %u does not know the property %s", version,
				  p->v[i].name);
			continue;
		}
		pair = arena_array(p->a, struct wire_value, 2);
		pair[0] = wire_text(p->v[i].name);
		pair[1] = (struct wire_value){.type = "v", .items = &p->v[i].value, .n = 1};
		pairs[n++] = (struct wire_value){.type = "(sv)", .items = pair, .n = 2};
	}
	return (struct wire_value){.type = "a(sv)", .items = pairs, .n = n};
}

/* ---- files of a cgroup ----------------------------------------------------------------------- */

/* "max" is infinity. */
static void by_limit(struct unit_props *p, const char *name, const char *value, unsigned since)
{
	uint64_t v = UINT64_MAX;

	if (streq(value, "max") || str_to_u64(value, &v) == 0)
		unit_props_set(p, name, wire_u64(v), since);
}

/* "100" or "default 100"; those of single devices are none of a unit's. */
static void by_weight(struct unit_props *p, const char *name, const char *value, unsigned since)
{
	by_limit(p, name, str_starts(value, "default ") ? value + 8 : value, since);
}

/* BFQ takes up to 1000: systemd makes it of IOWeight, above 100 in steps of 11. */
static void by_bfq(struct unit_props *p, const char *name, const char *value, unsigned since)
{
	uint64_t v = 0;

	if (str_to_u64(str_starts(value, "default ") ? value + 8 : value, &v) == 0 && v <= 1000)
		unit_props_set(p, name, wire_u64(v <= 100 ? v : 100 + (v - 100) * 11), since);
}

/* An idle group has no weight, which is what systemd calls it. */
static void by_idle(struct unit_props *p, const char *name, const char *value, unsigned since)
{
	if (streq(value, "1"))
		unit_props_set(p, name, wire_u64(0), since);
}

/* "QUOTA PERIOD" */
static void by_quota(struct unit_props *p, const char *name, const char *value, unsigned since)
{
	const char *quota = arena_strndup(p->a, value, strcspn(value, " "));
	uint64_t period = DEFAULT_PERIOD_USEC, per_sec = UINT64_MAX, v = 0;

	if (value[strlen(quota)]) {
		if (str_to_u64(value + strlen(quota) + 1, &period) < 0 || !period)
			return;
		unit_props_set(p, "CPUQuotaPeriodUSec", wire_u64(period), 242);
	}
	if (!streq(quota, "max")) {
		if (str_to_u64(quota, &v) < 0 || v > UINT64_MAX / USEC_PER_SEC)
			return;
		per_sec = v * USEC_PER_SEC / period;
		per_sec = (per_sec + QUOTA_STEP_USEC - 1) / QUOTA_STEP_USEC * QUOTA_STEP_USEC;
	}
	unit_props_set(p, name, wire_u64(per_sec), since);
}

/* "0-2,7": the bytes of a set, the lowest numbers first. */
static void by_set(struct unit_props *p, const char *name, const char *value, unsigned since)
{
	unsigned long bits[BITS_CPUS / BITS_PER_WORD] = {0};
	uint8_t set[BITS_CPUS / 8];
	size_t n = 0;

	if (value[strspn(value, " \n")] && bits_parse(value, bits, BITS_CPUS) < 0)
		return;
	for (size_t i = 0; i < sizeof(set); i++) {
		set[i] = (uint8_t)(bits[i / sizeof(long)] >> (i % sizeof(long) * 8));
		n = set[i] ? i + 1 : n;
	}
	unit_props_set(p, name, bytes(p->a, set, n), since);
}

static void by_oom_group(struct unit_props *p, const char *name, const char *value, unsigned since)
{
	if (streq(value, "0") || streq(value, "1"))
		unit_props_set(p, name, wire_text(*value == '1' ? "kill" : "continue"), since);
}

/* clang-format off */
static const struct {
	const char *file, *name;
	unsigned since;
	void (*set)(struct unit_props *p, const char *name, const char *value, unsigned since);
} by_file[] = {
	{"memory.max",       "MemoryMax",          0,   by_limit},
	{"memory.high",      "MemoryHigh",         0,   by_limit},
	{"memory.low",       "MemoryLow",          0,   by_limit},
	{"memory.min",       "MemoryMin",          240, by_limit},
	{"memory.swap.max",  "MemorySwapMax",      0,   by_limit},
	{"memory.zswap.max", "MemoryZSwapMax",     253, by_limit},
	{"memory.oom.group", "OOMPolicy",          253, by_oom_group},
	{"pids.max",         "TasksMax",           0,   by_limit},
	{"cpu.weight",       "CPUWeight",          0,   by_weight},
	{"cpu.idle",         "CPUWeight",          252, by_idle},
	{"cpu.max",          "CPUQuotaPerSecUSec", 0,   by_quota},
	{"cpuset.cpus",      "AllowedCPUs",        244, by_set},
	{"cpuset.mems",      "AllowedMemoryNodes", 244, by_set},
	{"io.weight",        "IOWeight",           0,   by_weight},
	{"io.bfq.weight",    "IOWeight",           0,   by_bfq},
};
/* clang-format on */

int unit_props_by_file(struct unit_props *p, const char *file, const char *value)
{
	for (size_t i = 0; i < ARRAY_SIZE(by_file); i++) {
		if (streq(by_file[i].file, file)) {
			by_file[i].set(p, by_file[i].name, value, by_file[i].since);
			return 1;
		}
	}
	return 0;
}

static int by_resources(struct unit_props *p, const struct oci_resources *resources,
			struct err *err)
{
	struct cgroup_write *writes = NULL;
	size_t n = 0;
	int r = cgroup_resources_convert(p->a, resources, false, &writes, &n, err);

	for (size_t i = 0; r == 0 && i < n; i++) {
		const struct cgroup_write *w = &writes[i];
		/* a period alone: the group is new, and has no quota yet */
		const char *value = w->flags & CW_KEEP_QUOTA
					    ? arena_printf(p->a, "max %s", w->value)
					    : w->value;

		unit_props_by_file(p, w->file, value);
	}
	return r;
}

/* ---- device rules ------------------------------------------------------------------------------
 *
 * hull's own program in the cgroup decides (devices.c); systemd's, if there is one, has to agree.
 * DeviceAllow can only allow, so it gets all that any rule allows which is behind the last one that
 * denies everything, and what hull allows always. A rule that it cannot say is said more widely.
 */

static void allow(struct wire_value *list, size_t *n, struct arena *a, const char *device,
		  const char *access)
{
	struct wire_value *pair = arena_array(a, struct wire_value, 2);

	pair[0] = wire_text(device);
	pair[1] = wire_text(given(access) ? access : "rwm");
	list[(*n)++] = (struct wire_value){.type = "(ss)", .items = pair, .n = 2};
}

/* "/dev/char/1:3" need not exist; "char-136" are all of that major number. */
static void allow_rule(struct wire_value *list, size_t *n, struct arena *a, const char *type,
		       const struct oci_device_rule *rule)
{
	bool major = rule->major.set && rule->major.v >= 0;
	bool minor = rule->minor.set && rule->minor.v >= 0;
	const char *name = arena_printf(a, "%s-*", type);

	if (major && minor)
		name = arena_printf(a, "/dev/%s/%lld:%lld", type, (long long)rule->major.v,
				    (long long)rule->minor.v);
	else if (major)
		name = arena_printf(a, "%s-%lld", type, (long long)rule->major.v);
	allow(list, n, a, name, rule->access);
}

static bool covers_all(const struct oci_device_rule *r)
{
	bool any = !given(r->type) || streq(r->type, "a");
	bool full = !given(r->access) ||
		    (strchr(r->access, 'r') && strchr(r->access, 'w') && strchr(r->access, 'm'));

	return any && full && !(r->major.set && r->major.v >= 0) &&
	       !(r->minor.set && r->minor.v >= 0);
}

#define N_ALWAYS 10

static void allow_always(struct wire_value *list, size_t *n, struct arena *a)
{
	static const char *const always[] = {"/dev/char/1:3", "/dev/char/1:5", "/dev/char/1:7",
					     "/dev/char/1:8", "/dev/char/1:9", "/dev/char/5:0",
					     "/dev/char/5:2", "char-136"};

	allow(list, n, a, "char-*", "m");
	allow(list, n, a, "block-*", "m");
	for (size_t i = 0; i < ARRAY_SIZE(always); i++)
		allow(list, n, a, always[i], "rwm");
}

void unit_props_devices(struct unit_props *p, const struct oci_device_rule *rules, size_t n_rules)
{
	struct wire_value *list = arena_array(p->a, struct wire_value, 2 * n_rules + N_ALWAYS);
	bool everything = n_rules == 0;
	size_t first = 0, n = 0;

	for (size_t i = 0; i < n_rules; i++)
		if (!rules[i].allow.v && covers_all(&rules[i]))
			first = i + 1;
	allow_always(list, &n, p->a);
	for (size_t i = first; i < n_rules; i++) {
		const struct oci_device_rule *r = &rules[i];
		bool any = !given(r->type) || streq(r->type, "a");

		if (!r->allow.v)
			continue;
		everything |= covers_all(r);
		if (any || streq(r->type, "c"))
			allow_rule(list, &n, p->a, "char", r);
		if (any || streq(r->type, "b"))
			allow_rule(list, &n, p->a, "block", r);
	}
	unit_props_set(p, "DevicePolicy", wire_text(everything ? "auto" : "strict"), 0);
	if (!everything)
		unit_props_set(p, "DeviceAllow",
			       (struct wire_value){.type = "a(ss)", .items = list, .n = n}, 0);
}

/* ---- annotations ----------------------------------------------------------------------------- */

/* Seconds of any number type; systemd's own name for the same has microseconds. */
static int to_usec(struct wire_value *v, const char *field, struct err *err)
{
	bool negative = strchr("nix", *v->type) && (int64_t)v->u < 0;

	if (*v->type == 'd' && v->d >= 0 && v->d < 1e12)
		*v = wire_u64((uint64_t)(v->d * USEC_PER_SEC));
	else if (strchr("ynqiuxt", *v->type) && !negative && v->u <= UINT64_MAX / USEC_PER_SEC)
		*v = wire_u64(v->u * USEC_PER_SEC);
	else
		return err_fail(err, EINVAL, "%s: not a number of seconds", field);
	return 0;
}

static bool is_seconds(const char *name)
{
	size_t len = strlen(name);

	return len > 3 && str_ends(name, "Sec") && name[len - 4] >= 'a' && name[len - 4] <= 'z';
}

static int by_annotation(struct unit_props *p, const char *key, const char *text, struct err *err)
{
	const char *field = arena_printf(p->a, "annotations.%s", key);
	const char *name = key + strlen(ANNOTATION);
	struct wire_value v = {0};
	int r;

	if (strlen(name) < 3 ||
	    name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ")])
		return err_fail(err, EINVAL, "%s: '%.64s' is not the name of a property", field,
				name);
	/* what is in the unit is said by hull, which knows whose processes these are */
	if (streq(name, "PIDs") || str_starts(name, "PIDFD"))
		return err_fail(err, EINVAL, "%s: this property is hull's own", field);
	r = gvariant_parse(p->a, field, text, &v, err);
	if (r == 0 && is_seconds(name)) {
		name = arena_printf(p->a, "%.*sUSec", (int)strlen(name) - 3, name);
		r = to_usec(&v, field, err);
	}
	if (r == 0)
		unit_props_set(p, name, v, 0);
	return r;
}

/* ---- all of them -------------------------------------------------------------------------------
 */

static void basics(struct unit_props *p, const struct cgroup_unit *unit, const char *id)
{
	unit_props_set(p, "Description", wire_text(arena_printf(p->a, "hull container %s", id)), 0);
	/* a container ends by its engine's word; and not before the engine at shutdown */
	unit_props_set(p, "DefaultDependencies", wire_flag(false), 0);
	/* one that failed is not kept for somebody to look at: its name is wanted again */
	unit_props_set(p, "CollectMode", wire_text("inactive-or-failed"), 0);
	if (cgroup_unit_is_slice(unit)) {
		unit_props_set(p, "Wants", one_text(p->a, unit->slice), 0);
	} else {
		unit_props_set(p, "Slice", wire_text(unit->slice), 0);
		unit_props_set(p, "Delegate", wire_flag(true), 0);
	}
	unit_props_set(p, "CPUAccounting", wire_flag(true), 0);
	unit_props_set(p, "MemoryAccounting", wire_flag(true), 0);
	unit_props_set(p, "IOAccounting", wire_flag(true), 0);
	unit_props_set(p, "TasksAccounting", wire_flag(true), 0);
}

int cgroup_unit_props(struct arena *a, const struct cgroup_unit *unit, const char *id,
		      const struct oci_resources *resources, const struct oci_map *annotations,
		      struct unit_props **ret, struct err *err)
{
	struct unit_props *p = arena_new(a, struct unit_props);
	int r = 0;

	p->a = a;
	basics(p, unit, id);
	if (resources)
		r = by_resources(p, resources, err);
	/* the user's manager has no right to filter devices */
	if (r == 0 && resources && resources->devices.set && !unit->user)
		unit_props_devices(p, resources->devices.v, resources->devices.n);
	for (size_t i = 0; r == 0 && i < annotations->n; i++)
		if (str_starts(annotations->v[i].key, ANNOTATION))
			r = by_annotation(p, annotations->v[i].key, annotations->v[i].value, err);
	*ret = p;
	return r;
}
