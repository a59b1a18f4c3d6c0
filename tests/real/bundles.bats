# Bundles and configurations that other tools wrote.
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2154
load helpers

# ---- umoci ---------------------------------------------------------------------------------------

umoci_image() {
	local layer=$REAL/layer

	umoci init --layout "$REAL/image"
	umoci new --image "$REAL/image:base"
	umoci insert --image "$REAL/image:base" "$DEBIAN" /
	# A second layer: a file more, one changed, and one removed by a whiteout.
	mkdir -p "$layer"
	echo from-the-second-layer > "$layer/second"
	umoci insert --image "$REAL/image:base" "$layer" /opt/app
	umoci insert --image "$REAL/image:base" --whiteout /etc/issue
	umoci config --image "$REAL/image:base" --tag app \
		--config.cmd /bin/sh --config.cmd -c --config.cmd 'echo "$GREETING from $(id -un):$(id -gn) in $PWD"; cat second' \
		--config.env GREETING=hello --config.workingdir /opt/app --config.user games:mail
}

# Unpacked once for this file.
umoci_bundle() {
	need umoci
	BUNDLE=$REAL/umoci
	ROOTFS=$BUNDLE/rootfs
	if [[ ! -e $REAL/config.umoci ]]; then
		umoci_image
		umoci unpack --image "$REAL/image:app" "$BUNDLE"
		cp "$BUNDLE/config.json" "$REAL/config.umoci"
	fi
	cp "$REAL/config.umoci" "$BUNDLE/config.json"
	config --arg cg "/$CG/umoci" '.process.terminal = false | .linux.cgroupsPath = $cg'
}

@test "umoci: an unpacked image runs its own command, user, environment and directory" {
	umoci_bundle
	run_bundle
	equal "$status" 0
	equal "$output" "hello from games:mail in /opt/app
from-the-second-layer"
	equal "$stderr" ""
}

@test "umoci: an unpacked image's layers are what the container sees" {
	umoci_bundle
	config '.process.user = {uid: 0, gid: 0}'
	adopt /bin/sh -c 'cat /opt/app/second; [ -e /etc/issue ] || echo no issue; . /etc/os-release; echo $ID; stat -c %u:%g:%a /usr/bin/passwd'
	run_bundle
	equal "$status" 0
	equal "$output" "from-the-second-layer
no issue
debian
$(stat -c %u:%g:%a "$DEBIAN/usr/bin/passwd")"
}

@test "umoci: an unpacked image goes through create, start, exec and delete" {
	umoci_bundle
	adopt /bin/sh -c 'trap "exit 3" TERM; while :; do sleep 1; done'
	start_it web
	equal "$(hull exec web cat /opt/app/second)" from-the-second-layer
	equal "$(hull state web | jq -r '.annotations["org.opencontainers.image.os"] // "none"')" \
		"$(jq -r '.annotations["org.opencontainers.image.os"] // "none"' "$BUNDLE/config.json")"
	hull kill web TERM
	wait_for 5 is_status web stopped
	hull delete web
	no_trace web
}

# ---- runc spec, crun spec ---------------------------------------------------------------------------

spec_bundle() { # TOOL [ARG]...
	need "$1"
	BUNDLE=$T/spec
	ROOTFS=$DEBIAN
	mkdir -p "$BUNDLE"
	(cd "$BUNDLE" && "$1" spec "${@:2}")
	config --arg root "$ROOTFS" '.root.path = $root'
}

# What both default configurations promise.
default_container() {
	adopt /bin/sh -c 'echo "host $(cat /proc/sys/kernel/hostname)"; echo "pid $$"
		grep -E "^(CapEff|CapBnd|NoNewPrivs)" /proc/self/status | tr "\t" " "
		ulimit -n; touch /x 2>/dev/null || echo read-only
		[ -s /proc/kcore ] || echo masked
		ls /sys/class/net; ls /proc/self/fd | wc -l; pwd; echo "$PATH $TERM"'
	run_bundle
	equal "$status" 0
	equal "$stderr" ""
	# CAP_AUDIT_WRITE 29, CAP_KILL 5, CAP_NET_BIND_SERVICE 10; the fourth fd is that of ls.
	equal "$output" "host $1
pid 1
CapEff: 0000000020000420
CapBnd: 0000000020000420
NoNewPrivs: 1
1024
read-only
masked
lo
4
/
/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin xterm"
}

@test "runc spec: its configuration runs and gives what it says" {
	spec_bundle runc
	default_container runc
}

@test "crun spec: its configuration runs and gives what it says" {
	spec_bundle crun
	default_container crun
}

@test "runc spec: its rootless configuration runs, with its one-id map" {
	spec_bundle runc --rootless
	adopt /bin/sh -c 'id -u; cat /proc/self/uid_map | tr -s " "; grep -E "^CapEff" /proc/self/status | tr "\t" " "'
	run_bundle
	equal "$status" 0
	equal "$output" "0
 0 $(jq -r '.linux.uidMappings[0].hostID' "$BUNDLE/config.json") 1
CapEff: 0000000020000420"
}

@test "hull spec: its configuration runs under runc too" {
	need runc
	BUNDLE=$T/ours
	mkdir -p "$BUNDLE"
	hull spec --bundle "$BUNDLE"
	config --arg root "$DEBIAN" '.root.path = $root'
	adopt /bin/sh -c 'echo "pid $$"; grep -c . /proc/self/mountinfo > /dev/null && echo mounts'
	# runc leaves a parent behind.
	config --arg cg "/$CG" '.linux.cgroupsPath = $cg'
	run runc --root "$T/runc" run --bundle "$BUNDLE" "hull-$CG"
	equal "$status" 0
	equal "$output" "pid 1
mounts"
}
