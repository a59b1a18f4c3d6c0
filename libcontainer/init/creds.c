/* INIT: become the process's user: limits, keyring, groups, ids, capabilities. */
#include <errno.h>
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/path.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/init/side.h"

/* Raising a hard limit needs CAP_SYS_RESOURCE of the host: while we have it. In a user
 * namespace the runtime sets them from outside. */
int init_rlimits(void *ctx, struct err *err)
{
	struct init *c = ctx;

	for (size_t i = 0; i < c->process->n_rlimits; i++) {
		const struct plan_rlimit *l = &c->process->rlimits[i];

		if (syscall(SYS_prlimit64, 0, l->resource, &l->limit, NULL) < 0)
			return plan_rlimit_failed(c->process, i, errno, err);
	}
	return 0;
}

/* A session keyring of its own, so that the container does not hold the host user's keys. */
int init_keyring(void *ctx, struct err *err)
{
	struct init *c = ctx;
	int r = proc_join_keyring(c->process->keyring);

	return r < 0 ? err_sys(err, -r, "join the session keyring '%s'", c->process->keyring) : 0;
}

/* What belongs to this one program: a pipe, a socket, a terminal of its own. Files, directories,
 * other devices and the caller's terminal are the host's, and whoever named them for the output
 * did not give them away: a user of the same number on the host could open them ever after. */
static bool is_given(const struct plan_process *p, int fd, mode_t mode)
{
	return S_ISFIFO(mode) || S_ISSOCK(mode) || (p->terminal && S_ISCHR(mode) && isatty(fd));
}

static bool is_null(const struct stat *st)
{
	return S_ISCHR(st->st_mode) && st->st_rdev == makedev(1, 3);
}

/* A checkpoint can save the container's /dev/null, of which the host's mounts are no part, and any
 * runtime restores it. The image's may be anything: then all stays as it is. */
static void take_own_null(int root_fd, const bool *null)
{
	auto_fd int own = -1;
	struct stat st;

	if (!null[0] && !null[1] && !null[2])
		return;
	own = root_open_nolinks(root_fd, "/dev/null", O_RDWR | O_NONBLOCK | O_NOCTTY);
	if (own < 0 || fstat(own, &st) < 0 || !is_null(&st))
		return;
	(void)fcntl(own, F_SETFL, 0);
	for (int fd = 0; fd < 3; fd++)
		if (null[fd])
			(void)dup2(own, fd);
}

/* The program may reopen /dev/stdout. */
int init_stdio_owner(void *ctx, struct err *err)
{
	struct init *c = ctx;
	bool null[3] = {false, false, false};

	for (int fd = 0; fd < 3; fd++) {
		struct stat st;

		if (fstat(fd, &st) < 0)
			continue;
		null[fd] = is_null(&st);
		if (st.st_uid == c->process->uid || !is_given(c->process, fd, st.st_mode))
			continue;
		if (fchown(fd, c->process->uid, (gid_t)-1) < 0 && errno != EPERM &&
		    errno != EROFS && errno != EINVAL)
			return err_sys(err, errno, "give descriptor %d to uid %u", fd,
				       c->process->uid);
	}
	if (!c->exec)
		take_own_null(c->root_fd, null);
	return 0;
}

static int set_groups(const struct init *c, struct err *err)
{
	const struct plan_process *p = c->process;

	if (!p->set_groups || syscall(SYS_setgroups, p->n_groups, p->groups) == 0)
		return 0;
	/* runc and crun go on as well where they are root of a user namespace. */
	if (errno == EPERM && (p->groups_if_allowed || (c->userns && !p->n_groups))) {
		log_warn("the groups of the caller stay: the user namespace denies setgroups");
		return 0;
	}
	err_sys(err, errno, "process.user.additionalGids: set the groups");
	if (err->code == EINVAL)
		err_hint(err, "each must be mapped in the user namespace");
	if (err->code == EPERM)
		err_hint(err, "the user namespace denies setgroups");
	return -err->code;
}

static int cannot_become(const char *what, uint32_t id, struct err *err)
{
	bool unmapped = errno == EINVAL;

	err_sys(err, errno, "process.user.%s: become %s %u", what, what, id);
	if (unmapped)
		err_hint(err, "it is not mapped in the user namespace");
	return -err->code;
}

/*
 * The order is the kernel's: groups and the bounding set need capabilities that the change of
 * uid takes away, the sets can be chosen only after it (PR_SET_KEEPCAPS holds them that
 * long), and ambient ones only when permitted and inheritable are there. When a filter has
 * to be loaded without no_new_privs, CAP_SYS_ADMIN stays until then (P-26): exec.c drops it.
 */
int init_credentials(void *ctx, struct err *err)
{
	struct init *c = ctx;
	const struct plan_process *p = c->process;
	int r = set_groups(c, err);

	umask(p->umask);
	if (r == 0)
		r = init_drop_bounding(&p->caps, err);
	if (r < 0)
		return r;
	if (prctl(PR_SET_KEEPCAPS, 1, 0, 0, 0) < 0)
		return err_sys(err, errno, "keep capabilities");
	if (syscall(SYS_setresgid, p->gid, p->gid, p->gid) < 0)
		return cannot_become("gid", p->gid, err);
	if (syscall(SYS_setresuid, p->uid, p->uid, p->uid) < 0)
		return cannot_become("uid", p->uid, err);
	if (prctl(PR_SET_KEEPCAPS, 0, 0, 0, 0) < 0)
		return err_sys(err, errno, "keep capabilities");
	r = init_set_caps(c, err);
	if (r < 0)
		return r;
	if (p->no_new_privs && prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return err_sys(err, errno, "set no_new_privs");
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0); /* the changes above have chosen anew */
	return init_arm_deathsig(c, err);
}
