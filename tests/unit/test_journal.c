/* TEST: the journal of a migration as a file. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/checkpoint/journal.h"
#include "oci-spec/oci.h"
#include "tests/unit/unit.h"

static char dir_path[64];

static int directory(void)
{
	int fd;

	memcpy(dir_path, "/tmp/hull-journal-XXXXXX", 25);
	CHECK(mkdtemp(dir_path));
	fd = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

/* Nothing else may be in it: no temporary file stays. */
static void done(int fd)
{
	unlinkat(fd, JOURNAL_FILE, 0);
	close(fd);
	CHECK_INT(rmdir(dir_path), 0);
}

static void write_text(int fd, const char *text)
{
	struct err err = ERR_NONE;

	CHECK_INT(io_replace_file(fd, JOURNAL_FILE, text, strlen(text), 0600, &err), 0);
}

static const struct migration_id id = {{0xde, 0xad, 0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 255}};
#define ID                         \
	"dead00010203040506070809" \
	"0a0b0cff"

static void ids(void)
{
	struct migration_id a, b;
	struct err err = ERR_NONE;
	char text[MIGRATION_ID_TEXT];

	CHECK_STR(migration_id_format(&id, text), ID);
	CHECK_INT(migration_id_parse(ID, &a), 0);
	CHECK(migration_id_same(&a, &id));
	CHECK_INT(migration_id_new(&a, &err), 0);
	CHECK_INT(migration_id_new(&b, &err), 0);
	CHECK(!migration_id_same(&a, &b));
	CHECK_INT(migration_id_parse("", &b), -EINVAL);
	CHECK_INT(migration_id_parse(ID "0", &b), -EINVAL);
	CHECK_INT(migration_id_parse("DEAD000102030405060708090a0b0cff", &b), -EINVAL);
	CHECK_INT(migration_id_parse("dead000102030405060708090a0b0cf/", &b), -EINVAL);
}

static void life_of_a_source(void)
{
	const enum journal_phase way[] = {JOURNAL_FROZEN, JOURNAL_PREPARED, JOURNAL_COMMIT_SENT,
					  JOURNAL_SOURCE_COMMITTED};
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct journal j, read;
	struct stat st;
	int fd = directory();

	CHECK_INT(journal_load(&a, fd, &j, &err), -ENOENT);
	CHECK_INT(journal_begin(&a, fd, JOURNAL_SOURCE, &id, "root@b:/x", NULL, &j, &err), 0);
	CHECK_INT(fstatat(fd, JOURNAL_FILE, &st, 0), 0);
	CHECK_INT(st.st_mode & 07777, 0600);
	for (size_t i = 0; i < ARRAY_SIZE(way); i++) {
		CHECK_INT(journal_load(&a, fd, &read, &err), 0);
		CHECK_INT(journal_phase(&read), i ? way[i - 1] : JOURNAL_PREPARING);
		CHECK(journal_is_source(&read));
		CHECK_STR(read.migration, ID);
		CHECK_STR(read.peer, "root@b:/x");
		CHECK_STR(read.started, j.started);
		CHECK(!read.ssh && !read.arrived);
		/* A source is no answer to who asks for a target. */
		CHECK_INT(journal_answer(&read, &id), JOURNAL_NONE);
		CHECK_INT(journal_advance(&a, fd, &read, JOURNAL_RUNNING, &err), -EINVAL);
		CHECK_INT(journal_phase(&read), i ? way[i - 1] : JOURNAL_PREPARING);
		CHECK_INT(journal_begin(&a, fd, JOURNAL_SOURCE, &id, "c", NULL, &read, &err),
			  -EBUSY);
		CHECK_HAS(err.text, "is not over: its source is");
		CHECK_INT(journal_advance(&a, fd, &j, way[i], &err), 0);
	}
	CHECK_INT(journal_end(&a, fd, &j, &err), 0);
	CHECK_INT(journal_load(&a, fd, &j, &err), -ENOENT);
	CHECK_INT(faccessat(fd, JOURNAL_FILE, F_OK, 0), -1);
	done(fd);
}

/* B has got it from A and gives it to C: A, which has not heard of it, may still ask B. */
static void onwards(void)
{
	static const struct migration_id second = {{1}}, third = {{2}};
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct journal j, read;
	int fd = directory();

	CHECK_INT(journal_begin(&a, fd, JOURNAL_TARGET, &id, "a", NULL, &j, &err), 0);
	CHECK_INT(journal_answer(&j, &id), JOURNAL_RECEIVING);
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_COMMITTED, &err), -EINVAL);
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_RESTORED, &err), 0);
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_COMMITTED, &err), 0);
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_ABORTED, &err), -EINVAL);
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_RUNNING, &err), 0);
	CHECK_INT(journal_begin(&a, fd, JOURNAL_SOURCE, &second, "c", "ssh -p 2", &j, &err), 0);
	CHECK_INT(journal_load(&a, fd, &read, &err), 0);
	CHECK_STR(read.ssh, "ssh -p 2");
	CHECK_INT(journal_answer(&read, &id), JOURNAL_RUNNING);
	CHECK_INT(journal_answer(&read, &third), JOURNAL_NONE);
	CHECK_INT(journal_end(&a, fd, &read, &err), 0); /* it stays */
	CHECK_INT(journal_load(&a, fd, &read, &err), 0);
	CHECK_INT(journal_answer(&read, &id), JOURNAL_RUNNING);
	CHECK_INT(journal_answer(&read, &second), JOURNAL_NONE);
	done(fd);
}

static void aborted_is_over(void)
{
	static const struct migration_id second = {{1}};
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct journal j;
	int fd = directory();

	CHECK_INT(journal_begin(&a, fd, JOURNAL_TARGET, &id, "a", NULL, &j, &err), 0);
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_RESTORED, &err), 0);
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_ABORTED, &err), 0);
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_COMMITTED, &err), -EINVAL);
	CHECK_INT(journal_answer(&j, &id), JOURNAL_ABORTED);
	CHECK_INT(journal_begin(&a, fd, JOURNAL_TARGET, &second, "a", NULL, &j, &err), 0);
	CHECK(!j.arrived);
	CHECK_INT(journal_answer(&j, &id), JOURNAL_NONE);
	done(fd);
}

/* Who is asked about it must know which container that was. */
static void lost(void)
{
	static const struct migration_id second = {{1}};
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct journal j, read;
	int fd = directory();

	CHECK_INT(journal_begin(&a, fd, JOURNAL_TARGET, &id, "a", NULL, &j, &err), 0);
	CHECK_INT(journal_name_container(&a, fd, &j, "web", &err), 0);
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_LOST, &err), -EINVAL);
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_RESTORED, &err), 0);
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_LOST, &err), -EINVAL);
	j.pid = (struct opt_i64){true, 17};
	j.start = (struct opt_u64){true, 18};
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_COMMITTED, &err), 0);
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_LOST, &err), 0);
	CHECK_INT(journal_load(&a, fd, &read, &err), 0);
	CHECK_STR(read.container, "web");
	CHECK_INT(read.pid.v, 17);
	CHECK_INT(read.start.v, 18);
	CHECK_INT(journal_answer(&read, &id), JOURNAL_LOST);
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_RUNNING, &err), -EINVAL);
	CHECK_INT(journal_begin(&a, fd, JOURNAL_TARGET, &second, "a", NULL, &j, &err), 0);
	CHECK(!j.arrived && !j.container);
	done(fd);
}

/* When the disk does not take it, the phase has not changed. */
static void not_written(void)
{
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct journal j;
	int fd = directory();

	CHECK_INT(journal_begin(&a, fd, JOURNAL_SOURCE, &id, "a", NULL, &j, &err), 0);
	done(fd);
	fd = directory();
	rmdir(dir_path);
	CHECK_INT(journal_advance(&a, fd, &j, JOURNAL_FROZEN, &err), -ENOENT);
	CHECK_INT(journal_phase(&j), JOURNAL_PREPARING);
	close(fd);
}

#define START  "{\"version\":1,\"migration\":\"" ID "\",\"role\":\"source\",\"peer\":\"b\","
#define MOMENT "\"started\":\"2026-11-22T15:00:00Z\"}"

static void bad_files(void)
{
	static const struct {
		const char *text, *why;
	} rows[] = {
		{START "\"phase\":\"frozen\"," MOMENT, NULL},
		{"", "migrate.json"},
		{START "\"phase\":\"frozen\"}", "is missing"},
		{START MOMENT, "is missing"},
		{START "\"phase\":\"running\"," MOMENT, "a source has no phase 'running'"},
		{START "\"phase\":\"none\"," MOMENT, "no phase 'none'"},
		{START "\"phase\":\"unreachable\"," MOMENT, "no phase"},
		{START "\"phase\":\"frozen\",\"arrived\":\"x\"," MOMENT, "'x' is not the id"},
		{"{\"version\":2}", "version 2"},
		{"{\"version\":1,\"migration\":\"1\",\"role\":\"source\",\"peer\":\"b\","
		 "\"phase\":\"frozen\"," MOMENT,
		 "'1' is not the id"},
		{"{\"version\":1,\"migration\":\"" ID "\",\"role\":\"x\",\"peer\":\"b\","
		 "\"phase\":\"frozen\"," MOMENT,
		 "role 'x'"},
	};
	auto_arena a = ARENA_INIT;
	int fd = directory();

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err err = ERR_NONE;
		struct journal j;

		write_text(fd, rows[i].text);
		CHECK_INT(journal_load(&a, fd, &j, &err) < 0, rows[i].why != NULL);
		if (!rows[i].why)
			continue;
		CHECK_HAS(err.text, rows[i].why);
		/* What cannot be read might be of one that is not over. */
		CHECK(journal_begin(&a, fd, JOURNAL_SOURCE, &id, "b", NULL, &j, &err) < 0);
	}
	done(fd);
}

/* All pairs, by what header and protocol say rather than by the table. */
static void all_pairs(void)
{
	for (int s = JOURNAL_NONE; s <= JOURNAL_UNREACHABLE + 1; s++)
		for (int t = JOURNAL_NONE; t <= JOURNAL_UNREACHABLE + 1; t++) {
			enum journal_decision d = journal_decide(s, t);
			bool source = journal_phase_of(JOURNAL_SOURCE, s);
			bool target = journal_phase_of(JOURNAL_TARGET, t) || t == JOURNAL_NONE ||
				      t == JOURNAL_UNREACHABLE;
			bool may_run = t == JOURNAL_COMMITTED || t == JOURNAL_RUNNING;

			if (!source || !target)
				CHECK_INT(d, JOURNAL_KEEP_FROZEN);
			/* It runs over there, or may: nothing may run here. */
			if (may_run)
				CHECK(d != JOURNAL_RESUME);
			/* Gone only if it runs over there, or once did for sure. */
			if (d == JOURNAL_DESTROY)
				CHECK(t == JOURNAL_RUNNING || s == JOURNAL_SOURCE_COMMITTED);
			/* It was there, and has ended: only the copy here is left. */
			if (s == JOURNAL_COMMIT_SENT && t == JOURNAL_LOST)
				CHECK_INT(d, JOURNAL_RESUME);
			/* Nobody says, and COMMIT may have arrived. */
			if (s == JOURNAL_COMMIT_SENT && t == JOURNAL_UNREACHABLE)
				CHECK_INT(d, JOURNAL_ASK_AGAIN);
			/* COMMIT was not sent: it never takes a person. */
			if (source && target && s < JOURNAL_COMMIT_SENT && !may_run)
				CHECK_INT(d, JOURNAL_RESUME);
			CHECK(journal_decision_name(d)[0]);
		}
}

static void orphans(void)
{
	CHECK_INT(journal_orphaned(JOURNAL_NONE), JOURNAL_NONE);
	CHECK_INT(journal_orphaned(JOURNAL_RECEIVING), JOURNAL_ABORTED);
	CHECK_INT(journal_orphaned(JOURNAL_RESTORED), JOURNAL_ABORTED);
	CHECK_INT(journal_orphaned(JOURNAL_COMMITTED), JOURNAL_LOST);
	CHECK_INT(journal_orphaned(JOURNAL_LOST), JOURNAL_LOST);
	CHECK_INT(journal_orphaned(JOURNAL_RUNNING), JOURNAL_RUNNING);
	CHECK_INT(journal_orphaned(JOURNAL_ABORTED), JOURNAL_ABORTED);
}

static const struct unit_case cases[] = {
	{"ids", ids},
	{"a source's life", life_of_a_source},
	{"a container that arrived goes on to a third place", onwards},
	{"aborted is over", aborted_is_over},
	{"lost is over, and only after committed", lost},
	{"a phase that was not written was not reached", not_written},
	{"files that are no journals", bad_files},
	{"decisions: all pairs", all_pairs},
	{"a target that nobody works on", orphans},
};
UNIT_MAIN(cases)
