/* RUNTIME: migrate: the source's end, a table of steps. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/images.h"
#include "libcontainer/checkpoint/journal.h"
#include "libcontainer/checkpoint/migrate.h"
#include "libcontainer/checkpoint/transport.h"
#include "oci-spec/oci.h"

#define EXPLAIN_MS      1000
#define CLOSE_MS        600000   /* the target fills memory in */
#define COMMIT_MS       120000   /* a restore takes its time */
#define FIXED_COST_NS   80000000 /* dump and restore of what is not memory, measured */
#define LEAST_BANDWIDTH (1ULL << 20)
#define NOT_CONVERGING  2 /* rounds that were hardly smaller than those before */

/* ---- before anything is touched ----------------------------------------------------------------
 */

static int look_for_journal(void *ctx, struct err *err)
{
	struct migration *x = ctx;

	return journal_is_over(&x->arena, x->c.dirfd, err);
}

static int load_config(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	const char *path = arena_printf(&x->arena, "%s/config.json", x->c.state.bundle);
	int r = oci_decode_file(&x->arena, &oci_spec_type, AT_FDCWD, path, &x->spec, err);

	if (x->c.root->rootless)
		return err_fail(err, EPERM, "migrate needs root");
	if (x->c.status != CONTAINER_RUNNING)
		return err_fail(err, EINVAL, "container %s cannot be migrated: it is %s", x->c.id,
				container_status_name(x->c.status));
	if (x->c.cgroup_fd < 0)
		return err_fail(err, ENOTSUP, "a container without a cgroup cannot be migrated");
	return r;
}

static int choose_mode(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	const char *mode = given(x->o->mode) ? x->o->mode : "auto";
	int r = track_probe(err);

	if (streq(mode, "stop"))
		r = -ENOTSUP;
	else if (!streq(mode, "auto") && !streq(mode, "precopy"))
		return err_fail(err, EINVAL, "--mode: '%s' is not auto, precopy or stop", mode);
	if (r < 0 && streq(mode, "precopy"))
		return err_wrap(err, "--mode precopy");
	x->lazy = r == 0;
	log_debug("migrate: memory is copied %s", x->lazy ? "before it stops" : "after it stopped");
	return 0;
}

int migrate_connect(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	const char *receive[] = {given(x->o->target_hull) ? x->o->target_hull : "hull",
				 "--root",
				 given(x->o->target_root) ? x->o->target_root : "/run/hull",
				 "--criu",
				 given(x->o->target_criu) ? x->o->target_criu : "criu",
				 "migrate-receive",
				 NULL};
	int r = transport_parse(&x->arena, x->o->destination, &x->to, err);

	if (r == 0 && given(x->o->compress) && !streq(x->o->compress, "auto"))
		r = codec_parse(x->o->compress, &x->how, err);
	if (r == 0)
		r = transport_open(&x->transport, &x->to, x->o->ssh, receive, err);
	if (r < 0)
		return r;
	r = wire_init(&x->wire, WIRE_SOURCE, x->transport.in, x->transport.out, MIGRATE_TIMEOUT_MS,
		      err);
	if (r < 0)
		return r;
	x->connected = true;
	transport_attach(&x->transport, &x->wire);
	rate_limit_init(&x->wire.limit, x->o->bandwidth, rate_now_ns());
	x->wire.how = x->how;
	return wire_hello(&x->wire, WIRE_F_LZ4 | WIRE_F_ZSTD | WIRE_F_LAZY, err);
}

static int own_criu(struct migration *x, struct migrate_need *need, struct err *err)
{
	auto_criu criu = CRIU_CLOSED;
	const char *path;
	int r = criu_find(&x->arena, x->o->criu, &path, err);

	if (r == 0)
		r = criu_open(&criu, path, -1, NULL, 0, err);
	need->criu = (struct opt_u32){true, (uint32_t)criu.version};
	return r;
}

static int hear_answer(struct migration *x, struct err *err)
{
	struct migrate_answer answer = {0};
	struct wire_msg msg;
	const char *text;
	int r = wire_expect(&x->wire, WIRE_PREFLIGHT_ANSWER, MIGRATE_TIMEOUT_MS, &msg, err);

	if (r == 0)
		r = wire_body_text(&x->wire, &msg, &text, err);
	if (r == 0)
		r = oci_decode(&x->arena, &migrate_answer_type, "the target's answer", text,
			       msg.len, &answer, err);
	if (r < 0)
		return r;
	for (size_t i = 0; i < answer.problems.n; i++)
		if (x->o->problem)
			x->o->problem(x->o->ctx, answer.problems.v[i]);
	if (answer.problems.n)
		return err_fail(err, EHOSTUNREACH, "the target cannot take the container: %s%s",
				answer.problems.v[0],
				answer.problems.n > 1 ? " (and more, see above)" : "");
	x->stop = x->o->dry_run;
	return 0;
}

static int preflight(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	char id[MIGRATION_ID_TEXT];
	struct migrate_need need = {
		.id = given(x->o->name) ? x->o->name : x->o->id,
		.bundle = given(x->to.bundle) ? x->to.bundle : x->c.state.bundle,
		.lazy = {true, x->lazy},
		.tcp = {true, x->o->tcp_established},
		.dry_run = {true, x->o->dry_run},
	};
	int r = migration_id_new(&x->id, err);

	need.migration = migration_id_format(&x->id, id);
	if (r == 0)
		r = preflight_need(&x->arena, &x->c, &x->spec, &need, err);
	if (r == 0)
		r = own_criu(x, &need, err);
	if (r == 0)
		r = wire_send_text(&x->wire, WIRE_PREFLIGHT,
				   oci_encode(&x->arena, &migrate_need_type, &need, ""), err);
	return r < 0 ? r : hear_answer(x, err);
}

static bool goes_on(const void *ctx)
{
	const struct migration *x = ctx;

	return !x->stop;
}

static int begin(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	const char *path = arena_printf(&x->arena, "%s/config.json", x->c.state.bundle);
	auto_fd int fd = -1;
	int r = journal_begin(&x->arena, x->c.dirfd, JOURNAL_SOURCE, &x->id, x->o->destination,
			      x->o->ssh, &x->journal, err);

	if (r < 0)
		return r;
	cancel_block(&x->mask);
	x->deaf = true;
	migrate_remove_images(x);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "open '%s'", path);
	return wire_send_file(&x->wire, WIRE_FILE, "config.json", fd, err);
}

static void undo_begin(void *ctx)
{
	struct migration *x = ctx;
	struct err err;

	/* From commit-sent on it says who has the container. */
	if (journal_decide(journal_phase(&x->journal), JOURNAL_UNREACHABLE) != JOURNAL_RESUME)
		return;
	migrate_remove_images(x);
	if (journal_end(&x->arena, x->c.dirfd, &x->journal, &err) < 0)
		log_later("undo: %s", err.text);
}

/* ---- while it runs
 * --------------------------------------------------------------------------------- */

static bool copies_before(const void *ctx)
{
	const struct migration *x = ctx;

	return !x->stop && x->lazy;
}

static void tell_round(struct migration *x, int64_t took, uint64_t bandwidth, int64_t predicted)
{
	struct container_migrate_progress p = {
		.round = x->memory.round,
		.dirty_bytes = x->memory.dirty,
		.sent_bytes = x->memory.sent,
		.took_ms = (uint64_t)took / 1000000,
		.bandwidth = bandwidth,
		.predicted_ms = (uint64_t)predicted / 1000000,
	};

	x->report->rounds = x->memory.round;
	x->report->bytes = x->wire.sent.bytes;
	if (x->o->progress)
		x->o->progress(x->o->ctx, &p);
}

/* Until what would be left to send while it stands still takes less than the downtime that is
 * allowed; or it gets no better. The next round is about as large as what was written during this
 * one. */
static int copy_rounds(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	int64_t allowed = (int64_t)x->o->downtime_ms * 1000000;
	uint64_t last = UINT64_MAX;
	unsigned stuck = 0;
	int r = memory_init(&x->memory, &x->wire, &x->c, err);

	x->memory.choose = !given(x->o->compress) || streq(x->o->compress, "auto");
	while (r == 0) {
		int64_t start = rate_now_ns(), took, predicted;
		uint64_t bandwidth;

		r = memory_round(&x->memory, false, err);
		took = rate_now_ns() - start;
		if (r < 0)
			break;
		bandwidth = x->memory.dirty * 1000 / ((uint64_t)took / 1000000 + 1);
		if (bandwidth < LEAST_BANDWIDTH)
			bandwidth = LEAST_BANDWIDTH;
		/* Half of a round's time is how long a page waits in it. */
		predicted = FIXED_COST_NS + (int64_t)(x->memory.dirty * 1000 / bandwidth) * 1000000;
		tell_round(x, took, bandwidth, predicted);
		stuck = x->memory.dirty > last / 10 * 9 ? stuck + 1 : 0;
		last = x->memory.dirty;
		if (x->memory.round > 1 && (predicted <= allowed || stuck >= NOT_CONVERGING))
			break;
		if (x->memory.round >= x->o->max_rounds)
			break;
	}
	return r;
}

static void undo_rounds(void *ctx)
{
	struct migration *x = ctx;

	memory_done(&x->memory);
}

/* ---- while it stands still
 * ---------------------------------------------------------------------------- */

static bool is_image(const char *name)
{
	return str_ends(name, ".img") || str_ends(name, ".json");
}

static int send_images(struct migration *x, int images_fd, struct err *err)
{
	auto_dir DIR *dir = fdopendir(fcntl(images_fd, F_DUPFD_CLOEXEC, 3));
	struct dirent *e;
	int r = 0;

	if (!dir)
		return err_sys(err, errno, "look at the images");
	rewinddir(dir);
	while (r == 0 && (e = readdir(dir))) {
		auto_fd int fd = -1;

		if (!is_image(e->d_name))
			continue;
		fd = openat(images_fd, e->d_name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return err_sys(err, errno, "open the image '%s'", e->d_name);
		r = wire_send_file(&x->wire, WIRE_IMAGE, e->d_name, fd, err);
	}
	return r;
}

/* The target restores, and asks for what it lacks. */
static int await_prepared(struct migration *x, struct err *err)
{
	struct wire_msg msg;
	int r;

	for (;;) {
		r = wire_next(&x->wire, COMMIT_MS, &msg, err);
		if (r < 0)
			return r;
		if (msg.type == WIRE_PREPARED)
			break;
		if (msg.type != WIRE_PAGE_REQUEST || !x->lazy)
			return err_fail(err, EPROTO, "the target sent %s",
					wire_type_name(msg.type));
		r = memory_serve(&x->memory, &msg.pages, err);
		if (r < 0)
			return r;
	}
	return migration_id_same(&msg.phase.id, &x->id)
		       ? 0
		       : err_fail(err, EPROTO, "the target prepared another migration");
}

/* The target's word for how long its processes took to run after COMMIT; its clock is another one.
 */
static int hear_resumed(struct migration *x, int64_t told, struct err *err)
{
	struct wire_msg msg;
	int r = wire_expect(&x->wire, WIRE_PROGRESS, COMMIT_MS, &msg, err);

	if (r == 0)
		x->report->frozen_ns = (uint64_t)(told - x->frozen) + msg.progress.done;
	return r;
}

static int commit(struct migration *x, struct err *err)
{
	struct wire_msg msg;
	int64_t told;
	int r = cancel_check(err);

	if (r == 0)
		r = journal_advance(&x->arena, x->c.dirfd, &x->journal, JOURNAL_PREPARED, err);
	if (r == 0)
		r = journal_advance(&x->arena, x->c.dirfd, &x->journal, JOURNAL_COMMIT_SENT, err);
	if (r < 0)
		return r;
	/* Only the target knows from here on: whatever fails, this copy stands still. */
	x->dump.keep_frozen = true;
	told = rate_now_ns();
	r = wire_send_phase(&x->wire, WIRE_COMMIT, &x->id, JOURNAL_NONE, err);
	if (r == 0)
		r = hear_resumed(x, told, err);
	if (r == 0)
		r = wire_expect(&x->wire, WIRE_COMMITTED, COMMIT_MS, &msg, err);
	if (r < 0) {
		err_wrap(err, "the target may have taken the container over, this copy is frozen");
		err_hint(err, "hull migrate --recover asks the target what became of it");
		return -err->code;
	}
	x->committed = true;
	r = journal_advance(&x->arena, x->c.dirfd, &x->journal, JOURNAL_SOURCE_COMMITTED, err);
	return r < 0 ? r : wire_send_phase(&x->wire, WIRE_FORGET, &x->id, JOURNAL_NONE, err);
}

static int on_frozen(void *ctx, struct err *err)
{
	struct migration *x = ctx;

	x->frozen = rate_now_ns();
	return journal_advance(&x->arena, x->c.dirfd, &x->journal, JOURNAL_FROZEN, err);
}

static int on_dumped(void *ctx, int images_fd, int work_fd, struct err *err)
{
	struct migration *x = ctx;
	int r = 0;

	(void)work_fd;
	x->imaged = rate_now_ns();
	x->report->dump_ns = (uint64_t)(x->imaged - x->frozen);
	if (x->lazy) {
		r = memory_round(&x->memory, true, err);
		x->report->last_bytes = x->memory.dirty;
		if (r == 0)
			r = memory_write_whole(&x->memory, images_fd, err);
	}
	if (r == 0)
		r = send_images(x, images_fd, err);
	if (r == 0)
		r = wire_send_phase(&x->wire, WIRE_PREPARE, &x->id, JOURNAL_NONE, err);
	x->prepared = rate_now_ns();
	x->report->transfer_ns = (uint64_t)(x->prepared - x->imaged);
	if (r == 0)
		r = await_prepared(x, err);
	x->report->restore_ns = (uint64_t)(rate_now_ns() - x->prepared);
	if (r == 0)
		r = commit(x, err);
	/* Whoever serves CRIU's lazy pages would go on now; nobody wants them. */
	return r == 0 && x->lazy ? err_fail(err, ECANCELED, "over there") : r;
}

static int dump(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	const char *images = arena_printf(&x->arena, "%s/%s/migrate", x->c.root->path, x->c.id);
	const struct container_checkpoint_opts o = {
		.id = x->c.id,
		.image = {.criu = x->o->criu,
			  .image_path = images,
			  .tcp_established = x->o->tcp_established,
			  .ext_unix_sk = true,
			  .file_locks = true,
			  .shell_job = true,
			  .lazy_pages = x->lazy},
		.status_fd = -1,
	};
	int r;

	x->dump =
		(struct ckpt_dump){.opts = &o, .begin = on_frozen, .complete = on_dumped, .ctx = x};
	r = ckpt_dump(&x->c, &x->dump, err);
	if (!x->committed)
		return r;
	err_clear(err);
	return r < 0 ? container_destroy(&x->c, err) : 0;
}

/* clang-format off */
static const struct step migrate_steps[] = {
	{"journal",   NULL,          look_for_journal, NULL},
	{"config",    NULL,          load_config,    NULL},
	{"mode",      NULL,          choose_mode,    NULL},
	{"connect",   NULL,          migrate_connect, NULL},
	{"preflight", NULL,          preflight,      NULL},
	{"begin",     goes_on,       begin,          undo_begin},
	{"rounds",    copies_before, copy_rounds,    undo_rounds},
	{"dump",      goes_on,       dump,           NULL},
};
/* clang-format on */

static int migrate(struct migration *x, struct err *err)
{
	size_t done = 0;
	int r = steps_run("migrate", migrate_steps, ARRAY_SIZE(migrate_steps), &done, x, err);

	if (r == 0)
		return 0;
	if (x->connected) {
		wire_send_error(&x->wire, err);
		transport_explain(&x->transport, EXPLAIN_MS, err);
	}
	steps_undo("migrate", migrate_steps, done, x);
	return -err->code;
}

int container_migrate(struct container_root *root, const struct container_migrate_opts *opts,
		      struct container_migrate_report *report, struct err *err)
{
	struct migration x = {.o = opts, .report = report, .began = rate_now_ns()};
	int r = container_open(&x.c, root, opts->id, OPEN_LOCKED, err);

	*report = (struct container_migrate_report){0};
	if (r == 0)
		r = opts->recover ? migrate_recover(&x, err) : migrate(&x, err);
	memory_done(&x.memory);
	if (x.deaf)
		cancel_unblock(&x.mask);
	report->total_ns = (uint64_t)(rate_now_ns() - x.began);
	report->bytes = x.wire.sent.bytes;
	if (x.connected) {
		wire_done(&x.wire);
		(void)transport_close(&x.transport, CLOSE_MS);
	}
	container_close(&x.c);
	arena_done(&x.arena);
	return r;
}
