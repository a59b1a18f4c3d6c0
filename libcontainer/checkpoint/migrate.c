/* RUNTIME: migrate: the source's end, a table of steps. */
#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/files.h"
#include "libcontainer/checkpoint/journal.h"
#include "libcontainer/checkpoint/migrate.h"
#include "libcontainer/checkpoint/transport.h"
#include "oci-spec/oci.h"

#define EXPLAIN_MS 1000
#define CLOSE_MS   600000 /* the target fills memory in */
#define GIVE_UP_MS 2000   /* of one that nothing has come of */

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
	int r = ckpt_config(&x->c, &x->arena, &x->spec, err);

	if (x->c.root->rootless)
		return err_fail(err, EPERM, "migrate needs root");
	if (x->c.status != CONTAINER_RUNNING)
		return err_fail(err, EINVAL, "container %s cannot be migrated: it is %s", x->c.id,
				container_status_name(x->c.status));
	if (x->c.cgroup_fd < 0)
		return err_fail(err, ENOTSUP, "a container without a cgroup cannot be migrated");
	return r;
}

/* Copies before it stops need a kernel that tracks; --mode auto does without. */
static int choose_mode(void *ctx, struct err *err)
{
	static const char *const modes[] = {
		[MIGRATE_AUTO] = "auto",     [MIGRATE_PRECOPY] = "precopy",
		[MIGRATE_HYBRID] = "hybrid", [MIGRATE_POSTCOPY] = "postcopy",
		[MIGRATE_STOP] = "stop",
	};
	struct migration *x = ctx;
	const char *name = given(x->o->mode) ? x->o->mode : "auto";
	size_t mode = 0;
	int r;

	while (mode < ARRAY_SIZE(modes) && !streq(modes[mode], name))
		mode++;
	if (mode == ARRAY_SIZE(modes))
		return err_fail(err, EINVAL,
				"--mode: '%s' is not auto, precopy, hybrid, postcopy or stop",
				name);
	x->mode = (enum migrate_mode)mode;
	if (x->o->auto_converge && (x->mode == MIGRATE_POSTCOPY || x->mode == MIGRATE_STOP))
		return err_fail(err, EINVAL, "--auto-converge: --mode %s has no rounds", name);
	x->lazy = x->mode != MIGRATE_STOP;
	r = x->lazy && x->mode != MIGRATE_POSTCOPY ? track_probe(&x->track_by, err) : 0;
	if (r < 0 && x->mode != MIGRATE_AUTO)
		return err_wrap(err, "--mode %s", name);
	x->lazy = x->lazy && r == 0;
	log_debug("migrate: memory is copied %s",
		  x->lazy ? "before it stops or after it runs there" : "after it stopped");
	return 0;
}

/* CRIU makes the userfaultfd by which memory comes later inside of it, where only a sysctl that is
 * off by default (vm.unprivileged_userfaultfd) allows that. */
static int look_at_user_namespace(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	const char *path = arena_printf(&x->arena, "/proc/%d/ns/user", (int)x->c.state.pid.v);
	struct stat own, its;

	if (stat("/proc/self/ns/user", &own) < 0 || stat(path, &its) < 0)
		return err_sys(err, errno, "look at '%s'", path);
	if (!x->lazy || own.st_ino == its.st_ino)
		return 0;
	if (given(x->o->mode) && !streq(x->o->mode, "auto")) {
		err_fail(err, ENOTSUP, "--mode %s: the container has a user namespace", x->o->mode);
		err_hint(err, "--mode stop");
		return -ENOTSUP;
	}
	log_debug("migrate: it has a user namespace: memory is copied after it stopped");
	x->lazy = false;
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
	return wire_hello(&x->wire,
			  WIRE_F_LZ4 | WIRE_F_ZSTD | WIRE_F_LAZY | WIRE_F_LATE | WIRE_F_ROOTFS,
			  err);
}

static bool is_late(const struct migration *x)
{
	return x->mode == MIGRATE_HYBRID || x->mode == MIGRATE_POSTCOPY;
}

static void tell_all(struct migration *x, const char *where, const struct migrate_answer *a)
{
	const char *warning = arena_printf(&x->arena, "%s: warning", where);

	for (size_t i = 0; x->o->problem && i < a->problems.n; i++)
		x->o->problem(x->o->ctx, where, a->problems.v[i]);
	for (size_t i = 0; x->o->problem && i < a->warnings.n; i++)
		x->o->problem(x->o->ctx, warning, a->warnings.v[i]);
}

static int hear_answer(struct migration *x, struct migrate_answer *ret, struct err *err)
{
	struct wire_msg msg;
	const char *text;
	int r = wire_expect(&x->wire, WIRE_PREFLIGHT_ANSWER, MIGRATE_TIMEOUT_MS, &msg, err);

	if (r == 0)
		r = wire_body_text(&x->wire, &msg, &text, err);
	return r < 0 ? r
		     : oci_decode(&x->arena, &migrate_answer_type, "the target's answer", text,
				  msg.len, ret, err);
}

/* Of both ends at once. */
static int refuse(struct migration *x, const struct migrate_answer *here,
		  const struct migrate_answer *there, struct err *err)
{
	size_t n = here->problems.n + there->problems.n;

	tell_all(x, "source", here);
	tell_all(x, "target", there);
	if (n == 0)
		return 0;
	return err_fail(err, EHOSTUNREACH, "the %s the container: %s%s",
			here->problems.n ? "source cannot give" : "target cannot take",
			(here->problems.n ? here : there)->problems.v[0],
			n > 1 ? " (and more, see above)" : "");
}

static int send_need(struct migration *x, struct migrate_need *need, struct err *err)
{
	const char *text = oci_encode(&x->arena, &migrate_need_type, need, "");

	/* The target can do without, but where its bundle has no configuration. */
	if (strlen(text) >= WIRE_BODY_MAX) {
		need->config = NULL;
		text = oci_encode(&x->arena, &migrate_need_type, need, "");
	}
	return wire_send_text(&x->wire, WIRE_PREFLIGHT, text, err);
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
	struct migrate_answer here = {0}, there = {0};
	int r = migration_id_new(&x->id, err);

	if (is_late(x) && !(x->wire.features & WIRE_F_LATE))
		return err_fail(err, ENOTSUP, "the target's hull cannot do --mode %s", x->o->mode);
	need.migration = migration_id_format(&x->id, id);
	if (r == 0)
		r = preflight_need(&x->arena, &x->c, &x->spec, &need, err);
	if (r == 0)
		r = preflight_here(x, &need, &here, err);
	if (r == 0 && x->files)
		files_need(x->files, &x->arena, &need);
	if (r == 0)
		r = network_source_look(x, &need, err);
	/* The target has nothing to begin then. */
	need.dry_run.v |= here.problems.n > 0;
	if (r == 0)
		r = send_need(x, &need, err);
	x->expected = need.memory.v;
	migrate_tell(x, "preflight");
	if (r == 0)
		r = hear_answer(x, &there, err);
	x->stop = x->o->dry_run;
	return r < 0 ? r : refuse(x, &here, &there, err);
}

static bool goes_on(const void *ctx)
{
	const struct migration *x = ctx;

	return !x->stop;
}

static int begin(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	int r = journal_begin(&x->arena, x->c.dirfd, JOURNAL_SOURCE, &x->id, x->o->destination,
			      x->o->ssh, &x->journal, err);

	if (r < 0)
		return r;
	cancel_block(&x->mask);
	x->deaf = true;
	return 0;
}

static int send_config(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	const char *path = ckpt_config_path(&x->c, &x->arena);
	auto_fd int fd = -1;

	x->cancel_fd = x->wire.stop_fd = cancel_fd(err);
	if (x->cancel_fd < 0)
		return x->cancel_fd;
	migrate_remove_images(x);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return err_sys(err, errno, "open '%s'", path);
	return wire_send_file(&x->wire, WIRE_FILE, "config.json", fd, err);
}

bool migrate_is_here(const struct migration *x)
{
	enum journal_phase target = x->lost ? JOURNAL_LOST : JOURNAL_UNREACHABLE;

	return journal_decide(journal_phase(&x->journal), target) == JOURNAL_RESUME;
}

static void undo_begin(void *ctx)
{
	struct migration *x = ctx;
	struct err err;

	/* From commit-sent on it says who has the container. */
	if (!migrate_is_here(x))
		return;
	migrate_remove_images(x);
	x->ended = journal_end(&x->arena, x->c.dirfd, &x->journal, &err) == 0;
	if (!x->ended)
		log_later("undo: %s", err.text);
}

/* clang-format off */
static const struct step migrate_steps[] = {
	{"journal",   NULL,          look_for_journal, NULL},
	{"config",    NULL,          load_config,    NULL},
	{"mode",      NULL,          choose_mode,    NULL},
	{"user namespace", NULL,     look_at_user_namespace, NULL},
	{"files",     NULL,          migrate_plan_files, NULL},
	{"connect",   NULL,          migrate_connect, NULL},
	{"preflight", NULL,          preflight,      NULL},
	{"begin",     goes_on,       begin,          undo_begin},
	{"send config", goes_on,     send_config,    NULL},
	{"network",   network_source_applies, network_source_prepare, network_source_undo},
	{"copy files", migrate_has_files, migrate_copy_files, NULL},
	{"rounds",    migrate_copies_before, migrate_rounds, migrate_undo_rounds},
	{"copy files again", migrate_has_files, migrate_copy_files_again, NULL},
	{"dump",      goes_on,       migrate_dump,   NULL},
};
/* clang-format on */

static int migrate(struct migration *x, struct err *err)
{
	struct err ignored;
	size_t done = 0;
	int r = steps_run("migrate", migrate_steps, ARRAY_SIZE(migrate_steps), &done, x, err);

	if (r == 0)
		return 0;
	if (r == -ECANCELED)
		(void)!cancel_check(err); /* which one it was */
	x->wire.stop_fd = -1;
	if (x->connected && !x->lost) {
		if (x->journal.phase && migrate_is_here(x))
			(void)!wire_send_phase(&x->wire, WIRE_ABORT, &x->id, JOURNAL_NONE,
					       &ignored);
		wire_send_error(&x->wire, err);
		transport_explain(&x->transport, EXPLAIN_MS, err);
	}
	steps_undo("migrate", migrate_steps, done, x);
	/* While our journal says that it may be over there, that one has to know that it is not. */
	if (x->lost && x->ended)
		(void)!wire_send_phase(&x->wire, WIRE_FORGET, &x->id, JOURNAL_NONE, &ignored);
	return -err->code;
}

int container_migrate(struct container_root *root, const struct container_migrate_opts *opts,
		      struct container_migrate_report *report, struct err *err)
{
	struct migration x = {.o = opts, .report = report, .began = rate_now_ns(), .cancel_fd = -1};
	int r;

	*report = (struct container_migrate_report){0};
	if (opts->cancel)
		return migrate_cancel(root, opts, err);
	r = container_open(&x.c, root, opts->id, OPEN_LOCKED, err);
	if (r == 0)
		r = opts->recover ? migrate_recover(&x, err) : migrate(&x, err);
	throttle_end(&x.throttle);
	memory_done(&x.memory);
	postcopy_done(&x);
	network_source_done(&x);
	if (x.files)
		files_done(x.files);
	if (x.deaf)
		cancel_unblock(&x.mask);
	report->total_ns = (uint64_t)(rate_now_ns() - x.began);
	report->bytes = x.wire.sent.bytes;
	if (x.connected) {
		wire_done(&x.wire);
		(void)transport_close(&x.transport, r < 0 ? GIVE_UP_MS : CLOSE_MS);
		if (r == 0 && x.transport.n_said && opts->problem)
			opts->problem(opts->ctx, "target", transport_last_words(&x.transport));
		if (r < 0 && transport_warning(&x.transport))
			log_later("at the target: %s", transport_warning(&x.transport));
	}
	close_fd(&x.cancel_fd);
	container_close(&x.c);
	arena_done(&x.arena);
	return r;
}
