/* TEST: which files of a tree are copied again. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/files.h"
#include "tests/unit/unit.h"

static struct files_index x;
static const struct files_ids nothing;

/* A pass begins at SECONDS. */
static void pass_with(double seconds, const struct files_ids *mapped)
{
	struct timespec t = {(time_t)seconds, (long)((seconds - (time_t)seconds) * 1e9)};

	files_index_begin(&x, &t, mapped);
}

static void pass(double seconds)
{
	pass_with(seconds, &nothing);
}

/* A file as stat(2) tells of it: number INO, last touched at SECONDS. */
static struct stat file(ino_t ino, double seconds)
{
	struct stat st = {.st_dev = 8, .st_ino = ino, .st_mode = S_IFREG | 0644, .st_size = 100};

	st.st_ctim.tv_sec = st.st_mtim.tv_sec = (time_t)seconds;
	st.st_ctim.tv_nsec = st.st_mtim.tv_nsec = (long)((seconds - (time_t)seconds) * 1e9);
	return st;
}

static struct stat dir(ino_t ino)
{
	struct stat st = file(ino, 1.5);

	st.st_mode = S_IFDIR | 0755;
	return st;
}

static bool wanted(const char *path, struct stat st)
{
	return files_index_wanted(&x, path, &st);
}

/* ---- what is other -----------------------------------------------------------------------------
 */

static void what_stays_is_not_wanted_again(void)
{
	pass(100.5);
	CHECK(wanted("", dir(1)));
	CHECK(wanted("a", file(2, 50.25)));
	CHECK(wanted("b", file(3, 50.25)));
	pass(101.5);
	CHECK(!wanted("", dir(1)));
	CHECK(!wanted("a", file(2, 50.25)));
	CHECK(wanted("c", file(4, 50.25)));
	CHECK(wanted("b", file(3, 101.25)));
	pass(102.5);
	CHECK(!wanted("b", file(3, 101.25)));
	CHECK(!wanted("c", file(4, 50.25)));
	files_index_done(&x);
}

/* Each of them alone. */
static void all_that_stat_tells_counts(void)
{
	struct stat other[6];

	for (size_t i = 0; i < ARRAY_SIZE(other); i++)
		other[i] = file(2, 50.25);
	other[0].st_dev++;
	other[1].st_ino++;
	other[2].st_mode ^= 1;
	other[3].st_size++;
	other[4].st_ctim.tv_nsec++;
	other[5].st_mtim.tv_nsec++;
	for (size_t i = 0; i < ARRAY_SIZE(other); i++) {
		pass(100.5);
		CHECK(wanted("a", file(2, 50.25)));
		pass(101.5);
		CHECK(wanted("a", other[i]));
		pass(102.5);
		CHECK(!wanted("a", other[i]));
		files_index_done(&x);
	}
}

/* A second write within one tick of the file system's clock gives a file no other time: what has
 * a time of the moment in which it was read, or shortly before, is taken once more. */
static void a_file_of_this_moment_is_wanted_again(void)
{
	pass(100.5);
	CHECK(wanted("before", file(2, 100.25)));
	CHECK(wanted("tick", file(3, 100.495)));
	CHECK(wanted("after", file(4, 100.75)));
	pass(101.5);
	CHECK(!wanted("before", file(2, 100.25)));
	CHECK(wanted("tick", file(3, 100.495)));
	CHECK(wanted("after", file(4, 100.75)));
	pass(102.5);
	CHECK(!wanted("tick", file(3, 100.495)));
	CHECK(!wanted("after", file(4, 100.75)));
	/* The nanoseconds of a moment before, when it borrows of the seconds. */
	pass(200.015625);
	CHECK(wanted("borrow", file(5, 199.984375)));
	pass(201.5);
	CHECK(wanted("borrow", file(5, 199.984375)));
	files_index_done(&x);
}

/* A file system that knows whole seconds only: all writes of a second look alike. */
static void a_coarse_clock_is_seen(void)
{
	pass(100.75);
	CHECK(wanted("a", file(2, 100)));
	CHECK(wanted("b", file(3, 99)));
	CHECK(wanted("old", file(4, 98)));
	pass(101.5);
	CHECK(wanted("a", file(2, 100)));
	CHECK(wanted("b", file(3, 99)));
	CHECK(!wanted("old", file(4, 98)));
	pass(104.5);
	pass(105.5);
	CHECK(!wanted("a", file(2, 100)));
	files_index_done(&x);
}

/* ---- mapped files ------------------------------------------------------------------------------
 */

/* Its time is of the first write to a page; whoever had it mapped when it was read can have written
 * since, and may have unmapped it: so it is the pass before that counts. */
static void a_file_that_was_mapped_is_wanted_once_more(void)
{
	struct files_ids mapped = {.v = (struct files_id[]){{9, 2}, {8, 4}, {8, 2}}, .n = 3};

	files_mapped_sort(&mapped);
	CHECK_UINT(mapped.v[0].ino, 2);
	CHECK_UINT(mapped.v[1].ino, 4);
	CHECK_UINT(mapped.v[2].dev, 9);
	pass_with(100.5, &mapped);
	CHECK(wanted("a", file(2, 50.25)));
	CHECK(wanted("b", file(3, 50.25)));
	CHECK(wanted("c", file(4, 50.25)));
	pass_with(101.5, &nothing); /* as the last one: nobody is asked */
	CHECK(wanted("a", file(2, 50.25)));
	CHECK(!wanted("b", file(3, 50.25)));
	CHECK(wanted("c", file(4, 50.25)));
	pass_with(102.5, &mapped); /* what is mapped only now was not written that way before */
	CHECK(!wanted("a", file(2, 50.25)));
	files_index_done(&x);
}

static bool has(const struct files_ids *ids, int fd)
{
	struct stat st;

	CHECK_INT(fstat(fd, &st), 0);
	for (size_t i = 0; i < ids->n; i++)
		if (ids->v[i].dev == st.st_dev && ids->v[i].ino == st.st_ino)
			return true;
	return false;
}

static int map(int how, int prot, int flags)
{
	char name[] = "/tmp/hull-unit-files-XXXXXX";
	int fd = mkstemp(name), other;

	CHECK(fd >= 0 && ftruncate(fd, 4096) == 0);
	other = open(name, how | O_CLOEXEC);
	CHECK(other >= 0 && mmap(NULL, 4096, prot, flags, other, 0) != MAP_FAILED);
	close(other);
	CHECK_INT(unlink(name), 0);
	return fd;
}

/* The links of /proc/PID/map_files are not for everybody. */
static bool may_look(void)
{
	auto_dir DIR *dir = opendir("/proc/self/map_files");
	struct dirent *e;
	struct stat st;

	while (dir && (e = readdir(dir)))
		if (e->d_name[0] != '.')
			return fstatat(dirfd(dir), e->d_name, &st, 0) == 0;
	return false;
}

static void files_are_found_that_may_be_written_to(void)
{
	auto_arena a = ARENA_INIT;
	struct files_ids ids = {.n = 0};
	int shared = map(O_RDWR, PROT_READ | PROT_WRITE, MAP_SHARED);
	int later = map(O_RDWR, PROT_READ, MAP_SHARED); /* mprotect(2) makes it the same */
	int own = map(O_RDWR, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	int reads = map(O_RDONLY, PROT_READ, MAP_SHARED);

	files_mapped_add(&a, getpid(), &ids);
	files_mapped_sort(&ids);
	if (may_look()) {
		CHECK(has(&ids, shared));
		CHECK(has(&ids, later));
	}
	CHECK(!has(&ids, own));
	CHECK(!has(&ids, reads));
	/* A process that has ended meanwhile. */
	files_mapped_add(&a, 0x3fffffff, &ids);
}

/* ---- what is gone ------------------------------------------------------------------------------
 */

static const char *gone(void)
{
	static char text[1000];
	auto_arena a = ARENA_INIT;
	struct oci_strings names = {0};
	size_t n = 0;

	files_index_gone(&x, &a, &names);
	text[0] = '\0';
	for (size_t i = 0; i < names.n; i++)
		n += (size_t)snprintf(text + n, sizeof(text) - n, "%s;", names.v[i]);
	return text;
}

static void what_is_not_seen_any_more_is_gone(void)
{
	pass(100.5);
	CHECK(wanted("", dir(1)));
	CHECK(wanted("a", file(2, 50.25)));
	CHECK(wanted("d", dir(3)));
	CHECK(wanted("d/e", dir(4)));
	CHECK(wanted("d/e/f", file(5, 50.25)));
	CHECK(wanted("t", dir(6)));
	CHECK(wanted("t/f", file(7, 50.25)));
	CHECK_STR(gone(), "");
	pass(101.5);
	CHECK(!wanted("", dir(1)));
	CHECK(!wanted("d", dir(3)));
	CHECK(wanted("t", file(6, 50.25))); /* a file now: what was in it goes with it */
	/* Of d/e/f nothing is said: d/e is. */
	CHECK(streq(gone(), "a;d/e;") || streq(gone(), "d/e;a;"));
	files_index_done(&x);
}

static void what_is_gone_is_forgotten(void)
{
	pass(100.5);
	CHECK(wanted("", dir(1)));
	CHECK(wanted("a", file(2, 50.25)));
	pass(101.5);
	CHECK(!wanted("", dir(1)));
	CHECK_STR(gone(), "a;");
	pass(102.5); /* moved away and back, say */
	CHECK(!wanted("", dir(1)));
	CHECK(wanted("a", file(2, 50.25)));
	CHECK_STR(gone(), "");
	files_index_done(&x);
}

static void many_names_are_told_apart(void)
{
	char name[64];

	for (int i = 0; i < 20; i++) {
		pass(100.5 + i);
		CHECK(wanted("", dir(1)) == !i);
		for (unsigned j = 0; j < 5000; j++) {
			snprintf(name, sizeof(name), "n%u", j * 7919 % 5000);
			/* One of each hundred changes; none of them comes or goes. */
			if (wanted(name, file(j + 2, j % 100 == 5 ? 50.25 + i : 50.25)) !=
			    (!i || j % 100 == 5))
				unit_fail(__FILE__, __LINE__, "%s in pass %d", name, i);
		}
		CHECK_STR(gone(), "");
		CHECK_UINT(x.n, 5001);
	}
	files_index_done(&x);
}

/* clang-format off */
static const struct unit_case cases[] = {
	{"index: what stays is not wanted again",              what_stays_is_not_wanted_again},
	{"index: all that stat tells counts",                  all_that_stat_tells_counts},
	{"index: a file of this moment is wanted again",       a_file_of_this_moment_is_wanted_again},
	{"index: a file system's coarse clock is seen",        a_coarse_clock_is_seen},
	{"index: what was mapped is wanted once more",         a_file_that_was_mapped_is_wanted_once_more},
	{"index: mapped files that may be written to",         files_are_found_that_may_be_written_to},
	{"index: what is not seen any more is gone",           what_is_not_seen_any_more_is_gone},
	{"index: what is gone is forgotten",                   what_is_gone_is_forgotten},
	{"index: many names are told apart",                   many_names_are_told_apart},
};
/* clang-format on */
UNIT_MAIN(cases)
