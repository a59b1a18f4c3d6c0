/*
 * steps.h - an operation as a table of steps.
 *
 * create and init are arrays of rows: the order of a container's birth can be read,
 * printed and timed (--debug shows each step with its duration) and fault-injected. When a
 * step fails, the undo functions of the steps that were done run in reverse order.
 */
#ifndef HULL_STEPS_H
#define HULL_STEPS_H

#include "err.h"

struct step {
	const char *name;                 /* also the name of its fault point */
	bool (*applies)(const void *ctx); /* NULL: always */
	int (*run)(void *ctx, struct err *err);
	void (*undo)(void *ctx); /* NULL: nothing to undo */
};

/* Runs rows FIRST..N-1; *done counts the finished ones so that steps_undo() can follow. */
int steps_run(const char *what, const struct step *steps, size_t n, size_t *done, void *ctx,
	      struct err *err) must_check;
void steps_undo(const char *what, const struct step *steps, size_t done, void *ctx);

/* A named point where tests make hull fail or die. Does nothing in the real program: the
 * tests link another implementation (tests/fault). 0 or -errno. */
int fault_point(const char *what, const char *name, struct err *err);
/* REAL, or for tests what they say instead: a time that they cannot wait for. */
int fault_number(const char *what, int real);

#endif
