/* props.h - the properties of a unit (private to cgroups/systemd/). */
#ifndef HULL_SYSTEMD_PROPS_H
#define HULL_SYSTEMD_PROPS_H

#include "cgroups/resources.h"
#include "cgroups/systemd/unit.h"
#include "cgroups/systemd/wire.h"

struct unit_prop {
	const char *name;
	struct wire_value value;
	unsigned since; /* version of systemd; 0: all that hull can meet */
};

struct unit_props {
	struct arena *a;
	struct unit_prop *v;
	size_t n;
};

struct wire_value wire_text(const char *s);
struct wire_value wire_flag(bool on);
struct wire_value wire_u64(uint64_t u);

/* Replaces the property of that name, or adds it. */
void unit_props_set(struct unit_props *p, const char *name, struct wire_value value,
		    unsigned since);
/* What VALUE in FILE of a cgroup means as properties; nothing when there are none. VALUE is what
 * hull writes there, or what the kernel shows. */
int unit_props_by_file(struct unit_props *p, const char *file, const char *value);
/* DevicePolicy and DeviceAllow: no less than the rules allow, see devices.c. */
void unit_props_devices(struct unit_props *p, const struct oci_device_rule *rules, size_t n_rules);
/* As a(sv), without those that VERSION does not know. */
struct wire_value unit_props_value(const struct unit_props *p, unsigned version);
/* Whether one of them depends on the version. */
bool unit_props_want_version(const struct unit_props *p);

#endif
