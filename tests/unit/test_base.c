/* TEST: the ground floor. */
#include <errno.h>
#include <signal.h>
#include <time.h>

#include "libcontainer/base/arena.h"
#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/err.h"
#include "libcontainer/base/mountfd.h"
#include "libcontainer/base/mountinfo.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/str.h"
#include "libcontainer/base/sysnames.h"
#include "tests/unit/unit.h"

/* Expected: what mount(2) makes of the text, by selinux_sb_eat_lsm_opts() and ovl_next_opt(). */
static void mount_data(void)
{
	static const struct {
		const char *data;
		bool overlay;
		const char *words[4];
	} rows[] = {
		{"size=1k,mode=755", false, {"size=1k", "mode=755"}},
		{"a,,b", false, {"a", "", "b"}},
		{"a\\,b", false, {"a\\", "b"}},
		{"context=\"u:o:t:s0:c1,c2\",size=1k",
		 false,
		 {"context=u:o:t:s0:c1,c2", "size=1k"}},
		{"x,rootcontext=\"a,b\"", false, {"x", "rootcontext=a,b"}},
		{"context=u:o:t:s0,x", false, {"context=u:o:t:s0", "x"}},
		{"context=\"a,b", false, {"context=a,b"}},
		{"name=\"a,b\"", false, {"name=\"a", "b\""}},
		{"lowerdir=/a\\,b:/c,volatile", true, {"lowerdir=/a\\,b:/c", "volatile"}},
		{"upperdir=/a\\\\,b", true, {"upperdir=/a\\\\", "b"}},
		{"upperdir=/a\\", true, {"upperdir=/a\\"}},
	};

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		char buf[64], *rest = buf, *w;
		size_t n = 0;

		snprintf(buf, sizeof(buf), "%s", rows[i].data);
		for (; (w = mountfd_next_option(&rest, rows[i].overlay)); n++) {
			CHECK(n < 4 && rows[i].words[n] != NULL);
			CHECK_STR(w, rows[i].words[n]);
		}
		CHECK(n == 4 || rows[i].words[n] == NULL);
	}
}

static void numbers(void)
{
	uint64_t u = 7;
	int64_t i;
	uint32_t w;

	CHECK_INT(str_to_u64("18446744073709551615", &u), 0);
	CHECK_UINT(u, UINT64_MAX);
	CHECK_INT(str_to_u64("18446744073709551616", &u), -ERANGE);
	CHECK_INT(str_to_u64("", &u), -EINVAL);
	CHECK_INT(str_to_u64("-1", &u), -EINVAL);
	CHECK_INT(str_to_u64("1 ", &u), -EINVAL);
	CHECK_INT(str_to_u32("1", &w), 0);
	CHECK_UINT(w, 1);
	CHECK_INT(str_to_u32("4294967296", &w), -ERANGE);
	CHECK_INT(str_to_i64("-9223372036854775808", &i), 0);
	CHECK(i == INT64_MIN);
	CHECK_INT(str_to_i64("9223372036854775808", &i), -ERANGE);
	CHECK_INT(str_to_i64("--1", &i), -EINVAL);
}

static void sizes(void)
{
	int64_t v;

	CHECK_INT(str_to_size("10m", &v), 0);
	CHECK_INT(v, 10 << 20);
	CHECK_INT(str_to_size("1Gb", &v), 0);
	CHECK_INT(v, 1 << 30);
	CHECK_INT(str_to_size("-1", &v), 0);
	CHECK_INT(v, -1);
	CHECK_INT(str_to_size("10x", &v), -EINVAL);
	CHECK_INT(str_to_size("9999999999999g", &v), -ERANGE);
}

static void errors(void)
{
	struct err err = ERR_NONE;
	char buf[4096];

	CHECK_INT(err_sys(&err, EPERM, "mount '%s'", "proc"), -EPERM);
	CHECK_INT(err_wrap(&err, "create 'x'"), -EPERM);
	err_hint(&err, "try as root");
	CHECK_STR(err_format(&err, buf, sizeof(buf)),
		  "create 'x': mount 'proc': operation not permitted (EPERM); hint: try as root");
	err_fail(&err, EINVAL, "bad\nline");
	CHECK_STR(err_format(&err, buf, sizeof(buf)), "bad?line");
}

static void arenas(void)
{
	auto_arena a = ARENA_INIT;
	int *v = NULL;
	size_t n = 0;
	char *big = arena_alloc(&a, 1 << 20);

	CHECK_INT(big[(1 << 20) - 1], 0);
	for (int i = 0; i < 1000; i++)
		*arena_push(&a, &v, &n) = i;
	CHECK_UINT(n, 1000);
	for (int i = 0; i < 1000; i++)
		CHECK_INT(v[i], i);
	CHECK_STR(arena_printf(&a, "%d-%s", 5, "x"), "5-x");
	CHECK(arena_strdup(&a, NULL) == NULL);
}

static void signals(void)
{
	CHECK_INT(proc_signal_parse("TERM"), SIGTERM);
	CHECK_INT(proc_signal_parse("sigkill"), SIGKILL);
	CHECK_INT(proc_signal_parse("9"), 9);
	CHECK_INT(proc_signal_parse("0"), 0);
	CHECK_INT(proc_signal_parse("RTMIN+3"), 37);
	CHECK_INT(proc_signal_parse("RTMAX-1"), 63);
	CHECK_INT(proc_signal_parse("SIGRTMIN"), 34);
	CHECK_INT(proc_signal_parse("65"), -EINVAL);
	CHECK_INT(proc_signal_parse("NOPE"), -EINVAL);
	CHECK_INT(proc_signal_parse(""), -EINVAL);
	CHECK_INT(proc_signal_parse("-9"), -EINVAL);
}

static void dates(void)
{
	char buf[CLOCK_TEXT_SIZE], want[CLOCK_TEXT_SIZE];

	CHECK_STR(clock_format(buf, 0, 0), "1970-01-01T00:00:00.000000000Z");
	CHECK_STR(clock_format(buf, 951782400, 5), "2000-02-29T00:00:00.000000005Z");
	CHECK_STR(clock_format(buf, -1, 999999999), "1969-12-31T23:59:59.999999999Z");
	/* Against libc, over more than 400 years with an odd step. */
	for (time_t t = 0; t < (time_t)430 * 31556952; t += 1234567) {
		struct tm tm;

		gmtime_r(&t, &tm);
		strftime(want, sizeof(want), "%Y-%m-%dT%H:%M:%S.000000000Z", &tm);
		CHECK_STR(clock_format(buf, t, 0), want);
	}
}

static void names(void)
{
	CHECK_STR(sysname_errno(ENOENT), "ENOENT");
	CHECK_STR(sysname_errno(EAGAIN), "EAGAIN");
	CHECK(sysname_errno(0) == NULL);
	CHECK(sysname_errno(-1) == NULL);
	CHECK(sysname_errno(1000) == NULL);
	CHECK_STR(sysname_signal(SIGKILL), "KILL");
	CHECK(sysname_signal(0) == NULL);
	CHECK(sysname_signal(SIGNAL_RTMIN) == NULL);
#ifdef __GLIBC__
	for (int i = 1; i < 200; i++)
		CHECK_STR(sysname_errno(i) ?: "", strerrorname_np(i) ?: "");
	for (int i = 1; i < 100; i++)
		CHECK_STR(sysname_signal(i) ?: "", sigabbrev_np(i) ?: "");
#endif
}

/* The first line is the example of proc_pid_mountinfo(5). */
static void mount_table(void)
{
	char lines[] =
		"36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw,errors=continue\n"
		"37 35 0:5 / /a\\040b\\134c rw shared:1 master:2 - tmpfs none rw\n"
		"\n"
		"38 35 0:6 / /cut\n"
		"x 35 0:6 / /number rw - tmpfs none rw\n"
		"39 35 0:7 /\\011 /last rw - proc proc rw";
	char *text = lines, none[] = "";
	struct mountinfo m;

	CHECK(mountinfo_next(&text, &m));
	CHECK_UINT(m.id, 36);
	CHECK_STR(m.root, "/mnt1");
	CHECK_STR(m.point, "/mnt2");
	CHECK_STR(m.type, "ext3");
	CHECK(mountinfo_next(&text, &m));
	CHECK_UINT(m.id, 37);
	CHECK_STR(m.point, "/a b\\c");
	CHECK_STR(m.type, "tmpfs");
	CHECK(mountinfo_next(&text, &m)); /* what cannot be read is passed over */
	CHECK_UINT(m.id, 39);
	CHECK_STR(m.root, "/\t");
	CHECK(!mountinfo_next(&text, &m));
	text = none;
	CHECK(!mountinfo_next(&text, &m));
}

static const struct unit_case cases[] = {
	{"numbers are parsed strictly", numbers},
	{"sizes take units", sizes},
	{"data of mounts is split as mount(2) splits it", mount_data},
	{"errors carry context, name and hint in one line", errors},
	{"arenas hold large blocks and growing arrays", arenas},
	{"dates are libc's", dates},
	{"mounts are read line by line", mount_table},
	{"errors and signals have glibc's names", names},
	{"signals have names and numbers", signals},
};
UNIT_MAIN(cases)
