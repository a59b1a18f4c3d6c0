/* TEST: all names of the program's tables, for the mutator and for dictionaries. */
#include <seccomp.h>
#include <stdlib.h>
#include <string.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/annotations.h"
#include "libcontainer/plan/plan.h"
#include "libcontainer/state.h"
#include "namespaces/ns.h"
#include "oci-spec/oci.h"
#include "seccomp/filter.h"
#include "tests/fuzz/fuzz.h"

#define LAST_SYSCALL 470

static struct arena words_arena;

static void add(struct fuzz_words *w, const char *word)
{
	size_t n = w->n;

	for (size_t i = 0; i < n; i++)
		if (streq(w->v[i], word))
			return;
	*arena_push(&words_arena, &w->v, &n) = word;
	w->n = n;
}

static void add_list(struct fuzz_words *w, const char *const *list)
{
	for (; *list; list++)
		add(w, *list);
}

/* ---- one function for each kind of name --------------------------------------------------- */

static void actions(struct fuzz_words *w)
{
	add_list(w, filter_action_names);
}

static void operators(struct fuzz_words *w)
{
	add_list(w, filter_operator_names);
}

static void archs(struct fuzz_words *w)
{
	add_list(w, filter_arch_names);
}

static void flags(struct fuzz_words *w)
{
	add_list(w, filter_flag_names);
}

static void options(struct fuzz_words *w)
{
	for (size_t i = 0; i < n_mount_options; i++)
		add(w, mount_options[i].name);
}

static void caps(struct fuzz_words *w)
{
	for (size_t i = 0; i < n_cap_names; i++)
		add(w, cap_names[i]);
}

static void syscalls(struct fuzz_words *w)
{
	const uint32_t tables[] = {SCMP_ARCH_X86, SCMP_ARCH_NATIVE};

	for (size_t i = 0; i < ARRAY_SIZE(tables); i++) {
		for (int nr = 0; nr < LAST_SYSCALL; nr++) {
			auto_free char *name = seccomp_syscall_resolve_num_arch(tables[i], nr);

			if (name)
				add(w, arena_strdup(&words_arena, name));
		}
	}
}

/* Types of namespaces, devices, device rules and file systems are all members called `type`. */
static void types(struct fuzz_words *w)
{
	static const char *const others[] = {"a",      "b",     "c",     "p",       "u",
					     "proc",   "tmpfs", "sysfs", "cgroup2", "mqueue",
					     "devpts", "bind",  "none",  NULL};

	for (size_t i = 0; i < n_ns_kinds; i++)
		add(w, ns_kinds[i].oci_name);
	add_list(w, others);
}

static void accesses(struct fuzz_words *w)
{
	static const char *const all[] = {"r", "w", "m", "rw", "rm", "wm", "rwm", "", "x", NULL};

	add_list(w, all);
}

/* Paths that mean something. */
static void paths(struct fuzz_words *w)
{
	static const char *const some[] = {
		"/",  "/proc", "/proc/",  "/dev",     "/dev/null",         "/sys", "/run",
		"..", "../x",  "a/../..", "/a//b/./", "/proc/self/ns/net", "",     NULL};

	add_list(w, some);
	for (size_t i = 0; i < n_plan_proc_files; i++)
		add(w, arena_printf(&words_arena, "/proc/%s", plan_proc_files[i]));
}

static void annotations(struct fuzz_words *w)
{
	static const char *const values[] = {"1", "0",         "true", "/run/x.sock",
					     "",  "fscontext", NULL};

	for (size_t i = 0; i < n_annotations; i++)
		add(w, annotation_table[i].name);
	add_list(w, values);
}

/* Members of this name are in several objects. */
static void modes(struct fuzz_words *w)
{
	static const char *const some[] = {"SCHED_OTHER",
					   "SCHED_BATCH",
					   "SCHED_IDLE",
					   "SCHED_FIFO",
					   "SCHED_RR",
					   "SCHED_DEADLINE",
					   "SCHED_FLAG_RESET_ON_FORK",
					   "IOPRIO_CLASS_RT",
					   "IOPRIO_CLASS_BE",
					   "IOPRIO_CLASS_IDLE",
					   "MPOL_DEFAULT",
					   "MPOL_BIND",
					   "MPOL_PREFERRED",
					   "MPOL_INTERLEAVE",
					   "MPOL_LOCAL",
					   "MPOL_F_STATIC_NODES",
					   "LINUX",
					   "LINUX32",
					   "RLIMIT_NOFILE",
					   "RLIMIT_CORE",
					   "u:r:t:s0:c1,c2",
					   NULL};

	add_list(w, some);
}

static void lists(struct fuzz_words *w)
{
	static const char *const some[] = {"0",  "0-3", "1,3-5",      "3-1",
					   "0-", ",",   "4294967296", NULL};

	add_list(w, some);
}

/* The names of members, of this table and of those below it. */
static void members(struct fuzz_words *w, const struct oci_type *type, unsigned depth)
{
	for (size_t i = 0; i < type->n_fields; i++) {
		add(w, type->fields[i].name);
		if (type->fields[i].type && depth < OCI_MAX_DEPTH)
			members(w, type->fields[i].type, depth + 1);
	}
}

/* ---- which member takes which ----------------------------------------------------------- */

static const struct {
	const char *member;
	void (*fill)(struct fuzz_words *w);
} kinds[] = {
	{"action", actions},
	{"defaultAction", actions},
	{"op", operators},
	{"architectures", archs},
	{"flags", flags},
	{"names", syscalls},
	{"options", options},
	{"rootfsPropagation", options},
	{"type", types},
	{"access", accesses},
	{"bounding", caps},
	{"effective", caps},
	{"permitted", caps},
	{"inheritable", caps},
	{"ambient", caps},
	{"path", paths},
	{"destination", paths},
	{"source", paths},
	{"maskedPaths", paths},
	{"readonlyPaths", paths},
	{"cwd", paths},
	{"cgroupsPath", paths},
	{"cpus", lists},
	{"mems", lists},
	{"annotations", annotations},
	{"policy", modes},
	{"class", modes},
	{"mode", modes},
	{"domain", modes},
	{"mountLabel", modes},
	{"selinuxLabel", modes},
	{"nodes", lists},
	{"initial", lists},
	{"final", lists},
	{"namespaces", types},
};

const struct fuzz_words *fuzz_words_for(const char *member)
{
	static struct fuzz_words by_kind[ARRAY_SIZE(kinds)];

	for (size_t i = 0; member && i < ARRAY_SIZE(kinds); i++) {
		if (!streq(kinds[i].member, member))
			continue;
		if (!by_kind[i].n)
			kinds[i].fill(&by_kind[i]);
		return &by_kind[i];
	}
	return fuzz_all_words();
}

const struct fuzz_words *fuzz_all_words(void)
{
	static struct fuzz_words all;

	if (all.n)
		return &all;
	for (size_t i = 0; i < ARRAY_SIZE(kinds); i++)
		kinds[i].fill(&all);
	members(&all, &oci_spec_type, 0);
	members(&all, &state_type, 0);
	return &all;
}
