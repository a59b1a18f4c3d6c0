/* RUNTIME: CRIU's images as a source of pages: those that a lazy restore leaves out. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>

#include "images.pb-c.h"
#include "libcontainer/base/arena.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "pages.h"

/* An image file: two words (old ones: only the second), then messages, each after its length. */
#define MAGIC_IMAGE   0x54564319
#define MAGIC_PAGEMAP 0x56084025
#define MAGIC_MM      0x57492820
#define IMAGE_MAX     (256UL << 20)
#define WIPE_ON_FORK  (1ULL << 18) /* MADV_WIPEONFORK */
/* pagemap_entry.flags */
#define ENTRY_LAZY    2
#define ENTRY_PRESENT 4

struct image {
	char name[64];
	const char *p;
	size_t left;
};

static int bad_image(const struct image *im, struct err *err)
{
	return err_fail(err, EINVAL, "image '%s' is damaged", im->name);
}

static int open_regular(int dir, const char *name, struct stat *st, struct err *err)
{
	auto_fd int fd = openat(dir, name, O_RDONLY | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK);

	if (fd < 0 || fstat(fd, st) < 0)
		return err_sys(err, errno, "image '%s'", name);
	if (!S_ISREG(st->st_mode))
		return err_fail(err, EINVAL, "image '%s' is not a file", name);
	return take_fd(&fd);
}

static bool image_word(struct image *im, uint32_t *ret)
{
	if (im->left < sizeof(*ret))
		return false;
	memcpy(ret, im->p, sizeof(*ret));
	im->p += sizeof(*ret);
	im->left -= sizeof(*ret);
	return true;
}

static int image_open_name(struct arena *a, int dir, const char *name, uint32_t magic,
			   struct image *im, struct err *err)
{
	struct stat st;
	char *text;
	uint32_t word = 0;
	auto_fd int fd = -1;

	if (snprintf(im->name, sizeof(im->name), "%s", name) >= (int)sizeof(im->name))
		return err_fail(err, ENAMETOOLONG, "image '%s'", name);
	fd = open_regular(dir, im->name, &st, err);
	if (fd < 0 || io_read_fd(a, fd, im->name, IMAGE_MAX, &text, &im->left, err) < 0)
		return -err->code;
	im->p = text;
	if (image_word(im, &word) && word == MAGIC_IMAGE && !image_word(im, &word))
		return bad_image(im, err);
	return word == magic ? 0 : bad_image(im, err);
}

static int image_open(struct arena *a, int dir, const char *kind, int32_t pid, uint32_t magic,
		      struct image *im, struct err *err)
{
	char name[64];

	snprintf(name, sizeof(name), "%s-%" PRId32 ".img", kind, pid);
	return image_open_name(a, dir, name, magic, im, err);
}

/* The next message. 1, 0 at the end, -errno. */
static int image_next(struct image *im, const uint8_t **ret, size_t *ret_len, struct err *err)
{
	uint32_t len;

	if (!im->left)
		return 0;
	if (!image_word(im, &len) || len > im->left)
		return bad_image(im, err);
	*ret = (const uint8_t *)im->p;
	*ret_len = len;
	im->p += len;
	im->left -= len;
	return 1;
}

/* pages-N.img, the contents that a pagemap is about. Owned, or -errno. */
static int open_contents(struct image *im, int dir, struct stat *st, uint32_t *ret_id,
			 struct err *err)
{
	Image__PagemapHead *head;
	const uint8_t *msg;
	char name[64];
	size_t len;
	int r = image_next(im, &msg, &len, err);

	if (r <= 0)
		return r < 0 ? r : bad_image(im, err);
	head = image__pagemap_head__unpack(NULL, len, msg);
	if (!head)
		return bad_image(im, err);
	*ret_id = head->pages_id;
	snprintf(name, sizeof(name), "pages-%" PRIu32 ".img", head->pages_id);
	image__pagemap_head__free_unpacked(head, NULL);
	return open_regular(dir, name, st, err);
}

/* As a source of the process. Its number, or -errno. */
static int map_contents(struct image *im, int dir, struct pages_proc *proc, struct err *err)
{
	struct stat st;
	uint32_t id;
	auto_fd int fd = open_contents(im, dir, &st, &id, err);
	void *map;
	int r;

	if (fd < 0)
		return fd;
	/* Only the kernel reads there: for a file that is cut short while it is mapped that is an
	 * error, no signal. A page more, as an empty file can't be mapped. */
	map = mmap(NULL, (size_t)st.st_size + PAGES_SIZE, PROT_READ, MAP_SHARED, fd, 0);
	if (map == MAP_FAILED)
		return err_sys(err, errno, "the contents of image '%s'", im->name);
	r = pages_source(proc, map, (size_t)st.st_size, err);
	if (r < 0)
		munmap(map, (size_t)st.st_size + PAGES_SIZE);
	return r;
}

struct reader {
	struct pages_proc *proc;
	int source;
	bool remote;
	uint64_t offset; /* of the next page that is in the file */
};

static bool is_present(const Image__PagemapEntry *e)
{
	return e->has_flags ? e->flags & ENTRY_PRESENT : !e->in_parent;
}

static uint64_t pages_of(const Image__PagemapEntry *e)
{
	return e->has_nr_pages ? e->nr_pages : e->compat_nr_pages;
}

static int pagemap_entry(struct reader *r, const Image__PagemapEntry *e, struct err *err)
{
	uint64_t n = pages_of(e);
	bool lazy = e->has_flags && (e->flags & ENTRY_LAZY);
	bool present = is_present(e);

	if (n > SIZE_MAX >> PAGES_SHIFT || (present && r->offset + (n << PAGES_SHIFT) < r->offset))
		return err_fail(err, EINVAL, "pagemap of process '%d': too many pages",
				pages_pid(r->proc));
	if (lazy && !present && !r->remote)
		return err_fail(err, ENODATA,
				"process '%d' was saved without its memory (lazy pages)",
				pages_pid(r->proc));
	if (lazy && pages_expect(r->proc, e->vaddr, n, err) < 0)
		return -err->code;
	if (lazy && present && pages_refer(r->proc, e->vaddr, n, r->source, r->offset, err) < 0)
		return -err->code;
	r->offset += present ? n << PAGES_SHIFT : 0;
	return 0;
}

static int read_pagemap(struct image *im, struct reader *r, struct err *err)
{
	const uint8_t *msg;
	size_t len;
	int more;

	while ((more = image_next(im, &msg, &len, err)) > 0) {
		Image__PagemapEntry *e = image__pagemap_entry__unpack(NULL, len, msg);

		if (!e)
			return bad_image(im, err);
		more = pagemap_entry(r, e, err);
		image__pagemap_entry__free_unpacked(e, NULL);
		if (more < 0)
			break;
	}
	return more;
}

/* Children do not inherit the contents of some mappings. */
static int read_advice(struct image *im, struct pages_proc *proc, struct err *err)
{
	Image__MmEntry *mm;
	const uint8_t *msg;
	size_t len;
	int r = image_next(im, &msg, &len, err);

	if (r <= 0)
		return r < 0 ? r : bad_image(im, err);
	mm = image__mm_entry__unpack(NULL, len, msg);
	if (!mm)
		return bad_image(im, err);
	r = 0;
	for (size_t i = 0; r == 0 && i < mm->n_vmas; i++) {
		const Image__VmaEntry *v = mm->vmas[i];

		if (v->madv & WIPE_ON_FORK && v->end > v->start)
			r = pages_wipe_on_fork(proc, v->start, (v->end - v->start) >> PAGES_SHIFT,
					       err);
	}
	image__mm_entry__free_unpacked(mm, NULL);
	return r;
}

int pages_from_images(struct pages *store, int dir, int32_t pid, bool remote, struct err *err)
{
	auto_arena a = ARENA_INIT;
	struct reader r = {.remote = remote};
	struct image im;

	if (pages_add(store, pid, &r.proc, err) < 0 ||
	    image_open(&a, dir, "pagemap", pid, MAGIC_PAGEMAP, &im, err) < 0)
		return -err->code;
	r.source = map_contents(&im, dir, r.proc, err);
	if (r.source < 0 || read_pagemap(&im, &r, err) < 0)
		return -err->code;
	/* What was not mentioned is not there, even if nothing was. */
	if (pages_expect(r.proc, 0, 0, err) < 0 || pages_seal(r.proc, err) < 0 ||
	    image_open(&a, dir, "mm", pid, MAGIC_MM, &im, err) < 0)
		return -err->code;
	return read_advice(&im, r.proc, err);
}

/* ---- before CRIU reads them: of a file that is too short it would wait for the rest for ever ----
 */

struct claim {
	uint32_t id; /* of pages-ID.img */
	uint64_t pages, there;
	const char *name; /* of the page map */
};

static int count_pages(struct image *im, int dir, struct claim *ret, struct err *err)
{
	struct stat st;
	auto_fd int fd = open_contents(im, dir, &st, &ret->id, err);
	const uint8_t *msg;
	size_t len;
	int more = fd;

	while (more >= 0 && (more = image_next(im, &msg, &len, err)) > 0) {
		Image__PagemapEntry *e = image__pagemap_entry__unpack(NULL, len, msg);

		if (!e ||
		    (is_present(e) && __builtin_add_overflow(ret->pages, pages_of(e), &ret->pages)))
			more = bad_image(im, err);
		if (e)
			image__pagemap_entry__free_unpacked(e, NULL);
	}
	ret->there = fd >= 0 ? (uint64_t)st.st_size >> PAGES_SHIFT : 0;
	return more;
}

struct claims {
	struct claim *v;
	size_t n;
};

/* Images of an earlier dump stay in the directory (podman container checkpoint --keep): the page
 * map of a process that has ended since can speak of contents that are another's now. Of those who
 * speak of the same, the one with the fewest pages counts. */
static void claim(struct arena *a, struct claims *all, const struct claim *c)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].id == c->id) {
			if (c->pages < all->v[i].pages)
				all->v[i] = *c;
			return;
		}
	*arena_push(a, &all->v, &all->n) = *c;
}

static int check_claims(const struct claims *all, struct err *err)
{
	for (size_t i = 0; i < all->n; i++)
		if (all->v[i].there < all->v[i].pages)
			return err_fail(err, EINVAL,
					"the pages of image '%s' are cut short: %" PRIu64
					" of %" PRIu64 " are there",
					all->v[i].name, all->v[i].there, all->v[i].pages);
	return 0;
}

int pages_check_images(int dirfd, struct err *err)
{
	int fd = openat(dirfd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *dir = fd < 0 ? NULL : fdopendir(fd);
	auto_arena names = ARENA_INIT;
	struct claims all = {0};
	struct dirent *e;
	int r = 0;

	if (!dir)
		return err_sys(err, errno, "look at the images");
	while (r == 0 && (e = readdir(dir))) {
		auto_arena a = ARENA_INIT;
		struct claim c = {0};
		struct image im;

		if (!str_starts(e->d_name, "pagemap-") || !str_ends(e->d_name, ".img"))
			continue;
		r = image_open_name(&a, dirfd, e->d_name, MAGIC_PAGEMAP, &im, err);
		if (r == 0)
			r = count_pages(&im, dirfd, &c, err);
		c.name = arena_strdup(&names, e->d_name);
		claim(&names, &all, &c);
	}
	return r < 0 ? r : check_claims(&all, err);
}
