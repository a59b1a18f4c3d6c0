/* RUNTIME: what of a container comes from outside: mounts, namespaces, descriptors. */
#include "libcontainer/checkpoint/externals.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/mountinfo.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"
#include "namespaces/ns.h"
#include "oci-spec/oci.h"

#define TTY_MAJORS_UNIX98_FIRST 136
#define TTY_MAJORS_UNIX98_LAST  143
#define TTY_MAJOR               4

struct scan {
	struct arena *a;
	const struct oci_spec *spec;
	struct externals *out;
	struct ext_mount *mounts; /* the container's */
	size_t n_mounts;
	bool masks;           /* are external */
	externals_tell *tell; /* of what cannot be dumped; NULL: the first is an error */
	void *ctx;
};

/* ERR is filled: the end, or there may be more. */
static int refuse(struct scan *s, struct err *err)
{
	if (!s->tell)
		return -err->code;
	s->tell(s->ctx, err->text);
	err_clear(err);
	return 0;
}

/* ---- mounts -------------------------------------------------------------------------------- */

static int read_mounts(struct arena *a, const char *path, struct ext_mount **ret, size_t *ret_n,
		       struct err *err)
{
	struct mountinfo m;
	char *text;
	size_t len;
	int r = io_read_file(a, AT_FDCWD, path, MOUNTINFO_MAX, &text, &len, err);

	*ret = NULL;
	*ret_n = 0;
	if (r < 0)
		return r;
	while (mountinfo_next(&text, &m))
		*arena_push(a, ret, ret_n) = (struct ext_mount){
			.id = m.id, .dev = m.dev, .root = m.root, .point = m.point, .type = m.type};
	return 0;
}

static bool is_bind(const struct oci_mount *m)
{
	if (m->type && streq(m->type, "bind"))
		return true;
	for (size_t i = 0; i < m->options.n; i++)
		if (streq(m->options.v[i], "bind") || streq(m->options.v[i], "rbind"))
			return true;
	return false;
}

/* The root of a user namespace could not mount the cgroups again: the restored cgroup
 * namespace belongs to the host's. */
static bool is_cgroup_of_user_ns(const struct oci_spec *spec, const struct oci_mount *m)
{
	if (!m->type || !(streq(m->type, "cgroup") || streq(m->type, "cgroup2")))
		return false;
	return oci_find_namespace(spec, "user") != NULL;
}

/* The mount that FD, a name in the directory PROC/fd, is on. */
static int mount_of_fd(int proc, const char *fd, uint64_t *ret)
{
	char path[NAME_MAX + 16], text[512], *p;
	ssize_t n;

	snprintf(path, sizeof(path), "fdinfo/%s", fd);
	n = io_read_small(proc, path, text, sizeof(text));
	p = n > 0 ? strstr(text, "mnt_id:") : NULL;
	if (!p)
		return n < 0 ? (int)n : -EPROTO;
	p += strlen("mnt_id:");
	p += strspn(p, "\t ");
	p[strcspn(p, "\n")] = '\0';
	return str_to_u64(p, ret);
}

/* The mount that PATH of the container is, whatever symlinks are on the way: the container stands
 * still, and the kernel resolves it in its root. 0: none. */
static uint64_t mount_at(int root, const char *path)
{
	auto_fd int fd = root_open(root, path, O_PATH);
	auto_fd int self = fd < 0 ? -1 : open("/proc/self", O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t id = 0;
	char name[16];

	snprintf(name, sizeof(name), "%d", fd);
	return self >= 0 && mount_of_fd(self, name, &id) == 0 ? id : 0;
}

static bool is_masked_path(const struct scan *s, const char *path)
{
	const struct oci_linux *l = s->spec->linux_;

	for (size_t i = 0; l && i < l->masked_paths.n; i++)
		if (streq(l->masked_paths.v[i], path))
			return true;
	return false;
}

/* What init makes, and what nobody can have put anything into: as one inode is all that the file
 * system may have, it is the root. FD: any path on it. */
static bool is_mask(int fd)
{
	const long flags = ST_RDONLY | ST_NOSUID | ST_NODEV | ST_NOEXEC;
	struct statfs fs;

	return fstatfs(fd, &fs) == 0 && (unsigned long)fs.f_type == TMPFS_MAGIC &&
	       fs.f_files == 1 && fs.f_ffree == 0 && ((long)fs.f_flags & flags) == flags;
}

/* CRIU is told of mounts by where they are: there must be no other one. */
static bool is_alone(const struct scan *s, const struct ext_mount *m)
{
	for (size_t i = 0; i < s->n_mounts; i++)
		if (&s->mounts[i] != m && streq(s->mounts[i].point, m->point))
			return false;
	return true;
}

static bool covers_masked_path(const struct scan *s, int root, const struct ext_mount *m)
{
	auto_fd int fd = -1;

	if (m->named || !streq(m->type, "tmpfs") || !streq(m->root, "/") ||
	    !is_masked_path(s, m->point) || !is_alone(s, m) || mount_at(root, m->point) != m->id)
		return false;
	fd = root_open(root, m->point, O_PATH | O_DIRECTORY);
	return fd >= 0 && is_mask(fd);
}

/* The root of a user namespace has masks of its own. And where the container has mounted one of
 * hull's again, somewhere else, CRIU has to see all of them. */
static void mark_masks(struct scan *s, int root)
{
	if (!s->masks || oci_find_namespace(s->spec, "user"))
		return;
	for (size_t i = 0; i < s->n_mounts; i++)
		s->mounts[i].masked = covers_masked_path(s, root, &s->mounts[i]);
	for (size_t i = 0; i < s->n_mounts; i++)
		for (size_t j = 0; !s->mounts[i].masked && j < s->n_mounts; j++)
			if (streq(s->mounts[i].dev, s->mounts[j].dev))
				s->mounts[j].masked = false;
}

/* A bind mount of config.json whose mount is gone, or is hidden by another one, names none. */
static int mark_named(struct scan *s, pid_t pid, struct err *err)
{
	auto_fd int root = -1;
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/root", (int)pid);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return err_sys(err, errno, "open '%s'", path);
	for (size_t i = 0; i < s->spec->mounts.n; i++) {
		const struct oci_mount *m = &s->spec->mounts.v[i];
		bool again = is_bind(m) || is_cgroup_of_user_ns(s->spec, m);
		uint64_t id = again ? mount_at(root, m->destination) : 0;

		for (size_t j = 0; id && j < s->n_mounts; j++)
			if (s->mounts[j].id == id && !streq(s->mounts[j].point, "/"))
				s->mounts[j].named = true;
	}
	mark_masks(s, root);
	return 0;
}

static bool shows(const struct ext_mount *m, const char *dev, const char *root)
{
	return streq(m->dev, dev) && (streq(m->root, root) || path_is_below(root, m->root));
}

bool externals_is_foreign(const struct ext_mount *mounts, size_t n, size_t i)
{
	const struct ext_mount *m = &mounts[i];

	if (streq(m->point, "/"))
		return false; /* the root file system: CRIU is told where that is */
	if (m->named || m->masked)
		return true;
	/* A file system of its own, as far as anybody can tell; of a cgroup namespace its root
	 * shows. */
	if (streq(m->root, "/") || streq(m->type, "cgroup2"))
		return false;
	for (size_t j = 0; j < n; j++)
		if (j != i && !mounts[j].named && shows(&mounts[j], m->dev, m->root) &&
		    !streq(mounts[j].root, m->root))
			return false;
	return true;
}

const char *externals_source(struct arena *a, const struct ext_mount *host, size_t n,
			     const char *dev, const char *root)
{
	const struct ext_mount *best = NULL;

	for (size_t i = 0; i < n; i++)
		if (shows(&host[i], dev, root) &&
		    (!best || strlen(host[i].root) > strlen(best->root)))
			best = &host[i];
	if (!best)
		return NULL;
	root += streq(best->root, "/") ? 0 : strlen(best->root);
	if (streq(root, "/"))
		root = "";
	if (!*root)
		return arena_strdup(a, best->point);
	return arena_printf(a, "%s%s", streq(best->point, "/") ? "" : best->point, root);
}

static int add_mount(struct scan *s, const struct ext_mount *m, const struct ext_mount *host,
		     size_t n_host, struct err *err)
{
	struct externals *out = s->out;
	const char *source;

	*arena_push(s->a, &out->ext_mnt, &out->n_ext_mnt) =
		(struct criu_pair){m->point, m->masked ? EXTERNALS_MASKED : m->point};
	log_debug("checkpoint: the mount '%s' is external", m->point);
	if (m->named || m->masked)
		return 0;
	source = externals_source(s->a, host, n_host, m->dev, m->root);
	if (!source) {
		err_fail(err, ENOTSUP,
			 "the mount '%s' of the container shows '%s' of device %s, which no mount "
			 "of this host has: it cannot be restored",
			 m->point, m->root, m->dev);
		return refuse(s, err);
	}
	out->meta.mounts.set = true;
	*arena_push(s->a, &out->meta.mounts.v, &out->meta.mounts.n) =
		(struct images_mount){m->point, source};
	return 0;
}

static int find_mounts(struct scan *s, pid_t pid, struct err *err)
{
	struct ext_mount *host = NULL;
	size_t n_host = 0;
	char path[64];
	int r;

	snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	r = read_mounts(s->a, path, &s->mounts, &s->n_mounts, err);
	if (r == 0)
		r = mark_named(s, pid, err);
	for (size_t i = 0; r == 0 && i < s->n_mounts; i++) {
		if (!externals_is_foreign(s->mounts, s->n_mounts, i))
			continue;
		if (!host)
			r = read_mounts(s->a, "/proc/self/mountinfo", &host, &n_host, err);
		if (r == 0)
			r = add_mount(s, &s->mounts[i], host, n_host, err);
	}
	return r;
}

/* ---- namespaces --------------------------------------------------------------------------------
 */

/* runc's names of them: images go from one to the other. */
static int find_namespaces(struct scan *s, pid_t pid, struct err *err)
{
	const struct oci_linux *l = s->spec->linux_;

	for (size_t i = 0; l && i < l->namespaces.n; i++) {
		const struct oci_namespace *ns = &l->namespaces.v[i];
		bool net = streq(ns->type, "network"), pids = streq(ns->type, "pid");
		char path[64];
		struct stat st;

		if (!given(ns->path)) {
			s->out->lone_network |= net;
			continue;
		}
		if (!net && !pids)
			continue; /* restored, and entered by its path again */
		snprintf(path, sizeof(path), "/proc/%d/ns/%s", (int)pid, net ? "net" : "pid");
		if (stat(path, &st) < 0)
			return err_sys(err, errno, "look at '%s'", path);
		*arena_push(s->a, &s->out->external, &s->out->n_external) =
			arena_printf(s->a, "%s[%" PRIu64 "]:extRoot%sNS", net ? "net" : "pid",
				     (uint64_t)st.st_ino, net ? "Net" : "Pid");
	}
	return 0;
}

bool externals_may_leave_network(const struct oci_spec *spec)
{
	const struct oci_namespace *ns = oci_find_namespace(spec, "network");

	/* With a user namespace hull's would be of the wrong one. */
	return ns && !given(ns->path) && !oci_find_namespace(spec, "user");
}

/* ---- descriptors --------------------------------------------------------------------------------
 */

static bool is_mounted(const struct scan *s, uint64_t id)
{
	for (size_t i = 0; i < s->n_mounts; i++)
		if (s->mounts[i].id == id)
			return true;
	return false;
}

static bool is_terminal(const struct stat *st)
{
	unsigned m = major(st->st_rdev);

	return S_ISCHR(st->st_mode) &&
	       (m == TTY_MAJOR || (m >= TTY_MAJORS_UNIX98_FIRST && m <= TTY_MAJORS_UNIX98_LAST));
}

/* CRIU's name of a file of the host, or NULL for what is the container's own. LINK: as readlink
 * shows it. */
static const char *name_of(struct scan *s, int proc, const char *fd, const char *link)
{
	char path[NAME_MAX + 16];
	struct stat st;
	uint64_t mnt;

	/* Pipes and sockets are named by what they are; memfds look like paths. */
	if (link[0] != '/' || str_starts(link, "/memfd:"))
		return NULL;
	snprintf(path, sizeof(path), "fd/%s", fd);
	if (mount_of_fd(proc, fd, &mnt) < 0 || is_mounted(s, mnt) ||
	    fstatat(proc, path, &st, 0) < 0)
		return NULL;
	if (is_terminal(&st))
		return arena_printf(s->a, "tty[%" PRIx64 ":%" PRIx64 "]", (uint64_t)st.st_rdev,
				    (uint64_t)st.st_dev);
	return arena_printf(s->a, "file[%" PRIx64 ":%" PRIx64 "]", mnt, (uint64_t)st.st_ino);
}

static void add_external(struct scan *s, const char *name)
{
	for (size_t i = 0; i < s->out->n_external; i++)
		if (streq(s->out->external[i], name))
			return;
	log_debug("checkpoint: the descriptor '%s' is external", name);
	*arena_push(s->a, &s->out->external, &s->out->n_external) = name;
}

/* For the first process: what its descriptors 0 to 2 were. */
static void note_stdio(struct scan *s, const char *fd, const char *link, const char *name)
{
	unsigned n = fd[0] >= '0' && fd[0] < '0' + IMAGES_STDIO && !fd[1] ? (unsigned)(fd[0] - '0')
									  : IMAGES_STDIO;

	if (n == IMAGES_STDIO)
		return;
	s->out->descriptors[n] = arena_strdup(s->a, link);
	if (name)
		s->out->meta.stdio.v[n] = name;
	else if (str_starts(link, "pipe:") || str_starts(link, "socket:"))
		s->out->meta.stdio.v[n] = s->out->descriptors[n];
}

/* What CRIU has no code for; its own words for the first are "send_fds failed (-22)". */
static int look_at_link(struct scan *s, const char *link, const char *fd, pid_t pid,
			struct err *err)
{
	static const struct {
		const char *link, *name;
	} unknown[] = {
		{"[io_uring]", "an io_uring"},
		{"[userfaultfd]", "a userfaultfd"},
		{"[perf_event]", "a perf_event counter"},
		{"bpf-prog", "a BPF program"},
	};

	if (!str_starts(link, "anon_inode:"))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(unknown); i++)
		if (streq(link + strlen("anon_inode:"), unknown[i].link)) {
			err_fail(err, ENOTSUP,
				 "descriptor %s of process %d is %s, which CRIU cannot dump", fd,
				 (int)pid, unknown[i].name);
			return refuse(s, err);
		}
	return 0;
}

static int find_descriptors(struct scan *s, pid_t pid, bool first, struct err *err)
{
	char path[64], link[PATH_MAX];
	auto_fd int proc = -1;
	auto_dir DIR *dir = NULL;
	struct dirent *e;

	snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	dir = opendir(path);
	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	proc = dir ? open(path, O_PATH | O_DIRECTORY | O_CLOEXEC) : -1;
	if (proc < 0) /* a zombie has none; all others stand still */
		return errno == ENOENT || errno == ESRCH
			       ? 0
			       : err_sys(err, errno, "look at the descriptors in '%s'", path);
	while ((e = readdir(dir))) {
		ssize_t n = readlinkat(dirfd(dir), e->d_name, link, sizeof(link) - 1);
		const char *name;

		if (n <= 0)
			continue; /* "." and ".." */
		link[n] = '\0';
		if (look_at_link(s, link, e->d_name, pid, err) < 0)
			return -err->code;
		name = name_of(s, proc, e->d_name, link);
		if (name)
			add_external(s, name);
		if (first)
			note_stdio(s, e->d_name, link, name);
	}
	return 0;
}

static int find(struct scan *s, const pid_t *pids, size_t n_pids, struct err *err)
{
	struct externals *ret = s->out;
	struct arena *a = s->a;
	int r;

	*ret = (struct externals){
		.descriptors = {"/dev/null", "/dev/null", "/dev/null"},
		.meta = {.version = {true, IMAGES_VERSION},
			 .stdio = {true, IMAGES_STDIO,
				   arena_array(a, const char *, IMAGES_STDIO + 1)}},
	};
	for (int i = 0; i < IMAGES_STDIO; i++)
		ret->meta.stdio.v[i] = "";
	r = find_mounts(s, pids[0], err);
	if (r == 0)
		r = find_namespaces(s, pids[0], err);
	for (size_t i = 0; r == 0 && i < n_pids; i++)
		r = find_descriptors(s, pids[i], i == 0, err);
	return r;
}

int externals_find(struct arena *a, const struct oci_spec *spec, const pid_t *pids, size_t n_pids,
		   bool masks, struct externals *ret, struct err *err)
{
	struct scan s = {.a = a, .spec = spec, .out = ret, .masks = masks};

	return find(&s, pids, n_pids, err);
}

int externals_check(struct arena *a, const struct oci_spec *spec, const pid_t *pids, size_t n_pids,
		    externals_tell *tell, void *ctx, struct err *err)
{
	struct externals unused;
	struct scan s = {.a = a, .spec = spec, .out = &unused, .tell = tell, .ctx = ctx};

	return find(&s, pids, n_pids, err);
}
