/* RUNTIME: what is known of containers: of one for `state`, of all of them for `list`. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/runtime/runtime.h"
#include "oci-spec/field.h"

int container_info(const struct container_root *root, const char *id, struct arena *a,
		   struct container_info *ret, struct err *err)
{
	auto_container c = CONTAINER_NONE;
	struct stat st;
	int r = container_open(&c, root, id, OPEN_READ, err);

	if (r < 0)
		return r;
	if (fstat(c.dirfd, &st) < 0)
		return err_sys(err, errno, "state directory of '%s'", id);
	*ret = (struct container_info){
		.id = arena_strdup(a, id),
		.bundle = arena_strdup(a, c.state.bundle),
		.rootfs = arena_strdup(a, c.state.rootfs),
		.created = arena_strdup(a, c.state.created),
		.status = c.status,
		.pid = c.status == CONTAINER_STOPPED ? 0 : (pid_t)c.state.pid.v,
		.owner = st.st_uid,
		.annotations = c.state.annotations,
	};
	ret->annotations.v = arena_memdup(a, c.state.annotations.v,
					  c.state.annotations.n * sizeof(*ret->annotations.v));
	for (size_t i = 0; i < ret->annotations.n; i++) {
		ret->annotations.v[i].key = arena_strdup(a, ret->annotations.v[i].key);
		ret->annotations.v[i].value = arena_strdup(a, ret->annotations.v[i].value);
	}
	return 0;
}

/* ---- all of them ------------------------------------------------------------------------------
 *
 * A container costs as few questions to the kernel as give the same answer: no lock, no directory
 * that is opened, no pidfd (nothing is done to the process, so it does not matter if it ends
 * meanwhile). Whatever is unusual goes the long way.
 */

struct listed {
	struct opt_u32 version;
	const char *id, *bundle, *rootfs, *created, *cgroup;
	struct opt_bool creating;
	struct opt_i64 pid;
	struct opt_u64 starttime;
	struct oci_map annotations;
};

/* clang-format off */
static const struct oci_field listed_fields[] = {
	FIELD_U32   (listed, version,     "version"),
	FIELD_STRING(listed, id,          "id"),
	FIELD_STRING(listed, bundle,      "bundle"),
	FIELD_STRING(listed, rootfs,      "rootfs"),
	FIELD_STRING(listed, created,     "created"),
	FIELD_STRING(listed, cgroup,      "cgroup"),
	FIELD_BOOL  (listed, creating,    "creating"),
	FIELD_I64   (listed, pid,         "pid"),
	FIELD_U64   (listed, starttime,   "starttime"),
	FIELD_MAP   (listed, annotations, "annotations"),
};
/* clang-format on */
static OCI_TYPE(listed, listed_fields);

struct listing {
	const struct container_root *root;
	struct arena *a;
	struct cgroup_host host; /* probed when the first container has a cgroup */
};

/* 1 with what the file says, 0 when the long way has to be gone. */
static int read_listed(struct listing *l, const char *id, struct listed *ret, uid_t *ret_owner)
{
	struct err ignored;
	char path[300], *text;
	auto_fd int fd = -1;
	struct stat st;
	size_t len;

	*ret = (struct listed){0};
	err_clear(&ignored);
	snprintf(path, sizeof(path), "%s/state.json", id);
	fd = openat(l->root->fd, path, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0 || fstat(fd, &st) < 0 || !S_ISREG(st.st_mode) ||
	    io_read_fd(l->a, fd, path, OCI_MAX_BYTES, &text, &len, &ignored) < 0 ||
	    oci_decode(l->a, &listed_type, path, text, len, ret, &ignored) < 0)
		return 0;
	*ret_owner = st.st_uid;
	return ret->version.v == STATE_VERSION && ret->id && strcmp(ret->id, id) == 0 &&
	       ret->bundle && ret->rootfs && ret->created && !ret->creating.v;
}

static enum container_status listed_status(struct listing *l, const struct listed *s)
{
	struct proc_stat st;
	char path[300];

	if (!s->pid.set || proc_stat_read((pid_t)s->pid.v, &st) < 0 ||
	    st.starttime != s->starttime.v || st.state == 'Z' || st.state == 'X')
		return CONTAINER_STOPPED;
	if (s->cgroup && cgroup_path_stands_still(&l->host, s->cgroup) > 0)
		return CONTAINER_PAUSED;
	snprintf(path, sizeof(path), "%s/start.sock", s->id);
	return st.never_executed && faccessat(l->root->fd, path, F_OK, 0) == 0 ? CONTAINER_CREATED
									       : CONTAINER_RUNNING;
}

static int one(struct listing *l, const char *id, struct container_info *ret, struct err *err)
{
	struct listed s;
	uid_t owner = 0;

	if (!read_listed(l, id, &s, &owner))
		return container_info(l->root, id, l->a, ret, err);
	if (s.cgroup && l->host.fd < 0 && cgroup_host_probe(&l->host, err) < 0)
		return -err->code;
	*ret = (struct container_info){
		.id = s.id,
		.bundle = s.bundle,
		.rootfs = s.rootfs,
		.created = s.created,
		.status = listed_status(l, &s),
		.owner = owner,
		.annotations = s.annotations,
	};
	ret->pid = ret->status == CONTAINER_STOPPED ? 0 : (pid_t)s.pid.v;
	return 0;
}

size_t container_infos(const struct container_root *root, const char *const *ids, size_t n,
		       struct arena *a, struct container_info *ret,
		       void (*skipped)(const char *id, const struct err *err))
{
	struct listing l = {.root = root, .a = a, .host = {.fd = -1}};
	size_t found = 0;
	struct err err;

	for (size_t i = 0; i < n; i++) {
		err_clear(&err);
		if (one(&l, ids[i], &ret[found], &err) < 0)
			skipped(ids[i], &err);
		else
			found++;
	}
	if (l.host.fd >= 0)
		cgroup_host_done(&l.host);
	return found;
}
