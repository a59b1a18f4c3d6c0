# Daemons of the tests' own: containerd, and dockerd on top of it. Each lives below $DAEMONS, its state in
# $DAEMONS/run, and is stopped by `stop_daemons`. Needs helpers.bash.

DAEMONS=/var/tmp/daemons
CONTAINERD_SOCKET=$DAEMONS/run/containerd.sock
DOCKER_HOST=unix://$DAEMONS/run/docker.sock
IMAGE=localhost/bb:latest

blob() { # LAYOUT FILE MEDIA-TYPE: its descriptor, as JSON
	local sum

	sum=$(sha256sum < "$2" | cut -d' ' -f1)
	cp "$2" "$1/blobs/sha256/$sum"
	printf '{"mediaType":"application/vnd.oci.image.%s","digest":"sha256:%s","size":%d}' "$3" "$sum" \
		"$(stat -c %s "$2")"
}

# An OCI archive of a root file system's tar.
oci_archive() { # TAR ARCHIVE NAME
	local dir layer config manifest

	dir=$(mktemp -d)
	mkdir -p "$dir/l/blobs/sha256"
	layer=$(blob "$dir/l" "$1" layer.v1.tar)
	printf '{"architecture":"amd64","os":"linux","config":{"Env":["PATH=/bin"],"Cmd":["sh"]},%s' \
		"\"rootfs\":{\"type\":\"layers\",\"diff_ids\":[$(jq .digest <<< "$layer")]}}" > "$dir/config"
	config=$(blob "$dir/l" "$dir/config" config.v1+json)
	printf '{"schemaVersion":2,"mediaType":"application/vnd.oci.image.manifest.v1+json","config":%s,%s' \
		"$config" "\"layers\":[$layer]}" > "$dir/manifest"
	manifest=$(blob "$dir/l" "$dir/manifest" manifest.v1+json)
	jq -c --arg name "$3" \
		'{schemaVersion: 2, manifests: [. + {annotations: {"io.containerd.image.name": $name}}]}' \
		<<< "$manifest" > "$dir/l/index.json"
	echo '{"imageLayoutVersion":"1.0.0"}' > "$dir/l/oci-layout"
	tar -C "$dir/l" -cf "$2" .
	rm -r "$dir"
}

ctr() {
	command ctr --address "$CONTAINERD_SOCKET" "$@"
}

docker() {
	DOCKER_HOST=$DOCKER_HOST DOCKER_CONFIG=$DAEMONS/docker-config command docker "$@"
}

# In a process group of its own, without the descriptors that bats waits for the end of.
daemon() { # NAME COMMAND...
	local name=$1 fds

	shift
	fds=$(printf '%s>&- ' {3..19})
	eval "setsid \"\$@\" < /dev/null >> \"\$DAEMONS/\$name.log\" 2>&1 $fds &"
	echo $! > "$DAEMONS/$name.pid"
}

start_containerd() {
	mkdir -p "$DAEMONS/run"
	cat > "$DAEMONS/containerd.toml" <<-END
		version = 3
		root = "$DAEMONS/containerd"
		state = "$DAEMONS/run/containerd"
		disabled_plugins = ["io.containerd.internal.v1.opt", "io.containerd.snapshotter.v1.erofs",
		 "io.containerd.snapshotter.v1.blockfile", "io.containerd.snapshotter.v1.btrfs",
		 "io.containerd.snapshotter.v1.zfs", "io.containerd.snapshotter.v1.devmapper",
		 "io.containerd.internal.v1.tracing", "io.containerd.tracing.processor.v1.otlp",
		 "io.containerd.nri.v1.nri"]
		[grpc]
		 address = "$CONTAINERD_SOCKET"
		[ttrpc]
		 address = "$CONTAINERD_SOCKET.ttrpc"
	END
	daemon containerd containerd --config "$DAEMONS/containerd.toml" --log-level info
	until_true ctr version
}

import_image() { # for ctr
	rootfs_tar
	[ -e "$ROOTFS_TAR.oci" ] || oci_archive "$ROOTFS_TAR" "$ROOTFS_TAR.oci" "$IMAGE"
	ctr images import "$ROOTFS_TAR.oci" > /dev/null
}

start_dockerd() { # [OPTION...]
	mkdir -p "$DAEMONS/run" "$DAEMONS/docker-config"
	[ -e "$DAEMONS/daemon.json" ] || printf '{"runtimes": {"hull": {"path": "%s"}}}\n' "$HULL" > "$DAEMONS/daemon.json"
	daemon dockerd dockerd --config-file "$DAEMONS/daemon.json" --data-root "$DAEMONS/docker" \
		--exec-root "$DAEMONS/run/docker" --pidfile "$DAEMONS/run/dockerd.pid" --host "$DOCKER_HOST" \
		--containerd "$CONTAINERD_SOCKET" --iptables=false --ip6tables=false "$@"
	until_true docker version
}

import_docker() { # as image `bb`
	rootfs_tar
	docker import -c 'ENV PATH=/bin' -c 'CMD ["sh"]' "$ROOTFS_TAR" bb > /dev/null
}

ended() { # PID: what died and waits for its parent, too
	! grep -q '^State:	[^ZX]' "/proc/$1/status" 2> /dev/null
}

stop_daemon() { # NAME [SIGNAL]
	local pid

	[ -e "$DAEMONS/$1.pid" ] || return 0
	pid=$(cat "$DAEMONS/$1.pid")
	kill -s "${2:-TERM}" "$pid" || return
	until_true ended "$pid" || return
	rm "$DAEMONS/$1.pid"
}

stop_daemons() {
	stop_daemon dockerd && stop_daemon containerd
	findmnt -rn -o TARGET | grep "^$DAEMONS/" | sort -r | xargs -r umount
	rm -rf "$DAEMONS"
}

# What containers leave: state, cgroups, mounts, processes. What a runtime keeps for containers to come, and an
# empty cgroup of all containers of an engine, are none of these.
engine_litter() {
	local d

	for d in "$DAEMONS"/run/containerd/runc/*/* "$DAEMONS"/run/docker/runtime-runc/moby/* /run/containerd/runc/*/*; do
		case $d in
		*/@* | *'*') ;;
		*) echo "state $d" ;;
		esac
	done
	find /sys/fs/cgroup -type d \( -path '*/default/*' -o -path '*/docker/*' -o -path '*/buildkit/*' -o -name 'docker-*' -o \
		-name '*ctr-*' \) ! -path '*/docker/buildkit' -printf 'cgroup %p\n'
	findmnt -rn -o TARGET | grep "^$DAEMONS/.*/rootfs\|^$DAEMONS/.*/merged\|^$DAEMONS/.*/shm" | sed 's/^/mount /' || :
	pgrep -a -f '^[^ ]*(containerd-shim|hull|runc) ' | sed 's/^/process /' || :
}

is_clean() {
	[ -z "$(engine_litter)" ]
}

nothing_left() {
	until_true is_clean || {
		engine_litter
		return 1
	}
}

# ---- for rows of docker -----------------------------------------------------------------------

run_docker() { # [OPTION...] IMAGE COMMAND...
	docker run --rm --network none --runtime "$RUNTIME_NAME" "$@"
}

start_docker() { # NAME [OPTION...] IMAGE COMMAND...
	local name=$1

	shift
	docker run -d --name "$name" --network none --runtime "$RUNTIME_NAME" "$@" > /dev/null
}

inspect() { # FORMAT NAME
	docker inspect -f "{{$1}}" "$2"
}

says() { # FORMAT NAME VALUE
	[ "$(inspect "$1" "$2")" = "$3" ]
}

cgroup_of() { # NAME
	echo "/sys/fs/cgroup/docker/$(inspect .Id "$1")"
}

# ---- what a file's tests begin and end with; some have their own -------------------------------

docker_by_cgroupfs() { # [OPTION of dockerd...]
	start_containerd
	start_dockerd --bridge none --exec-opt native.cgroupdriver=cgroupfs "$@"
	import_docker
}

teardown_file() {
	stop_daemons
}

teardown() {
	nothing_left
}
