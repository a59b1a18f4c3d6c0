/* TEST: restore: which mount a mount is below, and which directory others may not search. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/checkpoint/restore.h"
#include "tests/unit/unit.h"

static void parents(void)
{
	const struct restore_place places[] = {
		{.point = "/data"},     {.point = NULL}, /* a remount */
		{.point = "/data/sub"}, {.point = "/data/sub/deep"},
		{.point = "/database"}, {.point = "/dev"},
	};
	size_t n = ARRAY_SIZE(places);

	CHECK_INT(restore_parent_of(places, n, "/data/x"), 0);
	CHECK_INT(restore_parent_of(places, n, "/data/sub/x"), 2);
	CHECK_INT(restore_parent_of(places, n, "/data/sub/deep/x/y"), 3);
	CHECK_INT(restore_parent_of(places, n, "/data/subx"), 0);
	CHECK_INT(restore_parent_of(places, n, "/database/x"), 4);
	/* not below itself */
	CHECK_INT(restore_parent_of(places, n, "/data"), -1);
	CHECK_INT(restore_parent_of(places, n, "/data/sub"), 0);
	/* only what is mounted before */
	CHECK_INT(restore_parent_of(places, 1, "/data/sub/x"), 0);
	CHECK_INT(restore_parent_of(places, 0, "/data/x"), -1);
	CHECK_INT(restore_parent_of(places, n, "/etc"), -1);
	CHECK_INT(restore_parent_of(places, n, "/"), -1);
}

static void closed_directories(void)
{
	auto_arena a = ARENA_INIT;
	char top[] = "/tmp/hull-restore-XXXXXX";
	const char *open, *closed, *below;

	CHECK(mkdtemp(top) && chmod(top, 0711) == 0);
	open = arena_printf(&a, "%s/open", top);
	closed = arena_printf(&a, "%s/closed", open);
	below = arena_printf(&a, "%s/below", closed);
	CHECK(mkdir(open, 0700) == 0 && chmod(open, 0755) == 0);
	CHECK(mkdir(closed, 0700) == 0 && chmod(closed, 0754) == 0);
	CHECK(mkdir(below, 0755) == 0);
	CHECK_STR(restore_first_closed(&a, below), closed);
	/* what it is itself does not matter: it is covered */
	CHECK(restore_first_closed(&a, closed) == closed);
	CHECK(chmod(open, 0700) == 0);
	CHECK_STR(restore_first_closed(&a, below), open);
	CHECK(chmod(open, 0711) == 0 && chmod(closed, 0711) == 0);
	CHECK(restore_first_closed(&a, below) == below);
	CHECK(rmdir(below) == 0 && rmdir(closed) == 0 && rmdir(open) == 0 && rmdir(top) == 0);
}

static const struct unit_case cases[] = {
	{"parents", parents},
	{"closed directories", closed_directories},
};
UNIT_MAIN(cases)
