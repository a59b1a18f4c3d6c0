/* RUNTIME: restore: the mounts of the host that bind mounts show a part of. */
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/mountfd.h"
#include "libcontainer/base/mountinfo.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/restore.h"

/*
 * A mount of the container that is a slave of the host's gets its place in the peer group back by
 * MOVE_MOUNT_SET_GROUP, which wants a mount of the same group that shows at least as much. CRIU
 * takes it from one of the external sources, for all slaves of that group; so a source is not the
 * mount of the one directory, but the directory in a copy of the host's whole mount. The copies are
 * peers of nobody else: when CRIU's mount namespace goes, slaves of theirs become those of the
 * host's mount, or private where that is.
 */

static const char *mount_point(struct restoration *r, uint64_t id)
{
	struct mountinfo line;
	struct err ignored;
	char *text, *copy;
	size_t len;

	if (!r->mountinfo && io_read_file(&r->k.arena, AT_FDCWD, "/proc/self/mountinfo",
					  MOUNTINFO_MAX, &r->mountinfo, &len, &ignored) < 0)
		return NULL;
	copy = text = arena_strdup(&r->k.arena, r->mountinfo);
	while (mountinfo_next(&copy, &line))
		if (line.id == id)
			return line.point;
	return NULL;
}

static bool same_file(int a, int b)
{
	struct stat x, y;

	return fstat(a, &x) == 0 && fstat(b, &y) == 0 && x.st_dev == y.st_dev &&
	       x.st_ino == y.st_ino;
}

/* A copy of the whole mount ID, which is at POINT; id-mapped by IDMAP (or NULL). Owned fd, -1. */
static int copy_mount(const struct plan_mount_idmap *idmap, const char *point, uint64_t id)
{
	auto_fd int top = open(point, O_PATH | O_NOFOLLOW | O_CLOEXEC), fd = -1;
	struct mountfd_place place;

	if (top < 0 || mountfd_place(top, &place) < 0 || place.mount != id || !place.is_root)
		return -1; /* another one covers it */
	fd = mountfd_clone(top, false);
	if (fd < 0 || (idmap && mountfd_idmap(fd, idmap->fd, false) < 0) ||
	    mountfd_setattr(fd, 0, 0, MS_SLAVE, false) < 0 ||
	    mountfd_setattr(fd, 0, 0, MS_SHARED, false) < 0)
		return -1;
	return take_fd(&fd);
}

static struct restore_host *find_host(struct restoration *r, const struct plan_mount_idmap *idmap,
				      uint64_t id)
{
	const char *point;
	int fd;

	for (size_t i = 0; i < r->n_hosts; i++)
		if (r->hosts[i].mount == id && r->hosts[i].idmap == idmap)
			return &r->hosts[i];
	point = id ? mount_point(r, id) : NULL;
	fd = point ? copy_mount(idmap, point, id) : -1;
	if (fd < 0)
		return NULL;
	*arena_push(&r->k.arena, &r->hosts, &r->n_hosts) = (struct restore_host){
		.fd = fd,
		.mount = id,
		.point = point,
		.idmap = idmap,
		.name = arena_printf(&r->k.arena, "host%zu", r->n_hosts),
	};
	return &r->hosts[r->n_hosts - 1];
}

const char *restore_wide_source(struct restoration *r, const struct restore_source *s)
{
	auto_fd int fd = open(s->path, O_PATH | O_CLOEXEC | (s->nofollow ? O_NOFOLLOW : 0));
	auto_fd int again = -1;
	struct mountfd_place place;
	const struct restore_host *host;
	char link[64], path[PATH_MAX];
	const char *below;
	ssize_t n;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = fd < 0 ? -1 : readlink(link, path, sizeof(path) - 1);
	if (n <= 0 || !same_file(fd, s->fd) || mountfd_place(fd, &place) < 0)
		return NULL;
	path[n] = '\0';
	if (plan_has_ns(&r->k.plan, CLONE_NEWUSER) &&
	    restore_first_closed(&r->k.arena, path) != path)
		return NULL;
	host = find_host(r, s->idmap, place.mount);
	if (!host || !(streq(path, host->point) || path_is_below(path, host->point)))
		return NULL;
	below = streq(host->point, "/") ? path + 1 : path + strlen(host->point);
	below += *below == '/';
	again = path_openat2(host->fd, *below ? below : ".", O_PATH | O_NOFOLLOW, 0,
			     RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS);
	if (*below && (again < 0 || !same_file(again, s->fd)))
		return NULL;
	log_debug("restore: '%s' is in a copy of the host's mount '%s'", s->path, host->point);
	return arena_printf(&r->k.arena, "%s%s%s", host->name, *below ? "/" : "", below);
}

void restore_close_hosts(struct restoration *r)
{
	for (size_t i = 0; i < r->n_hosts; i++)
		close_fd(&r->hosts[i].fd);
}
