/* RUNTIME: migrate --recover: what became of a migration that was cut off. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/migrate.h"

#define EXPLAIN_MS 1000

static int ask_phase(struct migration *x, enum journal_phase *ret, struct err *err)
{
	struct wire_msg msg;
	int r = migrate_connect(x, err);

	*ret = JOURNAL_UNREACHABLE;
	if (r == 0)
		r = wire_send_phase(&x->wire, WIRE_QUERY, &x->id, JOURNAL_NONE, err);
	if (r == 0)
		r = wire_expect(&x->wire, WIRE_PHASE, MIGRATE_TIMEOUT_MS, &msg, err);
	if (r == 0)
		*ret = msg.phase.phase;
	return r;
}

void migrate_remove_images(struct migration *x)
{
	int dirfd = openat(x->c.dirfd, "migrate", O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	auto_dir DIR *dir = dirfd < 0 ? NULL : fdopendir(dirfd);
	struct dirent *e;

	while (dir && (e = readdir(dir)))
		if (!str_ends(e->d_name, ".log") && e->d_name[0] != '.')
			(void)unlinkat(dirfd, e->d_name, 0);
}

static int resume(struct migration *x, struct err *err)
{
	struct err ignored;
	int r;

	network_source_resume(x);
	r = cgroup_freeze(x->c.cgroup_fd, false, err);
	if (r == 0)
		migrate_remove_images(x);
	if (r == 0)
		r = journal_end(&x->arena, x->c.dirfd, &x->journal, err);
	/* Its journal is of no more use to anybody. */
	if (r == 0 && x->connected)
		(void)!wire_send_phase(&x->wire, WIRE_FORGET, &x->id, JOURNAL_NONE, &ignored);
	return r;
}

/* WHY: it is not known what it is there, if it is not. */
static int carry_out(struct migration *x, enum journal_phase target, const struct err *why,
		     struct err *err)
{
	enum journal_phase source = journal_phase(&x->journal);
	enum journal_decision d = journal_decide(source, target);
	int r;

	log_debug("migrate: %s here, %s there: %s", journal_phase_name(source),
		  journal_phase_name(target), journal_decision_name(d));
	if (d != JOURNAL_DESTROY && x->o->force_resume)
		d = JOURNAL_RESUME;
	if (d == JOURNAL_RESUME)
		return resume(x, err);
	if (d == JOURNAL_DESTROY) {
		r = container_destroy(&x->c, err);
		if (r == 0 && x->connected)
			r = wire_send_phase(&x->wire, WIRE_FORGET, &x->id, JOURNAL_NONE, err);
		return r;
	}
	r = err_fail(err, EAGAIN,
		     "the container stays frozen: the migration is '%s' here and '%s' there%s%s",
		     journal_phase_name(source), journal_phase_name(target), why->code ? ": " : "",
		     why->text);
	err_hint(err,
		 "try again later; --force-resume lets it run here, which is right only if it does "
		 "not run there");
	return r;
}

int migrate_recover(struct migration *x, struct err *err)
{
	enum journal_phase target = JOURNAL_UNREACHABLE;
	struct err why = ERR_NONE;
	int r = journal_load(&x->arena, x->c.dirfd, &x->journal, err);

	if (r == -ENOENT)
		return err_fail(err, ENOENT, "container %s is in no migration", x->c.id);
	if (r == 0 && !journal_is_source(&x->journal))
		return err_fail(err, EINVAL, "container %s is not the source of a migration",
				x->c.id);
	if (r == 0)
		r = migration_id_parse(x->journal.migration, &x->id);
	if (r < 0)
		return r;
	/* Before COMMIT the target can only have given up. */
	if (journal_decide(journal_phase(&x->journal), JOURNAL_UNREACHABLE) != JOURNAL_RESUME &&
	    ask_phase(x, &target, &why) < 0) {
		if (x->connected)
			transport_explain(&x->transport, EXPLAIN_MS, &why);
		log_warn("migrate: the target does not answer: %s", why.text);
	}
	return carry_out(x, target, &why, err);
}
