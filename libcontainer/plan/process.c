/* PURE: the process object, for create and for exec. */
#include <errno.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/str.h"
#include "libcontainer/plan/build.h"

#define DEFAULT_UMASK 0022 /* P-14: open in the spec; as runc and crun, not the caller's */

/* Whether B has the same name as A, whose name is LEN long. An entry without '=' is all name. */
static bool env_same_name(const char *a, size_t len, const char *b)
{
	return strncmp(a, b, len) == 0 && (b[len] == '=' || b[len] == '\0');
}

void plan_env_set(char **env, size_t *n, char *entry)
{
	size_t kept = 0, len = strcspn(entry, "=");

	for (size_t i = 0; i < *n; i++)
		if (!env_same_name(entry, len, env[i]))
			env[kept++] = env[i];
	env[kept++] = entry;
	*n = kept;
}

/* Of entries with the same name the last one counts, in its place (P-09). */
static char **build_env(struct arena *a, const struct oci_strings *oci)
{
	char **env = arena_array(a, char *, oci->n + 1);
	size_t n = 0;

	for (size_t i = 0; i < oci->n; i++) {
		size_t len = strcspn(oci->v[i], "=");
		bool later = false;

		for (size_t j = i + 1; j < oci->n && !later; j++)
			later = env_same_name(oci->v[i], len, oci->v[j]);
		if (!later)
			env[n++] = arena_strdup(a, oci->v[i]);
	}
	return env;
}

static char **build_args(struct arena *a, const struct oci_strings *oci)
{
	char **args = arena_array(a, char *, oci->n + 1);

	for (size_t i = 0; i < oci->n; i++)
		args[i] = arena_strdup(a, oci->v[i]);
	return args;
}

static void build_user(struct plan_process *p, const struct oci_user *user)
{
	p->umask = DEFAULT_UMASK;
	p->set_groups = true;
	if (!user)
		return; /* 0:0 */
	p->uid = user->uid.v;
	p->gid = user->gid.v;
	if (user->umask.set)
		p->umask = user->umask.v & 0777;
	p->groups = user->additional_gids.v;
	p->n_groups = user->additional_gids.n;
}

static int build_terminal(struct plan_process *p, const struct oci_process *process,
			  struct err *err)
{
	const struct oci_box *size = process->console_size;

	p->terminal = process->terminal.v;
	if (!p->terminal || !size)
		return 0;
	if (size->height.v > UINT16_MAX || size->width.v > UINT16_MAX)
		return err_fail(err, ERANGE, "process.consoleSize: more than 65535");
	p->rows = (uint16_t)size->height.v;
	p->columns = (uint16_t)size->width.v;
	return 0;
}

static int build_oom_score_adj(struct plan_process *p, const struct opt_i64 *adj, struct err *err)
{
	if (!adj->set)
		return 0;
	if (adj->v < -1000 || adj->v > 1000)
		return err_fail(err, ERANGE, "process.oomScoreAdj %lld is not within -1000 to 1000",
				(long long)adj->v);
	p->has_oom_score_adj = true;
	p->oom_score_adj = (int)adj->v;
	return 0;
}

int plan_process_build(struct arena *a, struct plan_process *p, const struct oci_process *process,
		       unsigned last_cap, struct err *err)
{
	struct plan_process built = {0};
	int r;

	if (process->args.n == 0)
		return err_fail(err, EINVAL, "process.args: at least one is needed");
	built.args = build_args(a, &process->args);
	built.env = build_env(a, &process->env);
	built.cwd = process->cwd ? process->cwd : "/";
	build_user(&built, process->user);
	plan_caps_build(&built.caps, process->capabilities, last_cap);
	plan_labels_build(&built, process);
	built.no_new_privs = process->no_new_privileges.v;
	r = plan_rlimits_build(a, &built, process, err);
	if (r < 0)
		return r;
	r = build_oom_score_adj(&built, &process->oom_score_adj, err);
	if (r < 0)
		return r;
	r = plan_scheduler_build(a, &built, process, err);
	if (r < 0)
		return r;
	r = build_terminal(&built, process, err);
	if (r < 0)
		return r;
	*p = built;
	return 0;
}
