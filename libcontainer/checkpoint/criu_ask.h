/*
 * criu_ask.h - a question to CRIU that is neither a dump nor a restore (private).
 */
#ifndef HULL_CHECKPOINT_CRIU_ASK_H
#define HULL_CHECKPOINT_CRIU_ASK_H

#include "criu.pb-c.h"
#include "libcontainer/checkpoint/criu.h"

void criu_free_response(CriuResponse **p);
#define auto_response __attribute__((cleanup(criu_free_response))) CriuResponse

/* More may be asked afterwards. An answer of another type is an error, a refusal is none. */
int criu_ask(struct criu *c, CriuRequest *request, CriuResponse **ret, struct err *err) must_check;

#endif
