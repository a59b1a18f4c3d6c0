/* RUNTIME: the journal of a migration, and what follows from two of them. */
#include "libcontainer/checkpoint/journal.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/random.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/str.h"
#include "oci-spec/field.h"
#include "oci-spec/oci.h"

/* ---- ids -------------------------------------------------------------------------------- */

int migration_id_new(struct migration_id *ret, struct err *err)
{
	struct migration_id id;

	/* Up to 256 bytes come whole (getrandom(2)). */
	if (getrandom(id.b, sizeof(id.b), 0) != (ssize_t)sizeof(id.b))
		return err_sys(err, errno, "get random bytes");
	*ret = id;
	return 0;
}

char *migration_id_format(const struct migration_id *id, char buf[MIGRATION_ID_TEXT])
{
	return str_hex(buf, id->b, sizeof(id->b));
}

int migration_id_parse(const char *text, struct migration_id *ret)
{
	struct migration_id id;

	if (str_unhex(text, id.b, sizeof(id.b)) != (int)sizeof(id.b))
		return -EINVAL;
	*ret = id;
	return 0;
}

bool migration_id_same(const struct migration_id *a, const struct migration_id *b)
{
	return memcmp(a->b, b->b, sizeof(a->b)) == 0;
}

/* ---- phases and decisions --------------------------------------------------------------- */

#define BIT(phase) (1U << (phase))
#define SOURCE_PHASES                                                           \
	(BIT(JOURNAL_PREPARING) | BIT(JOURNAL_FROZEN) | BIT(JOURNAL_PREPARED) | \
	 BIT(JOURNAL_COMMIT_SENT) | BIT(JOURNAL_SOURCE_COMMITTED))
#define TARGET_PHASES                                                              \
	(BIT(JOURNAL_RECEIVING) | BIT(JOURNAL_RESTORED) | BIT(JOURNAL_COMMITTED) | \
	 BIT(JOURNAL_RUNNING) | BIT(JOURNAL_ABORTED) | BIT(JOURNAL_LOST))

/* clang-format off */
static const struct {
	const char *name;
	unsigned next; /* what may follow */
} phases[] = {
	[JOURNAL_NONE]             = {"none",        BIT(JOURNAL_PREPARING) | BIT(JOURNAL_RECEIVING)},
	[JOURNAL_PREPARING]        = {"preparing",   BIT(JOURNAL_FROZEN)},
	[JOURNAL_FROZEN]           = {"frozen",      BIT(JOURNAL_PREPARED)},
	[JOURNAL_PREPARED]         = {"prepared",    BIT(JOURNAL_COMMIT_SENT)},
	[JOURNAL_COMMIT_SENT]      = {"commit-sent", BIT(JOURNAL_SOURCE_COMMITTED)},
	[JOURNAL_SOURCE_COMMITTED] = {"committed",   0},
	[JOURNAL_RECEIVING]        = {"receiving",   BIT(JOURNAL_RESTORED) | BIT(JOURNAL_ABORTED)},
	[JOURNAL_RESTORED]         = {"restored",    BIT(JOURNAL_COMMITTED) | BIT(JOURNAL_ABORTED)},
	[JOURNAL_COMMITTED]        = {"committed",   BIT(JOURNAL_RUNNING) | BIT(JOURNAL_LOST)},
	[JOURNAL_RUNNING]          = {"running",     0},
	[JOURNAL_ABORTED]          = {"aborted",     0},
	[JOURNAL_LOST]             = {"lost",        0},
	[JOURNAL_UNREACHABLE]      = {"unreachable", 0},
};
/* clang-format on */

const char *journal_phase_name(enum journal_phase phase)
{
	return (size_t)phase < ARRAY_SIZE(phases) ? phases[phase].name : "unknown";
}

bool journal_phase_of(enum journal_role role, enum journal_phase phase)
{
	return (size_t)phase < ARRAY_SIZE(phases) &&
	       (BIT(phase) & (role == JOURNAL_SOURCE ? SOURCE_PHASES : TARGET_PHASES));
}

bool journal_may_follow(enum journal_phase from, enum journal_phase to)
{
	return (size_t)from < ARRAY_SIZE(phases) && (size_t)to < ARRAY_SIZE(phases) &&
	       (phases[from].next & BIT(to));
}

#define RUN  JOURNAL_RESUME
#define END  JOURNAL_DESTROY
#define ASK  JOURNAL_ASK_AGAIN
#define KEEP JOURNAL_KEEP_FROZEN
#define N    (JOURNAL_UNREACHABLE + 1)
/*
 * Before commit-sent no COMMIT can exist, so nothing runs over there, whoever says nothing or
 * anything else: the source goes on. A target that says it does run then contradicts that.
 * After it only the target knows, and one without a journal may have run and be deleted. COMMITTED
 * has been seen when the source wrote `committed`: the journal over there may be gone by now.
 * One that lost it has ended it, so nothing runs there, and only the source's copy is left.
 */
/* clang-format off */
static const uint8_t decisions[][N] = {
/*                            none  receiving restored committed running aborted lost  unreachable */
#define ROW(none, receiving, restored, committed, running, aborted, lost, unreachable)             \
	{[JOURNAL_NONE] = none, [JOURNAL_RECEIVING] = receiving,                                 \
	 [JOURNAL_RESTORED] = restored, [JOURNAL_COMMITTED] = committed,                           \
	 [JOURNAL_RUNNING] = running, [JOURNAL_ABORTED] = aborted,                                 \
	 [JOURNAL_LOST] = lost, [JOURNAL_UNREACHABLE] = unreachable}
[JOURNAL_PREPARING]        = ROW(RUN,    RUN,      RUN,     KEEP,     KEEP,   RUN,    RUN,  RUN),
[JOURNAL_FROZEN]           = ROW(RUN,    RUN,      RUN,     KEEP,     KEEP,   RUN,    RUN,  RUN),
[JOURNAL_PREPARED]         = ROW(RUN,    RUN,      RUN,     KEEP,     KEEP,   RUN,    RUN,  RUN),
[JOURNAL_COMMIT_SENT]      = ROW(KEEP,   KEEP,     ASK,     ASK,      END,    RUN,    RUN,  ASK),
[JOURNAL_SOURCE_COMMITTED] = ROW(END,    KEEP,     KEEP,    KEEP,     END,    KEEP,   KEEP, END),
#undef ROW
};
/* clang-format on */

enum journal_decision journal_decide(enum journal_phase source, enum journal_phase target)
{
	if (!journal_phase_of(JOURNAL_SOURCE, source) || (size_t)target >= N)
		return KEEP;
	return decisions[source][target];
}

const char *journal_decision_name(enum journal_decision decision)
{
	switch (decision) {
	case JOURNAL_RESUME:
		return "resume";
	case JOURNAL_DESTROY:
		return "destroy";
	case JOURNAL_ASK_AGAIN:
		return "ask again";
	case JOURNAL_KEEP_FROZEN:
		break;
	}
	return "keep frozen";
}

enum journal_phase journal_orphaned(enum journal_phase phase)
{
	/* CRIU ends a restored tree that nobody lets go on, so there is nothing that could run. */
	if (journal_may_follow(phase, JOURNAL_ABORTED))
		return JOURNAL_ABORTED;
	/* Nobody fills its memory in any more: the kernel would give zeros. */
	return phase == JOURNAL_COMMITTED ? JOURNAL_LOST : phase;
}

/* ---- the file --------------------------------------------------------------------------- */

/* clang-format off */
static const struct oci_field journal_fields[] = {
	FIELD_U32   (journal, version,   "version"),
	FIELD_STRING(journal, migration, "migration"),
	FIELD_STRING(journal, role,      "role"),
	FIELD_STRING(journal, peer,      "peer"),
	FIELD_STRING(journal, ssh,       "sshCommand"),
	FIELD_STRING(journal, phase,     "phase"),
	FIELD_STRING(journal, started,   "started"),
	FIELD_STRING(journal, changed,   "changed"),
	FIELD_STRING(journal, arrived,   "arrived"),
	FIELD_STRING(journal, container, "container"),
	FIELD_I64   (journal, pid,       "pid"),
	FIELD_U64   (journal, start,     "startTime"),
};
/* clang-format on */
OCI_TYPE(journal, journal_fields);

static const char *const roles[] = {[JOURNAL_SOURCE] = "source", [JOURNAL_TARGET] = "target"};

bool journal_is_source(const struct journal *j)
{
	return streq(j->role, roles[JOURNAL_SOURCE]);
}

enum journal_phase journal_phase(const struct journal *j)
{
	enum journal_role role = journal_is_source(j) ? JOURNAL_SOURCE : JOURNAL_TARGET;

	for (size_t i = 0; i < ARRAY_SIZE(phases); i++)
		if (journal_phase_of(role, (enum journal_phase)i) &&
		    streq(phases[i].name, j->phase))
			return (enum journal_phase)i;
	return JOURNAL_NONE;
}

enum journal_phase journal_answer(const struct journal *j, const struct migration_id *id)
{
	char text[MIGRATION_ID_TEXT];

	migration_id_format(id, text);
	if (!journal_is_source(j) && streq(j->migration, text))
		return journal_phase(j);
	return j->arrived && streq(j->arrived, text) ? JOURNAL_RUNNING : JOURNAL_NONE;
}

static int check(const struct journal *j, struct err *err)
{
	struct migration_id id;

	if (!j->version.set || j->version.v != JOURNAL_VERSION)
		return err_fail(err, EINVAL, "version %u, this hull reads version %d", j->version.v,
				JOURNAL_VERSION);
	if (!j->migration || !j->role || !j->peer || !j->phase || !j->started)
		return err_fail(err, EINVAL, "migration, role, peer, phase or started is missing");
	if (migration_id_parse(j->migration, &id) < 0 ||
	    (j->arrived && migration_id_parse(j->arrived, &id) < 0))
		return err_fail(err, EINVAL, "'%.64s' is not the id of a migration",
				migration_id_parse(j->migration, &id) < 0 ? j->migration
									  : j->arrived);
	if (!streq(j->role, roles[JOURNAL_SOURCE]) && !streq(j->role, roles[JOURNAL_TARGET]))
		return err_fail(err, EINVAL, "role '%.64s' is not known", j->role);
	if (journal_phase(j) == JOURNAL_NONE)
		return err_fail(err, EINVAL, "a %s has no phase '%.64s'", j->role, j->phase);
	return 0;
}

int journal_load(struct arena *a, int dirfd, struct journal *ret, struct err *err)
{
	struct journal j = {0};
	int r = oci_decode_file(a, &journal_type, dirfd, JOURNAL_FILE, &j, err);

	if (r < 0)
		return r;
	r = check(&j, err);
	if (r < 0)
		return err_wrap(err, "'%s'", JOURNAL_FILE);
	*ret = j;
	return 0;
}

static int save(struct arena *a, int dirfd, struct journal *j, enum journal_phase phase,
		struct err *err)
{
	char now[CLOCK_TEXT_SIZE];
	const char *text;

	j->phase = phases[phase].name;
	j->changed = arena_strdup(a, clock_rfc3339(now));
	if (!j->started)
		j->started = j->changed;
	text = oci_encode(a, &journal_type, j, "");
	return io_replace_file_durably(dirfd, JOURNAL_FILE, text, strlen(text), 0600, err);
}

/* What is there already must be over. *RET_ARRIVED: the id if it brought the container. */
static int look_before(struct arena *a, int dirfd, const char **ret_arrived, struct err *err)
{
	struct journal old;
	enum journal_phase was;
	int r = journal_load(a, dirfd, &old, err);

	*ret_arrived = NULL;
	if (r < 0)
		return r == -ENOENT ? 0 : r;
	was = journal_phase(&old);
	if (was == JOURNAL_RUNNING)
		*ret_arrived = old.migration;
	if (was == JOURNAL_RUNNING || was == JOURNAL_ABORTED || was == JOURNAL_LOST)
		return 0;
	err_fail(err, EBUSY, "migration %s is not over: its %s is '%s'", old.migration, old.role,
		 old.phase);
	err_hint(err, "hull migrate --recover decides what becomes of it");
	return -EBUSY;
}

int journal_is_over(struct arena *a, int dirfd, struct err *err)
{
	const char *arrived;

	return look_before(a, dirfd, &arrived, err);
}

int journal_begin(struct arena *a, int dirfd, enum journal_role role, const struct migration_id *id,
		  const char *peer, const char *ssh, struct journal *ret, struct err *err)
{
	struct journal j = {.version = {true, JOURNAL_VERSION}, .role = roles[role]};
	char text[MIGRATION_ID_TEXT];
	struct proc_stat self;
	int r = look_before(a, dirfd, &j.arrived, err);

	if (r < 0)
		return r;
	j.migration = arena_strdup(a, migration_id_format(id, text));
	j.peer = peer;
	j.ssh = ssh;
	if (role == JOURNAL_SOURCE && proc_stat_read(getpid(), &self) == 0) {
		j.pid = (struct opt_i64){true, getpid()};
		j.start = (struct opt_u64){true, self.starttime};
	}
	r = save(a, dirfd, &j, role == JOURNAL_SOURCE ? JOURNAL_PREPARING : JOURNAL_RECEIVING, err);
	if (r == 0)
		*ret = j;
	return r;
}

int journal_name_container(struct arena *a, int dirfd, struct journal *j, const char *id,
			   struct err *err)
{
	j->container = id;
	return save(a, dirfd, j, journal_phase(j), err);
}

int journal_advance(struct arena *a, int dirfd, struct journal *j, enum journal_phase next,
		    struct err *err)
{
	struct journal after = *j;
	int r;

	if (!journal_may_follow(journal_phase(j), next))
		return err_fail(err, EINVAL, "migration %s cannot become '%s' from '%s'",
				j->migration, journal_phase_name(next), j->phase);
	r = save(a, dirfd, &after, next, err);
	if (r == 0)
		*j = after;
	return r;
}

int journal_end(struct arena *a, int dirfd, const struct journal *j, struct err *err)
{
	struct journal before = {.version = {true, JOURNAL_VERSION},
				 .migration = j->arrived,
				 .role = roles[JOURNAL_TARGET],
				 .peer = j->peer};

	if (j->arrived)
		return save(a, dirfd, &before, JOURNAL_RUNNING, err);
	return io_remove_file_durably(dirfd, JOURNAL_FILE, err);
}
