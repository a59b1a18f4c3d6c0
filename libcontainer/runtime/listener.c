/* RUNTIME: seccomp notifications: the listener goes to the agent, with the process's state. */
#include <errno.h>
#include <poll.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/hooks.h"
#include "libcontainer/runtime/runtime.h"
#include "libcontainer/sync.h"
#include "oci-spec/jsonw.h"

/* An agent that does nothing for so long is taken for dead: no command hangs. */
#define PATIENCE_MS 10000

int listener_check(const char *path, struct err *err)
{
	struct stat st;

	if (*path != '/')
		return err_fail(err, EINVAL, "seccomp listener '%s': not an absolute path", path);
	if (stat(path, &st) < 0)
		return err_sys(err, errno, "seccomp listener '%s'", path);
	if (!S_ISSOCK(st.st_mode))
		return err_fail(err, ENOTSOCK, "seccomp listener '%s': not a socket", path);
	return 0;
}

int listener_connect(const struct container *c, struct err *err)
{
	const char *path = c->state.listener_path;
	int sock = sock_connect_path_within(path, SOCK_STREAM, PATIENCE_MS);

	return sock < 0 ? err_sys(err, -sock, "failed to connect with seccomp agent '%s'", path)
			: sock;
}

/* S-28 to S-32: the container process state. */
static const char *process_state(struct arena *a, const struct container *c, pid_t pid,
				 size_t *ret_len)
{
	const struct state *s = &c->state;
	struct json_writer w;

	json_start(&w, a, "");
	json_object_begin(&w);
	json_key(&w, "ociVersion");
	json_string(&w, OCI_VERSION);
	json_key(&w, "fds");
	json_array_begin(&w);
	json_string(&w, "seccompFd"); /* S-27: the only descriptor */
	json_array_end(&w);
	json_key(&w, "pid");
	json_int(&w, pid);
	if (s->listener_metadata) {
		json_key(&w, "metadata");
		json_string(&w, s->listener_metadata);
	}
	json_key(&w, "state");
	hooks_state_write(&w, s->id, s->bundle, &s->annotations, container_status_name(c->status),
			  (pid_t)s->pid.v);
	json_object_end(&w);
	return json_finish(&w, ret_len);
}

static int serve(const struct container *c, pid_t pid, int agent, int channel, struct err *err)
{
	auto_arena a = ARENA_INIT;
	auto_fd int listener = -1;
	size_t len;
	const char *text;
	int r = sync_expect_listener(channel, &listener, err);

	if (r < 0)
		return r;
	text = process_state(&a, c, pid, &len);
	r = sock_send_all(agent, text, len, listener, PATIENCE_MS);
	return r < 0 ? err_sys(err, -r, "send the seccomp listener to the agent at '%s'",
			       c->state.listener_path)
		     : 0;
}

int listener_serve(const struct container *c, pid_t pid, int pidfd, int *agent, int channel,
		   struct err *err)
{
	struct pollfd p = {.fd = channel, .events = POLLIN};
	int r = serve(c, pid, *agent, channel, err), n;

	close_fd(agent); /* S-25: the end of the state */
	if (r == 0)
		r = sync_tell(channel, SYNC_SERVED, err);
	if (r == 0) {
		do
			n = poll(&p, 1, PATIENCE_MS);
		while (n < 0 && errno == EINTR);
		if (n == 0)
			r = err_fail(err, ETIMEDOUT,
				     "the program has not begun after %d s: the seccomp agent at "
				     "'%s' does not answer",
				     PATIENCE_MS / 1000, c->state.listener_path);
	}
	if (r < 0)
		proc_pidfd_signal(pidfd, SIGKILL);
	return r;
}
