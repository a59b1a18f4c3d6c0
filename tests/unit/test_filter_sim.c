/* TEST: an interpreter for classic BPF, and a reference for seccomp profiles. */
#include "tests/unit/test_filter_sim.h"

#include <errno.h>
#include <linux/audit.h>
#include <stddef.h>
#include <stdlib.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"

#define X32_BIT 0x40000000U
#define NR_MAX  700 /* above the last number of any x86 or arm call */

/* ---- building profiles ----------------------------------------------------------- */

void prof_strings(struct arena *a, struct oci_strings *list, const char *words)
{
	list->set = true;
	while (*words) {
		size_t len = strcspn(words, " ");

		if (len) {
			const char **v = arena_array(a, const char *, list->n + 2);

			if (list->n)
				memcpy(v, list->v, list->n * sizeof(*v));
			v[list->n++] = arena_strndup(a, words, len);
			list->v = v;
		}
		words += len + (words[len] == ' ');
	}
}

static struct opt_u32 opt_errno(int n)
{
	return (struct opt_u32){.set = n >= 0, .v = n >= 0 ? (uint32_t)n : 0};
}

struct oci_seccomp *prof_new(struct arena *a, const char *default_action, int errno_ret)
{
	struct oci_seccomp *s = arena_new(a, struct oci_seccomp);

	s->default_action = default_action;
	s->default_errno_ret = opt_errno(errno_ret);
	return s;
}

struct oci_seccomp_rule *prof_rule(struct arena *a, struct oci_seccomp *s, const char *action,
				   int errno_ret, const char *names)
{
	struct oci_seccomp_rule *rule = arena_push(a, &s->syscalls.v, &s->syscalls.n);

	s->syscalls.set = true;
	rule->action = action;
	rule->errno_ret = opt_errno(errno_ret);
	prof_strings(a, &rule->names, names);
	return rule;
}

void prof_arg(struct arena *a, struct oci_seccomp_rule *rule, unsigned index, const char *op,
	      uint64_t value, uint64_t value_two)
{
	struct oci_seccomp_arg *arg = arena_push(a, &rule->args.v, &rule->args.n);

	rule->args.set = true;
	arg->index = (struct opt_u32){true, index};
	arg->value = (struct opt_u64){true, value};
	arg->value_two = (struct opt_u64){true, value_two};
	arg->op = op;
}

const char *prof_native_archs(void)
{
	switch (seccomp_arch_native()) {
	case SCMP_ARCH_X86_64:
		return "SCMP_ARCH_X86_64 SCMP_ARCH_X86 SCMP_ARCH_X32";
	case SCMP_ARCH_AARCH64:
		return "SCMP_ARCH_AARCH64 SCMP_ARCH_ARM";
	default:
		return "";
	}
}

struct oci_seccomp *prof_large(struct arena *a)
{
	struct oci_seccomp *s = prof_new(a, "SCMP_ACT_ERRNO", EPERM);
	char names[64], all[16384] = "";
	struct oci_seccomp_rule *r;

	/* Most of what the library knows, in runs with gaps, as an allow list of calls gives. */
	for (int nr = 0; nr < 460; nr++) {
		auto_free char *name = seccomp_syscall_resolve_num_arch(SCMP_ARCH_NATIVE, nr);

		if (!name || nr % 11 == 5 || str_starts(name, "clone") ||
		    streq(name, "personality") || streq(name, "socket") || streq(name, "ioctl"))
			continue;
		snprintf(names, sizeof(names), "%s ", name);
		strcat(all, names);
	}
	prof_rule(a, s, "SCMP_ACT_ALLOW", NO_ERRNO, all);
	prof_rule(a, s, "SCMP_ACT_ALLOW", NO_ERRNO,
		  "socketcall ipc waitpid fcntl64 mmap2 stat64 getuid32 send recv "
		  "arm_sync_file_range "
		  "set_thread_area nosuchcall");
	for (unsigned v = 0; v < 5; v++) {
		static const uint64_t values[] = {0, 8, 0x20000, 0x20008, 0xffffffff};

		r = prof_rule(a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "personality");
		prof_arg(a, r, 0, "SCMP_CMP_EQ", values[v], 0);
	}
	r = prof_rule(a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "clone");
	prof_arg(a, r, 0, "SCMP_CMP_MASKED_EQ", 0x7e020000, 0);
	prof_rule(a, s, "SCMP_ACT_ERRNO", ENOSYS, "clone3");
	r = prof_rule(a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "socket");
	prof_arg(a, r, 0, "SCMP_CMP_LT", 16, 0);
	r = prof_rule(a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "socket");
	prof_arg(a, r, 0, "SCMP_CMP_GT", 40, 0);
	r = prof_rule(a, s, "SCMP_ACT_ALLOW", NO_ERRNO, "ioctl");
	prof_arg(a, r, 1, "SCMP_CMP_NE", 0x5412, 0);
	prof_strings(a, &s->architectures, prof_native_archs());
	return s;
}

/* ---- the program ------------------------------------------------------------------- */

void sim_check(const struct plan_filter *f)
{
	CHECK(f->insns && f->n > 0 && f->n <= BPF_MAXINSNS);
	for (size_t i = 0; i < f->n; i++) {
		const struct sock_filter *s = &f->insns[i];

		switch (s->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			CHECK(s->k % 4 == 0 && s->k < sizeof(struct seccomp_data));
			break;
		case BPF_LD | BPF_IMM:
		case BPF_ALU | BPF_AND | BPF_K:
		case BPF_RET | BPF_K:
			break;
		case BPF_JMP | BPF_JA:
			CHECK(s->k < f->n - i - 1);
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
		case BPF_JMP | BPF_JSET | BPF_K:
			CHECK(s->jt < f->n - i - 1 && s->jf < f->n - i - 1);
			break;
		default:
			unit_fail(__FILE__, __LINE__, "instruction %zu has code %#x", i, s->code);
		}
	}
	CHECK(BPF_CLASS(f->insns[f->n - 1].code) == BPF_RET);
}

uint32_t sim_run(const struct plan_filter *f, const struct seccomp_data *data)
{
	uint32_t acc = 0xdeadbeef;

	for (size_t pc = 0; pc < f->n; pc++) {
		const struct sock_filter *s = &f->insns[pc];
		bool yes;

		switch (s->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			memcpy(&acc, (const char *)data + s->k, 4);
			continue;
		case BPF_LD | BPF_IMM:
			acc = s->k;
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			acc &= s->k;
			continue;
		case BPF_RET | BPF_K:
			return s->k;
		case BPF_JMP | BPF_JA:
			pc += s->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = acc == s->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = acc > s->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = acc >= s->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = acc & s->k;
			break;
		default:
			unit_fail(__FILE__, __LINE__, "instruction %zu has code %#x", pc, s->code);
		}
		pc += yes ? s->jt : s->jf;
	}
	unit_fail(__FILE__, __LINE__, "the program runs over its end");
}

/* The architecture value the kernel gives. */
static uint32_t audit_arch(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? (uint32_t)AUDIT_ARCH_X86_64 : token;
}

uint32_t sim_call(const struct plan_filter *f, const char *name, uint64_t a0, uint64_t a1,
		  uint64_t a2)
{
	struct seccomp_data data = {
		.nr = seccomp_syscall_resolve_name(name),
		.arch = audit_arch(seccomp_arch_native()),
		.args = {a0, a1, a2},
	};

	return sim_run(f, &data);
}

/* ---- the reference ----------------------------------------------------------------- */

struct names {
	uint32_t token;
	char *v[NR_MAX];
	int n;
};

static uint32_t first_nr(uint32_t token)
{
	return token == SCMP_ARCH_X32 ? X32_BIT : 0;
}

/* Numbers and names of an architecture: libseccomp's table is trusted, its rules are not. */
static const struct names *names_of(uint32_t token)
{
	static struct names tables[8];
	struct names *t = tables;

	while (t->token && t->token != token)
		t++;
	if (!t->token) {
		t->token = token;
		for (int i = 0; i < NR_MAX; i++)
			t->v[i] =
				seccomp_syscall_resolve_num_arch(token, (int)(first_nr(token) + i));
	}
	return t;
}

static uint32_t token_of(const char *arch)
{
	static const struct {
		const char *name;
		uint32_t token;
	} known[] = {{"SCMP_ARCH_X86_64", SCMP_ARCH_X86_64},
		     {"SCMP_ARCH_X86", SCMP_ARCH_X86},
		     {"SCMP_ARCH_X32", SCMP_ARCH_X32},
		     {"SCMP_ARCH_AARCH64", SCMP_ARCH_AARCH64},
		     {"SCMP_ARCH_ARM", SCMP_ARCH_ARM}};

	for (size_t i = 0; i < ARRAY_SIZE(known); i++)
		if (streq(known[i].name, arch))
			return known[i].token;
	return 0;
}

static bool in_filter(const struct oci_seccomp *s, uint32_t token)
{
	if (token == seccomp_arch_native())
		return true;
	for (size_t i = 0; i < s->architectures.n; i++)
		if (token_of(s->architectures.v[i]) == token)
			return strstr(prof_native_archs(), s->architectures.v[i]) != NULL;
	return false;
}

static uint32_t action_value(const char *action, struct opt_u32 e)
{
	uint32_t n = e.set ? e.v : EPERM;

	if (streq(action, "SCMP_ACT_ERRNO"))
		return SECCOMP_RET_ERRNO | n;
	if (streq(action, "SCMP_ACT_TRACE"))
		return SECCOMP_RET_TRACE | n;
	if (streq(action, "SCMP_ACT_ALLOW"))
		return SECCOMP_RET_ALLOW;
	if (streq(action, "SCMP_ACT_LOG"))
		return SECCOMP_RET_LOG;
	if (streq(action, "SCMP_ACT_NOTIFY"))
		return SECCOMP_RET_USER_NOTIF;
	if (streq(action, "SCMP_ACT_TRAP"))
		return SECCOMP_RET_TRAP;
	if (streq(action, "SCMP_ACT_KILL_PROCESS"))
		return SECCOMP_RET_KILL_PROCESS;
	return SECCOMP_RET_KILL_THREAD;
}

static bool has_name(const struct oci_strings *list, const char *name)
{
	for (size_t i = 0; i < list->n; i++)
		if (streq(list->v[i], name))
			return true;
	return false;
}

static bool arg_holds(const struct oci_seccomp_arg *arg, const __u64 *args, bool wide)
{
	uint64_t width = wide ? UINT64_MAX : UINT32_MAX;
	uint64_t got = args[arg->index.v] & width, want = arg->value.v & width;

	if (streq(arg->op, "SCMP_CMP_NE"))
		return got != want;
	if (streq(arg->op, "SCMP_CMP_LT"))
		return got < want;
	if (streq(arg->op, "SCMP_CMP_LE"))
		return got <= want;
	if (streq(arg->op, "SCMP_CMP_EQ"))
		return got == want;
	if (streq(arg->op, "SCMP_CMP_GE"))
		return got >= want;
	if (streq(arg->op, "SCMP_CMP_GT"))
		return got > want;
	/* seccomp_rule_add(3): the masked argument is equal to the masked datum */
	return (got & want) == (arg->value_two.v & want);
}

/* S-22: all must hold, but any of them when an index occurs twice. */
static bool rule_holds(const struct oci_seccomp_rule *rule, const __u64 *args, bool wide)
{
	unsigned used = 0;
	bool any = false, all = true, twice = false;

	for (size_t i = 0; i < rule->args.n; i++) {
		bool holds = arg_holds(&rule->args.v[i], args, wide);

		any |= holds;
		all &= holds;
		twice |= used >> rule->args.v[i].index.v & 1;
		used |= 1U << rule->args.v[i].index.v;
	}
	return twice ? any : all;
}

static bool above_all_named(const struct oci_seccomp *s, const struct names *t, uint32_t nr)
{
	for (int i = NR_MAX - 1; i >= 0; i--)
		for (size_t j = 0; t->v[i] && j < s->syscalls.n; j++)
			if (has_name(&s->syscalls.v[j].names, t->v[i]))
				return nr > first_nr(t->token) + (uint32_t)i;
	return false;
}

/* A call of the i386 socketcall(2) or ipc(2) is the call that its first argument selects. */
static const char *multiplexed(const char *name, uint32_t token, const __u64 *args)
{
	static const char *const calls[] = {
		NULL,          "socket",      "bind",       "connect",    "listen",  "accept",
		"getsockname", "getpeername", "socketpair", "send",       "recv",    "sendto",
		"recvfrom",    "shutdown",    "setsockopt", "getsockopt", "sendmsg", "recvmsg",
		"accept4",     "recvmmsg",    "sendmmsg"};
	static const char *const ipc[] = {
		[1] = "semop",   [2] = "semget",  [3] = "semctl",  [4] = "semtimedop",
		[11] = "msgsnd", [12] = "msgrcv", [13] = "msgget", [14] = "msgctl",
		[21] = "shmat",  [22] = "shmdt",  [23] = "shmget", [24] = "shmctl"};
	uint32_t which = (uint32_t)args[0];

	if (token != SCMP_ARCH_X86)
		return NULL;
	if (streq(name, "socketcall"))
		return which < ARRAY_SIZE(calls) ? calls[which] : NULL;
	return streq(name, "ipc") && which < ARRAY_SIZE(ipc) ? ipc[which] : NULL;
}

/* Whether a rule for OTHER counts for the multiplexer: its conditions cannot be seen, so that only
 * one that makes it stricter does. The kernel's order of actions is that of signed numbers. */
static bool counts_for_other(const struct oci_seccomp_rule *rule, const char *other,
			     uint32_t action, uint32_t fallback)
{
	return other && has_name(&rule->names, other) &&
	       (rule->args.n == 0 || (int32_t)(action & SECCOMP_RET_ACTION_FULL) <
					     (int32_t)(fallback & SECCOMP_RET_ACTION_FULL));
}

static uint32_t rules_say(const struct oci_seccomp *s, const char *name, const char *other,
			  const __u64 *args, bool wide, uint32_t fallback)
{
	for (size_t pass = 0; pass < 2; pass++) { /* a rule without conditions goes first */
		for (size_t i = 0; i < s->syscalls.n; i++) {
			const struct oci_seccomp_rule *rule = &s->syscalls.v[i];
			uint32_t action = action_value(rule->action, rule->errno_ret);
			bool named = has_name(&rule->names, name);
			bool unseen = counts_for_other(rule, other, action, fallback);

			if ((!named && !unseen) || (rule->args.n == 0) != (pass == 0) ||
			    action == fallback)
				continue;
			if (unseen || rule_holds(rule, args, wide))
				return action;
		}
	}
	return fallback;
}

static bool denies(uint32_t action)
{
	action &= SECCOMP_RET_ACTION_FULL;
	return action == SECCOMP_RET_ERRNO || action == SECCOMP_RET_TRAP ||
	       action == SECCOMP_RET_KILL_THREAD || action == SECCOMP_RET_KILL_PROCESS;
}

uint32_t ref_eval(const struct oci_seccomp *s, const struct seccomp_data *data)
{
	uint32_t fallback = action_value(s->default_action, s->default_errno_ret);
	uint32_t token = data->arch, nr = (uint32_t)data->nr, action;
	const struct names *t;
	const char *name;
	bool wide;

	if (token == (uint32_t)AUDIT_ARCH_X86_64 && nr >= X32_BIT)
		token = SCMP_ARCH_X32;
	if (token == SCMP_ARCH_X32 && nr == UINT32_MAX && !in_filter(s, token))
		return fallback; /* -1 is not x32: how a tracer skips a call */
	if (!in_filter(s, token))
		return SECCOMP_RET_KILL_THREAD; /* S-05 */
	wide = token & __AUDIT_ARCH_64BIT; /* not x32: its arguments are 32 bits to libseccomp */
	t = names_of(token);
	nr -= first_nr(token);
	name = nr < NR_MAX ? t->v[nr] : NULL;
	action = name ? rules_say(s, name, multiplexed(name, token, data->args), data->args, wide,
				  fallback)
		      : fallback;
	if (action == fallback && denies(fallback) && above_all_named(s, t, (uint32_t)data->nr))
		return SECCOMP_RET_ERRNO | ENOSYS;
	return action;
}

/* ---- profiles whose rules contradict each other ---------------------------------------- */

static const uint32_t ref_tokens[] = {SCMP_ARCH_X86_64,  SCMP_ARCH_X86, SCMP_ARCH_X32,
				      SCMP_ARCH_AARCH64, SCMP_ARCH_ARM, SCMP_ARCH_S390X};

static int number_of(const struct names *t, const char *name)
{
	for (int i = NR_MAX - 1; i >= 0; i--)
		if (t->v[i] && streq(t->v[i], name))
			return i;
	return -1;
}

void ref_prepare(struct ref *ref, const struct oci_seccomp *s)
{
	*ref = (struct ref){.s = s, .n = ARRAY_SIZE(ref_tokens)};
	for (size_t i = 0; i < ref->n; i++) {
		const struct names *t = names_of(ref_tokens[i]);

		ref->archs[i].token = ref_tokens[i];
		ref->archs[i].last = -1;
		for (size_t j = 0; j < s->syscalls.n; j++) {
			const struct oci_strings *names = &s->syscalls.v[j].names;

			for (size_t k = 0; k < names->n; k++) {
				int nr = number_of(t, names->v[k]);

				if (nr > ref->archs[i].last)
					ref->archs[i].last = nr;
			}
		}
	}
}

void ref_each_arch(const char *name, void (*use)(void *ctx, uint32_t arch, uint32_t nr), void *ctx)
{
	for (size_t i = 0; i < ARRAY_SIZE(ref_tokens); i++) {
		int nr = number_of(names_of(ref_tokens[i]), name);

		if (nr >= 0)
			use(ctx, audit_arch(ref_tokens[i]), first_nr(ref_tokens[i]) + (uint32_t)nr);
	}
}

static bool a_rule_says(const struct oci_seccomp *s, const char *name, const char *other,
			const struct seccomp_data *data, uint32_t fallback, uint32_t got)
{
	bool wide = data->arch & __AUDIT_ARCH_64BIT && (uint32_t)data->nr < X32_BIT, none = true;

	for (size_t i = 0; name && i < s->syscalls.n; i++) {
		const struct oci_seccomp_rule *rule = &s->syscalls.v[i];
		uint32_t action = action_value(rule->action, rule->errno_ret);

		if (action == fallback)
			continue;
		if (!counts_for_other(rule, other, action, fallback) &&
		    !(has_name(&rule->names, name) && rule_holds(rule, data->args, wide)))
			continue;
		if (action == got)
			return true;
		none = false;
	}
	return none && got == fallback;
}

bool ref_permits(const struct ref *ref, const struct seccomp_data *data, uint32_t got)
{
	uint32_t fallback = action_value(ref->s->default_action, ref->s->default_errno_ret);
	uint32_t token = data->arch, nr = (uint32_t)data->nr;
	const struct names *t;
	const char *name;
	int64_t last = -1;

	if (token == (uint32_t)AUDIT_ARCH_X86_64 && nr >= X32_BIT)
		token = SCMP_ARCH_X32;
	if (!in_filter(ref->s, token))
		return got == (token == SCMP_ARCH_X32 && nr == UINT32_MAX
				       ? fallback
				       : (uint32_t)SECCOMP_RET_KILL_THREAD);
	t = names_of(token);
	nr -= first_nr(token);
	name = nr < NR_MAX ? t->v[nr] : NULL;
	for (size_t i = 0; i < ref->n; i++)
		if (ref->archs[i].token == token)
			last = ref->archs[i].last;
	/* One that is newer than the profile. */
	if (denies(fallback) && last >= 0 && (int64_t)nr > last)
		return got == (SECCOMP_RET_ERRNO | ENOSYS);
	return a_rule_says(ref->s, name, name ? multiplexed(name, token, data->args) : NULL, data,
			   fallback, got);
}

static size_t compare_one(const struct oci_seccomp *s, const struct plan_filter *f,
			  const struct seccomp_data *data)
{
	uint32_t got = sim_run(f, data), want = ref_eval(s, data);

	if (got != want)
		unit_fail(__FILE__, __LINE__,
			  "arch %#x nr %#x args %#jx %#jx %#jx: %#x, expected %#x", data->arch,
			  (unsigned)data->nr, (uintmax_t)data->args[0], (uintmax_t)data->args[1],
			  (uintmax_t)data->args[2], got, want);
	return 1;
}

/* Values around each value of a condition, and its halves. */
static size_t interesting(const struct oci_seccomp *s, uint64_t *ret)
{
	size_t n = 0;

	ret[n++] = 0;
	ret[n++] = UINT64_MAX;
	for (size_t i = 0; i < s->syscalls.n; i++) {
		for (size_t j = 0; j < s->syscalls.v[i].args.n && n < 200; j++) {
			const struct oci_seccomp_arg *arg = &s->syscalls.v[i].args.v[j];
			uint64_t v = arg->value.v;
			uint64_t more[] = {v,
					   v - 1,
					   v + 1,
					   ~v,
					   v ^ (1ULL << 32),
					   v ^ (1ULL << 63),
					   v << 32,
					   v >> 32,
					   v & UINT32_MAX,
					   arg->value_two.v,
					   arg->value_two.v ^ 1,
					   arg->value_two.v | ~v};

			for (size_t k = 0; k < ARRAY_SIZE(more); k++)
				ret[n++] = more[k];
		}
	}
	return n;
}

static bool has_conditions(const struct oci_seccomp *s, const char *name)
{
	for (size_t i = 0; name && i < s->syscalls.n; i++)
		if (s->syscalls.v[i].args.n && has_name(&s->syscalls.v[i].names, name))
			return true;
	return false;
}

static size_t compare_args(const struct oci_seccomp *s, const struct plan_filter *f, uint32_t arch,
			   uint32_t nr, bool thorough)
{
	struct seccomp_data data = {.arch = arch, .nr = (int)nr};
	uint64_t values[256];
	size_t n = interesting(s, values), count = 0;

	for (size_t i = 0; i < (thorough ? n : 2); i++) {
		for (size_t j = 0; j < 6; j++)
			data.args[j] = values[i];
		count += compare_one(s, f, &data);
		for (size_t j = 0; thorough && j < n; j++) { /* two arguments that differ */
			data.args[1] = data.args[3] = data.args[5] = values[j];
			count += compare_one(s, f, &data);
		}
	}
	return count;
}

size_t ref_compare(const struct oci_seccomp *s, const struct plan_filter *f)
{
	const uint32_t *tokens = ref_tokens;
	const uint32_t odd[] = {1000,       X32_BIT - 1, X32_BIT + 1000, 0x7ffffffe,
				0x80000000, 0x80000001,  UINT32_MAX};
	size_t count = 0;

	for (size_t i = 0; i < ARRAY_SIZE(ref_tokens); i++) {
		uint32_t arch = audit_arch(tokens[i]), first = first_nr(tokens[i]);
		const struct names *t = names_of(tokens[i]);

		for (uint32_t nr = 0; nr < NR_MAX; nr++)
			count += compare_args(s, f, arch, first + nr, has_conditions(s, t->v[nr]));
		for (size_t j = 0; j < ARRAY_SIZE(odd); j++)
			count += compare_args(s, f, arch, odd[j], false);
	}
	count += compare_args(s, f, 0, 0, false);
	count += compare_args(s, f, UINT32_MAX, 1, false);
	return count;
}

void must_compile(struct arena *a, const struct oci_seccomp *s, struct plan_filter *ret)
{
	struct err err = ERR_NONE;

	if (filter_compile(a, s, ret, &err) < 0)
		unit_fail(__FILE__, __LINE__, "not compiled: %s", err.text);
	sim_check(ret);
}
