/* RUNTIME: restore: what CRIU is asked for. */
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/str.h"
#include "libcontainer/checkpoint/checkpoint.h"
#include "libcontainer/checkpoint/restore.h"
#include "namespaces/ns.h"

/* CRIU takes each for itself and closes it: every name has a copy of its own. Its 0 to 2 are
 * others. */
static int add_inherit(struct restoration *r, const char *key, int fd, struct err *err)
{
	int copy;

	for (size_t i = 0; i < r->n_inherit; i++)
		if (streq(r->inherit[i].key, key))
			return 0;
	copy = fcntl(fd, F_DUPFD_CLOEXEC, 3);
	if (copy < 0)
		return err_sys(err, errno, "copy descriptor %d", fd);
	log_debug("restore: '%s' is descriptor %d", key, fd);
	*arena_push(&r->k.arena, &r->keep, &r->n_keep) = copy;
	*arena_push(&r->k.arena, &r->inherit, &r->n_inherit) = (struct criu_inherit){key, copy};
	return 0;
}

/* Images of runc and crun say of pipes only what they were. */
static int add_stdio(struct restoration *r, struct err *err)
{
	int code = 0;

	for (int fd = 0; code == 0 && fd < IMAGES_STDIO; fd++) {
		const char *key = r->meta.stdio.n == IMAGES_STDIO ? r->meta.stdio.v[fd] : "";

		if (!*key && strstr(r->descriptors[fd], "pipe:"))
			key = r->descriptors[fd];
		if (!*key)
			continue;
		code = add_inherit(r, key, fd, err);
		/* Of a file CRIU takes the descriptor as it is when it knows it by its name without
		 * the first character (that is mostly a slash); by the whole name, only when it is
		 * as long as the dumped one was. */
		if (code == 0 && str_starts(key, "file["))
			code = add_inherit(r, key + 1, fd, err);
	}
	return code;
}

/* Network and pid namespaces are external to CRIU, by runc's names; the others it joins itself. */
static int add_namespace(struct restoration *r, const struct plan_join *j, struct err *err)
{
	struct arena *a = &r->k.arena;
	const char *key = j->flag == CLONE_NEWNET   ? "extRootNetNS"
			  : j->flag == CLONE_NEWPID ? "extRootPidNS"
						    : NULL;
	const struct ns_kind *kind = ns_find_flag(j->flag);

	if (j->flag == CLONE_NEWCGROUP && !r->k.plan.ns.own_cgroup_ns)
		return err_fail(
			err, ENOTSUP,
			"linux.namespaces: CRIU cannot restore into the cgroup namespace '%s'",
			j->path);
	if (key)
		return add_inherit(r, key, j->fd, err);
	if (j->flag != CLONE_NEWCGROUP && j->flag != CLONE_NEWNS)
		*arena_push(a, &r->join_ns, &r->n_join_ns) = (struct criu_pair){
			kind->proc_name,
			arena_printf(a, "/proc/%d/fd/%d", (int)getpid(), j->fd),
		};
	return 0;
}

/* CRIU and what it restores are in it from their beginning. */
static int make_network(struct restoration *r, struct err *err)
{
	auto_fd int own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC), made = -1;
	int code;

	if (own < 0 || unshare(CLONE_NEWNET) < 0)
		return err_sys(err, errno, "make the network namespace");
	made = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	code = made < 0 ? err_sys(err, errno, "open the network namespace") : 0;
	/* CRIU tries a connection, if it does not know yet what the kernel can. */
	if (code == 0)
		code = ns_loopback_up(err);
	if (setns(own, CLONE_NEWNET) < 0)
		return err_sys(err, errno, "return to hull's network namespace");
	r->network = take_fd(&made);
	return code;
}

int restore_externals(void *ctx, struct err *err)
{
	struct restoration *r = ctx;
	int code = add_stdio(r, err);

	for (size_t i = 0; code == 0 && i < r->k.plan.ns.n_join; i++)
		code = add_namespace(r, &r->k.plan.ns.join[i], err);
	if (code == 0 && r->meta.lone_network.v && (r->k.plan.ns.create & CLONE_NEWNET))
		code = make_network(r, err);
	return code;
}

int restore_request(struct restoration *r, struct criu_request *ret, struct err *err)
{
	const struct container_image_opts *o = &r->opts->image;
	int code;

	*ret = (struct criu_request){
		.what = CRIU_RESTORE,
		.images_fd = r->images_fd,
		.work_fd = r->work_fd,
		.log_file = "restore.log",
		.root = arena_printf(&r->k.arena, "%s/root", r->dir),
		.config_file = r->config_file,
		.cgroups_mode = r->cgroups_mode,
		.tcp_close = r->opts->tcp_close,
		.evasive_devices = true,
		.lsm_profile = r->opts->lsm_profile,
		.lsm_mount_context = r->opts->lsm_mount_context,
		.ext_mnt = r->ext_mnt,
		.n_ext_mnt = r->n_ext_mnt,
		.inherit = r->inherit,
		.n_inherit = r->n_inherit,
		.join_ns = r->join_ns,
		.n_join_ns = r->n_join_ns,
	};
	if (r->images_mount >= 0)
		ret->images_dir = arena_printf(&r->k.arena, "%s/" RESTORE_IMAGES, r->dir);
	ckpt_request(o, ret);
	code = ckpt_empty_ns(o, &ret->empty_ns, err);
	/* Neither hull nor runc dumps what is in it. */
	if (r->network < 0)
		ret->empty_ns |= CLONE_NEWNET;
	if (r->cgroups_mode != CRIU_CG_IGNORE && r->k.c.state.cgroup)
		ret->cg_root = r->k.c.state.cgroup;
	return code;
}
