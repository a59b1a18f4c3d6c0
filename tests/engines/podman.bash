# Podman's rows have one storage and one configuration for both runtimes. The image is imported once.
# A row's containers (in a file that sets PODS, its pods) are removed after each runtime, and what then is
# left of them is printed, so that it fails the row.

IMAGE=localhost/bb
PEER=/usr/bin/crun # as in Debian

podman_setup() {
	podman_config cgroupfs
	podman image exists "$IMAGE" && return
	rootfs_tar
	quietly podman import "$ROOTFS_TAR" "$IMAGE"
}

# What an administrator would write; docs/engines.md says why. netavark's rules need more of nftables
# than the guest's kernel has.
podman_config() { # CGROUP-MANAGER
	mkdir -p /etc/containers/containers.conf.d
	cat > /etc/containers/containers.conf.d/50-hull.conf <<-EOF
		[engine]
		runtime_supports_json = ["crun", "runc", "hull"]
		runtime_supports_nocgroup = ["crun", "hull"]
		[engine.runtimes]
		hull = ["$HULL"]
	EOF
	cat > /etc/containers/containers.conf.d/60-tests.conf <<-EOF
		[containers]
		log_driver = "k8s-file"
		[engine]
		cgroup_manager = "$1"
		events_logger = "file"
		pull_policy = "never"
		[network]
		firewall_driver = "none"
	EOF
}

# Podman as a user has it, with the runtime by name; it ends.
pod() {
	timeout -k 5 60 podman --runtime "$RUNTIME_NAME" "$@"
}

# A container without a network that is removed when it ends.
once() {
	pod run --rm --net none "$@"
}

# A container that stays, called c.
keep() {
	quietly pod run -d --net none --name c "$@" || echo "run: $?"
}

# What Podman knows of the container c.
about() { # FORMAT
	podman inspect c --format "$1"
}

# The container c has said so.
logged() { # TEXT
	podman logs c 2> /dev/null | grep -q -- "$1"
}

podman_clean() {
	[ -z "${PODS:-}" ] || quietly podman pod rm -f -t 0 -a
	quietly podman rm -f -v -t 0 -a
}

# Containers end in the background (conmon runs `podman container cleanup`).
podman_left() {
	find /sys/fs/cgroup -type d \( -name 'libpod-*' -o -name 'libpod_pod*' -o -name 'machine-libpod*' \)
	find /run/hull /run/crun -mindepth 1 -maxdepth 1 ! -name '[.@]*' 2> /dev/null # but for caches
	pgrep -a -x conmon
	pgrep -a -x hull
	findmnt -rn -o TARGET | grep -E '/(merged|shm)$' | grep -v '^/dev'
}

nothing_left() {
	[ -z "$(podman_left)" ]
}

podman_row() { # FUNCTION; what is expected on stdin
	row_body=$1
	# shellcheck disable=SC2317 # called by row
	cleaned() {
		"$row_body"
		podman_clean
		until_true nothing_left || podman_left || :
	}
	row cleaned
}
