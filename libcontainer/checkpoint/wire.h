/*
 * wire.h - what `hull migrate` and `hull migrate-receive` say to each other.
 *
 * A stream of frames over whatever carries bytes both ways (transport.h). A frame:
 *
 *	u8  type    enum wire_type
 *	u8  codec   of the body: enum codec
 *	u16 meta    bytes of fixed fields that follow, never compressed
 *	u32 length  bytes of the body, on the wire
 *	u32 raw     bytes of the body when it is unpacked; = length without a codec
 *	meta, body
 *
 * Numbers are little endian. What each type may carry, and which side may send it, is a row of a
 * table (wire_msg.c). The first frame of each side is HELLO with a range of versions and its
 * features; both then use the highest version that both know, and the features that both have. The
 * layout of a frame and of HELLO never changes.
 *
 * The sides are hostile to each other: each length, number and name is checked before it is used,
 * what a frame makes us keep is bounded by WIRE_BODY_MAX, and each wait has an end. A deadline
 *counts from the frame's first byte and grows with its length (WIRE_SLOWEST), so that a slow link
 *is no failure and a peer that sends a byte a minute is one.
 *
 * A peer that fails says why in an ERROR frame and closes: whatever of ours fails because of that
 * (end of file, broken pipe) has the peer's words as its error.
 */
#ifndef HULL_CKPT_WIRE_H
#define HULL_CKPT_WIRE_H

#include <sys/types.h>
#include <sys/uio.h>

#include "libcontainer/checkpoint/compress.h"
#include "libcontainer/checkpoint/journal.h"
#include "libcontainer/checkpoint/rate.h"

#define WIRE_VERSION_MIN 1
#define WIRE_VERSION     1

#define WIRE_HEADER      12
#define WIRE_META_MAX    320
#define WIRE_BODY_MAX    COMPRESS_MAX
#define WIRE_NAME_MAX    255
#define WIRE_PAGE_SHIFT  12
#define WIRE_PAGE_SIZE   (1U << WIRE_PAGE_SHIFT)
#define WIRE_PAGES_MAX   256 /* WIRE_BODY_MAX / WIRE_PAGE_SIZE */
#define WIRE_RANGE_SIZE  16U
#define WIRE_RANGES_MAX  4096U /* in a body */
#define WIRE_IOV_MAX     (WIRE_PAGES_MAX + 1)
#define WIRE_SLOWEST     (16U << 10) /* bytes a second: what is slower has failed */

/* Both ends say which they are; source is the side that has the container. */
enum wire_role { WIRE_SOURCE, WIRE_TARGET };

enum wire_type {
	WIRE_HELLO = 1,
	WIRE_PREFLIGHT,        /* JSON: what the container needs */
	WIRE_PREFLIGHT_ANSWER, /* JSON: what is in the way */
	WIRE_FILE,             /* config.json, descriptors.json, ...: a piece of a named file */
	WIRE_IMAGE,            /* the same of CRIU's images */
	WIRE_PAGES,            /* memory */
	WIRE_ZERO,             /* memory that is all zeroes, or was unmapped: no data */
	WIRE_PAGE_REQUEST,     /* the target needs these now */
	WIRE_ROOTFS,           /* opaque bytes, either way */
	WIRE_ROUND_BEGIN,
	WIRE_ROUND_END,
	WIRE_ROUND_DONE, /* the target has all of the round */
	WIRE_PREPARE,
	WIRE_PREPARED,
	WIRE_COMMIT,
	WIRE_COMMITTED,
	WIRE_ABORT,
	WIRE_FORGET, /* the source has noted that it is over */
	WIRE_QUERY,  /* what became of this migration? */
	WIRE_PHASE,  /* the answer */
	WIRE_PROGRESS,
	WIRE_ERROR,
	WIRE_PING,
	WIRE_PONG,
	WIRE_DIRTY,    /* these pages have changed, and come when they are asked for */
	WIRE_PREFETCH, /* the target will need these, in this order */
};
const char *wire_type_name(enum wire_type type); /* static storage */

/* Bits of features. */
#define WIRE_F_LZ4      (1ULL << 0)
#define WIRE_F_ZSTD     (1ULL << 1)
#define WIRE_F_LAZY     (1ULL << 2) /* PAGE_REQUEST is answered */
#define WIRE_F_ROOTFS   (1ULL << 3)
#define WIRE_F_LATE     (1ULL << 4) /* DIRTY and PREFETCH: pages come after COMMIT, too */
#define WIRE_F_COMPRESS (WIRE_F_LZ4 | WIRE_F_ZSTD)

/* ---- messages --------------------------------------------------------------------------- */

struct wire_hello {
	uint16_t version_min, version_max;
	enum wire_role role;
	uint64_t features;
	char hull[65]; /* its version; printable */
};
struct wire_file {
	char name[WIRE_NAME_MAX + 1]; /* no '/', does not begin with '.', printable */
	uint64_t offset;
	bool last; /* nothing of this file follows */
};
struct wire_pages {
	uint64_t process; /* key of the process, the sides agree on it */
	uint64_t address; /* a multiple of the page size */
	uint64_t count; /* of PAGES at most WIRE_PAGES_MAX; address + all of them does not overflow
			 */
};
/* DIRTY and PREFETCH: address is 0, count the number of ranges that are the body. */
struct wire_range {
	uint64_t address, count; /* as above */
};
struct wire_rootfs {
	uint32_t stream;
	bool last;
};
struct wire_round {
	uint32_t round;
	bool final;            /* the container is frozen */
	uint64_t pages, zeros; /* BEGIN: expected; END: sent; DONE: received */
};
struct wire_phase {
	struct migration_id id;
	enum journal_phase phase; /* of PHASE: of a target, or JOURNAL_NONE */
};
struct wire_progress {
	uint64_t done, total; /* bytes */
};
/* Of struct err; its text and hint are the body, with a NUL between. */
struct wire_failure {
	int32_t code;
	bool show_errno;
};

struct wire_msg {
	enum wire_type type;
	union {
		struct wire_file file;   /* FILE, IMAGE */
		struct wire_pages pages; /* PAGES, ZERO, PAGE_REQUEST, DIRTY, PREFETCH */
		struct wire_rootfs rootfs;
		struct wire_round round; /* ROUND_* */
		struct wire_phase phase; /* PREPARE to PHASE */
		struct wire_progress progress;
		struct wire_failure failure;
		struct wire_hello hello;
		uint64_t nonce; /* PING, PONG */
	};
	size_t len; /* of the body, unpacked */
	/* How it comes; for wire_body(). */
	enum codec codec;
	uint32_t packed;
};

/* ---- a connection ----------------------------------------------------------------------- */

/* Something else that is read while we wait: what ssh says. */
struct wire_aside {
	int fd;                  /* -1: none */
	int (*ready)(void *arg); /* returns the descriptor to wait for from now on, or -1 */
	void *arg;
};

struct wire_counts {
	uint64_t frames, bytes; /* on the wire */
	uint64_t raw;           /* bodies, unpacked */
};

struct wire {
	int in, out; /* borrowed; the same one for a socket */
	enum wire_role role;
	int timeout_ms; /* for a frame that has begun, and for one to be taken; see WIRE_SLOWEST */
	uint16_t version;  /* 0 before both have said hello */
	uint64_t features; /* that both have */
	struct wire_hello peer;
	struct codec_choice how; /* for bodies of ours; none if the peer lacks it */
	struct rate_limit limit; /* of what we send */
	struct wire_aside aside;
	int stop_fd; /* when it is readable, nothing is waited for: -ECANCELED; -1 */
	struct wire_counts sent, received;

	/* private */
	struct compressor *codec;
	uint8_t *body, *packed, *flat; /* WIRE_BODY_MAX + 1 each, when first needed */
	uint8_t *ahead;                /* read but not used yet */
	size_t ahead_at, ahead_len, ahead_size;
	uint64_t at;             /* bytes of the stream that were used: where an error is */
	uint32_t unread;         /* of the body of the last frame */
	int flags_in, flags_out; /* as they were */
	bool in_is_socket, out_is_socket;
	bool dead_in, dead_out; /* after an error no frame's beginning is known any more */
	bool last_word;         /* only that is waited for */
};

/* IN and OUT become non-blocking if they are no sockets. SIGPIPE is ignored by the caller. */
int wire_init(struct wire *w, enum wire_role role, int in, int out, int timeout_ms,
	      struct err *err) must_check;
/* Puts the descriptors' flags back and frees; the descriptors stay open. Nothing if never begun
 * (zeroed). */
void wire_done(struct wire *w);

/* Says hello and hears it. After it W has a version and the common features. */
int wire_hello(struct wire *w, uint64_t features, struct err *err) must_check;

/* The next frame that is not PING (which it answers) within TIMEOUT_MS; its body is still to come:
 * wire_body(), else the next call skips it. An ERROR of the peer becomes ours, with EREMOTEIO. 0;
 * -ETIMEDOUT when nothing came, after which W can still be used; -ECONNRESET at the end; -EPROTO.
 */
int wire_next(struct wire *w, int timeout_ms, struct wire_msg *ret, struct err *err) must_check;
/* All MSG->len bytes of the body to TO, unpacked. */
int wire_body(struct wire *w, const struct wire_msg *msg, void *to, struct err *err) must_check;
/* The same into memory of W, with a NUL behind it; valid until the next call. */
int wire_body_text(struct wire *w, const struct wire_msg *msg, const char **ret,
		   struct err *err) must_check;
/* wire_next(), and anything but TYPE is an error. */
int wire_expect(struct wire *w, enum wire_type type, int timeout_ms, struct wire_msg *ret,
		struct err *err) must_check;

/* wire_expect() of PREPARE to PHASE, which must be of migration ID. RET_PHASE may be NULL. */
int wire_expect_phase(struct wire *w, enum wire_type type, const struct migration_id *id,
		      int timeout_ms, enum journal_phase *ret_phase, struct err *err) must_check;

/* Reads on until such a frame, wherever it begins: of a connection that others have read from. Then
 * W is of no more use. */
int wire_find_phase(struct wire *w, enum wire_type type, const struct migration_id *id,
		    int timeout_ms, struct err *err) must_check;

/* Sends MSG as far as the limit of bandwidth lets it; its body is the bytes of IOV (N_IOV <=
 * WIRE_IOV_MAX), compressed as W->how says if the type may be. MSG->len is not looked at. */
int wire_send(struct wire *w, const struct wire_msg *msg, const struct iovec *iov, int n_iov,
	      struct err *err) must_check;
int wire_send_text(struct wire *w, enum wire_type type, const char *text,
		   struct err *err) must_check;
/* PREPARE to PHASE. */
int wire_send_phase(struct wire *w, enum wire_type type, const struct migration_id *id,
		    enum journal_phase phase, struct err *err) must_check;
/* Our failure for the peer, as far as it can still be said. */
void wire_send_error(struct wire *w, const struct err *what);

/* ---- ranges of pages -------------------------------------------------------------------- */

/* N (at most WIRE_RANGES_MAX) of PROCESS, as TYPE (DIRTY, PREFETCH). */
int wire_send_ranges(struct wire *w, enum wire_type type, uint64_t process,
		     const struct wire_range *ranges, size_t n, struct err *err) must_check;
/* MSG->pages.count ranges of the body to RET, which has room for WIRE_RANGES_MAX. */
int wire_take_ranges(struct wire *w, const struct wire_msg *msg, struct wire_range *ret,
		     struct err *err) must_check;

/* ---- a file from pieces ----------------------------------------------------------------- */

/* Whether stop_fd is readable. */
bool wire_stopped(const struct wire *w);
/* Sends all of FD, a regular file, as TYPE (FILE, IMAGE) by the name NAME. */
int wire_send_file(struct wire *w, enum wire_type type, const char *name, int fd,
		   struct err *err) must_check;
/* Where the files of one kind go. At most one is open; none twice. */
struct wire_files {
	int dirfd;                 /* borrowed */
	uint64_t left, files_left; /* bytes and files that may still come */
	int fd;
	uint64_t at;
	char name[WIRE_NAME_MAX + 1];
};
void wire_files_init(struct wire_files *f, int dirfd, uint64_t max_bytes, uint64_t max_files);
void wire_files_done(struct wire_files *f);
/* Takes the piece that MSG announces. The file is new (0644) and the pieces are in order. */
int wire_files_take(struct wire_files *f, struct wire *w, const struct wire_msg *msg,
		    struct err *err) must_check;

/* ---- for those above, and their tests --------------------------------------------------- */

bool wire_name_ok(const char *name, size_t len);
/* PURE: MSG's fields as bytes, and back. Encode returns their number; decode 0 or -EPROTO with
 * *ret_why, static storage. LEN: of the body, unpacked. */
size_t wire_encode(const struct wire_msg *msg, uint8_t meta[WIRE_META_MAX]);
int wire_decode(enum wire_type type, const uint8_t *meta, size_t n_meta, size_t len,
		struct wire_msg *ret, const char **ret_why);
/* Whether the side FROM may send TYPE. */
bool wire_may_send(enum wire_type type, enum wire_role from);
bool wire_may_compress(enum wire_type type);

#endif
