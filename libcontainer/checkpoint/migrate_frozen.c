/* RUNTIME: migrate: what is done while the container stands still, up to the commit. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/migrate.h"

#define WHY_MS 5000 /* LOST is all that counts */

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
	int r = postcopy_serve(x, WIRE_PREPARED, &msg, err);

	if (r < 0)
		return r;
	return msg.type == WIRE_PREPARED && migration_id_same(&msg.phase.id, &x->id)
		       ? 0
		       : err_fail(err, EPROTO, "the target prepared another migration");
}

/* After COMMIT. Of a target that could not make the container whole, and has ended it, comes that.
 */
static int hear(struct migration *x, enum wire_type type, struct wire_msg *ret, struct err *err)
{
	struct wire_msg next;
	int r = postcopy_serve(x, type, ret, err);

	if (r < 0 || ret->type == type)
		return r;
	if (ret->phase.phase != JOURNAL_LOST || !migration_id_same(&ret->phase.id, &x->id))
		return err_fail(err, EPROTO, "the target sent %s", wire_type_name(ret->type));
	x->lost = true;
	x->dump.keep_frozen = false;
	network_source_cut(x, false);
	if (wire_next(&x->wire, WHY_MS, &next, err) == 0)
		err_fail(err, EREMOTEIO, "the target could not make the container whole");
	return err_wrap(err, "it goes on here, from when it was frozen");
}

/* The target's word for how long its processes took to run after COMMIT; its clock is another one.
 */
static int hear_resumed(struct migration *x, int64_t told, struct err *err)
{
	struct wire_msg msg;
	int r = hear(x, WIRE_PROGRESS, &msg, err);

	x->filling = true;
	x->fill.grew_ms = clock_now_ms();
	migrate_tell(x, "running");
	if (r == 0)
		x->report->frozen_ns = (uint64_t)(told - x->frozen) + msg.progress.done;
	return r;
}

static int commit(struct migration *x, struct err *err)
{
	struct memory *m = &x->memory;
	uint64_t before = m->pages + m->zeros;
	struct wire_msg msg;
	int64_t told, resumed;
	int r = cancel_check(err);

	if (r == 0)
		r = journal_advance(&x->arena, x->c.dirfd, &x->journal, JOURNAL_PREPARED, err);
	if (r == 0)
		r = journal_advance(&x->arena, x->c.dirfd, &x->journal, JOURNAL_COMMIT_SENT, err);
	if (r == 0)
		r = fault_point("migrate", "commit-sent", err);
	if (r < 0)
		return r;
	/* Only the target knows from here on: whatever fails, this copy stands still. */
	x->wire.stop_fd = -1;
	x->dump.keep_frozen = true;
	x->fill.grew_ms = clock_now_ms();
	network_source_cut(x, true);
	told = rate_now_ns();
	r = wire_send_phase(&x->wire, WIRE_COMMIT, &x->id, JOURNAL_NONE, err);
	if (r == 0)
		r = hear_resumed(x, told, err);
	resumed = rate_now_ns();
	m->began = resumed;
	m->dirty = 0;
	if (r == 0)
		r = fault_point("migrate", "resumed", err);
	if (r == 0)
		r = hear(x, WIRE_COMMITTED, &msg, err);
	if (r < 0 && x->lost)
		return r;
	if (r < 0) {
		err_wrap(err, "the target may have taken the container over, this copy is frozen");
		err_hint(err, "hull migrate --recover asks the target what became of it");
		return -err->code;
	}
	x->report->late_bytes = (m->pages + m->zeros - before) * WIRE_PAGE_SIZE;
	x->report->fill_ns = (uint64_t)(rate_now_ns() - resumed);
	x->committed = true;
	r = journal_advance(&x->arena, x->c.dirfd, &x->journal, JOURNAL_SOURCE_COMMITTED, err);
	if (r == 0)
		r = fault_point("migrate", "committed", err);
	return r < 0 ? r : wire_send_phase(&x->wire, WIRE_FORGET, &x->id, JOURNAL_NONE, err);
}

static int on_frozen(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	int r = journal_advance(&x->arena, x->c.dirfd, &x->journal, JOURNAL_FROZEN, err);

	/* From here on the dump alone freezes and thaws. */
	throttle_end(&x->throttle);
	return r;
}

static int on_dumped(void *ctx, int images_fd, int work_fd, struct err *err)
{
	struct migration *x = ctx;
	int r;

	(void)work_fd;
	/* CRIU let go of the cgroup for its parasites: only it holds the processes, by ptrace. Were
	 * it killed, they would run on. */
	r = cgroup_freeze(x->c.cgroup_fd, true, err);
	if (r == 0)
		r = fault_point("migrate", "dumped", err);
	if (r < 0)
		return r;
	migrate_tell(x, "frozen");
	x->frozen = x->dump.froze_ns;
	x->imaged = rate_now_ns();
	x->report->dump_ns = (uint64_t)(x->imaged - x->frozen);
	r = migrate_last_files(x, err);
	x->synced = rate_now_ns();
	x->report->files_ns = (uint64_t)(x->synced - x->imaged);
	if (r == 0 && x->lazy) {
		x->memory.late = x->late;
		r = memory_round(&x->memory, true, err);
		x->report->last_bytes = x->memory.dirty;
		if (r == 0)
			r = memory_write_whole(&x->memory, images_fd, err);
	}
	if (r == 0)
		r = network_source_describe(x, images_fd, err);
	if (r == 0)
		r = send_images(x, images_fd, err);
	if (r == 0)
		r = wire_send_phase(&x->wire, WIRE_PREPARE, &x->id, JOURNAL_NONE, err);
	if (r == 0)
		r = fault_point("migrate", "images sent", err);
	x->prepared = rate_now_ns();
	x->sent_before = x->wire.sent.bytes;
	x->report->transfer_ns = (uint64_t)(x->prepared - x->synced);
	if (r == 0)
		r = await_prepared(x, err);
	x->report->restore_ns = (uint64_t)(rate_now_ns() - x->prepared);
	migrate_tell(x, "restored");
	if (r == 0)
		r = commit(x, err);
	/* Whoever serves CRIU's lazy pages would go on now; nobody wants them. */
	return r == 0 && x->lazy ? err_fail(err, ECANCELED, "over there") : r;
}

int migrate_dump(void *ctx, struct err *err)
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
			  .lazy_pages = x->lazy,
			  .in_haste = true},
		.status_fd = -1,
	};
	struct err ignored;
	int r;

	x->dump =
		(struct ckpt_dump){.opts = &o, .begin = on_frozen, .complete = on_dumped, .ctx = x};
	r = ckpt_dump(&x->c, &x->dump, err);
	if (!x->committed)
		return r;
	err_clear(err);
	if (r < 0)
		r = container_destroy(&x->c, err);
	/* The last note could not be written; what it was for has gone now. */
	if (r == 0 && journal_phase(&x->journal) != JOURNAL_SOURCE_COMMITTED)
		(void)!wire_send_phase(&x->wire, WIRE_FORGET, &x->id, JOURNAL_NONE, &ignored);
	return r;
}
