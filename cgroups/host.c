/* RUNTIME: where the cgroup v2 hierarchy is. */
#include "cgroups/cgroup.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/vfs.h>

#include "cgroups/file.h"
#include "cgroups/host.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"

#define CGROUP_ROOT "/sys/fs/cgroup"

static int try_mount(struct cgroup_host *host, enum cgroup_mode mode, const char *path)
{
	auto_fd int fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;

	if (fd < 0 || fstatfs(fd, &fs) < 0)
		return -errno;
	if (fs.f_type != CGROUP2_SUPER_MAGIC)
		return -ENODEV;
	host->mode = mode;
	snprintf(host->mount, sizeof(host->mount), "%s", path);
	host->fd = take_fd(&fd);
	return 0;
}

int cgroup_host_probe(struct cgroup_host *host, struct err *err)
{
	struct statfs fs;

	host->fd = -1;
	if (try_mount(host, CGROUP_UNIFIED, CGROUP_ROOT) == 0 ||
	    try_mount(host, CGROUP_HYBRID, CGROUP_ROOT "/unified") == 0)
		return 0;
	if (statfs(CGROUP_ROOT, &fs) == 0 && fs.f_type == TMPFS_MAGIC)
		err_fail(err, ENOTSUP,
			 "cgroup v1 is not supported: there is no cgroup v2 hierarchy at '%s' or "
			 "'%s'",
			 CGROUP_ROOT, CGROUP_ROOT "/unified");
	else
		err_fail(err, ENOTSUP, "no cgroup v2 hierarchy is mounted at '%s'", CGROUP_ROOT);
	err_hint(err,
		 "mount it (mount -t cgroup2 cgroup2 %s), or run without cgroups "
		 "(--cgroup-manager disabled)",
		 CGROUP_ROOT);
	return -err->code;
}

void cgroup_host_done(struct cgroup_host *host)
{
	close_fd(&host->fd);
}

int cgroup_of_pid(struct arena *a, const char *pid, const char **ret, struct err *err)
{
	const char *file = arena_printf(a, "/proc/%s/cgroup", pid);
	char *text, *save = NULL;
	size_t len;
	int r = io_read_file(a, AT_FDCWD, file, 1 << 20, &text, &len, err);

	if (r < 0)
		return r;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		if (!str_starts(line, "0::/"))
			continue;
		if (str_ends(line, " (deleted)"))
			return err_fail(err, ENOENT, "the cgroup of process '%s' was removed", pid);
		*ret = line + 3;
		return 0;
	}
	return err_fail(err, ENOENT, "process '%s' is in no cgroup of the v2 hierarchy", pid);
}

/* WORD is one of the comma-separated words of LIST. */
static bool list_has(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; *p; p += strcspn(p, ","), p += *p == ',') {
		if (strcspn(p, ",") == len && strncmp(p, word, len) == 0)
			return true;
	}
	return false;
}

const char *cgroup_v1_mount(struct arena *a, const char *controller)
{
	const char *v1 = streq(controller, "io") ? "blkio" : controller;
	struct err ignored = ERR_NONE;
	char *text, *save = NULL;
	size_t len;

	if (io_read_file(a, AT_FDCWD, "/proc/self/mounts", 16 << 20, &text, &len, &ignored) < 0)
		return NULL;
	/* "cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0" */
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		char *words = NULL;
		const char *where, *type, *options;

		strtok_r(line, " ", &words);
		where = strtok_r(NULL, " ", &words);
		type = strtok_r(NULL, " ", &words);
		options = strtok_r(NULL, " ", &words);
		if (options && streq(type, "cgroup") && list_has(options, v1))
			return where;
	}
	return NULL;
}

int cgroup_open(const struct cgroup_host *host, const char *path)
{
	path += strspn(path, "/");
	return beneath_open(host->fd, *path ? path : ".", O_RDONLY | O_DIRECTORY);
}

int cgroup_open_of_pid(const struct cgroup_host *host, pid_t pid, struct err *err)
{
	auto_arena a = ARENA_INIT;
	const char *path = "";
	char number[16];
	int r;

	snprintf(number, sizeof(number), "%d", (int)pid);
	r = cgroup_of_pid(&a, number, &path, err);
	if (r < 0)
		return r;
	path += strspn(path, "/");
	r = beneath_open(host->fd, *path ? path : ".", O_PATH | O_DIRECTORY);
	return r < 0 ? err_sys(err, -r, "open cgroup '/%s' of process %d", path, (int)pid) : r;
}
