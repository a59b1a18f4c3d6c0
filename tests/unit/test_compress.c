/* TEST: lz4 and zstd in pieces, which of them is chosen; limits and measures of bandwidth. */
#include <errno.h>
#include <lz4.h>
#include <stdlib.h>
#include <zstd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/checkpoint/compress.h"
#include "libcontainer/checkpoint/rate.h"
#include "tests/unit/unit.h"

#define LZ4 ((struct codec_choice){CODEC_LZ4, 0})

static const struct codec_choice both[] = {{CODEC_LZ4, 0}, {CODEC_ZSTD, 1}, {CODEC_ZSTD, 19}};

/* Runs and words, as memory has. */
static void text_of(uint8_t *p, size_t len)
{
	for (size_t i = 0; i < len; i++)
		p[i] = (uint8_t)(i % 4096 < 1024 ? 0 : "container runtime"[i * i / 7 % 17]);
}

static void noise_of(uint8_t *p, size_t len)
{
	uint32_t x = 1;

	for (size_t i = 0; i < len; i++) {
		x = x * 1664525 + 1013904223;
		p[i] = (uint8_t)(x >> 24);
	}
}

static void there_and_back(void)
{
	static const size_t sizes[] = {1, 64, 4096, 65536, COMPRESS_MAX};
	static uint8_t from[COMPRESS_MAX], packed[2 * COMPRESS_MAX], back[COMPRESS_MAX + 1];
	struct compressor *c = compressor_new();

	for (size_t i = 0; i < ARRAY_SIZE(both); i++)
		for (size_t s = 0; s < ARRAY_SIZE(sizes); s++) {
			size_t len = sizes[s], n;

			text_of(from, len);
			n = compress(c, both[i], from, len, packed, compress_bound(len));
			CHECK(n <= len - len / 16);
			CHECK(n || len <= 64);
			if (!n)
				continue;
			back[len] = 0x5a;
			CHECK_INT(decompress(c, both[i].codec, packed, n, back, len), 0);
			CHECK(memcmp(from, back, len) == 0 && back[len] == 0x5a);
			/* The libraries' own functions read it. */
			memset(back, 0, len);
			if (both[i].codec == CODEC_LZ4)
				CHECK_INT(LZ4_decompress_safe((char *)packed, (char *)back, (int)n,
							      (int)len),
					  (int)len);
			else
				CHECK_UINT(ZSTD_decompress(back, len, packed, n), len);
			CHECK(memcmp(from, back, len) == 0);
		}
	compressor_free(c);
}

static void not_worth_it(void)
{
	static uint8_t from[65536], packed[2 * 65536];
	struct compressor *c = compressor_new();

	noise_of(from, sizeof(from));
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		CHECK_UINT(compress(c, both[i], from, sizeof(from), packed, sizeof(packed)), 0);
		CHECK_UINT(compress(c, both[i], from, 0, packed, sizeof(packed)), 0);
	}
	text_of(from, sizeof(from));
	CHECK_UINT(compress(c, (struct codec_choice){CODEC_NONE, 0}, from, sizeof(from), packed,
			    sizeof(packed)),
		   0);
	/* No room: nothing is written behind it. */
	memset(packed, 0x5a, sizeof(packed));
	CHECK_UINT(compress(c, LZ4, from, sizeof(from), packed, 10), 0);
	CHECK_INT(packed[10], 0x5a);
	compressor_free(c);
}

/* Whatever is wrong with it: an error, and not a byte behind the room. */
static void hostile(void)
{
	static uint8_t from[65536], packed[70000], bad[70000], back[COMPRESS_MAX + 16];
	struct compressor *c = compressor_new();

	text_of(from, sizeof(from));
	for (size_t i = 0; i < ARRAY_SIZE(both); i++) {
		enum codec codec = both[i].codec;
		size_t n = compress(c, both[i], from, sizeof(from), packed, sizeof(packed));

		CHECK(n > 0);
		/* Another size than was said, above all a smaller one (a bomb). */
		for (int raw = 1; raw < 200; raw++) {
			memset(back, 0x5a, 256);
			CHECK_INT(decompress(c, codec, packed, n, back, (size_t)raw), -EBADMSG);
			CHECK_INT(back[raw], 0x5a);
		}
		CHECK_INT(decompress(c, codec, packed, n, back, sizeof(from) - 1), -EBADMSG);
		CHECK_INT(decompress(c, codec, packed, n, back, sizeof(from) + 1), -EBADMSG);
		CHECK_INT(decompress(c, codec, packed, n, back, COMPRESS_MAX), -EBADMSG);
		CHECK_INT(decompress(c, codec, packed, n, back, (size_t)COMPRESS_MAX + 1),
			  -EBADMSG);
		CHECK_INT(decompress(c, codec, packed, n, back, 0), -EBADMSG);
		CHECK_INT(decompress(c, codec, packed, 0, back, sizeof(from)), -EBADMSG);
		CHECK_INT(decompress(c, (enum codec)7, packed, n, back, sizeof(from)), -EBADMSG);
		/* Shorter than it was, and with something behind it. */
		for (size_t cut = 1; cut < n; cut += 1 + n / 50)
			CHECK_INT(decompress(c, codec, packed, n - cut, back, sizeof(from)),
				  -EBADMSG);
		memcpy(bad, packed, n);
		bad[n] = 0;
		CHECK_INT(decompress(c, codec, bad, n + 1, back, sizeof(from)), -EBADMSG);
		/* Each byte changed: some other content, or an error, but of that size. */
		for (size_t at = 0; at < n; at += 1 + n / 500) {
			memcpy(bad, packed, n);
			bad[at] ^= 0x81;
			memset(back + sizeof(from), 0x5a, 16);
			(void)decompress(c, codec, bad, n, back, sizeof(from));
			CHECK_INT(back[sizeof(from)], 0x5a);
		}
	}
	compressor_free(c);
}

/* What zstd's library would read, and we do not. */
static void other_frames(void)
{
	static const uint8_t skippable[] = {0x50, 0x2a, 0x4d, 0x18, 1, 0, 0, 0, 0};
	static const uint8_t version7[] = {0x27, 0xb5, 0x2f, 0xfd, 0, 0, 0, 0, 0, 0, 0, 0};
	static uint8_t from[4096], packed[10000], back[8192];
	struct compressor *c = compressor_new();
	ZSTD_CCtx *cctx = ZSTD_createCCtx();
	size_t n;

	text_of(from, sizeof(from));
	CHECK_INT(decompress(c, CODEC_ZSTD, version7, sizeof(version7), back, 8), -EBADMSG);
	CHECK_INT(decompress(c, CODEC_ZSTD, skippable, sizeof(skippable), back, 1), -EBADMSG);
	n = ZSTD_compress(packed, sizeof(packed), from, sizeof(from), 1);
	CHECK_INT(decompress(c, CODEC_ZSTD, packed, n, back, sizeof(from)), 0);
	/* Two frames, of which each is right. */
	memcpy(packed + n, packed, n);
	CHECK_UINT(ZSTD_decompress(back, sizeof(back), packed, 2 * n), sizeof(back));
	CHECK_INT(decompress(c, CODEC_ZSTD, packed, 2 * n, back, sizeof(back)), -EBADMSG);
	/* One that does not name its size. */
	CHECK(!ZSTD_isError(ZSTD_CCtx_setParameter(cctx, ZSTD_c_contentSizeFlag, 0)));
	n = ZSTD_compress2(cctx, packed, sizeof(packed), from, sizeof(from));
	CHECK_UINT(ZSTD_decompress(back, sizeof(back), packed, n), sizeof(from));
	CHECK_INT(decompress(c, CODEC_ZSTD, packed, n, back, sizeof(from)), -EBADMSG);
	ZSTD_freeCCtx(cctx);
	compressor_free(c);
}

static void names(void)
{
	static const char *const bad[] = {"",       "lz",   "lz4:1",   "zstd:", "zstd:0", "zstd:20",
					  "zstd:a", "ZSTD", "zstd:-1", "gzip",  "zstd:1 "};
	struct codec_choice how;
	struct err err = ERR_NONE;

	CHECK_INT(codec_parse("none", &how, &err), 0);
	CHECK_INT(how.codec, CODEC_NONE);
	CHECK_INT(codec_parse("lz4", &how, &err), 0);
	CHECK_INT(how.codec, CODEC_LZ4);
	CHECK_INT(codec_parse("zstd", &how, &err), 0);
	CHECK(how.codec == CODEC_ZSTD && how.level == 1);
	CHECK_INT(codec_parse("zstd:19", &how, &err), 0);
	CHECK(how.codec == CODEC_ZSTD && how.level == 19);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(codec_parse(bad[i], &how, &err), -EINVAL);
	CHECK_STR(codec_name(CODEC_ZSTD), "zstd");
	CHECK_STR(codec_name((enum codec)9), "unknown");
}

/* One core of a server: lz4 473 MB/s at 2.4, zstd:1 230 MB/s at 3.2. */
static void choice(void)
{
	static const struct codec_sample samples[] = {
		{{CODEC_NONE, 0}, UINT64_MAX, UINT64_MAX, 1},
		{{CODEC_LZ4, 0}, 473000000, 2000000000, 2.4},
		{{CODEC_ZSTD, 1}, 230000000, 700000000, 3.2},
		{{CODEC_ZSTD, 3}, 120000000, 700000000, 3.5},
	};
	static const struct {
		uint64_t bandwidth; /* bytes a second */
		enum codec codec;
		int level;
	} rows[] = {
		{0, CODEC_NONE, 0},          /* not known */
		{1250000, CODEC_ZSTD, 1},    /* 10 Mbit/s: level 3 gains less than a tenth */
		{12500000, CODEC_ZSTD, 1},   /* 100 Mbit/s */
		{62500000, CODEC_ZSTD, 1},   /* 500 Mbit/s: 200 MB/s, lz4 150 */
		{125000000, CODEC_LZ4, 0},   /* 1 Gbit/s: lz4 300 MB/s, zstd 230 */
		{312500000, CODEC_LZ4, 0},   /* 2.5 Gbit/s: 473 */
		{437500000, CODEC_NONE, 0},  /* 3.5 Gbit/s: 473 is less than a tenth more */
		{1250000000, CODEC_NONE, 0}, /* 10 Gbit/s */
		{UINT64_MAX, CODEC_NONE, 0},
	};
	struct codec_sample slow = {{CODEC_LZ4, 0}, 473000000, 50000000, 2.4};
	struct codec_sample noise = {{CODEC_LZ4, 0}, 3000000000, 3000000000, 1};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct codec_choice got =
			codec_choose(rows[i].bandwidth, samples, ARRAY_SIZE(samples));

		if (got.codec != rows[i].codec || got.level != rows[i].level)
			unit_fail(__FILE__, __LINE__, "%" PRIu64 ": %s:%d", rows[i].bandwidth,
				  codec_name(got.codec), got.level);
	}
	/* The other side cannot keep up; what cannot be compressed. */
	CHECK_INT(codec_choose(100000000, &slow, 1).codec, CODEC_NONE);
	CHECK_INT(codec_choose(1000, &noise, 1).codec, CODEC_NONE);
}

static void measured(void)
{
	static uint8_t from[3 << 20];
	struct codec_sample s[N_CODEC_SAMPLES];
	struct compressor *c = compressor_new();

	text_of(from, sizeof(from));
	codec_measure(c, from, sizeof(from) - 5, s);
	CHECK_INT(s[0].how.codec, CODEC_NONE);
	CHECK(s[0].ratio == 1);
	for (size_t i = 1; i < N_CODEC_SAMPLES; i++)
		CHECK(s[i].ratio > 1.5 && s[i].packs > 0 && s[i].unpacks > 0);
	noise_of(from, sizeof(from));
	codec_measure(c, from, sizeof(from), s);
	for (size_t i = 0; i < N_CODEC_SAMPLES; i++)
		CHECK(s[i].ratio == 1);
	codec_measure(c, from, 0, s);
	CHECK(s[1].ratio == 1);
	compressor_free(c);
}

#define S 1000000000LL

static void limit(void)
{
	struct rate_limit l;

	rate_limit_init(&l, 0, 0);
	CHECK_INT(rate_limit_take(&l, UINT64_MAX, 5), 0);
	/* 2 MB a second, of which 100 kB at once. */
	rate_limit_init(&l, 2000000, 7 * S);
	CHECK_INT(rate_limit_take(&l, 100000, 7 * S), 0);
	CHECK_INT(rate_limit_take(&l, 200000, 7 * S), S / 10);
	CHECK_INT(rate_limit_take(&l, 200000, 7 * S), S / 5);
	CHECK_INT(rate_limit_take(&l, 0, 7 * S + S / 5), 0);
	/* What is saved up has an end, however long it is. */
	CHECK_INT(rate_limit_take(&l, 100000, 900 * S), 0);
	CHECK_INT(rate_limit_take(&l, 2000, 900 * S), S / 1000);
	/* A clock that stands still or goes back brings nothing. */
	CHECK_INT(rate_limit_take(&l, 0, 1), S / 1000);
	/* In the long run it is the rate, in whatever pieces. */
	rate_limit_init(&l, 1000000, 0);
	for (int64_t now = 0, bytes = 0; bytes < 10000000; bytes += 777) {
		now += rate_limit_take(&l, 777, now);
		CHECK(bytes < 1000000 || (now > (bytes - 70000) * 1000 && now < bytes * 1000));
	}
	rate_limit_init(&l, 1, 0);
	CHECK(rate_limit_take(&l, UINT64_MAX, 0) > 0);
	CHECK(rate_limit_take(&l, UINT64_MAX, INT64_MAX) > 0);
	rate_limit_init(&l, UINT64_MAX, 0);
	CHECK_INT(rate_limit_take(&l, 1 << 20, INT64_MAX), 0);
}

static void meter(void)
{
	struct rate_meter m;
	int64_t now = 5 * S + 123;

	rate_meter_init(&m, now);
	rate_meter_add(&m, 1000, now);
	CHECK_UINT(rate_meter_read(&m, now), 0); /* too soon to say */
	CHECK_UINT(rate_meter_read(&m, now + S / 2), 2000);
	/* 1 MB each 10 ms. */
	for (int i = 0; i < 1000; i++, now += S / 100)
		rate_meter_add(&m, 1000000, now);
	CHECK(rate_meter_read(&m, now) > 95000000 && rate_meter_read(&m, now) < 106000000);
	/* What was long ago does not count. */
	CHECK_UINT(rate_meter_read(&m, now + 100 * S), 0);
	rate_meter_add(&m, 2000, now + 100 * S);
	CHECK(rate_meter_read(&m, now + 100 * S) < 1100);
}

static const struct unit_case cases[] = {
	{"there and back", there_and_back},
	{"not worth it", not_worth_it},
	{"hostile pieces", hostile},
	{"frames of zstd that are not ours", other_frames},
	{"names", names},
	{"which is chosen", choice},
	{"measured on a sample", measured},
	{"a limit of bandwidth", limit},
	{"a measure of bandwidth", meter},
};
UNIT_MAIN(cases)
