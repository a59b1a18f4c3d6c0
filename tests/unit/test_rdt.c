/* TEST: resctrl, played by an ordinary directory: the test adds the files that the kernel would. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/runtime/rdt.h"
#include "tests/unit/unit.h"

static char top[] = "/tmp/hull-rdt-XXXXXX";
static int root = -1;
static struct err err;

static void put(const char *path, const char *text)
{
	int fd = openat(root, path, O_WRONLY | O_CREAT | O_TRUNC, 0644);

	CHECK(fd >= 0);
	CHECK_INT(io_write_all(fd, text, strlen(text)), 0);
	close(fd);
}

static const char *get(const char *path)
{
	static char text[1024];

	return io_read_small(root, path, text, sizeof(text)) < 0 ? "(none)" : text;
}

static bool there(const char *path)
{
	return faccessat(root, path, F_OK, 0) == 0;
}

/* What the kernel puts into a new class or group. */
static void fill(const char *dir)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/tasks", dir);
	put(path, "");
	if (strstr(dir, "mon_groups"))
		return;
	snprintf(path, sizeof(path), "%s/schemata", dir);
	put(path, "");
	snprintf(path, sizeof(path), "%s/mon_groups", dir);
	CHECK_INT(mkdirat(root, path, 0755), 0);
}

static void begin(void)
{
	CHECK(mkdtemp(top));
	root = open(top, O_RDONLY | O_DIRECTORY);
	fill(".");
	put("schemata", "    L3:0=fff\n");
}

static void end(void)
{
	char cmd[64];

	snprintf(cmd, sizeof(cmd), "rm -r %s", top);
	CHECK_INT(system(cmd), 0);
}

static struct plan_rdt plan(const char *clos, bool given, const char *const *lines, size_t n)
{
	return (struct plan_rdt){
		.clos = clos, .given = given, .lines = (const char **)lines, .n_lines = n};
}

#define L3_LINE ((const char *const[]){"L3:0=f"})

/* T-01, T-05, T-09, T-14: one without closID, from birth to removal */
static void own_class(void)
{
	static const char *const lines[] = {"L3:0=f", "MB:0=10", "L3:0=ff"};
	struct plan_rdt p = plan("web", false, lines, 3);
	bool made = false;

	begin();
	CHECK_INT(rdt_check(root, &p, &err), 0);
	CHECK_INT(rdt_make_class(root, &p, &made, &err), 0);
	CHECK(made && there("web"));
	fill("web");
	CHECK_INT(rdt_schemata(root, &p, made, &err), 0);
	CHECK_STR(get("web/schemata"), "L3:0=f\nMB:0=10\nL3:0=ff\n");
	CHECK_INT(rdt_join(root, "web", NULL, 4711, &err), 0);
	CHECK_STR(get("web/tasks"), "4711");
	CHECK_STR(get("tasks"), "");
	CHECK_STR(get("schemata"), "    L3:0=fff\n");
	/* the kernel's files do not keep a directory from going */
	unlinkat(root, "web/tasks", 0);
	unlinkat(root, "web/schemata", 0);
	unlinkat(root, "web/mon_groups", AT_REMOVEDIR);
	CHECK_INT(rdt_remove_class(root, "web", &err), 0);
	CHECK(!there("web"));
	CHECK_INT(rdt_remove_class(root, "web", &err), 0);
	end();
}

/* T-05: never somebody else's */
static void own_class_taken(void)
{
	struct plan_rdt p = plan("web", false, NULL, 0);
	bool made = true;

	begin();
	CHECK_INT(mkdirat(root, "web", 0755), 0);
	CHECK_INT(rdt_check(root, &p, &err), -EEXIST);
	CHECK_HAS(err.text, "linux.intelRdt: there is a class 'web' already");
	CHECK_INT(rdt_make_class(root, &p, &made, &err), -EEXIST);
	CHECK(!made);
	end();
}

/* T-04: the default class is the directory of the mount */
static void default_class(void)
{
	struct plan_rdt p = plan(".", true, NULL, 0);
	bool made = true;

	begin();
	CHECK_INT(rdt_check(root, &p, &err), 0);
	CHECK_INT(rdt_make_class(root, &p, &made, &err), 0);
	CHECK(!made);
	CHECK_INT(rdt_schemata(root, &p, made, &err), 0);
	CHECK_INT(rdt_join(root, ".", NULL, 12, &err), 0);
	CHECK_STR(get("tasks"), "12");
	CHECK_STR(get("schemata"), "    L3:0=fff\n"); /* T-10 */
	p = plan(".", true, L3_LINE, 1);
	CHECK_INT(rdt_schemata(root, &p, false, &err), -EEXIST);
	end();
}

/* T-10: without a schema the file is not even opened */
static void no_schema(void)
{
	struct plan_rdt p = plan("web", false, NULL, 0);
	bool made = false;

	begin();
	CHECK_INT(rdt_make_class(root, &p, &made, &err), 0);
	CHECK(made); /* there are no files in it, and nothing asks for one */
	CHECK_INT(rdt_schemata(root, &p, made, &err), 0);
	CHECK(!there("web/schemata"));
	end();
}

/* T-11, T-03 */
static void shared_made(void)
{
	struct plan_rdt p = plan("gold", true, L3_LINE, 1);
	bool made = false;

	begin();
	CHECK_INT(rdt_check(root, &p, &err), 0);
	CHECK_INT(rdt_make_class(root, &p, &made, &err), 0);
	CHECK(made);
	fill("gold");
	CHECK_INT(rdt_schemata(root, &p, made, &err), 0);
	CHECK_STR(get("gold/schemata"), "L3:0=f\n");
	end();
}

/* T-12 */
static void shared_there(void)
{
	struct plan_rdt p = plan("gold", true, L3_LINE, 1);
	bool made = true;

	begin();
	CHECK_INT(mkdirat(root, "gold", 0755), 0);
	fill("gold");
	put("gold/schemata", "    L3:0=00f;1=fff\n");
	CHECK_INT(rdt_check(root, &p, &err), 0);
	CHECK_INT(rdt_make_class(root, &p, &made, &err), 0);
	CHECK(!made);
	CHECK_INT(rdt_schemata(root, &p, made, &err), 0);
	CHECK_STR(get("gold/schemata"), "    L3:0=00f;1=fff\n");
	put("gold/schemata", "    L3:0=0ff;1=fff\n");
	CHECK_INT(rdt_schemata(root, &p, made, &err), -EEXIST);
	CHECK_HAS(err.text, "linux.intelRdt: class 'gold': 'L3:0=f' is not what it has");
	CHECK_STR(get("gold/schemata"), "    L3:0=0ff;1=fff\n");
	end();
}

/* T-13 */
static void shared_missing(void)
{
	struct plan_rdt p = plan("gold", true, NULL, 0);

	begin();
	CHECK_INT(rdt_check(root, &p, &err), -ENOENT);
	CHECK_HAS(err.text, "linux.intelRdt.closID: there is no class 'gold'");
	CHECK_INT(mkdirat(root, "gold", 0755), 0);
	CHECK_INT(rdt_check(root, &p, &err), 0);
	end();
}

/* T-16, T-17 */
static void monitoring(void)
{
	begin();
	CHECK_INT(mkdirat(root, "gold", 0755), 0);
	fill("gold");
	CHECK_INT(rdt_make_group(root, "gold", "web", &err), 0);
	CHECK(there("gold/mon_groups/web"));
	fill("gold/mon_groups/web");
	CHECK_INT(rdt_join(root, "gold", "web", 99, &err), 0);
	CHECK_STR(get("gold/tasks"), "99");
	CHECK_STR(get("gold/mon_groups/web/tasks"), "99");
	CHECK_INT(rdt_make_group(root, "gold", "web", &err), -EEXIST);
	unlinkat(root, "gold/mon_groups/web/tasks", 0);
	CHECK_INT(rdt_remove_group(root, "gold", "web", &err), 0);
	CHECK(!there("gold/mon_groups/web"));
	CHECK(there("gold"));
	CHECK_INT(rdt_remove_group(root, "gold", "web", &err), 0);
	CHECK_INT(rdt_remove_group(root, "nosuch", "web", &err), 0);
	/* in the default class, too */
	CHECK_INT(rdt_make_group(root, ".", "web", &err), 0);
	CHECK(there("mon_groups/web"));
	/* hardware without */
	unlinkat(root, "gold/mon_groups", AT_REMOVEDIR);
	CHECK_INT(rdt_make_group(root, "gold", "web", &err), -ENOENT);
	CHECK_HAS(err.text, "linux.intelRdt.enableMonitoring");
	CHECK_HAS(err.hint, "cannot monitor");
	end();
}

/* T-14, T-15, T-17: only the class of the container's own goes with it */
static void released(void)
{
	begin();
	CHECK_INT(mkdirat(root, "gold", 0755), 0);
	CHECK_INT(mkdirat(root, "gold/mon_groups", 0755), 0);
	CHECK_INT(mkdirat(root, "gold/mon_groups/web", 0755), 0);
	CHECK_INT(mkdirat(root, "web", 0755), 0);
	CHECK_INT(rdt_release(root, "gold", false, "web", &err), 0);
	CHECK(there("gold/mon_groups") && !there("gold/mon_groups/web"));
	CHECK_INT(rdt_release(root, "gold", false, NULL, &err), 0);
	CHECK(there("gold"));
	CHECK_INT(rdt_release(root, "web", true, NULL, &err), 0);
	CHECK(!there("web"));
	end();
}

/* A class that is a symlink to elsewhere, should somebody mount such a thing, is not followed. */
static void no_links(void)
{
	struct plan_rdt p = plan("gold", true, NULL, 0);

	begin();
	CHECK_INT(symlinkat("/tmp", root, "gold"), 0);
	CHECK(rdt_check(root, &p, &err) < 0);
	CHECK(rdt_join(root, "gold", NULL, 1, &err) < 0);
	end();
}

/* What is no resctrl is not written to. */
static void refused(void)
{
	struct plan_rdt p = plan("web", false, L3_LINE, 1);
	bool made = false;

	begin();
	CHECK_INT(rdt_make_class(root, &p, &made, &err), 0);
	CHECK(rdt_schemata(root, &p, made, &err) < 0); /* no file at all */
	CHECK_HAS(err.text, "open schemata of class 'web'");
	end();
}

/* T-01 */
static void mounts(void)
{
	static const struct {
		const char *text, *want;
	} rows[] = {
		{"31 25 0:27 / /sys/fs/resctrl rw,nosuid shared:9 - resctrl resctrl rw\n",
		 "/sys/fs/resctrl"},
		{"20 1 8:1 / / rw - ext4 /dev/sda rw\n"
		 "31 25 0:27 / /my\\040place rw - resctrl none rw,cdp\n",
		 "/my place"},
		{"20 1 8:1 / /resctrl rw - ext4 resctrl rw\n", NULL},
		{"31 25 0:27 /gold /run/gold rw - resctrl resctrl rw\n", NULL},
		{"", NULL},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char text[256];
		const char *path;

		snprintf(text, sizeof(text), "%s", rows[i].text);
		path = rdt_find_mount(text);
		CHECK((path != NULL) == (rows[i].want != NULL));
		if (path)
			CHECK_STR(path, rows[i].want);
	}
	if (!faccessat(AT_FDCWD, "/sys/fs/resctrl/schemata", F_OK, 0))
		return;
	CHECK_INT(rdt_open(&err), -ENOTSUP);
	CHECK_HAS(err.text, "linux.intelRdt: the resctrl file system is not mounted");
}

static const struct unit_case cases[] = {
	{"T-01 T-05 T-09 T-14: a class of the container's own", own_class},
	{"T-05: is never one that was there", own_class_taken},
	{"T-04 T-10: the default class", default_class},
	{"T-10: no schema, no schemata", no_schema},
	{"T-03 T-11: a shared class is made", shared_made},
	{"T-12: a shared class has to have the schema", shared_there},
	{"T-13: a shared class has to be there", shared_missing},
	{"T-16 T-17: monitoring groups", monitoring},
	{"T-14 T-15 T-17: what goes with a container", released},
	{"symlinks are not followed", no_links},
	{"a class without schemata is an error", refused},
	{"T-01: where resctrl is mounted", mounts},
};
UNIT_MAIN(cases)
