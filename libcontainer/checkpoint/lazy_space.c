/* PURE: an address space that is filled: which pages are not in yet, and where they belong by now.
 */
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "lazy_impl.h"

/* Every mapping of a process can be in pieces, and the kernel has its own limit for those. */
#define PIECES_MAX (1U << 20)

static struct space *space_alloc(struct lazy *lz, struct pages_proc *proc, struct err *err)
{
	size_t size = pages_leaves(proc) * sizeof(uint16_t);
	struct space *sp = calloc(1, sizeof(*sp));

	if (sp) {
		*sp = (struct space){.lazy = lz, .proc = proc, .fd = -1, .chunk = 1};
		sp->pending = calloc(1, size + 1);
		sp->away = calloc(1, size + 1);
	}
	if (sp && sp->pending && sp->away)
		return sp;
	space_free(sp);
	err_sys(err, ENOMEM, "lazy pages of process '%d'", pages_pid(proc));
	return NULL;
}

void space_free(struct space *sp)
{
	if (!sp)
		return;
	close_fd(&sp->fd);
	free(sp->pending);
	free(sp->away);
	free(sp->pieces);
	free(sp);
}

/* Takes FD. Pages of zeros need not be filled in: the kernel makes them when all else is in. */
struct space *space_new(struct lazy *lz, struct pages_proc *proc, int fd, struct err *err)
{
	struct space *sp = space_alloc(lz, proc, err);

	if (!sp) {
		close_fd(&fd);
		return NULL;
	}
	sp->fd = fd;
	for (uint32_t l = 0; l < pages_leaves(proc); l++) {
		sp->pending[l] = pages_leaf_to_come(proc, l);
		sp->n_pending += (unsigned)__builtin_popcount(sp->pending[l]);
	}
	return sp;
}

struct space *space_fork(const struct space *parent, int fd, struct err *err)
{
	uint32_t n = pages_leaves(parent->proc);
	struct space *sp = space_alloc(parent->lazy, parent->proc, err);

	if (sp && parent->n_pieces)
		sp->pieces = malloc(parent->n_pieces * sizeof(*sp->pieces));
	if (!sp || (parent->n_pieces && !sp->pieces)) {
		close_fd(&fd);
		space_free(sp);
		err_sys(err, ENOMEM, "lazy pages of a child of '%d'", pages_pid(parent->proc));
		return NULL;
	}
	sp->fd = fd;
	memcpy(sp->away, parent->away, n * sizeof(*sp->away));
	if (parent->n_pieces)
		memcpy(sp->pieces, parent->pieces, parent->n_pieces * sizeof(*sp->pieces));
	sp->n_pieces = sp->room = parent->n_pieces;
	for (uint32_t l = 0; l < n; l++) {
		sp->pending[l] = parent->pending[l] & (uint16_t)~pages_leaf_wiped(sp->proc, l);
		sp->n_pending += (unsigned)__builtin_popcount(sp->pending[l]);
	}
	return sp;
}

bool space_pending(const struct space *sp, uint32_t leaf, unsigned i)
{
	return sp->pending[leaf] & 1U << i;
}

void space_in(struct space *sp, uint32_t leaf, unsigned i)
{
	if (space_pending(sp, leaf, i))
		sp->n_pending--;
	sp->pending[leaf] &= (uint16_t) ~(1U << i);
}

/* The first piece that ends above ADDR. */
static uint32_t piece_from(const struct space *sp, uint64_t addr)
{
	uint32_t low = 0, high = sp->n_pieces;

	while (low < high) {
		uint32_t mid = low + (high - low) / 2;

		if (sp->pieces[mid].at + sp->pieces[mid].len <= addr)
			low = mid + 1;
		else
			high = mid;
	}
	return low;
}

bool space_image(const struct space *sp, uint64_t addr, uint64_t *ret_img)
{
	uint32_t i = piece_from(sp, addr);
	bool moved = i < sp->n_pieces && sp->pieces[i].at <= addr;
	uint64_t img = moved ? sp->pieces[i].img + (addr - sp->pieces[i].at) : addr;
	int64_t leaf = pages_leaf_at(sp->proc, img);
	unsigned bit = (img >> PAGES_SHIFT) % PAGES_LEAF;

	if (leaf < 0 || !space_pending(sp, (uint32_t)leaf, bit))
		return false;
	if (moved != !!(sp->away[leaf] & 1U << bit))
		return false;
	*ret_img = img;
	return true;
}

uint64_t space_place(const struct space *sp, uint32_t leaf, unsigned i, uint64_t *ret_n)
{
	uint64_t img = pages_leaf_addr(sp->proc, leaf) + ((uint64_t)i << PAGES_SHIFT);

	if (!(sp->away[leaf] & 1U << i)) {
		*ret_n = UINT64_MAX; /* as long as the next is not away, which the caller sees */
		return img;
	}
	for (uint32_t p = 0; p < sp->n_pieces; p++)
		if (img - sp->pieces[p].img < sp->pieces[p].len) {
			*ret_n = (sp->pieces[p].len - (img - sp->pieces[p].img)) >> PAGES_SHIFT;
			return sp->pieces[p].at + (img - sp->pieces[p].img);
		}
	*ret_n = 0; /* in no piece: dropped */
	return 0;
}

/* ---- ranges of the image --------------------------------------------------------------- */

static uint16_t bits_between(uint64_t base, uint64_t addr, uint64_t end)
{
	unsigned from = addr > base ? (unsigned)((addr - base) >> PAGES_SHIFT) : 0;
	uint64_t to = (end - base) >> PAGES_SHIFT;

	if (to > PAGES_LEAF)
		to = PAGES_LEAF;
	return (uint16_t)(((1U << to) - 1) & ~((1U << from) - 1));
}

/* Pages [IMG, END) of the image that are where they were (or, AWAY, in a piece) are not pending any
 * more. */
static void forget(struct space *sp, uint64_t img, uint64_t end, bool away)
{
	for (uint32_t l = pages_leaf_from(sp->proc, img); l < pages_leaves(sp->proc); l++) {
		uint64_t base = pages_leaf_addr(sp->proc, l);
		uint16_t bits;

		if (base >= end)
			break;
		bits = bits_between(base, img, end) & sp->pending[l];
		bits &= away ? sp->away[l] : (uint16_t)~sp->away[l];
		sp->n_pending -= (unsigned)__builtin_popcount(bits);
		sp->pending[l] &= (uint16_t)~bits;
	}
}

/* ---- pieces ---------------------------------------------------------------------------- */

static int piece_insert(struct space *sp, struct piece pc, struct err *err)
{
	uint32_t i = piece_from(sp, pc.at);

	if (sp->n_pieces == sp->room) {
		uint32_t room = sp->room ? sp->room * 2 : 16;
		void *m = room <= PIECES_MAX ? realloc(sp->pieces, room * sizeof(pc)) : NULL;

		if (!m)
			return err_sys(err, ENOMEM, "lazy pages that were moved");
		sp->pieces = m;
		sp->room = room;
	}
	memmove(sp->pieces + i + 1, sp->pieces + i, (sp->n_pieces - i) * sizeof(pc));
	sp->pieces[i] = pc;
	sp->n_pieces++;
	return 0;
}

/* No piece crosses ADDR afterwards. */
static int piece_split(struct space *sp, uint64_t addr, struct err *err)
{
	uint32_t i = piece_from(sp, addr);
	struct piece *p = &sp->pieces[i], tail;
	uint64_t head;

	if (i == sp->n_pieces || p->at >= addr)
		return 0;
	head = addr - p->at;
	tail = (struct piece){.at = addr, .img = p->img + head, .len = p->len - head};
	p->len = head;
	return piece_insert(sp, tail, err);
}

/* Takes the pieces in [ADDR, END) out, into *ret (to be freed). */
static int pieces_take(struct space *sp, uint64_t addr, uint64_t end, struct piece **ret,
		       uint32_t *ret_n, struct err *err)
{
	uint32_t i, n = 0;
	struct piece *out;

	if (piece_split(sp, addr, err) < 0 || piece_split(sp, end, err) < 0)
		return -err->code;
	i = piece_from(sp, addr);
	while (i + n < sp->n_pieces && sp->pieces[i + n].at < end)
		n++;
	out = malloc(n * sizeof(*out) + 1);
	if (!out)
		return err_sys(err, ENOMEM, "lazy pages that were moved");
	if (n) {
		memcpy(out, sp->pieces + i, n * sizeof(*out));
		sp->n_pieces -= n;
		memmove(sp->pieces + i, sp->pieces + i + n, (sp->n_pieces - i) * sizeof(*out));
	}
	*ret = out;
	*ret_n = n;
	return 0;
}

int space_drop(struct space *sp, uint64_t addr, uint64_t end, struct err *err)
{
	auto_free struct piece *out = NULL;
	uint32_t n;

	if (addr >= end)
		return 0;
	forget(sp, addr, end, false);
	if (!sp->n_pieces)
		return 0;
	if (pieces_take(sp, addr, end, &out, &n, err) < 0)
		return -err->code;
	for (uint32_t i = 0; i < n; i++)
		forget(sp, out[i].img, out[i].img + out[i].len, true);
	return 0;
}

/* The pages of the image that are where they were, in [IMG, END), are now DELTA further. A piece
 * ends before a page that is in another piece already. */
static int send_away(struct space *sp, uint64_t img, uint64_t end, uint64_t delta, struct err *err)
{
	struct piece pc = {.at = img + delta, .img = img};
	bool any = false;

	for (uint32_t l = pages_leaf_from(sp->proc, img); l < pages_leaves(sp->proc); l++) {
		uint64_t base = pages_leaf_addr(sp->proc, l);
		uint16_t bits, other;

		if (base >= end)
			break;
		bits = bits_between(base, img, end) & sp->pending[l];
		other = bits & sp->away[l];
		sp->away[l] |= bits;
		bits &= (uint16_t)~other;
		for (; other; other &= (uint16_t)(other - 1)) {
			unsigned i = (unsigned)__builtin_ctz(other);
			uint64_t at = base + ((uint64_t)i << PAGES_SHIFT);

			any |= (bits & ((1U << i) - 1)) != 0;
			bits &= (uint16_t) ~((1U << i) - 1);
			pc.len = at - pc.img;
			if (any && piece_insert(sp, pc, err) < 0)
				return -err->code;
			pc.img = at + PAGES_SIZE;
			pc.at = pc.img + delta;
			any = false;
		}
		any |= bits != 0;
	}
	pc.len = end - pc.img;
	return any && pc.len ? piece_insert(sp, pc, err) : 0;
}

int space_move(struct space *sp, uint64_t from, uint64_t to, uint64_t len, struct err *err)
{
	auto_free struct piece *out = NULL;
	uint64_t gap = from;
	uint32_t n;

	if (from == to || !len || from + len < from || to + len < to)
		return 0;
	if (pieces_take(sp, from, from + len, &out, &n, err) < 0)
		return -err->code;
	if (space_drop(sp, to, to + len, err) < 0)
		return -err->code;
	for (uint32_t i = 0; i < n; i++) {
		uint64_t at = out[i].at;

		out[i].at = at - from + to;
		if (send_away(sp, gap, at, to - from, err) < 0 || piece_insert(sp, out[i], err) < 0)
			return -err->code;
		gap = at + out[i].len;
	}
	return send_away(sp, gap, from + len, to - from, err);
}
