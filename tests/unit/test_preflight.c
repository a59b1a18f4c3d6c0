/* TEST: what preflight makes of bytes, and of the limits of cgroups. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/preflight.h"
#include "tests/unit/unit.h"

static void hexadecimal(void)
{
	static const char *const wrong[] = {"", "0", "001", "0g", "0A", " 0", "0x", "00 0"};
	static const uint8_t bytes[] = {0, 1, 0x9f, 0xff, 0x10};
	uint8_t got[5] = {0};
	char text[11];

	CHECK_STR(str_hex(text, bytes, 5), "00019fff10");
	CHECK_STR(str_hex(text, bytes, 0), "");
	CHECK_INT(str_unhex("00019fff10", got, 5), 5);
	CHECK_INT(memcmp(got, bytes, 5), 0);
	CHECK_INT(str_unhex("00019fff1000", got, 5), -EINVAL);
	for (size_t i = 0; i < ARRAY_SIZE(wrong); i++)
		CHECK_INT(str_unhex(wrong[i], got, 5), -EINVAL);
}

static void put(int dir, const char *name, const char *text)
{
	auto_fd int fd = openat(dir, name, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);

	CHECK(fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text));
}

/* The files of a cgroup, in a directory of its own. */
static void limit(int top, const char *path, const char *max, const char *current, const char *stat)
{
	auto_fd int fd = -1;

	CHECK_INT(mkdirat(top, path, 0700), 0);
	fd = openat(top, path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	put(fd, "memory.max", max);
	put(fd, "memory.current", current);
	put(fd, "memory.stat", stat);
}

static void room_in_cgroups(void)
{
	char dir[] = "/tmp/hull-unit.XXXXXX", command[64];
	auto_arena a = ARENA_INIT;
	const char *which = "";
	auto_fd int top = -1;

	CHECK(mkdtemp(dir));
	top = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
	limit(top, "free", "max\n", "1000\n", "anon 900\nfile 100\n");
	limit(top, "slice", "1000000\n", "600000\n", "anon 500000\nfile 100000\nfile_dirty 7\n");
	limit(top, "slice/roomy", "9000000\n", "100\n", "anon 100\nfile 0\n");
	limit(top, "slice/tight", "5000\n", "4000\n", "anon 4000\nfile 0\n");
	limit(top, "slice/over", "5000\n", "6000\n", "anon 6000\nfile 0\n");
	CHECK_UINT(preflight_cgroup_room(&a, top, "/", &which), UINT64_MAX);
	CHECK_UINT(preflight_cgroup_room(&a, top, "/free", &which), UINT64_MAX);
	CHECK_UINT(preflight_cgroup_room(&a, top, "/none/at/all", &which), UINT64_MAX);
	CHECK_STR(which, "");
	CHECK_INT(preflight_cgroup_room(&a, top, "/slice/roomy", &which), 500000);
	CHECK_STR(which, "/slice");
	CHECK_INT(preflight_cgroup_room(&a, top, "/slice/new/deeper", &which), 500000);
	CHECK_STR(which, "/slice");
	CHECK_INT(preflight_cgroup_room(&a, top, "/slice/tight/new", &which), 1000);
	CHECK_STR(which, "/slice/tight");
	CHECK_INT(preflight_cgroup_room(&a, top, "/slice/over", &which), 0);
	snprintf(command, sizeof(command), "rm -r %s", dir);
	CHECK_INT(system(command), 0);
}

static const struct unit_case cases[] = {
	{"bytes as hexadecimal digits", hexadecimal},
	{"how much more memory a cgroup may use", room_in_cgroups},
};
UNIT_MAIN(cases)
