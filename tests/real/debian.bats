# A Debian userland without systemd: its package tools at work inside a container.
# shellcheck shell=bash disable=SC2016,SC2030,SC2031,SC2034,SC2154
load helpers

# Capabilities that dpkg and apt need, as Docker gives them.
debian_bundle() { # ARG...
	BUNDLE=$T/debian
	ROOTFS=$DEBIAN
	mkdir -p "$BUNDLE"
	hull spec --bundle "$BUNDLE"
	config --arg root "$DEBIAN" '.root = {path: $root, readonly: false}
		| ["CAP_CHOWN", "CAP_DAC_OVERRIDE", "CAP_FSETID", "CAP_FOWNER", "CAP_SETGID", "CAP_SETUID",
			"CAP_SYS_CHROOT", "CAP_KILL", "CAP_MKNOD", "CAP_AUDIT_WRITE", "CAP_NET_RAW"] as $caps
		| .process.capabilities = {bounding: $caps, effective: $caps, permitted: $caps}
		| .process.noNewPrivileges = false
		| .process.env += ["DEBIAN_FRONTEND=noninteractive", "LC_ALL=C.UTF-8"]
		| .mounts += [{destination: "/tmp", type: "tmpfs", source: "tmpfs", options: ["nosuid", "nodev", "mode=1777"]}]'
	adopt "$@"
}

# A package with a file, a maintainer script and a dependency that is there.
make_deb() { # VERSION
	local w=$T/deb-$1

	mkdir -p "$w/DEBIAN" "$w/usr/share/hull-sample" "$DEBIAN/opt/debs"
	printf '%s\n' 'Package: hull-sample' "Version: $1" 'Architecture: all' 'Depends: dpkg' \
		'Maintainer: nobody <nobody@example.org>' 'Description: sample' > "$w/DEBIAN/control"
	printf '#!/bin/sh\necho "postinst $1 as $(id -u) pid-ns $(readlink /proc/self/ns/pid)" > /var/lib/hull-sample\nchown daemon:mail /var/lib/hull-sample\n' \
		> "$w/DEBIAN/postinst"
	chmod 755 "$w/DEBIAN/postinst"
	echo "version $1" > "$w/usr/share/hull-sample/version"
	dpkg-deb --root-owner-group -b "$w" "$DEBIAN/opt/debs/hull-sample_$1_all.deb" > /dev/null
}

@test "debian: apt-get, dpkg and perl run and know their system" {
	debian_bundle /bin/sh -c 'apt-get --version | head -n1 | cut -d" " -f1
		dpkg -l | grep -c "^ii"; dpkg --print-architecture; perl -e "print \$], qq(\\n)"; . /etc/os-release; echo $ID'
	run_bundle
	equal "$status" 0
	equal "$stderr" ""
	equal "${lines[0]}" apt
	equal "${lines[1]}" "$(grep -c '^Status: install ok installed' "$DEBIAN/var/lib/dpkg/status")"
	equal "${lines[2]}" "$(dpkg --print-architecture)"
	matches "${lines[3]}" '^5\.[0-9]+$'
	equal "${lines[4]}" debian
}

@test "debian: apt-get installs a package from a file, with its script, and removes it" {
	need dpkg-deb
	make_deb 1.0
	debian_bundle /bin/sh -c 'set -e
		apt-get -o Dir::Etc::SourceList=/dev/null -o Dir::Etc::SourceParts=- install -y /opt/debs/hull-sample_1.0_all.deb > /tmp/log 2>&1 || { cat /tmp/log; exit 1; }
		cat /usr/share/hull-sample/version; cut -d" " -f1-5 /var/lib/hull-sample; stat -c %U:%G /var/lib/hull-sample
		dpkg -s hull-sample | grep ^Status
		apt-get purge -y hull-sample > /tmp/log 2>&1 || { cat /tmp/log; exit 1; }
		[ ! -e /usr/share/hull-sample ] && echo removed'
	run_bundle
	equal "$status" 0
	equal "$output" "version 1.0
postinst configure as 0 pid-ns
daemon:mail
Status: install ok installed
removed"
}

@test "debian: apt-get update and upgrade from a repository of files, in a container that stays" {
	need dpkg-deb
	make_deb 1.0
	make_deb 2.0
	repository
	debian_bundle /bin/sh -c 'trap "exit 0" TERM; while :; do sleep 1; done'
	start_it distro
	apt="apt-get -qq -o Dir::Etc::SourceList=/opt/debs/list -o Dir::Etc::SourceParts=-"
	hull exec distro sh -c "$apt update && $apt install -y hull-sample=1.0" > "$T/log" 2>&1 || cat "$T/log"
	equal "$(hull exec distro cat /usr/share/hull-sample/version)" "version 1.0"
	hull exec distro sh -c "$apt upgrade -y hull-sample" > "$T/log" 2>&1 || cat "$T/log"
	equal "$(hull exec distro cat /usr/share/hull-sample/version)" "version 2.0"
	hull exec distro sh -c "$apt purge -y hull-sample" > "$T/log" 2>&1
	hull delete --force distro
	no_trace distro
}

# An unsigned repository of what make_deb made, its index written by hand.
repository() {
	local f

	for f in "$DEBIAN"/opt/debs/*.deb; do
		dpkg-deb -f "$f"
		echo "Filename: ./$(basename "$f")"
		echo "Size: $(stat -c %s "$f")"
		echo "SHA256: $(sha256sum "$f" | cut -d' ' -f1)"
		echo
	done > "$DEBIAN/opt/debs/Packages"
	echo 'deb [trusted=yes] file:/opt/debs ./' > "$DEBIAN/opt/debs/list"
}

@test "debian: users are made, and su changes to them" {
	debian_bundle /bin/sh -c 'useradd -m -u 4321 -s /bin/sh worker && su worker -c "id -u; cd; pwd; touch mine"
		stat -c %U /home/worker/mine; userdel -r worker 2>/dev/null; getent passwd worker || echo gone'
	run_bundle
	equal "$status" 0
	equal "$output" "4321
/home/worker
worker
gone"
}
