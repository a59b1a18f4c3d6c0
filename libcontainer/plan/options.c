/* PURE: the mount options of table MO: one row each. */

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/mountapi.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/plan.h"

#define RDONLY      MOUNT_ATTR_RDONLY
#define NOSUID      MOUNT_ATTR_NOSUID
#define NODEV       MOUNT_ATTR_NODEV
#define NOEXEC      MOUNT_ATTR_NOEXEC
#define NODIRATIME  MOUNT_ATTR_NODIRATIME
#define NOSYMFOLLOW MOUNT_ATTR_NOSYMFOLLOW
#define ATIME       MOUNT_ATTR__ATIME
#define NOATIME     MOUNT_ATTR_NOATIME
#define STRICTATIME MOUNT_ATTR_STRICTATIME

/*
 * Access time is a field of three values, not three flags: an option that chooses a value
 * clears the whole field. One that takes a value back ("atime" is "not noatime") names in
 * `clear` only the value it takes back; see add_attr() in mounts.c. "norelatime" takes back
 * what is the kernel's own choice when nothing else is said: it has no effect, as in mount(8).
 *
 * Without effect: "iversion" (the VFS's flag is not reachable through fsconfig, and file
 * systems that need it set it themselves since Linux 4.17), "silent"/"loud" (how much the
 * kernel logs, a matter of mount(2) that fsconfig lacks).
 *
 * "mand" has been without effect in the kernel since 5.15, but is still a flag that it knows.
 */
/* clang-format off */
const struct mount_option mount_options[] = {
	/* name              kind             set           clear        super */
	{"defaults",         OPT_NONE,        0,            0,           NULL},
	{"ro",               OPT_ATTR,        RDONLY,       0,           NULL},
	{"rw",               OPT_ATTR,        0,            RDONLY,      NULL},
	{"suid",             OPT_ATTR,        0,            NOSUID,      NULL},
	{"nosuid",           OPT_ATTR,        NOSUID,       0,           NULL},
	{"dev",              OPT_ATTR,        0,            NODEV,       NULL},
	{"nodev",            OPT_ATTR,        NODEV,        0,           NULL},
	{"exec",             OPT_ATTR,        0,            NOEXEC,      NULL},
	{"noexec",           OPT_ATTR,        NOEXEC,       0,           NULL},
	{"atime",            OPT_ATTR,        0,            NOATIME,     NULL},
	{"noatime",          OPT_ATTR,        NOATIME,      ATIME,       NULL},
	{"diratime",         OPT_ATTR,        0,            NODIRATIME,  NULL},
	{"nodiratime",       OPT_ATTR,        NODIRATIME,   0,           NULL},
	{"relatime",         OPT_ATTR,        0,            ATIME,       NULL},
	{"norelatime",       OPT_ATTR,        0,            0,           NULL},
	{"strictatime",      OPT_ATTR,        STRICTATIME,  ATIME,       NULL},
	{"nostrictatime",    OPT_ATTR,        0,            STRICTATIME, NULL},
	{"symfollow",        OPT_ATTR,        0,            NOSYMFOLLOW, NULL},
	{"nosymfollow",      OPT_ATTR,        NOSYMFOLLOW,  0,           NULL},

	{"sync",             OPT_SUPER,       0,            0,           "sync"},
	{"async",            OPT_SUPER,       0,            0,           "async"},
	{"dirsync",          OPT_SUPER,       0,            0,           "dirsync"},
	{"lazytime",         OPT_SUPER,       0,            0,           "lazytime"},
	{"nolazytime",       OPT_SUPER,       0,            0,           "nolazytime"},
	{"mand",             OPT_SUPER,       0,            0,           "mand"},
	{"nomand",           OPT_SUPER,       0,            0,           "nomand"},
	{"iversion",         OPT_NONE,        0,            0,           NULL},
	{"noiversion",       OPT_NONE,        0,            0,           NULL},
	{"silent",           OPT_NONE,        0,            0,           NULL},
	{"loud",             OPT_NONE,        0,            0,           NULL},

	{"rro",              OPT_REC_ATTR,    RDONLY,       0,           NULL},
	{"rrw",              OPT_REC_ATTR,    0,            RDONLY,      NULL},
	{"rsuid",            OPT_REC_ATTR,    0,            NOSUID,      NULL},
	{"rnosuid",          OPT_REC_ATTR,    NOSUID,       0,           NULL},
	{"rdev",             OPT_REC_ATTR,    0,            NODEV,       NULL},
	{"rnodev",           OPT_REC_ATTR,    NODEV,        0,           NULL},
	{"rexec",            OPT_REC_ATTR,    0,            NOEXEC,      NULL},
	{"rnoexec",          OPT_REC_ATTR,    NOEXEC,       0,           NULL},
	{"ratime",           OPT_REC_ATTR,    0,            NOATIME,     NULL},
	{"rnoatime",         OPT_REC_ATTR,    NOATIME,      ATIME,       NULL},
	{"rdiratime",        OPT_REC_ATTR,    0,            NODIRATIME,  NULL},
	{"rnodiratime",      OPT_REC_ATTR,    NODIRATIME,   0,           NULL},
	{"rrelatime",        OPT_REC_ATTR,    0,            ATIME,       NULL},
	{"rnorelatime",      OPT_REC_ATTR,    0,            0,           NULL},
	{"rstrictatime",     OPT_REC_ATTR,    STRICTATIME,  ATIME,       NULL},
	{"rnostrictatime",   OPT_REC_ATTR,    0,            STRICTATIME, NULL},
	{"rsymfollow",       OPT_REC_ATTR,    0,            NOSYMFOLLOW, NULL},
	{"rnosymfollow",     OPT_REC_ATTR,    NOSYMFOLLOW,  0,           NULL},

	{"private",          OPT_PROPAGATION, MS_PRIVATE,             0, NULL},
	{"rprivate",         OPT_PROPAGATION, MS_PRIVATE | MS_REC,    0, NULL},
	{"shared",           OPT_PROPAGATION, MS_SHARED,              0, NULL},
	{"rshared",          OPT_PROPAGATION, MS_SHARED | MS_REC,     0, NULL},
	{"slave",            OPT_PROPAGATION, MS_SLAVE,               0, NULL},
	{"rslave",           OPT_PROPAGATION, MS_SLAVE | MS_REC,      0, NULL},
	{"unbindable",       OPT_PROPAGATION, MS_UNBINDABLE,          0, NULL},
	{"runbindable",      OPT_PROPAGATION, MS_UNBINDABLE | MS_REC, 0, NULL},

	{"bind",             OPT_BIND,        0,            0,           NULL},
	{"rbind",            OPT_BIND,        MS_REC,       0,           NULL},
	{"remount",          OPT_REMOUNT,     0,            0,           NULL},
	{"tmpcopyup",        OPT_COPY_UP,     0,            0,           NULL},
	{"src-nofollow",     OPT_SRC_LINK,    0,            0,           NULL},
	{"dest-nofollow",    OPT_DEST_LINK,   0,            0,           NULL},
	{"copy-symlink",     OPT_COPY_LINK,   0,            0,           NULL},
	{"idmap",            OPT_IDMAP,       0,            0,           NULL},
	{"ridmap",           OPT_IDMAP,       MS_REC,       0,           NULL},
};
/* clang-format on */
const size_t n_mount_options = ARRAY_SIZE(mount_options);

const struct mount_option *mount_option_find(const char *name)
{
	for (size_t i = 0; i < n_mount_options; i++)
		if (streq(mount_options[i].name, name))
			return &mount_options[i];
	return NULL;
}
