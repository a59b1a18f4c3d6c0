/* TEST: the process object: environment, user, terminal, limits. */
#include <errno.h>

#include "tests/unit/test_plan.h"

static struct plan_process *build_env(struct plan_test *t, struct oci_strings env)
{
	plan_test_init(t);
	t->process.env = env;
	return &plan_test_build(t)->process;
}

static void environment(void)
{
	auto_plan_test t;
	struct plan_process *p = build_env(
		&t, STRINGS("A=1", "PATH=/bin", "A=2", "B=", "PATHS=x", "PATH=/sbin", "C=a=b"));

	CHECK_STR(p->env[0], "A=2");
	CHECK_STR(p->env[1], "B=");
	CHECK_STR(p->env[2], "PATHS=x");
	CHECK_STR(p->env[3], "PATH=/sbin");
	CHECK_STR(p->env[4], "C=a=b");
	CHECK(p->env[5] == NULL);
}

static void empty_environment(void)
{
	auto_plan_test t;

	CHECK(build_env(&t, (struct oci_strings){0})->env[0] == NULL);
}

/* J-08: the program is told about the descriptors; an entry of the config does not win. */
static void listen_fds(void)
{
	auto_plan_test t;
	struct plan_process *p;

	plan_test_init(&t);
	t.process.env = STRINGS("LISTEN_FDS=9", "A=1", "LISTEN_PID=77");
	t.in.listen_fds = 2;
	t.in.preserve_fds = 3;
	p = &plan_test_build(&t)->process;
	CHECK_STR(p->env[0], "A=1");
	CHECK_STR(p->env[1], "LISTEN_FDS=2");
	CHECK_STR(p->env[2], "LISTEN_PID=1");
	CHECK(p->env[3] == NULL);
	CHECK_UINT(p->keep_fds, 3); /* as many as the larger says */
}

static void args_and_cwd(void)
{
	auto_plan_test t;
	struct plan_process *p;

	plan_test_init(&t);
	t.process.args = STRINGS("sh", "-c", "");
	t.process.cwd = "/work dir";
	p = &plan_test_build(&t)->process;
	CHECK(t.plan.has_process);
	CHECK_STR(p->args[0], "sh");
	CHECK_STR(p->args[1], "-c");
	CHECK_STR(p->args[2], "");
	CHECK(p->args[3] == NULL);
	CHECK_STR(p->cwd, "/work dir");
}

static void no_args(void)
{
	auto_plan_test t;

	plan_test_init(&t);
	t.process.args.n = 0;
	CHECK_HAS(plan_test_error(&t), "process.args");
}

static void users(void)
{
	uint32_t gids[] = {5, 4294967294u};
	struct oci_user user = {.uid = {true, 1000}, .gid = {true, 1001}, .umask = {true, 077}};
	auto_plan_test none, some;
	struct plan_process *p;

	plan_test_init(&none);
	p = &plan_test_build(&none)->process;
	CHECK_UINT(p->uid | p->gid, 0); /* */
	CHECK_UINT(p->umask, 022);      /* P-14 */
	CHECK_UINT(p->n_groups, 0);
	CHECK(p->set_groups); /* P-15: nothing is inherited */

	plan_test_init(&some);
	user.additional_gids.v = gids;
	user.additional_gids.n = 2;
	some.process.user = &user;
	p = &plan_test_build(&some)->process;
	CHECK_UINT(p->uid, 1000);
	CHECK_UINT(p->gid, 1001);
	CHECK_UINT(p->umask, 077);
	CHECK_UINT(p->n_groups, 2);
	CHECK_UINT(p->groups[1], 4294967294u);
}

static void zero_umask(void)
{
	struct oci_user user = {.umask = {true, 0}};
	auto_plan_test t;

	plan_test_init(&t);
	t.process.user = &user;
	CHECK_UINT(plan_test_build(&t)->process.umask, 0);
}

static void rootless_groups(void)
{
	uint32_t gid = 5;
	struct oci_user user = {.additional_gids = {true, 1, &gid}};
	struct oci_id_mapping maps[] = {{{true, 0}, {true, 1000}, {true, 1}},
					{{true, 1}, {true, 100000}, {true, 10}}};
	auto_plan_test t;

	plan_test_init(&t);
	plan_test_add_ns(&t, "user", NULL);
	t.linux_.uid_mappings.v = t.linux_.gid_mappings.v = maps;
	t.linux_.uid_mappings.n = t.linux_.gid_mappings.n = 1;
	t.in.rootless = true;
	t.process.user = &user;
	CHECK_HAS(plan_test_error(&t), "cannot set any additional groups in a rootless container");
	user.additional_gids.n = 0;
	plan_test_build(&t);
	plan_test_done(&t);
	/* newgidmap leaves setgroups allowed */
	user.additional_gids.n = 1;
	t.linux_.uid_mappings.n = t.linux_.gid_mappings.n = 2;
	CHECK(!plan_test_build(&t)->process.groups_if_allowed);
	plan_test_done(&t);
	/* a config for root, in a user namespace: only the kernel knows */
	t.linux_.uid_mappings.n = t.linux_.gid_mappings.n = 1;
	t.in.nested = true;
	CHECK(plan_test_build(&t)->process.groups_if_allowed);
}

static void terminal(void)
{
	struct oci_box size = {.height = {true, 24}, .width = {true, 80}};
	auto_plan_test without, with, big;

	plan_test_init(&without);
	without.process.console_size = &size;
	plan_test_build(&without);
	CHECK(!without.plan.process.terminal); /* P-04: then the size means nothing */
	CHECK_UINT(without.plan.process.rows | without.plan.process.columns, 0);

	plan_test_init(&with);
	with.process.console_size = &size;
	with.process.terminal = (struct opt_bool){true, true};
	plan_test_build(&with);
	CHECK(with.plan.process.terminal);
	CHECK_UINT(with.plan.process.rows, 24);
	CHECK_UINT(with.plan.process.columns, 80);

	plan_test_init(&big);
	size.width.v = 65536;
	big.process.console_size = &size;
	big.process.terminal = (struct opt_bool){true, true};
	CHECK_HAS(plan_test_error(&big), "process.consoleSize");
}

/* P-28: 0 is a value. */
static void oom_score_adj(void)
{
	auto_plan_test unset, zero, bad;

	plan_test_init(&unset);
	CHECK(!plan_test_build(&unset)->process.has_oom_score_adj);
	plan_test_init(&zero);
	zero.process.oom_score_adj = (struct opt_i64){true, 0};
	CHECK(plan_test_build(&zero)->process.has_oom_score_adj);
	CHECK_INT(zero.plan.process.oom_score_adj, 0);
	plan_test_init(&bad);
	bad.process.oom_score_adj = (struct opt_i64){true, 1001};
	CHECK_HAS(plan_test_error(&bad), "oomScoreAdj 1001");
}

static void keyring(void)
{
	auto_plan_test with, without;

	plan_test_init(&with);
	CHECK_STR(plan_test_build(&with)->process.keyring, "_ses.web");
	plan_test_init(&without);
	without.in.no_new_keyring = true;
	CHECK(plan_test_build(&without)->process.keyring == NULL);
}

static void no_process(void)
{
	auto_plan_test t;

	plan_test_init(&t);
	t.spec.process = NULL;
	CHECK(!plan_test_build(&t)->has_process);
}

static void rlimits(void)
{
	/* P-30's list, with the numbers of include/uapi/asm-generic/resource.h. */
	static const struct {
		const char *name;
		int number;
	} all[] = {
		{"RLIMIT_CPU", 0},       {"RLIMIT_FSIZE", 1},  {"RLIMIT_DATA", 2},
		{"RLIMIT_STACK", 3},     {"RLIMIT_CORE", 4},   {"RLIMIT_RSS", 5},
		{"RLIMIT_NPROC", 6},     {"RLIMIT_NOFILE", 7}, {"RLIMIT_MEMLOCK", 8},
		{"RLIMIT_AS", 9},        {"RLIMIT_LOCKS", 10}, {"RLIMIT_SIGPENDING", 11},
		{"RLIMIT_MSGQUEUE", 12}, {"RLIMIT_NICE", 13},  {"RLIMIT_RTPRIO", 14},
		{"RLIMIT_RTTIME", 15},
	};
	struct oci_rlimit in[ARRAY_SIZE(all)];
	auto_plan_test t;
	struct plan_process *p;

	plan_test_init(&t);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++)
		in[i] = (struct oci_rlimit){all[i].name, {true, i}, {true, UINT64_MAX}};
	t.process.rlimits.v = in;
	t.process.rlimits.n = ARRAY_SIZE(all);
	p = &plan_test_build(&t)->process;
	CHECK_UINT(p->n_rlimits, 16);
	for (size_t i = 0; i < ARRAY_SIZE(all); i++) {
		CHECK_INT(p->rlimits[i].resource, all[i].number);
		CHECK_UINT(p->rlimits[i].limit.rlim_cur, i);
		CHECK(p->rlimits[i].limit.rlim_max == RLIM_INFINITY);
	}
}

static const char *refuse_rlimit(struct plan_test *t, struct oci_rlimit bad)
{
	struct oci_rlimit in[] = {{"RLIMIT_AS", {true, 1}, {true, 1}}, bad};

	plan_test_init(t);
	t->process.rlimits.v = in;
	t->process.rlimits.n = 2;
	return plan_test_error(t);
}

static void bad_rlimits(void)
{
	auto_plan_test t;

	CHECK_HAS(refuse_rlimit(&t, (struct oci_rlimit){"RLIMIT_TEST", {true, 1}, {true, 1}}),
		  "process.rlimits[1]: unknown type 'RLIMIT_TEST'");
	CHECK_HAS(refuse_rlimit(&t, (struct oci_rlimit){"NOFILE", {true, 1}, {true, 1}}),
		  "unknown type 'NOFILE'");
	CHECK_HAS(refuse_rlimit(&t, (struct oci_rlimit){"RLIMIT_CPU", {true, 2}, {true, 1}}),
		  "soft is above hard");
}

/* exec's way in. */
static void for_exec(void)
{
	struct oci_process process = {.args = STRINGS("id"), .cwd = "/tmp"};
	struct plan_process p = {.uid = 7};
	struct err err = ERR_NONE;
	auto_arena a = ARENA_INIT;

	process.no_new_privileges = (struct opt_bool){true, true};
	CHECK_INT(plan_process_build(&a, &p, &process, 40, &err), 0);
	CHECK_STR(p.args[0], "id");
	CHECK_STR(p.cwd, "/tmp");
	CHECK_UINT(p.uid, 0);
	CHECK(p.no_new_privs);
	CHECK(p.keyring == NULL);
	CHECK(p.set_groups);
	process.args.n = 0;
	p.uid = 7;
	CHECK_INT(plan_process_build(&a, &p, &process, 40, &err), -EINVAL);
	CHECK_UINT(p.uid, 7); /* written only on success */
}

static const struct unit_case cases[] = {
	{"P-08, P-09: of duplicates the last counts, in its place", environment},
	{"P-08: an empty environment", empty_environment},
	{"J-08: LISTEN_FDS", listen_fds},
	{"P-10, P-05: args and cwd", args_and_cwd},
	{"P-10: no args", no_args},
	{"P-13, P-14, P-15: ids, umask, groups", users},
	{"P-14: umask 0 is a value", zero_umask},
	{"P-15: no groups without privileges", rootless_groups},
	{"P-02, P-04: terminal and its size", terminal},
	{"P-27, P-28: oomScoreAdj", oom_score_adj},
	{"the session keyring is named after the container", keyring},
	{"P-01: no process", no_process},
	{"P-30..P-32: every rlimit", rlimits},
	{"P-30, P-31: bad rlimits", bad_rlimits},
	{"plan_process_build alone", for_exec},
};

UNIT_MAIN(cases)
