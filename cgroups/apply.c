/* RUNTIME: linux.resources written to the files of a cgroup. */
#include "cgroups/cgroup.h"

#include <errno.h>
#include <inttypes.h>
#include <string.h>

#include "cgroups/file.h"
#include "cgroups/resources.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"

/* A file that is not there: which controller, or which kernel, is it that lacks? */
static int no_file(const struct cgroup_host *host, struct arena *a, int fd,
		   const struct cgroup_write *w, struct err *err)
{
	struct cgroup_need need = {.controller = cgroup_file_controller(a, w->file),
				   .field = w->field};
	char have[1024];

	if (!need.controller ||
	    cgroup_file_read(fd, "cgroup.controllers", have, sizeof(have)) < 0 ||
	    cgroup_has_word(have, need.controller)) {
		err_fail(err, ENOENT, "%s: the kernel has no cgroup file '%s'", w->field, w->file);
		return -ENOENT;
	}
	if (host && cgroup_file_read(host->fd, "cgroup.controllers", have, sizeof(have)) >= 0 &&
	    !cgroup_has_word(have, need.controller))
		return cgroup_controller_missing(host, a, &need, err);
	return err_fail(err, ENOTSUP,
			"%s: the %s controller is not enabled in the container's cgroup", w->field,
			need.controller);
}

/* Memory plus swap as swap alone, by the present limit. -EDOM when that cannot be. */
static int swap_alone(struct arena *a, int fd, uint64_t total, const char **ret)
{
	uint64_t limit = 0;
	int r = cgroup_file_u64(fd, "memory.max", &limit);

	if (r < 0)
		return r;
	if (total < limit) /* also when there is no limit */
		return -EDOM;
	*ret = arena_printf(a, "%" PRIu64, total - limit);
	return 1;
}

/* What to write, by the present state. 1 with *ret, 0 for nothing to do, or -errno. */
static int resolve(struct arena *a, int fd, const struct cgroup_write *w, const char **ret)
{
	uint64_t value = 0, now = 0;
	char text[64];
	int r;

	*ret = w->value;
	if (w->flags & CW_KEEP_QUOTA) {
		r = (int)cgroup_file_read(fd, w->file, text, sizeof(text));
		if (r < 0)
			return r;
		*ret = arena_printf(a, "%.*s %s", (int)strcspn(text, " "), text, w->value);
	} else if (w->flags & (CW_IF_LOWER | CW_IF_HIGHER)) {
		r = str_to_u64(w->value, &value);
		if (r == 0)
			r = cgroup_file_u64(fd, w->file, &now);
		if (r < 0)
			return r == -ENOENT && value == 0 ? 0 : r;
		return w->flags & CW_IF_LOWER ? value < now : value > now;
	} else if (w->flags & CW_MINUS_LIMIT) {
		r = str_to_u64(w->value, &value);
		return r < 0 ? r : swap_alone(a, fd, value, ret);
	}
	return 1;
}

static int write_one(const struct cgroup_host *host, struct arena *a, int fd,
		     const struct cgroup_write *w, struct err *err)
{
	const char *value = w->value, *file = w->file;
	int r = resolve(a, fd, w, &value);

	if (r == 0)
		return 0;
	if (r == -EDOM)
		return err_fail(err, EINVAL,
				"%s: memory plus swap would be less than the memory limit",
				w->field);
	if (r > 0 && (w->flags & CW_BFQ) && cgroup_file_exists(fd, "io.bfq.weight")) {
		file = "io.bfq.weight";
		value = w->bfq;
	}
	if (r > 0)
		r = cgroup_file_write(fd, file, value);
	if (r == -ENOENT)
		return w->flags & CW_OPTIONAL ? 0 : no_file(host, a, fd, w, err);
	if (r < 0)
		return err_sys(err, -r, "%s: write '%s' to '%s'", w->field, value, file);
	return 0;
}

static int check_usage(const char *field, int64_t limit, uint64_t usage, struct err *err)
{
	if (limit <= 0 || (uint64_t)limit > usage)
		return 0;
	/* The first words after the field are runc's: scripts look for them. */
	return err_fail(err, EBUSY,
			"linux.resources.memory.%s: rejecting memory%s limit %" PRId64
			", the present usage is %" PRIu64 " (checkBeforeUpdate)",
			field, *field == 's' ? "+swap" : "", limit, usage);
}

/* K-17, V-12: before anything is written. */
static int check_before_update(int fd, const struct oci_memory *m, struct err *err)
{
	uint64_t memory = 0, swap = 0;
	int r;

	if (!m || !m->check_before_update.set || !m->check_before_update.v ||
	    cgroup_file_u64(fd, "memory.current", &memory) < 0)
		return 0;
	(void)cgroup_file_u64(fd, "memory.swap.current", &swap);
	r = check_usage("limit", m->limit.set ? m->limit.v : 0, memory, err);
	if (r == 0)
		r = check_usage("swap", m->swap.set ? m->swap.v : 0, memory + swap, err);
	return r;
}

/* ---- all or nothing ---------------------------------------------------------------------- */

struct undo {
	const char *file, *value;
};

/* The present value, when writing it back would restore it: one line, or none. */
static void remember(struct arena *a, int fd, const char *file, struct undo *ret)
{
	char *text = NULL;
	ssize_t len = cgroup_file_slurp(fd, a, file, &text);
	char *end = len < 0 ? NULL : strchr(text, '\n');

	*ret = (struct undo){.file = file};
	if (len == 0)
		ret->value = "\n";
	else if (end && end[1] == '\0')
		ret->value = text;
}

/* In reverse, so that the kernel sees only states that it has accepted before. */
static void write_back(int fd, const struct undo *undo, size_t n)
{
	while (n-- > 0) {
		int r = undo[n].value ? cgroup_file_write(fd, undo[n].file, undo[n].value)
				      : -ENODATA;

		if (r < 0)
			log_debug("'%s' is not restored: %s", undo[n].file, err_name(-r));
	}
}

static int write_all(const struct cgroup_host *host, struct arena *a, int fd,
		     const struct cgroup_write *writes, size_t n, struct undo *undo,
		     size_t *ret_done, struct err *err)
{
	int r = 0;

	for (*ret_done = 0; *ret_done < n && r == 0; *ret_done += r == 0) {
		if (undo)
			remember(a, fd, writes[*ret_done].file, &undo[*ret_done]);
		r = write_one(host, a, fd, &writes[*ret_done], err);
	}
	return r;
}

int cgroup_apply(const struct cgroup_host *host, int fd, const struct oci_resources *resources,
		 bool update, struct err *err)
{
	auto_arena a = ARENA_INIT;
	struct cgroup_write *writes = NULL;
	size_t n = 0, done = 0;
	int r;

	if (!resources)
		return 0;
	if (update)
		return cgroup_apply_and(host, fd, resources, NULL, NULL, err);
	r = cgroup_resources_convert(&a, resources, false, &writes, &n, err);
	return r < 0 ? r : write_all(host, &a, fd, writes, n, NULL, &done, err);
}

int cgroup_apply_and(const struct cgroup_host *host, int fd, const struct oci_resources *resources,
		     cgroup_applied *then, const void *ctx, struct err *err)
{
	auto_arena a = ARENA_INIT;
	struct cgroup_write *writes = NULL;
	struct undo *undo;
	size_t n = 0, done = 0;
	int r = cgroup_resources_convert(&a, resources, true, &writes, &n, err);

	if (r == 0)
		r = check_before_update(fd, resources->memory, err);
	if (r < 0)
		return r;
	undo = arena_array(&a, struct undo, n + 1);
	r = write_all(host, &a, fd, writes, n, undo, &done, err);
	if (r == 0 && then)
		r = then(ctx, fd, writes, n, err);
	if (r < 0) {
		write_back(fd, undo, done);
		return r;
	}
	/* who was told may have written the same again, more roughly */
	return then ? write_all(host, &a, fd, writes, n, NULL, &done, err) : 0;
}
