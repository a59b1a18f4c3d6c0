/* RUNTIME: migrate: the network of the container that leaves. */
#include <errno.h>
#include <string.h>
#include <time.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/migrate.h"
#include "oci-spec/oci.h"

/* ---- before ----------------------------------------------------------------------------------
 */

static int is_taken(const struct migration *x, bool *ret, struct err *err)
{
	const char *mode = given(x->o->network) ? x->o->network : "auto";
	bool none = streq(mode, "none");

	*ret = false;
	if (!none && !streq(mode, "auto"))
		return err_fail(err, EINVAL, "--network: '%s' is not auto or none", mode);
	*ret = !none && network_is_own(&x->spec);
	return 0;
}

static int look(struct migration *x, struct network *ret, struct err *err)
{
	size_t lost = 0;
	int r = network_read(&x->arena, &x->net.inside, ret, &lost, err);

	if (r < 0)
		return err_wrap(err, "look at the container's network");
	if (lost)
		log_debug("migrate: %zu routes of the container cannot be taken along", lost);
	return 0;
}

int network_source_look(struct migration *x, struct migrate_need *need, struct err *err)
{
	int r = is_taken(x, &x->net.taken, err);

	x->net.inside = (struct rtnl)RTNL_NONE;
	x->net.cut = (struct network_cut)NETWORK_CUT_NONE;
	need->bridge = x->o->bridge;
	need->on_switch = x->o->on_switch;
	if (r < 0 || !x->net.taken)
		return r;
	need->network = arena_new(&x->arena, struct network);
	network_provided(&x->arena, &x->spec, need);
	r = network_open((pid_t)x->c.state.pid.v, &x->net.inside, err);
	if (r == 0)
		r = look(x, need->network, err);
	if (r == 0 && network_has_links(need->network))
		r = network_cut_probe(err);
	return r;
}

void network_source_done(struct migration *x)
{
	if (!x->net.taken)
		return;
	rtnl_close(&x->net.inside);
	network_cut_done(&x->net.cut);
}

/* ---- the program that can cut it off ------------------------------------------------------------
 */

static int attach(struct migration *x, const struct network *n, struct err *err)
{
	struct err late;
	int own = network_enter((pid_t)x->c.state.pid.v, err), r = 0;

	if (own < 0)
		return own;
	for (size_t i = 0; r == 0 && i < n->links.n; i++)
		if (!streq(n->links.v[i].name, "lo"))
			r = network_cut_attach(&x->net.cut, n->links.v[i].index, err);
	if (network_leave(own, &late) < 0) {
		*err = late;
		return -late.code;
	}
	return r;
}

static void detach(struct migration *x, const struct network *n)
{
	struct err err;
	int own = network_enter((pid_t)x->c.state.pid.v, &err);

	for (size_t i = 0; own >= 0 && i < n->links.n; i++)
		network_uncut(n->links.v[i].index);
	if (own < 0 || network_leave(own, &err) < 0)
		log_later("undo: %s", err.text);
}

bool network_source_applies(const void *ctx)
{
	const struct migration *x = ctx;

	return !x->stop && x->net.taken;
}

int network_source_prepare(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	struct network *n = &x->net.before;
	int r = look(x, n, err);

	if (r < 0 || !network_has_links(n))
		return r;
	detach(x, n); /* what one that was killed has left */
	r = network_cut_init(&x->net.cut, false, err);
	x->net.cutable = r == 0;
	if (r == 0)
		r = attach(x, n, err);
	if (r < 0)
		detach(x, n);
	return r;
}

void network_source_undo(void *ctx)
{
	struct migration *x = ctx;
	struct network n;
	struct err err;

	/* From commit-sent on it stays as it is until it is known who has the container. */
	if (!x->net.cutable || !migrate_is_here(x))
		return;
	if (x->lost) /* it was over there for a moment */
		network_source_resume(x);
	else if (look(x, &n, &err) < 0)
		log_later("undo: %s", err.text);
	else
		detach(x, &n);
}

/* ---- while it stands still ----------------------------------------------------------------------
 */

/* Links that came meanwhile have no program yet. */
static int attach_new(struct migration *x, const struct network *n, struct err *err)
{
	bool any = false;

	for (size_t i = 0; i < n->links.n; i++) {
		const struct network_link *l = &n->links.v[i];
		bool known = streq(l->name, "lo");

		for (size_t j = 0; j < x->net.before.links.n; j++)
			known = known || x->net.before.links.v[j].index == l->index;
		any = any || !known;
	}
	if (any && !x->net.cutable)
		return err_fail(err, EAGAIN,
				"the container's network changed meanwhile: try again");
	return any ? attach(x, n, err) : 0;
}

int network_source_describe(struct migration *x, int images_fd, struct err *err)
{
	struct network n;
	const char *text;
	int r = x->net.taken ? look(x, &n, err) : 0;

	if (r < 0 || !x->net.taken)
		return r;
	r = attach_new(x, &n, err);
	if (r < 0)
		return r;
	text = oci_encode(&x->arena, &network_type, &n, "");
	return io_replace_file(images_fd, NETWORK_FILE, text, strlen(text), 0600, err);
}

void network_source_cut(struct migration *x, bool shut)
{
	if (x->net.cutable)
		network_cut_set(&x->net.cut, shut);
}

/* ---- here again -------------------------------------------------------------------------------
 */

static int tell_neighbours(struct migration *x, struct rtnl *s, const struct network *n,
			   struct err *err)
{
	static const struct timespec pause = {.tv_nsec = 100000000};
	struct network_frame *frames;
	auto_fd int fd = -1;
	size_t n_frames;
	int r = network_announcements(&x->arena, s, n, &frames, &n_frames, err);

	if (r < 0)
		return r;
	fd = network_announcer(err);
	for (int i = 0; fd >= 0 && n_frames && i < 3; i++) {
		if (i)
			nanosleep(&pause, NULL);
		network_announce(fd, frames, n_frames);
	}
	return fd < 0 ? -err->code : 0;
}

static bool was_cut(struct rtnl *s, struct arena *a, struct network *ret, struct err *err)
{
	size_t lost;

	return network_read(a, s, ret, &lost, err) == 0 && network_has_links(ret);
}

void network_source_resume(struct migration *x)
{
	struct rtnl s = RTNL_NONE;
	struct network n = {0};
	struct err err = ERR_NONE, late;
	bool any = false;
	int own = network_enter((pid_t)x->c.state.pid.v, &err), r = own;

	if (own >= 0)
		r = rtnl_open(&s, &err);
	if (r >= 0 && was_cut(&s, &x->arena, &n, &err))
		for (size_t i = 0; i < n.links.n; i++)
			any = network_uncut(n.links.v[i].index) || any;
	if (any)
		r = tell_neighbours(x, &s, &n, &err);
	rtnl_close(&s);
	if (own >= 0 && network_leave(own, &late) < 0)
		log_warn("migrate: %s", late.text);
	if (r < 0 || err.code)
		log_warn("migrate: the container's network: %s", err.text);
}
