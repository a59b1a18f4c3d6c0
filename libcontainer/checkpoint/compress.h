/*
 * compress.h - lz4 and zstd, a piece at a time.
 *
 * Each piece (at most COMPRESS_MAX bytes) is compressed alone, so that any can be left out or come
 * again, and its sizes before and after are said beside it. What comes back is hostile: a piece
 * becomes exactly as many bytes as was said, in memory that is that large, or it is an error. Of
 * zstd only one frame of today's format that names its size is taken: no older formats, no
 * dictionaries, no skippable frames.
 */
#ifndef HULL_CKPT_COMPRESS_H
#define HULL_CKPT_COMPRESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "libcontainer/base/err.h"

#define COMPRESS_MAX (1U << 20)

/* The numbers are part of the protocol (wire.h). */
enum codec { CODEC_NONE, CODEC_LZ4, CODEC_ZSTD };
#define N_CODECS 3

struct codec_choice {
	enum codec codec;
	int level; /* of zstd, 1 to 19; else 0 */
};

/* "none", "lz4", "zstd", "zstd:9". */
int codec_parse(const char *text, struct codec_choice *ret, struct err *err) must_check;
const char *codec_name(enum codec codec); /* static storage; "unknown" */

/* Both directions; memory is taken when first needed and kept. */
struct compressor;
struct compressor *compressor_new(void); /* NULL: out of memory */
void compressor_free(struct compressor *c);

/* Room for what LEN bytes can become at most. */
size_t compress_bound(size_t len);
/* Returns the size, or 0 when it is not worth it (less than one part in 16 saved) or fails: then
 * the bytes go as they are. SIZE: compress_bound(LEN) at least is always enough. */
size_t compress(struct compressor *c, struct codec_choice how, const void *from, size_t len,
		void *to, size_t size);
/* LEN bytes must become RAW. 0, -EBADMSG, or -ENOMEM. */
int decompress(struct compressor *c, enum codec codec, const void *from, size_t len, void *to,
	       size_t raw);

/* ---- which one -------------------------------------------------------------------------- */

/* What one way does with a sample. */
struct codec_sample {
	struct codec_choice how;
	uint64_t packs;   /* bytes a second going in, of one processor */
	uint64_t unpacks; /* bytes a second coming out */
	double ratio;     /* in : out */
};
/* none, lz4, zstd:1, zstd:3: what is tried. */
#define N_CODEC_SAMPLES 4

/* Tries all ways on LEN bytes (some MiB of what is to be sent; takes about 10 ms for one). */
void codec_measure(struct compressor *c, const void *from, size_t len,
		   struct codec_sample ret[N_CODEC_SAMPLES]);
/* PURE: the way that moves most bytes a second over a link of BANDWIDTH bytes a second, when
 * packing, sending and unpacking go on at the same time. The simpler way unless another gains a
 * tenth. 0: the bandwidth is not known, and so nothing is compressed. */
struct codec_choice codec_choose(uint64_t bandwidth, const struct codec_sample *samples, size_t n);

#endif
