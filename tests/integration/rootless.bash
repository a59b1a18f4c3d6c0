# For tests as an ordinary user: one without any subordinate ids, or with those that are put over
# /etc/subuid in a mount namespace of the command's own.

U=64123   # the user
SUB=500000 # its subordinate ids: 65536 from here on

# A bundle with a copy of the root file system that is the user's, and `hull spec --rootless`.
rootless_setup() {
	common_setup
	requires unpriv
	mkdir -m 700 "$T/xdg"
	chown $U:$U "$T/xdg" "$BUNDLE"
	# Hard links to root's files would keep root's owner: a copy of its own.
	rm -rf "$ROOTFS"
	cp -a "$STORE/rootfs" "$ROOTFS"
	chown -R -h $U:$U "$ROOTFS"
	ROOT_CONF=$(< config.json)
	rm -f config.json
	chmod 755 "$T" "$BATS_FILE_TMPDIR" "$BATS_RUN_TMPDIR" "$STORE"
	as_user "$HULL" spec --rootless
	CONF=$(jq -c '.process.terminal = false | .root.readonly = false' "$BUNDLE/config.json")
	echo "$CONF" > "$BUNDLE/config.json"
}

as_user() {
	setpriv --reuid $U --regid $U --clear-groups env XDG_RUNTIME_DIR="$T/xdg" HOME=/ USER=u "$@"
}

rootless_teardown() {
	local dir

	for dir in "$T"/xdg/hull/*/; do
		[[ -d $dir && $dir != */@seccomp/ ]] && as_user "$HULL" delete --force "$(basename "$dir")"
	done
	common_teardown
}

# What newuidmap(1) asks about the user.
make_accounts() {
	cp /etc/passwd /etc/group "$T/"
	echo "u:x:$U:$U:u:/:/bin/sh" >> "$T/passwd"
	echo "u:x:$U:" >> "$T/group"
	echo "u:$SUB:65536" | tee "$T/subuid" > "$T/subgid"
}

# in_own_mounts SETUP COMMAND...: after the shell code SETUP, in a mount namespace of its own.
in_own_mounts() {
	local setup=$1

	shift
	unshare -m --propagation private /bin/sh -ec "$setup"'
		exec "$@"' sh "$@"
}

with_accounts() {
	local f setup=

	[[ -e $T/subuid ]] || make_accounts
	for f in passwd group subuid subgid; do
		[[ -e /etc/$f ]] || skip "needs /etc/$f"
		setup+="mount --bind '$T/$f' /etc/$f; "
	done
	in_own_mounts "$setup" "$@"
}

as_user_with_ids() {
	with_accounts setpriv --reuid $U --regid $U --clear-groups env XDG_RUNTIME_DIR="$T/xdg" HOME=/ USER=u "$@"
}

# Root of a user namespace of many ids with a mount namespace, as in `podman unshare`.
as_ns_root() {
	as_user_with_ids unshare -U -m --map-root-user --map-auto "$@"
}

# Of one id alone, where setgroups is denied.
as_ns_root_of_one() {
	as_user unshare -U -r -m "$@"
}

# config.json with all the user's ids.
map_ids() {
	config --argjson u $U --argjson s $SUB '.linux.uidMappings = [{"containerID": 0, "hostID": $u, "size": 1},
		{"containerID": 1, "hostID": $s, "size": 65535}] | .linux.gidMappings = .linux.uidMappings'
}

# root_config [jq options] [FILTER]: the configuration that an engine writes for root.
root_config() {
	jq -c 'del(.linux.cgroupsPath)' <<< "$ROOT_CONF" > config.json
	[[ $# -eq 0 ]] || config "$@"
}
