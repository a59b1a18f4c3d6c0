# The configuration that dockerd hands to a runtime, and Docker's and Podman's default seccomp profiles.
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2154
load helpers

# The fourteen capabilities of Docker's default.
CAPS='["CAP_CHOWN","CAP_DAC_OVERRIDE","CAP_FSETID","CAP_FOWNER","CAP_MKNOD","CAP_NET_RAW","CAP_SETGID",
 "CAP_SETUID","CAP_SETFCAP","CAP_SETPCAP","CAP_NET_BIND_SERVICE","CAP_SYS_CHROOT","CAP_KILL","CAP_AUDIT_WRITE"]'

profile() { # docker | podman
	oci_seccomp "$HULL_TEST_CACHE/share/$1-seccomp.json" "$CAPS"
}

# What dockerd of today writes for `docker run --init=false --hostname ... debian COMMAND`.
docker_bundle() { # ARG...
	local seccomp id

	id=$(printf '%064d' "$BATS_TEST_NUMBER")
	BUNDLE=$T/docker
	ROOTFS=$DEBIAN
	mkdir -p "$BUNDLE"
	for f in resolv.conf hostname hosts; do
		echo "# $f of $id" > "$BUNDLE/$f"
	done
	seccomp=$(profile docker)
	cat > "$BUNDLE/hook" <<-'EOF'
		#!/bin/sh
		cat > "$(dirname "$0")/hook.state"
		printf '%s\n' "$@" > "$(dirname "$0")/hook.args"
	EOF
	chmod 755 "$BUNDLE/hook"
	jq -n --arg root "$ROOTFS" --arg id "$id" --arg dir "$BUNDLE" --arg cg "/$CG/docker/$id" \
		--argjson caps "$CAPS" --argjson seccomp "$seccomp" --argjson args "$(words "$@")" '
	def bind($name): {destination: "/etc/\($name)", type: "bind", source: "\($dir)/\($name)",
		options: ["rbind", "rprivate"]};
	def node($major; $minor; $access): {allow: true, type: "c", major: $major, minor: $minor, access: $access};
	{
	 ociVersion: "1.2.0",
	 process: {
	  user: {uid: 0, gid: 0, additionalGids: [0, 1, 2, 3, 4, 6, 10]},
	  args: $args,
	  env: ["PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOSTNAME=\($id[0:12])"],
	  cwd: "/",
	  capabilities: {bounding: $caps, effective: $caps, permitted: $caps},
	  oomScoreAdj: 0
	 },
	 root: {path: $root},
	 hostname: $id[0:12],
	 mounts: [
	  {destination: "/proc", type: "proc", source: "proc", options: ["nosuid", "noexec", "nodev"]},
	  {destination: "/dev", type: "tmpfs", source: "tmpfs",
	   options: ["nosuid", "strictatime", "mode=755", "size=65536k"]},
	  {destination: "/dev/pts", type: "devpts", source: "devpts",
	   options: ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620", "gid=5"]},
	  {destination: "/sys", type: "sysfs", source: "sysfs", options: ["nosuid", "noexec", "nodev", "ro"]},
	  {destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
	   options: ["ro", "nosuid", "noexec", "nodev"]},
	  {destination: "/dev/mqueue", type: "mqueue", source: "mqueue", options: ["nosuid", "noexec", "nodev"]},
	  {destination: "/dev/shm", type: "tmpfs", source: "shm",
	   options: ["nosuid", "noexec", "nodev", "mode=1777", "size=67108864"]},
	  bind("resolv.conf"), bind("hostname"), bind("hosts")
	 ],
	 hooks: {prestart: [{path: "\($dir)/hook", args: ["libnetwork-setkey", "-exec-root=/run/docker", $id, "4f2b"]}]},
	 linux: {
	  sysctl: {"net.ipv4.ip_unprivileged_port_start": "0", "net.ipv4.ping_group_range": "0 2147483647"},
	  resources: {
	   devices: [{allow: false, access: "rwm"}, node(1; 5; "rwm"), node(1; 3; "rwm"), node(1; 9; "rwm"),
	    node(1; 8; "rwm"), node(5; 0; "rwm"), node(5; 1; "rwm"), {allow: false, type: "c", major: 10, minor: 229, access: "rwm"}],
	   memory: {}, cpu: {shares: 0}, blockIO: {weight: 0}
	  },
	  cgroupsPath: $cg,
	  namespaces: [{type: "mount"}, {type: "network"}, {type: "uts"}, {type: "pid"}, {type: "ipc"},
	   {type: "cgroup"}],
	  seccomp: $seccomp,
	  maskedPaths: ["/proc/asound", "/proc/acpi", "/proc/interrupts", "/proc/kcore", "/proc/keys",
	   "/proc/latency_stats", "/proc/timer_list", "/proc/timer_stats", "/proc/sched_debug", "/proc/scsi",
	   "/sys/firmware", "/sys/devices/virtual/powercap"],
	  readonlyPaths: ["/proc/bus", "/proc/fs", "/proc/irq", "/proc/sys", "/proc/sysrq-trigger"]
	 }
	}' > "$BUNDLE/config.json"
}

@test "docker: its configuration runs, with the ids, capabilities and files that it says" {
	docker_bundle /bin/sh -c 'hostname 2>/dev/null || cat /proc/sys/kernel/hostname
		id -G; grep -E "^(CapPrm|CapEff|CapBnd|CapAmb|CapInh|Seccomp|NoNewPrivs)" /proc/self/status | tr "\t" " "
		cut -c1-15 /etc/resolv.conf /etc/hosts
		cat /proc/sys/net/ipv4/ip_unprivileged_port_start; df --output=size -k /dev/shm | tail -n1 | tr -d " "
		echo $HOSTNAME'
	run_bundle
	equal "$status" 0
	equal "$stderr" ""
	equal "$output" "000000000000
0 1 2 3 4 6 10
CapInh: 0000000000000000
CapPrm: 00000000a80425fb
CapEff: 00000000a80425fb
CapBnd: 00000000a80425fb
CapAmb: 0000000000000000
NoNewPrivs: 0
Seccomp: 2
Seccomp_filters: 1
# resolv.conf o
# hosts of 0000
0
65536
000000000000"
}

@test "docker: the prestart hook gets the state, its arguments and a live pid" {
	docker_bundle /bin/true
	run_bundle
	equal "$status" 0
	equal "$(cat "$BUNDLE/hook.args")" "-exec-root=/run/docker
$(printf '%064d' "$BATS_TEST_NUMBER")
4f2b"
	equal "$(jq -r '.id, .bundle' "$BUNDLE/hook.state")" "real$BATS_TEST_NUMBER
$BUNDLE"
	# The specification leaves open which of the two it is (H-12).
	matches "$(jq -r .status "$BUNDLE/hook.state")" '^(creating|created)$'
	(($(jq .pid "$BUNDLE/hook.state") > 1))
}

@test "docker: the default profile refuses what a container must not do and leaves the rest" {
	docker_bundle /bin/sh -c 'unshare -U true; echo "unshare $?"
		unshare -m true; echo "mount namespace $?"
		mount -t tmpfs none /mnt; echo "mount $?"
		mknod /tmp/zero c 1 5 && head -c1 /tmp/zero | od -An -tx1; rm -f /tmp/zero
		mknod /tmp/disk b 8 0 && cat /tmp/disk; rm -f /tmp/disk
		chroot / /bin/true; echo "chroot $?"
		su -s /bin/sh daemon -c "id -un"
		setarch -R true; echo "personality $?"
		perl -e "syscall(435, 0, 0); print \$!+0, \" \"; syscall(9999); print \$!+0, \"\\n\""
		wc -c </proc/keys; cat /sys/firmware/* 2>/dev/null | wc -c
		echo 1 > /proc/sys/kernel/panic; echo "sysctl $?"
		perl -e "exit 7"; echo "perl $?"'
	run_bundle
	equal "$status" 0
	has "$stderr" "Operation not permitted"
	equal "$output" "unshare 1
mount namespace 1
mount $(mount_refused)
 00
chroot 0
daemon
personality 1
38 38
0
0
sysctl 2
perl 7"
}

# mount(8) says 32 for a refused mount, and 1 where it asks first whether it is privileged.
mount_refused() {
	grep -o '^mount [0-9]*$' <<< "$output" | cut -d' ' -f2 | grep -xE '1|32'
}

@test "docker: create with a pid file, start, exec, kill and delete, as its shim does" {
	docker_bundle /bin/sh -c 'trap "exit 143" TERM; while :; do sleep 1; done'
	create shim --pid-file "$T/pid"
	equal "$(cat "$T/pid")" "$(pid_of shim)"
	equal "$(status_of shim)" created
	hull start shim
	jq -c '.process | .args = ["/bin/sh", "-c", "grep ^Seccomp: /proc/self/status | tr \"\\t\" \" \"; exit 5"] | .terminal = false' \
		"$BUNDLE/config.json" > "$T/process.json"
	run --separate-stderr hull exec --process "$T/process.json" shim
	equal "$status" 5
	equal "$output" "Seccomp: 2"
	hull kill shim 15
	wait_for 5 is_status shim stopped
	hull delete shim
	no_trace shim
}

@test "podman: its default profile loads too" {
	docker_bundle /bin/sh -c 'grep "^Seccomp:" /proc/self/status | tr "\t" " "
		setarch -R true 2>/dev/null || echo refused; perl -e "syscall(9999); print \$!+0"'
	config --argjson p "$(profile podman)" '.linux.seccomp = $p'
	run_bundle
	equal "$status" 0
	equal "$output" "Seccomp: 2
refused
38"
}
