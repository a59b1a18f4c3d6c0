# Shared by the tests of real input. The base is tests/integration/helpers.bash; here a container
# has a Debian root file system, copied once for a test file.
#
#   DEBIAN    that copy: what tests write in it stays until the file ends
#   REAL      scratch directory of the test file

# shellcheck disable=SC2016,SC2034,SC2154
load ../integration/helpers

HULL_TEST_CACHE=${HULL_TEST_CACHE:-/var/cache/hull-tests}

in_guest() {
	[[ -n ${HULL_TEST_GUEST:-} ]]
}

setup_file() {
	common_setup_file
	export REAL DEBIAN
	REAL=$BATS_FILE_TMPDIR
	DEBIAN=$REAL/debian
	copy_debian
}

# The guest's own disk is made of the same tree.
copy_debian() {
	local tree

	mkdir -p "$DEBIAN"
	chmod 755 "$REAL" "$DEBIAN"
	if in_guest; then
		# Not /var/tmp: the copy itself lies there.
		tar -C / -c --one-file-system --exclude='var/tmp/*' \
			bin etc lib lib64 sbin usr var home opt root/.profile \
			| tar -C "$DEBIAN" -x
	else
		tree=$("$BATS_TEST_DIRNAME/prepare")
		cp -a "$tree/." "$DEBIAN"
	fi
	mkdir -p "$DEBIAN"/{proc,sys,dev,run,tmp,root,mnt,var/tmp}
	chmod 1777 "$DEBIAN/tmp"
	# Bookworm's tree may leave it to the one who boots it.
	: > "$DEBIAN/etc/resolv.conf"
}

need() { # TOOL...
	local tool

	for tool; do
		command -v "$tool" > /dev/null || skip "needs $tool"
	done
}

# What a config.json written elsewhere still needs here: no terminal, another command, and a cgroup
# that the leak check knows.
adopt() { # ARG...
	config --arg cg "/$CG/$(basename "$BUNDLE")" --argjson args "$(words "$@")" \
		'.process.terminal = false | .process.args = $args | .linux.cgroupsPath = $cg'
}

words() { # ARG...: as a JSON array
	local word

	for word; do
		printf %s "$word" | jq -Rs .
	done | jq -sc .
}

# Runs the bundle's container attached; output and status as with `run`.
run_bundle() {
	run --separate-stderr hull run --bundle "$BUNDLE" "$@" "real$BATS_TEST_NUMBER"
	echo "status $status, output: $output, stderr: $stderr"
}

# A profile in the format of Docker and Podman (conditions on architecture and capabilities) -> the
# OCI object, as dockerd converts it. Arguments: FILE CAPABILITIES-JSON.
oci_seccomp() {
	local arch

	arch=$(dpkg --print-architecture)
	jq -c --arg arch "$arch" --arg machine "$(uname -m)" --argjson caps "$2" '
		def subset($of): all(.[]; . as $x | $of | index([$x]) != null);
		def overlap($of): any(.[]; . as $x | $of | index([$x]) != null);
		def wanted: ((.includes.caps // []) | subset($caps))
			and ((.excludes.caps // []) | overlap($caps) | not)
			and ((.includes.arches // []) | length == 0 or index([$arch]) != null)
			and ((.excludes.arches // []) | index([$arch]) == null);
		{"x86_64": "SCMP_ARCH_X86_64", "aarch64": "SCMP_ARCH_AARCH64"}[$machine] as $native
		| {defaultAction, architectures: [.archMap[] | select(.architecture == $native)
				| .architecture, .subArchitectures[]],
			syscalls: [.syscalls[] | select(wanted)
				| {names, action} + (if .args then {args} else {} end)
				+ (if .errnoRet then {errnoRet} else {} end)]}
		+ (.defaultErrnoRet as $e | if $e then {defaultErrnoRet: $e} else {} end)
		| del(.syscalls[] | .args | select(. == null or . == []))
		' "$1"
}
