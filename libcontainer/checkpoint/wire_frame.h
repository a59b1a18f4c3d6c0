/* wire_frame.h - what the files of wire.h share. */
#ifndef HULL_CKPT_WIRE_FRAME_H
#define HULL_CKPT_WIRE_FRAME_H

#include "libcontainer/checkpoint/wire.h"

extern const uint8_t wire_magic[8];

/* Little endian; PUT returns what follows, GET moves on. */
uint8_t *wire_put(uint8_t *p, uint64_t v, size_t bytes);
uint64_t wire_get(const uint8_t **p, size_t bytes);

const char *wire_peer(const struct wire *w); /* "target", "source" */

/* ---- bytes (wire_io.c) ------------------------------------------------------------------ */

/* When LEN bytes are there at the latest, if they begin now. */
int64_t wire_deadline(const struct wire *w, uint64_t len);
/* At least one byte ahead by END (of clock_now_ms()); -ETIMEDOUT, -ECONNRESET at the end of file,
 * or what read(2) says. No error is filled in. */
int wire_fill(struct wire *w, int64_t end);
/* Exactly LEN bytes, to TO (NULL: away). */
int wire_take(struct wire *w, void *to, size_t len, int64_t end);
/* All of IOV, which is changed. */
int wire_write(struct wire *w, struct iovec *iov, int n, int64_t end);
void wire_pause(struct wire *w, int64_t ns);

#endif
