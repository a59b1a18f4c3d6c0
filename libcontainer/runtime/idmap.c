/* RUNTIME: id-mapped mounts: the user namespaces that carry the maps, and their use. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/mountfd.h"
#include "libcontainer/base/mountinfo.h"
#include "libcontainer/base/str.h"
#include "libcontainer/runtime/runtime.h"
#include "namespaces/ns.h"

static int open_maps(const struct plan *plan, const struct plan_mount_idmap *map, struct err *err)
{
	struct plan_namespaces ns = {
		.uid_map = map->uid_map,
		.gid_map = map->gid_map,
		.n_uid_map = map->n_uid_map,
		.n_gid_map = map->n_gid_map,
	};

	if (!map->joined)
		return ns_make_user(&ns, err);
	for (size_t i = 0; i < plan->ns.n_join; i++)
		if (plan->ns.join[i].flag == CLONE_NEWUSER) {
			int fd = fcntl(plan->ns.join[i].fd, F_DUPFD_CLOEXEC, 3);

			return fd < 0 ? err_sys(err, errno, "user namespace '%s'",
						plan->ns.join[i].path)
				      : fd;
		}
	return err_fail(err, EINVAL, "the container joins no user namespace");
}

int idmaps_open(struct plan *plan, struct err *err)
{
	for (size_t i = 0; i < plan->n_mount_idmaps; i++) {
		struct plan_mount_idmap *map = &plan->mount_idmaps[i];

		map->fd = open_maps(plan, map, err);
		if (map->fd < 0)
			return err_wrap(err, "id mapping of mounts[%zu]", map->index);
	}
	return 0;
}

void idmaps_close(struct plan *plan)
{
	for (size_t i = 0; i < plan->n_mount_idmaps; i++)
		close_fd(&plan->mount_idmaps[i].fd);
}

/* ---- what the kernel refused ------------------------------------------------------------ */

/* Whether a copy of this mount alone is refused with the same error. */
static bool refused(const char *point, const struct plan_mount *m, int code)
{
	auto_fd int fd = mountfd_clone_path(point, false, false);

	return fd >= 0 && mountfd_idmap(fd, m->idmap->fd, false) == code;
}

/* The type of the file system that the kernel would not map: of the source, or of the first mount
 * below it. Only an error asks. */
static const char *culprit(struct arena *a, const struct plan_mount *m, int code)
{
	auto_fd int fd = open(m->source, O_PATH | O_CLOEXEC);
	struct mountfd_place place;
	struct mountinfo line;
	struct err ignored;
	char link[64], root[PATH_MAX], *text;
	const char *type = NULL;
	ssize_t n;
	size_t len;

	snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
	n = fd < 0 ? -1 : readlink(link, root, sizeof(root) - 1);
	if (n < 0 || mountfd_place(fd, &place) < 0 ||
	    io_read_file(a, AT_FDCWD, "/proc/self/mountinfo", MOUNTINFO_MAX, &text, &len,
			 &ignored) < 0)
		return NULL;
	root[n] = '\0';
	while (mountinfo_next(&text, &line)) {
		if (line.id == place.mount)
			type = line.type;
		else if (m->idmap_recursive && path_is_below(line.point, root) &&
			 refused(line.point, m, code))
			return line.type;
	}
	return type;
}

static int explain(const struct plan_mount *m, int code, struct err *err)
{
	auto_arena a = ARENA_INIT;
	const char *type = m->kind == MOUNT_BIND ? culprit(&a, m, code) : m->type;

	err_sys(err, -code, "mounts[%zu]: the kernel does not id-map this '%s' file system",
		m->index, type ? type : "unknown");
	if (code == -EINVAL)
		err_hint(err, "not every type can be, nor in every version of the kernel");
	if (code == -EPERM)
		err_hint(err, "it is id-mapped already, or belongs to another user namespace than "
			      "hull's");
	return code;
}

int idmap_apply(const struct plan_mount *m, struct err *err)
{
	int r;

	if (!m->idmap)
		return 0;
	r = mountfd_idmap(m->source_fd, m->idmap->fd, m->idmap_recursive);
	return r < 0 ? explain(m, r, err) : 0;
}

/* A new file system cannot be mapped by a root of the container's user namespace, which has no
 * right to the maps; and one that would belong to it could be mapped only by its own ids. So
 * it is made here, and belongs to the user namespace of hull. */
int idmap_new_fs(struct plan_mount *m, struct err *err)
{
	m->source_fd = mountfd_new_fs(m->type, m->source ? m->source : m->type, m->data, 0, err);
	if (m->source_fd < 0)
		return err_wrap(err, "mounts[%zu]", m->index);
	return idmap_apply(m, err);
}
