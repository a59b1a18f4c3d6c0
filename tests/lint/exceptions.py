"""What the rules let pass, and why. A row that is no longer needed fails its rule."""

# (file, included header)
INCLUDES = {
    ("libcontainer/state.h", "libcontainer/container.h"):
        "a state knows its status, which is the facade's enum",
    ("cmd/stub.c", "cgroups/cgroup.h"): "stands in for a layer",
    ("cmd/stub.c", "libcontainer/init/init.h"): "stands in for a layer",
    ("cmd/stub.c", "seccomp/filter.h"): "stands in for a layer",
}

# file
LONG_FILES = {
    "libcontainer/runtime/create.c": "the steps of a container's birth and their undoing",
    "tests/unit/test_filter_sim.c": "an interpreter of BPF and the profiles it is fed",
}

# file: in no makefile
NOT_BUILT = {
    "tests/integration/probe.c": "built by the integration tests themselves",
    "tests/bench/floor.c": "built by tests/bench/run",
    "tests/bench/ibench.c": "built by tests/bench/run",
}

# (file, function)
CALLS = {
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
PATHS = {}

# (file, symbol or *)
GLOBALS = {
    ("libcontainer/base/log.c", "sink"): "the log sink",
    ("libcontainer/base/proc.c", "buf"): "a formatted name, and one thread",
    ("seccomp/names.c", "text"): "a formatted name, and one thread",
    ("oci-spec/default.c", "*"): "templates that are copied; the spec's structs cannot be const",
}

# shellcheck's codes
SHELL = {
    "SC1091": "sourced files are checked by themselves",
    "SC2034": "variables of a sourced file are used by those that source it",
    "SC2154": "and come from there",
    "SC2016": "programs of awk, sh -c and expected texts have dollars of their own",
}

# files that are not text of ours
NOT_TEXT = {}
