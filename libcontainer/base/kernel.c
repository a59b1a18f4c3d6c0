/* BOTH SIDES: ask the kernel for what hull needs. */
#include "libcontainer/base/kernel.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "libcontainer/base/cleanup.h"
#include "libcontainer/base/log.h"

/*
 * Each call is one that the kernel refuses by looking at its arguments alone. A filter that does
 * not know the call answers ENOSYS as an old kernel does, or EPERM; where the kernel itself
 * may say EPERM before it looks at the arguments, to those who may not mount, only ENOSYS tells.
 */
/* clang-format off */
const struct kernel_feature kernel_features[] = {
	{"openat2",           "5.6",  SYS_openat2,           KERNEL_MANAGE, {-1, 0, 0, 0},         false},
	{"pidfd_open",        "5.3",  SYS_pidfd_open,        KERNEL_MANAGE, {-1, 0},               false},
	{"pidfd_send_signal", "5.1",  SYS_pidfd_send_signal, KERNEL_MANAGE, {-1, 0, 0, ~0U},       false},
	{"close_range",       "5.9",  SYS_close_range,       KERNEL_MANAGE, {1, 0, 0},             false},
	{"clone3",            "5.7",  SYS_clone3,            KERNEL_ENTER,  {0, 0},                false},
	{"execveat",          "3.19", SYS_execveat,          KERNEL_ENTER,  {-1, 0, 0, 0, ~0U},    false},
	{"memfd_create",      "3.17", SYS_memfd_create,      KERNEL_ENTER,  {0, ~0U},              false},
	{"statx",             "5.8",  SYS_statx,             KERNEL_ENTER,  {-1, 0, 0, 1U << 31},  false},
	{"open_tree",         "5.2",  SYS_open_tree,         KERNEL_ENTER,  {-1, 0, ~0U},          false},
	{"mount_setattr",     "5.12", SYS_mount_setattr,     KERNEL_ENTER,  {-1, 0, ~0U, 0, 0},    false},
	{"move_mount",        "5.2",  SYS_move_mount,        KERNEL_ENTER,  {-1, 0, -1, 0, ~0U},   true},
	{"fsopen",            "5.2",  SYS_fsopen,            KERNEL_ENTER,  {0, ~0U},              true},
	{"fsconfig",          "5.2",  SYS_fsconfig,          KERNEL_ENTER,  {-1, 0},               false},
	{"fsmount",           "5.2",  SYS_fsmount,           KERNEL_ENTER,  {-1, ~0U},             true},
	{"fspick",            "5.2",  SYS_fspick,            KERNEL_ENTER,  {-1, 0, ~0U},          true},
	{"seccomp",           "3.17", SYS_seccomp,           KERNEL_ENTER,  {~0U, 0, 0},           false},
};
/* clang-format on */
const size_t n_kernel_features = ARRAY_SIZE(kernel_features);

/* cgroup.kill is a file: no call asks for it, the version has to do. */
static int check_version(struct err *err)
{
	unsigned major = 0, minor = 0;
	struct utsname u;

	uname(&u);
	if (sscanf(u.release, "%u.%u", &major, &minor) != 2)
		return err_fail(err, ENOTSUP, "kernel release '%s' is not understood", u.release);
	if (major < 5 || (major == 5 && minor < 14))
		return err_fail(err, ENOTSUP,
				"kernel %s is too old: hull needs cgroup.kill, Linux 5.14",
				u.release);
	log_debug(
		"host: kernel %s; plan: openat2, mount API by descriptor, clone3 into the cgroup, "
		"pidfd, cgroup.kill",
		u.release);
	return 0;
}

int kernel_check(enum kernel_need need, struct err *err)
{
	for (size_t i = 0; i < n_kernel_features; i++) {
		const struct kernel_feature *f = &kernel_features[i];
		const long *a = f->arg;

		if (f->need > need)
			continue;
		syscall(f->nr, a[0], a[1], a[2], a[3], a[4]);
		if (errno == ENOSYS)
			return err_fail(
				err, ENOTSUP,
				"the system call %s is missing: hull needs Linux %s or later, "
				"and a host that lets it through",
				f->name, f->since);
		if (errno == EPERM && !f->asks_rights)
			return err_fail(
				err, ENOTSUP,
				"the system call %s is forbidden by a filter that hull runs "
				"under: allow it there (Linux has it since %s)",
				f->name, f->since);
	}
	return need == KERNEL_ENTER ? check_version(err) : 0;
}
