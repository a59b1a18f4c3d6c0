/* PURE: the path of a container's cgroup, from the config and the id. */
#include "cgroups/cgroup.h"

#include <errno.h>
#include <string.h>

#include "libcontainer/base/str.h"

/* Below the mount when the config does not say otherwise (C-02, C-04). */
#define DEFAULT_PARENT "/hull"

static const char *bad_part(const char *part, size_t len)
{
	if (len == 0)
		return "has an empty part";
	if (len > 255)
		return "has a part longer than 255 bytes";
	if (part[0] == '.' && (len == 1 || (len == 2 && part[1] == '.')))
		return "has a part '.' or '..'";
	for (size_t i = 0; i < len; i++) {
		if ((unsigned char)part[i] < 0x20 || part[i] == 0x7f)
			return "has a control character";
	}
	return NULL;
}

/* PATH is absolute. What is wrong with it, or NULL. */
static const char *bad_path(const char *path)
{
	const char *bad = NULL;

	if (strlen(path) > 3000)
		return "is too long";
	while (*path && !bad) {
		size_t len = strcspn(++path, "/");

		bad = bad_part(path, len);
		path += len;
	}
	return bad;
}

int cgroup_path(struct arena *a, const char *cgroups_path, const char *id, const char *base,
		const char **ret, struct err *err)
{
	const char *path = cgroups_path, *bad;

	if (!given(path) || path[0] != '/')
		path = arena_printf(a, "%s" DEFAULT_PARENT "/%s",
				    !base || streq(base, "/") ? "" : base,
				    given(cgroups_path) ? cgroups_path : id);
	bad = bad_path(path);
	if (bad)
		return err_fail(err, EINVAL, "linux.cgroupsPath: '%s' %s", path, bad);
	*ret = arena_strdup(a, path);
	return 0;
}
