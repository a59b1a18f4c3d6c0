/* BOTH SIDES: run a table of steps, and undo it. */
#include "steps.h"

#include <time.h>

#include "log.h"

static double now_us(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec * 1e6 + (double)ts.tv_nsec / 1e3;
}

int steps_run(const char *what, const struct step *steps, size_t n, size_t *done, void *ctx,
	      struct err *err)
{
	bool timed = log_debug_enabled();

	for (; *done < n; (*done)++) {
		const struct step *s = &steps[*done];
		double start = timed ? now_us() : 0;
		int r;

		if (s->applies && !s->applies(ctx))
			continue;
		r = fault_point(what, s->name, err);
		if (r == 0)
			r = s->run(ctx, err);
		if (r < 0)
			return r;
		if (timed)
			log_debug("%s: %s (%.0f us)", what, s->name, now_us() - start);
	}
	return 0;
}

void steps_undo(const char *what, const struct step *steps, size_t done, void *ctx)
{
	while (done-- > 0) {
		const struct step *s = &steps[done];

		if (!s->undo || (s->applies && !s->applies(ctx)))
			continue;
		log_debug("%s: undo %s", what, s->name);
		s->undo(ctx);
	}
}
