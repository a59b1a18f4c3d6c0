/* RUNTIME: classes and monitoring groups of resctrl. */
#include "libcontainer/runtime/rdt.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "libcontainer/base/arena.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/mountinfo.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"

#define FIELD "linux.intelRdt"

#ifndef RDTGROUP_SUPER_MAGIC
#define RDTGROUP_SUPER_MAGIC 0x7655821
#endif

/* ---- the mount ------------------------------------------------------------------------- */

const char *rdt_find_mount(char *text)
{
	struct mountinfo m;

	while (mountinfo_next(&text, &m))
		/* a bind mount of one class has another root */
		if (streq(m.type, "resctrl") && streq(m.root, "/"))
			return m.point;
	return NULL;
}

int rdt_open(struct err *err)
{
	auto_arena a = ARENA_INIT;
	auto_fd int fd = -1;
	const char *path;
	char *text;
	struct statfs fs;
	size_t len;
	int r = io_read_file(&a, AT_FDCWD, "/proc/self/mountinfo", 16 << 20, &text, &len, err);

	if (r < 0)
		return r;
	path = rdt_find_mount(text);
	if (!path) {
		err_fail(err, ENOTSUP, FIELD ": the resctrl file system is not mounted");
		err_hint(err, "mount -t resctrl resctrl /sys/fs/resctrl, if the processor and the "
			      "kernel have it");
		return -ENOTSUP;
	}
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return err_sys(err, errno, FIELD ": open '%s'", path);
	if (fs.f_type != RDTGROUP_SUPER_MAGIC)
		return err_fail(err, ENOTSUP, FIELD ": '%s' is not the resctrl file system", path);
	return take_fd(&fd);
}

/* ---- a class ------------------------------------------------------------------------------ */

static bool is_default(const char *clos)
{
	return streq(clos, ".");
}

static int open_class(int fd, const char *clos, struct err *err)
{
	int r = beneath_open(fd, clos, O_PATH | O_DIRECTORY);

	return r < 0 ? err_sys(err, -r, FIELD ": open class '%s'", clos) : r;
}

int rdt_check(int fd, const struct plan_rdt *rdt, struct err *err)
{
	auto_fd int dir = beneath_open(fd, rdt->clos, O_PATH | O_DIRECTORY);

	if (dir < 0 && dir != -ENOENT)
		return err_sys(err, -dir, FIELD ": open class '%s'", rdt->clos);
	/* T-05: what carries the container's id is its own, and goes with it. */
	if (!rdt->given && dir >= 0) {
		err_fail(err, EEXIST, FIELD ": there is a class '%s' already", rdt->clos);
		err_hint(err, "closID names a class that is to be shared");
		return -EEXIST;
	}
	if (rdt->given && dir < 0 && !rdt->n_lines) /* T-13 */
		return err_fail(err, ENOENT,
				FIELD ".closID: there is no class '%s', and no schema to make it",
				rdt->clos);
	return 0;
}

int rdt_make_class(int fd, const struct plan_rdt *rdt, bool *ret_made, struct err *err)
{
	*ret_made = false;
	if (is_default(rdt->clos))
		return 0;
	if (mkdirat(fd, rdt->clos, 0755) == 0) {
		*ret_made = true;
		return 0;
	}
	if (errno == EEXIST && rdt->given)
		return 0;
	err_sys(err, errno, FIELD ": make class '%s'", rdt->clos);
	if (err->code == ENOSPC)
		err_hint(err, "the processor has no more classes, see info/*/num_closids");
	return -err->code;
}

/* ---- its schemata ---------------------------------------------------------------------------- */

/* The kernel explains what it refuses in a file of the mount's. */
static int refused(int fd, const char *line, int code, struct err *err)
{
	char why[512] = "";

	err_sys(err, code, FIELD ": write '%s' to schemata", line);
	if (io_read_small(fd, "info/last_cmd_status", why, sizeof(why)) > 0 && *why != '\n') {
		why[strcspn(why, "\n")] = '\0';
		err_hint(err, "the kernel says: %s", why);
	}
	return -code;
}

static int write_lines(int fd, int dir, const struct plan_rdt *rdt, struct err *err)
{
	auto_fd int file = beneath_open(dir, "schemata", O_WRONLY);

	if (file < 0)
		return err_sys(err, -file, FIELD ": open schemata of class '%s'", rdt->clos);
	for (size_t i = 0; i < rdt->n_lines; i++) {
		char line[4096];
		int n = snprintf(line, sizeof(line), "%s\n", rdt->lines[i]);

		if (n >= (int)sizeof(line))
			return err_fail(err, E2BIG, FIELD ": '%.64s...' is too long for a line",
					rdt->lines[i]);
		if (write(file, line, (size_t)n) != n)
			return refused(fd, rdt->lines[i], errno, err);
	}
	return 0;
}

static int compare_lines(int dir, const struct plan_rdt *rdt, struct err *err)
{
	auto_arena a = ARENA_INIT;
	auto_fd int file = beneath_open(dir, "schemata", O_RDONLY);
	char *have;
	size_t len;
	int r;

	if (file < 0)
		return err_sys(err, -file, FIELD ": open schemata of class '%s'", rdt->clos);
	r = io_read_fd(&a, file, "schemata", 1 << 20, &have, &len, err);
	if (r == 0)
		r = rdt_schemata_match(have, rdt->lines, rdt->n_lines, err);
	return r < 0 ? err_wrap(err, FIELD ": class '%s'", rdt->clos) : 0;
}

int rdt_schemata(int fd, const struct plan_rdt *rdt, bool made, struct err *err)
{
	auto_fd int dir = -1;

	if (!rdt->n_lines) /* T-10 */
		return 0;
	dir = open_class(fd, rdt->clos, err);
	if (dir < 0)
		return dir;
	return made ? write_lines(fd, dir, rdt, err) : compare_lines(dir, rdt, err);
}

/* ---- monitoring groups, tasks, removal --------------------------------------------------------
 */

static void group_path(char *buf, size_t size, const char *id, const char *file)
{
	snprintf(buf, size, "mon_groups/%s%s", id, file);
}

int rdt_make_group(int fd, const char *clos, const char *id, struct err *err)
{
	auto_fd int dir = open_class(fd, clos, err);
	char path[512];

	if (dir < 0)
		return dir;
	group_path(path, sizeof(path), id, "");
	if (mkdirat(dir, path, 0755) == 0)
		return 0;
	err_sys(err, errno, FIELD ".enableMonitoring: make '%s' in class '%s'", path, clos);
	if (err->code == ENOENT)
		err_hint(err, "the processor or the kernel cannot monitor");
	else if (err->code == ENOSPC)
		err_hint(err, "the processor has no more monitoring groups, see "
			      "info/L3_MON/num_rmids");
	return -err->code;
}

static int add_task(int dir, const char *path, pid_t pid, struct err *err)
{
	auto_fd int file = beneath_open(dir, path, O_WRONLY);
	char text[16];
	int n = snprintf(text, sizeof(text), "%d", (int)pid);

	if (file < 0)
		return err_sys(err, -file, FIELD ": open '%s'", path);
	if (write(file, text, (size_t)n) != n)
		return err_sys(err, errno, FIELD ": write process %d to '%s'", (int)pid, path);
	return 0;
}

/* The class first: a group takes only tasks of its own class. */
int rdt_join(int fd, const char *clos, const char *id, pid_t pid, struct err *err)
{
	auto_fd int dir = open_class(fd, clos, err);
	char path[512];
	int r;

	if (dir < 0)
		return dir;
	r = add_task(dir, "tasks", pid, err);
	if (r < 0 || !id)
		return r;
	group_path(path, sizeof(path), id, "/tasks");
	return add_task(dir, path, pid, err);
}

int rdt_remove_group(int fd, const char *clos, const char *id, struct err *err)
{
	auto_fd int dir = beneath_open(fd, clos, O_PATH | O_DIRECTORY);
	char path[512];

	if (dir == -ENOENT)
		return 0;
	if (dir < 0)
		return err_sys(err, -dir, FIELD ": open class '%s'", clos);
	group_path(path, sizeof(path), id, "");
	if (unlinkat(dir, path, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(err, errno, FIELD ": remove '%s' of class '%s'", path, clos);
	return 0;
}

int rdt_release(int fd, const char *clos, bool own, const char *group, struct err *err)
{
	int r = group ? rdt_remove_group(fd, clos, group, err) : 0;

	return r == 0 && own ? rdt_remove_class(fd, clos, err) : r;
}

int rdt_remove_class(int fd, const char *clos, struct err *err)
{
	if (unlinkat(fd, clos, AT_REMOVEDIR) < 0 && errno != ENOENT)
		return err_sys(err, errno, FIELD ": remove class '%s'", clos);
	return 0;
}
