/* RUNTIME: migrate-receive: the other end of a migration: images to a container that runs. */
#include "libcontainer/checkpoint/receive.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/files.h"
#include "libcontainer/checkpoint/images.h"
#include "libcontainer/checkpoint/postcopy.h"
#include "libcontainer/hooks.h"
#include "oci-spec/oci.h"

#define MAX_IMAGE_BYTES (1ULL << 40)
#define MAX_IMAGE_FILES 100000
#define TELL_MS         500 /* how often the source hears how much memory is in */
#define FEATURES        (WIRE_F_LZ4 | WIRE_F_ZSTD | WIRE_F_LAZY | WIRE_F_LATE | WIRE_F_ROOTFS)

/* ---- before anything is there ------------------------------------------------------------------
 */

void receive_name(struct receiver *x)
{
	char id[MIGRATION_ID_TEXT];

	x->name = arena_printf(&x->arena, "@migrate/%s", migration_id_format(&x->id, id));
	x->dir = arena_printf(&x->arena, "%s/%s", x->root->path, x->name);
}

static int make_dir(struct receiver *x, struct err *err)
{
	int r;

	receive_name(x);
	x->dir_fd = images_open(x->dir, true, err);
	if (x->dir_fd < 0)
		return x->dir_fd;
	/* Another one that begins may be looking at it: receive_sweep(). */
	if (!receive_lock(x->dir_fd, RECEIVE_LOCK_MS))
		return err_sys(err, EWOULDBLOCK, "lock '%s'", x->dir);
	x->images_fd = images_open(arena_printf(&x->arena, "%s/images", x->dir), true, err);
	if (x->images_fd < 0)
		return x->images_fd;
	/* CRIU reads them as root of the container's user namespace, by its descriptor of the
	 * directory; to all others the one above is closed. */
	if (fchmod(x->images_fd, 0755) < 0)
		return err_sys(err, errno, "open '%s/images' to the container's root", x->dir);
	wire_files_init(&x->images, x->images_fd, MAX_IMAGE_BYTES, MAX_IMAGE_FILES);
	wire_files_init(&x->files, x->dir_fd, OCI_MAX_BYTES, 1);
	r = fault_point("receive", "begin", err);
	if (r < 0)
		return r;
	r = journal_begin(&x->arena, x->dir_fd, JOURNAL_TARGET, &x->id, "migrate", NULL,
			  &x->journal, err);
	x->begun = r == 0;
	return r < 0 ? r
		     : journal_name_container(&x->arena, x->dir_fd, &x->journal, x->need.id, err);
}

static int answer(struct receiver *x, const struct wire_msg *msg, bool *ret_stop, struct err *err)
{
	struct migrate_answer out;
	const char *text;
	int r = wire_body_text(&x->wire, msg, &text, err);

	if (r == 0)
		r = oci_decode(&x->arena, &migrate_need_type, "preflight", text, msg->len, &x->need,
			       err);
	if (r == 0)
		r = preflight_check(&x->arena, x->root, x->opts->criu, &x->need, &out, err);
	if (r < 0)
		return r;
	if (migration_id_parse(x->need.migration, &x->id) < 0)
		return err_fail(err, EPROTO, "the source's migration has no id");
	*ret_stop = out.problems.n > 0 || x->need.dry_run.v;
	return wire_send_text(&x->wire, WIRE_PREFLIGHT_ANSWER,
			      oci_encode(&x->arena, &migrate_answer_type, &out, ""), err);
}

/* ---- what comes -------------------------------------------------------------------------------
 */

static int confirm(struct receiver *x, const struct wire_msg *msg, struct err *err)
{
	struct wire_msg done = {.type = WIRE_ROUND_DONE, .round = msg->round};

	return wire_send(&x->wire, &done, NULL, 0, err);
}

int receive_one(struct receiver *x, const struct wire_msg *msg, struct err *err)
{
	switch (msg->type) {
	case WIRE_FILE:
		return wire_files_take(&x->files, &x->wire, msg, err);
	case WIRE_IMAGE:
		return wire_files_take(&x->images, &x->wire, msg, err);
	case WIRE_ROOTFS:
		return files_take(x, msg, err);
	case WIRE_PAGES:
	case WIRE_ZERO:
		return receive_pages(x, msg, err);
	case WIRE_DIRTY:
		return receive_dirty(x, msg, err);
	case WIRE_ROUND_END:
		return confirm(x, msg, err);
	case WIRE_ROUND_BEGIN:
		return 0;
	case WIRE_ABORT:
		return err_fail(err, ECANCELED, "the source gave the migration up");
	default:
		return err_fail(err, EPROTO, "the source sent %s", wire_type_name(msg->type));
	}
}

/* All that comes before PREPARE. */
static int receive(struct receiver *x, struct err *err)
{
	struct wire_msg msg;
	int r;

	for (;;) {
		r = wire_next(&x->wire, x->opts->idle_ms, &msg, err);
		if (r < 0)
			return r;
		if (msg.type == WIRE_PREPARE)
			break;
		r = receive_one(x, &msg, err);
		if (r < 0)
			return r;
	}
	return migration_id_same(&msg.phase.id, &x->id)
		       ? 0
		       : err_fail(err, EPROTO, "the source prepares another migration");
}

/* ---- the container ----------------------------------------------------------------------------
 */

/* Of a source that gives it up instead no COMMIT will come, and no question. */
static int await_commit(struct receiver *x, struct err *err)
{
	struct wire_msg msg;
	int r = wire_next(&x->wire, x->opts->idle_ms, &msg, err);

	if (r < 0)
		return r;
	if (msg.type != WIRE_COMMIT && msg.type != WIRE_ABORT)
		return err_fail(err, EPROTO, "the source sent %s", wire_type_name(msg.type));
	if (!migration_id_same(&msg.phase.id, &x->id))
		return err_fail(err, EPROTO, "the source commits another migration");
	if (msg.type == WIRE_COMMIT)
		return 0;
	x->given_up = true;
	return err_fail(err, ECANCELED, "the source gave the migration up");
}

/* All is there, nothing has run: from here on it is for the source to say. */
static int on_restored(void *ctx, struct err *err)
{
	struct receiver *x = ctx;
	int r = receive_note_container(x, err);

	if (r == 0)
		r = journal_advance(&x->arena, x->dir_fd, &x->journal, JOURNAL_RESTORED, err);
	if (r == 0)
		r = fault_point("receive", "restored", err);
	/* When it fails from now on, the container is found by the journal, and ended. */
	if (r == 0 && x->filler > 0 && !receive_fills(x))
		r = err_fail(err, EIO, "the process that fills memory has ended");
	if (r == 0 && x->late)
		r = postcopy_restored(x, err);
	if (r == 0 && !x->late)
		r = wire_send_phase(&x->wire, WIRE_PREPARED, &x->id, JOURNAL_NONE, err);
	if (r == 0 && !x->late)
		r = await_commit(x, err);
	if (r < 0)
		return r;
	x->committed_ns = rate_now_ns();
	r = journal_advance(&x->arena, x->dir_fd, &x->journal, JOURNAL_COMMITTED, err);
	if (r == 0)
		network_target_switch(&x->net);
	return r < 0 ? r : fault_point("receive", "committed", err);
}

static int on_network(void *ctx, const struct state *s, struct err *err)
{
	struct receiver *x = ctx;
	pid_t pid = (pid_t)s->pid.v;
	const char *text =
		hooks_state_json(&x->arena, s->id, s->bundle, &s->annotations, "running", pid);

	return network_target_apply(&x->net, &x->arena, x->images_fd, pid, text, err);
}

/* Its processes run. The source is told how long that took since it let go. */
static int on_resumed(void *ctx, struct err *err)
{
	struct receiver *x = ctx;
	uint64_t took = (uint64_t)(rate_now_ns() - x->committed_ns);
	struct wire_msg msg = {.type = WIRE_PROGRESS, .progress = {took, took}};
	int r = fault_point("receive", "resumed", err);

	/* It is ours and runs, whether the source hears that or asks later. */
	if (r == 0)
		r = x->postcopy ? postcopy_resumed(x, took, err)
				: wire_send(&x->wire, &msg, NULL, 0, err);
	if (r < 0 && !x->postcopy) {
		err_clear(err);
		r = 0;
	}
	return r;
}

/* The source's, if the bundle has none. */
static int put_config(struct receiver *x, struct err *err)
{
	const char *path = arena_printf(&x->arena, "%s/config.json", x->need.bundle);
	auto_fd int bundle = -1;
	char *text;
	size_t len;
	int r;

	if (faccessat(AT_FDCWD, path, F_OK, 0) == 0)
		return 0;
	r = io_read_file(&x->arena, x->dir_fd, "config.json", OCI_MAX_BYTES, &text, &len, err);
	if (r < 0)
		return r;
	bundle = open(x->need.bundle, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (bundle < 0)
		return err_sys(err, errno, "open the bundle '%s'", x->need.bundle);
	return io_replace_file(bundle, "config.json", text, len, 0644, err);
}

static int restore(struct receiver *x, struct err *err)
{
	const struct container_restore_opts o = {
		.create = {.id = x->need.id, .bundle = x->need.bundle, .detach = true},
		.image = {.criu = x->opts->criu,
			  .image_path = arena_printf(&x->arena, "%s/images", x->dir),
			  .tcp_established = x->need.tcp.v,
			  .ext_unix_sk = true,
			  .file_locks = true,
			  .shell_job = true,
			  .lazy_pages = x->need.lazy.v,
			  .in_haste = true},
	};
	const struct ckpt_restore r = {.opts = &o,
				       .network = on_network,
				       .restored = on_restored,
				       .resumed = on_resumed,
				       .ctx = x};
	int unused;

	return ckpt_restore(x->root, &r, &unused, err);
}

/* Until all memory is in, the source keeps its copy: this one could still die of a page that
 * nobody brings, and is ended then, as the kernel would give zeros in its place. */
static int await_filled(struct receiver *x, struct err *err)
{
	struct err ignored;
	int status;

	if (x->filler <= 0)
		return journal_advance(&x->arena, x->dir_fd, &x->journal, JOURNAL_RUNNING, err);
	receive_let_go(x, true);
	/* Until then the source hears that it goes on: from us, or from the one that fills. */
	while (proc_pidfd_wait_exit(x->filler_fd, TELL_MS) == -ETIMEDOUT) {
		const struct wire_msg msg = receive_progress(x);

		if (!x->late)
			(void)!wire_send(&x->wire, &msg, NULL, 0, &ignored);
	}
	status = proc_wait(x->filler);
	x->filler = 0;
	if (status == 0)
		return journal_load(&x->arena, x->dir_fd, &x->journal, err);
	return err_fail(err, EIO, "the memory of '%s' could not be filled in", x->need.id);
}

static int finish(struct receiver *x, struct err *err)
{
	struct wire_msg msg;
	struct err ignored;
	int r = fault_point("receive", "filling", err);

	if (r == 0)
		r = await_filled(x, err);
	if (r == 0)
		r = fault_point("receive", "running", err);
	if (r == 0)
		files_take_sync(x);
	if (r == 0)
		r = wire_send_phase(&x->wire, WIRE_COMMITTED, &x->id, JOURNAL_NONE, err);
	/* Without it the journal stays, for who asks later. */
	if (r == 0 && wire_expect(&x->wire, WIRE_FORGET, x->opts->idle_ms, &msg, &ignored) == 0)
		r = state_remove(x->root, x->name, err);
	/* Else the source hears first that there is nothing to switch to. */
	if (journal_phase(&x->journal) == JOURNAL_RUNNING)
		network_target_finish(&x->net, x->opts->said);
	return r;
}

/* A source that has not heard PREPARED needs no journal, nor one that will not send COMMIT. Else it
 * may have sent it and will ask: it is told that nothing came of it. */
static int end_journal(struct receiver *x, struct err *err)
{
	switch (journal_phase(&x->journal)) {
	case JOURNAL_RESTORED:
		return journal_advance(&x->arena, x->dir_fd, &x->journal, JOURNAL_ABORTED, err);
	case JOURNAL_COMMITTED:
		return receive_orphan(x->root, x->dir_fd, &x->journal, err);
	default:
		return 0;
	}
}

/* The process that filled memory in may have ended in the midst of a frame. */
static int receive_forget(struct receiver *x, struct err *err)
{
	struct wire_msg msg;

	if (x->late)
		return wire_find_phase(&x->wire, WIRE_FORGET, &x->id, x->wire.timeout_ms, err);
	return wire_expect(&x->wire, WIRE_FORGET, x->wire.timeout_ms, &msg, err);
}

static bool is_lost(const struct receiver *x)
{
	return x->begun && journal_phase(&x->journal) == JOURNAL_LOST;
}

/* The source, whose copy may stand still until then, hears at once what came of it: that it has the
 * only copy. Whether it heard that. */
static bool tell(struct receiver *x)
{
	struct err err = ERR_NONE;
	bool lost = is_lost(x);

	if (lost && wire_send_phase(&x->wire, WIRE_PHASE, &x->id, JOURNAL_LOST, &err) < 0)
		return false;
	wire_send_error(&x->wire, &x->why);
	return lost;
}

/* What there is of it in files. TOLD: as above. */
static int put_away(struct receiver *x, bool told, struct err *err)
{
	enum journal_phase phase = journal_phase(&x->journal);
	struct err ignored = ERR_NONE;
	int r = files_undo(&x->arena, x->dir_fd, x->name, phase, err);

	if (r == 0 && (phase == JOURNAL_RECEIVING || (phase == JOURNAL_ABORTED && x->given_up) ||
		       (told && receive_forget(x, &ignored) == 0)))
		r = state_remove(x->root, x->name, err);
	return r;
}

/* All that ends by itself with the process, but for the network, which could still answer. */
static void release(struct receiver *x)
{
	close_fd(&x->filler_fd);
	if (x->lazy)
		lazy_free(x->lazy);
	if (x->store)
		pages_free(x->store);
	files_take_close(x);
	wire_files_done(&x->images);
	wire_files_done(&x->files);
	close_fd(&x->images_fd);
}

/* What the source can hear is told before anything that may take long. */
static void clean_up(struct receiver *x, int result)
{
	struct err err = ERR_NONE;
	bool ended = true, told = false;

	if (x->filler > 0) {
		kill(x->filler, SIGKILL);
		(void)proc_wait(x->filler);
	}
	receive_let_go(x, false);
	postcopy_end(x);
	network_target_close(&x->net);
	if (result < 0 && x->begun && end_journal(x, &err) < 0) {
		log_later("%s", err.text);
		ended = false;
	}
	if (result < 0)
		told = tell(x);
	(void)!fault_point("receive", "clean up", &err);
	err_clear(&err);
	release(x);
	if (result < 0 && x->begun && ended && put_away(x, told, &err) < 0)
		log_later("%s", err.text);
	if (result < 0 && *log_said_later())
		dprintf(x->opts->said, TRANSPORT_WARNING "%s\n", log_said_later() + strlen("; "));
	network_target_done(&x->net);
	close_fd(&x->dir_fd);
	wire_done(&x->wire);
	arena_done(&x->arena);
}

static int take_over(struct receiver *x, const struct wire_msg *msg, struct err *err)
{
	const struct pages_options store = {.spill_dir = -1};
	bool stop = false;
	int r;

	receive_sweep(x);
	r = answer(x, msg, &stop, err);
	if (r < 0 || stop)
		return r;
	r = network_target_begin(&x->net, &x->need, (int[]){x->wire.in, x->wire.out, x->opts->said},
				 3, err);
	if (r == 0)
		r = make_dir(x, err);
	if (r == 0)
		r = files_take_begin(x, err);
	if (r == 0) {
		x->store = pages_new(&store, err);
		r = x->store ? receive(x, err) : -err->code;
	}
	if (r == 0)
		r = fault_point("receive", "received", err);
	if (r == 0)
		r = files_take_end(x, err);
	if (r == 0)
		r = put_config(x, err);
	if (r == 0 && x->need.lazy.v)
		r = receive_missing(x, err);
	if (r == 0 && x->need.lazy.v)
		r = receive_fill(x, err);
	if (r == 0)
		r = restore(x, err);
	return r < 0 ? r : finish(x, err);
}

static int run(struct receiver *x, struct err *err)
{
	struct wire_msg msg;
	int r = wire_hello(&x->wire, FEATURES, err);

	if (r == 0)
		r = wire_next(&x->wire, x->wire.timeout_ms, &msg, err);
	if (r < 0)
		return r;
	if (msg.type == WIRE_QUERY)
		return receive_tell_phase(x, &msg, err);
	if (msg.type != WIRE_PREFLIGHT)
		return err_fail(err, EPROTO, "the source sent %s", wire_type_name(msg.type));
	return take_over(x, &msg, err);
}

int container_receive(struct container_root *root, const struct container_receive_opts *opts,
		      struct err *err)
{
	struct receiver x = {.root = root,
			     .opts = opts,
			     .dir_fd = -1,
			     .images_fd = -1,
			     .let_go = -1,
			     .filler_fd = -1,
			     .net = NETWORK_TARGET_NONE};
	int r = wire_init(&x.wire, WIRE_TARGET, opts->in, opts->out, opts->timeout_ms, err);

	*err = ERR_NONE;
	if (r < 0)
		return r;
	r = run(&x, err);
	x.why = *err;
	clean_up(&x, r);
	return r;
}
