/* TEST: mounts[]: kinds, paths, data, and what is refused. */
#include <errno.h>

#include "libcontainer/base/mountapi.h"
#include "tests/unit/test_plan.h"

static struct plan_mount *build_one(struct plan_test *t, const char *destination, const char *type,
				    const char *source, struct oci_strings options)
{
	plan_test_init(t);
	plan_test_add_mount(t, destination, type, source, options);
	return &plan_test_build(t)->mounts[0];
}

static const char *refuse_one(struct plan_test *t, const char *destination, const char *type,
			      const char *source, struct oci_strings options)
{
	plan_test_init(t);
	plan_test_add_mount(t, "/first", "tmpfs", "tmpfs", (struct oci_strings){0});
	plan_test_add_mount(t, destination, type, source, options);
	return plan_test_error(t);
}

static void order_and_index(void)
{
	auto_plan_test t;
	struct plan *p;

	plan_test_init(&t);
	plan_test_add_mount(&t, "/b", "tmpfs", "tmpfs", (struct oci_strings){0});
	plan_test_add_mount(&t, "/a", "tmpfs", "tmpfs", (struct oci_strings){0});
	plan_test_add_mount(&t, "/b", "ramfs", "ramfs", (struct oci_strings){0});
	p = plan_test_build(&t);
	CHECK_UINT(p->n_mounts, 3);
	for (size_t i = 0; i < 3; i++)
		CHECK_UINT(p->mounts[i].index, i);
	CHECK_STR(p->mounts[0].destination, "/b");
	CHECK_STR(p->mounts[2].type, "ramfs");
	CHECK_INT(p->mounts[0].source_fd, -1);
}

static void relative_paths(void)
{
	auto_plan_test t;
	struct plan_mount *m = build_one(&t, "data", "none", "src/d", STRINGS("bind"));

	CHECK_STR(m->destination, "/data"); /* M-04 */
	CHECK_STR(m->source, "/b/src/d");   /* M-07 */
}

static void kinds(void)
{
	static const struct {
		const char *type, *options[2];
		enum plan_mount_kind kind;
	} rows[] = {
		{"tmpfs", {"ro", NULL}, MOUNT_NEW_FS},
		{"nosuchfs", {"ro", NULL}, MOUNT_NEW_FS}, /* for the kernel to refuse (M-09) */
		{"cgroup", {"ro", NULL}, MOUNT_CGROUP},
		{"cgroup2", {"ro", NULL}, MOUNT_CGROUP},
		{"bind", {"ro", NULL}, MOUNT_BIND},
		{"foo", {"rbind", NULL}, MOUNT_BIND},
		{"cgroup", {"bind", NULL}, MOUNT_BIND},
		{NULL, {"bind", NULL}, MOUNT_BIND},
		{NULL, {"remount", NULL}, MOUNT_REMOUNT},
		{"bind", {"bind", "remount"}, MOUNT_REMOUNT},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_plan_test t;
		const char *v[] = {rows[i].options[0], rows[i].options[1], NULL};
		struct oci_strings options = {.set = true, .n = v[1] ? 2 : 1, .v = v};

		CHECK_INT(build_one(&t, "/x", rows[i].type, "/s", options)->kind, rows[i].kind);
	}
}

static void data(void)
{
	auto_plan_test t;
	struct plan_mount *m =
		build_one(&t, "/x", "tmpfs", "tmpfs",
			  STRINGS("nosuid", "size=1k", "defaults", "mode=755", "ro"));

	CHECK_STR(m->data, "size=1k,mode=755"); /* M-11 */
	CHECK_UINT(m->attr_set, MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY);
	CHECK(m->readonly_last);
}

/* Layer lists and SELinux contexts go through as they are. */
static void data_is_verbatim(void)
{
	auto_plan_test t;

	CHECK_STR(build_one(&t, "/x", "overlay", "overlay",
			    STRINGS("lowerdir=/a:/b", "upperdir=/c d", "", "workdir=/w"))
			  ->data,
		  "lowerdir=/a:/b,upperdir=/c d,workdir=/w");
}

static void readonly_new_fs(void)
{
	auto_plan_test tmpfs, disk, cgroup, bind;

	CHECK(build_one(&tmpfs, "/x", "tmpfs", "tmpfs", STRINGS("ro"))->readonly_last);
	/* a device that is itself read-only cannot be mounted without the superblock's flag */
	CHECK_STR(build_one(&disk, "/x", "ext4", "/dev/sda", STRINGS("ro", "acl"))->data, "ro,acl");
	CHECK(!build_one(&cgroup, "/sys/fs/cgroup", "cgroup", "cgroup", STRINGS("ro"))
		       ->readonly_last);
	CHECK(!build_one(&bind, "/x", "none", "/s", STRINGS("bind", "ro"))->readonly_last);
}

static void plain_directory(void)
{
	auto_plan_test proc, sys, tmpfs;

	CHECK(build_one(&proc, "/proc", "proc", "proc", (struct oci_strings){0})
		      ->needs_plain_directory);
	CHECK(build_one(&sys, "/sys", "sysfs", "sysfs", STRINGS("ro"))->needs_plain_directory);
	CHECK(!build_one(&tmpfs, "/x", "tmpfs", NULL, (struct oci_strings){0})
		       ->needs_plain_directory);
}

static void copy_up(void)
{
	auto_plan_test good, wrong, bind;

	CHECK(build_one(&good, "/x", "tmpfs", "tmpfs", STRINGS("tmpcopyup"))->copy_up);
	CHECK_STR(good.plan.mounts[0].data, "");
	CHECK_HAS(refuse_one(&wrong, "/x", "ramfs", "ramfs", STRINGS("tmpcopyup")),
		  "mounts[1]: option 'tmpcopyup'");
	CHECK_HAS(refuse_one(&bind, "/x", "none", "/s", STRINGS("bind", "tmpcopyup")),
		  "mounts[1]: option 'tmpcopyup'");
}

/* M-13: the option and the entry are named. */
static void data_on_bind(void)
{
	auto_plan_test bind, remount, super;

	CHECK_HAS(refuse_one(&bind, "/x", "none", "/s", STRINGS("bind", "ro", "size=1k", "b")),
		  "mounts[1]: option 'size=1k'");
	CHECK_HAS(refuse_one(&remount, "/x", NULL, NULL, STRINGS("remount", "bind", "size=1k")),
		  "mounts[1]: option 'size=1k'");
	/* flags of the superblock mean nothing for a bind; mount(8) lets them pass */
	CHECK_STR(build_one(&super, "/x", "none", "/s", STRINGS("bind", "sync"))->data, "");
}

static void remounts(void)
{
	auto_plan_test t;
	struct plan_mount *m = build_one(&t, "/x", NULL, NULL, STRINGS("remount", "ro", "size=2k"));

	CHECK_INT(m->kind, MOUNT_REMOUNT);
	CHECK_STR(m->data, "size=2k");
	CHECK_UINT(m->attr_set, MOUNT_ATTR_RDONLY);
	CHECK(!m->readonly_last);
}

static void incomplete(void)
{
	auto_plan_test source, empty, type, none, dest;

	CHECK_HAS(refuse_one(&source, "/x", "bind", NULL, STRINGS("bind")), "needs a source");
	CHECK_HAS(refuse_one(&empty, "/x", "bind", "", STRINGS("rbind")), "needs a source");
	CHECK_HAS(refuse_one(&type, "/x", NULL, "/s", STRINGS("ro")), "mounts[1]: type 'none'");
	CHECK_HAS(refuse_one(&none, "/x", "none", "/s", STRINGS("ro")), "mounts[1]: type 'none'");
	CHECK_HAS(refuse_one(&dest, "", "tmpfs", "tmpfs", STRINGS("ro")), "needs a destination");
}

static void inside_proc(void)
{
	static const char *const allowed[] = {
		"/proc/cpuinfo",   "/proc/diskstats", "/proc/meminfo",
		"/proc/stat",      "/proc/swaps",     "/proc/uptime",
		"/proc/loadavg",   "/proc/slabinfo",  "/proc/sys/kernel/ns_last_pid",
		"/proc//cpuinfo/", "proc/cpuinfo",    "/proc/sys/crypto/fips_enabled",
	};
	static const char *const refused[] = {
		"/proc/self/attr",
		"/proc/sys",
		"/proc/1",
		"/proc/sys/kernel/core_pattern",
		"/x/../proc/self",
		"/./proc/x",
		"proc/self",
		"/proc/cpuinfo/x",
		"/proc/../proc/self/attr/exec",
	};

	for (size_t i = 0; i < ARRAY_SIZE(allowed); i++) {
		auto_plan_test t;

		build_one(&t, allowed[i], "none", "/s", STRINGS("bind"));
	}
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		auto_plan_test t, u;

		CHECK_HAS(refuse_one(&t, refused[i], "none", "/s", STRINGS("bind")),
			  "is inside /proc");
		CHECK_INT(t.err.code, EPERM);
		CHECK_HAS(refuse_one(&u, refused[i], "tmpfs", "tmpfs", STRINGS("ro")),
			  "is inside /proc");
	}
}

static void on_proc(void)
{
	auto_plan_test tmpfs, bind, like;

	CHECK_HAS(refuse_one(&tmpfs, "/proc/", "tmpfs", "tmpfs", STRINGS("ro")),
		  "only a proc file system");
	/* the host's /proc, as rootless configs have it; init looks at what it is */
	CHECK_INT(build_one(&bind, "/proc", "none", "/proc", STRINGS("rbind"))->kind, MOUNT_BIND);
	/* not /proc at all */
	build_one(&like, "/process", "tmpfs", "tmpfs", STRINGS("ro"));
}

static void dev_from_host(void)
{
	auto_plan_test bind, tmpfs, below;

	build_one(&bind, "/dev/", "none", "/dev", STRINGS("rbind"));
	CHECK(!bind.plan.make_devices);
	build_one(&tmpfs, "/dev", "tmpfs", "tmpfs", STRINGS("nosuid"));
	CHECK(tmpfs.plan.make_devices);
	build_one(&below, "/dev/net", "none", "/dev/net", STRINGS("rbind"));
	CHECK(below.plan.make_devices);
}

static void notify(void)
{
	auto_plan_test t;
	struct plan_mount *m;

	plan_test_init(&t);
	plan_test_add_mount(&t, "/x", "tmpfs", "tmpfs", (struct oci_strings){0});
	t.in.notify_dir = "/run/hull/web/notify";
	CHECK_UINT(plan_test_build(&t)->n_mounts, 2);
	m = &t.plan.mounts[1];
	CHECK_INT(m->kind, MOUNT_BIND);
	CHECK_STR(m->destination, "/run/notify");
	CHECK_STR(m->source, "/run/hull/web/notify");
	CHECK_STR(m->data, "");
	CHECK(!m->recursive);
	CHECK_INT(m->source_fd, -1);
	CHECK_UINT(m->attr_set,
		   MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
	CHECK_STR(t.plan.process.env[0], "NOTIFY_SOCKET=/run/notify/notify.sock");
	CHECK(t.plan.process.env[1] == NULL);
}

/* L-10: new file systems have the label as an option, unless it is the kernel's own tree. */
static void label(void)
{
	static const struct {
		const char *type, *option, *data;
	} rows[] = {
		{"tmpfs", "size=1k", "size=1k,context=\"u:o:t:s0:c1,c2\""},
		{"devpts", "nosuid", "context=\"u:o:t:s0:c1,c2\""},
		{"proc", "nosuid", ""},
		{"sysfs", "nosuid", ""},
		{"cgroup", "nosuid", ""},
		{"mqueue", "nosuid", ""},
		{"none", "bind", ""},
		{"tmpfs", "rootcontext=x", "rootcontext=x"},
		{"tmpfs", "source=mycontext=x", "source=mycontext=x,context=\"u:o:t:s0:c1,c2\""},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		auto_plan_test t;

		plan_test_init(&t);
		t.linux_.mount_label = "u:o:t:s0:c1,c2";
		plan_test_add_mount(&t, "/x", rows[i].type, "/s", STRINGS(rows[i].option));
		CHECK_STR(plan_test_build(&t)->mounts[0].data, rows[i].data);
		CHECK((t.plan.mounts[0].label != NULL) == (strcmp(rows[i].type, "mqueue") == 0));
		CHECK_HAS(t.plan.mask_data, ",context=\"u:o:t:s0:c1,c2\"");
	}
}

static void label_kind(void)
{
	static const char *const kinds[] = {"context", "fscontext", "defcontext", "rootcontext"};
	struct oci_pair pair = {.key = "run.oci.mount_context_type"};

	for (size_t i = 0; i < ARRAY_SIZE(kinds) + 1; i++) {
		auto_plan_test t;
		char data[64];

		pair.value = i < ARRAY_SIZE(kinds) ? kinds[i] : "nocontext";
		plan_test_init(&t);
		t.linux_.mount_label = "u:o:t:s0";
		t.spec.annotations.v = &pair;
		t.spec.annotations.n = 1;
		plan_test_add_mount(&t, "/x", "tmpfs", "t", STRINGS("nosuid"));
		snprintf(data, sizeof(data), "%s=\"u:o:t:s0\"", pair.value);
		if (i < ARRAY_SIZE(kinds))
			CHECK_STR(plan_test_build(&t)->mounts[0].data, data);
		else
			CHECK_HAS(plan_test_error(&t),
				  "annotations.run.oci.mount_context_type: 'nocontext'");
	}
}

/* Nothing is below a new file system, it has the attributes itself. */
static void recursive_on_new_fs(void)
{
	auto_plan_test t, clear;
	struct plan_mount *m = build_one(&t, "/x", "tmpfs", "t",
					 STRINGS("rro", "rnosuid", "noatime", "rstrictatime"));

	CHECK_UINT(m->attr_set, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID | MOUNT_ATTR_STRICTATIME);
	CHECK_UINT(m->attr_clear & MOUNT_ATTR__ATIME, MOUNT_ATTR__ATIME);
	CHECK(m->readonly_last);
	CHECK_UINT(m->rec_attr_set | m->rec_attr_clear, 0);
	m = build_one(&clear, "/x", "tmpfs", "t", STRINGS("ro", "nodev", "rrw", "rdev"));
	CHECK_UINT(m->attr_set, 0);
	CHECK(!m->readonly_last);
}

static void link_options(void)
{
	auto_plan_test t, none;
	struct plan_mount *m =
		build_one(&t, "/x", "none", "/s",
			  STRINGS("bind", "copy-symlink", "src-nofollow", "dest-nofollow"));

	CHECK(m->copy_symlink && m->src_nofollow && m->dest_nofollow && !m->symlink);
	CHECK_STR(m->data, "");
	CHECK_HAS(refuse_one(&none, "/x", "tmpfs", "t", STRINGS("src-nofollow")),
		  "mounts[1]: option 'src-nofollow' is for bind mounts");
}

static const struct unit_case cases[] = {
	{"M-02: in the order of the array", order_and_index},
	{"M-04, M-07: relative paths", relative_paths},
	{"M-08, M-25: what a mount is", kinds},
	{"M-11: unknown options become data", data},
	{"M-11: data is not changed", data_is_verbatim},
	{"MO-02: a read-only new file system", readonly_new_fs},
	{"proc and sysfs want a plain directory", plain_directory},
	{"MO-34: tmpcopyup is for tmpfs", copy_up},
	{"M-13: data on a bind is refused", data_on_bind},
	{"MO-18: remount", remounts},
	{"M-03, M-06: incomplete entries are refused", incomplete},
	{"only listed files inside /proc may be covered", inside_proc},
	{"L-10: a label is an option of new file systems", label},
	{"L-10: which option is said by an annotation", label_kind},
	{"MO-25 to MO-33: recursive options on a new file system", recursive_on_new_fs},
	{"crun's options for symlinks", link_options},
	{"only procfs belongs on /proc", on_proc},
	{"D-17: /dev from the host is left alone", dev_from_host},
	{"NOTIFY_SOCKET: the directory and the variable", notify},
};

UNIT_MAIN(cases)
