/* PURE: the names of a container's unit and of its slice. */
#include <errno.h>
#include <string.h>

#include "cgroups/systemd/unit.h"
#include "libcontainer/base/str.h"

#define UNIT_NAME_MAX 255
#define PREFIX        "hull"

/* systemd.unit(5): what names consist of. */
static bool is_unit_name(const char *s)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789:-_.\\";
	size_t len = strlen(s);

	return len > 0 && len <= UNIT_NAME_MAX && strspn(s, allowed) == len && *s != '.';
}

/* Each '-' is one level: none at an end, no two at once; "-.slice" is the root. */
static bool is_slice_name(const char *s)
{
	size_t len = strlen(s), stem;

	if (!str_ends(s, ".slice") || !is_unit_name(s))
		return false;
	stem = len - strlen(".slice");
	if (stem == 1 && *s == '-')
		return true;
	return stem && *s != '-' && s[stem - 1] != '-' && !strstr(s, "--");
}

bool cgroup_unit_is_slice(const struct cgroup_unit *unit)
{
	return str_ends(unit->name, ".slice");
}

/* An id may have '+', which a unit's name has as "\x2b" (systemd-escape(1)). */
static const char *escape(struct arena *a, const char *id)
{
	char *out = arena_alloc(a, strlen(id) * 4 + 1), *p = out;

	for (; *id; id++) {
		if (*id == '+') {
			memcpy(p, "\\x2b", 4);
			p += 4;
		} else {
			*p++ = *id;
		}
	}
	return out;
}

static int malformed(const char *path, struct err *err)
{
	return err_fail(err, EINVAL,
			"linux.cgroupsPath: expected 'slice:prefix:name' for the systemd cgroup "
			"manager, got '%.256s'",
			path);
}

int cgroup_unit_plan(struct arena *a, const char *cgroups_path, const char *id, bool user,
		     struct cgroup_unit *ret, struct err *err)
{
	const char *path =
		given(cgroups_path) ? cgroups_path : arena_printf(a, "::%s", escape(a, id));
	const char *prefix = strchr(path, ':');
	const char *name = prefix ? strchr(prefix + 1, ':') : NULL;
	struct cgroup_unit u = {.user = user};

	if (!name || !name[1] || strchr(name + 1, ':'))
		return malformed(path, err);
	u.slice = prefix == path ? user ? "user.slice" : "system.slice"
				 : arena_strndup(a, path, (size_t)(prefix - path));
	prefix = path[0] == ':' && !given(cgroups_path)
			 ? PREFIX
			 : arena_strndup(a, prefix + 1, (size_t)(name - prefix - 1));
	name++;
	if (str_ends(name, ".slice"))
		u.name = arena_strdup(a, name);
	else
		u.name = arena_printf(a, "%s%s%s.scope", prefix, *prefix ? "-" : "", name);
	if (!is_slice_name(u.slice))
		return err_fail(err, EINVAL,
				"linux.cgroupsPath: '%.256s' is not the name of a slice", u.slice);
	if (strlen(u.name) > UNIT_NAME_MAX)
		return err_fail(err, EINVAL,
				"linux.cgroupsPath: '%.256s' is longer than a unit's name may be "
				"(%d)",
				u.name, UNIT_NAME_MAX);
	if (cgroup_unit_is_slice(&u) ? !is_slice_name(u.name) : !is_unit_name(u.name))
		return err_fail(err, EINVAL,
				"linux.cgroupsPath: '%.256s' is not the name of a unit", u.name);
	*ret = u;
	return 0;
}
