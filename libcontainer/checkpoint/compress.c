/* RUNTIME: lz4 and zstd. */
#include "libcontainer/checkpoint/compress.h"

#include <errno.h>
#include <lz4.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <zstd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"

static const char *const names[N_CODECS] = {"none", "lz4", "zstd"};

const char *codec_name(enum codec codec)
{
	return (size_t)codec < N_CODECS ? names[codec] : "unknown";
}

#define ZSTD_LEVEL     1 /* when none is given: the link is waited for */
#define ZSTD_LEVEL_MAX 19

int codec_parse(const char *text, struct codec_choice *ret, struct err *err)
{
	uint32_t level;

	for (enum codec c = CODEC_NONE; c < N_CODECS; c++)
		if (streq(text, names[c])) {
			*ret = (struct codec_choice){c, c == CODEC_ZSTD ? ZSTD_LEVEL : 0};
			return 0;
		}
	if (!str_starts(text, "zstd:")) {
		err_fail(err, EINVAL, "compression '%s' is not known", text);
		err_hint(err, "none, lz4, zstd, or zstd:1 to zstd:%d", ZSTD_LEVEL_MAX);
		return -EINVAL;
	}
	if (str_to_u32(text + 5, &level) < 0 || level < 1 || level > ZSTD_LEVEL_MAX)
		return err_fail(err, EINVAL, "compression '%s': levels are 1 to %d", text,
				ZSTD_LEVEL_MAX);
	*ret = (struct codec_choice){CODEC_ZSTD, (int)level};
	return 0;
}

struct compressor {
	void *lz4;
	ZSTD_CCtx *zstd;
	ZSTD_DCtx *unzstd;
};

struct compressor *compressor_new(void)
{
	return calloc(1, sizeof(struct compressor));
}

void compressor_free(struct compressor *c)
{
	if (!c)
		return;
	free(c->lz4);
	ZSTD_freeCCtx(c->zstd);
	ZSTD_freeDCtx(c->unzstd);
	free(c);
}

size_t compress_bound(size_t len)
{
	size_t lz4 = LZ4_COMPRESSBOUND(len), zstd = ZSTD_COMPRESSBOUND(len);

	return lz4 > zstd ? lz4 : zstd;
}

static size_t pack_lz4(struct compressor *c, const void *from, size_t len, void *to, size_t size)
{
	int n;

	if (!c->lz4)
		c->lz4 = malloc((size_t)LZ4_sizeofState());
	if (!c->lz4)
		return 0;
	n = LZ4_compress_fast_extState(c->lz4, from, to, (int)len, (int)size, 1);
	return n > 0 ? (size_t)n : 0;
}

static size_t pack_zstd(struct compressor *c, int level, const void *from, size_t len, void *to,
			size_t size)
{
	size_t n;

	if (!c->zstd)
		c->zstd = ZSTD_createCCtx();
	if (!c->zstd)
		return 0;
	n = ZSTD_compressCCtx(c->zstd, to, size, from, len, level);
	return ZSTD_isError(n) ? 0 : n;
}

size_t compress(struct compressor *c, struct codec_choice how, const void *from, size_t len,
		void *to, size_t size)
{
	size_t limit = len - len / 16, n = 0;

	if (len > COMPRESS_MAX || size > 2 * COMPRESS_MAX)
		return 0;
	/* Less room is an early end when it does not help. */
	size = size < limit ? size : limit;
	if (how.codec == CODEC_LZ4)
		n = pack_lz4(c, from, len, to, size);
	else if (how.codec == CODEC_ZSTD)
		n = pack_zstd(c, how.level, from, len, to, size);
	return n;
}

static int unpack_lz4(const void *from, size_t len, void *to, size_t raw)
{
	return LZ4_decompress_safe(from, to, (int)len, (int)raw) == (int)raw ? 0 : -EBADMSG;
}

/* The attacker is the peer. The library would also read formats of its first years, with decoders
 * that nobody looks at any more, and any number of frames. */
static bool is_one_frame(const void *from, size_t len, size_t raw)
{
	static const uint8_t magic[] = {0x28, 0xb5, 0x2f, 0xfd};

	return len > sizeof(magic) && memcmp(from, magic, sizeof(magic)) == 0 &&
	       ZSTD_getFrameContentSize(from, len) == raw &&
	       ZSTD_findFrameCompressedSize(from, len) == len;
}

static int unpack_zstd(struct compressor *c, const void *from, size_t len, void *to, size_t raw)
{
	if (!is_one_frame(from, len, raw))
		return -EBADMSG;
	if (!c->unzstd)
		c->unzstd = ZSTD_createDCtx();
	if (!c->unzstd)
		return -ENOMEM;
	return ZSTD_decompressDCtx(c->unzstd, to, raw, from, len) == raw ? 0 : -EBADMSG;
}

int decompress(struct compressor *c, enum codec codec, const void *from, size_t len, void *to,
	       size_t raw)
{
	if (len > COMPRESS_MAX || raw > COMPRESS_MAX || !len || !raw)
		return -EBADMSG;
	if (codec == CODEC_LZ4)
		return unpack_lz4(from, len, to, raw);
	if (codec == CODEC_ZSTD)
		return unpack_zstd(c, from, len, to, raw);
	return -EBADMSG;
}

/* ---- which one -------------------------------------------------------------------------- */

static const struct codec_choice ways[N_CODEC_SAMPLES] = {
	{CODEC_NONE, 0},
	{CODEC_LZ4, 0},
	{CODEC_ZSTD, 1},
	{CODEC_ZSTD, 3},
};

#define PIECE (256U << 10) /* as pages are sent */

/* Of this process: what others do on a busy machine is not the codec's slowness. */
static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000U + (uint64_t)ts.tv_nsec;
}

static uint64_t speed(size_t bytes, uint64_t ns)
{
	return (uint64_t)((double)bytes * 1e9 / (double)(ns ? ns : 1));
}

static void measure_one(struct compressor *c, const uint8_t *from, size_t len, uint8_t *packed,
			uint8_t *back, struct codec_sample *s)
{
	uint64_t packing = 0, unpacking = 0;
	size_t out = 0;

	for (size_t at = 0; at < len; at += PIECE) {
		size_t part = len - at < PIECE ? len - at : PIECE, n;
		uint64_t start = cpu_ns(), middle;

		n = compress(c, s->how, from + at, part, packed, compress_bound(part));
		middle = cpu_ns();
		packing += middle - start;
		if (n)
			(void)decompress(c, s->how.codec, packed, n, back, part);
		unpacking += cpu_ns() - middle;
		out += n ? n : part;
	}
	s->packs = speed(len, packing);
	s->unpacks = speed(len, unpacking);
	s->ratio = out ? (double)len / (double)out : 1;
}

void codec_measure(struct compressor *c, const void *from, size_t len,
		   struct codec_sample ret[N_CODEC_SAMPLES])
{
	auto_free uint8_t *packed = malloc(compress_bound(PIECE)), *back = malloc(PIECE);

	for (size_t i = 0; i < N_CODEC_SAMPLES; i++) {
		ret[i] = (struct codec_sample){ways[i], UINT64_MAX, UINT64_MAX, 1};
		if (ways[i].codec != CODEC_NONE && packed && back && len)
			measure_one(c, from, len, packed, back, &ret[i]);
	}
}

/* Bytes a second of what is sent, before it is compressed. */
static double moved(double bandwidth, const struct codec_sample *s)
{
	double rate = bandwidth * s->ratio;

	if (s->how.codec == CODEC_NONE)
		return bandwidth;
	rate = rate < (double)s->packs ? rate : (double)s->packs;
	return rate < (double)s->unpacks ? rate : (double)s->unpacks;
}

struct codec_choice codec_choose(uint64_t bandwidth, const struct codec_sample *samples, size_t n)
{
	struct codec_choice best = {CODEC_NONE, 0};
	double most = (double)bandwidth;

	for (size_t i = 0; bandwidth && i < n; i++) {
		double rate = moved((double)bandwidth, &samples[i]);

		if (rate > most * 1.1) {
			most = rate;
			best = samples[i].how;
		}
	}
	return best;
}
