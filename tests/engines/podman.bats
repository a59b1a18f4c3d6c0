load helpers

setup_file() {
	make_rootfs /var/tmp/rootfs
	tar -C /var/tmp/rootfs -cf /var/tmp/rootfs.tar .
}

setup() {
	export PEER=/usr/bin/crun
}

# podman with storage and state of its own for each runtime.
pod() {
	podman --root "$T/root" --runroot "$T/run" --tmpdir "$T/tmp" --storage-driver vfs --cgroup-manager cgroupfs \
		--events-backend file --runtime "$RUNTIME" "$@"
}

image() {
	quietly pod import /var/tmp/rootfs.tar localhost/bb
}

@test "podman: run gives the program's exit status (P1)" {
	p1() {
		image
		status pod run --rm --net none localhost/bb sh -c 'echo out; exit 7'
	}
	row p1 <<-EOF
		out
		status 7
	EOF
}
