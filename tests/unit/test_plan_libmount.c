/* TEST: the table of mount options against libmount's own. */
#include <libmount.h>

#include "libcontainer/base/mountapi.h"
#include "tests/unit/test_plan.h"

#define PROPAGATION (MS_PRIVATE | MS_SHARED | MS_SLAVE | MS_UNBINDABLE)

/* mount(2)'s flag to mount_setattr(2)'s. */
static const struct {
	unsigned long ms;
	uint64_t attr;
} attrs[] = {
	{MS_RDONLY, MOUNT_ATTR_RDONLY},
	{MS_NOSUID, MOUNT_ATTR_NOSUID},
	{MS_NODEV, MOUNT_ATTR_NODEV},
	{MS_NOEXEC, MOUNT_ATTR_NOEXEC},
	{MS_NOATIME, MOUNT_ATTR_NOATIME},
	{MS_NODIRATIME, MOUNT_ATTR_NODIRATIME},
	{MS_RELATIME, MOUNT_ATTR_RELATIME},
	{MS_STRICTATIME, MOUNT_ATTR_STRICTATIME},
	{0x100 /* MS_NOSYMFOLLOW */, MOUNT_ATTR_NOSYMFOLLOW},
};

/* Flags of the superblock, with the names that fsconfig(2) has for set and clear. */
static const struct {
	unsigned long ms;
	const char *set, *clear;
} supers[] = {
	{MS_SYNCHRONOUS, "sync", "async"},
	{MS_DIRSYNC, "dirsync", NULL},
	{MS_MANDLOCK, "mand", "nomand"},
	{MS_LAZYTIME, "lazytime", "nolazytime"},
};

static void check_attr(const struct mount_option *o, uint64_t attr, bool invert)
{
	bool atime = attr == MOUNT_ATTR_RELATIME || (attr & MOUNT_ATTR__ATIME);

	CHECK_INT(o->kind, OPT_ATTR);
	CHECK_UINT(o->set, invert ? 0 : attr);
	if (invert)
		CHECK_UINT(o->clear, attr);
	else
		CHECK_UINT(o->clear, atime ? MOUNT_ATTR__ATIME : 0);
}

static bool check_flag(const struct mount_option *o, const struct libmnt_optmap *m)
{
	unsigned long id = (unsigned long)m->id;
	bool invert = m->mask & MNT_INVERT;

	for (size_t i = 0; i < ARRAY_SIZE(attrs); i++)
		if (attrs[i].ms == id) {
			check_attr(o, attrs[i].attr, invert);
			return true;
		}
	for (size_t i = 0; i < ARRAY_SIZE(supers); i++)
		if (supers[i].ms == id) {
			CHECK_INT(o->kind, OPT_SUPER);
			CHECK_STR(o->super, invert ? supers[i].clear : supers[i].set);
			return true;
		}
	return false;
}

static void check_row(const struct mount_option *o, const struct libmnt_optmap *m)
{
	unsigned long id = (unsigned long)m->id;

	if (id & PROPAGATION) {
		CHECK_INT(o->kind, OPT_PROPAGATION);
		CHECK_UINT(o->set, id);
	} else if (id & MS_BIND) {
		CHECK_INT(o->kind, OPT_BIND);
		CHECK_UINT(o->set, id & MS_REC);
	} else if (id == MS_REMOUNT) {
		CHECK_INT(o->kind, OPT_REMOUNT);
	} else if (id == MS_SILENT || id == MS_I_VERSION) {
		CHECK_INT(o->kind, OPT_NONE); /* why: options.c */
	} else if (!check_flag(o, m)) {
		unit_fail(__FILE__, __LINE__, "'%s': a flag this test does not know: %#lx", m->name,
			  id);
	}
}

static void every_row(void)
{
	const struct libmnt_optmap *m = mnt_get_builtin_optmap(MNT_LINUX_MAP);
	size_t rows = 0;

	CHECK(m != NULL);
	for (; m->name; m++, rows++) {
		char name[64];
		const struct mount_option *o;

		/* 2.41 has an operation among its options, which no container asks for. */
		if ((unsigned long)m->id & MS_MOVE)
			continue;
		/* Newer versions write "ro[=]" for an option that may have a value. */
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(m->name, "["), m->name);
		o = mount_option_find(name);
		if (!o)
			unit_fail(__FILE__, __LINE__, "libmount's '%s' is not in the table", name);
		check_row(o, m);
	}
	CHECK(rows >= 30);
}

/* And the other way round: what libmount does not know has no counterpart in mount(8). */
static void only_ours(void)
{
	const struct libmnt_optmap *map = mnt_get_builtin_optmap(MNT_LINUX_MAP);

	for (size_t i = 0; i < n_mount_options; i++) {
		const struct mount_option *o = &mount_options[i];
		const struct libmnt_optmap *m = map;

		if (o->kind == OPT_REC_ATTR || o->kind == OPT_COPY_UP || o->kind == OPT_IDMAP ||
		    o->kind == OPT_SRC_LINK || o->kind == OPT_DEST_LINK ||
		    o->kind == OPT_COPY_LINK || strcmp(o->name, "defaults") == 0)
			continue; /* OCI's own; "defaults" is in libmount's other map */
		while (m->name && strncmp(m->name, o->name, strlen(o->name)) != 0)
			m++;
		if (!m->name)
			unit_fail(__FILE__, __LINE__, "'%s' is unknown to libmount", o->name);
	}
}

static const struct unit_case cases[] = {
	{"M-12: every option of mount(8) has the same meaning here", every_row},
	{"M-12: no option but OCI's and crun's own is unknown to mount(8)", only_ours},
};

UNIT_MAIN(cases)
