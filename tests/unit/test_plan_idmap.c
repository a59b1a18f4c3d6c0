/* TEST: id maps of mounts: where they come from, and what the option's own forms mean. */
#include <errno.h>

#include "tests/unit/test_plan.h"

static struct oci_id_mapping one[] = {{{true, 0}, {true, 1000}, {true, 1}}};
static struct oci_id_mapping two[] = {{{true, 0}, {true, 1000}, {true, 1}},
				      {{true, 7}, {true, 2000}, {true, 10}}};
static struct oci_id_mapping container[] = {{{true, 0}, {true, 100000}, {true, 10}},
					    {{true, 10}, {true, 300000}, {true, 90}}};

static struct oci_mount *add(struct plan_test *t, struct oci_strings options)
{
	return plan_test_add_mount(t, "/x", "none", "/s", options);
}

static struct oci_mount *start(struct plan_test *t, struct oci_strings options)
{
	plan_test_init(t);
	return add(t, options);
}

static void set_maps(struct oci_mount *m, struct oci_id_mapping *maps, size_t n)
{
	m->uid_mappings.v = m->gid_mappings.v = maps;
	m->uid_mappings.n = m->gid_mappings.n = n;
}

static void user_namespace(struct plan_test *t, const char *path)
{
	plan_test_add_ns(t, "user", path);
	if (path)
		return;
	t->linux_.uid_mappings.v = t->linux_.gid_mappings.v = container;
	t->linux_.uid_mappings.n = t->linux_.gid_mappings.n = ARRAY_SIZE(container);
}

static void check_entry(const struct plan_idmap *e, uint32_t from, uint32_t to, uint32_t size)
{
	CHECK_UINT(e->container, from);
	CHECK_UINT(e->host, to);
	CHECK_UINT(e->size, size);
}

/* M-16, M-19: those of the mount, whatever the container has; M-18: with or without the option. */
static void own_maps(void)
{
	auto_plan_test t;
	struct plan_mount *m;

	plan_test_init(&t);
	user_namespace(&t, NULL);
	set_maps(add(&t, STRINGS("bind", "idmap")), two, 2);
	set_maps(add(&t, STRINGS("bind")), two, 2);
	set_maps(add(&t, STRINGS("rbind", "ridmap")), one, 1);
	add(&t, STRINGS("bind"));
	m = plan_test_build(&t)->mounts;
	CHECK_UINT(m[0].idmap->n_uid_map, 2);
	check_entry(&m[0].idmap->uid_map[1], 7, 2000, 10);
	check_entry(&m[0].idmap->gid_map[0], 0, 1000, 1);
	CHECK_INT(m[0].idmap->fd, -1);
	CHECK(!m[0].idmap_recursive);
	CHECK(m[1].idmap == m[0].idmap); /* one user namespace is enough */
	CHECK(m[2].idmap != m[0].idmap && m[2].idmap_recursive);
	CHECK(m[3].idmap == NULL);
	CHECK_UINT(t.plan.n_mount_idmaps, 2);
	CHECK_STR(m[0].data, ""); /* M-22 */
}

static void container_maps(void)
{
	auto_plan_test made, joined, none;
	const struct plan_mount_idmap *map;
	struct oci_mount *m = start(&made, STRINGS("bind", "idmap"));

	m->uid_mappings.set = m->gid_mappings.set = true; /* empty */
	user_namespace(&made, NULL);
	map = plan_test_build(&made)->mounts[0].idmap;
	CHECK_UINT(map->n_uid_map, 2);
	check_entry(&map->uid_map[1], 10, 300000, 90);
	CHECK(!map->joined);
	start(&joined, STRINGS("bind", "idmap"));
	user_namespace(&joined, "/proc/1/ns/user");
	CHECK(plan_test_build(&joined)->mounts[0].idmap->joined);
	start(&none, STRINGS("bind", "idmap")); /* M-21 */
	CHECK_HAS(plan_test_error(&none), "mounts[0]: option 'idmap': no id mappings are given");
}

static void ranges(void)
{
	auto_plan_test t;
	const struct plan_mount_idmap *map;

	start(&t, STRINGS("rbind", "ridmap=uids=0-1000-10#1-2-3;gids=5-6-7"));
	map = plan_test_build(&t)->mounts[0].idmap;
	CHECK_UINT(map->n_uid_map, 2);
	check_entry(&map->uid_map[0], 0, 1000, 10);
	check_entry(&map->uid_map[1], 1, 2, 3);
	CHECK_UINT(map->n_gid_map, 1);
	check_entry(&map->gid_map[0], 5, 6, 7);
	CHECK(t.plan.mounts[0].idmap_recursive);
	CHECK_STR(t.plan.mounts[0].data, "");
}

/* The second id counts in the container: 0-9 are 100000.. of the host, 10-99 are 300000.. */
static void relative(void)
{
	auto_plan_test t, host, outside;
	const struct plan_mount_idmap *map;

	start(&t, STRINGS("bind", "idmap=uids=@1-3-2#50-60-1;gids=@0-8-4"));
	user_namespace(&t, NULL);
	map = plan_test_build(&t)->mounts[0].idmap;
	CHECK_UINT(map->n_uid_map, 2);
	check_entry(&map->uid_map[0], 1, 100003, 2);
	check_entry(&map->uid_map[1], 50, 60, 1); /* not relative */
	CHECK_UINT(map->n_gid_map, 2);            /* over a border */
	check_entry(&map->gid_map[0], 0, 100008, 2);
	check_entry(&map->gid_map[1], 2, 300000, 2);
	start(&host, STRINGS("bind", "idmap=uids=@1-3-2;gids=@1-3-2"));
	check_entry(&plan_test_build(&host)->mounts[0].idmap->uid_map[0], 1, 3, 2);
	start(&outside, STRINGS("bind", "idmap=uids=@0-0-1;gids=@0-99-2"));
	user_namespace(&outside, NULL);
	CHECK_HAS(plan_test_error(&outside), "not all of its ids are in linux.gidMappings");
}

static void malformed(void)
{
	static const struct {
		const char *option, *why;
	} rows[] = {
		{"idmap=", "'' is neither uids= nor gids="},
		{"idmap=uids=0-1-1", "uids= and gids= are both needed"},
		{"idmap=gids=0-1-1", "uids= and gids= are both needed"},
		{"idmap=uids=0-1-1;gids=", "range '' is not"},
		{"idmap=uids=0-1-1;pids=0-1-1", "'pids=0-1-1' is neither"},
		{"idmap=uids=0-1-1;gids=0-1-1;", "'' is neither"},
		{"idmap=uids=0-1;gids=0-1-1", "range '0-1' is not"},
		{"idmap=uids=0-1-1-1;gids=0-1-1", "range '0-1-1-1' is not"},
		{"idmap=uids=0--1-1;gids=0-1-1", "range '0--1-1' is not"},
		{"idmap=uids=a-1-1;gids=0-1-1", "range 'a-1-1' is not"},
		{"idmap=uids=0-1-0;gids=0-1-1", "range '0-1-0' is not"},
		{"idmap=uids=0-1-4294967295;gids=0-1-1", "leaves the 32 bits"},
		{"idmap=uids=4294967295-1-1;gids=0-1-1", "leaves the 32 bits"},
		{"idmap=uids=0-4294967296-1;gids=0-1-1", "is not"},
		{"idmap=uids=@@0-1-1;gids=0-1-1", "is not"},
		{"idmap=uids=0-1-1#;gids=0-1-1", "range '' is not"},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_plan_test t;

		start(&t, STRINGS("bind", rows[i].option));
		CHECK_HAS(plan_test_error(&t), rows[i].why);
		CHECK_HAS(t.err.text, "mounts[0]: option 'idmap=");
		CHECK_INT(t.err.code, EINVAL);
	}
}

static void both(void)
{
	auto_plan_test t;

	set_maps(start(&t, STRINGS("bind", "idmap=uids=0-1-1;gids=0-1-1")), one, 1);
	CHECK_HAS(plan_test_error(&t), "the mount has uidMappings, too");
}

static void kinds(void)
{
	auto_plan_test fs, remount, cgroup;
	struct oci_mount *m;

	plan_test_init(&fs);
	set_maps(plan_test_add_mount(&fs, "/x", "tmpfs", "t", STRINGS("idmap", "size=1k")), one, 1);
	CHECK(plan_test_build(&fs)->mounts[0].idmap != NULL);
	CHECK_STR(fs.plan.mounts[0].data, "size=1k");
	set_maps(start(&remount, STRINGS("remount", "idmap")), one, 1);
	CHECK_HAS(plan_test_error(&remount), "mounts[0]: uidMappings: a remount cannot");
	plan_test_init(&cgroup);
	m = plan_test_add_mount(&cgroup, "/sys/fs/cgroup", "cgroup", "cgroup", STRINGS("idmap"));
	set_maps(m, one, 1);
	CHECK_HAS(plan_test_error(&cgroup), "file system type 'cgroup2'");
}

static const struct unit_case cases[] = {
	{"M-16, M-18, M-19, MO-35, MO-36: maps of the mount", own_maps},
	{"M-20, M-21: maps of the container", container_maps},
	{"MO-35, MO-36: ranges in the option", ranges},
	{"MO-35: ranges relative to the container's maps", relative},
	{"M-17, MO-35: malformed ranges", malformed},
	{"M-19: two sources of maps", both},
	{"M-23: what kinds of mounts can be mapped", kinds},
};

UNIT_MAIN(cases)
