/*
 * hooks.h - the programs that a configuration runs at fixed moments of a container's life.
 *
 * The runtime runs prestart, createRuntime, poststart and poststop; init runs createContainer
 * (before pivot_root, so that the path is the host's) and startContainer (after it). A hook
 * gets the state as JSON on its standard input, then end of file. Its output is kept, at
 * most the last kilobyte, for the error, unless annotations name files for it. It inherits
 * descriptors 0 to 2 and nothing else. It leads a process group of its own: when its timeout is
 * over, all of the group is killed. What it leaves behind when it ends in time is left alone.
 *
 * Source: runtime-spec config.md#posix-platform-hooks, runtime.md#lifecycle (H-01 .. H-23).
 */
#ifndef HULL_HOOKS_H
#define HULL_HOOKS_H

#include <sys/types.h>

#include "libcontainer/base/arena.h"
#include "libcontainer/base/err.h"
#include "oci-spec/spec.h"

struct plan;

/* Files for the output of hooks instead of our own memory (run.oci.hooks.stdout, .stderr). */
struct hook_files {
	int out, err; /* -1: none */
};
#define HOOK_FILES_NONE \
	{               \
		-1, -1  \
	}
/* What the annotations name, opened to be appended to; both are owned. */
int hook_files_open(const struct oci_map *annotations, struct hook_files *ret,
		    struct err *err) must_check;
void hook_files_close(struct hook_files *files);
#define auto_hook_files __attribute__((cleanup(hook_files_close))) struct hook_files

/*
 * Runs the hooks of LIST in order and stops at the first that fails. KIND is the name in
 * config.json ("createRuntime"). DEFAULT_ENV is for hooks without env; NULL: the caller's
 * environ. CWD_FD: the directory they start in (the bundle); -1: the caller's. FILES may be NULL.
 * The error reads "error running createRuntime hook #0: exit status 1: <last of its output>"; the
 * code is ECANCELED for an exit status or a signal, ETIMEDOUT, or what execve said.
 */
int hooks_run(const char *kind, const oci_hook_list *list, const char *state_json,
	      char *const *default_env, int cwd_fd, const struct hook_files *files,
	      struct err *err) must_check;
/* Hook INDEX of the list alone: for poststop, where a failure does not keep the others from
 * running (H-21). */
int hooks_run_one(const char *kind, const oci_hook_list *list, size_t index, const char *state_json,
		  char *const *default_env, int cwd_fd, const struct hook_files *files,
		  struct err *err) must_check;

/* The state that hooks read. PID as the hook sees it; 0: left out. In A. */
const char *hooks_state_json(struct arena *a, const char *id, const char *bundle,
			     const struct oci_map *annotations, const char *status, pid_t pid);
/* The same into a text that goes on. */
struct json_writer;
void hooks_state_write(struct json_writer *w, const char *id, const char *bundle,
		       const struct oci_map *annotations, const char *status, pid_t pid);
/* The same for the container of PLAN. */
const char *state_for_hooks(struct arena *a, const struct plan *plan, const char *status,
			    pid_t pid);

#endif
