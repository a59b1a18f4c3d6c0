/* TEST: the table of mount options: each row of table MO, and what rows add up to. */

#include "libcontainer/base/mountapi.h"
#include "tests/unit/test_plan.h"

#define ATIME MOUNT_ATTR__ATIME

/* One bind mount with two options (the second may be NULL). */
static struct plan_mount *build(struct plan_test *t, const char *first, const char *second)
{
	const char *v[] = {"rbind", first, second};
	struct oci_strings options = {.set = true, .n = second ? 3 : 2, .v = v};

	plan_test_init(t);
	plan_test_add_mount(t, "/x", "none", "/src", options);
	return &plan_test_build(t)->mounts[0];
}

/* What config.md and mount_setattr(2) say about each option; not taken from the table. */
static const struct {
	const char *name;
	uint64_t set, clear;
} attr_options[] = {
	{"ro", MOUNT_ATTR_RDONLY, 0},
	{"rw", 0, MOUNT_ATTR_RDONLY},
	{"suid", 0, MOUNT_ATTR_NOSUID},
	{"nosuid", MOUNT_ATTR_NOSUID, 0},
	{"dev", 0, MOUNT_ATTR_NODEV},
	{"nodev", MOUNT_ATTR_NODEV, 0},
	{"exec", 0, MOUNT_ATTR_NOEXEC},
	{"noexec", MOUNT_ATTR_NOEXEC, 0},
	{"atime", 0, ATIME},
	{"noatime", MOUNT_ATTR_NOATIME, ATIME},
	{"diratime", 0, MOUNT_ATTR_NODIRATIME},
	{"nodiratime", MOUNT_ATTR_NODIRATIME, 0},
	{"relatime", 0, ATIME},
	{"norelatime", 0, 0}, /* relatime is what the kernel does when nothing is said */
	{"strictatime", MOUNT_ATTR_STRICTATIME, ATIME},
	{"nostrictatime", 0, ATIME},
	{"symfollow", 0, MOUNT_ATTR_NOSYMFOLLOW},
	{"nosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0},
};

static void attributes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(attr_options); i++) {
		auto_plan_test t;
		struct plan_mount *m = build(&t, attr_options[i].name, NULL);

		if (m->attr_set != attr_options[i].set || m->attr_clear != attr_options[i].clear)
			unit_fail(__FILE__, __LINE__, "%s: set %#" PRIx64 " clear %#" PRIx64,
				  attr_options[i].name, m->attr_set, m->attr_clear);
		CHECK_UINT(m->rec_attr_set | m->rec_attr_clear, 0);
		CHECK_STR(m->data, "");
	}
}

/* MO-25 to MO-33: the same with an r, for the whole tree. */
static void recursive_attributes(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(attr_options); i++) {
		auto_plan_test t;
		char name[32];
		struct plan_mount *m;

		snprintf(name, sizeof(name), "r%s", attr_options[i].name);
		m = build(&t, name, NULL);
		CHECK_UINT(m->rec_attr_set, attr_options[i].set);
		CHECK_UINT(m->rec_attr_clear, attr_options[i].clear);
		CHECK_UINT(m->attr_set | m->attr_clear, 0);
	}
}

static void last_wins(void)
{
	static const struct {
		const char *first, *second;
		uint64_t set, clear;
	} rows[] = {
		{"ro", "rw", 0, MOUNT_ATTR_RDONLY},
		{"rw", "ro", MOUNT_ATTR_RDONLY, 0},
		{"nosuid", "suid", 0, MOUNT_ATTR_NOSUID},
		{"suid", "nosuid", MOUNT_ATTR_NOSUID, 0},
		{"noatime", "strictatime", MOUNT_ATTR_STRICTATIME, ATIME},
		{"strictatime", "noatime", MOUNT_ATTR_NOATIME, ATIME},
		{"noatime", "relatime", 0, ATIME},
		{"noatime", "atime", 0, ATIME},
		/* taking back what was not chosen changes nothing, as with mount(8) */
		{"strictatime", "atime", MOUNT_ATTR_STRICTATIME, ATIME},
		{"noatime", "nostrictatime", MOUNT_ATTR_NOATIME, ATIME},
		{"noatime", "norelatime", MOUNT_ATTR_NOATIME, ATIME},
		{"noatime", "nodiratime", MOUNT_ATTR_NOATIME | MOUNT_ATTR_NODIRATIME, ATIME},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_plan_test t;
		struct plan_mount *m = build(&t, rows[i].first, rows[i].second);

		if (m->attr_set != rows[i].set || m->attr_clear != rows[i].clear)
			unit_fail(__FILE__, __LINE__, "%s,%s: set %#" PRIx64 " clear %#" PRIx64,
				  rows[i].first, rows[i].second, m->attr_set, m->attr_clear);
	}
}

static bool whole(uint64_t set, uint64_t clear)
{
	return (clear & ATIME) == ATIME || ((clear | set) & ATIME) == 0;
}

static void check_whole(const char *name)
{
	auto_plan_test t;
	struct plan_mount *m = build(&t, name, "nosuid");

	CHECK(whole(m->attr_set, m->attr_clear));
	CHECK(whole(m->rec_attr_set, m->rec_attr_clear));
}

/* mount_setattr(2): EINVAL when the atime field is set but not wholly cleared. */
static void atime_field_is_whole(void)
{
	for (size_t i = 0; i < n_mount_options; i++)
		if (mount_options[i].kind == OPT_ATTR || mount_options[i].kind == OPT_REC_ATTR)
			check_whole(mount_options[i].name);
}

static void propagation(void)
{
	static const struct {
		const char *name;
		unsigned flags;
	} rows[] = {
		{"private", MS_PRIVATE},       {"rprivate", MS_PRIVATE | MS_REC},
		{"shared", MS_SHARED},         {"rshared", MS_SHARED | MS_REC},
		{"slave", MS_SLAVE},           {"rslave", MS_SLAVE | MS_REC},
		{"unbindable", MS_UNBINDABLE}, {"runbindable", MS_UNBINDABLE | MS_REC},
	};
	auto_plan_test t;
	struct plan_mount *m;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_plan_test one;

		m = build(&one, rows[i].name, NULL);
		CHECK_UINT(m->n_propagation, 1);
		CHECK_UINT(m->propagation[0], rows[i].flags);
	}
	/* M-24: in the order given */
	m = build(&t, "rslave", "shared");
	CHECK_UINT(m->n_propagation, 2);
	CHECK_UINT(m->propagation[0], MS_SLAVE | MS_REC);
	CHECK_UINT(m->propagation[1], MS_SHARED);
}

static void too_much_propagation(void)
{
	auto_plan_test t;

	plan_test_init(&t);
	plan_test_add_mount(&t, "/x", "none", "/s",
			    STRINGS("bind", "shared", "slave", "shared", "slave", "shared"));
	CHECK_HAS(plan_test_error(&t), "mounts[0]: too many propagation options");
}

/* Superblock flags are fsconfig flags of a new file system, before its own options. */
static void superblock_flags(void)
{
	static const char *const names[] = {"sync",       "async", "dirsync", "lazytime",
					    "nolazytime", "mand",  "nomand"};

	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		auto_plan_test t;
		char want[64];

		plan_test_init(&t);
		plan_test_add_mount(&t, "/x", "tmpfs", "tmpfs", STRINGS("size=1k", names[i]));
		snprintf(want, sizeof(want), "%s,size=1k", names[i]);
		CHECK_STR(plan_test_build(&t)->mounts[0].data, want);
	}
}

/* MO-01, MO-14, MO-15: accepted, and never data. */
static void without_effect(void)
{
	auto_plan_test t;
	struct plan_mount *m;

	plan_test_init(&t);
	plan_test_add_mount(&t, "/x", "tmpfs", "tmpfs",
			    STRINGS("defaults", "iversion", "noiversion", "silent", "loud"));
	m = &plan_test_build(&t)->mounts[0];
	CHECK_STR(m->data, "");
	CHECK_UINT(m->attr_set | m->attr_clear | m->rec_attr_set | m->rec_attr_clear, 0);
}

/* MO-19, MO-20 */
static void binds(void)
{
	auto_plan_test t;
	struct plan_mount *m;

	plan_test_init(&t);
	plan_test_add_mount(&t, "/a", NULL, "/s", STRINGS("bind"));
	plan_test_add_mount(&t, "/b", NULL, "/s", STRINGS("rbind"));
	m = plan_test_build(&t)->mounts;
	CHECK_INT(m[0].kind, MOUNT_BIND);
	CHECK(!m[0].recursive);
	CHECK_INT(m[1].kind, MOUNT_BIND);
	CHECK(m[1].recursive);
}

static void names_are_unique(void)
{
	for (size_t i = 0; i < n_mount_options; i++)
		CHECK(mount_option_find(mount_options[i].name) == &mount_options[i]);
	CHECK(mount_option_find("size=1k") == NULL);
	CHECK(mount_option_find("") == NULL);
	CHECK(mount_option_find("RO") == NULL);
}

static const struct unit_case cases[] = {
	{"MO-02..MO-06, MO-09..MO-12, MO-17: each attribute option", attributes},
	{"MO-25..MO-33: each recursive option", recursive_attributes},
	{"MO-03: the last of two options wins", last_wins},
	{"MO-29: the atime field is set whole", atime_field_is_whole},
	{"MO-21..MO-24, M-24: propagation, in order", propagation},
	{"M-24: more propagation options than there is room for", too_much_propagation},
	{"MO-07, MO-08, MO-13, MO-16: superblock flags", superblock_flags},
	{"MO-01, MO-14, MO-15: options without effect", without_effect},
	{"MO-19, MO-20: bind and rbind", binds},
	{"no name twice", names_are_unique},
};

UNIT_MAIN(cases)
