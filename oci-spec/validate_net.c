/* PURE: what was asked is legal: linux.netDevices. */
#include "oci-spec/validate.h"

#define NAME_SIZE 16 /* IFNAMSIZ */

/* What the kernel takes for an interface's name (dev_valid_name), and a reason if it does not. */
static const char *bad_name(const char *s)
{
	if (!*s)
		return "is empty";
	if (strlen(s) >= NAME_SIZE)
		return "is longer than 15 bytes";
	if (streq(s, ".") || streq(s, ".."))
		return "is not a name";
	for (; *s; s++)
		if (*s == '/' || *s == ':' || *s == ' ' || (*s >= '\t' && *s <= '\r'))
			return "has a '/', a ':' or a blank in it";
	return NULL;
}

/* E-05: one %d, for which the kernel puts a number. */
static const char *bad_pattern(const char *s)
{
	const char *percent = strchr(s, '%');

	if (percent && (percent[1] != 'd' || strchr(percent + 2, '%')))
		return "has a '%' that is not its only \"%d\"";
	return bad_name(s);
}

static int net_device(const struct oci_net_device *d, struct err *err)
{
	const char *why = bad_name(d->host_name);

	if (!why && strchr(d->host_name, '%'))
		why = "has a '%' in it";
	if (why)
		return invalid(err, "linux.netDevices: the interface name '%.64s' %s", d->host_name,
			       why);
	why = given(d->name) ? bad_pattern(d->name) : NULL;
	if (why)
		return invalid(err, "linux.netDevices.%s.name: '%.64s' %s", d->host_name, d->name,
			       why);
	return 0;
}

static const char *name_inside(const struct oci_net_device *d)
{
	return given(d->name) ? d->name : d->host_name;
}

int validate_net_devices(const struct oci_spec *spec, struct err *err)
{
	const struct oci_linux *l = spec->linux_;

	if (l->net_devices.n && !oci_find_namespace(spec, "network")) /* E-03 */
		return invalid(err, "linux.netDevices: needs a network namespace to move them to");
	for (size_t i = 0; i < l->net_devices.n; i++) {
		const struct oci_net_device *d = &l->net_devices.v[i];
		int r = net_device(d, err);

		if (r < 0)
			return r;
		for (size_t j = 0; j < i; j++)
			if (streq(name_inside(d), name_inside(&l->net_devices.v[j])) &&
			    !strchr(name_inside(d), '%'))
				return invalid(err,
					       "linux.netDevices.%s.name: '%s' is that of '%s' "
					       "already",
					       d->host_name, name_inside(d),
					       l->net_devices.v[j].host_name);
	}
	return 0;
}
