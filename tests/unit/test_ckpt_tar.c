/* TEST: the tar format and trees of files; GNU tar says what archives mean. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/layers.h"
#include "tests/unit/archive.h"

#define LONG_NAME_PART "a-name-of-forty-bytes-0123456789abcdefgh/"

static struct err err;

static void put_all(int fd, const struct tar_entry *e, const char *data)
{
	struct tar_writer w = {.fd = fd, .file = "archive"};

	CHECK_INT(tar_put(&w, e, &err), 0);
	CHECK_INT(tar_put_data(&w, data, strlen(data), &err), 0);
	CHECK_INT(tar_put_padding(&w, e, &err), 0);
}

static void save(int fd, const char *name)
{
	int to = open(name, O_WRONLY | O_CREAT | O_TRUNC, 0600);
	char buf[4096];
	ssize_t n;

	CHECK(to >= 0);
	CHECK_INT(lseek(fd, 0, SEEK_SET), 0);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		CHECK_INT(io_write_all(to, buf, (size_t)n), 0);
	close(to);
}

/* ---- the format ------------------------------------------------------------------------------ */

static void all_that_an_entry_says_comes_back(void)
{
	static const char binary[] = {'a', 0, '\n', (char)0xff};
	struct tar_xattr xattr = {"user.x", binary, sizeof(binary)};
	struct tar_entry e = {
		.type = TAR_FILE,
		.name = LONG_NAME_PART LONG_NAME_PART LONG_NAME_PART "f\nx",
		.mode = 04755,
		.uid = 4000000000u,
		.gid = 07777777,
		.mtime = -2,
		.mtime_ns = 750000000,
		.size = 3,
		.xattrs = &xattr,
		.n_xattrs = 1,
	};
	auto_arena a = ARENA_INIT;
	struct tar_reader r;
	struct tar_entry got;
	char data[8] = "";
	auto_fd int fd = new_file();

	put_all(fd, &e, "abc");
	finish(fd);
	r = reader(fd);
	CHECK_INT(tar_next(&r, &a, &got, &err), 1);
	CHECK_STR(got.name, e.name);
	CHECK_INT(got.mode, 04755);
	CHECK_UINT(got.uid, 4000000000u);
	CHECK_UINT(got.gid, 07777777);
	CHECK_INT(got.mtime, -2);
	CHECK_UINT(got.mtime_ns, 750000000);
	CHECK_UINT(got.size, 3);
	CHECK_UINT(got.n_xattrs, 1);
	CHECK_STR(got.xattrs[0].name, "user.x");
	CHECK_UINT(got.xattrs[0].len, sizeof(binary));
	CHECK(memcmp(got.xattrs[0].value, binary, sizeof(binary)) == 0);
	CHECK_INT(tar_read(&r, data, sizeof(data), &err), 3);
	CHECK_STR(data, "abc");
	CHECK_INT(tar_next(&r, &a, &got, &err), 0);
}

static void gnu_tar_reads_what_was_written(void)
{
	struct tar_range ranges[] = {{0, TAR_BLOCK}, {1 << 20, 4}};
	struct tar_entry file = {.type = TAR_FILE,
				 .name = LONG_NAME_PART LONG_NAME_PART LONG_NAME_PART "f",
				 .mode = 0640,
				 .uid = getuid(),
				 .gid = getgid(),
				 .mtime = 1000000000,
				 .mtime_ns = 500000000,
				 .size = 2};
	struct tar_entry sparse = {.type = TAR_FILE,
				   .name = "sparse",
				   .mode = 0600,
				   .size = 2 << 20,
				   .sparse = true,
				   .ranges = ranges,
				   .n_ranges = 2};
	struct tar_entry link = {.type = TAR_SYMLINK,
				 .name = "link",
				 .link = LONG_NAME_PART LONG_NAME_PART LONG_NAME_PART "f"};
	auto_fd int fd = new_file();
	char data[TAR_BLOCK + 8];

	in_directory();
	put_all(fd, &file, "hi");
	memset(data, 'x', TAR_BLOCK);
	memcpy(data, "head", 4);
	strcpy(data + TAR_BLOCK, "tail");
	put_all(fd, &sparse, data);
	put_all(fd, &link, "");
	finish(fd);
	save(fd, "x.tar");
	shell("tar --no-same-owner -xpf x.tar");
	shell("test \"$(cat link)\" = hi && test $(stat -Lc %a link) = 640");
	shell("stat -Lc %.1Y link | grep -q '^1000000000[.,]5$'");
	shell("test $(stat -c %s sparse) = 2097152 && test $(stat -c %b sparse) -lt 100");
	shell("test $(head -c 4 sparse) = head");
	shell("test $(tail -c +1048577 sparse | head -c 4) = tail");
	done();
}

static void what_gnu_tar_wrote_is_read(const char *options)
{
	auto_fd int root = -1, fd = -1;
	char command[256];
	struct tar_reader r;

	in_directory();
	shell("mkdir -p from/" LONG_NAME_PART LONG_NAME_PART LONG_NAME_PART "; mkdir to");
	shell("cd from; echo hi >" LONG_NAME_PART LONG_NAME_PART LONG_NAME_PART
	      "f; ln " LONG_NAME_PART LONG_NAME_PART LONG_NAME_PART
	      "f hard; ln -s /nowhere soft; mkfifo fifo");
	shell("cd from; dd if=/dev/zero of=sparse bs=1 count=1 seek=1000000 2>/dev/null; chmod 751 "
	      "hard");
	snprintf(command, sizeof(command), "tar %s -C from -cf x.tar .", options);
	shell(command);
	fd = open("x.tar", O_RDONLY);
	root = directory("to");
	r = reader(fd);
	if (tree_put(&r, root, &err) < 0)
		unit_fail(__FILE__, __LINE__, "%s", err.text);
	shell("diff -r --no-dereference from to >/dev/null || ! diff -r --no-dereference from to | "
	      "grep -v 'is a fifo'");
	shell("test -p to/fifo && test to/hard -ef to/" LONG_NAME_PART LONG_NAME_PART LONG_NAME_PART
	      "f");
	shell("test $(stat -c %a:%Y to/hard) = $(stat -c %a:%Y from/hard)");
	done();
}

static void gnu_tars_pax_is_read(void)
{
	what_gnu_tar_wrote_is_read("--format=posix --sparse");
}

static void gnu_tars_own_format_is_read(void)
{
	what_gnu_tar_wrote_is_read("--format=gnu");
}

/* A file that is all holes but for thousands of pages, up to the last one that a file can have. */
#define MOST ((off_t)INT64_MAX / 4096 * 4096)
static void a_file_of_many_parts_keeps_its_holes(void)
{
	const off_t step = MOST / 12000 / 4096 * 4096;
	auto_fd int from = new_file(), to = new_file(), fd = new_file();
	struct tar_writer w = {.fd = fd, .file = "archive"};
	struct tar_entry e = {.type = TAR_FILE, .name = "f", .size = MOST}, got;
	auto_arena a = ARENA_INIT;
	struct tar_reader r;
	struct stat st;

	if (ftruncate(from, MOST) < 0)
		return; /* 32 bits */
	for (off_t i = 0; i < 12000; i++)
		CHECK_INT(pwrite(from, &i, sizeof(i), i * step), sizeof(i));
	CHECK_INT(pwrite(from, "!", 1, MOST - 1), 1);
	tar_find_ranges(&a, from, &e);
	CHECK_UINT(e.n_ranges, 12001);
	CHECK(e.sparse);
	CHECK_INT(tar_put_file(&w, &e, from, &err), 0);
	finish(fd);
	r = reader(fd);
	CHECK_INT(tar_next(&r, &a, &got, &err), 1);
	CHECK_INT(tar_read_file(&r, &got, to, &err), 0);
	CHECK_INT(fstat(to, &st), 0);
	CHECK_INT(st.st_size, MOST);
	CHECK(st.st_blocks <= 12001 * 4096); /* of huge pages, even */
	for (off_t i = 0, back; i < 12000; i++) {
		CHECK_INT(pread(to, &back, sizeof(back), i * step), sizeof(back));
		CHECK_INT(back, i);
	}
}

/* As many as a file may have: a writer says which file it is that has more. */
static void many_attributes_are_kept(void)
{
	static struct tar_xattr v[TAR_MAX_XATTRS + 1];
	struct tar_entry e = {.type = TAR_FIFO, .name = "f", .xattrs = v}, got;
	struct tar_writer w = {.fd = -1, .file = "archive"};
	static char large[TAR_MAX_HEADER];
	auto_arena a = ARENA_INIT;
	struct tar_reader r;
	auto_fd int fd = new_file();

	for (size_t i = 0; i <= TAR_MAX_XATTRS; i++)
		v[i] = (struct tar_xattr){arena_printf(&a, "user.%zu", i), "x", 1};
	e.n_xattrs = TAR_MAX_XATTRS;
	put_all(fd, &e, "");
	finish(fd);
	r = reader(fd);
	CHECK_INT(tar_next(&r, &a, &got, &err), 1);
	CHECK_UINT(got.n_xattrs, TAR_MAX_XATTRS);
	CHECK_STR(got.xattrs[TAR_MAX_XATTRS - 1].name, v[TAR_MAX_XATTRS - 1].name);
	e.n_xattrs++;
	CHECK_INT(tar_put(&w, &e, &err), -E2BIG);
	err_clear(&err);
	e.n_xattrs = 1;
	v[0].value = large;
	v[0].len = sizeof(large);
	CHECK_INT(tar_put(&w, &e, &err), -E2BIG);
	CHECK_HAS(err.text, "'f'");
}

/* ---- damage ------------------------------------------------------------------------------------
 */

static int read_to_end(int fd, uint64_t budget)
{
	struct tar_reader r = reader(fd);
	auto_arena a = ARENA_INIT;
	struct tar_entry e;
	int n;

	r.budget = budget;
	while ((n = tar_next(&r, &a, &e, &err)) > 0)
		;
	return n;
}

static void what_is_cut_or_damaged_is_refused(void)
{
	struct tar_entry e = {.type = TAR_FILE, .name = "f", .size = 1000};
	char data[1001];
	auto_fd int fd = new_file();

	memset(data, 'x', 1000);
	data[1000] = '\0';
	put_all(fd, &e, data);
	finish(fd);
	CHECK_INT(read_to_end(fd, UINT64_MAX), 0);
	CHECK_INT(read_to_end(fd, 1024), -EFBIG);
	CHECK_INT(pwrite(fd, "g", 1, 0), 1);
	CHECK_INT(read_to_end(fd, UINT64_MAX), -EINVAL);
	CHECK_INT(pwrite(fd, "f", 1, 0), 1);
	CHECK_INT(ftruncate(fd, 700), 0);
	CHECK_INT(read_to_end(fd, UINT64_MAX), -EINVAL);
}

static void a_map_whose_parts_overlap_is_refused(void)
{
	struct tar_range ranges[] = {{0, 8}, {2, 0}};
	struct tar_entry e = {.type = TAR_FILE,
			      .name = "f",
			      .size = 100,
			      .sparse = true,
			      .ranges = ranges,
			      .n_ranges = 2};
	auto_fd int fd = new_file();

	put_all(fd, &e, "headtail");
	finish(fd);
	CHECK_INT(read_to_end(fd, UINT64_MAX), -EINVAL);
}

/* ---- trees -------------------------------------------------------------------------------------
 */

static int put_one(int root, const struct tar_entry *e, const char *data)
{
	auto_fd int fd = new_file();
	struct tar_reader r;

	put_all(fd, e, data);
	finish(fd);
	r = reader(fd);
	err_clear(&err);
	return tree_put(&r, root, &err);
}

static void no_entry_leaves_the_root(void)
{
	static const char *const names[] = {"../out", "a/../../out", "..", "x/.."};
	struct tar_entry e = {.type = TAR_FILE, .uid = getuid(), .gid = getgid(), .mode = 0644};
	struct tar_entry link = {
		.type = TAR_HARDLINK, .name = "hard", .link = "../secret", .uid = getuid()};
	auto_fd int root = -1;

	in_directory();
	shell("mkdir root out; echo secret > secret; ln -s ../out root/dots");
	shell("ln -s $PWD/out root/absolute; ln -s $PWD/secret root/file");
	root = directory("root");
	for (size_t i = 0; i < ARRAY_SIZE(names); i++) {
		e.name = names[i];
		CHECK_INT(put_one(root, &e, ""), -EINVAL);
	}
	CHECK_INT(put_one(root, &link, ""), -EINVAL);
	e.size = 2;
	e.name = "/dots/f"; /* "../out" from the root is the root's own out */
	CHECK_INT(put_one(root, &e, "hi"), 0);
	e.name = "absolute/f";
	CHECK_INT(put_one(root, &e, "hi"), 0);
	e.name = "file"; /* replaced, not written through */
	CHECK_INT(put_one(root, &e, "hi"), 0);
	shell("test -z \"$(ls out)\" && test $(cat secret) = secret && test $(cat root/out/f) = "
	      "hi");
	shell("test ! -L root/file && test $(cat root/file) = hi");
	CHECK_INT(tree_remove(root, "/../secret", &err), -EINVAL);
	CHECK_INT(tree_remove(root, "/absolute/nothing", &err), 0);
	CHECK_INT(tree_remove(root, "/absolute", &err), 0);
	shell("test -e secret && test -d out && test ! -L root/absolute");
	done();
}

static void a_tree_comes_back(void)
{
	auto_fd int from = -1, to = -1, fd = new_file();
	const struct tree_layers none = {.upper = -1};
	struct tar_writer w = {.fd = fd, .file = "archive"};
	struct oci_strings deleted = {0};
	auto_arena a = ARENA_INIT;
	struct tar_reader r;

	in_directory();
	shell("mkdir -p from/d/e to/was/full && echo old > to/was/full/f && mkdir from/was && "
	      "chmod 711 from/d");
	shell("cd from; echo x > 'new\nline'; echo y > -rf; ln -s /etc/passwd d/link; mkfifo "
	      "d/e/p; echo 1 >d/h");
	shell("cd from; ln d/h d/e/h; touch -d '2001-02-03 04:05:06.789' d/h d; chmod 4711 ./-rf");
	shell("cd from; dd if=/dev/zero of=s bs=1 count=1 seek=1000000 2>/dev/null");
	CHECK_INT(setxattr("from/d/h", "user.k", "v", 1, 0) == 0 || errno == ENOTSUP, 1);
	from = directory("from");
	to = directory("to");
	CHECK_INT(tree_take(&w, from, &none, &a, &deleted, &err), 0);
	CHECK_UINT(deleted.n, 0);
	finish(fd);
	r = reader(fd);
	if (tree_put(&r, to, &err) < 0)
		unit_fail(__FILE__, __LINE__, "%s", err.text);
	CHECK_INT(tree_remove(to, "/was/full", &err), 0);
	shell("(cd from; find . -printf '%p %m %y %s %n %l\\n' | grep -v '^[.] ' | sort) > a");
	shell("(cd to; find . -printf '%p %m %y %s %n %l\\n' | grep -v '^[.] ' | sort) > b; diff a "
	      "b");
	shell("test $(stat -c %y:%Y to/d | tr ' ' T) = $(stat -c %y:%Y from/d | tr ' ' T)");
	shell("test to/d/h -ef to/d/e/h && cmp from/s to/s && test $(stat -c %b to/s) -lt 100");
	if (getxattr("from/d/h", "user.k", NULL, 0) == 1)
		CHECK_INT(getxattr("to/d/h", "user.k", NULL, 0), 1);
	done();
}

/* ---- layers -------------------------------------------------------------------------------------
 */

static void layers_are_split_at_colons(void)
{
	auto_arena a = ARENA_INIT;
	const char **v = NULL;
	size_t n = 0;

	layers_split(&a, "/a:/b\\:c::/d\\\\e", &v, &n);
	CHECK_UINT(n, 3);
	CHECK_STR(v[0], "/a");
	CHECK_STR(v[1], "/b:c");
	CHECK_STR(v[2], "/d\\e");
}

/* clang-format off */
static const struct unit_case cases[] = {
	{"tar: all that an entry says comes back",    all_that_an_entry_says_comes_back},
	{"tar: GNU tar reads what was written",       gnu_tar_reads_what_was_written},
	{"tar: GNU tar's pax archives are read",      gnu_tars_pax_is_read},
	{"tar: GNU tar's own archives are read",      gnu_tars_own_format_is_read},
	{"tar: a file of many parts keeps its holes", a_file_of_many_parts_keeps_its_holes},
	{"tar: many attributes are kept",             many_attributes_are_kept},
	{"tar: what is cut or damaged is refused",    what_is_cut_or_damaged_is_refused},
	{"tar: parts that overlap are refused",       a_map_whose_parts_overlap_is_refused},
	{"tree: no entry leaves the root",            no_entry_leaves_the_root},
	{"tree: links, holes, times, modes, names",   a_tree_comes_back},
	{"layers: split at colons",                   layers_are_split_at_colons},
};
/* clang-format on */
UNIT_MAIN(cases)
