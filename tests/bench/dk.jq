# What Docker asks for, but for limits (whose controllers a hybrid host does not have in v2).
.process.terminal = false | .root.readonly = false
| .process.noNewPrivileges = true
| (["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_MKNOD", "CAP_NET_RAW",
    "CAP_SETGID", "CAP_SETUID", "CAP_SETFCAP", "CAP_SETPCAP", "CAP_NET_BIND_SERVICE",
    "CAP_SYS_CHROOT", "CAP_KILL", "CAP_AUDIT_WRITE"]) as $caps
| .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}
| .process.rlimits = []
| .mounts = [
    {destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]},
    {destination: "/dev", type: "tmpfs", source: "tmpfs",
     options: ["nosuid", "strictatime", "mode=755", "size=65536k"]},
    {destination: "/dev/pts", type: "devpts", source: "devpts",
     options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
    {destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]},
    {destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
     options: ["ro", "nosuid", "noexec", "nodev"]},
    {destination: "/dev/mqueue", type: "mqueue", source: "mqueue",
     options: ["nosuid", "noexec", "nodev"]},
    {destination: "/dev/shm", type: "tmpfs", source: "shm",
     options: ["nosuid", "noexec", "nodev", "mode=1777", "size=67108864"]},
    {destination: "/etc/resolv.conf", type: "bind", source: "/bench/hosts", options: ["rbind", "rprivate"]},
    {destination: "/etc/hostname", type: "bind", source: "/bench/hosts", options: ["rbind", "rprivate"]},
    {destination: "/etc/hosts", type: "bind", source: "/bench/hosts", options: ["rbind", "rprivate"]}]
| .linux.resources.devices = [
    {allow: false, access: "rwm"},
    {allow: true, type: "c", major: 1, minor: 5, access: "rwm"},
    {allow: true, type: "c", major: 1, minor: 3, access: "rwm"},
    {allow: true, type: "c", major: 1, minor: 9, access: "rwm"},
    {allow: true, type: "c", major: 1, minor: 8, access: "rwm"},
    {allow: true, type: "c", major: 5, minor: 0, access: "rwm"},
    {allow: false, type: "c", major: 10, minor: 229, access: "rwm"}]
| .linux.namespaces = [{type: "mount"}, {type: "network"}, {type: "uts"}, {type: "pid"},
                       {type: "ipc"}, {type: "cgroup"}]
| .linux.maskedPaths = ["/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys",
    "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug",
    "/proc/scsi", "/sys/firmware", "/sys/devices/virtual/powercap"]
| .linux.readonlyPaths = ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
| .linux.seccomp = $seccomp
