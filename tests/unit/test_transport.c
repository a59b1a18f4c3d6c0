/* TEST: who carries a migration's bytes: a script in place of ssh, this program beside itself,
 * sockets. */
#include <errno.h>
#include <fcntl.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/io.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/transport.h"
#include "tests/unit/unit.h"

#define LONG_MS 60000

/* ---- pure ------------------------------------------------------------------------------- */

static void targets(void)
{
	static const struct {
		const char *text;
		enum transport_kind kind;
		const char *host, *bundle;
		int in, out;
	} rows[] = {
		{"host", TRANSPORT_SSH, "host", NULL, -1, -1},
		{"host:", TRANSPORT_SSH, "host", NULL, -1, -1},
		{"root@host:/b c", TRANSPORT_SSH, "root@host", "/b c", -1, -1},
		{"host:b:c", TRANSPORT_SSH, "host", "b:c", -1, -1},
		{"10.0.0.1:/b", TRANSPORT_SSH, "10.0.0.1", "/b", -1, -1},
		{"[fe80::1]:/b", TRANSPORT_SSH, "fe80::1", "/b", -1, -1},
		{"me@[fe80::1%eth0]", TRANSPORT_SSH, "me@fe80::1%eth0", NULL, -1, -1},
		{"local:/b", TRANSPORT_LOCAL, NULL, "/b", -1, -1},
		{"local:", TRANSPORT_LOCAL, NULL, NULL, -1, -1},
		{"local", TRANSPORT_SSH, "local", NULL, -1, -1},
		{"fd:7", TRANSPORT_FD, NULL, NULL, 7, 7},
		{"fd:0,1", TRANSPORT_FD, NULL, NULL, 0, 1},
	};
	static const char *const bad[] = {
		"",
		":",
		":/b",
		"-oProxyCommand=x",
		"-oProxyCommand=x:/b",
		"me@-x:/b",
		"@h",
		"a b:/b",
		"h\n:/b",
		"[]:/b",
		"[::1",
		"[::1]x",
		"fe80::1:/b",
		"fd:",
		"fd:x",
		"fd:-1",
		"fd:1,",
		"fd:1,1",
		"fd:1,2,3",
		"fd:99999999999",
		"-l@h",
		"me@",
	};
	auto_arena a = ARENA_INIT;
	struct transport_to to;
	struct err err = ERR_NONE;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		if (transport_parse(&a, rows[i].text, &to, &err) < 0)
			unit_fail(__FILE__, __LINE__, "%s", err.text);
		CHECK_INT(to.kind, rows[i].kind);
		CHECK_STR(to.host ?: "-", rows[i].host ?: "-");
		CHECK_STR(to.bundle ?: "-", rows[i].bundle ?: "-");
		CHECK(to.in == rows[i].in && to.out == rows[i].out);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		if (transport_parse(&a, bad[i], &to, &err) != -EINVAL)
			unit_fail(__FILE__, __LINE__, "'%s' is taken", bad[i]);
}

static void words(void)
{
	static const struct {
		const char *text, *words[5];
	} rows[] = {
		{"ssh", {"ssh"}},
		{"  ssh  -p\t2222\n", {"ssh", "-p", "2222"}},
		{"ssh -i '/a b/k'", {"ssh", "-i", "/a b/k"}},
		{"a\\ b \"c'd\" 'e\"f' g\\\\h", {"a b", "c'd", "e\"f", "g\\h"}},
		{"a '' \"\" b", {"a", "", "", "b"}},
		{"x'y'\"z\" '\\' \"\\\"\"", {"xyz", "\\", "\""}},
		{"$(id) *;`x` end\\", {"$(id)", "*;`x`", "end\\"}},
	};
	static const char *const bad[] = {"", "   ", "ssh '", "ssh \"a", "'a\""};
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	const char *const *got;

	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		CHECK_INT(transport_words(&a, rows[i].text, &got, &err), 0);
		for (int w = 0; w < 5 && (rows[i].words[w] || got[w]); w++)
			CHECK_STR(got[w], rows[i].words[w]);
	}
	for (size_t i = 0; i < ARRAY_SIZE(bad); i++)
		CHECK_INT(transport_words(&a, bad[i], &got, &err), -EINVAL);
}

static void ssh_itself(void)
{
	static const char *const receive[] = {"hull", "--root", "/run/a b", "migrate-receive",
					      NULL};
	static const char *const want[] = {"ssh",
					   "-T",
					   "-o",
					   "ConnectTimeout=10",
					   "-o",
					   "ServerAliveInterval=15",
					   "-o",
					   "ServerAliveCountMax=4",
					   "--",
					   "me@h",
					   "hull --root '/run/a b' migrate-receive"};
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	const char *const *got;

	CHECK_INT(transport_ssh_argv(&a, NULL, "me@h", receive, &got, &err), 0);
	for (size_t i = 0; i < ARRAY_SIZE(want); i++)
		CHECK_STR(got[i], want[i]);
	CHECK(!got[ARRAY_SIZE(want)]);
}

/* ---- the other side --------------------------------------------------------------------- */

static const char odd_word[] = "it's \"a b\" $HOME\\ *\n;";

/* What hull migrate-receive would be: says hello, complains a lot, answers once. ARGV[2] is the odd
 * word; ARGV[3], if there is one, what to do wrong. */
static int receiver(int argc, char **argv)
{
	static char noise[1000];
	struct err err = ERR_NONE;
	struct wire_msg msg;
	struct wire w;

	if (argc < 3 || !streq(argv[2], odd_word))
		return 98;
	if (argc > 3 && streq(argv[3], "stay"))
		for (;;)
			pause();
	if (wire_init(&w, WIRE_TARGET, 0, 1, LONG_MS, &err) < 0 || wire_hello(&w, 0, &err) < 0 ||
	    wire_expect(&w, WIRE_PREPARE, LONG_MS, &msg, &err) < 0)
		return 97;
	/* More than a pipe takes. */
	memset(noise, 'x', sizeof(noise));
	for (int i = 0; i < 300; i++)
		if (io_write_all(2, noise, sizeof(noise)) < 0)
			return 96;
	if (io_write_all(2, "\nthe end\n", 9) < 0)
		return 95;
	if (argc > 3 && streq(argv[3], "fail"))
		return 94;
	if (wire_send_phase(&w, WIRE_PREPARED, &msg.phase.id, JOURNAL_NONE, &err) < 0)
		return 93;
	/* The end of file is our end. */
	if (wire_next(&w, LONG_MS, &msg, &err) != -ECONNRESET)
		return 92;
	wire_done(&w);
	return 7;
}

static char self[4096], dir_path[64];

/* A script in place of ssh. */
static const char *script(struct arena *a, const char *text)
{
	struct err err = ERR_NONE;
	auto_fd int dir = -1;

	memcpy(dir_path, "/tmp/hull-ssh-XXXXXX", 21);
	CHECK(mkdtemp(dir_path));
	dir = open(dir_path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	CHECK(dir >= 0);
	CHECK_INT(io_replace_file(dir, "ssh", text, strlen(text), 0700, &err), 0);
	return arena_printf(a, "%s/ssh", dir_path);
}

static void no_script(void)
{
	char path[128];

	snprintf(path, sizeof(path), "%s/ssh", dir_path);
	CHECK_INT(unlink(path), 0);
	CHECK_INT(rmdir(dir_path), 0);
}

static const struct transport_to far = {.kind = TRANSPORT_SSH, .host = "me@far"};

static void converse(struct transport *t)
{
	static const struct migration_id id = {{1}};
	struct err err = ERR_NONE;
	struct wire_msg msg;
	struct wire w;

	CHECK_INT(wire_init(&w, WIRE_SOURCE, t->in, t->out, LONG_MS, &err), 0);
	transport_attach(t, &w);
	if (wire_hello(&w, 0, &err) < 0) {
		transport_explain(t, LONG_MS, &err);
		unit_fail(__FILE__, __LINE__, "%s", err.text);
	}
	CHECK_INT(wire_send_phase(&w, WIRE_PREPARE, &id, JOURNAL_NONE, &err), 0);
	CHECK_INT(wire_expect(&w, WIRE_PREPARED, LONG_MS, &msg, &err), 0);
	CHECK(migration_id_same(&msg.phase.id, &id));
	wire_done(&w);
}

/* The script gets "-p 22 me@far COMMAND" and does with the command what sshd does. */
static void by_ssh(void)
{
	const char *receive[] = {self, "receive", odd_word, NULL};
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct transport t;
	const char *ssh = script(&a, "#!/bin/sh\n"
				     "printf '<%s>' \"$1\" \"$2\" \"$3\" \"$#\" >\"$0.said\"\n"
				     "exec sh -c \"$4\"\n");
	const char *command = arena_printf(&a, "'%s' -p 22", ssh);
	char said[64];

	CHECK_INT(transport_open(&t, &far, command, receive, &err), 0);
	converse(&t);
	CHECK_INT(transport_close(&t, LONG_MS), 7);
	CHECK(io_read_small(AT_FDCWD, arena_printf(&a, "%s.said", ssh), said, sizeof(said)) > 0);
	CHECK_STR(said, "<-p><22><me@far><4>");
	CHECK_STR(t.said + t.n_said - 9, "\nthe end\n");
	CHECK_UINT(t.n_said, TRANSPORT_SAID);
	unlink(arena_printf(&a, "%s.said", ssh));
	no_script();
}

static void by_environment(void)
{
	const char *receive[] = {self, "receive", odd_word, NULL};
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct transport t;

	setenv("HULL_SSH", script(&a, "#!/bin/sh\nexec sh -c \"$2\"\n"), 1);
	CHECK_INT(transport_open(&t, &far, NULL, receive, &err), 0);
	converse(&t);
	CHECK_INT(transport_close(&t, LONG_MS), 7);
	no_script();
}

static void beside_us(void)
{
	const struct transport_to here = {.kind = TRANSPORT_LOCAL};
	const char *receive[] = {"hull", "receive", odd_word, NULL};
	struct err err = ERR_NONE;
	struct transport t;

	CHECK_INT(transport_open(&t, &here, NULL, receive, &err), 0);
	converse(&t);
	CHECK_INT(transport_close(&t, LONG_MS), 7);
	CHECK_INT(transport_close(&t, LONG_MS), 0);
}

/* ---- failures --------------------------------------------------------------------------- */

static void failing(const char *text, const char *const *receive, const char *why, const char *hint)
{
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct transport t;
	struct wire w;
	int r;

	CHECK_INT(transport_open(&t, &far, script(&a, text), receive, &err), 0);
	CHECK_INT(wire_init(&w, WIRE_SOURCE, t.in, t.out, LONG_MS, &err), 0);
	transport_attach(&t, &w);
	r = wire_hello(&w, 0, &err);
	CHECK_INT(r, -ECONNRESET);
	CHECK_INT(transport_explain(&t, LONG_MS, &err), r);
	CHECK_HAS(err.text, "the target has closed the connection");
	CHECK_HAS(err.text, why);
	CHECK_HAS(err.hint, hint);
	wire_done(&w);
	transport_close(&t, LONG_MS);
	no_script();
}

static void failures(void)
{
	static const char *const receive[] = {"/nowhere/hull", "migrate-receive", NULL};

	signal(SIGPIPE, SIG_IGN);
	failing("#!/bin/sh\necho 'ssh: far: Name or service not known' >&2\nexit 255\n", receive,
		"; ssh ended with status 255: ssh: far: Name or service not known", "HULL_SSH");
	failing("#!/bin/sh\nexec sh -c \"$2\"\n", receive, "status 127", "is hull installed");
	failing("#!/bin/sh\nexit 3\n", receive, "; ssh ended with status 3", "");
	failing("#!/bin/sh\nkill -9 $$\n", receive, "; ssh ended with status 137", "");
}

static void no_program(void)
{
	const char *receive[] = {"hull", NULL};
	struct err err = ERR_NONE;
	struct transport t;

	CHECK_INT(transport_open(&t, &far, "/nowhere/ssh -p 1", receive, &err), 0);
	err_fail(&err, ECONNRESET, "closed");
	transport_explain(&t, LONG_MS, &err);
	CHECK_STR(err.text, "closed; ssh ended with status 127: execute '/nowhere/ssh': ENOENT");
	transport_close(&t, LONG_MS);
}

/* It neither answers nor ends. */
static void stuck(void)
{
	const struct transport_to here = {.kind = TRANSPORT_LOCAL};
	const char *receive[] = {self, "receive", odd_word, "stay", NULL};
	auto_arena a = ARENA_INIT;
	struct err err = ERR_NONE;
	struct transport t;
	pid_t pid;

	CHECK_INT(transport_open(&t, &far, script(&a, "#!/bin/sh\nexec sh -c \"exec $2\"\n"),
				 receive, &err),
		  0);
	CHECK_INT(transport_close(&t, 20), 128 + SIGTERM);
	no_script();
	/* A receiver beside us is left to itself. */
	CHECK_INT(transport_open(&t, &here, NULL, receive, &err), 0);
	pid = t.pid;
	CHECK_INT(transport_close(&t, 20), -ETIMEDOUT);
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
}

/* We are killed: ssh goes, even one that does not read. */
static void killed(void)
{
	auto_arena a = ARENA_INIT;
	const char *ssh = script(&a, "#!/bin/sh\nexec sleep 1000\n");
	const char *receive[] = {"hull", NULL};
	struct err err = ERR_NONE;
	struct transport t;
	int pipe_fds[2], status;
	pid_t pid, other;

	CHECK_INT(prctl(PR_SET_CHILD_SUBREAPER, 1), 0);
	CHECK_INT(pipe2(pipe_fds, O_CLOEXEC), 0);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		if (transport_open(&t, &far, ssh, receive, &err) < 0 ||
		    io_write_all(pipe_fds[1], &t.pid, sizeof(t.pid)) < 0)
			_exit(1);
		for (;;)
			pause();
	}
	CHECK_INT(read(pipe_fds[0], &other, sizeof(other)), sizeof(other));
	CHECK_INT(kill(pid, SIGKILL), 0);
	CHECK_INT(waitpid(pid, NULL, 0), pid);
	CHECK_INT(waitpid(other, &status, 0), other); /* ours now, and it ends */
	/* 127: it saw that we were gone before it was ssh. */
	CHECK((WIFSIGNALED(status) && WTERMSIG(status) == SIGTERM) ||
	      (WIFEXITED(status) && WEXITSTATUS(status) == 127));
	no_script();
}

/* ---- descriptors ------------------------------------------------------------------------ */

static void by_descriptors(void)
{
	int pair[2], there[2], back[2];
	struct err err = ERR_NONE;
	struct transport t;
	char byte;

	CHECK_INT(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair), 0);
	CHECK_INT(transport_open(&t,
				 &(struct transport_to){TRANSPORT_FD, NULL, NULL, pair[0], pair[0]},
				 NULL, NULL, &err),
		  0);
	CHECK(t.in == t.out && t.in != pair[0]);
	CHECK(fcntl(t.in, F_GETFD) & FD_CLOEXEC);
	CHECK_INT(io_write_all(t.out, "x", 1), 0);
	CHECK_INT(read(pair[1], &byte, 1), 1);
	err_fail(&err, EPROTO, "why");
	CHECK_INT(transport_explain(&t, 0, &err), -EPROTO);
	CHECK_STR(err.text, "why");
	CHECK_INT(transport_close(&t, 0), 0);
	CHECK(fcntl(pair[0], F_GETFD) >= 0); /* the caller's own stays */
	CHECK_INT(pipe2(there, O_CLOEXEC), 0);
	CHECK_INT(pipe2(back, O_CLOEXEC), 0);
	CHECK_INT(transport_open(
			  &t, &(struct transport_to){TRANSPORT_FD, NULL, NULL, back[0], there[1]},
			  NULL, NULL, &err),
		  0);
	CHECK(t.in != t.out);
	CHECK_INT(transport_close(&t, 0), 0);
}

static void bad_descriptors(void)
{
	int pipe_fds[2], dgram[2], file = open("/dev/null", O_RDWR | O_CLOEXEC);
	int listening = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
	struct err err = ERR_NONE;
	struct transport t;

	CHECK_INT(pipe2(pipe_fds, O_CLOEXEC), 0);
	CHECK_INT(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, dgram), 0);
	const struct {
		int in, out;
		const char *why;
	} rows[] = {
		{file, file, "neither a socket nor a pipe"},
		{pipe_fds[0], pipe_fds[0], "carries one way"},
		{pipe_fds[1], pipe_fds[0], "wrong end"},
		{pipe_fds[0], pipe_fds[0] + 1000, "descriptor"},
		{dgram[0], dgram[0], "no stream"},
		{listening, listening, "not connected"},
		{9999, 9999, "descriptor 9999"},
	};
	for (size_t i = 0; i < ARRAY_SIZE(rows); i++) {
		struct transport_to to = {TRANSPORT_FD, NULL, NULL, rows[i].in, rows[i].out};

		CHECK(transport_open(&t, &to, NULL, NULL, &err) < 0);
		CHECK_HAS(err.text, rows[i].why);
		CHECK(t.in == -1 && t.out == -1);
	}
}

/* By pipes, which hold little: a target that asks for 4000 pages before it reads any. Each side
 * would wait until the other one reads. */
static _Noreturn void asks_first(int in, int out)
{
	static uint8_t page[WIRE_PAGE_SIZE];
	struct err err = ERR_NONE;
	struct wire_msg msg;
	struct wire w;

	if (wire_init(&w, WIRE_TARGET, in, out, LONG_MS, &err) < 0 ||
	    wire_hello(&w, WIRE_F_LAZY, &err) < 0)
		_exit(1);
	for (uint64_t i = 0; i < 4000; i++) {
		msg = (struct wire_msg){.type = WIRE_PAGE_REQUEST, .pages = {1, i << 12, 1}};
		if (wire_send(&w, &msg, NULL, 0, &err) < 0)
			_exit(2);
	}
	for (uint64_t i = 0; i < 4000; i++)
		if (wire_next(&w, LONG_MS, &msg, &err) < 0 || msg.pages.address != i << 12 ||
		    wire_body(&w, &msg, page, &err) < 0 || page[7] != (uint8_t)i)
			_exit(3);
	_exit(0);
}

static void both_write(void)
{
	static uint8_t page[WIRE_PAGE_SIZE];
	struct iovec iov = {page, sizeof(page)};
	int down[2], up[2], status;
	struct err err = ERR_NONE;
	struct wire_msg msg;
	struct wire w;
	pid_t pid;

	CHECK(pipe(down) == 0 && pipe(up) == 0);
	pid = fork();
	if (pid == 0)
		asks_first(down[0], up[1]);
	CHECK_INT(wire_init(&w, WIRE_SOURCE, up[0], down[1], 5000, &err), 0);
	CHECK_INT(wire_hello(&w, WIRE_F_LAZY, &err), 0);
	for (int i = 0; i < 4000; i++) {
		CHECK_INT(wire_next(&w, LONG_MS, &msg, &err), 0);
		CHECK_INT(msg.type, WIRE_PAGE_REQUEST);
		msg.type = WIRE_PAGES;
		page[7] = (uint8_t)i;
		if (wire_send(&w, &msg, &iov, 1, &err) < 0)
			unit_fail(__FILE__, __LINE__, "after %d: %s", i, err.text);
	}
	CHECK_INT(waitpid(pid, &status, 0), pid);
	CHECK_INT(status, 0);
	wire_done(&w);
}

static const struct unit_case cases[] = {
	{"where to", targets},
	{"words of a command", words},
	{"what is executed", ssh_itself},
	{"by ssh", by_ssh},
	{"by HULL_SSH", by_environment},
	{"beside us", beside_us},
	{"ssh fails", failures},
	{"there is no ssh", no_program},
	{"it neither answers nor ends", stuck},
	{"we are killed", killed},
	{"by descriptors", by_descriptors},
	{"descriptors of another kind", bad_descriptors},
	{"both ends write", both_write},
};

int main(int argc, char **argv)
{
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	if (argc > 1 && streq(argv[1], "receive"))
		return receiver(argc, argv);
	return n > 0 ? unit_main(argv[0], cases, ARRAY_SIZE(cases)) : 1;
}
