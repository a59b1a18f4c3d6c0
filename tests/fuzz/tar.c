/* TEST: a tar archive from who says what it likes: a peer of a migration, a checkpoint's file.
 *
 * Input: one byte (low four bits: how many bytes are read at once, 0: all; 0x10: sums of headers
 * are left as they are, else made right; 0x20: it is put into a directory), then the archive.
 */
#include "tests/fuzz/fuzz.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/tar.h"
#include "libcontainer/checkpoint/tar_format.h"
#include "libcontainer/checkpoint/tree.h"

const char fuzz_name[] = "tar";
const struct oci_type *const fuzz_type;

#define MAX_SIZE    200000
#define MAX_ENTRIES 2000

/* ---- bytes -------------------------------------------------------------------------------------
 */

struct bytes {
	uint8_t *v;
	size_t len, at, step;
};

static ssize_t get(void *ctx, void *buf, size_t size, struct err *err)
{
	struct bytes *b = ctx;
	size_t n = b->len - b->at;

	(void)err;
	n = n > size ? size : n;
	n = b->step && n > b->step ? b->step : n;
	memcpy(buf, b->v + b->at, n);
	b->at += n;
	return (ssize_t)n;
}

/* Who invents archives does not find sums. */
static void make_sums_right(struct bytes *b)
{
	for (size_t at = 0; at + TAR_BLOCK <= b->len; at += TAR_BLOCK) {
		struct tar_header *h = (struct tar_header *)(void *)(b->v + at);
		unsigned sum = 0;
		char digits[16];

		if (memcmp(h->magic, "ustar", 5) != 0)
			continue;
		memset(h->sum, ' ', sizeof(h->sum));
		for (size_t i = 0; i < TAR_BLOCK; i++)
			sum += b->v[at + i];
		snprintf(digits, sizeof(digits), "%06o", sum);
		memcpy(h->sum, digits, 7);
	}
}

static int append(void *ctx, const void *data, size_t len, struct err *err)
{
	struct bytes *b = ctx;

	(void)err;
	b->v = realloc(b->v, b->len + len);
	FUZZ_CHECK(b->v);
	memcpy(b->v + b->len, data, len);
	b->len += len;
	return 0;
}

/* ---- one entry ---------------------------------------------------------------------------------
 */

/* Where there is data: another program may say where the end is. */
static size_t parts(const struct tar_entry *e)
{
	size_t n = e->n_ranges;

	while (n && !e->ranges[n - 1].len)
		n--;
	return n;
}

static uint64_t check(const struct tar_entry *e)
{
	uint64_t end = 0, data = 0;

	FUZZ_CHECK(e->type && strchr("0123456", e->type));
	FUZZ_CHECK(e->name && e->link && e->mtime_ns < 1000000000);
	FUZZ_CHECK(!e->sparse || e->type == TAR_FILE);
	FUZZ_CHECK(e->size <= INT64_MAX && (e->type == TAR_FILE || !e->size));
	for (size_t i = 0; i < e->n_ranges; i++) {
		FUZZ_CHECK(e->ranges[i].at >= end && e->ranges[i].at <= e->size);
		FUZZ_CHECK(e->ranges[i].len <= e->size - e->ranges[i].at);
		end = e->ranges[i].at + e->ranges[i].len;
		data += e->ranges[i].len;
	}
	for (size_t i = 0; i < e->n_xattrs; i++)
		FUZZ_CHECK(e->xattrs[i].name && !e->xattrs[i].value[e->xattrs[i].len]);
	return e->sparse ? data : e->size;
}

/* What was accepted is, written anew, read as the same. */
static void check_again(const struct tar_entry *e)
{
	struct bytes b = {0};
	struct tar_writer w = {.file = "again", .put = append, .ctx = &b};
	struct tar_reader r = {
		.fd = -1, .file = "again", .budget = UINT64_MAX, .get = get, .ctx = &b};
	struct err err = ERR_NONE;
	auto_arena a = ARENA_INIT;
	struct tar_entry x;

	/* pax has no more. */
	if (e->mtime > INT64_MAX / 2 || e->mtime < -(INT64_MAX / 2))
		return;
	FUZZ_CHECK(tar_put(&w, e, &err) == 0);
	if (tar_next(&r, &a, &x, &err) != 1)
		fuzz_fail(__FILE__, __LINE__, "what was written is not read: %s", err.text);
	FUZZ_CHECK(x.type == e->type && streq(x.name, e->name) && streq(x.link, e->link));
	FUZZ_CHECK(x.mode == (e->mode & 07777) && x.uid == e->uid && x.gid == e->gid);
	FUZZ_CHECK(x.major == (e->major & TAR_MAX_ID) || e->major > TAR_MAX_ID);
	FUZZ_CHECK(x.mtime == e->mtime && x.mtime_ns == e->mtime_ns && x.size == e->size);
	FUZZ_CHECK(x.sparse == e->sparse && parts(&x) == parts(e));
	FUZZ_CHECK(!parts(e) || memcmp(x.ranges, e->ranges, parts(e) * sizeof(*x.ranges)) == 0);
	FUZZ_CHECK(x.n_xattrs == e->n_xattrs);
	for (size_t i = 0; i < x.n_xattrs; i++) {
		FUZZ_CHECK(streq(x.xattrs[i].name, e->xattrs[i].name));
		FUZZ_CHECK(x.xattrs[i].len == e->xattrs[i].len);
		FUZZ_CHECK(memcmp(x.xattrs[i].value, e->xattrs[i].value, x.xattrs[i].len) == 0);
	}
	free(b.v);
}

static int use(struct tar_reader *r, const struct tar_entry *e, uint64_t data, struct err *err)
{
	auto_fd int fd = memfd_create("file", MFD_CLOEXEC);
	struct stat st;
	int n = tar_read_file(r, e, fd, err);

	fuzz_check_error(n, err);
	if (n < 0)
		return n;
	FUZZ_CHECK(fstat(fd, &st) == 0 && (uint64_t)st.st_size == e->size);
	FUZZ_CHECK((uint64_t)st.st_blocks * 512 <= data + (e->n_ranges + 1) * 8192);
	FUZZ_CHECK(tar_read(r, &(char){0}, 1, err) == 0);
	return 0;
}

static void read_all(struct tar_reader *r, size_t size)
{
	struct err err = ERR_NONE;
	int n = 1;

	for (int i = 0; n > 0 && i < MAX_ENTRIES; i++) {
		auto_arena a = ARENA_INIT;
		struct tar_entry e;
		uint64_t data;

		n = tar_next(r, &a, &e, &err);
		fuzz_check_error(n, &err);
		if (n <= 0)
			break;
		data = check(&e);
		check_again(&e);
		if (e.type == TAR_FILE && i % 4)
			n = use(r, &e, data, &err) < 0 ? -1 : 1;
		FUZZ_CHECK(n < 0 || i % 4 == 0 || data <= size);
	}
}

/* ---- a tree ------------------------------------------------------------------------------------
 */

/* What is in it is a name that may not be touched, and the root. */
static char path[] = "/dev/shm/hull-fuzz-tar-XXXXXX";
static int top = -1;

static void clean(void)
{
	unlinkat(top, "root", AT_REMOVEDIR);
	unlinkat(top, "beside", 0);
	rmdir(path);
}

static void prepare(void)
{
	auto_fd int fd = -1;

	if (top >= 0)
		return;
	if (access("/dev/shm", W_OK) < 0)
		memcpy(path, "/tmp/////", 9);
	FUZZ_CHECK(mkdtemp(path));
	top = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	FUZZ_CHECK(top >= 0 && mkdirat(top, "root", 0700) == 0);
	fd = openat(top, "beside", O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
	FUZZ_CHECK(fd >= 0);
	atexit(clean);
}

static void empty(int root, struct err *err)
{
	auto_dir DIR *dir = fdopendir(openat(root, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	struct dirent *e;

	FUZZ_CHECK(dir);
	while ((e = readdir(dir)))
		if (!streq(e->d_name, ".") && !streq(e->d_name, ".."))
			FUZZ_CHECK(tree_remove(root, e->d_name, err) == 0);
}

static unsigned count(void)
{
	auto_dir DIR *dir = fdopendir(openat(top, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
	unsigned n = 0;

	FUZZ_CHECK(dir);
	while (readdir(dir))
		n++;
	return n;
}

static void put(struct tar_reader *r)
{
	auto_fd int root = -1;
	struct err err = ERR_NONE;
	auto_arena a = ARENA_INIT;
	struct tar_entry own = {0};
	struct tree_into to = {.root = &own, .arena = &a};
	struct stat before, after;

	prepare();
	root = openat(top, "root", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	to.fd = root;
	FUZZ_CHECK(root >= 0 && fstatat(top, "beside", &before, 0) == 0);
	fuzz_check_error(tree_put_below(r, &to, &err), &err);
	FUZZ_CHECK(!own.type || own.type == TAR_DIR);
	FUZZ_CHECK(count() == 4 && fstatat(top, "beside", &after, 0) == 0);
	FUZZ_CHECK(after.st_ino == before.st_ino && after.st_nlink == 1 && !after.st_size);
	FUZZ_CHECK(after.st_mode == before.st_mode && after.st_uid == before.st_uid);
	err_clear(&err);
	empty(root, &err);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct bytes b = {0};
	struct tar_reader r = {.fd = -1, .file = "archive", .get = get, .ctx = &b};
	struct err err = ERR_NONE;

	if (size < 2 || size > MAX_SIZE)
		return 0;
	append(&b, data + 1, size - 1, &err);
	b.step = *data & 15;
	r.budget = size; /* all of it, and no byte more */
	if (!(*data & 0x10))
		make_sums_right(&b);
	if (*data & 0x20)
		put(&r);
	else
		read_all(&r, size);
	free(b.v);
	return 0;
}
