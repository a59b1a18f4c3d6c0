/* RUNTIME: create: the seccomp filter, and who listens to it. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/plan/annotations.h"
#include "libcontainer/runtime/create.h"
#include "seccomp/filter.h"

#define BPF_DATA "run.oci.seccomp_bpf_data"

static const struct oci_seccomp *profile(const struct creation *k)
{
	return k->spec.linux_ ? k->spec.linux_->seccomp : NULL;
}

bool create_has_seccomp(const void *ctx)
{
	const struct creation *k = ctx;

	return k->plan.has_process &&
	       (profile(k) || annotation_get(&k->spec.annotations, BPF_DATA));
}

/* Where the listener goes: of the places that may say it, the specification's first. */
static const char *listener_path(const struct creation *k, const struct oci_seccomp *s)
{
	const char *path = s->listener_path;

	if (!path || !*path)
		path = annotation_get(&k->spec.annotations, "run.oci.seccomp.receiver");
	if (!path || !*path)
		path = getenv("RUN_OCI_SECCOMP_RECEIVER");
	return path && *path ? path : NULL;
}

static int use_listener(struct creation *k, const struct oci_seccomp *s, struct err *err)
{
	const char *path = listener_path(k, s);
	int r;

	if (!filter_has_listener(&k->plan.process.filter))
		return 0;
	if (!path)
		return err_fail(err, EINVAL,
				"linux.seccomp.listenerPath: SCMP_ACT_NOTIFY needs it, but it is "
				"missing");
	r = filter_check_listener(&k->plan.process.filter, err);
	if (r == 0)
		r = listener_check(path, err);
	if (r < 0)
		return r;
	k->c.state.listener_path = arena_strdup(&k->arena, path);
	k->c.state.listener_metadata = s->listener_metadata;
	return 0;
}

static int compile(struct creation *k, const struct oci_seccomp *s, struct err *err)
{
	auto_fd int cache = -1;

	if (annotation_is_on(&k->spec.annotations, "run.oci.seccomp_fail_unknown_syscall") &&
	    filter_check_names(s, err) < 0)
		return -err->code;
	/* '@' cannot be part of an id */
	cache = openat(k->root->fd, "@seccomp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (cache < 0 && errno == ENOENT && mkdirat(k->root->fd, "@seccomp", 0700) == 0)
		cache = openat(k->root->fd, "@seccomp", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	return filter_get(&k->plan.arena, s, cache, &k->plan.process.filter, err);
}

int create_seccomp(void *ctx, struct err *err)
{
	static const struct oci_seccomp none;
	struct creation *k = ctx;
	const struct oci_seccomp *s = profile(k) ? profile(k) : &none;
	const char *text = annotation_get(&k->spec.annotations, BPF_DATA);
	int r;

	if (!text)
		r = compile(k, s, err);
	else if ((r = filter_from_text(&k->plan.arena, text, s, listener_path(k, s) != NULL,
				       &k->plan.process.filter, err)) < 0)
		err_wrap(err, "annotations." BPF_DATA);
	return r < 0 ? r : use_listener(k, s, err);
}
