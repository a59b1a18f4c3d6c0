/* RUNTIME: migrate: whether there is memory and disk enough, here. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "cgroups/file.h"
#include "cgroups/host.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/checkpoint/preflight.h"

bool preflight_bytes(const char *path, const char *name, uint64_t *ret)
{
	char text[32768] = "\n", line[32]; /* `Groups:` can have hundreds */
	uint64_t kib;

	snprintf(line, sizeof(line), "\n%s:", name);
	if (io_read_small(AT_FDCWD, path, text + 1, sizeof(text) - 1) <= 0 ||
	    !proc_field(text, line, 10, &kib))
		return false;
	*ret = kib << 10;
	return true;
}

bool preflight_is_full(int dir_fd, uint64_t bytes, uint64_t *ret_free)
{
	struct statvfs fs;

	if (fstatvfs(dir_fd, &fs) < 0)
		return false;
	*ret_free = (uint64_t)fs.f_bavail * fs.f_frsize;
	return *ret_free < bytes;
}

/* ---- cgroups ----------------------------------------------------------------------------------
 */

static uint64_t room_of(int fd)
{
	uint64_t max, used, files = 0, shmem = 0;

	/* "max" is no number. */
	if (cgroup_file_u64(fd, "memory.max", &max) < 0 || max == UINT64_MAX ||
	    cgroup_file_u64(fd, "memory.current", &used) < 0)
		return UINT64_MAX;
	/* Pages of files can go; those of memfds and tmpfs, which are counted with them, cannot. */
	(void)!cgroup_file_key(fd, "memory.stat", "file", &files);
	(void)!cgroup_file_key(fd, "memory.stat", "shmem", &shmem);
	files -= shmem < files ? shmem : files;
	used -= files < used ? files : used;
	return used < max ? max - used : 0;
}

uint64_t preflight_cgroup_room(struct arena *a, int root_fd, const char *path, const char **ret)
{
	uint64_t least = UINT64_MAX;
	char *at = arena_strdup(a, path), *slash;

	/* Those that are not there yet have no limit; the root never has one. */
	for (; (slash = strrchr(at, '/')) && slash[1]; *slash = '\0') {
		auto_fd int fd = beneath_open(root_fd, at + strspn(at, "/"), O_PATH | O_DIRECTORY);
		uint64_t room = fd < 0 ? UINT64_MAX : room_of(fd);

		if (room < least) {
			least = room;
			*ret = arena_strdup(a, at);
		}
	}
	return least;
}

void preflight_cgroup(struct check *c, const struct cgroup_host *host, const char *path,
		      const char *what)
{
	const char *which = NULL;
	uint64_t room = preflight_cgroup_room(c->a, host->fd, path, &which);

	if (room < c->need->anon.v)
		PROBLEM(c,
			"memory.max of the cgroup '%s', %s, leaves %" PRIu64
			" MiB, the container has %" PRIu64 " MiB: raise it",
			which, what, room >> 20, c->need->anon.v >> 20);
}

void preflight_room(struct check *c, struct container_root *root)
{
	/* What comes before the images is there twice for a moment: in the store and in the
	 * processes. */
	unsigned times = c->need->lazy.v ? 2 : 1;
	uint64_t room;

	if (preflight_bytes("/proc/meminfo", "MemAvailable", &room) &&
	    room / times < c->need->memory.v)
		PROBLEM(c,
			"%" PRIu64 " MiB of memory are free, %sthe container's %" PRIu64
			" MiB are needed: free some, or choose another host",
			room >> 20, times == 2 ? "twice " : "", c->need->memory.v >> 20);
	/* With the memory in them. */
	if (!c->need->lazy.v && preflight_is_full(root->fd, c->need->anon.v, &room))
		PROBLEM(c,
			"%" PRIu64 " MiB are free for images in '%s', %" PRIu64
			" MiB are needed: make room, or name another directory by --target-root",
			room >> 20, root->path, c->need->anon.v >> 20);
}
