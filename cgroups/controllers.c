/* RUNTIME: controllers, enabled from the root of the hierarchy down to a container's parent. */
#include "cgroups/controllers.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>

#include "cgroups/file.h"
#include "cgroups/host.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/str.h"

int cgroup_controller_missing(const struct cgroup_host *host, struct arena *a,
			      const struct cgroup_need *need, struct err *err)
{
	const char *v1 = cgroup_v1_mount(a, need->controller);

	if (!v1) {
		err_fail(err, ENOTSUP,
			 "%s: the %s controller is not available in cgroup v2 at '%s'", need->field,
			 need->controller, host->mount);
		err_hint(err, "the kernel lacks it, or no parent cgroup delegates it");
	} else {
		err_fail(err, ENOTSUP,
			 "%s: the %s controller is not available in cgroup v2 at '%s': "
			 "the v1 hierarchy at '%s' holds it",
			 need->field, need->controller, host->mount, v1);
		err_hint(err, "boot with cgroup v2 only (systemd.unified_cgroup_hierarchy=1), "
			      "or remove the limit");
	}
	return -ENOTSUP;
}

int cgroup_controllers_check(const struct cgroup_host *host, struct arena *a,
			     const struct cgroup_need *needs, size_t n, struct err *err)
{
	char have[1024];
	ssize_t len;

	if (n == 0)
		return 0;
	len = cgroup_file_read(host->fd, "cgroup.controllers", have, sizeof(have));
	if (len < 0)
		return err_sys(err, (int)-len, "read 'cgroup.controllers' of '%s'", host->mount);
	for (size_t i = 0; i < n; i++) {
		if (!cgroup_has_word(have, needs[i].controller))
			return cgroup_controller_missing(host, a, &needs[i], err);
	}
	return 0;
}

static const struct cgroup_need *find_need(const struct cgroup_need *needs, size_t n,
					   const char *controller)
{
	for (size_t i = 0; i < n; i++) {
		if (streq(needs[i].controller, controller))
			return &needs[i];
	}
	return NULL;
}

struct level {
	int fd;
	const char *path;
	char available[1024], enabled[1024];
};

static int level_read(struct level *l, struct err *err)
{
	ssize_t n =
		cgroup_file_read(l->fd, "cgroup.controllers", l->available, sizeof(l->available));

	if (n >= 0)
		n = cgroup_file_read(l->fd, "cgroup.subtree_control", l->enabled,
				     sizeof(l->enabled));
	return n < 0 ? err_sys(err, (int)-n, "read the controllers of cgroup '%s'", l->path) : 0;
}

static int enable_failed(const struct level *l, const struct cgroup_need *need, int code,
			 struct err *err)
{
	if (code == EBUSY) {
		err_fail(err, EBUSY,
			 "%s: cannot enable the %s controller in cgroup '%s': processes live in "
			 "it, and "
			 "cgroup v2 allows them in the leaves only",
			 need->field, need->controller, l->path);
		err_hint(err,
			 "move them to a cgroup of their own, choose another linux.cgroupsPath, or "
			 "have a cgroup delegated (an ordinary user: systemd-run --user --scope -p "
			 "Delegate=yes hull ...)");
		return -EBUSY;
	}
	return err_sys(err, code, "%s: enable the %s controller in cgroup '%s'", need->field,
		       need->controller, l->path);
}

/*
 * Processes in a cgroup other than the root: it cannot hand down controllers. The kernel says so
 * for most; but cpu, cpuset and pids it would enable and make a thread root of the cgroup, below
 * which no container can start.
 */
static bool level_has_processes(const struct level *l)
{
	char pid[32];

	return cgroup_file_read(l->fd, "cgroup.procs", pid, sizeof(pid)) != 0 &&
	       cgroup_file_exists(l->fd, "cgroup.type"); /* the root has none */
}

/* Enables in one directory what is wanted and not on yet: "+cpu +io ". */
static int level_write(const struct level *l, char *text, const struct cgroup_need *needs, size_t n,
		       struct err *err)
{
	bool populated = level_has_processes(l);
	char *save = NULL;

	if (!populated && cgroup_file_write(l->fd, "cgroup.subtree_control", text) == 0)
		return 0;
	/* One that cannot be enabled spoils the write for all: one by one, and only a needed one
	 * that fails is an error. */
	for (char *w = strtok_r(text, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		const struct cgroup_need *need = find_need(needs, n, w + 1);
		int r = populated ? -EBUSY : cgroup_file_write(l->fd, "cgroup.subtree_control", w);

		if (r < 0 && need)
			return enable_failed(l, need, -r, err);
		if (r < 0)
			log_debug("controller '%s' is not enabled in '%s': %s", w + 1, l->path,
				  err_name(-r));
	}
	return 0;
}

static int level_enable(const struct level *l, bool all, const struct cgroup_need *needs, size_t n,
			struct err *err)
{
	char words[1024], text[1024] = "", *save = NULL;
	struct strbuf sb = {.buf = text, .size = sizeof(text)};

	snprintf(words, sizeof(words), "%s", l->available);
	for (char *w = strtok_r(words, " ", &save); w; w = strtok_r(NULL, " ", &save)) {
		if (!cgroup_has_word(l->enabled, w) && (all || find_need(needs, n, w)))
			strbuf_add(&sb, "+%s ", w);
	}
	return text[0] ? level_write(l, text, needs, n, err) : 0;
}

/* True when the level delegates all that is wanted. */
static bool level_complete(const struct level *l, bool all, const struct cgroup_need *needs,
			   size_t n)
{
	for (size_t i = 0; i < n; i++) {
		if (!cgroup_has_word(l->enabled, needs[i].controller))
			return false;
	}
	return !all || streq(l->available, l->enabled);
}

static int visit(const struct cgroup_host *host, const char *path, struct level *l, struct err *err)
{
	*l = (struct level){.path = path};
	l->fd = beneath_open(host->fd, path[1] ? path + 1 : ".", O_PATH | O_DIRECTORY);
	if (l->fd < 0)
		return err_sys(err, -l->fd, "open cgroup '%s'", path);
	return level_read(l, err);
}

/* Level by level, from that which ends at AT on; PREFIX is scratch. */
static int enable_from(const struct cgroup_host *host, char *prefix, char *at, bool all,
		       const struct cgroup_need *needs, size_t n, struct err *err)
{
	int r = 0;

	for (char *p = at; p && r == 0; p = strchr(p + 1, '/')) {
		char saved = p[p == prefix];
		struct level l;

		p[p == prefix] = '\0';
		r = visit(host, prefix, &l, err);
		if (r == 0)
			r = level_enable(&l, all, needs, n, err);
		close_fd(&l.fd);
		p[p == prefix] = saved;
	}
	return r;
}

int cgroup_controllers_enable(const struct cgroup_host *host, struct arena *a, const char *path,
			      bool fresh, const struct cgroup_need *needs, size_t n,
			      struct err *err)
{
	bool all = host->mode == CGROUP_UNIFIED;
	char *prefix = arena_strdup(a, path), *slash = strrchr(prefix, '/');
	int r = 0;

	if (!all && n == 0)
		return 0;
	if (!fresh) {
		struct level l;

		slash[slash == prefix] = '\0';
		r = visit(host, prefix, &l, err);
		close_fd(&l.fd);
		if (r < 0 || level_complete(&l, all, needs, n))
			return r;
		memcpy(prefix, path, strlen(path) + 1);
	}
	return r < 0 ? r : enable_from(host, prefix, prefix, all, needs, n, err);
}

int cgroup_controllers_hand_down(const struct cgroup_host *host, struct arena *a, const char *top,
				 const char *path, struct err *err)
{
	char *prefix = arena_strdup(a, path);

	return enable_from(host, prefix, prefix + strlen(top), true, NULL, 0, err);
}
