/* RUNTIME: run: create and start in one process, and wait for the end. */
#include <errno.h>
#include <sys/prctl.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/runtime/create.h"
#include "libcontainer/sync.h"

/* The process has ended; what is left goes the way of a delete, if nobody was faster. */
static int finish(struct creation *k, int exit_code, int *ret_exit, struct err *err)
{
	auto_container c = CONTAINER_NONE;
	int r;

	*ret_exit = exit_code;
	if (k->opts->keep)
		return 0;
	r = container_open(&c, k->root, k->opts->id, OPEN_LOCKED, err);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? r : container_destroy(&c, err);
}

int creation_wait(struct creation *k, int *ret_exit, struct err *err)
{
	int r = attach_wait(k->spawn.pid, k->c.pidfd, &k->console, k->notify_fd, err);

	close_fd(&k->c.pidfd); /* reaped */
	return r < 0 ? r : finish(k, r, ret_exit, err);
}

/* It was created and told to start: it goes as with a delete. */
static int fail_started(struct creation *k, struct err *err)
{
	create_undo_net_devices(k);
	start_undo(&k->c, err);
	proc_pidfd_signal(k->c.pidfd, SIGKILL);
	proc_wait(k->spawn.pid);
	return -err->code;
}

static int start_created(struct creation *k, int *agent, struct err *err)
{
	bool hook_failed;
	int r = start_unlock(&k->c, err);

	/* Programs of the image can do to the devices whatever they are permitted to. */
	if (k->plan.hooks && k->plan.hooks->start_container.n)
		creation_keep_net_devices(k);
	if (r == 0)
		r = start_wait_executed(&k->c, k->sync[0], agent, &hook_failed, err);
	if (r == 0) {
		creation_keep_net_devices(k);
		r = start_poststart(&k->c, err);
	}
	return r < 0 ? fail_started(k, err) : 0;
}

static int run_created(struct creation *k, int *ret_exit, struct err *err)
{
	bool attached = !k->opts->detach;
	auto_fd int agent = -1;
	int r = 0;

	if (!k->plan.has_process) {
		err_fail(err, EINVAL, "cannot run: the configuration has no process");
		creation_undo(k);
		return -err->code;
	}
	k->c.status = CONTAINER_CREATED;
	if (k->c.state.listener_path)
		r = agent = listener_connect(&k->c, err);
	if (r >= 0 && !k->start_told)
		r = sync_tell(k->sync[0], SYNC_START, err);
	if (r < 0) {
		creation_undo(k);
		return r;
	}
	r = start_created(k, &agent, err);
	if (r < 0)
		return r;
	close_fd(&k->c.dirfd); /* and its lock: it can be paused, updated and deleted from now on */
	if (!attached && k->notify_fd >= 0 &&
	    notify_forward(k->notify_fd, k->spawn.pid, k->c.pidfd, err) < 0)
		log_warn("%s", err->text);
	return attached ? creation_wait(k, ret_exit, err) : 0;
}

int container_run(struct container_root *root, const struct container_create_opts *opts,
		  int *ret_exit, struct err *err)
{
	struct creation k = {.root = root, .opts = opts, .run = true};
	int r;

	*ret_exit = 0;
	if (!opts->detach && !opts->no_subreaper)
		prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0);
	r = creation_run(&k, err);
	if (r == 0)
		r = run_created(&k, ret_exit, err);
	creation_done(&k);
	return r;
}
