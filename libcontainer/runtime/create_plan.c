/* RUNTIME: create: ask and check: kernel, configuration, plan, filter. */
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <linux/capability.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"
#include "libcontainer/base/proc.h"
#include "libcontainer/base/str.h"
#include "libcontainer/runtime/create.h"
#include "libcontainer/runtime/lsm.h"
#include "oci-spec/oci.h"

int create_load(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	const struct container_create_opts *o = k->opts;
	char path[PATH_MAX];
	int r = id_check(o->id, err);

	if (r < 0)
		return r;
	if (!realpath(o->bundle ? o->bundle : ".", path))
		return err_sys(err, errno, "bundle '%s'", o->bundle ? o->bundle : ".");
	k->c.state.bundle = arena_strdup(&k->arena, path);
	if (o->config)
		snprintf(path, sizeof(path), "%s", o->config);
	else if (strlen(path) + sizeof("/config.json") > sizeof(path))
		return err_fail(err, ENAMETOOLONG, "bundle '%s'", path);
	else
		memcpy(path + strlen(path), "/config.json", sizeof("/config.json"));
	r = oci_decode_file(&k->arena, &oci_spec_type, AT_FDCWD, path, &k->spec, err);
	if (r == 0)
		r = oci_validate(&k->spec, err);
	if (r == 0)
		oci_modernize(&k->spec);
	return r;
}

/* A terminal needs someone to hold its other end. */
static int check_console(const struct creation *k, struct err *err)
{
	const struct oci_process *p = k->spec.process;
	bool terminal = p && p->terminal.set && p->terminal.v;
	bool detached = !k->run || k->opts->detach;

	if (terminal && detached && !k->opts->console_socket)
		return err_fail(err, EINVAL,
				"process.terminal needs --console-socket when detached");
	if (k->opts->console_socket && !(terminal && detached))
		return err_fail(err, EINVAL,
				"--console-socket needs process.terminal and a detached container");
	return 0;
}

static unsigned last_capability(void)
{
	unsigned cap = 40; /* CAP_CHECKPOINT_RESTORE, 5.9 */

	while (cap < 63 && prctl(PR_CAPBSET_READ, cap + 1, 0, 0, 0) >= 0)
		cap++;
	return cap;
}

/* systemd's socket activation: only when it is meant for this very process. */
static unsigned listen_fds(void)
{
	const char *pid = getenv("LISTEN_PID"), *fds = getenv("LISTEN_FDS");
	uint32_t n, p;

	if (!pid || !fds || str_to_u32(pid, &p) < 0 || p != (uint32_t)getpid() ||
	    str_to_u32(fds, &n) < 0 || n > 4096)
		return 0;
	return n;
}

/* A keyring of that name may be there already, made by an earlier container of this id or by
 * another one that wants our keys: a name that nobody knows beforehand joins none. */
static int name_keyring(struct creation *k, struct err *err)
{
	uint64_t random[2];

	if (!k->plan.has_process || !k->plan.process.keyring)
		return 0;
	if (syscall(SYS_getrandom, random, sizeof(random), 0) != sizeof(random))
		return err_sys(err, errno, "name the session keyring");
	k->plan.process.keyring = arena_printf(&k->plan.arena, "%s.%016" PRIx64 "%016" PRIx64,
					       k->plan.process.keyring, random[0], random[1]);
	return 0;
}

int create_plan(void *ctx, struct err *err)
{
	struct creation *k = ctx;
	struct plan_input in = {
		.spec = &k->spec,
		.id = k->opts->id,
		.bundle = k->c.state.bundle,
		.no_pivot = k->opts->no_pivot,
		.no_new_keyring = k->opts->no_new_keyring,
		.listen_fds = listen_fds(),
		.preserve_fds = k->opts->preserve_fds,
		.rootless = k->root->rootless,
		.nested = k->root->nested,
		.no_mknod = !proc_has_caps(1ULL << CAP_MKNOD),
		.last_cap = last_capability(),
	};
	int r = check_console(k, err);

	if (r == 0)
		r = check_preserved(in.preserve_fds, err);
	if (r < 0)
		return r;
	if (given(getenv("NOTIFY_SOCKET"))) {
		in.notify_dir = arena_printf(&k->arena, "%s/%s/notify", k->root->path, k->opts->id);
		k->c.state.notify = (struct opt_bool){true, true};
	}
	r = lsm_check_mount_label(k->spec.linux_ ? k->spec.linux_->mount_label : NULL, err);
	if (r < 0)
		return r;
	r = plan_build(&k->plan, &in, err);
	if (r == 0)
		r = name_keyring(k, err);
	return r < 0 ? r : lsm_prepare(&k->plan.process, &k->label_proc_fd, err);
}
