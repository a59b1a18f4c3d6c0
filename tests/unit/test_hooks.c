/* TEST: hooks: state on stdin, order, failures, deadline, output in the error. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/hooks.h"
#include "tests/unit/unit.h"

static int sh(const char *script, int64_t timeout, const char *state, struct err *err)
{
	const char *args[] = {"sh", "-c", script, NULL};
	struct oci_hook hook = {.path = "/bin/sh", .args = {true, 3, args}};
	oci_hook_list list = {true, 1, &hook};

	if (timeout)
		hook.timeout = (struct opt_i64){true, timeout};
	return hooks_run("createRuntime", &list, state, NULL, -1, NULL, err);
}

static void reads_state(void)
{
	struct err err = ERR_NONE;

	/* H-09: the state, then end of file. */
	CHECK_INT(sh("test \"$(cat)\" = '{\"id\":\"x\"}'", 0, "{\"id\":\"x\"}", &err), 0);
	/* A hook that does not read its input is no failure, however long the state is. */
	char *big = malloc(300001);

	memset(big, 'a', 300000);
	big[300000] = '\0';
	CHECK_INT(sh("exit 0", 0, big, &err), 0);
	CHECK_INT(sh("test $(wc -c) = 300000", 0, big, &err), 0);
	free(big);
}

static void failures(void)
{
	struct err err = ERR_NONE;
	struct oci_hook none = {.path = "/nosuch/hook"};
	oci_hook_list list = {true, 1, &none};

	CHECK_INT(sh("echo out; echo bad thing >&2; exit 3", 0, "{}", &err), -ECANCELED);
	CHECK_STR(err.text, "error running createRuntime hook #0: exit status 3: out bad thing");
	CHECK_INT(sh("kill -9 $$", 0, "{}", &err), -ECANCELED);
	CHECK_STR(err.text, "error running createRuntime hook #0: killed by signal 9 SIGKILL");
	CHECK_INT(hooks_run("poststop", &list, "{}", NULL, -1, NULL, &err), -ENOENT);
	CHECK_STR(err.text, "error running poststop hook #0: execute '/nosuch/hook'");
}

static void deadline(void)
{
	struct err err = ERR_NONE;
	struct timespec a, b;

	/* H-06 */
	clock_gettime(CLOCK_MONOTONIC, &a);
	CHECK_INT(sh("echo waiting; exec sleep 20", 1, "{}", &err), -ETIMEDOUT);
	clock_gettime(CLOCK_MONOTONIC, &b);
	CHECK(b.tv_sec - a.tv_sec < 5);
	CHECK_HAS(err.text, "within its timeout of 1 s: waiting");
}

static void output_is_bounded(void)
{
	struct err err = ERR_NONE;

	CHECK_INT(sh("head -c 1000000 /dev/zero | tr '\\0' x; echo the end; exit 1", 0, "{}", &err),
		  -ECANCELED);
	CHECK_HAS(err.text, "xthe end");
	CHECK(strlen(err.text) < 1200);
	/* What a hook leaves running does not hold us up, even with our pipe open. */
	CHECK_INT(sh("sleep 5 & exit 0", 2, "{}", &err), 0);
}

static void environment(void)
{
	const char *env[] = {"ONLY=this", NULL};
	struct oci_hook hook = {.path = "/usr/bin/env", .env = {true, 1, env}};
	oci_hook_list list = {true, 1, &hook};
	const char *args[] = {
		"sh", "-c",
		"test \"$DEF\" = 1 && test $(pwd) = / && ls /proc/self/fd >&2 && exit 9", NULL};
	char *const def[] = {(char *)"DEF=1", (char *)"PATH=/usr/bin:/bin", NULL};
	int root = open("/", O_PATH | O_DIRECTORY), leak = open("/", O_PATH);
	struct err err = ERR_NONE;

	CHECK(leak >= 0);
	CHECK_INT(hooks_run("prestart", &list, "{}", def, root, NULL, &err), 0);
	hook = (struct oci_hook){.path = "/bin/sh", .args = {true, 3, args}};
	CHECK_INT(hooks_run("prestart", &list, "{}", def, root, NULL, &err), -ECANCELED);
	/* ls has 0, 1, 2 and the directory it reads: nothing leaks (H-23). */
	CHECK_STR(err.text, "error running prestart hook #0: exit status 9: 0 1 2 3");
}

static void order(void)
{
	const char *one[] = {"sh", "-c", "echo 1 >> $F; exit 1", NULL};
	const char *two[] = {"sh", "-c", "echo 2 >> $F", NULL};
	struct oci_hook hooks[] = {{.path = "/bin/sh", .args = {true, 3, two}},
				   {.path = "/bin/sh", .args = {true, 3, one}},
				   {.path = "/bin/sh", .args = {true, 3, two}}};
	oci_hook_list list = {true, 3, hooks};
	char name[] = "/tmp/hooks.XXXXXX", f[64], buf[16] = "";
	char *const env[] = {f, NULL};
	struct err err = ERR_NONE;
	int fd = mkstemp(name);

	CHECK(fd >= 0);
	snprintf(f, sizeof(f), "F=%s", name);
	/* H-07, H-22: in order, and the first failure ends the list. */
	CHECK_INT(hooks_run("poststart", &list, "{}", env, -1, NULL, &err), -ECANCELED);
	CHECK_HAS(err.text, "error running poststart hook #1: ");
	CHECK_INT(pread(fd, buf, sizeof(buf) - 1, 0), 4);
	unlink(name);
	CHECK_STR(buf, "2\n1\n");
}

static void state(void)
{
	auto_arena a = ARENA_INIT;
	struct oci_pair pair[] = {{"k\"", "a\nb"}, {"e", ""}};
	struct oci_map map = {true, 2, pair}, none = {0};

	CHECK_STR(hooks_state_json(&a, "web", "/b", &none, "creating", 1),
		  "{\"ociVersion\":\"" OCI_VERSION "\",\"id\":\"web\",\"status\":\"creating\","
		  "\"pid\":1,\"bundle\":\"/b\"}");
	CHECK_STR(hooks_state_json(&a, "web", "/b", &map, "stopped", 0),
		  "{\"ociVersion\":\"" OCI_VERSION "\",\"id\":\"web\",\"status\":\"stopped\","
		  "\"bundle\":\"/b\",\"annotations\":{\"k\\\"\":\"a\\nb\",\"e\":\"\"}}");
}

/* Appended, each stream to its own file; what has one is not in the error. */
static void files(void)
{
	char path[] = "/tmp/hull-hook-XXXXXX";
	auto_hook_files files = {mkstemp(path), -1};
	const char *args[] = {"sh", "-c", "echo out; echo bad >&2; exit 1", NULL};
	struct oci_hook hook = {.path = "/bin/sh", .args = {true, 3, args}};
	oci_hook_list list = {true, 1, &hook};
	struct err err = ERR_NONE;
	char got[64] = "";

	CHECK(files.out >= 0 && unlink(path) == 0);
	CHECK_INT(hooks_run("prestart", &list, "{}", NULL, -1, &files, &err), -ECANCELED);
	CHECK_STR(err.text, "error running prestart hook #0: exit status 1: bad");
	CHECK_INT(pread(files.out, got, sizeof(got) - 1, 0), 4);
	CHECK_STR(got, "out\n");
}

static const struct unit_case cases[] = {
	{"a hook reads the state and end of file (H-09)", reads_state},
	{"a hook that fails is an error with its output (H-22)", failures},
	{"a hook past its timeout is killed (H-06)", deadline},
	{"output is drained and its end kept", output_is_bounded},
	{"a hook has its environment, its directory and no other descriptor", environment},
	{"hooks run in order until one fails (H-07)", order},
	{"output goes to files", files},
	{"the state is JSON (H-10, H-11)", state},
};
UNIT_MAIN(cases)
