/* RUNTIME: restore: what hull does when CRIU asks. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/sock.h"
#include "libcontainer/base/steps.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/restore.h"
#include "namespaces/ns.h"

/* ---- setup-namespaces: they exist, and nothing else does yet --------------------------------- */

static int identify(struct restoration *r, pid_t pid, struct err *err)
{
	struct creation *k = &r->k;
	struct proc_stat st;
	int code = proc_stat_read(pid, &st);

	if (pid <= 0 || code < 0)
		return err_sys(err, pid <= 0 ? EPROTO : -code, "look at the restored process %d",
			       (int)pid);
	k->c.pidfd = proc_pidfd_open(pid);
	if (k->c.pidfd < 0)
		return err_sys(err, -k->c.pidfd, "open the restored process %d", (int)pid);
	k->spawn.pid = pid;
	k->spawn.pidfd = k->c.pidfd;
	k->c.state.pid = (struct opt_i64){true, pid};
	k->c.state.starttime = (struct opt_u64){true, st.starttime};
	return state_save(k->c.dirfd, &k->c.state, err);
}

static int write_sysctl(int proc, const struct plan_sysctl *s, struct err *err)
{
	char path[512];
	auto_fd int fd = -1;

	if (snprintf(path, sizeof(path), "sys/%s", s->path) >= (int)sizeof(path))
		return err_sys(err, ENAMETOOLONG, "sysctl '%s'", s->path);
	fd = beneath_open(proc, path, O_WRONLY | O_NOCTTY);
	if (fd < 0)
		return err_sys(err, -fd, "open sysctl '%s'", s->path);
	if (write(fd, s->value, strlen(s->value)) < 0)
		return err_sys(err, errno, "set sysctl '%s' to '%s'", s->path, s->value);
	return 0;
}

/* In the container's network namespace: what init does in it, as CRIU leaves it empty. */
static int fill_network(const struct plan *p, struct err *err)
{
	auto_fd int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r = p->ns.create & CLONE_NEWNET ? ns_loopback_up(err) : 0;

	for (size_t i = 0; r == 0 && i < p->n_sysctls; i++)
		if (str_starts(p->sysctls[i].path, "net/"))
			r = write_sysctl(proc, &p->sysctls[i], err);
	return r;
}

static int network(struct restoration *r, struct err *err)
{
	struct creation *k = &r->k;
	auto_fd int own = -1, theirs = -1;
	char path[64];
	int code;

	if (!plan_has_ns(&k->plan, CLONE_NEWNET))
		return 0;
	snprintf(path, sizeof(path), "/proc/%d/ns/net", (int)k->spawn.pid);
	own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	theirs = r->network < 0 ? open(path, O_RDONLY | O_CLOEXEC)
				: fcntl(r->network, F_DUPFD_CLOEXEC, 3);
	if (own < 0 || theirs < 0 || setns(theirs, CLONE_NEWNET) < 0)
		return err_sys(err, errno, "enter the network namespace '%s'", path);
	code = fill_network(&k->plan, err);
	if (setns(own, CLONE_NEWNET) < 0)
		return err_sys(err, errno, "return to hull's network namespace");
	if (code == 0 && create_has_net_devices(k))
		code = create_net_devices(k, err);
	return code;
}

static int hooks(struct restoration *r, struct err *err)
{
	struct creation *k = &r->k;
	int code;

	if (!create_has_runtime_hooks(k))
		return 0;
	k->hooks_began = true;
	code = runtime_hooks("prestart", &k->spec.hooks->prestart, &k->c.state, "creating", err);
	if (code == 0)
		code = runtime_hooks("createRuntime", &k->spec.hooks->create_runtime, &k->c.state,
				     "creating", err);
	return code;
}

static int on_namespaces(void *ctx, struct err *err)
{
	struct restoration *r = ctx;
	int code = identify(r, r->event->pid, err);

	if (code == 0)
		code = network(r, err);
	if (code == 0)
		code = hooks(r, err);
	if (code == 0 && r->with->network)
		code = r->with->network(r->with->ctx, &r->k.c.state, err);
	return code;
}

/* ---- orphan-pts-master: the terminal, whose master nobody in the container had ------------- */

static int on_terminal(void *ctx, struct err *err)
{
	struct restoration *r = ctx;
	struct console *c = &r->k.console;
	unsigned number = 0;
	char name[32];
	int code;

	if (r->event->fd < 0)
		return err_fail(err, EPROTO, "CRIU sent no terminal");
	if (r->k.console_fd < 0)
		return err_fail(err, EINVAL,
				"the dumped container had a terminal, the configuration has none "
				"(process.terminal)");
	if (ioctl(r->event->fd, TIOCGPTN, &number) < 0)
		return err_sys(err, errno, "ask for the number of the terminal");
	if (c->socket < 0) {
		c->master = fcntl(r->event->fd, F_DUPFD_CLOEXEC, 3);
		if (c->master < 0)
			return err_sys(err, errno, "keep the terminal");
		console_copy_size(c->master);
		return 0;
	}
	snprintf(name, sizeof(name), "/dev/pts/%u", number);
	code = sock_send(c->socket, name, strlen(name), r->event->fd);
	return code < 0 ? err_sys(err, -code, "send the terminal over the console socket") : 0;
}

/* ---- post-restore: all is there, nothing has run ------------------------------------------- */

/* CRIU makes one where the dumped processes had none, so that their clocks go on: exec has to join
 * it. */
static void note_time_namespace(struct restoration *r)
{
	struct oci_strings *list = &r->k.c.state.namespaces;
	auto_fd int fd = -1;
	char path[64];

	if (oci_strings_have(list, "time"))
		return;
	snprintf(path, sizeof(path), "/proc/%d/ns/time", (int)r->k.spawn.pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0 || ns_is_own(fd, CLONE_NEWTIME))
		return;
	oci_strings_add(&r->k.arena, list, "time");
}

static int on_restored(void *ctx, struct err *err)
{
	struct restoration *r = ctx;
	struct creation *k = &r->k;
	int code = 0;

	note_time_namespace(r);
	/* Not before: CRIU has made devices that the container may only use. */
	if (create_has_device_rules(k))
		code = create_device_rules(k, err);
	if (code == 0)
		code = create_files(k, err);
	if (code == 0 && r->with->restored)
		code = r->with->restored(r->with->ctx, err);
	return code;
}

static int on_resumed(void *ctx, struct err *err)
{
	struct restoration *r = ctx;

	return r->with->resumed ? r->with->resumed(r->with->ctx, err) : 0;
}

/* clang-format off */
static const struct step events[] = {
	{"setup-namespaces",  NULL, on_namespaces, NULL},
	{"orphan-pts-master", NULL, on_terminal,   NULL},
	{"post-restore",      NULL, on_restored,   NULL},
	{"post-resume",       NULL, on_resumed,    NULL},
};
/* clang-format on */

int restore_on_event(void *ctx, struct criu_event *event, struct err *err)
{
	struct restoration *r = ctx;

	r->event = event;
	for (size_t i = 0; i < ARRAY_SIZE(events); i++) {
		size_t done = 0;

		if (streq(events[i].name, event->name))
			return steps_run("restore", &events[i], 1, &done, r, err);
	}
	return 0;
}
