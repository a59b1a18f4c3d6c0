/* RUNTIME: the state directory of a container. */
#include "libcontainer/state.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "oci-spec/field.h"
#include "oci-spec/tables.h"

/* clang-format off */
static const struct oci_field state_rdt_fields[] = {
	FIELD_STRING(state_rdt, clos,    "class"),
	FIELD_BOOL  (state_rdt, own,     "own"),
	FIELD_BOOL  (state_rdt, monitor, "monitor"),
};
static OCI_TYPE(state_rdt, state_rdt_fields);

static const struct oci_field state_fields[] = {
	FIELD_U32    (state, version,        "version"),
	FIELD_STRING (state, id,             "id"),
	FIELD_STRING (state, bundle,         "bundle"),
	FIELD_STRING (state, rootfs,         "rootfs"),
	FIELD_STRING (state, created,        "created"),
	FIELD_BOOL   (state, creating,       "creating"),
	FIELD_I64    (state, pid,            "pid"),
	FIELD_U64    (state, starttime,      "starttime"),
	FIELD_STRING (state, cgroup,         "cgroup"),
	FIELD_STRING (state, cgroup_sub,     "cgroupSub"),
	FIELD_STRING (state, cgroup_made,    "cgroupMade"),
	FIELD_STRING (state, cgroup_manager, "cgroupManager"),
	FIELD_STRING (state, unit,           "unit"),
	FIELD_BOOL   (state, unit_user,      "unitUser"),
	FIELD_BOOL   (state, unit_made,      "unitMade"),
	FIELD_STRINGS(state, namespaces,     "namespaces"),
	FIELD_BOOL   (state, private_pid,    "privatePid"),
	FIELD_BOOL   (state, may_trace,      "mayTrace"),
	FIELD_STRING (state, keyring,        "keyring"),
	FIELD_BOOL   (state, has_process,    "hasProcess"),
	FIELD_BOOL   (state, has_filter,     "hasFilter"),
	FIELD_BOOL   (state, no_new_keyring, "noNewKeyring"),
	FIELD_BOOL   (state, notify,         "notify"),
	FIELD_OBJECT (state, personality,    "personality", oci_personality),
	FIELD_OBJECT (state, memory_policy,  "memoryPolicy", oci_memory_policy),
	FIELD_BOOL   (state, has_defaults,   "hasDefaults"),
	FIELD_STRING (state, listener_path,  "listenerPath"),
	FIELD_STRING (state, listener_metadata, "listenerMetadata"),
	FIELD_OBJECT (state, rdt,            "intelRdt", state_rdt),
	FIELD_OBJECT (state, hooks,          "hooks", oci_hooks),
	FIELD_MAP    (state, annotations,    "annotations"),
};
/* clang-format on */
OCI_TYPE(state, state_fields);

int state_open_dir(const struct container_root *root, const char *id, struct err *err)
{
	int fd;

	if (root->fd < 0)
		return err_fail(err, ENOENT, "container `%s` does not exist", id);
	fd = openat(root->fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return err_fail(err, ENOENT, "container `%s` does not exist", id);
	return fd < 0 ? err_sys(err, errno, "open state directory '%s/%s'", root->path, id) : fd;
}

int state_load(struct arena *a, int dirfd, const char *id, struct state *ret, struct err *err)
{
	struct state s = {0};
	int r = oci_decode_file(a, &state_type, dirfd, "state.json", &s, err);

	/* Another command is making or removing it right now. */
	if (r == -ENOENT)
		return err_fail(err, ENOENT, "container `%s` does not exist", id);
	if (r < 0)
		return err_wrap(err, "state of '%s'", id);
	if (!s.version.set || s.version.v != STATE_VERSION)
		return err_fail(err, EINVAL,
				"state of '%s': version %u, this hull reads version %d", id,
				s.version.v, STATE_VERSION);
	if (!s.id || !streq(s.id, id) || !s.bundle || !s.rootfs || !s.created)
		return err_fail(err, EINVAL,
				"state of '%s': id, bundle, rootfs or created is missing", id);
	*ret = s;
	return 0;
}

int state_save(int dirfd, const struct state *state, struct err *err)
{
	auto_arena a = ARENA_INIT;
	const char *text = oci_encode(&a, &state_type, state, "");

	return io_replace_file(dirfd, "state.json", text, strlen(text), 0600, err);
}

#define STAGED ".state.json.next"

int state_stage(int dirfd, const struct state *state, struct err *err)
{
	auto_arena a = ARENA_INIT;
	const char *text = oci_encode(&a, &state_type, state, "");
	auto_fd int fd = openat(dirfd, STAGED, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno : io_write_all(fd, text, strlen(text));

	return r < 0 ? err_sys(err, -r, "write '" STAGED "'") : 0;
}

int state_publish(int dirfd, struct err *err)
{
	if (renameat(dirfd, STAGED, dirfd, "state.json") < 0)
		return err_sys(err, errno, "rename '" STAGED "' to 'state.json'");
	return 0;
}

int state_lock(int dirfd, const char *id, int timeout_ms, struct err *err)
{
	int64_t end = clock_now_ms() + timeout_ms;

	/* flock has no timeout: ask now and then. Only contended commands come here twice. */
	while (flock(dirfd, LOCK_EX | LOCK_NB) < 0) {
		if (errno == EINTR)
			continue;
		if (errno != EWOULDBLOCK)
			return err_sys(err, errno, "lock container '%s'", id);
		if (clock_now_ms() >= end)
			return err_fail(err, ETIMEDOUT,
					"container '%s' is locked by another command since %d ms",
					id, timeout_ms);
		poll(NULL, 0, 5);
	}
	return 0;
}

int state_unlock(int dirfd)
{
	return flock(dirfd, LOCK_UN) < 0 ? -errno : 0;
}

int state_check_linked(const struct container_root *root, const char *id, int dirfd,
		       struct err *err)
{
	struct stat ours, now;

	if (fstat(dirfd, &ours) < 0)
		return err_sys(err, errno, "state directory of '%s'", id);
	if (fstatat(root->fd, id, &now, AT_SYMLINK_NOFOLLOW) < 0 || now.st_ino != ours.st_ino ||
	    now.st_dev != ours.st_dev)
		return err_fail(err, ENOENT, "container `%s` does not exist", id);
	return 0;
}

static int remove_entries(int dirfd, int depth);

/* getdents64's entries and readdir's are the same ones on 64 bits. */
_Static_assert(offsetof(struct dirent, d_name) == 19, "struct dirent is the kernel's");

static int remove_entry(int dirfd, const struct dirent *e, int depth)
{
	if (streq(e->d_name, ".") || streq(e->d_name, ".."))
		return 0;
	if (e->d_type == DT_DIR && depth > 0) {
		auto_fd int sub =
			openat(dirfd, e->d_name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		int r = sub < 0 ? -errno : remove_entries(sub, depth - 1);

		return r < 0 ? r : unlinkat(dirfd, e->d_name, AT_REMOVEDIR) < 0 ? -errno : 0;
	}
	return unlinkat(dirfd, e->d_name, 0) < 0 && errno != ENOENT ? -errno : 0;
}

/* The directory is flat but for notify/. Each command that deletes comes here, and opendir would be
 * the only one to ask the kernel for memory. */
static int remove_entries(int dirfd, int depth)
{
	auto_fd int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	_Alignas(struct dirent) char buf[2048];
	long n = fd < 0 ? -1 : 1;

	while (fd >= 0 && (n = syscall(SYS_getdents64, fd, buf, sizeof(buf))) > 0)
		for (long at = 0; at < n;) {
			const struct dirent *e = (const void *)(buf + at);
			int r = remove_entry(fd, e, depth);

			if (r < 0)
				return r;
			at += e->d_reclen;
		}
	return n < 0 ? -errno : 0;
}

int state_remove(const struct container_root *root, const char *id, struct err *err)
{
	auto_fd int dirfd = openat(root->fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	int r;

	if (dirfd < 0)
		return errno == ENOENT ? 0
				       : err_sys(err, errno, "open state directory of '%s'", id);
	r = remove_entries(dirfd, 2);
	if (r == 0 && unlinkat(root->fd, id, AT_REMOVEDIR) < 0 && errno != ENOENT)
		r = -errno;
	return r < 0 ? err_sys(err, -r, "remove state directory '%s/%s'", root->path, id) : 0;
}
