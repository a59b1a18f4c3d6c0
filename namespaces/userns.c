/* RUNTIME: the id maps of a new user namespace. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <linux/sched.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/str.h"
#include "namespaces/ns.h"

#define LINE_MAX_LEN 36 /* three numbers of 10 digits, blanks, newline */

/* One of the two maps. */
struct idmap {
	const char *file;   /* below /proc/PID */
	const char *field;  /* of config.json's linux */
	const char *helper; /* setuid program for users without the capability */
	const char *list;   /* which ids it lets a user map */
	unsigned own;       /* the caller's effective id */
	bool may;           /* the caller has CAP_SETUID or CAP_SETGID in its user namespace */
	const struct plan_idmap *map;
	size_t n;
};

/* What user_namespaces(7) lets anybody write: one id, the own one. */
static bool is_own_id(const struct idmap *m)
{
	return m->n == 1 && m->map[0].size == 1 && m->map[0].host == m->own;
}

static int write_direct(int proc_fd, const struct idmap *m, struct err *err)
{
	size_t size = m->n * LINE_MAX_LEN + 1;
	auto_free char *text = malloc(size);
	struct strbuf sb = {.buf = text, .size = size};
	int r;

	if (!text)
		return err_sys(err, ENOMEM, "write '%s'", m->file);
	for (size_t i = 0; i < m->n; i++)
		strbuf_add(&sb, "%" PRIu32 " %" PRIu32 " %" PRIu32 "\n", m->map[i].container,
			   m->map[i].host, m->map[i].size);
	r = io_write_at(proc_fd, m->file, text, sb.len); /* the kernel takes one write only */
	if (r == 0)
		return 0;
	err_sys(err, -r, "write '%s' (%zu entries)", m->file, m->n);
	if (r == -EINVAL)
		err_hint(err, "entries must not overlap, and at most 340 lines of together less "
			      "than a page are possible");
	if (r == -EPERM)
		err_hint(err, "the host ids must exist in the user namespace hull runs in");
	return r;
}

/* An executable in one of the absolute directories of PATH. */
static int find_in(const char *path, const char *name, char *ret, size_t size)
{
	while (*path) {
		int len = (int)strcspn(path, ":");
		struct stat st;
		int n = snprintf(ret, size, "%.*s/%s", len, path, name);

		if (*path == '/' && n > 0 && (size_t)n < size && stat(ret, &st) == 0 &&
		    S_ISREG(st.st_mode) && access(ret, X_OK) == 0)
			return 0;
		path += len;
		path += *path == ':';
	}
	return -ENOENT;
}

/* Engines call with hardly any environment, and PATH may be made for something else. */
static int find_helper(const char *name, char *ret, size_t size)
{
	const char *path = getenv("PATH");

	if (path && find_in(path, name, ret, size) == 0)
		return 0;
	return find_in("/usr/local/bin:/usr/bin:/bin", name, ret, size);
}

/* Child: runs the helper with its stderr in the pipe. */
static _Noreturn void helper_child(char **argv, int stderr_fd)
{
	int null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);

	proc_reset_signals();
	if (null_fd < 0 || dup2(null_fd, 0) < 0 || dup2(null_fd, 1) < 0 || dup2(stderr_fd, 2) < 0)
		_exit(126);
	if (proc_cloexec_from(3) == 0)
		execve(argv[0], argv, environ);
	_exit(127);
}

static int run_helper(char **argv, char *output, size_t size, struct err *err)
{
	auto_fd int out = -1, in = -1;
	size_t len = 0;
	int fds[2], status;
	pid_t pid;

	if (pipe2(fds, O_CLOEXEC) < 0)
		return err_sys(err, errno, "create a pipe");
	out = fds[0];
	in = fds[1];
	pid = proc_clone(0, -1, NULL);
	if (pid < 0)
		return err_sys(err, -pid, "fork for '%s'", argv[0]);
	if (pid == 0)
		helper_child(argv, in);
	close_fd(&in);
	for (;;) { /* to the end, whatever does not fit is dropped */
		char spill[256];
		bool fits = len < size - 1;
		ssize_t n = fits ? read(out, output + len, size - 1 - len)
				 : read(out, spill, sizeof(spill));

		if (n < 0 && errno == EINTR)
			continue;
		if (n <= 0)
			break;
		len += fits ? (size_t)n : 0;
	}
	while (len && output[len - 1] == '\n')
		len--;
	output[len] = '\0';
	status = proc_wait(pid);
	return status < 0 ? err_sys(err, -status, "wait for '%s'", argv[0]) : status;
}

static int write_by_helper(pid_t pid, const struct idmap *m, struct err *err)
{
	char path[PATH_MAX], output[512];
	auto_arena a = ARENA_INIT;
	char **argv = arena_array(&a, char *, 3 + 3 * m->n);
	size_t n = 0;
	int r;

	if (find_helper(m->helper, path, sizeof(path)) < 0) {
		err_fail(err, EPERM,
			 "linux.%s: more than the own id %u needs '%s', which is neither in $PATH "
			 "nor in /usr/bin",
			 m->field, m->own, m->helper);
		err_hint(err, "install the package 'uidmap', or map only the own id");
		return -EPERM;
	}
	argv[n++] = path;
	argv[n++] = arena_printf(&a, "%d", (int)pid);
	for (size_t i = 0; i < m->n; i++) {
		argv[n++] = arena_printf(&a, "%" PRIu32, m->map[i].container);
		argv[n++] = arena_printf(&a, "%" PRIu32, m->map[i].host);
		argv[n++] = arena_printf(&a, "%" PRIu32, m->map[i].size);
	}
	r = run_helper(argv, output, sizeof(output), err);
	if (r < 0)
		return err_wrap(err, "write '%s'", m->file);
	if (r > 0) {
		for (char *p = output; (p = strchr(p, '\n'));)
			*p = ' ';
		err_fail(err, EPERM, "linux.%s: '%s' exited with status %d: %s", m->field, path, r,
			 output[0] ? output : "no message");
		err_hint(err,
			 "each host id must be the own one, %u, or be given to the user in %s: "
			 "add a line there (usermod --add-%ss FIRST-LAST USER)",
			 m->own, m->list, m->list + strlen("/etc/"));
		return -EPERM;
	}
	return 0;
}

static int write_map(pid_t pid, int proc_fd, const struct idmap *m, struct err *err)
{
	if (m->n == 0)
		return 0;
	if (m->may || is_own_id(m))
		return write_direct(proc_fd, m, err);
	return write_by_helper(pid, m, err);
}

static bool setgroups_denied(int proc_fd)
{
	char text[16];

	return io_read_small(proc_fd, "setgroups", text, sizeof(text)) > 0 &&
	       str_starts(text, "deny");
}

int ns_write_maps(pid_t pid, const struct plan_namespaces *ns, bool *ret_setgroups_denied,
		  struct err *err)
{
	bool may = proc_has_caps(1ULL << CAP_SETUID | 1ULL << CAP_SETGID);
	struct idmap uid = {"uid_map", "uidMappings", "newuidmap", "/etc/subuid",
			    geteuid(), may,           ns->uid_map, ns->n_uid_map};
	struct idmap gid = {"gid_map", "gidMappings", "newgidmap", "/etc/subgid",
			    getegid(), may,           ns->gid_map, ns->n_gid_map};
	auto_fd int proc_fd = -1;
	char path[32];
	int r;

	snprintf(path, sizeof(path), "/proc/%d", (int)pid);
	proc_fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (proc_fd < 0)
		return err_sys(err, errno, "open '%s'", path);
	/* Without CAP_SETGID the kernel takes a gid_map only after setgroups is denied; newgidmap
	 * decides that itself, by /etc/subgid. */
	if (!may && is_own_id(&gid)) {
		r = io_write_at(proc_fd, "setgroups", "deny", 4);
		if (r < 0)
			return err_sys(err, -r, "write '%s/setgroups'", path);
	}
	r = write_map(pid, proc_fd, &uid, err);
	if (r == 0)
		r = write_map(pid, proc_fd, &gid, err);
	if (r < 0)
		return err_wrap(err, "user namespace of process %d", (int)pid);
	if (ret_setgroups_denied)
		*ret_setgroups_denied = setgroups_denied(proc_fd);
	return 0;
}

/* The kernel shows long maps sorted: the order says nothing. */
static bool has_entry(const struct plan_idmap *map, size_t n, const struct plan_idmap *entry)
{
	for (size_t i = 0; i < n; i++)
		if (map[i].container == entry->container && map[i].host == entry->host &&
		    map[i].size == entry->size)
			return true;
	return false;
}

int ns_read_map(struct arena *a, pid_t pid, const char *file, struct plan_idmap **ret,
		size_t *ret_n, struct err *err)
{
	char path[48], *text;
	struct plan_idmap e;
	size_t len;
	int r;

	snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, file);
	r = io_read_file(a, AT_FDCWD, path, 65536, &text, &len, err);
	if (r < 0)
		return r;
	*ret = NULL;
	*ret_n = 0;
	while (sscanf(text, "%u %u %u", &e.container, &e.host, &e.size) == 3) {
		*arena_push(a, ret, ret_n) = e;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return 0;
}

static int check_map(pid_t pid, const char *file, const struct plan_idmap *map, size_t n,
		     struct err *err)
{
	auto_arena a = ARENA_INIT;
	struct plan_idmap *real = NULL;
	size_t n_real = 0, same = 0;
	int r;

	if (!n)
		return 0;
	r = ns_read_map(&a, pid, file, &real, &n_real, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < n_real; i++)
		same += has_entry(map, n, &real[i]);
	return same == n && n_real == n
		       ? 0
		       : err_fail(err, EINVAL,
				  "linux.%s: not those of the user namespace that is joined",
				  *file == 'u' ? "uidMappings" : "gidMappings");
}

int ns_check_maps(pid_t pid, const struct plan_namespaces *ns, struct err *err)
{
	int r = check_map(pid, "uid_map", ns->uid_map, ns->n_uid_map, err);

	return r < 0 ? r : check_map(pid, "gid_map", ns->gid_map, ns->n_gid_map, err);
}
