/* RUNTIME: the tar format, read; what is read is hostile. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/tar.h"
#include "libcontainer/checkpoint/tar_format.h"

#define COPY_SIZE (256 << 10)

/* ---- bytes -------------------------------------------------------------------------------------
 */

/* Exactly LEN bytes. 1; 0: the end of the file was there at once. */
static int read_all(struct tar_reader *r, void *buf, size_t len, struct err *err)
{
	char *to = buf;

	if (len > r->budget)
		return err_fail(err, EFBIG, "'%s' holds more than it may", r->file);
	for (size_t done = 0; done < len;) {
		ssize_t n = r->get ? r->get(r->ctx, to + done, len - done, err)
				   : read(r->fd, to + done, len - done);

		if (n < 0 && r->get)
			return (int)n;
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "read '%s'", r->file);
		if (n == 0 && done == 0)
			return 0;
		if (n == 0)
			return err_fail(err, EINVAL, "'%s' ends too early", r->file);
		done += (size_t)n;
	}
	r->budget -= len;
	return 1;
}

static int read_part(struct tar_reader *r, void *buf, size_t len, struct err *err)
{
	int n = len ? read_all(r, buf, len, err) : 1;

	return n == 0 ? err_fail(err, EINVAL, "'%s' ends too early", r->file) : n;
}

static int skip(struct tar_reader *r, uint64_t len, struct err *err)
{
	char buf[8192];

	while (len) {
		size_t n = len < sizeof(buf) ? (size_t)len : sizeof(buf);
		int done = read_part(r, buf, n, err);

		if (done < 0)
			return done;
		len -= n;
	}
	return 0;
}

static uint64_t padding(uint64_t len)
{
	return (TAR_BLOCK - len % TAR_BLOCK) % TAR_BLOCK;
}

/* The data of a small entry that is about the next one; NUL-terminated. */
static int read_small(struct tar_reader *r, struct arena *a, uint64_t len, char **ret,
		      struct err *err)
{
	int n;

	if (len > TAR_MAX_HEADER)
		return err_fail(err, EFBIG, "'%s': a header of %llu bytes", r->file,
				(unsigned long long)len);
	*ret = arena_alloc(a, (size_t)len + 1);
	n = read_part(r, *ret, (size_t)len, err);
	return n < 0 ? n : skip(r, padding(len), err);
}

/* ---- numbers
 * ------------------------------------------------------------------------------------- */

/* Octal digits with blanks around, or GNU's big-endian binary, whose first bit is set. */
static bool number(const char *field, size_t size, uint64_t max, uint64_t *ret)
{
	const unsigned char *p = (const unsigned char *)field;
	uint64_t v = 0;
	size_t i = 0;

	if (p[0] & 0x80) {
		v = p[0] & 0x7f;
		for (i = 1; i < size; i++) {
			if (v >> 55)
				return false;
			v = v << 8 | p[i];
		}
	} else {
		while (i < size && p[i] == ' ')
			i++;
		for (; i < size && p[i] >= '0' && p[i] <= '7'; i++)
			v = v << 3 | (uint64_t)(p[i] - '0');
		for (; i < size; i++)
			if (p[i] && p[i] != ' ')
				return false;
	}
	*ret = v;
	return v <= max;
}

static bool number32(const char *field, size_t size, uint32_t *ret)
{
	uint64_t v;

	if (!number(field, size, UINT32_MAX, &v))
		return false;
	*ret = (uint32_t)v;
	return true;
}

/* "12.5" seconds of pax, of which the fraction may be long; "-0.5" is before 1970. */
static bool pax_time(const char *s, struct tar_entry *e)
{
	bool negative = *s == '-';
	const char *dot = strchrnul(s, '.');
	char whole[24];
	uint64_t v;
	uint32_t ns = 0, unit = 100000000;

	s += negative;
	if (dot < s || (size_t)(dot - s) >= sizeof(whole))
		return false;
	memcpy(whole, s, (size_t)(dot - s));
	whole[dot - s] = '\0';
	if (str_to_u64(whole, &v) < 0 || v > INT64_MAX / 2)
		return false;
	if (*dot)
		for (const char *p = dot + 1; *p; p++, unit /= 10) {
			if (*p < '0' || *p > '9')
				return false;
			ns += (uint32_t)(*p - '0') * unit;
		}
	e->mtime = negative ? -(int64_t)v - (ns != 0) : (int64_t)v;
	e->mtime_ns = negative && ns ? 1000000000u - ns : ns;
	return true;
}

/* ---- pax
 * ------------------------------------------------------------------------------------------ */

/* What the headers before an entry say of it. */
struct extra {
	const char *name, *link, *sparse_name;
	struct tar_entry e;
	bool has_size, has_uid, has_gid, has_mtime;
	uint64_t size, realsize;
	unsigned sparse_major, sparse_minor;
	bool sparse, has_realsize;
};

static bool u32_value(const char *v, uint32_t *ret, bool *has)
{
	*has = true;
	return str_to_u32(v, ret) == 0;
}

static bool sparse_record(struct extra *x, const char *key, const char *value)
{
	bool has;

	if (streq(key, "major"))
		return u32_value(value, &x->sparse_major, &x->sparse);
	if (streq(key, "minor"))
		return u32_value(value, &x->sparse_minor, &has);
	if (streq(key, "name")) {
		x->sparse_name = value;
		return true;
	}
	if (streq(key, "realsize")) {
		x->has_realsize = true;
		return str_to_u64(value, &x->realsize) == 0;
	}
	return false; /* the older formats */
}

/* VALUE is NUL-terminated, and has LEN bytes. */
static bool record(struct arena *a, struct extra *x, const char *key, const char *value, size_t len)
{
	struct tar_xattr *xattr;

	if (str_starts(key, TAR_XATTR)) {
		if (x->e.n_xattrs == TAR_MAX_XATTRS)
			return false;
		xattr = arena_push(a, &x->e.xattrs, &x->e.n_xattrs);
		*xattr = (struct tar_xattr){key + strlen(TAR_XATTR), value, len};
		return true;
	}
	if (strlen(value) != len)
		return false;
	if (str_starts(key, "GNU.sparse."))
		return sparse_record(x, key + strlen("GNU.sparse."), value);
	if (streq(key, "path"))
		x->name = value;
	else if (streq(key, "linkpath"))
		x->link = value;
	else if (streq(key, "size"))
		return x->has_size = true, str_to_u64(value, &x->size) == 0;
	else if (streq(key, "uid"))
		return u32_value(value, &x->e.uid, &x->has_uid);
	else if (streq(key, "gid"))
		return u32_value(value, &x->e.gid, &x->has_gid);
	else if (streq(key, "mtime"))
		return x->has_mtime = true, pax_time(value, &x->e);
	return true;
}

/* "27 path=some/where\n", one after another. TEXT is written to. */
static int pax(struct tar_reader *r, struct arena *a, char *text, size_t len, struct extra *x,
	       struct err *err)
{
	while (len) {
		char *blank = memchr(text, ' ', len), *equals;
		uint64_t n;

		if (!blank || blank - text > 8)
			break;
		*blank = '\0';
		if (str_to_u64(text, &n) < 0 || n > len || n < (size_t)(blank - text) + 4 ||
		    text[n - 1] != '\n')
			break;
		text[n - 1] = '\0';
		equals = memchr(blank + 1, '=', (size_t)(text + n - 1 - blank - 1));
		if (!equals)
			break;
		*equals = '\0';
		if (!record(a, x, blank + 1, equals + 1, (size_t)(text + n - 2 - equals)))
			return err_fail(err, EINVAL, "'%s': a pax header's '%.80s'", r->file,
					blank + 1);
		text += n;
		len -= n;
	}
	return len ? err_fail(err, EINVAL, "'%s': a damaged pax header", r->file) : 0;
}

/* ---- sparse files
 * ----------------------------------------------------------------------------------- */

/* A line of the map, which is read a block at a time. */
struct map {
	char block[TAR_BLOCK];
	size_t at;
	uint64_t size; /* so far */
};

static int map_number(struct tar_reader *r, struct map *m, uint64_t *ret, struct err *err)
{
	uint64_t v = 0;

	for (int digits = 0;; digits++) {
		char c;
		int n;

		if (m->at == TAR_BLOCK) {
			n = read_part(r, m->block, TAR_BLOCK, err);
			if (n < 0)
				return n;
			m->size += TAR_BLOCK;
			m->at = 0;
		}
		c = m->block[m->at++];
		if (c == '\n' && digits) {
			*ret = v;
			return 0;
		}
		if (c < '0' || c > '9' || v > INT64_MAX / 10 || digits == 19)
			return err_fail(err, EINVAL, "'%s': a damaged map of a sparse file",
					r->file);
		v = v * 10 + (uint64_t)(c - '0');
	}
}

static int read_map(struct tar_reader *r, struct arena *a, struct tar_entry *e, uint64_t stored,
		    struct err *err)
{
	struct map m = {.at = TAR_BLOCK};
	uint64_t n, end = 0, data = 0;
	int done = map_number(r, &m, &n, err);

	/* And the empty one that says where the end is. */
	if (done == 0 && n > TAR_MAX_RANGES + 1)
		return err_fail(err, EFBIG, "'%s': a sparse file of too many parts", r->file);
	for (uint64_t i = 0; done == 0 && i < n; i++) {
		struct tar_range range;

		done = map_number(r, &m, &range.at, err);
		if (done == 0)
			done = map_number(r, &m, &range.len, err);
		if (done < 0)
			return done;
		if (range.at < end || range.at > e->size || range.len > e->size - range.at)
			return err_fail(err, EINVAL, "'%s': parts of a sparse file overlap",
					r->file);
		/* Each part is padded to whole blocks, say some, and others that they are not. */
		if (range.len && data % TAR_BLOCK)
			return err_fail(err, ENOTSUP,
					"'%s': parts of a sparse file that are not of whole blocks",
					r->file);
		end = range.at + range.len;
		data += range.len;
		*arena_push(a, &e->ranges, &e->n_ranges) = range;
	}
	if (done == 0 && m.size + data != stored)
		return err_fail(err, EINVAL, "'%s': the size of a sparse file", r->file);
	r->left = data;
	return done;
}

/* ---- entries
 * ------------------------------------------------------------------------------------------ */

static bool checked(const struct tar_header *h)
{
	const unsigned char *p = (const unsigned char *)h;
	uint64_t want, sum = 0;

	for (size_t i = 0; i < TAR_BLOCK; i++)
		sum += i >= offsetof(struct tar_header, sum) &&
				       i < offsetof(struct tar_header, type)
			       ? ' '
			       : p[i];
	return number(h->sum, sizeof(h->sum), UINT32_MAX, &want) && want == sum;
}

static const char *header_name(struct arena *a, const struct tar_header *h)
{
	char *name = arena_strndup(a, h->name, strnlen(h->name, TAR_NAME));

	/* GNU has other things where the prefix is. */
	if (memcmp(h->magic, "ustar", 6) == 0 && h->prefix[0])
		return arena_printf(a, "%.*s/%s", (int)strnlen(h->prefix, sizeof(h->prefix)),
				    h->prefix, name);
	return name;
}

static int finish(struct tar_reader *r, struct arena *a, const struct tar_header *h,
		  struct extra *x, uint64_t stored, struct tar_entry *ret, struct err *err)
{
	struct tar_entry e = x->e;
	uint64_t mtime;

	e.type = h->type == '\0' || h->type == '7' ? TAR_FILE : h->type;
	if (!strchr("0123456", e.type))
		return err_fail(err, ENOTSUP, "'%s': an entry of type '%c'", r->file, h->type);
	e.name = x->sparse_name ? x->sparse_name : x->name ? x->name : header_name(a, h);
	e.link = x->link ? x->link : arena_strndup(a, h->link, strnlen(h->link, TAR_NAME));
	if ((!x->has_uid && !number32(h->uid, sizeof(h->uid), &e.uid)) ||
	    (!x->has_gid && !number32(h->gid, sizeof(h->gid), &e.gid)) ||
	    !number32(h->mode, sizeof(h->mode), &e.mode) ||
	    !number(h->mtime, sizeof(h->mtime), INT64_MAX, &mtime))
		return err_fail(err, EINVAL, "'%s': '%.200s': damaged numbers", r->file, e.name);
	if (!x->has_mtime)
		e.mtime = (int64_t)mtime;
	if ((e.type == TAR_CHAR || e.type == TAR_BLOCKDEV) &&
	    (!number32(h->major, sizeof(h->major), &e.major) ||
	     !number32(h->minor, sizeof(h->minor), &e.minor)))
		return err_fail(err, EINVAL, "'%s': '%.200s': damaged numbers", r->file, e.name);
	if (e.type == TAR_FILE) {
		r->left = e.size = stored;
		r->padding = padding(stored);
	}
	*ret = e;
	if (!x->sparse)
		return 0;
	if (e.type != TAR_FILE || x->sparse_major != 1 || x->sparse_minor != 0 ||
	    !x->has_realsize || x->realsize > INT64_MAX)
		return err_fail(err, ENOTSUP,
				"'%s': '%.200s': a sparse file of a format other than 1.0", r->file,
				e.name);
	ret->sparse = true;
	ret->size = x->realsize;
	return read_map(r, a, ret, stored, err);
}

/* A header that is about the next one. 1: it was one. */
static int about_next(struct tar_reader *r, struct arena *a, const struct tar_header *h,
		      uint64_t size, struct extra *x, struct err *err)
{
	char *text = NULL;
	int n;

	if (!strchr("xgLK", h->type) || !h->type)
		return 0;
	n = read_small(r, a, size, &text, err);
	if (n < 0)
		return n;
	if (h->type == 'x')
		n = pax(r, a, text, (size_t)size, x, err);
	else if (h->type == 'L')
		x->name = text;
	else if (h->type == 'K')
		x->link = text;
	return n < 0 ? n : 1;
}

int tar_next(struct tar_reader *r, struct arena *a, struct tar_entry *ret, struct err *err)
{
	struct extra x = {0};
	struct tar_header h;
	uint64_t size;
	int n = skip(r, r->left + r->padding, err);

	r->left = r->padding = 0;
	while (n >= 0) {
		static const struct tar_header zeros;

		n = read_all(r, &h, sizeof(h), err);
		if (n <= 0 || memcmp(&h, &zeros, sizeof(h)) == 0)
			return n < 0 ? n : 0;
		if (memcmp(h.magic, "ustar", 5) != 0 || !checked(&h))
			return err_fail(err, EINVAL, "'%s' is no tar archive, or damaged", r->file);
		if (!number(h.size, sizeof(h.size), INT64_MAX, &size))
			return err_fail(err, EINVAL, "'%s': a damaged size", r->file);
		n = about_next(r, a, &h, size, &x, err);
		if (n != 0)
			continue;
		if (x.has_size)
			size = x.size;
		if (size > INT64_MAX)
			return err_fail(err, EINVAL, "'%s': a damaged size", r->file);
		n = finish(r, a, &h, &x, size, ret, err);
		return n < 0 ? n : 1;
	}
	return n;
}

ssize_t tar_read(struct tar_reader *r, void *buf, size_t size, struct err *err)
{
	size_t len = r->left < size ? (size_t)r->left : size;
	int n = read_part(r, buf, len, err);

	if (n < 0)
		return n;
	r->left -= len;
	return (ssize_t)len;
}

static int write_at(int fd, const char *buf, size_t len, uint64_t at, struct err *err)
{
	while (len) {
		ssize_t n = pwrite(fd, buf, len, (off_t)at);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return err_sys(err, errno, "write");
		buf += n;
		len -= (size_t)n;
		at += (uint64_t)n;
	}
	return 0;
}

int tar_read_file(struct tar_reader *r, const struct tar_entry *e, int fd, struct err *err)
{
	const struct tar_range whole = {0, e->size};
	const struct tar_range *ranges = e->sparse ? e->ranges : &whole;
	size_t n_ranges = e->sparse ? e->n_ranges : 1;
	auto_free char *buf = malloc(COPY_SIZE);

	if (!buf)
		return err_sys(err, ENOMEM, "read '%s'", r->file);
	for (size_t i = 0; i < n_ranges; i++) {
		for (uint64_t done = 0; done < ranges[i].len;) {
			uint64_t want = ranges[i].len - done;
			ssize_t n =
				tar_read(r, buf, want < COPY_SIZE ? (size_t)want : COPY_SIZE, err);
			int w;

			if (n < 0)
				return (int)n;
			w = write_at(fd, buf, (size_t)n, ranges[i].at + done, err);
			if (w < 0)
				return w;
			done += (uint64_t)n;
		}
	}
	if (e->sparse && ftruncate(fd, (off_t)e->size) < 0)
		return err_sys(err, errno, "set its size");
	return 0;
}
