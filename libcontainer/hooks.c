/* BOTH SIDES: run hooks: state on stdin, output kept for the error, a deadline. */
#include "libcontainer/hooks.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/clock.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/plan/annotations.h"
#include "libcontainer/plan/plan.h"
#include "oci-spec/jsonw.h"

#define TAIL_BYTES 1024

/* ---- the state --------------------------------------------------------------------- */

static void member(struct json_writer *w, const char *key, const char *value)
{
	json_key(w, key);
	json_string(w, value);
}

void hooks_state_write(struct json_writer *w, const char *id, const char *bundle,
		       const struct oci_map *annotations, const char *status, pid_t pid)
{
	json_object_begin(w);
	member(w, "ociVersion", OCI_VERSION);
	member(w, "id", id);
	member(w, "status", status);
	if (pid > 0) {
		json_key(w, "pid");
		json_int(w, pid);
	}
	member(w, "bundle", bundle);
	if (annotations->n) {
		json_key(w, "annotations");
		json_object_begin(w);
		for (size_t i = 0; i < annotations->n; i++)
			member(w, annotations->v[i].key, annotations->v[i].value);
		json_object_end(w);
	}
	json_object_end(w);
}

const char *hooks_state_json(struct arena *a, const char *id, const char *bundle,
			     const struct oci_map *annotations, const char *status, pid_t pid)
{
	struct json_writer w;

	json_start(&w, a, "");
	hooks_state_write(&w, id, bundle, annotations, status, pid);
	return json_finish(&w, NULL);
}

const char *state_for_hooks(struct arena *a, const struct plan *plan, const char *status, pid_t pid)
{
	return hooks_state_json(a, plan->id, plan->bundle, &plan->annotations, status, pid);
}

/* ---- files for the output ------------------------------------------------------------ */

static int open_one(const struct oci_map *annotations, const char *name, int *ret, struct err *err)
{
	const char *path = annotation_get(annotations, name);

	if (!path)
		return 0;
	*ret = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC | O_NOCTTY, 0600);
	return *ret < 0 ? err_sys(err, errno, "annotations.%s: open '%s'", name, path) : 0;
}

int hook_files_open(const struct oci_map *annotations, struct hook_files *ret, struct err *err)
{
	auto_hook_files files = HOOK_FILES_NONE;
	int r = open_one(annotations, "run.oci.hooks.stdout", &files.out, err);

	if (r == 0)
		r = open_one(annotations, "run.oci.hooks.stderr", &files.err, err);
	if (r < 0)
		return r;
	ret->out = take_fd(&files.out);
	ret->err = take_fd(&files.err);
	return 0;
}

void hook_files_close(struct hook_files *files)
{
	close_fd(&files->out);
	close_fd(&files->err);
}

/* ---- the child --------------------------------------------------------------------- */

struct pipes {
	int in[2], out[2], report[2]; /* report: errno of a failed execve, else end of file */
};

static void pipes_close(struct pipes *p)
{
	for (int i = 0; i < 2; i++) {
		close_fd(&p->in[i]);
		close_fd(&p->out[i]);
		close_fd(&p->report[i]);
	}
}

static int pipes_open(struct pipes *p)
{
	*p = (struct pipes){{-1, -1}, {-1, -1}, {-1, -1}};
	if (pipe2(p->in, O_CLOEXEC) < 0 || pipe2(p->out, O_CLOEXEC) < 0 ||
	    pipe2(p->report, O_CLOEXEC) < 0) {
		int code = errno;

		pipes_close(p);
		return -code;
	}
	return 0;
}

_Noreturn static void child(const struct oci_hook *hook, const struct pipes *p,
			    char *const *default_env, int cwd_fd, const struct hook_files *files)
{
	const char *const self[] = {hook->path, NULL};
	char *const *argv = (char *const *)(hook->args.n ? hook->args.v : self);
	char *const *env = default_env ? default_env : environ;
	static char *const no_env[] = {NULL};
	int in, out, report, code, err;

	if (hook->env.set)
		env = hook->env.n ? (char *const *)hook->env.v : no_env;
	/* First out of the way of 0 to 3, which may be closed in the caller. */
	in = fcntl(p->in[0], F_DUPFD_CLOEXEC, 4);
	out = fcntl(files && files->out >= 0 ? files->out : p->out[1], F_DUPFD_CLOEXEC, 4);
	err = fcntl(files && files->err >= 0 ? files->err : p->out[1], F_DUPFD_CLOEXEC, 4);
	report = fcntl(p->report[1], F_DUPFD_CLOEXEC, 4);
	/* A group of its own, which a timeout ends as a whole; as no signal of a terminal reaches
	 * it then, it ends with us. */
	if (setpgid(0, 0) < 0 || prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0) < 0)
		goto failed;
	if (in < 0 || out < 0 || err < 0 || report < 0 || (cwd_fd >= 0 && fchdir(cwd_fd) < 0))
		goto failed;
	if (dup2(in, 0) < 0 || dup2(out, 1) < 0 || dup2(err, 2) < 0 ||
	    dup3(report, 3, O_CLOEXEC) < 0)
		goto failed;
	proc_close_from(4);
	report = 3;
	proc_reset_signals();
	execve(hook->path, argv, env);
failed:
	code = errno;
	if (write(report, &code, sizeof(code)) < 0)
		_exit(126);
	_exit(127);
}

/* ---- the conversation ---------------------------------------------------------------- */

struct talk {
	const char *state;
	size_t left; /* of the state */
	char tail[TAIL_BYTES + 1];
	size_t len;
	int64_t deadline_ms; /* CLOCK_MONOTONIC, 0 = none */
};

static void tail_add(struct talk *t, const char *buf, size_t n)
{
	size_t keep = t->len;

	if (n > TAIL_BYTES) {
		buf += n - TAIL_BYTES;
		n = TAIL_BYTES;
	}
	if (keep + n > TAIL_BYTES) {
		size_t drop = keep + n - TAIL_BYTES;

		memmove(t->tail, t->tail + drop, keep - drop);
		keep -= drop;
	}
	memcpy(t->tail + keep, buf, n);
	t->len = keep + n;
	t->tail[t->len] = '\0';
}

/* The pipe is non-blocking: what is there now. Closes at end of file. */
static void read_output(struct talk *t, int *fd, bool all)
{
	char buf[4096];
	ssize_t n;

	do {
		n = read(*fd, buf, sizeof(buf));
		if (n > 0)
			tail_add(t, buf, (size_t)n);
	} while (all && n > 0);
	if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR))
		close_fd(fd);
}

/* A hook may end without reading: the pipe breaks, and that is not a failure. */
static void write_state(struct talk *t, int *fd)
{
	ssize_t n = write(*fd, t->state, t->left);

	if (n > 0) {
		t->state += n;
		t->left -= (size_t)n;
	} else if (n < 0 && errno != EAGAIN && errno != EINTR) {
		t->left = 0;
	}
	if (t->left == 0)
		close_fd(fd);
}

/*
 * Until the process ends, not until its output does: a daemon that a hook leaves behind may
 * keep the pipe open for ever. 0 or -ETIMEDOUT.
 */
static int converse(struct talk *t, int pidfd, int *in, int *out)
{
	for (;;) {
		struct pollfd p[3] = {{.fd = pidfd, .events = POLLIN},
				      {.fd = *out, .events = POLLIN},
				      {.fd = *in, .events = POLLOUT}};
		int wait_ms = -1, n;

		if (t->deadline_ms) {
			int64_t left = t->deadline_ms - clock_now_ms();

			if (left <= 0)
				return -ETIMEDOUT;
			wait_ms = left > INT32_MAX ? INT32_MAX : (int)left;
		}
		n = poll(p, 3, wait_ms);
		if (n < 0 && errno != EINTR)
			return -errno;
		if (n <= 0)
			continue;
		if (p[2].revents)
			write_state(t, in);
		if (p[1].revents)
			read_output(t, out, false);
		if (p[0].revents) {
			if (*out >= 0)
				read_output(t, out, true);
			return 0;
		}
	}
}

/* ": <output>" on one line, or nothing. */
static const char *tail_text(struct talk *t, char *buf, size_t size)
{
	char *s = t->tail;

	while (t->len > 0 && strchr(" \t\r\n", t->tail[t->len - 1]))
		t->tail[--t->len] = '\0';
	for (char *p = s; p < t->tail + t->len; p++)
		if (*p == '\n' || *p == '\0')
			*p = ' ';
	snprintf(buf, size, "%s%s", t->len ? ": " : "", s);
	return buf;
}

static int verdict(struct talk *t, int status, int talk_result, int64_t timeout_s, struct err *err)
{
	char text[TAIL_BYTES + 8];

	if (talk_result == -ETIMEDOUT)
		return err_fail(err, ETIMEDOUT, "no end within its timeout of %lld s%s",
				(long long)timeout_s, tail_text(t, text, sizeof(text)));
	if (talk_result < 0)
		return err_sys(err, -talk_result, "wait for the hook");
	if (WIFSIGNALED(status)) {
		const char *name = proc_signal_name(WTERMSIG(status));

		return err_fail(err, ECANCELED, "killed by signal %d%s%s%s", WTERMSIG(status),
				name ? " " : "", name ? name : "",
				tail_text(t, text, sizeof(text)));
	}
	if (WEXITSTATUS(status) != 0)
		return err_fail(err, ECANCELED, "exit status %d%s", WEXITSTATUS(status),
				tail_text(t, text, sizeof(text)));
	return 0;
}

/* The parent's part; the child of PIDFD is reaped on every path. */
static int attend(const struct oci_hook *hook, struct pipes *p, int pidfd, pid_t pid,
		  const char *state_json, struct err *err)
{
	struct talk t = {.state = state_json, .left = strlen(state_json)};
	int code = 0, status = 0, r;
	ssize_t n;

	close_fd(&p->in[0]);
	close_fd(&p->out[1]);
	close_fd(&p->report[1]);
	do
		n = read(p->report[0], &code, sizeof(code));
	while (n < 0 && errno == EINTR);
	if (hook->timeout.set && hook->timeout.v > 0)
		t.deadline_ms =
			hook->timeout.v > INT32_MAX ? 0 : clock_now_ms() + hook->timeout.v * 1000;
	fcntl(p->in[1], F_SETFL, O_NONBLOCK);
	fcntl(p->out[0], F_SETFL, O_NONBLOCK);
	r = n == sizeof(code) ? 0 : converse(&t, pidfd, &p->in[1], &p->out[0]);
	if (r < 0) {
		proc_pidfd_signal(pidfd, SIGKILL);
		kill(-pid, SIGKILL); /* not reaped yet: the number is still its group's */
	}
	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return err_sys(err, errno, "wait for the hook");
	if (n == sizeof(code))
		return err_sys(err, code, "execute '%s'", hook->path);
	return verdict(&t, status, r, hook->timeout.v, err);
}

static int run(const struct oci_hook *hook, const char *state_json, char *const *default_env,
	       int cwd_fd, const struct hook_files *files, struct err *err)
{
	struct sigaction ignore = {.sa_handler = SIG_IGN}, pipe_before, chld_before;
	const struct sigaction dfl = {.sa_handler = SIG_DFL};
	struct pipes p;
	auto_fd int pidfd = -1;
	pid_t pid;
	int r = pipes_open(&p);

	if (r < 0)
		return err_sys(err, -r, "open pipes for the hook");
	/* An ignored SIGCHLD, inherited, would take the exit status away from us. */
	sigaction(SIGPIPE, &ignore, &pipe_before);
	sigaction(SIGCHLD, &dfl, &chld_before);
	pid = proc_clone(0, -1, &pidfd);
	if (pid == 0)
		child(hook, &p, default_env, cwd_fd, files);
	r = pid < 0 ? err_sys(err, -pid, "start a process for the hook")
		    : attend(hook, &p, pidfd, pid, state_json, err);
	sigaction(SIGCHLD, &chld_before, NULL);
	sigaction(SIGPIPE, &pipe_before, NULL);
	pipes_close(&p);
	return r;
}

int hooks_run_one(const char *kind, const oci_hook_list *list, size_t index, const char *state_json,
		  char *const *default_env, int cwd_fd, const struct hook_files *files,
		  struct err *err)
{
	log_debug("%s hook #%zu: %s", kind, index, list->v[index].path);
	if (run(&list->v[index], state_json, default_env, cwd_fd, files, err) < 0)
		return err_wrap(err, "error running %s hook #%zu", kind, index);
	return 0;
}

int hooks_run(const char *kind, const oci_hook_list *list, const char *state_json,
	      char *const *default_env, int cwd_fd, const struct hook_files *files, struct err *err)
{
	for (size_t i = 0; i < list->n; i++) {
		int r = hooks_run_one(kind, list, i, state_json, default_env, cwd_fd, files, err);

		if (r < 0)
			return r;
	}
	return 0;
}
