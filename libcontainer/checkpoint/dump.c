/* RUNTIME: checkpoint: a running container to images, by CRIU. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "cgroups/host.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/archive.h"
#include "libcontainer/checkpoint/cancel.h"
#include "libcontainer/checkpoint/checkpoint.h"
#include "libcontainer/checkpoint/externals.h"
#include "libcontainer/checkpoint/images.h"
#include "oci-spec/oci.h"

/* An unlinked file that is still open goes into the images as a whole: logs and temporary files of
 * big programs, not disk images. CRIU's own limit is 1 MiB. */
#define GHOST_LIMIT (1u << 30)

struct dump {
	struct ckpt_dump *d;
	const struct container_checkpoint_opts *o;
	struct container *c;
	struct arena arena;
	struct oci_spec spec;
	struct criu criu;
	struct externals before, externals; /* while it ran, while it stood still */
	struct criu_request q;
	int images_fd, work_fd;
	bool froze;
	bool inside; /* CRIU is in the container's network namespace */
};

/* ---- what options say ------------------------------------------------------------------------ */

int ckpt_cgroups_mode(const char *mode, int *ret, struct err *err)
{
	static const struct {
		const char *name;
		int mode;
	} modes[] = {
		{"ignore", CRIU_CG_IGNORE},
		{"soft", CRIU_CG_SOFT},
		{"full", CRIU_CG_FULL},
		{"strict", CRIU_CG_STRICT},
	};

	*ret = CRIU_CG_IGNORE;
	if (!given(mode))
		return 0;
	for (size_t i = 0; i < ARRAY_SIZE(modes); i++)
		if (streq(mode, modes[i].name)) {
			*ret = modes[i].mode;
			return 0;
		}
	return err_fail(err, EINVAL,
			"--manage-cgroups-mode: '%s' is not soft, full, strict or ignore", mode);
}

int ckpt_empty_ns(const struct container_image_opts *o, uint32_t *ret, struct err *err)
{
	*ret = 0;
	for (size_t i = 0; i < o->n_empty_ns; i++) {
		if (!streq(o->empty_ns[i], "network"))
			return err_fail(err, EINVAL,
					"--empty-ns: '%s': only network can be left out",
					o->empty_ns[i]);
		*ret |= CLONE_NEWNET;
	}
	return 0;
}

void ckpt_request(const struct container_image_opts *o, struct criu_request *q)
{
	q->tcp_established = o->tcp_established;
	q->ext_unix_sk = o->ext_unix_sk;
	q->shell_job = o->shell_job;
	q->file_locks = o->file_locks;
	q->lazy_pages = o->lazy_pages;
	q->auto_dedup = o->auto_dedup;
	q->few_words = o->in_haste;
	/* Only connections have something to lose while nobody answers. */
	q->network_lock = o->tcp_established;
	q->orphan_pts_master = true;
	q->ghost_limit = GHOST_LIMIT;
	q->ps_fd = q->status_fd = -1;
}

const char *ckpt_config_path(const struct container *c, struct arena *a)
{
	return arena_printf(a, "%s/config.json", c->state.bundle);
}

int ckpt_config(const struct container *c, struct arena *a, struct oci_spec *ret, struct err *err)
{
	return oci_decode_file(a, &oci_spec_type, AT_FDCWD, ckpt_config_path(c, a), ret, err);
}

/* ---- steps: before anything stands still
 * --------------------------------------------------------- */

static int dump_config(void *ctx, struct err *err)
{
	struct dump *x = ctx;
	int r = ckpt_config(x->c, &x->arena, &x->spec, err);

	if (r == 0)
		r = oci_validate(&x->spec, err);
	if (r == 0)
		r = ckpt_check_config(&x->spec, err);
	if (r == 0)
		r = images_criu_config(&x->c->state.annotations, &x->q.config_file, err);
	return r;
}

static int dump_options(void *ctx, struct err *err)
{
	struct dump *x = ctx;
	int r;

	ckpt_request(&x->o->image, &x->q);
	x->q.what = x->o->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP;
	x->q.pid = (pid_t)x->c->state.pid.v;
	x->q.root = x->c->state.rootfs;
	x->q.log_file = "dump.log";
	x->q.leave_running = x->o->leave_running || x->o->pre_dump;
	x->q.tcp_skip_in_flight = x->o->tcp_skip_in_flight;
	x->q.link_remap = x->o->link_remap;
	x->q.status_fd = x->o->status_fd;
	/* CRIU looks for pages in parent images only if it tracks memory itself, too. */
	x->q.track_mem = x->o->pre_dump || x->o->parent_path;
	x->q.parent_img = x->o->parent_path;
	if (x->o->parent_path && x->o->parent_path[0] == '/')
		return err_fail(
			err, EINVAL,
			"--parent-path: '%s' is not relative to the directory of the images",
			x->o->parent_path);
	r = ckpt_cgroups_mode(x->o->image.manage_cgroups_mode, &x->q.cgroups_mode, err);
	if (r == 0)
		r = ckpt_empty_ns(&x->o->image, &x->q.empty_ns, err);
	return r < 0 ? r : ckpt_page_server(&x->arena, x->o, &x->q, err);
}

/* In CRIU's process. */
static void enter_network(void *ctx)
{
	const struct dump *x = ctx;
	char path[64];
	auto_fd int fd = -1;

	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)x->q.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || setns(fd, CLONE_NEWNET) < 0)
		_exit(126);
}

/* The state directory, which is locked, goes with it: if hull is killed, nobody takes the container
 * in hand before CRIU has left it, too. */
static int start_criu(struct dump *x, const char *path, struct err *err)
{
	const int keep[] = {x->c->dirfd, x->q.status_fd};
	const struct criu_start start = {
		.path = path,
		.cgroup_fd = -1,
		.keep = keep,
		.n_keep = x->q.status_fd >= 0 ? 2 : 1,
		.deaf = true,
		.prepare = x->inside ? enter_network : NULL,
		.ctx = x,
	};
	int r = criu_spawn(&x->criu, &start, err);

	return r < 0 ? r : criu_check(&x->criu, err);
}

static int dump_criu(void *ctx, struct err *err)
{
	struct dump *x = ctx;
	struct criu_features can = {0};
	const char *path;
	int r = criu_find(&x->arena, x->o->image.criu, &path, err);

	/* Only in haste: runc and crun do not make what is left out then. CRIU's lock of
	 * connections is for a namespace that it dumps. What the kernel can it must not ask in
	 * there, where the container has a say in what connections do. */
	x->inside = x->o->image.in_haste && !x->o->image.tcp_established && criu_knows_kernel() &&
		    externals_may_leave_network(&x->spec);
	if (x->inside)
		log_debug("checkpoint: CRIU works in the container's network namespace");
	if (r == 0)
		r = start_criu(x, path, err);
	/* Also fills CRIU's cache of what the kernel can, while the container still runs. */
	if (r == 0)
		r = criu_features(&x->criu, &can, err);
	if (r < 0)
		return r;
	if ((x->o->pre_dump || x->o->parent_path) && !can.mem_track)
		return err_fail(
			err, ENOTSUP,
			"%s: this kernel does not track memory for CRIU (CONFIG_MEM_SOFT_DIRTY)",
			x->o->pre_dump ? "--pre-dump" : "--parent-path");
	if (x->o->image.lazy_pages && !can.lazy_pages)
		return err_fail(err, ENOTSUP,
				"--lazy-pages: this kernel has no userfaultfd that CRIU could use");
	return 0;
}

static int dump_directories(void *ctx, struct err *err)
{
	struct dump *x = ctx;
	const char *images = x->o->image.image_path, *work = x->o->image.work_path;

	if (!given(images))
		images = "checkpoint";
	x->images_fd = images_open(images, true, err);
	if (x->images_fd < 0)
		return x->images_fd;
	x->work_fd = images_open(given(work) ? work : images, true, err);
	x->q.images_fd = x->images_fd;
	x->q.work_fd = x->work_fd;
	if (x->work_fd < 0)
		return x->work_fd;
	if (x->o->parent_path && faccessat(x->images_fd, x->o->parent_path, F_OK, 0) < 0)
		return err_sys(err, errno, "--parent-path: '%s'", x->o->parent_path);
	return 0;
}

static int look_at(struct dump *x, const pid_t *pids, size_t n, struct externals *ret,
		   struct err *err)
{
	int r = externals_find(&x->arena, &x->spec, pids, n, x->o->image.in_haste, ret, err);

	if (r == 0 && x->inside) {
		ret->lone_network = false;
		ret->meta.lone_network = (struct opt_bool){true, true};
	}
	return r;
}

static int find_externals(struct dump *x, struct externals *ret, struct err *err)
{
	pid_t *pids;
	size_t n;
	int r = ckpt_processes(x->c, &x->arena, &pids, &n, err);

	return r < 0 ? r : look_at(x, pids, n, ret, err);
}

static void warn(void *ctx, const char *text)
{
	(void)ctx;
	log_warn("checkpoint: %s", text);
}

/* What cannot be dumped is told before anything is disturbed. */
static int dump_look(void *ctx, struct err *err)
{
	struct dump *x = ctx;
	struct externals *e = &x->before;
	pid_t *pids;
	size_t n;
	int r = ckpt_processes(x->c, &x->arena, &pids, &n, err);

	if (r == 0)
		r = look_at(x, pids, n, e, err);
	if (r < 0)
		return r;
	ckpt_left_out(x->c, &x->arena, pids, n, x->q.cgroups_mode == CRIU_CG_IGNORE, warn, NULL);
	x->q.ext_mnt = e->ext_mnt;
	x->q.n_ext_mnt = e->n_ext_mnt;
	x->q.external = e->external;
	x->q.n_external = e->n_external;
	if (e->lone_network)
		x->q.empty_ns |= CLONE_NEWNET;
	if (x->c->cgroup_fd >= 0)
		x->q.freeze_cgroup = arena_printf(&x->arena, "%s%s", x->c->cgroup_host.mount,
						  x->c->state.cgroup);
	return 0;
}

/* ---- what CRIU tells meanwhile
 * --------------------------------------------------------------------- */

/* By ourselves: CRIU looks only every 100 ms whether a cgroup is frozen that was not at its first
 * look. */
static int freeze(struct dump *x, struct err *err)
{
	int r;

	if (x->c->cgroup_fd < 0)
		return 0;
	r = ckpt_freeze(x->c, &x->d->froze_ns, err);
	x->froze = r == 0 && x->c->status != CONTAINER_PAUSED;
	return r;
}

static int thaw(struct dump *x, struct err *err)
{
	if (!x->froze)
		return 0;
	x->froze = false;
	return cgroup_freeze(x->c->cgroup_fd, false, err);
}

static bool same_mounts(const struct externals *a, const struct externals *b)
{
	if (a->n_ext_mnt != b->n_ext_mnt)
		return false;
	for (size_t i = 0; i < a->n_ext_mnt; i++)
		if (!streq(a->ext_mnt[i].key, b->ext_mnt[i].key) ||
		    !streq(a->ext_mnt[i].val, b->ext_mnt[i].val))
			return false;
	return true;
}

static bool was_told(const struct externals *e, const char *name)
{
	for (size_t i = 0; i < e->n_external; i++)
		if (streq(e->external[i], name))
			return true;
	return false;
}

/* The same once more, now that nothing moves: descriptors may be others, and CRIU is told of them.
 */
static int look_again(struct dump *x, struct criu_event *event, struct err *err)
{
	struct externals *e = &x->externals;
	int r = find_externals(x, e, err);
	size_t n = 0;

	if (r < 0)
		return r;
	if (!same_mounts(&x->before, e))
		return err_fail(err, EAGAIN, "the container's mounts changed meanwhile: try again");
	for (size_t i = 0; i < e->n_external; i++)
		if (!was_told(&x->before, e->external[i]))
			e->external[n++] = e->external[i];
	event->external = e->external;
	event->n_external = n;
	return images_write(x->images_fd, e->descriptors, &e->meta, err);
}

static int told(void *ctx, struct criu_event *event, struct err *err)
{
	struct dump *x = ctx;
	int r;

	if (streq(event->name, "pre-dump")) {
		r = x->d->begin ? x->d->begin(x->d->ctx, err) : 0;
		return r < 0 ? r : freeze(x, err);
	}
	if (streq(event->name, "query-ext-files"))
		return look_again(x, event, err);
	if (!streq(event->name, "post-dump"))
		return 0;
	r = cancel_check(err);
	if (r == 0 && x->d->complete)
		return x->d->complete(x->d->ctx, x->images_fd, x->work_fd, err);
	return r;
}

static int dump_run(void *ctx, struct err *err)
{
	struct dump *x = ctx;
	int r = criu_run(&x->criu, &x->q, told, x, NULL, err);

	if (r == 0 && x->q.what == CRIU_DUMP && !x->externals.meta.version.set)
		return err_fail(err, EPROTO, "CRIU did not ask what is external");
	return r;
}

/* clang-format off */
static const struct step dump_steps[] = {
	{"config",       NULL, dump_config,      NULL},
	{"options",      NULL, dump_options,     NULL},
	{"criu",         NULL, dump_criu,        NULL},
	{"directories",  NULL, dump_directories, NULL},
	{"look",        NULL, dump_look,        NULL},
	/* In its midst the container stands still. */
	{"dump",        NULL, dump_run,         NULL},
};
/* clang-format on */

static int check(const struct container *c, struct err *err)
{
	if (c->root->rootless)
		return err_fail(err, EPERM,
				"checkpoint needs root: CRIU cannot dump the containers of "
				"an ordinary user");
	if (c->status != CONTAINER_RUNNING && c->status != CONTAINER_PAUSED)
		return err_fail(err, EINVAL, "container %s cannot be checkpointed: it is %s", c->id,
				container_status_name(c->status));
	return 0;
}

int ckpt_dump(struct container *c, struct ckpt_dump *d, struct err *err)
{
	struct dump x = {
		.d = d, .o = d->opts, .c = c, .criu = CRIU_CLOSED, .images_fd = -1, .work_fd = -1};
	struct err late;
	sigset_t mask;
	size_t done = 0;
	int r = check(c, err);

	cancel_block(&mask);
	if (r == 0)
		r = steps_run("checkpoint", dump_steps, ARRAY_SIZE(dump_steps), &done, &x, err);
	criu_close(&x.criu);
	if (r == 0 && !x.q.leave_running)
		r = container_destroy(c, err);
	else if (r == 0)
		r = thaw(&x, err);
	else if (!d->keep_frozen && thaw(&x, &late) < 0)
		log_later("undo: %s", late.text);
	close_fd(&x.images_fd);
	close_fd(&x.work_fd);
	arena_done(&x.arena);
	cancel_unblock(&mask);
	return r;
}

int container_checkpoint(struct container_root *root, const struct container_checkpoint_opts *opts,
			 struct err *err)
{
	struct ckpt_dump d = {.opts = opts};
	auto_container c = CONTAINER_NONE;
	int r = container_open(&c, root, opts->id, OPEN_LOCKED, err);

	if (r == 0 && given(opts->export_file))
		return archive_export(&c, opts, err);
	return r < 0 ? r : ckpt_dump(&c, &d, err);
}
