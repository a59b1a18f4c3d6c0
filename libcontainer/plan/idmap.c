/* PURE: which ids a mount shows for which of its file system. */
#include <errno.h>
#include <linux/sched.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/build.h"

#define MAX_ENTRIES 340 /* UID_GID_MAP_MAX_EXTENTS */

/* One of the two maps while it is put together. */
struct map {
	struct plan_idmap *v;
	size_t n;
};

/* The maps of the container's own user namespace, which relative ids refer to. */
struct container_map {
	const struct plan_idmap *v;
	size_t n;
	bool identity; /* no user namespace: the container's ids are the host's */
	const char *field;
};

static int add_entry(struct arena *a, struct map *map, struct plan_idmap e, struct err *err)
{
	if (map->n == MAX_ENTRIES)
		return err_fail(err, EINVAL, "more than %d ranges", MAX_ENTRIES);
	*arena_push(a, &map->v, &map->n) = e;
	return 0;
}

/* "@A-B-N": B counts in the container's user namespace. The range may lie in several of the
 * namespace's, one entry comes of each. */
static int add_relative(struct arena *a, struct map *map, struct plan_idmap e,
			const struct container_map *in, struct err *err)
{
	uint64_t start = e.host, end = start + e.size, found = 0;

	if (in->identity)
		return add_entry(a, map, e, err);
	for (size_t i = 0; i < in->n; i++) {
		uint64_t from = in->v[i].container, to = from + in->v[i].size;
		int r;

		if (from < start)
			from = start;
		if (to > end)
			to = end;
		if (from >= to)
			continue;
		r = add_entry(
			a, map,
			(struct plan_idmap){
				.container = (uint32_t)(e.container + (from - start)),
				.host = (uint32_t)(in->v[i].host + (from - in->v[i].container)),
				.size = (uint32_t)(to - from),
			},
			err);
		if (r < 0)
			return r;
		found += to - from;
	}
	return found == e.size ? 0
			       : err_fail(err, EINVAL, "not all of its ids are in %s", in->field);
}

/* The number at *S, which ends at END or at the end of the string; *S is put behind END. */
static int take_number(struct arena *a, const char **s, char end, uint32_t *ret)
{
	size_t len = strcspn(*s, "-");
	const char *text = arena_strndup(a, *s, len);

	if ((*s)[len] != end)
		return -EINVAL;
	*s += len + (end != '\0');
	return str_to_u32(text, ret);
}

/* "0-1000-10" or "@0-1-10": id in the file system, id it is shown as, how many. */
static int add_range(struct arena *a, struct map *map, const char *text,
		     const struct container_map *in, struct err *err)
{
	const char *s = text + (*text == '@');
	struct plan_idmap e;
	int r;

	if (take_number(a, &s, '-', &e.container) < 0 || take_number(a, &s, '-', &e.host) < 0 ||
	    take_number(a, &s, '\0', &e.size) < 0 || e.size == 0)
		return err_fail(err, EINVAL, "range '%.64s' is not 'ID-ID-COUNT'", text);
	/* Id 4294967295 itself cannot be mapped. */
	if ((uint64_t)e.container + e.size > UINT32_MAX || (uint64_t)e.host + e.size > UINT32_MAX)
		return err_fail(err, EINVAL, "range '%.64s' leaves the 32 bits of an id", text);
	r = *text == '@' ? add_relative(a, map, e, in, err) : add_entry(a, map, e, err);
	return r < 0 ? err_wrap(err, "range '%.64s'", text) : 0;
}

/* The next part of *LIST up to SEP, NULL after the last one. */
static const char *next_part(struct arena *a, const char **list, char sep)
{
	const char *start = *list, *end;

	if (!start)
		return NULL;
	end = strchr(start, sep);
	*list = end ? end + 1 : NULL;
	return end ? arena_strndup(a, start, (size_t)(end - start)) : start;
}

static struct container_map container_map(const struct plan *plan, bool uids)
{
	return (struct container_map){
		.v = uids ? plan->ns.uid_map : plan->ns.gid_map,
		.n = uids ? plan->ns.n_uid_map : plan->ns.n_gid_map,
		.identity = !plan_has_ns(plan, CLONE_NEWUSER),
		.field = uids ? "linux.uidMappings" : "linux.gidMappings",
	};
}

/* crun's form of the option: "uids=0-1000-10#@11-1-2;gids=0-1000-10". */
static int parse_maps(struct plan *plan, const char *text, struct plan_mount_idmap *ret,
		      struct err *err)
{
	struct arena *a = &plan->arena;
	struct map maps[2] = {0};
	const char *part, *range;

	while ((part = next_part(a, &text, ';'))) {
		bool uids = str_starts(part, "uids=");
		struct container_map in = container_map(plan, uids);
		const char *list = part + strlen("uids=");

		if (!uids && !str_starts(part, "gids="))
			return err_fail(err, EINVAL, "'%.64s' is neither uids= nor gids=", part);
		while ((range = next_part(a, &list, '#'))) {
			int r = add_range(a, &maps[!uids], range, &in, err);

			if (r < 0)
				return r;
		}
	}
	if (!maps[0].n || !maps[1].n) /* M-17 */
		return err_fail(err, EINVAL, "uids= and gids= are both needed");
	ret->uid_map = maps[0].v;
	ret->n_uid_map = maps[0].n;
	ret->gid_map = maps[1].v;
	ret->n_gid_map = maps[1].n;
	return 0;
}

/* M-20: the maps of the container's own user namespace. */
static int container_maps(const struct plan *plan, struct plan_mount_idmap *ret, struct err *err)
{
	if (!plan_has_ns(plan, CLONE_NEWUSER)) /* M-21 */
		return err_fail(err, EINVAL,
				"no id mappings are given, and the container has no user namespace "
				"whose mappings could be taken");
	if (!(plan->ns.create & CLONE_NEWUSER)) {
		ret->joined = true;
		return 0;
	}
	ret->uid_map = plan->ns.uid_map;
	ret->n_uid_map = plan->ns.n_uid_map;
	ret->gid_map = plan->ns.gid_map;
	ret->n_gid_map = plan->ns.n_gid_map;
	return 0;
}

static bool same_map(const struct plan_idmap *a, size_t n_a, const struct plan_idmap *b, size_t n_b)
{
	return n_a == n_b && (!n_a || memcmp(a, b, n_a * sizeof(*a)) == 0);
}

static const struct plan_mount_idmap *intern(struct plan *plan, const struct plan_mount_idmap *map)
{
	for (size_t i = 0; i < plan->n_mount_idmaps; i++) {
		const struct plan_mount_idmap *known = &plan->mount_idmaps[i];

		if (known->joined == map->joined &&
		    same_map(known->uid_map, known->n_uid_map, map->uid_map, map->n_uid_map) &&
		    same_map(known->gid_map, known->n_gid_map, map->gid_map, map->n_gid_map))
			return known;
	}
	if (!plan->mount_idmaps) /* not to be moved: mounts point into it */
		plan->mount_idmaps =
			arena_array(&plan->arena, struct plan_mount_idmap, plan->n_mounts);
	plan->mount_idmaps[plan->n_mount_idmaps] = *map;
	return &plan->mount_idmaps[plan->n_mount_idmaps++];
}

static int check_kind(const struct plan_mount *m, struct err *err)
{
	if (m->kind == MOUNT_REMOUNT)
		return err_fail(err, EINVAL, "a remount cannot change the ids of a mount");
	if (m->kind == MOUNT_CGROUP)
		return err_fail(err, EINVAL, "the kernel cannot id-map file system type 'cgroup2'");
	return 0;
}

int plan_mount_idmap_build(struct plan *plan, struct plan_mount *m, const struct oci_mount *oci,
			   const struct plan_idmap_option *option, struct err *err)
{
	struct plan_mount_idmap map = {.index = m->index, .fd = -1};
	/* Maps without the option are what runc accepts, too (M-18). */
	const char *subject = oci->uid_mappings.n ? "uidMappings" : option->name;
	int r;

	if (!subject)
		return 0;
	if (oci->uid_mappings.n && option->maps)
		return err_fail(err, EINVAL, "option '%.64s': the mount has uidMappings, too",
				option->name);
	r = check_kind(m, err);
	if (r == 0 && option->maps) {
		r = parse_maps(plan, option->maps, &map, err);
	} else if (r == 0 && oci->uid_mappings.n) { /* M-19 */
		map.uid_map = plan_map_build(&plan->arena, &oci->uid_mappings);
		map.n_uid_map = oci->uid_mappings.n;
		map.gid_map = plan_map_build(&plan->arena, &oci->gid_mappings);
		map.n_gid_map = oci->gid_mappings.n;
	} else if (r == 0) {
		r = container_maps(plan, &map, err);
	}
	if (r < 0)
		return oci->uid_mappings.n ? err_wrap(err, "%s", subject)
					   : err_wrap(err, "option '%.64s'", subject);
	m->idmap = intern(plan, &map);
	m->idmap_recursive = option->recursive;
	return 0;
}
