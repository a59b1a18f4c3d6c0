/* RUNTIME: migrate: rounds of memory while the container runs, and when to stop. */
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/migrate.h"
#include "libcontainer/checkpoint/policy.h"

#define TICK_NS    200000000
#define MAX_ROUNDS 16
#define HYBRID     2 /* rounds: what they leave goes over afterwards */

bool migrate_copies_before(const void *ctx)
{
	const struct migration *x = ctx;

	return !x->stop && x->lazy;
}

void migrate_tell(struct migration *x, const char *phase)
{
	const struct container_migrate_progress p = {.phase = phase, .round = x->memory.round};

	if (x->o->progress)
		x->o->progress(x->o->ctx, &p);
}

static struct container_migrate_progress numbers(const struct migration *x, const struct policy *p,
						 int64_t took)
{
	const struct memory *m = &x->memory;

	return (struct container_migrate_progress){
		.phase = "round",
		.round = m->round,
		.dirty_bytes = m->dirty,
		.expected_bytes = p->round ? policy_dirty(p) : x->expected,
		.sent_bytes = m->wire->sent.bytes - m->sent_before,
		.took_ms = (uint64_t)took / 1000000,
		.dirty_rate = policy_dirty_rate(p),
		.throttle = x->throttle.percent,
	};
}

/* In the midst of a round. */
static void tick(void *ctx)
{
	struct migration *x = ctx;
	int64_t now = rate_now_ns();
	struct container_migrate_progress p;

	if (now - x->ticked < TICK_NS)
		return;
	x->ticked = now;
	p = numbers(x, x->policy, now - x->round_began);
	p.within = true;
	p.bandwidth = p.dirty_bytes * 1000 / (p.took_ms + 1);
	if (x->policy->round)
		p.predicted_ms =
			(uint64_t)policy_predict(x->policy, (uint32_t)x->memory.n_pids, x->late) /
			1000000;
	x->o->progress(x->o->ctx, &p);
}

static void tell_round(struct migration *x, const struct policy *policy)
{
	struct container_migrate_progress p = numbers(x, policy, policy->took_ns);
	struct container_migrate_report *r = x->report;

	p.bandwidth = policy_bandwidth(policy);
	p.predicted_ms =
		(uint64_t)policy_predict(policy, (uint32_t)x->memory.n_pids, x->late) / 1000000;
	r->rounds = x->memory.round;
	r->bytes = x->wire.sent.bytes;
	if (r->rounds <= CONTAINER_MIGRATE_ROUNDS)
		r->round[r->rounds - 1] = (struct container_migrate_round){
			x->memory.dirty, p.sent_bytes, (uint64_t)policy->took_ns};
	if (x->o->progress)
		x->o->progress(x->o->ctx, &p);
}

/* Memory that is written faster than it goes over goes over after the container does. */
static void give_up(struct migration *x)
{
	if (x->mode != MIGRATE_AUTO || !(x->wire.features & WIRE_F_LATE))
		return;
	log_debug("migrate: rounds do not get small enough: what is dirty goes over afterwards");
	x->late = true;
}

static int throttle(struct migration *x, struct policy *p, struct err *err)
{
	unsigned percent = policy_throttle(p);

	log_debug("migrate: rounds do not get small enough: throttled by %u %%", percent);
	return throttle_set(&x->throttle, x->c.cgroup_fd, x->c.dirfd, percent, err);
}

static int rounds(struct migration *x, struct policy *p, struct err *err)
{
	enum policy_decision d = POLICY_GO_ON;

	while (d == POLICY_GO_ON || d == POLICY_THROTTLE) {
		if (d == POLICY_THROTTLE && throttle(x, p, err) < 0)
			return -err->code;
		x->round_began = rate_now_ns();
		if (memory_round(&x->memory, false, err) < 0)
			return -err->code;
		policy_round(p, x->memory.dirty, rate_now_ns() - x->round_began);
		tell_round(x, p);
		d = policy_decide(p, (uint32_t)x->memory.n_pids);
	}
	if (d == POLICY_GIVE_UP)
		give_up(x);
	return 0;
}

/* Until what would be left to send while it stands still takes less than the downtime that is
 * allowed; or it gets no better. */
int migrate_rounds(void *ctx, struct err *err)
{
	struct migration *x = ctx;
	struct policy p = {
		.allowed_ns = (int64_t)x->o->downtime_ms * 1000000,
		.max_time_ns = (int64_t)x->o->max_time_ms * 1000000,
		.converge = x->o->auto_converge,
		.max_rounds = x->o->max_rounds            ? x->o->max_rounds
			      : x->mode == MIGRATE_HYBRID ? HYBRID
							  : MAX_ROUNDS,
	};
	int r = memory_init(&x->memory, &x->wire, &x->c, err);

	x->memory.set.by = x->track_by;
	x->memory.choose = !given(x->o->compress) || streq(x->o->compress, "auto");
	x->late = x->mode == MIGRATE_POSTCOPY || x->mode == MIGRATE_HYBRID;
	if (r < 0 || x->mode == MIGRATE_POSTCOPY)
		return r;
	x->policy = &p;
	x->memory.throttle = &x->throttle;
	if (x->o->progress) {
		x->memory.tick = tick;
		x->memory.tick_ctx = x;
	}
	r = rounds(x, &p, err);
	if (r < 0)
		throttle_end(&x->throttle);
	x->memory.tick = NULL;
	x->policy = NULL;
	return r;
}

void migrate_undo_rounds(void *ctx)
{
	struct migration *x = ctx;

	throttle_end(&x->throttle);
	memory_done(&x->memory);
}
