/* RUNTIME: the tar format, written. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/checkpoint/tar.h"
#include "libcontainer/checkpoint/tar_format.h"

#define COPY_SIZE (256 << 10)
#define PAX_NAME  "././@PaxHeader"
/* What GNU tar and others write for a file of this format that they do not know. */
#define SPARSE_NAME "GNUSparseFile.0/sparse"

/* ---- bytes ------------------------------------------------------------------------------------
 */

int tar_put_data(struct tar_writer *w, const void *data, size_t len, struct err *err)
{
	int r;

	if (w->put)
		return w->put(w->ctx, data, len, err);
	r = io_write_all(w->fd, data, len);
	return r < 0 ? err_sys(err, -r, "write '%s'", w->file) : 0;
}

static int put_zeros(struct tar_writer *w, uint64_t len, struct err *err)
{
	static const char zeros[2 * TAR_BLOCK];
	uint64_t rest = (TAR_BLOCK - len % TAR_BLOCK) % TAR_BLOCK;

	return rest ? tar_put_data(w, zeros, rest, err) : 0;
}

int tar_put_end(struct tar_writer *w, struct err *err)
{
	static const char zeros[2 * TAR_BLOCK];

	return tar_put_data(w, zeros, sizeof(zeros), err);
}

/* ---- pax records ------------------------------------------------------------------------------
 */

struct text {
	struct arena *a;
	char *v;
	size_t len, size;
};

static void text_add(struct text *t, const void *p, size_t len)
{
	if (t->len + len > t->size) {
		char *grown;

		t->size = 2 * t->size + len + 1024;
		grown = arena_alloc(t->a, t->size);
		if (t->len)
			memcpy(grown, t->v, t->len);
		t->v = grown;
	}
	memcpy(t->v + t->len, p, len);
	t->len += len;
}

/* "LEN KEY=VALUE\n", where LEN counts itself. */
static void pax_add(struct text *t, const char *key, const void *value, size_t len)
{
	size_t rest = strlen(key) + len + 3, total = rest + 1;
	char head[32];
	int n;

	while (total != rest + (size_t)snprintf(head, sizeof(head), "%zu", total))
		total = rest + strlen(head);
	n = snprintf(head, sizeof(head), "%zu ", total);
	text_add(t, head, (size_t)n);
	text_add(t, key, strlen(key));
	text_add(t, "=", 1);
	text_add(t, value, len);
	text_add(t, "\n", 1);
}

static void pax_number(struct text *t, const char *key, uint64_t v)
{
	char number[24];
	int n = snprintf(number, sizeof(number), "%llu", (unsigned long long)v);

	pax_add(t, key, number, (size_t)n);
}

/* Of a moment before 1970 the fraction counts forward, as in struct timespec, and pax wants one
 * number. */
static void pax_time(struct text *t, int64_t s, uint32_t ns)
{
	char number[48];
	int n;

	if (s < 0 && ns) {
		s++;
		n = snprintf(number, sizeof(number), "%s%lld.%09u", s ? "" : "-", (long long)s,
			     1000000000u - ns);
	} else {
		n = snprintf(number, sizeof(number), "%lld.%09u", (long long)s, ns);
	}
	pax_add(t, "mtime", number, (size_t)n);
}

static void pax_records(struct text *t, const struct tar_entry *e, uint64_t stored)
{
	if (e->sparse) {
		pax_number(t, "GNU.sparse.major", 1);
		pax_number(t, "GNU.sparse.minor", 0);
		pax_add(t, "GNU.sparse.name", e->name, strlen(e->name));
		pax_number(t, "GNU.sparse.realsize", e->size);
	} else if (strlen(e->name) > TAR_NAME) {
		pax_add(t, "path", e->name, strlen(e->name));
	}
	if (e->link && strlen(e->link) > TAR_NAME)
		pax_add(t, "linkpath", e->link, strlen(e->link));
	if (stored > TAR_MAX_SIZE)
		pax_number(t, "size", stored);
	if (e->uid > TAR_MAX_ID)
		pax_number(t, "uid", e->uid);
	if (e->gid > TAR_MAX_ID)
		pax_number(t, "gid", e->gid);
	if (e->mtime < 0 || (uint64_t)e->mtime > TAR_MAX_SIZE || e->mtime_ns)
		pax_time(t, e->mtime, e->mtime_ns);
	for (size_t i = 0; i < e->n_xattrs; i++) {
		char *key = arena_printf(t->a, TAR_XATTR "%s", e->xattrs[i].name);

		pax_add(t, key, e->xattrs[i].value, e->xattrs[i].len);
	}
}

/* ---- headers -----------------------------------------------------------------------------------
 */

/* What does not fit is in the pax header, and 0 here. */
static void octal(char *field, size_t size, uint64_t v, uint64_t max)
{
	char digits[32];

	snprintf(digits, sizeof(digits), "%0*llo", (int)size - 1,
		 (unsigned long long)(v > max ? 0 : v));
	memcpy(field, digits, size);
}

static int put_header(struct tar_writer *w, const struct tar_entry *e, const char *name,
		      uint64_t stored, struct err *err)
{
	union {
		struct tar_header h;
		unsigned char bytes[TAR_BLOCK];
	} u = {0};
	unsigned sum = 0;

	memcpy(u.h.name, name, strnlen(name, TAR_NAME));
	if (e->link)
		memcpy(u.h.link, e->link, strnlen(e->link, TAR_NAME));
	octal(u.h.mode, sizeof(u.h.mode), e->mode & 07777, TAR_MAX_ID);
	octal(u.h.uid, sizeof(u.h.uid), e->uid, TAR_MAX_ID);
	octal(u.h.gid, sizeof(u.h.gid), e->gid, TAR_MAX_ID);
	octal(u.h.size, sizeof(u.h.size), stored, TAR_MAX_SIZE);
	octal(u.h.mtime, sizeof(u.h.mtime), e->mtime < 0 ? 0 : (uint64_t)e->mtime, TAR_MAX_SIZE);
	octal(u.h.major, sizeof(u.h.major), e->major, TAR_MAX_ID);
	octal(u.h.minor, sizeof(u.h.minor), e->minor, TAR_MAX_ID);
	memcpy(u.h.magic, "ustar\00000", 8);
	u.h.type = e->type;
	memset(u.h.sum, ' ', sizeof(u.h.sum));
	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += u.bytes[i];
	octal(u.h.sum, 7, sum, TAR_MAX_ID);
	return tar_put_data(w, u.bytes, TAR_BLOCK, err);
}

static uint64_t data_size(const struct tar_entry *e)
{
	uint64_t n = 0;

	if (e->type != TAR_FILE || !e->sparse)
		return e->type == TAR_FILE ? e->size : 0;
	for (size_t i = 0; i < e->n_ranges; i++)
		n += e->ranges[i].len;
	return n;
}

static void map_line(struct text *t, uint64_t v)
{
	char line[32];
	int n = snprintf(line, sizeof(line), "%llu\n", (unsigned long long)v);

	text_add(t, line, (size_t)n);
}

/* The map of a sparse file is at the front of its data: decimal numbers, a line each. GNU tar takes
 * the end of the last part for the file's, so there is an empty one where that is. */
static void sparse_map(struct text *t, const struct tar_entry *e)
{
	static const char zeros[TAR_BLOCK];
	const struct tar_range *last = e->n_ranges ? &e->ranges[e->n_ranges - 1] : NULL;
	bool hole = !last || last->at + last->len < e->size;

	map_line(t, e->n_ranges + hole);
	for (size_t i = 0; i < e->n_ranges; i++) {
		map_line(t, e->ranges[i].at);
		map_line(t, e->ranges[i].len);
	}
	if (hole) {
		map_line(t, e->size);
		map_line(t, 0);
	}
	text_add(t, zeros, (TAR_BLOCK - t->len % TAR_BLOCK) % TAR_BLOCK);
}

int tar_put(struct tar_writer *w, const struct tar_entry *e, struct err *err)
{
	auto_arena a = ARENA_INIT;
	struct text pax = {.a = &a}, map = {.a = &a};
	uint64_t stored;
	int r = 0;

	if (e->sparse)
		sparse_map(&map, e);
	stored = map.len + data_size(e);
	pax_records(&pax, e, stored);
	if (pax.len > TAR_MAX_HEADER || e->n_xattrs > TAR_MAX_XATTRS)
		return err_fail(err, E2BIG, "'%.200s' has extended attributes of more than 1 MiB",
				e->name);
	if (pax.len) {
		struct tar_entry x = {.type = 'x', .mode = 0644};

		r = put_header(w, &x, PAX_NAME, pax.len, err);
		if (r == 0)
			r = tar_put_data(w, pax.v, pax.len, err);
		if (r == 0)
			r = put_zeros(w, pax.len, err);
	}
	if (r == 0)
		r = put_header(w, e, e->sparse ? SPARSE_NAME : e->name, stored, err);
	if (r == 0 && map.len)
		r = tar_put_data(w, map.v, map.len, err);
	return r;
}

int tar_put_padding(struct tar_writer *w, const struct tar_entry *e, struct err *err)
{
	return put_zeros(w, data_size(e), err); /* a map ends at a block's end */
}

/* Of a file of too many parts the rest is written with its holes. */
void tar_find_ranges(struct arena *a, int fd, struct tar_entry *e)
{
	uint64_t at = 0;

	while (at < e->size) {
		off_t data = lseek(fd, (off_t)at, SEEK_DATA), hole;
		uint64_t end;

		if (data < 0 && errno == ENXIO)
			break; /* nothing but a hole follows */
		hole = data < 0 ? -1 : lseek(fd, data, SEEK_HOLE);
		if (hole < 0)
			return;
		/* Parts are of whole blocks, but for the last. */
		data -= data % TAR_BLOCK;
		end = (uint64_t)hole + (TAR_BLOCK - (uint64_t)hole % TAR_BLOCK) % TAR_BLOCK;
		if (end > e->size || e->n_ranges == TAR_MAX_RANGES - 1)
			end = e->size;
		if (end <= (uint64_t)data)
			break;
		*arena_push(a, &e->ranges, &e->n_ranges) =
			(struct tar_range){(uint64_t)data, end - (uint64_t)data};
		at = end;
	}
	e->sparse = true;
}

static int copy_range(struct tar_writer *w, int fd, uint64_t at, uint64_t len, char *buf,
		      struct err *err)
{
	while (len) {
		ssize_t n = pread(fd, buf, len < COPY_SIZE ? len : COPY_SIZE, (off_t)at);
		int r;

		if (n < 0 && errno == EINTR)
			continue;
		if (n == 0 && w->live) {
			n = len < COPY_SIZE ? (ssize_t)len : COPY_SIZE;
			memset(buf, 0, (size_t)n);
		}
		if (n <= 0)
			return n < 0 ? err_sys(err, errno, "read")
				     : err_fail(err, EIO, "it became shorter while it was read");
		r = tar_put_data(w, buf, (size_t)n, err);
		if (r < 0)
			return r;
		at += (uint64_t)n;
		len -= (uint64_t)n;
	}
	return 0;
}

int tar_put_file(struct tar_writer *w, const struct tar_entry *e, int fd, struct err *err)
{
	const struct tar_range whole = {0, e->size};
	const struct tar_range *ranges = e->sparse ? e->ranges : &whole;
	size_t n = e->sparse ? e->n_ranges : 1;
	auto_free char *buf = malloc(COPY_SIZE);
	int r = buf ? tar_put(w, e, err) : err_sys(err, ENOMEM, "write '%s'", w->file);

	for (size_t i = 0; r == 0 && i < n; i++)
		r = copy_range(w, fd, ranges[i].at, ranges[i].len, buf, err);
	return r < 0 ? r : tar_put_padding(w, e, err);
}
