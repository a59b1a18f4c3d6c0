/* INIT: the moments at which hooks run, as seen from inside. */
#include <fcntl.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/hooks.h"
#include "libcontainer/init/side.h"
#include "libcontainer/sync.h"

/* prestart and createRuntime: the runtime's to run, while we stand still (H-13, H-14). */
int init_runtime_hooks(void *ctx, struct err *err)
{
	struct init *c = ctx;
	int r = sync_send(c->channel, SYNC_MOUNTED);

	if (r < 0)
		return err_sys(err, -r, "tell the runtime that the mounts are made");
	return sync_expect(c->channel, SYNC_HOOKED, NULL, err);
}

/* Before pivot_root: the path is the host's, the namespaces are the container's (H-15). The pid
 * is the one the container sees (H-11). */
int init_create_hooks(void *ctx, struct err *err)
{
	struct init *c = ctx;
	auto_fd int bundle = open(c->plan->bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	const struct hook_files files = {c->plan->hook_out, c->plan->hook_err};

	return hooks_run("createContainer", &c->plan->hooks->create_container,
			 state_for_hooks(&c->arena, c->plan, "creating", getpid()), NULL, bundle,
			 &files, err);
}

int init_start_hooks(void *ctx, struct err *err)
{
	struct init *c = ctx;
	const struct hook_files files = {c->plan->hook_out, c->plan->hook_err};
	int r = hooks_run("startContainer", &c->plan->hooks->start_container,
			  state_for_hooks(&c->arena, c->plan, "created", getpid()), c->env, -1,
			  &files, err);

	if (r == 0) /* a start that was killed meanwhile is no reason to end */
		(void)!sync_send(c->channel, SYNC_HOOKED);
	return r;
}
