/* PURE: what was asked is legal: linux.intelRdt. */
#include "oci-spec/validate.h"

#define AT "linux.intelRdt."

/* T-03: the name of one directory, "/" for resctrl's own; and none that the kernel made there. */
static int clos_id(const char *name, struct err *err)
{
	static const char *const taken[] = {".", "..", "info", "mon_groups", "mon_data", NULL};

	if (!given(name) || streq(name, "/"))
		return 0;
	if (strchr(name, '/') || strchr(name, '\n') || name_in(taken, name))
		return invalid(err, AT "closID: '%.64s' cannot be the name of a class", name);
	if (strlen(name) > 255)
		return invalid(err, AT "closID: '%.64s...' is longer than 255 bytes", name);
	return 0;
}

/* The kernel takes a page at a time. */
static int line(const char *value, const char *field, struct err *err)
{
	if (strchr(value, '\n'))
		return invalid(err, AT "%s: has a line end", field);
	if (strlen(value) > 4000)
		return invalid(err, AT "%s: '%.64s...' is longer than 4000 bytes", field, value);
	return 0;
}

/* T-06, T-07 */
static int schema(const char *value, const char *field, const char *prefix, struct err *err)
{
	if (!given(value))
		return 0;
	if (!str_starts(value, prefix))
		return invalid(err, AT "%s: '%.64s' does not begin with '%s'", field, value,
			       prefix);
	return line(value, field, err);
}

/* T-08: what resources there are, and of which form their values, is for the kernel to say. */
static int schemata(const struct oci_strings *list, struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		const char *colon = strchr(list->v[i], ':');
		char field[32];
		int r;

		snprintf(field, sizeof(field), "schemata[%zu]", i);
		if (!colon || colon == list->v[i])
			return invalid(err, AT "%s: '%.64s' is not like 'RESOURCE:0=VALUE'", field,
				       list->v[i]);
		r = line(list->v[i], field, err);
		if (r < 0)
			return r;
	}
	return 0;
}

int validate_intel_rdt(const struct oci_intel_rdt *rdt, struct err *err)
{
	int r = clos_id(rdt->clos_id, err);

	if (r == 0)
		r = schema(rdt->l3_cache_schema, "l3CacheSchema", "L3:", err);
	if (r == 0)
		r = schema(rdt->mem_bw_schema, "memBwSchema", "MB:", err);
	return r < 0 ? r : schemata(&rdt->schemata, err);
}
