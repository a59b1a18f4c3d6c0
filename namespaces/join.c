/* RUNTIME: namespace files given by path. */
#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <linux/nsfs.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/vfs.h>

#include "libcontainer/base/cleanup.h"
#include "namespaces/ns.h"

static const char *kind_name(uint64_t flag)
{
	const struct ns_kind *kind = ns_find_flag(flag);

	return kind ? kind->oci_name : "unknown";
}

int ns_open(const char *path, uint64_t flag, struct err *err)
{
	/* O_NONBLOCK: a path that is a fifo by mistake must not hang the runtime. */
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	struct statfs fs;
	int type;

	if (fd < 0)
		return err_sys(err, errno, "open %s namespace '%s'", kind_name(flag), path);
	if (fstatfs(fd, &fs) < 0)
		return err_sys(err, errno, "statfs '%s'", path);
	/* setns(2) takes a pidfd, too, and would then join all that its process is in. */
	if ((unsigned long)fs.f_type != NSFS_MAGIC)
		return err_fail(err, EINVAL, "%s namespace path '%s' is not a namespace",
				kind_name(flag), path);
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0)
		return err_sys(err, errno, "ask for the kind of namespace '%s'", path);
	if ((uint64_t)type != flag)
		return err_fail(err, EINVAL, "%s namespace path '%s' is a %s namespace",
				kind_name(flag), path, kind_name((uint64_t)type));
	return take_fd(&fd);
}

int ns_is_own(int fd, uint64_t flag)
{
	const struct ns_kind *kind = ns_find_flag(flag);
	struct stat own, other;
	char path[64];

	if (!kind)
		return -EINVAL;
	snprintf(path, sizeof(path), "/proc/self/ns/%s", kind->proc_name);
	if (stat(path, &own) < 0 || fstat(fd, &other) < 0)
		return -errno;
	return own.st_dev == other.st_dev && own.st_ino == other.st_ino;
}

bool ns_is_owned_by(int fd, int user_fd)
{
	auto_fd int owner = ioctl(fd, NS_GET_USERNS); /* EPERM: one above ours */
	struct stat a, b;

	return owner >= 0 && fstat(owner, &a) == 0 && fstat(user_fd, &b) == 0 &&
	       a.st_dev == b.st_dev && a.st_ino == b.st_ino;
}
