/* RUNTIME: the security modules of the host. */
#include "libcontainer/runtime/lsm.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"

#define PROFILES      "/sys/kernel/security/apparmor/profiles"
#define MAX_PROFILES  (16 << 20)
#define PROC_ROOT_INO 1 /* the kernel's name: include/linux/proc_ns.h */

static bool apparmor_enabled(void)
{
	auto_fd int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);
	char c;

	return fd >= 0 && read(fd, &c, 1) == 1 && c == 'Y';
}

/* A read-only selinuxfs is how a container manager says that labels are not for us to choose;
 * libselinux reads it that way, too. */
static bool selinux_enabled(void)
{
	struct statfs fs;

	return statfs("/sys/fs/selinux", &fs) == 0 && (unsigned long)fs.f_type == SELINUX_MAGIC &&
	       !((unsigned long)fs.f_flags & ST_RDONLY);
}

struct lsm_state lsm_probe(void)
{
	return (struct lsm_state){.apparmor = apparmor_enabled(), .selinux = selinux_enabled()};
}

/*
 * The host's procfs, opened before there is any container: an image has no way to put something
 * else there. Still, something could be mounted over it on the host: the root of a procfs is known
 * by its magic and its inode, and below it init crosses no mount (CVE-2019-16884, CVE-2025-52881).
 */
static int open_proc(struct err *err)
{
	auto_fd int fd = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	struct statfs fs;
	struct stat st;

	if (fd < 0 || fstatfs(fd, &fs) < 0 || fstat(fd, &st) < 0)
		return err_sys(err, errno, "open '/proc'");
	if ((unsigned long)fs.f_type != PROC_SUPER_MAGIC || st.st_ino != PROC_ROOT_INO)
		return err_fail(err, EXDEV,
				"'/proc' is not the root of a procfs: no labels can be "
				"set");
	return take_fd(&fd);
}

int lsm_prepare(const struct plan_process *p, int *ret_proc_fd, struct err *err)
{
	struct lsm_state have;
	int fd;

	if (!p->apparmor && !p->selinux)
		return 0;
	have = lsm_probe();
	if (p->apparmor && !have.apparmor)
		return err_fail(err, ENOTSUP,
				"process.apparmorProfile: '%s' cannot be applied: AppArmor is not "
				"enabled on this host",
				p->apparmor);
	if (p->selinux && !have.selinux)
		return err_fail(err, ENOTSUP,
				"process.selinuxLabel: '%s' cannot be applied: SELinux is not "
				"enabled on this host",
				p->selinux);
	fd = open_proc(err);
	if (fd < 0)
		return fd;
	*ret_proc_fd = fd;
	return 0;
}

/* Lines are "NAME (MODE)". */
bool lsm_lacks_profile(struct arena *a, const char *name)
{
	char *text, *save = NULL;
	struct err ignored;
	size_t len;

	if (streq(name, "unconfined") ||
	    io_read_file(a, AT_FDCWD, PROFILES, MAX_PROFILES, &text, &len, &ignored) < 0)
		return false;
	for (char *line = strtok_r(text, "\n", &save); line; line = strtok_r(NULL, "\n", &save)) {
		size_t n = strlen(name);

		if (strncmp(line, name, n) == 0 && (!line[n] || str_starts(line + n, " (")))
			return false;
	}
	return true;
}

/* L-10. Engines give no label where SELinux is off: who does, counts on what it separates. */
int lsm_check_mount_label(const char *label, struct err *err)
{
	if (!label || !*label || lsm_probe().selinux)
		return 0;
	return err_fail(err, ENOTSUP,
			"linux.mountLabel: '%.256s' cannot be applied: SELinux is not enabled on "
			"this host",
			label);
}
