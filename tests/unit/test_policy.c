/* TEST: when a migration stops copying: simulated writers and links. */
#include "libcontainer/checkpoint/policy.h"
#include "tests/unit/unit.h"

#define MIB    (1ULL << 20)
#define SECOND 1000000000LL

static struct policy p;
static enum policy_decision last;

/* Rounds over a link of LINK MiB/s, while RATE MiB/s are written of a set of SET MiB; TOTAL MiB in
 * all. How many rounds there were. */
static uint32_t run(uint64_t total, uint64_t set, uint64_t rate, uint64_t link)
{
	uint64_t bytes = total * MIB;

	p = (struct policy){.allowed_ns = 300000000, .max_rounds = 16};
	do {
		int64_t took = (int64_t)((double)bytes / (double)(link * MIB) * 1e9);
		double dirty = (double)(rate * MIB) * (double)took / 1e9;

		policy_round(&p, bytes, took);
		bytes = dirty > (double)(set * MIB) ? set * MIB : (uint64_t)dirty;
		last = policy_decide(&p, 1);
	} while (last == POLICY_GO_ON);
	return p.round;
}

static void converges(void)
{
	CHECK_UINT(run(64, 64, 0, 64), 2);
	CHECK_INT(last, POLICY_STOP);
	/* What is written while 64 MiB go over is a third of that, and so on. */
	CHECK(run(64, 64, 20, 64) <= 3);
	CHECK_INT(last, POLICY_STOP);
	CHECK(run(1024, 64, 50, 1024) <= 3);
	CHECK_INT(last, POLICY_STOP);
	CHECK(run(4096, 4096, 200, 1024) <= 5);
	CHECK_INT(last, POLICY_STOP);
}

static void does_not_converge(void)
{
	CHECK(run(64, 64, 200, 64) <= 4);
	CHECK_INT(last, POLICY_GIVE_UP);
	CHECK(policy_predict(&p, 1, false) > SECOND);
	/* With a list of it instead, the working set does not matter. */
	CHECK(policy_predict(&p, 1, true) < SECOND / 10);
	CHECK(run(1024, 512, 110, 100) <= 5);
	CHECK_INT(last, POLICY_GIVE_UP);
}

/* As run(), where each percent takes as much off the rate; how much it was in the end. */
static unsigned throttled(uint64_t set, uint64_t rate, uint64_t link, uint32_t max_rounds)
{
	uint64_t bytes = set * MIB;

	p = (struct policy){.allowed_ns = 300000000, .max_rounds = max_rounds, .converge = true};
	do {
		int64_t took = (int64_t)((double)bytes / (double)(link * MIB) * 1e9);
		double dirty = (double)(rate * MIB) * (double)took / 1e9;

		policy_round(&p, bytes, took);
		last = policy_decide(&p, 1);
		if (last == POLICY_THROTTLE)
			(void)policy_throttle(&p);
		dirty = dirty * (100 - p.throttle) / 100;
		bytes = dirty > (double)(set * MIB) ? set * MIB : (uint64_t)dirty;
	} while (last == POLICY_GO_ON || last == POLICY_THROTTLE);
	return p.throttle;
}

static void throttles(void)
{
	/* One that converges is left alone. */
	CHECK_UINT(throttled(64, 20, 64, 16), 0);
	CHECK_INT(last, POLICY_STOP);
	/* Twice as fast as the link: half of it is not enough. */
	CHECK(throttled(64, 128, 64, 16) >= 60);
	CHECK_INT(last, POLICY_STOP);
	CHECK(p.throttle <= 90);
	/* Nothing helps: as without it, once all was tried. */
	CHECK_UINT(throttled(64, 1000000, 64, 99), 99);
	CHECK_INT(last, POLICY_GIVE_UP);
	/* 3 rounds, then 20, 30, 40, ... 90, 99, which is seen not to help in two of its own. */
	CHECK_UINT(p.round, 3 + 8 + 2);
	/* The other limits hold. */
	CHECK_UINT(throttled(64, 1000000, 64, 5), 30);
	CHECK_INT(last, POLICY_GIVE_UP);
	p = (struct policy){.converge = true, .max_rounds = 9, .max_time_ns = 1, .throttle = 20};
	policy_round(&p, 64 * MIB, SECOND);
	CHECK_INT(policy_decide(&p, 1), POLICY_GIVE_UP);
}

static void limits(void)
{
	p = (struct policy){.allowed_ns = 1, .max_rounds = 2};
	policy_round(&p, 64 * MIB, SECOND);
	CHECK_INT(policy_decide(&p, 1), POLICY_GO_ON);
	policy_round(&p, 32 * MIB, SECOND / 2);
	CHECK_INT(policy_decide(&p, 1), POLICY_GIVE_UP);
	p = (struct policy){.allowed_ns = 1, .max_rounds = 99, .max_time_ns = SECOND};
	policy_round(&p, 64 * MIB, SECOND - 1);
	CHECK_INT(policy_decide(&p, 1), POLICY_GO_ON);
	policy_round(&p, 32 * MIB, 2);
	CHECK_INT(policy_decide(&p, 1), POLICY_GIVE_UP);
}

static void numbers(void)
{
	p = (struct policy){.allowed_ns = SECOND, .max_rounds = 9};
	policy_round(&p, 128 * MIB, SECOND);
	CHECK_UINT(policy_bandwidth(&p), 128 * MIB);
	CHECK_UINT(policy_dirty_rate(&p), 0);
	CHECK_UINT(policy_dirty(&p), 128 * MIB);
	policy_round(&p, 32 * MIB, SECOND / 4);
	CHECK_UINT(policy_bandwidth(&p), 128 * MIB);
	CHECK_UINT(policy_dirty_rate(&p), 32 * MIB);
	CHECK_UINT(policy_dirty(&p), 8 * MIB);
	/* 8 MiB at 128 MiB/s, and what does not go over. */
	CHECK_INT(policy_predict(&p, 1, false) - policy_predict(&p, 1, true), SECOND / 16);
	CHECK(policy_predict(&p, 10, true) > policy_predict(&p, 1, true));
	/* A round of nothing at all divides by nothing. */
	policy_round(&p, 0, 0);
	CHECK(policy_predict(&p, 1, false) < SECOND);
}

static const struct unit_case cases[] = {
	{"a writer that is slower than the link", converges},
	{"one that is faster", does_not_converge},
	{"one that is throttled", throttles},
	{"rounds and time have an end", limits},
	{"rates and predictions", numbers},
};
UNIT_MAIN(cases)
