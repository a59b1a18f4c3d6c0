# Debian 12 and 13, each a tree with the package installed, as a program of a distribution sees it.
# The trees lie below overlays in the mount namespace that tests/integration/run makes.
#
#   DEB          directory with what `make deb` built (HULL_DEB)
#   VERSION      of the package
#   SUITES       bookworm trixie
# shellcheck shell=bash disable=SC2034,SC2154

bats_require_minimum_version 1.5.0
HERE=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
SRC=$(cd "$HERE/../.." && pwd)
SUITES="bookworm trixie"
DEB=${HULL_DEB:-${HULL_BUILD:-$SRC/build}/deb}
VERSION=$(sed -n 's/^AC_INIT(\[hull\], \[\(.*\)\])$/\1/p' "$SRC/configure.ac")
CGROOT=$(awk '$3 == "cgroup2" { print $2; exit }' /proc/mounts)

fail() {
	echo "$*" >&2
	return 1
}

equal() { # IS WANTED
	[[ $1 == "$2" ]] || fail "is '$1', not '$2'"
}

tree() { # SUITE
	echo "$BATS_FILE_TMPDIR/$1/root"
}

# in_tree SUITE COMMAND [ARG]...
in_tree() {
	local suite=$1
	shift
	env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LC_ALL=C.UTF-8 DEBIAN_FRONTEND=noninteractive \
		chroot "$(tree "$suite")" "$@" 3>&- 4>&-
}

make_tree() { # SUITE LOWER
	local d=$BATS_FILE_TMPDIR/$1 root
	root=$d/root
	mkdir -p "$d" && mount -t tmpfs tmpfs "$d" && mkdir "$d"/{upper,work,root}
	mount -t overlay -o "lowerdir=$2,upperdir=$d/upper,workdir=$d/work" overlay "$root"
	mount -t proc proc "$root/proc"
	mount -t sysfs -o ro sysfs "$root/sys"
	mount --bind "$CGROOT" "$root/sys/fs/cgroup"
	mount --rbind /dev "$root/dev"
	mount -t tmpfs -o mode=755 tmpfs "$root/run"
	mount -t tmpfs -o mode=1777 tmpfs "$root/tmp"
	cp "$DEB/hull_${VERSION}_$(dpkg --print-architecture).deb" "$root/tmp/hull.deb"
}

# What a package may change and leave: the records of dpkg, apt and man.
list_files() { # SUITE
	(cd "$(tree "$1")" && find . -xdev \( -path ./var/lib/dpkg -o -path ./var/lib/apt -o -path ./var/log \
		-o -path ./var/cache/debconf -o -path ./var/cache/man -o -path ./var/cache/apt -o -path ./var/cache/ldconfig \) -prune -o \
		\( -type f -printf '%p %m %u %s\n' -o -type l -printf '%p -> %l\n' -o -printf '%p %m %u\n' \) | sort)
}

# Runs a command of Podman's with a storage of its own.
podman() { # SUITE ARG...
	local suite=$1
	shift
	in_tree "$suite" podman --root /tmp/root --runroot /tmp/runroot --storage-driver vfs \
		--cgroup-manager cgroupfs --events-backend file "$@" </dev/null
}

setup_file() {
	local suite
	[[ $(id -u) -eq 0 ]] || skip "needs root"
	chmod 755 "$BATS_RUN_TMPDIR" "$BATS_FILE_TMPDIR"
	while IFS= read -r tree; do
		suite=$(basename "$tree" | cut -d- -f2)
		make_tree "$suite" "$tree"
		list_files "$suite" >"$BATS_FILE_TMPDIR/$suite.before"
		in_tree "$suite" apt-get install -y -q --no-install-recommends /tmp/hull.deb
	done < <("$HERE/prepare")
}

teardown_file() {
	local suite
	for suite in $SUITES; do
		mountpoint -q "$BATS_FILE_TMPDIR/$suite" || continue
		umount -l "$BATS_FILE_TMPDIR/$suite"
	done
	[[ ! -d $CGROOT/hull-package ]] || find "$CGROOT/hull-package" -depth -type d -exec rmdir {} +
}
