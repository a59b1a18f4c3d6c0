/* RUNTIME: create, exec and delete: the container's class of resctrl. */
#include <errno.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/runtime/create.h"
#include "libcontainer/runtime/rdt.h"

bool create_has_rdt(const void *ctx)
{
	const struct creation *k = ctx;

	return k->plan.rdt != NULL;
}

/* Before the state is written, which says what is the container's own: that must not be anything
 * that was there before. */
int create_rdt_find(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	const struct plan_rdt *rdt = k->plan.rdt;
	struct state_rdt *s;
	int r;

	k->rdt_fd = rdt_open(err);
	if (k->rdt_fd < 0)
		return k->rdt_fd;
	r = rdt_check(k->rdt_fd, rdt, err);
	if (r < 0)
		return r;
	s = arena_new(&k->arena, struct state_rdt);
	s->clos = rdt->clos;
	s->own = (struct opt_bool){true, !rdt->given};
	s->monitor = (struct opt_bool){true, rdt->monitor};
	k->c.state.rdt = s;
	return 0;
}

static int make_all(struct creation *k, struct err *err)
{
	const struct plan_rdt *rdt = k->plan.rdt;
	int fd = k->rdt_fd, r = rdt_make_class(fd, rdt, &k->rdt_class_made, err);

	if (r == 0)
		r = rdt_schemata(fd, rdt, k->rdt_class_made, err);
	if (r == 0 && rdt->monitor) {
		r = rdt_make_group(fd, rdt->clos, k->opts->id, err);
		k->rdt_group_made = r == 0;
	}
	return r;
}

int create_rdt(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	int r = make_all(k, err);

	if (r < 0)
		create_undo_rdt(k);
	return r;
}

/* Of a class with a name of its own, too: a failed create leaves nothing. */
void create_undo_rdt(void *ctx)
{
	struct creation *k = ctx;
	struct err err = ERR_NONE;

	if (rdt_release(k->rdt_fd, k->plan.rdt->clos, k->rdt_class_made,
			k->rdt_group_made ? k->opts->id : NULL, &err) < 0)
		log_later("undo: %s", err.text);
	k->rdt_class_made = k->rdt_group_made = false;
}

static int join(int fd, const struct state *s, pid_t pid, struct err *err)
{
	return rdt_join(fd, s->rdt->clos, s->rdt->monitor.v ? s->id : NULL, pid, err);
}

int create_rdt_join(void *ctx, struct err *err)
{
	struct creation *k = ctx;

	return join(k->rdt_fd, &k->c.state, k->spawn.pid, err);
}

int runtime_rdt_join(const struct state *s, pid_t pid, struct err *err)
{
	auto_fd int fd = -1;

	if (!s->rdt)
		return 0;
	fd = rdt_open(err);
	return fd < 0 ? fd : join(fd, s, pid, err);
}

int runtime_rdt_remove(const struct state *s, struct err *err)
{
	auto_fd int fd = -1;
	struct err why;

	if (!s->rdt || (!s->rdt->own.v && !s->rdt->monitor.v))
		return 0;
	fd = rdt_open(&why);
	if (fd < 0) { /* classes and groups went with the mount */
		log_debug("%s", why.text);
		return 0;
	}
	return rdt_release(fd, s->rdt->clos, s->rdt->own.v, s->rdt->monitor.v ? s->id : NULL, err);
}
