/* RUNTIME: migrate-receive: memory that comes after COMMIT. The process that fills it in has the
 * connection from before the restore until all is in; its parent says and hears by it what there is
 * to be said of the commit. */
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/checkpoint/postcopy.h"

#define WINDOW  4096 /* pages that are asked for ahead, at a time */
#define RECENT  64
#define TICK_MS 200 /* how often the source hears that we are at work */
#define FRAMES  16  /* of pages, before faults are looked for again */

/* Between the process that fills and its parent. */
enum word_op { SAY_PREPARED = 1, SAY_RESUMED, HEARD_COMMIT, HEARD_ABORT, FAILED };
struct word {
	enum word_op op;
	uint64_t ns;    /* of SAY_RESUMED */
	struct err err; /* of FAILED and HEARD_ABORT */
};

struct postcopy {
	struct receiver *x;
	int up, down;             /* the parent's end, the filler's */
	int restored;             /* see receive_let_go; -1: it has said so */
	uint64_t wanted, came;    /* pages */
	struct wire_range *ahead; /* not asked for yet: WIRE_RANGES_MAX */
	size_t n_ahead;
	int32_t ahead_pid;
	struct wire_pages recent[RECENT]; /* that somebody waits for */
	unsigned n_recent;
	uint8_t *body;
	int64_t heard_ms, told_ms; /* from the source, to it */
	bool committed, aborted, resumed;
};

/* ---- what is asked for ------------------------------------------------------------------------
 */

static bool is_recent(const struct postcopy *f, uint64_t pid, uint64_t addr)
{
	for (unsigned i = 0; i < RECENT; i++)
		if (f->recent[i].process == pid &&
		    addr - f->recent[i].address < f->recent[i].count << PAGES_SHIFT)
			return true;
	return false;
}

static void wants(struct postcopy *f, uint64_t n)
{
	if (f->wanted == f->came)
		f->heard_ms = clock_now_ms();
	f->wanted += n;
}

/* A thread waits for the first of them. */
static int fetch_now(void *arg, int32_t pid, uint64_t addr, uint64_t n, struct err *err)
{
	struct postcopy *f = arg;
	struct wire_msg msg = {.type = WIRE_PAGE_REQUEST, .pages = {(uint64_t)pid, addr, n}};

	if (is_recent(f, (uint64_t)pid, addr))
		return 0;
	f->recent[f->n_recent++ % RECENT] = msg.pages;
	wants(f, n);
	return wire_send(&f->x->wire, &msg, NULL, 0, err);
}

static int flush(struct postcopy *f, struct err *err)
{
	size_t n = f->n_ahead;

	f->n_ahead = 0;
	return n ? wire_send_ranges(&f->x->wire, WIRE_PREFETCH, (uint64_t)f->ahead_pid, f->ahead, n,
				    err)
		 : 0;
}

static int fetch_ahead(void *arg, int32_t pid, uint64_t addr, uint64_t n, struct err *err)
{
	struct postcopy *f = arg;
	struct wire_range *last = f->n_ahead ? &f->ahead[f->n_ahead - 1] : NULL;

	wants(f, n);
	if (last && f->ahead_pid == pid && last->address + (last->count << PAGES_SHIFT) == addr) {
		last->count += n;
		return 0;
	}
	if ((f->n_ahead == WIRE_RANGES_MAX || f->ahead_pid != pid) && flush(f, err) < 0)
		return -err->code;
	f->ahead_pid = pid;
	f->ahead[f->n_ahead++] = (struct wire_range){addr, n};
	return 0;
}

/* ---- what comes --------------------------------------------------------------------------------
 */

static int say(int sock, enum word_op op, uint64_t ns, const struct err *what)
{
	struct word w = {.op = op, .ns = ns};

	if (what)
		w.err = *what;
	return sock_send(sock, &w, sizeof(w), -1);
}

static int take_pages(struct postcopy *f, const struct wire_msg *msg, struct err *err)
{
	const struct wire_pages *p = &msg->pages;
	int r = 0;

	if (p->process > INT32_MAX || p->count > WIRE_PAGES_MAX || p->count > f->wanted - f->came)
		return err_fail(err, EPROTO, "the source sent pages that nobody asked for");
	f->came += p->count;
	if (msg->type == WIRE_PAGES)
		r = wire_body(&f->x->wire, msg, f->body, err);
	else
		memset(f->body, 0, p->count << PAGES_SHIFT);
	return r < 0 ? r
		     : lazy_arrived(f->x->lazy, (int32_t)p->process, p->address, p->count, f->body,
				    err);
}

static int take_one(struct postcopy *f, struct err *err)
{
	struct wire_msg msg;
	int r = wire_next(&f->x->wire, f->x->wire.timeout_ms, &msg, err);

	if (r < 0)
		return r;
	f->heard_ms = clock_now_ms();
	if (msg.type == WIRE_PAGES || msg.type == WIRE_ZERO)
		return take_pages(f, &msg, err);
	if ((msg.type != WIRE_COMMIT && msg.type != WIRE_ABORT) || f->committed)
		return err_fail(err, EPROTO, "the source sent %s", wire_type_name(msg.type));
	if (!migration_id_same(&msg.phase.id, &f->x->id))
		return err_fail(err, EPROTO, "the source commits another migration");
	if (msg.type == WIRE_ABORT) {
		f->aborted = true;
		return err_fail(err, ECANCELED, "the source gave the migration up");
	}
	f->committed = true;
	r = say(f->down, HEARD_COMMIT, 0, NULL);
	return r < 0 ? err_sys(err, -r, "tell of the commit") : 0;
}

static bool has_more(const struct postcopy *f)
{
	struct pollfd p = {.fd = f->x->wire.in, .events = POLLIN};

	return f->x->wire.ahead_len || poll(&p, 1, 0) > 0;
}

/* The parent's word. Without a parent nothing can be committed any more; what was goes on. */
static int hear_parent(struct postcopy *f, struct err *err)
{
	struct wire_msg msg = {.type = WIRE_PROGRESS};
	struct word w = {0};
	ssize_t n = sock_recv(f->down, &w, sizeof(w), NULL);

	if (n != sizeof(w)) {
		close_fd(&f->down);
		f->resumed = true;
		return f->committed ? 0
				    : err_fail(err, EPIPE, "hull ended before the source's commit");
	}
	if (w.op == SAY_PREPARED)
		return wire_send_phase(&f->x->wire, WIRE_PREPARED, &f->x->id, JOURNAL_NONE, err);
	f->resumed = true;
	f->told_ms = clock_now_ms();
	msg.progress.done = msg.progress.total = w.ns;
	return wire_send(&f->x->wire, &msg, NULL, 0, err);
}

/* That it has restored the container to the end; without, that one has no owner. */
static int hear_restored(struct postcopy *f, struct err *err)
{
	char yes;
	bool heard = read(f->restored, &yes, 1) == 1;

	close_fd(&f->restored);
	return heard ? 0 : err_fail(err, ECANCELED, "hull ended before the container was restored");
}

/* ---- the filler -------------------------------------------------------------------------------
 */

/* The source hears from us, or gives up; and we from it. */
static int keep_up(struct postcopy *f, struct err *err)
{
	struct wire_msg msg;
	int64_t now = clock_now_ms();

	if (f->wanted != f->came && now - f->heard_ms > f->x->wire.timeout_ms)
		return err_fail(err, ETIMEDOUT, "the source has sent no pages for %d s",
				f->x->wire.timeout_ms / 1000);
	if (!f->resumed || f->down < 0 || now - f->told_ms < TICK_MS)
		return 0;
	f->told_ms = now;
	receive_note_filled(f->x);
	msg = receive_progress(f->x);
	return wire_send(&f->x->wire, &msg, NULL, 0, err);
}

/* One round: faults and a piece of the rest, then what has come. */
static int step(struct postcopy *f, struct err *err)
{
	struct pollfd p[] = {{.fd = f->x->wire.in, .events = POLLIN},
			     {.fd = f->down, .events = POLLIN},
			     {.fd = lazy_fd(f->x->lazy), .events = POLLIN},
			     {.fd = f->restored, .events = POLLIN}};
	int r = fault_point("filler", "step", err);
	int state = r < 0 ? r : lazy_step(f->x->lazy, 0, err);

	r = state < 0 ? state : flush(f, err);
	if (r < 0)
		return r;
	if (state == LAZY_DONE && f->wanted == f->came && f->resumed && f->restored < 0)
		return LAZY_DONE;
	if (poll(p, 4, state == LAZY_MORE || f->x->wire.ahead_len ? 0 : TICK_MS) < 0 &&
	    errno != EINTR)
		return err_sys(err, errno, "wait for pages");
	if (p[1].revents)
		r = hear_parent(f, err);
	if (r == 0 && p[3].revents)
		r = hear_restored(f, err);
	for (int i = 0; r == 0 && i < FRAMES && has_more(f); i++)
		r = take_one(f, err);
	if (r == 0)
		r = keep_up(f, err);
	return r < 0 ? r : LAZY_MORE;
}

int postcopy_fill(struct postcopy *f, int restored, struct err *err)
{
	int r;

	f->restored = restored;
	close_fd(&f->up);
	do
		r = step(f, err);
	while (r >= 0 && r != LAZY_DONE);
	receive_note_filled(f->x);
	if (r < 0 && f->down >= 0)
		(void)say(f->down, f->aborted ? HEARD_ABORT : FAILED, 0, err);
	return r < 0 ? r : 0;
}

int postcopy_begin(struct receiver *x, struct lazy_options *o, struct err *err)
{
	struct postcopy *f = arena_alloc(&x->arena, sizeof(*f));
	int pair[2];

	*f = (struct postcopy){.x = x, .up = -1, .down = -1, .restored = -1};
	f->body = arena_alloc(&x->arena, WIRE_BODY_MAX);
	f->ahead = arena_array(&x->arena, struct wire_range, WIRE_RANGES_MAX);
	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, pair) < 0)
		return err_sys(err, errno, "start the process that fills memory");
	f->up = pair[0];
	f->down = pair[1];
	x->postcopy = f;
	o->fetch = fetch_now;
	o->ahead = fetch_ahead;
	o->arg = f;
	o->prefetch = WINDOW;
	o->stall_ms = x->wire.timeout_ms;
	return 0;
}

/* ---- its parent -------------------------------------------------------------------------------
 */

void postcopy_begun(struct receiver *x)
{
	close_fd(&x->postcopy->down);
}

static int hear(struct receiver *x, enum word_op op, int timeout_ms, struct err *err)
{
	struct pollfd p = {.fd = x->postcopy->up, .events = POLLIN};
	struct word w = {0};
	int n;

	do
		n = poll(&p, 1, timeout_ms);
	while (n < 0 && errno == EINTR);
	if (n == 0)
		return err_fail(err, ETIMEDOUT, "the source has said nothing for %d ms",
				timeout_ms);
	if (sock_recv(p.fd, &w, sizeof(w), NULL) != sizeof(w))
		return err_fail(err, EIO, "the process that fills memory has ended");
	x->given_up = w.op == HEARD_ABORT;
	if (w.op == op)
		return 0;
	*err = w.err;
	return -err->code;
}

int postcopy_restored(struct receiver *x, struct err *err)
{
	int r = say(x->postcopy->up, SAY_PREPARED, 0, NULL);

	if (r < 0)
		return err_sys(err, -r, "tell the process that fills memory");
	return hear(x, HEARD_COMMIT, x->opts->idle_ms, err);
}

int postcopy_resumed(struct receiver *x, uint64_t took, struct err *err)
{
	int r = say(x->postcopy->up, SAY_RESUMED, took, NULL);

	return r < 0 ? err_sys(err, -r, "tell the process that fills memory") : 0;
}

void postcopy_end(struct receiver *x)
{
	if (!x->postcopy)
		return;
	close_fd(&x->postcopy->up);
	close_fd(&x->postcopy->down);
}
