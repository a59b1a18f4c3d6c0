/* PURE: the config.json that `hull spec` writes. */
#include "libcontainer/base/cleanup.h"
#include "oci-spec/oci.h"

/* A list of strings in static memory, with the NULL behind it that spec.h promises. */
#define STRINGS(...)                                                                \
	{                                                                           \
		true, ARRAY_SIZE(((const char *[]){__VA_ARGS__})), (const char *[]) \
		{                                                                   \
			__VA_ARGS__, NULL                                           \
		}                                                                   \
	}
#define U32(n)          \
	{               \
		true, n \
	}

/* clang-format off */
static struct oci_user user = {.uid = U32(0), .gid = U32(0)};

#define CAPS STRINGS("CAP_AUDIT_WRITE", "CAP_KILL", "CAP_NET_BIND_SERVICE")
/* No inheritable ones (CVE-2022-24769), and so no ambient ones. */
static struct oci_capabilities caps = {
	.bounding = CAPS, .effective = CAPS, .permitted = CAPS,
};

static struct oci_rlimit rlimits[] = {
	{.type = "RLIMIT_NOFILE", .soft = {true, 1024}, .hard = {true, 1024}},
};

static const struct oci_process process = {
	.terminal          = {true, true},
	.user              = &user,
	.args              = STRINGS("sh"),
	.env               = STRINGS("PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
				     "/sbin:/bin", "TERM=xterm"),
	.cwd               = "/",
	.capabilities      = &caps,
	.rlimits           = {true, ARRAY_SIZE(rlimits), rlimits},
	.no_new_privileges = {true, true},
};

static const struct oci_root root = {.path = "rootfs", .readonly = {true, true}};

static const struct oci_mount mounts[] = {
	{.destination = "/proc", .type = "proc", .source = "proc"},
	{.destination = "/dev", .type = "tmpfs", .source = "tmpfs",
	 .options = STRINGS("nosuid", "strictatime", "mode=755", "size=65536k")},
	{.destination = "/dev/pts", .type = "devpts", .source = "devpts",
	 .options = STRINGS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620",
			    "gid=5")},
	{.destination = "/dev/shm", .type = "tmpfs", .source = "shm",
	 .options = STRINGS("nosuid", "noexec", "nodev", "mode=1777", "size=65536k")},
	{.destination = "/dev/mqueue", .type = "mqueue", .source = "mqueue",
	 .options = STRINGS("nosuid", "noexec", "nodev")},
	{.destination = "/sys", .type = "sysfs", .source = "sysfs",
	 .options = STRINGS("nosuid", "noexec", "nodev", "ro")},
	{.destination = "/sys/fs/cgroup", .type = "cgroup", .source = "cgroup",
	 .options = STRINGS("nosuid", "noexec", "nodev", "relatime", "ro")},
};
#define MOUNT_PTS 2
#define MOUNT_SYS 5

/* One id cannot be mapped to group 5, and sysfs needs a network namespace of one's own. */
static const struct oci_mount rootless_pts = {
	.destination = "/dev/pts", .type = "devpts", .source = "devpts",
	.options = STRINGS("nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"),
};
static const struct oci_mount rootless_sys = {
	.destination = "/sys", .type = "none", .source = "/sys",
	.options = STRINGS("rbind", "nosuid", "noexec", "nodev", "ro"),
};

static struct oci_namespace namespaces[] = {
	{.type = "pid"}, {.type = "network"}, {.type = "ipc"}, {.type = "uts"},
	{.type = "mount"}, {.type = "cgroup"},
};
static struct oci_namespace rootless_namespaces[] = {
	{.type = "pid"}, {.type = "ipc"}, {.type = "uts"}, {.type = "mount"},
	{.type = "cgroup"}, {.type = "user"},
};

static struct oci_device_rule device_rules[] = {
	{.allow = {true, false}, .access = "rwm"},
};
static struct oci_resources resources = {
	.devices = {true, ARRAY_SIZE(device_rules), device_rules},
};

static const struct oci_linux linux_ = {
	.resources      = &resources,
	.namespaces     = {true, ARRAY_SIZE(namespaces), namespaces},
	.masked_paths   = STRINGS("/proc/acpi", "/proc/asound", "/proc/kcore", "/proc/keys",
				  "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats",
				  "/proc/sched_debug", "/sys/firmware",
				  "/sys/devices/virtual/powercap", "/proc/scsi"),
	.readonly_paths = STRINGS("/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys",
				  "/proc/sysrq-trigger"),
};
/* clang-format on */

static oci_id_mappings one_id(struct arena *a, uint32_t host)
{
	struct oci_id_mapping *m = arena_new(a, struct oci_id_mapping);

	*m = (struct oci_id_mapping){.container_id = U32(0), .host_id = U32(host), .size = U32(1)};
	return (oci_id_mappings){true, 1, m};
}

static void make_rootless(struct arena *a, struct oci_spec *spec, uint32_t uid, uint32_t gid)
{
	struct oci_linux *l = spec->linux_;

	spec->mounts.v[MOUNT_PTS] = rootless_pts;
	spec->mounts.v[MOUNT_SYS] = rootless_sys;
	l->resources = NULL;
	l->namespaces.v = rootless_namespaces;
	l->namespaces.n = ARRAY_SIZE(rootless_namespaces);
	l->uid_mappings = one_id(a, uid);
	l->gid_mappings = one_id(a, gid);
}

/* The caller may change what is reached directly; lists below that are static. */
struct oci_spec *oci_default_spec(struct arena *a, bool rootless, uint32_t uid, uint32_t gid)
{
	struct oci_spec *spec = arena_new(a, struct oci_spec);

	spec->oci_version = OCI_VERSION;
	spec->process = arena_memdup(a, &process, sizeof(process));
	spec->root = arena_memdup(a, &root, sizeof(root));
	spec->hostname = "hull";
	spec->mounts.set = true;
	spec->mounts.n = ARRAY_SIZE(mounts);
	spec->mounts.v = arena_memdup(a, mounts, sizeof(mounts));
	spec->linux_ = arena_memdup(a, &linux_, sizeof(linux_));
	if (rootless)
		make_rootless(a, spec, uid, gid);
	return spec;
}
