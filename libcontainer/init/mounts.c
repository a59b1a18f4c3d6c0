/* INIT: mounts[], in order, each made apart and attached by descriptor. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/magic.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/mountapi.h"
#include "libcontainer/base/mountfd.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "libcontainer/init/side.h"

/* ---- targets ------------------------------------------------------------------------- */

/* procfs and sysfs go onto a real directory only: through a symlink an image could have them
 * appear elsewhere and keep a fake /proc (CVE-2023-28642, CVE-2019-19921). */
static int open_plain_directory(int root_fd, const struct plan_mount *m, struct err *err)
{
	int fd = root_open_nolinks(root_fd, m->destination, O_PATH | O_DIRECTORY);

	if (fd == -ENOENT) {
		auto_fd int made = root_mkdirs(root_fd, m->destination, 0755);

		if (made < 0)
			return err_sys(err, -made, "make the mount point '%s'", m->destination);
		fd = root_open_nolinks(root_fd, m->destination, O_PATH | O_DIRECTORY);
	}
	if (fd == -ELOOP || fd == -ENOTDIR)
		return err_fail(err, -fd,
				"'%s' must be mounted on ordinary directory, but a part of '%s' is "
				"something else",
				m->type, m->destination);
	return fd < 0 ? err_sys(err, -fd, "open the mount point '%s'", m->destination) : fd;
}

static bool mode_from_directory(const struct plan_mount *m)
{
	return m->kind == MOUNT_NEW_FS && streq(m->type, "tmpfs") &&
	       !(m->data && strstr(m->data, "mode="));
}

/* A tmpfs for which no mode is given is as open as the directory it covers. Where there is none it
 * is open to all, as a tmpfs is (engines' --tmpfs is used by ordinary users): the new directory
 * says so whatever the umask, for the next start as well. Its parents do not. */
static int open_covered_directory(int root_fd, const char *path)
{
	char buf[PATH_MAX];
	const char *name;
	auto_fd int parent = root_open_parent(root_fd, path, buf, &name);
	mode_t mask = umask(0);
	int fd = root_mkdirs(root_fd, path, parent < 0 ? 0755 : 01777);

	umask(mask);
	return fd;
}

static int open_target(int root_fd, const struct plan_mount *m, bool directory, struct err *err)
{
	int fd;

	if (m->needs_plain_directory)
		return open_plain_directory(root_fd, m, err);
	if (m->dest_nofollow) {
		fd = root_open(root_fd, m->destination, O_PATH | O_NOFOLLOW);
		if (fd != -ENOENT)
			return fd < 0 ? err_sys(err, -fd, "open the mount point '%s'",
						m->destination)
				      : fd;
	}
	fd = mode_from_directory(m) ? open_covered_directory(root_fd, m->destination)
	     : directory            ? root_mkdirs(root_fd, m->destination, 0755)
				    : root_mkfile(root_fd, m->destination, 0644);
	if (fd == -EISDIR) /* in mount(2)'s words: Docker would take EISDIR for the program's */
		return err_sys(err, ENOTDIR,
			       "make the mount point '%s': a file cannot be mounted on a folder",
			       m->destination);
	return fd < 0 ? err_sys(err, -fd, "make the mount point '%s'", m->destination) : fd;
}

/* Held against what the destination resolves to; the plan has looked at its text only. */
static bool replaceable_proc_file(int proc_fd, const struct stat *target)
{
	for (size_t i = 0; i < n_plan_proc_files; i++) {
		auto_fd int fd = beneath_open(proc_fd, plan_proc_files[i], O_PATH);
		struct stat st;

		if (fd >= 0 && fstat(fd, &st) == 0 && st.st_dev == target->st_dev &&
		    st.st_ino == target->st_ino)
			return true;
	}
	return false;
}

static int check_proc_target(const struct init *c, const struct plan_mount *m, int target,
			     struct err *err)
{
	auto_fd int proc = -1;
	struct statfs fs;
	struct stat st;

	if (fstatfs(target, &fs) < 0 || fstat(target, &st) < 0)
		return err_sys(err, errno, "look at the mount point '%s'", m->destination);
	if (fs.f_type != PROC_SUPER_MAGIC)
		return 0;
	proc = root_open_nolinks(c->root_fd, "/proc", O_PATH | O_DIRECTORY);
	if (proc >= 0 && replaceable_proc_file(proc, &st))
		return 0;
	/* A second procfs over the first is no deceit: /proc is looked at again at the end. */
	if (proc >= 0) {
		struct stat top;

		if (fstat(proc, &top) == 0 && top.st_dev == st.st_dev && top.st_ino == st.st_ino)
			return 0;
	}
	return err_fail(err, EPERM, "'%s' is inside /proc and must not be covered", m->destination);
}

/* After all mounts: if something is mounted on /proc, it is a procfs. */
static int check_proc(const struct init *c, struct err *err)
{
	auto_fd int proc = root_open_nolinks(c->root_fd, "/proc", O_PATH | O_DIRECTORY);
	struct mountfd_place place;
	struct statfs fs;

	if (proc < 0)
		return 0;
	if (mountfd_place(proc, &place) < 0 || fstatfs(proc, &fs) < 0)
		return err_sys(err, errno, "look at '/proc' of the container");
	if (place.is_root && fs.f_type != PROC_SUPER_MAGIC)
		return err_fail(err, EPERM, "what is mounted on '/proc' is not a proc file system");
	return 0;
}

/* ---- sources ------------------------------------------------------------------------- */

static int set_attributes(int fd, const struct plan_mount *m, struct err *err)
{
	int r = 0;

	if (m->attr_set || m->attr_clear)
		r = mountfd_setattr(fd, m->attr_set, m->attr_clear, 0, false);
	if (r == 0 && (m->rec_attr_set || m->rec_attr_clear))
		r = mountfd_setattr(fd, m->rec_attr_set, m->rec_attr_clear, 0, true);
	if (r == 0)
		return 0;
	err_sys(err, -r, "set the options of the mount");
	if (r == -EPERM)
		err_hint(err, "in a user namespace, flags of the host's mount cannot be cleared");
	return r;
}

/* One that the runtime has made. */
static int take_new_fs(const struct plan_mount *m, uint64_t attrs, struct err *err)
{
	auto_fd int fd = fcntl(m->source_fd, F_DUPFD_CLOEXEC, 3);
	int r;

	if (fd < 0)
		return err_sys(err, errno, "take the new file system");
	r = mountfd_setattr(fd, attrs, attrs & MOUNT_ATTR__ATIME ? MOUNT_ATTR__ATIME : 0, 0, false);
	return r < 0 ? err_sys(err, -r, "set the options of the mount") : take_fd(&fd);
}

/* What the kernel refuses to the root of a user namespace. */
static void explain_new_fs(const struct init *c, const struct plan_mount *m, struct err *err)
{
	if (!c->userns && !c->plan->nested)
		return;
	if (err->code == EINVAL && (strstr(m->data, "uid=") || strstr(m->data, "gid=")))
		err_hint(err, "a uid= or gid= that the user namespace does not map is refused");
	if (err->code != EPERM)
		return;
	if (streq(m->type, "proc") || streq(m->type, "sysfs"))
		err_hint(err,
			 "it needs a %s namespace of the container's own, and no masked or "
			 "read-only parts in the '%s' that hull sees: unmask those of an outer "
			 "container (podman: --security-opt unmask=ALL, docker: "
			 "systempaths=unconfined)",
			 *m->type == 'p' ? "pid" : "network", *m->type == 'p' ? "/proc" : "/sys");
	else
		err_hint(err, "not every type can be mounted in a user namespace");
}

/* A new file system is what it shall be from the start, but for what must be written first. */
static int make_new_fs(const struct init *c, const struct plan_mount *m, struct err *err)
{
	uint64_t attrs = m->attr_set;
	int fd;

	if (m->readonly_last || m->copy_up)
		attrs &= ~(uint64_t)MOUNT_ATTR_RDONLY;
	if (m->source_fd >= 0)
		return take_new_fs(m, attrs, err);
	fd = mountfd_new_fs(m->type, m->source ? m->source : m->type, m->data, attrs, err);
	if (fd < 0)
		explain_new_fs(c, m, err);
	return fd;
}

static bool starts_shared(const struct plan_mount *m)
{
	return m->n_propagation && (m->propagation[0] & MS_SHARED);
}

static int make_bind(const struct init *c, const struct plan_mount *m, struct err *err)
{
	auto_fd int fd = m->source_fd >= 0
				 ? fcntl(m->source_fd, F_DUPFD_CLOEXEC, 3)
				 : mountfd_clone_path(m->source, m->recursive, m->src_nofollow);
	int r;

	if (fd < 0)
		return err_sys(err, m->source_fd >= 0 ? errno : -fd, "bind source '%s'", m->source);
	/* A copy made outside is a peer of the host's mount, if that is shared: it stays one only
	 * where "shared" asks for mounts to reach the host, and never when the container's root
	 * is somebody whom the host does not trust. */
	if (c->userns || !starts_shared(m)) {
		r = mountfd_setattr(fd, 0, 0, MS_SLAVE, true);
		if (r < 0)
			return err_sys(err, -r, "make the copy of '%s' a slave", m->source);
	}
	r = set_attributes(fd, m, err);
	return r < 0 ? r : take_fd(&fd);
}

/*
 * Without a cgroup namespace of its own, mounting cgroup2 is no matter of the container alone: it
 * would set the options of the host's hierarchy anew (nsdelegate is lost that way). The
 * host's mount is bound instead, which shows the same. In a user namespace mounting it is not
 * allowed, and all of the host's would be too much, as much of it can be the user's own
 * (CVE-2023-25809): there it is the container's own directory, and nothing where it has none.
 */
static int make_cgroup(const struct init *c, const struct plan_mount *m, struct err *err)
{
	const struct plan *p = c->plan;
	bool rootless = c->userns || p->nested;
	auto_fd int fd = -1;
	struct statfs fs;
	char path[PATH_MAX];
	int r;

	if ((plan_has_ns(p, CLONE_NEWCGROUP) && !p->ns.own_cgroup_ns) ||
	    (!rootless && !p->cgroup_mount))
		return mountfd_new_fs("cgroup2", m->source ? m->source : "cgroup", m->data,
				      m->attr_set, err);
	if (rootless && (!given(p->cgroup) || !p->cgroup_mount))
		return mountfd_new_fs("tmpfs", "tmpfs", "size=4k,nr_inodes=1,mode=755",
				      m->attr_set | MOUNT_ATTR_RDONLY, err);
	if (snprintf(path, sizeof(path), "%s%s", p->cgroup_mount, rootless ? p->cgroup : "") >=
	    (int)sizeof(path))
		return err_sys(err, ENAMETOOLONG, "cgroup '%s'", p->cgroup);
	fd = mountfd_clone_path(path, false, false);
	if (fd < 0)
		return err_sys(err, -fd, "bind the cgroup '%s'", path);
	if (fstatfs(fd, &fs) < 0 || fs.f_type != CGROUP2_SUPER_MAGIC)
		return err_fail(err, EINVAL, "'%s' is not a cgroup of version 2", path);
	r = set_attributes(fd, m, err);
	return r < 0 ? r : take_fd(&fd);
}

static int make_source(const struct init *c, const struct plan_mount *m, struct err *err)
{
	switch (m->kind) {
	case MOUNT_NEW_FS:
		return make_new_fs(c, m, err);
	case MOUNT_BIND:
		return make_bind(c, m, err);
	case MOUNT_CGROUP:
		return make_cgroup(c, m, err);
	case MOUNT_REMOUNT:
		break;
	}
	return err_fail(err, EINVAL, "unknown kind of mount");
}

/* ---- one mount ----------------------------------------------------------------------- */

static int set_propagation(int fd, const struct plan_mount *m, struct err *err)
{
	for (size_t i = 0; i < m->n_propagation; i++) {
		unsigned how = m->propagation[i];
		int r = mountfd_setattr(fd, 0, 0, how & ~(unsigned)MS_REC, how & MS_REC);

		if (r < 0)
			return err_sys(err, -r, "set the propagation of the mount");
	}
	return 0;
}

/* What is not named stays as it is, so that flags that a user namespace locks stay, too. */
static int remount(struct init *c, const struct plan_mount *m, struct err *err)
{
	auto_fd int target = root_open(c->root_fd, m->destination, O_PATH);
	int r;

	if (target < 0)
		return err_sys(err, -target, "open '%s' for a remount", m->destination);
	if (m->data && *m->data) {
		r = mountfd_reconfigure(target, m->data, err);
		if (r < 0)
			return r;
	}
	r = set_attributes(target, m, err);
	return r < 0 ? r : set_propagation(target, m, err);
}

/* What later steps want of a mount that is in place now. Takes the descriptor. */
static int keep_mount(struct init *c, const struct plan_mount *m, int *fd, bool is_root,
		      struct err *err)
{
	if (is_root) {
		/* What was mounted before is out of reach now, and goes with the host's mounts. */
		int r = init_late_readonly(c, err);

		if (r < 0)
			return r;
	}
	if (m->readonly_last)
		c->late_ro_fd[c->n_late_ro++] = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
	if (m->readonly_last && c->late_ro_fd[c->n_late_ro - 1] < 0)
		return err_sys(err, errno, "keep a descriptor of the mount");
	if (m->kind == MOUNT_NEW_FS && streq(m->type, "proc") && c->proc_fd < 0) {
		c->proc_fd = fcntl(*fd, F_DUPFD_CLOEXEC, 3);
		c->own_proc = true;
	}
	if (is_root) { /* now on top of the old one, where "/" leads to */
		close_fd(&c->root_fd);
		c->root_fd = take_fd(fd);
	}
	return 0;
}

static bool same_mount_root(int a, int b)
{
	struct mountfd_place x, y;

	return mountfd_place(a, &x) == 0 && mountfd_place(b, &y) == 0 && x.mount == y.mount &&
	       x.inode == y.inode && x.major == y.major && x.minor == y.minor;
}

static int fill(const struct plan_mount *m, int target, int fd, struct err *err)
{
	int r;

	if (!m->copy_up)
		return 0;
	r = init_copy_up(target, fd, m->data, err);
	if (r < 0)
		return r;
	if (!(m->attr_set & MOUNT_ATTR_RDONLY) || m->readonly_last)
		return 0;
	r = mountfd_setattr(fd, MOUNT_ATTR_RDONLY, 0, 0, false);
	return r < 0 ? err_sys(err, -r, "make the mount read-only") : 0;
}

/* open_covered_directory says why; tmpcopyup has its own way. */
static int inherit_mode(const struct plan_mount *m, int target, int fd, struct err *err)
{
	char path[64];
	struct stat st;

	if (!mode_from_directory(m) || m->copy_up)
		return 0;
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	if (fstat(target, &st) < 0 || chmod(path, st.st_mode & 07777) < 0)
		return err_sys(err, errno, "give the tmpfs the mode of '%s'", m->destination);
	return 0;
}

/* Where the file system takes no context option. */
static int label_root(const struct plan_mount *m, int fd, struct err *err)
{
	auto_fd int dir = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (dir < 0 || fsetxattr(dir, "security.selinux", m->label, strlen(m->label) + 1, 0) < 0)
		return err_sys(err, errno, "linux.mountLabel: set '%s'", m->label);
	return 0;
}

/* copy-symlink: one that says the same may be there already, from a container before this one. */
static int copy_symlink(const struct init *c, const struct plan_mount *m, struct err *err)
{
	char buf[PATH_MAX], there[PATH_MAX];
	const char *name;
	auto_fd int parent = root_open_parent(c->root_fd, m->destination, buf, &name);
	struct statfs fs;
	ssize_t n;

	if (parent < 0)
		return err_sys(err, -parent, "open the directory of '%s'", m->destination);
	if (fstatfs(parent, &fs) < 0)
		return err_sys(err, errno, "look at the directory of '%s'", m->destination);
	if (fs.f_type == PROC_SUPER_MAGIC)
		return err_fail(err, EPERM, "'%s' is inside /proc", m->destination);
	if (symlinkat(m->symlink, parent, name) == 0)
		return 0;
	if (errno != EEXIST)
		return err_sys(err, errno, "make the symlink '%s'", m->destination);
	n = readlinkat(parent, name, there, sizeof(there));
	if (n == (ssize_t)strlen(m->symlink) && memcmp(there, m->symlink, (size_t)n) == 0)
		return 0;
	return err_sys(err, EEXIST, "make the symlink '%s': something else is there",
		       m->destination);
}

static int mount_one(struct init *c, const struct plan_mount *m, struct err *err)
{
	auto_fd int fd = -1, target = -1;
	struct stat st;
	bool is_root;
	int r;

	if (m->kind == MOUNT_REMOUNT)
		return remount(c, m, err);
	if (m->symlink)
		return copy_symlink(c, m, err);
	fd = make_source(c, m, err);
	if (fd < 0)
		return fd;
	if (fstat(fd, &st) < 0)
		return err_sys(err, errno, "look at the source");
	target = open_target(c->root_fd, m, S_ISDIR(st.st_mode), err);
	if (target < 0)
		return target;
	r = check_proc_target(c, m, target, err);
	if (r == 0)
		r = inherit_mode(m, target, fd, err);
	if (r == 0 && m->label)
		r = label_root(m, fd, err);
	if (r == 0)
		r = fill(m, target, fd, err);
	if (r < 0)
		return r;
	is_root = same_mount_root(target, c->root_fd);
	r = mountfd_attach(fd, target);
	if (r < 0)
		return err_sys(err, -r, "attach the mount");
	r = set_propagation(fd, m, err);
	return r < 0 ? r : keep_mount(c, m, &fd, is_root, err);
}

/* For sysctls, when the config has no procfs. Before pivot_root: a new procfs in a user
 * namespace is allowed only while the host's is visible. */
static int private_proc(struct init *c, struct err *err)
{
	if (c->proc_fd >= 0 || !c->plan->n_sysctls)
		return 0;
	c->proc_fd = mountfd_new_fs("proc", "proc", NULL, 0, err);
	if (c->proc_fd < 0)
		return err_wrap(err, "make a private procfs for sysctls");
	return 0;
}

int init_mounts(void *ctx, struct err *err)
{
	struct init *c = ctx;
	int r;

	c->late_ro_fd = arena_array(&c->arena, int, c->plan->n_mounts + 1);
	for (size_t i = 0; i < c->plan->n_mounts; i++) {
		const struct plan_mount *m = &c->plan->mounts[i];

		if (mount_one(c, m, err) < 0)
			return err_wrap(err, "mount '%s' on '%s' (config.json mounts[%zu])",
					m->kind == MOUNT_NEW_FS || !m->source ? m->type : m->source,
					m->destination, m->index);
	}
	r = check_proc(c, err);
	return r < 0 ? r : private_proc(c, err);
}
