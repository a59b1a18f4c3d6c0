/*
 * cancel.h - ^C and its kind, while a container stands still.
 *
 * Killed in the midst of it we would leave the container frozen. So they are blocked then, and
 * looked for where all can still be put back.
 */
#ifndef HULL_CKPT_CANCEL_H
#define HULL_CKPT_CANCEL_H

#include <signal.h>

#include "libcontainer/base/err.h"

/* Blocks INT, TERM and HUP; *RET is the mask as it was. */
void cancel_block(sigset_t *ret);
/* As it was before: what came meanwhile is delivered. */
void cancel_unblock(const sigset_t *mask);
/* -ECANCELED if one came. */
int cancel_check(struct err *err) must_check;
/* A descriptor that is readable when one has come and was not looked for yet. They are blocked. */
int cancel_fd(struct err *err) must_check;
/* In the process of a program that works for us: a terminal sends them to it, too. */
void cancel_ignore(void);

#endif
