/* TEST: CRIU's images as a source of pages, from who says what they like.
 *
 * Input: one byte: whether pages may be elsewhere (0x80), and how many the file of contents has
 * (low four bits); two bytes: the length of the pagemap, which follows; the rest is the image of
 * mappings.
 */
#include "tests/fuzz/fuzz.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/checkpoint/pages.h"

const char fuzz_name[] = "images";
const struct oci_type *const fuzz_type;

#define PID 3

static char dir_name[] = "/tmp/hull-fuzz-images-XXXXXX";
static int dir = -1;

static void put(const char *name, const void *data, size_t len)
{
	auto_fd int fd = openat(dir, name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	FUZZ_CHECK(fd >= 0 && write(fd, data, len) == (ssize_t)len);
}

static void clean(void)
{
	unlinkat(dir, "pagemap-3.img", 0);
	unlinkat(dir, "mm-3.img", 0);
	for (int i = 0; i < 4; i++)
		unlinkat(dir,
			 (const char *const[]){"pages-0.img", "pages-1.img", "pages-2.img",
					       "pages-3.img"}[i],
			 0);
	rmdir(dir_name);
}

static void prepare(void)
{
	if (dir >= 0)
		return;
	FUZZ_CHECK(mkdtemp(dir_name));
	dir = open(dir_name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	atexit(clean);
}

/* All that was accepted is where pages can be, in order, and its contents are in the file. */
static void check(const struct pages_proc *p)
{
	uint64_t last = 0;

	for (uint32_t l = 0; l < pages_leaves(p); l++) {
		uint64_t at = pages_leaf_addr(p, l);

		FUZZ_CHECK(at < 1ULL << 47 && (l == 0 || at > last));
		FUZZ_CHECK(pages_leaf_at(p, at) == l && pages_leaf_from(p, at) == l);
		last = at;
		for (unsigned i = 0; i < PAGES_LEAF; i++) {
			const void *data = NULL;

			if (pages_leaf_get(p, l, i, &data) == PAGE_DATA)
				FUZZ_CHECK(*(const volatile char *)data == 'x');
		}
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static char contents[16 * PAGES_SIZE];
	struct pages_options opt = {.max_bytes = 8 << 20, .spill_dir = -1};
	struct err err = ERR_NONE;
	struct pages *st;
	size_t map;
	int r;

	if (size < 3 || size > 60000)
		return 0;
	prepare();
	map = (size_t)data[1] | (size_t)data[2] << 8;
	map = map > size - 3 ? size - 3 : map;
	put("pagemap-3.img", data + 3, map);
	put("mm-3.img", data + 3 + map, size - 3 - map);
	memset(contents, 'x', sizeof(contents));
	put("pages-1.img", contents, (data[0] & 15) * PAGES_SIZE);
	st = pages_new(&opt, &err);
	FUZZ_CHECK(st);
	r = pages_from_images(st, dir, PID, data[0] & 0x80, &err);
	fuzz_check_error(r, &err);
	FUZZ_CHECK(pages_used(st) <= opt.max_bytes);
	if (r == 0) {
		FUZZ_CHECK(pages_sealed(pages_find(st, PID)));
		check(pages_find(st, PID));
	}
	pages_free(st);
	return 0;
}
