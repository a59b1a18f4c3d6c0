/* TEST: the protocol of `hull migrate`: what is on the wire, and what a hostile peer gets. */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/io.h"
#include "libcontainer/checkpoint/wire.h"
#include "tests/unit/unit.h"

#define LONG_MS 60000

static const struct migration_id id = {{1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11, 12, 13, 14, 15, 16}};

/* HELLO of version 1, all features that we know and one more, hull "x". By hand, from wire.h. */
#define HELLO_OF(role)                                     \
	"\x01\x00\x18\x00\x01\x00\x00\x00\x01\x00\x00\x00" \
	"hullmig\n\x01\x00\x01\x00" role "\x00\x0c\x00\x0f\x00\x00\x00\x00\x00\x00\x80x"
#define HELLO_SIZE 37

/* The source at one end, bytes of ours at the other. */
static void open_source(struct wire *w, int *ret_peer)
{
	struct err err = ERR_NONE;
	int pair[2];

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	CHECK_INT(wire_init(w, WIRE_SOURCE, pair[0], pair[0], LONG_MS, &err), 0);
	*ret_peer = pair[1];
}

static void greet(struct wire *w, int peer)
{
	struct err err = ERR_NONE;
	char hello[HELLO_SIZE];

	CHECK_INT(io_write_all(peer, HELLO_OF("\x01"), HELLO_SIZE), 0);
	if (wire_hello(w, WIRE_F_COMPRESS | WIRE_F_LAZY, &err) < 0)
		unit_fail(__FILE__, __LINE__, "%s", err.text);
	/* Ours has a longer version. */
	CHECK_INT(recv(peer, hello, sizeof(hello) - 1, MSG_WAITALL), HELLO_SIZE - 1);
	CHECK_INT(recv(peer, hello, sizeof(hello), MSG_DONTWAIT), sizeof(PACKAGE_VERSION) - 1);
}

static void greeting(void)
{
	struct wire w;
	int peer;

	open_source(&w, &peer);
	greet(&w, peer);
	CHECK_INT(w.version, 1);
	CHECK_UINT(w.features, WIRE_F_COMPRESS | WIRE_F_LAZY);
	CHECK_UINT(w.peer.features, 0x800000000000000fULL);
	CHECK_STR(w.peer.hull, "x");
	CHECK_INT(w.received.bytes, HELLO_SIZE);
	wire_done(&w);
}

/* Bytes from the documentation of the format. */
static void on_the_wire(void)
{
	static const char want[] =
		"\x06\x00\x18\x00\x00\x10\x00\x00\x00\x10\x00\x00"
		"\x08\x07\x06\x05\x04\x03\x02\x01\x00\x10\x34\x12\x00\x7f\x00\x00"
		"\x01\x00\x00\x00\x00\x00\x00\x00";
	struct wire_msg msg = {.type = WIRE_PAGES,
			       .pages = {0x0102030405060708, 0x7f0012341000, 1}};
	static uint8_t page[WIRE_PAGE_SIZE], got[sizeof(want) - 1 + WIRE_PAGE_SIZE];
	struct iovec iov[2] = {{page, 100}, {page + 100, sizeof(page) - 100}};
	struct err err = ERR_NONE;
	struct wire w;
	int peer;

	open_source(&w, &peer);
	greet(&w, peer);
	memset(page, 0xaa, sizeof(page));
	CHECK_INT(wire_send(&w, &msg, iov, 2, &err), 0);
	CHECK_INT(recv(peer, got, sizeof(got), MSG_WAITALL), sizeof(got));
	CHECK(memcmp(got, want, sizeof(want) - 1) == 0);
	CHECK(memcmp(got + sizeof(want) - 1, page, sizeof(page)) == 0);
	CHECK_INT(recv(peer, got, sizeof(got), MSG_DONTWAIT), -1);
	wire_done(&w);
}

static void there_and_back(void)
{
	static const struct wire_msg msgs[] = {
		{.type = WIRE_PREFLIGHT, .len = 7},
		{.type = WIRE_PREFLIGHT_ANSWER, .len = WIRE_BODY_MAX - 1},
		{.type = WIRE_FILE, .file = {"config.json", UINT64_MAX, true}, .len = 3},
		{.type = WIRE_IMAGE, .file = {"pages-1.img", 1ULL << 40, false}, .len = 9},
		{.type = WIRE_PAGES, .pages = {7, 0xffffffffffffe000, 1}, .len = 4096},
		{.type = WIRE_PAGES, .pages = {7, 0, 256}, .len = WIRE_BODY_MAX},
		{.type = WIRE_ZERO, .pages = {UINT64_MAX, 4096, 1ULL << 51}},
		{.type = WIRE_PAGE_REQUEST, .pages = {1, 4096, 256}},
		{.type = WIRE_DIRTY, .pages = {1, 0, 4096}, .len = 65536},
		{.type = WIRE_PREFETCH, .pages = {1, 0, 1}, .len = 16},
		{.type = WIRE_ROOTFS, .rootfs = {UINT32_MAX, true}, .len = 1},
		{.type = WIRE_ROUND_BEGIN, .round = {1, false, 2, 3}},
		{.type = WIRE_ROUND_END, .round = {UINT32_MAX, true, UINT64_MAX, 3}},
		{.type = WIRE_ROUND_DONE, .round = {1, false, 2, UINT64_MAX}},
		{.type = WIRE_PREPARE, .phase = {{{255, 1}}, JOURNAL_NONE}},
		{.type = WIRE_PHASE, .phase = {{{255, 1}}, JOURNAL_ABORTED}},
		{.type = WIRE_PHASE, .phase = {{{255, 1}}, JOURNAL_NONE}},
		{.type = WIRE_PROGRESS, .progress = {1, UINT64_MAX}},
		{.type = WIRE_ERROR, .failure = {-1, true}, .len = 5},
		{.type = WIRE_PING, .nonce = 0x1122334455667788},
	};

	for (size_t i = 0; i < ARRAY_SIZE(msgs); i++) {
		uint8_t meta[WIRE_META_MAX], again[WIRE_META_MAX];
		size_t n = wire_encode(&msgs[i], meta);
		struct wire_msg back;
		const char *why;

		if (wire_decode(msgs[i].type, meta, n, msgs[i].len, &back, &why) < 0)
			unit_fail(__FILE__, __LINE__, "%s: %s", wire_type_name(msgs[i].type), why);
		CHECK_INT(back.type, msgs[i].type);
		CHECK_UINT(back.len, msgs[i].len);
		CHECK_UINT(wire_encode(&back, again), n);
		CHECK(memcmp(meta, again, n) == 0);
		if (msgs[i].type == WIRE_IMAGE) {
			CHECK_STR(back.file.name, "pages-1.img");
			CHECK_UINT(back.file.offset, 1ULL << 40);
		}
		/* Neither shorter nor longer; a name may be. */
		CHECK_INT(wire_decode(msgs[i].type, meta, n + 1, msgs[i].len, &back, &why),
			  msgs[i].type == WIRE_FILE || msgs[i].type == WIRE_IMAGE
				  ? why ? -EPROTO : 0
				  : -EPROTO);
		if (n)
			CHECK_INT(wire_decode(msgs[i].type, meta, 0, msgs[i].len, &back, &why),
				  -EPROTO);
	}
}

static void names(void)
{
	static const char *const good[] = {"a", "core-1.img", "tmpfs-dev-55.tar.gz.img",
					   "A_b+c@1:2"};
	static const char *const bad[] = {"",     ".",   "..",   "a/b",   "/a",
					  ".hid", "a b", "a\nb", "a\x7f", "\xc3\xa4"};
	char longest[WIRE_NAME_MAX + 2];

	memset(longest, 'n', sizeof(longest));
	CHECK(wire_name_ok(longest, WIRE_NAME_MAX));
	CHECK(!wire_name_ok(longest, WIRE_NAME_MAX + 1));
	for (size_t i = 0; i < ARRAY_SIZE(good); i++)
		CHECK(wire_name_ok(good[i], strlen(good[i])));
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK(!wire_name_ok(bad[i], strlen(bad[i])));
	CHECK(!wire_name_ok("a\0b", 3));
}

#define F(type, codec, meta, len, raw) type codec meta "\x00" len "\x00\x00" raw "\x00\x00"
#define ID16                           "0123456789abcdef"

/* What a target must not send: one frame each, behind its hello. */
/* clang-format off */
static const struct {
	const char *frame;
	size_t size;
	const char *why;
} refused[] = {
#define ROW(bytes, why) {bytes, sizeof(bytes) - 1, why}
	ROW(F("\x00", "\x00", "\x00", "\x00\x00", "\x00\x00"), "not its to say"),
	ROW(F("\x63", "\x00", "\x00", "\x00\x00", "\x00\x00"), "unknown (99)"),
	ROW(F("\xff", "\x00", "\x00", "\x00\x00", "\x00\x00"), "not its to say"),
	ROW(HELLO_OF("\x01"), "it has said hello already"),
	/* The source's words in the target's mouth. */
	ROW(F("\x0f", "\x00", "\x11", "\x00\x00", "\x00\x00") ID16 "\x00",
	    "not its to say"),
	ROW(F("\x06", "\x00", "\x18", "\x00\x00", "\x00\x00"), "not its to say"),
	ROW(F("\x03", "\x00", "\x00", "\x01\x00", "\x02\x00") "{}", "two lengths differ"),
	ROW(F("\x03", "\x00", "\x01", "\x00\x00", "\x00\x00") "x", "another size"),
	ROW("\x03\x00\x00\x00\x00\x00\x10\x00\x00\x00\x10\x00", "too long"),
	ROW("\x03\x00\x00\x00\xff\xff\xff\xff\xff\xff\xff\xff", "too long"),
	ROW("\x03\x00\xff\xff\x00\x00\x00\x00\x00\x00\x00\x00", "too long"),
	ROW("\x03\x01\x00\x00\x01\x00\x00\x00\x01\x00\x20\x00", "too long"),
	ROW(F("\x03", "\x03", "\x00", "\x01\x00", "\x09\x00") "x",
	    "cannot be compressed so"),
	ROW(F("\x03", "\x01", "\x00", "\x00\x00", "\x09\x00"), "longer than before"),
	ROW(F("\x03", "\x01", "\x00", "\x09\x00", "\x09\x00"), "longer than before"),
	ROW(F("\x03", "\x01", "\x00", "\x03\x00", "\x09\x00") "abc", "cannot be unpacked"),
	ROW(F("\x03", "\x02", "\x00", "\x03\x00", "\x09\x00") "abc", "cannot be unpacked"),
	ROW(F("\x03", "\x00", "\x00", "\x03\x00", "\x03\x00") "{\0}", "NUL"),
	ROW(F("\x17", "\x01", "\x08", "\x03\x00", "\x04\x00"), "cannot be compressed so"),
	ROW(F("\x0e", "\x00", "\x11", "\x00\x00", "\x00\x00") ID16 "\x01", "no part of it"),
	ROW(F("\x14", "\x00", "\x11", "\x00\x00", "\x00\x00") ID16 "\x01",
	    "not one of a target"),
	ROW(F("\x14", "\x00", "\x11", "\x00\x00", "\x00\x00") ID16 "\xff",
	    "not one of a target"),
	ROW(F("\x14", "\x00", "\x11", "\x01\x00", "\x01\x00") ID16 "\x08",
	    "body is too long"),
	ROW(F("\x08", "\x00", "\x18", "\x00\x00",
	      "\x00\x00") "12345678"
			  "\x01\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00\x00\x00\x00"
			  "\x00",
	    "not a page's"),
	ROW(F("\x08", "\x00", "\x18", "\x00\x00",
	      "\x00\x00") "12345678"
			  "\x00\x10\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"
			  "\x00",
	    "do not exist"),
	ROW(F("\x08", "\x00", "\x18", "\x00\x00",
	      "\x00\x00") "12345678"
			  "\x00\xf0\xff\xff\xff\xff\xff\xff\x01\x00\x00\x00\x00\x00\x00"
			  "\x00",
	    "do not exist"),
	ROW(F("\x08", "\x00", "\x18", "\x00\x00",
	      "\x00\x00") "12345678"
			  "\x00\x00\x00\x00\x00\x00\x00\x00\x01\x01\x00\x00\x00\x00\x00"
			  "\x00",
	    "too many"),
	ROW(F("\x0c", "\x00", "\x15", "\x00\x00",
	      "\x00\x00") "\x01\x00\x00\x00\x02\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0",
	    "neither 0 nor 1"),
};
/* clang-format on */

static void refused_frames(void)
{
	for (size_t i = 0; i < ARRAY_SIZE(refused); i++) {
		struct err err = ERR_NONE;
		struct wire_msg msg;
		const char *text;
		struct wire w;
		int peer, r;

		open_source(&w, &peer);
		greet(&w, peer);
		CHECK_INT(io_write_all(peer, refused[i].frame, refused[i].size), 0);
		r = wire_next(&w, LONG_MS, &msg, &err);
		if (r == 0)
			r = wire_body_text(&w, &msg, &text, &err);
		if (r != -EPROTO || !strstr(err.text, refused[i].why))
			unit_fail(__FILE__, __LINE__, "row %zu: %d, '%s', not '%s'", i, r, err.text,
				  refused[i].why);
		/* Nothing more is read: no frame's beginning is known. */
		CHECK_INT(wire_next(&w, LONG_MS, &msg, &err), -ECONNRESET);
		wire_done(&w);
		close(peer);
	}
}

static void of_which_migration(void)
{
	static const char phase[] = F("\x14", "\x00", "\x11", "\x00\x00", "\x00\x00") ID16 "\x08";
	static const struct migration_id right = {ID16}, other = {"0123456789abcdeg"};
	enum journal_phase got = JOURNAL_NONE;
	struct err err = ERR_NONE;
	struct wire w;
	int peer;

	open_source(&w, &peer);
	greet(&w, peer);
	CHECK_INT(io_write_all(peer, phase, sizeof(phase) - 1), 0);
	CHECK_INT(wire_expect_phase(&w, WIRE_PHASE, &right, LONG_MS, &got, &err), 0);
	CHECK_INT(got, JOURNAL_COMMITTED);
	CHECK_INT(io_write_all(peer, phase, sizeof(phase) - 1), 0);
	CHECK_INT(wire_expect_phase(&w, WIRE_PHASE, &other, LONG_MS, &got, &err), -EPROTO);
	CHECK_HAS(err.text, "it is of another migration");
	wire_done(&w);
	open_source(&w, &peer);
	greet(&w, peer);
	CHECK_INT(io_write_all(peer, phase, sizeof(phase) - 1), 0);
	CHECK_INT(wire_expect_phase(&w, WIRE_COMMITTED, &right, LONG_MS, NULL, &err), -EPROTO);
	CHECK_HAS(err.text, "sent PHASE (20) at byte 66: something else was expected");
	wire_done(&w);
}

static void no_hello(void)
{
	static const struct {
		const char *bytes;
		size_t size;
		const char *why;
	} rows[] = {
		ROW("Last login: Sun Nov 22\nhullmig",
		    "not hull: it says 'Last login: Sun Nov 22'"),
		ROW(HELLO_OF("\x00"), "the source, too"),
		ROW(HELLO_OF("\x02"), "role is not known"),
		ROW(F("\x15", "\x00", "\x10", "\x00\x00", "\x00\x00") ID16, "is not hull"),
		ROW("\x01\x00\x18\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		    "hullmig\n\x02\x00\x09\x00\x01\x00\x0c\x00\x0f\0\0\0\0\0\0\0",
		    "versions 2 to 9"),
		ROW("\x01\x00\x18\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		    "hullmig\n\x02\x00\x01\x00\x01\x00\x0c\x00\x0f\0\0\0\0\0\0\0",
		    "is none"),
		ROW("\x01\x00\x18\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		    "hullmig\n\x01\x00\x01\x00\x01\x00\x10\x00\x0f\0\0\0\0\0\0\0",
		    "not of 4096"),
		ROW("\x01\x00\x18\x00\x00\x00\x00\x00\x00\x00\x00\x00"
		    "hullmigr\x01\x00\x01\x00\x01\x00\x0c\x00\x0f\0\0\0\0\0\0\0",
		    "as hull does"),
		ROW("\x01\x00\x18\x00\x41\x00\x00\x00\x41\x00\x00\x00"
		    "hullmig\n\x01\x00\x01\x00\x01\x00\x0c\x00\x0f\0\0\0\0\0\0\0",
		    "too long"),
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err err = ERR_NONE;
		struct wire w;
		int peer;

		open_source(&w, &peer);
		CHECK_INT(io_write_all(peer, rows[i].bytes, rows[i].size), 0);
		CHECK_INT(wire_hello(&w, 0, &err), -EPROTO);
		CHECK_HAS(err.text, rows[i].why);
		CHECK_INT(w.version, 0);
		wire_done(&w);
		close(peer);
	}
}

/* The stream ends at each of its bytes. */
static void cut_anywhere(void)
{
	static const char all[] = HELLO_OF("\x01")
		F("\x03", "\x00", "\x00", "\x02\x00",
		  "\x02\x00") "{}" F("\x14", "\x00", "\x11", "\x00\x00", "\x00\x00") ID16 "\x08";
	const size_t whole = sizeof(all) - 1, json = HELLO_SIZE + 14;

	for (size_t n = 0; n <= whole; n++) {
		bool boundary = n == 0 || n == HELLO_SIZE || n == json || n == whole;
		struct err err = ERR_NONE;
		struct wire_msg msg;
		const char *text;
		struct wire w;
		size_t frames = 0;
		int peer, r;

		open_source(&w, &peer);
		CHECK_INT(io_write_all(peer, all, n), 0);
		CHECK_INT(shutdown(peer, SHUT_WR), 0);
		r = wire_hello(&w, 0, &err);
		while (r == 0) {
			frames++;
			r = wire_next(&w, LONG_MS, &msg, &err);
			if (r == 0 && msg.len)
				r = wire_body_text(&w, &msg, &text, &err);
		}
		CHECK_INT(r, -ECONNRESET);
		CHECK_UINT(frames, n == whole ? 3 : n >= json ? 2 : n >= HELLO_SIZE ? 1 : 0);
		CHECK((strstr(err.text, "in the middle of") == NULL) == boundary);
		wire_done(&w);
		close(peer);
	}
}

/* ---- both ends -------------------------------------------------------------------------- */

/* Runs the target in another process; it ends with 0 or the line of the failed check. */
static pid_t target(struct wire *w, int fd, void (*run)(struct wire *w))
{
	struct err err = ERR_NONE;
	pid_t pid = fork();

	CHECK(pid >= 0);
	if (pid)
		return pid;
	signal(SIGPIPE, SIG_IGN);
	close(w->in);
	CHECK_INT(wire_init(w, WIRE_TARGET, fd, fd, LONG_MS, &err), 0);
	if (wire_hello(w, WIRE_F_COMPRESS, &err) < 0)
		unit_fail(__FILE__, __LINE__, "%s", err.text);
	run(w);
	_exit(0);
}

static void ended_well(pid_t pid)
{
	int status;

	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
}

/* Page N of a process: some that compress, some that do not. */
static void fill_page(uint8_t *page, uint64_t n)
{
	uint32_t x = (uint32_t)n * 2654435761U + 1;

	for (size_t i = 0; i < WIRE_PAGE_SIZE; i++) {
		x = x * 1664525 + 1013904223;
		page[i] = n % 2 ? (uint8_t)(x >> 24) : (uint8_t)(n + i / 64);
	}
}

#define ROUNDS 20

static void take_pages(struct wire *w)
{
	static uint8_t pages[WIRE_BODY_MAX], want[WIRE_PAGE_SIZE];
	struct err err = ERR_NONE;
	struct wire_msg msg;

	for (int i = 0; i < ROUNDS; i++) {
		CHECK_INT(wire_expect(w, WIRE_PAGES, LONG_MS, &msg, &err), 0);
		CHECK_UINT(msg.pages.process, 42);
		CHECK_UINT(msg.pages.count, i ? WIRE_PAGES_MAX : 1);
		CHECK_UINT(msg.pages.address, (uint64_t)i << 20);
		CHECK_INT(wire_body(w, &msg, pages, &err), 0);
		for (size_t p = 0; p < msg.pages.count; p++) {
			fill_page(want, (uint64_t)i * 256 + p);
			CHECK(memcmp(pages + p * WIRE_PAGE_SIZE, want, WIRE_PAGE_SIZE) == 0);
		}
	}
	/* This body is not looked at. */
	CHECK_INT(wire_expect(w, WIRE_PAGES, LONG_MS, &msg, &err), 0);
	CHECK_INT(wire_expect(w, WIRE_ZERO, LONG_MS, &msg, &err), 0);
	CHECK_UINT(msg.pages.count, 1ULL << 40);
	CHECK_INT(wire_send_phase(w, WIRE_PREPARED, &id, JOURNAL_NONE, &err), 0);
	CHECK_INT(wire_next(w, LONG_MS, &msg, &err), -ECONNRESET);
}

static void give_pages(struct codec_choice how)
{
	static uint8_t pages[WIRE_BODY_MAX];
	struct iovec iov[WIRE_PAGES_MAX];
	struct err err = ERR_NONE;
	struct wire_msg msg;
	struct wire w;
	int peer;
	pid_t pid;

	open_source(&w, &peer);
	pid = target(&w, peer, take_pages);
	close(peer);
	CHECK_INT(wire_hello(&w, WIRE_F_COMPRESS, &err), 0);
	w.how = how;
	for (int i = 0; i <= ROUNDS; i++) {
		size_t n = i ? WIRE_PAGES_MAX : 1;

		msg = (struct wire_msg){.type = WIRE_PAGES, .pages = {42, (uint64_t)i << 20, n}};
		for (size_t p = 0; p < n; p++) {
			/* Not in the order of the memory they lie in. */
			uint8_t *page = pages + (p ^ 1) % WIRE_PAGES_MAX * WIRE_PAGE_SIZE;

			fill_page(page, (uint64_t)i * 256 + p);
			iov[p] = (struct iovec){page, WIRE_PAGE_SIZE};
		}
		CHECK_INT(wire_send(&w, &msg, iov, (int)n, &err), 0);
	}
	CHECK((how.codec == CODEC_NONE) == (w.sent.bytes > w.sent.raw));
	msg = (struct wire_msg){.type = WIRE_ZERO, .pages = {1, 0, 1ULL << 40}};
	CHECK_INT(wire_send(&w, &msg, NULL, 0, &err), 0);
	CHECK_INT(wire_expect(&w, WIRE_PREPARED, LONG_MS, &msg, &err), 0);
	CHECK(migration_id_same(&msg.phase.id, &id));
	close(w.in);
	ended_well(pid);
	wire_done(&w);
}

static void pages_plain(void)
{
	give_pages((struct codec_choice){CODEC_NONE, 0});
}

static void pages_lz4(void)
{
	give_pages((struct codec_choice){CODEC_LZ4, 0});
}

static void pages_zstd(void)
{
	give_pages((struct codec_choice){CODEC_ZSTD, 3});
}

static void fail_soon(struct wire *w)
{
	struct err err = ERR_NONE, why = ERR_NONE;
	struct wire_msg msg;

	CHECK_INT(wire_next(w, LONG_MS, &msg, &err), 0);
	err_sys(&why, ENOSPC, "write '%s'", "pages\x1b.img");
	err_hint(&why, "make room");
	wire_send_error(w, &why);
	close(w->in);
	_exit(0);
}

/* It says why and closes while we are still sending: that is our error, not the broken pipe. */
static void peer_fails(void)
{
	static uint8_t pages[WIRE_BODY_MAX];
	struct wire_msg msg = {.type = WIRE_PAGES, .pages = {1, 0, WIRE_PAGES_MAX}};
	struct iovec iov = {pages, sizeof(pages)};
	struct err err = ERR_NONE;
	char line[4096];
	struct wire w;
	int peer, r;
	pid_t pid;

	open_source(&w, &peer);
	pid = target(&w, peer, fail_soon);
	close(peer);
	CHECK_INT(wire_hello(&w, 0, &err), 0);
	do
		r = wire_send(&w, &msg, &iov, 1, &err);
	while (r == 0);
	CHECK_INT(r, -EREMOTEIO);
	CHECK_STR(err_format(&err, line, sizeof(line)),
		  "at the target: write 'pages?.img': no space left on device (ENOSPC); "
		  "hint: make room");
	ended_well(pid);
	wire_done(&w);
}

/* ---- time ------------------------------------------------------------------------------- */

static void silence(void)
{
	struct err err = ERR_NONE;
	struct wire_msg msg;
	struct wire w;
	int peer;

	open_source(&w, &peer);
	greet(&w, peer);
	CHECK_INT(wire_next(&w, 20, &msg, &err), -ETIMEDOUT);
	CHECK_INT(wire_next(&w, 0, &msg, &err), -ETIMEDOUT);
	/* It is still whole. */
	CHECK_INT(io_write_all(peer, F("\x03", "\x00", "\x00", "\x02\x00", "\x02\x00") "{}", 14),
		  0);
	CHECK_INT(wire_next(&w, LONG_MS, &msg, &err), 0);
	CHECK_UINT(msg.len, 2);
	wire_done(&w);
}

static void half_a_frame(void)
{
	struct err err = ERR_NONE;
	struct wire_msg msg;
	const char *text;
	struct wire w;
	int peer;

	open_source(&w, &peer);
	greet(&w, peer);
	w.timeout_ms = 20;
	CHECK_INT(io_write_all(peer, F("\x03", "\x00", "\x00", "\x02\x00", "\x02\x00") "{", 13), 0);
	CHECK_INT(wire_next(&w, LONG_MS, &msg, &err), 0);
	CHECK_INT(wire_body_text(&w, &msg, &text, &err), -EPROTO);
	CHECK_HAS(err.text, "stopped in the middle of PREFLIGHT_ANSWER (byte 50)");
	CHECK_INT(wire_next(&w, LONG_MS, &msg, &err), -ECONNRESET);
	wire_done(&w);
}

static void nobody_reads(void)
{
	static uint8_t pages[WIRE_BODY_MAX];
	struct wire_msg msg = {.type = WIRE_ROOTFS};
	struct iovec iov = {pages, 4096};
	struct err err = ERR_NONE;
	struct wire w;
	int peer, r;

	open_source(&w, &peer);
	greet(&w, peer);
	w.timeout_ms = 20;
	do
		r = wire_send(&w, &msg, &iov, 1, &err);
	while (r == 0);
	CHECK_INT(r, -ECONNABORTED);
	CHECK_HAS(err.text, "the target does not take ROOTFS");
	CHECK_INT(wire_send(&w, &msg, NULL, 0, &err), -ECONNRESET);
	wire_done(&w);
}

/* PING is answered, and no number of them keeps us beyond our time. */
static void pings(void)
{
	static const char ping[] = F("\x17", "\x00", "\x08", "\x00\x00", "\x00\x00") "abcdefgh";
	static const char pong[] = F("\x18", "\x00", "\x08", "\x00\x00", "\x00\x00") "abcdefgh";
	struct err err = ERR_NONE;
	struct wire_msg msg;
	char got[20];
	struct wire w;
	int peer;
	pid_t pid;

	open_source(&w, &peer);
	greet(&w, peer);
	CHECK_INT(io_write_all(peer, ping, 20), 0);
	CHECK_INT(wire_next(&w, 20, &msg, &err), -ETIMEDOUT);
	CHECK_INT(recv(peer, got, 20, MSG_WAITALL), 20);
	CHECK(memcmp(got, pong, 20) == 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		close(w.in);
		while (send(peer, ping, 20, MSG_NOSIGNAL) == 20 &&
		       recv(peer, got, 20, MSG_WAITALL) == 20)
			;
		_exit(0);
	}
	close(peer);
	CHECK_INT(wire_next(&w, 50, &msg, &err), -ETIMEDOUT);
	close(w.in);
	ended_well(pid);
	wire_done(&w);
}

static void limited(void)
{
	static uint8_t bytes[WIRE_BODY_MAX];
	struct wire_msg msg = {.type = WIRE_ROOTFS};
	struct iovec iov = {bytes, 10000};
	struct err err = ERR_NONE;
	int64_t start;
	struct wire w;
	int peer;

	open_source(&w, &peer);
	greet(&w, peer);
	rate_limit_init(&w.limit, 1000000, rate_now_ns());
	start = clock_now_ms();
	for (int i = 0; i < 12; i++)
		CHECK_INT(wire_send(&w, &msg, &iov, 1, &err), 0);
	/* 120 kB, of which 65536 bytes may go at once, at 1 MB a second. */
	CHECK(clock_now_ms() - start >= 50);
	wire_done(&w);
}

/* ---- files ------------------------------------------------------------------------------ */

static char dir_path[64];

static int directory(void)
{
	int fd;

	memcpy(dir_path, "/tmp/hull-wire-XXXXXX", 22);
	CHECK(mkdtemp(dir_path));
	fd = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(fd >= 0);
	return fd;
}

#define FILE_BYTES 600000 /* three pieces */

static void take_files(struct wire *w)
{
	auto_arena a = ARENA_INIT;
	struct wire_files files;
	struct err err = ERR_NONE;
	struct wire_msg msg;
	int dir = directory();
	size_t len;
	char *text;

	wire_files_init(&files, dir, FILE_BYTES + 262144, 3);
	for (;;) {
		CHECK_INT(wire_next(w, LONG_MS, &msg, &err), 0);
		if (msg.type != WIRE_IMAGE)
			break;
		if (wire_files_take(&files, w, &msg, &err) < 0)
			unit_fail(__FILE__, __LINE__, "%s", err.text);
	}
	CHECK_INT(io_read_file(&a, dir, "large.img", 1 << 20, &text, &len, &err), 0);
	CHECK_UINT(len, FILE_BYTES);
	for (size_t i = 0; i < len; i++)
		CHECK(text[i] == (char)(i / 1000));
	CHECK_INT(io_read_file(&a, dir, "empty.img", 1, &text, &len, &err), 0);
	CHECK_UINT(len, 0);
	CHECK_INT(io_read_file(&a, dir, "exact.img", 1 << 20, &text, &len, &err), 0);
	CHECK_UINT(len, 262144);
	unlinkat(dir, "large.img", 0);
	unlinkat(dir, "empty.img", 0);
	unlinkat(dir, "exact.img", 0);
	wire_files_done(&files);
	CHECK_INT(rmdir(dir_path), 0);
}

static int memory_file(size_t len)
{
	auto_free char *text = malloc(len + 1);
	int fd = memfd_create("test", MFD_CLOEXEC);

	CHECK(fd >= 0 && text);
	for (size_t i = 0; i < len; i++)
		text[i] = (char)(i / 1000);
	CHECK_INT(io_write_all(fd, text, len), 0);
	CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	return fd;
}

static void files(void)
{
	struct err err = ERR_NONE;
	struct wire w;
	int peer;
	pid_t pid;

	open_source(&w, &peer);
	pid = target(&w, peer, take_files);
	close(peer);
	CHECK_INT(wire_hello(&w, WIRE_F_COMPRESS, &err), 0);
	w.how = (struct codec_choice){CODEC_ZSTD, 1};
	CHECK_INT(wire_send_file(&w, WIRE_IMAGE, "large.img", memory_file(FILE_BYTES), &err), 0);
	CHECK_INT(wire_send_file(&w, WIRE_IMAGE, "empty.img", memory_file(0), &err), 0);
	CHECK_INT(wire_send_file(&w, WIRE_IMAGE, "exact.img", memory_file(262144), &err), 0);
	CHECK_INT(wire_send_file(&w, WIRE_IMAGE, "../x", memory_file(1), &err), -EINVAL);
	CHECK_INT(wire_send_phase(&w, WIRE_PREPARE, &id, JOURNAL_NONE, &err), 0);
	ended_well(pid);
	wire_done(&w);
}

static void files_of_a_liar(void)
{
	static const struct {
		const char *why;
		struct wire_file first, second;
		size_t len;
	} rows[] = {
		{"'a' came twice", {"a", 0, true}, {"a", 0, true}, 1},
		{"'b' came before the end of 'a'", {"a", 0, false}, {"b", 0, true}, 1},
		{"not where the last one ended", {"a", 0, false}, {"a", 0, true}, 1},
		{"not where the last one ended", {"a", 0, false}, {"a", 3, true}, 1},
		{"not where the last one ended", {"a", 0, true}, {"b", 1, true}, 1},
		{"is empty", {"a", 0, false}, {"a", 1, false}, 0},
		{"more than may come", {"a", 0, false}, {"a", 1, false}, 10},
		{"one file too many", {"a", 0, true}, {"b", 0, true}, 1},
		{"'there' came twice", {"a", 0, true}, {"there", 0, true}, 1},
		{"'link' came twice", {"a", 0, true}, {"link", 0, true}, 1},
	};
	uint8_t byte = 0;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct err err = ERR_NONE;
		struct wire_files taken;
		struct wire source, w;
		struct wire_msg msg;
		uint8_t many[10] = {0};
		struct iovec iov[2] = {{&byte, 1}, {many, rows[i].len}};
		int pair[2], dir = directory();

		CHECK_INT(mknodat(dir, "there", S_IFREG | 0600, 0), 0);
		CHECK_INT(symlinkat("/dev/null", dir, "link"), 0);
		CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
		CHECK_INT(wire_init(&source, WIRE_SOURCE, pair[0], pair[0], LONG_MS, &err), 0);
		CHECK_INT(wire_init(&w, WIRE_TARGET, pair[1], pair[1], LONG_MS, &err), 0);
		source.version = w.version = 1;
		wire_files_init(&taken, dir, 5, i == 7 ? 1 : 9);
		msg = (struct wire_msg){.type = WIRE_FILE, .file = rows[i].first};
		CHECK_INT(wire_send(&source, &msg, iov, 1, &err), 0);
		msg.file = rows[i].second;
		CHECK_INT(wire_send(&source, &msg, iov + 1, 1, &err), 0);
		CHECK_INT(wire_expect(&w, WIRE_FILE, LONG_MS, &msg, &err), 0);
		CHECK_INT(wire_files_take(&taken, &w, &msg, &err), 0);
		CHECK_INT(wire_expect(&w, WIRE_FILE, LONG_MS, &msg, &err), 0);
		CHECK(wire_files_take(&taken, &w, &msg, &err) < 0);
		CHECK_HAS(err.text, rows[i].why);
		wire_files_done(&taken);
		unlinkat(dir, "a", 0);
		unlinkat(dir, "b", 0);
		unlinkat(dir, "there", 0);
		unlinkat(dir, "link", 0);
		close(dir);
		CHECK_INT(rmdir(dir_path), 0);
		wire_done(&source);
		wire_done(&w);
		close(pair[0]);
		close(pair[1]);
	}
}

/* Over two pipes; the flags of their open files are others', too. */
static void pipes(void)
{
	struct err err = ERR_NONE;
	int there[2], back[2];
	struct wire_msg msg;
	const char *text;
	struct wire w;

	CHECK_INT(pipe2(there, O_CLOEXEC), 0);
	CHECK_INT(pipe2(back, O_CLOEXEC), 0);
	CHECK_INT(wire_init(&w, WIRE_SOURCE, back[0], there[1], LONG_MS, &err), 0);
	CHECK_INT(io_write_all(back[1], HELLO_OF("\x01"), HELLO_SIZE), 0);
	CHECK_INT(io_write_all(back[1], F("\x03", "\x00", "\x00", "\x02\x00", "\x02\x00") "{}", 14),
		  0);
	CHECK_INT(wire_hello(&w, 0, &err), 0);
	CHECK_INT(wire_expect(&w, WIRE_PREFLIGHT_ANSWER, LONG_MS, &msg, &err), 0);
	CHECK_INT(wire_body_text(&w, &msg, &text, &err), 0);
	CHECK_STR(text, "{}");
	CHECK(fcntl(back[0], F_GETFL) & O_NONBLOCK);
	CHECK_INT(wire_next(&w, 20, &msg, &err), -ETIMEDOUT);
	signal(SIGPIPE, SIG_IGN);
	close(there[0]);
	CHECK_INT(wire_send_text(&w, WIRE_PREFLIGHT, "{}", &err), -ECONNRESET);
	wire_done(&w);
	CHECK(!(fcntl(back[0], F_GETFL) & O_NONBLOCK));
	CHECK(!(fcntl(there[1], F_GETFL) & O_NONBLOCK));
}

static void ours_are_checked(void)
{
	static const struct wire_msg bad[] = {
		{.type = WIRE_PREPARED},
		{.type = WIRE_PAGES, .pages = {1, 1, 1}},
		{.type = WIRE_FILE, .file = {"a/b", 0, false}},
		{.type = WIRE_COMMIT, .phase = {{{0}}, JOURNAL_RUNNING}},
		{.type = (enum wire_type)77},
	};
	struct err err = ERR_NONE;
	struct wire w;
	char byte;
	int peer;

	open_source(&w, &peer);
	greet(&w, peer);
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(wire_send(&w, &bad[i], NULL, 0, &err), -EINVAL);
	CHECK_INT(recv(peer, &byte, 1, MSG_DONTWAIT), -1);
	wire_done(&w);
}

static const struct unit_case cases[] = {
	{"both say hello", greeting},
	{"bytes on the wire", on_the_wire},
	{"messages there and back", there_and_back},
	{"names of files", names},
	{"frames that are refused", refused_frames},
	{"of which migration", of_which_migration},
	{"what is no hello", no_hello},
	{"the stream ends at each byte", cut_anywhere},
	{"pages as they are", pages_plain},
	{"pages with lz4", pages_lz4},
	{"pages with zstd", pages_zstd},
	{"the peer says why it closes", peer_fails},
	{"the peer says nothing", silence},
	{"the peer stops in the middle", half_a_frame},
	{"the peer does not read", nobody_reads},
	{"ping", pings},
	{"a limit of bandwidth", limited},
	{"files", files},
	{"files of a liar", files_of_a_liar},
	{"two pipes", pipes},
	{"ours are checked, too", ours_are_checked},
};
UNIT_MAIN(cases)
