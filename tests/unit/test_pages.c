/* TEST: the store of pages: against an array, its limits, and CRIU's images as a source. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/checkpoint/pages.h"
#include "tests/unit/unit.h"

#define BASE  0x7f0000000000ULL
#define COUNT 1000
#define PAGE  4096

static struct pages *store(uint64_t max)
{
	struct pages_options opt = {.max_bytes = max, .spill_dir = -1};
	struct err err = ERR_NONE;
	struct pages *st = pages_new(&opt, &err);

	CHECK_STR(err.text, "");
	CHECK(st);
	return st;
}

static struct pages_proc *process(struct pages *st, int32_t pid)
{
	struct err err = ERR_NONE;
	struct pages_proc *p = NULL;

	CHECK_INT(pages_add(st, pid, &p, &err), 0);
	return p;
}

static void fill(unsigned char *page, unsigned what)
{
	memset(page, (int)(what * 7 + 1) & 0xff, PAGE);
	memcpy(page + PAGE - sizeof(what), &what, sizeof(what));
}

static bool holds(const void *data, unsigned what)
{
	unsigned char want[PAGE];

	fill(want, what);
	return memcmp(data, want, PAGE) == 0;
}

/* What each page should be: a kind, and for data which. */
static struct {
	enum page_kind kind;
	unsigned what;
	bool expected;
} model[COUNT];

static void model_put(struct pages_proc *p, unsigned at, unsigned n, unsigned *what)
{
	static unsigned char data[16 * PAGE];
	struct err err = ERR_NONE;

	for (unsigned i = 0; i < n; i++) {
		bool zero = rand() % 5 == 0;

		model[at + i].kind = zero ? PAGE_ZERO : PAGE_DATA;
		model[at + i].what = ++*what;
		if (zero)
			memset(data + i * PAGE, 0, PAGE);
		else
			fill(data + i * PAGE, *what);
	}
	CHECK_INT(pages_put(p, BASE + (uint64_t)at * PAGE, n, data, &err), 0);
}

static void model_mark(struct pages_proc *p, unsigned at, unsigned n)
{
	static const enum page_kind kinds[] = {PAGE_NONE, PAGE_ZERO, PAGE_REMOTE};
	enum page_kind kind = kinds[rand() % 3];
	struct err err = ERR_NONE;

	CHECK_INT(pages_mark(p, BASE + (uint64_t)at * PAGE, n, kind, &err), 0);
	for (unsigned i = 0; i < n; i++)
		model[at + i].kind = kind;
}

static void model_check(const struct pages_proc *p)
{
	for (unsigned i = 0; i < COUNT; i++) {
		const void *data = NULL;

		CHECK_INT(pages_get(p, BASE + (uint64_t)i * PAGE, &data), model[i].kind);
		if (model[i].kind == PAGE_DATA)
			CHECK(holds(data, model[i].what));
	}
	CHECK_INT(pages_get(p, BASE - PAGE, NULL), PAGE_NONE);
	CHECK_INT(pages_get(p, BASE + COUNT * PAGE, NULL), PAGE_NONE);
}

static void random_rounds(struct pages_proc *p, unsigned *what)
{
	for (unsigned k = 0; k < 3000; k++) {
		unsigned at = (unsigned)rand() % COUNT, n = (unsigned)rand() % 16 + 1;

		n = n > COUNT - at ? COUNT - at : n;
		if (rand() % 3)
			model_put(p, at, n, what);
		else
			model_mark(p, at, n);
		if (k % 100 == 0)
			model_check(p);
	}
	model_check(p);
}

static void is_what_was_put(void)
{
	struct pages *st = store(0);
	unsigned what = 0;

	srand(7);
	random_rounds(process(st, 3), &what);
	/* Overwritten pages use no more: all of them, and a few of index. */
	CHECK(pages_used(st) < (COUNT + 100) * PAGE);
	pages_free(st);
}

static void model_expect(struct pages_proc *p)
{
	struct err err = ERR_NONE;

	for (unsigned i = 0; i < COUNT; i++)
		model[i].expected = false;
	for (unsigned k = 0; k < 60; k++) {
		unsigned at = (unsigned)rand() % (COUNT - 16), n = (unsigned)rand() % 16 + 1;

		CHECK_INT(pages_expect(p, BASE + (uint64_t)at * PAGE, n, &err), 0);
		for (unsigned i = at; i < at + n; i++)
			model[i].expected = true;
	}
	for (unsigned i = 0; i < COUNT; i++)
		if (!model[i].expected)
			model[i].kind = PAGE_NONE;
		else if (model[i].kind == PAGE_NONE)
			model[i].kind = PAGE_REMOTE;
}

static void ends_with_what_was_expected(void)
{
	struct pages *st = store(0);
	struct pages_proc *p = process(st, 3);
	struct err err = ERR_NONE;
	unsigned what = 0;

	srand(8);
	random_rounds(p, &what);
	model_expect(p);
	CHECK_INT(pages_seal(p, &err), 0);
	model_check(p);
	for (uint32_t i = 1; i < pages_leaves(p); i++)
		CHECK(pages_leaf_addr(p, i) > pages_leaf_addr(p, i - 1));
	/* Now only those come that were missing. */
	for (unsigned i = 0; i < COUNT; i++) {
		unsigned char data[PAGE];

		fill(data, 5000 + i);
		CHECK_INT(pages_put(p, BASE + (uint64_t)i * PAGE, 1, data, &err), 0);
		if (model[i].kind != PAGE_REMOTE)
			continue;
		model[i].kind = PAGE_DATA;
		model[i].what = 5000 + i;
	}
	model_check(p);
	CHECK(pages_mark(p, BASE, 1, PAGE_ZERO, &err) < 0);
	pages_free(st);
}

static void knows_processes_apart(void)
{
	struct pages *st = store(0);
	unsigned char data[PAGE];
	struct err err = ERR_NONE;
	const void *got;

	for (unsigned pid = 1; pid < 50; pid++) {
		fill(data, pid);
		CHECK_INT(pages_put(process(st, (int32_t)pid), BASE, 1, data, &err), 0);
	}
	for (unsigned pid = 1; pid < 50; pid++) {
		CHECK_INT(pages_get(pages_find(st, (int32_t)pid), BASE, &got), PAGE_DATA);
		CHECK(holds(got, pid));
	}
	CHECK(!pages_find(st, 50));
	pages_free(st);
}

static void refuses_no_place(void)
{
	static const struct {
		uint64_t addr, n;
	} bad[] = {
		{1, 1},                   /* between pages */
		{1ULL << 47, 1},          /* beyond all */
		{(1ULL << 47) - PAGE, 1}, /* the guard page */
		{BASE, 1ULL << 35},       /* too long */
		{BASE, UINT64_MAX},       /* wraps */
		{BASE, (1ULL << 52) + 1}, /* wraps in bytes */
		{(uint64_t)-PAGE, 1},     /* the kernel's */
		{0xffffffffff600000ULL, 1},
	};
	struct pages *st = store(0);
	struct pages_proc *p = process(st, 3);
	static unsigned char data[PAGE];

	for (size_t i = 0; i < ARRAY_SIZE(bad); i++) {
		struct err err = ERR_NONE;

		CHECK_INT(pages_put(p, bad[i].addr, bad[i].n, data, &err), -EINVAL);
		err = ERR_NONE;
		CHECK_INT(pages_mark(p, bad[i].addr, bad[i].n, PAGE_NONE, &err), -EINVAL);
		err = ERR_NONE;
		CHECK_INT(pages_expect(p, bad[i].addr, bad[i].n, &err), -EINVAL);
	}
	for (int32_t pid = -1; pid < 1; pid++) {
		struct err err = ERR_NONE;

		CHECK_INT(pages_add(st, pid, &p, &err), -EINVAL);
	}
	pages_free(st);
}

/* More than the limit is refused, and no more than it is used: of contents and of index. */
static void has_a_limit(void)
{
	struct pages *st = store(4 << 20);
	struct pages_proc *p = process(st, 3);
	struct err err = ERR_NONE;
	unsigned char data[PAGE];
	unsigned n = 0;

	fill(data, 1);
	while (pages_put(p, BASE + (uint64_t)n * PAGE, 1, data, &err) == 0 && n < 4000)
		n++;
	CHECK_INT(err.code, ENOSPC);
	CHECK(n > 900 && n < 1024);
	CHECK(pages_used(st) <= 4 << 20);
	/* What is given up can be used again. */
	err = ERR_NONE;
	CHECK_INT(pages_mark(p, BASE, 100, PAGE_NONE, &err), 0);
	for (unsigned i = 0; i < 90; i++)
		CHECK_INT(pages_put(p, BASE + (uint64_t)i * PAGE, 1, data, &err), 0);
	CHECK_INT(pages_mark(p, 0, BASE >> 12, PAGE_ZERO, &err), -ENOSPC);
	err = ERR_NONE;
	CHECK_INT(pages_mark(p, 0, BASE >> 12, PAGE_NONE, &err), 0);
	CHECK(pages_used(st) <= 4 << 20);
	pages_free(st);
}

/* 4 GiB in mappings of all sizes, sent in three rounds, within 32 MiB; without their contents,
 * which the index does not depend on. */
static void index_is_small(void)
{
	struct pages *st = store(0);
	struct pages_proc *p = process(st, 3);
	struct err err = ERR_NONE;
	uint64_t left = 1 << 20, addr = 0x10000000;

	srand(9);
	while (left) {
		uint64_t n = 1ULL << rand() % 16;

		n = n > left ? left : n;
		CHECK_INT(pages_mark(p, addr, n, PAGE_REMOTE, &err), 0);
		addr += (n + (uint64_t)rand() % 256 + 1) * PAGE;
		left -= n;
	}
	CHECK(pages_index_bytes(st) < 16 << 20);
	/* At worst, each page alone in its leaf: a fortieth of what they hold. */
	pages_free(st);
	st = store(0);
	p = process(st, 3);
	for (unsigned i = 0; i < 1 << 16; i++)
		CHECK_INT(pages_mark(p, (uint64_t)i << 20, 1, PAGE_REMOTE, &err), 0);
	CHECK(pages_index_bytes(st) < ((uint64_t)PAGE << 16) / 20);
	pages_free(st);
}

static void spills_to_a_file(void)
{
	struct pages_options opt = {.spill_dir = open("/tmp", O_RDONLY | O_DIRECTORY),
				    .expect_bytes = 1ULL << 60};
	struct err err = ERR_NONE;
	struct pages *st = pages_new(&opt, &err);
	unsigned what = 0;

	CHECK(st);
	random_rounds(process(st, 3), &what);
	pages_free(st);
	close(opt.spill_dir);
}

/* ---- CRIU's images --------------------------------------------------------------------- */

static char dir_name[] = "/tmp/hull-test-pages-XXXXXX";
static int dir;

static void write_image(const char *name, const void *data, size_t len)
{
	auto_fd int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC, 0600);

	CHECK_INT(write(fd, data, len), len);
}

/* Little helpers to write messages by hand: field numbers and varints. */
struct bytes {
	unsigned char b[4096];
	size_t n;
};

static void word(struct bytes *o, uint32_t w)
{
	memcpy(o->b + o->n, &w, 4);
	o->n += 4;
}

static void number(struct bytes *o, unsigned field, uint64_t v)
{
	o->b[o->n++] = (unsigned char)(field << 3);
	for (; v > 127; v >>= 7)
		o->b[o->n++] = (unsigned char)(v | 128);
	o->b[o->n++] = (unsigned char)v;
}

/* One entry: flags 2 is lazy, 4 present. COMPAT: as CRIU before 4.2 wrote it. */
static void entry(struct bytes *o, uint64_t addr, uint32_t n, uint32_t flags, bool compat)
{
	struct bytes m = {.n = 0};

	number(&m, 1, addr);
	number(&m, 2, compat ? n : 1);
	number(&m, 4, flags);
	if (!compat)
		number(&m, 5, n);
	word(o, (uint32_t)m.n);
	memcpy(o->b + o->n, m.b, m.n);
	o->n += m.n;
}

static struct bytes pagemap(void)
{
	struct bytes o = {.n = 0}, m = {.n = 0};

	word(&o, 0x54564319);
	word(&o, 0x56084025);
	number(&m, 1, 5);
	word(&o, (uint32_t)m.n);
	memcpy(o.b + o.n, m.b, m.n);
	o.n += m.n;
	return o;
}

/* A mapping of two pages at BASE + 8 pages, wiped when the process forks. */
static void write_mm(void)
{
	struct bytes o = {.n = 0}, vma = {.n = 0}, mm = {.n = 0};

	number(&vma, 1, BASE + 8 * PAGE);
	number(&vma, 2, BASE + 10 * PAGE);
	number(&vma, 3, 0); /* one that hull does not know */
	number(&vma, 9, 1 << 18);
	mm.b[mm.n++] = 14 << 3 | 2;
	mm.b[mm.n++] = (unsigned char)vma.n;
	memcpy(mm.b + mm.n, vma.b, vma.n);
	mm.n += vma.n;
	word(&o, 0x54564319);
	word(&o, 0x57492820);
	word(&o, (uint32_t)mm.n);
	memcpy(o.b + o.n, mm.b, mm.n);
	write_image("mm-3.img", o.b, o.n + mm.n);
}

static void write_contents(unsigned pages)
{
	static unsigned char data[32 * PAGE];

	for (unsigned i = 0; i < pages; i++)
		fill(data + i * PAGE, i);
	write_image("pages-5.img", data, pages * PAGE);
}

static void images_begin(void)
{
	CHECK(mkdtemp(dir_name));
	dir = open(dir_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	write_mm();
}

static void images_end(void)
{
	unlinkat(dir, "mm-3.img", 0);
	unlinkat(dir, "pages-5.img", 0);
	unlinkat(dir, "pagemap-3.img", 0);
	close(dir);
	rmdir(dir_name);
}

static void reads_images(void)
{
	struct pages *st = store(0);
	struct bytes o = pagemap();
	struct err err = ERR_NONE;
	struct pages_proc *p;
	const void *data;

	images_begin();
	entry(&o, BASE, 2, 2 | 4, true);             /* pages 0, 1 of the file */
	entry(&o, BASE + 4 * PAGE, 3, 4, false);     /* 2 to 4, which criu restores itself */
	entry(&o, BASE + 8 * PAGE, 2, 2 | 4, false); /* 5, 6 */
	entry(&o, BASE + 20 * PAGE, 4, 2, false);    /* lazy, and not in the file */
	write_image("pagemap-3.img", o.b, o.n);
	write_contents(7);
	CHECK_INT(pages_from_images(st, dir, 3, false, &err), -ENODATA);
	pages_free(st);
	st = store(0);
	err = ERR_NONE;
	CHECK_INT(pages_from_images(st, dir, 3, true, &err), 0);
	p = pages_find(st, 3);
	for (unsigned i = 0; i < 24; i++) {
		enum page_kind want = i < 2 || i == 8 || i == 9 ? PAGE_DATA : PAGE_NONE;

		CHECK_INT(pages_get(p, BASE + i * PAGE, &data), i < 20 ? want : PAGE_REMOTE);
		if (want == PAGE_DATA)
			CHECK(holds(data, i < 2 ? i : i - 3));
	}
	CHECK_INT(pages_leaf_wiped(p, 0), 3 << 8);
	pages_free(st);
	images_end();
}

/* What rounds brought before stays, if the last dump has the page. */
static void images_end_rounds(void)
{
	struct pages *st = store(0);
	struct bytes o = pagemap();
	struct err err = ERR_NONE;
	struct pages_proc *p = process(st, 3);
	unsigned char page[PAGE];
	const void *data;

	images_begin();
	fill(page, 77);
	for (unsigned i = 0; i < 4; i++)
		CHECK_INT(pages_put(p, BASE + i * PAGE, 1, page, &err), 0);
	CHECK_INT(pages_mark(p, BASE + PAGE, 1, PAGE_REMOTE, &err), 0);
	entry(&o, BASE, 3, 2, false);
	entry(&o, BASE + 5 * PAGE, 1, 2, false);
	write_image("pagemap-3.img", o.b, o.n);
	write_contents(0);
	CHECK_INT(pages_from_images(st, dir, 3, true, &err), 0);
	CHECK_INT(pages_get(p, BASE, &data), PAGE_DATA);
	CHECK(holds(data, 77));
	CHECK_INT(pages_get(p, BASE + PAGE, NULL), PAGE_REMOTE);
	CHECK_INT(pages_get(p, BASE + 2 * PAGE, NULL), PAGE_DATA);
	CHECK_INT(pages_get(p, BASE + 3 * PAGE, NULL), PAGE_NONE);
	CHECK_INT(pages_get(p, BASE + 5 * PAGE, NULL), PAGE_REMOTE);
	pages_free(st);
	images_end();
}

static int read_damaged(const void *map, size_t len, unsigned contents)
{
	struct pages *st = store(64 << 20);
	struct err err = ERR_NONE;
	int r;

	write_image("pagemap-3.img", map, len);
	write_contents(contents);
	r = pages_from_images(st, dir, 3, true, &err);
	CHECK_INT(r, -err.code);
	pages_free(st);
	return r;
}

static void refuses_damaged_images(void)
{
	struct bytes good = pagemap(), o;
	size_t head = good.n;

	images_begin();
	entry(&good, BASE, 2, 2 | 4, false);
	CHECK_INT(read_damaged(good.b, good.n, 2), 0);
	CHECK_INT(read_damaged(good.b, good.n, 1), -EINVAL); /* cut short */
	for (size_t n = 0; n < good.n; n++)
		if (n != head)
			CHECK(read_damaged(good.b, n, 2) < 0);
	for (size_t n = 0; n < head; n++) {
		o = good;
		o.b[n] ^= 0xff;
		CHECK(read_damaged(o.b, o.n, 2) < 0);
	}
	o = pagemap();
	entry(&o, BASE + 1, 1, 2, false);
	CHECK(read_damaged(o.b, o.n, 2) < 0);
	o = pagemap();
	entry(&o, BASE, UINT32_MAX, 2, false);
	CHECK(read_damaged(o.b, o.n, 2) < 0);
	CHECK_INT(unlinkat(dir, "pages-5.img", 0), 0);
	CHECK_INT(symlinkat("/dev/zero", dir, "pages-5.img"), 0);
	{
		struct pages *st = store(0);
		struct err err = ERR_NONE;

		CHECK_INT(pages_from_images(st, dir, 3, true, &err), -ELOOP);
		pages_free(st);
	}
	images_end();
}

static const struct unit_case cases[] = {
	{"a page is what was put or marked last", is_what_was_put},
	{"at the end only what is expected is there, and what is missing is the source's",
	 ends_with_what_was_expected},
	{"processes are kept apart", knows_processes_apart},
	{"addresses that no process has are refused", refuses_no_place},
	{"no more memory is used than allowed", has_a_limit},
	{"the index of 4 GiB is small", index_is_small},
	{"a file on disk holds the contents when memory is short", spills_to_a_file},
	{"images: lazy pages are a source", reads_images},
	{"images: the last dump says what of earlier rounds is still there", images_end_rounds},
	{"images: damaged ones are refused", refuses_damaged_images},
};

UNIT_MAIN(cases)
