/* RUNTIME: stands in for what is not there yet, so that the program links. Weak, and last among the
 * libraries: a real function takes the place of its row here. */
#include <errno.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/container.h"
#include "oci-spec/oci.h"
#include "cgroups/cgroup.h"
#include "libcontainer/init/init.h"
#include "seccomp/filter.h"

#pragma GCC diagnostic ignored "-Wunused-parameter"
#define WEAK __attribute__((weak))
#define STUB(name, ...)                                                  \
	WEAK int name(__VA_ARGS__, struct err *err)                      \
	{                                                                \
		return err_fail(err, ENOSYS, #name " is not there yet"); \
	}

WEAK const char *container_default_root(struct arena *a, bool *ret_rootless)
{
	*ret_rootless = geteuid() != 0;
	return "/run/hull";
}

WEAK const char *container_status_name(enum container_status status)
{
	return "stopped";
}

STUB(container_root_open, struct container_root *root, bool make)
STUB(container_info, const struct container_root *root, const char *id, struct arena *a,
     struct container_info *ret)
STUB(container_ids, const struct container_root *root, struct arena *a, const char ***ret,
     size_t *ret_n)
STUB(container_create, struct container_root *root, const struct container_create_opts *opts)
STUB(container_run, struct container_root *root, const struct container_create_opts *opts,
     int *ret_exit)
STUB(container_start, struct container_root *root, const char *id)
STUB(container_kill, struct container_root *root, const char *id, int sig, bool all)
STUB(container_delete, struct container_root *root, const char *id, bool force)
STUB(container_pause, struct container_root *root, const char *id)
STUB(container_resume, struct container_root *root, const char *id)
STUB(container_pids, struct container_root *root, const char *id, struct arena *a, pid_t **ret,
     size_t *ret_n)
STUB(container_update, struct container_root *root, const char *id,
     const struct oci_resources *resources)
STUB(container_exec, struct container_root *root, const struct container_exec_opts *opts,
     int *ret_exit)
STUB(container_events, struct container_root *root, const char *id,
     const struct container_events *ev)
STUB(container_seal_self, char **argv)
STUB(oci_decode, struct arena *a, const struct oci_type *type, const char *name, const char *text,
     size_t len, void *obj)
STUB(oci_decode_file, struct arena *a, const struct oci_type *type, int dirfd, const char *path,
     void *obj)
STUB(oci_validate_resources, const struct oci_resources *resources)

WEAK const char *oci_encode(struct arena *a, const struct oci_type *type, const void *obj,
			    const char *indent)
{
	return "{}";
}

WEAK struct oci_spec *oci_default_spec(struct arena *a, bool rootless, uint32_t uid, uint32_t gid)
{
	return NULL;
}

WEAK const char *filter_library_version(void)
{
	return "?";
}

STUB(cgroup_apply, const struct cgroup_host *host, int fd, const struct oci_resources *resources,
     bool update)
STUB(cgroup_devices_apply, int fd, const struct oci_device_rule *rules, size_t n)
STUB(cgroup_stats_read, int fd, struct arena *a, struct cgroup_stats *ret)
STUB(oci_validate, const struct oci_spec *spec)
STUB(oci_validate_process, const struct oci_process *process)
STUB(filter_get, struct arena *a, const struct oci_seccomp *seccomp, int cache_fd,
     struct plan_filter *ret)
STUB(filter_write, int dirfd, const char *name, const struct plan_filter *filter)
STUB(filter_read, struct arena *a, int dirfd, const char *name, struct plan_filter *ret)

WEAK uint64_t cgroup_oom_kills(int fd)
{
	return 0;
}

WEAK _Noreturn void init_main(const struct init_args *args)
{
	_exit(1);
}

WEAK _Noreturn void init_exec_main(const struct init_exec_args *args)
{
	_exit(1);
}
