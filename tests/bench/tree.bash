# shellcheck shell=bash
# Shared by the benchmarks: a root tree with the peers of Debian sid in it, which is made once (in
# $HULL_TEST_CACHE, /var/cache/hull-tests), and the way into it.
#
#   cache, tree   both directories

cache=${HULL_TEST_CACHE:-/var/cache/hull-tests}
tree=$cache/bench-tree

mirror() {
	local f
	for f in /etc/apt/sources.list.d/*.sources; do
		[ -e "$f" ] && awk '/^URIs:/ { print $2; exit }' "$f" && return
	done
	awk '$1 == "deb" { for (i = 2; i <= NF; i++) if ($i ~ /^http/) { print $i; exit } }' \
		/etc/apt/sources.list
}

make_tree() {
	[ ! -e "$tree/etc/debian_version" ] || return 0
	mkdir -p "$cache"
	echo "bench: making a root tree with the peers of Debian sid in $tree" >&2
	mmdebstrap --mode=root --variant=minbase --quiet --format=directory \
		--aptopt='APT::Install-Recommends "false"' \
		--aptopt='Acquire::Check-Valid-Until "false"' \
		--include=crun,runc,busybox-static,golang-github-containers-common,jq \
		sid "$tree.new" "deb $(mirror) sid main" >&2
	mv "$tree.new" "$tree"
}

version_of() {
	dpkg-query --admindir="$tree/var/lib/dpkg" -W -f '${Version}' "$1"
}

# enter_tree [DIRECTORY...]: in a private mount namespace: the tree becomes its root, in which those
# directories are seen, and only the v2 cgroup hierarchy.
enter_tree() {
	local dir
	mount --bind "$tree" "$tree"
	cd "$tree" || return
	mount -t proc proc proc
	mount --rbind /dev dev
	mount -t sysfs sysfs sys
	if [ -e /sys/fs/cgroup/cgroup.controllers ]; then
		mount --bind /sys/fs/cgroup sys/fs/cgroup
	else
		mount --bind /sys/fs/cgroup/unified sys/fs/cgroup
	fi
	mount -t tmpfs tmpfs run
	mount -t tmpfs tmpfs tmp
	for dir; do
		mkdir -p "./$dir"
		mount --bind "$dir" "./$dir"
	done
	mkdir -p old
	pivot_root . old
	cd /
	umount -l old
}
