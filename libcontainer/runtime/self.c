/* RUNTIME: execute hull from a private read-only copy of itself. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sys/mman.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/mountapi.h"
#include "libcontainer/base/mountfd.h"
#include "libcontainer/base/str.h"
#include "libcontainer/container.h"

#define EXE "/proc/self/exe"

/*
 * The attacker is a container that gets hold of /proc/PID/exe of a hull process (as an entry
 * point "#!/proc/self/exe", or of an init that waits) and opens it for writing later. Two
 * forms stop that for good; which one is used depends only on privilege:
 *
 * - a detached, read-only bind mount of the binary. After the exec nothing can reach or
 *   change that mount any more: a later remount of the file system the binary lies on does not
 *   make it writable. Such a mount's path is its own root: /proc/self/exe reads "/", which no
 *   program's path can be otherwise, as "/" is a directory.
 * - a sealed memfd with a copy, where mounting is not allowed.
 *
 * The first is usually done before main, in entry.c.
 */
static bool is_detached_mount(void)
{
	char path[8];

	return readlink(EXE, path, sizeof(path)) == 1 && path[0] == '/';
}

#define SEALS (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)

static bool is_sealed_copy(void)
{
	char path[PATH_MAX];
	ssize_t n = readlink(EXE, path, sizeof(path) - 1);
	auto_fd int fd = -1;

	if (n <= 0)
		return false;
	path[n] = '\0';
	if (!str_starts(path, "/memfd:"))
		return false;
	fd = open(EXE, O_RDONLY | O_CLOEXEC);
	return fd >= 0 && (fcntl(fd, F_GET_SEALS) & SEALS) == SEALS;
}

static int sealed_copy(struct err *err)
{
	auto_fd int exe = open(EXE, O_RDONLY | O_CLOEXEC);
	auto_fd int copy = memfd_create("hull", MFD_CLOEXEC | MFD_ALLOW_SEALING);
	struct stat st;

	if (exe < 0 || copy < 0 || fstat(exe, &st) < 0)
		return err_sys(err, errno, "copy '%s'", EXE);
	while (st.st_size > 0) {
		ssize_t n = sendfile(copy, exe, NULL, (size_t)st.st_size);

		if (n <= 0)
			return err_sys(err, n ? errno : EIO, "copy '%s'", EXE);
		st.st_size -= n;
	}
	if (fchmod(copy, 0555) < 0 || fcntl(copy, F_ADD_SEALS, SEALS) < 0)
		return err_sys(err, errno, "seal the copy of '%s'", EXE);
	return take_fd(&copy);
}

int container_seal_self(char **argv, struct err *err)
{
	auto_fd int fd = -1;

	if (is_detached_mount()) {
		log_debug("self: read-only mount");
		return 0;
	}
	if (is_sealed_copy()) {
		log_debug("self: sealed copy, as mounting is not permitted");
		return 0;
	}
	fd = mountfd_clone_path(EXE, false, false);
	if (fd >= 0) {
		int r = mountfd_setattr(fd, MOUNT_ATTR_RDONLY | MOUNT_ATTR_NOSUID, 0, MS_PRIVATE,
					false);

		if (r < 0)
			return err_sys(err, -r, "make the copy of '%s' read-only", EXE);
	} else if (fd == -EPERM) {
		fd = sealed_copy(err);
		if (fd < 0)
			return fd;
	} else {
		return err_sys(err, -fd, "open '%s' as a mount", EXE);
	}
	syscall(SYS_execveat, fd, "", argv, environ, AT_EMPTY_PATH);
	return err_sys(err, errno, "execute the read-only copy of '%s'", EXE);
}
