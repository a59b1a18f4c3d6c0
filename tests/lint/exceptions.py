"""What the rules let pass, and why. A row that is no longer needed fails its rule."""

# (file, included header)
INCLUDES = {
    ("libcontainer/state.h", "libcontainer/container.h"):
        "a state knows its status, which is the facade's enum",
}

# file
LONG_FILES = {}

# file: in no makefile
NOT_BUILT = {
    "tests/integration/probe.c": "built by the integration tests themselves",
    "tests/integration/attacker.c": "built by the integration tests themselves",
    "tests/integration/attacker.h": "built by the integration tests themselves",
    "tests/integration/engine.c": "built by the integration tests themselves",
    "tests/integration/engine.h": "built by the integration tests themselves",
    "tests/checkpoint/criu_stub.c": "built by the tests of checkpoint themselves",
    "tests/checkpoint/engine_program.c": "built by the tests of checkpoint themselves",
    "tests/checkpoint/workload.c": "built by the tests of checkpoint themselves",
    "tests/checkpoint/workload.h": "built by the tests of checkpoint themselves",
    "tests/checkpoint/workload_files.c": "built by the tests of checkpoint themselves",
    "tests/checkpoint/workload_ipc.c": "built by the tests of checkpoint themselves",
    "tests/checkpoint/workload_mem.c": "built by the tests of checkpoint themselves",
    "tests/checkpoint/workload_more.c": "built by the tests of checkpoint themselves",
    "tests/checkpoint/workload_net.c": "built by the tests of checkpoint themselves",
    "tests/checkpoint/workload_proc.c": "built by the tests of checkpoint themselves",
    "tests/checkpoint/workload_things.c": "built by the tests of checkpoint themselves",
    "tests/migrate/between.c": "built by the tests of migrate themselves",
    "tests/migrate/mover.c": "built by the tests of migrate themselves",
    "tests/migrate/talker.c": "built by the tests of migrate themselves",
    "tests/migrate/talk.c": "built by the tests of migrate themselves",
    "tests/migrate/tree.c": "built by the tests of migrate themselves",
}

# (file, function)
CALLS = {
    ("libcontainer/base/err.c", "strerror"): "of the kernel's errors: constants in both libcs",
    ("cmd/ps.c", "strtoul"): "one column of ps(1)'s output",
    ("cmd/stats.c", "strtoul"): "numbers of the kernel's lists, \"0-2,5\"",
}
CLOEXEC = {
    ("cmd/main.c", "open"): "a closed standard descriptor is opened again, to be inherited",
}

# file
STDOUT = {
    "libcontainer/runtime/attach.c": "passes on what the container's terminal prints",
}

# (file, function): calls by path in init
PATHS = {
    ("libcontainer/init/devices.c", "chmod"): "/proc/self/fd/N: the node that is open, by number",
    ("libcontainer/init/devices.c", "mountfd_clone_path"): "the host's node, before pivot_root",
    ("libcontainer/init/exec.c", "execve"): "what this is all for: inside, as the program's user",
    ("libcontainer/init/lookup.c", "stat"): "asks what execve will say: decides nothing",
    ("libcontainer/init/hooks.c", "open"): "the bundle: a path of the host's, before pivot_root",
    ("libcontainer/init/namespaces.c", "open"):
        "root.path and /proc/self: of the host's, before pivot_root",
    ("libcontainer/init/namespaces.c", "chdir"): "the bundle: the host's, before pivot_root",
    ("libcontainer/init/join.c", "open"): "'/' of the namespace just joined",
    ("libcontainer/init/mounts.c", "mountfd_clone_path"): "bind sources: the host's paths",
    ("libcontainer/init/mounts.c", "chmod"): "/proc/self/fd/N: the new file system, by number",
    ("libcontainer/init/pivot.c", "umount2"): "'.', the old root; or the host's mounts",
    ("libcontainer/init/pivot.c", "mount"): "'.', the new root; or over the host's mounts",
    ("libcontainer/init/pivot.c", "chdir"): "'/'",
    ("libcontainer/init/pivot.c", "chroot"): "'.', the new root",
    ("libcontainer/init/pivot.c", "readlink"): "/proc/self/fd/N of the root",
    ("libcontainer/init/rootfs.c", "mount"): "'/': only its propagation",
}

# (file, symbol or *)
GLOBALS = {
    ("libcontainer/base/log.c", "sink"): "the log sink",
    ("libcontainer/base/arena.c", "spare"): "released chunks, a cache without meaning",
    ("libcontainer/base/arena.c", "n_spare"): "their number",
    ("libcontainer/base/proc.c", "buf"): "a formatted name, and one thread",
    ("seccomp/names.c", "text"): "a formatted name, and one thread",
    ("oci-spec/default.c", "*"): "templates that are copied; the spec's structs cannot be const",
}

# shellcheck's codes
SHELL = {
    "SC1091": "sourced files are checked by themselves",
    "SC2034": "variables of a sourced file are used by those that source it",
    "SC2030": "a bats test is a subshell: what it sets is its own",
    "SC2031": "the same",
    "SC2154": "and come from there",
    "SC2153": "the same",
    "SC2016": "programs of awk, sh -c and expected texts have dollars of their own",
}

# files that are not text of ours
NOT_TEXT = {}
