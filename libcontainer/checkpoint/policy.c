/* PURE: when a migration stops copying memory that is written meanwhile. */
#include "libcontainer/checkpoint/policy.h"

/* Measured: dump and restore of what is not memory, with a process that has little; of each more;
 * what CRIU does for each MiB that it does not copy. */
#define FIXED_NS        80000000
#define PROCESS_NS      9000000
#define MIB_NS          40000
#define LEAST_BANDWIDTH (1ULL << 20)
#define FIRST_THROTTLE  20
#define MORE_THROTTLE   10
#define LAST_THROTTLE   99
#define NOT_CONVERGING  2 /* rounds that were hardly smaller than those before */

void policy_round(struct policy *p, uint64_t bytes, int64_t took_ns)
{
	bool smaller = p->round == 0 || bytes <= p->last / 10 * 9;

	if (p->round++ == 0)
		p->total = bytes;
	p->stuck = smaller ? 0 : p->stuck + 1;
	p->last = bytes;
	p->before_ns = p->took_ns;
	p->took_ns = took_ns > 0 ? took_ns : 1;
	p->elapsed_ns += p->took_ns;
}

static uint64_t per_second(uint64_t bytes, int64_t ns)
{
	return ns > 0 ? (uint64_t)((double)bytes * 1e9 / (double)ns) : 0;
}

uint64_t policy_bandwidth(const struct policy *p)
{
	uint64_t rate = per_second(p->last, p->took_ns);

	return rate > LEAST_BANDWIDTH ? rate : LEAST_BANDWIDTH;
}

uint64_t policy_dirty_rate(const struct policy *p)
{
	return p->round < 2 ? 0 : per_second(p->last, p->before_ns);
}

uint64_t policy_dirty(const struct policy *p)
{
	double bytes = (double)policy_dirty_rate(p) * (double)p->took_ns / 1e9;

	/* Before the second round nothing is known: as if all of it were written. */
	return p->round < 2 || bytes > (double)p->total ? p->total : (uint64_t)bytes;
}

int64_t policy_predict(const struct policy *p, uint32_t n_processes, bool late)
{
	int64_t more = n_processes > 1 ? (int64_t)n_processes - 1 : 0;
	int64_t ns = FIXED_NS + more * PROCESS_NS + (int64_t)(p->total >> 20) * MIB_NS;

	if (late)
		return ns;
	return ns + (int64_t)((double)policy_dirty(p) * 1e9 / (double)policy_bandwidth(p));
}

enum policy_decision policy_decide(const struct policy *p, uint32_t n_processes)
{
	if (p->round > 1 && policy_predict(p, n_processes, false) <= p->allowed_ns)
		return POLICY_STOP;
	if (p->round >= p->max_rounds || (p->max_time_ns && p->elapsed_ns >= p->max_time_ns))
		return POLICY_GIVE_UP;
	if (p->throttle && p->throttle < LAST_THROTTLE)
		return POLICY_THROTTLE;
	if (p->stuck < NOT_CONVERGING)
		return POLICY_GO_ON;
	return p->converge && !p->throttle ? POLICY_THROTTLE : POLICY_GIVE_UP;
}

unsigned policy_throttle(struct policy *p)
{
	unsigned more = p->throttle ? p->throttle + MORE_THROTTLE : FIRST_THROTTLE;

	p->throttle = more < LAST_THROTTLE ? more : LAST_THROTTLE;
	p->stuck = 0;
	return p->throttle;
}
