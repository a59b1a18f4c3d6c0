/* TEST: the two-phase commit of a migration, by trying all of it: each order in which the two sides
 * take their steps, each of them killed at any moment, the connection cut with what is on the way
 * lost or late, recoveries at any time. */
#include <stdlib.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/checkpoint/journal.h"
#include "tests/unit/unit.h"

enum box { RUNS, FROZEN, GONE };               /* the source's copy */
enum tree { NO_TREE, STANDS, LIVES, DELETED }; /* the target's; deleted by its owner later */
/* As long as its phase is `committed`, one that lives lacks memory, which its process fills in. */
enum message { NOTHING, PREPARE, COMMIT, PREPARED, COMMITTED, LOST };

/* What a process does next. Dead is done, too. */
enum source_step {
	S_DEAD,
	S_BEGIN,
	S_FREEZE_NOTED,
	S_FREEZE,
	S_PREPARE,
	S_WAIT_PREPARED,
	S_NOTE_PREPARED,
	S_NOTE_COMMIT,
	S_COMMIT,
	S_WAIT_COMMITTED,
	S_NOTE_COMMITTED,
	S_DESTROY,
	S_FORGET,
	S_THAW,
	S_ASK,
	S_DECIDE,
};
enum target_step {
	T_DEAD,
	T_BEGIN,
	T_WAIT_PREPARE,
	T_RESTORE,
	T_NOTE_RESTORED,
	T_PREPARED,
	T_WAIT_COMMIT,
	T_NOTE_COMMITTED,
	T_RESUME,
	T_NOTE_RUNNING,
	T_COMMITTED,
	T_ABORT,
	T_END_TREE,
	T_END_LOST, /* what is missing does not come; or its process died, and someone else comes */
	T_NOTE_LOST,
	T_LOST,
};

struct world {
	uint8_t phase, box, step; /* of the source; answer: what it was told */
	uint8_t answer;
	uint8_t t_phase, tree, t_step;
	uint8_t to_target, to_source; /* one message at most is on its way */
	uint8_t cut;
};

typedef enum journal_decision (*decide_fn)(enum journal_phase, enum journal_phase);

#define STATES (1U << 26)
static struct {
	uint8_t *seen; /* a bit for each world */
	struct world *todo;
	size_t n, room, n_seen;
	decide_fn decide;
	const char *violation;
	bool asked[JOURNAL_UNREACHABLE + 1][JOURNAL_UNREACHABLE + 1];
} model;

static uint32_t number(const struct world *w)
{
	uint32_t n = w->phase; /* < 6 */

	n = n * 3 + w->box;
	n = n * 16 + w->step;
	n = n * (JOURNAL_UNREACHABLE + 1) + w->answer;
	n = n * 7 + (w->t_phase ? w->t_phase - JOURNAL_RECEIVING + 1U : 0);
	n = n * 4 + w->tree;
	n = n * (T_LOST + 1) + w->t_step;
	n = n * 3 + w->to_target;
	n = n * 4 + (w->to_source ? w->to_source - PREPARED + 1U : 0);
	return n * 2 + w->cut;
}

static void violated(const char *what)
{
	if (!model.violation)
		model.violation = what;
}

static void add(struct world w)
{
	uint32_t n;

	/* A process that has ended has closed its end. */
	if (!w.step || !w.t_step)
		w.cut = 1;
	n = number(&w);
	CHECK(n < STATES);
	if (model.seen[n / 8] & (1 << n % 8))
		return;
	model.seen[n / 8] |= (uint8_t)(1 << n % 8);
	model.n_seen++;
	if (w.box == RUNS && (w.tree == LIVES || w.tree == DELETED))
		violated("two live copies");
	if (w.box == GONE && w.tree != LIVES && w.tree != DELETED)
		violated("no copy");
	if (w.box == GONE && w.t_phase == JOURNAL_COMMITTED)
		violated("no copy with all of its memory");
	if (w.t_phase == JOURNAL_LOST && w.tree != NO_TREE)
		violated("lost, and still there");
	if (model.n == model.room) {
		model.room = model.room ? 2 * model.room : 1024;
		model.todo = realloc(model.todo, model.room * sizeof(w));
		CHECK(model.todo);
	}
	model.todo[model.n++] = w;
}

static void note(uint8_t *phase, enum journal_phase next)
{
	CHECK(journal_may_follow(*phase, next));
	*phase = next;
}

/* ---- the source ------------------------------------------------------------------------- */

static void decide(struct world *w)
{
	enum journal_decision d = model.decide(w->phase, w->answer);

	model.asked[w->phase][w->answer] = true;
	w->step = S_DEAD;
	if (d == JOURNAL_RESUME)
		w->step = S_THAW;
	if (d == JOURNAL_DESTROY)
		w->step = w->phase == JOURNAL_COMMIT_SENT ? S_NOTE_COMMITTED : S_DESTROY;
	if (d == JOURNAL_KEEP_FROZEN && w->tree != DELETED)
		violated("a person is asked");
	w->answer = 0;
}

/* One step of its own; false: it has to wait. */
static bool source_step(struct world *w)
{
	uint8_t now = w->step++;

	switch (now) {
	case S_BEGIN:
		note(&w->phase, JOURNAL_PREPARING);
		return true;
	case S_FREEZE_NOTED:
		note(&w->phase, JOURNAL_FROZEN);
		return true;
	case S_FREEZE:
		w->box = FROZEN;
		return true;
	case S_PREPARE:
	case S_COMMIT:
		w->to_target = w->cut ? NOTHING : now == S_PREPARE ? PREPARE : COMMIT;
		return true;
	case S_WAIT_PREPARED:
		if (w->to_source != PREPARED)
			w->step = S_THAW; /* of the end of file */
		w->to_source = NOTHING;
		return w->step == S_NOTE_PREPARED || w->cut;
	case S_WAIT_COMMITTED:
		if (w->to_source != COMMITTED)
			w->step = w->to_source == LOST ? S_THAW : S_DEAD;
		w->to_source = NOTHING;
		return w->step != S_DEAD || w->cut;
	case S_NOTE_PREPARED:
		note(&w->phase, JOURNAL_PREPARED);
		return true;
	case S_NOTE_COMMIT:
		note(&w->phase, JOURNAL_COMMIT_SENT);
		return true;
	case S_NOTE_COMMITTED:
		note(&w->phase, JOURNAL_SOURCE_COMMITTED);
		return true;
	case S_DESTROY:
		w->box = GONE;
		return true;
	case S_THAW:
		w->box = RUNS;
		w->step = S_FORGET;
		return true;
	case S_FORGET:
		w->phase = JOURNAL_NONE;
		w->step = S_DEAD;
		return true;
	case S_DECIDE:
		decide(w);
		return true;
	default:
		w->step = now;
		return false;
	}
}

/* Someone asks the target; whether the answer arrives is another matter. What is lost is ended
 * before that is noted: meanwhile, which someone else can see, it is `committed`. */
static uint8_t answer(struct world *w)
{
	if (!w->t_step && w->t_phase == JOURNAL_COMMITTED)
		w->t_step = T_END_LOST;
	else if (!w->t_step)
		w->t_phase = (uint8_t)journal_orphaned(w->t_phase);
	return w->t_phase;
}

static void source_next(const struct world *w)
{
	struct world next = *w;

	if (w->step == S_ASK) {
		next.step = S_DECIDE;
		next.answer = JOURNAL_UNREACHABLE;
		add(next);
		answer(&next); /* and it is lost */
		add(next);
		next.answer = next.t_phase;
		add(next);
		return;
	}
	if (source_step(&next))
		add(next);
	if (w->step > S_BEGIN && w->step <= S_NOTE_COMMIT) { /* cancelled, or something failed */
		next = *w;
		next.step = S_THAW;
		add(next);
	}
	if (w->step) { /* killed */
		next = *w;
		next.step = S_DEAD;
		next.answer = 0;
		add(next);
	} else if (w->phase) { /* --recover */
		next = *w;
		next.step = S_ASK;
		add(next);
	}
}

/* ---- the target ------------------------------------------------------------------------- */

static bool target_waits(struct world *w, enum message what, uint8_t then)
{
	bool there = w->to_target == what;

	w->t_step = there ? then : T_ABORT;
	w->to_target = NOTHING;
	return there || w->cut;
}

static bool target_step(struct world *w)
{
	uint8_t now = w->t_step++;

	switch (now) {
	case T_BEGIN:
		note(&w->t_phase, JOURNAL_RECEIVING);
		return true;
	case T_WAIT_PREPARE:
		return target_waits(w, PREPARE, T_RESTORE);
	case T_RESTORE:
		w->tree = STANDS;
		return true;
	case T_NOTE_RESTORED:
		note(&w->t_phase, JOURNAL_RESTORED);
		return true;
	case T_PREPARED:
		w->to_source = w->cut ? NOTHING : PREPARED;
		return true;
	case T_WAIT_COMMIT:
		return target_waits(w, COMMIT, T_NOTE_COMMITTED);
	case T_NOTE_COMMITTED:
		note(&w->t_phase, JOURNAL_COMMITTED);
		return true;
	case T_RESUME:
		w->tree = LIVES;
		return true;
	case T_NOTE_RUNNING:
		note(&w->t_phase, JOURNAL_RUNNING);
		return true;
	case T_COMMITTED:
		w->to_source = w->cut ? NOTHING : COMMITTED;
		w->t_step = T_DEAD;
		return true;
	case T_ABORT:
		note(&w->t_phase, JOURNAL_ABORTED);
		return true;
	case T_END_TREE:
		w->tree = NO_TREE;
		w->t_step = T_DEAD;
		return true;
	case T_END_LOST:
		w->tree = NO_TREE;
		return true;
	case T_NOTE_LOST:
		note(&w->t_phase, JOURNAL_LOST);
		return true;
	case T_LOST:
		w->to_source = w->cut ? NOTHING : LOST;
		w->t_step = T_DEAD;
		return true;
	default:
		return false;
	}
}

static void target_next(const struct world *w)
{
	struct world next = *w;

	if (!w->t_step) {
		/* Its owner has no more use for it there. */
		if (w->t_phase == JOURNAL_RUNNING && w->tree == LIVES) {
			next.tree = DELETED;
			next.t_phase = JOURNAL_NONE;
			add(next);
		}
		return;
	}
	if (target_step(&next))
		add(next);
	if (journal_may_follow(w->t_phase, JOURNAL_ABORTED)) { /* its deadline, or a failure */
		next = *w;
		next.t_step = T_ABORT;
		add(next);
	}
	/* What is missing does not come, or the restore fails late. */
	if (w->t_phase == JOURNAL_COMMITTED && w->t_step < T_END_LOST) {
		next = *w;
		next.t_step = T_END_LOST;
		add(next);
	}
	next = *w; /* killed: CRIU ends what stands still with it */
	next.t_step = T_DEAD;
	next.tree = w->tree == STANDS ? NO_TREE : w->tree;
	add(next);
}

/* ---- all of it -------------------------------------------------------------------------- */

static void network(const struct world *w)
{
	struct world next = *w;

	next.cut = 1;
	add(next);
	if (!w->cut)
		return;
	next.to_target = NOTHING;
	add(next);
	next = *w;
	next.to_source = NOTHING;
	add(next);
}

/* From here on nothing fails any more: does it end with one copy that runs? */
static void calm(struct world w)
{
	if (w.tree == STANDS)
		w.tree = NO_TREE;
	w.step = w.t_step = T_DEAD;
	w.to_target = w.to_source = NOTHING;
	w.cut = 1;
	w.answer = 0;
	for (int i = 0; i < 4 && w.phase; i++) {
		w.step = S_DECIDE;
		w.answer = answer(&w);
		while (source_step(&w))
			;
		w.step = S_DEAD;
		while (w.t_step && target_step(&w))
			;
	}
	if (w.tree == DELETED)
		return;
	if (w.tree == LIVES && w.t_phase == JOURNAL_COMMITTED)
		violated("one lives that lacks memory");
	if (w.phase || (w.box == RUNS) == (w.tree == LIVES) || w.box == FROZEN)
		violated("it does not end with one live copy");
}

static const char *explore(decide_fn decide_by)
{
	static const struct world birth = {.step = S_BEGIN, .t_step = T_BEGIN};

	if (!model.seen)
		model.seen = calloc(1, STATES / 8);
	memset(model.asked, 0, sizeof(model.asked));
	model.decide = decide_by;
	model.violation = NULL;
	model.n = model.n_seen = 0;
	add(birth);
	while (model.n && !model.violation) {
		struct world w = model.todo[--model.n];

		source_next(&w);
		target_next(&w);
		network(&w);
		calm(w);
	}
	return model.violation;
}

static void forget_all(void)
{
	free(model.seen);
	model.seen = NULL;
}

static void one_copy(void)
{
	const char *violation = explore(journal_decide);

	if (violation)
		unit_fail(__FILE__, __LINE__, "%s", violation);
	printf("# %zu states\n", model.n_seen);
	CHECK(model.n_seen > 500);
	/* What the table takes for a contradiction never comes up, and the rest does. */
	for (int s = JOURNAL_PREPARING; s <= JOURNAL_SOURCE_COMMITTED; s++)
		for (int t = JOURNAL_NONE; t <= JOURNAL_UNREACHABLE; t++)
			if (model.asked[s][t] && journal_decide(s, t) == JOURNAL_KEEP_FROZEN)
				CHECK(s == JOURNAL_COMMIT_SENT && t == JOURNAL_NONE);
	for (int t = JOURNAL_RESTORED; t <= JOURNAL_UNREACHABLE; t++)
		CHECK(model.asked[JOURNAL_COMMIT_SENT][t]);
	CHECK(model.asked[JOURNAL_SOURCE_COMMITTED][JOURNAL_RUNNING]);
	CHECK(model.asked[JOURNAL_SOURCE_COMMITTED][JOURNAL_NONE]);
	CHECK(model.asked[JOURNAL_PREPARED][JOURNAL_UNREACHABLE]);
	forget_all();
}

static struct {
	int source, target;
	enum journal_decision instead;
} wrong;

static enum journal_decision wrongly(enum journal_phase s, enum journal_phase t)
{
	return (int)s == wrong.source && (int)t == wrong.target ? wrong.instead
								: journal_decide(s, t);
}

/* Each row of the table that comes up is needed: the other deed in its place loses the container or
 * makes two of it. */
static void each_row_is_needed(void)
{
	static bool asked[JOURNAL_UNREACHABLE + 1][JOURNAL_UNREACHABLE + 1];
	const enum journal_decision deeds[] = {JOURNAL_RESUME, JOURNAL_DESTROY};
	int n = 0;

	explore(journal_decide);
	memcpy(asked, model.asked, sizeof(asked));
	for (wrong.source = 0; wrong.source <= JOURNAL_UNREACHABLE; wrong.source++)
		for (wrong.target = 0; wrong.target <= JOURNAL_UNREACHABLE; wrong.target++)
			for (size_t i = 0; i < ARRAY_SIZE(deeds); i++) {
				if (!asked[wrong.source][wrong.target] ||
				    journal_decide(wrong.source, wrong.target) == deeds[i])
					continue;
				/* The owner deleted it over there: no harm, but who knows that. */
				if (wrong.target == JOURNAL_NONE && deeds[i] == JOURNAL_DESTROY &&
				    wrong.source == JOURNAL_COMMIT_SENT)
					continue;
				wrong.instead = deeds[i];
				forget_all();
				n++;
				if (!explore(wrongly))
					unit_fail(__FILE__, __LINE__,
						  "'%s' for %s and %s does no harm",
						  journal_decision_name(deeds[i]),
						  journal_phase_name(wrong.source),
						  journal_phase_name(wrong.target));
			}
	CHECK(n > 20);
	forget_all();
}

static const struct unit_case cases[] = {
	{"never two live copies, never none, and always one in the end", one_copy},
	{"each row of the table is needed", each_row_is_needed},
};
UNIT_MAIN(cases)
