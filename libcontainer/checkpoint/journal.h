/*
 * journal.h - who holds the container: the two-phase commit of a migration.
 *
 * STATE/ID/migrate.json, on both sides. A phase is on the disk before the message that it permits
 * is sent and before the deed that it announces is done, so that after the death of anybody at any
 * moment the two files say what can have happened:
 *
 *   source                                     target
 *   preparing    runs; nothing is lost         receiving   files and pages come in
 *   frozen       the last round begins
 *                             -- PREPARE ->
 *                                              restored    all is there, and stands still
 *                             <- PREPARED --
 *   prepared     it could be given away
 *   commit-sent  it may have been given away
 *                             -- COMMIT ->
 *                                              committed   from here on it is the target's
 *                                              running     it goes on there
 *                             <- COMMITTED --
 *   committed    the frozen copy may go
 *
 * A target that cannot make the container whole after `committed` (who fills in its memory was
 * killed, what is missing does not come) ends it, sees that no process of it is left, and writes
 * `lost`: the source's copy, which has stood still all the time, then goes on from where it was
 * frozen.
 *
 * There is one participant besides the source, so its writing of `committed` is the commit. Until
 * then it may write `aborted` whenever it likes (end of file, a deadline, a question about it by
 * someone who finds nobody at work), and then refuses a later COMMIT. Only a source in
 * `commit-sent` does not know: it stays frozen and asks. journal_decide() is what --recover does;
 * the unit test tries it on every order of steps, deaths, cuts and recoveries.
 */
#ifndef HULL_CKPT_JOURNAL_H
#define HULL_CKPT_JOURNAL_H

#include "libcontainer/base/arena.h"
#include "libcontainer/state.h"
#include "oci-spec/spec.h"

#define JOURNAL_FILE    STATE_JOURNAL
#define JOURNAL_VERSION 1

struct migration_id {
	uint8_t b[16]; /* random */
};
#define MIGRATION_ID_TEXT 33 /* 32 hexadecimal digits and NUL */

int migration_id_new(struct migration_id *ret, struct err *err) must_check;
/* Returns buf. */
char *migration_id_format(const struct migration_id *id, char buf[MIGRATION_ID_TEXT]);
int migration_id_parse(const char *text, struct migration_id *ret); /* 0 or -EINVAL */
bool migration_id_same(const struct migration_id *a, const struct migration_id *b);

enum journal_role { JOURNAL_SOURCE, JOURNAL_TARGET };

enum journal_phase {
	/* The numbers are part of the protocol (wire.h). */
	JOURNAL_NONE, /* there is no journal of this migration */
	JOURNAL_PREPARING,
	JOURNAL_FROZEN,
	JOURNAL_PREPARED,
	JOURNAL_COMMIT_SENT,
	JOURNAL_SOURCE_COMMITTED,
	JOURNAL_RECEIVING,
	JOURNAL_RESTORED,
	JOURNAL_COMMITTED,
	JOURNAL_RUNNING,
	JOURNAL_ABORTED,
	JOURNAL_LOST, /* it was given the container, could not make it whole, and has ended it */
	JOURNAL_UNREACHABLE, /* of the target: nobody answers */
};

/* As in the file; "none" and "unreachable" for messages. Static storage. */
const char *journal_phase_name(enum journal_phase phase);
/* Whether a journal of ROLE can be in that phase at all. */
bool journal_phase_of(enum journal_role role, enum journal_phase phase);
/* PURE: whether FROM may be followed by TO, which is in the same journal. From none: the first of
 * either side. */
bool journal_may_follow(enum journal_phase from, enum journal_phase to);

enum journal_decision {
	/* The two contradict each other, or the other has forgotten: only a person can say
	 * (--force-resume). */
	JOURNAL_KEEP_FROZEN,
	JOURNAL_RESUME,    /* thaw the source's copy, then remove its journal */
	JOURNAL_DESTROY,   /* it runs over there: delete the source's copy, then the journal */
	JOURNAL_ASK_AGAIN, /* not decided yet: leave it frozen, ask later */
};

/* PURE: what --recover does at the source, whose journal is in SOURCE, when the target's is in
 * TARGET (JOURNAL_UNREACHABLE: nobody says). */
enum journal_decision journal_decide(enum journal_phase source, enum journal_phase target);
const char *journal_decision_name(enum journal_decision decision);

/* PURE: what a target does when it is asked about a migration in PHASE and finds nobody at work on
 * it (the lock of the container is free): the phase to write before it answers, which may be the
 * same. JOURNAL_LOST may be written only when no process of the container is left: whoever writes
 * it ends them before. */
enum journal_phase journal_orphaned(enum journal_phase phase);

struct journal {
	struct opt_u32 version;
	const char *migration; /* the id as text */
	const char *role;      /* "source", "target" */
	const char *peer;      /* what `hull migrate` was told, or who came */
	const char *ssh;       /* the command that was used instead of ssh; absent: ssh itself */
	const char *phase;
	const char *started, *changed; /* RFC 3339 */
	const char *arrived;   /* id of the migration that brought the container here before */
	const char *container; /* of a target: its id here */
	/* Of a source: hull, which works on it. Of a target, from `committed` on: the container's
	 * first process, as there may be another one of this id later. */
	struct opt_i64 pid;
	struct opt_u64 start;
};

extern const struct oci_type journal_type;

enum journal_phase journal_phase(const struct journal *j);
bool journal_is_source(const struct journal *j);
/* What this journal says to someone who asks about migration ID: a phase of a target, or none. A
 * container that has arrived and is on its way to a third place did arrive. */
enum journal_phase journal_answer(const struct journal *j, const struct migration_id *id);

/* Reads and checks it. -ENOENT when there is none. DIRFD: the container's state directory. */
int journal_load(struct arena *a, int dirfd, struct journal *ret, struct err *err) must_check;
/* Whether one that is there is over: else -EBUSY, with what to do. */
int journal_is_over(struct arena *a, int dirfd, struct err *err) must_check;
/* Begins one in the first phase of ROLE, which is on the disk when this returns. One that is there
 * must be over (running, aborted): else -EBUSY. SSH may be NULL. Strings are kept. */
int journal_begin(struct arena *a, int dirfd, enum journal_role role, const struct migration_id *id,
		  const char *peer, const char *ssh, struct journal *ret,
		  struct err *err) must_check;
/* Of a target in its first phase: which container is going to be here. Kept. */
int journal_name_container(struct arena *a, int dirfd, struct journal *j, const char *id,
			   struct err *err) must_check;
/* The next phase, on the disk when this returns; *j is as before if it fails. -EINVAL when it may
 * not follow. */
int journal_advance(struct arena *a, int dirfd, struct journal *j, enum journal_phase next,
		    struct err *err) must_check;
/* It is over: of a container that goes on here, having arrived before, remains that it did. */
int journal_end(struct arena *a, int dirfd, const struct journal *j, struct err *err) must_check;

#endif
