/* RUNTIME: hooks that run in hull's own namespaces. */
#include "libcontainer/hooks.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/runtime/runtime.h"

static const char *state_text(struct arena *a, const struct state *state, const char *status)
{
	bool gone = state->pid.v <= 0 || *status == 's'; /* "stopped" */

	return hooks_state_json(a, state->id, state->bundle, &state->annotations, status,
				gone ? 0 : (pid_t)state->pid.v);
}

int runtime_hooks(const char *kind, const oci_hook_list *hooks, const struct state *state,
		  const char *status, struct err *err)
{
	auto_arena a = ARENA_INIT;
	auto_hook_files files = HOOK_FILES_NONE;
	auto_fd int bundle = -1;

	if (!hooks->n)
		return 0;
	if (hook_files_open(&state->annotations, &files, err) < 0)
		return -err->code;
	bundle = open(state->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return hooks_run(kind, hooks, state_text(&a, state, status), NULL, bundle, &files, err);
}

/* A state says which programs to run, and where their output goes: that of another user, which root
 * has named by --root, would have them run with root's rights. */
int runtime_hooks_are_ours(const struct container *c, struct err *err)
{
	struct stat st;

	if (fstat(c->dirfd, &st) < 0 || st.st_uid == geteuid())
		return 0;
	return err_fail(err, EPERM,
			"the container belongs to user %u, whose hooks are not run with the rights "
			"of user %u",
			st.st_uid, geteuid());
}

/* After the container is gone: a failure is a warning and the others still run (H-21). */
void runtime_poststop(const struct state *state)
{
	auto_arena a = ARENA_INIT;
	auto_hook_files files = HOOK_FILES_NONE;
	auto_fd int bundle = -1;
	const char *text;
	struct err err;

	if (!state->hooks || !state->hooks->poststop.n)
		return;
	if (hook_files_open(&state->annotations, &files, &err) < 0)
		log_warn("%s", err.text);
	bundle = open(state->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	text = state_text(&a, state, "stopped");
	for (size_t i = 0; i < state->hooks->poststop.n; i++)
		if (hooks_run_one("poststop", &state->hooks->poststop, i, text, NULL, bundle,
				  &files, &err) < 0)
			log_warn("%s", err.text);
}
