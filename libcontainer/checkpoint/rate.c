/* PURE: limits and measures of bandwidth. */
#include "libcontainer/checkpoint/rate.h"

#include <stdbool.h>
#include <string.h>
#include <time.h>

#define SECOND_NS 1000000000LL

int64_t rate_now_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (int64_t)ts.tv_sec * SECOND_NS + ts.tv_nsec;
}

/* Without overflow for any rate: the time is counted up to the burst only. */
static int64_t bytes_in(uint64_t rate, int64_t ns)
{
	double bytes = (double)rate * (double)ns / 1e9;

	return bytes > 9e18 ? INT64_MAX / 2 : (int64_t)bytes;
}

void rate_limit_init(struct rate_limit *l, uint64_t rate, int64_t now_ns)
{
	/* A twentieth of a second, and no less than a frame's worth. */
	uint64_t burst = rate / 20 < 65536 ? 65536 : rate / 20;

	*l = (struct rate_limit){.rate = rate, .burst = burst, .at_ns = now_ns};
	l->level = burst > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)burst;
}

int64_t rate_limit_take(struct rate_limit *l, uint64_t bytes, int64_t now_ns)
{
	int64_t burst = l->burst > INT64_MAX / 2 ? INT64_MAX / 2 : (int64_t)l->burst, more;
	double wait;

	if (!l->rate)
		return 0;
	more = now_ns > l->at_ns ? bytes_in(l->rate, now_ns - l->at_ns) : 0;
	/* What a moment too short for a byte brings is not lost: its time is counted next. */
	if (more > 0) {
		l->level = more > burst - l->level ? burst : l->level + more;
		l->at_ns = now_ns;
	}
	l->level -= bytes > INT64_MAX / 4 ? INT64_MAX / 4 : (int64_t)bytes;
	if (l->level < -(INT64_MAX / 4))
		l->level = -(INT64_MAX / 4);
	if (l->level >= 0)
		return 0;
	wait = (double)-l->level * 1e9 / (double)l->rate;
	return wait > 9e18 ? INT64_MAX : (int64_t)wait;
}

void rate_meter_init(struct rate_meter *m, int64_t now_ns)
{
	memset(m, 0, sizeof(*m));
	m->start_ns = now_ns;
	m->newest = now_ns / RATE_SLOT_NS;
}

/* Slots that nobody wrote in are empty. */
static void move_to(struct rate_meter *m, int64_t now_ns)
{
	int64_t slot = now_ns / RATE_SLOT_NS;

	if (slot - m->newest >= RATE_SLOTS) {
		memset(m->bytes, 0, sizeof(m->bytes));
		m->newest = slot;
	}
	while (m->newest < slot)
		m->bytes[++m->newest % RATE_SLOTS] = 0;
}

void rate_meter_add(struct rate_meter *m, uint64_t bytes, int64_t now_ns)
{
	move_to(m, now_ns);
	m->bytes[m->newest % RATE_SLOTS] += bytes;
}

uint64_t rate_meter_read(struct rate_meter *m, int64_t now_ns)
{
	int64_t oldest, since;
	uint64_t sum = 0;

	move_to(m, now_ns);
	oldest = (m->newest - RATE_SLOTS + 1) * RATE_SLOT_NS;
	since = now_ns - (oldest > m->start_ns ? oldest : m->start_ns);
	if (since < RATE_SLOT_NS)
		return 0;
	for (int i = 0; i < RATE_SLOTS; i++)
		sum += m->bytes[i];
	return (uint64_t)((double)sum * 1e9 / (double)since);
}
